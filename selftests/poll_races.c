// SPDX-License-Identifier: GPL-2.0
/* No poller is forgotten, whatever others do at the same time. */
#include "ipcbox_test.h"

#include <sys/epoll.h>

#define MESSAGES share_of(3000)	/* of each sender */
#define PER_WAY 2	/* threads of each way and direction */
#define STUCK 10	/* seconds without a message */

/* How a thread waits for its direction, and what it does when it wakes up. */
enum way {
	POLL,			/* poll(2), for one message */
	LEVEL,			/* epoll, for one message */
	EDGE,			/* until there is nothing left, as epoll(7) says */
	EDGE_ONE,		/* for one message; of receivers only */
	EXCLUSIVE,		/* a worker with an epoll of its own, for one message */
	BATCH,			/* as EXCLUSIVE, for several at once */
	WAYS
};

FIXTURE(races) {
	struct stage stage;
	int control;
	int receiver;
	int sender;
};

FIXTURE_VARIANT(races) {
	bool is_in[WAYS];
	__u64 depth;
};

FIXTURE_VARIANT_ADD(races, all_ways) {
	.is_in = { true, true, true, true, true, true }, .depth = 5,
};

FIXTURE_VARIANT_ADD(races, all_ways_and_one_room) {
	.is_in = { true, true, true, true, true, true }, .depth = 1,
};

FIXTURE_VARIANT_ADD(races, level) {
	.is_in = { [POLL] = true, [LEVEL] = true }, .depth = 3,
};

FIXTURE_VARIANT_ADD(races, edge) {
	.is_in = { [EDGE] = true }, .depth = 3,
};

FIXTURE_VARIANT_ADD(races, workers) {
	.is_in = { [EXCLUSIVE] = true, [BATCH] = true }, .depth = 3,
};

FIXTURE_SETUP(races)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->receiver = port_create_sized(self->control, self->stage.name,
					   IPCBOX_RECEIVER, variant->depth, 1 << 16);
	self->sender = port_open(self->control, self->stage.name, IPCBOX_SENDER);
	ASSERT_LE(0, self->receiver);
	ASSERT_LE(0, self->sender);
}

FIXTURE_TEARDOWN(races)
{
	stage_teardown(_metadata, &self->stage);
}

struct actor {
	pthread_t thread;
	enum way way;
	bool sends;
	int fd;
	int epoll;
	int left;		/* of a sender: to be sent */
	int done;
};

/* Wait for an event. Return: false at the end of the port. */
static bool wait_until_told(struct actor *a)
{
	struct pollfd p = { .fd = a->fd, .events = a->sends ? POLLOUT : POLLIN };
	struct epoll_event e;

	if (a->way == POLL)
		return poll(&p, 1, -1) == 1 && !(p.revents & (POLLHUP | POLLERR));
	return epoll_wait(a->epoll, &e, 1, -1) == 1 &&
	       !(e.events & (EPOLLHUP | EPOLLERR));
}

static int move_batch(struct actor *a)
{
	struct ipcbox_send_entry out[3];
	struct ipcbox_recv_entry in[3];
	struct ipcbox_send_batch send;
	struct ipcbox_recv_batch recv;
	__u64 tag = 1, data[3];
	int i;

	for (i = 0; i < 3; i++) {
		out[i] = tagged_entry(&tag, 0);
		in[i] = room_entry(&data[i], 8);
	}
	send = send_batch(out, a->left < 3 ? a->left : 3);
	send.flags = IPCBOX_NONBLOCK;
	recv = recv_batch(in, 3);
	recv.flags = IPCBOX_NONBLOCK;
	return a->sends ? command(a->fd, IPCBOX_SEND_BATCH, &send) :
			  command(a->fd, IPCBOX_RECV_BATCH, &recv);
}

/* Return: how many messages, or 0 if there is no message or room. */
static int move(struct actor *a)
{
	int ret;

	if (a->way == BATCH)
		ret = move_batch(a);
	else if (a->sends)
		ret = send_tag(a->fd, 1) == 0;
	else
		ret = recv_tag(a->fd) >= 0;
	return ret > 0 ? ret : 0;
}

static void *act(void *arg)
{
	struct actor *a = arg;
	int count;

	while ((!a->sends || a->left) && wait_until_told(a)) {
		do {
			count = move(a);
			a->left -= count;
			__atomic_fetch_add(&a->done, count, __ATOMIC_RELAXED);
		} while (count && a->way == EDGE && (!a->sends || a->left));
	}
	return NULL;
}

static int start(struct actor *a, enum way how, bool sends, int fd)
{
	static const __u32 flags[WAYS] = {
		[EDGE] = EPOLLET, [EDGE_ONE] = EPOLLET,
		[EXCLUSIVE] = EPOLLEXCLUSIVE, [BATCH] = EPOLLEXCLUSIVE,
	};
	struct epoll_event e = {
		.events = (sends ? EPOLLOUT : EPOLLIN) | flags[how] };

	*a = (struct actor){ .way = how, .sends = sends, .fd = fd };
	a->left = sends ? MESSAGES : 0;
	a->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_ctl(a->epoll, EPOLL_CTL_ADD, fd, &e))
		return -errno;
	return -pthread_create(&a->thread, NULL, act, a);
}

static long long moved(struct actor *actors, int count, bool sends)
{
	long long sum = 0;

	for (int i = 0; i < count; i++)
		if (actors[i].sends == sends)
			sum += __atomic_load_n(&actors[i].done, __ATOMIC_RELAXED);
	return sum;
}

/* Until all have been received, or none for long. */
static void watch_progress(struct actor *actors, int count, long long all)
{
	long long seen = -1, now;
	int quiet = 0;

	for (; quiet < STUCK * 100 && seen < all; quiet++) {
		now = moved(actors, count, false);
		if (now != seen)
			quiet = 0;
		seen = now;
		usleep(10000);
	}
}

TEST_F_TIMEOUT(races, nobody_sleeps_while_there_is_something_to_do, 200)
{
	struct actor actors[2 * WAYS * PER_WAY];
	long long all = 0;
	int n = 0;

	for (int i = 0; i < WAYS * PER_WAY; i++) {
		if (!variant->is_in[i % WAYS])
			continue;
		ASSERT_EQ(0, start(&actors[n++], i % WAYS, false, self->receiver));
		/* All the room that there is makes one edge only. */
		if (i % WAYS == EDGE_ONE)
			continue;
		ASSERT_EQ(0, start(&actors[n++], i % WAYS, true, self->sender));
		all += MESSAGES;
	}
	watch_progress(actors, n, all);
	EXPECT_EQ(all, moved(actors, n, true));
	EXPECT_EQ(all, moved(actors, n, false))
		TH_LOG("%lld are in the port", messages_of(self->receiver));
	/* The end gets all out. */
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	for (int i = 0; i < n; i++) {
		pthread_join(actors[i].thread, NULL);
	}
}

TEST_HARNESS_MAIN
