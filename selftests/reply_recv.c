// SPDX-License-Identifier: GPL-2.0
/*
 * Reply and receive in one command: the kernel reports which half was done, and
 * the other can be done again. And requests and replies of all lengths.
 */
#include "callers.h"
#include "ipcbox_test.h"

FIXTURE(reply_recv) {
	struct stage stage;
	int control;
	int port;
	struct caller first, second;
	long long number;	/* of the first, which is received */
	__u64 answer;
	__u64 data;
	struct ipcbox_reply_recv arg;
};

FIXTURE_SETUP(reply_recv)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create_sized(self->control, self->stage.name, BOTH, 8,
				       8 << 20);
	ASSERT_LE(0, self->port);
	caller_start(&self->first, self->port, 1);
	ASSERT_TRUE(calls_queued(self->port, 1));
	self->number = recv_call(self->port, 1);
	ASSERT_LT(0, self->number);
	self->answer = 101;
	self->arg = reply_recv_to(self->number, &self->answer, 8, &self->data, 8);
	self->arg.tag = self->answer;
}

FIXTURE_TEARDOWN(reply_recv)
{
	EXPECT_FALSE(calls_of(self->port) > 0);
	stage_teardown(_metadata, &self->stage);
}

static int reply_recv_now(int fd, struct ipcbox_reply_recv *arg)
{
	arg->recv.flags |= IPCBOX_NONBLOCK;
	return command(fd, IPCBOX_REPLY_RECV, arg);
}

TEST_F(reply_recv, replies_and_receives_the_next)
{
	caller_start(&self->second, self->port, 2);
	ASSERT_TRUE(calls_queued(self->port, 1));
	EXPECT_EQ(0, command(self->port, IPCBOX_REPLY_RECV, &self->arg));
	EXPECT_EQ(101, caller_end(&self->first));
	EXPECT_EQ(0, self->arg.call);
	EXPECT_EQ(2, self->arg.recv.tag);
	EXPECT_EQ(2, self->data);
	EXPECT_EQ(8, self->arg.recv.len);
	EXPECT_EQ(8, self->arg.recv.reply_max);
	EXPECT_EQ(2, self->arg.recv.seq);
	EXPECT_EQ(getpid(), self->arg.recv.pid);
	EXPECT_EQ(geteuid(), self->arg.recv.uid);
	EXPECT_EQ(getegid(), self->arg.recv.gid);
	EXPECT_NE(0, self->arg.recv.call);
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, self->arg.recv.call, 102));
	EXPECT_EQ(102, caller_end(&self->second));
}

TEST_F(reply_recv, replies_and_waits_for_the_next)
{
	struct call server;

	call_start(&server, self->port, IPCBOX_REPLY_RECV, &self->arg);
	EXPECT_EQ(101, caller_end(&self->first));
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_EQ(0, send_tag(self->port, 2));
	EXPECT_EQ(0, call_end(&server));
	EXPECT_EQ(0, self->arg.call);
	EXPECT_EQ(2, self->arg.recv.tag);
	EXPECT_EQ(2, self->data);
	EXPECT_EQ(0, self->arg.recv.call);
	EXPECT_EQ(0, self->arg.recv.reply_max);
}

TEST_F(reply_recv, without_a_call_only_receives)
{
	ASSERT_EQ(0, send_tag(self->port, 2));
	self->arg.call = 0;
	self->arg.data = 1;	/* not looked at */
	self->arg.len = UINT64_MAX;
	EXPECT_EQ(0, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(0, self->arg.call);
	EXPECT_EQ(2, self->arg.recv.tag);
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, self->number, 101));
	EXPECT_EQ(101, caller_end(&self->first));
}

TEST_F(reply_recv, buffers_may_be_the_same)
{
	ASSERT_EQ(0, send_tag(self->port, 2));
	self->arg.recv.data = to_u64(&self->answer);
	EXPECT_EQ(0, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(101, caller_end(&self->first));
	EXPECT_EQ(2, self->answer);
}

/* The reply fails: nothing was received, and the number is still there. */

TEST_F(reply_recv, that_cannot_reply_receives_nothing)
{
	struct ipcbox_reply_recv good = self->arg;

	ASSERT_EQ(0, send_tag(self->port, 2));

	self->arg.len = 9;	/* the caller has room for 8 */
	EXPECT_EQ(-EMSGSIZE, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(self->number, self->arg.call);
	self->arg.len = UINT64_MAX;
	EXPECT_EQ(-EMSGSIZE, reply_recv_now(self->port, &self->arg));
	self->arg = good;
	self->arg.data = 0;
	EXPECT_EQ(-EFAULT, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(self->number, self->arg.call);
	self->arg = good;
	self->arg.call = self->number + 1000000;
	EXPECT_EQ(-EINVAL, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(self->number + 1000000, self->arg.call);
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(1, messages_of(self->port));

	self->arg = good;
	EXPECT_EQ(0, reply_tag(self->port, self->number, 101));
	EXPECT_EQ(-EPIPE, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(self->number, self->arg.call);
	EXPECT_EQ(101, caller_end(&self->first));
	EXPECT_EQ(0, self->data);
	EXPECT_EQ(2, recv_tag(self->port));
}

TEST_F(reply_recv, of_bad_arguments_does_neither)
{
	struct ipcbox_reply_recv good = self->arg;

	ASSERT_EQ(0, send_tag(self->port, 2));
	for (int i = 0; i < 4; i++) {
		self->arg = good;
		switch (i) {
		case 0:
			self->arg.recv.size = sizeof(self->arg.recv) - 1;
			break;
		case 1:
			self->arg.recv.size = sizeof(self->arg.recv) + 8;
			break;
		case 2:
			self->arg.recv.flags = IPCBOX_PIDFD;
			break;
		case 3:
			self->arg.recv.size = 0;
			break;
		}
		EXPECT_EQ(-EINVAL, command(self->port, IPCBOX_REPLY_RECV, &self->arg))
			TH_LOG("case %d", i);
		EXPECT_EQ(self->number, self->arg.call);
	}
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, self->number, 101));
	EXPECT_EQ(101, caller_end(&self->first));
}

/* A sender to receive from does not go with a port: the number says what was done. */
TEST_F(reply_recv, from_on_a_port_returns_einval)
{
	self->arg.recv.from = getpid();
	EXPECT_EQ(-EINVAL, reply_recv_now(self->port, &self->arg));
	if (self->arg.call)
		EXPECT_EQ(0, reply_tag(self->port, self->number, 101));
	EXPECT_EQ(101, caller_end(&self->first));
}

/* The receive fails: the reply was given, once, and the number is zero. */

TEST_F(reply_recv, that_finds_nothing_has_replied)
{
	EXPECT_EQ(-EAGAIN, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(0, self->arg.call);
	EXPECT_EQ(101, caller_end(&self->first));
	ASSERT_EQ(0, send_tag(self->port, 2));
	EXPECT_EQ(0, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(2, self->arg.recv.tag);
}

TEST_F(reply_recv, o_nonblock_is_for_the_receive)
{
	ASSERT_EQ(0, fcntl(self->port, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, command(self->port, IPCBOX_REPLY_RECV, &self->arg));
	EXPECT_EQ(0, self->arg.call);
	EXPECT_EQ(101, caller_end(&self->first));
}

TEST_F(reply_recv, that_times_out_has_replied)
{
	self->arg.recv.deadline = in_ms(30);
	EXPECT_EQ(-ETIMEDOUT, command(self->port, IPCBOX_REPLY_RECV, &self->arg));
	EXPECT_LE(self->arg.recv.deadline, now_ns());
	EXPECT_EQ(0, self->arg.call);
	EXPECT_EQ(101, caller_end(&self->first));
}

TEST_F(reply_recv, that_gets_a_signal_has_replied)
{
	struct call server;

	on_sigusr1(0);
	call_start(&server, self->port, IPCBOX_REPLY_RECV, &self->arg);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	pthread_kill(server.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, call_end(&server));
	EXPECT_EQ(0, self->arg.call);
	EXPECT_EQ(101, caller_end(&self->first));
}

TEST_F(reply_recv, that_is_restarted_replies_once)
{
	struct call server;

	on_sigusr1(SA_RESTART);
	call_start(&server, self->port, IPCBOX_REPLY_RECV, &self->arg);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	pthread_kill(server.thread, SIGUSR1);
	ASSERT_TRUE(eventually(signals_seen == 1));
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_EQ(101, caller_end(&self->first));
	EXPECT_EQ(0, send_tag(self->port, 2));
	EXPECT_EQ(0, call_end(&server));
	EXPECT_EQ(0, self->arg.call);
	EXPECT_EQ(2, self->arg.recv.tag);
}

TEST_F(reply_recv, with_too_little_room_has_replied)
{
	ASSERT_EQ(0, send_tag(self->port, 2));
	self->arg.recv.capacity = 4;
	EXPECT_EQ(-EMSGSIZE, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(0, self->arg.call);
	EXPECT_EQ(8, self->arg.recv.len);
	EXPECT_EQ(101, caller_end(&self->first));
	self->arg.recv.capacity = 8;
	EXPECT_EQ(0, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(2, self->arg.recv.tag);
}

TEST_F(reply_recv, with_a_bad_pointer_to_receive_has_replied)
{
	caller_start(&self->second, self->port, 2);
	ASSERT_TRUE(calls_queued(self->port, 1));
	self->arg.recv.data = 0;
	EXPECT_EQ(-EFAULT, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(0, self->arg.call);
	EXPECT_EQ(101, caller_end(&self->first));
	EXPECT_EQ(0, calls_of(self->port));
	self->arg.recv.data = to_u64(&self->data);
	EXPECT_EQ(0, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(2, self->data);
	EXPECT_EQ(0, reply_tag(self->port, self->arg.recv.call, 102));
	EXPECT_EQ(102, caller_end(&self->second));
}

TEST_F(reply_recv, that_waits_when_the_port_is_removed_has_replied)
{
	struct call server;

	call_start(&server, self->port, IPCBOX_REPLY_RECV, &self->arg);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(-EIDRM, call_end(&server));
	EXPECT_EQ(0, self->arg.call);
	EXPECT_EQ(101, caller_end(&self->first));
}

/* Lengths: what arrives is what was sent, both ways */

static const size_t lengths[] = {
	0, 1, 7, 64, 127, 128, 129, 4095, 4096, 4097, 65536, 65537, 1048576,
};

#define LONGEST 1048576

static void pattern(unsigned char *data, size_t len, __u32 random)
{
	for (size_t i = 0; i < len; i++) {
		random = random * 1664525 + 1013904223;
		data[i] = random >> 24;
	}
}

TEST_F(reply_recv, requests_and_replies_of_all_lengths_arrive)
{
	unsigned char *sent = malloc(LONGEST), *received = malloc(LONGEST + 1);
	unsigned char *answer = malloc(LONGEST), *answered = malloc(LONGEST + 1);
	struct caller *c = &self->second;
	struct ipcbox_reply reply;

	pattern(sent, LONGEST, 1);
	pattern(answer, LONGEST, 2);
	for (size_t i = 0; i < ARRAY_SIZE(lengths) * ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i % ARRAY_SIZE(lengths)];
		size_t reply_len = lengths[i / ARRAY_SIZE(lengths)];
		struct ipcbox_recv r = room(received, len);

		received[len] = POISON;
		answered[reply_len] = POISON;
		caller_prepare(c, 1);
		c->call = request(sent, len, answered, reply_len);
		caller_go(c, self->port);
		ASSERT_EQ(0, command(self->port, IPCBOX_RECV, &r));
		ASSERT_EQ(len, r.len);
		ASSERT_EQ(reply_len, r.reply_max);
		ASSERT_EQ(0, memcmp(sent, received, len));
		ASSERT_EQ(POISON, received[len]);
		reply = reply_to(r.call, answer, reply_len);
		ASSERT_EQ(0, command(self->port, IPCBOX_REPLY, &reply));
		ASSERT_EQ(0, call_end(&c->thread));
		ASSERT_EQ(reply_len, c->call.reply_len);
		ASSERT_EQ(0, memcmp(answer, answered, reply_len));
		ASSERT_EQ(POISON, answered[reply_len]);
	}
	EXPECT_EQ(0, reply_tag(self->port, self->number, 101));
	EXPECT_EQ(101, caller_end(&self->first));
}

TEST_F(reply_recv, long_ones_through_one_buffer_arrive)
{
	unsigned char *buffer = malloc(LONGEST), *sent = malloc(LONGEST);
	unsigned char *answered = malloc(LONGEST);
	struct caller *c = &self->second;

	pattern(sent, LONGEST, 1);
	caller_prepare(c, 2);
	c->call.data = to_u64(sent);
	c->call.len = 100000;
	c->call.reply = to_u64(answered);
	c->call.capacity = LONGEST;
	caller_go(c, self->port);
	ASSERT_TRUE(calls_queued(self->port, 1));
	self->arg.recv.data = to_u64(buffer);
	self->arg.recv.capacity = LONGEST;
	ASSERT_EQ(0, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(101, caller_end(&self->first));
	ASSERT_EQ(100000, self->arg.recv.len);
	EXPECT_EQ(0, memcmp(sent, buffer, 100000));

	/* The message goes back, and the next comes into the same place. */
	ASSERT_EQ(0, send_tag(self->port, 3));
	self->arg.call = self->arg.recv.call;
	self->arg.data = to_u64(buffer);
	self->arg.len = 100000;
	self->arg.recv.flags = 0;
	ASSERT_EQ(0, reply_recv_now(self->port, &self->arg));
	EXPECT_EQ(3, self->arg.recv.tag);
	EXPECT_EQ(3, buffer[0]);
	EXPECT_EQ(0, call_end(&c->thread));
	EXPECT_EQ(100000, c->call.reply_len);
	EXPECT_EQ(0, memcmp(sent, answered, 100000));
}

TEST_HARNESS_MAIN
