// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A send and a receive while many messages wait, of one priority and of many. */
#include "self.h"

#include <stdio.h>

static void run(const struct system *system, size_t bytes)
{
	static const size_t depths[] = { 1, 1000, 100000 };
	struct subject subject = { "", system->name, bytes, 1 };
	size_t i;

	if (!(system->promises & HAS_PRIORITIES))
		return;
	for (i = 0; i < ARRAY_COUNT(depths); i++) {
		snprintf(subject.name, sizeof(subject.name), "depth-%zu", depths[i]);
		self_run(&subject, system, depths[i], false);
		snprintf(subject.name, sizeof(subject.name), "depth-many-%zu", depths[i]);
		self_run(&subject, system, depths[i], true);
	}
}

const struct bench_case depth_case = {
	.name = "depth",
	.summary = "a send and a receive while up to 100,000 messages wait",
	.one_size = true,
	.run = run,
};
