# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=dash
#
# Helpers of the commands' tests; busybox is enough for them. A test is a function
# whose name says what it shows; it runs in a subshell and a folder of its own, and
# ends at the first difference from what it expects.

TEST_PREFIX=cli.$$
command_name=${command_name:-ipcbox} # what an error begins with
all_tests=$(sed -n 's/^\(test_[a-z0-9_]*\)()$/\1/p' "$0")

# Steps of a test

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

# It works, and says one line on stderr that has that text.
warns()
{
	text=$1

	shift
	run "$@"
	[ "$status" = 0 ] || no "exits with $status: $*: $(cat err)"
	[ "$(wc -l <err)" = 1 ] || no "not one line on stderr of: $*: $(cat err)"
	grep -q -e "$text" err || no "no '$text' on stderr of: $*: $(cat err)"
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
	grep -q "^$command_name: " err ||
		no "stderr does not begin with $command_name: $(cat err)"
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

# run_tests [-t TEST] - all functions test_* of the script, or one
run_tests()
{
	program=$(basename "$0" .sh)
	if [ "${1:-}" = -t ]; then
		tests=test_$2
	else
		tests=$all_tests
	fi
	# shellcheck disable=SC2086 # words
	set -- $tests
	failed=0 number=0
	cd "$(mktemp -d)" || exit
	echo "TAP version 13"
	echo "1..$#"
	for test; do
		number=$((number + 1))
		name=$program.${test#test_}
		echo "#  RUN           $name ..."
		if run_test "$test"; then
			echo "ok $number $name"
		else
			echo "not ok $number $name"
			failed=$((failed + 1))
		fi
	done
	[ "$failed" = 0 ]
}
