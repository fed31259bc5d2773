#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# demo - one handoff from end to end, in a scratch folder that is removed
# afterwards: a company packs a small model and a suite, a second person signs,
# a courier checks, and the cleared staff list and import them.
#
# usage: demo.sh BUILD-DIRECTORY PYTHON [INPUT]	(the directory absolute)
# INPUT: a folder of the user's own, which is packed instead of a sample.
set -eu
PATH=$1:$PATH
python=$2
input=${3-}
tests=$(cd "$(dirname "$0")" && pwd)
volumes='-S 1MiB'
if [ -n "$input" ]; then
	input=$(cd "$input" && pwd)
	volumes=
fi
work=$(mktemp -d)
export GNUPGHOME="$work/gnupg"
trap 'gpgconf --kill all; gpgconf --remove-socketdir 2>/dev/null || :
    rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -m 700 "$GNUPGHOME"
cd "$work"

say() {
	printf '\n# %s\n' "$*"
}
run() {
	printf '$ %s\n' "$*"
	"$@"
}

# fingerprint ADDRESS
fingerprint() {
	gpg --batch --with-colons --list-keys "$1" |
	    awk -F: '$1 == "fpr" { print $10; exit }'
}

say 'Keys, for the demonstration only: no passphrase, gone in a minute.'
make_key() {
	gpg --batch --quiet --passphrase '' "$@" 2>gpg.log || {
		cat gpg.log >&2
		exit 1
	}
}
for who in release security evaluation; do
	make_key --quick-generate-key "Demo $who <$who@example.com>" rsa3072 sign 1d
done
make_key --quick-add-key "$(fingerprint evaluation@example.com)" rsa3072 encr 1d
gpg --batch --armor --export release@example.com security@example.com >trust.asc
echo "release, security and evaluation @example.com"

if [ -z "$input" ]; then
	say 'What is to be handed over: a model of 5 MiB and a suite of 1,000 records.'
	"$python" "$tests/demo_sample.py"
	folder=$work
	paths='weights suites'
	cat >handoff.yaml <<'END'
satchel-handoff: 1
bundle:
  name: aurora-preview
  sequence: 1
  title: AE-0001
  from: Example AI, Inc.
  to: Evaluation Centre
  marking: UNCLASSIFIED
components:
  - name: aurora
    kind: model
    path: weights/aurora
    version: 2026-11-20
  - name: sums
    kind: benchmark
    path: suites/sums
    needs: [aurora]
END
else
	say "What is to be handed over: $input"
	folder=$(dirname "$input")
	paths=$(basename "$input")
	cat >handoff.yaml <<END
satchel-handoff: 1
bundle:
  name: own-folder
  sequence: 1
  title: AE-0002
  from: The company
  to: The evaluators
  marking: UNCLASSIFIED
components:
  - name: contents
    kind: model
    path: "$paths"
END
fi
cat handoff.yaml

say 'The company packs, encrypts to the evaluation staff, and signs.'
# shellcheck disable=SC2086 # none or two words
run satchel-pack create handoff.yaml -C "$folder" -o out \
    -s release@example.com -r evaluation@example.com $volumes

say 'A second person reads what is to be signed, and signs as well.'
digest=$(sha512sum out/manifest.yaml | cut -d ' ' -f 1)
run satchel-pack sign out -s security@example.com --expect "$digest"

say 'What lies on the medium now.'
run ls -lR out

say 'The courier checks it: no secret key, only the public certificates.'
run satchel-unpack show out --trust trust.asc
run satchel-unpack check out --trust trust.asc

say 'The evaluation staff look inside, and import.'
run satchel-unpack list out --trust trust.asc
mkdir import
run satchel-unpack extract out --trust trust.asc -C import

say 'The same files, byte for byte.'
bag=$(echo import/*)
if [ -z "$input" ]; then
	for path in $paths; do
		run diff -r "$path" "$bag/data/$path"
	done
else
	run diff -r "$input" "$bag/data/$paths"
fi
(cd "$bag" && sha256sum --strict --quiet -c manifest-sha256.txt)

say 'Later: is the imported tree still what was imported?'
run satchel-unpack audit "$bag" --trust trust.asc

say 'One changed byte on the way would not have gone unnoticed.'
volume=out/payload-00.000000
byte=$(od -An -tu1 -j1000 -N1 $volume)
# shellcheck disable=SC2059 # the format is the byte
printf "\\$(printf %o $((255 - byte)))" |
    dd of=$volume bs=1 seek=1000 conv=notrunc 2>/dev/null
status=0
run satchel-unpack check out --trust trust.asc || status=$?
[ "$status" = 4 ] || {
	echo "demo: expected status 4 (damaged), not $status" >&2
	exit 1
}

say "Done. $(fingerprint release@example.com) signed it all."
