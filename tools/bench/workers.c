// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "workers.h"

#include "pages.h"

#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Shared by the workers of a measurement. */
struct common {
	struct score score;
	pthread_barrier_t attached;
	pthread_barrier_t ready;
};

static uint64_t lap_start;

size_t workers_total(const struct workers *workers)
{
	return workers->warm + workers->count * settings.rounds;
}

void rounds_start(void)
{
	lap_start = now_ns();
}

void rounds_add(struct workers *workers, double value)
{
	struct score *score = workers->score;

	score->values[score->rounds++] = value;
}

void rounds_lap(struct workers *workers)
{
	rounds_add(workers, (double)(now_ns() - lap_start) / workers->count);
	lap_start = now_ns();
}

static struct common *new_common(int processes)
{
	struct common *common;
	pthread_barrierattr_t attr;

	common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (common == MAP_FAILED)
		err(1, "memory for a measurement");
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&common->attached, &attr, processes);
	pthread_barrier_init(&common->ready, &attr, processes);
	return common;
}

static void fail_worker(struct common *common, const char *doing, int error)
{
	snprintf(common->score.error, sizeof(common->score.error), "%s: %s", doing,
		 strerror(-error));
	_exit(1);
}

static void attach_receiver(struct channel *channel, struct common *common)
{
	int ret = 0;

	if (channel && channel->system->attach_receiver)
		ret = channel->system->attach_receiver(channel);
	if (ret < 0)
		fail_worker(common, "cannot attach a receiver", ret);
}

static void attach_sender(struct channel *channel, struct common *common)
{
	int ret = 0;

	if (channel && channel->system->attach_sender)
		ret = channel->system->attach_sender(channel);
	if (ret < 0)
		fail_worker(common, "cannot attach a sender", ret);
}

static size_t data_size(const struct workers *workers, const struct role *role)
{
	const struct channel *channel = role->sends ? role->sends : role->receives;

	return channel->bytes * workers->batch;
}

static void be_worker(struct workers *workers, const struct role *role, struct common *common)
{
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	workers->data = new_data(data_size(workers, role));
	attach_receiver(role->receives, common);
	pthread_barrier_wait(&common->attached);
	attach_sender(role->sends, common);
	bring_in_shared_pages();
	pthread_barrier_wait(&common->ready);
	ret = role->run(workers, role);
	if (ret < 0)
		fail_worker(common, "a call failed", ret);
	_exit(0);
}

static int count_workers(const struct role *roles)
{
	int processes = 0;

	for (; roles->processes; roles++)
		processes += roles->processes;
	return processes;
}

static void kill_all(const pid_t *pids, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
}

/* Return: how many were forked. */
static int fork_all(struct workers *workers, const struct role *roles, struct common *common,
		    pid_t *pids)
{
	int count = 0, i;

	for (; roles->processes; roles++) {
		for (i = 0; i < roles->processes; i++) {
			pids[count] = fork();
			if (pids[count] < 0)
				return count;
			if (!pids[count])
				be_worker(workers, roles, common);
			count++;
		}
	}
	return count;
}

/* Take one that ended off the list. Return: whether it did what it should. */
static bool reap(pid_t *pids, int count, pid_t pid, int status)
{
	int i;

	for (i = 0; i < count; i++)
		if (pids[i] == pid)
			pids[i] = 0;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Return: 0, -ECHILD if one failed, -ETIMEDOUT. */
static int wait_all(pid_t *pids, int count)
{
	struct timespec limit = { .tv_sec = settings.limit };
	sigset_t child;
	int left = count, status;
	pid_t pid;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (left) {
		while (left && (pid = waitpid(-1, &status, WNOHANG)) > 0) {
			if (!reap(pids, count, pid, status))
				return -ECHILD;
			left--;
		}
		if (left && sigtimedwait(&child, NULL, &limit) < 0 && errno == EAGAIN)
			return -ETIMEDOUT;
	}
	return 0;
}

static void end_all(const pid_t *pids, int count)
{
	kill_all(pids, count);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void tell(const struct subject *subject, const struct score *score, int error)
{
	if (error == -ETIMEDOUT)
		add_failure(subject, "not done after %u s", settings.limit);
	else if (score->error[0])
		add_failure(subject, "%s", score->error);
	else if (error)
		add_failure(subject, "a process died: %s", strerror(-error));
	else
		add_result(subject, strcmp(settings.clock, "instructions") ? "ns" : "instructions",
			   score->values, score->rounds);
}

void workers_run(struct workers *workers, const struct role *roles, const struct subject *subject)
{
	int processes = count_workers(roles);
	struct common *common = new_common(processes);
	pid_t *pids = calloc(processes, sizeof(*pids));
	int forked, error;

	if (!pids)
		err(1, "memory for a measurement");
	workers->score = &common->score;
	if (!workers->batch)
		workers->batch = 1;
	forked = fork_all(workers, roles, common, pids);
	error = forked < processes ? -errno : wait_all(pids, forked);
	end_all(pids, forked);
	tell(subject, &common->score, error);
	free(pids);
	munmap(common, sizeof(*common));
}
