// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting at a buffer: a task that finds it full or empty sleeps until there is what it
 * waits for, a deadline, a signal or the end. Each is woken for something, and none is
 * forgotten.
 */
#include "buffer_test.h"

#define BYTES	4096U
#define CELLS	(int)(BYTES / CELL)
#define SOON	(PATIENCE * 1000)	/* ms */

FIXTURE(wait) {
	struct stage stage;
	struct ipcbox_buffer *buffer;
	int fd;
};

FIXTURE_SETUP(wait)
{
	stage_setup(_metadata, &self->stage);
	ASSERT_EQ(0, test_buffer_create(&self->stage, BOTH, BYTES, &self->buffer));
	self->fd = ipcbox_buffer_fd(self->buffer);
}

FIXTURE_TEARDOWN(wait)
{
	ipcbox_buffer_unmap(self->buffer);
	stage_teardown(_metadata, &self->stage);
}

/* A thread that sends or receives one message, and may wait for that. */
struct waiter {
	struct ipcbox_buffer *buffer;
	size_t send;		/* a message of that length; 0: receive one */
	uint64_t deadline;
	long long ret;
	pthread_t thread;
};

static void *wait_run(void *arg)
{
	static char data[BYTES];
	struct waiter *w = arg;
	__u64 number;

	if (w->send) {
		w->ret = ipcbox_buffer_send(w->buffer, data, w->send, w->deadline);
	} else {
		w->ret = ipcbox_buffer_recv(w->buffer, &number, sizeof(number),
					    w->deadline);
		w->ret = w->ret == sizeof(number) ? (long long)number : w->ret;
	}
	return NULL;
}

static void waiter_start(struct waiter *w, struct ipcbox_buffer *buffer,
			 size_t send)
{
	*w = (struct waiter){ .buffer = buffer, .send = send,
			      .deadline = ipcbox_deadline_ms(SOON) };
	if (pthread_create(&w->thread, NULL, wait_run, w))
		abort();
}

static long long waiter_end(struct waiter *w)
{
	pthread_join(w->thread, NULL);
	return w->ret;
}

TEST_F(wait, consumer_waits_until_a_message_comes)
{
	struct waiter w;

	waiter_start(&w, self->buffer, 0);
	ASSERT_TRUE(receivers_asleep(self->fd, 1));
	EXPECT_EQ(1, self->buffer->ring->want_data);
	EXPECT_EQ(0, put_number(self->buffer, 5));
	EXPECT_EQ(5, waiter_end(&w));
	EXPECT_EQ(0, receivers_of(self->fd));
	EXPECT_EQ(0, self->buffer->ring->want_data);
}

TEST_F(wait, producer_waits_until_there_is_room)
{
	struct waiter w;
	int drained;

	ASSERT_EQ(CELLS, fill_up(self->buffer));
	waiter_start(&w, self->buffer, 8);
	ASSERT_TRUE(senders_asleep(self->fd, 1));
	EXPECT_NE(0, self->buffer->ring->want_room);
	/* The producer may get in before the end, and is drained as well. */
	drained = drain(self->buffer);
	EXPECT_TRUE(drained == CELLS || drained == CELLS + 1);
	EXPECT_EQ(0, waiter_end(&w));
	EXPECT_EQ(0, senders_of(self->fd));
	EXPECT_EQ(0, self->buffer->ring->want_room);
}

/* Also where less than a quarter is free, and stays so. */
TEST_F(wait, producer_gets_in_though_the_consumer_stops_after_one)
{
	struct waiter w;
	__u64 start;

	ASSERT_EQ(CELLS, fill_up(self->buffer));
	waiter_start(&w, self->buffer, 8);
	ASSERT_TRUE(senders_asleep(self->fd, 1));
	start = now_ns();
	EXPECT_EQ(1000000, take_number(self->buffer));
	EXPECT_EQ(0, waiter_end(&w));
	EXPECT_GT(1000000000, now_ns() - start);
}

TEST_F(wait, producer_of_a_long_message_is_not_woken_for_less)
{
	struct waiter w;

	ASSERT_EQ(CELLS, fill_up(self->buffer));
	waiter_start(&w, self->buffer, 40 * CELL);
	ASSERT_TRUE(senders_asleep(self->fd, 1));
	usleep(5000);
	for (int i = 0; i < 39; i++) {
		ASSERT_EQ(1000000 + i, take_number(self->buffer));
	}
	EXPECT_EQ(1, senders_of(self->fd));
	EXPECT_EQ(1000039, take_number(self->buffer));
	EXPECT_EQ(0, waiter_end(&w));
}

TEST_F(wait, producer_of_a_long_message_is_not_passed_by_short_ones_that_wait)
{
	struct waiter w, others[4];
	struct ipcbox_slot slot = { .len = 0 };

	ASSERT_EQ(CELLS, fill_up(self->buffer));
	waiter_start(&w, self->buffer, BYTES);
	ASSERT_TRUE(senders_asleep(self->fd, 1));
	usleep(5000);
	for (int i = 0; i < 4; i++)
		waiter_start(&others[i], self->buffer, 8);
	ASSERT_TRUE(senders_asleep(self->fd, 5));
	usleep(5000);
	for (int i = 0; i < CELLS; i++) {
		ASSERT_EQ(1000000 + i, take_number(self->buffer));
	}
	EXPECT_EQ(0, ipcbox_buffer_peek(self->buffer, &slot,
					ipcbox_deadline_ms(SOON)));
	EXPECT_EQ(BYTES, slot.len);
	EXPECT_EQ(0, ipcbox_buffer_release(self->buffer, &slot));
	EXPECT_EQ(0, waiter_end(&w));
	for (int i = 0; i < 4; i++) {
		EXPECT_EQ(0, waiter_end(&others[i]));
	}
}

static int sends_half_until_soon(void *buffer)
{
	static char data[BYTES / 2];

	return ipcbox_buffer_send(buffer, data, sizeof(data),
				  ipcbox_deadline_ms(500)) == -ETIMEDOUT ? 0 : 1;
}

static int sends_little(void *buffer)
{
	return ipcbox_buffer_send(buffer, "", 1, ipcbox_deadline_ms(PATIENCE * 1000)) ?
		       1 : 0;
}

/* There is room for it, but for another that was first. */
TEST_F(wait, producer_behind_one_that_gives_up_gets_in)
{
	int fd = ipcbox_buffer_fd(self->buffer);
	pid_t first, second;

	ASSERT_EQ(CELLS, fill_up(self->buffer));
	first = spawn(sends_half_until_soon, self->buffer);
	ASSERT_TRUE(senders_asleep(fd, 1));
	usleep(5000);
	second = spawn(sends_little, self->buffer);
	ASSERT_TRUE(senders_asleep(fd, 2));
	usleep(5000);
	EXPECT_EQ(1000000, take_number(self->buffer));
	EXPECT_EQ(0, reap(first));
	EXPECT_EQ(0, reap(second));
}

#define MANY 12

TEST_F(wait, each_message_wakes_one_consumer)
{
	struct waiter w[MANY];
	long long sum = 0;

	for (int i = 0; i < MANY; i++)
		waiter_start(&w[i], self->buffer, 0);
	ASSERT_TRUE(receivers_asleep(self->fd, MANY));
	for (int i = 1; i <= MANY; i++) {
		ASSERT_EQ(0, put_number(self->buffer, i));
		EXPECT_TRUE(receivers_asleep(self->fd, MANY - i));
		EXPECT_EQ(MANY - i, receivers_of(self->fd));
	}
	for (int i = 0; i < MANY; i++)
		sum += waiter_end(&w[i]);
	EXPECT_EQ(MANY * (MANY + 1) / 2, sum);
}

/* Deadlines, and not waiting */

TEST_F(wait, deadline_past_returns_etimedout)
{
	char c;
	__u64 deadline = in_ms(30);

	EXPECT_EQ(-ETIMEDOUT, ipcbox_buffer_recv(self->buffer, &c, 1, deadline));
	EXPECT_LE(deadline, now_ns());
	ASSERT_EQ(CELLS, fill_up(self->buffer));
	deadline = in_ms(30);
	EXPECT_EQ(-ETIMEDOUT, ipcbox_buffer_send(self->buffer, &c, 1, deadline));
	EXPECT_LE(deadline, now_ns());
	EXPECT_EQ(-ETIMEDOUT, ipcbox_buffer_send(self->buffer, &c, 1, 1));
	EXPECT_EQ(0, senders_of(self->fd) + receivers_of(self->fd));
}

TEST_F(wait, o_nonblock_returns_eagain)
{
	char c;

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, ipcbox_buffer_recv(self->buffer, &c, 1, IPCBOX_FOREVER));
	ASSERT_EQ(CELLS, fill_up(self->buffer));
	EXPECT_EQ(-EAGAIN, ipcbox_buffer_send(self->buffer, &c, 1, IPCBOX_FOREVER));
}

TEST_F(wait, limit_of_waiters_returns_eusers)
{
	long long was = read_number(SYSCTL("user_waiters"));
	int ret;

	ASSERT_EQ(0, write_number(SYSCTL("user_waiters"), 0));
	ret = buffer_wait(self->fd, IPCBOX_RECEIVER, 0, 0);
	ASSERT_EQ(0, write_number(SYSCTL("user_waiters"), was));
	EXPECT_EQ(-EUSERS, ret);
}

/* Signals and death */

TEST_F(wait, signal_returns_eintr_or_restarts)
{
	struct waiter w;

	on_sigusr1(0);
	waiter_start(&w, self->buffer, 0);
	ASSERT_TRUE(receivers_asleep(self->fd, 1));
	pthread_kill(w.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, waiter_end(&w));
	on_sigusr1(SA_RESTART);
	signals_seen = 0;
	waiter_start(&w, self->buffer, 0);
	ASSERT_TRUE(receivers_asleep(self->fd, 1));
	pthread_kill(w.thread, SIGUSR1);
	EXPECT_TRUE(eventually(signals_seen == 1));
	EXPECT_EQ(0, put_number(self->buffer, 9));
	EXPECT_EQ(9, waiter_end(&w));
}

static int waits_for_ever(void *arg)
{
	char data[8];

	return ipcbox_buffer_recv(arg, data, 8, IPCBOX_FOREVER) == 8 ? 0 : 1;
}

TEST_F(wait, killed_while_asleep_leaves_the_message_to_others)
{
	pid_t first = spawn(waits_for_ever, self->buffer), second;

	ASSERT_TRUE(receivers_asleep(self->fd, 1));
	second = spawn(waits_for_ever, self->buffer);
	ASSERT_TRUE(receivers_asleep(self->fd, 2));
	EXPECT_EQ(-SIGKILL, kill_and_reap(first));
	EXPECT_EQ(1, receivers_of(self->fd));
	ASSERT_EQ(0, put_number(self->buffer, 1));
	EXPECT_EQ(0, reap(second));
}

/* One to one: what this thread alone moves, another has moved. */

static void *lie(void *arg)
{
	struct waiter *w = arg;
	struct ipcbox_ring_head *ring = w->buffer->ring;
	int fd = ipcbox_buffer_fd(w->buffer);

	if (w->send) {
		if (senders_asleep(fd, 1))
			ring->tail = ring->free;
		ipcbox_buffer_tell_room(w->buffer, 1);
	} else {
		if (receivers_asleep(fd, 1))
			ring->free = ring->tail - 1;
		ipcbox_buffer_tell_data(w->buffer);
	}
	return NULL;
}

TEST_F(wait, one_to_one_with_a_position_that_another_moved_ends)
{
	struct ipcbox_buffer *buffer;
	struct waiter w = { 0 };
	pthread_t liar;

	ASSERT_EQ(0, ipcbox_port_delete(self->stage.name, 0));
	ASSERT_EQ(0, test_buffer_create(&self->stage, BOTH | IPCBOX_SPSC, BYTES,
					&buffer));
	for (int sends = 0; sends < 2; sends++) {
		if (sends)
			fill_up(buffer);
		w = (struct waiter){ .buffer = buffer, .send = sends };
		ASSERT_EQ(0, pthread_create(&liar, NULL, lie, &w));
		waiter_start(&w, buffer, sends);
		EXPECT_EQ(-EBADMSG, waiter_end(&w));
		pthread_join(liar, NULL);
		buffer->ring->free = buffer->ring->tail;
	}
	ipcbox_buffer_unmap(buffer);
}

/* Of two senders, one publishes its position after the other. */
TEST_F(wait, one_to_one_that_is_used_by_two_returns_no_old_messages)
{
	struct ipcbox_buffer *buffer;
	__u64 free;

	ASSERT_EQ(0, ipcbox_port_delete(self->stage.name, 0));
	ASSERT_EQ(0, test_buffer_create(&self->stage, BOTH | IPCBOX_SPSC, BYTES,
					&buffer));
	ASSERT_EQ(CELLS, fill_up(buffer));
	ASSERT_EQ(CELLS, drain(buffer));
	free = buffer->ring->free;
	buffer->ring->tail = free - 1;
	EXPECT_EQ(-EBADMSG, take_number(buffer));
	EXPECT_EQ(-EBADMSG, ipcbox_buffer_recv(buffer, &free, 8, ipcbox_deadline_ms(SOON)));
	EXPECT_EQ(-EBADMSG, put_number(buffer, 1));
	buffer->ring->tail = free + CELLS + 1;
	EXPECT_EQ(-EBADMSG, take_number(buffer));
	EXPECT_EQ(-EBADMSG, put_number(buffer, 1));
	buffer->ring->tail = free + CELLS;
	EXPECT_EQ(1000000, take_number(buffer));
	ipcbox_buffer_unmap(buffer);
}

/* The end */

TEST_F(wait, removal_is_told_to_a_producer)
{
	struct waiter w;

	ASSERT_EQ(CELLS, fill_up(self->buffer));
	waiter_start(&w, self->buffer, 8);
	ASSERT_TRUE(senders_asleep(self->fd, 1));
	usleep(5000);
	ASSERT_EQ(0, ipcbox_port_delete(self->stage.name, 0));
	EXPECT_EQ(-EIDRM, waiter_end(&w));
}

TEST_F(wait, removal_is_told_to_all)
{
	struct waiter w;
	struct ipcbox_slot slot;
	__u64 number = 0;
	struct iovec some = { &number, sizeof(number) };
	int err;

	waiter_start(&w, self->buffer, 0);
	ASSERT_TRUE(receivers_asleep(self->fd, 1));
	ASSERT_EQ(0, ipcbox_buffer_reserve(self->buffer, &slot, 8, IPCBOX_NOWAIT));
	ASSERT_EQ(0, ipcbox_port_delete(self->stage.name, 0));
	EXPECT_EQ(-EIDRM, waiter_end(&w));
	EXPECT_EQ(-EIDRM, ipcbox_buffer_commit(self->buffer, &slot));
	EXPECT_EQ(-EIDRM, ipcbox_buffer_send_batch(self->buffer, &some, 1,
						   IPCBOX_NOWAIT));
	/* A process that has it mapped finds its messages. */
	EXPECT_EQ(8, ipcbox_buffer_recv(self->buffer, &number, sizeof(number),
					IPCBOX_NOWAIT));
	EXPECT_EQ(8, ipcbox_buffer_recv(self->buffer, &number, sizeof(number),
					IPCBOX_NOWAIT));
	EXPECT_EQ(-EIDRM, ipcbox_buffer_recv(self->buffer, &number, sizeof(number),
					     IPCBOX_FOREVER));
	while (!(err = put_number(self->buffer, 1)) || err == -EINTR)
		;
	EXPECT_EQ(-EIDRM, err);
}

TEST_F(wait, unlinked_without_producers_gives_what_is_left_and_then_epipe)
{
	struct ipcbox_buffer *receiver;

	ASSERT_EQ(0, test_buffer_open(&self->stage, IPCBOX_RECEIVER, &receiver));
	ASSERT_EQ(0, put_number(self->buffer, 1));
	ASSERT_EQ(0, ipcbox_port_delete(self->stage.name, IPCBOX_UNLINK));
	ipcbox_buffer_unmap(self->buffer);
	self->buffer = receiver;
	EXPECT_EQ(1, take_number(receiver));
	EXPECT_EQ(-EPIPE, take_number(receiver));
}

TEST_HARNESS_MAIN
