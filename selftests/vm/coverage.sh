#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# coverage.sh - which lines and branches of the module the tests execute
#
# Runs all tests on the debug kernel, with the module counting, and writes
# build/coverage/summary.txt and build/coverage/index.html. selftests/uncovered.txt
# must list each line that is not executed, with the reason.

. "$(dirname "$0")/lib.sh"

lines_goal=97
branches_goal=90

out=$build/coverage
objects=$build/vm/debug/module-gcov

# gcovr OPTION... - read the counts that lie beside the objects
# Not of interest: what macros of the kernel make of trace.h, and the unit tests.
# The compiler ran in the kernel's tree, and there gcov finds the kernel's headers.
read_counts()
{
	(cd "$objects" && gcovr --gcov-executable gcov-12 --root . \
		--object-directory "$kernel/headers" --filter 'module/[a-z]*\.[ch]$' \
		--exclude module/trace.h "$@" module)
}

# Lines that were not executed, or not with each outcome: "file TAB number".
missed()
{
	jq -r '.files[] | .file as $file | .lines[] |
		select(."gcovr/noncode" | not) |
		select(.count == 0 or any(.branches[]?; .count == 0)) |
		"\($file)\t\(.line_number)"' "$out/counts.json"
}

# The lines among them for which uncovered.txt has no reason, with their text.
without_reason()
{
	awk -F '\t+' -v objects="$objects/" '
		FNR == NR	{ if (!/^(#|$)/) { file[++n] = $1; piece[n] = $2 } next }
				{
			while (line[$1] < $2 && (getline text <(objects $1)) > 0)
				line[$1]++
			for (i = 1; i <= n; i++)
				if ((file[i] == $1 || file[i] == "*") && index(text, piece[i]))
					next
			print $1 ":" $2 ": " text
		}
	' selftests/uncovered.txt <(missed)
}

"$vm/install.sh" vm coverage
kernel=$("$vm/fetch.sh" debug)
tests=0
BITS=64 KERNEL=debug INSTRUMENT=gcov "$vm/test.sh" || tests=1

find "$objects" -name '*.gcda' -delete
base64 -d "$build/vm/debug.gcov" | tar -xz -C "$objects/module" ||
	die "the guest sent no counts"
rm -rf "$out"
mkdir -p "$out"
read_counts --txt "$out/lines.txt" --html-details "$out/index.html" --json "$out/counts.json"
read_counts --branches --txt "$out/branches.txt"
cat "$out/lines.txt" "$out/branches.txt"

cd "$top"
without_reason >"$out/unexplained.txt"
if [ -s "$out/unexplained.txt" ]; then
	echo "Not executed, or not with each outcome, and selftests/uncovered.txt does not say why:"
	sed 's/^/    /' "$out/unexplained.txt"
	tests=1
fi
read_counts --fail-under-line "$lines_goal" --fail-under-branch "$branches_goal" >/dev/null ||
	die "the goal is $lines_goal % of the lines and $branches_goal % of the branches"
exit "$tests"
