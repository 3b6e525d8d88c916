#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2016 # words in single quotes are for other shells
#
# cli_buffer.sh - the command ipcbox: buffers, with all commands that take them
#
# Run it as root, with ipcbox on the PATH; -t TEST runs one test.

# shellcheck source=cli_lib.sh
. "${0%/*}/cli_lib.sh"

# An own buffer, named as the test.
new_buffer()
{
	buffer=$TEST_PREFIX.${1:-b}
	[ $# = 0 ] || shift
	works ipcbox create "$buffer" --buffer "$@"
}

holds()
{
	ipcbox stat "$1" | grep -q "messages *$2\$"
}

# The messages in it, in order, each in a line.
contents_are()
{
	works ipcbox recv "$buffer" --until-empty --lines
	printed "$1"
}

# create, rm, ls, stat, set

test_create_makes_a_buffer()
{
	new_buffer made -m 0642 --owner 11 --group 12 --bytes 5000 --msgsize 1k
	works ipcbox stat "$buffer"
	has 'kind *buffer$'
	has 'mode *0642$'
	has 'owner *11$'
	has 'group *12$'
	has 'messages *0$'
	has 'bytes *0 of 8192$'
	has 'msgsize *1024$'
	! grep -q 'sent\|calls' out || no "it tells what is not counted"
	new_buffer one --buffer=spsc
	works ipcbox stat "$buffer"
	has 'kind *buffer, spsc$'
	has 'bytes *0 of 1048576$'
	works ipcbox create --buffer=mpmc "$buffer.many"
	works ipcbox stat "$buffer.many"
	has 'kind *buffer$'
}

test_ls_and_json_tell_the_kind()
{
	new_port ls.port
	new_buffer ls.buffer
	feed x ipcbox send "$buffer"
	works ipcbox ls
	has "KIND *NAME$"
	has "^0600 .* 1/- .* 64/1048576 .* buffer $buffer$"
	has "^0600 .* port *$port$"
	works ipcbox ls --json
	json_is_good
	has "\"name\":\"$buffer\",\"kind\":\"buffer\",\"sharing\":\"mpmc\",\"id\":"
	works ipcbox stat -j "$buffer"
	json_is_good
	has '"max_bytes":1048576,"max_msgsize":65536,"messages":1,"bytes":64,"receivers":0,"senders":0}$'
	works ipcbox create --buffer=spsc "$buffer.one"
	works ipcbox stat -j "$buffer.one"
	has '"sharing":"spsc"'
	grep -q "^buffer .* $buffer$" /proc/net/ipcbox || no "it is not in /proc/net/ipcbox"
}

test_ports_and_buffers_share_their_names()
{
	new_port same
	fails 1 "it exists already" ipcbox create --buffer "$port"
	fails 1 "another kind" ipcbox create --buffer --reuse "$port"
	works ipcbox rm "$port"
	works ipcbox create --buffer "$port"
	works ipcbox create --buffer --reuse "$port" --bytes 1000K
	warns "'$port' exists with another --bytes" ipcbox create --buffer --reuse "$port" --bytes 64K
	fails 1 "another kind" ipcbox create --buffer=spsc --reuse "$port"
	fails 1 "another kind" ipcbox create --reuse "$port"
	works ipcbox create --buffer port:pid:$$
	feed hello ipcbox send port:pid:$$
	works ipcbox recv port:pid:$$
	printed hello
	works ipcbox rm port:pid:$$
	fails 1 "and no buffer" ipcbox recv port:pid:$$
}

test_what_a_buffer_cannot_be_is_told()
{
	refuses "not 'few-to-few'" ipcbox create --buffer=few-to-few x
	refuses "is for ports" ipcbox create --buffer x --messages 8
	fails 1 "cannot create buffer 'x': above what" ipcbox create --buffer x --bytes 128M
	fails 1 "not valid" ipcbox create --buffer x --bytes 4K --msgsize 5K
	fails 1 "not valid" ipcbox create --buffer a/b
}

test_set_changes_access_and_no_sizes()
{
	new_buffer set
	fails 1 "its mode" as_user "ipcbox send $buffer </dev/null"
	fails 1 "its mode" as_user "ipcbox recv $buffer"
	fails 1 "only its owner" as_user "ipcbox rm $buffer"
	fails 1 "its mode" as_user "ipcbox set $buffer -m 0666"
	works ipcbox set "$buffer" -m 0622
	works as_user "echo hi | ipcbox send $buffer"
	fails 1 "its mode" as_user "ipcbox recv $buffer"
	works ipcbox set "$buffer" --mode 0644 --owner 1 --group 2
	works as_user "ipcbox recv $buffer"
	printed 'hi\n'
	works ipcbox stat "$buffer"
	has 'mode *0644$'
	has 'owner *1$'
	has 'group *2$'
	for option in --messages --bytes --msgsize; do
		fails 1 "keeps the sizes" ipcbox set "$buffer" $option 8K
	done
}

test_rm_wakes_who_waits_and_unlink_lets_it_go_on()
{
	new_buffer wake
	ipcbox recv "$buffer" >/dev/null 2>err.recv &
	soon asleep "$buffer" receivers 1
	works ipcbox rm "$buffer"
	wait $! && no "the receiver did not fail"
	grep -q 'was removed' err.recv || no "the receiver said: $(cat err.recv)"

	new_buffer unlink
	ipcbox recv "$buffer" --follow --lines >got 2>err.recv &
	receiver=$!
	soon asleep "$buffer" receivers 1
	(sleep 1; echo late) | ipcbox send "$buffer" --lines &
	usleep 500000
	works ipcbox rm --unlink "$buffer"
	fails 1 "no port of that name" ipcbox stat "$buffer"
	wait "$receiver" || no "the receiver failed: $(cat err.recv)"
	[ "$(cat got)" = late ] || no "it got: $(cat got)"
}

test_pages_are_limited()
{
	works ipcbox stat
	has '^  pages *[0-9]* of [0-9]*$'
	works ipcbox stat -j
	json_is_good
	has '"pages":{"used":[0-9]*,"limit":[0-9]*}'
	cat >small <<-'END'
		sysctl -qw net.ipcbox.user_pages=8
		ipcbox create --buffer small --bytes 4K && ipcbox create --buffer large
	END
	fails 1 "cannot create buffer 'large': limit of pages" unshare -n sh small
}

# send, recv

test_messages_come_as_they_were_sent()
{
	new_buffer order
	feed 'one\ntwo\n\nfour' ipcbox send "$buffer" --lines
	holds "$buffer" 4 || no "not 4 messages: $(ipcbox stat "$buffer")"
	works ipcbox recv "$buffer"
	printed one
	contents_are 'two\n\nfour\n'
	feed 'of\0bytes\377' ipcbox send "$buffer" --tag 4294967295
	works ipcbox recv "$buffer" --json
	json_is_good
	printed '{"tag":4294967295,"len":9,"data_base64":"b2YAYnl0ZXP/"}\n'
}

test_a_message_can_be_long()
{
	new_buffer long --bytes 8M --msgsize 5M
	head -c 5000000 /dev/urandom >sent
	for _ in 1 2 3; do
		works ipcbox send "$buffer" sent
		works ipcbox recv "$buffer"
		cmp -s sent out || no "it came damaged"
	done
	head -c 6000000 /dev/zero >longer
	fails 1 "has 6000000 bytes and it takes 5242880; make a buffer" ipcbox send "$buffer" longer
}

test_many_go_through_a_small_one()
{
	for sharing in mpmc spsc; do
		new_buffer small.$sharing --buffer=$sharing --bytes 4K
		seq 20000 >sent
		ipcbox recv "$buffer" --count 20000 --lines >got 2>err.recv &
		works ipcbox send "$buffer" --lines sent
		wait $! || no "the receiver failed: $(cat err.recv)"
		cmp -s sent got || no "$sharing: what came is not what was sent"
	done
}

test_waiting_ends_in_time()
{
	new_buffer time --bytes 4K --msgsize 2K
	fails 1 "the time is up" ipcbox recv "$buffer" --timeout 100ms
	fails 1 "have to wait" ipcbox recv "$buffer" --nonblock
	works ipcbox recv "$buffer" --until-empty
	head -c 2048 /dev/zero >half
	works ipcbox send "$buffer" half half
	fails 1 "after 1 message: the time is up" sh -c \
		'ipcbox recv "$1" >/dev/null && ipcbox send "$1" half half -t 100ms' sh "$buffer"
	fails 1 "have to wait" ipcbox send "$buffer" half --nonblock
	ipcbox send "$buffer" half 2>err.send &
	soon asleep "$buffer" senders 1
	works ipcbox recv "$buffer"
	wait $! || no "the sender failed: $(cat err.send)"
}

test_a_message_that_cannot_be_written_stays()
{
	for sharing in mpmc spsc; do
		new_buffer stays.$sharing --buffer=$sharing
		feed 'a\nb\n' ipcbox send "$buffer" -l
		fails 1 "of 1 bytes, is left in '$buffer': No space left" \
			sh -c 'ipcbox recv "$1" >/dev/full' sh "$buffer"
		fails 1 "cannot write to stdout" sh -c 'ipcbox recv "$1" >&-' sh "$buffer"
		contents_are 'a\nb\n'
	done
}

test_a_message_stays_when_its_receiver_is_killed()
{
	new_buffer killed --msgsize 1M --bytes 4M
	head -c 500000 /dev/zero | tr '\0' x >long
	works ipcbox send "$buffer" long
	feed next ipcbox send "$buffer"
	mkfifo pipe
	ipcbox recv "$buffer" >pipe 2>/dev/null &
	receiver=$!
	exec 3<pipe
	# It fills the pipe, and sleeps with the message in hand.
	soon holds "$buffer" 1
	kill -KILL $receiver
	{ wait $receiver; } 2>/dev/null
	exec 3<&-
	holds "$buffer" 2 || no "it is gone"
	works ipcbox recv "$buffer"
	cmp -s long out || no "it came back damaged"
	contents_are 'next\n'
}

test_nothing_is_taken_that_nobody_reads()
{
	new_buffer reads
	feed 1 ipcbox send "$buffer"
	mkfifo pipe
	ipcbox recv "$buffer" --follow >pipe 2>err.recv &
	head -c 1 <pipe >/dev/null
	soon grep -q 'nobody reads stdout' err.recv
	wait $! && no "it did not fail"
	feed 2 ipcbox send "$buffer"
	contents_are '2\n'
}

test_what_does_not_apply_is_told()
{
	new_buffer apply
	fails 1 "with a priority: it is a buffer" ipcbox send "$buffer" -p 1
	works ipcbox send "$buffer" -p 0
	fails 1 "a tag in a buffer has 32 bits" ipcbox send "$buffer" -g 4294967296
	holds "$buffer" 1 || no "something was sent"
	fails 125 "cannot call '$buffer': it is a buffer" ipcbox call "$buffer" x
	fails 1 "cannot serve '$buffer': it is a buffer" ipcbox serve "$buffer" -- cat
	refuses "recv mailbox:" ipcbox recv "$buffer" --from 1
	new_buffer apply.one --buffer=spsc
	fails 1 "use 1, or an MPMC buffer" ipcbox work "$buffer" -P 2 -- cat
}

# work

test_work_gives_the_message_and_takes_the_next_when_it_is_done()
{
	for sharing in mpmc spsc; do
		new_buffer work.$sharing --buffer=$sharing
		feed 'a\nb\n' ipcbox send "$buffer" -l -g 7
		works env IPCBOX_PID=1 ipcbox work "$buffer" -e -- \
			sh -c 'cat; echo " <$1> $IPCBOX_TAG ${IPCBOX_PID:-none}"' sh {}
		printed 'a <a> 7 none\nb <b> 7 none\n'
		holds "$buffer" 0 || no "something is left"
	done
}

test_work_runs_as_many_as_it_is_told()
{
	new_buffer parallel
	feed '1\n2\n3\n' ipcbox send "$buffer" -l
	works ipcbox work "$buffer" -P 3 -n 3 -- sh -c \
		'mkdir run.{}; until [ -d run.1 ] && [ -d run.2 ] && [ -d run.3 ]; do usleep 10000; done'
	holds "$buffer" 0 || no "something is left"
}

test_work_puts_back_what_was_not_done()
{
	for sharing in mpmc spsc; do
		new_buffer back.$sharing --buffer=$sharing
		feed 'a\nb\n' ipcbox send "$buffer" -l
		fails_in_lines 2 125 "killed by signal 9; its message is back in the buffer" \
			ipcbox work "$buffer" -e -- sh -c 'kill -KILL $$'
		grep -q "^ipcbox: for message 1 of '$buffer' 'sh' was" err || no "it said: $(cat err)"
		holds "$buffer" 2 || no "it was not put back"
		fails_in_lines 2 127 "cannot be run" ipcbox work "$buffer" -- ./nosuch{}
		contents_are 'a\nb\n'
	done
}

test_work_has_done_what_only_failed()
{
	new_buffer failed
	feed '3\n255\nno\0argument\nleft\n' ipcbox send "$buffer" -l
	fails_in_lines 2 123 "exited with status 3" ipcbox work "$buffer" -n 1 -- sh -c 'exit {}'
	fails_in_lines 2 124 "exited with status 255" ipcbox work "$buffer" -e -- sh -c 'exit {}'
	fails_in_lines 2 123 "was not run" ipcbox work "$buffer" -n 1 -- echo {}
	contents_are 'left\n'
}

test_messages_of_a_killed_work_come_back_in_order()
{
	new_buffer death
	feed 'a\nb\nc\n' ipcbox send "$buffer" -l
	ipcbox work "$buffer" -P 2 -- sh -c 'echo >>ready; exec sleep 1000' 2>/dev/null &
	worker=$!
	soon has_lines ready 2
	holds "$buffer" 1 || no "not two are in hand"
	kill -KILL $worker
	{ wait $worker; } 2>/dev/null
	contents_are 'a\nb\nc\n'
	killall sleep
}

test_work_that_is_told_to_end_puts_back_what_was_not_done()
{
	new_buffer term
	feed 'a\nb\n' ipcbox send "$buffer" -l
	ipcbox work "$buffer" -- sh -c 'echo >>ready; exec sleep 1000' 2>err.work &
	worker=$!
	soon has_lines ready 1
	kill -TERM $worker
	{ wait $worker; } 2>/dev/null
	[ $? = 143 ] || no "it did not end by the signal"
	grep -q 'is back in the buffer' err.work || no "it said: $(cat err.work)"
	contents_are 'a\nb\n'
}

run_tests "$@"
