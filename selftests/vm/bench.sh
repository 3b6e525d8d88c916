#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh          - measure, and print a table; results in build/bench/results.csv
# bench.sh check    - measure, and fail where a budget is missed or a case got slower
# bench.sh baseline - measure, and keep that as what "check" compares with
#
# From the environment: KERNEL and CLOCK (instructions, wall); default: all of them.
# The last two take 6.1 and instructions.

. "$(dirname "$0")/lib.sh"

out=$build/bench
csv=$out/results.csv
folder=$top/selftests/bench

# One boot for each kernel and clock. A new system is busy with itself at first.
measure()
{
	local kernel=$1 clock=$2 settle=2

	[ "$clock" != instructions ] || settle=20
	say "measuring on $kernel, $clock clock"
	KERNEL=$kernel CLOCK=$clock FILES='' LIMIT=1500 \
		CMD="sleep $settle; ipcbox-bench --csv --clock $clock" \
		"$vm/vm.sh" >"$out/run.csv" || say "not all of it could be measured"
	sed 1d "$out/run.csv" >>"$csv"
}

job=${1:-table}
[ "$job" = table ] || KERNEL=6.1 CLOCK=instructions
mkdir -p "$out"
echo 'kernel,clock,case,system,bytes,batch,median,unit,spread_pct' >"$csv"
for kernel in ${KERNEL:-${all_kernels[@]}}; do
	for clock in ${CLOCK:-instructions wall}; do
		measure "$kernel" "$clock"
	done
done

case $job in
table)	awk -f "$folder/table.awk" "$csv" ;;
baseline) cp "$csv" "$folder/baseline.csv" ;;
check)
	files=("$folder/budgets")
	[ ! -e "$folder/baseline.csv" ] || files+=("$folder/baseline.csv")
	awk -f "$folder/check.awk" "${files[@]}" "$csv"
	;;
*)	die "unknown: $job" ;;
esac
