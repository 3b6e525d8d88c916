/* SPDX-License-Identifier: GPL-2.0 */
/* Tasks beside the test: calls in threads of their own, and children. */
#ifndef TASKS_H
#define TASKS_H

#include "commands.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/*
 * How often a test repeats something, or how many it starts: all, or an n-th of it where
 * IPCBOX_SHARE=n says so, on a slow kernel that runs it in full elsewhere.
 */
HELPER int share_of(int all)
{
	const char *share = getenv("IPCBOX_SHARE");

	return share && atoi(share) > 1 ? all / atoi(share) : all;
}

/* A command in a thread of its own. */
struct call {
	pthread_t thread;
	int fd;
	unsigned long nr;
	void *arg;
	int ret;
	pid_t tid;
	bool joined;
	__u64 tag;			/* for call_send_tag() */
	struct ipcbox_send send;
	struct ipcbox_recv recv;
	char data[64];
};

HELPER void *call_run(void *arg)
{
	struct call *c = arg;

	__atomic_store_n(&c->tid, gettid(), __ATOMIC_RELEASE);
	c->ret = command(c->fd, c->nr, c->arg);
	return NULL;
}

HELPER void call_start(struct call *c, int fd, unsigned long nr, void *arg)
{
	pthread_attr_t attr;

	c->fd = fd;
	c->nr = nr;
	c->arg = arg;
	c->tid = 0;
	c->joined = false;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	if (pthread_create(&c->thread, &attr, call_run, c))
		abort();
	pthread_attr_destroy(&attr);
}

/* Starts a receive that may wait; fill c->recv with room() first to differ. */
HELPER void call_recv(struct call *c, int fd)
{
	c->recv = room(c->data, sizeof(c->data));
	call_start(c, fd, IPCBOX_RECV, &c->recv);
}

HELPER void call_recv_until(struct call *c, int fd, __u64 deadline)
{
	c->recv = room(c->data, sizeof(c->data));
	c->recv.deadline = deadline;
	call_start(c, fd, IPCBOX_RECV, &c->recv);
}

HELPER void call_send_tag(struct call *c, int fd, __u64 tag, __u32 priority)
{
	c->tag = tag;
	c->send = tagged(&c->tag, priority);
	call_start(c, fd, IPCBOX_SEND, &c->send);
}

/* Return: the result of the call, or NOT_YET while it waits. */
HELPER int call_end(struct call *c)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	if (!c->joined)
		c->joined = !pthread_timedjoin_np(c->thread, NULL, &until);
	return c->joined ? c->ret : NOT_YET;
}

HELPER bool call_ended(struct call *c)
{
	if (!c->joined)
		c->joined = !pthread_tryjoin_np(c->thread, NULL);
	return c->joined;
}

/* Processes */

/* Memory that children share with the test. */
HELPER void *shared_alloc(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* A child that dies with its parent and ends with what FN returns. */
HELPER pid_t spawn(int (*fn)(void *arg), void *arg)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Too late? In a pid namespace of its own it sees no parent (0). */
	if (getppid() != parent && getppid() != 0)
		_exit(1);
	_exit(fn(arg));
}

/* A child with the same table of fds: what one closes the other has no more. */
HELPER pid_t spawn_sharing_fds(int (*fn)(void *arg), void *arg)
{
	pid_t pid = syscall(__NR_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL,
			    NULL);

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(fn(arg));
}

HELPER int pidfd_of(pid_t pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

/* The exit status of a child, or minus the signal that killed it. */
HELPER int reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

HELPER int kill_and_reap(pid_t pid)
{
	kill(pid, SIGKILL);
	return reap(pid);
}

/*
 * A peer with a mailbox of its own, to which everyone may send and of which it
 * holds as many messages as asked for each link. It takes orders through a
 * pipe: read one message (and tell its tag), or close the mailbox.
 */
struct peer {
	pid_t pid;
	int to, from;		/* pipes */
	int max_messages;
};

enum { PEER_RECV = 'r', PEER_CLOSE = 'c', PEER_OPEN = 'o' };

HELPER int peer_mailbox(int control, int max_messages)
{
	return mailbox_open_attr(control, 0, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE | IPCBOX_ATTR_MESSAGES,
		.mode = 0622, .max_messages = max_messages });
}

HELPER void peer_serve(int in, int out, int max_messages)
{
	int control = control_open();
	int box = peer_mailbox(control, max_messages);
	long long answer = box < 0 ? box : 0;
	char what;

	do {
		if (write(out, &answer, sizeof(answer)) != sizeof(answer))
			_exit(1);
		if (read(in, &what, 1) != 1)
			_exit(0);
		switch (what) {
		case PEER_RECV:
			answer = recv_tag(box);
			break;
		case PEER_CLOSE:
			answer = close(box);
			break;
		case PEER_OPEN:
			box = peer_mailbox(control, max_messages);
			answer = box < 0 ? box : 0;
			break;
		}
	} while (true);
}

HELPER long long peer_answer(struct peer *p)
{
	long long answer;

	if (read(p->from, &answer, sizeof(answer)) != sizeof(answer))
		return -EIO;
	return answer;
}

HELPER long long peer_do(struct peer *p, char what)
{
	if (write(p->to, &what, 1) != 1)
		return -EIO;
	return peer_answer(p);
}

/* 0 when the peer is there and has its mailbox. */
HELPER int peer_start(struct peer *p, int max_messages)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return -errno;
	p->pid = fork();
	if (p->pid < 0)
		return -errno;
	if (!p->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Fds that were inherited would keep what they are open to. */
		dup2(to[0], 0);
		dup2(from[1], 1);
		syscall(__NR_close_range, 3, ~0U, 0);
		peer_serve(0, 1, max_messages);
	}
	close(to[0]);
	close(from[1]);
	p->to = to[1];
	p->from = from[0];
	return peer_answer(p);
}

HELPER void peer_kill(struct peer *p)
{
	kill_and_reap(p->pid);
	close(p->to);
	close(p->from);
}

/* Signals */

static volatile sig_atomic_t signals_seen;

HELPER void count_signal(int signal)
{
	(void)signal;
	signals_seen++;
}

HELPER void on_sigusr1(int flags)
{
	struct sigaction action = { .sa_handler = count_signal, .sa_flags = flags };

	sigaction(SIGUSR1, &action, NULL);
}

#endif /* TASKS_H */
