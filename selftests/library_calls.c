// SPDX-License-Identifier: GPL-2.0
/*
 * libipcbox, calls and batches: that requests, replies and what is known of them get
 * through, in buffers that are used again, grow, or are the same for both.
 */
#include "library_test.h"

#define ROOM		8
#define LONG		20000		/* bytes, more than a first receive has room for */

/* A caller in a thread of its own. */
struct caller {
	pthread_t thread;
	int fd;
	const char *request;
	uint64_t deadline;
	size_t room;
	struct ipcbox_msg *reply;
	int ret;
};

static void *make_call(void *arg)
{
	struct caller *c = arg;

	c->ret = ipcbox_call_until(c->fd, c->request, strlen(c->request), c->deadline, 5, 6,
				   &c->reply, c->room);
	return NULL;
}

static void caller_start(struct caller *c, int fd, const char *request)
{
	*c = (struct caller){ .fd = fd, .request = request, .room = ROOM };
	if (pthread_create(&c->thread, NULL, make_call, c))
		abort();
}

static int caller_end(struct caller *c)
{
	pthread_join(c->thread, NULL);
	return c->ret;
}

/* A child that answers so many messages with their own text, and tag 44. */
struct echo {
	int port;
	int turns;
};

static int echo(void *arg)
{
	const struct echo *e = arg;
	struct ipcbox_msg *msg = NULL;
	uint64_t call = 0;
	int turn, err;

	err = ipcbox_reply_recv(e->port, &call, NULL, 0, 0, &msg, 0, IPCBOX_FOREVER);
	for (turn = 1; !err && turn < e->turns; turn++)
		err = ipcbox_reply_recv(e->port, &call, ipcbox_msg_data(msg),
					ipcbox_msg_len(msg), 44, &msg, 0, IPCBOX_FOREVER);
	if (!err)
		err = ipcbox_reply(e->port, call, ipcbox_msg_data(msg), ipcbox_msg_len(msg), 44);
	ipcbox_msg_free(msg);
	return err ? 1 : 0;
}

static pid_t start_echo(int port, int turns)
{
	struct echo e = { .port = port, .turns = turns };

	return spawn(echo, &e);
}

TEST_F(library, call_gives_the_reply)
{
	pid_t child = start_echo(self->port, 2);
	char buf[ROOM] = "";

	EXPECT_EQ(3, ipcbox_call(self->port, "one", 3, buf, sizeof(buf)));
	EXPECT_STREQ("one", buf);
	EXPECT_EQ(0, ipcbox_call(self->port, NULL, 0, buf, 0));
	EXPECT_EQ(0, reap(child));
}

TEST_F(library, reply_comes_with_all_that_is_known_of_it)
{
	pid_t child = start_echo(self->port, 1);

	ASSERT_EQ(0, ipcbox_call_until(self->port, "text", 4, ipcbox_deadline_ms(20000), 0, 0,
				       &self->msg, ROOM));
	EXPECT_STREQ("text", ipcbox_msg_data(self->msg));
	EXPECT_EQ(4, ipcbox_msg_len(self->msg));
	EXPECT_EQ(child, ipcbox_msg_pid(self->msg));
	EXPECT_EQ(geteuid(), ipcbox_msg_uid(self->msg));
	EXPECT_EQ(getegid(), ipcbox_msg_gid(self->msg));
	EXPECT_EQ(44, ipcbox_msg_tag(self->msg));
	EXPECT_EQ(1, ipcbox_msg_received(self->msg));
	EXPECT_EQ(0, ipcbox_msg_call(self->msg));
	EXPECT_EQ(0, reap(child));
}

/* The request of the second lies in the message that has to grow for its reply. */
TEST_F(library, request_may_lie_in_the_reply)
{
	pid_t child = start_echo(self->port, 2);

	ASSERT_EQ(0, ipcbox_call_until(self->port, "text", 4, 0, 0, 0, &self->msg, ROOM));
	ASSERT_EQ(0, ipcbox_call_until(self->port, ipcbox_msg_data(self->msg), 4, 0, 0, 0,
				       &self->msg, LONG));
	EXPECT_STREQ("text", ipcbox_msg_data(self->msg));
	EXPECT_EQ(0, reap(child));
}

TEST_F(library, receiver_is_told_of_a_call)
{
	struct caller c;

	caller_start(&c, self->port, "ask");
	ASSERT_EQ(0, ipcbox_recv_msg(self->port, &self->msg, 0, IPCBOX_FOREVER));
	EXPECT_STREQ("ask", ipcbox_msg_data(self->msg));
	EXPECT_EQ(5, ipcbox_msg_priority(self->msg));
	EXPECT_EQ(6, ipcbox_msg_tag(self->msg));
	EXPECT_EQ(ROOM, ipcbox_msg_reply_max(self->msg));
	EXPECT_NE(0, ipcbox_msg_call(self->msg));
	ASSERT_EQ(0, ipcbox_stat(self->port, &self->info));
	EXPECT_EQ(1, ipcbox_info_calls(self->info));
	EXPECT_EQ(-EMSGSIZE, ipcbox_reply(self->port, ipcbox_msg_call(self->msg), "too long.",
					  ROOM + 1, 0));
	EXPECT_EQ(0, ipcbox_reply(self->port, ipcbox_msg_call(self->msg), "answer", 6, 1));
	EXPECT_EQ(-EPIPE, ipcbox_reply(self->port, ipcbox_msg_call(self->msg), "x", 1, 1));
	EXPECT_EQ(0, caller_end(&c));
	EXPECT_STREQ("answer", ipcbox_msg_data(c.reply));
	ipcbox_msg_free(c.reply);
}

TEST_F(library, message_that_is_no_call_has_no_number)
{
	ASSERT_EQ(0, ipcbox_send(self->port, "x", 1));
	ASSERT_EQ(0, recv_now_msg(self->port, &self->msg));
	EXPECT_EQ(0, ipcbox_msg_call(self->msg));
	EXPECT_EQ(0, ipcbox_msg_reply_max(self->msg));
}

TEST_F(library, call_that_failed_tells_whether_it_was_received)
{
	struct caller c;

	EXPECT_EQ(0, ipcbox_msg_received(NULL));
	EXPECT_EQ(-ETIMEDOUT, ipcbox_call_until(self->port, "x", 1, 1, 0, 0, &self->msg, ROOM));
	EXPECT_EQ(0, ipcbox_msg_received(self->msg));
	EXPECT_EQ(0, ipcbox_msg_len(self->msg));
	EXPECT_STREQ("", ipcbox_msg_data(self->msg));
	EXPECT_EQ(-EAGAIN, recv_now_msg(self->port, &self->msg));

	caller_start(&c, self->port, "ask");
	ASSERT_EQ(0, ipcbox_recv_msg(self->port, &self->msg, 0, IPCBOX_FOREVER));
	close(self->port);
	EXPECT_EQ(-EPIPE, caller_end(&c));
	EXPECT_EQ(1, ipcbox_msg_received(c.reply));
	ipcbox_msg_free(c.reply);
}

TEST_F(library, call_tells_its_errors)
{
	char c;

	EXPECT_EQ(-ENOENT, ipcbox_call(-ENOENT, "x", 1, &c, 1));
	EXPECT_EQ(-EINVAL, ipcbox_call_until(self->port, "x", 1, 0, IPCBOX_PRIORITY_MAX + 1, 0,
					     &self->msg, 1));
	EXPECT_EQ(-EMSGSIZE, ipcbox_call(self->port, "x", IPCBOX_DEFAULT_MSGSIZE + 1, &c, 1));
	EXPECT_EQ(-EINVAL, ipcbox_call_to(0, "x", 1, 0, 0, 0, &self->msg, 1));
	EXPECT_EQ(-ECONNREFUSED, ipcbox_call_to(getpid(), "x", 1, 0, 0, 0, &self->msg, 1));
	EXPECT_EQ(-EINVAL, ipcbox_reply(self->port, 0, "x", 1, 0));
	EXPECT_EQ(-ENOENT, ipcbox_reply(-ENOENT, 1, "x", 1, 0));
}

static void *call_self(void *arg)
{
	struct caller *c = arg;

	c->ret = ipcbox_call_to(getpid(), "me", 2, IPCBOX_FOREVER, 1, 2, &c->reply, ROOM);
	return NULL;
}

TEST_F(library, call_to_reaches_a_mailbox)
{
	int box = ipcbox_mailbox_open(0, NULL);
	struct caller c = { .reply = NULL };

	ASSERT_LE(0, box);
	ASSERT_EQ(0, pthread_create(&c.thread, NULL, call_self, &c));
	ASSERT_EQ(0, ipcbox_recv_msg(box, &self->msg, 0, IPCBOX_FOREVER));
	EXPECT_EQ(2, ipcbox_msg_tag(self->msg));
	EXPECT_EQ(0, ipcbox_reply(box, ipcbox_msg_call(self->msg), "you", 3, 0));
	EXPECT_EQ(0, caller_end(&c));
	EXPECT_STREQ("you", ipcbox_msg_data(c.reply));
	ipcbox_msg_free(c.reply);
}

/* The buffer with the reply is replaced by a larger one, and the reply is given once. */
TEST_F(library, reply_recv_takes_a_longer_message)
{
	static char text[LONG];
	struct caller c;
	uint64_t call = 0;

	memset(text, 'l', sizeof(text));
	caller_start(&c, self->port, "ask");
	ASSERT_EQ(0, ipcbox_reply_recv(self->port, &call, NULL, 0, 0, &self->msg, 0,
				       IPCBOX_FOREVER));
	EXPECT_EQ(ipcbox_msg_call(self->msg), call);
	ASSERT_EQ(0, ipcbox_send(self->port, text, sizeof(text)));
	ASSERT_EQ(0, ipcbox_reply_recv(self->port, &call, ipcbox_msg_data(self->msg), 3, 9,
				       &self->msg, 0, IPCBOX_FOREVER));
	EXPECT_EQ(0, call);
	EXPECT_EQ(sizeof(text), ipcbox_msg_len(self->msg));
	EXPECT_EQ(0, memcmp(text, ipcbox_msg_data(self->msg), sizeof(text)));
	EXPECT_EQ(0, caller_end(&c));
	EXPECT_STREQ("ask", ipcbox_msg_data(c.reply));
	EXPECT_EQ(9, ipcbox_msg_tag(c.reply));
	ipcbox_msg_free(c.reply);
}

TEST_F(library, reply_recv_tells_which_half_failed)
{
	struct caller c;
	uint64_t call = 0;

	caller_start(&c, self->port, "ask");
	ASSERT_EQ(0, ipcbox_reply_recv(self->port, &call, NULL, 0, 0, &self->msg, 0,
				       IPCBOX_FOREVER));
	EXPECT_EQ(-EMSGSIZE, ipcbox_reply_recv(self->port, &call, "too long.", ROOM + 1, 0,
					       &self->msg, 0, IPCBOX_NOWAIT));
	EXPECT_EQ(ipcbox_msg_call(self->msg), call);
	EXPECT_STREQ("ask", ipcbox_msg_data(self->msg));
	EXPECT_EQ(-EAGAIN, ipcbox_reply_recv(self->port, &call, "yes", 3, 0, &self->msg, 0,
					     IPCBOX_NOWAIT));
	EXPECT_EQ(0, call);
	EXPECT_EQ(0, ipcbox_msg_len(self->msg));
	EXPECT_EQ(0, caller_end(&c));
	EXPECT_STREQ("yes", ipcbox_msg_data(c.reply));
	ipcbox_msg_free(c.reply);
}

/* Batches */

static void two_messages(struct ipcbox_send_entry *batch)
{
	batch[0] = (struct ipcbox_send_entry){ .data = to_u64("one"), .len = 3, .tag = 1 };
	batch[1] = (struct ipcbox_send_entry){ .data = to_u64("two"), .len = 3, .tag = 2,
					       .priority = 7 };
}

TEST_F(library, batch_arrives)
{
	struct ipcbox_send_entry out[2];
	char buf[3][4] = { "" };
	struct ipcbox_recv_entry in[3] = {
		{ .data = to_u64(buf[0]), .capacity = 4 },
		{ .data = to_u64(buf[1]), .capacity = 4 },
		{ .data = to_u64(buf[2]), .capacity = 4 },
	};

	two_messages(out);
	EXPECT_EQ(2, ipcbox_send_batch(self->port, out, 2, IPCBOX_NOWAIT));
	EXPECT_EQ(2, ipcbox_recv_batch(self->port, in, 3, 0, IPCBOX_FOREVER));
	EXPECT_STREQ("two", buf[0]);
	EXPECT_EQ(7, in[0].priority);
	EXPECT_EQ(2, in[0].tag);
	EXPECT_EQ(getpid(), in[0].pid);
	EXPECT_STREQ("one", buf[1]);
	EXPECT_EQ(3, in[1].len);
	EXPECT_EQ(-EAGAIN, in[2].result);
}

TEST_F(library, batch_to_a_process_arrives)
{
	int box = ipcbox_mailbox_open(0, NULL);
	struct ipcbox_send_entry out[2];

	ASSERT_LE(0, box);
	two_messages(out);
	EXPECT_EQ(2, ipcbox_send_batch_to(getpid(), out, 2, IPCBOX_FOREVER));
	ASSERT_EQ(0, ipcbox_recv_msg(box, &self->msg, getpid(), IPCBOX_NOWAIT));
	EXPECT_STREQ("two", ipcbox_msg_data(self->msg));
}

TEST_F(library, batch_tells_its_errors)
{
	struct ipcbox_send_entry out[2];
	struct ipcbox_recv_entry in = { .capacity = 0 };

	two_messages(out);
	EXPECT_EQ(-EINVAL, ipcbox_send_batch(self->port, out, 0, IPCBOX_NOWAIT));
	EXPECT_EQ(-EINVAL, ipcbox_send_batch(self->port, out, IPCBOX_BATCH_MAX + 1, 0));
	EXPECT_EQ(-ENOENT, ipcbox_send_batch(-ENOENT, out, 2, IPCBOX_NOWAIT));
	EXPECT_EQ(-EAGAIN, ipcbox_recv_batch(self->port, &in, 1, 0, IPCBOX_NOWAIT));
	EXPECT_EQ(-ETIMEDOUT, ipcbox_recv_batch(self->port, &in, 1, 0, 1));
	ipcbox_options_set_messages(self->options, 1);
	ASSERT_EQ(0, ipcbox_set(self->port, self->options));
	EXPECT_EQ(1, ipcbox_send_batch(self->port, out, 2, IPCBOX_NOWAIT));
	EXPECT_EQ(-EAGAIN, out[1].result);
	EXPECT_EQ(-EMSGSIZE, ipcbox_recv_batch(self->port, &in, 1, 0, IPCBOX_NOWAIT));
	EXPECT_EQ(3, in.len);
}

TEST_HARNESS_MAIN
