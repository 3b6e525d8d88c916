/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: workers
 *
 * The processes of one measurement. They are forked, attach to their channels, wait
 * for each other, and do their parts; one of them keeps the time of each round in
 * memory that all share. The program itself sleeps meanwhile. If a worker
 * fails, or they are not done at the time limit, all are killed and the result is the
 * reason.
 */
#ifndef BENCH_WORKERS_H
#define BENCH_WORKERS_H

#include "bench.h"
#include "results.h"
#include "system.h"

struct workers;

/* One part, done by one process or by several. */
struct role {
	int processes;
	struct channel *receives;
	struct channel *sends;
	int (*run)(struct workers *workers, const struct role *role);
	size_t queued;	      /* self.c: how many messages wait */
	bool many_priorities; /* and whether they differ */
};

/* In shared memory. */
struct score {
	size_t rounds;
	double values[MAX_ROUNDS];
	char error[128];
};

struct workers {
	size_t warm;	     /* operations before the first round */
	size_t count;	     /* in each round */
	int batch;	     /* messages in one call */
	int count_receivers; /* that need a message at the end */
	void *data;	     /* of each process's own: a batch of messages */
	struct score *score;
};

/*
 * Run the roles and keep what they measured as the result of @subject. Roles end
 * with one that has no processes.
 */
void workers_run(struct workers *workers, const struct role *roles, const struct subject *subject);

/* How many operations there are in all. */
size_t workers_total(const struct workers *workers);

/* Rounds: start() after the warm-up, then lap() after each round. */
void rounds_start(void);
void rounds_lap(struct workers *workers);

/* Or, where what is measured is less than the whole round, the result of each. */
void rounds_add(struct workers *workers, double value);

#endif /* BENCH_WORKERS_H */
