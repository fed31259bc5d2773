#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# lint - what can be said against the source without running it, as TAP.
# `make lint` installs the tools and starts it through tests/run.
set -u
cd "$(dirname "$0")/.." || exit 1
make=${MAKE:-make}
jobs=${JOBS:-2}
python=${PYTHON:-python3}
n=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# lint NAME TOOL COMMAND...: one test; the output is shown if it fails.
lint() {
	n=$((n + 1))
	name=$1
	tool=$2
	shift 2
	if ! command -v "$tool" >/dev/null; then
		echo "ok $n - $name # SKIP $tool is not installed"
	elif "$@" >"$log" 2>&1; then
		echo "ok $n - $name"
	else
		sed 's/^/# /' "$log"
		echo "not ok $n - $name"
	fi
}

# Into folders of their own: what `make check` built stays as it is.
compile() {
	"$make" -j"$jobs" BUILD="build/lint-$1" CC="$1" WERROR=1 objects
}

# cppcheck, not clang-tidy: the latter's analyser does not see that a function
# that returned ST_OK has set what it was to set, and cries wolf.
analyse() {
	cppcheck --quiet --error-exitcode=1 -j "$jobs" --std=c11 --force -I. \
	    -DSATCHEL_VERSION='""' --enable=warning,performance,portability \
	    --inline-suppr pack unpack bundle manifests
}

scripts() {
	find .ci tests bench -name '*.sh' -print
	echo .ci/run
}

lint 'gcc, warnings are errors' gcc compile gcc
lint 'clang, warnings are errors' clang compile clang
lint 'cppcheck' cppcheck analyse
lint 'layers' "$python" "$python" tests/check-layers.py
lint 'style' "$python" "$python" tests/check-style.py
# shellcheck disable=SC2046 # a list of files
lint 'shellcheck' shellcheck shellcheck $(scripts)
lint 'mandoc' mandoc mandoc -Tlint -Wwarning man/*.[1-8]
# Data of the tests is not prose; the words are abbreviations or names.
# shellcheck disable=SC2046
lint 'codespell' codespell codespell --skip '*/corpus/*,*/vectors/*' \
    --ignore-words tests/spelling.txt \
    $(ls -d Makefile LICENSE ./*.md .ci pack unpack bundle manifests tests bench man)
echo "1..$n"
