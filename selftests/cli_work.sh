#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2016 # words in single quotes are for other shells
#
# cli_work.sh - the command ipcbox: work
#
# Run it as root, with ipcbox on the PATH; -t TEST runs one test.

# shellcheck source=cli_lib.sh
. "${0%/*}/cli_lib.sh"

test_work_gives_the_message_as_stdin_and_as_argument()
{
	new_port work
	feed 'a message\n' ipcbox send "$port"
	works ipcbox work "$port" -n 1 -- sh -c 'cat; echo "<$1> <$2>"' sh {} 'x{}y{}z'
	printed 'a message\n<a message> <xa messageya messagez>\n'
	feed 'no braces' ipcbox send "$port"
	works ipcbox work "$port" --count 1 cat
	printed 'no braces'
	feed 'echo' ipcbox send "$port"
	works ipcbox work "$port" -n1 -- {} named by the message
	printed 'named by the message\n'
	feed '' ipcbox send "$port"
	works ipcbox work "$port" -n1 -- echo '[{}]'
	printed '[]\n'
	works ipcbox work "$port" -n 0 -- cat
}

test_work_can_give_a_file()
{
	new_port file
	mkdir tmp
	feed 'with \0 zero' ipcbox send "$port"
	works env TMPDIR="$PWD/tmp" ipcbox work "$port" -n 1 --file -- sh -c 'cmp - {} && cp {} copy'
	printf 'with \0 zero' | cmp -s - copy || no "the file was: $(cat copy)"
	[ -z "$(ls tmp)" ] || no "the file was left"
	feed x ipcbox send "$port"
	fails_in_lines 2 1 "be given its message: no file in '/nowhere': No such file" \
		env TMPDIR=/nowhere ipcbox work "$port" -F -- cat {}
}

test_work_exports_what_is_known_of_the_message()
{
	new_port env
	feed x ipcbox send "$port" -p 5 -g 6
	works ipcbox work "$port" -n 1 -- \
		sh -c 'echo $IPCBOX_SEQ $IPCBOX_UID $IPCBOX_GID $IPCBOX_PRIORITY $IPCBOX_TAG; [ "$IPCBOX_PID" -gt 1 ]'
	printed '1 0 0 5 6\n'
}

# Each of four commands ends only when it has seen that all four run.
test_work_runs_as_many_as_it_is_told()
{
	new_port parallel
	feed '1\n2\n3\n4\n' ipcbox send "$port" -l
	cat >meet <<-'END'
		: >here.$1
		for _ in $(seq 400); do
			[ "$(ls here.* | wc -l)" = 4 ] && exit 0
			usleep 25000
		done
		exit 1
	END
	works ipcbox work "$port" -P 4 -n 4 -- sh meet {}
	feed '1\n2\n3\n4\n' ipcbox send "$port" -l
	works ipcbox work "$port" --max-procs 1 --until-empty -- \
		sh -c 'mkdir alone && usleep 30000 && rmdir alone'
}

test_work_ends_when_the_port_is_over()
{
	new_port over
	ipcbox work "$port" -P 2 -- sh -c 'cat >>got; echo >>got' 2>err.work &
	feed '1\n2\n3\n' ipcbox send "$port" -l
	soon has_lines got 3
	works ipcbox rm "$port"
	wait $! || no "status $?: $(cat err.work)"
	[ ! -s err.work ] || no "it said: $(cat err.work)"
	fails 1 "no port of that name" ipcbox work "$port" -- true
}

test_work_tells_by_its_status_what_failed()
{
	new_port status
	for _ in 1 2 3 4 5 6; do
		feed '0\n3\n0\n' ipcbox send "$port" -l
	done
	fails_in_lines 2 123 "for message 2 of '$port' from pid" ipcbox work "$port" -n 3 -- sh -c 'exit {}'
	grep -q "'sh' exited with status 3" err || no "it said: $(cat err)"
	grep -q "failed: 1 of 3" err || no "it said: $(cat err)"
	fails_in_lines 2 124 "status 255" ipcbox work "$port" -e -- sh -c 'exit 255'
	messages_are "$port" 14 || no "it went on after 255"
	fails_in_lines 2 125 "killed by signal 9" ipcbox work "$port" -e -- sh -c 'kill -KILL $$'
	messages_are "$port" 13 || no "it went on after a signal"
	works ipcbox work "$port" -e -- true
	messages_are "$port" 0 || no "something is left"
}

test_work_looks_for_its_command_before_it_takes_a_message()
{
	new_port command
	feed 'nosuchcommand' ipcbox send "$port"
	fails 127 "nothing was received" ipcbox work "$port" -- nosuchcommand
	fails 127 "nothing was received" ipcbox work "$port" -- ./nosuchcommand
	: >notexecutable
	fails 126 "nothing was received" ipcbox work "$port" -- ./notexecutable
	fails 126 "nothing was received: cannot run '/tmp': Is a directory" \
		ipcbox work "$port" -- /tmp
	messages_are "$port" 1 || no "a message was taken"
	fails_in_lines 2 127 "cannot be run" ipcbox work "$port" -- {}
	feed './notexecutable' ipcbox send "$port"
	fails_in_lines 2 126 "cannot be run" ipcbox work "$port" -- {}
}

# The same errno as if it were not there, or one that speaks of formats.
test_work_tells_why_a_command_that_is_there_cannot_be_run()
{
	new_port script
	printf '#!/no/such/interpreter\n' >orphan
	echo 'a script' >plain
	chmod +x orphan plain
	feed x ipcbox send "$port"
	fails_in_lines 2 126 "the command is there, but not the interpreter" \
		ipcbox work "$port" -n 1 -- ./orphan
	feed x ipcbox send "$port"
	fails_in_lines 2 126 "nor a script that begins with #!" ipcbox work "$port" -n 1 -- ./plain
}

test_work_goes_on_after_a_message_that_is_no_argument()
{
	new_port argument --bytes 1M --msgsize 1M
	feed 'zero\0byte' ipcbox send "$port"
	head -c 200000 /dev/zero | tr '\0' x >long
	works ipcbox send "$port" long
	feed good ipcbox send "$port"
	fails_in_lines 3 123 "failed: 2 of 3" ipcbox work "$port" -e -- echo {}
	printed 'good\n'
	grep -q "message 1 of .* 'echo' was not run: the message has a zero byte, .*--file" err ||
		no "it said of a zero byte: $(cat err)"
	grep -q "message 2 of .* 'echo' was not run: with the 200000 bytes of the message .*--file" err ||
		no "it said of 200000 bytes: $(cat err)"
	! grep -qi 'multibyte\|argument list' err || no "it passed on an errno: $(cat err)"
}

test_work_passes_signals_on()
{
	new_port signals
	feed '1\n2\n3\n' ipcbox send "$port" -l
	ipcbox work "$port" -P 2 -- \
		sh -c 'trap "echo >>told; exit 7" TERM; echo >>ready; while :; do usleep 10000; done' 2>err.work &
	worker=$!
	soon has_lines ready 2
	kill -TERM $worker
	{ wait $worker; } 2>/dev/null
	[ $? = 143 ] || no "it did not end by the signal"
	has_lines told 2 || no "a command was not told"
	messages_are "$port" 1 || no "it took another message"
}

test_work_leaves_alone_what_was_ignored()
{
	new_port ignored
	feed '1\n2\n' ipcbox send "$port" -l
	(
		trap '' INT HUP
		exec ipcbox work "$port" -n 2 -- sh -c 'echo >>ready; until [ -e go ]; do usleep 10000; done'
	) &
	worker=$!
	soon has_lines ready 1
	kill -INT $worker
	kill -HUP $worker
	: >go
	{ wait $worker; } 2>/dev/null || no "a signal that was ignored ended it"
	has_lines ready 2 || no "it did not take the second message"
}

# Of which poll(2) would take no more than the limit.
test_work_takes_more_workers_than_fds()
{
	new_port many
	feed '1\n2\n3\n' ipcbox send "$port" -l
	(
		ulimit -n 40
		works ipcbox work "$port" -n 3 -P 100 -- sh -c 'usleep 300000; echo {}'
	)
	[ "$(sort out | tr '\n' ' ')" = '1 2 3 ' ] || no "printed: $(cat out)"
}

run_tests "$@"
