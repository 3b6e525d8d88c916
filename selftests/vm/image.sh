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

# Libraries that the ELF files below a folder need: "ELF64 libc.so.6", "ELF32
# /lib/ld-linux.so.2". They are read from the files: this machine may not be able to run
# those of 32 bits.
list_needed()
{
	# (readelf names each file only where there are several)
	find "$1" -type f -print0 | xargs -0 readelf -W -h -l -d /dev/null 2>/dev/null |
		sed -n 's/^ *Class: *//p
			s/.*Requesting program interpreter: \(.*\)\]/    \1/p
			s/.*(NEEDED).*\[\(.*\)\]/    \1/p' |
		awk '/^ELF/ { class = $1; next } { print class, $1 }' | sort -u
}

# Where this machine has a library.
find_library()
{
	local class=$1 name=$2

	case $name in
	/*)	echo "$name" ;;
	*)	PATH=$PATH:/usr/sbin:/sbin ldconfig -p |
			awk -v name="$name" -v class="$class" '
				/x32/ { next }
				$1 == name && (/x86-64/ ? "ELF64" : "ELF32") == class &&
					!found++ { print $NF }' ;;
	esac
}

# The shared libraries that the programs below a folder need from this machine, and
# those that these need. What the folder has itself is taken from there.
copy_libraries()
{
	local root=$1 class name lib more=yes

	while [ -n "$more" ]; do
		more=
		while read -r class name; do
			if [ -e "$root/usr/lib/$name" ] || [ -e "$root/usr/lib32/$name" ]; then
				continue
			fi
			lib=$(find_library "$class" "$name")
			[ -n "$lib" ] || die "there is no $class library '$name' on this machine"
			[ ! -e "$root$lib" ] || continue
			install -D "$lib" "$root$lib"
			more=yes
		done < <(list_needed "$root")
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
