// SPDX-License-Identifier: GPL-2.0
/* Poll and epoll report no room to a sender whose bytes are used up, until some come back. */
#include "quota_test.h"

#include <sys/epoll.h>

TEST_F(quota, poll_reports_no_room_until_the_largest_message_can_be_charged)
{
	struct pollfd p = { .fd = self->port, .events = POLLOUT };

	EXPECT_EQ(0, events(self->port));
	ASSERT_EQ(0, drain(self->store));
	EXPECT_EQ(1, poll(&p, 1, PATIENCE * 1000));
	EXPECT_EQ(POLLOUT, p.revents);
	EXPECT_EQ(0, send_now(self->port, self->data, 1));
	EXPECT_EQ(0, events(self->port));
	ASSERT_EQ(0, allow(variant->limit, 100 * self->one));
	EXPECT_EQ(POLLOUT, events(self->port));
}

/* Where a limit is lower than one message needs, the shorter ones can be sent. */
TEST_F(quota, poll_reports_room_where_all_is_free)
{
	for (int i = 0; i < FULL; i++)
		ASSERT_EQ(0, drain(self->store));
	ASSERT_EQ(0, allow(variant->limit, self->one / 2));
	EXPECT_EQ(POLLOUT, events(self->port));
}

static int watch(int fd, __u32 how)
{
	struct epoll_event e = { .events = EPOLLOUT | how };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) ? -errno : ep;
}

static int sees(int ep, int ms)
{
	struct epoll_event e;

	return epoll_wait(ep, &e, 1, ms);
}

TEST_F(quota, epoll_tells_when_bytes_come_back)
{
	const __u32 ways[] = { 0, EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		int ep = watch(self->port, ways[i]);

		ASSERT_LE(0, ep);
		EXPECT_EQ(0, sees(ep, 10));
		ASSERT_EQ(0, drain(self->store));
		EXPECT_EQ(1, sees(ep, PATIENCE * 1000)) {
			TH_LOG("way %zu", i);
		}
		ASSERT_EQ(0, send_now(self->store, self->data, LEN));
		EXPECT_EQ(0, sees(ep, 0));
		close(ep);
	}
}

/* Each try that fails arms the fd again. */
TEST_F(quota, edge_comes_each_time_that_bytes_come_back)
{
	int ep = watch(self->port, EPOLLET);

	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(0, sees(ep, 5));
		ASSERT_EQ(0, drain(self->store));
		EXPECT_EQ(1, sees(ep, PATIENCE * 1000));
		ASSERT_EQ(0, send_now(self->port, self->data, LEN));
		ASSERT_EQ(-ENOBUFS, send_now(self->port, self->data, LEN));
		ASSERT_EQ(0, drain(self->port));
		EXPECT_EQ(1, sees(ep, PATIENCE * 1000));
		ASSERT_EQ(0, send_now(self->store, self->data, LEN));
		/* As ever with edges: until it fails there is nothing to wait for. */
		ASSERT_EQ(-ENOBUFS, send_now(self->port, self->data, LEN));
	}
}

TEST_F(quota, all_fds_are_told_and_may_be_closed_meanwhile)
{
	enum { FDS = 50 };
	int fds[FDS], eps[FDS];

	for (int i = 0; i < FDS; i++) {
		fds[i] = port_open(self->control, self->stage.name, IPCBOX_SENDER);
		ASSERT_LE(0, fds[i]);
		eps[i] = watch(fds[i], 0);
		ASSERT_EQ(0, sees(eps[i], 0));
	}
	for (int i = 0; i < FDS; i += 5)
		close(fds[i]);
	ASSERT_EQ(0, drain(self->store));
	for (int i = 0; i < FDS; i++) {
		if (i % 5) {
			EXPECT_EQ(1, sees(eps[i], PATIENCE * 1000));
		}
	}
}

/* One waits for more than there will be; the other wakes up all the same. */
TEST_F(quota, fd_that_needs_less_is_told_first)
{
	int large = port_create_sized(self->control, "large", BOTH, 10, 3 * LEN);
	int eps[2] = { watch(large, 0), watch(self->port, 0) };

	EXPECT_EQ(0, sees(eps[0], 0));
	EXPECT_EQ(0, sees(eps[1], 0));
	ASSERT_EQ(0, drain(self->store));
	EXPECT_EQ(1, sees(eps[1], PATIENCE * 1000));
	EXPECT_EQ(0, sees(eps[0], 0));
	for (int i = 1; i < FULL; i++)
		ASSERT_EQ(0, drain(self->store));
	EXPECT_EQ(1, sees(eps[0], PATIENCE * 1000));
	EXPECT_EQ(0, port_remove(self->control, "large"));
}

TEST_F(quota, fds_of_many_ports_are_told)
{
	enum { PORTS = 40 };
	int eps[PORTS];
	char name[32];

	for (int i = 0; i < PORTS; i++) {
		snprintf(name, sizeof(name), "many.%d", i);
		eps[i] = watch(port_create_sized(self->control, name, BOTH, 1, LEN), 0);
		ASSERT_LE(0, eps[i]);
		ASSERT_EQ(0, sees(eps[i], 0));
	}
	ASSERT_EQ(0, drain(self->store));
	for (int i = 0; i < PORTS; i++) {
		ASSERT_EQ(1, sees(eps[i], PATIENCE * 1000));
		snprintf(name, sizeof(name), "many.%d", i);
		EXPECT_EQ(0, port_remove(self->control, name));
	}
}

TEST_HARNESS_MAIN
