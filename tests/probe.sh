#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# probe - what this compiler and this system offer, as make variables on
# stdout.  Run once by the Makefile; it installs nothing (deps.sh does).
#
# usage: probe.sh COMPILER [ARGUMENT...]
#
# shellcheck disable=SC2086 # the variables here are lists of flags
set -eu

# Libraries that every build needs, with the oldest version that is known to
# work (RHEL 9's, or Ubuntu 22.04's where that is older).
needed='libarchive >= 3.5.0, gpgme >= 1.15.0, libzstd >= 1.4.8,
    yaml-0.1 >= 0.2.2, libcrypto >= 3.0.0, jansson >= 2.13'

fail() {
	echo "satchel: $*" >&2
	echo "satchel: \`make deps' installs what is missing" >&2
	exit 1
}

compiler=$*
cflags=
ldflags=
libs=
command -v "$1" >/dev/null || fail "the compiler $1 is not here"
command -v pkg-config >/dev/null || fail 'pkg-config is not here'
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The programs that are compiled and linked to try a flag or a library.
cat >"$dir/try.c" <<'END'
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", argv[argc - 1]);
	return strlen(copy) == 0;
}
END

# links FILE FLAG...: FILE compiles and links without a warning.
links() {
	file=$1
	shift
	$compiler -O2 $cflags $ldflags "$@" -Werror -o "$dir/try" "$file" $libs \
	    >"$dir/log" 2>&1
}

links "$dir/try.c" || {
	cat "$dir/log" >&2
	fail "$compiler cannot make a program"
}

# Hardening: each flag only where compiler and linker take it.
try_cflags() {	# the first of several that is taken; each may be a list
	for flag in "$@"; do
		if links "$dir/try.c" $flag; then
			cflags="$cflags $flag"
			return
		fi
	done
}
try_ldflags() {
	if links "$dir/try.c" "$@"; then
		ldflags="$ldflags $*"
	fi
}
if links "$dir/try.c" -fPIE -pie; then
	cflags=' -fPIE'
	ldflags=' -pie'
fi
# Some systems define a level of their own, hence -U.
try_cflags '-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3' \
    '-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2'
try_cflags -fstack-protector-strong
try_cflags -fstack-clash-protection
try_cflags -fcf-protection=full			# x86
try_cflags -mbranch-protection=standard		# arm64
try_cflags -ftrivial-auto-var-init=zero
try_ldflags -Wl,-z,relro -Wl,-z,now
try_ldflags -Wl,-z,noexecstack
try_ldflags -Wl,--as-needed

# Libraries that must be there.
pkg-config --print-errors --exists "$needed" >"$dir/log" 2>&1 || {
	cat "$dir/log" >&2
	fail 'a library or its headers are missing or too old'
}
names=$(echo "$needed" | tr ',\n' '  ' | sed 's/>= [0-9.]*//g')
lib_cflags=$(pkg-config --cflags $names)
libs=$(pkg-config --libs $names)

# library HEADER FLAG: one that has no .pc file everywhere; tried by a program.
library() {
	before=$libs
	libs="$libs $2"
	printf '#include <stddef.h>\n#include <%s>\nint main(void) { return 0; }\n' \
	    "$1" >"$dir/header.c"
	links "$dir/header.c" && return
	libs=$before
	return 1
}
library unicase.h -lunistring || fail 'libunistring or its headers are missing'

# Libraries that are used where they are: -DHAVE_X says so.  Those that
# nothing calls are dropped by the linker (--as-needed).
if library isa-l.h -lisal; then
	lib_cflags="$lib_cflags -DHAVE_ISAL"
fi
if library intel-ipsec-mb.h -lIPSec_MB; then
	lib_cflags="$lib_cflags -DHAVE_IPSEC_MB"
fi

cat <<END
# What tests/probe.sh found for: $compiler
HARDEN_CFLAGS =$cflags
HARDEN_LDFLAGS =$ldflags
LIB_CFLAGS = $lib_cflags
LIBS = $libs
END
