#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2016 # words in single quotes are for other shells
#
# cli_calls.sh - the command ipcbox: call, serve, and calls that work receives
#
# Run it as root, with ipcbox on the PATH; -t TEST runs one test.

# shellcheck source=cli_lib.sh
. "${0%/*}/cli_lib.sh"

# serve OPTION... - answer calls to the test's port, until it is removed
serve()
{
	ipcbox serve "$port" "$@" 2>err.serve &
	server=$!
}

# The end of the port is that of the server, which has said nothing.
serve_ends_well()
{
	works ipcbox rm "$port"
	wait "$server" || no "serve ended with $?: $(cat err.serve)"
	[ ! -s err.serve ] || no "serve said: $(cat err.serve)"
}

calls_are()
{
	ipcbox stat "$port" | grep -q "calls *$1 without"
}

test_call_gets_what_the_command_writes()
{
	new_port write
	serve -- tr a-z A-Z
	works ipcbox call "$port" 'a request'
	printed 'A REQUEST'
	printf 'of\0bytes\n' >request
	run ipcbox call "$port" <request
	printed 'OF\0BYTES\n'
	works ipcbox call "$port" ''
	printed ''
	serve_ends_well
}

test_serve_gives_what_work_gives()
{
	new_port env
	serve -- sh -c 'echo "$IPCBOX_PRIORITY $IPCBOX_TAG $IPCBOX_UID <$1>"' sh {}
	works ipcbox call "$port" -p 5 --tag 6 'text'
	printed '5 6 0 <text>\n'
	serve_ends_well
}

test_call_exits_as_the_command_did()
{
	new_port status
	serve -- sh -c 'echo out; eval "$(cat)"'
	run ipcbox call "$port" 'exit 3'
	[ "$status" = 3 ] || no "status $status, not 3: $(cat err)"
	printed 'out\n'
	run ipcbox call "$port" 'exit 255'
	[ "$status" = 255 ] || no "status $status, not 255"
	run ipcbox call "$port" 'kill -KILL $$'
	[ "$status" = 137 ] || no "status $status, not 137"
	works ipcbox call "$port" 'exit 0'
	serve_ends_well
}

test_reply_can_be_long_and_no_longer_than_its_room()
{
	new_port long
	serve -- sh -c 'head -c "$1" /dev/zero' sh {}
	works ipcbox call "$port" 3000000
	[ "$(wc -c <out)" = 3000000 ] || no "the reply has $(wc -c <out) bytes"
	works ipcbox call "$port" --room 1000 1000
	fails 125 "too long" ipcbox call "$port" --room 1000 1001
	[ ! -s out ] || no "part of the reply was printed"
	fails 125 "says that its reply is too long for the 1000 bytes of --room" \
		ipcbox call "$port" --room 1000 99999999
	works ipcbox rm "$port"
	wait "$server" || no "serve ended with $?"
	[ "$(grep -c 'more than the 1000 bytes' err.serve)" = 2 ] || no "serve said: $(cat err.serve)"
}

test_serve_runs_as_many_as_it_is_told()
{
	new_port parallel
	serve -P 3 -- sh -c 'mkdir run.{}; until [ -d run.1 ] && [ -d run.2 ] && [ -d run.3 ]; do usleep 10000; done; echo {}'
	callers=
	for i in 1 2 3; do
		ipcbox call "$port" $i >got.$i &
		callers="$callers $!"
	done
	for caller in $callers; do
		wait "$caller" || no "a caller ended with $?"
	done
	[ "$(cat got.1 got.2 got.3)" = "$(seq 3)" ] || no "replies: $(cat got.?)"
	serve_ends_well
}

test_serve_runs_for_a_message_that_is_no_call()
{
	new_port nocall
	serve -- sh -c 'cat >>got; echo dropped'
	feed 'a' ipcbox send "$port"
	feed 'b' ipcbox send "$port"
	works ipcbox call "$port" c
	[ "$(cat got)" = abc ] || no "got: $(cat got)"
	works ipcbox rm "$port"
	wait "$server" || no "serve ended with $?"
	[ "$(grep -c 'is no call' err.serve)" = 1 ] || no "serve said: $(cat err.serve)"
}

test_caller_is_told_why_there_is_no_reply()
{
	new_port alone
	fails 125 "cannot call '$port': the time is up" ipcbox call "$port" -t 50ms x
	fails 125 "nobody receives from '$port'" ipcbox call "$port" --served x
	messages_are "$port" 0 || no "the request was left"
	serve -- sleep 1000
	ipcbox call "$port" x 2>err.call &
	caller=$!
	soon calls_are 1
	fails 125 "the time is up" ipcbox call "$port" --served -t 50ms x
	ipcbox stat "$port" --json | grep -q '"calls":1}' || no "stat: $(ipcbox stat "$port" --json)"
	fails 125 "the time is up" ipcbox call "$port" -t 50ms x
	kill -KILL "$server"
	{ wait "$server"; } 2>/dev/null
	wait $caller
	[ $? = 125 ] || no "the caller ended otherwise"
	grep -q "received the request.*other side is gone" err.call || no "it said: $(cat err.call)"
	works ipcbox rm "$port"
	fails 125 "no port of that name" ipcbox call "$port" x
	fails 125 "no mailbox open" ipcbox call pid:1 x
}

test_serve_tells_of_a_caller_that_gave_up()
{
	new_port gaveup
	serve -- sh -c 'until [ -e go ]; do usleep 10000; done'
	fails 125 "no reply from '$port', which received" ipcbox call "$port" -t 2s x
	: >go
	soon grep -q "no caller any more" err.serve
	works ipcbox call "$port" x
}

test_work_tells_a_caller_when_it_is_done()
{
	new_port work
	ipcbox work "$port" -n 2 -- sh -c 'exit {}' >out.work 2>err.work &
	worker=$!
	works ipcbox call "$port" 0
	printed ''
	run ipcbox call "$port" 7
	[ "$status" = 7 ] || no "status $status, not 7: $(cat err)"
	wait $worker
	[ $? = 123 ] || no "work ended otherwise"
}

test_call_and_serve_refuse_what_makes_no_sense()
{
	refuses "give a NAME" ipcbox call
	refuses "no more than" ipcbox call a b c
	refuses "above 0" ipcbox call -t 0 a b
	refuses "is not a size" ipcbox call --room many a b
	refuses "16M is the most" ipcbox call --room 17M a b
	refuses "not a number from 0 to 32767" ipcbox call -p 32768 a b
	refuses "takes a port or pid:N" ipcbox call mailbox: b
	refuses "give the NAME of a port and a COMMAND" ipcbox serve a
	refuses "takes a port" ipcbox serve pid:1 -- cat
	refuses "1 or more" ipcbox serve -P 0 a -- cat
	new_port refuse
	fails 127 "nothing was received" ipcbox serve "$port" -- nosuchcommand
	fails 1 "no port of that name" ipcbox serve "$port.none" -- cat
	fails 125 "was not called" sh -c 'exec ipcbox call "$1" x >&-' sh "$port"
}

run_tests "$@"
