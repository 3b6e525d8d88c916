#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# demo.sh - run tools/demo in the test machine, on a part of the kernel's source
#
# The guest has the programs of the demo on its PATH, its script as /demo/run.sh
# and the files as /demo/data.

. "$(dirname "$0")/lib.sh"

"$vm/install.sh" vm
(lock "$build/vm/.lock"; "$vm/build.sh" programs "$build/vm/programs")
source=$("$vm/fetch.sh" source)

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/demo" "$root/usr/bin"
cp "$top/tools/demo/run.sh" "$root/demo"
find "$build/64/tools/demo" -type f -perm -u+x -exec cp -t "$root/usr/bin" {} +
cp -r "$source/demo" "$root/demo/data"

CMD='/demo/run.sh' FILES='' ROOT=$root "$vm/vm.sh"
