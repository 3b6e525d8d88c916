// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring polls a port by multishot requests, which do not poll again after an event; and
 * it holds files for which no process has an fd.
 */
#include "callers.h"
#include "ipcbox_test.h"
#include "uring.h"

FIXTURE(io_uring) {
	struct stage stage;
	int control;
	int port;
	struct uring ring;
};

FIXTURE_SETUP(io_uring)
{
	int ret = uring_setup(&self->ring);

	if (ret)
		SKIP(return, "no io_uring: %s", strerror(-ret));
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create_sized(self->control, self->stage.name, BOTH, 4, 4096);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(io_uring)
{
	uring_end(&self->ring);
	stage_teardown(_metadata, &self->stage);
}

static int fill(int port)
{
	int count = 0;

	while (!send_tag(port, count))
		count++;
	return count;
}

static int drain(int port)
{
	int count = 0;

	while (recv_tag(port) >= 0)
		count++;
	return count;
}

/* Poll */

TEST_F(io_uring, multishot_poll_tells_each_message)
{
	uring_poll(&self->ring, self->port, POLLIN);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, send_tag(self->port, i));
		ASSERT_EQ(POLLIN, uring_next(&self->ring) & POLLIN)
			TH_LOG("deaf after %d", i);
		ASSERT_EQ(i, recv_tag(self->port));
		ASSERT_EQ(-EAGAIN, recv_tag(self->port));
	}
}

TEST_F(io_uring, multishot_poll_tells_each_time_that_there_is_room)
{
	ASSERT_EQ(4, fill(self->port));
	uring_poll(&self->ring, self->port, POLLOUT);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(4, drain(self->port));
		ASSERT_EQ(POLLOUT, uring_next(&self->ring) & POLLOUT)
			TH_LOG("deaf after %d", i);
		ASSERT_EQ(4, fill(self->port));
	}
}

TEST_F(io_uring, multishot_poll_tells_the_end)
{
	uring_poll(&self->ring, self->port, POLLIN);
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(POLLHUP, uring_next(&self->ring) & POLLHUP);
}

/* Files that are registered, in a ring that outlives its process */

enum {
	READY = 1,
	RECEIVED = 2,
};

struct holder {
	struct uring *ring;
	int control;
	int port;
	int *state;		/* shared with the parent */
};

static void say(struct holder *holder, int state)
{
	__atomic_store_n(holder->state, state, __ATOMIC_RELEASE);
}

static bool has_come_to(struct holder *holder, int state)
{
	return eventually(__atomic_load_n(holder->state, __ATOMIC_ACQUIRE) == state);
}

static struct holder holder_of(struct uring *ring, int control, int port)
{
	return (struct holder){ .ring = ring, .control = control, .port = port,
				.state = shared_alloc(sizeof(int)) };
}

/* The ring is that of the parent, so it stays. */
static int receives_through_a_registered_file(void *arg)
{
	struct holder *holder = arg;
	struct call receiver;

	if (uring_register(holder->ring, holder->port))
		return 1;
	call_recv(&receiver, holder->port);
	if (!receivers_asleep(holder->port, 1))
		return 2;
	close(holder->port);
	say(holder, READY);
	if (call_end(&receiver))
		return 3;
	say(holder, RECEIVED);
	while (true)
		pause();
}

TEST_F(io_uring, call_received_through_a_registered_file_ends_with_its_process)
{
	int own = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);
	struct holder holder = holder_of(&self->ring, self->control, own);
	struct caller caller;
	pid_t pid;

	ASSERT_LE(0, own);
	pid = spawn(receives_through_a_registered_file, &holder);
	close(own);
	ASSERT_TRUE(has_come_to(&holder, READY));
	caller_start(&caller, self->port, 5);
	ASSERT_TRUE(has_come_to(&holder, RECEIVED));
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_FALSE(caller_ended(&caller));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(-EPIPE, caller_end(&caller));
	EXPECT_EQ(1, caller.call.received);
	EXPECT_EQ(0, calls_of(self->port));
}

static int registers_its_mailbox(void *arg)
{
	struct holder *holder = arg;
	int box = mailbox_open_public(holder->control);

	if (box < 0 || uring_register(holder->ring, box))
		return 1;
	close(box);
	say(holder, READY);
	while (true)
		pause();
}

TEST_F(io_uring, registered_mailbox_ends_with_its_process)
{
	struct holder holder = holder_of(&self->ring, self->control, -1);
	pid_t pid = spawn(registers_its_mailbox, &holder);
	struct pollfd end = { .events = 0 };

	ASSERT_TRUE(has_come_to(&holder, READY));
	end.fd = link_open(self->control, pid, 0);
	ASSERT_LE(0, end.fd);
	EXPECT_EQ(0, send_tag(end.fd, 1));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(1, poll(&end, 1, PATIENCE * 1000));
	EXPECT_EQ(POLLHUP, end.revents & POLLHUP);
	EXPECT_EQ(-EPIPE, send_tag(end.fd, 2));
	EXPECT_EQ(IPCBOX_STATE_SHUTDOWN, state_of(end.fd));
}

TEST_HARNESS_MAIN
