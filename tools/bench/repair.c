// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * How soon others go on when a process is killed in the midst of sending: from kill(2)
 * until a receiver, asleep meanwhile, has the message behind the one that the dead was
 * writing.
 */
#include "words.h"
#include "workers.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The receiver waits for a word, and writes when it had the first message. */
static struct words go, came;

/* A process that does nothing else. Return: its pid when it has begun, or an errno. */
static pid_t fork_writer(const struct role *role)
{
	struct words begun;
	uint64_t word;
	pid_t pid;

	words_open(&begun);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		words_send(&begun, role->sends->system->begin(role->sends) < 0);
		for (;;)
			pause();
	}
	if (pid < 0) {
		pid = -errno;
	} else if (words_get(&begun, &word) || word) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		pid = -EIO;
	}
	words_close(&begun);
	return pid;
}

/* Return: 0, with how long it took. */
static int kill_one(struct workers *workers, const struct role *role, double *took)
{
	pid_t writer = fork_writer(role);
	uint64_t killed, received = 0;
	size_t left;
	int ret = 0;

	if (writer < 0)
		return writer;
	for (left = role->queued; left && ret >= 0; left--)
		ret = role->sends->system->send(role->sends, workers->data);
	if (ret >= 0)
		ret = words_send(&go, role->queued);
	usleep(2000); /* the receiver is asleep by then */
	killed = now_ns();
	kill(writer, SIGKILL);
	if (ret >= 0)
		ret = words_get(&came, &received);
	*took = (double)received - (double)killed;
	waitpid(writer, NULL, 0);
	return ret;
}

static int kill_many(struct workers *workers, const struct role *role, size_t count, double *sum)
{
	double took;
	int ret = 0;

	for (*sum = 0; count && ret >= 0; count--) {
		ret = kill_one(workers, role, &took);
		*sum += took;
	}
	return ret;
}

static int send_and_kill(struct workers *workers, const struct role *role)
{
	unsigned int round;
	double sum;
	int ret = kill_many(workers, role, workers->warm, &sum);

	for (round = 0; round < settings.rounds && ret >= 0; round++) {
		ret = kill_many(workers, role, workers->count, &sum);
		rounds_add(workers, sum / workers->count);
	}
	return ret < 0 ? ret : words_send(&go, 0);
}

static int receive(struct workers *workers, const struct role *role)
{
	uint64_t messages, left;
	int ret;

	for (;;) {
		ret = words_get(&go, &messages);
		if (ret || !messages)
			return ret;
		for (left = messages; left; left--) {
			ret = role->receives->system->recv(role->receives, workers->data);
			if (ret < 0)
				return ret;
			if (left == messages && words_send(&came, now_ns()))
				return -EIO;
		}
	}
}

static void measure(const struct system *system, size_t bytes, size_t queued)
{
	struct subject subject = { "", system->name, bytes, 1 };
	struct workers workers = { .count = scaled(20), .warm = scaled(5) };
	struct channel channel;
	struct role roles[] = {
		{ 1, NULL, &channel, send_and_kill, queued, false },
		{ 1, &channel, NULL, receive, 0, false },
		{ 0 },
	};
	int error = channel_open(&channel, system, bytes, queued + 1);

	snprintf(subject.name, sizeof(subject.name), "repair-%zu", queued);
	if (error) {
		add_skip(&subject, "cannot open: %s", strerror(-error));
		return;
	}
	workers_run(&workers, roles, &subject);
	channel_close(&channel);
}

static void run(const struct system *system, size_t bytes)
{
	if (!system->begin)
		return;
	words_open(&go);
	words_open(&came);
	measure(system, bytes, 1);
	measure(system, bytes, 1000);
	words_close(&go);
	words_close(&came);
}

const struct bench_case repair_case = {
	.name = "repair",
	.summary = "from the kill of a process that is writing until others go on",
	.one_size = true,
	.run = run,
};
