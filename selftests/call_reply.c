// SPDX-License-Identifier: GPL-2.0
/* Replies: length, memory, and the number of the call. */
#include "callers.h"
#include "ipcbox_test.h"

FIXTURE(call_reply) {
	struct stage stage;
	int control;
	int port;
	struct caller caller;
};

FIXTURE_SETUP(call_reply)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create(self->control, self->stage.name, BOTH);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(call_reply)
{
	EXPECT_EQ(0, calls_of(self->port) > 0);
	stage_teardown(_metadata, &self->stage);
}

TEST_F(call_reply, reply_longer_than_the_room_leaves_the_caller_waiting)
{
	char text[16] = "too long a reply";
	struct ipcbox_reply reply;
	long long number;

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 5);
	reply = reply_to(number, text, 9);
	EXPECT_EQ(-EMSGSIZE, command(self->port, IPCBOX_REPLY, &reply));
	reply.len = IPCBOX_MSGSIZE_MAX + 1;
	EXPECT_EQ(-EMSGSIZE, command(self->port, IPCBOX_REPLY, &reply));
	reply.len = UINT64_MAX;
	EXPECT_EQ(-EMSGSIZE, command(self->port, IPCBOX_REPLY, &reply));
	reply.len = (1ULL << 32) + 1;
	EXPECT_EQ(-EMSGSIZE, command(self->port, IPCBOX_REPLY, &reply));
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_FALSE(caller_ended(&self->caller));
	EXPECT_EQ(0, self->caller.reply);
	EXPECT_EQ(0, reply_tag(self->port, number, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

TEST_F(call_reply, bad_pointer_of_a_reply_leaves_the_caller_waiting)
{
	struct ipcbox_reply reply;
	long long number;

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 5);
	reply = reply_to(number, NULL, 8);
	EXPECT_EQ(-EFAULT, command(self->port, IPCBOX_REPLY, &reply));
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, number, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

TEST_F(call_reply, reply_may_be_longer_than_the_box_takes)
{
	char text[4096];
	struct ipcbox_reply reply;

	memset(text, 'r', sizeof(text));
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_BYTES | IPCBOX_ATTR_MSGSIZE,
		.max_bytes = 8, .max_msgsize = 8 }));
	caller_prepare(&self->caller, 5);
	self->caller.call.reply = to_u64(calloc(1, sizeof(text)));
	self->caller.call.capacity = sizeof(text);
	caller_go(&self->caller, self->port);
	ASSERT_TRUE(calls_queued(self->port, 1));
	reply = reply_to(recv_call(self->port, 5), text, sizeof(text));
	EXPECT_EQ(0, command(self->port, IPCBOX_REPLY, &reply));
	EXPECT_EQ(0, call_end(&self->caller.thread));
	EXPECT_EQ(sizeof(text), self->caller.call.reply_len);
	EXPECT_EQ(0, memcmp((void *)(uintptr_t)self->caller.call.reply, text,
			    sizeof(text)));
}

TEST_F(call_reply, reply_may_go_where_the_request_came_from)
{
	struct caller *c = &self->caller;

	caller_prepare(c, 5);
	c->call.reply = c->call.data;
	caller_go(c, self->port);
	ASSERT_TRUE(calls_queued(self->port, 1));
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 5), 6));
	EXPECT_EQ(0, call_end(&c->thread));
	EXPECT_EQ(6, c->tag);
}

/* Numbers */

TEST_F(call_reply, reply_to_a_number_never_given_returns_einval)
{
	long long number;

	EXPECT_EQ(-EINVAL, reply_tag(self->port, 0, 1));
	EXPECT_EQ(-EINVAL, reply_tag(self->port, 1000000, 1));
	EXPECT_EQ(-EINVAL, reply_tag(self->port, 1ULL << 63, 1));
	EXPECT_EQ(-EINVAL, reply_tag(self->port, UINT64_MAX, 1));
	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 5);
	EXPECT_EQ(-EINVAL, reply_tag(self->port, 0, 1));
	EXPECT_EQ(-EINVAL, reply_tag(self->port, number + 1000000, 1));
	EXPECT_EQ(-EINVAL, reply_tag(self->port, number | 1ULL << 63, 1));
	EXPECT_EQ(0, reply_tag(self->port, number, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

TEST_F(call_reply, second_reply_returns_epipe)
{
	long long number, next;

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 5);
	EXPECT_EQ(0, reply_tag(self->port, number, 6));
	EXPECT_EQ(-EPIPE, reply_tag(self->port, number, 7));
	EXPECT_EQ(6, caller_end(&self->caller));
	/* Nor does it go to whoever calls next. */
	caller_start(&self->caller, self->port, 8);
	ASSERT_TRUE(calls_queued(self->port, 1));
	next = recv_call(self->port, 8);
	EXPECT_EQ(-EPIPE, reply_tag(self->port, number, 7));
	EXPECT_EQ(0, reply_tag(self->port, next, 9));
	EXPECT_EQ(9, caller_end(&self->caller));
}

TEST_F(call_reply, reply_through_another_open_of_the_port_returns_epipe)
{
	int other = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);
	long long number;

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 5);
	EXPECT_EQ(-EPIPE, reply_tag(other, number, 7));
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, number, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

TEST_F(call_reply, reply_through_a_dup_works)
{
	int other = dup(self->port);

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	EXPECT_EQ(0, reply_tag(other, recv_call(self->port, 5), 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

/* While it lies in the box nobody has its number, but one could guess it. */
TEST_F(call_reply, reply_before_it_is_received_does_nothing)
{
	long long number;

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	for (__u64 guess = 1; guess < 64; guess++)
		EXPECT_GT(0, reply_tag(self->port, guess, 7));
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_FALSE(caller_ended(&self->caller));
	number = recv_call(self->port, 5);
	EXPECT_EQ(0, reply_tag(self->port, number, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

TEST_HARNESS_MAIN
