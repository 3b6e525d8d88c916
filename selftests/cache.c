// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of messages that is cached for the next ones comes back: with time, with its
 * process, for other messages, and under memory pressure. Poll tells whether there is
 * enough.
 */
#include "epoll.h"
#include "ipcbox_test.h"

#define OTHER_USER	2001

#define CACHED (256LL << 10)	/* at least, by fill_cache() */

FIXTURE(cache) {
	struct stage stage;
	int control;
	int port;
	char *data;
};

FIXTURE_SETUP(cache)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create(self->control, self->stage.name, BOTH);
	ASSERT_LE(0, self->port);
	self->data = calloc(1, 64 << 10);
}

FIXTURE_TEARDOWN(cache)
{
	free(self->data);
	stage_teardown(_metadata, &self->stage);
}

/* Long messages go in and out again; what they had is kept. */
static int fill_cache(int port, char *data)
{
	struct ipcbox_recv r;
	int i, ret = 0;

	for (i = 0; i < 8 && !ret; i++)
		ret = send_now(port, data, 64 << 10);
	while (i-- > 0) {
		r = room(data, 64 << 10);
		ret = ret ?: recv_now(port, &r);
	}
	return ret;
}

TEST_F(cache, counts_for_the_user_until_it_goes_by_itself)
{
	long long before = memory_used(self->control);

	ASSERT_EQ(0, fill_cache(self->port, self->data));
	EXPECT_LE(before + CACHED, memory_used(self->control));
	EXPECT_TRUE(eventually(memory_used(self->control) < before + 4096))
		TH_LOG("%lld, before %lld", memory_used(self->control), before);
}

TEST_F(cache, ages_under_a_trickle_too)
{
	long long before = memory_used(self->control);

	ASSERT_EQ(0, fill_cache(self->port, self->data));
	ASSERT_LE(before + CACHED, memory_used(self->control));
	for (int i = 0; i < 50; i++) {
		ASSERT_EQ(0, send_tag(self->port, i));
		ASSERT_EQ(i, recv_tag(self->port));
		usleep(100000);
	}
	EXPECT_GT(before + CACHED / 2, memory_used(self->control));
}

struct cacher {
	int port;
	char *data;
	int ready;
	int uid;
	long long *used;	/* shared: what its user has */
};

static int fills_and_stays(void *arg)
{
	struct cacher *c = arg;

	if (fill_cache(c->port, c->data) || write(c->ready, "", 1) != 1)
		return 1;
	for (;;) {
		/* It is in use, all of it. */
		if (fill_cache(c->port, c->data))
			return 2;
		usleep(1000);
	}
}

static pid_t start_cacher(struct cacher *c)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	c->ready = ready[1];
	pid = spawn(fills_and_stays, c);
	return read(ready[0], &byte, 1) == 1 ? pid : -EIO;
}

TEST_F(cache, goes_with_its_process_though_the_fd_stays)
{
	long long before = memory_used(self->control);
	struct cacher c = { .port = self->port, .data = self->data };
	pid_t pid = start_cacher(&c);
	struct ipcbox_recv r;

	ASSERT_LT(0, pid);
	EXPECT_LE(before + CACHED, memory_used(self->control));
	kill_and_reap(pid);
	/* It was killed perhaps with messages on their way. */
	do
		r = room(self->data, 64 << 10);
	while (!recv_now(self->port, &r));
	EXPECT_TRUE(eventually(memory_used(self->control) < before + 4096))
		TH_LOG("%lld, before %lld", memory_used(self->control), before);
}

TEST_F(cache, is_no_larger_than_a_box_by_default)
{
	enum { MESSAGES = 64 };	/* of 64 KiB, which are 4 MiB */
	int port = port_create_sized(self->control, "large", BOTH, MESSAGES, 8 << 20);
	long long before = memory_used(self->control);
	struct ipcbox_recv r;

	for (int i = 0; i < MESSAGES; i++)
		ASSERT_EQ(0, send_now(port, self->data, 64 << 10));
	for (int i = 0; i < MESSAGES; i++) {
		r = room(self->data, 64 << 10);
		ASSERT_EQ(0, recv_now(port, &r));
	}
	EXPECT_GT(before + (2 << 20), memory_used(self->control));
	EXPECT_EQ(0, port_remove(self->control, "large"));
}

static int fills_and_stops(void *arg)
{
	struct cacher *c = arg;

	if (setresuid(c->uid, c->uid, c->uid) || fill_cache(c->port, c->data))
		return 1;
	*c->used = memory_used(control_open());
	raise(SIGSTOP);
	return 0;
}

/* It has much in its cache, and does nothing. */
static pid_t stopped_cacher(struct cacher *c)
{
	int status;
	pid_t pid;

	c->used = shared_alloc(sizeof(*c->used));
	pid = spawn(fills_and_stops, c);
	return waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) ? pid : -1;
}

/* Another process has a full cache, and the limit has no room beside what is in use. */
static void send_beside_full_cache(struct __test_metadata *_metadata, int control,
				   int port, char *data, uid_t uid, const char *limit)
{
	struct cacher c = { .data = data, .uid = uid };
	long long others;
	pid_t pid;

	c.port = port_create(control, "theirs", BOTH);
	ASSERT_LE(0, c.port);
	pid = stopped_cacher(&c);
	ASSERT_LT(0, pid);
	others = uid ? *c.used : 0;
	ASSERT_EQ(0, write_number(limit, others + memory_used(control) + 4096));
	EXPECT_EQ(0, send_now(port, data, 64 << 10));
	kill_and_reap(pid);
	EXPECT_EQ(0, port_remove(control, "theirs"));
}

/* The other process of the same user would not give it, and may need it again. */
TEST_F(cache, is_in_no_messages_way)
{
	send_beside_full_cache(_metadata, self->control, self->port, self->data, 0,
			       SYSCTL("user_memory"));
}

/*
 * The memory of a user is used up: a send that fails is not one that poll asks for, and
 * poll tells when there is enough, though what was freed is cached for a while.
 */
TEST_F(cache, poll_waits_for_memory)
{
	struct pollfd p = { .fd = self->port, .events = POLLOUT };
	int store = port_create(self->control, "store", BOTH);

	for (int i = 0; i < 8; i++)
		ASSERT_EQ(0, send_now(store, self->data, 64 << 10));
	EXPECT_EQ(1, poll(&p, 1, 0));
	ASSERT_EQ(0, write_number(SYSCTL("user_memory"),
				  memory_used(self->control) + 4096));
	EXPECT_EQ(-ENOMEM, send_now(self->port, self->data, 64 << 10));
	EXPECT_EQ(0, poll(&p, 1, 0));

	for (int i = 0; i < 8; i++) {
		struct ipcbox_recv r = room(self->data, 64 << 10);

		ASSERT_EQ(0, recv_now(store, &r));
	}
	EXPECT_EQ(1, poll(&p, 1, PATIENCE * 1000));
	EXPECT_EQ(POLLOUT, p.revents);
	EXPECT_EQ(0, send_now(self->port, self->data, 64 << 10));
	EXPECT_EQ(0, port_remove(self->control, "store"));
}

TEST_F(cache, epoll_tells_when_there_is_memory)
{
	int store = port_create(self->control, "store", BOTH);
	int ep = epoll_create1(EPOLL_CLOEXEC);

	for (int i = 0; i < 8; i++)
		ASSERT_EQ(0, send_now(store, self->data, 64 << 10));
	ASSERT_EQ(0, write_number(SYSCTL("user_memory"),
				  memory_used(self->control) + 4096));
	ASSERT_EQ(0, watch(ep, self->port, EPOLLOUT | EPOLLET));
	EXPECT_EQ(0, next_event(ep, 10));
	EXPECT_EQ(0, port_remove(self->control, "store"));
	EXPECT_EQ(EPOLLOUT, next_event(ep, PATIENCE * 1000));

	ASSERT_EQ(0, write_number(SYSCTL("user_memory"), 4096));
	EXPECT_EQ(-ENOMEM, send_now(self->port, self->data, 64 << 10));
	EXPECT_EQ(0, next_event(ep, 10));
	ASSERT_EQ(0, write_number(SYSCTL("user_memory"), 64 << 20));
	EXPECT_EQ(EPOLLOUT, next_event(ep, PATIENCE * 1000));
	close(ep);
}

TEST_F(cache, is_given_back_where_the_system_is_short_of_memory)
{
	long long before = memory_used(self->control);

	ASSERT_EQ(0, fill_cache(self->port, self->data));
	ASSERT_LE(before + CACHED, memory_used(self->control));
	ASSERT_EQ(0, write_number("/proc/sys/vm/drop_caches", 2));
	EXPECT_GT(before + 4096, memory_used(self->control))
		TH_LOG("%lld, before %lld", memory_used(self->control), before);
}

/* Nor that of another user, where the limit of all is reached. */
TEST_F(cache, is_in_no_other_users_way)
{
	send_beside_full_cache(_metadata, self->control, self->port, self->data,
			       OTHER_USER, SYSCTL("max_memory"));
}

TEST_HARNESS_MAIN
