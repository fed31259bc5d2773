#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# coverage - sums up what gcov found: one line per source file, least covered
# first, then all of it.
#
# usage: coverage.sh BUILD-DIRECTORY
set -eu
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
	}' | sort -k3,3 -u | sort -n | awk '
	BEGIN { print "     %  lines" }
	$3 == "all" { all = $0; next }
	{ print }
	END { print all }'
