/* SPDX-License-Identifier: GPL-2.0 */
/* The processes of a storm: they take random steps until the checker stops them. */
#ifndef STORM_WORKER_H
#define STORM_WORKER_H

#include "storm_ledger.h"

/* Slots of a process: its threads, then its child. */
static inline struct slot *slots_of(int process)
{
	return &ledger->slots[1 + process * PER_PROCESS];
}

int worker_run(int process, const int sockets[2]);
int worker_run_executed(const char *what);
void look_at(const char *path);

/* For a child of a worker */
void worker_enter(struct slot *self);
void worker_steps(struct slot *self, int count);

/* storm_child.c */
void child_start(struct slot *self, struct slot *place);

#endif /* STORM_WORKER_H */
