#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The demo, in five acts. It runs in the test machine, where the module is
# loaded, the programs are on the PATH, and real files are in /demo/data.

set -eu

data=${1:-/demo/data}
room=$(mktemp -d)
trace=/sys/kernel/tracing
out=$room/compressed

tell()
{
	echo
	sed 's/^[	 ]*//'
	echo
}

act()
{
	echo
	echo "=== $* ==="
}

fail()
{
	echo "The demo failed: $*" >&2
	exit 1
}

now()
{
	cut -d' ' -f1 /proc/uptime
}

# The first files of a size, as find has it.
first_files()
{
	(cd "$data" && find . -type f -size "$1" | sort | sed 's|^\./||' | head -n "$2")
}

# Sleep until a file has something in it, but not for ever.
wait_until()
{
	tries=100
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "waited in vain for: $*"
		usleep 50000
	done
}

receivers_asleep()
{
	ipcbox stat "$1" | grep -q "receivers *$2 asleep"
}

act_direct()
{
	act "1. Direct messages: a browser asks a web server"
	tell <<-END
		Two processes, each with a mailbox, each naming the other by its pid. The browser
		sends the name of a file; the server sends the file in pieces, and waits where the
		browser's mailbox is full. Nobody else can slip in a piece: the browser receives
		from that one process only.
	END
	web-server "$data" &
	server=$!
	mkdir "$room/saved"
	# shellcheck disable=SC2046 # one word for each file
	browser "$server" "$room/saved" \
		$(first_files +200k 1) $(first_files -8 1) || fail "a file came damaged"
	if browser "$server" "$room/saved" no/such/file; then
		fail "a file that is not there was sent"
	fi
	kill "$server"
	{ wait "$server" || :; } 2>/dev/null
}

act_port()
{
	act "2. A port: 3 producers, 4 consumers, a small box between them"
	tell <<-END
		The producers send $files files, $megabytes MB, as messages to one port. The consumers take
		what comes, each whatever is next, and run gzip on it. The port holds 8 messages
		and no more: a producer that finds it full sleeps in the kernel until there is room,
		and a consumer that finds it empty until there is something.
	END
	started=$(now)
	ipcbox create files --messages 8 --bytes 16M --msgsize 4M
	(cd "$data" && find . -type d) | (cd "$out" && xargs mkdir -p)
	consumers=
	for n in 1 2 3 4; do
		consumer "$n" files "$out" &
		consumers="$consumers $!"
	done
	wait_until receivers_asleep files 4
	echo
	echo "    The consumers are there, the port is empty: RECEIVERS shows that all 4 sleep."
	ipcbox ls | sed 's/^/    /'
	echo

	producers=
	for n in 1 2 3; do
		(cd "$data" && awk "NR % 3 == $n - 1" "$room/names" | producer "$n" files) &
		producers="$producers $!"
	done
	sleep 3
	echo
	echo "    In the middle of it the port is full: SENDERS shows how many producers sleep."
	for _ in 1 2 3; do
		ipcbox ls | sed -n '2s/^/    /p'
		usleep 300000
	done
	echo
	for pid in $producers; do
		wait "$pid" || fail "a producer failed"
	done
	# Without a name nobody new can come, so the consumers end when it is empty.
	ipcbox rm --unlink files
	for pid in $consumers; do
		wait "$pid" || fail "a consumer failed"
	done
	echo
	echo "    All is sent, received and compressed after $(echo "$(now) $started" |
		awk '{ printf "%.1f", $1 - $2 }') seconds. Are they still the same files?"
	check_files
}

# Unpack what the consumers made, and compare it with the original.
check_files()
{
	(cd "$out" && find . -type f -name '*.gz' -print0 | xargs -0 gunzip)
	(cd "$out" && md5sum -c "$room/sums") >"$room/checked" 2>/dev/null || :
	good=$(grep -c ': OK$' "$room/checked") || :
	echo "    $good of $files files have the checksum they had before."
	[ "$good" = "$files" ] || fail "files were lost or damaged"
}

act_buffer()
{
	act "3. A buffer in shared memory, and one of its users is killed"
	tell <<-END
		The textbook's first method. One buffer holds the numbers of the rows of a picture.
		Three painters each take a number, and paint that row into a second buffer, where it
		lies; the viewer reads it there. None of it passes the kernel, which is called to
		sleep, or to wake another. Then painter 2 gets a kill -9 in the middle of a row.
	END
	ipcbox create rows picture --buffer --bytes 64K
	seq 0 19 | ipcbox send rows --lines
	viewer picture &
	viewer=$!
	painter 1 rows picture &
	painter 2 rows picture >"$room/said" &
	victim=$!
	painter 3 rows picture &
	wait_until grep -q 'half painted' "$room/said"
	cat "$room/said"
	kill -KILL "$victim"
	{ wait "$victim" || :; } 2>/dev/null
	echo "    \$ kill -KILL $victim"
	wait "$viewer" || fail "the picture is not whole"
	tell <<-END
		Its half row is not in the picture, and the number that it had in flight went back to
		be the next one: another painted that row. Nobody waited for the dead painter.
	END
	ipcbox rm rows picture
	wait
}

act_deleted()
{
	act "4. The port is deleted while others wait on it"
	tell <<-END
		Three processes wait on ports, in three ways. Then the ports are deleted. Nobody is
		left to hang: each call ends at once, with the reason.
	END
	ipcbox create doomed full --messages 4
	waiter receive doomed &
	waiter send full &
	waiter poll doomed &
	sleep 1
	ipcbox ls | sed 's/^/    /'
	echo
	echo "    \$ ipcbox rm doomed full"
	ipcbox rm doomed full
	wait
}

act_trace()
{
	act "5. The kernel's trace of act 4"
	tell <<-END
		Each step is a trace event of the module, for ftrace, perf and bpftrace: which
		process (name-pid), when, and what happened to which box. Error 43 is EIDRM.
	END
	grep -v '^#' "$trace/trace" | sed 's/^ */    /' | head -n 24
}

echo "ipcbox: processes that send to each other, with the kernel as the only broker."

mkdir "$out"
(cd "$data" && find . -type f | sort) >"$room/names"
files=$(wc -l <"$room/names")
megabytes=$(cd "$data" && find . -type f -exec stat -c %s {} + |
	awk '{ sum += $1 } END { printf "%.0f", sum / 1e6 }')
(cd "$data" && tr '\n' '\0' <"$room/names" | xargs -0 md5sum) >"$room/sums"

act_direct
act_port
act_buffer
[ -d "$trace/events" ] || mount -t tracefs tracefs "$trace"
echo 1 >"$trace/events/ipcbox/enable"
act_deleted
echo 0 >"$trace/events/ipcbox/enable"
act_trace

echo
echo "=== The end: all went as planned. ==="
rm -rf "$room"
