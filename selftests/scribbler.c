// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that write whatever they like over all of a buffer that they have mapped,
 * without pause, while others use it: those may get nonsense, but none dies of it, each
 * ends at a signal, and the kernel goes on as if nothing were.
 *
 *	SCRIBBLER_SECONDS=60 ./scribbler	(5 unless told, for each kind of buffer)
 */
#include "buffer_test.h"

#define BYTES		65536U
#define SCRIBBLERS	2
#define USERS		6
#define LARGEST		IPCBOX_BUFFER_MAX

static unsigned int seconds = 5;

FIXTURE(scribbler) {
	struct stage stage;
	struct ipcbox_buffer *buffer;
	pid_t scribblers[SCRIBBLERS];
	pid_t users[USERS];
};

FIXTURE_VARIANT(scribbler) {
	__u32 kind;
};

FIXTURE_VARIANT_ADD(scribbler, many) { .kind = 0 };
FIXTURE_VARIANT_ADD(scribbler, spsc) { .kind = IPCBOX_SPSC };

FIXTURE_SETUP(scribbler)
{
	const char *said = getenv("SCRIBBLER_SECONDS");

	if (said)
		seconds = atoi(said);
	stage_setup(_metadata, &self->stage);
	ASSERT_EQ(0, test_buffer_create(&self->stage, BOTH | variant->kind, BYTES,
					&self->buffer));
}

FIXTURE_TEARDOWN(scribbler)
{
	ipcbox_buffer_unmap(self->buffer);
	stage_teardown(_metadata, &self->stage);
}

/* Processes that scribble */

static __u64 random_number(__u64 *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* A word that is nearly right: of the lap of its position, with any cells and owner. */
static __u64 likely_word(const struct pages *p, __u64 position, __u64 r)
{
	static const __u32 cells[] = { 0, 1, 1, 2, 3, 1024, 0xfffff, 0x80000 };
	__u64 lap = position / p->layout.cells + (r >> 40) % 3 - 1;

	return lap << IPCBOX_WORD_LAP_SHIFT |
	       (__u64)cells[(r >> 8) % ARRAY_SIZE(cells)] << IPCBOX_WORD_CELLS_SHIFT |
	       ((r >> 16) % 16) << IPCBOX_WORD_OWNER_SHIFT | (r >> 24) % 6;
}

static void scribble_word(const struct pages *p, __u64 r)
{
	__u64 near = p->ring->free + (r >> 48) % 4;
	struct ipcbox_cell *cell = &p->cells[near & (p->layout.cells - 1)];

	__atomic_store_n(&cell->word, likely_word(p, near, r), __ATOMIC_RELAXED);
	if (r & 1)
		cell->len = r & 2 ? r >> 32 : (r >> 32) % 300;
}

static void scribble_position(const struct pages *p, __u64 r)
{
	__u64 position = r & 8 ? r >> 4 : p->ring->free + (r >> 32) % 2000 - 1000;

	switch (r & 7) {
	case 0:
		p->ring->tail = position;
		break;
	case 1:
		p->ring->free = position;
		break;
	case 2:
		p->ring->head = position << IPCBOX_HEAD_SHIFT | (r >> 50);
		break;
	case 3:
		p->ring->want_data = r >> 32;
		break;
	case 4:
		p->ring->want_room = r >> 32;
		break;
	case 5:
		p->ring->want_data = p->ring->want_room = 0;
		break;
	case 6:
		p->ring->tail = p->ring->free;
		break;
	case 7:
		p->self->writing = p->self->reading = r;
		break;
	}
}

static void scribble_anywhere(const struct pages *p, __u64 r)
{
	__u64 *control = (void *)p->control, *data = (void *)p->data;

	control[(r >> 8) % (p->layout.control_len / 8)] = r & 1 ? r : r >> 60;
	data[(r >> 16) % (p->layout.data_len / 8)] = r;
}

static int scribble(void *arg)
{
	struct stage *stage = arg;
	__u64 seed = getpid() * 0x9e3779b97f4a7c15ULL;
	struct pages p;

	if (pages_map(&p, buffer_open(stage->control, stage->name, BOTH)))
		return 1;
	for (;;) {
		__u64 r = random_number(&seed);

		switch (r >> 61) {
		case 0:
			scribble_anywhere(&p, r);
			break;
		case 1:
		case 2:
			scribble_position(&p, r);
			break;
		default:
			scribble_word(&p, r);
			break;
		}
	}
}

/* Processes that use the buffer */

static void use_once(struct ipcbox_buffer *buffer, __u64 r)
{
	__u64 deadline = now_ns() + r % 3000000;
	static char data[BYTES];
	struct ipcbox_slot slot;
	struct pollfd waits;

	switch (r >> 60) {
	case 0: case 1: case 2: case 3:
		ipcbox_buffer_send(buffer, data, (r >> 8) % 500, deadline);
		break;
	case 4: case 5: case 6: case 7:
		ipcbox_buffer_recv(buffer, data, sizeof(data), deadline);
		break;
	case 8: case 9:
		if (!ipcbox_buffer_reserve(buffer, &slot, (r >> 8) % BYTES,
					   deadline)) {
			memset(slot.data, 1, slot.len);
			if (r & 1)
				ipcbox_buffer_commit(buffer, &slot);
			else
				ipcbox_buffer_cancel(buffer, &slot);
		}
		break;
	case 10: case 11:
		if (!ipcbox_buffer_peek(buffer, &slot, deadline)) {
			memcpy(data, slot.data, slot.len);
			if (r & 1)
				ipcbox_buffer_release(buffer, &slot);
			else
				ipcbox_buffer_put_back(buffer, &slot);
		}
		break;
	case 12:
		buffer_wait(buffer->fd, IPCBOX_RECEIVER, 0, deadline);
		buffer_wait(buffer->fd, IPCBOX_SENDER, 1 + r % 1024, deadline);
		break;
	case 13:
		buffer_wake(buffer->fd, BOTH);
		break;
	case 14:
		waits = (struct pollfd){ .fd = buffer->fd, .events = POLLIN | POLLOUT };
		poll(&waits, 1, 1);
		break;
	default:
		messages_of(buffer->fd);
		break;
	}
}

/* Maps it, uses it for a while, and leaves it, with something in hand at times. */
static int use(void *arg)
{
	struct stage *stage = arg;
	__u64 seed = getpid() * 0x9e3779b97f4a7c15ULL;
	struct ipcbox_buffer *buffer;
	struct ipcbox_slot slot;

	for (;;) {
		int err = test_buffer_open(stage, BOTH, &buffer);

		if (err)
			return err == -EIDRM ? 0 : 1;
		for (int n = random_number(&seed) % 200; n >= 0; n--)
			use_once(buffer, random_number(&seed));
		if (!ipcbox_buffer_reserve(buffer, &slot, 5, IPCBOX_NOWAIT) &&
		    random_number(&seed) % 4 == 0)
			kill(getpid(), SIGKILL);
		ipcbox_buffer_unmap(buffer);
	}
}

TEST_F_TIMEOUT(scribbler, disturbs_others_and_nothing_else, 900)
{
	__u64 end = now_ns() + seconds * NSEC_PER_SEC;
	int odd = 0, last = 0, status;
	int deaths = 0;

	for (int i = 0; i < SCRIBBLERS; i++)
		self->scribblers[i] = spawn(scribble, &self->stage);
	for (int i = 0; i < USERS; i++)
		self->users[i] = spawn(use, &self->stage);
	/* One after the other is killed, and another takes its place. */
	while (now_ns() < end) {
		int i = deaths++ % USERS;

		usleep(5000);
		kill(self->users[i], SIGKILL);
		status = reap(self->users[i]);
		if (status != -SIGKILL) {
			odd++;
			last = status;
		}
		self->users[i] = spawn(use, &self->stage);
	}
	for (int i = 0; i < USERS; i++) {
		EXPECT_EQ(-SIGKILL, kill_and_reap(self->users[i]));
	}
	for (int i = 0; i < SCRIBBLERS; i++) {
		EXPECT_EQ(-SIGKILL, kill_and_reap(self->scribblers[i]));
	}
	EXPECT_EQ(0, odd)
		TH_LOG("of %d, the last with %d", deaths, last);
}

/* A ring of a million cells, each with the same word but for its lap */

/* How long it was since *FROM, which is now. */
static __u64 lap_ns(__u64 *from)
{
	__u64 took = now_ns() - *from;

	*from += took;
	return took;
}

static void spoil_all(const struct pages *p, __u32 cells, __u64 state)
{
	__u64 begin = p->layout.cells;

	p->ring->free = begin;
	p->ring->head = begin << IPCBOX_HEAD_SHIFT;
	p->ring->tail = begin;
	for (__u64 i = 0; i < p->layout.cells; i++) {
		p->cells[i].word = 1ULL << IPCBOX_WORD_LAP_SHIFT |
				   (__u64)cells << IPCBOX_WORD_CELLS_SHIFT |
				   5 << IPCBOX_WORD_OWNER_SHIFT | state;
		p->cells[i].len = ~0U;
	}
}

FIXTURE(spoiled) {
	struct stage stage;
	struct ipcbox_buffer *buffer;
	struct pages pages;
};

FIXTURE_SETUP(spoiled)
{
	int fd;

	stage_setup(_metadata, &self->stage);
	fd = buffer_create_sized(self->stage.control, self->stage.name, BOTH, LARGEST, 1000);
	ASSERT_EQ(0, ipcbox_buffer_map(fd, &self->buffer));
	ASSERT_EQ(0, pages_map(&self->pages, self->buffer->fd));
}

FIXTURE_TEARDOWN(spoiled)
{
	pages_unmap(&self->pages);
	ipcbox_buffer_unmap(self->buffer);
	stage_teardown(_metadata, &self->stage);
}

static int opens_and_dies(void *arg)
{
	struct ipcbox_buffer *buffer;

	return test_buffer_open(arg, BOTH, &buffer) ? 1 : 0;
}

TEST_F_TIMEOUT(spoiled, large_ring_keeps_the_kernel_for_a_bounded_time, 300)
{
	__u64 worst = 0;

	for (__u64 state = 0; state < 8; state++) {
		for (__u32 cells = 0; cells < 3; cells++) {
			__u64 start, took;

			spoil_all(&self->pages, cells, state);
			start = now_ns();
			messages_of(self->buffer->fd);
			buffer_wait(self->buffer->fd, IPCBOX_RECEIVER, 0, 1);
			buffer_wait(self->buffer->fd, IPCBOX_SENDER, 1, 1);
			buffer_wake(self->buffer->fd, BOTH);
			took = lap_ns(&start);
			worst = took > worst ? took : worst;
			/* (Their bury walks all of it.) */
			EXPECT_EQ(0, reap(spawn(opens_and_dies, &self->stage)));
			took = lap_ns(&start);
			worst = took > worst ? took : worst;
		}
	}
	EXPECT_GT(10 * NSEC_PER_SEC, worst)
		TH_LOG("%llu ms", worst / 1000000);
}

TEST_F(spoiled, word_without_cells_returns_ebadmsg_to_senders)
{
	spoil_all(&self->pages, 0, IPCBOX_CELL_DONE);
	EXPECT_EQ(-EBADMSG, put_number(self->buffer, 1));
	EXPECT_EQ(-EBADMSG, take_number(self->buffer));
}

TEST_F(spoiled, length_of_a_message_returns_ebadmsg_to_receivers)
{
	struct ipcbox_slot slot;

	spoil_all(&self->pages, 1, IPCBOX_CELL_READY);
	EXPECT_EQ(-EBADMSG, take_number(self->buffer));
	EXPECT_EQ(-EBADMSG, ipcbox_buffer_peek(self->buffer, &slot, IPCBOX_NOWAIT));
}

/* Positions that never stand still */

/* Each word is taken, and head, tail or free is where it was again and again. */
static int keeps_others_going_round(void *arg)
{
	struct pages *p = arg;
	__u64 begin = p->layout.cells;

	for (;;) {
		__atomic_store_n(&p->ring->head, begin << IPCBOX_HEAD_SHIFT, __ATOMIC_RELAXED);
		__atomic_store_n(&p->ring->tail, begin, __ATOMIC_RELAXED);
	}
	return 0;
}

/* How long the call takes, and how it ends. */
static __u64 time_of(int (*fn)(struct ipcbox_buffer *, __u64), struct ipcbox_buffer *buffer,
		     __u64 deadline, int *err)
{
	__u64 start = now_ns();

	*err = fn(buffer, deadline);
	return now_ns() - start;
}

static int peeks(struct ipcbox_buffer *buffer, __u64 deadline)
{
	struct ipcbox_slot slot;

	return ipcbox_buffer_peek(buffer, &slot, deadline);
}

static int reserves(struct ipcbox_buffer *buffer, __u64 deadline)
{
	struct ipcbox_slot slot;

	return ipcbox_buffer_reserve(buffer, &slot, 8, deadline);
}

static int puts_back(struct ipcbox_buffer *buffer, __u64 deadline)
{
	struct ipcbox_slot slot;

	(void)deadline;
	ipcbox_slot_set(&slot, buffer, buffer->mask + 1);
	slot.word = 1ULL << IPCBOX_WORD_LAP_SHIFT | 1ULL << IPCBOX_WORD_CELLS_SHIFT |
		    buffer->self->reading;
	slot.cell->word = slot.word;
	return ipcbox_buffer_put_back(buffer, &slot);
}

/* More often than not; but it may be that the one is not fast enough to keep another. */
static bool ended_as(int err, int expected)
{
	return err == expected || err == -EAGAIN || !err;
}

TEST_F_TIMEOUT(spoiled, calls_that_are_kept_going_round_end, 120)
{
	int (*const calls[])(struct ipcbox_buffer *, __u64) = { peeks, reserves, puts_back };

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		__u64 took, late;
		pid_t pid;
		int err;

		spoil_all(&self->pages, 1, i == 1 ? IPCBOX_CELL_READY : IPCBOX_CELL_READING);
		pid = spawn(keeps_others_going_round, &self->pages);
		usleep(50000);
		took = time_of(calls[i], self->buffer, IPCBOX_NOWAIT, &err);
		EXPECT_GT(3 * NSEC_PER_SEC, took);
		EXPECT_TRUE(ended_as(err, -EBADMSG))
			TH_LOG("call %zu: %d after %llu ms", i, err, took / 1000000);
		late = time_of(calls[i], self->buffer, in_ms(30), &err);
		EXPECT_GT(NSEC_PER_SEC, late);
		EXPECT_TRUE(ended_as(err, i == 2 ? -EBADMSG : -ETIMEDOUT))
			TH_LOG("call %zu: %d after %llu ms", i, err, late / 1000000);
		kill_and_reap(pid);
	}
}

/* Others that sleep, and a ring that is long */

#define SLEEPERS 300

static void *sleeps(void *arg)
{
	buffer_wait(*(int *)arg, IPCBOX_RECEIVER, 0, 0);
	return NULL;
}

static int sleeps_in_many_threads(void *arg)
{
	struct ipcbox_buffer *buffer = arg;
	pthread_attr_t small;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (int i = 0; i < SLEEPERS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, &small, sleeps, &buffer->fd))
			return 1;
	}
	pause();
	return 0;
}

/* All words are being read, and at the far end there is something for everybody. */
static void make_it_long(const struct pages *p)
{
	spoil_all(p, 1, IPCBOX_CELL_READING);
	for (__u64 i = p->layout.cells - SLEEPERS; i < p->layout.cells; i++)
		p->cells[i].word += IPCBOX_CELL_READY - IPCBOX_CELL_READING;
	p->ring->tail = 2 * (__u64)p->layout.cells;
}

static int is_there(void *arg)
{
	(void)arg;
	pause();
	return 0;
}

/* How long it takes while many others sleep: until a deadline is kept, */
static __u64 lateness(struct ipcbox_buffer *buffer)
{
	__u64 deadline = in_ms(20), now;

	buffer_wait(buffer->fd, IPCBOX_RECEIVER, 0, deadline);
	now = now_ns();
	return now > deadline ? now - deadline : 0;
}

/* until a process is dead that does nothing but have it mapped. */
static __u64 death(pid_t victim)
{
	__u64 start = now_ns();

	kill_and_reap(victim);
	return lap_ns(&start);
}

TEST_F_TIMEOUT(spoiled, deadline_and_death_are_not_put_off_by_sleepers, 120)
{
	__u64 best[2] = { ~0ULL, ~0ULL };
	struct ipcbox_buffer *buffer = self->buffer;

	/* The best of three counts: the machine may be busy. */
	for (int i = 0; i < 6; i++) {
		pid_t victim = spawn(is_there, NULL), crowd;
		__u64 took;

		spoil_all(&self->pages, 1, 0);
		for (__u64 at = 0; at < self->pages.layout.cells; at++)
			self->pages.cells[at].word = 0;
		crowd = spawn(sleeps_in_many_threads, buffer);
		ASSERT_TRUE(receivers_asleep(buffer->fd, SLEEPERS));
		make_it_long(&self->pages);
		took = i % 2 ? death(victim) : lateness(buffer);
		best[i % 2] = took < best[i % 2] ? took : best[i % 2];
		if (i % 2 == 0)
			kill_and_reap(victim);
		kill_and_reap(crowd);
	}
	EXPECT_GT(NSEC_PER_SEC / 20, best[0])
		TH_LOG("%llu us after the deadline", best[0] / 1000);
	EXPECT_GT(NSEC_PER_SEC / 20, best[1])
		TH_LOG("dead after %llu us", best[1] / 1000);
}

TEST_HARNESS_MAIN
