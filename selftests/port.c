// SPDX-License-Identifier: GPL-2.0
/* Named boxes: names, create and open, the two ways to delete, directions. */
#include "ipcbox_test.h"

FIXTURE(port) {
	struct stage stage;
	const char *name;
	int control;
	int port;
};

FIXTURE_SETUP(port)
{
	stage_setup(_metadata, &self->stage);
	self->name = self->stage.name;
	self->control = self->stage.control;
	self->port = port_create(self->control, self->name, BOTH);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(port)
{
	stage_teardown(_metadata, &self->stage);
}

/* Create, open, reuse */

TEST_F(port, created_has_the_default_attributes)
{
	struct ipcbox_stat s;

	ASSERT_EQ(0, box_stat(self->port, &s));
	EXPECT_EQ(sizeof(s), s.size);
	EXPECT_EQ(0, s.flags);
	EXPECT_EQ(IPCBOX_KIND_PORT, s.kind);
	EXPECT_EQ(0, s.state);
	EXPECT_EQ(IPCBOX_DEFAULT_MODE, s.mode);
	EXPECT_EQ(geteuid(), s.uid);
	EXPECT_EQ(getegid(), s.gid);
	EXPECT_EQ(0, s.pid);
	EXPECT_LT(0, s.id);
	EXPECT_EQ(IPCBOX_DEFAULT_MESSAGES, s.max_messages);
	EXPECT_EQ(IPCBOX_DEFAULT_BYTES, s.max_bytes);
	EXPECT_EQ(IPCBOX_DEFAULT_MSGSIZE, s.max_msgsize);
	EXPECT_EQ(0, s.messages);
	EXPECT_EQ(0, s.bytes);
	EXPECT_EQ(0, s.sent);
	EXPECT_EQ(0, s.received);
	EXPECT_EQ(0, s.receivers);
	EXPECT_EQ(0, s.senders);
}

TEST_F(port, created_takes_the_given_attributes)
{
	struct ipcbox_stat s;
	int port;

	ASSERT_EQ(0, port_remove(self->control, self->name));
	umask(0777);
	port = port_create_attr(self->control, self->name, 0,
				(struct ipcbox_attr){
		.mask = IPCBOX_ATTR_ALL, .mode = 0642, .uid = 1000, .gid = 1001,
		.max_messages = 3, .max_bytes = 200, .max_msgsize = 100 });
	ASSERT_LE(0, port);
	ASSERT_EQ(0, box_stat(port, &s));
	EXPECT_EQ(0642, s.mode);
	EXPECT_EQ(1000, s.uid);
	EXPECT_EQ(1001, s.gid);
	EXPECT_EQ(3, s.max_messages);
	EXPECT_EQ(200, s.max_bytes);
	EXPECT_EQ(100, s.max_msgsize);
}

TEST_F(port, opened_is_the_one_that_was_created)
{
	int again = port_open(self->control, self->name, BOTH);

	ASSERT_LE(0, again);
	EXPECT_EQ(id_of(self->port), id_of(again));
	EXPECT_EQ(0, send_tag(self->port, 5));
	EXPECT_EQ(5, recv_tag(again));
}

TEST_F(port, create_of_a_taken_name_returns_eexist)
{
	long long id = id_of(self->port);
	struct ipcbox_query q;

	EXPECT_EQ(-EEXIST, port_create(self->control, self->name, BOTH));
	EXPECT_EQ(id, id_of(port_open(self->control, self->name, 0)));
	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_EQ(self->stage.before.boxes.used + 1, q.boxes.used);
}

TEST_F(port, reuse_opens_the_one_that_is_there_with_its_attributes)
{
	int again = port_create_attr(self->control, self->name,
				     BOTH | IPCBOX_REUSE, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE | IPCBOX_ATTR_MESSAGES,
		.mode = 0666, .max_messages = 7 });
	struct ipcbox_stat s;

	ASSERT_LE(0, again);
	EXPECT_EQ(id_of(self->port), id_of(again));
	ASSERT_EQ(0, box_stat(again, &s));
	EXPECT_EQ(IPCBOX_DEFAULT_MODE, s.mode);
	EXPECT_EQ(IPCBOX_DEFAULT_MESSAGES, s.max_messages);
}

TEST_F(port, reuse_of_a_free_name_creates_it)
{
	long long id = id_of(self->port);
	int port;

	ASSERT_EQ(0, port_remove(self->control, self->name));
	port = port_create(self->control, self->name, BOTH | IPCBOX_REUSE);
	ASSERT_LE(0, port);
	EXPECT_NE(id, id_of(port));
	EXPECT_EQ(0, state_of(port));
}

TEST_F(port, open_of_no_port_returns_enoent)
{
	ASSERT_EQ(0, port_remove(self->control, self->name));
	EXPECT_EQ(-ENOENT, port_open(self->control, self->name, BOTH));
}

TEST_F(port, stays_with_its_messages_while_nobody_has_it_open)
{
	int again;

	ASSERT_EQ(0, send_tag(self->port, 3));
	close(self->port);
	again = port_open(self->control, self->name, IPCBOX_RECEIVER);
	ASSERT_LE(0, again);
	EXPECT_EQ(3, recv_tag(again));
}

TEST_F(port, message_tells_its_sender_and_all_else)
{
	char data[8] = "........";
	struct ipcbox_send s = message("hello", 5);
	struct ipcbox_recv r = room(data, sizeof(data));

	s.tag = 0xfedcba9876543210;
	s.priority = IPCBOX_PRIORITY_MAX;
	ASSERT_EQ(0, command(self->port, IPCBOX_SEND, &s));
	ASSERT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(getpid(), r.pid);
	EXPECT_EQ(geteuid(), r.uid);
	EXPECT_EQ(getegid(), r.gid);
	EXPECT_EQ(IPCBOX_PRIORITY_MAX, r.priority);
	EXPECT_EQ(5, r.len);
	EXPECT_EQ(0xfedcba9876543210, r.tag);
	EXPECT_EQ(1, r.seq);
	EXPECT_EQ(0, memcmp(data, "hello...", sizeof(data)));
}

/* More than an fd remembers at first, and by turns, so that each may lose its place. */
#define FAMILY 40

struct relative {
	int port;
	int turns[2];		/* pipe: a byte for each message that it is to send */
};

static int send_at_each_turn(void *arg)
{
	struct relative *self = arg;
	char turn;

	close(self->turns[1]);
	while (read(self->turns[0], &turn, 1) == 1)
		if (send_tag(self->port, getpid()))
			return 1;
	return 0;
}

TEST_F(port, message_tells_which_of_many_sent_it_through_one_fd)
{
	struct relative family[FAMILY];
	pid_t pids[FAMILY];
	char data[8];

	for (int i = 0; i < FAMILY; i++) {
		family[i].port = self->port;
		ASSERT_EQ(0, pipe2(family[i].turns, O_CLOEXEC));
		pids[i] = spawn(send_at_each_turn, &family[i]);
		ASSERT_LT(0, pids[i]);
		close(family[i].turns[0]);
	}
	for (int i = 0; i < 3 * FAMILY; i++) {
		struct ipcbox_recv r = room(data, sizeof(data));
		int who = i % FAMILY;

		ASSERT_EQ(1, write(family[who].turns[1], "", 1));
		ASSERT_TRUE(eventually(messages_of(self->port) == 1));
		ASSERT_EQ(0, recv_now(self->port, &r));
		EXPECT_EQ(pids[who], r.pid);
		EXPECT_EQ(pids[who], r.tag);
	}
	/* Children that were forked later hold the pipes of the others open. */
	for (int i = FAMILY - 1; i >= 0; i--) {
		close(family[i].turns[1]);
		EXPECT_EQ(0, reap(pids[i]));
	}
}

TEST_F(port, emsgsize_tells_the_length_and_leaves_the_message)
{
	char data[16] = "................";
	struct ipcbox_recv r = room(data, 4);

	ASSERT_EQ(0, send_now(self->port, "hello", 5));
	EXPECT_EQ(-EMSGSIZE, recv_now(self->port, &r));
	EXPECT_EQ(5, r.len);
	EXPECT_EQ('.', data[0]);
	EXPECT_EQ(1, messages_of(self->port));
	r = room(data, r.len);
	EXPECT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(0, memcmp(data, "hello...", 8));
}

/* Directions */

TEST_F(port, empty_message_needs_no_pointer)
{
	struct ipcbox_send s = message(NULL, 0);
	struct ipcbox_recv r;

	s.data = ~0ULL;
	EXPECT_EQ(0, command(self->port, IPCBOX_SEND, &s));
	r = (struct ipcbox_recv){ .size = sizeof(r), .data = ~0ULL };
	EXPECT_EQ(0, command(self->port, IPCBOX_RECV, &r));
	EXPECT_EQ(0, r.len);
}

TEST_F(port, send_on_a_receiver_fd_returns_ebadf)
{
	int fd = port_open(self->control, self->name, IPCBOX_RECEIVER);

	EXPECT_EQ(-EBADF, send_tag(fd, 1));
	EXPECT_EQ(0, messages_of(fd));
	EXPECT_EQ(-EAGAIN, recv_tag(fd));
}

TEST_F(port, recv_on_a_sender_fd_returns_ebadf)
{
	int fd = port_open(self->control, self->name, IPCBOX_SENDER);

	EXPECT_EQ(0, send_tag(fd, 1));
	EXPECT_EQ(-EBADF, recv_tag(fd));
	EXPECT_EQ(1, messages_of(fd));
}

TEST_F(port, fd_for_neither_direction_stats_and_sets_only)
{
	int fd = port_open(self->control, self->name, 0);

	EXPECT_EQ(id_of(self->port), id_of(fd));
	EXPECT_EQ(-EBADF, send_tag(fd, 1));
	EXPECT_EQ(-EBADF, recv_tag(fd));
	EXPECT_EQ(0, box_set(fd, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 1 }));
	EXPECT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(-EAGAIN, send_tag(self->port, 2));
}

/* Remove */

TEST_F(port, recv_on_removed_port_returns_eidrm)
{
	ASSERT_EQ(0, send_tag(self->port, 1));
	ASSERT_EQ(0, port_remove(self->control, self->name));
	EXPECT_EQ(-EIDRM, recv_tag(self->port));
}

TEST_F(port, send_on_removed_port_returns_eidrm)
{
	ASSERT_EQ(0, port_remove(self->control, self->name));
	EXPECT_EQ(-EIDRM, send_tag(self->port, 1));
}

TEST_F(port, set_on_removed_port_returns_eidrm)
{
	ASSERT_EQ(0, port_remove(self->control, self->name));
	EXPECT_EQ(-EIDRM, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE, .mode = 0600 }));
}

TEST_F(port, stat_on_removed_port_tells_its_end)
{
	long long id = id_of(self->port);
	struct ipcbox_stat s;

	ASSERT_EQ(0, send_tag(self->port, 1));
	ASSERT_EQ(0, port_remove(self->control, self->name));
	ASSERT_EQ(0, box_stat(self->port, &s));
	EXPECT_EQ(id, s.id);
	EXPECT_TRUE(s.state & IPCBOX_STATE_SHUTDOWN);
	EXPECT_EQ(0, s.messages);
	EXPECT_EQ(0, s.bytes);
}

TEST_F(port, removed_drops_its_messages)
{
	struct ipcbox_query q;

	ASSERT_EQ(0, box_query(self->control, &q));
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, send_tag(self->port, i));
	}
	ASSERT_EQ(0, port_remove(self->control, self->name));
	EXPECT_TRUE(eventually(!box_query(self->control, &q) &&
			       q.bytes.used == self->stage.before.bytes.used));
}

TEST_F(port, removed_shows_as_hup)
{
	struct pollfd p = { .fd = self->port, .events = POLLIN };

	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, port_remove(self->control, self->name));
	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_TRUE(p.revents & POLLHUP);
}

TEST_F(port, remove_frees_the_name)
{
	long long id = id_of(self->port);
	int port;

	ASSERT_EQ(0, port_remove(self->control, self->name));
	port = port_create(self->control, self->name, BOTH);
	ASSERT_LE(0, port);
	EXPECT_NE(id, id_of(port));
	EXPECT_EQ(-EIDRM, send_tag(self->port, 1));
	EXPECT_EQ(0, send_tag(port, 2));
}

TEST_F(port, remove_of_no_port_returns_enoent)
{
	ASSERT_EQ(0, port_remove(self->control, self->name));
	EXPECT_EQ(-ENOENT, port_remove(self->control, self->name));
}

/* Unlink */

TEST_F(port, unlinked_goes_on_for_open_fds)
{
	int fd = port_open(self->control, self->name, BOTH);

	ASSERT_EQ(0, port_unlink(self->control, self->name));
	EXPECT_EQ(IPCBOX_STATE_UNLINKED, state_of(self->port));
	EXPECT_EQ(-ENOENT, port_open(self->control, self->name, BOTH));
	EXPECT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(1, recv_tag(fd));
	EXPECT_EQ(0, box_set(fd, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE, .mode = 0640 }));
}

TEST_F(port, unlink_of_no_port_returns_enoent)
{
	ASSERT_EQ(0, port_unlink(self->control, self->name));
	EXPECT_EQ(-ENOENT, port_unlink(self->control, self->name));
}

TEST_F(port, unlink_frees_the_name)
{
	int port;

	ASSERT_EQ(0, port_unlink(self->control, self->name));
	port = port_create(self->control, self->name, BOTH);
	ASSERT_LE(0, port);
	EXPECT_NE(id_of(self->port), id_of(port));
	EXPECT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(0, messages_of(port));
	EXPECT_EQ(1, messages_of(self->port));
}

TEST_F(port, unlinked_is_freed_with_its_last_fd)
{
	ASSERT_EQ(0, send_tag(self->port, 1));
	ASSERT_EQ(0, port_unlink(self->control, self->name));
	close(self->port);
	EXPECT_TRUE(eventually(counters_are(self->control, &self->stage.before)));
}

TEST_F(port, unlinked_without_receivers_returns_epipe_to_senders)
{
	int sender = port_open(self->control, self->name, IPCBOX_SENDER);
	int receiver = port_open(self->control, self->name, IPCBOX_RECEIVER);

	close(self->port);
	ASSERT_EQ(0, port_unlink(self->control, self->name));
	EXPECT_EQ(0, send_tag(sender, 1));
	close(receiver);
	EXPECT_EQ(-EPIPE, send_tag(sender, 2));
}

TEST_F(port, unlinked_without_senders_returns_epipe_when_empty)
{
	int sender = port_open(self->control, self->name, IPCBOX_SENDER);
	int receiver = port_open(self->control, self->name, IPCBOX_RECEIVER);

	close(self->port);
	ASSERT_EQ(0, port_unlink(self->control, self->name));
	ASSERT_EQ(0, send_tag(sender, 1));
	EXPECT_EQ(1, recv_tag(receiver));
	EXPECT_EQ(-EAGAIN, recv_tag(receiver));
	ASSERT_EQ(0, send_tag(sender, 2));
	close(sender);
	EXPECT_EQ(2, recv_tag(receiver));
	EXPECT_EQ(-EPIPE, recv_tag(receiver));
}

TEST_F(port, unlinked_when_the_receivers_were_gone_already_returns_epipe)
{
	int sender = port_open(self->control, self->name, IPCBOX_SENDER);

	close(self->port);
	EXPECT_EQ(0, send_tag(sender, 1));
	ASSERT_EQ(0, port_unlink(self->control, self->name));
	EXPECT_EQ(-EPIPE, send_tag(sender, 2));
}

TEST_F(port, with_a_name_and_without_receivers_takes_messages)
{
	int sender = port_open(self->control, self->name, IPCBOX_SENDER);

	close(self->port);
	EXPECT_EQ(0, send_tag(sender, 1));
	EXPECT_EQ(1, messages_of(sender));
}

TEST_F(port, with_a_name_and_without_senders_lets_receivers_wait)
{
	int receiver = port_open(self->control, self->name, IPCBOX_RECEIVER);

	close(self->port);
	EXPECT_EQ(-EAGAIN, recv_tag(receiver));
}

TEST_F(port, unlink_of_a_port_without_fds_frees_it)
{
	ASSERT_EQ(0, send_tag(self->port, 1));
	close(self->port);
	ASSERT_EQ(0, port_unlink(self->control, self->name));
	EXPECT_TRUE(eventually(counters_are(self->control, &self->stage.before)));
}

/* Names */

FIXTURE(name) {
	struct stage stage;
	int control;
};

FIXTURE_SETUP(name)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
}

FIXTURE_TEARDOWN(name)
{
	stage_teardown(_metadata, &self->stage);
}

static int create_bytes(int control, const void *name, __u32 len)
{
	struct ipcbox_port_create c = {
		.size = sizeof(c), .name = to_u64(name), .name_len = len,
	};

	return command(control, IPCBOX_PORT_CREATE, &c);
}

static int open_bytes(int control, const void *name, __u32 len)
{
	struct ipcbox_port_open o = {
		.size = sizeof(o), .name = to_u64(name), .name_len = len,
	};

	return command(control, IPCBOX_PORT_OPEN, &o);
}

static int delete_bytes(int control, const void *name, __u32 len)
{
	struct ipcbox_port_delete d = {
		.size = sizeof(d), .name = to_u64(name), .name_len = len,
	};

	return command(control, IPCBOX_PORT_DELETE, &d);
}

#define EXPECT_EACH(errno_, name, len) do {				\
	EXPECT_EQ(-(errno_), create_bytes(self->control, name, len));	\
	EXPECT_EQ(-(errno_), open_bytes(self->control, name, len));	\
	EXPECT_EQ(-(errno_), delete_bytes(self->control, name, len));	\
} while (0)

TEST_F(name, empty_returns_einval)
{
	EXPECT_EACH(EINVAL, "x", 0);
	EXPECT_EACH(EINVAL, NULL, 0);
}

TEST_F(name, too_long_returns_enametoolong)
{
	static char name[IPCBOX_NAME_MAX + 1];

	memset(name, 'x', sizeof(name));
	EXPECT_EACH(ENAMETOOLONG, name, sizeof(name));
	EXPECT_EACH(ENAMETOOLONG, name, 0x7fffffff);
	EXPECT_EACH(ENAMETOOLONG, name, 0xffffffff);
	/* The length alone decides: the pointer is not looked at. */
	EXPECT_EACH(ENAMETOOLONG, NULL, IPCBOX_NAME_MAX + 1);
}

TEST_F(name, with_nul_slash_or_control_returns_einval_at_any_place)
{
	char bad[] = "?/";

	for (int c = 0; c < 0x20; c++) {
		char name[] = "abc";

		for (int i = 0; i < 3; i++) {
			memcpy(name, "abc", 3);
			name[i] = c;
			EXPECT_EACH(EINVAL, name, 3);
		}
	}
	EXPECT_EACH(EINVAL, "a\x7f", 2);
	EXPECT_EACH(EINVAL, "/", 1);
	EXPECT_EACH(EINVAL, "/a", 2);
	EXPECT_EACH(EINVAL, "a/", 2);
	EXPECT_EACH(EINVAL, bad, 2);
}

/* A name that is fine: made, found, told apart from nothing, deleted. */
static void check_good(struct __test_metadata *_metadata, int control,
		       const void *name, __u32 len)
{
	int port = create_bytes(control, name, len);

	ASSERT_LE(0, port)
		TH_LOG("'%.*s'", (int)len, (const char *)name);
	EXPECT_EQ(id_of(port), id_of(open_bytes(control, name, len)));
	EXPECT_EQ(0, delete_bytes(control, name, len));
	EXPECT_EQ(-ENOENT, open_bytes(control, name, len));
}

TEST_F(name, with_all_other_bytes_is_taken)
{
	unsigned char name[4];

	for (int c = 0x20; c <= 0xff; c++) {
		if (c == '/' || c == 0x7f)
			continue;
		name[0] = c;
		check_good(_metadata, self->control, name, 1);
	}
	check_good(_metadata, self->control, "Größe 邮箱", strlen("Größe 邮箱"));
	check_good(_metadata, self->control, "..", 2);
}

TEST_F(name, of_full_length_is_taken)
{
	static char name[IPCBOX_NAME_MAX];

	memset(name, 'x', sizeof(name));
	check_good(_metadata, self->control, name, sizeof(name));
}

TEST_F(name, is_not_terminated_and_bytes_behind_it_do_not_count)
{
	int port = create_bytes(self->control, "same-tail", 4);

	ASSERT_LE(0, port);
	EXPECT_EQ(id_of(port), id_of(port_open(self->control, "same", 0)));
	EXPECT_EQ(-ENOENT, port_open(self->control, "same-", 0));
	EXPECT_EQ(-ENOENT, port_open(self->control, "sam", 0));
	EXPECT_EQ(-ENOENT, port_open(self->control, "Same", 0));
	EXPECT_EQ(0, port_remove(self->control, "same"));
}

TEST_HARNESS_MAIN
