#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2016 # words in single quotes are for other shells
#
# cli.sh [-t TEST] - the command ipcbox: every command, every option, bad input
#
# Needs ipcbox on the PATH, root, and no more than busybox. A test is a function
# whose name is what it shows; it runs in a subshell and ends at the first thing
# that is not as it should be.

TEST_PREFIX=cli.$$
all_tests=$(sed -n 's/^\(test_[a-z0-9_]*\)()$/\1/p' "$0")

# What a test says, and does

no()
{
	echo "# $*"
	exit 1
}

# Run a command; keep what it wrote and how it ended.
run()
{
	status=0
	"$@" >out 2>err || status=$?
}

# It works, and says nothing on stderr.
works()
{
	run "$@"
	[ "$status" = 0 ] || no "status $status of: $* ($(head -n 1 err))"
	[ ! -s err ] || no "stderr of: $*: $(cat err)"
}

# It fails with that status and one line on stderr that has that text.
fails()
{
	want=$1 text=$2
	shift 2
	run "$@"
	[ "$status" = "$want" ] || no "status $status, not $want, of: $*"
	[ "$(wc -l <err)" = 1 ] || no "not one line on stderr of: $*: $(cat err)"
	[ "$(tail -c 1 err)" = "" ] || no "the line has no end: $*"
	grep -q '^ipcbox: ' err || no "stderr does not begin with ipcbox: $(cat err)"
	grep -qF -e "$text" err || no "'$text' is not in: $(cat err)"
}

# The same, where two or more lines are right: the cause and what it led to.
fails_in_lines()
{
	lines=$1 want=$2 text=$3
	shift 3
	run "$@"
	[ "$status" = "$want" ] || no "status $status, not $want, of: $*"
	[ "$(wc -l <err)" = "$lines" ] || no "not $lines lines on stderr of: $*: $(cat err)"
	grep -qF -e "$text" err || no "'$text' is not in: $(cat err)"
}

refuses()
{
	fails 2 "$@"
	[ ! -s out ] || no "stdout of a usage error: $(head -n 1 out)"
}

printed()
{
	printf '%b' "$1" >wanted
	cmp -s wanted out || no "printed '$(head -c 200 out)', not '$1'"
}

has()
{
	grep -q -e "$1" out || no "'$1' is not in: $(head -n 20 out)"
}

# Stdin of a command, as printf writes it.
feed()
{
	fed=$1
	shift
	# shellcheck disable=SC2059 # it is a format
	printf "$fed" | "$@" 2>err || no "'$*' failed: $(cat err)"
}

# Wait until a condition is so.
soon()
{
	tries=400
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || no "waited in vain for: $*"
		usleep 25000
	done
}

messages_are()
{
	ipcbox stat "$1" | grep -q "messages *$2 of"
}

asleep()
{
	ipcbox stat "$1" | grep -q "$2 *$3 asleep"
}

has_lines()
{
	[ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

as_user()
{
	su user -s /bin/sh -c "$1"
}

# One value of JSON on each line of a file, and nothing else.
is_json()
{
	awk '
	{
		gsub(/"([^"\\\001-\037]|\\["\\\/bfnrt]|\\u[0-9a-f][0-9a-f][0-9a-f][0-9a-f])*"/, "S")
		gsub(/-?[0-9]+(\.[0-9]+)?/, "V")
		if (/[^]SV{}:,[]/)
			exit bad = 1
		do {
			before = $0
			gsub(/\{(S:[SV](,S:[SV])*)?\}/, "V")
			gsub(/\[([SV](,[SV])*)?\]/, "V")
		} while ($0 != before)
		if (!/^[SV]$/)
			exit bad = 1
	}
	END { exit bad || NR == 0 }' "$1"
}

json_is_good()
{
	is_json out || no "that is no JSON: $(head -c 300 out)"
}

# An own port, named as the test.
new_port()
{
	port=$TEST_PREFIX.${1:-p}
	[ $# = 0 ] || shift
	works ipcbox create "$port" "$@"
}

# That a test can tell good from bad JSON.

test_the_json_check_can_fail()
{
	for text in '' '{' '{"a":1' '{"a" 1}' '[1,]' '{a:1}' '"a\x"' 'nul' '{}{}' '"a'; do
		printf '%s\n' "$text" >out
		! is_json out || no "that is JSON: $text"
	done
	for text in '{}' '[]' '{"a":1,"b":["x\u0000",{}],"c":"\"{"}' '"}"' '[[],[1]]'; do
		printf '%s\n' "$text" >out
		is_json out || no "that is no JSON: $text"
	done
}

# Usage

test_help_tells_of_each_command()
{
	for command in create rm ls stat set send recv work; do
		works ipcbox help $command
		has "^usage: ipcbox $command "
		mv out help
		works ipcbox $command --help
		cmp -s out help || no "'$command --help' is something else"
		works ipcbox $command -h
		cmp -s out help || no "'$command -h' is something else"
		works ipcbox help
		has "^  $command "
	done
	for option in help -h --help; do
		works ipcbox $option
		has '^usage: ipcbox '
	done
}

test_version_is_told()
{
	works ipcbox --version
	has '^ipcbox [0-9]*\.[0-9]*\.[0-9]*$'
	mv out version
	works ipcbox -V
	cmp -s out version || no "-V is something else"
}

test_wrong_usage_is_told_in_one_line()
{
	refuses "help" ipcbox
	refuses "frobnicate" ipcbox frobnicate
	refuses "--frobnicate" ipcbox --frobnicate
	refuses "frobnicate" ipcbox help frobnicate
	refuses "one command" ipcbox help ls rm
	refuses "" ipcbox ''
	for command in create rm ls stat set send recv work; do
		refuses "--frobnicate" ipcbox $command --frobnicate
		refuses "-Z" ipcbox $command -Z
	done
	for command in create rm set send recv work; do
		refuses "give" ipcbox $command
	done
	refuses "say what to change" ipcbox set x
	refuses "COMMAND" ipcbox work x
	refuses "no more" ipcbox recv a b
	refuses "ls takes no NAME" ipcbox ls a
	refuses "takes no value" ipcbox ls --json=yes
	refuses "needs a value" ipcbox create x --messages
	refuses "needs a value" ipcbox send x -p
}

test_numbers_are_checked()
{
	for bad in '' -1 +1 1.5 0x10 1T 1KK ' 1' 18446744073709551616 17179869184G K; do
		for option in --messages --bytes --msgsize; do
			refuses "is not a size" ipcbox create x $option "$bad"
			refuses "is not a size" ipcbox set x $option "$bad"
		done
	done
	for bad in '' -1 x 1.0 1K 18446744073709551616; do
		refuses "is not a number" ipcbox send x --tag "$bad"
		refuses "is not a number" ipcbox send x --priority "$bad"
		refuses "is not a number" ipcbox send "pid:$bad"
		refuses "is not a number" ipcbox recv x --count "$bad"
		refuses "is not a number" ipcbox recv mailbox: --from "$bad"
		refuses "is not a number" ipcbox work x --count "$bad" -- true
		refuses "is not a number" ipcbox work x --max-procs "$bad" -- true
		refuses "is not a number" ipcbox create x --owner "$bad"
		refuses "is not a number" ipcbox create x --group "$bad"
	done
	refuses "is not a number" ipcbox send x --priority 32768
	refuses "is not a number" ipcbox create x --owner 4294967296
	refuses "1 or more" ipcbox work x -P 0 -- true
	for bad in '' -1 x 5d inf nan 1e300; do
		refuses "time" ipcbox send x --timeout "$bad"
		refuses "time" ipcbox recv x --timeout "$bad"
	done
	for bad in '' -1 8 0888 1000 rw 07777777777777777777777777; do
		refuses "octal" ipcbox create x --mode "$bad"
	done
}

test_a_wrong_kind_of_target_is_told()
{
	for command in create rm; do
		refuses "takes a port" ipcbox $command pid:1
		refuses "takes a port" ipcbox $command mailbox:
	done
	refuses "takes a port" ipcbox set pid:1 --mode 0600
	refuses "takes a port" ipcbox work pid:1 -- true
	refuses "mailbox:" ipcbox send mailbox:
	refuses "mailbox:" ipcbox stat mailbox:
	refuses "pid:1" ipcbox recv pid:1
	refuses "recv mailbox:" ipcbox recv x --from 1
	refuses "recv mailbox:" ipcbox recv x --mode 0600
}

test_without_the_module_it_says_how_to_load_it()
{
	cat >alone <<-'END'
		mount -t tmpfs none /dev || exit 99
		exec ipcbox "$@"
	END
	fails 1 "modprobe ipcbox" unshare -m sh alone ls
	fails 1 "modprobe ipcbox" unshare -m sh alone stat
	fails 1 "modprobe ipcbox" unshare -m sh alone create x
}

# create, rm, ls, stat, set

test_create_takes_every_option()
{
	new_port options -m 0642 --owner 11 --group 12 --messages 13 --bytes 2K --msgsize 1k
	works ipcbox stat "$port"
	has 'mode *0642$'
	has 'owner *11$'
	has 'group *12$'
	has 'messages *0 of 13$'
	has 'bytes *0 of 2048$'
	has 'msgsize *1024$'
}

test_create_makes_several_and_tells_each_that_it_cannot()
{
	a=$TEST_PREFIX.a b=$TEST_PREFIX.b
	works ipcbox create "$a"
	fails 1 "'$a': there is one already" ipcbox create "$a" "$b"
	works ipcbox stat "$b"
	fails_in_lines 2 1 "'$b'" ipcbox create "$a" "$b"
}

test_create_reuse_leaves_a_port_as_it_is()
{
	new_port reuse --messages 5
	works ipcbox create --reuse "$port" --messages 7
	works ipcbox create -r "$port"
	works ipcbox stat "$port"
	has 'of 5$'
}

test_bad_names_and_limits_are_told_by_their_error()
{
	fails 1 "not valid" ipcbox create ''
	fails 1 "not valid" ipcbox create a/b
	fails 1 "not valid" ipcbox create port:
	fails 1 "not valid" ipcbox create 'a
b'
	fails 1 "not valid" ipcbox create "$(printf 'a\033[31mb')"
	fails 1 "too long" ipcbox create "$(printf '%0256d' 0)"
	fails 1 "too long" ipcbox create "$(head -c 100000 /dev/zero | tr '\0' x)"
	fails 1 "not valid" ipcbox create x --messages 0
	fails 1 "not valid" ipcbox create x --bytes 10 --msgsize 11
	fails 1 "not valid" ipcbox create x --mode 0777
	fails 1 "sysctls" ipcbox create x --messages 18446744073709551615
	fails 1 "sysctls" ipcbox create x --bytes 16G
	fails 1 "" ipcbox create x --msgsize 17M --bytes 32M
	works ipcbox create "$TEST_PREFIX$(printf '%0200d' 0)"
}

test_a_port_may_be_named_like_a_process()
{
	works ipcbox create port:pid:$$
	feed hello ipcbox send port:pid:$$
	works ipcbox recv port:pid:$$
	printed hello
	works ipcbox rm port:pid:$$
}

test_rm_deletes_each_that_is_there()
{
	new_port one
	one=$port
	new_port two
	fails 1 "no port of that name" ipcbox rm "$one" "$TEST_PREFIX.none" "$port"
	fails 1 "no port of that name" ipcbox stat "$one"
	fails 1 "no port of that name" ipcbox stat "$port"
	works ipcbox rm -f "$one" "$port"
	works ipcbox rm --force "$one"
}

test_rm_wakes_who_waits_and_unlink_lets_it_go_on()
{
	new_port wake
	ipcbox recv "$port" >/dev/null 2>err.recv &
	soon asleep "$port" receivers 1
	works ipcbox rm "$port"
	wait $! && no "the receiver did not fail"
	grep -q 'was removed' err.recv || no "the receiver said: $(cat err.recv)"

	new_port unlink
	ipcbox recv "$port" -n 2 >got 2>err.recv &
	soon asleep "$port" receivers 1
	(sleep 1; echo late) | ipcbox send "$port" --lines &
	sender=$!
	usleep 500000
	works ipcbox rm --unlink "$port"
	fails 1 "no port of that name" ipcbox stat "$port"
	wait "$sender" || no "the sender failed"
	soon has_lines err.recv 1
	grep -q 'other side is gone' err.recv || no "the receiver said: $(cat err.recv)"
	[ "$(cat got)" = late ] || no "it got: $(cat got)"
}

test_ls_lists_what_is_there()
{
	new_port ls.b --messages 7
	new_port ls.a
	feed text ipcbox send "$port"
	works ipcbox ls
	has "^MODE .* NAME$"
	has "^0600 .* 1/256 .* 4/1048576 .* $TEST_PREFIX.ls.a$"
	has "^0600 .* 0/7 .* $TEST_PREFIX.ls.b$"
	works ipcbox ls --names
	grep "^$TEST_PREFIX" out >names
	printf '%s\n' "$TEST_PREFIX.ls.a" "$TEST_PREFIX.ls.b" | cmp -s - names ||
		no "the names are: $(cat names)"
	works ipcbox ls -1
	has "^$TEST_PREFIX.ls.a$"
}

test_ls_json_is_an_array()
{
	works unshare -n ipcbox ls --json
	printed '[]\n'
	new_port 'js"on\é'
	works ipcbox ls --json
	json_is_good
	has '{"name":"[^"]*js\\"on\\\\é","kind":"port","id":[0-9]*,"mode":"0600","owner":0,"group":0,'
	works ipcbox create "$(printf '%s.\377' "$TEST_PREFIX")"
	works ipcbox ls -j
	json_is_good
	has '"name_base64":"'
}

test_ls_to_a_full_disk_fails()
{
	run sh -c 'ipcbox ls >/dev/full'
	[ "$status" = 1 ] || no "status $status"
	grep -q 'No space left' err || no "it said: $(cat err)"
}

test_stat_tells_all_of_a_port()
{
	new_port stat
	feed abc ipcbox send "$port"
	feed de ipcbox send "$port"
	works ipcbox recv "$port"
	works ipcbox stat "$port"
	has '  id  *[0-9][0-9]*$'
	has 'messages *1 of 256$'
	has 'bytes *2 of 1048576$'
	has 'sent *2$'
	has 'received *1$'
	has 'receivers *0 asleep$'
	has 'senders *0 asleep$'
	works ipcbox stat --json "$port" "$port"
	json_is_good
	[ "$(wc -l <out)" = 2 ] || no "not two lines"
	has '"messages":1,"bytes":2,"sent":2,"received":1,"receivers":0,"senders":0}$'
}

test_stat_goes_on_after_an_error()
{
	new_port stat2
	run ipcbox stat "$TEST_PREFIX.none" "$port"
	[ "$status" = 1 ] || no "status $status"
	has "^$port$"
	grep -q "'$TEST_PREFIX.none': there is no port" err || no "it said: $(cat err)"
}

test_stat_without_a_name_tells_the_limits()
{
	works ipcbox stat
	for what in boxes links bytes waiters; do
		has "^  $what *[0-9]* of [0-9]*$"
	done
	has '^  msgsize *16777216$'
	works ipcbox stat -j
	json_is_good
	has '"boxes":{"used":[0-9]*,"limit":[0-9]*}'
}

test_set_changes_what_it_is_told()
{
	new_port set
	works ipcbox set "$port" --mode 0644 --owner 1 --group 2 --messages 3 --bytes 4K --msgsize 5
	works ipcbox stat "$port"
	has 'mode *0644$'
	has 'owner *1$'
	has 'group *2$'
	has 'of 3$'
	has 'of 4096$'
	has 'msgsize *5$'
	works ipcbox set "$port" -m 0600
	works ipcbox stat "$port"
	has 'mode *0600$'
	has 'of 3$'
	fails 1 "no port of that name" ipcbox set "$TEST_PREFIX.none" -m 0600
	fails 1 "not valid" ipcbox set "$port" --messages 0
}

test_another_user_is_refused()
{
	new_port private
	fails 1 "its mode" as_user "ipcbox send $port </dev/null"
	fails 1 "its mode" as_user "ipcbox recv $port"
	fails 1 "only its owner" as_user "ipcbox rm $port"
	fails 1 "only its owner" as_user "ipcbox set $port -m 0666"
	works ipcbox set "$port" -m 0622
	works as_user "echo hi | ipcbox send $port"
	works ipcbox recv --json "$port"
	has '"uid":1000,'
}

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
	fails 1 "16777216 bytes, the most" ipcbox send "$port" data
	fails 1 "16777216 bytes, the most" sh -c "exec ipcbox send $port --lines </dev/zero"
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
	fails 1 "time was up" ipcbox send "$port" --timeout 50ms /dev/null
	fails 1 "time was up" ipcbox send "$port" -t .05 /dev/null
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
	fails 1 "time was up" ipcbox recv "$port" --timeout 0.05
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
	grep -q 'time was up' err || no "it said: $(cat err)"
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

# work

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
	fails_in_lines 2 1 "be given its message: No such file" \
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
	messages_are "$port" 1 || no "a message was taken"
	fails_in_lines 2 127 "cannot be run" ipcbox work "$port" -- {}
	feed './notexecutable' ipcbox send "$port"
	fails_in_lines 2 126 "cannot be run" ipcbox work "$port" -- {}
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

test_no_progress_where_stderr_is_no_terminal()
{
	new_port progress
	(sleep 2; echo x) | ipcbox send "$port" --lines 2>err || no "send failed"
	[ ! -s err ] || no "it said: $(cat err)"
}

# The runner

# Nothing that a test started or made is to be there for the next one.
tidy_up()
{
	for left in $(jobs -p); do
		kill -KILL "$left"
	done 2>/dev/null
	ipcbox ls --names | grep "^$TEST_PREFIX" | while IFS= read -r name; do
		ipcbox rm -f "port:$name"
	done
}

run_test()
{
	room=$(mktemp -d)
	(
		cd "$room" || exit
		trap tidy_up EXIT
		"$1"
	) 2>errors </dev/null
	result=$?
	[ ! -s errors ] || sed 's/^/# /' errors
	rm -rf "$room"
	return $result
}

failed=0
number=0
if [ "${1:-}" = -t ]; then
	all_tests=test_$2
fi
# shellcheck disable=SC2086 # words
set -- $all_tests
cd "$(mktemp -d)" || exit
echo "TAP version 13"
echo "1..$#"
for test; do
	number=$((number + 1))
	name=${test#test_}
	echo "#  RUN           cli.$name ..."
	if run_test "$test"; then
		echo "ok $number cli.$name"
	else
		echo "not ok $number cli.$name"
		failed=$((failed + 1))
	fi
done
[ "$failed" = 0 ]
