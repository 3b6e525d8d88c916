#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# abi.sh [check] - write selftests/abi.expected anew, when the ABI is meant to change;
#	or check that the uapi headers are as it says, as the test abi_layout does

. "$(dirname "$0")/lib.sh"
cd "$top/selftests"

dir=$build/abi
mkdir -p "$dir"
awk -f uapi.awk -f layout.awk ../uapi/linux/ipcbox*.h >"$dir/layout.h"
gcc -Wall -Wextra -Werror -isystem ../uapi -I"$dir" abi_layout.c -o "$dir/abi_layout"
[ "${1:-}" != check ] || exec "$dir/abi_layout"

"$dir/abi_layout" --write >"$dir/abi.expected" || die "a struct has a hole"
if diff -u abi.expected "$dir/abi.expected"; then
	echo "The ABI is as it was."
else
	cp "$dir/abi.expected" .
	say "selftests/abi.expected has the new ABI"
fi
