#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh          - measure, and print a table; results in build/bench/results.csv
# bench.sh check    - measure, and fail where a budget is missed or a case got slower
# bench.sh baseline - measure, and keep that as what "check" compares with
#
# From the environment: KERNEL and CLOCK (instructions, wall); default: all of them.
# The last two take 6.1 and instructions.
#
# A guest that fails, or could not measure all, makes this fail at the end; what was
# measured is shown all the same, and never becomes a baseline.

. "$(dirname "$0")/lib.sh"

out=$build/bench
csv=$out/results.csv
folder=$top/selftests/bench

# One boot for each kernel and clock. A new system is busy with itself at first.
measure()
{
	local kernel=$1 clock=$2 settle=2 status=0

	[ "$clock" != instructions ] || settle=20
	say "measuring on $kernel, $clock clock"
	KERNEL=$kernel CLOCK=$clock FILES='' LIMIT=1500 \
		CMD="sleep $settle; ipcbox-bench --csv --clock $clock" \
		"$vm/vm.sh" >"$out/run.csv" || status=$?
	sed 1d "$out/run.csv" >>"$csv"
	[ "$status" = 0 ] ||
		failures+=("on $kernel, $clock clock, it ended with status $status")
}

# Tell what failed, if anything did.
tell_failures()
{
	local failure

	for failure in "${failures[@]}"; do
		say "FAILED  $failure"
	done
	[ ${#failures[@]} = 0 ]
}

failures=()
job=${1:-table}
case $job in
table | check | baseline) ;;
*)	die "unknown: $job" ;;
esac
[ "$job" = table ] || KERNEL=6.1 CLOCK=instructions
mkdir -p "$out"
echo 'kernel,clock,case,system,bytes,batch,median,unit,spread_pct' >"$csv"
for kernel in ${KERNEL:-${all_kernels[@]}}; do
	for clock in ${CLOCK:-instructions wall}; do
		measure "$kernel" "$clock"
	done
done

status=0
case $job in
table)	awk -f "$folder/table.awk" "$csv" ;;
baseline)
	[ ${#failures[@]} != 0 ] || cp "$csv" "$folder/baseline.csv"
	;;
check)
	files=("$folder/budgets")
	[ ! -e "$folder/baseline.csv" ] || files+=("$folder/baseline.csv")
	awk -f "$folder/check.awk" "${files[@]}" "$csv" || status=1
	;;
esac
tell_failures || status=1
exit "$status"
