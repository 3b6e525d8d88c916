// SPDX-License-Identifier: GPL-2.0
/* What the kernel does in the shared pages of a buffer, on pages that nobody shares. */
#include "ring.h"

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/prandom.h>
#include <linux/vmalloc.h>

#define SHIFT 4
#define CELLS BIT(SHIFT)
#define LARGE_SHIFT 14
#define SEEDS 200

enum { NOBODY, DEAD, OTHER };

static int ring_setup(struct kunit *test)
{
	struct ipcbox_ring *ring = kunit_kzalloc(test, sizeof(*ring), GFP_KERNEL);
	void *pages;

	KUNIT_ASSERT_NOT_NULL(test, ring);
	pages = vzalloc(ipcbox_ring_size(SHIFT));
	KUNIT_ASSERT_NOT_NULL(test, pages);
	ipcbox_ring_init(ring, pages, SHIFT, false);
	test->priv = ring;
	return 0;
}

static void ring_teardown(struct kunit *test)
{
	struct ipcbox_ring *ring = test->priv;

	if (ring)
		vfree(ring->shared);
}

static u64 *test_word_at(struct ipcbox_ring *ring, u64 pos)
{
	struct ipcbox_cell *cells = (void *)(ring->shared + 1);

	return &cells[pos % ipcbox_ring_cells(ring)].word;
}

static u64 new_word(u64 pos, u32 cells, u64 state, u32 owner)
{
	return pos >> SHIFT << IPCBOX_WORD_LAP_SHIFT |
	       (u64)cells << IPCBOX_WORD_CELLS_SHIFT |
	       (u64)owner << IPCBOX_WORD_OWNER_SHIFT | state;
}

static u64 head(const struct ipcbox_ring *ring)
{
	return ring->shared->head >> IPCBOX_HEAD_SHIFT;
}

/* Behind what is there. Return: where. */
static u64 add(struct ipcbox_ring *ring, u32 cells, u64 state, u32 owner)
{
	u64 pos = ring->shared->tail;

	*test_word_at(ring, pos) = new_word(pos, cells, state, owner);
	ring->shared->tail += cells;
	return pos;
}

static void expect_word(struct kunit *test, u64 pos, u32 cells, u64 state,
			u32 owner)
{
	KUNIT_EXPECT_EQ(test, *test_word_at(test->priv, pos),
			new_word(pos, cells, state, owner));
}

/* Of all, to the end. Return: how many messages that concerned. */
static unsigned int recover_dead(struct ipcbox_ring *ring)
{
	unsigned int recovered = 0;

	ipcbox_ring_recover(ring, DEAD, IPCBOX_RING_RECOVER_ALL, &recovered);
	return recovered;
}

static void counts_what_can_be_read(struct kunit *test)
{
	struct ipcbox_ring *ring = test->priv;
	u64 messages, bytes;

	KUNIT_EXPECT_EQ(test, ipcbox_ring_ready(ring, 9), 0);
	add(ring, 1, IPCBOX_CELL_READING, OTHER);
	add(ring, 3, IPCBOX_CELL_READY, NOBODY);
	add(ring, 1, IPCBOX_CELL_DONE, NOBODY);
	add(ring, 2, IPCBOX_CELL_READY, NOBODY);
	KUNIT_EXPECT_EQ(test, ipcbox_ring_ready(ring, 9), 2);
	KUNIT_EXPECT_EQ(test, ipcbox_ring_ready(ring, 1), 1);

	/* Nobody may pass a message that is being written. */
	add(ring, 1, IPCBOX_CELL_WRITING, OTHER);
	add(ring, 1, IPCBOX_CELL_READY, NOBODY);
	KUNIT_EXPECT_EQ(test, ipcbox_ring_ready(ring, 9), 2);

	ipcbox_ring_count(ring, &messages, &bytes);
	KUNIT_EXPECT_EQ(test, messages, 2);
	KUNIT_EXPECT_EQ(test, bytes, 9 * IPCBOX_CELL_SIZE);
}

static void room_behind_what_is_done(struct kunit *test)
{
	struct ipcbox_ring *ring = test->priv;

	KUNIT_EXPECT_EQ(test, ipcbox_ring_room(ring), CELLS);
	add(ring, 5, IPCBOX_CELL_DONE, NOBODY);
	add(ring, 4, IPCBOX_CELL_READY, NOBODY);
	add(ring, 3, IPCBOX_CELL_DONE, NOBODY);
	KUNIT_EXPECT_EQ(test, ipcbox_ring_room(ring), CELLS - 7);
	/* What was given up before anyone came to read it is nothing to look at. */
	KUNIT_EXPECT_EQ(test, head(ring), CELLS + 5);
}

static void dead_writer_is_gone(struct kunit *test)
{
	struct ipcbox_ring *ring = test->priv;
	u64 theirs = add(ring, 2, IPCBOX_CELL_WRITING, DEAD);
	u64 next = add(ring, 1, IPCBOX_CELL_READY, NOBODY);

	KUNIT_EXPECT_EQ(test, recover_dead(ring), 1);
	expect_word(test, theirs, 2, IPCBOX_CELL_DONE, NOBODY);
	expect_word(test, next, 1, IPCBOX_CELL_READY, NOBODY);
	KUNIT_EXPECT_EQ(test, ipcbox_ring_ready(ring, 9), 1);
	KUNIT_EXPECT_EQ(test, ipcbox_ring_room(ring), CELLS - 1);
}

static void dead_reader_puts_back(struct kunit *test)
{
	struct ipcbox_ring *ring = test->priv;
	u64 done = add(ring, 1, IPCBOX_CELL_DONE, NOBODY);
	u64 theirs = add(ring, 3, IPCBOX_CELL_READING, DEAD);
	u64 next = add(ring, 1, IPCBOX_CELL_READY, NOBODY);
	u64 before = next << IPCBOX_HEAD_SHIFT;

	ring->shared->head = before;
	KUNIT_EXPECT_EQ(test, recover_dead(ring), 1);
	expect_word(test, done, 1, IPCBOX_CELL_DONE, NOBODY);
	expect_word(test, theirs, 3, IPCBOX_CELL_READY, NOBODY);
	KUNIT_EXPECT_EQ(test, head(ring), theirs);
	KUNIT_EXPECT_EQ(test, ipcbox_ring_ready(ring, 9), 2);
	/* Or who saw head before could still move it on. */
	KUNIT_EXPECT_NE(test, (ring->shared->head ^ before) & IPCBOX_HEAD_EPOCH, 0);
}

static void tail_is_moved_for_the_dead(struct kunit *test)
{
	struct ipcbox_ring *ring = test->priv;
	u64 theirs = add(ring, 2, IPCBOX_CELL_WRITING, DEAD);

	ring->shared->tail = theirs;
	KUNIT_EXPECT_EQ(test, recover_dead(ring), 1);
	KUNIT_EXPECT_EQ(test, ring->shared->tail, theirs + 2);
	KUNIT_EXPECT_EQ(test, ipcbox_ring_room(ring), CELLS);
}

static void others_are_left_alone(struct kunit *test)
{
	struct ipcbox_ring *ring = test->priv;
	u64 reading = add(ring, 1, IPCBOX_CELL_READING, OTHER);
	u64 writing = add(ring, 1, IPCBOX_CELL_WRITING, OTHER);
	u64 at = writing << IPCBOX_HEAD_SHIFT;

	ring->shared->head = at;
	KUNIT_EXPECT_EQ(test, recover_dead(ring), 0);
	expect_word(test, reading, 1, IPCBOX_CELL_READING, OTHER);
	expect_word(test, writing, 1, IPCBOX_CELL_WRITING, OTHER);
	KUNIT_EXPECT_EQ(test, ring->shared->head, at);
}

/* A walk that may not be long ends, and one without bounds does the rest. */
static void recovery_that_would_be_long_is_left(struct kunit *test)
{
	struct ipcbox_ring *ring = test->priv;
	u64 theirs = add(ring, 1, IPCBOX_CELL_READING, DEAD);
	unsigned int recovered = 0;
	u32 i;

	for (i = 0; i < 8; i++)
		add(ring, 1, IPCBOX_CELL_READY, NOBODY);
	add(ring, 1, IPCBOX_CELL_WRITING, DEAD);
	KUNIT_EXPECT_FALSE(test, ipcbox_ring_recover(ring, DEAD, 9, &recovered));
	KUNIT_EXPECT_EQ(test, recovered, 1);
	expect_word(test, theirs, 1, IPCBOX_CELL_READY, NOBODY);
	KUNIT_EXPECT_TRUE(test, ipcbox_ring_recover(ring, DEAD, 10, &recovered));
	KUNIT_EXPECT_EQ(test, recovered, 2);
	KUNIT_EXPECT_EQ(test, head(ring), theirs);
	KUNIT_EXPECT_TRUE(test, ipcbox_ring_recover(ring, DEAD, IPCBOX_RING_RECOVER_ALL,
						    &recovered));
	KUNIT_EXPECT_EQ(test, recovered, 2);
}

/* A large ring: each cell is a message that is being read, and none can be read. */
static void look_is_short_where_the_way_is_long(struct kunit *test)
{
	struct ipcbox_ring *ring = test->priv, large;
	void *pages = vzalloc(ipcbox_ring_size(LARGE_SHIFT));
	u64 pos;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	ipcbox_ring_init(&large, pages, LARGE_SHIFT, false);
	for (pos = BIT(LARGE_SHIFT); pos < 2 * BIT(LARGE_SHIFT); pos++)
		*test_word_at(&large, pos) = 1ULL << IPCBOX_WORD_LAP_SHIFT |
					1ULL << IPCBOX_WORD_CELLS_SHIFT |
					IPCBOX_CELL_READING;
	large.shared->tail = 2 * BIT(LARGE_SHIFT);
	/* It gives up, and says so by what it was asked for. */
	KUNIT_EXPECT_EQ(test, ipcbox_ring_ready(&large, 3), 3);
	for (pos = BIT(LARGE_SHIFT); pos < 2 * BIT(LARGE_SHIFT); pos++)
		*test_word_at(&large, pos) += IPCBOX_CELL_DONE - IPCBOX_CELL_READING;
	KUNIT_EXPECT_EQ(test, ipcbox_ring_room(&large), BIT(LARGE_SHIFT));
	/* It has not walked over all of them. */
	KUNIT_EXPECT_LT(test, large.shared->free,
			BIT(LARGE_SHIFT) + BIT(LARGE_SHIFT) / 2);
	KUNIT_EXPECT_EQ(test, ipcbox_ring_ready(ring, 3), 0);
	vfree(pages);
}

static u64 random_word(struct rnd_state *random, u64 pos)
{
	u64 word = new_word(pos, prandom_u32_state(random) % 4,
			    prandom_u32_state(random) % 6,
			    prandom_u32_state(random) % 3);

	/* Mostly one that could be there; or none that makes any sense. */
	if (prandom_u32_state(random) % 8)
		return word;
	return word ^ (u64)prandom_u32_state(random) << 32 ^
	       prandom_u32_state(random);
}

static void scribble(struct ipcbox_ring *ring, struct rnd_state *random)
{
	struct ipcbox_ring_head *shared = ring->shared;
	u64 pos = CELLS + prandom_u32_state(random) % CELLS;
	u32 i;

	for (i = 0; i < CELLS; i++)
		*test_word_at(ring, pos + i) = random_word(random, pos + i);
	shared->free = pos;
	shared->head = (pos + prandom_u32_state(random) % 8) << IPCBOX_HEAD_SHIFT;
	shared->tail = pos + prandom_u32_state(random) % (2 * CELLS);
	if (prandom_u32_state(random) % 8 == 0)
		shared->tail = ~0ULL - prandom_u32_state(random);
	if (prandom_u32_state(random) % 8 == 0)
		shared->free = prandom_u32_state(random);
	if (prandom_u32_state(random) % 8 == 0)
		shared->head = ~shared->head;
}

/* It comes to an end, reads nothing outside, and tells nothing out of bounds. */
static void nonsense_does_no_harm(struct kunit *test)
{
	struct ipcbox_ring *ring = test->priv;
	struct rnd_state random;
	u64 messages, bytes;
	u32 seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		prandom_seed_state(&random, seed);
		ring->spsc = seed % 4 == 0;
		scribble(ring, &random);
		KUNIT_EXPECT_LE(test, ipcbox_ring_ready(ring, 5), 5);
		ipcbox_ring_count(ring, &messages, &bytes);
		KUNIT_EXPECT_LE(test, messages, CELLS);
		KUNIT_EXPECT_LE(test, bytes, CELLS * IPCBOX_CELL_SIZE);
		KUNIT_EXPECT_LE(test, ipcbox_ring_room(ring), CELLS);
		KUNIT_EXPECT_LE(test, recover_dead(ring), CELLS);
		KUNIT_EXPECT_LE(test, ipcbox_ring_room(ring), CELLS);
	}
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(counts_what_can_be_read),
	KUNIT_CASE(room_behind_what_is_done),
	KUNIT_CASE(dead_writer_is_gone),
	KUNIT_CASE(dead_reader_puts_back),
	KUNIT_CASE(tail_is_moved_for_the_dead),
	KUNIT_CASE(others_are_left_alone),
	KUNIT_CASE(recovery_that_would_be_long_is_left),
	KUNIT_CASE(look_is_short_where_the_way_is_long),
	KUNIT_CASE(nonsense_does_no_harm),
	{}
};

static struct kunit_suite ring_suite = {
	.name = "ipcbox_ring",
	.init = ring_setup,
	.exit = ring_teardown,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);
