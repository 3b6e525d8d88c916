// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * How soon others go on when a process is killed in the midst of sending: from kill(2)
 * until a receiver, asleep meanwhile, has the message behind the one that the dead was
 * writing.
 */
#include "crew.h"

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The receiver waits for a word, and writes when it had the first message. */
static int go[2], came[2];

static int send_word(int fd, uint64_t word)
{
	return write(fd, &word, sizeof(word)) == sizeof(word) ? 0 : -EIO;
}

static int get_word(int fd, uint64_t *word)
{
	return read(fd, word, sizeof(*word)) == sizeof(*word) ? 0 : -EIO;
}

/* Of a process that does nothing else. Return: its pid when it has begun, or an errno. */
static pid_t fork_writer(const struct role *role)
{
	int begun[2];
	uint64_t word;
	pid_t pid;

	if (pipe(begun))
		return -errno;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (role->sends->system->begin(role->sends) || send_word(begun[1], 0))
			_exit(1);
		for (;;)
			pause();
	}
	if (pid < 0)
		pid = -errno;
	close(begun[1]);
	if (pid > 0 && get_word(begun[0], &word)) {
		waitpid(pid, NULL, 0);
		pid = -EIO;
	}
	close(begun[0]);
	return pid;
}

/* Return: 0, with how long it took. */
static int kill_one(struct crew *crew, const struct role *role, double *took)
{
	pid_t writer = fork_writer(role);
	uint64_t killed, received = 0;
	size_t left;
	int ret = 0;

	if (writer < 0)
		return writer;
	for (left = role->queued; left && ret >= 0; left--)
		ret = role->sends->system->send(role->sends, crew->data);
	if (ret >= 0)
		ret = send_word(go[1], role->queued);
	usleep(2000); /* the receiver is asleep by then */
	killed = now_ns();
	kill(writer, SIGKILL);
	if (ret >= 0)
		ret = get_word(came[0], &received);
	*took = (double)received - (double)killed;
	waitpid(writer, NULL, 0);
	return ret;
}

static int kill_many(struct crew *crew, const struct role *role, size_t count, double *sum)
{
	double took;
	int ret = 0;

	for (*sum = 0; count && ret >= 0; count--) {
		ret = kill_one(crew, role, &took);
		*sum += took;
	}
	return ret;
}

static int send_and_kill(struct crew *crew, const struct role *role)
{
	unsigned int round;
	double sum;
	int ret = kill_many(crew, role, crew->warm, &sum);

	for (round = 0; round < settings.rounds && ret >= 0; round++) {
		ret = kill_many(crew, role, crew->count, &sum);
		rounds_add(crew, sum / crew->count);
	}
	return ret < 0 ? ret : send_word(go[1], 0);
}

static int receive(struct crew *crew, const struct role *role)
{
	uint64_t messages, left;
	int ret;

	for (;;) {
		ret = get_word(go[0], &messages);
		if (ret || !messages)
			return ret;
		for (left = messages; left; left--) {
			ret = role->receives->system->recv(role->receives, crew->data);
			if (ret < 0)
				return ret;
			if (left == messages && send_word(came[1], now_ns()))
				return -EIO;
		}
	}
}

static void measure(const struct system *system, size_t bytes, size_t queued)
{
	struct subject subject = { "", system->name, bytes, 1 };
	struct crew crew = { .count = scaled(20), .warm = scaled(5) };
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
	crew_run(&crew, roles, &subject);
	channel_close(&channel);
}

static void run(const struct system *system, size_t bytes)
{
	if (!system->begin)
		return;
	if (pipe(go) || pipe(came))
		err(1, "pipes for a measurement");
	measure(system, bytes, 1);
	measure(system, bytes, 1000);
	close(go[0]);
	close(go[1]);
	close(came[0]);
	close(came[1]);
}

const struct bench_case repair_case = {
	.name = "repair",
	.summary = "from the kill of a process that is writing until others go on",
	.one_size = true,
	.run = run,
};
