// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A round trip to one of many processes that are asleep for a request. */
#include "workers.h"

#include <stdio.h>
#include <string.h>

static int trips(struct workers *workers, const struct role *role, size_t count)
{
	int ret = 0;

	while (count-- && ret >= 0) {
		ret = role->sends->system->send(role->sends, workers->data);
		if (ret >= 0)
			ret = role->receives->system->recv(role->receives, workers->data);
	}
	return ret;
}

/* Each server ends with the first request that says so. */
static int ask(struct workers *workers, const struct role *role)
{
	unsigned int round;
	int ret = trips(workers, role, workers->warm);
	int left;

	rounds_start();
	for (round = 0; round < settings.rounds && ret >= 0; round++) {
		ret = trips(workers, role, workers->count);
		rounds_lap(workers);
	}
	*(char *)workers->data = 'e';
	for (left = workers->count_receivers; left && ret >= 0; left--)
		ret = role->sends->system->send(role->sends, workers->data);
	return ret;
}

static int answer(struct workers *workers, const struct role *role)
{
	int ret;

	for (;;) {
		ret = role->receives->system->recv(role->receives, workers->data);
		if (ret < 0 || *(char *)workers->data == 'e')
			return ret;
		ret = role->sends->system->send(role->sends, workers->data);
		if (ret < 0)
			return ret;
	}
}

static void measure(const struct system *system, size_t bytes, int waiters)
{
	struct subject subject = { "", system->name, bytes, 1 };
	/* each of them has to have run before, for its pages */
	struct workers workers = {
		.count = scaled(1000),
		.warm = scaled(1000) + 2 * waiters,
		.count_receivers = waiters,
	};
	struct channel request, reply;
	struct role roles[] = {
		{ waiters, &request, &reply, answer, 0, false },
		{ 1, &reply, &request, ask, 0, false },
		{ 0 },
	};
	int err = channel_open(&request, system, bytes, QUEUE_MESSAGES);

	snprintf(subject.name, sizeof(subject.name), "waiters-%d", waiters);
	if (!err) {
		err = channel_open(&reply, system, bytes, QUEUE_MESSAGES);
		if (!err) {
			workers_run(&workers, roles, &subject);
			channel_close(&reply);
		}
		channel_close(&request);
	}
	if (err)
		add_skip(&subject, "cannot open: %s", strerror(-err));
}

static void run(const struct system *system, size_t bytes)
{
	const unsigned int needed = CARRIES_PAYLOAD | KEEPS_BOUNDS | MANY_RECEIVERS;

	if ((system->promises & needed) != needed ||
	    (system->promises & (ROUND_TRIPS_ONLY | SPINS)))
		return;
	measure(system, bytes, 1);
	measure(system, bytes, 1000);
}

const struct bench_case waiters_case = {
	.name = "waiters",
	.summary = "a round trip while 1 and 1,000 processes are asleep for it",
	.one_size = true,
	.run = run,
};
