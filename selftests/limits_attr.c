// SPDX-License-Identifier: GPL-2.0
/*
 * The limits of one box: which attributes are taken, what they do, and what
 * changing them does to waiters. The tests change sysctls, so each has a
 * network namespace of its own.
 */
#include "ipcbox_test.h"

FIXTURE(attr) {
	struct stage stage;
	int control;
	int port;
};

FIXTURE_SETUP(attr)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create(self->control, self->stage.name, BOTH);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(attr)
{
	stage_teardown(_metadata, &self->stage);
}

/* Attributes that are refused, in each command that takes some. */

struct refused {
	struct ipcbox_attr attr;
	int error;
};

#define LIMITS (IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_BYTES | IPCBOX_ATTR_MSGSIZE)

/* Above every ceiling there is by default. */
#define HUGE	(1ULL << 40)

static const struct refused refused[] = {
	{ { .mask = IPCBOX_ATTR_MESSAGES, .max_messages = 0 }, -EINVAL },
	{ { .mask = IPCBOX_ATTR_MESSAGES, .max_messages = HUGE }, -ERANGE },
	{ { .mask = IPCBOX_ATTR_MESSAGES, .max_messages = 1ULL << 32 }, -ERANGE },
	{ { .mask = IPCBOX_ATTR_MESSAGES, .max_messages = UINT64_MAX }, -ERANGE },
	{ { .mask = LIMITS, .max_messages = 1, .max_bytes = 0,
	    .max_msgsize = 0 }, -EINVAL },
	{ { .mask = IPCBOX_ATTR_BYTES, .max_bytes = HUGE }, -ERANGE },
	{ { .mask = IPCBOX_ATTR_BYTES, .max_bytes = UINT64_MAX }, -ERANGE },
	{ { .mask = LIMITS, .max_messages = 1, .max_bytes = 10,
	    .max_msgsize = 11 }, -EINVAL },
	{ { .mask = IPCBOX_ATTR_MSGSIZE,
	    .max_msgsize = IPCBOX_DEFAULT_BYTES + 1 }, -EINVAL },
	{ { .mask = LIMITS, .max_messages = 1, .max_bytes = 64 << 20,
	    .max_msgsize = IPCBOX_MSGSIZE_MAX + 1 }, -ERANGE },
	{ { .mask = IPCBOX_ATTR_MODE, .mode = 01000 }, -EINVAL },
	{ { .mask = IPCBOX_ATTR_MODE, .mode = 0700 }, -EINVAL },
	{ { .mask = IPCBOX_ATTR_MODE, .mode = 0601 }, -EINVAL },
	{ { .mask = IPCBOX_ATTR_MODE, .mode = UINT32_MAX }, -EINVAL },
	{ { .mask = IPCBOX_ATTR_UID, .uid = UINT32_MAX }, -EINVAL },
	{ { .mask = IPCBOX_ATTR_GID, .gid = UINT32_MAX }, -EINVAL },
	{ { .mask = IPCBOX_ATTR_ALL + 1 }, -EINVAL },
	{ { .mask = 1U << 31 }, -EINVAL },
};

TEST_F(attr, refused_by_create)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(refused[i].error, port_create_attr(self->control, "new",
							     0, refused[i].attr))
			TH_LOG("number %zu", i);
	}
	EXPECT_FALSE(port_exists(self->control, "new"));
}

TEST_F(attr, refused_by_mailbox_open)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(refused[i].error, mailbox_open_attr(self->control, 0,
							      refused[i].attr))
			TH_LOG("number %zu", i);
	}
	EXPECT_EQ(-ECONNREFUSED, send_tag_to(self->control, getpid(), 1));
}

TEST_F(attr, refused_by_set)
{
	struct ipcbox_stat before, after;

	ASSERT_EQ(0, box_stat(self->port, &before));
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		EXPECT_EQ(refused[i].error, box_set(self->port, refused[i].attr))
			TH_LOG("number %zu", i);
	}
	ASSERT_EQ(0, box_stat(self->port, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

/* One bad attribute among good ones: none of them is set. */
TEST_F(attr, set_changes_all_or_nothing)
{
	struct ipcbox_stat before, after;

	ASSERT_EQ(0, box_stat(self->port, &before));
	EXPECT_EQ(-ERANGE, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE | IPCBOX_ATTR_UID | IPCBOX_ATTR_MESSAGES,
		.mode = 0666, .uid = 1000, .max_messages = UINT64_MAX }));
	ASSERT_EQ(0, box_stat(self->port, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(attr, smallest_and_largest_limits_are_taken)
{
	struct ipcbox_query q;
	struct ipcbox_stat s;

	EXPECT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = LIMITS, .max_messages = 1, .max_bytes = 1 }));
	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = LIMITS, .max_messages = q.box_messages,
		.max_bytes = q.box_bytes, .max_msgsize = q.box_msgsize }));
	ASSERT_EQ(0, box_stat(self->port, &s));
	EXPECT_EQ(q.box_messages, s.max_messages);
	EXPECT_EQ(q.box_bytes, s.max_bytes);
	EXPECT_EQ(q.box_msgsize, s.max_msgsize);
}

/* Ceilings */

struct ceiling {
	const char *sysctl;
	struct ipcbox_attr below, above;
};

static const struct ceiling ceilings[] = {
	{ SYSCTL("box_messages"),
	  { .mask = IPCBOX_ATTR_MESSAGES, .max_messages = 300 },
	  { .mask = IPCBOX_ATTR_MESSAGES, .max_messages = 301 } },
	{ SYSCTL("box_bytes"),
	  { .mask = LIMITS, .max_messages = 1, .max_bytes = 300 },
	  { .mask = LIMITS, .max_messages = 1, .max_bytes = 301 } },
	{ SYSCTL("box_msgsize"),
	  { .mask = IPCBOX_ATTR_MSGSIZE, .max_msgsize = 300 },
	  { .mask = IPCBOX_ATTR_MSGSIZE, .max_msgsize = 301 } },
};

TEST_F(attr, above_a_ceiling_returns_erange)
{
	for (size_t i = 0; i < ARRAY_SIZE(ceilings); i++) {
		const struct ceiling *c = &ceilings[i];
		long long was = read_number(c->sysctl);

		ASSERT_EQ(0, write_number(c->sysctl, 300))
			TH_LOG("%s", c->sysctl);
		EXPECT_EQ(-ERANGE, box_set(self->port, c->above))
			TH_LOG("%s", c->sysctl);
		EXPECT_EQ(-ERANGE, port_create_attr(self->control, "new", 0,
						    c->above))
			TH_LOG("%s", c->sysctl);
		EXPECT_EQ(-ERANGE, mailbox_open_attr(self->control, 0, c->above))
			TH_LOG("%s", c->sysctl);
		EXPECT_EQ(0, box_set(self->port, c->below))
			TH_LOG("%s", c->sysctl);
		ASSERT_EQ(0, write_number(c->sysctl, was));
	}
}

/* Effects */

TEST_F(attr, full_port_returns_eagain)
{
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 3 }));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(0, send_tag(self->port, i));
	}
	EXPECT_EQ(-EAGAIN, send_tag(self->port, 3));
	EXPECT_EQ(3, messages_of(self->port));
	EXPECT_EQ(0, recv_tag(self->port));
	EXPECT_EQ(0, send_tag(self->port, 3));
}

TEST_F(attr, port_holds_just_its_bytes)
{
	char data[100] = "";

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = LIMITS, .max_messages = 100, .max_bytes = 100,
		.max_msgsize = 100 }));
	EXPECT_EQ(0, send_now(self->port, data, 40));
	EXPECT_EQ(-EAGAIN, send_now(self->port, data, 61));
	EXPECT_EQ(0, send_now(self->port, data, 60));
	EXPECT_EQ(-EAGAIN, send_now(self->port, data, 1));
	EXPECT_EQ(100, bytes_of(self->port));
	/* An empty message takes no bytes. */
	EXPECT_EQ(0, send_now(self->port, NULL, 0));
	EXPECT_EQ(3, messages_of(self->port));
}

TEST_F(attr, message_longer_than_max_msgsize_returns_emsgsize)
{
	static char data[101];
	struct ipcbox_send s = message(data, sizeof(data));

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MSGSIZE, .max_msgsize = 100 }));
	/* At once, though it may wait. */
	EXPECT_EQ(-EMSGSIZE, command(self->port, IPCBOX_SEND, &s));
	s.len = UINT64_MAX;
	EXPECT_EQ(-EMSGSIZE, command(self->port, IPCBOX_SEND, &s));
	s.len = 1ULL << 32;
	EXPECT_EQ(-EMSGSIZE, command(self->port, IPCBOX_SEND, &s));
	EXPECT_EQ(0, messages_of(self->port));
	s.len = 100;
	EXPECT_EQ(0, command(self->port, IPCBOX_SEND, &s));
}

TEST_F(attr, box_for_empty_messages_takes_only_those)
{
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MSGSIZE, .max_msgsize = 0 }));
	EXPECT_EQ(-EMSGSIZE, send_now(self->port, "x", 1));
	EXPECT_EQ(0, send_now(self->port, NULL, 0));
}

/* Changing them under waiters */

TEST_F(attr, raised_messages_let_blocked_senders_in)
{
	struct call c[3];

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 1 }));
	ASSERT_EQ(0, send_tag(self->port, 0));
	for (int i = 0; i < 3; i++) {
		call_send_tag(&c[i], self->port, i + 1, 0);
		ASSERT_TRUE(senders_asleep(self->port, i + 1));
	}
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 3 }));
	EXPECT_EQ(0, call_end(&c[0]));
	EXPECT_EQ(0, call_end(&c[1]));
	EXPECT_EQ(1, senders_of(self->port));
	EXPECT_EQ(3, messages_of(self->port));
	EXPECT_EQ(0, recv_tag(self->port));
	EXPECT_EQ(0, call_end(&c[2]));
	for (int i = 1; i <= 3; i++) {
		EXPECT_EQ(i, recv_tag(self->port));
	}
}

TEST_F(attr, raised_bytes_let_a_blocked_sender_in)
{
	struct call c;

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = LIMITS, .max_messages = 9, .max_bytes = 8,
		.max_msgsize = 8 }));
	ASSERT_EQ(0, send_tag(self->port, 1));
	call_send_tag(&c, self->port, 2, 0);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_BYTES, .max_bytes = 16 }));
	EXPECT_EQ(0, call_end(&c));
}

TEST_F(attr, raised_limits_of_a_mailbox_let_the_sender_on_a_link_in)
{
	int box = mailbox_open_attr(self->control, 0, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 1 });
	int link = link_open(self->control, getpid(), 0);
	struct call c;

	ASSERT_LE(0, link);
	ASSERT_EQ(0, send_tag(link, 1));
	call_send_tag(&c, link, 2, 0);
	ASSERT_TRUE(senders_asleep(link, 1));
	ASSERT_EQ(0, box_set(box, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 2 }));
	EXPECT_EQ(0, call_end(&c));
	EXPECT_EQ(2, messages_of(box));
}

TEST_F(attr, lowered_limit_keeps_what_is_queued)
{
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(0, send_tag(self->port, i));
	}
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = LIMITS, .max_messages = 2, .max_bytes = 16,
		.max_msgsize = 4 }));
	EXPECT_EQ(5, messages_of(self->port));
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(-EAGAIN, send_now(self->port, "x", 1));
		EXPECT_EQ(i, recv_tag(self->port));
	}
	EXPECT_EQ(0, send_now(self->port, "x", 1));
	EXPECT_EQ(-EAGAIN, send_now(self->port, "x", 1));
}

/*
 * A sender that waits with a message that no longer fits the box would wait for
 * ever: it gets an error, or gets in, but does not sleep on when the box is empty.
 */
TEST_F(attr, sender_does_not_sleep_for_ever_when_its_message_no_longer_fits)
{
	static char data[100];
	struct call c;
	struct ipcbox_recv r = room(data, sizeof(data));
	int ret;

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 1 }));
	ASSERT_EQ(0, send_now(self->port, data, 10));
	c.send = message(data, sizeof(data));
	call_start(&c, self->port, IPCBOX_SEND, &c.send);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = LIMITS, .max_messages = 1, .max_bytes = 50,
		.max_msgsize = 50 }));
	ASSERT_EQ(0, recv_now(self->port, &r));
	ret = call_end(&c);
	EXPECT_TRUE(ret == 0 || ret == -EMSGSIZE)
		TH_LOG("the call: %d", ret);
	EXPECT_EQ(ret == 0, messages_of(self->port));
}

TEST_HARNESS_MAIN
