#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# docs.sh DIR - take the examples out of the documentation, to be run by guest/bin/docs
#
# Each ```console block of the README, docs/ and examples/README.md becomes
# DIR/FILE.N.console, and each program of examples/, like hello.c, DIR/hello.

. "$(dirname "$0")/lib.sh"

out=$1
mkdir -p "$out"

# take_blocks NAME PAGE
take_blocks()
{
	awk -v out="$out/$1" '
		/^```$/		{ file = "" }
		file		{ print >file }
		/^```console$/	{ file = out "." ++n ".console" }
	' "$2"
}

for page in "$top"/README.md "$top"/docs/*.md; do
	take_blocks "$(basename "$page" .md)" "$page"
done
take_blocks examples "$top/examples/README.md"

# The program that the README shows is the one that is built.
awk '/^```$/ { inside = 0 } inside; /^```c$/ { inside = 1 }' "$top/README.md" >"$out/shown"
sed 1d "$top/examples/hello.c" | diff "$out/shown" - ||
	die "README.md does not show examples/hello.c as it is (without its first line)"
rm "$out/shown"

make -s -C "$top/examples" OUT="$out" CFLAGS='-std=c99 -pedantic -Wall -Wextra -Werror' \
	IPCBOX="-I$top/lib -I$top/uapi -L$build/64/lib -lipcbox"
