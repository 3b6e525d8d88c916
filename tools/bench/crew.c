// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "crew.h"

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

/* Shared by a crew. */
struct common {
	struct score score;
	pthread_barrier_t attached;
	pthread_barrier_t ready;
};

static uint64_t lap_start;

size_t crew_total(const struct crew *crew)
{
	return crew->warm + crew->count * settings.rounds;
}

void rounds_start(void)
{
	lap_start = now_ns();
}

void rounds_add(struct crew *crew, double value)
{
	struct score *score = crew->score;

	score->values[score->rounds++] = value;
}

void rounds_lap(struct crew *crew)
{
	rounds_add(crew, (double)(now_ns() - lap_start) / crew->count);
	lap_start = now_ns();
}

static struct common *new_common(int members)
{
	struct common *common;
	pthread_barrierattr_t attr;

	common = mmap(NULL, sizeof(*common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (common == MAP_FAILED)
		err(1, "memory for a measurement");
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&common->attached, &attr, members);
	pthread_barrier_init(&common->ready, &attr, members);
	return common;
}

static void fail_member(struct common *common, const char *doing, int error)
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
		fail_member(common, "cannot attach a receiver", ret);
}

static void attach_sender(struct channel *channel, struct common *common)
{
	int ret = 0;

	if (channel && channel->system->attach_sender)
		ret = channel->system->attach_sender(channel);
	if (ret < 0)
		fail_member(common, "cannot attach a sender", ret);
}

static size_t data_size(const struct crew *crew, const struct role *role)
{
	const struct channel *channel = role->sends ? role->sends : role->receives;

	return channel->bytes * crew->batch;
}

static void be_member(struct crew *crew, const struct role *role, struct common *common)
{
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	crew->data = new_data(data_size(crew, role));
	attach_receiver(role->receives, common);
	pthread_barrier_wait(&common->attached);
	attach_sender(role->sends, common);
	bring_in_shared_pages();
	pthread_barrier_wait(&common->ready);
	ret = role->run(crew, role);
	if (ret < 0)
		fail_member(common, "a call failed", ret);
	_exit(0);
}

static int count_members(const struct role *roles)
{
	int members = 0;

	for (; roles->members; roles++)
		members += roles->members;
	return members;
}

static void kill_all(const pid_t *pids, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
}

/* Return: how many were forked. */
static int fork_all(struct crew *crew, const struct role *roles, struct common *common, pid_t *pids)
{
	int count = 0, i;

	for (; roles->members; roles++) {
		for (i = 0; i < roles->members; i++) {
			pids[count] = fork();
			if (pids[count] < 0)
				return count;
			if (!pids[count])
				be_member(crew, roles, common);
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

void crew_run(struct crew *crew, const struct role *roles, const struct subject *subject)
{
	int members = count_members(roles);
	struct common *common = new_common(members);
	pid_t *pids = calloc(members, sizeof(*pids));
	int forked, error;

	if (!pids)
		err(1, "memory for a measurement");
	crew->score = &common->score;
	if (!crew->batch)
		crew->batch = 1;
	forked = fork_all(crew, roles, common, pids);
	error = forked < members ? -errno : wait_all(pids, forked);
	end_all(pids, forked);
	tell(subject, &common->score, error);
	free(pids);
	munmap(common, sizeof(*common));
}
