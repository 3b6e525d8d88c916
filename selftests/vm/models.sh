#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# models.sh - check the models in docs/models/ as the file "runs" there says
# models.sh [circles] MODEL [-D...] - one run, with Spin's report, in build/models/: are there
#	errors, or is there a run that never ends?

. "$(dirname "$0")/lib.sh"

models=$top/docs/models

# verify MODEL LOOK_FOR OPTIMIZE [-D...] - in the current folder, where Spin's files stay,
# to show the trail. To look for is: errors, circles (runs that never end).
verify()
{
	local model=$1 look_for=$2 optimize=$3 how=-DSAFETY args=()

	shift 3
	[ "$look_for" = errors ] || { how=-DNP; args=(-l); }
	spin -a "$@" "$models/$model.pml" &&
		gcc "$optimize" -w "$how" -DCOLLAPSE -DMEMLIM=900 -o pan pan.c &&
		./pan -m100000 -w22 "${args[@]}"
}

# Was there one, or was all of it seen and there was none? Else, as where a model is not
# right in itself, nothing is printed.
outcome_of()
{
	if grep -qE '^pan:1: (assertion violated [^-]|non-progress cycle)' "$1"; then
		echo yes
	elif grep -q 'errors: 0' "$1" && ! grep -qE 'too small|incomplete|out of memory' "$1"; then
		echo no
	fi
}

# run LINE - of the file "runs"
run()
{
	local model result rest options look_for=errors there=no optimize=-O1 dir

	read -r model result rest <<<"$1"
	read -ra options <<<"$rest"
	case $result in
	fails)	there=yes ;;
	ends)	look_for=circles ;;
	circles) look_for=circles there=yes ;;
	esac
	# A planted fault is found soon.
	[ "$there" = no ] || optimize=-O0
	dir=$(mktemp -d "$build/check/models/$model.XXXXXX")
	cd "$dir"
	verify "$model" "$look_for" "$optimize" "${options[@]}" >report 2>&1 || true
	[ "$(outcome_of report)" = "$there" ] || {
		echo "$1: not as expected"
		cat report
		return 1
	}
}

if [ $# != 0 ]; then
	look_for=errors
	[ "$1" != circles ] || { look_for=circles; shift; }
	model=$1
	shift
	mkdir -p "$build/models"
	cd "$build/models"
	verify "$model" $look_for -O1 "$@"
	exit
fi

rm -rf "$build/check/models"
mkdir -p "$build/check/models"
export -f run verify outcome_of
export build models
# shellcheck disable=SC2016 # it is that shell's
grep -v '^#' "$models/runs" | xargs -P "$jobs" -d '\n' -n 1 bash -c 'run "$0"'
