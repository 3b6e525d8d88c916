#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh - run the selftests in the test machine
#
# From the environment, all of them optional:
#   KERNEL  run on these kernels only: stock kernels, debug, kcsan
#   BITS    run the 64 or the 32 bit programs only
#   TEST    run these only: program, program.test or program.fixture.test
#   WHOLE   y: run what else is left to "make test-all", see left_out()
#   LIMIT   seconds for all in one guest (default 3600)
#   GUESTS  how many guests run at once (default: as this machine has processors)
#   RETRY   n: what failed is not run again
#   PROGRAMS  run these command lines of the guest instead, one in each line; then
#   AGAIN   is how to run them again
#   INSTRUMENT  as for vm.sh; what gcov counted comes into build/vm/KERNEL.gcov, an
#           archive in base64
#
# The programs of a kernel are dealt out to several guests, so that all processors are
# busy. A test that failed is run once more when all others are done, and nothing else
# runs: if it passes then it is unstable, which is reported and fails nothing.

. "$(dirname "$0")/lib.sh"

results=$build/vm/results

# Repeated steps that CI runs, see left_out(): one in so many, and fewer on the debug
# kernel, which is slow.
every=31 every_debug=101
share_debug=4

most_again=10 # of a kernel's failures; more are not by chance

# Programs for what differs in 32 bits from one kernel to the next: how a command gets in
# and out, how a page is mapped.
narrow='abi_layout abi abi_fields port mailbox link large call call_reply reply_recv batch'
narrow+=' wait buffer_map buffer_fork library'
narrow_debug='abi_fields port call call_reply batch buffer_map buffer_fork'

# Where several act at the same time.
at_once='wait wait_many poll poll_races order link mailbox lifetime stress pairs call call_end'
at_once+=' call_wait reply_recv batch_wait storm buffer_share buffer_wait buffer_poll'
at_once+=' buffer_death scribbler'

# The test programs that there are for a kernel: "tests port". That is known when
# they are built.
list_programs()
{
	local kernel=$1 all64=tests/kselftest-list.txt all32=tests32/kselftest-list.txt

	cd "$build/vm/programs"
	case $kernel in
	kcsan)
		# these only: the rest is slow there, and finds nothing
		echo vm kunit
		# shellcheck disable=SC2086 # words
		printf 'tests %s\n' $at_once
		return
		;;
	debug)
		echo vm kunit
		printf 'tests %s\n' fuzz storm
		printf 'tests32 %s\n' fuzz
		;;
	esac
	if left_out "$kernel"; then
		sed 's/.*://' $all64 | leave_out "$kernel" | sed 's/^/tests /'
		# shellcheck disable=SC2046 # words
		printf 'tests32 %s\n' $(narrow "$kernel")
	else
		sed 's/.*:/tests /' $all64
		sed 's/.*:/tests32 /' $all32
	fi
	echo vm docs
}

# The 32-bit programs that are not left to "make test-all".
narrow()
{
	[ "$1" = debug ] && echo "$narrow_debug" || echo "$narrow"
}

# Of the 64-bit programs, those that are not left to it. The debug kernel has nothing to find
# in the command line's programs, which take it longest. It is a 6.12: where it runs, the stock
# 6.12 runs these, and what depends on timing.
leave_out()
{
	case $1 in
	debug)	grep -vE '^(bench|cli|cli_.*)\.sh$' ;;
	*)	grep -vx 'bench\.sh' | grep -xE "($(only_here "$1"))(\.sh)?" ;;
	esac
}

# These, as grep takes them.
only_here()
{
	# shellcheck disable=SC2086 # words
	if runs_on_debug "$1"; then
		printf '%s|' cli 'cli_.*' $at_once | sed 's/|$//'
	else
		echo '.*'
	fi
}

# Do the programs of a kernel run on the debug kernel of the same version as well?
runs_on_debug()
{
	[ "$1" = 6.12 ] && [[ " $kernels " == *' debug '* ]]
}

# Is something of this kernel left to "make test-all"? On the oldest all is run: the
# library and the programs are the same on the others.
left_out()
{
	case ${WHOLE:-}${BITS:-}${TEST:-}${PROGRAMS:-}$1 in
	debug | 6.12 | 7.2) ;;
	*)	return 1 ;;
	esac
}

# At one in how many instructions a process dies in buffer_death.
stride()
{
	[ "$1" = debug ] && echo $every_debug || echo $every
}

# The same for the programs of the guest, and which part is enough of what others repeat.
shares()
{
	echo "IPCBOX_EVERY=$(stride "$1")$([ "$1" != debug ] || echo " IPCBOX_SHARE=$share_debug")"
}

note_left()
{
	left_out "$1" || return 0
	note left "$1: bench, and in 32 bits all but: $(narrow "$1")"
	! runs_on_debug "$1" || note left "$1: in 64 bits what debug runs as well, but: $at_once"
	note left "$1: buffer_death at each 11th instruction (it was each $(stride "$1")st)"
	[ "$1" = debug ] || return 0
	note left "$1: cli, cli_*"
	note left "$1: of what buffer_death, stress, wait_many and poll_races repeat, all but" \
		"1/$share_debug"
}

# Those to run, as run-tests takes them: "/tests/port -r fixture.test".
select_programs()
{
	local dir program name filter

	if [ -n "${PROGRAMS:-}" ]; then
		echo "$PROGRAMS"
		return
	fi
	while read -r dir program; do
		case ${BITS:-}:$dir in
		64:tests32 | 32:tests | 32:vm) continue ;;
		esac
		name=${program%.sh}
		for filter in ${TEST:-$name}; do
			case $filter in
			"$name")	echo "/$dir/$program" ;;
			"$name".*)	echo "/$dir/$program $(option "/$dir/$program" "${filter#*.}")" ;;
			esac
		done
	done < <(list_programs "$1")
}

# run_guest KERNEL NAME PROGRAM... - run programs in a guest, and after them see what is
# left. The results are in the folder NAME, see report.sh.
run_guest()
{
	local kernel=$1 name=$2 command limit status=0 dir=$results/$2 log=$build/vm/$2.log

	shift 2
	set -- "$@" /vm/unload
	mkdir "$dir"
	printf '%s\n' "$@" >"$dir/programs"
	limit=$(sed -n 's/^timeout=//p' "$top/selftests/settings")
	[ -z "${PROGRAMS:-}" ] || limit=${LIMIT:-3600}
	printf -v command ' %q' run-tests "$limit" "$@"
	! left_out "$kernel" || command="$(shares "$kernel") $command"
	[ "${INSTRUMENT:-}" != gcov ] || command+='; send-coverage'
	rm -f "$log"
	touch "$dir"/{ended,chance,missing,took}
	echo 0 0 0 >"$dir/counts"
	KERNEL=$kernel CMD=$command FILES='' LIMIT=${LIMIT:-3600} LOG=$log PREPARED=y \
		keep_errors "$dir/errors" "$vm/vm.sh" |
		"$vm/report.sh" "$kernel" "$log" "$limit" "$dir" || status=$?
	tell_missing "$kernel" "$dir" "$log" "$status"
}

# Those that should have run, and of which there is no end.
tell_missing()
{
	local kernel=$1 dir=$2 log=$3 status=$4 ran missing

	ran=$(wc -l <"$dir/ended")
	mapfile -t missing < <(tail -n "+$((ran + 1))" "$dir/programs")
	((${#missing[@]} != 0)) || return 0
	printf '%s\n' "${missing[@]}" >"$dir/missing"
	{
		printf "FAILED  $kernel %s: did not run to its end: the test machine was lost\n" \
			"${missing[@]}"
		echo "it ended with status $status, and said last:"
		tail -n 30 "$dir/errors" | sed 's/^/    /'
		if [ -e "$log" ]; then
			echo "the kernel's log (all of it is in $log) ends with:"
			tail -n 80 "$log" | sed 's/^/    /'
		fi
	} >"$dir/lost"
	(lock "$results/.printing"; cat "$dir/lost")
}

# The guests of a kernel: 6.1, 6.1-2.
part_name()
{
	(($2 == 0)) && echo "$1" || echo "$1-$(($2 + 1))"
}

# Deal out the programs of a kernel to guests.
start_guests()
{
	local kernel=$1 programs part parts=$guests i hand

	mapfile -t programs < <(select_programs "$kernel")
	[ ${#programs[@]} != 0 ] ||
		die "no test matches TEST='${TEST:-}' BITS='${BITS:-}' on $kernel"
	((${#programs[@]} > 20)) && [ -z "${INSTRUMENT:-}" ] || parts=1
	((parts <= 2)) || parts=2
	for ((part = 0; part < parts; part++)); do
		hand=()
		for ((i = part; i < ${#programs[@]}; i += parts)); do
			hand+=("${programs[i]}")
		done
		spawn "$guests" run_guest "$kernel" "$(part_name "$kernel" "$part")" "${hand[@]}"
	done
}

# Run what failed, and may have by chance, once more.
run_again()
{
	local kernel=$1 chance name=$1-again i command title file

	mapfile -t chance < <(cat "$results/$kernel"{,-2}/chance 2>/dev/null)
	((${#chance[@]} != 0)) || return 0
	if ((${#chance[@]} > most_again)); then
		say "$kernel: ${#chance[@]} tests failed, so none is run again"
		failed=$((failed + ${#chance[@]}))
		return
	fi
	say "$kernel: running again what failed (${#chance[@]})"
	RETRY=n run_guest "$kernel" "$name" "${chance[@]%%$'\t'*}"
	for i in "${!chance[@]}"; do
		IFS=$'\t' read -r command title file <<<"${chance[i]}"
		if sed -n "$((i + 1))p" "$results/$name/ended" | grep -q '^passed'; then
			passed=$((passed + 1))
			echo "UNSTABLE  $title: it passed when it was run again; the first time:"
			cat "$file"
			note unstable "$title"
			unstable=$((unstable + 1))
		else
			failed=$((failed + 1))
		fi
	done
	# what is left after it is a test of its own
	grep -q "^passed.*/unload" "$results/$name/ended" || failed=$((failed + 1))
}

add_counts()
{
	local dir p f s line

	for dir in "$results"/*; do
		read -r p f s <"$dir/counts"
		f=$((f + $(wc -l <"$dir/missing")))
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
		while read -r line; do
			note took "$line"
		done <"$dir/took"
	done
}

# Start the guests of a kernel, if there is one.
test_kernel()
{
	local kernel=$1 status=0

	"$vm/fetch.sh" "$kernel" >/dev/null || status=$?
	case $status in
	0)	start_guests "$kernel"
		note_left "$kernel"
		ran+=("$kernel")
		[[ " ${all_kernels[*]} " != *" $kernel "* ]] || stock=$((stock + 1))
		;;
	"$unavailable")
		echo "SKIPPED kernel $kernel: cannot be had"
		skipped=$((skipped + 1))
		;;
	*)	echo "FAILED  kernel $kernel: fetching or building it ended with status $status"
		failed=$((failed + 1))
		;;
	esac
}

passed=0
failed=0
skipped=0
unstable=0
ran=() # kernels
stock=0 # of these
guests=${GUESTS:-$(((jobs + 2) / 2))}
kernels=${KERNEL:-${all_kernels[*]}}

"$vm/install.sh" vm
(lock "$build/vm/.lock"; "$vm/build.sh" programs "$build/vm/programs")
rm -rf "$results"
mkdir -p "$results"
trap stop_spawned EXIT
for kernel in $kernels; do
	test_kernel "$kernel"
done
wait
add_counts
for kernel in "${ran[@]}"; do
	run_again "$kernel"
done
if [[ $kernels == *"${all_kernels[*]}"* ]] && ((stock < 2)); then
	echo "FAILED  the tests ran on $stock of the kernels ${all_kernels[*]}; two are the least"
	failed=$((failed + 1))
fi
((unstable == 0)) || echo "$unstable unstable"
closing_line "$passed" "$failed" "$skipped"
