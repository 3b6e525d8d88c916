// SPDX-License-Identifier: GPL-2.0
/*
 * The binary interface, field by field: those that must be zero, those that
 * point somewhere, what a query tells, and what the device and its fds are.
 */
#include "abi_scene.h"

#include <stddef.h>

/* Fields that must be zero, in a command that is right but for them. */
FIXTURE(abi_zero) {
	struct scene scene;
};

FIXTURE_VARIANT(abi_zero) {
	unsigned long nr;
	size_t offset;
};

#define MUST_BE_ZERO(which, nr_, type, member)				\
	FIXTURE_VARIANT_ADD(abi_zero, which) {				\
		nr_, offsetof(struct type, member) };

EACH_ZERO(MUST_BE_ZERO)
/* The scene has a port for these. */
MUST_BE_ZERO(recv_from, IPCBOX_RECV, ipcbox_recv, from)
MUST_BE_ZERO(send_pid, IPCBOX_SEND, ipcbox_send, pid)
MUST_BE_ZERO(call_pid, IPCBOX_CALL, ipcbox_call, pid)
MUST_BE_ZERO(reply_recv_from, IPCBOX_REPLY_RECV, ipcbox_reply_recv, recv.from)
MUST_BE_ZERO(send_batch_pid, IPCBOX_SEND_BATCH, ipcbox_send_batch, pid)
MUST_BE_ZERO(recv_batch_from, IPCBOX_RECV_BATCH, ipcbox_recv_batch, from)
/* These are not in the mask. */
MUST_BE_ZERO(attr_mode, IPCBOX_PORT_CREATE, ipcbox_port_create, attr.mode)
MUST_BE_ZERO(attr_uid, IPCBOX_PORT_CREATE, ipcbox_port_create, attr.uid)
MUST_BE_ZERO(attr_gid, IPCBOX_SET, ipcbox_set, attr.gid)
MUST_BE_ZERO(attr_messages, IPCBOX_SET, ipcbox_set, attr.max_messages)
MUST_BE_ZERO(attr_bytes, IPCBOX_SET, ipcbox_set, attr.max_bytes)
MUST_BE_ZERO(attr_msgsize, IPCBOX_MAILBOX_OPEN, ipcbox_mailbox_open, attr.max_msgsize)

FIXTURE_SETUP(abi_zero)
{
	scene_setup(_metadata, &self->scene, variant->nr);
}

FIXTURE_TEARDOWN(abi_zero)
{
	scene_teardown(_metadata, &self->scene);
}

TEST_F(abi_zero, dirty_field_returns_einval)
{
	char *arg = self->scene.page;
	__u32 dirt = 1;
	struct snapshot before = look(&self->scene);

	fill(&self->scene, variant->nr, arg);
	memcpy(arg + variant->offset, &dirt, sizeof(dirt));
	EXPECT_EQ(-EINVAL, command(TARGET, variant->nr, arg));
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

/* Pointers in the structs. */
FIXTURE(abi_pointer) {
	struct scene scene;
};

FIXTURE_VARIANT(abi_pointer) {
	unsigned long nr;
	size_t offset;
	bool late;	/* used after the command had an effect */
};

#define POINTER(which, nr_, type, member)				\
	FIXTURE_VARIANT_ADD(abi_pointer, which) {			\
		nr_, offsetof(struct type, member),			\
		nr_ == IPCBOX_CALL && offsetof(struct type, member) ==	\
				      offsetof(struct ipcbox_call, reply) };

EACH_POINTER(POINTER)

FIXTURE_SETUP(abi_pointer)
{
	scene_setup(_metadata, &self->scene, variant->nr);
}

FIXTURE_TEARDOWN(abi_pointer)
{
	scene_teardown(_metadata, &self->scene);
}

TEST_F(abi_pointer, bad_pointer_returns_efault)
{
	/* null, unmapped, kernel's, above 32 bits where those are all there is */
	const __u64 pointers[] = {
		0,
		to_u64(self->scene.page + 2 * self->scene.page_size),
		0xffff888000000000ULL,
		0xffffffffffffffffULL,
	};
	char *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
		fill(&self->scene, variant->nr, arg);
		memcpy(arg + variant->offset, &pointers[i], sizeof(pointers[i]));
		EXPECT_EQ(-EFAULT, command(TARGET, variant->nr, arg))
			TH_LOG("pointer %#llx", (long long)pointers[i]);
	}
	EXPECT_TRUE(variant->late || unchanged(&self->scene, &before));
}

TEST_F(abi_pointer, buffer_that_runs_into_a_hole_returns_efault)
{
	__u64 end = to_u64(self->scene.page + 2 * self->scene.page_size - 1);
	char *arg = self->scene.page;
	struct snapshot before = look(&self->scene);

	fill(&self->scene, variant->nr, arg);
	memcpy(arg + variant->offset, &end, sizeof(end));
	EXPECT_EQ(-EFAULT, command(TARGET, variant->nr, arg));
	EXPECT_TRUE(variant->late || unchanged(&self->scene, &before));
}

/* What is one of a kind */
FIXTURE(abi_device) {
	struct scene scene;
};

FIXTURE_SETUP(abi_device)
{
	scene_setup(_metadata, &self->scene, IPCBOX_QUERY);
}

FIXTURE_TEARDOWN(abi_device)
{
	scene_teardown(_metadata, &self->scene);
}

TEST_F(abi_device, unknown_command_returns_enotty)
{
	struct snapshot before = look(&self->scene);

	for (int kind = 0; kind < KINDS; kind++) {
		for (unsigned int i = 0; i <= 0xff; i++) {
			unsigned long nr = _IO(IPCBOX_IOC_TYPE, i);

			if (kinds_of(nr))
				continue;
			EXPECT_EQ(-ENOTTY, command(self->scene.fd[kind], nr, NULL))
				TH_LOG("kind %d, command %#lx", kind, nr);
		}
	}
	EXPECT_TRUE(unchanged(&self->scene, &before));
}

TEST_F(abi_device, command_number_of_another_type_returns_enotty)
{
	struct ipcbox_query *q = (void *)self->scene.page;
	const unsigned long numbers[] = {
		_IO(IPCBOX_IOC_TYPE - 1, 0x00),
		_IOR(IPCBOX_IOC_TYPE, 0x00, struct ipcbox_query),
		_IOWR(IPCBOX_IOC_TYPE, 0x00, struct ipcbox_query),
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		fill(&self->scene, IPCBOX_QUERY, q);
		EXPECT_EQ(-ENOTTY, command(self->scene.fd[CONTROL], numbers[i], q));
		EXPECT_EQ(0, q->abi);
	}
}

TEST_F(abi_device, query_tells_level_features_and_limits)
{
	struct ipcbox_query q;

	for (int kind = 0; kind < KINDS; kind++) {
		ASSERT_EQ(0, box_query(self->scene.fd[kind], &q));
		EXPECT_EQ(sizeof(q), q.size);
		EXPECT_EQ(0, q.flags);
		EXPECT_EQ(IPCBOX_ABI, q.abi);
		EXPECT_EQ(IPCBOX_NAME_MAX, q.name_max);
		EXPECT_EQ(IPCBOX_PRIORITY_MAX, q.priority_max);
		EXPECT_EQ(0, q.__reserved);
		EXPECT_EQ(IPCBOX_FEATURES, q.features);
	}
}

TEST_F(abi_device, query_tells_the_sysctls)
{
	struct ipcbox_query q;

	ASSERT_EQ(0, box_query(self->scene.fd[CONTROL], &q));
	EXPECT_EQ(read_number(SYSCTL("box_messages")), q.box_messages);
	EXPECT_EQ(read_number(SYSCTL("box_bytes")), q.box_bytes);
	EXPECT_EQ(read_number(SYSCTL("box_msgsize")), q.box_msgsize);
	EXPECT_EQ(read_number(SYSCTL("user_boxes")), q.boxes.limit);
	EXPECT_EQ(read_number(SYSCTL("user_links")), q.links.limit);
	EXPECT_EQ(read_number(SYSCTL("user_bytes")), q.bytes.limit);
	EXPECT_EQ(read_number(SYSCTL("user_waiters")), q.waiters.limit);
	EXPECT_EQ(read_number(SYSCTL("user_pages")), q.pages.limit);
	EXPECT_EQ(read_number(SYSCTL("user_memory")), q.memory.limit);
}

TEST_F(abi_device, larger_query_leaves_its_tail_alone)
{
	char *arg = self->scene.page;
	struct ipcbox_query *q = (void *)arg;

	fill(&self->scene, IPCBOX_QUERY, arg);
	set_size(arg, sizeof(*q) + 8);
	arg[sizeof(*q) + 8] = (char)POISON;
	ASSERT_EQ(0, command(self->scene.fd[CONTROL], IPCBOX_QUERY, arg));
	EXPECT_EQ(IPCBOX_ABI, q->abi);
	for (int i = 0; i < 8; i++) {
		EXPECT_EQ(0, arg[sizeof(*q) + i]);
	}
	EXPECT_EQ((char)POISON, arg[sizeof(*q) + 8]);
}

TEST_F(abi_device, every_fd_is_close_on_exec)
{
	for (int kind = 0; kind < KINDS; kind++) {
		EXPECT_EQ(FD_CLOEXEC, fcntl(self->scene.fd[kind], F_GETFD))
			TH_LOG("kind %d", kind);
	}
}

TEST_F(abi_device, nonblock_flag_sets_o_nonblock)
{
	int control = self->scene.fd[CONTROL];
	int fds[] = {
		mailbox_open_attr(control, IPCBOX_NONBLOCK,
				  (struct ipcbox_attr){ 0 }),
		link_open(control, self->scene.peer.pid, IPCBOX_NONBLOCK),
		port_open(control, self->scene.stage.name, IPCBOX_NONBLOCK),
		port_create(control, self->scene.second, IPCBOX_NONBLOCK),
	};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		ASSERT_LE(0, fds[i]);
		EXPECT_EQ(O_NONBLOCK, fcntl(fds[i], F_GETFL) & O_NONBLOCK);
	}
	for (int kind = MAILBOX; kind < KINDS; kind++) {
		EXPECT_EQ(0, fcntl(self->scene.fd[kind], F_GETFL) & O_NONBLOCK);
	}
}

TEST_F(abi_device, reading_and_writing_an_fd_returns_einval)
{
	char byte = 0;

	for (int kind = 0; kind < KINDS; kind++) {
		EXPECT_EQ(-1, read(self->scene.fd[kind], &byte, 1));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, write(self->scene.fd[kind], &byte, 1));
		EXPECT_EQ(EINVAL, errno);
	}
}

TEST_F(abi_device, control_fd_opened_read_only_works)
{
	int control = open("/dev/ipcbox", O_RDONLY | O_CLOEXEC);
	int fd;

	ASSERT_LE(0, control);
	fd = port_create(control, self->scene.second, BOTH);
	EXPECT_LE(0, fd);
	EXPECT_EQ(0, send_tag(fd, 1));
	EXPECT_EQ(1, recv_tag(fd));
}

TEST_HARNESS_MAIN
