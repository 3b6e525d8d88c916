#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh - run the selftests in the test machine
#
# From the environment, all of them optional:
#   KERNEL  run on this kernel only: one of the stock kernels, debug or kcsan
#   BITS    run the 64 or the 32 bit programs only
#   TEST    run these only: program, program.test or program.fixture.test
#   LIMIT   seconds for all on one kernel (default 3600)
#   PROGRAMS  run these command lines of the guest instead, one in each line; then
#   AGAIN   is how to run them again
#   INSTRUMENT  as for vm.sh; what gcov counted comes into build/vm/KERNEL.gcov, an
#           archive in base64

. "$(dirname "$0")/lib.sh"

passed=0
failed=0
skipped=0
ran=0 # kernels

# The test programs that there are for a kernel: "tests port". That is known when
# they are built.
list_programs()
{
	local all64=tests/kselftest-list.txt all32=tests32/kselftest-list.txt

	cd "$build/vm/programs"
	case $1 in
	kcsan)
		# where several act at the same time, and only that: the rest is slow there
		echo vm kunit
		printf 'tests %s\n' wait wait_many poll order link mailbox lifetime stress \
			pairs call call_end call_wait reply_recv batch_wait storm \
			buffer_share buffer_wait buffer_death scribbler
		;;
	debug)
		# and of 32 bits what differs there: how a command gets in and out
		echo vm kunit
		printf 'tests %s\n' fuzz storm
		sed 's/.*:/tests /' $all64
		printf 'tests32 %s\n' abi abi_fields port mailbox link large call \
			reply_recv batch fuzz
		echo vm docs
		;;
	*)
		sed 's/.*:/tests /' $all64
		sed 's/.*:/tests32 /' $all32
		echo vm docs
		;;
	esac
}

# The option with which a program runs one test, of the name that TAP has.
option()
{
	local program=$1 test=$2

	case $program:$test in
	docs:*)		echo "-t $test" ;;
	*.sh:*)		echo "-t ${test##*.}" ;;
	*:*.*)		echo "-r $test" ;; # fixture.test
	*)		echo "-t $test" ;;
	esac
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
			"$name".*)	echo "/$dir/$program $(option "$program" "${filter#*.}")" ;;
			esac
		done
	done < <(list_programs "$1")
}

# What to type to see one failure again.
again()
{
	if [ -n "${PROGRAMS:-}" ]; then
		echo "$AGAIN"
		return
	fi
	case $1 in
	unload*) echo "make test KERNEL=$kernel" ;; # it tells of the others
	*)	echo "make test KERNEL=$kernel BITS=$bits TEST=$1" ;;
	esac
}

# A failure: its title, its lines of explanation, how to see it again.
fail()
{
	local title=$1 test=$2

	shift 2
	failures+=("FAILED  $title")
	[ $# = 0 ] || failures+=("${@/#/    }")
	failures+=("    again: $(again "$test")")
	bad=$((bad + 1))
}

begin_program()
{
	local path=${1%% *}

	program=${path##*/}
	program=${program%.sh}
	case $path in
	/tests32/*) bits=32 ;;
	*)	bits=64 ;;
	esac
	good=0 bad=0 skip=0 plan=0 splat=
	notes=() kernel_log=() failures=()
}

# A line of TAP. What a test says comes before its result.
take_line()
{
	local name

	case $1 in
	'#  RUN '*)	notes=() ;;
	'TAP version '* | '#          FAIL '* | '#            OK '*) ;;
	'# Totals:'* | '# Starting '* | '# PASSED:'* | '# FAILED:'*) ;;
	'# ipcbox-fail-nth: '*) printf '      %s\n' "${1#\# }" ;;
	'ok '*'# SKIP'*) skip=$((skip + 1)) ;;
	'ok '*)		good=$((good + 1)) ;;
	'not ok '*)
		name=${1#not ok }
		name=${name#* }
		name=${name#- }
		fail "$kernel $bits-bit $program: $name" "$program.$name" "${notes[@]}"
		notes=()
		;;
	1..*)		plan=${1#1..} ;;
	*)		notes+=("$1") ;;
	esac
}

# A program is over: was all as it should be with it as a whole?
end_program()
{
	local status=$1 seconds=$2 what="$kernel $bits-bit $program"
	local ran=$((good + bad + skip)) result end="ended with status $status"

	[ "$status" != 137 ] || end="was killed (the limit is $limit s)"

	if ((ran < plan || plan == 0)); then
		fail "$what: $ran of $plan tests ran, then it $end" \
			"$program" "${notes[@]}"
	elif ((status != 0 && status != 4 && bad == 0)); then
		fail "$what: it $end" "$program" "${notes[@]}"
	fi
	if [ -n "$splat" ]; then
		fail "$what: the kernel complained in its log" "$program"
	fi

	result="$good passed"
	((bad == 0)) || result+=", $bad failed"
	((skip == 0)) || result+=", $skip skipped"
	printf '%-5s %s-bit  %-14s %-32s %6.1f s\n' "$kernel" "$bits" "$program" "$result" "$seconds"
	if ((bad > 0)); then
		failures+=("the kernel's log meanwhile (all of it is in $log):"
			"${kernel_log[@]/#/    }")
		printf '     %s\n' "${failures[@]}"
	fi
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
	program=
}

# Read what run-tests writes. A program that ended is no longer missing.
report()
{
	local line program='' bits good bad skip plan splat notes kernel_log failures

	while IFS= read -r line; do
		case $line in
		'@@ begin '*)
			begin_program "${line#@@ begin }"
			;;
		'@@ end '*)
			# shellcheck disable=SC2086 # words
			end_program ${line#@@ end }
			missing=("${missing[@]:1}")
			;;
		'@@ splat')	splat=yes ;;
		'@@ gcov '*)	echo "${line#@@ gcov }" >>"$counts" ;;
		'@@ log '*)	kernel_log+=("${line#@@ log }") ;;
		*)		[ -z "$program" ] || take_line "$line" ;;
		esac
	done
}

# Those that should have run, and of which there is no end.
report_missing()
{
	local program

	for program in "${missing[@]}"; do
		echo "FAILED  $kernel ${program}: did not run to its end: the test machine was lost"
		failed=$((failed + 1))
	done
	if [ ${#missing[@]} != 0 ] && [ -e "$log" ]; then
		echo "the kernel's log (all of it is in $log) ends with:"
		tail -n 80 "$log" | sed 's/^/    /'
	fi
}

test_kernel()
{
	local kernel=$1 programs missing command limit
	local log=$build/vm/$1.log counts=$build/vm/$1.gcov

	mapfile -t programs < <(select_programs "$kernel")
	[ ${#programs[@]} != 0 ] ||
		die "no test matches TEST='${TEST:-}' BITS='${BITS:-}' on $kernel"
	programs+=(/vm/unload)
	missing=("${programs[@]}")
	limit=$(sed -n 's/^timeout=//p' "$top/selftests/settings")
	[ -z "${PROGRAMS:-}" ] || limit=${LIMIT:-3600}
	printf -v command ' %q' run-tests "$limit" "${programs[@]}"
	[ "${INSTRUMENT:-}" != gcov ] || command+='; send-coverage'
	rm -f "$counts"

	report < <(KERNEL=$kernel CMD=$command FILES='' \
		LIMIT=${LIMIT:-3600} LOG=$log "$vm/vm.sh")
	report_missing
}

"$vm/install.sh" vm
(lock "$build/vm/.lock"; "$vm/build.sh" programs "$build/vm/programs")

for kernel in ${KERNEL:-${all_kernels[@]}}; do
	status=0
	"$vm/fetch.sh" "$kernel" >/dev/null || status=$?
	if [ "$status" = "$unavailable" ]; then
		echo "SKIPPED kernel $kernel: cannot be had"
		skipped=$((skipped + 1))
		continue
	fi
	[ "$status" = 0 ] || exit "$status"
	test_kernel "$kernel"
	ran=$((ran + 1))
done
if [ -z "${KERNEL:-}" ] && ((ran < 2)); then
	echo "FAILED  the tests ran on $ran of the kernels ${all_kernels[*]}; two are the least"
	failed=$((failed + 1))
fi
closing_line "$passed" "$failed" "$skipped"
