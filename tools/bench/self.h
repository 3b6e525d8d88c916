/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: self
 *
 * A message that a process sends and then receives itself: no switch to another, so
 * that the cost of the queue is left.
 */
#ifndef BENCH_SELF_H
#define BENCH_SELF_H

#include "workers.h"

/*
 * @queued messages wait all the time, of one priority or of many: for a system that
 * HAS_PRIORITIES.
 */
void self_run(const struct subject *subject, const struct system *system, size_t queued,
	      bool many_priorities);

#endif /* BENCH_SELF_H */
