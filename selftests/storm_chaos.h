/* SPDX-License-Identifier: GPL-2.0 */
/* What is done to the processes of a storm from outside. */
#ifndef STORM_CHAOS_H
#define STORM_CHAOS_H

#include "storm_ledger.h"

void chaos_step(struct slot *rng, bool calm);
void chaos_end(void);

#endif /* STORM_CHAOS_H */
