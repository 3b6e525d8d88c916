#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# docs.sh DIR - take the examples out of the documentation, to be run by guest/bin/docs
#
# Each ```console block of README.md and docs/ becomes DIR/FILE.N.console, and each
# C program of README.md, like hello.c, DIR/hello.

. "$(dirname "$0")/lib.sh"

out=$1
mkdir -p "$out"

for page in "$top"/README.md "$top"/docs/*.md; do
	name=$(basename "$page" .md)
	awk -v out="$out/$name" '
		/^```$/		{ file = "" }
		file		{ print >file }
		/^```console$/	{ file = out "." ++n ".console" }
	' "$page"
done

# Which file a program is stands in the sentence before it.
awk -v out="$out" '
	/^```$/				{ file = "" }
	file				{ print >file }
	match($0, /`[a-z]+\.c`/)	{ name = substr($0, RSTART + 1, RLENGTH - 2) }
	/^```c$/			{ file = out "/" name }
' "$top/README.md"

for program in "$out"/*.c; do
	cc -std=c99 -pedantic -Wall -Wextra -Werror -I"$top/lib" -I"$top/uapi" \
		-o "${program%.c}" "$program" -L"$build/64/lib" -lipcbox
done
