// SPDX-License-Identifier: GPL-2.0
/*
 * Callers that are stopped, traced or frozen and go on: a call that somebody received is
 * neither lost nor made again, and one whose caller does not come back ends.
 */
#include "callers.h"
#include "ipcbox_test.h"

#include <setjmp.h>
#include <sys/ptrace.h>

FIXTURE(call_stop) {
	struct stage stage;
	int control;
	int port;
};

FIXTURE_SETUP(call_stop)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create(self->control, self->stage.name, BOTH);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(call_stop)
{
	EXPECT_EQ(0, calls_of(self->port));
	stage_teardown(_metadata, &self->stage);
}

static long long waiters(int control)
{
	struct ipcbox_query q;

	return box_query(control, &q) ? -1 : (long long)q.waiters.used;
}

/* Callers */

/* Ends with 8, the tag of the reply, or with the errno and 100 if it was received. */
static int call_once(int fd, pid_t peer, __u64 deadline)
{
	struct caller c;
	int ret;

	caller_prepare(&c, 7);
	c.call.pid = peer;
	c.call.deadline = deadline;
	ret = command(fd, IPCBOX_CALL, &c.call);
	if (ret)
		return -ret + (c.call.received == 1 ? 100 : 0);
	return c.call.received == 1 && c.call.reply_tag == c.reply ? c.reply : 1;
}

#define RECEIVED(err) (100 + (err))

static int calls(void *port)
{
	return call_once(*(int *)port, 0, 0);
}

static int calls_with_a_handler(void *port)
{
	on_sigusr1(SA_RESTART);
	return call_once(*(int *)port, 0, 0);
}

static int calls_until_soon(void *port)
{
	/* Later than the module looks for it first. */
	return call_once(*(int *)port, 0, in_ms(1200));
}

static int calls_its_parent(void *control)
{
	return call_once(*(int *)control, getppid(), 0);
}

/* Events while they are stopped */

static char state_of_task(pid_t pid)
{
	char path[64], line[512];
	const char *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_line(path, line, sizeof(line)))
		return 0;
	state = strrchr(line, ')');
	return state ? state[2] : 0;
}

static bool stop(pid_t pid)
{
	int status;

	kill(pid, SIGSTOP);
	return waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status);
}

/* It is asleep in the kernel again. */
static bool go_on(pid_t pid)
{
	kill(pid, SIGCONT);
	return eventually(state_of_task(pid) == 'S');
}

static bool file_has(const char *path, const char *text)
{
	char content[256] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, content, sizeof(content) - 1);

	close(fd);
	return len > 0 && strstr(content, text);
}

/* A call that was received. Its number. */
static long long start(int fd, int (*caller)(void *fd), int *arg, pid_t *pid)
{
	*pid = spawn(caller, arg);
	if (!calls_queued(fd, 1))
		return -1;
	return recv_call(fd, 7);
}

TEST_F(call_stop, received_goes_on_after_a_stop)
{
	pid_t pid;
	long long number = start(self->port, calls, &self->port, &pid);

	ASSERT_LT(0, number);
	ASSERT_TRUE(stop(pid));
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(1, waiters(self->control));
	ASSERT_TRUE(go_on(pid));
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, number, 8));
	EXPECT_EQ(8, reap(pid));
	EXPECT_EQ(0, waiters(self->control));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(call_stop, reply_while_it_is_stopped_is_not_lost)
{
	pid_t pid;
	long long number = start(self->port, calls, &self->port, &pid);

	ASSERT_LT(0, number);
	ASSERT_TRUE(stop(pid));
	EXPECT_EQ(0, reply_tag(self->port, number, 8));
	EXPECT_EQ('T', state_of_task(pid));
	kill(pid, SIGCONT);
	EXPECT_EQ(8, reap(pid));
}

TEST_F(call_stop, received_goes_on_after_many_stops)
{
	pid_t pid;
	long long number = start(self->port, calls, &self->port, &pid);

	ASSERT_LT(0, number);
	for (int i = 0; i < 5; i++) {
		ASSERT_TRUE(stop(pid));
		ASSERT_TRUE(go_on(pid));
	}
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(1, waiters(self->control));
	EXPECT_EQ(0, reply_tag(self->port, number, 8));
	EXPECT_EQ(8, reap(pid));
}

TEST_F(call_stop, received_goes_on_when_a_tracer_comes_and_goes)
{
	int status;
	pid_t pid;
	long long number = start(self->port, calls, &self->port, &pid);

	ASSERT_LT(0, number);
	ASSERT_EQ(0, ptrace(PTRACE_SEIZE, pid, 0, 0));
	ASSERT_EQ(0, ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, ptrace(PTRACE_DETACH, pid, 0, 0));
	ASSERT_TRUE(eventually(state_of_task(pid) == 'S'));
	EXPECT_EQ(0, reply_tag(self->port, number, 8));
	EXPECT_EQ(8, reap(pid));
}

#define CGROUP "/sys/fs/cgroup/ipcbox_call_stop"

TEST_F(call_stop, received_goes_on_when_its_cgroup_was_frozen)
{
	long long number;
	pid_t pid;

	if (mkdir(CGROUP, 0755))
		SKIP(return, "there are no cgroups of version 2");
	number = start(self->port, calls, &self->port, &pid);
	ASSERT_LT(0, number);
	ASSERT_EQ(0, write_number(CGROUP "/cgroup.procs", pid));
	ASSERT_EQ(0, write_file(CGROUP "/cgroup.freeze", "1"));
	ASSERT_TRUE(eventually(file_has(CGROUP "/cgroup.events", "frozen 1")));
	EXPECT_EQ(1, calls_of(self->port));
	ASSERT_EQ(0, write_file(CGROUP "/cgroup.freeze", "0"));
	ASSERT_TRUE(eventually(file_has(CGROUP "/cgroup.events", "frozen 0")));
	EXPECT_EQ(0, reply_tag(self->port, number, 8));
	EXPECT_EQ(8, reap(pid));
	EXPECT_EQ(0, rmdir(CGROUP));
}

TEST_F(call_stop, queued_goes_on_after_a_stop_and_is_one)
{
	pid_t pid = spawn(calls, &self->port);

	ASSERT_TRUE(calls_queued(self->port, 1));
	ASSERT_TRUE(stop(pid));
	ASSERT_TRUE(go_on(pid));
	ASSERT_TRUE(calls_queued(self->port, 1));
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 7), 8));
	EXPECT_EQ(8, reap(pid));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

#define FEW 4

static int calls_with_threads(void *port)
{
	struct caller callers[FEW];
	int fd = *(int *)port, wrong = 0;

	for (int i = 0; i < FEW; i++) {
		if (!calls_queued(fd, i))
			return 255;
		caller_start(&callers[i], fd, i);
	}
	for (int i = 0; i < FEW; i++)
		wrong += caller_end(&callers[i]) != 10 + i;
	return wrong;
}

TEST_F(call_stop, each_thread_goes_on_with_its_own)
{
	pid_t pid = spawn(calls_with_threads, &self->port);
	long long numbers[FEW];

	ASSERT_TRUE(calls_queued(self->port, FEW));
	for (int i = 0; i < FEW; i++)
		numbers[i] = recv_call(self->port, i);
	ASSERT_TRUE(stop(pid));
	for (int i = 0; i < FEW; i++)
		EXPECT_EQ(0, reply_tag(self->port, numbers[i], 10 + i));
	kill(pid, SIGCONT);
	EXPECT_EQ(0, reap(pid));
}

TEST_F(call_stop, call_by_pid_goes_on_after_a_stop)
{
	int box = mailbox_open(self->control);
	pid_t pid;
	long long number;

	ASSERT_LE(0, box);
	number = start(box, calls_its_parent, &self->control, &pid);
	ASSERT_LT(0, number);
	ASSERT_TRUE(stop(pid));
	ASSERT_TRUE(go_on(pid));
	EXPECT_EQ(0, reply_tag(box, number, 8));
	EXPECT_EQ(8, reap(pid));
}

TEST_F(call_stop, server_that_dies_meanwhile_gives_epipe)
{
	int server = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);
	pid_t pid;

	ASSERT_LT(0, start(server, calls, &self->port, &pid));
	ASSERT_TRUE(stop(pid));
	close(server);
	EXPECT_EQ(0, calls_of(self->port));
	kill(pid, SIGCONT);
	EXPECT_EQ(RECEIVED(EPIPE), reap(pid));
}

TEST_F(call_stop, fd_that_is_closed_meanwhile_does_not_matter)
{
	int own = port_open(self->control, self->stage.name, IPCBOX_SENDER);
	long long number;
	pid_t pid;

	pid = spawn_sharing_fds(calls, &own);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 7);
	ASSERT_TRUE(stop(pid));
	close(own);
	ASSERT_TRUE(go_on(pid));
	EXPECT_EQ(0, reply_tag(self->port, number, 8));
	EXPECT_EQ(8, reap(pid));
}

/* Callers that do not come back */

TEST_F(call_stop, killed_while_it_is_stopped_is_withdrawn)
{
	pid_t pid;
	long long number = start(self->port, calls, &self->port, &pid);

	ASSERT_LT(0, number);
	ASSERT_TRUE(stop(pid));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(0, waiters(self->control));
	EXPECT_EQ(-EPIPE, reply_tag(self->port, number, 8));
}

TEST_F(call_stop, killed_without_the_fd_is_withdrawn_soon)
{
	int own = port_open(self->control, self->stage.name, IPCBOX_SENDER);
	long long number;
	pid_t pid;

	pid = spawn_sharing_fds(calls, &own);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 7);
	ASSERT_TRUE(stop(pid));
	close(own);
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_TRUE(eventually(calls_of(self->port) == 0));
	EXPECT_EQ(-EPIPE, reply_tag(self->port, number, 8));
}

#define THREADS 150

static void *calls_for_ever(void *port)
{
	call_once(*(int *)port, 0, 0);
	return NULL;
}

static int calls_with_many_threads(void *port)
{
	pthread_t thread;
	int i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, calls_for_ever, port))
			return 1;
	for (;;)
		pause();
}

static int receive_all(int port)
{
	int i;

	for (i = 0; i < THREADS; i++)
		if (recv_call(port, 7) <= 0)
			return -1;
	return 0;
}

TEST_F(call_stop, all_threads_killed_while_they_are_stopped_are_withdrawn)
{
	pid_t pid = spawn(calls_with_many_threads, &self->port);

	ASSERT_TRUE(calls_queued(self->port, THREADS));
	ASSERT_EQ(0, receive_all(self->port));
	ASSERT_TRUE(stop(pid));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(0, waiters(self->control));
}

TEST_F(call_stop, all_threads_killed_without_the_fd_are_withdrawn_soon)
{
	int own = port_open(self->control, self->stage.name, IPCBOX_SENDER);
	pid_t pid = spawn_sharing_fds(calls_with_many_threads, &own);

	ASSERT_TRUE(calls_queued(self->port, THREADS));
	ASSERT_EQ(0, receive_all(self->port));
	ASSERT_TRUE(stop(pid));
	close(own);
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_TRUE(eventually(calls_of(self->port) == 0));
	EXPECT_TRUE(eventually(waiters(self->control) == 0));
}

TEST_F(call_stop, deadline_that_passes_meanwhile_counts)
{
	pid_t pid;
	long long number = start(self->port, calls_until_soon, &self->port, &pid);

	ASSERT_LT(0, number);
	ASSERT_TRUE(stop(pid));
	EXPECT_TRUE(eventually(calls_of(self->port) == 0));
	EXPECT_EQ(-EPIPE, reply_tag(self->port, number, 8));
	EXPECT_EQ('T', state_of_task(pid));
	kill(pid, SIGCONT);
	EXPECT_EQ(RECEIVED(ETIMEDOUT), reap(pid));
}

TEST_F(call_stop, handler_that_runs_afterwards_ends_it_with_eintr)
{
	pid_t pid;
	long long number = start(self->port, calls_with_a_handler, &self->port, &pid);

	ASSERT_LT(0, number);
	ASSERT_TRUE(stop(pid));
	kill(pid, SIGUSR1);
	EXPECT_EQ(1, calls_of(self->port));
	kill(pid, SIGCONT);
	EXPECT_EQ(RECEIVED(EINTR), reap(pid));
	EXPECT_EQ(-EPIPE, reply_tag(self->port, number, 8));
}

static int calls_with_a_handler_and_lives_on(void *port)
{
	int ret = calls_with_a_handler(port);

	kill(getpid(), SIGSTOP);
	return ret;
}

TEST_F(call_stop, handler_that_runs_afterwards_withdraws_it_soon)
{
	pid_t pid;
	long long number = start(self->port, calls_with_a_handler_and_lives_on,
				 &self->port, &pid);
	int status;

	ASSERT_LT(0, number);
	ASSERT_TRUE(stop(pid));
	kill(pid, SIGUSR1);
	kill(pid, SIGCONT);
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	EXPECT_TRUE(eventually(calls_of(self->port) == 0));
	EXPECT_EQ(-EPIPE, reply_tag(self->port, number, 8));
	kill(pid, SIGCONT);
	EXPECT_EQ(RECEIVED(EINTR), reap(pid));
}

static sigjmp_buf before_call;

static void leave_handler(int signal)
{
	siglongjmp(before_call, signal);
}

static int calls_again_after_longjmp(void *port)
{
	struct sigaction action = { .sa_handler = leave_handler };

	sigaction(SIGUSR1, &action, NULL);
	if (!sigsetjmp(before_call, 1))
		return calls(port);
	return calls(port);
}

/* The kernel does not see that nobody comes back for the first. */
TEST_F(call_stop, one_left_by_longjmp_ends_with_the_next)
{
	pid_t pid;
	long long number = start(self->port, calls_again_after_longjmp, &self->port,
				 &pid);

	ASSERT_LT(0, number);
	ASSERT_TRUE(stop(pid));
	kill(pid, SIGUSR1);
	kill(pid, SIGCONT);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 7);
	EXPECT_EQ(2, calls_of(self->port));
	ASSERT_TRUE(stop(pid));
	ASSERT_EQ(1, calls_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, number, 8));
	kill(pid, SIGCONT);
	EXPECT_EQ(8, reap(pid));
}

/* It is for calls that were interrupted, and nothing happens without one. */
TEST_F(call_stop, restart_without_a_call_returns_eintr)
{
	EXPECT_EQ(-1, syscall(__NR_restart_syscall));
	EXPECT_EQ(EINTR, errno);
}

TEST_HARNESS_MAIN
