// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "hostile.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WATCHES 90000
#define SLEEPERS 8000

struct hostile_words hostile_words;

void hostile_go_first(enum hostile_order order)
{
	const struct sched_param param = { .sched_priority = order };

	sched_setscheduler(0, SCHED_FIFO, &param);
}

int hostile_begin(uint64_t word)
{
	uint64_t answer;

	return words_send(&hostile_words.begin, word) ?: words_get(&hostile_words.begun, &answer);
}

struct channel hostile_channel(size_t bytes)
{
	static const struct system nothing;

	return (struct channel){ .system = &nothing, .bytes = bytes };
}

/* Return: a pid, when it is ready to be killed, or a negative errno. */
static pid_t fork_victim(int (*be)(const struct role *role), const struct role *role)
{
	struct words ready;
	uint64_t word = 0;
	pid_t pid;

	words_open(&ready);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		hostile_go_first(HOSTILE_VICTIM);
		words_send(&ready, be(role) < 0);
		for (;;)
			pause();
	}
	if (pid < 0) {
		pid = -errno;
	} else if (words_get(&ready, &word) || word) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		pid = -EIO;
	}
	words_close(&ready);
	return pid;
}

int hostile_kill(int (*be)(const struct role *role), const struct role *role, double *took)
{
	pid_t victim = fork_victim(be, role);
	uint64_t killed;
	int ret;

	if (victim < 0)
		return victim;
	ret = hostile_begin(victim);
	usleep(2000); /* it is in the midst of it by then */
	killed = now_ns();
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
	*took = now_ns() - killed;
	return ret;
}

static void run(const struct system *system, size_t bytes)
{
	words_open(&hostile_words.begin);
	words_open(&hostile_words.begun);
	if (!strcmp(system->name, "ipcbox-port")) {
		hostile_receive(system, bytes, 0);
		hostile_receive(system, bytes, WATCHES);
		hostile_close(system, bytes, 0);
		hostile_close(system, bytes, 1);
	} else if (!strcmp(system->name, "ipcbox-link")) {
		hostile_receive(system, bytes, 0);
		hostile_receive(system, bytes, WATCHES);
		hostile_exit_watched(system, bytes, 0);
		hostile_exit_watched(system, bytes, WATCHES);
	} else if (!strcmp(system->name, "ipcbox-buffer")) {
		hostile_wait(system, bytes, 0);
		hostile_wait(system, bytes, SLEEPERS);
		hostile_exit_asleep(system, bytes, 0);
		hostile_exit_asleep(system, bytes, SLEEPERS);
	}
	words_close(&hostile_words.begin);
	words_close(&hostile_words.begun);
}

const struct bench_case hostile_case = {
	.name = "hostile",
	.summary = "a receive, a wait, an exit and a close beside a process that does its worst",
	.one_size = true,
	.run = run,
};
