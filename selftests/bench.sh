#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# bench.sh - the command ipcbox-bench: usage and bad usage, and that it measures
#
# Run it as root, with ipcbox and ipcbox-bench on the PATH; -t TEST runs one test.

command_name=ipcbox-bench
# shellcheck source=cli_lib.sh
. "${0%/*}/cli_lib.sh"

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
	for name in rtt stream fanin work ports depth waiters memory \
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

run_tests "$@"
