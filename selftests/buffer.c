// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers as named objects: create and open, attributes, what the kernel reports of them,
 * rights and namespaces. No test maps one here.
 */
#include "buffers.h"
#include "ipcbox_test.h"
#include "users.h"

#define USER 1000		/* a user that is not root */

FIXTURE(buffer) {
	struct stage stage;
	const char *name;
	int control;
	int buffer;
};

FIXTURE_SETUP(buffer)
{
	stage_setup(_metadata, &self->stage);
	self->name = self->stage.name;
	self->control = self->stage.control;
	self->buffer = buffer_create(self->control, self->name, BOTH);
	ASSERT_LE(0, self->buffer);
}

FIXTURE_TEARDOWN(buffer)
{
	stage_teardown(_metadata, &self->stage);
}

/* Another one, in the place of the first. */
static int recreate(int control, const char *name, struct ipcbox_attr attr)
{
	port_remove(control, name);
	return buffer_create_attr(control, name, BOTH, attr);
}

static int recreate_sized(int control, const char *name, __u64 bytes,
			  __u64 msgsize)
{
	port_remove(control, name);
	return buffer_create_sized(control, name, BOTH, bytes, msgsize);
}

/* Create, open, reuse */

TEST_F(buffer, created_has_the_default_attributes)
{
	struct ipcbox_stat s;

	ASSERT_EQ(0, box_stat(self->buffer, &s));
	EXPECT_EQ(sizeof(s), s.size);
	EXPECT_EQ(IPCBOX_KIND_BUFFER, s.kind);
	EXPECT_EQ(0, s.state);
	EXPECT_EQ(IPCBOX_DEFAULT_MODE, s.mode);
	EXPECT_EQ(geteuid(), s.uid);
	EXPECT_EQ(getegid(), s.gid);
	EXPECT_EQ(0, s.pid);
	EXPECT_LT(0, s.id);
	EXPECT_EQ(IPCBOX_DEFAULT_BYTES, s.max_bytes);
	EXPECT_EQ(IPCBOX_DEFAULT_MSGSIZE, s.max_msgsize);
	EXPECT_EQ(0, s.max_messages);
	EXPECT_EQ(0, s.messages);
	EXPECT_EQ(0, s.bytes);
	EXPECT_EQ(0, s.receivers);
	EXPECT_EQ(0, s.senders);
	EXPECT_EQ(0, s.calls);
}

TEST_F(buffer, feature_is_told)
{
	struct ipcbox_query q;

	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_TRUE(q.features & IPCBOX_FEATURE_BUFFER);
}

TEST_F(buffer, created_takes_the_given_attributes)
{
	struct ipcbox_stat s;
	int fd = recreate(self->control, self->name, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_ALL & ~IPCBOX_ATTR_MESSAGES, .mode = 0642,
		.uid = 1000, .gid = 1001, .max_bytes = 8192,
		.max_msgsize = 100 });

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, box_stat(fd, &s));
	EXPECT_EQ(0642, s.mode);
	EXPECT_EQ(1000, s.uid);
	EXPECT_EQ(1001, s.gid);
	EXPECT_EQ(8192, s.max_bytes);
	EXPECT_EQ(100, s.max_msgsize);
}

TEST_F(buffer, bytes_become_a_power_of_two)
{
	static const struct { __u64 asked, got; } sizes[] = {
		{ 1, IPCBOX_BUFFER_MIN }, { 4096, 4096 }, { 4097, 8192 },
		{ 65535, 65536 }, { 65537, 131072 },
		{ IPCBOX_BUFFER_MAX / 2 + 1, IPCBOX_BUFFER_MAX },
		{ IPCBOX_BUFFER_MAX, IPCBOX_BUFFER_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		int fd = recreate_sized(self->control, self->name,
					sizes[i].asked, 1);
		struct ipcbox_stat s;

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, box_stat(fd, &s));
		EXPECT_EQ(sizes[i].got, s.max_bytes);
		EXPECT_EQ(1, s.max_msgsize);
		close(fd);
	}
}

TEST_F(buffer, bytes_above_the_largest_return_erange)
{
	EXPECT_EQ(-ERANGE, recreate_sized(self->control, self->name,
					  IPCBOX_BUFFER_MAX + 1, 1));
	EXPECT_EQ(-ERANGE, recreate_sized(self->control, self->name, ~0ULL, 1));
	EXPECT_EQ(-ERANGE, recreate_sized(self->control, self->name,
					  1ULL << 63, 1));
	EXPECT_FALSE(port_exists(self->control, self->name));
}

TEST_F(buffer, bytes_above_what_a_box_may_have_return_erange_also_when_rounded)
{
	long long was = read_number(SYSCTL("box_bytes"));
	int above, rounded, below;

	ASSERT_EQ(0, write_number(SYSCTL("box_bytes"), 100000));
	above = recreate_sized(self->control, self->name, 100001, 1);
	rounded = recreate_sized(self->control, self->name, 70000, 1);
	below = recreate_sized(self->control, self->name, 65536, 1);
	ASSERT_EQ(0, write_number(SYSCTL("box_bytes"), was));
	EXPECT_EQ(-ERANGE, above);
	EXPECT_EQ(-ERANGE, rounded);
	EXPECT_LE(0, below);
}

TEST_F(buffer, longest_message_may_fill_it_and_no_more)
{
	int fd = recreate_sized(self->control, self->name, 4096, 4096);
	struct ipcbox_stat s;

	ASSERT_EQ(0, box_stat(fd, &s));
	EXPECT_EQ(4096, s.max_msgsize);
	EXPECT_EQ(-EINVAL, recreate_sized(self->control, self->name, 4096, 4097));
	EXPECT_EQ(-ERANGE, recreate_sized(self->control, self->name,
					  IPCBOX_BUFFER_MAX,
					  IPCBOX_MSGSIZE_MAX + 1));
}

TEST_F(buffer, longest_message_may_be_none)
{
	EXPECT_LE(0, recreate_sized(self->control, self->name, 4096, 0));
}

TEST_F(buffer, small_one_has_a_default_message_that_fits)
{
	struct ipcbox_stat s;
	int fd = recreate(self->control, self->name, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_BYTES, .max_bytes = 4096 });

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, box_stat(fd, &s));
	EXPECT_LT(0, s.max_msgsize);
	EXPECT_GE(4096, s.max_msgsize);
}

TEST_F(buffer, number_of_messages_cannot_be_given)
{
	EXPECT_EQ(-EINVAL, recreate(self->control, self->name,
				    (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 256 }));
	EXPECT_FALSE(port_exists(self->control, self->name));
}

TEST_F(buffer, unknown_flags_return_einval)
{
	struct ipcbox_buffer_open open = {
		.size = sizeof(open), .name = to_u64(self->name),
		.name_len = strlen(self->name), .__reserved = 1,
	};

	EXPECT_EQ(-EINVAL, buffer_create(self->control, "x", BOTH | IPCBOX_PIDFD));
	EXPECT_EQ(-EINVAL, buffer_create(self->control, "x", 1U << 31));
	EXPECT_EQ(-EINVAL, buffer_open(self->control, self->name, IPCBOX_REUSE));
	EXPECT_EQ(-EINVAL, buffer_open(self->control, self->name,
				       IPCBOX_SPSC));
	EXPECT_EQ(-EINVAL, port_create(self->control, "x", IPCBOX_SPSC));
	EXPECT_EQ(-EINVAL, command(self->control, IPCBOX_BUFFER_OPEN, &open));
}

TEST_F(buffer, opened_is_the_one_that_was_created)
{
	int again = buffer_open(self->control, self->name, BOTH);

	ASSERT_LE(0, again);
	EXPECT_EQ(id_of(self->buffer), id_of(again));
	EXPECT_EQ(FD_CLOEXEC, fcntl(again, F_GETFD));
}

TEST_F(buffer, create_of_a_taken_name_returns_eexist)
{
	long long pages = pages_used(self->control);

	EXPECT_EQ(-EEXIST, buffer_create(self->control, self->name, BOTH));
	EXPECT_EQ(-EEXIST, port_create(self->control, self->name, BOTH));
	EXPECT_EQ(pages, pages_used(self->control));
}

TEST_F(buffer, reuse_opens_the_one_that_is_there_with_its_attributes)
{
	long long pages = pages_used(self->control);
	struct ipcbox_stat s;
	int again = buffer_create_attr(self->control, self->name,
				       BOTH | IPCBOX_REUSE,
				       (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE | IPCBOX_ATTR_BYTES |
			IPCBOX_ATTR_MSGSIZE,
		.mode = 0666, .max_bytes = 4096, .max_msgsize = 1 });
	struct ipcbox_buffer_layout l;

	ASSERT_LE(0, again);
	EXPECT_EQ(id_of(self->buffer), id_of(again));
	ASSERT_EQ(0, box_stat(again, &s));
	EXPECT_EQ(IPCBOX_DEFAULT_MODE, s.mode);
	EXPECT_EQ(IPCBOX_DEFAULT_BYTES, s.max_bytes);
	ASSERT_EQ(0, buffer_layout(again, &l));
	EXPECT_EQ(0, l.kind);
	EXPECT_EQ(pages, pages_used(self->control));
}

/* Two senders in good faith, one of them by the wrong rules, would spoil it. */
TEST_F(buffer, reuse_of_one_that_is_shared_otherwise_returns_eprototype)
{
	EXPECT_EQ(-EPROTOTYPE, buffer_create(self->control, self->name,
					     BOTH | IPCBOX_REUSE | IPCBOX_SPSC));
	ASSERT_EQ(0, port_remove(self->control, self->name));
	ASSERT_LE(0, buffer_create(self->control, self->name,
				   BOTH | IPCBOX_SPSC));
	EXPECT_EQ(-EPROTOTYPE, buffer_create(self->control, self->name,
					     BOTH | IPCBOX_REUSE));
	EXPECT_LE(0, buffer_create(self->control, self->name,
				   BOTH | IPCBOX_REUSE | IPCBOX_SPSC));
	/* A process that only opens it can see what it is. */
	EXPECT_LE(0, buffer_open(self->control, self->name, BOTH));
}

/* Messages come from senders, room from receivers. */
TEST_F(buffer, wake_needs_the_direction_that_it_acts_in)
{
	int receiver = buffer_open(self->control, self->name, IPCBOX_RECEIVER);
	int sender = buffer_open(self->control, self->name, IPCBOX_SENDER);
	int neither = buffer_open(self->control, self->name, 0);

	EXPECT_EQ(0, buffer_wake(sender, IPCBOX_RECEIVER));
	EXPECT_EQ(-EBADF, buffer_wake(sender, IPCBOX_SENDER));
	EXPECT_EQ(0, buffer_wake(sender, IPCBOX_SENDER | IPCBOX_GIVEN_BACK));
	EXPECT_EQ(-EBADF, buffer_wake(sender, IPCBOX_RECEIVER | IPCBOX_GIVEN_BACK));
	EXPECT_EQ(-EBADF, buffer_wake(sender, BOTH));
	EXPECT_EQ(0, buffer_wake(receiver, IPCBOX_SENDER));
	EXPECT_EQ(-EBADF, buffer_wake(receiver, IPCBOX_RECEIVER));
	EXPECT_EQ(0, buffer_wake(receiver, IPCBOX_RECEIVER | IPCBOX_GIVEN_BACK));
	EXPECT_EQ(-EBADF, buffer_wake(receiver, IPCBOX_SENDER | IPCBOX_GIVEN_BACK));
	for (__u32 whom = IPCBOX_RECEIVER; whom <= IPCBOX_SENDER; whom *= 2) {
		EXPECT_EQ(-EBADF, buffer_wake(neither, whom));
		EXPECT_EQ(-EBADF, buffer_wake(neither, whom | IPCBOX_GIVEN_BACK));
	}
	EXPECT_EQ(-EINVAL, buffer_wake(self->buffer, IPCBOX_GIVEN_BACK));
	EXPECT_EQ(0, buffer_wake(self->buffer, BOTH));
}

TEST_F(buffer, reuse_of_a_free_name_creates_it)
{
	long long id = id_of(self->buffer);
	int fd;

	ASSERT_EQ(0, port_remove(self->control, self->name));
	fd = buffer_create(self->control, self->name, BOTH | IPCBOX_REUSE);
	ASSERT_LE(0, fd);
	EXPECT_NE(id, id_of(fd));
}

TEST_F(buffer, open_of_none_returns_enoent)
{
	ASSERT_EQ(0, port_remove(self->control, self->name));
	EXPECT_EQ(-ENOENT, buffer_open(self->control, self->name, BOTH));
}

TEST_F(buffer, stays_while_nobody_has_it_open)
{
	long long id = id_of(self->buffer);
	int fd;

	close(self->buffer);
	fd = buffer_open(self->control, self->name, BOTH);
	ASSERT_LE(0, fd);
	EXPECT_EQ(id, id_of(fd));
}

/* The other kind of name */

TEST_F(buffer, port_open_of_a_buffer_returns_eprototype)
{
	EXPECT_EQ(-EPROTOTYPE, port_open(self->control, self->name, BOTH));
	EXPECT_EQ(-EPROTOTYPE, port_open(self->control, self->name, 0));
	EXPECT_EQ(-EPROTOTYPE, port_create(self->control, self->name,
					   BOTH | IPCBOX_REUSE));
}

TEST_F(buffer, buffer_open_of_a_port_returns_eprototype)
{
	ASSERT_EQ(0, port_remove(self->control, self->name));
	ASSERT_LE(0, port_create(self->control, self->name, BOTH));
	EXPECT_EQ(-EPROTOTYPE, buffer_open(self->control, self->name, BOTH));
	EXPECT_EQ(-EPROTOTYPE, buffer_create(self->control, self->name,
					     BOTH | IPCBOX_REUSE));
	EXPECT_EQ(-EEXIST, buffer_create(self->control, self->name, BOTH));
}

TEST_F(buffer, takes_no_command_for_messages)
{
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));

	EXPECT_EQ(-ENOTTY, send_now(self->buffer, "x", 1));
	EXPECT_EQ(-ENOTTY, recv_now(self->buffer, &r));
}

TEST_F(buffer, commands_for_buffers_on_another_fd_return_enotty)
{
	int port = port_create(self->control, "buffer.port", BOTH);
	struct ipcbox_buffer_layout l;

	ASSERT_EQ(0, port_remove(self->control, "buffer.port"));
	EXPECT_EQ(-ENOTTY, buffer_layout(port, &l));
	EXPECT_EQ(-ENOTTY, buffer_layout(self->control, &l));
	EXPECT_EQ(-ENOTTY, buffer_wake(port, BOTH));
	EXPECT_EQ(-ENOTTY, buffer_wait(port, IPCBOX_RECEIVER, 0, 1));
	EXPECT_EQ(-ENOTTY, buffer_create(self->buffer, "x", 0));
	EXPECT_EQ(-ENOTTY, buffer_open(self->buffer, "x", 0));
}

/* Wait and wake, what they refuse */

TEST_F(buffer, wait_refuses_what_makes_no_sense)
{
	__u32 max = IPCBOX_DEFAULT_MSGSIZE / IPCBOX_CELL_SIZE;

	EXPECT_EQ(-EINVAL, buffer_wait(self->buffer, 0, 0, 1));
	EXPECT_EQ(-EINVAL, buffer_wait(self->buffer, BOTH, 1, 1));
	EXPECT_EQ(-EINVAL, buffer_wait(self->buffer, IPCBOX_RECEIVER, 1, 1));
	EXPECT_EQ(-EINVAL, buffer_wait(self->buffer, IPCBOX_SENDER, 0, 1));
	EXPECT_EQ(-EINVAL, buffer_wait(self->buffer, IPCBOX_SENDER, max + 1, 1));
	EXPECT_EQ(0, buffer_wait(self->buffer, IPCBOX_SENDER, max, 1));
	EXPECT_EQ(-EINVAL, buffer_wake(self->buffer, 0));
	EXPECT_EQ(-EINVAL, buffer_wake(self->buffer, IPCBOX_NONBLOCK));
}

TEST_F(buffer, wait_in_a_direction_that_was_not_opened_returns_ebadf)
{
	int receiver = buffer_open(self->control, self->name, IPCBOX_RECEIVER);
	int sender = buffer_open(self->control, self->name, IPCBOX_SENDER);
	int neither = buffer_open(self->control, self->name, 0);

	EXPECT_EQ(-EBADF, buffer_wait(receiver, IPCBOX_SENDER, 1, 1));
	EXPECT_EQ(-ETIMEDOUT, buffer_wait(receiver, IPCBOX_RECEIVER, 0, 1));
	EXPECT_EQ(-EBADF, buffer_wait(sender, IPCBOX_RECEIVER, 0, 1));
	EXPECT_EQ(0, buffer_wait(sender, IPCBOX_SENDER, 1, 1));
	EXPECT_EQ(-EBADF, buffer_wait(neither, IPCBOX_SENDER, 1, 1));
	EXPECT_EQ(-EBADF, buffer_wait(neither, IPCBOX_RECEIVER, 0, 1));
}

/* Set */

TEST_F(buffer, set_changes_the_mode)
{
	struct ipcbox_stat s;

	EXPECT_EQ(0, box_set(self->buffer, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE | IPCBOX_ATTR_UID, .mode = 0640,
		.uid = USER }));
	ASSERT_EQ(0, box_stat(self->buffer, &s));
	EXPECT_EQ(0640, s.mode);
	EXPECT_EQ(USER, s.uid);
}

TEST_F(buffer, set_refuses_sizes)
{
	static const __u32 masks[] = {
		IPCBOX_ATTR_MESSAGES, IPCBOX_ATTR_BYTES, IPCBOX_ATTR_MSGSIZE,
	};
	struct ipcbox_stat s;

	for (size_t i = 0; i < ARRAY_SIZE(masks); i++) {
		struct ipcbox_attr attr = {
			.mask = masks[i] | IPCBOX_ATTR_MODE, .mode = 0666,
		};

		attr.max_messages = masks[i] == IPCBOX_ATTR_MESSAGES;
		attr.max_bytes = masks[i] == IPCBOX_ATTR_BYTES ? 1 << 20 : 0;
		attr.max_msgsize = masks[i] == IPCBOX_ATTR_MSGSIZE;
		EXPECT_EQ(-EINVAL, box_set(self->buffer, attr));
	}
	ASSERT_EQ(0, box_stat(self->buffer, &s));
	EXPECT_EQ(IPCBOX_DEFAULT_MODE, s.mode);
	EXPECT_EQ(IPCBOX_DEFAULT_MSGSIZE, s.max_msgsize);
}

/* Reports */

TEST_F(buffer, list_tells_of_it)
{
	__u64 buf[512];
	const struct ipcbox_port_entry *e = (void *)buf;
	struct ipcbox_port_list l = {
		.size = sizeof(l), .buf = to_u64(buf), .buf_len = sizeof(buf),
	};
	__u32 i;

	ASSERT_EQ(0, command(self->control, IPCBOX_PORT_LIST, &l));
	for (i = 0; i < l.count; i++) {
		if (e->name_len == strlen(self->name) &&
		    !memcmp((char *)e + e->name_off, self->name, e->name_len))
			break;
		e = (const void *)((const char *)e + e->entry_len);
	}
	ASSERT_LT(i, l.count);
	EXPECT_EQ(IPCBOX_KIND_BUFFER, e->stat.kind);
	EXPECT_EQ((__u64)id_of(self->buffer), e->stat.id);
	EXPECT_EQ(IPCBOX_DEFAULT_BYTES, e->stat.max_bytes);
}

/* Is there a line in a file that starts like that? */
static bool has_line(const char *path, const char *wanted)
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = !strncmp(line, wanted, strlen(wanted));
	if (file)
		fclose(file);
	return found;
}

TEST_F(buffer, fdinfo_tells_of_it)
{
	char path[64], line[128];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->buffer);
	EXPECT_TRUE(has_line(path, "ipcbox-kind:\tbuffer\n"));
	snprintf(line, sizeof(line), "ipcbox-name:\t%s\n", self->name);
	EXPECT_TRUE(has_line(path, line));
}

TEST_F(buffer, proc_tells_of_it)
{
	char line[128];

	snprintf(line, sizeof(line), "buffer %lld 0600 0 0 0 0 0 0 %s\n",
		 id_of(self->buffer), self->name);
	EXPECT_TRUE(has_line("/proc/net/ipcbox", line));
}

/* Rights */

static const struct user user = { USER, USER, 0 };

static int user_opens(const struct question *q, int control)
{
	return buffer_open(control, q->name, q->flags);
}

static int user_deletes(const struct question *q, int control)
{
	return port_delete(control, q->name, q->flags);
}

static int user_sets(const struct question *q, int control)
{
	return box_set(buffer_open(control, q->name, 0), (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE, .mode = 0666 });
}

TEST_F(buffer, mode_grants_receiving_and_sending)
{
	static const struct { __u32 mode; int receive, send, both, neither; } modes[] = {
		{ 0600, -EACCES, -EACCES, -EACCES, -EACCES },
		{ 0604, 0, -EACCES, -EACCES, 0 },
		{ 0602, -EACCES, 0, -EACCES, 0 }, { 0606, 0, 0, 0, 0 },
	};
	struct question q = { .user = &user, .name = self->name, .ask = user_opens };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		ASSERT_EQ(0, set_mode(self->buffer, modes[i].mode));
		q.flags = IPCBOX_RECEIVER;
		EXPECT_EQ(modes[i].receive, answer_to(q));
		q.flags = IPCBOX_SENDER;
		EXPECT_EQ(modes[i].send, answer_to(q));
		q.flags = BOTH;
		EXPECT_EQ(modes[i].both, answer_to(q));
		q.flags = 0;
		EXPECT_EQ(modes[i].neither, answer_to(q));
	}
}

TEST_F(buffer, delete_and_set_are_for_the_owner)
{
	struct question q = { .user = &user, .name = self->name, .ask = user_deletes };

	ASSERT_EQ(0, set_mode(self->buffer, 0666));
	EXPECT_EQ(-EPERM, answer_to(q));
	q.flags = IPCBOX_UNLINK;
	EXPECT_EQ(-EPERM, answer_to(q));
	q.ask = user_sets;
	EXPECT_EQ(-EPERM, answer_to(q));
	ASSERT_EQ(0, box_set(self->buffer, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_UID, .uid = USER }));
	EXPECT_EQ(0, answer_to(q));
	q.ask = user_deletes;
	EXPECT_EQ(0, answer_to(q));
}

/* Namespaces */

static int looks_from_another_namespace(void *arg)
{
	struct pages p;
	int control, fd;

	if (unshare(CLONE_NEWNET))
		return 1;
	control = control_open();
	if (buffer_open(control, arg, BOTH) != -ENOENT)
		return 2;
	fd = buffer_create(control, arg, BOTH);
	if (fd < 0 || pages_map(&p, fd))
		return 3;
	p.data[0] = 1;
	/* Left there, with its name. */
	return 0;
}

TEST_F(buffer, is_of_its_network_namespace_and_dies_with_that)
{
	long long pages = pages_used(self->control);
	long long id = id_of(self->buffer);

	EXPECT_EQ(0, reap(spawn(looks_from_another_namespace,
				(void *)self->name)));
	EXPECT_EQ(id, id_of(buffer_open(self->control, self->name, BOTH)));
	EXPECT_EQ(pages, pages_used(self->control));
}

TEST_HARNESS_MAIN
