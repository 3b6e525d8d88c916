#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh          - measure; print a table, and draw charts
# bench.sh check    - measure, and fail where a budget is missed or a case got slower
# bench.sh baseline - measure, and keep that as what "check" compares with
# bench.sh page     - put what was measured last into docs/performance.md
#
# Results are in build/bench/results.csv, a chart of each case beside it.
#
# From the environment: KERNEL and CLOCK (instructions, wall); default: all of them.
# "check" and "baseline" take 6.1 and instructions.
#
# A guest that fails, or could not measure all, makes this fail at the end; what was
# measured is shown all the same, and never becomes a baseline.

. "$(dirname "$0")/lib.sh"

out=$build/bench
csv=$out/results.csv
folder=$top/selftests/bench
page=$top/docs/performance.md
charts=(rtt stream fanin) # that the page shows

# A system that measures: its peers loaded, and done with what keeps a new one busy.
# shellcheck disable=SC2317 # keep_errors calls it
run_guest()
{
	local kernel=$1 clock=$2 settle=2

	shift 2
	[ "$clock" != instructions ] || settle=20
	KERNEL=$kernel CLOCK=$clock FILES='' LIMIT=3600 CMD="
		[ ! -e /vm/binder_linux.ko ] || insmod /vm/binder_linux.ko
		sleep $settle
		ipcbox-bench --csv --clock $clock $*" "$vm/vm.sh"
}

# Measure with a guest, whose arguments these are, and keep the results; the systems
# get the suffix of this name.
measure()
{
	local suffix=$1 status=0

	shift
	say "measuring on $1, $2 clock${suffix:+, $suffix}"
	keep_errors "$out/errors" run_guest "$@" >"$out/run.csv" || status=$?
	sed "1d; s/^\(\([^,]*,\)\{3\}[^,]*\),/\1${suffix:+-$suffix},/" "$out/run.csv" >>"$csv"
	rm "$out/run.csv"
	case $status in
	0) ;;
	"$unavailable") say "SKIPPED $1: the kernel cannot be had" ;;
	*)	failures+=("on $1, $2 clock${suffix:+, $suffix}: it ended with status $status" \
			"    $(tail -n 1 "$out/errors")") ;;
	esac
}

# A module without trace events shows what they cost while they are off.
measure_notrace()
{
	export NOTRACE=y
	measure notrace "$1" instructions --bytes 64 --system ipcbox-port --system ipcbox-link \
		--system ipcbox-port-call --system ipcbox-link-call rtt stream
	unset NOTRACE
}

measure_all()
{
	local kernel clock

	echo 'kernel,clock,case,system,bytes,batch,median,unit,spread_pct' >"$csv"
	for kernel in ${KERNEL:-${all_kernels[@]}}; do
		for clock in ${CLOCK:-instructions wall}; do
			measure '' "$kernel" "$clock"
			[ "$clock" != instructions ] || measure_notrace "$kernel"
		done
	done
}

draw_charts()
{
	rm -f "$out"/*.svg
	awk -v dir="$out" -f "$folder/numbers.awk" -f "$folder/charts.awk" "$csv"
}

check()
{
	local files=("$folder/budgets")

	[ ! -e "$folder/baseline.csv" ] || files+=("$folder/baseline.csv")
	awk -f "$folder/check.awk" "${files[@]}" "$csv"
}

# The tables stand between two comments.
write_page()
{
	local chart

	[ -s "$csv" ] || die "there are no results: run make bench first"
	{
		sed '/^<!-- results/q' "$page"
		echo
		awk -v page=1 -f "$folder/check.awk" "$folder/budgets" "$csv"
		echo
		awk -f "$folder/numbers.awk" -f "$folder/page.awk" "$csv"
		echo
		sed -n '/^<!-- end of results/,$p' "$page"
	} >"$out/page"
	cp "$out/page" "$page"
	mkdir -p "$top/docs/charts"
	for chart in "${charts[@]}"; do
		cp "$out/$chart-6.1-instructions.svg" "$top/docs/charts/$chart.svg"
	done
}

# Tell what failed, if anything did.
tell_failures()
{
	local failure

	for failure in "${failures[@]}"; do
		say "${failure/#on /FAILED  on }"
	done
	[ ${#failures[@]} = 0 ]
}

failures=()
job=${1:-table}
case $job in
page)	write_page; exit ;;
check | baseline) KERNEL=6.1 CLOCK=instructions ;;
table) ;;
*)	die "unknown: $job" ;;
esac
"$vm/install.sh" vm bench
mkdir -p "$out"
measure_all
draw_charts

status=0
case $job in
table)	awk -f "$folder/table.awk" "$csv" ;;
baseline)
	[ ${#failures[@]} != 0 ] || cp "$csv" "$folder/baseline.csv"
	;;
check)	check || status=1 ;;
esac
tell_failures || status=1
exit "$status"
