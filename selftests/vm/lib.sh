# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Shared by the scripts of the test machine. Source it; it sets
#   top     the project
#   build   where all that is built goes
#   cache   where downloads go, outside of the source tree
#   vm      this folder
#   all_kernels
#   jobs    how many things to do at once: the processors of this machine
#   unavailable  fetch.sh's exit status for: this cannot be had here
# and leaves the shell with errexit, nounset and pipefail.

set -euo pipefail
shopt -s inherit_errexit

# Variables of this make, as BITS=32, are not for the kernel's.
unset MAKEFLAGS MFLAGS

# shellcheck disable=SC2034 # they are for those who source this
{
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${BUILD:-$top/build}
cache=${IPCBOX_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/ipcbox}
vm=$top/selftests/vm
all_kernels=(6.1 6.12 7.2)
jobs=$(nproc)
unavailable=69
}

say()
{
	echo "==> $*" >&2
}

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

# Run a command whose output is of interest only when it fails. Not for functions
# that count on errexit.
quietly()
{
	local log status=0

	log=$(mktemp)
	"$@" >"$log" 2>&1 </dev/null || status=$?
	[ "$status" = 0 ] || cat "$log" >&2
	rm -f "$log"
	return "$status"
}

# keep_errors FILE COMMAND... - run a command, and keep a copy of what it says on stderr
keep_errors()
{
	local file=$1

	shift
	{ "$@" 2>&1 >&3 | tee "$file" >&2; } 3>&1
}

can_be_root()
{
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null
}

as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# Hold a lock on a file for the rest of this (sub)shell.
lock()
{
	local fd

	mkdir -p "$(dirname "$1")"
	exec {fd}>"$1"
	flock -w 30 "$fd" || { say "waiting for another run that uses ${1%/*}"; flock "$fd"; }
}

# apt's lists may be empty or old. Refresh them, once for all scripts of a run.
apt_update()
{
	[ -z "${IPCBOX_APT_UPDATED:-}" ] || return 0
	if ! can_be_root; then
		say "apt-get update might help, but needs root, and there is no sudo"
		return
	fi
	say "apt-get update (the package lists do not have what is needed)"
	(lock "$cache/.apt"; quietly as_root apt-get -q update) || say "the package lists could not be refreshed"
	export IPCBOX_APT_UPDATED=1
}

# spawn MOST COMMAND... - run a command in the background, as soon as fewer than so many
# are; stop_spawned ends those that are left
spawn()
{
	local most=$1

	shift
	while (($(jobs -pr | wc -l) >= most)); do
		wait -n || :
	done
	set -m # a process group of its own
	"$@" </dev/null &
	set +m
}

stop_spawned()
{
	local pid

	for pid in $(jobs -pr); do
		kill -TERM -- "-$pid" 2>/dev/null || :
	done
}

# check_config FILE - a kernel's .config in this folder has what a fragment says: allnoconfig
# drops in silence what it does not know or what lacks another option
check_config()
{
	local line

	while IFS= read -r line; do
		case $line in
		CONFIG_* | '# CONFIG_'*' is not set') ;;
		*)	continue ;;
		esac
		# what was never visible is not mentioned either
		grep -qxF -e "$line" .config ||
			{ [[ $line == '#'* ]] && ! grep -q "^${line:2:-11}=" .config; } ||
			die "this kernel's configuration does not have: $line"
	done <"$1"
}

# option PROGRAM TEST - the option with which a test program of the guest runs one test,
# of the name that TAP has
option()
{
	case $1:$2 in
	*/kunit:*)	;;
	*/docs:*)	echo "-t $2" ;;
	*.sh:*)		echo "-t ${2##*.}" ;;
	*:*.*)		echo "-r $2" ;; # fixture.test
	*)		echo "-t $2" ;;
	esac
}

# A line for the end of .ci/run: note took SECONDS WHAT, note unstable TITLE, note left WHAT
note()
{
	[ -z "${IPCBOX_TOTALS:-}" ] || echo "$*" >>"$IPCBOX_TOTALS"
}

# The last words of a run of tests, and its exit status. With IPCBOX_TOTALS set
# they go to that file instead, for a run of several such runs.
closing_line()
{
	local passed=$1 failed=$2 skipped=$3

	if [ -n "${IPCBOX_TOTALS:-}" ]; then
		note counts "$passed $failed $skipped"
	elif [ "$skipped" = 0 ]; then
		echo "$passed passed, $failed failed"
	else
		echo "$passed passed, $failed failed, $skipped skipped"
	fi
	((failed == 0 && passed > 0))
}
