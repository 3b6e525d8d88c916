#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel.sh debug|kcsan - build a kernel that finds faults
#
# It is Debian's source with a configuration of our own: allnoconfig, and on top of
# it the fragments in kernels/. Prints the folder of the cache that has it, as
# fetch.sh does for a stock kernel. It is built once for each version of the source
# and of the fragments, which takes a quarter of an hour on two processors.

. "$(dirname "$0")/lib.sh"

# To be raised when something else is kept of a build than before.
recipe=1

cc=gcc-12

run_make()
{
	quietly make -s -j"$jobs" CC=$cc HOSTCC=$cc "$@"
}

compile()
{
	cat "${fragments[@]}" >fragment
	run_make KCONFIG_ALLCONFIG="$PWD/fragment" allnoconfig
	check_config fragment
	run_make bzImage modules
}

# What is needed to build a module, as in a package of headers.
prune()
{
	find . -mindepth 1 -maxdepth 1 ! -name .config ! -name Module.symvers \
		! -name Makefile ! -name Kbuild ! -name include ! -name scripts \
		! -name arch ! -name tools -exec rm -rf {} +
	find arch tools -mindepth 1 -maxdepth 1 ! -name x86 ! -name objtool \
		-exec rm -rf {} +
	find . \( -name '*.o' -o -name '*.a' -o -name '*.cmd' -o -name vmlinux \) \
		-delete
}

build_kernel()
{
	local tree=$tmp/headers

	say "building the $name kernel; this is done once and takes about 15 minutes"
	mkdir "$tree"
	tar -xJf "$source/linux.tar.xz" --strip-components=1 -C "$tree"
	cd "$tree"
	compile
	cp arch/x86/boot/bzImage "$tmp/vmlinuz"
	make -s kernelrelease >"$tmp/release"
	prune
	cd "$cache"
	chmod 755 "$tmp"
	rm -rf "${cache:?}/$name"/*/
	mv "$tmp" "$dir"
}

name=${1:-}
fragments=("$vm/kernels/common.config" "$vm/kernels/$name.config")
[ -e "${fragments[1]}" ] || die "unknown: '$name'"

"$vm/install.sh" vm kernel
source=$("$vm/fetch.sh" source)
sum=$(cat "${fragments[@]}" | sha256sum)
dir=$cache/$name/${source##*/}-${sum:0:12}.$recipe

lock "$cache/$name/.lock"
if [ ! -e "$dir" ]; then
	tmp=$(mktemp -d "$cache/tmp.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	build_kernel
fi
echo "$dir"
