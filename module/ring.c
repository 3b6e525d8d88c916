// SPDX-License-Identifier: GPL-2.0
#include "ring.h"

#include <linux/atomic.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

/*
 * How far a look goes that finds nothing it can count. Whoever has the buffer mapped
 * makes the way long, and somebody else walks it: with a deadline, or dying. Beyond it
 * the caller hears that there is something, and user space moves the positions on.
 */
#define STEPS_MAX 512

/* Every so often, in a walk of all cells. Return: whether the caller is to end. */
static bool is_interrupted(u32 steps)
{
	if (steps % 1024)
		return false;
	cond_resched();
	return fatal_signal_pending(current);
}

/* ---- words and positions ------------------------------------------------- */

/* Positions are told apart modulo 2^48, which is what head has room for. */
static u64 position(u64 head)
{
	return head >> IPCBOX_HEAD_SHIFT;
}

static u64 distance(u64 from, u64 to)
{
	return (to - from) & (~0ULL >> IPCBOX_HEAD_SHIFT);
}

/* Is position @a before @b? They are never more than half of all apart. */
static bool is_before(u64 a, u64 b)
{
	return a != b && !(distance(a, b) >> (63 - IPCBOX_HEAD_SHIFT));
}

static struct ipcbox_cell *cell_at(const struct ipcbox_ring *ring, u64 pos)
{
	struct ipcbox_cell *cells = (void *)(ring->shared + 1);

	return &cells[pos & (ipcbox_ring_cells(ring) - 1)];
}

static u64 *word_at(const struct ipcbox_ring *ring, u64 pos)
{
	return &cell_at(ring, pos)->word;
}

/* Words are read and changed as a whole: there is no module for 32-bit kernels. */
static_assert(IS_ENABLED(CONFIG_64BIT));

static u64 read_word(const struct ipcbox_ring *ring, u64 pos)
{
	/* What is read after it is as its writer left it, or later. */
	return smp_load_acquire(word_at(ring, pos));
}

static bool is_of_lap(const struct ipcbox_ring *ring, u64 word, u64 pos)
{
	u64 lap = pos >> ring->shift << IPCBOX_WORD_LAP_SHIFT;

	return !((word ^ lap) >> IPCBOX_WORD_LAP_SHIFT);
}

static u64 state(u64 word)
{
	return word & IPCBOX_WORD_STATE;
}

static u32 owner(u64 word)
{
	return word >> IPCBOX_WORD_OWNER_SHIFT & IPCBOX_WORD_OWNER_MAX;
}

static u32 cells(u64 word)
{
	return word >> IPCBOX_WORD_CELLS_SHIFT & IPCBOX_WORD_CELLS_MAX;
}

static u64 with_state(u64 word, u64 state)
{
	return (word & ~(IPCBOX_WORD_STATE | (u64)IPCBOX_WORD_OWNER_MAX
					     << IPCBOX_WORD_OWNER_SHIFT)) | state;
}

/* A position moves on past a message, if nobody else has moved it meanwhile. */
static void move_position(u64 *where, u64 seen, u64 word)
{
	cmpxchg64(where, seen, seen + cells(word));
}

static void move_head(const struct ipcbox_ring *ring, u64 seen, u64 word)
{
	cmpxchg64(&ring->shared->head, seen,
		  seen + ((u64)cells(word) << IPCBOX_HEAD_SHIFT));
}

/**
 * ipcbox_ring_init() - prepare the shared pages
 * @ring: out
 * @pages: zeroed, ipcbox_ring_size() bytes
 * @shift: 2^shift cells
 * @spsc: one producer and one consumer
 */
void ipcbox_ring_init(struct ipcbox_ring *ring, void *pages, u32 shift,
		      bool spsc)
{
	*ring = (struct ipcbox_ring){
		.shared = pages,
		.shift = shift,
		.spsc = spsc,
	};
	/* The words are of lap 0, so the first lap is 1. */
	ring->shared->tail = 1ULL << shift;
	ring->shared->head = 1ULL << shift << IPCBOX_HEAD_SHIFT;
	ring->shared->free = 1ULL << shift;
}

/**
 * ipcbox_ring_init_nobody() - prepare the page of processes without a number
 * @page: zeroed; both the first page of control pages and the first page of a ring
 *
 * As struct ipcbox_buffer_self it has no number (@writing is @tail, zero like @reading).
 * As a ring it is in such a state that no operation gets through without a call of the
 * library: free is far from tail, and the word at head is not ready.
 */
void ipcbox_ring_init_nobody(void *page)
{
	struct ipcbox_ring_head *ring = page;

	static_assert(!offsetof(struct ipcbox_ring_head, tail));
	static_assert(sizeof(struct ipcbox_buffer_self) <=
		      offsetof(struct ipcbox_ring_head, head));
	ring->free = 1ULL << 40;
}

/* ---- is there a message, is there room? ---------------------------------- */

/* How many cells are between free and tail, as these say. */
static u32 used_cells(const struct ipcbox_ring *ring)
{
	u64 tail = READ_ONCE(ring->shared->tail);

	return min_t(u64, tail - READ_ONCE(ring->shared->free),
		     ipcbox_ring_cells(ring));
}

/* With the lengths, of which there is one in the first cell of each message. */
static unsigned int ready_of_one(const struct ipcbox_ring *ring,
				 unsigned int enough)
{
	u64 pos = READ_ONCE(ring->shared->free);
	unsigned int ready = 0;
	s64 left;

	for (left = used_cells(ring); left > 0 && ready < enough; ready++) {
		u32 len = READ_ONCE(cell_at(ring, pos)->len);
		u32 cells = ipcbox_ring_cells_for(len);

		if (is_interrupted(ready))
			return enough;
		left -= cells;
		pos += cells;
	}
	return ready;
}

/* Where to look for the next message: head lags behind free where it was put back. */
static u64 next_to_read(const struct ipcbox_ring *ring)
{
	u64 head = position(READ_ONCE(ring->shared->head));
	u64 free = READ_ONCE(ring->shared->free);

	return is_before(head, free) ? free : head;
}

/**
 * ipcbox_ring_ready() - count the messages that can be read
 * @ring: the ring
 * @enough: stop there
 *
 * Return: how many; @enough also where a look of @enough and a few hundred steps
 * cannot tell.
 * Context: may sleep; what was written before a barrier of the caller counts.
 */
unsigned int ipcbox_ring_ready(const struct ipcbox_ring *ring,
			       unsigned int enough)
{
	u32 steps = min_t(u64, ipcbox_ring_cells(ring), (u64)enough + STEPS_MAX);
	unsigned int ready = 0;
	u64 begin, pos;

	if (ring->spsc)
		return ready_of_one(ring, enough);
	begin = next_to_read(ring);
	pos = begin;
	for (; ready < enough; steps--) {
		u64 word = read_word(ring, pos);

		if (!steps || is_interrupted(steps))
			return enough;
		if (!is_of_lap(ring, word, pos)) {
			pos = next_to_read(ring);
			if (pos == begin)
				return ready;
			/* Others went on meanwhile, perhaps a lap: begin anew. */
			begin = pos;
			ready = 0;
			continue;
		}
		if (state(word) == IPCBOX_CELL_WRITING)
			return ready;
		if (!cells(word))
			return enough;
		if (state(word) == IPCBOX_CELL_READY)
			ready++;
		pos += cells(word);
	}
	return ready;
}

/* Move free past one message that is done. Return: whether it was. */
static bool reclaim_one(const struct ipcbox_ring *ring)
{
	struct ipcbox_ring_head *shared = ring->shared;
	u64 free = READ_ONCE(shared->free), head;
	u64 word = read_word(ring, free);

	if (!is_of_lap(ring, word, free) || !cells(word) ||
	    state(word) != IPCBOX_CELL_DONE)
		return false;
	head = READ_ONCE(shared->head);
	/* Given up before anyone came to read it: nobody else moves head. */
	if (!distance(position(head), free))
		move_head(ring, head, word);
	else
		move_position(&shared->free, free, word);
	return true;
}

/**
 * ipcbox_ring_room() - how many cells can be reserved?
 * @ring: the ring; what is done is reclaimed
 *
 * Return: that many; all cells where a few hundred steps cannot tell.
 * Context: any; what was written before a barrier of the caller counts.
 */
u32 ipcbox_ring_room(const struct ipcbox_ring *ring)
{
	u32 steps;

	/* Each message takes two steps at most. */
	for (steps = STEPS_MAX; !ring->spsc && reclaim_one(ring); steps--)
		if (!steps)
			return ipcbox_ring_cells(ring);
	return ipcbox_ring_cells(ring) - used_cells(ring);
}

/* ---- death --------------------------------------------------------------- */

/*
 * Move tail past what was reserved by one who did not live to do it.
 * Return: whether at most @steps were enough.
 */
static bool help_tail(const struct ipcbox_ring *ring, u32 steps)
{
	for (; steps; steps--) {
		u64 tail = READ_ONCE(ring->shared->tail);
		u64 word = read_word(ring, tail);

		cond_resched();
		if (is_of_lap(ring, word, tail) && cells(word))
			move_position(&ring->shared->tail, tail, word);
		else if (READ_ONCE(ring->shared->tail) == tail)
			return true;
	}
	return false;
}

/*
 * Each time that head has changed meanwhile, somebody else has read a message, so a
 * few times will do; as many as this in a row only somebody brings about who wants to
 * keep us here.
 */
#define TRIES_MAX 65536U

/*
 * What is at @pos can be read again: nobody may go past it any more.
 * Return: whether at most @tries were enough.
 */
static bool put_back_head(const struct ipcbox_ring *ring, u64 pos, u32 tries)
{
	for (; tries; tries--) {
		u64 head = READ_ONCE(ring->shared->head);
		u64 back = pos << IPCBOX_HEAD_SHIFT |
			   ((head + 1) & IPCBOX_HEAD_EPOCH);

		/*
		 * The epoch also where the position stays: somebody may have seen
		 * that it was being read, and be about to move head past it.
		 */
		if (is_before(position(head), pos) ||
		    cmpxchg64(&ring->shared->head, head, back) == head)
			return true;
		cond_resched();
	}
	return false;
}

/* Return: whether @dead had a message in flight. */
static bool take_from(const struct ipcbox_ring *ring, u64 pos, u64 word,
		      u32 dead)
{
	u64 now;

	if (owner(word) != dead)
		return false;
	if (state(word) == IPCBOX_CELL_WRITING)
		now = with_state(word, IPCBOX_CELL_DONE);
	else if (state(word) == IPCBOX_CELL_READING)
		now = with_state(word, IPCBOX_CELL_READY);
	else
		return false;
	return cmpxchg64(word_at(ring, pos), word, now) == word;
}

/**
 * ipcbox_ring_recover() - take what a dead process had in flight out of it
 * @ring: the ring
 * @dead: its owner number; it writes nothing any more
 * @steps: how long to walk at most; what is long is only walked to the end by who may
 *	take long, with IPCBOX_RING_RECOVER_ALL
 * @recovered: in and out: how many messages that concerned; whoever waits may find
 *	something now
 *
 * Return: whether the end was reached. If not, the caller does it again, with more.
 * Context: may sleep.
 */
bool ipcbox_ring_recover(const struct ipcbox_ring *ring, u32 dead, u32 steps,
			 unsigned int *recovered)
{
	u32 left = min(steps, ipcbox_ring_cells(ring));
	bool all = steps == IPCBOX_RING_RECOVER_ALL;
	bool ready, done, found = false;
	u64 pos, end, first = 0;

	if (ring->spsc)
		return true;
	/* Then all that it had in flight is between the two, and stays there. */
	if (!help_tail(ring, left) && !all)
		return false;
	end = READ_ONCE(ring->shared->tail);
	pos = READ_ONCE(ring->shared->free);
	for (; is_before(pos, end) && left; left--) {
		u64 word = read_word(ring, pos);

		if (!is_of_lap(ring, word, pos)) {
			/* Others were here, a lap later: go on behind them. */
			u64 free = READ_ONCE(ring->shared->free);

			if (!is_before(pos, free))
				break;
			pos = free;
			continue;
		}
		if (!cells(word))
			break;
		ready = state(word) == IPCBOX_CELL_READY;
		if (take_from(ring, pos, word, dead)) {
			(*recovered)++;
			ready = state(word) == IPCBOX_CELL_READING;
		}
		if (ready && !found) {
			found = true;
			first = pos;
		}
		pos += cells(word);
		cond_resched();
	}
	done = left || !is_before(pos, end);
	/*
	 * Also if it was ready before: who was putting it back may have died before
	 * it came to head.
	 */
	if (found && !put_back_head(ring, first, min(steps, TRIES_MAX)))
		done = false;
	return done || all;
}

/* ---- report -------------------------------------------------------------- */

/**
 * ipcbox_ring_count() - what is in a ring, by what it says of itself
 * @ring: the ring
 * @messages: out: messages that can be read
 * @bytes: out: bytes of cells that are not free, or not reclaimed yet
 */
void ipcbox_ring_count(const struct ipcbox_ring *ring, u64 *messages,
		       u64 *bytes)
{
	*messages = ipcbox_ring_ready(ring, ipcbox_ring_cells(ring));
	*bytes = (u64)used_cells(ring) << IPCBOX_CELL_SHIFT;
}
