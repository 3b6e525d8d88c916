#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# report.sh KERNEL LOG LIMIT DIR - read what run-tests writes, and print what came of it
#
# The kernel's log is in LOG, a program may run for LIMIT seconds. Into DIR come
#   ended     each program that ended: passed or failed, TAB, its command line
#   counts    the results: passed failed skipped
#   chance    of failures that may be by chance, and are in none of the counts: the
#             command line that runs it again, TAB, its title, TAB, a file with
#             what was printed of it
#   took      seconds and name of each program
#   gcov      what gcov counted, an archive in base64
#
# A failure that a test reports may be by chance. A complaint of the kernel is not, nor an
# object that is left after all tests; and the storm and the fuzzer, whose choices are
# others each time, would not find the same again. With AGAIN set, or RETRY=n, nothing is
# by chance.

. "$(dirname "$0")/lib.sh"

kernel=$1 log=$2 limit=$3 dir=$4

passed=0
failed=0
skipped=0

may_be_chance()
{
	[ -z "${AGAIN:-}" ] && [ "${RETRY:-}" != n ] && [ -z "$splat" ] || return 1
	case $program in
	unload | storm | fuzz) return 1 ;;
	esac
}

# The command that shows one failure again.
again()
{
	if [ -n "${AGAIN:-}" ]; then
		echo "$AGAIN"
	elif [ "$program" = unload ]; then
		echo "make test KERNEL=$kernel" # it tells of the others
	else
		echo "make test KERNEL=$kernel BITS=$bits TEST=$program${1:+.$1}"
	fi
}

# A failure of a test, or without one of the program: its title, its lines of explanation.
fail()
{
	local test=$1 title=$2

	shift 2
	failures+=("FAILED  $title")
	[ $# = 0 ] || failures+=("${@/#/    }")
	failures+=("    again: $(again "$test")")
	bad=$((bad + 1))
	once_more+=("$command${test:+ $(option "$command" "$test")}"$'\t'"$title")
}

begin_program()
{
	command=$1
	program=${command%% *}
	program=${program##*/}
	program=${program%.sh}
	case $command in
	/tests32/*) bits=32 ;;
	*)	bits=64 ;;
	esac
	what="$kernel $bits-bit $program"
	good=0 bad=0 skip=0 plan=0 splat=
	notes=() kernel_log=() failures=() once_more=()
}

# A line of TAP. The output of a test comes before its result.
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
		fail "$name" "$what: $name" "${notes[@]}"
		notes=()
		;;
	1..*)		plan=${1#1..} ;;
	*)		notes+=("$1") ;;
	esac
}

# Was all as it should be with the program as a whole?
judge_program()
{
	local status=$1 ran=$((good + bad + skip)) end="ended with status $1"

	[ "$status" != 137 ] || end="was killed (the limit is $limit s)"
	if ((ran < plan || plan == 0)); then
		once_more=()
		fail '' "$what: $ran of $plan tests ran, then it $end" "${notes[@]}"
	elif ((status != 0 && status != 4 && bad == 0)); then
		fail '' "$what: it $end" "${notes[@]}"
	fi
	[ -z "$splat" ] || fail '' "$what: the kernel complained in its log"
}

print_program()
{
	local seconds=$1 result="$good passed"

	((bad == 0)) || result+=", $bad failed"
	((skip == 0)) || result+=", $skip skipped"
	printf '%-5s %s-bit  %-16s %-30s %6.1f s\n' "$kernel" "$bits" "$program" "$result" \
		"$seconds"
	if ((bad > 0)); then
		failures+=("the kernel's log meanwhile (all of it is in $log):"
			"${kernel_log[@]/#/    }")
		printf '     %s\n' "${failures[@]}"
	fi
}

end_program()
{
	local status=$1 seconds=$2 end=passed text file

	judge_program "$status"
	text=$(print_program "$seconds")
	# other guests print as well
	(lock "$dir/../.printing"; printf '%s\n' "$text")
	echo "$seconds $what" >>"$dir/took"
	((bad == 0)) || end=failed
	printf '%s\t%s\n' "$end" "$command" >>"$dir/ended"
	if ((bad != 0)) && may_be_chance; then
		file=$dir/failure.$(wc -l <"$dir/ended")
		echo "$text" >"$file"
		printf "%s\t$file\n" "${once_more[@]}" >>"$dir/chance"
		bad=0
	fi
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
	echo "$passed $failed $skipped" >"$dir/counts"
	program=
}

program=
while IFS= read -r line; do
	case $line in
	'@@ begin '*)	begin_program "${line#@@ begin }" ;;
	'@@ end '*)
		# shellcheck disable=SC2086 # words
		end_program ${line#@@ end }
		;;
	'@@ splat')	splat=yes ;;
	'@@ gcov '*)	echo "${line#@@ gcov }" >>"$dir/gcov" ;;
	'@@ log '*)	kernel_log+=("${line#@@ log }") ;;
	*)		[ -z "$program" ] || take_line "$line" ;;
	esac
done
