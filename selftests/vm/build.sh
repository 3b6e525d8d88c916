#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh module KERNEL DIR [MAKE-ARGUMENT...]
#	build the module for a kernel, given as the folder that fetch.sh printed,
#	in DIR; prints nothing unless it fails
# build.sh verbose-module KERNEL DIR [MAKE-ARGUMENT...]
#	the same, and print what make prints
# build.sh programs DIR
#	build library, tools and selftests, for 64 and 32 bits, and the examples
#	of the documentation, and put them into
#	DIR as they are to lie in the guest (by calls of "build.sh bits")
# build.sh tools DIR
#	library and tools only, for 64 bits: all that a benchmark needs

. "$(dirname "$0")/lib.sh"

# BTF of modules needs pahole, and nothing here needs BTF of modules.
make_module()
{
	local kernel=$1 dir

	dir=$(realpath -m "$2") # make goes elsewhere
	shift 2
	set -- module CONFIG_DEBUG_INFO_BTF_MODULES= "$@"
	if [ -d "$kernel/root" ]; then
		mkdir -p "$dir"
		"$vm/chroot.sh" run "$kernel/root" "$top" "$dir" make -s -j"$jobs" \
			-C /mnt/tree KDIR="/usr/src/linux-headers-$(<"$kernel/release")" MODULE=/mnt/dir "$@"
	else
		make -s -j"$jobs" -C "$top" KDIR="$kernel/headers" MODULE="$dir" "$@"
	fi
}

# Library, tools and selftests for one word size. The tests are installed by the
# rules of the kernel's own kselftest.
build_bits()
{
	local bits=$1 out=$2 lib=$3 tests=$4 tool=$5 ksft

	ksft=$("$vm/fetch.sh" source)/tools/testing/selftests
	make -s -j"$jobs" -C "$top/lib" BUILD="$build/$bits" CFLAGS="-O2 -g -m$bits"
	make -s -j"$jobs" -C "$top/tools" BUILD="$build/$bits" CFLAGS="-O2 -g -m$bits"
	mkdir -p "$build/$bits/tests" "$out/$lib" "$out/$tool"
	make -s -j"$jobs" -C "$top/selftests" KSFT_DIR="$ksft" OUTPUT="$build/$bits/tests" \
		LIBDIR="$build/$bits/lib" CFLAGS="-m$bits" \
		INSTALL_PATH="$out/$tests" install
	make -s -C "$top/selftests" KSFT_DIR="$ksft" LIBDIR="$build/$bits/lib" \
		COLLECTION=ipcbox emit_tests >"$out/$tests/kselftest-list.txt"
	cp "$build/$bits/tools/ipcbox" "$build/$bits/tools/ipcbox-bench" "$out/$tool"
	cp -P "$build/$bits/lib/"libipcbox.so* "$out/$lib"
}

build_programs()
{
	local out=$1

	rm -rf "$out"
	quietly "$vm/build.sh" bits 64 "$out" usr/lib tests usr/bin
	quietly "$vm/build.sh" bits 32 "$out" usr/lib32 tests32 tests32/bin
	quietly "$vm/docs.sh" "$out/vm/docs.d"
}

build_tools()
{
	local out=$1

	rm -rf "$out"
	mkdir -p "$out/usr/bin"
	quietly make -s -j"$jobs" -C "$top/tools" BUILD="$build/64" CFLAGS="-O2 -g -m64"
	cp "$build/64/tools/ipcbox" "$build/64/tools/ipcbox-bench" "$out/usr/bin"
}

job=$1
shift
case $job in
module)	quietly "$vm/build.sh" verbose-module "$@" ;;
verbose-module) make_module "$@" ;;
programs) build_programs "$@" ;;
tools)	build_tools "$@" ;;
bits)	build_bits "$@" ;;
*)	die "unknown: $job" ;;
esac
