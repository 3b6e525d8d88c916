// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "self.h"

#include <string.h>

#define PRIORITIES 32768 /* both systems that have priorities have so many */

/* Scattered, so that neighbours in time are none in the queue. */
static unsigned int priority_of(const struct role *role, size_t number)
{
	return role->many_priorities ? (unsigned int)(number * 7919 % PRIORITIES) : 0;
}

static int fill(struct workers *workers, const struct role *role)
{
	struct channel *channel = role->sends;
	size_t i;
	int ret = 0;

	for (i = 0; i < role->queued && ret >= 0; i++)
		ret = channel->system->send_priority(channel, workers->data, priority_of(role, i));
	return ret;
}

static int trips(struct workers *workers, const struct role *role, size_t count)
{
	struct channel *channel = role->sends;
	int ret = 0;

	while (count-- && ret >= 0) {
		ret = channel->system->send_priority(channel, workers->data,
						     priority_of(role, count));
		if (ret >= 0)
			ret = channel->system->recv(channel, workers->data);
	}
	return ret;
}

static int run(struct workers *workers, const struct role *role)
{
	unsigned int round;
	int ret = fill(workers, role);

	if (ret >= 0)
		ret = trips(workers, role, workers->warm);
	rounds_start();
	for (round = 0; round < settings.rounds && ret >= 0; round++) {
		ret = trips(workers, role, workers->count);
		rounds_lap(workers);
	}
	return ret;
}

void self_run(const struct subject *subject, const struct system *system, size_t queued,
	      bool many_priorities)
{
	struct workers workers = { .count = scaled(2000), .warm = scaled(2000) };
	struct channel channel;
	struct role roles[] = {
		{ 1, &channel, &channel, run, queued, many_priorities },
		{ 0 },
	};
	int err = channel_open(&channel, system, subject->bytes, queued + 1);

	if (err) {
		add_skip(subject, "cannot open: %s", strerror(-err));
		return;
	}
	workers_run(&workers, roles, subject);
	channel_close(&channel);
}
