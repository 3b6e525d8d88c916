#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mutants.sh [check] - plant the faults of selftests/mutants/, one at a time, and see
#	which of them the tests catch; check: only see that each can still be planted
#
# From the environment, all of them optional:
#   MUTANTS  patterns of names: these only ("lane-* send-priority")
#   KERNEL   the stock kernel of those that need no other: 6.1 (the default) or 6.12
#   LIMIT    seconds for the tests of one (default 120)
#
# A mutant is a patch, which applies without fuzz. Its head names the layer that has to
# catch it, and says what a user would suffer:
#
#	layer: port.a_test_by_name
#	A sender that ... gets ...
#
# A layer is one of
#   [debug] PROGRAM[.TEST]  of the selftests, on the debug kernel
#   kunit          the unit tests, on the debug kernel
#   storm SECONDS  with a seed that is always the same
#   sparse         in the way of "make check"
#   build          it does not even compile
# and where a line "not caught: REASON" follows, nothing is expected to. The layer also runs
# without a fault: a test that fails anyway catches nothing.

. "$(dirname "$0")/lib.sh"

KERNEL=${KERNEL:-6.1}
LIMIT=${LIMIT:-120}
seed=11
chunk=30 # mutants that are built before the guest sees them

dir=$build/mutants
right=$dir/right	# a copy of the project, as it is when this begins
tree=$dir/tree		# another one, with the fault
patches=$top/selftests/mutants

# A field in the head of a patch: field NAME KEY
field()
{
	sed -n "/^---/q; s/^$2: //p" "$patches/$1.patch"
}

names()
{
	local pattern patterns name

	read -ra patterns <<<"${MUTANTS:-*}"
	for name in "$patches"/*.patch; do
		name=${name##*/}
		name=${name%.patch}
		for pattern in "${patterns[@]}"; do
			# shellcheck disable=SC2254 # it is a pattern
			case $name in
			$pattern) echo "$name"; break ;;
			esac
		done
	done
}

# ---- can it be planted? ----------------------------------------------------------

# The program that a layer names, if it is one.
program_of()
{
	local program=$1

	program=${program#debug }
	program=${program%%.*}
	[ ! -e "$top/selftests/$program.sh" ] || program+=.sh
	echo "$program"
}

# And the test, where one is named.
layer_exists()
{
	local source

	case $1 in
	kunit | sparse | build | 'storm '[0-9]*) return ;;
	esac
	source=$top/selftests/$(program_of "$1")
	[[ $source == *.sh ]] || source+=.c
	[ -e "$source" ] && { [[ $1 != *.* ]] || grep -qwF -e "${1#*.}" "$source"; }
}

applies()
{
	patch -p1 -F0 -f -s --dry-run -d "$1" <"$patches/$2.patch" >/dev/null
}

check_mutants()
{
	local name layer bad=0

	for name in $(names); do
		layer=$(field "$name" layer)
		if [ -z "$layer" ] || ! layer_exists "$layer"; then
			echo "selftests/mutants/$name.patch: there is no layer '$layer'"
			bad=1
		fi
		applies "$top" "$name" || {
			echo "selftests/mutants/$name.patch does not apply any more"
			bad=1
		}
	done
	return $bad
}

# ---- building ---------------------------------------------------------------------

# A kernel's files are built in one place, since their names are part of what is built;
# a copy of what is right is kept beside it.
build_base()
{
	local kernel=$1

	mapfile -t options < <(module_options "$kernel")
	# the last one to be planted is there still, newer than what is right
	restore_module "$kernel"
	"$right/selftests/vm/build.sh" module "$(kernel_of "$kernel")" "$dir/$kernel/module" \
		"${options[@]}"
	rm -rf "$dir/$kernel/base"
	cp -a "$dir/$kernel/module" "$dir/$kernel/base.new"
	mv "$dir/$kernel/base.new" "$dir/$kernel/base"
	"$vm/image.sh" base "$(kernel_of "$kernel")" "$dir/$kernel/module/ipcbox.ko" \
		"$dir/programs" "$dir/$kernel/initrd"
}

# Nobody debugs a mutant.
module_options()
{
	echo CONFIG_DEBUG_INFO=
	[ "$1" != debug ] || echo IPCBOX_KUNIT=y
}

kernel_of()
{
	"$vm/fetch.sh" "$1"
}

# Somebody may go on working meanwhile.
copy_project()
{
	rm -rf "$right" "$tree"
	mkdir -p "$right" "$tree"
	cp -rp "$top"/{Kbuild,Makefile,module,uapi,lib,tools,selftests} "$right"
	cp -rp "$right/." "$tree"
	patches=$right/selftests/mutants
}

plant()
{
	patch -p1 -F0 -f -s -d "$tree" <"$patches/$1.patch"
}

files_of()
{
	sed -n 's|^+++ b/||p' "$patches/$1.patch"
}

# In the library what is right again has to be new to make; of the module there is a
# base that is as old as its sources.
remove()
{
	local file

	for file in $(files_of "$1"); do
		case $file in
		lib/*)	cp "$right/$file" "$tree/$file" ;;
		*)	cp -p "$right/$file" "$tree/$file" ;;
		esac
	done
}

restore_module()
{
	rm -rf "$dir/$1/module" "$dir/$1/base.new"
	[ ! -d "$dir/$1/base" ] || cp -a "$dir/$1/base" "$dir/$1/module"
}

# With all of make, and what else it is to do.
make_module()
{
	local kernel=$1 options

	mapfile -t options < <(module_options "$kernel")
	restore_module "$kernel"
	BUILD=$dir/build "$tree/selftests/vm/build.sh" verbose-module "$(kernel_of "$kernel")" \
		"$dir/$kernel/module" "${options[@]}" "${@:2}"
}

# The command by which make has made a file, as it noted it.
command_for()
{
	sed -n '1 { s/^[^=]*:= //; s/\$\$/$/g; s/\\#/#/g; p }' "${1%/*}/.${1##*/}.cmd"
}

# The objects that a file is part of.
objects_of()
{
	local module=$1 file=$2

	case $file in
	*.c)	echo "$module/${file%.c}.o" ;;
	*)	find "$module" -name '.*.o.cmd' -exec grep -lF "$module/$file" {} + |
			sed 's|/\.\([^/]*\)\.cmd$|/\1|' ;;
	esac
}

# The same without make, which takes far longer to find out what is to be done than to
# do it.
remake_module()
{
	local kernel=$1 name=$2 module=$dir/$1/module object files

	restore_module "$kernel"
	mapfile -t files < <(files_of "$name")
	for file in "${files[@]}"; do
		cp "$tree/$file" "$module/$file"
	done
	cd "$(kernel_of "$kernel")/headers" || return
	for object in $(for file in "${files[@]}"; do objects_of "$module" "$file"; done |
			sort -u) "$module/ipcbox.o" "$module/ipcbox.ko"; do
		sh -c "$(command_for "$object")" || return
	done
}

# The library, and a program that may have some of it inline.
build_library()
{
	local program=$1 ksft b=$dir/build/64

	ksft=$(kernel_of source)/tools/testing/selftests
	make -s -C "$tree/lib" BUILD="$b" CFLAGS="-O2 -g -m64" && {
		mkdir -p "$b/tests"
		[[ $program == *.sh ]] ||
			make -s -C "$tree/selftests" KSFT_DIR="$ksft" OUTPUT="$b/tests" \
				LIBDIR="$b/lib" CFLAGS=-m64 "$b/tests/$program"
	}
}

# Build what a guest has to see of a mutant, in a folder. Its log is kept if it fails.
build_mutant()
{
	local name=$1 kernel=$2 program=$3 out=$4 status=0

	mkdir -p "$out"
	plant "$name"
	if grep -q '^+++ b/lib/' "$patches/$name.patch"; then
		(build_library "$program") >"$dir/log" 2>&1 || status=$?
		cp -P "$dir/build/64/lib/"libipcbox.so* "$out"
		[[ $program == *.sh ]] || cp "$dir/build/64/tests/$program" "$out"
	else
		(remake_module "$kernel" "$name") >"$dir/log" 2>&1 || status=$?
		[ "$status" != 0 ] || cp "$dir/$kernel/module/ipcbox.ko" "$out"
	fi
	remove "$name"
	return "$status"
}

# ---- verdicts -----------------------------------------------------------------------

# The verdict on a mutant: caught, missed or broken, and how.
verdict()
{
	local name=$1 what=$2 how=$3 reason

	reason=$(field "$name" 'not caught')
	case $what:${reason:+reason} in
	caught:*)	caught=$((caught + 1)) ;;
	missed:reason)	what=excused how=$reason excused=$((excused + 1)) ;;
	*)		failed=$((failed + 1)) ;;
	esac
	printf '%-8s %-38s %s%s\n' "$what" "$name" "$(field "$name" layer)" "${how:+: $how}"
}

# By the compiler or by sparse.
judge_by_building()
{
	local name=$1 layer=$2 log=$dir/log status=0

	plant "$name"
	case $layer in
	build)	(make_module "$KERNEL") >"$log" 2>&1 || status=1 ;;
	sparse)	(make_module "$KERNEL" KBUILD_CHECKSRC=1 CHECK=sparse \
			CF="-D__CHECK_ENDIAN__ -Wcontext") >"$log" 2>&1 ||
			{ cat "$log" >&2; remove "$name"; verdict "$name" broken "it is not built"; return; }
		! grep -qE '(^|/)(module|uapi)/.*(warning|error)' "$log" || status=1 ;;
	esac
	remove "$name"
	if [ "$status" = 0 ]; then
		verdict "$name" missed
	else
		verdict "$name" caught "$(grep -m1 -oE '(warning|error).*' "$log" | cut -c1-60)"
	fi
}

# How the guest runs a layer: the command line of the program.
command_of()
{
	local name=$1 layer=${2#debug } folder=/tests program test=

	case $layer in
	kunit)		echo /vm/kunit; return ;;
	'storm '*)	echo "/tests/storm --seconds ${layer#storm } --seed $seed"; return ;;
	esac
	program=$(program_of "$layer")
	[[ $layer != *.* ]] || test=" -t ${layer#*.}"
	[ ! -e "$dir/files/mutants/$name/$program" ] || folder=/root/mutants/$name
	echo "$folder/$program$test"
}

# Run those that are listed in files/mutants/list, until one of them takes the guest with
# it. The output goes into "said".
run_guest()
{
	local kernel=$1 line current='' pid fd command="run-mutants $LIMIT"
	local quiet=$((LIMIT + 90))

	exec {fd}< <(KERNEL=$kernel IMAGE=$dir/$kernel/initrd FILES=$dir/files/mutants \
		CMD=$command LIMIT=3600 LOG=$dir/$kernel/console \
		exec "$vm/vm.sh" 2>"$dir/$kernel/said")
	pid=$!
	while IFS= read -r -t "$([ -n "$current" ] && echo $quiet || echo 400)" -u "$fd" line; do
		case $line in
		'@@ mutant '*)	current=${line#@@ mutant } ;;
		'@@ verdict '*)	echo "$current ${line#@@ verdict }" >>"$dir/said"; current= ;;
		esac
	done
	# it ended, or has been silent for too long
	kill "$pid" 2>/dev/null || :
	exec {fd}<&-
	wait "$pid" 2>/dev/null || :
	[ -z "$current" ] || echo "$current caught the guest was lost" >>"$dir/said"
}

# Have all of files/mutants/list judged, in as many guests as that takes.
run_guests()
{
	local kernel=$1 list=$dir/files/mutants/list all=$dir/list before

	cp "$list" "$all"
	: >"$dir/said"
	while [ -s "$list" ]; do
		before=$(wc -l <"$dir/said")
		run_guest "$kernel"
		[ "$(wc -l <"$dir/said")" != "$before" ] ||
			{ cat "$dir/$kernel/said" >&2; die "the guest does not run"; }
		awk 'NR == FNR { said[$1] = 1; next } !($1 in said)' "$dir/said" "$all" >"$list"
	done
}

# Have a layer run without a fault, if that was not done: KERNEL COMMAND
ask_plain()
{
	[ -z "${passes[$1]:-}" ] || return 0
	passes[$1]=asked
	plain_of[plain-${#passes[@]}]=$1
	echo "plain-${#passes[@]} ${1#* }"
}

# A mutant is judged by a layer that passes without it.
judge_chunk()
{
	local kernel=$1 name what how layer
	shift

	[ $# != 0 ] || return 0
	rm -rf "$dir/files/mutants"
	mkdir -p "$dir/files/mutants"
	local -A plains=() commands=()
	local built=() list=$dir/files/mutants/list

	for name; do
		layer=$(field "$name" layer)
		if ! build_mutant "$name" "$kernel" "$(program_of "$layer")" \
			"$dir/files/mutants/$name"; then
			tail -n 20 "$dir/log" >&2
			verdict "$name" broken "it is not built"
			continue
		fi
		built+=("$name")
		commands[$name]=$(command_of "$name" "$layer")
		plains[$name]="$kernel $(command_of no-mutant "$layer")"
		ask_plain "${plains[$name]}" >>"$list"
	done
	[ -e "$list" ] || return 0
	# what those layers leave
	passes["$kernel /vm/unload"]=
	ask_plain "$kernel /vm/unload" >>"$list"
	for name in "${built[@]}"; do
		echo "$name ${commands[$name]}" >>"$list"
	done
	run_guests "$kernel"
	while read -r name what how; do
		case $name in
		plain-*) passes[${plain_of[$name]}]=$what ;;
		esac
	done <"$dir/said"
	while read -r name what how; do
		case $name in
		plain-*) ;;
		*)	[ "${passes[${plains[$name]}]}${passes["$kernel /vm/unload"]}" = missedmissed ] ||
				what=broken how="the layer fails without it"
			verdict "$name" "$what" "$how" ;;
		esac
	done <"$dir/said"
}

judge_in_guests()
{
	local kernel=$1

	shift
	[ $# != 0 ] || return 0
	build_base "$kernel"
	while [ $# != 0 ]; do
		judge_chunk "$kernel" "${@:1:chunk}"
		shift $(($# < chunk ? $# : chunk))
	done
}

if [ "${1:-}" = check ]; then
	check_mutants
	exit
fi

"$vm/install.sh" vm
caught=0 excused=0 failed=0
declare -A passes=() plain_of=()
on_stock=() on_debug=() by_building=()

mkdir -p "$dir"
lock "$dir/.lock"
copy_project
rm -rf "$dir/build"
for name in $(names); do
	layer=$(field "$name" layer)
	if ! applies "$tree" "$name"; then
		verdict "$name" broken "it does not apply any more"
		continue
	fi
	case $layer in
	build | sparse)		by_building+=("$name") ;;
	kunit | 'debug '*)	on_debug+=("$name") ;;
	*)			on_stock+=("$name") ;;
	esac
done
# the programs as they are without a fault
rm -rf "$dir/programs"
(lock "$build/vm/.lock"; quietly "$vm/build.sh" bits 64 "$dir/programs" usr/lib tests usr/bin)
if [ ${#by_building[@]} != 0 ]; then
	[ ${#on_stock[@]} != 0 ] || build_base "$KERNEL"
fi
judge_in_guests "$KERNEL" "${on_stock[@]}"
for name in "${by_building[@]}"; do
	judge_by_building "$name" "$(field "$name" layer)"
done
judge_in_guests debug "${on_debug[@]}"

count=$((caught + excused + failed))
echo "$count mutants: $caught caught, $excused not, with a reason, $failed failed"
((failed == 0 && count > 0 && caught * 100 >= count * 95))
