#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# chroot.sh make ROOT PACKAGE...
#	unpack packages, with all that they depend on, in a new folder; APT_CONFIG has
#	to name their source, and an apt in which nothing is installed
# chroot.sh run ROOT TREE DIR COMMAND...
#	run a command there, which finds two folders of this machine as /mnt/tree,
#	not to be written to, and /mnt/dir
# chroot.sh possible
#	can this user do that on this machine?
#
# No package's scripts are run, no device is made, and what is mounted is mounted for
# the command alone, so that it is gone when the command is, whatever ends it.

. "$(dirname "$0")/lib.sh"

# Files that the build of a module does not use, which are most of the packages:
# documentation, translations and perl; link time optimization; sanitizers.
unused=(./usr/share ./usr/lib/x86_64-linux-gnu/{perl,perl-base,gconv}
	'./usr/libexec/gcc/*/lto1' './usr/bin/*-lto-dump-*' './usr/lib/*/lib?san.so*')

make_chroot()
{
	local root=$1 deb

	shift
	mkdir -p "$root"/{archives/partial,mnt/tree,mnt/dir,proc}
	quietly apt-get -q -y --no-install-recommends --download-only \
		-o Dir::Cache::archives="$root/archives" install "$@"
	for deb in "$root"/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" |
			tar -x -C "$root" --wildcards "${unused[@]/#/--exclude=}"
	done
	rm -r "$root/archives"
	# a package's script would do it
	ln -s mawk "$root/usr/bin/awk"
}

# Run a command where it may mount, and nobody else sees it.
private()
{
	local user=()

	[ "$(id -u)" = 0 ] || user=(--map-root-user)
	unshare "${user[@]}" --mount "$@"
}

run()
{
	# shellcheck disable=SC2016 # the $ are for that shell
	private sh -euc '
		mount --rbind /proc "$1/proc" # objtool reads it
		mount --bind "$2" "$1/mnt/tree"
		mount -o remount,bind,ro "$1/mnt/tree"
		mount --bind "$3" "$1/mnt/dir"
		root=$1
		shift 3
		exec chroot "$root" /usr/bin/env -i PATH=/usr/bin LC_ALL=C "$@"
	' sh "$@"
}

job=$1
shift
case $job in
make)	make_chroot "$@" ;;
run)	run "$@" ;;
possible) private true 2>/dev/null ;;
*)	die "unknown: $job" ;;
esac
