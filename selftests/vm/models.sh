#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# models.sh - check the models in docs/models/ as the file "runs" there says
# models.sh MODEL [-D...] - one of them, with Spin's report; in build/models/

. "$(dirname "$0")/lib.sh"

models=$top/docs/models

# verify -O[01] MODEL [-D...] - in the current folder. Spin's files stay there, for who
# wants to see the trail.
verify()
{
	local optimize=$1 model=$2

	shift 2
	spin -a "$@" "$models/$model.pml" &&
		gcc "$optimize" -w -DSAFETY -DCOLLAPSE -DMEMLIM=900 -o pan pan.c &&
		./pan -m100000 -w20
}

# Was all of it seen? Anything else than that, or than one error, is neither.
outcome_of()
{
	if grep -q 'errors: [1-9]' "$1"; then
		echo fails
	elif grep -q 'errors: 0' "$1" && ! grep -qE 'too small|incomplete|out of memory' "$1"; then
		echo holds
	fi
}

# run LINE - of the file "runs"
run()
{
	local model expected rest options optimize=-O1 dir

	read -r model expected rest <<<"$1"
	read -ra options <<<"$rest"
	# A fault is found soon.
	[ "$expected" = holds ] || optimize=-O0
	dir=$(mktemp -d "$build/check/models/$model.XXXXXX")
	cd "$dir"
	verify "$optimize" "$model" "${options[@]}" >report 2>&1 || true
	[ "$(outcome_of report)" = "$expected" ] || {
		echo "$1: not as expected"
		cat report
		return 1
	}
}

if [ $# != 0 ]; then
	mkdir -p "$build/models"
	cd "$build/models"
	verify -O1 "$@"
	exit
fi

rm -rf "$build/check/models"
mkdir -p "$build/check/models"
export -f run verify outcome_of
export build models
# shellcheck disable=SC2016 # it is that shell's
grep -v '^#' "$models/runs" | xargs -P "$(nproc)" -d '\n' -n 1 bash -c 'run "$0"'
