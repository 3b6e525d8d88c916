// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Messages one way: the time for one of them while the queue is kept full. From
 * one to one, from four to one, and from one to four, of which one gets each.
 *
 * None of several senders or receivers sees all messages, so the side that is
 * alone keeps the time.
 */
#include "workers.h"

#include <string.h>

#define BATCH 32

static int send_some(struct workers *workers, const struct role *role, int most)
{
	const struct system *system = role->sends->system;
	int ret;

	if (most > 1)
		return system->send_batch(role->sends, workers->data, most);
	ret = system->send(role->sends, workers->data);
	return ret < 0 ? ret : 1;
}

static int recv_some(struct workers *workers, const struct role *role, int most)
{
	const struct system *system = role->receives->system;
	int ret;

	if (most > 1)
		return system->recv_batch(role->receives, workers->data, most);
	ret = system->recv(role->receives, workers->data);
	return ret < 0 ? ret : 1;
}

typedef int (*some_fn)(struct workers *workers, const struct role *role, int most);

static int move(struct workers *workers, const struct role *role, some_fn some, size_t count)
{
	int most, ret = 0;

	while (count) {
		most = count < (size_t)workers->batch ? (int)count : workers->batch;
		ret = some(workers, role, most);
		if (ret < 0)
			return ret;
		count -= ret;
	}
	return 0;
}

/* The side that is alone. */
static int move_timed(struct workers *workers, const struct role *role, some_fn some)
{
	unsigned int round;
	int ret = move(workers, role, some, workers->warm);

	rounds_start();
	for (round = 0; round < settings.rounds && ret >= 0; round++) {
		ret = move(workers, role, some, workers->count);
		rounds_lap(workers);
	}
	return ret;
}

static int send_share(struct workers *workers, const struct role *role)
{
	return move(workers, role, send_some, workers_total(workers) / role->processes);
}

static int recv_timed(struct workers *workers, const struct role *role)
{
	return move_timed(workers, role, recv_some);
}

/* Each receiver ends with the first message that says so. */
static int send_timed(struct workers *workers, const struct role *role)
{
	int ret = move_timed(workers, role, send_some);
	int left;

	*(char *)workers->data = 'e';
	for (left = (int)workers->count_receivers; left && ret >= 0; left--)
		ret = role->sends->system->send(role->sends, workers->data);
	return ret;
}

static int recv_until_end(struct workers *workers, const struct role *role)
{
	int ret;

	do {
		ret = role->receives->system->recv(role->receives, workers->data);
	} while (ret >= 0 && *(char *)workers->data != 'e');
	return ret;
}

/*
 * So many that the queue is filled and emptied many times, and that a round lasts longer
 * than a time slice of another process, also where a message costs next to nothing.
 */
static size_t messages_in_round(const struct system *system, size_t bytes)
{
	if (system->holds && bytes < 1024)
		return 8 * system->holds / bytes;
	if (system->holds)
		return bytes <= 4096 ? 16384 : 4096;
	if (bytes <= 1024)
		return 8192;
	return bytes <= 4096 ? 4096 : 512;
}

static void measure(const struct subject *subject, const struct system *system, int senders,
		    int receivers)
{
	size_t count = scaled(messages_in_round(system, subject->bytes) / 4) * 4;
	struct workers workers = {
		.count = count,
		.warm = count,
		.batch = subject->batch,
		.count_receivers = receivers,
	};
	struct channel channel;
	struct role roles[] = {
		{ receivers, &channel, NULL, receivers > 1 ? recv_until_end : recv_timed, 0,
		  false },
		{ senders, NULL, &channel, receivers > 1 ? send_timed : send_share, 0, false },
		{ 0 },
	};
	int err = channel_open(&channel, system, subject->bytes, default_messages(subject->bytes));

	if (err) {
		add_skip(subject, "cannot open: %s", strerror(-err));
		return;
	}
	workers_run(&workers, roles, subject);
	channel_close(&channel);
}

static bool can_share(const struct subject *subject, const struct system *system,
		      unsigned int promise, const char *side)
{
	if (!(system->promises & promise))
		add_skip(subject, "is not for several %s", side);
	else if (system->max_shared_bytes && subject->bytes > system->max_shared_bytes)
		add_skip(subject, "several %s would get parts of messages", side);
	else
		return true;
	return false;
}

static bool is_stream(const struct system *system)
{
	return (system->promises & CARRIES_PAYLOAD) && !(system->promises & ROUND_TRIPS_ONLY);
}

static void run_stream(const struct system *system, size_t bytes)
{
	struct subject subject = { "stream", system->name, bytes, 1 };

	if (!is_stream(system))
		return;
	measure(&subject, system, 1, 1);
	if (!system->send_batch || (system->batch_bytes && bytes != system->batch_bytes))
		return;
	subject.batch = BATCH;
	measure(&subject, system, 1, 1);
}

static void run_fanin(const struct system *system, size_t bytes)
{
	struct subject subject = { "fanin", system->name, bytes, 1 };

	if (is_stream(system) && can_share(&subject, system, MANY_SENDERS, "senders"))
		measure(&subject, system, 4, 1);
}

static void run_work(const struct system *system, size_t bytes)
{
	struct subject subject = { "work", system->name, bytes, 1 };

	if (is_stream(system) && can_share(&subject, system, MANY_RECEIVERS, "receivers"))
		measure(&subject, system, 1, 4);
}

const struct bench_case stream_case = {
	.name = "stream",
	.summary = "messages from one process to another",
	.run = run_stream,
};

const struct bench_case fanin_case = {
	.name = "fanin",
	.summary = "messages from four processes to one",
	.run = run_fanin,
};

const struct bench_case work_case = {
	.name = "work",
	.summary = "messages from one process to four, each to one of them",
	.run = run_work,
};
