// SPDX-License-Identifier: GPL-2.0
/* How a batch waits, how it ends in the middle, and which tasks it wakes. */
#include "ipcbox_test.h"

#define FEW	8
#define UNTOLD	((__s32)0xa5a5a5a5U)	/* a result that was not written */

/* A port of depth 4, half as much as a batch has. */
FIXTURE(batch_wait) {
	struct stage stage;
	int control;
	int port;
	__u64 tags[FEW];
	__u64 data[FEW];
	struct ipcbox_send_entry out[FEW];
	struct ipcbox_recv_entry in[FEW];
	struct ipcbox_send_batch send;
	struct ipcbox_recv_batch recv;
	struct call call;
};

FIXTURE_SETUP(batch_wait)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create_sized(self->control, self->stage.name, BOTH, 4,
				       1 << 16);
	ASSERT_LE(0, self->port);
	for (int i = 0; i < FEW; i++) {
		self->tags[i] = i + 1;
		self->out[i] = tagged_entry(&self->tags[i], 0);
		self->in[i] = room_entry(&self->data[i], 8);
	}
	self->send = send_batch(self->out, FEW);
	self->recv = recv_batch(self->in, FEW);
}

FIXTURE_TEARDOWN(batch_wait)
{
	EXPECT_EQ(0, senders_of(self->port));
	EXPECT_EQ(0, receivers_of(self->port));
	stage_teardown(_metadata, &self->stage);
}

#define START_SEND()							\
	call_start(&self->call, self->port, IPCBOX_SEND_BATCH, &self->send)
#define START_RECV()							\
	call_start(&self->call, self->port, IPCBOX_RECV_BATCH, &self->recv)

#define EXPECT_SENT(count, err) do {					\
	for (int i_ = 0; i_ < FEW; i_++) {				\
		EXPECT_EQ(i_ < (count) ? 0 : i_ == (count) ? (err) : UNTOLD,	\
			  self->out[i_].result);			\
	}								\
} while (0)

/* Sending */

TEST_F(batch_wait, send_of_more_than_fits_waits_for_a_slow_receiver)
{
	START_SEND();
	for (int i = 0; i < FEW; i++) {
		if (i < FEW - 4)
			ASSERT_TRUE(senders_asleep(self->port, 1));
		EXPECT_EQ(i + 1, recv_tag(self->port));
	}
	EXPECT_EQ(FEW, call_end(&self->call));
	EXPECT_SENT(FEW, 0);
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(batch_wait, sender_that_waits_before_it_goes_before_it)
{
	struct call other;

	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, send_tag(self->port, 90 + i));
	call_send_tag(&other, self->port, 99, 0);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	self->send.count = 1;
	START_SEND();
	ASSERT_TRUE(senders_asleep(self->port, 2));
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(90 + i, recv_tag(self->port));
	}
	EXPECT_EQ(99, recv_tag(self->port));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(0, call_end(&other));
	EXPECT_EQ(1, call_end(&self->call));
}

TEST_F(batch_wait, deadline_in_the_middle_of_a_send_tells_how_many)
{
	self->send.deadline = in_ms(50);
	EXPECT_EQ(4, command(self->port, IPCBOX_SEND_BATCH, &self->send));
	EXPECT_LE(self->send.deadline, now_ns());
	EXPECT_SENT(4, -ETIMEDOUT);
	EXPECT_EQ(4, messages_of(self->port));
	/* None. */
	self->out[4] = tagged_entry(&self->tags[4], 0);
	self->send.entries = to_u64(&self->out[4]);
	self->send.count = 4;
	EXPECT_EQ(-ETIMEDOUT, command(self->port, IPCBOX_SEND_BATCH, &self->send));
	EXPECT_SENT(4, UNTOLD);
	EXPECT_EQ(4, messages_of(self->port));
}

TEST_F(batch_wait, signal_in_the_middle_of_a_send_tells_how_many)
{
	on_sigusr1(SA_RESTART);
	START_SEND();
	ASSERT_TRUE(senders_asleep(self->port, 1));
	pthread_kill(self->call.thread, SIGUSR1);
	EXPECT_EQ(4, call_end(&self->call));
	EXPECT_SENT(4, -EINTR);
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(i + 1, recv_tag(self->port));
	}
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(batch_wait, signal_before_the_first_is_sent_restarts_or_is_eintr)
{
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, send_tag(self->port, 90 + i));
	on_sigusr1(SA_RESTART);
	self->send.count = 2;
	START_SEND();
	ASSERT_TRUE(senders_asleep(self->port, 1));
	pthread_kill(self->call.thread, SIGUSR1);
	ASSERT_TRUE(eventually(signals_seen == 1));
	ASSERT_TRUE(senders_asleep(self->port, 1));
	on_sigusr1(0);
	pthread_kill(self->call.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, call_end(&self->call));
	EXPECT_SENT(0, UNTOLD);
	EXPECT_EQ(4, sent_of(self->port));
}

TEST_F(batch_wait, port_removed_in_the_middle_of_a_send_tells_how_many)
{
	START_SEND();
	ASSERT_TRUE(senders_asleep(self->port, 1));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(4, call_end(&self->call));
	EXPECT_SENT(4, -EIDRM);
}

TEST_F(batch_wait, waiters_above_the_limit_end_a_send_in_the_middle)
{
	ASSERT_EQ(0, write_number(SYSCTL("user_waiters"), 0));
	EXPECT_EQ(4, command(self->port, IPCBOX_SEND_BATCH, &self->send));
	EXPECT_SENT(4, -EUSERS);
	EXPECT_EQ(4, messages_of(self->port));
}

/* Short messages are charged together; when that is too much, one by one. */
TEST_F(batch_wait, bytes_above_the_limit_end_a_send_in_the_middle)
{
	struct ipcbox_query before, after;
	__u64 one;

	ASSERT_EQ(0, box_query(self->control, &before));
	ASSERT_EQ(0, send_tag(self->port, 1));
	ASSERT_EQ(0, box_query(self->control, &after));
	one = after.bytes.used - before.bytes.used;
	ASSERT_EQ(1, recv_tag(self->port));

	ASSERT_EQ(0, write_number(SYSCTL("user_bytes"), 3 * one - 1));
	self->send.flags = IPCBOX_NONBLOCK;
	EXPECT_EQ(2, command(self->port, IPCBOX_SEND_BATCH, &self->send));
	EXPECT_SENT(2, -ENOBUFS);
	EXPECT_EQ(2, messages_of(self->port));
	ASSERT_EQ(0, box_query(self->control, &after));
	EXPECT_EQ(before.bytes.used + 2 * one, after.bytes.used);

	EXPECT_EQ(2, command(self->port, IPCBOX_RECV_BATCH, &self->recv));
	ASSERT_EQ(0, box_query(self->control, &after));
	EXPECT_EQ(before.bytes.used, after.bytes.used);
}

static int send_all(void *arg)
{
	__u64 tags[FEW];
	struct ipcbox_send_entry out[FEW];
	struct ipcbox_send_batch b = send_batch(out, FEW);

	for (int i = 0; i < FEW; i++) {
		tags[i] = i + 1;
		out[i] = tagged_entry(&tags[i], 0);
	}
	return command(*(int *)arg, IPCBOX_SEND_BATCH, &b) == FEW ? 0 : 1;
}

TEST_F(batch_wait, killed_sender_leaves_what_it_sent)
{
	pid_t pid = spawn(send_all, &self->port);

	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(0, senders_of(self->port));
	EXPECT_EQ(4, messages_of(self->port));
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(i + 1, recv_tag(self->port));
	}
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

/* Receiving */

TEST_F(batch_wait, receive_waits_for_the_first_and_takes_what_is_there)
{
	int got;

	START_RECV();
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	self->send.count = 3;
	EXPECT_EQ(3, command(self->port, IPCBOX_SEND_BATCH, &self->send));
	got = call_end(&self->call);
	EXPECT_LE(1, got);
	EXPECT_GE(3, got);
	EXPECT_EQ(3 - got, messages_of(self->port));
	for (int i = 0; i < got; i++) {
		EXPECT_EQ(i + 1, self->in[i].tag);
		EXPECT_EQ(i + 1, self->data[i]);
		EXPECT_EQ(0, self->in[i].result);
	}
	EXPECT_EQ(-EAGAIN, self->in[got].result);
	EXPECT_EQ(UNTOLD, self->in[got + 1].result);
}

TEST_F(batch_wait, receive_that_waited_ends_at_a_bad_pointer)
{
	self->in[1].data = 0;
	START_RECV();
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	self->send.count = 3;
	EXPECT_EQ(3, command(self->port, IPCBOX_SEND_BATCH, &self->send));
	EXPECT_EQ(1, call_end(&self->call));
	EXPECT_EQ(0, self->in[0].result);
	EXPECT_EQ(1, self->in[0].tag);
	EXPECT_EQ(-EFAULT, self->in[1].result);
	EXPECT_EQ(2, recv_tag(self->port));
	EXPECT_EQ(3, recv_tag(self->port));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(batch_wait, receive_does_not_wait_for_a_second)
{
	ASSERT_EQ(0, send_tag(self->port, 7));
	EXPECT_EQ(1, command(self->port, IPCBOX_RECV_BATCH, &self->recv));
	EXPECT_EQ(7, self->in[0].tag);
	EXPECT_EQ(-EAGAIN, self->in[1].result);
}

TEST_F(batch_wait, receive_times_out_at_its_deadline)
{
	self->recv.deadline = in_ms(50);
	EXPECT_EQ(-ETIMEDOUT, command(self->port, IPCBOX_RECV_BATCH, &self->recv));
	EXPECT_LE(self->recv.deadline, now_ns());
	EXPECT_EQ(UNTOLD, self->in[0].result);
}

TEST_F(batch_wait, receive_is_asked_not_to_wait_by_flag_and_by_fd)
{
	self->recv.flags = IPCBOX_NONBLOCK;
	EXPECT_EQ(-EAGAIN, command(self->port, IPCBOX_RECV_BATCH, &self->recv));
	self->recv.flags = 0;
	fcntl(self->port, F_SETFL, O_NONBLOCK);
	EXPECT_EQ(-EAGAIN, command(self->port, IPCBOX_RECV_BATCH, &self->recv));
	EXPECT_EQ(4, command(self->port, IPCBOX_SEND_BATCH, &self->send));
	EXPECT_SENT(4, -EAGAIN);
}

TEST_F(batch_wait, signal_restarts_a_receive_or_is_eintr)
{
	on_sigusr1(SA_RESTART);
	START_RECV();
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	pthread_kill(self->call.thread, SIGUSR1);
	ASSERT_TRUE(eventually(signals_seen == 1));
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	on_sigusr1(0);
	pthread_kill(self->call.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, call_end(&self->call));
	EXPECT_EQ(UNTOLD, self->in[0].result);
}

TEST_F(batch_wait, receive_gets_eidrm_when_the_port_is_removed)
{
	START_RECV();
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(-EIDRM, call_end(&self->call));
	EXPECT_EQ(UNTOLD, self->in[0].result);
}

TEST_F(batch_wait, sleeping_receive_with_too_little_room_tells_the_length)
{
	self->in[0] = room_entry(&self->data[0], 4);
	START_RECV();
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_EQ(0, send_tag(self->port, 5));
	EXPECT_EQ(-EMSGSIZE, call_end(&self->call));
	EXPECT_EQ(8, self->in[0].len);
	EXPECT_EQ(UNTOLD, self->in[0].result);
	EXPECT_EQ(5, recv_tag(self->port));
}

TEST_F(batch_wait, sleeping_receive_with_a_bad_pointer_leaves_the_message)
{
	self->in[0].data = 0;
	START_RECV();
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_EQ(0, send_tag(self->port, 5));
	EXPECT_EQ(-EFAULT, call_end(&self->call));
	EXPECT_EQ(UNTOLD, self->in[0].result);
	EXPECT_EQ(5, recv_tag(self->port));
}

/* The tasks that a batch wakes */

/*
 * The first message waits in the port for a moment, since the first receiver has too
 * little room, and so there is none for the second. Then the second receiver has it.
 */
TEST_F(batch_wait, goes_on_behind_a_receiver_that_had_too_little_room)
{
	int port = port_create_sized(self->control, "one", BOTH, 1, 1 << 16);
	struct call small, large;

	ASSERT_LE(0, port);
	small.recv = room(small.data, 4);
	call_start(&small, port, IPCBOX_RECV, &small.recv);
	ASSERT_TRUE(receivers_asleep(port, 1));
	call_recv(&large, port);
	ASSERT_TRUE(receivers_asleep(port, 2));
	self->send.flags = IPCBOX_NONBLOCK;
	self->send.count = 2;
	EXPECT_EQ(2, command(port, IPCBOX_SEND_BATCH, &self->send));
	EXPECT_SENT(2, UNTOLD);
	EXPECT_EQ(-EMSGSIZE, call_end(&small));
	EXPECT_EQ(0, call_end(&large));
	EXPECT_EQ(2, recv_tag(port));
	EXPECT_EQ(0, port_remove(self->control, "one"));
}

TEST_F(batch_wait, wakes_as_many_receivers_as_it_has_messages)
{
	struct call receivers[FEW + 1];
	bool seen[FEW + 1] = { false };

	for (int i = 0; i < FEW + 1; i++) {
		call_recv(&receivers[i], self->port);
		ASSERT_TRUE(receivers_asleep(self->port, i + 1));
	}
	EXPECT_EQ(FEW, command(self->port, IPCBOX_SEND_BATCH, &self->send));
	for (int i = 0; i < FEW; i++) {
		ASSERT_EQ(0, call_end(&receivers[i]));
		ASSERT_GE(FEW, receivers[i].recv.tag);
		EXPECT_FALSE(seen[receivers[i].recv.tag]);
		seen[receivers[i].recv.tag] = true;
	}
	EXPECT_EQ(1, receivers_of(self->port));
	EXPECT_FALSE(call_ended(&receivers[FEW]));
	EXPECT_EQ(0, send_tag(self->port, 50));
	EXPECT_EQ(0, call_end(&receivers[FEW]));
	EXPECT_EQ(50, receivers[FEW].recv.tag);
}

TEST_F(batch_wait, is_seen_by_poll)
{
	struct pollfd p = { .fd = self->port, .events = POLLIN | POLLOUT };

	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLOUT, p.revents);
	self->send.flags = IPCBOX_NONBLOCK;
	EXPECT_EQ(4, command(self->port, IPCBOX_SEND_BATCH, &self->send));
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLIN, p.revents);
	EXPECT_EQ(4, command(self->port, IPCBOX_RECV_BATCH, &self->recv));
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLOUT, p.revents);
}

static void *poll_in(void *arg)
{
	struct pollfd p = { .fd = *(int *)arg, .events = POLLIN };

	return (void *)(long)(poll(&p, 1, PATIENCE * 1000) == 1 &&
			      p.revents == POLLIN);
}

TEST_F(batch_wait, wakes_pollers)
{
	pthread_t thread;
	void *woken;

	pthread_create(&thread, NULL, poll_in, &self->port);
	usleep(50000);
	self->send.count = 4;
	EXPECT_EQ(4, command(self->port, IPCBOX_SEND_BATCH, &self->send));
	pthread_join(thread, &woken);
	EXPECT_NE(NULL, woken);
}

/* Others that wait */

TEST_F(batch_wait, receive_makes_room_for_senders_who_wait)
{
	struct call senders[4];

	self->send.count = 4;
	EXPECT_EQ(4, command(self->port, IPCBOX_SEND_BATCH, &self->send));
	for (int i = 0; i < 4; i++) {
		call_send_tag(&senders[i], self->port, 11 + i, 0);
		ASSERT_TRUE(senders_asleep(self->port, i + 1));
	}
	self->recv.count = 4;
	EXPECT_EQ(4, command(self->port, IPCBOX_RECV_BATCH, &self->recv));
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(0, call_end(&senders[i]));
	}
	EXPECT_EQ(4, command(self->port, IPCBOX_RECV_BATCH, &self->recv));
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(11 + i, self->in[i].tag);
	}
}

TEST_HARNESS_MAIN
