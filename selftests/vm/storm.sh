#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# storm.sh [SECONDS [SEED]] - the storm of selftests/storm.c in the test machine
#
# From the environment: KERNEL (default 6.12) and BITS (default 64).

. "$(dirname "$0")/lib.sh"

seconds=${1:-60}
seed=${2:-$((RANDOM << 15 | RANDOM))}
export KERNEL=${KERNEL:-6.12}

case ${BITS:=64} in
64)	tests=tests ;;
32)	tests=tests32 ;;
*)	die "BITS is 64 or 32" ;;
esac

echo "A storm of $seconds seconds on $KERNEL, SEED=$seed"
export PROGRAMS="/$tests/storm --seconds $seconds --seed $seed"
export AGAIN="make storm KERNEL=$KERNEL BITS=$BITS SECONDS=$seconds SEED=$seed"
export LIMIT=$((seconds + 300))
exec "$vm/test.sh"
