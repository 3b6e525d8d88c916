// SPDX-License-Identifier: GPL-2.0
/*
 * How a call waits: its deadline, signals, for room or not, what it counts as,
 * and what a bad pointer of either side does.
 */
#include "callers.h"
#include "ipcbox_test.h"

/* A port of depth 1: behind one message a call waits for room. */
FIXTURE(call_wait) {
	struct stage stage;
	int control;
	int port;
	struct caller caller;
};

FIXTURE_SETUP(call_wait)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create_sized(self->control, self->stage.name, BOTH,
				       1, 1 << 16);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(call_wait)
{
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(0, senders_of(self->port));
	stage_teardown(_metadata, &self->stage);
}

static long long waiters(int control)
{
	struct ipcbox_query q;

	return box_query(control, &q) ? -1 : (long long)q.waiters.used;
}

/* Room */

TEST_F(call_wait, waits_for_room_as_a_sender)
{
	ASSERT_EQ(0, send_tag(self->port, 1));
	caller_start(&self->caller, self->port, 2);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(0, senders_of(self->port));
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 2), 3));
	EXPECT_EQ(3, caller_end(&self->caller));
}

TEST_F(call_wait, takes_its_turn_among_senders)
{
	struct call before, after;

	ASSERT_EQ(0, send_tag(self->port, 1));
	call_send_tag(&before, self->port, 2, 0);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	caller_start(&self->caller, self->port, 3);
	ASSERT_TRUE(senders_asleep(self->port, 2));
	call_send_tag(&after, self->port, 4, 0);
	ASSERT_TRUE(senders_asleep(self->port, 3));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(2, recv_tag(self->port));
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 3), 9));
	EXPECT_EQ(4, recv_tag(self->port));
	EXPECT_EQ(0, call_end(&before));
	EXPECT_EQ(9, caller_end(&self->caller));
	EXPECT_EQ(0, call_end(&after));
}

/* A call that was received takes no room. */
TEST_F(call_wait, received_call_makes_room_for_the_next)
{
	struct caller second;
	long long number;

	caller_start(&self->caller, self->port, 1);
	ASSERT_TRUE(calls_queued(self->port, 1));
	caller_start(&second, self->port, 2);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	number = recv_call(self->port, 1);
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 2), 4));
	EXPECT_EQ(0, reply_tag(self->port, number, 3));
	EXPECT_EQ(3, caller_end(&self->caller));
	EXPECT_EQ(4, caller_end(&second));
}

TEST_F(call_wait, withdrawn_call_makes_room_for_the_next)
{
	struct call sender;

	caller_start_until(&self->caller, self->port, 1, in_ms(300));
	ASSERT_TRUE(calls_queued(self->port, 1));
	call_send_tag(&sender, self->port, 2, 0);
	EXPECT_EQ(-ETIMEDOUT, caller_end(&self->caller));
	EXPECT_EQ(0, call_end(&sender));
	EXPECT_EQ(2, recv_tag(self->port));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(call_wait, nonblock_without_room_returns_eagain)
{
	struct ipcbox_call c = request("x", 1, NULL, 0);

	ASSERT_EQ(0, send_tag(self->port, 1));
	c.flags = IPCBOX_NONBLOCK;
	EXPECT_EQ(-EAGAIN, command(self->port, IPCBOX_CALL, &c));
	c.deadline = UINT64_MAX;
	EXPECT_EQ(-EAGAIN, command(self->port, IPCBOX_CALL, &c));
	c.flags = 0;
	ASSERT_EQ(0, fcntl(self->port, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, command(self->port, IPCBOX_CALL, &c));
	EXPECT_NE(1, c.received);
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(call_wait, nonblock_waits_for_the_reply_all_the_same)
{
	for (int on_fd = 0; on_fd < 2; on_fd++) {
		caller_prepare(&self->caller, 5);
		if (on_fd)
			fcntl(self->port, F_SETFL, O_NONBLOCK);
		else
			self->caller.call.flags = IPCBOX_NONBLOCK;
		caller_go(&self->caller, self->port);
		ASSERT_TRUE(calls_queued(self->port, 1));
		EXPECT_FALSE(caller_ended(&self->caller));
		EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 5), 6));
		EXPECT_EQ(6, caller_end(&self->caller));
	}
}

/* Deadlines */

TEST_F(call_wait, times_out_while_it_waits_for_room)
{
	__u64 deadline = in_ms(50);

	ASSERT_EQ(0, send_tag(self->port, 1));
	caller_start_until(&self->caller, self->port, 2, deadline);
	EXPECT_EQ(-ETIMEDOUT, caller_end(&self->caller));
	EXPECT_LE(deadline, now_ns());
	EXPECT_NE(1, self->caller.call.received);
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(call_wait, times_out_while_it_waits_for_a_receiver)
{
	__u64 deadline = in_ms(50);

	caller_start_until(&self->caller, self->port, 2, deadline);
	EXPECT_EQ(-ETIMEDOUT, caller_end(&self->caller));
	EXPECT_LE(deadline, now_ns());
	EXPECT_EQ(0, self->caller.call.received);
	EXPECT_EQ(0, messages_of(self->port));
	EXPECT_EQ(0, bytes_of(self->port));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(call_wait, times_out_while_it_waits_for_the_reply)
{
	__u64 deadline = in_ms(500);
	long long number;

	caller_start_until(&self->caller, self->port, 2, deadline);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 2);
	ASSERT_LT(0, number);
	EXPECT_EQ(-ETIMEDOUT, caller_end(&self->caller));
	EXPECT_LE(deadline, now_ns());
	EXPECT_EQ(1, self->caller.call.received);
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(-EPIPE, reply_tag(self->port, number, 3));
	EXPECT_EQ(0, self->caller.reply);
}

TEST_F(call_wait, deadline_past_is_no_call)
{
	caller_start_until(&self->caller, self->port, 2, 1);
	EXPECT_EQ(-ETIMEDOUT, caller_end(&self->caller));
	EXPECT_EQ(0, messages_of(self->port));
}

TEST_F(call_wait, reply_before_the_deadline_is_there)
{
	const __u64 deadlines[] = {
		in_ms(PATIENCE * 1000), INT64_MAX, (__u64)INT64_MAX + 1, UINT64_MAX,
	};

	for (size_t i = 0; i < ARRAY_SIZE(deadlines); i++) {
		caller_start_until(&self->caller, self->port, 5, deadlines[i]);
		ASSERT_TRUE(calls_queued(self->port, 1));
		EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 5), 6));
		EXPECT_EQ(6, caller_end(&self->caller));
	}
}

/* Signals */

TEST_F(call_wait, signal_while_it_is_queued_withdraws_it)
{
	on_sigusr1(0);
	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	ASSERT_EQ(0, pthread_kill(self->caller.thread.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, caller_end(&self->caller));
	EXPECT_EQ(0, self->caller.call.received);
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(call_wait, signal_while_it_waits_for_room_withdraws_it)
{
	on_sigusr1(0);
	ASSERT_EQ(0, send_tag(self->port, 1));
	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	ASSERT_EQ(0, pthread_kill(self->caller.thread.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, caller_end(&self->caller));
	EXPECT_NE(1, self->caller.call.received);
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(call_wait, queued_goes_on_after_a_signal_with_sa_restart_and_is_one)
{
	on_sigusr1(SA_RESTART);
	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	ASSERT_EQ(0, pthread_kill(self->caller.thread.thread, SIGUSR1));
	ASSERT_TRUE(eventually(signals_seen == 1));
	ASSERT_TRUE(calls_queued(self->port, 1));
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 5), 6));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
	EXPECT_EQ(6, caller_end(&self->caller));
	EXPECT_EQ(1, received_of(self->port));
	EXPECT_EQ(2, sent_of(self->port)); /* it was withdrawn meanwhile */
}

TEST_F(call_wait, blocked_goes_on_after_a_signal_with_sa_restart_and_is_one)
{
	on_sigusr1(SA_RESTART);
	ASSERT_EQ(0, send_tag(self->port, 1));
	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	ASSERT_EQ(0, pthread_kill(self->caller.thread.thread, SIGUSR1));
	ASSERT_TRUE(eventually(signals_seen == 1));
	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 5), 6));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
	EXPECT_EQ(6, caller_end(&self->caller));
}

TEST_F(call_wait, received_is_not_restarted_whatever_the_handler)
{
	const int flags[] = { 0, SA_RESTART };

	for (int i = 0; i < 2; i++) {
		long long number;

		on_sigusr1(flags[i]);
		caller_start(&self->caller, self->port, 5);
		ASSERT_TRUE(calls_queued(self->port, 1));
		number = recv_call(self->port, 5);
		ASSERT_LT(0, number);
		pthread_kill(self->caller.thread.thread, SIGUSR1);
		EXPECT_EQ(-EINTR, caller_end(&self->caller));
		EXPECT_EQ(1, self->caller.call.received);
		EXPECT_EQ(0, calls_of(self->port));
		EXPECT_EQ(0, messages_of(self->port));
		EXPECT_EQ(-EPIPE, reply_tag(self->port, number, 6));
	}
}

/* Nobody there */

TEST_F(call_wait, if_served_without_a_receiver_returns_econnrefused)
{
	int sender = port_open(self->control, self->stage.name, IPCBOX_SENDER);
	int receiver;

	close(self->port);
	caller_prepare(&self->caller, 5);
	self->caller.call.flags = IPCBOX_IF_SERVED;
	EXPECT_EQ(-ECONNREFUSED, command(sender, IPCBOX_CALL, &self->caller.call));
	EXPECT_EQ(UNSAID, self->caller.call.received);
	EXPECT_EQ(0, messages_of(sender));

	receiver = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);
	caller_go(&self->caller, sender);
	ASSERT_TRUE(calls_queued(receiver, 1));
	EXPECT_EQ(0, reply_tag(receiver, recv_call(receiver, 5), 6));
	EXPECT_EQ(6, caller_end(&self->caller));

	/* Without the flag it waits for whoever comes. */
	close(receiver);
	caller_start(&self->caller, sender, 7);
	ASSERT_TRUE(calls_queued(sender, 1));
	self->port = port_open(self->control, self->stage.name, BOTH);
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 7), 8));
	EXPECT_EQ(8, caller_end(&self->caller));
}

/* One in the port, one that waits for room, and one without the flag that stays. */
TEST_F(call_wait, if_served_ends_when_the_last_receiver_closes)
{
	int sender = port_open(self->control, self->stage.name, IPCBOX_SENDER);
	int receiver = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);
	struct caller blocked, patient;

	caller_prepare(&self->caller, 5);
	self->caller.call.flags = IPCBOX_IF_SERVED;
	caller_go(&self->caller, sender);
	ASSERT_TRUE(calls_queued(sender, 1));
	caller_prepare(&blocked, 6);
	blocked.call.flags = IPCBOX_IF_SERVED;
	caller_go(&blocked, sender);
	ASSERT_TRUE(senders_asleep(sender, 1));
	caller_start(&patient, sender, 7);
	ASSERT_TRUE(senders_asleep(sender, 2));

	close(self->port);
	EXPECT_FALSE(caller_ended(&self->caller));
	close(receiver);
	EXPECT_EQ(-ECONNREFUSED, caller_end(&self->caller));
	EXPECT_EQ(0, self->caller.call.received);
	EXPECT_EQ(-ECONNREFUSED, caller_end(&blocked));
	EXPECT_EQ(0, senders_of(sender));
	EXPECT_EQ(1, messages_of(sender));

	self->port = port_open(self->control, self->stage.name, BOTH);
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 7), 8));
	EXPECT_EQ(8, caller_end(&patient));
}

TEST_F(call_wait, if_served_and_received_ends_with_its_server)
{
	int sender = port_open(self->control, self->stage.name, IPCBOX_SENDER);

	caller_prepare(&self->caller, 5);
	self->caller.call.flags = IPCBOX_IF_SERVED;
	caller_go(&self->caller, sender);
	ASSERT_TRUE(calls_queued(sender, 1));
	ASSERT_LT(0, recv_call(self->port, 5));
	close(self->port);
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
	EXPECT_EQ(1, self->caller.call.received);
	self->port = sender;
}

TEST_F(call_wait, if_served_calls_a_mailbox_as_ever)
{
	int box = mailbox_open(self->control);

	ASSERT_LE(0, box);
	caller_prepare(&self->caller, 5);
	self->caller.call.pid = getpid();
	self->caller.call.flags = IPCBOX_IF_SERVED;
	caller_go(&self->caller, self->control);
	ASSERT_TRUE(calls_queued(box, 1));
	EXPECT_EQ(0, reply_tag(box, recv_call(box, 5), 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

/* Counters */

TEST_F(call_wait, counts_as_one_of_the_users_waiters_until_it_ends)
{
	long long number;

	ASSERT_EQ(0, waiters(self->control));
	ASSERT_EQ(0, send_tag(self->port, 1));
	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(1, waiters(self->control));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(1, waiters(self->control));
	number = recv_call(self->port, 5);
	EXPECT_EQ(1, waiters(self->control));
	EXPECT_EQ(0, reply_tag(self->port, number, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
	EXPECT_EQ(0, waiters(self->control));
}

TEST_F(call_wait, above_the_limit_of_waiters_returns_eusers)
{
	const char *const limits[] = { SYSCTL("user_waiters"), SYSCTL("max_waiters") };

	for (int i = 0; i < 2; i++) {
		long long before = read_number(limits[i]);
		struct ipcbox_call c = request("x", 1, NULL, 0);

		ASSERT_EQ(0, write_number(limits[i], 0));
		EXPECT_EQ(-EUSERS, command(self->port, IPCBOX_CALL, &c));
		EXPECT_NE(1, c.received);
		EXPECT_EQ(0, messages_of(self->port));
		EXPECT_EQ(0, sent_of(self->port));
		ASSERT_EQ(0, write_number(limits[i], before));
	}
}

/* Bad pointers */

TEST_F(call_wait, bad_pointer_of_the_request_changes_nothing)
{
	struct ipcbox_call c = request(NULL, 8, NULL, 0);

	EXPECT_EQ(-EFAULT, command(self->port, IPCBOX_CALL, &c));
	c.len = 8192;
	EXPECT_EQ(-EFAULT, command(self->port, IPCBOX_CALL, &c));
	EXPECT_EQ(UNSAID, c.received);
	EXPECT_EQ(0, messages_of(self->port));
	EXPECT_EQ(0, sent_of(self->port));
}

TEST_F(call_wait, bad_pointer_for_the_reply_loses_it)
{
	long long number;

	caller_prepare(&self->caller, 5);
	self->caller.call.reply = 0;
	caller_go(&self->caller, self->port);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 5);
	EXPECT_EQ(0, reply_tag(self->port, number, 6));
	EXPECT_EQ(-EFAULT, caller_end(&self->caller));
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(-EPIPE, reply_tag(self->port, number, 6));
}

TEST_F(call_wait, bad_pointer_of_the_receiver_leaves_it_in_its_place)
{
	char data[8];
	struct ipcbox_recv r = room(NULL, 64);
	struct caller second;
	long long first;

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 2 }));
	caller_start(&self->caller, self->port, 1);
	ASSERT_TRUE(calls_queued(self->port, 1));
	caller_start(&second, self->port, 2);
	ASSERT_TRUE(calls_queued(self->port, 2));
	EXPECT_EQ(-EFAULT, recv_now(self->port, &r));
	r = room(data, 4);
	EXPECT_EQ(-EMSGSIZE, recv_now(self->port, &r));
	EXPECT_EQ(8, r.len);
	EXPECT_EQ(2, messages_of(self->port));
	EXPECT_EQ(16, bytes_of(self->port));
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(0, received_of(self->port));
	EXPECT_FALSE(caller_ended(&self->caller));
	first = recv_call(self->port, 1);
	EXPECT_LT(0, first);
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 2), 4));
	EXPECT_EQ(0, reply_tag(self->port, first, 3));
	EXPECT_EQ(3, caller_end(&self->caller));
	EXPECT_EQ(4, caller_end(&second));
}

/* It was given to a sleeper that could not take it. */
TEST_F(call_wait, sleeper_with_a_bad_pointer_passes_it_to_the_next)
{
	struct call bad, next;

	bad.recv = room(NULL, 64);
	call_start(&bad, self->port, IPCBOX_RECV, &bad.recv);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	call_recv(&next, self->port);
	ASSERT_TRUE(receivers_asleep(self->port, 2));
	caller_start(&self->caller, self->port, 5);
	EXPECT_EQ(-EFAULT, call_end(&bad));
	ASSERT_EQ(0, call_end(&next));
	EXPECT_EQ(5, next.recv.tag);
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, next.recv.call, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

TEST_F(call_wait, sleeper_with_a_bad_pointer_leaves_it_in_the_box)
{
	struct call bad;

	bad.recv = room(NULL, 64);
	call_start(&bad, self->port, IPCBOX_RECV, &bad.recv);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	caller_start_until(&self->caller, self->port, 5, in_ms(2000));
	EXPECT_EQ(-EFAULT, call_end(&bad));
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_EQ(0, calls_of(self->port));
	/* It is as if nobody had received it, for its end too. */
	EXPECT_EQ(-ETIMEDOUT, caller_end(&self->caller));
	EXPECT_EQ(0, self->caller.call.received);
	EXPECT_EQ(0, messages_of(self->port));
}

TEST_HARNESS_MAIN
