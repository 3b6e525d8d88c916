// SPDX-License-Identifier: GPL-2.0
/*
 * poll, epoll and io_uring at a buffer: a poller is woken for what it can take, once for
 * each message or each room, and none is forgotten.
 */
#include "buffer_test.h"
#include "epoll.h"
#include "uring.h"

#define BYTES	4096U
#define CELLS	(int)(BYTES / CELL)
#define SOON	(PATIENCE * 1000)	/* ms */
#define MANY	12

FIXTURE(buffer_poll) {
	struct stage stage;
	struct ipcbox_buffer *buffer;
	int fd;
};

FIXTURE_SETUP(buffer_poll)
{
	stage_setup(_metadata, &self->stage);
	ASSERT_EQ(0, test_buffer_create(&self->stage, BOTH, BYTES, &self->buffer));
	self->fd = ipcbox_buffer_fd(self->buffer);
}

FIXTURE_TEARDOWN(buffer_poll)
{
	ipcbox_buffer_unmap(self->buffer);
	stage_teardown(_metadata, &self->stage);
}

TEST_F(buffer_poll, epoll_level_triggered_tells_until_it_is_taken)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, watch(epoll, self->fd, EPOLLIN));
	EXPECT_EQ(0, next_event(epoll, 0));
	ASSERT_EQ(0, put_number(self->buffer, 1));
	EXPECT_EQ(EPOLLIN, next_event(epoll, 0));
	EXPECT_EQ(EPOLLIN, next_event(epoll, 0));
	ASSERT_EQ(1, take_number(self->buffer));
	EXPECT_EQ(0, next_event(epoll, 0));
}

TEST_F(buffer_poll, epoll_edge_triggered_tells_each_message)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(0, watch(epoll, self->fd, EPOLLIN | EPOLLET));
	for (int i = 0; i < 30; i++) {
		ASSERT_EQ(0, next_event(epoll, 0));
		ASSERT_EQ(0, put_number(self->buffer, 1));
		ASSERT_EQ(EPOLLIN, next_event(epoll, 0));
	}
}

/* To be writable is to have room for the longest message. */
TEST_F(buffer_poll, epoll_edge_triggered_tells_room)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	ASSERT_EQ(CELLS, fill_up(self->buffer));
	ASSERT_EQ(0, watch(epoll, self->fd, EPOLLOUT | EPOLLET));
	for (int i = 0; i < 30; i++) {
		ASSERT_EQ(0, next_event(epoll, 0));
		ASSERT_EQ(CELLS, drain(self->buffer));
		ASSERT_EQ(EPOLLOUT, next_event(epoll, 0));
		ASSERT_EQ(CELLS, fill_up(self->buffer));
	}
}

/* Each has an epoll of its own: which of them does a message wake? */
struct poller {
	pthread_t thread;
	struct ipcbox_buffer *buffer;
	long long got;
};

static int told;		/* pollers */

static void *poll_once(void *arg)
{
	struct poller *self = arg;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int fd = ipcbox_buffer_fd(self->buffer);

	if (watch(epoll, fd, EPOLLIN | EPOLLEXCLUSIVE) ||
	    next_event(epoll, SOON) != EPOLLIN)
		return NULL;
	__atomic_add_fetch(&told, 1, __ATOMIC_SEQ_CST);
	self->got = take_number(self->buffer);
	close(epoll);
	return NULL;
}

static int told_so_far(void)
{
	return __atomic_load_n(&told, __ATOMIC_SEQ_CST);
}

TEST_F(buffer_poll, epoll_exclusive_tells_one_for_each_message)
{
	struct poller pollers[MANY];
	long long sum = 0;

	for (int i = 0; i < MANY; i++) {
		pollers[i] = (struct poller){ .buffer = self->buffer };
		ASSERT_EQ(0, pthread_create(&pollers[i].thread, NULL, poll_once,
					    &pollers[i]));
	}
	usleep(100000);
	for (int i = 1; i <= MANY; i++) {
		ASSERT_EQ(0, put_number(self->buffer, i));
		ASSERT_TRUE(eventually(told_so_far() == i));
		usleep(5000);	/* anyone else would come by now */
		EXPECT_EQ(i, told_so_far());
	}
	for (int i = 0; i < MANY; i++) {
		pthread_join(pollers[i].thread, NULL);
		sum += pollers[i].got;
	}
	EXPECT_EQ(MANY * (MANY + 1) / 2, sum);
}

/*
 * All at once, from a processor on which the pollers can only run when the sender is
 * done: none of them has polled again when the next message comes.
 */
static bool alone_on_a_processor(int policy)
{
	struct sched_param p = { .sched_priority = policy == SCHED_FIFO ? 10 : 0 };
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	return !sched_setaffinity(0, sizeof(one), &one) &&
	       !sched_setscheduler(0, policy, &p);
}

static void start_pollers(struct poller *pollers, int count, struct ipcbox_buffer *buffer)
{
	told = 0;
	for (int i = 0; i < count; i++) {
		pollers[i] = (struct poller){ .buffer = buffer };
		if (pthread_create(&pollers[i].thread, NULL, poll_once, &pollers[i]))
			abort();
	}
	usleep(100000);
}

static long long end_pollers(struct poller *pollers, int count)
{
	long long sum = 0;

	for (int i = 0; i < count; i++) {
		pthread_join(pollers[i].thread, NULL);
		sum += pollers[i].got;
	}
	return sum;
}

TEST_F(buffer_poll, epoll_exclusive_tells_others_of_messages_that_come_before_the_first_polls)
{
	struct poller pollers[MANY];

	ASSERT_TRUE(alone_on_a_processor(SCHED_OTHER));
	start_pollers(pollers, MANY, self->buffer);
	ASSERT_TRUE(alone_on_a_processor(SCHED_FIFO));
	for (int i = 1; i <= MANY; i++) {
		ASSERT_EQ(0, put_number(self->buffer, i));
	}
	ASSERT_TRUE(alone_on_a_processor(SCHED_OTHER));
	EXPECT_TRUE(eventually(told_so_far() == MANY))
		TH_LOG("only %d", told_so_far());
	/* Wakes pollers that were forgotten. */
	while (told_so_far() < MANY && !put_number(self->buffer, 0))
		usleep(10000);
	EXPECT_EQ(MANY * (MANY + 1) / 2, end_pollers(pollers, MANY));
}

TEST_F(buffer_poll, epoll_exclusive_tells_one_for_each_message_of_a_batch)
{
	struct poller pollers[MANY];
	__u64 numbers[] = { 1, 2, 3, 4 };
	struct iovec batch[4];

	for (int i = 0; i < 4; i++)
		batch[i] = (struct iovec){ &numbers[i], sizeof(numbers[i]) };
	start_pollers(pollers, MANY, self->buffer);
	ASSERT_EQ(4, ipcbox_buffer_send_batch(self->buffer, batch, 4, IPCBOX_NOWAIT));
	EXPECT_TRUE(eventually(told_so_far() == 4))
		TH_LOG("only %d", told_so_far());
	usleep(20000);	/* anyone else would come by now */
	EXPECT_EQ(4, told_so_far());
	while (told_so_far() < MANY && !put_number(self->buffer, 0))
		usleep(10000);
	EXPECT_EQ(10, end_pollers(pollers, MANY));
}

/* Polls for room, exclusively, and sends a message of the greatest length. */
static void *poll_for_room(void *arg)
{
	struct poller *self = arg;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	static char data[8 * CELL];

	if (watch(epoll, ipcbox_buffer_fd(self->buffer), EPOLLOUT | EPOLLEXCLUSIVE) ||
	    next_event(epoll, SOON) != EPOLLOUT)
		return NULL;
	__atomic_add_fetch(&told, 1, __ATOMIC_SEQ_CST);
	self->got = ipcbox_buffer_send(self->buffer, data, sizeof(data), IPCBOX_NOWAIT);
	close(epoll);
	return NULL;
}

TEST_F(buffer_poll, epoll_exclusive_tells_one_for_each_room_that_a_long_message_leaves)
{
	struct poller pollers[MANY];
	struct ipcbox_buffer *buffer;
	struct ipcbox_slot slot;
	int fd;

	/* Room for eight of the longest, all in one that is read. */
	ASSERT_EQ(0, ipcbox_port_delete(self->stage.name, 0));
	fd = buffer_create_sized(self->stage.control, self->stage.name, BOTH, BYTES,
				 8 * CELL);
	ASSERT_EQ(0, ipcbox_buffer_map(fd, &buffer));
	while (!ipcbox_buffer_reserve(buffer, &slot, 8 * CELL, IPCBOX_NOWAIT)) {
		ASSERT_EQ(0, ipcbox_buffer_commit(buffer, &slot));
	}
	told = 0;
	for (int i = 0; i < 4; i++) {
		pollers[i] = (struct poller){ .buffer = buffer, .got = -1 };
		ASSERT_EQ(0, pthread_create(&pollers[i].thread, NULL, poll_for_room,
					    &pollers[i]));
	}
	usleep(100000);
	/* The first stays in hand while three are done: all their room comes at once. */
	ASSERT_EQ(0, ipcbox_buffer_peek(buffer, &slot, IPCBOX_NOWAIT));
	for (int i = 0; i < 3; i++) {
		struct ipcbox_slot next;

		ASSERT_EQ(0, ipcbox_buffer_peek(buffer, &next, IPCBOX_NOWAIT));
		ASSERT_EQ(0, ipcbox_buffer_release(buffer, &next));
	}
	ASSERT_EQ(0, ipcbox_buffer_release(buffer, &slot));
	EXPECT_TRUE(eventually(told_so_far() == 4))
		TH_LOG("only %d", told_so_far());
	while (told_so_far() < 4 && drain(buffer))
		usleep(10000);
	EXPECT_EQ(0, end_pollers(pollers, 4));
	ipcbox_buffer_unmap(buffer);
}

/*
 * io_uring's multishot poll stays on the queue, and does not poll again by itself after
 * an event.
 */
TEST_F(buffer_poll, multishot_poll_of_io_uring_tells_each_message)
{
	struct uring ring;

	if (uring_setup(&ring))
		SKIP(return, "no io_uring");
	uring_poll(&ring, self->fd, POLLIN);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, put_number(self->buffer, i));
		ASSERT_EQ(POLLIN, uring_next(&ring) & POLLIN)
			TH_LOG("deaf after %d", i);
		ASSERT_EQ(i, take_number(self->buffer));
		ASSERT_EQ(-EAGAIN, take_number(self->buffer));
	}
	uring_end(&ring);
}

TEST_F(buffer_poll, multishot_poll_of_io_uring_tells_room)
{
	struct uring ring;

	if (uring_setup(&ring))
		SKIP(return, "no io_uring");
	ASSERT_EQ(CELLS, fill_up(self->buffer));
	uring_poll(&ring, self->fd, POLLOUT);
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(CELLS, drain(self->buffer));
		ASSERT_EQ(POLLOUT, uring_next(&ring) & POLLOUT)
			TH_LOG("deaf after %d", i);
		ASSERT_EQ(CELLS, fill_up(self->buffer));
	}
	uring_end(&ring);
}

#define ROUNDS 2000

static int sends_rounds(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (ipcbox_buffer_send(arg, &i, sizeof(i), IPCBOX_FOREVER))
			return 1;
		if (i % 7 == 0)
			usleep(50);
	}
	return 0;
}

TEST_F_TIMEOUT(buffer_poll, epoll_edge_triggered_loses_no_edge, 120)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), got = 0, n;
	pid_t pid;

	ASSERT_EQ(0, watch(epoll, self->fd, EPOLLIN | EPOLLET));
	pid = spawn(sends_rounds, self->buffer);
	while (got < ROUNDS) {
		ASSERT_NE(0, next_event(epoll, SOON))
			TH_LOG("lost after %d", got);
		while (ipcbox_buffer_recv(self->buffer, &n, sizeof(n),
					  IPCBOX_NOWAIT) == sizeof(n)) {
			ASSERT_EQ(got, n);
			got++;
		}
	}
	EXPECT_EQ(0, reap(pid));
}

TEST_HARNESS_MAIN
