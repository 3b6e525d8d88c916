/* SPDX-License-Identifier: GPL-2.0 */
/* The processes of a storm as the checker, their parent, sees them. */
#ifndef STORM_PROCESSES_H
#define STORM_PROCESSES_H

#include "storm_ledger.h"

struct tally {
	unsigned long long messages;
	int rounds, started, killed, signals, quiet, drained, squeezes, visitors, removals;
	int buffered, twice;	/* came out of buffers; were in hand more than once */
};

extern struct tally tally;

int processes_start(__u64 seed);
void processes_reap(void);
void processes_replace(void);
void processes_kill_one(struct slot *rng);
void processes_signal_one(struct slot *rng, int signal);
void processes_stop(void);
void processes_dismiss(void);
void processes_close_sockets(void);
void processes_describe(const struct slot *slot, char *text, size_t size);

/* The memory cgroup in which memory is short */
bool lowmem_open(void);
void lowmem_lower_limit(struct slot *rng);
void lowmem_restore_limit(void);
int lowmem_enter(void);
void lowmem_close(void);

#endif /* STORM_PROCESSES_H */
