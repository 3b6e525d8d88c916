// SPDX-License-Identifier: GPL-2.0
/*
 * Order: messages go by priority, then arrival; senders that wait go by the same
 * rule, and no other passes them; numbers have no gaps.
 */
#include "ipcbox_test.h"
#include "late_page.h"

FIXTURE(order) {
	struct stage stage;
	int control;
	int port;
};

FIXTURE_SETUP(order)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create_sized(self->control, self->stage.name, BOTH,
				       100000, 64 << 20);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(order)
{
	stage_teardown(_metadata, &self->stage);
}

static int set_depth(int fd, __u64 messages)
{
	return box_set(fd, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = messages });
}

/* Sends over a link that is nobody else's; 0 when it is done. */
static int send_from_child(pid_t to, __u64 tag, __u32 priority)
{
	pid_t child = fork();
	struct ipcbox_send s;

	if (child)
		return reap(child);
	s = tagged(&tag, priority);
	s.flags = IPCBOX_NONBLOCK;
	s.pid = to;
	_exit(command(control_open(), IPCBOX_SEND, &s) ? 1 : 0);
}

/* Messages */

TEST_F(order, equal_priorities_arrive_as_sent)
{
	for (int i = 0; i < 1000; i++) {
		ASSERT_EQ(0, send_tag_at(self->port, i, 5));
	}
	for (int i = 0; i < 1000; i++) {
		ASSERT_EQ(i, recv_tag(self->port));
	}
}

TEST_F(order, higher_priority_goes_first_then_arrival)
{
	const int priority[] = { 0, 32767, 5, 5, 32767, 0, 1, 6 };
	const int expected[] = { 1, 4, 7, 2, 3, 6, 0, 5 };

	for (size_t i = 0; i < ARRAY_SIZE(priority); i++) {
		ASSERT_EQ(0, send_tag_at(self->port, i, priority[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		EXPECT_EQ(expected[i], recv_tag(self->port));
	}
}

TEST_F_TIMEOUT(order, all_32768_priorities_are_told_apart, 120)
{
	int count = IPCBOX_PRIORITY_MAX + 1;

	for (int i = 0; i < count; i++) {
		int priority = (i * 9973) % count;

		ASSERT_EQ(0, send_tag_at(self->port, priority, priority));
	}
	for (int i = count - 1; i >= 0; i--) {
		ASSERT_EQ(i, recv_tag(self->port));
	}
}

TEST_F(order, priority_out_of_range_returns_einval)
{
	EXPECT_EQ(-EINVAL, send_tag_at(self->port, 1, IPCBOX_PRIORITY_MAX + 1));
	EXPECT_EQ(-EINVAL, send_tag_at(self->port, 1, UINT32_MAX));
	EXPECT_EQ(0, messages_of(self->port));
	EXPECT_EQ(0, send_tag_at(self->port, 1, IPCBOX_PRIORITY_MAX));
}

TEST_F(order, mailbox_takes_by_priority_over_all_links)
{
	int box = mailbox_open(self->control);
	pid_t parent = getpid();

	ASSERT_LE(0, box);
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, send_from_child(parent, i, i % 2));
	}
	EXPECT_EQ(1, recv_tag(box));
	EXPECT_EQ(3, recv_tag(box));
	EXPECT_EQ(0, recv_tag(box));
	EXPECT_EQ(2, recv_tag(box));
}

/* The place of a lane among others changes with its first message. */
TEST_F(order, mailbox_takes_an_urgent_message_behind_another_of_its_sender_first)
{
	const __u64 tags[] = { 1, 3 };
	int box = mailbox_open(self->control);
	struct ipcbox_send early = tagged(&tags[0], 1), urgent = tagged(&tags[1], 9);

	ASSERT_LE(0, box);
	early.pid = urgent.pid = getpid();
	ASSERT_EQ(0, command(self->control, IPCBOX_SEND, &early));
	ASSERT_EQ(0, send_from_child(getpid(), 2, 5));
	ASSERT_EQ(0, command(self->control, IPCBOX_SEND, &urgent));
	EXPECT_EQ(3, recv_tag(box));
	EXPECT_EQ(2, recv_tag(box));
	EXPECT_EQ(1, recv_tag(box));
}

/* Senders that wait */

TEST_F(order, blocked_senders_get_in_by_priority_then_arrival)
{
	const int priority[] = { 3, 7, 3, 9, 0, 7 };
	const int expected[] = { 3, 1, 5, 0, 2, 4 };
	struct call c[ARRAY_SIZE(priority)];

	ASSERT_EQ(0, set_depth(self->port, 1));
	ASSERT_EQ(0, send_tag_at(self->port, 99, 0));
	for (size_t i = 0; i < ARRAY_SIZE(priority); i++) {
		call_send_tag(&c[i], self->port, i, priority[i]);
		ASSERT_TRUE(senders_asleep(self->port, i + 1));
	}
	EXPECT_EQ(99, recv_tag(self->port));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		EXPECT_EQ(expected[i], recv_tag(self->port));
		EXPECT_EQ(0, call_end(&c[expected[i]]));
	}
}

/* The room that a receive made belongs to the waiting sender, at once. */
TEST_F(order, nobody_takes_the_room_of_a_blocked_sender)
{
	struct call c;

	ASSERT_EQ(0, set_depth(self->port, 1));
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, send_tag(self->port, 1));
		call_send_tag(&c, self->port, 2, 0);
		ASSERT_TRUE(senders_asleep(self->port, 1));
		ASSERT_EQ(1, recv_tag(self->port));
		ASSERT_EQ(-EAGAIN, send_tag(self->port, 3));
		ASSERT_EQ(0, call_end(&c));
		ASSERT_EQ(2, recv_tag(self->port));
	}
}

TEST_F(order, small_message_does_not_pass_a_large_one_that_waits)
{
	static char large[50];
	struct ipcbox_send s = message(large, sizeof(large));
	struct call c;
	struct ipcbox_recv r = room(large, sizeof(large));

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_BYTES | IPCBOX_ATTR_MSGSIZE,
		.max_bytes = 100, .max_msgsize = 100 }));
	s.priority = 5;
	ASSERT_EQ(0, command(self->port, IPCBOX_SEND, &s));
	c.send = message(large, sizeof(large));
	c.send.priority = 5;
	ASSERT_EQ(0, send_tag_at(self->port, 1, 5));
	call_start(&c, self->port, IPCBOX_SEND, &c.send);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(58, bytes_of(self->port));

	/* There is room for 8 bytes, but not for a sender as urgent or less. */
	EXPECT_EQ(-EAGAIN, send_tag_at(self->port, 2, 5));
	EXPECT_EQ(-EAGAIN, send_tag_at(self->port, 2, 4));
	EXPECT_EQ(0, send_tag_at(self->port, 3, 6));
	EXPECT_EQ(3, recv_tag(self->port));
	EXPECT_EQ(1, senders_of(self->port));
	EXPECT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(0, call_end(&c));
}

/* A sender that gives up leaves the room to those behind it. */
TEST_F(order, sender_behind_one_that_times_out_gets_in)
{
	static char large[100];
	struct call first, second;

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_BYTES | IPCBOX_ATTR_MSGSIZE,
		.max_bytes = 100, .max_msgsize = 100 }));
	ASSERT_EQ(0, send_tag(self->port, 1));
	first.send = message(large, sizeof(large));
	first.send.deadline = in_ms(300);
	call_start(&first, self->port, IPCBOX_SEND, &first.send);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	call_send_tag(&second, self->port, 2, 0);
	EXPECT_EQ(-ETIMEDOUT, call_end(&first));
	EXPECT_EQ(0, call_end(&second));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(2, recv_tag(self->port));
}

TEST_F(order, one_large_receive_lets_several_small_senders_in)
{
	static char large[400];
	struct ipcbox_recv r = room(large, sizeof(large));
	struct call c[40];	/* more than are let in at a time */

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_BYTES | IPCBOX_ATTR_MSGSIZE,
		.max_bytes = 400, .max_msgsize = 400 }));
	ASSERT_EQ(0, send_now(self->port, large, sizeof(large)));
	for (int i = 0; i < 40; i++) {
		call_send_tag(&c[i], self->port, i, 0);
		ASSERT_TRUE(senders_asleep(self->port, i + 1));
	}
	ASSERT_EQ(0, recv_now(self->port, &r));
	for (int i = 0; i < 40; i++) {
		EXPECT_EQ(0, call_end(&c[i]));
	}
	for (int i = 0; i < 40; i++) {
		EXPECT_EQ(i, recv_tag(self->port));
	}
}

TEST_F(order, links_that_wait_do_not_hold_up_each_other)
{
	struct peer peer;
	struct call c;
	int link;

	ASSERT_EQ(0, peer_start(&peer, 1));
	link = link_open(self->control, peer.pid, 0);
	ASSERT_EQ(0, send_tag(link, 1));
	call_send_tag(&c, link, 2, IPCBOX_PRIORITY_MAX);
	ASSERT_TRUE(senders_asleep(link, 1));
	EXPECT_EQ(0, send_from_child(peer.pid, 3, 0));
	EXPECT_EQ(1, peer_do(&peer, PEER_RECV));
	EXPECT_EQ(0, call_end(&c));
	EXPECT_EQ(2, peer_do(&peer, PEER_RECV));
	EXPECT_EQ(3, peer_do(&peer, PEER_RECV));
	peer_kill(&peer);
}

/* Numbers */

static long long recv_seq(int fd)
{
	char data[64];
	struct ipcbox_recv r = room(data, sizeof(data));
	int ret = recv_now(fd, &r);

	return ret ? ret : (long long)r.seq;
}

TEST_F(order, sequence_has_no_gap_whatever_failed_in_between)
{
	char byte;

	ASSERT_EQ(0, set_depth(self->port, 2));
	ASSERT_EQ(0, send_tag(self->port, 1));
	ASSERT_EQ(0, send_tag(self->port, 2));
	EXPECT_EQ(-EAGAIN, send_tag(self->port, 3));
	EXPECT_EQ(1, recv_seq(self->port));
	EXPECT_EQ(-EFAULT, send_now(self->port, NULL, 8));
	EXPECT_EQ(-EINVAL, send_tag_at(self->port, 3, UINT32_MAX));
	EXPECT_EQ(-EMSGSIZE, send_now(self->port, &byte, (64 << 20) + 1));
	ASSERT_EQ(0, send_tag(self->port, 3));
	EXPECT_EQ(2, recv_seq(self->port));
	EXPECT_EQ(3, recv_seq(self->port));
}

TEST_F(order, sequence_is_that_of_sending_not_of_receiving)
{
	ASSERT_EQ(0, send_tag_at(self->port, 1, 0));
	ASSERT_EQ(0, send_tag_at(self->port, 2, 9));
	EXPECT_EQ(2, recv_seq(self->port));
	EXPECT_EQ(1, recv_seq(self->port));
}

TEST_F(order, sequence_is_one_for_all_fds_of_a_port)
{
	int other = port_open(self->control, self->stage.name, BOTH);

	ASSERT_EQ(0, send_tag(self->port, 1));
	ASSERT_EQ(0, send_tag(other, 2));
	EXPECT_EQ(1, recv_seq(other));
	EXPECT_EQ(2, recv_seq(self->port));
}

TEST_F(order, sequence_of_a_blocked_sender_is_that_of_getting_in)
{
	struct call c;

	ASSERT_EQ(0, set_depth(self->port, 1));
	ASSERT_EQ(0, send_tag(self->port, 1));
	call_send_tag(&c, self->port, 2, 0);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(1, recv_seq(self->port));
	EXPECT_EQ(0, call_end(&c));
	EXPECT_EQ(2, recv_seq(self->port));
}

TEST_F(order, sequence_of_each_link_is_its_own)
{
	int box = mailbox_open(self->control);
	pid_t parent = getpid();

	ASSERT_EQ(0, send_tag_to(self->control, parent, 1));
	ASSERT_EQ(0, send_from_child(parent, 1, 0));
	ASSERT_EQ(0, send_tag_to(self->control, parent, 1));
	EXPECT_EQ(1, recv_seq(box));
	EXPECT_EQ(1, recv_seq(box));
	EXPECT_EQ(2, recv_seq(box));
}

/* A receive that fails puts the message back where it was. */

TEST_F(order, message_of_a_failed_receive_keeps_its_place)
{
	struct ipcbox_recv r = room(NULL, 8);
	char small[4];

	for (int i = 1; i <= 3; i++) {
		ASSERT_EQ(0, send_tag_at(self->port, i, 5));
	}
	EXPECT_EQ(-EFAULT, recv_now(self->port, &r));
	r = room(small, sizeof(small));
	EXPECT_EQ(-EMSGSIZE, recv_now(self->port, &r));
	for (int i = 1; i <= 3; i++) {
		EXPECT_EQ(i, recv_tag(self->port));
	}
}

/* It has no place any more, and its bytes are given back. */
TEST_F(order, message_of_a_failed_receive_goes_with_its_port)
{
	struct ipcbox_query query;
	struct late_page page;
	struct call receiver;

	if (late_page_make(&page))
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, send_tag(self->port, 1));
	receiver.recv = room(page.at, 8);
	call_start(&receiver, self->port, IPCBOX_RECV, &receiver.recv);
	ASSERT_TRUE(late_page_is_missed(&page));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(0, late_page_refuse(&page));
	EXPECT_EQ(-EFAULT, call_end(&receiver));
	ASSERT_EQ(0, box_query(self->control, &query));
	EXPECT_EQ(self->stage.before.bytes.used, query.bytes.used);
}

TEST_HARNESS_MAIN
