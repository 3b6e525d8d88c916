#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# docs.sh DIR - take the examples out of the documentation, to be run by guest/bin/docs
#
# Each ```console block of README.md and docs/ becomes DIR/FILE.N.console, and the
# C program of README.md DIR/hello.

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

awk '/^```$/ { on = 0 } on; /^```c$/ { on = 1 }' "$top/README.md" >"$out/hello.c"
cc -std=c99 -pedantic -Wall -Wextra -Werror -I"$top/lib" -I"$top/uapi" \
	-o "$out/hello" "$out/hello.c" -L"$build/64/lib" -lipcbox
