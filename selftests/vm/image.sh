#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# image.sh base KERNEL MODULE PROGRAMS OUT
#	pack the guest: busybox, init, the programs, the module
# image.sh files OUT ROOT
#	pack what one run adds, as it lies in ROOT
#
# An initramfs may be several archives after each other: OUT of the one followed
# by OUT of the other.

. "$(dirname "$0")/lib.sh"

pack()
{
	(cd "$1" && find . -mindepth 1 -print0 | sort -z |
		cpio --quiet -o0 -H newc -R 0:0) >"$2"
}

# The shared libraries that the programs below a folder need from this machine.
# What the folder has itself is taken from there.
copy_libraries()
{
	local root=$1 lib

	# ldd fails for scripts and static programs
	{ find "$root" -type f -perm -u+x -print0 |
		LD_LIBRARY_PATH=$root/usr/lib:$root/usr/lib32 xargs -0r ldd 2>/dev/null || :
	} | sed -n 's|.*[ \t]\(/[^ ]*\) (0x.*|\1|p' | sort -u |
		while read -r lib; do
			case $lib in
			"$root"/*) ;;
			*) install -D "$lib" "$root$lib" ;;
			esac
		done
}

make_base()
{
	local kernel=$1 module=$2 programs=$3 out=$4

	root=$(mktemp -d)
	trap 'rm -rf "$root"' EXIT
	mkdir -p "$root"/{bin,sbin,dev,proc,sys,tmp,run,root,etc,home/user,vm,usr/bin}
	cp "$(command -v busybox)" "$root/bin/busybox"
	"$root/bin/busybox" --list | grep -vx busybox |
		xargs -I{} ln -s busybox "$root/bin/{}"
	cp "$vm/guest/init" "$root/init"
	cp "$vm"/guest/etc/* "$root/etc"
	cp "$vm"/guest/bin/* "$root/vm"
	cp -a "$programs/." "$root"
	echo true >"$root/vm/command"
	cp "$module" "$root/vm/ipcbox.ko"
	[ ! -d "$kernel/lib" ] ||
		find "$kernel/lib" -path '*/drivers/*.ko' -exec cp -t "$root/vm" {} +
	copy_libraries "$root"
	pack "$root" "$out"
}

make_files()
{
	copy_libraries "$2"
	pack "$2" "$1"
}

job=$1
shift
case $job in
base)	make_base "$@" ;;
files)	make_files "$@" ;;
*)	die "unknown: $job" ;;
esac
