// SPDX-License-Identifier: GPL-2.0
/*
 * Mailboxes that end though somebody has an fd: their process ends, or becomes another
 * one by exec.
 */
#include "callers.h"
#include "ipcbox_test.h"

#include <grp.h>

#define USER 1000

FIXTURE(mailbox_end) {
	struct stage stage;
	int control;
	char program[64];	/* a file that exec runs */
};

FIXTURE_SETUP(mailbox_end)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	snprintf(self->program, sizeof(self->program), "/tmp/mailbox_end.%d", getpid());
}

FIXTURE_TEARDOWN(mailbox_end)
{
	unlink(self->program);
	stage_teardown(_metadata, &self->stage);
}

/* The process ends, and its child has the fd */

enum { FULL = 2 };	/* messages of a mailbox */

/* In the child: the errno with which the next receive fails. */
static int receive_to_the_end(int box)
{
	struct ipcbox_recv r;
	char data[8];
	int ret;

	do {
		r = room(data, sizeof(data));
		r.deadline = in_ms(PATIENCE * 1000);
		ret = command(box, IPCBOX_RECV, &r);
	} while (!ret);
	return -ret;
}

/* A process that leaves its mailbox to a child and sleeps. Says the child's pid. */
static int leave_mailbox_to_a_child(void *arg)
{
	int *pipes = arg;
	int box = peer_mailbox(control_open(), FULL);
	char byte;
	int pid;

	if (box < 0)
		return 1;
	pid = fork();
	if (!pid) {
		/* It does not receive before the test says so. */
		if (read(pipes[0], &byte, 1) != 1)
			_exit(1);
		_exit(receive_to_the_end(box));
	}
	if (write(pipes[1], &pid, sizeof(pid)) != sizeof(pid))
		return 1;
	while (true)
		pause();
}

struct legacy {
	pid_t parent;
	pid_t child;
	int to_child;
};

/* The child becomes ours when its parent dies. */
static bool leave(struct legacy *legacy)
{
	int pipes[2], to[2], answers[2];

	if (prctl(PR_SET_CHILD_SUBREAPER, 1) || pipe2(to, O_CLOEXEC) ||
	    pipe2(answers, O_CLOEXEC))
		return false;
	pipes[0] = to[0];
	pipes[1] = answers[1];
	legacy->parent = spawn(leave_mailbox_to_a_child, pipes);
	legacy->to_child = to[1];
	return read(answers[0], &legacy->child, sizeof(legacy->child)) ==
	       sizeof(legacy->child);
}

static int end_of_child(struct legacy *legacy)
{
	if (write(legacy->to_child, "", 1) != 1)
		return -1;
	return reap(legacy->child);
}

TEST_F(mailbox_end, send_to_a_dead_process_returns_epipe_though_a_child_has_the_fd)
{
	struct legacy legacy;
	int link;

	ASSERT_TRUE(leave(&legacy));
	link = link_open(self->control, legacy.parent, 0);
	ASSERT_LE(0, link);
	EXPECT_EQ(0, send_tag(link, 1));
	kill_and_reap(legacy.parent);
	EXPECT_EQ(-EPIPE, send_tag(link, 2));
	EXPECT_EQ(IPCBOX_STATE_SHUTDOWN, state_of(link));
	EXPECT_EQ(-ESRCH, send_tag_to(self->control, legacy.parent, 3));
	EXPECT_EQ(EPIPE, end_of_child(&legacy));
}

/* More than a process frees while it dies. */
enum { MANY = 5000 };

static int has_a_large_mailbox(void *ready)
{
	int box = peer_mailbox(control_open(), MANY);

	if (box < 0 || write(*(int *)ready, "", 1) != 1)
		return 1;
	while (true)
		pause();
}

static long long bytes_used(int control)
{
	struct ipcbox_query q;

	return box_query(control, &q) ? -1 : (long long)q.bytes.used;
}

TEST_F(mailbox_end, all_that_is_queued_is_given_back_when_the_process_dies)
{
	int ready[2], link, sent = 0;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	pid = spawn(has_a_large_mailbox, &ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	link = link_open(self->control, pid, 0);
	ASSERT_LE(0, link);
	while (sent < MANY && !send_tag(link, sent))
		sent++;
	ASSERT_EQ(MANY, sent);
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(-EPIPE, send_tag(link, 1));
	EXPECT_TRUE(eventually(bytes_used(self->control) == 0));
	EXPECT_TRUE(eventually(messages_of(link) == 0));
}

TEST_F(mailbox_end, poll_and_sleepers_are_told_when_the_process_dies)
{
	struct pollfd poller = { .events = POLLOUT };
	struct call sender;
	struct caller caller;
	struct legacy legacy;

	ASSERT_TRUE(leave(&legacy));
	poller.fd = link_open(self->control, legacy.parent, 0);
	ASSERT_LE(0, poller.fd);
	EXPECT_EQ(0, send_tag(poller.fd, 1));
	caller_start(&caller, poller.fd, 2);
	ASSERT_TRUE(calls_queued(poller.fd, FULL));
	call_send_tag(&sender, poller.fd, 3, 0);
	ASSERT_TRUE(senders_asleep(poller.fd, 1));
	EXPECT_EQ(0, poll(&poller, 1, 0));

	kill_and_reap(legacy.parent);
	EXPECT_EQ(-EPIPE, call_end(&sender));
	EXPECT_EQ(-EPIPE, caller_end(&caller));
	EXPECT_EQ(0, caller.call.received);
	EXPECT_EQ(1, poll(&poller, 1, PATIENCE * 1000));
	EXPECT_EQ(POLLHUP, poller.revents & POLLHUP);
	EXPECT_EQ(EPIPE, end_of_child(&legacy));
}

/* exec: this program runs another of itself */

enum {
	SLEEP = 's',		/* says that it is there */
	OPEN_AGAIN = 'o',	/* opens its mailbox, and says which it is */
};

static void open_and_say(void)
{
	int control = control_open();
	long long id = mailbox_open(control);

	if (id >= 0)
		id = id_of(id);
	if (write(STDOUT_FILENO, &id, sizeof(id)) != sizeof(id))
		_exit(1);
}

/* Runs before main() in the new image. */
__attribute__((constructor(101))) static void go_on_after_exec(void)
{
	const char *what = getenv("IPCBOX_TEST_EXEC");

	if (!what)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Now it is all of the user that its file says, as after su(1). */
	if (setresuid(geteuid(), geteuid(), geteuid()))
		_exit(1);
	if (*what == OPEN_AGAIN)
		open_and_say();
	else if (write(STDOUT_FILENO, "12345678", 8) != 8)
		_exit(1);
	while (true)
		pause();
}

/* A copy of this program that its file gives another user or group. */
static bool copy_program(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	char chunk[4096];
	ssize_t len;

	while ((len = read(from, chunk, sizeof(chunk))) > 0)
		if (write(to, chunk, len) != len)
			return false;
	if (len || fchown(to, uid, gid) || fchmod(to, mode))
		return false;
	close(from);
	return !close(to);
}

struct exec {
	const char *program;
	char what[2];
	bool keep_fd;		/* across exec; otherwise a child keeps it */
	int in, out;		/* pipes: the order to go on, and the answer */
};

static int open_and_exec(void *arg)
{
	struct exec *exec = arg;
	long long id;
	char byte;
	int box;

	if (setgroups(0, NULL) || setresgid(USER, USER, USER) ||
	    setresuid(USER, USER, USER))
		return 1;
	box = mailbox_open_public(control_open());
	id = id_of(box);
	if (box < 0 || write(exec->out, &id, sizeof(id)) != sizeof(id))
		return 1;
	if (dup2(exec->out, STDOUT_FILENO) != STDOUT_FILENO)
		return 1;
	/* A child that has it keeps it open, as an attacker would. */
	if (!exec->keep_fd && !fork()) {
		/* Not the pipe, whose end tells of exec. */
		close(STDOUT_FILENO);
		close(exec->out);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(receive_to_the_end(box));
	}
	if (exec->keep_fd)
		fcntl(box, F_SETFD, 0);
	if (read(exec->in, &byte, 1) != 1)
		return 1;
	setenv("IPCBOX_TEST_EXEC", exec->what, 1);
	execl(exec->program, exec->program, NULL);
	return 255;
}

static long long said(int pipe)
{
	long long id;

	if (read(pipe, &id, sizeof(id)) != sizeof(id))
		return -EIO;
	return id;
}

/* A child that runs a program when the test says so. */
struct runner {
	struct exec exec;
	pid_t pid;
	int to, from;
	long long id;		/* of its mailbox, before */
};

static bool runner_start(struct runner *runner, const char *program, char what,
			 bool keep_fd)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return false;
	runner->exec = (struct exec){ program, { what }, keep_fd, to[0], from[1] };
	runner->to = to[1];
	runner->from = from[0];
	runner->pid = spawn(open_and_exec, &runner->exec);
	runner->id = said(runner->from);
	return runner->id > 0;
}

/* Return: the program's answer. */
static long long runner_go(struct runner *runner)
{
	if (write(runner->to, "", 1) != 1)
		return -EIO;
	return said(runner->from);
}

TEST_F(mailbox_end, set_user_id_program_does_not_have_that_of_its_caller)
{
	struct runner runner;
	long long after;

	ASSERT_TRUE(copy_program(self->program, 0, 0, 04755));
	ASSERT_TRUE(runner_start(&runner, self->program, OPEN_AGAIN, false));
	after = runner_go(&runner);
	EXPECT_LT(0, after);
	EXPECT_NE(runner.id, after);
	/* It is root's, with its mode. */
	EXPECT_EQ(0, send_tag_to(self->control, runner.pid, 1));
	kill_and_reap(runner.pid);
}

TEST_F(mailbox_end, send_to_a_set_user_id_program_that_opened_none_is_refused)
{
	struct runner runner;

	ASSERT_TRUE(copy_program(self->program, 0, 0, 04755));
	ASSERT_TRUE(runner_start(&runner, self->program, SLEEP, false));
	EXPECT_EQ(0, send_tag_to(self->control, runner.pid, 1));
	ASSERT_LT(0, runner_go(&runner));
	EXPECT_EQ(-ECONNREFUSED, send_tag_to(self->control, runner.pid, 2));
	EXPECT_EQ(-ECONNREFUSED, link_open(self->control, runner.pid, 0));
	kill_and_reap(runner.pid);
}

TEST_F(mailbox_end, open_link_to_a_set_user_id_program_returns_epipe)
{
	struct runner runner;
	int link;

	ASSERT_TRUE(copy_program(self->program, 0, 0, 04755));
	ASSERT_TRUE(runner_start(&runner, self->program, SLEEP, false));
	link = link_open(self->control, runner.pid, 0);
	ASSERT_LE(0, link);
	EXPECT_EQ(0, send_tag(link, 1));
	ASSERT_LT(0, runner_go(&runner));
	EXPECT_EQ(-EPIPE, send_tag(link, 2));
	EXPECT_EQ(IPCBOX_STATE_SHUTDOWN, state_of(link));
	kill_and_reap(runner.pid);
}

TEST_F(mailbox_end, program_with_another_group_does_not_have_that_of_its_caller)
{
	struct runner runner;

	ASSERT_TRUE(copy_program(self->program, 0, 5, 02755));
	ASSERT_TRUE(runner_start(&runner, self->program, SLEEP, false));
	ASSERT_LT(0, runner_go(&runner));
	EXPECT_EQ(-ECONNREFUSED, send_tag_to(self->control, runner.pid, 1));
	kill_and_reap(runner.pid);
}

TEST_F(mailbox_end, program_with_the_same_user_has_that_of_its_caller)
{
	struct runner runner;
	int link;

	ASSERT_TRUE(copy_program(self->program, 0, 0, 0755));
	ASSERT_TRUE(runner_start(&runner, self->program, OPEN_AGAIN, true));
	link = link_open(self->control, runner.pid, 0);
	ASSERT_LE(0, link);
	EXPECT_EQ(runner.id, runner_go(&runner));
	EXPECT_EQ(0, send_tag(link, 1));
	EXPECT_EQ(0, send_tag_to(self->control, runner.pid, 2));
	EXPECT_EQ(2, messages_of(link));
	kill_and_reap(runner.pid);
}

TEST_F(mailbox_end, that_of_another_user_is_not_opened_again)
{
	int box;

	ASSERT_EQ(0, setgroups(0, NULL));
	box = mailbox_open_attr(self->control, 0, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_UID, .uid = USER });
	ASSERT_LE(0, box);
	EXPECT_EQ(-EACCES, mailbox_open(self->control));
	ASSERT_EQ(0, setresuid(-1, USER, -1));
	EXPECT_LE(0, mailbox_open(self->control));
	ASSERT_EQ(0, setresuid(-1, 0, -1));
}

TEST_HARNESS_MAIN
