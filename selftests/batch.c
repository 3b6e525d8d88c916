// SPDX-License-Identifier: GPL-2.0
/*
 * Many messages in one command: their order, the result of each, and where a batch ends
 * before its end. How a batch waits and wakes is in batch_wait.c.
 */
#include "callers.h"
#include "ipcbox_test.h"

#define FEW	8
#define UNTOLD	((__s32)UNSAID)	/* a result that was not written */

FIXTURE(batch) {
	struct stage stage;
	int control;
	int port;
	__u64 tags[IPCBOX_BATCH_MAX];
	__u64 data[IPCBOX_BATCH_MAX];
	struct ipcbox_send_entry out[IPCBOX_BATCH_MAX];
	struct ipcbox_recv_entry in[IPCBOX_BATCH_MAX];
	struct ipcbox_send_batch send;
	struct ipcbox_recv_batch recv;
};

FIXTURE_SETUP(batch)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create_sized(self->control, self->stage.name, BOTH,
				       IPCBOX_BATCH_MAX, 1 << 20);
	ASSERT_LE(0, self->port);
	for (int i = 0; i < IPCBOX_BATCH_MAX; i++) {
		self->tags[i] = i + 1;
		self->out[i] = tagged_entry(&self->tags[i], 0);
		self->data[i] = 0;
		self->in[i] = room_entry(&self->data[i], 8);
	}
	self->send = send_batch(self->out, FEW);
	self->send.flags = IPCBOX_NONBLOCK;
	self->recv = recv_batch(self->in, FEW);
	self->recv.flags = IPCBOX_NONBLOCK;
}

FIXTURE_TEARDOWN(batch)
{
	EXPECT_FALSE(calls_of(self->port) > 0);
	stage_teardown(_metadata, &self->stage);
}

#define SEND() command(self->port, IPCBOX_SEND_BATCH, &self->send)
#define RECV() command(self->port, IPCBOX_RECV_BATCH, &self->recv)

static bool results_are(const struct ipcbox_send_entry *e, int from, int to,
			__s32 result)
{
	for (int i = from; i < to; i++)
		if (e[i].result != result)
			return false;
	return true;
}

/* Nothing of it but what the caller wrote. */
static bool untouched(const struct ipcbox_recv_entry *e)
{
	struct ipcbox_recv_entry clean = room_entry((void *)(uintptr_t)e->data,
						    e->capacity);

	return !memcmp(e, &clean, sizeof(clean));
}

static void limit_messages(int port, __u64 messages)
{
	const struct ipcbox_attr attr = {
		.mask = IPCBOX_ATTR_MESSAGES,
		.max_messages = messages,
	};

	box_set(port, attr);
}

/* All goes well */

TEST_F(batch, is_sent_in_order)
{
	EXPECT_EQ(FEW, SEND());
	EXPECT_TRUE(results_are(self->out, 0, FEW, 0));
	EXPECT_EQ(UNTOLD, self->out[FEW].result);
	EXPECT_EQ(FEW, messages_of(self->port));
	EXPECT_EQ(FEW * 8, bytes_of(self->port));
	EXPECT_EQ(FEW, sent_of(self->port));
	for (int i = 0; i < FEW; i++) {
		EXPECT_EQ(i + 1, recv_tag(self->port));
	}
}

TEST_F(batch, of_one_is_a_message)
{
	self->send.count = 1;
	self->recv.count = 1;
	EXPECT_EQ(1, SEND());
	EXPECT_EQ(0, self->out[0].result);
	EXPECT_EQ(1, RECV());
	EXPECT_EQ(0, self->in[0].result);
	EXPECT_EQ(1, self->in[0].tag);
	EXPECT_TRUE(untouched(&self->in[1]));
}

TEST_F(batch, of_the_most_goes_and_comes)
{
	self->send.count = IPCBOX_BATCH_MAX;
	self->recv.count = IPCBOX_BATCH_MAX;
	EXPECT_EQ(IPCBOX_BATCH_MAX, SEND());
	EXPECT_TRUE(results_are(self->out, 0, IPCBOX_BATCH_MAX, 0));
	EXPECT_EQ(IPCBOX_BATCH_MAX, messages_of(self->port));
	EXPECT_EQ(IPCBOX_BATCH_MAX, RECV());
	for (int i = 0; i < IPCBOX_BATCH_MAX; i++) {
		ASSERT_EQ(i + 1, self->in[i].tag);
		ASSERT_EQ(i + 1, self->data[i]);
		ASSERT_EQ(i + 1, self->in[i].seq);
		ASSERT_EQ(0, self->in[i].result);
	}
	EXPECT_EQ(0, messages_of(self->port));
}

TEST_F(batch, tells_of_each_message_what_a_receive_tells)
{
	self->out[1].priority = 7;
	EXPECT_EQ(FEW, SEND());
	EXPECT_EQ(FEW, RECV());
	/* The one of priority 7 comes first. */
	EXPECT_EQ(2, self->in[0].tag);
	EXPECT_EQ(7, self->in[0].priority);
	EXPECT_EQ(1, self->in[1].tag);
	EXPECT_EQ(0, self->in[1].priority);
	for (int i = 0; i < FEW; i++) {
		EXPECT_EQ(8, self->in[i].len);
		EXPECT_EQ(self->in[i].tag, self->data[i]);
		EXPECT_EQ(self->in[i].tag, self->in[i].seq);
		EXPECT_EQ(0, self->in[i].call);
		EXPECT_EQ(0, self->in[i].reply_max);
		EXPECT_EQ(getpid(), self->in[i].pid);
		EXPECT_EQ(geteuid(), self->in[i].uid);
		EXPECT_EQ(getegid(), self->in[i].gid);
		EXPECT_EQ(0, self->in[i].result);
	}
	EXPECT_TRUE(untouched(&self->in[FEW]));
}

TEST_F(batch, tells_the_sender_of_each_message)
{
	pid_t child = fork();

	if (!child)
		_exit(send_tag(self->port, 1) ? 1 : 0);
	ASSERT_EQ(0, reap(child));
	ASSERT_EQ(0, send_tag(self->port, 2));
	EXPECT_EQ(2, RECV());
	EXPECT_EQ(child, self->in[0].pid);
	EXPECT_EQ(getpid(), self->in[1].pid);
}

TEST_F(batch, is_received_by_priority_then_by_arrival)
{
	const __u32 priorities[FEW] = { 1, 5, 1, 5, 0, 9, 0, 9 };
	const __u64 order[FEW] = { 6, 8, 2, 4, 1, 3, 5, 7 };

	for (int i = 0; i < FEW; i++)
		self->out[i].priority = priorities[i];
	EXPECT_EQ(FEW, SEND());
	EXPECT_EQ(FEW, RECV());
	for (int i = 0; i < FEW; i++) {
		EXPECT_EQ(order[i], self->in[i].tag);
		EXPECT_EQ(order[i], self->data[i]);
	}
}

TEST_F(batch, of_long_and_empty_messages_arrives)
{
	static char sent[200000], received[200000];

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = i * 7 + i / 1000;
	self->out[1].len = 0;
	self->out[1].data = 1;		/* not read */
	self->out[2].data = to_u64(sent);
	self->out[2].len = sizeof(sent);
	self->out[5].data = to_u64(sent);
	self->out[5].len = 129;
	self->in[1].capacity = 0;
	self->in[1].data = 1;		/* not used */
	self->in[2] = room_entry(received, sizeof(received));
	self->in[5] = room_entry(received, 129);
	EXPECT_EQ(FEW, SEND());
	self->recv.count = 3;
	EXPECT_EQ(3, RECV());
	EXPECT_EQ(0, self->in[1].len);
	EXPECT_EQ(sizeof(sent), self->in[2].len);
	EXPECT_EQ(0, memcmp(sent, received, sizeof(sent)));
	memset(received, 0, sizeof(received));
	self->recv = recv_batch(&self->in[3], 5);
	EXPECT_EQ(5, RECV());
	EXPECT_EQ(129, self->in[5].len);
	EXPECT_EQ(0, memcmp(sent, received, 129));
	EXPECT_EQ(0, received[129]);
}

TEST_F(batch, goes_over_a_link_and_by_pid)
{
	int box = mailbox_open(self->control);
	int link = link_open(self->control, getpid(), 0);

	EXPECT_EQ(FEW, command(link, IPCBOX_SEND_BATCH, &self->send));
	self->recv.from = getpid();
	EXPECT_EQ(FEW, command(box, IPCBOX_RECV_BATCH, &self->recv));
	EXPECT_EQ(FEW, self->in[FEW - 1].tag);
	self->send.pid = getpid();
	EXPECT_EQ(FEW, command(self->control, IPCBOX_SEND_BATCH, &self->send));
	self->recv.from = 0;
	EXPECT_EQ(FEW, command(box, IPCBOX_RECV_BATCH, &self->recv));
	EXPECT_EQ(FEW, self->in[FEW - 1].tag);
	EXPECT_EQ(2 * FEW, self->in[FEW - 1].seq);
}

static int send_3_to_parent(void *control)
{
	return send_tag_to(*(int *)control, getppid(), 3) ? 1 : 0;
}

TEST_F(batch, of_several_senders_arrives_as_they_sent)
{
	int box = mailbox_open(self->control);

	ASSERT_EQ(0, send_tag_to(self->control, getpid(), 1));
	ASSERT_EQ(0, reap(spawn(send_3_to_parent, &self->control)));
	ASSERT_EQ(0, send_tag_to(self->control, getpid(), 2));
	EXPECT_EQ(3, command(box, IPCBOX_RECV_BATCH, &self->recv));
	EXPECT_EQ(1, self->in[0].tag);
	EXPECT_EQ(3, self->in[1].tag);
	EXPECT_EQ(2, self->in[2].tag);
}

/* A send that ends before its end */

TEST_F(batch, larger_than_the_room_is_sent_as_far_as_it_goes)
{
	limit_messages(self->port, 5);
	EXPECT_EQ(5, SEND());
	EXPECT_TRUE(results_are(self->out, 0, 5, 0));
	EXPECT_EQ(-EAGAIN, self->out[5].result);
	EXPECT_TRUE(results_are(self->out, 6, FEW, UNTOLD));
	EXPECT_EQ(5, messages_of(self->port));
	/* None: no result is written. */
	self->send = send_batch(&self->out[6], 2);
	self->send.flags = IPCBOX_NONBLOCK;
	EXPECT_EQ(-EAGAIN, SEND());
	EXPECT_TRUE(results_are(self->out, 6, FEW, UNTOLD));
}

FIXTURE(batch_bad) {
	struct stage stage;
	int port;
	__u64 tag;
	struct ipcbox_send_entry out[FEW];
};

/* The fault of one entry, and the errno that it gets. */
FIXTURE_VARIANT(batch_bad) {
	__u64 data, len;
	__u32 priority;
	int err;
};

FIXTURE_VARIANT_ADD(batch_bad, pointer) { .data = 8, .len = 8, .err = -EFAULT };
FIXTURE_VARIANT_ADD(batch_bad, pointer_of_long) {
	.data = 8, .len = 9000, .err = -EFAULT };
FIXTURE_VARIANT_ADD(batch_bad, length) { .len = 1 << 20, .err = -EMSGSIZE };
FIXTURE_VARIANT_ADD(batch_bad, huge_length) {
	.len = UINT64_MAX, .err = -EMSGSIZE };
FIXTURE_VARIANT_ADD(batch_bad, priority) {
	.priority = IPCBOX_PRIORITY_MAX + 1, .err = -EINVAL };

FIXTURE_SETUP(batch_bad)
{
	stage_setup(_metadata, &self->stage);
	self->port = port_create(self->stage.control, self->stage.name, BOTH);
	ASSERT_LE(0, self->port);
	self->tag = 1;
}

FIXTURE_TEARDOWN(batch_bad)
{
	stage_teardown(_metadata, &self->stage);
}

TEST_F(batch_bad, entry_ends_the_batch_where_it_stands)
{
	for (int bad = 0; bad < FEW; bad++) {
		struct ipcbox_send_batch b = send_batch(self->out, FEW);

		for (int i = 0; i < FEW; i++)
			self->out[i] = tagged_entry(&self->tag, 0);
		self->out[bad].data = variant->data ?: to_u64(&self->tag);
		self->out[bad].len = variant->len;
		self->out[bad].priority = variant->priority;
		EXPECT_EQ(bad ?: variant->err,
			  command(self->port, IPCBOX_SEND_BATCH, &b));
		EXPECT_TRUE(results_are(self->out, 0, bad, 0));
		EXPECT_EQ(bad ? variant->err : UNTOLD, self->out[bad].result);
		EXPECT_TRUE(results_are(self->out, bad + 1, FEW, UNTOLD));
		EXPECT_EQ(bad, messages_of(self->port));
		for (int i = 0; i < bad; i++) {
			EXPECT_EQ(1, recv_tag(self->port));
		}
	}
	EXPECT_EQ(0, bytes_of(self->port));
}

/* A receive that ends before its end */

TEST_F(batch, receive_takes_what_is_there)
{
	self->send.count = 3;
	EXPECT_EQ(3, SEND());
	EXPECT_EQ(3, RECV());
	EXPECT_EQ(0, self->in[2].result);
	EXPECT_EQ(-EAGAIN, self->in[3].result);
	EXPECT_TRUE(untouched(&self->in[4]));
	self->in[0] = room_entry(&self->data[0], 8);
	EXPECT_EQ(-EAGAIN, RECV());
	EXPECT_TRUE(untouched(&self->in[0]));
}

TEST_F(batch, receive_with_too_little_room_ends_there)
{
	EXPECT_EQ(FEW, SEND());
	self->in[1].capacity = 7;
	EXPECT_EQ(1, RECV());
	EXPECT_EQ(0, self->in[0].result);
	EXPECT_EQ(-EMSGSIZE, self->in[1].result);
	EXPECT_EQ(8, self->in[1].len);
	EXPECT_EQ(0, self->data[1]);
	EXPECT_TRUE(untouched(&self->in[2]));
	EXPECT_EQ(FEW - 1, messages_of(self->port));
	EXPECT_EQ(2, recv_tag(self->port));
}

TEST_F(batch, receive_with_too_little_room_for_the_first_tells_its_length)
{
	EXPECT_EQ(FEW, SEND());
	self->in[0] = room_entry(&self->data[0], 7);
	EXPECT_EQ(-EMSGSIZE, RECV());
	EXPECT_EQ(8, self->in[0].len);
	EXPECT_EQ(UNTOLD, self->in[0].result);
	EXPECT_EQ(FEW, messages_of(self->port));
	EXPECT_EQ(1, recv_tag(self->port));
}

TEST_F(batch, receive_with_a_bad_pointer_ends_there)
{
	EXPECT_EQ(FEW, SEND());
	self->in[2].data = 0;
	EXPECT_EQ(2, RECV());
	EXPECT_EQ(-EFAULT, self->in[2].result);
	EXPECT_TRUE(untouched(&self->in[3]));
	EXPECT_EQ(FEW - 2, messages_of(self->port));
	self->in[0] = room_entry(NULL, 8);
	EXPECT_EQ(-EFAULT, RECV());
	EXPECT_TRUE(untouched(&self->in[0]));
	for (int i = 2; i < FEW; i++) {
		EXPECT_EQ(i + 1, recv_tag(self->port));
	}
}

TEST_F(batch, receive_gets_calls_among_messages)
{
	struct caller callers[2];

	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(0, send_tag(self->port, 1));
		caller_start(&callers[i], self->port, 10 + i);
		ASSERT_TRUE(calls_queued(self->port, 2 * i + 2));
	}
	EXPECT_EQ(4, RECV());
	EXPECT_EQ(-EAGAIN, self->in[4].result);
	EXPECT_EQ(0, self->in[0].call);
	EXPECT_EQ(0, self->in[0].reply_max);
	EXPECT_NE(0, self->in[1].call);
	EXPECT_EQ(8, self->in[1].reply_max);
	EXPECT_EQ(10, self->in[1].tag);
	EXPECT_EQ(0, self->in[2].call);
	EXPECT_NE(0, self->in[3].call);
	EXPECT_NE(self->in[1].call, self->in[3].call);
	EXPECT_EQ(2, calls_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, self->in[3].call, 21));
	EXPECT_EQ(0, reply_tag(self->port, self->in[1].call, 20));
	EXPECT_EQ(20, caller_end(&callers[0]));
	EXPECT_EQ(21, caller_end(&callers[1]));
}

TEST_F(batch, receive_that_cannot_take_a_call_leaves_it_queued)
{
	struct caller caller;

	ASSERT_EQ(0, send_tag(self->port, 1));
	caller_start(&caller, self->port, 10);
	ASSERT_TRUE(calls_queued(self->port, 2));
	self->in[1].data = 0;
	EXPECT_EQ(1, RECV());
	EXPECT_EQ(-EFAULT, self->in[1].result);
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 10), 20));
	EXPECT_EQ(20, caller_end(&caller));
}

/* Arguments */

TEST_F(batch, count_out_of_range_returns_einval)
{
	const __u32 counts[] = { 0, IPCBOX_BATCH_MAX + 1, 0x80000000, UINT32_MAX };

	ASSERT_EQ(0, send_tag(self->port, 1));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		self->send.count = counts[i];
		EXPECT_EQ(-EINVAL, SEND());
		self->recv.count = counts[i];
		EXPECT_EQ(-EINVAL, RECV());
	}
	EXPECT_EQ(UNTOLD, self->out[0].result);
	EXPECT_TRUE(untouched(&self->in[0]));
	EXPECT_EQ(1, messages_of(self->port));
}

TEST_F(batch, entries_too_small_return_einval)
{
	const __u32 sizes[] = { 0, 1, 8, sizeof(struct ipcbox_send_entry) - 1 };

	ASSERT_EQ(0, send_tag(self->port, 1));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		self->send.entry_size = sizes[i];
		EXPECT_EQ(-EINVAL, SEND());
		self->recv.entry_size = sizes[i];
		EXPECT_EQ(-EINVAL, RECV());
	}
	self->recv.entry_size = sizeof(struct ipcbox_recv_entry) - 1;
	EXPECT_EQ(-EINVAL, RECV());
	EXPECT_EQ(1, messages_of(self->port));
}

/* As a later header might have them. */
struct later_send_entry {
	struct ipcbox_send_entry known;
	__u64 unknown;
};

struct later_recv_entry {
	struct ipcbox_recv_entry known;
	__u64 unknown;
};

TEST_F(batch, larger_entries_with_zero_tails_work)
{
	struct later_send_entry out[3] = { 0 };
	struct later_recv_entry in[3] = { 0 };

	for (int i = 0; i < 3; i++) {
		out[i].known = self->out[i];
		in[i].known = self->in[i];
	}
	self->send = send_batch(&out[0].known, 3);
	self->send.entry_size = sizeof(out[0]);
	self->recv = recv_batch(&in[0].known, 3);
	self->recv.entry_size = sizeof(in[0]);
	EXPECT_EQ(3, SEND());
	EXPECT_EQ(3, RECV());
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(0, out[i].known.result);
		EXPECT_EQ(0, in[i].known.result);
		EXPECT_EQ(i + 1, in[i].known.tag);
		EXPECT_EQ(0, in[i].unknown);
	}
}

TEST_F(batch, larger_entry_with_a_dirty_tail_ends_it_with_e2big)
{
	struct later_send_entry out[3] = { 0 };
	struct later_recv_entry in[3] = { 0 };

	for (int i = 0; i < 3; i++) {
		out[i].known = self->out[i];
		in[i].known = self->in[i];
	}
	out[1].unknown = 1;
	in[1].unknown = 1ULL << 56;
	self->send = send_batch(&out[0].known, 3);
	self->send.entry_size = sizeof(out[0]);
	self->recv = recv_batch(&in[0].known, 3);
	self->recv.entry_size = sizeof(in[0]);
	EXPECT_EQ(1, SEND());
	EXPECT_EQ(-E2BIG, out[1].known.result);
	EXPECT_EQ(UNTOLD, out[2].known.result);
	ASSERT_EQ(0, send_tag(self->port, 2));
	EXPECT_EQ(1, RECV());
	EXPECT_EQ(-E2BIG, in[1].known.result);
	EXPECT_EQ(1, messages_of(self->port));

	out[0].unknown = 1;
	in[0].unknown = 1;
	EXPECT_EQ(-E2BIG, SEND());
	EXPECT_EQ(-E2BIG, RECV());
	EXPECT_EQ(1, messages_of(self->port));
}

TEST_F(batch, bad_pointer_to_entries_returns_efault)
{
	const __u64 pointers[] = { 0, 8, 0xffff888000000000ULL, UINT64_MAX };

	ASSERT_EQ(0, send_tag(self->port, 1));
	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
		self->send.entries = pointers[i];
		EXPECT_EQ(-EFAULT, SEND());
		self->recv.entries = pointers[i];
		EXPECT_EQ(-EFAULT, RECV());
	}
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_EQ(1, sent_of(self->port));
}

/* The message is sent; a receive, which would lose it, leaves it in the box. */
TEST_F(batch, entry_that_cannot_be_written_to)
{
	size_t size = sysconf(_SC_PAGESIZE);
	char *page = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ipcbox_send_entry *out;
	struct ipcbox_recv_entry *in;

	ASSERT_NE(MAP_FAILED, page);
	in = (void *)(page + size - 2 * sizeof(*in));
	out = (void *)(page + size - 2 * sizeof(*out));
	memcpy(out, self->out, 4 * sizeof(*out));
	ASSERT_EQ(0, mprotect(page + size, size, PROT_READ));
	self->send = send_batch(out, 4);
	EXPECT_LE(2, SEND());
	EXPECT_EQ(0, out[1].result);
	EXPECT_LE(2, messages_of(self->port));

	ASSERT_EQ(0, mprotect(page + size, size, PROT_READ | PROT_WRITE));
	memcpy(in, self->in, 4 * sizeof(*in));
	ASSERT_EQ(0, mprotect(page + size, size, PROT_READ));
	for (int i = messages_of(self->port); i < 4; i++)
		ASSERT_EQ(0, send_tag(self->port, i + 1));
	self->recv = recv_batch(in, 4);
	EXPECT_EQ(2, RECV());
	EXPECT_EQ(0, in[1].result);
	EXPECT_EQ(2, messages_of(self->port));
	EXPECT_EQ(3, recv_tag(self->port));
	EXPECT_EQ(4, recv_tag(self->port));
}

TEST_F(batch, on_the_wrong_fd_returns_ebadf)
{
	int receiver = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);
	int sender = port_open(self->control, self->stage.name, IPCBOX_SENDER);

	EXPECT_EQ(-EBADF, command(receiver, IPCBOX_SEND_BATCH, &self->send));
	EXPECT_EQ(-EBADF, command(sender, IPCBOX_RECV_BATCH, &self->recv));
	EXPECT_EQ(0, sent_of(self->port));
}

TEST_F(batch, on_a_removed_port_returns_eidrm)
{
	ASSERT_EQ(0, send_tag(self->port, 1));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(-EIDRM, SEND());
	EXPECT_EQ(UNTOLD, self->out[0].result);
	EXPECT_EQ(-EIDRM, RECV());
	EXPECT_TRUE(untouched(&self->in[0]));
}

TEST_HARNESS_MAIN
