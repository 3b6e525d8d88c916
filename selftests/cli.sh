#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash disable=SC2016 # words in single quotes are for other shells
#
# cli.sh - the command ipcbox: usage and bad usage; create, rm, ls, stat, set
#
# Run it as root, with ipcbox on the PATH; -t TEST runs one test.

# shellcheck source=cli_lib.sh
. "${0%/*}/cli_lib.sh"

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
	for bad in '' -1 x 5d 0d 0x10 . inf nan 1e300; do
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
	fails 1 "'$a': it exists already" ipcbox create "$a" "$b"
	works ipcbox stat "$b"
	fails_in_lines 2 1 "'$b'" ipcbox create "$a" "$b"
}

test_create_reuse_leaves_a_port_as_it_is()
{
	new_port reuse --messages 5
	warns "'$port' exists with another --messages" ipcbox create --reuse "$port" --messages 7
	works ipcbox create -r "$port" --messages 5
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
	has '"messages":1,"bytes":2,"sent":2,"received":1,"receivers":0,"senders":0,"calls":0}$'
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
	for what in boxes links bytes waiters memory; do
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
	fails 1 "its mode" as_user "ipcbox set $port -m 0666"
	works ipcbox set "$port" -m 0622
	fails 1 "only its owner" as_user "ipcbox set $port -m 0666"
	works as_user "echo hi | ipcbox send $port"
	works ipcbox recv --json "$port"
	has '"uid":1000,'
}

run_tests "$@"
