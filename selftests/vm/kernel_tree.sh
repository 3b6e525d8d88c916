#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# kernel_tree.sh drop TREE - make ipcbox a part of a kernel's source, 6.11 or newer:
#	the module becomes drivers/misc/ipcbox, its headers go to include/uapi/linux,
#	and the tests become tools/testing/selftests/ipcbox
# kernel_tree.sh module [m|y] - drop it into a copy of Debian's 6.12, and build that
#	directory with all warnings: as a module, or built in
# kernel_tree.sh selftests - build the tests there, with the headers that the tree exports
#
# The tree is unpacked and configured once for each version of the source and of the
# configuration, which takes two minutes, and is kept in the cache. Checks take a copy.

. "$(dirname "$0")/lib.sh"

# To be raised when something else is kept of a tree than before.
recipe=1

cc=gcc-12
fragments=("$vm/kernels/common.config" "$top/selftests/config")

# What is unpacked of the source: these, and in all folders what says how to build.
parts=(
	arch/x86 drivers/misc include scripts tools/{arch,build,include,lib,objtool,scripts}
	tools/testing/selftests/{'*.h','*.mk','*.sh',kselftest}
	kernel/{bounds.c,time/timeconst.bc} usr/include
)
everywhere=(Kbuild 'Kconfig*' Makefile)

run_make()
{
	quietly make -s -j"$jobs" CC=$cc HOSTCC=$cc "$@" ||
		die "in a kernel's tree this failed: make $*"
}

# configure [CONFIG...] - all that is not named is off
configure()
{
	cat "${fragments[@]}" >fragment
	printf '%s\n' "$@" >>fragment
	run_make KCONFIG_ALLCONFIG="$PWD/fragment" allnoconfig
}

# ---- the tree ----------------------------------------------------------------

prepare_tree()
{
	say "unpacking a kernel's source to build in; this is done once and takes two minutes"
	tar -xJf "$source/linux.tar.xz" --strip-components=1 --wildcards \
		--no-wildcards-match-slash "${parts[@]/#/*/}" \
		--wildcards-match-slash "${everywhere[@]/#/*/}"
	configure
	run_make modules_prepare headers
}

# Print the folder of the cache that has the tree.
cached_tree()
{
	local source sum dir tmp

	"$vm/install.sh" vm kernel
	source=$("$vm/fetch.sh" source)
	sum=$(cat "${fragments[@]}" | grep '^CONFIG' | sha256sum)
	dir=$cache/tree/${source##*/}-${sum:0:12}.$recipe
	lock "$cache/tree/.lock"
	if [ ! -e "$dir" ]; then
		tmp=$(mktemp -d "$cache/tmp.XXXXXX")
		# shellcheck disable=SC2064 # this folder, also where $tmp is gone
		trap "rm -rf '$tmp'" EXIT
		cd "$tmp"
		prepare_tree
		chmod 755 "$tmp"
		rm -rf "$cache/tree"/*/
		mv "$tmp" "$dir"
	fi
	echo "$dir"
}

# add_line FILE LINE WHERE - add a line, where sed's command says, if it is not there
add_line()
{
	grep -qxF -e "$2" "$1" || sed -i "$3 $2" "$1"
	grep -qxF -e "$2" "$1" || die "$1 has no place for: $2"
}

# What an old kernel lacks stays behind, and with it the one name in there that is not
# the kernel's own.
drop()
{
	local tree=$1 misc=$1/drivers/misc tests=$1/tools/testing/selftests

	cp "$top"/uapi/linux/*.h "$tree/include/uapi/linux"
	rsync -a --delete --exclude=compat-include "$top/module/" "$misc/ipcbox"
	sed -i 's/ipcbox_handler_table/const struct ctl_table/' "$misc/ipcbox/limits.c"
	rsync -a --delete --exclude=vm --exclude=mutants --exclude=uncovered.txt \
		"$top/selftests/" "$tests/ipcbox"
	# shellcheck disable=SC2016 # the $ is for make
	add_line "$misc/Makefile" 'obj-$(CONFIG_IPCBOX) += ipcbox/' '$a'
	add_line "$misc/Kconfig" 'source "drivers/misc/ipcbox/Kconfig"' '/^endmenu/i'
	add_line "$tests/Makefile" 'TARGETS += ipcbox' '/^TARGETS += ipc$/a'
}

# Go to a copy of the tree that has ipcbox.
enter_copy()
{
	local tree=$build/check/tree-$1 from

	from=$(cached_tree)
	rm -rf "$tree"
	mkdir -p "$build/check"
	cp -a "$from" "$tree"
	drop "$tree"
	cd "$tree"
}

# ---- what is built there --------------------------------------------------------

build_module()
{
	local state=$1

	enter_copy module
	configure CONFIG_KUNIT=y CONFIG_IPCBOX_KUNIT_TEST=y "CONFIG_IPCBOX=$state"
	sed -i "s/^CONFIG_IPCBOX=.*/CONFIG_IPCBOX=$state/" fragment
	check_config fragment
	run_make W=1e drivers/misc/ipcbox/
	[ -e drivers/misc/ipcbox/ipcbox.o ] || [ "$state" = y ] ||
		die "drivers/misc/ipcbox was not built: its Makefile names no module"
}

build_selftests()
{
	enter_copy selftests
	run_make headers
	run_make -C tools/testing/selftests TARGETS=ipcbox USERCFLAGS=-Werror
	[ -x tools/testing/selftests/ipcbox/abi ] ||
		die "tools/testing/selftests/ipcbox was not built: its Makefile names no tests"
}

case ${1:-} in
drop)
	[ -e "${2:-}/drivers/misc/Kconfig" ] || die "'${2:-}' is no source of a kernel"
	drop "$2"
	;;
module)	build_module "${2:-m}" ;;
selftests) build_selftests ;;
*)	die "unknown: '${1:-}'" ;;
esac
