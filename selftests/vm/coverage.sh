#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# coverage.sh - which lines and branches of the module the tests execute
#
# Runs all tests on the debug kernel, with the module counting, and writes
# build/coverage/summary.txt and build/coverage/index.html. What is not executed
# has to stand in selftests/uncovered.txt, with its reason.

. "$(dirname "$0")/lib.sh"

lines_goal=97
branches_goal=90

out=$build/coverage
objects=$build/vm/debug/module-gcov

# gcovr OPTION... - read the counts that lie beside the objects
# Not of interest: what macros of the kernel make of trace.h, and the unit tests.
read_counts()
{
	(cd "$objects" && gcovr --gcov-executable gcov-12 --filter 'module/[a-z]*\.[ch]$' \
		--exclude module/trace.h "$@" module)
}

"$vm/install.sh" vm coverage
tests=0
KERNEL=debug INSTRUMENT=gcov "$vm/test.sh" || tests=1

find "$objects" -name '*.gcda' -delete
base64 -d "$build/vm/debug.gcov" | tar -xz -C "$objects/module" ||
	die "the guest sent no counts"
rm -rf "$out"
mkdir -p "$out"
read_counts --txt "$out/lines.txt" --html-details "$out/index.html" --json "$out/counts.json"
read_counts --branches --txt "$out/branches.txt"
cat "$out/lines.txt" "$out/branches.txt"
read_counts --fail-under-line "$lines_goal" --fail-under-branch "$branches_goal" >/dev/null ||
	die "the goal is $lines_goal % of the lines and $branches_goal % of the branches"
exit "$tests"
