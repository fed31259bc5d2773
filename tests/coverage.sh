#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# coverage - sums up what gcov found: one line per source file, least covered
# first, then those that take bytes from outside and of which too few lines
# were run (exit status 1), then all of it.
#
# usage: coverage.sh BUILD-DIRECTORY
set -eu

# Per cent of its lines that the tests must run of each file that takes bytes
# from outside: manifests, keys, volumes, streams, weights, what lies on a disk.
BOUND=95
PARSING='
manifests/bag.c manifests/bytes.c manifests/canon.c manifests/components.c
manifests/contents.c manifests/contents_check.c manifests/fields.c
manifests/format.c manifests/format_archive.c manifests/format_onnx.c
manifests/format_text.c manifests/gguf.c manifests/glob.c manifests/handoff.c
manifests/hub.c manifests/json_pull.c manifests/lines.c manifests/originator.c
manifests/packet.c manifests/path.c manifests/safetensors.c manifests/suite.c
manifests/sums.c manifests/tarspell.c manifests/tensors.c
manifests/transport.c manifests/transport_rules.c manifests/unicode9.c
manifests/utf8.c manifests/window.c manifests/yaml.c manifests/yaml_scan.c
manifests/yaml_value.c
bundle/frame.c bundle/media.c bundle/media_files.c bundle/open.c
bundle/planes.c bundle/planes_records.c bundle/scan.c bundle/seal.c
bundle/tarread.c bundle/trust.c bundle/volume.c
pack/lfs.c unpack/derived.c unpack/inventory.c unpack/survey.c
'

for folder in manifests bundle pack unpack; do
	find "$1/$folder" -name '*.gcno' 2>/dev/null
done | xargs gcov -n 2>/dev/null | awk '
	/^File / {
		name = substr($2, 2, length($2) - 2)
	}
	/^Lines executed:/ && name ~ /^(manifests|bundle|pack|unpack)\/.*\.c$/ {
		split($2, share, /[:%]/)
		printf "%6.2f %6d %s\n", share[2], $4, name
		lines += $4
		hit += $4 * share[2] / 100
		name = ""
	}
	END {
		if (lines)
			printf "%6.2f %6d all\n", 100 * hit / lines, lines
	}' | sort -k3,3 -u | sort -n | awk -v bound="$BOUND" -v list="$(echo "$PARSING" | tr "\n" " ")" '
	BEGIN {
		print "     %  lines"
		n = split(list, names)
		for (i = 1; i <= n; i++)
			missing[names[i]] = 1
	}
	$3 == "all" { all = $0; next }
	{ print }
	$3 in missing && $1 >= bound { delete missing[$3] }
	$3 in missing { low[$3] = $1 " %" }
	END {
		for (i = 1; i <= n; i++)
			if (names[i] in missing) {
				printf "%s parses, and %s of it was run, not %d %%\n",
				    names[i], names[i] in low ? low[names[i]] : "nothing", bound
				failed = 1
			}
		print all
		exit failed
	}'
