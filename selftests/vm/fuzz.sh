#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fuzz.sh - run programs made by chance in the test machine
#
# From the environment, all of them optional:
#   KERNEL   run on this kernel (default debug, with the module built for kcov)
#   SECONDS  for how long (default 60; 0: only the programs in selftests/fuzz/corpus)
#   SEED     of the numbers that the programs are made from (default: another each
#            time, which is told)
#   BITS     32: as a 32-bit program

# The shell has a SECONDS of its own, which goes on from that of the environment.
seconds=$(printenv SECONDS || echo 60)

. "$(dirname "$0")/lib.sh"

SEED=${SEED:-$((RANDOM << 15 | RANDOM))}
export KERNEL=${KERNEL:-debug}
[ "$KERNEL" != debug ] || export INSTRUMENT=kcov
folder=/tests
[ "${BITS:-64}" != 32 ] || folder=/tests32

say "make fuzz KERNEL=$KERNEL BITS=${BITS:-64} SECONDS=$seconds SEED=$SEED"
PROGRAMS="$folder/fuzz --seconds $seconds --seed $SEED" \
AGAIN="make fuzz KERNEL=$KERNEL BITS=${BITS:-64} SECONDS=$seconds SEED=$SEED" \
LIMIT=$((seconds + 600)) exec "$vm/test.sh"
