// SPDX-License-Identifier: GPL-2.0
/*
 * The binary interface: sizes, flags, the argument's pointer and kinds of fd, the
 * same for each command. After each error the scene is read again: nothing may
 * have changed.
 */
#include "abi_scene.h"

#include <linux/ipcbox_buffer.h>

/* No struct has a hole, and none changes its size, in 64 and in 32 bits. */
#define M(type, member) sizeof(((struct type *)0)->member)
#define HEAD(type) (M(type, size) + M(type, flags))
#define NAME(type) (M(type, name) + M(type, name_len) + M(type, __reserved))
#define PIN(type, bytes, members)					\
	_Static_assert(sizeof(struct type) == (bytes), "size of " #type);	\
	_Static_assert((members) == (bytes), "a hole in " #type)

PIN(ipcbox_attr, 40, M(ipcbox_attr, mask) + M(ipcbox_attr, mode) +
    M(ipcbox_attr, uid) + M(ipcbox_attr, gid) + M(ipcbox_attr, max_messages) +
    M(ipcbox_attr, max_bytes) + M(ipcbox_attr, max_msgsize));
PIN(ipcbox_usage, 16, M(ipcbox_usage, used) + M(ipcbox_usage, limit));
PIN(ipcbox_query, 152, HEAD(ipcbox_query) + M(ipcbox_query, abi) +
    M(ipcbox_query, name_max) + M(ipcbox_query, priority_max) +
    M(ipcbox_query, __reserved) + M(ipcbox_query, features) +
    M(ipcbox_query, box_messages) + M(ipcbox_query, box_bytes) +
    M(ipcbox_query, box_msgsize) + M(ipcbox_query, boxes) +
    M(ipcbox_query, links) + M(ipcbox_query, bytes) +
    M(ipcbox_query, waiters) + M(ipcbox_query, pages) +
    M(ipcbox_query, memory));
PIN(ipcbox_mailbox_open, 48, HEAD(ipcbox_mailbox_open) +
    M(ipcbox_mailbox_open, attr));
PIN(ipcbox_link_open, 16, HEAD(ipcbox_link_open) + M(ipcbox_link_open, peer) +
    M(ipcbox_link_open, __reserved));
PIN(ipcbox_port_create, 64, HEAD(ipcbox_port_create) +
    NAME(ipcbox_port_create) + M(ipcbox_port_create, attr));
PIN(ipcbox_port_open, 24, HEAD(ipcbox_port_open) + NAME(ipcbox_port_open));
PIN(ipcbox_port_delete, 24, HEAD(ipcbox_port_delete) +
    NAME(ipcbox_port_delete));
PIN(ipcbox_stat, 112, HEAD(ipcbox_stat) + M(ipcbox_stat, kind) +
    M(ipcbox_stat, state) + M(ipcbox_stat, mode) + M(ipcbox_stat, uid) +
    M(ipcbox_stat, gid) + M(ipcbox_stat, pid) + M(ipcbox_stat, id) +
    M(ipcbox_stat, max_messages) + M(ipcbox_stat, max_bytes) +
    M(ipcbox_stat, max_msgsize) + M(ipcbox_stat, messages) +
    M(ipcbox_stat, bytes) + M(ipcbox_stat, sent) + M(ipcbox_stat, received) +
    M(ipcbox_stat, receivers) + M(ipcbox_stat, senders) +
    M(ipcbox_stat, calls) + M(ipcbox_stat, __reserved));
PIN(ipcbox_port_entry, 128, M(ipcbox_port_entry, entry_len) +
    M(ipcbox_port_entry, name_off) + M(ipcbox_port_entry, name_len) +
    M(ipcbox_port_entry, __reserved) + M(ipcbox_port_entry, stat));
PIN(ipcbox_port_list, 40, HEAD(ipcbox_port_list) + M(ipcbox_port_list, after) +
    M(ipcbox_port_list, after_len) + M(ipcbox_port_list, count) +
    M(ipcbox_port_list, buf) + M(ipcbox_port_list, buf_len));
PIN(ipcbox_send, 48, HEAD(ipcbox_send) + M(ipcbox_send, data) +
    M(ipcbox_send, len) + M(ipcbox_send, tag) + M(ipcbox_send, deadline) +
    M(ipcbox_send, priority) + M(ipcbox_send, pid));
PIN(ipcbox_recv, 88, HEAD(ipcbox_recv) + M(ipcbox_recv, data) +
    M(ipcbox_recv, capacity) + M(ipcbox_recv, deadline) + M(ipcbox_recv, from) +
    M(ipcbox_recv, pid) + M(ipcbox_recv, uid) + M(ipcbox_recv, gid) +
    M(ipcbox_recv, priority) + M(ipcbox_recv, reply_max) + M(ipcbox_recv, len) +
    M(ipcbox_recv, tag) + M(ipcbox_recv, seq) + M(ipcbox_recv, call));
PIN(ipcbox_call, 96, HEAD(ipcbox_call) + M(ipcbox_call, data) +
    M(ipcbox_call, len) + M(ipcbox_call, tag) + M(ipcbox_call, deadline) +
    M(ipcbox_call, priority) + M(ipcbox_call, pid) + M(ipcbox_call, reply) +
    M(ipcbox_call, capacity) + M(ipcbox_call, reply_len) +
    M(ipcbox_call, reply_tag) + M(ipcbox_call, reply_pid) +
    M(ipcbox_call, reply_uid) + M(ipcbox_call, reply_gid) +
    M(ipcbox_call, received));
PIN(ipcbox_reply, 40, HEAD(ipcbox_reply) + M(ipcbox_reply, call) +
    M(ipcbox_reply, data) + M(ipcbox_reply, len) + M(ipcbox_reply, tag));
PIN(ipcbox_reply_recv, 128, HEAD(ipcbox_reply_recv) +
    M(ipcbox_reply_recv, data) + M(ipcbox_reply_recv, len) +
    M(ipcbox_reply_recv, tag) + M(ipcbox_reply_recv, call) +
    M(ipcbox_reply_recv, recv));
PIN(ipcbox_send_entry, 32, M(ipcbox_send_entry, data) +
    M(ipcbox_send_entry, len) + M(ipcbox_send_entry, tag) +
    M(ipcbox_send_entry, priority) + M(ipcbox_send_entry, result));
PIN(ipcbox_send_batch, 40, HEAD(ipcbox_send_batch) +
    M(ipcbox_send_batch, entries) + M(ipcbox_send_batch, count) +
    M(ipcbox_send_batch, entry_size) + M(ipcbox_send_batch, deadline) +
    M(ipcbox_send_batch, pid) + M(ipcbox_send_batch, __reserved));
PIN(ipcbox_recv_entry, 72, M(ipcbox_recv_entry, data) +
    M(ipcbox_recv_entry, capacity) + M(ipcbox_recv_entry, len) +
    M(ipcbox_recv_entry, tag) + M(ipcbox_recv_entry, seq) +
    M(ipcbox_recv_entry, call) + M(ipcbox_recv_entry, pid) +
    M(ipcbox_recv_entry, uid) + M(ipcbox_recv_entry, gid) +
    M(ipcbox_recv_entry, priority) + M(ipcbox_recv_entry, reply_max) +
    M(ipcbox_recv_entry, result));
PIN(ipcbox_recv_batch, 40, HEAD(ipcbox_recv_batch) +
    M(ipcbox_recv_batch, entries) + M(ipcbox_recv_batch, count) +
    M(ipcbox_recv_batch, entry_size) + M(ipcbox_recv_batch, deadline) +
    M(ipcbox_recv_batch, from) + M(ipcbox_recv_batch, __reserved));
PIN(ipcbox_set, 48, HEAD(ipcbox_set) + M(ipcbox_set, attr));
PIN(ipcbox_buffer_create, 64, HEAD(ipcbox_buffer_create) +
    NAME(ipcbox_buffer_create) + M(ipcbox_buffer_create, attr));
PIN(ipcbox_buffer_open, 24, HEAD(ipcbox_buffer_open) +
    NAME(ipcbox_buffer_open));
PIN(ipcbox_buffer_layout, 56, HEAD(ipcbox_buffer_layout) +
    M(ipcbox_buffer_layout, control_len) + M(ipcbox_buffer_layout, ring_off) +
    M(ipcbox_buffer_layout, data_off) + M(ipcbox_buffer_layout, data_len) +
    M(ipcbox_buffer_layout, cells) + M(ipcbox_buffer_layout, max_msgsize) +
    M(ipcbox_buffer_layout, kind) + M(ipcbox_buffer_layout, directions));
PIN(ipcbox_buffer_wait, 24, HEAD(ipcbox_buffer_wait) +
    M(ipcbox_buffer_wait, deadline) + M(ipcbox_buffer_wait, cells) +
    M(ipcbox_buffer_wait, __reserved));
PIN(ipcbox_buffer_wake, 8, HEAD(ipcbox_buffer_wake));
PIN(ipcbox_cell, 16, M(ipcbox_cell, word) + M(ipcbox_cell, len) +
    M(ipcbox_cell, tag));
_Static_assert(sizeof(struct ipcbox_ring_head) == 5 * 64, "a line for each");

FIXTURE(abi) {
	struct scene scene;
};

/* size and flags as the header tells them; kinds: on which fds it works. */
FIXTURE_VARIANT(abi) {
	unsigned long nr;
	__u32 size;
	__u32 flags;
	unsigned int kinds;
};

#define COMMAND(which, nr_, on)						\
	FIXTURE_VARIANT_ADD(abi, which) {				\
		.nr = nr_, .size = sizeof(struct ipcbox_##which),	\
		.flags = nr_##_FLAGS, .kinds = on }

COMMAND(query, IPCBOX_QUERY, ON(CONTROL) | ON(MAILBOX) | ON(LINK) | ON(PORT) |
	ON(BUFFER));
COMMAND(mailbox_open, IPCBOX_MAILBOX_OPEN, ON(CONTROL));
COMMAND(link_open, IPCBOX_LINK_OPEN, ON(CONTROL));
COMMAND(port_create, IPCBOX_PORT_CREATE, ON(CONTROL));
COMMAND(port_open, IPCBOX_PORT_OPEN, ON(CONTROL));
COMMAND(port_delete, IPCBOX_PORT_DELETE, ON(CONTROL));
COMMAND(port_list, IPCBOX_PORT_LIST, ON(CONTROL));
COMMAND(send, IPCBOX_SEND, ON(PORT) | ON(LINK) | ON(CONTROL));
COMMAND(recv, IPCBOX_RECV, ON(PORT) | ON(MAILBOX));
COMMAND(call, IPCBOX_CALL, ON(PORT) | ON(LINK) | ON(CONTROL));
COMMAND(reply, IPCBOX_REPLY, ON(PORT) | ON(MAILBOX));
COMMAND(reply_recv, IPCBOX_REPLY_RECV, ON(PORT) | ON(MAILBOX));
COMMAND(send_batch, IPCBOX_SEND_BATCH, ON(PORT) | ON(LINK) | ON(CONTROL));
COMMAND(recv_batch, IPCBOX_RECV_BATCH, ON(PORT) | ON(MAILBOX));
COMMAND(stat, IPCBOX_STAT, ON(PORT) | ON(MAILBOX) | ON(LINK) | ON(BUFFER));
COMMAND(set, IPCBOX_SET, ON(PORT) | ON(MAILBOX) | ON(BUFFER));
COMMAND(buffer_create, IPCBOX_BUFFER_CREATE, ON(CONTROL));
COMMAND(buffer_open, IPCBOX_BUFFER_OPEN, ON(CONTROL));
COMMAND(buffer_layout, IPCBOX_BUFFER_LAYOUT, ON(BUFFER));
COMMAND(buffer_wait, IPCBOX_BUFFER_WAIT, ON(BUFFER));
COMMAND(buffer_wake, IPCBOX_BUFFER_WAKE, ON(BUFFER));

FIXTURE_SETUP(abi)
{
	scene_setup(_metadata, &self->scene, variant->nr);
}

FIXTURE_TEARDOWN(abi)
{
	scene_teardown(_metadata, &self->scene);
}

TEST_F(abi, exact_size_works)
{
	void *arg = self->scene.page;

	fill(&self->scene, variant->nr, arg);
	EXPECT_LE(0, command(TARGET, variant->nr, arg));
}

TEST_F(abi, size_too_small_returns_einval)
{
	const __u32 sizes[] = { 0, 1, 4, 7, 8, variant->size - 1 };
	void *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i] == variant->size)
			continue;
		fill(&self->scene, variant->nr, arg);
		set_size(arg, sizes[i]);
		EXPECT_EQ(-EINVAL, command(TARGET, variant->nr, arg))
			TH_LOG("size %u", sizes[i]);
	}
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, larger_size_with_zero_tail_works)
{
	void *arg = self->scene.page;

	fill(&self->scene, variant->nr, arg);
	set_size(arg, variant->size + 24);
	EXPECT_LE(0, command(TARGET, variant->nr, arg));
}

TEST_F(abi, larger_size_by_one_byte_works)
{
	void *arg = self->scene.page;

	fill(&self->scene, variant->nr, arg);
	set_size(arg, variant->size + 1);
	EXPECT_LE(0, command(TARGET, variant->nr, arg));
}

TEST_F(abi, larger_size_with_dirty_tail_returns_e2big)
{
	const __u32 tail[] = { 0, 1, 7, 8, 23 };
	char *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	for (size_t i = 0; i < ARRAY_SIZE(tail); i++) {
		memset(arg, 0, 256);
		fill(&self->scene, variant->nr, arg);
		set_size(arg, variant->size + 24);
		arg[variant->size + tail[i]] = 1;
		EXPECT_EQ(-E2BIG, command(TARGET, variant->nr, arg))
			TH_LOG("byte %u of the tail", tail[i]);
	}
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, huge_size_returns_e2big)
{
	const __u32 sizes[] = { 1 << 20, 0x7fffffff, 0x80000000, 0xffffffff };
	void *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		fill(&self->scene, variant->nr, arg);
		set_size(arg, sizes[i]);
		EXPECT_EQ(-E2BIG, command(TARGET, variant->nr, arg))
			TH_LOG("size %u", sizes[i]);
	}
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, unknown_flag_returns_einval)
{
	void *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	for (unsigned int bit = 0; bit < 32; bit++) {
		if (variant->flags & (1U << bit))
			continue;
		fill(&self->scene, variant->nr, arg);
		set_flags(arg, 1U << bit);
		EXPECT_EQ(-EINVAL, command(TARGET, variant->nr, arg))
			TH_LOG("flag %#x", 1U << bit);
	}
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, null_argument_returns_efault)
{
	struct snapshot before = look(&self->scene);

	EXPECT_EQ(-EFAULT, command(TARGET, variant->nr, NULL));
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, kernel_pointer_as_argument_returns_efault)
{
	/* The last page: no process has it, in 64 or in 32 bits. */
	void *arg = (void *)-4096L;
	struct snapshot before = look(&self->scene);

	EXPECT_EQ(-EFAULT, command(TARGET, variant->nr, arg));
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, argument_that_runs_into_a_hole_returns_efault)
{
	char *end = self->scene.page + 2 * self->scene.page_size;
	char copy[256];
	struct snapshot before = look(&self->scene);

	fill(&self->scene, variant->nr, copy);
	memcpy(end - variant->size + 4, copy, variant->size - 4);
	EXPECT_EQ(-EFAULT, command(TARGET, variant->nr, end - variant->size + 4));
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi, unaligned_argument_works)
{
	char *arg = self->scene.page + 1;
	char copy[256];

	fill(&self->scene, variant->nr, copy);
	memcpy(arg, copy, variant->size);
	EXPECT_LE(0, command(TARGET, variant->nr, arg));
}

TEST_F(abi, wrong_kind_of_fd_returns_enotty)
{
	void *arg = self->scene.page;
	int other = open("/dev/null", O_RDWR);
	struct snapshot before = look(&self->scene);

	for (int kind = 0; kind < KINDS; kind++) {
		if (variant->kinds & ON(kind))
			continue;
		fill(&self->scene, variant->nr, arg);
		EXPECT_EQ(-ENOTTY, command(self->scene.fd[kind], variant->nr, arg))
			TH_LOG("kind %d", kind);
	}
	EXPECT_EQ(-ENOTTY, command(other, variant->nr, arg));
	EXPECT_TRUE(unchanged(&self->scene, &before));
	close(other);
}

TEST_F(abi, closed_fd_returns_ebadf)
{
	void *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	fill(&self->scene, variant->nr, arg);
	EXPECT_EQ(-EBADF, command(before.lowest_fd, variant->nr, arg));
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

/* Commands that answer: an answer that cannot be written has no effect. */
FIXTURE(abi_answer) {
	struct scene scene;
};

FIXTURE_VARIANT(abi_answer) {
	unsigned long nr;
	unsigned int kinds;
};

FIXTURE_VARIANT_ADD(abi_answer, query) { IPCBOX_QUERY, ON(CONTROL) };
FIXTURE_VARIANT_ADD(abi_answer, port_list) { IPCBOX_PORT_LIST, ON(CONTROL) };
FIXTURE_VARIANT_ADD(abi_answer, recv) { IPCBOX_RECV, ON(PORT) };
FIXTURE_VARIANT_ADD(abi_answer, stat) { IPCBOX_STAT, ON(PORT) };
FIXTURE_VARIANT_ADD(abi_answer, buffer_layout) {
	IPCBOX_BUFFER_LAYOUT, ON(BUFFER) };

FIXTURE_SETUP(abi_answer)
{
	scene_setup(_metadata, &self->scene, variant->nr);
}

FIXTURE_TEARDOWN(abi_answer)
{
	scene_teardown(_metadata, &self->scene);
}

TEST_F(abi_answer, read_only_struct_returns_efault)
{
	void *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	fill(&self->scene, variant->nr, arg);
	ASSERT_EQ(0, mprotect(arg, self->scene.page_size, PROT_READ));
	EXPECT_EQ(-EFAULT, command(TARGET, variant->nr, arg));
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_HARNESS_MAIN
