/* SPDX-License-Identifier: GPL-2.0 */
/* The processes of a storm as the checker, their parent, sees them. */
#ifndef STORM_CREW_H
#define STORM_CREW_H

#include "storm_ledger.h"

struct tally {
	unsigned long long messages;
	int rounds, started, killed, signals, quiet, drained, squeezes, visitors, removals;
	int buffered, twice;	/* came out of buffers; were in hand more than once */
};

extern struct tally tally;

int crew_start(__u64 seed);
void crew_reap(void);
void crew_replace(void);
void crew_kill_one(struct slot *rng);
void crew_signal_one(struct slot *rng, int signal);
void crew_stop(void);
void crew_dismiss(void);
void processes_close_sockets(void);
void crew_describe(const struct slot *slot, char *text, size_t size);

/* The memory cgroup in which memory is short */
bool lowmem_open(void);
void lowmem_lower_limit(struct slot *rng);
void lowmem_restore_limit(void);
int lowmem_enter(void);
void lowmem_close(void);

#endif /* STORM_CREW_H */
