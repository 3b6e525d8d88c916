#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# bench.sh - the command ipcbox-bench: usage and bad usage, and that it measures; and
# what is made of its results: charts, tables, the verdict on the budgets
#
# Run it as root, with ipcbox and ipcbox-bench on the PATH; -t TEST runs one test.

command_name=ipcbox-bench
# shellcheck source=cli_lib.sh
. "${0%/*}/cli_lib.sh"
folder=$(cd "${0%/*}" && pwd)/bench

# As little as can be measured, as CSV: one line for each result.
measures()
{
	works ipcbox-bench --csv --rounds 1 --scale 0.001 --limit 60 "$@"
	[ "$(head -n 1 out)" = kernel,clock,case,system,bytes,batch,median,unit,spread_pct ] ||
		no "the first line is: $(head -n 1 out)"
	sed 1d out >lines
	[ -s lines ] || no "nothing was measured by: $*"
	awk -F, 'NF != 9 || $7 <= 0 { exit bad = 1 } END { exit bad }' lines ||
		no "a line is wrong: $(cat lines)"
}

test_help_tells_of_each_case_and_system()
{
	works ipcbox-bench --help
	has '^usage: ipcbox-bench '
	for name in rtt stream fanin work ports depth waiters memory repair hostile \
		ipcbox-port ipcbox-link ipcbox-port-call ipcbox-link-call \
		pipe seqpacket dgram mq sysv binder eventfd futex; do
		has "^  $name "
	done
	mv out help
	works ipcbox-bench -h
	cmp -s out help || no "'-h' is something else"
}

test_version_is_told()
{
	works ipcbox-bench --version
	has '^ipcbox-bench [0-9]*\.[0-9]*\.[0-9]*$'
	mv out version
	works ipcbox-bench -V
	cmp -s out version || no "-V is something else"
}

test_wrong_usage_is_told_in_one_line()
{
	refuses "--frobnicate" ipcbox-bench --frobnicate
	refuses "-Z" ipcbox-bench -Z
	refuses "needs a value" ipcbox-bench --system
	refuses "needs a value" ipcbox-bench -b
	refuses "takes no value" ipcbox-bench --csv=yes
	refuses "no case 'frobnicate'" ipcbox-bench frobnicate
	refuses "no case ''" ipcbox-bench ''
	refuses "no case 'frobnicate'" ipcbox-bench rtt frobnicate
	refuses "no system 'frobnicate'" ipcbox-bench --system frobnicate rtt
}

test_numbers_are_checked()
{
	for bad in '' -1 0 x 1x nan 1e300; do
		for option in --bytes --rounds --scale --limit; do
			refuses "is not a number" ipcbox-bench $option "$bad" rtt
		done
	done
	for option in --bytes --rounds --limit; do
		refuses "is not a whole number" ipcbox-bench $option 1.5 rtt
	done
	refuses "is not a word" ipcbox-bench --clock 'a,b' rtt
	refuses "is not a word" ipcbox-bench --clock '' rtt
}

test_round_trips_are_measured()
{
	measures --clock instructions --bytes 64 --system ipcbox-port \
		--system ipcbox-port-call --system pipe rtt
	[ "$(cut -d, -f2-6,8 lines | tr '\n' ' ')" = "instructions,rtt,ipcbox-port,64,1,instructions \
instructions,rtt,ipcbox-port-call,64,1,instructions instructions,rtt,pipe,64,1,instructions " ] ||
		no "measured was: $(cat lines)"
}

test_memory_is_measured()
{
	works ipcbox-bench --csv --scale 0.1 memory
	has ',memory-port,ipcbox-port,0,1,[0-9.]*,bytes,'
	has ',memory-message,ipcbox-port,64,1,[0-9.]*,bytes,'
	has ',memory-link,ipcbox-link,0,1,[0-9.]*,bytes,'
}

test_repair_is_measured()
{
	measures --scale 0.1 --bytes 64 repair
	[ "$(cut -d, -f3-6 lines | tr '\n' ' ')" = \
		"repair-1,ipcbox-buffer,64,1 repair-1000,ipcbox-buffer,64,1 " ] ||
		no "measured was: $(cat lines)"
}

# Each beside its quiet case, and more than nothing.
test_what_is_hostile_is_measured()
{
	measures --bytes 64 hostile
	[ "$(cut -d, -f3,4 lines | tr '\n' ' ')" = \
		"hostile-receive-0,ipcbox-port hostile-receive-90000,ipcbox-port \
hostile-close-0,ipcbox-port hostile-close-1,ipcbox-port \
hostile-receive-0,ipcbox-link hostile-receive-90000,ipcbox-link \
hostile-exit-0,ipcbox-link hostile-exit-90000,ipcbox-link \
hostile-wait-0,ipcbox-buffer hostile-wait-8000,ipcbox-buffer \
hostile-exit-0,ipcbox-buffer hostile-exit-8000,ipcbox-buffer " ] || no "measured was: $(cat lines)"
}

test_no_port_and_no_limit_is_left_changed()
{
	works ipcbox ls --names
	mv out before
	cat /proc/sys/net/ipcbox/* >limits 2>/dev/null
	measures --system ipcbox-port --bytes 64 rtt stream
	works ipcbox ls --names
	cmp -s out before || no "ports are left: $(cat out)"
	cat /proc/sys/net/ipcbox/* 2>/dev/null | cmp -s limits - || no "limits are changed"
}

# Results as bench.sh has them, of the lines given: CASE SYSTEM BYTES BATCH MEDIAN
results()
{
	echo kernel,clock,case,system,bytes,batch,median,unit,spread_pct
	while read -r line; do
		echo "6.1,instructions,$(echo "$line" | tr ' ' ,),instructions,1.00"
	done
}

some_results()
{
	results <<-EOF
		rtt ipcbox-port 64 1 900
		rtt pipe 64 1 1000
		rtt eventfd 64 1 800
		stream ipcbox-port 64 32 500
		stream pipe 65536 1 1234567
		depth-many-100000 ipcbox-port 64 1 3210
		memory-port ipcbox-port 0 1 500
	EOF
}

# Every tag that is opened is closed, in order.
is_xml()
{
	awk '{
		while (match($0, /<[^<>]*>/)) {
			tag = substr($0, RSTART + 1, RLENGTH - 2)
			text = text substr($0, 1, RSTART - 1)
			$0 = substr($0, RSTART + RLENGTH)
			name = tag
			sub(/^\//, "", name)
			sub(/[ \/].*/, "", name)
			if (tag ~ /^\//)
				wrong += open[depth--] != name
			else if (tag !~ /\/$/)
				open[++depth] = name
		}
		text = text $0
	}
	END { exit depth || wrong || text ~ /[<>&]/ }' "$1" || no "$1 is no XML: $(cat "$1")"
}

test_charts_are_drawn_of_each_case()
{
	some_results >results.csv
	works awk -v dir=. -f "$folder/numbers.awk" -f "$folder/charts.awk" results.csv
	for chart in rtt stream depth memory; do
		is_xml "$chart-6.1-instructions.svg"
	done
	[ "$(echo ./*.svg | wc -w)" = 4 ] || no "there are: $(echo ./*.svg)"
	cat ./*.svg >out
	for text in '64 bytes' '64 KiB' 'ipcbox-port ×32' '1.23 M' '100,000 of many' eventfd; do
		has "$text"
	done
}

test_tables_have_the_ratio_to_the_best_peer()
{
	some_results >results.csv
	works awk -f "$folder/table.awk" results.csv
	has '^ipcbox-port  *64  *1  *900.0  *0.90  *1.0 %$'
	works awk -f "$folder/numbers.awk" -f "$folder/page.awk" results.csv
	has '^| ipcbox-port | 900 (0.90) | - | - | - |$'
	has '^| pipe | - | - | - | 1,234,567 (1.00) |$'
}

# check FILE... - check.awk with the budgets of the test
check()
{
	run awk -f "$folder/check.awk" budgets "$@"
}

test_check_passes_where_all_budgets_are_met()
{
	some_results >results.csv
	printf '@peers\tpipe mq\nrtt/ipcbox-port/64/1\t0.90\trtt/@peers/64/1\n' >budgets
	printf 'memory-port/ipcbox-port/0/1\t1.00\t512\n' >>budgets
	check results.csv
	[ "$status" = 0 ] || no "it failed: $(cat out)"
	has '^2 passed, 0 failed$'
}

test_check_fails_at_a_missed_budget()
{
	some_results >results.csv
	printf 'rtt/ipcbox-port/64/1\t0.89\trtt/pipe/64/1,rtt/mq/64/1\n' >budgets
	check results.csv
	[ "$status" = 1 ] || no "it passed: $(cat out)"
	has '^FAILED *rtt/ipcbox-port/64/1 .* 0.900 of .* budget 0.89'
	printf 'rtt/ipcbox-port/64/1\t0.89\trtt/pipe/64/1\tknown: so it is\n' >budgets
	check results.csv
	[ "$status" = 0 ] || no "what is known failed: $(cat out)"
	has '^KNOWN .* so it is$'
}

test_check_fails_where_there_is_nothing_to_compare()
{
	some_results >results.csv
	printf 'rtt/ipcbox-link/64/1\t0.90\trtt/pipe/64/1\n' >budgets
	check results.csv
	[ "$status" = 1 ] || no "what was not measured passed: $(cat out)"
	printf 'rtt/ipcbox-port/64/1\t0.90\trtt/sysv/64/1\n' >budgets
	check results.csv
	[ "$status" = 1 ] || no "what has no reference passed: $(cat out)"
}

test_check_fails_where_a_case_got_slower()
{
	: >budgets
	some_results >results.csv
	cp results.csv baseline.csv
	check baseline.csv results.csv
	[ "$status" = 0 ] || no "the same failed: $(cat out)"
	sed 's/,900,/,940,/' baseline.csv >results.csv
	check baseline.csv results.csv
	[ "$status" = 0 ] || no "4 % failed: $(cat out)"
	sed 's/,900,/,950,/' baseline.csv >results.csv
	check baseline.csv results.csv
	[ "$status" = 1 ] || no "6 % passed: $(cat out)"
	has '^FAILED *rtt/ipcbox-port/64/1 .* was 900.0: 5.6 % slower$'
	sed '/,900,/d' baseline.csv >results.csv
	check baseline.csv results.csv
	[ "$status" = 1 ] || no "what was not measured passed: $(cat out)"
	sed 's/pipe,64,1,1000/pipe,64,1,2000/' baseline.csv >results.csv
	check baseline.csv results.csv
	[ "$status" = 0 ] || no "another system that got slower failed: $(cat out)"
}

run_tests "$@"
