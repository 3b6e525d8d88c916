#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# seeded.sh storm|fuzz [SECONDS [SEED]] - run the storm or the fuzzer in the test machine
#
# SECONDS is for how long (default 60; fuzz with 0: only the programs in
# selftests/fuzz/corpus), SEED the source of its choices (default: another each
# time, which it prints). From the environment: BITS (default 64) and KERNEL (default:
# storm 6.12; fuzz debug, with the module built for kcov).

. "$(dirname "$0")/lib.sh"

program=$1
seconds=${2:-60}
seed=${3:-$((RANDOM << 15 | RANDOM))}

case $program in
storm)	KERNEL=${KERNEL:-6.12} ;;
fuzz)	KERNEL=${KERNEL:-debug} ;;
esac
[ "$program-$KERNEL" != fuzz-debug ] || export INSTRUMENT=kcov
case ${BITS:=64} in
64)	tests=tests ;;
32)	tests=tests32 ;;
*)	die "BITS is 64 or 32" ;;
esac

export KERNEL BITS
export PROGRAMS="/$tests/$program --seconds $seconds --seed $seed"
export AGAIN="make $program KERNEL=$KERNEL BITS=$BITS SECONDS=$seconds SEED=$seed"
export LIMIT=$((seconds + 600))
say "$AGAIN"
exec "$vm/test.sh"
