#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check.sh [CHECK...] - static checks of all that is here

. "$(dirname "$0")/lib.sh"
cd "$top"

results=$build/check/results
started=0
skipped=0

# With all warnings that the kernel has for its own code, and with sparse: address
# spaces, endianness, locks. Complaints of the kernel's own headers are not ours.
# (KBUILD_CHECKSRC is what C=2 would set if the headers had the script that looks for
# sparse: in those of 7.2 it is missing.)
module_is_clean()
{
	local log=$build/check/$1.log

	"$vm/build.sh" verbose-module "$2" "$build/check/$1" W=1 KCFLAGS=-Werror \
		KBUILD_CHECKSRC=2 CHECK=sparse CF="-D__CHECK_ENDIAN__ -Wcontext" >"$log" 2>&1 ||
		{ cat "$log"; return 1; }
	! grep -E '(^|/)(module|uapi)/.*(warning|error)' "$log"
}

# Checks of checkpatch that are off, and why: anywhere, in some files.
# shellcheck disable=SC2034 # checkpatch() gets the names of the lists
{
any=(
	FILE_PATH_CHANGES	# asks for an entry in a tree's MAINTAINERS
	MACRO_ARG_REUSE		# does not know types and members from expressions
)
trace=(
	OPEN_ENDED_LINE		# the layout that all TRACE_EVENTs have
	PARENTHESIS_ALIGNMENT
)
uapi=(
	BIT_MACRO		# BIT() is not for user space
)
compat=(
	LINUX_VERSION_CODE	# is what this folder is for
	CONSTANT_COMPARISON
)
tests=(
	BIT_MACRO		# BIT() is not for user space
	BRACES			# EXPECT_* and ASSERT_* are not single statements
	ARCH_DEFINES		# a breakpoint is an instruction
	ARRAY_SIZE		# not for everyone in user space
	CAMELCASE		# _Static_assert
	COMPLEX_MACRO		# lists of fields
	LEADING_SPACE		# macros outside of functions
	LINE_SPACING		# macros that define something
	MACRO_ARG_PRECEDENCE	# members
	MACRO_ARG_UNUSED	# a list of layout.h gives each macro the same
	MULTIPLE_ASSIGNMENTS	# a row of fds
	MULTISTATEMENT_MACRO_USE_DO_WHILE
	NAKED_SSCANF		# is checked, by ASSERT_EQ
	PREFER_DEFINED_ATTRIBUTE_MACRO	# those are the kernel's
	PREFER_KERNEL_TYPES	# the library has uint64_t
	TRAILING_SEMICOLON	# macros that define something
	USE_NEGATIVE_ERRNO	# errno itself is positive
	VOLATILE		# shared with a signal handler
)

}

# checkpatch LIST FILE... - all but what is in "any" and the list of this name
checkpatch()
{
	local -n ignored=$1
	local list="${any[*]} ${ignored[*]}"

	shift
	# it writes to where it is
	cd "$build/check"
	"$source/scripts/checkpatch.pl" --no-tree --strict --quiet --terse --show-types \
		--max-line-length=100 --ignore "${list// /,}" -f "${@/#/$top/}" |
		sed "/^total:/d; s|^$top/||"
}

clang_format()
{
	clang-format --dry-run -Werror lib/*.[ch] tools/*.[ch] tools/demo/*.[ch] \
		tools/bench/*.[ch] examples/*.c
}

scripts()
{
	find . \( -name .git -o -path ./build \) -prune -o -type f -print0 |
		xargs -0 awk 'FNR == 1 && /^#!.*sh$/ { print FILENAME }' | xargs shellcheck &&
	shellcheck selftests/vm/lib.sh selftests/vm/guest/etc/profile
}

# All public headers, alone and twice, in a language, with a compiler.
headers()
{
	local compiler=$1 language=$2 standard=$3 header

	shift 3
	for header in linux/ipcbox.h linux/ipcbox_call.h linux/ipcbox_buffer.h ipcbox.h \
		ipcbox_call.h ipcbox_buffer.h ipcbox_atomic.h ipcbox_cell.h; do
		printf '#include <%s>\n#include <%s>\nint use(void);\n' $header $header |
			"$compiler" -x "$language" -std="$standard" -pedantic -Wall -Wextra \
				-Werror "$@" -Iuapi -Ilib -fsyntax-only - || return
	done
}

# Folders in whose C the check reads comments and messages. (module/ is not there yet.)
prose_folders=(examples lib selftests tools uapi)

# Sentences name who acts.
prose()
{
	local sources

	mapfile -t sources < <(find "${prose_folders[@]}" -name '*.[ch]' \
		! -path 'selftests/abi*' ! -path 'selftests/fuzz/*')
	perl selftests/vm/prose.pl -x selftests/vm/prose.txt ./*.md docs/*.md examples/*.md \
		man/*.[1-9] "${sources[@]}"
}

kernel_doc()
{
	perl "$source/scripts/kernel-doc" -none -Werror module/*.[ch] uapi/linux/*.h
}

# Files that name no licence; an empty one, such as some tools leave, is among them. COPYING
# says which cannot.
licences()
{
	local unnamed

	unnamed=$(find . \( -name .git -o -path ./build -o -path ./LICENSES -o -path ./COPYING \
			-o -path ./MAINTAINERS -o -path ./selftests/mutants \
			-o -path ./selftests/fuzz/corpus -o -path ./selftests/vm/kernels \
			-o -path './selftests/vm/guest/etc/[gp]*' \
			-o -name '*.csv' -o -name '*.svg' -o -name '*.expected' \) -prune -o -type f -print0 |
		xargs -0 grep -L 'SPDX-License-Identifier: [A-Z(]' || :)
	echo "$unnamed"
	[ -z "$unnamed" ]
}

commands_in_manual()
{
	awk -f selftests/uapi.awk -f selftests/vm/manual.awk uapi/linux/*.h man/ipcbox.4
}

# run_check NUMBER TITLE COMMAND... - tell the title, and the output of what failed
run_check()
{
	local number=$1 title=$2 log=$results/$1.log start=$SECONDS

	shift 2
	if ("$@") >"$log" 2>&1 </dev/null; then
		echo "ok      $title"
		touch "$results/$number.passed"
	else
		printf '%s\n' "FAILED  $title" "$(sed 's/^/        /' "$log")"
	fi
	note took $((SECONDS - start)) "check: $title"
}

# check TITLE COMMAND... - run a check, beside others
check()
{
	started=$((started + 1))
	spawn "$jobs" run_check "$started" "$@"
}

"$vm/install.sh" vm check
trap stop_spawned EXIT
rm -rf "$results"
mkdir -p "$results"
source=$("$vm/fetch.sh" source)

# The longest checks begin first.
check 'man: each call has a page' "$vm/pages.sh"
check 'docs/models: Spin' "$vm/models.sh"
check 'shell scripts: shellcheck' scripts
check 'each file names its licence' licences
check 'lib, tools, examples: clang-format' clang_format
shopt -s extglob
check 'module: checkpatch' checkpatch any module/!(trace).[ch] module/kunit/*.c
check 'module/trace.h: checkpatch' checkpatch trace module/trace.h
check 'module/compat-include: checkpatch' checkpatch compat module/compat-include/*/*.h
check 'uapi: checkpatch' checkpatch uapi uapi/linux/*.h
check 'selftests: checkpatch' checkpatch tests selftests/*.[ch] selftests/fuzz/*.[ch]
check 'uapi: the ABI is the frozen one' "$vm/abi.sh" check
check 'man: the commands are those of the uapi' commands_in_manual
check 'selftests/fuzz: describes the uapi for syzkaller' make -s syzkaller
check 'selftests/mutants: each can be planted' "$vm/mutants.sh" check
check 'module, uapi: kernel-doc' kernel_doc
check 'prose: sentences name who acts' prose
for compiler in g++ clang++; do
	check "headers: $compiler, C++11" headers "$compiler" c++ c++11
	check "headers: $compiler, C++11, 32 bits" headers "$compiler" c++ c++11 -m32
done
for compiler in gcc clang; do
	check "headers: $compiler, C99" headers "$compiler" c c99
	check "headers: $compiler, C99, 32 bits" headers "$compiler" c c99 -m32
done
check 'in a kernel tree: the module, as drivers/misc/ipcbox' "$vm/kernel_tree.sh" module
check 'in a kernel tree: the selftests' "$vm/kernel_tree.sh" selftests
for kernel in "${all_kernels[@]}"; do
	status=0
	dir=$("$vm/fetch.sh" "$kernel") || status=$?
	if [ "$status" = "$unavailable" ]; then
		echo "SKIPPED module for $kernel: the kernel cannot be had"
		skipped=$((skipped + 1))
		continue
	fi
	check "module for $kernel: W=1 -Werror, sparse" module_is_clean "$kernel" "$dir"
done
wait
passed=$(find "$results" -name '*.passed' | wc -l)
closing_line "$passed" $((started - passed)) "$skipped"
