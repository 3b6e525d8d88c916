#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2016 # words in single quotes are for other shells
#
# cli_messages.sh - the command ipcbox: send and recv, through ports and directly
#
# Run it as root, with ipcbox on the PATH; -t TEST runs one test.

# shellcheck source=cli_lib.sh
. "${0%/*}/cli_lib.sh"

# send and recv

test_a_message_is_all_of_stdin_or_of_a_file()
{
	new_port whole
	feed 'two\nlines\n' ipcbox send "$port"
	works ipcbox recv "$port"
	printed 'two\nlines\n'
	printf one >a
	: >b
	printf 'three' >c
	works sh -c "echo -n stdin | ipcbox send $port a b - c"
	works ipcbox recv "$port" -n 4 --lines
	printed 'one\n\nstdin\nthree\n'
	works sh -c "ipcbox send $port </dev/null"
	works ipcbox recv "$port" --json
	has '"len":0,"data":""}'
}

test_lines_and_null_are_messages()
{
	new_port lines
	feed 'a\n\nb c' ipcbox send "$port" --lines
	works ipcbox recv "$port" -n 3 -l
	printed 'a\n\nb c\n'
	feed 'x\0y\nz\0' ipcbox send "$port" --null
	works ipcbox recv "$port" -n 2 -0
	printed 'x\0y\nz\0'
	works sh -c "ipcbox send $port -l </dev/null"
	fails 1 "would have to wait" ipcbox recv "$port" --nonblock
	seq 1 30000 >numbers
	works ipcbox set "$port" --messages 30000
	works ipcbox send "$port" -l numbers
	works ipcbox recv "$port" -n 30000 -l
	cmp -s numbers out || no "30000 lines came differently"
}

test_binary_data_arrives_as_it_was()
{
	new_port binary
	head -c 60000 /dev/urandom >data
	works ipcbox send "$port" data
	works ipcbox recv "$port"
	cmp -s data out || no "it came differently"
}

test_the_longest_message_arrives_and_one_more_byte_does_not()
{
	new_port long --bytes 16M --msgsize 16M
	head -c 16777216 /dev/urandom >data
	works ipcbox send "$port" data
	works ipcbox recv "$port"
	cmp -s data out || no "it came differently"
	echo >>data
	fails 1 "16777216 bytes, the most for any message; send it in parts, or by --lines" \
		ipcbox send "$port" data
	fails 1 "16777216 bytes, the most" sh -c "exec ipcbox send $port --lines </dev/zero"
	! grep -q 'or by --lines' err || no "it advises what was done: $(cat err)"
	works ipcbox set "$port" --msgsize 10
	printf 12345678901 >data
	fails 1 "has 11 bytes and it takes 10" ipcbox send "$port" data
	messages_are "$port" 0 || no "something was sent"
}

test_priority_and_tag_are_told()
{
	new_port priority
	feed low ipcbox send "$port"
	feed high ipcbox send "$port" -p 32767 -g 18446744073709551615
	works ipcbox recv "$port" --json
	json_is_good
	has "{\"seq\":2,\"pid\":[0-9]*,\"uid\":0,\"gid\":0,\"priority\":32767,\"tag\":18446744073709551615,\"len\":4,\"data\":\"high\"}"
	works ipcbox recv "$port"
	printed low
}

test_send_to_a_full_port_waits_or_gives_up()
{
	new_port full --messages 1
	feed x ipcbox send "$port"
	fails 1 "would have to wait" ipcbox send "$port" --nonblock /dev/null
	fails 1 "time is up" ipcbox send "$port" --timeout 50ms /dev/null
	fails 1 "time is up" ipcbox send "$port" -t .05 /dev/null
	printf y | ipcbox send "$port" -t 1m &
	soon asleep "$port" senders 1
	works ipcbox recv "$port" -n 2 -t 20s
	wait $! || no "the sender failed"
	printed xy
}

test_send_tells_how_far_it_came()
{
	new_port partly --messages 2
	printf 'a\nb\nc\nd\n' >lines
	fails 1 "after 2 messages: it would have to wait" ipcbox send "$port" --lines --nonblock lines
	works ipcbox recv "$port" -e -l
	printed 'a\nb\n'
	fails 1 "'none' after 1 message: No such file" ipcbox send "$port" lines none
}

test_unreadable_files_are_told()
{
	new_port files
	fails 1 "'none': No such file" ipcbox send "$port" none
	fails 1 "'.': Is a directory" ipcbox send "$port" .
	fails 1 "'stdin': Bad file" sh -c "exec ipcbox send $port <&-"
	fails 1 "no port of that name" ipcbox send "$TEST_PREFIX.none" none
	messages_are "$port" 0 || no "something was sent"
}

test_recv_takes_as_many_as_it_is_told()
{
	new_port count
	feed '1\n2\n3\n4\n5\n' ipcbox send "$port" -l
	works ipcbox recv "$port"
	printed 1
	works ipcbox recv "$port" --count 2 -l
	printed '2\n3\n'
	works ipcbox recv "$port" -n 0
	printed ''
	works ipcbox recv "$port" --until-empty --lines
	printed '4\n5\n'
	works ipcbox recv "$port" -e
	printed ''
	fails 1 "would have to wait" ipcbox recv "$port" --nonblock
	fails 1 "time is up" ipcbox recv "$port" --timeout 0.05
	fails 1 "would have to wait" ipcbox recv "$port" -t 0
}

# stdout as a pipe is watched by poll(2), and goes another way than a file.
test_recv_into_a_pipe_is_no_different()
{
	new_port pipe
	feed '1\n2\n3\n' ipcbox send "$port" -l
	[ "$(ipcbox recv "$port" -n 2 -l | tr '\n' ' ')" = "1 2 " ] || no "1 and 2 did not come"
	[ "$(ipcbox recv "$port" -e -l | cat)" = 3 ] || no "3 did not come"
	ipcbox recv "$port" --timeout 50ms 2>err | cat
	grep -q 'time is up' err || no "it said: $(cat err)"
	ipcbox recv "$port" --nonblock 2>err | cat
	grep -q 'would have to wait' err || no "it said: $(cat err)"
	ipcbox recv "$port" -t 20 2>err | cat >got &
	usleep 300000
	feed late ipcbox send "$port"
	wait
	[ "$(cat got)" = late ] || no "it got: $(cat got)"
}

test_follow_goes_on_until_the_port_is_over()
{
	new_port follow
	ipcbox recv "$port" --follow --lines >got 2>err.recv &
	feed 'a\nb\n' ipcbox send "$port" -l
	soon has_lines got 2
	feed 'c\n' ipcbox send "$port" -l
	soon has_lines got 3
	works ipcbox rm "$port"
	wait $! || no "status $?: $(cat err.recv)"
	[ ! -s err.recv ] || no "it said: $(cat err.recv)"
	new_port follow2
	feed '1\n2\n3\n' ipcbox send "$port" -l
	works ipcbox recv "$port" -f -n 2
	printed 12
}

test_json_has_any_message_as_text_or_base64()
{
	new_port json
	works ipcbox set "$port" --messages 20
	feed 'quote " backslash \\ tab \t newline \n' ipcbox send "$port"
	feed 'zero \0 end' ipcbox send "$port"
	feed 'grün 😀' ipcbox send "$port"
	for bad in '\377' 'a\200' '\300\200' '\340\200\200' '\355\240\200' '\364\220\200\200' '\303' '\370\210\200\200\200'; do
		feed "$bad" ipcbox send "$port"
	done
	feed '\377\376' ipcbox send "$port"
	feed '\377\376\375' ipcbox send "$port"
	works ipcbox recv "$port" -e -j
	json_is_good
	[ "$(wc -l <out)" = 13 ] || no "$(wc -l <out) lines"
	has '"data":"quote \\" backslash \\\\ tab \\u0009 newline \\n"}'
	has '"data":"zero \\u0000 end"}'
	has '"data":"grün 😀"}'
	[ "$(grep -c '"data_base64":' out)" = 10 ] || no "not all that is no text is base64"
	has '"len":1,"data_base64":"/w=="}'
	has '"len":2,"data_base64":"//4="}'
	has '"len":3,"data_base64":"//79"}'
	head -c 50000 /dev/urandom >data
	works ipcbox send "$port" data
	works ipcbox recv "$port" --json
	json_is_good
	sed 's/.*"data_base64":"\([^"]*\)".*/\1/' out | base64 -d | cmp -s - data ||
		no "it came differently"
}

test_a_message_that_cannot_be_written_is_told_as_lost()
{
	new_port lost
	feed '1\n2\n3\n4\n' ipcbox send "$port" -l
	run sh -c "ipcbox recv $port -n 3 >/dev/full"
	[ "$status" = 1 ] || no "status $status"
	[ "$(wc -l <err)" = 1 ] || no "not one line: $(cat err)"
	grep -q 'message 1 of 1 bytes was received and is lost: No space left' err ||
		no "it said: $(cat err)"
	messages_are "$port" 3 || no "more than one was taken"
	run sh -c "ipcbox recv $port --json >/dev/full"
	grep -q 'message 2 .* is lost: No space left' err || no "it said: $(cat err)"
	new_port lost.long --bytes 4M --msgsize 4M
	head -c 4000000 /dev/zero >data
	works ipcbox send "$port" data
	run sh -c "ipcbox recv $port >/dev/full"
	grep -q '4000000 bytes was received and is lost: No space left' err ||
		no "it said: $(cat err)"
}

test_nothing_is_taken_when_nothing_can_be_written()
{
	new_port closed
	feed '1\n2\n' ipcbox send "$port" -l
	fails 1 "nothing was received" sh -c "exec ipcbox recv $port >&-"
	fails 1 "nothing was received" sh -c "exec ipcbox recv $port 1</dev/null"
	messages_are "$port" 2 || no "something was taken"

	# Its reader leaves while it waits for a message.
	mkfifo pipe
	ipcbox recv "$port" --follow >pipe 2>err.recv &
	head -c 2 <pipe >/dev/null
	soon grep -q 'nobody reads stdout' err.recv
	wait $! && no "it did not fail"
	feed late ipcbox send "$port"
	messages_are "$port" 1 || no "a message was taken for nobody"
}

# A pipe takes all nine, and its reader none of them, or some.
test_what_a_reader_left_is_not_told_as_safe()
{
	new_port left
	feed '1\n2\n3\n4\n5\n6\n7\n8\n9\n' ipcbox send "$port" -l
	mkfifo pipe
	ipcbox recv "$port" --follow --lines >pipe 2>err.recv &
	exec 3<pipe
	soon messages_are "$port" 0
	exec 3<&-
	soon has_lines err.recv 1
	wait $! && no "it did not fail"
	grep -q 'nobody reads stdout any more; 9 messages were written to it before, and what was not read of that is lost' \
		err.recv || no "it said: $(cat err.recv)"

	# Before the first message there is nothing to lose.
	ipcbox recv "$port" --follow --lines >pipe 2>err.recv &
	exec 3<pipe
	usleep 300000
	exec 3<&-
	soon has_lines err.recv 1
	wait $! && no "it did not fail"
	grep -q 'any more; no message was written to it before$' err.recv || no "it said: $(cat err.recv)"
}

# Also when the pipe breaks in the middle of a message.
test_a_broken_pipe_does_not_hide_what_was_written_before()
{
	new_port broken --bytes 1M --msgsize 1M
	feed 'first' ipcbox send "$port"
	head -c 500000 /dev/zero >long
	works ipcbox send "$port" long
	mkfifo pipe
	ipcbox recv "$port" --follow >pipe 2>err.recv &
	exec 3<pipe
	soon messages_are "$port" 0
	usleep 300000
	exec 3<&-
	soon has_lines err.recv 1
	wait $! && no "it did not fail"
	grep -q 'message 2 of 500000 bytes was received and is lost: Broken pipe; 1 message was written to it before, and' \
		err.recv || no "it said: $(cat err.recv)"
}

test_a_killed_receiver_takes_nothing_along()
{
	new_port killed
	for _ in 1 2 3; do
		ipcbox recv "$port" >/dev/null &
		soon asleep "$port" receivers 1
		kill -KILL $!
		wait $!
		soon asleep "$port" receivers 0
	done 2>/dev/null
	feed safe ipcbox send "$port"
	works ipcbox recv "$port"
	printed safe
}

test_closed_standard_fds_do_no_harm()
{
	new_port fds
	works sh -c "exec ipcbox create $port.closed <&- 2>&-"
	run sh -c 'exec ipcbox ls >&-'
	[ "$status" = 1 ] || no "status $status"
	grep -q 'cannot write to stdout: Bad file' err || no "it said: $(cat err)"
	run sh -c "exec ipcbox send $TEST_PREFIX.none 2>&- </dev/null"
	[ "$status" = 1 ] || no "status $status"
}

# Direct messages

start_mailbox()
{
	ipcbox recv mailbox: "$@" >got 2>err.recv &
	mailbox=$!
	soon has_lines err.recv 1
}

test_a_mailbox_takes_direct_messages()
{
	start_mailbox -n 3 --lines
	grep -q "pid:$mailbox\$" err.recv || no "it said: $(cat err.recv)"
	feed one ipcbox send pid:$mailbox
	feed 'two\nthree\n' ipcbox send pid:$mailbox --lines
	wait $mailbox || no "status $?"
	printf 'one\ntwo\nthree\n' | cmp -s - got || no "it got: $(cat got)"
	fails 1 "no such process" ipcbox send pid:$mailbox /dev/null
}

test_stat_tells_of_a_link_to_a_mailbox()
{
	start_mailbox
	works ipcbox stat pid:$mailbox
	has 'messages *0 of 256$'
	works ipcbox stat -j pid:$mailbox
	json_is_good
	has "\"pid\":$mailbox,\"kind\":\"link\""
	kill $mailbox
}

test_direct_errors_are_told()
{
	fails 1 "no mailbox open" ipcbox send pid:$$ /dev/null
	fails 1 "no mailbox open" ipcbox stat pid:$$
	fails 1 "no such process" ipcbox send pid:2147483647 /dev/null
	fails 1 "not valid" ipcbox send pid:0 /dev/null
}

test_a_mailbox_takes_from_others_only_with_its_mode()
{
	start_mailbox
	fails 1 "its mode" as_user "ipcbox send pid:$mailbox /dev/null"
	kill $mailbox
}

# The mode takes effect; --quiet says nothing, so the mailbox is waited for by stat.
test_a_mailbox_can_be_opened_to_others_quietly()
{
	ipcbox recv mailbox: --mode 0622 --quiet --json >got 2>err.recv &
	mailbox=$!
	soon link_works
	works as_user "ipcbox send pid:$mailbox /dev/null"
	wait $mailbox || no "status $?"
	grep -q '"uid":1000,' got || no "it got: $(cat got)"
	[ ! -s err.recv ] || no "it said: $(cat err.recv)"
}

link_works()
{
	ipcbox stat "pid:$mailbox" >/dev/null 2>&1
}

test_from_takes_only_what_one_process_sent()
{
	# A shell that becomes the sender, once its pid is known.
	mkfifo go
	sh -c 'read -r pid <go; exec ipcbox send "pid:$pid" chosen' 2>err.send &
	chosen=$!
	echo chosen >chosen
	start_mailbox --from $chosen
	feed other ipcbox send pid:$mailbox
	echo $mailbox >go
	wait $chosen || no "the sender failed: $(cat err.send)"
	wait $mailbox || no "status $?"
	[ "$(cat got)" = chosen ] || no "it got: $(cat got)"
	fails 1 "no such process" ipcbox recv mailbox: --quiet --from 2147483647
}

# Progress

test_no_progress_where_stderr_is_no_terminal()
{
	new_port progress
	(sleep 2; echo x) | ipcbox send "$port" --lines 2>err || no "send failed"
	[ ! -s err ] || no "it said: $(cat err)"
}

run_tests "$@"
