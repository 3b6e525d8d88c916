/* SPDX-License-Identifier: GPL-2.0 */
/* Chaos from outside: signals, kills, lower limits, visitors, unloading. */
#ifndef STORM_CHAOS_H
#define STORM_CHAOS_H

#include "storm_ledger.h"

void chaos_step(struct slot *rng, bool calm);
void chaos_end(void);

#endif /* STORM_CHAOS_H */
