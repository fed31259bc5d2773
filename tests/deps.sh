#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# deps - installs what building and testing need and what is missing, through
# apt-get or dnf.  Does nothing, and asks no network, when all is there.
#
# usage: deps.sh check|lint|bench...
set -eu

# What for, Debian's package, RHEL's.  "-": comes with another one, or there
# is none.  "+epel": from EPEL; what needs it is skipped, visibly, where it is
# missing.  "+amd64": for that processor alone.
packages() {
	cat <<'END'
check  gcc                   gcc
check  libc6-dev             glibc-devel
check  -                     libasan
check  -                     libubsan
check  make                  make
check  pkg-config            pkgconf-pkg-config
check  libarchive-dev        libarchive-devel
check  libgpgme-dev          gpgme-devel
check  libzstd-dev           libzstd-devel
check  libyaml-dev           libyaml-devel
check  libssl-dev            openssl-devel
check  libjansson-dev        jansson-devel
check  libunistring-dev      libunistring-devel
check  libcmocka-dev         libcmocka-devel
check  libipsec-mb-dev+amd64 -
check  gnupg                 gnupg2
check  gpgv                  -
check  gpg-agent             -
check  zstd                  zstd
check  mandoc                mandoc+epel
check  python3               python3
check  python3-cryptography  python3-cryptography
check  libarchive-tools      bsdtar
check  faketime              libfaketime+epel
check  strace                strace
check  util-linux            util-linux
check  binutils              binutils
lint   clang                 clang
lint   libclang-rt-dev       compiler-rt
lint   llvm                  llvm
lint   cppcheck              cppcheck+epel
lint   shellcheck            ShellCheck+epel
lint   codespell             codespell+epel
lint   valgrind              valgrind
bench  squashfs-tools        squashfs-tools
bench  restic                restic+epel
bench  borgbackup            borgbackup+epel
bench  p7zip-full            p7zip+epel
bench  -                     p7zip-plugins+epel
END
}

# column GROUPS NUMBER: the names in one column of the table.
column() {
	packages | while read -r group debian rhel; do
		case " $1 " in *" $group "*) ;; *) continue ;; esac
		if [ "$2" = 2 ]; then echo "$debian"; else echo "$rhel"; fi
	done | grep -v '^-$' | if [ "$(uname -m)" = x86_64 ]; then
		sed 's/+amd64$//'
	else
		grep -v '+amd64$'
	fi
}

# cannot COMMAND: says what someone who may install has to run.
cannot() {
	echo "satchel: these packages are missing, and this user may not install them." >&2
	echo "satchel: as root, run: $*" >&2
	exit 1
}

# as_root COMMAND...: runs it where that needs no password.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo -n "$@"
	fi
}
may_install() {
	[ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

# The names on stdin that are not in the list $1, one to a line.
not_in() {
	while read -r name; do
		printf '%s\n' "$1" | grep -qxF "$name" || echo "$name"
	done | tr '\n' ' '
}

with_apt() {
	# shellcheck disable=SC2046 # a list of names
	have=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' \
	    $(column "$*" 2) 2>/dev/null | sed -n 's/^.i. *//p')
	missing=$(column "$*" 2 | not_in "$have")
	[ -n "$missing" ] || exit 0
	echo "satchel: missing: $missing"
	install="apt-get install -y --no-install-recommends $missing"
	may_install || cannot "apt-get update && $install"
	# One broken source of several is no reason to stop here.
	as_root apt-get -q -o DPkg::Lock::Timeout=300 update ||
	    echo 'satchel: apt-get update failed; trying with what it has' >&2
	# shellcheck disable=SC2086 # a command and a list of names
	as_root env DEBIAN_FRONTEND=noninteractive \
	    apt-get -q -o DPkg::Lock::Timeout=300 ${install#apt-get } </dev/null
}

with_dnf() {
	# shellcheck disable=SC2046
	have=$(rpm -q --qf '%{NAME}\n' $(column "$*" 3 | sed 's/+epel$//') |
	    sort -u || :)
	missing=$(column "$*" 3 | grep -v '+epel$' | not_in "$have")
	extra=$(column "$*" 3 | sed -n 's/+epel$//p' | not_in "$have")
	if [ -n "$extra" ]; then
		if dnf -q repolist 2>/dev/null | grep -q '^epel'; then
			missing="$missing$extra"
		else
			echo "satchel: not here without the EPEL repository: $extra"
		fi
	fi
	[ -n "$missing" ] || exit 0
	echo "satchel: missing: $missing"
	# Most headers are in CodeReady Builder: on for this command only.
	crb=$(dnf -q repolist --all 2>/dev/null |
	    sed -n 's/^\(crb\|codeready-builder-for-rhel-[^ ]*-rpms\) .*/\1/p' |
	    head -n 1)
	install="dnf install -y ${crb:+--enablerepo=$crb }$missing"
	may_install || cannot "$install"
	# shellcheck disable=SC2086
	as_root $install </dev/null || {
		echo 'satchel: the -devel packages are in the CodeReady Builder' \
		    'repository (crb), mandoc and libfaketime in EPEL' >&2
		exit 1
	}
}

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
	with_apt "$@"
elif command -v rpm >/dev/null && command -v dnf >/dev/null; then
	with_dnf "$@"
else
	echo 'satchel: neither apt-get nor dnf is here; what is needed, by' \
	    "Debian's names:" >&2
	column "$*" 2 | tr '\n' ' ' >&2
	echo >&2
fi
