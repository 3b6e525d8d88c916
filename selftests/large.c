// SPDX-License-Identifier: GPL-2.0
/*
 * Messages of all lengths: what arrives is what was sent. And the longest ones,
 * whose copying takes its time, failing or killed in the middle.
 */
#include "ipcbox_test.h"

FIXTURE(content) {
	struct stage stage;
	int port;
	unsigned char *sent;
	unsigned char *received;
};

FIXTURE_VARIANT(content) {
	size_t len;
};

#define LENGTH(n) FIXTURE_VARIANT_ADD(content, of_##n) { .len = n }

LENGTH(0);
LENGTH(1);
LENGTH(63);
LENGTH(64);
LENGTH(65);
LENGTH(944);	/* the longest beside its header, in 1,024 bytes */
LENGTH(945);
LENGTH(4095);
LENGTH(4096);
LENGTH(4097);
LENGTH(8192);
LENGTH(65535);
LENGTH(65536);
LENGTH(1048576);
LENGTH(16777216);

/* Room for the longest, and a byte behind it that must stay. */
#define ROOM (IPCBOX_MSGSIZE_MAX + 1)

FIXTURE_SETUP(content)
{
	__u32 random = 12345;

	stage_setup(_metadata, &self->stage);
	self->port = port_create_sized(self->stage.control, self->stage.name,
				       BOTH, 8, 48 << 20);
	ASSERT_LE(0, self->port);
	self->sent = malloc(ROOM);
	self->received = malloc(ROOM);
	ASSERT_NE(NULL, self->sent);
	ASSERT_NE(NULL, self->received);
	for (size_t i = 0; i < variant->len; i++) {
		random = random * 1664525 + 1013904223;
		self->sent[i] = random >> 24;
	}
	memset(self->received, POISON, variant->len + 1);
}

FIXTURE_TEARDOWN(content)
{
	free(self->sent);
	free(self->received);
	stage_teardown(_metadata, &self->stage);
}

TEST_F_TIMEOUT(content, arrives_as_sent_through_the_queue, 60)
{
	struct ipcbox_recv r = room(self->received, variant->len);

	ASSERT_EQ(0, send_now(self->port, self->sent, variant->len));
	EXPECT_EQ(variant->len, bytes_of(self->port));
	ASSERT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(variant->len, r.len);
	EXPECT_EQ(0, memcmp(self->sent, self->received, variant->len));
	EXPECT_EQ(POISON, self->received[variant->len]);
	EXPECT_EQ(0, bytes_of(self->port));
}

/* A message counts for its sender with its header and payload, or with its pages too. */
static __u64 footprint(size_t len)
{
	size_t pages = len > 944 ? (len + 4095) / 4096 : 0;
	size_t tail = pages ? pages * 8 : len;

	return 80 + (tail > 64 ? tail : 64) + pages * 4096;
}

TEST_F_TIMEOUT(content, counts_as_what_it_takes, 60)
{
	struct ipcbox_recv r = room(self->received, variant->len);
	struct ipcbox_query before, after;

	ASSERT_EQ(0, box_query(self->stage.control, &before));
	ASSERT_EQ(0, send_now(self->port, self->sent, variant->len));
	ASSERT_EQ(0, box_query(self->stage.control, &after));
	EXPECT_EQ(before.bytes.used + footprint(variant->len), after.bytes.used);
	ASSERT_EQ(0, recv_now(self->port, &r));
}

TEST_F_TIMEOUT(content, arrives_as_sent_from_hand_to_hand, 60)
{
	struct call c;

	c.recv = room(self->received, ROOM);
	call_start(&c, self->port, IPCBOX_RECV, &c.recv);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	ASSERT_EQ(0, send_now(self->port, self->sent, variant->len));
	ASSERT_EQ(0, call_end(&c));
	EXPECT_EQ(variant->len, c.recv.len);
	EXPECT_EQ(0, memcmp(self->sent, self->received, variant->len));
	EXPECT_EQ(POISON, self->received[variant->len]);
}

TEST_F_TIMEOUT(content, fits_a_buffer_said_to_be_endless, 60)
{
	struct ipcbox_recv r = room(self->received, 0);

	r.capacity = UINT64_MAX;
	ASSERT_EQ(0, send_now(self->port, self->sent, variant->len));
	ASSERT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(variant->len, r.len);
	EXPECT_EQ(0, memcmp(self->sent, self->received, variant->len));
	EXPECT_EQ(POISON, self->received[variant->len]);
}

/* In the middle of a long copy */

#define LONG ((size_t)IPCBOX_MSGSIZE_MAX)

FIXTURE(large) {
	struct stage stage;
	int port;
	char *data;			/* shared with children */
	struct ipcbox_recv *recv;	/* likewise */
};

FIXTURE_SETUP(large)
{
	stage_setup(_metadata, &self->stage);
	self->port = port_create_sized(self->stage.control, self->stage.name,
				       BOTH, 8, 48 << 20);
	ASSERT_LE(0, self->port);
	self->data = shared_alloc(LONG);
	self->recv = shared_alloc(sizeof(*self->recv));
	ASSERT_NE(NULL, self->data);
	ASSERT_NE(NULL, self->recv);
	for (size_t i = 0; i < LONG; i++)
		self->data[i] = i % 251;
}

FIXTURE_TEARDOWN(large)
{
	stage_teardown(_metadata, &self->stage);
}

static bool is_whole(const char *data)
{
	for (size_t i = 0; i < LONG; i++)
		if ((unsigned char)data[i] != i % 251)
			return false;
	return true;
}

/*
 * The copy-out fails at its very end. A message of the same priority that was sent
 * meanwhile comes after the one that is put back.
 */
TEST_F_TIMEOUT(large, message_put_back_goes_before_what_came_meanwhile, 60)
{
	struct ipcbox_recv r = room(self->data, LONG);
	size_t page = sysconf(_SC_PAGESIZE);
	char *hole = shared_alloc(LONG);
	struct call c;

	ASSERT_NE(NULL, hole);
	ASSERT_EQ(0, munmap(hole + LONG - page, page));
	c.recv = room(hole, LONG);
	call_start(&c, self->port, IPCBOX_RECV, &c.recv);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	ASSERT_EQ(0, send_now(self->port, self->data, LONG));
	ASSERT_EQ(0, send_tag(self->port, 2));
	EXPECT_EQ(-EFAULT, call_end(&c));
	EXPECT_EQ(2, messages_of(self->port));

	memset(self->data, 0, LONG);
	ASSERT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(LONG, r.len);
	EXPECT_EQ(1, r.seq);
	EXPECT_TRUE(is_whole(self->data));
	EXPECT_EQ(2, recv_tag(self->port));
}

/* Memory that a child receives into or sends. */
struct job {
	int port;
	struct ipcbox_recv *recv;
	const char *data;
};

static int receive_long(void *arg)
{
	struct job *job = arg;

	return command(job->port, IPCBOX_RECV, job->recv) ? 1 : 0;
}

/* Received as a whole, with the struct, or still there as a whole. */
TEST_F_TIMEOUT(large, receiver_killed_while_copying_took_all_or_nothing, 120)
{
	struct job job = { .port = self->port, .recv = self->recv };
	char *copy = malloc(LONG);

	memcpy(copy, self->data, LONG);
	for (int i = 0; i < 20; i++) {
		pid_t pid;

		ASSERT_EQ(0, send_now(self->port, copy, LONG));
		memset(self->data, 0, LONG);
		*self->recv = room(self->data, LONG);
		self->recv->seq = 0;
		pid = spawn(receive_long, &job);
		usleep(i * 1000);
		kill_and_reap(pid);
		if (!self->recv->seq) {
			ASSERT_EQ(1, messages_of(self->port));
			*self->recv = room(self->data, LONG);
			ASSERT_EQ(0, recv_now(self->port, self->recv));
		}
		ASSERT_EQ(0, messages_of(self->port));
		ASSERT_EQ(i + 1, self->recv->seq);
		ASSERT_TRUE(is_whole(self->data));
	}
	free(copy);
}

static int send_long(void *arg)
{
	struct job *job = arg;

	return send_now(job->port, job->data, LONG) ? 1 : 0;
}

/* Sent as a whole, or without a trace. */
TEST_F_TIMEOUT(large, sender_killed_while_copying_sent_all_or_nothing, 120)
{
	struct job job = { .port = self->port, .data = self->data };
	char *copy = malloc(LONG);
	int sent = 0;

	for (int i = 0; i < 20; i++) {
		struct ipcbox_recv r = room(copy, LONG);
		pid_t pid = spawn(send_long, &job);
		struct ipcbox_query q;

		usleep(i * 1000);
		kill_and_reap(pid);
		ASSERT_EQ(sent_of(self->port) - sent, messages_of(self->port));
		if (messages_of(self->port)) {
			sent++;
			ASSERT_EQ(0, recv_now(self->port, &r));
			EXPECT_EQ(sent, r.seq);
			EXPECT_TRUE(is_whole(copy));
		}
		ASSERT_EQ(0, box_query(self->stage.control, &q));
		EXPECT_EQ(self->stage.before.bytes.used, q.bytes.used);
	}
	free(copy);
}

TEST_HARNESS_MAIN
