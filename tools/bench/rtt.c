// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A request and its reply between two processes: the time that the client waits.
 */
#include "workers.h"

#include <string.h>

static int trip(const struct role *role, void *data)
{
	const struct system *system = role->sends->system;
	int ret;

	if (system->call)
		return system->call(role->sends, data);
	ret = system->send(role->sends, data);
	return ret < 0 ? ret : system->recv(role->receives, data);
}

static int trips(const struct role *role, void *data, size_t count)
{
	int ret = 0;

	while (count-- && ret >= 0)
		ret = trip(role, data);
	return ret;
}

static int ask(struct workers *workers, const struct role *role)
{
	unsigned int round;
	int ret = trips(role, workers->data, workers->warm);

	rounds_start();
	for (round = 0; round < settings.rounds && ret >= 0; round++) {
		ret = trips(role, workers->data, workers->count);
		rounds_lap(workers);
	}
	return ret;
}

static int answer_one(struct workers *workers, const struct role *role)
{
	const struct system *system = role->receives->system;
	int ret = system->recv(role->receives, workers->data);

	return ret < 0 ? ret : system->send(role->sends, workers->data);
}

/* The last reply of a server of calls goes out with no receive after it. */
static int answer(struct workers *workers, const struct role *role)
{
	const struct system *system = role->receives->system;
	size_t left = workers_total(workers);
	bool first = true;
	int ret = 0;

	while (left-- && ret >= 0) {
		if (system->reply_recv)
			ret = system->reply_recv(role->receives, workers->data, first);
		else
			ret = answer_one(workers, role);
		first = false;
	}
	if (ret >= 0 && system->reply_last)
		ret = system->reply_last(role->receives, workers->data);
	return ret;
}

/* A message there and a message back, each by a channel of its own. */
static void run_messages(struct workers *workers, struct channel *request,
			 const struct subject *subject)
{
	struct channel reply;
	struct role roles[] = {
		{ 1, request, &reply, answer, 0, false },
		{ 1, &reply, request, ask, 0, false },
		{ 0 },
	};
	int err = channel_open(&reply, request->system, request->bytes, request->messages);

	if (err) {
		add_skip(subject, "cannot open: %s", strerror(-err));
		return;
	}
	workers_run(workers, roles, subject);
	channel_close(&reply);
}

/* The reply to a call needs no channel. */
static void run_calls(struct workers *workers, struct channel *request,
		      const struct subject *subject)
{
	struct role roles[] = {
		{ 1, request, NULL, answer, 0, false },
		{ 1, NULL, request, ask, 0, false },
		{ 0 },
	};

	workers_run(workers, roles, subject);
}

static void run(const struct system *system, size_t bytes)
{
	struct subject subject = { "rtt", system->name, bytes, 1 };
	size_t count = bytes > 4096 ? 200 : 1000;
	struct workers workers = { .count = scaled(count), .warm = scaled(count / 2) };
	struct channel request;
	int err = channel_open(&request, system, bytes, default_messages(bytes));

	if (err) {
		add_skip(&subject, "cannot open: %s", strerror(-err));
		return;
	}
	if (system->call)
		run_calls(&workers, &request, &subject);
	else
		run_messages(&workers, &request, &subject);
	channel_close(&request);
}

const struct bench_case rtt_case = {
	.name = "rtt",
	.summary = "a request and its reply between two processes",
	.run = run,
};
