// SPDX-License-Identifier: GPL-2.0
/*
 * The child of a worker: it inherits all fds, and goes on by itself, as it is or
 * after exec() with one of the fds; perhaps longer than the worker.
 */
#include "storm_buffers.h"
#include "storm_fds.h"
#include "storm_worker.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* Its signals wait until the program has its handlers again. */
static void block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static void execute(struct slot *self)
{
	int fd = fd_pick(self, 0), memory = dup(ledger_fd());
	char what[64];

	if (fd < 0 || memory < 0 || fcntl(fd, F_SETFD, 0))
		return;
	snprintf(what, sizeof(what), "%d:%d:%d:%d", memory, ledger_number(self), fd,
		 fd_info_of(fd)->flags);
	block_signals();
	execl("/proc/self/exe", "storm", "--executed", what, NULL);
	_exit(7);
}

static bool is_running(void)
{
	return __atomic_load_n(&ledger->phase, __ATOMIC_SEQ_CST) == RUN;
}

/*
 * Takes all that it can get: in a small memory cgroup it will be killed. A slow kernel needs
 * longer for that than a pause may take to begin.
 */
static void hog(void)
{
	for (int i = 0; i < 256 && is_running(); i++) {
		char *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (memory != MAP_FAILED)
			memset(memory, 1, 1 << 20);
	}
}

static void live(struct slot *self, __u64 seed, const struct pledge *pledge)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	random_seed(self, seed);
	fds_inherit();
	worker_enter(self);
	buffers_inherit(pledge);
	switch (random_below(self, 4)) {
	case 0:
		execute(self);
		break;
	case 1:
		if (self->lowmem)
			hog();
		break;
	}
	worker_steps(self, 100 + random_below(self, 300));
	_exit(0);
}

/*
 * A process has one child at a time. The checker is its parent, as it is of all:
 * a worker that sleeps could not bury it.
 */
void child_start(struct slot *self, struct slot *place)
{
	__u64 seed = random_u64(self);
	struct pledge pledge;
	pid_t nobody = 0;
	long pid;

	if (!__atomic_compare_exchange_n(&place->pid, &nobody, -1, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return;
	place->life++;
	place->lowmem = self->lowmem;
	buffers_before_fork(self, &pledge);
	pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
	if (!pid)
		live(place, seed, &pledge);
	buffers_after_fork(self, &pledge);
	if (pid < 0)
		__atomic_store_n(&place->pid, 0, __ATOMIC_SEQ_CST);
}
