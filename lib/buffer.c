// SPDX-License-Identifier: MIT
/*
 * Buffers: what happens where there is no room or no message. The rest is inline, in
 * ipcbox_buffer.h.
 */
#include "internal.h"

#include "ipcbox_buffer.h"

#include <fcntl.h>

/* ---- going round --------------------------------------------------------- */

/*
 * Each try that fails means that another process got on, or that a position lagged behind
 * and is moved on, a message at a time. So more tries than this, beyond one for each cell,
 * mean that a process moves positions to keep others going round in circles.
 */
#define TRIES_MAX 65536U

/* The tries and waits of one call, which must end. */
struct rounds {
	uint32_t tries; /* since it last waited */
	uint32_t waits; /* after which there was nothing all the same */
};

/* Return: 0: try again; or why not. */
static int after_try(const struct ipcbox_buffer *buffer, struct rounds *rounds, uint64_t deadline)
{
	if (++rounds->tries % 1024)
		return 0;
	/* With IPCBOX_NOWAIT, go on: positions that lag behind may hide a message. */
	if (deadline != IPCBOX_NOWAIT && ipcbox_is_past(deadline))
		return -ETIMEDOUT;
	return rounds->tries > buffer->mask + TRIES_MAX ? -EBADMSG : 0;
}

/*
 * The kernel said that there was something. Other processes may have been faster, however
 * often; but one that spoils the buffer can make the kernel say so without end, and then
 * the kernel does not look at the deadline.
 */
static int after_wait(const struct ipcbox_buffer *buffer, struct rounds *rounds, uint64_t deadline)
{
	rounds->tries = 0;
	if (++rounds->waits % 16)
		return 0;
	if (deadline == IPCBOX_NOWAIT || fcntl(buffer->fd, F_GETFL) & O_NONBLOCK)
		return -EAGAIN;
	return ipcbox_is_past(deadline) ? -ETIMEDOUT : 0;
}

/* A child of fork(2) for which there was no number: see ipcbox_buffer_map(). */
static int is_nobody(const struct ipcbox_buffer *buffer)
{
	return !buffer->self->reading;
}

/* ---- waiting and waking -------------------------------------------------- */

/* After the end of the buffer, ask the kernel for the reason, also with IPCBOX_NOWAIT. */
static int wait_for(struct ipcbox_buffer *buffer, const __u32 *want, uint32_t flags, uint32_t cells,
		    uint64_t deadline)
{
	struct ipcbox_buffer_wait req = {
		.size = sizeof(req),
		.flags = flags,
		.cells = cells,
	};

	if (deadline == IPCBOX_NOWAIT && ipcbox_load_relaxed32(want) != IPCBOX_BUFFER_ASK)
		return -EAGAIN;
	ipcbox_set_deadline(deadline, &req.flags, &req.deadline);
	return ipcbox_ioctl(buffer->fd, IPCBOX_BUFFER_WAIT, &req);
}

static int wait_for_room(struct ipcbox_buffer *buffer, uint32_t cells, struct rounds *rounds,
			 uint64_t deadline)
{
	int err = wait_for(buffer, &buffer->ring->want_room, IPCBOX_SENDER, cells, deadline);

	return err ? err : after_wait(buffer, rounds, deadline);
}

static int wait_for_data(struct ipcbox_buffer *buffer, struct rounds *rounds, uint64_t deadline)
{
	int err = wait_for(buffer, &buffer->ring->want_data, IPCBOX_RECEIVER, 0, deadline);

	return err ? err : after_wait(buffer, rounds, deadline);
}

static int wake(struct ipcbox_buffer *buffer, uint32_t flags)
{
	struct ipcbox_buffer_wake req = { .size = sizeof(req), .flags = flags };

	return ipcbox_ioctl(buffer->fd, IPCBOX_BUFFER_WAKE, &req);
}

EXPORT int ipcbox_buffer_tell_data(struct ipcbox_buffer *buffer)
{
	return wake(buffer, IPCBOX_RECEIVER);
}

/* A message is there for others again. */
static void tell_given_back(struct ipcbox_buffer *buffer)
{
	if (ipcbox_load_relaxed32(&buffer->ring->want_data))
		wake(buffer, IPCBOX_RECEIVER | IPCBOX_GIVEN_BACK);
}

/* ---- room ---------------------------------------------------------------- */

/* Room that was given up before anyone came to read it: nobody else moves head past it. */
static int move_head(struct ipcbox_buffer *buffer, uint64_t position, uint64_t word)
{
	uint64_t head = ipcbox_load_acquire(&buffer->ring->head);

	if (((head >> IPCBOX_HEAD_SHIFT) ^ position) << IPCBOX_HEAD_SHIFT)
		return 1;
	return ipcbox_cmpxchg(&buffer->ring->head, head, head + ipcbox_head_step(word));
}

static int is_done(const struct ipcbox_buffer *buffer, uint64_t position, uint64_t word)
{
	return ipcbox_is_of_lap(word, ipcbox_lap_of(buffer, position)) &&
	       (word & IPCBOX_WORD_STATE) == IPCBOX_CELL_DONE && ipcbox_cells_of(word);
}

/* The end of all that is done, from @position on, as far as @steps lead. */
static uint64_t end_of_done(struct ipcbox_buffer *buffer, uint64_t position, uint64_t *steps)
{
	uint64_t end = position;

	while (end - position <= buffer->mask && *steps) {
		uint64_t word = ipcbox_load_acquire(&ipcbox_cell_at(buffer, end)->word);

		if (!is_done(buffer, end, word))
			break;
		if (move_head(buffer, end, word))
			end += ipcbox_cells_of(word);
		--*steps;
	}
	return end;
}

/* How many cells are free; more than there are: no telling. */
#define NO_TELLING UINT64_MAX

/*
 * Is @tail more than all cells away from free? Then somebody has spoiled one of them; as
 * by two who send at a time to an SPSC buffer.
 */
static uint64_t free_cells(const struct ipcbox_buffer *buffer, uint64_t tail)
{
	uint64_t used = tail - ipcbox_load_acquire(&buffer->ring->free);

	return used > buffer->mask + 1 ? NO_TELLING : buffer->mask + 1 - used;
}

/*
 * Free the room of all messages that are done. If another process moved free, look again:
 * it may not have seen the messages that were finished since.
 */
static uint64_t reclaim(struct ipcbox_buffer *buffer)
{
	uint64_t steps = buffer->mask + TRIES_MAX;
	struct ipcbox_ring_head *ring = buffer->ring;
	uint64_t begin, end;

	do {
		if (!steps--)
			return NO_TELLING;
		begin = ipcbox_load_acquire(&ring->free);
		end = buffer->spsc ? begin : end_of_done(buffer, begin, &steps);
	} while (end != begin && !ipcbox_cmpxchg(&ring->free, begin, end));
	return free_cells(buffer, ipcbox_load_acquire(&ring->tail));
}

static void tell_room(struct ipcbox_buffer *buffer, uint32_t want, uint32_t flags)
{
	if (reclaim(buffer) >= want)
		wake(buffer, IPCBOX_SENDER | flags);
}

EXPORT void ipcbox_buffer_tell_room(struct ipcbox_buffer *buffer, uint32_t want)
{
	tell_room(buffer, want, 0);
}

EXPORT int ipcbox_buffer_await_room(struct ipcbox_buffer *buffer, uint64_t tail, uint32_t cells,
				    uint64_t deadline)
{
	struct rounds rounds = { 0 };

	for (;;) {
		uint64_t there;
		int err;

		if (is_nobody(buffer))
			return -EUSERS;
		there = free_cells(buffer, tail);
		/* The kernel looks at the shared tail, which any process may have spoiled. */
		if (there == NO_TELLING || ipcbox_load_acquire(&buffer->ring->tail) != tail)
			return -EBADMSG;
		if (there >= cells)
			return 0;
		err = wait_for_room(buffer, cells, &rounds, deadline);
		if (err)
			return err;
	}
}

/* Return: 0: look again. */
static int make_room(struct ipcbox_buffer *buffer, uint32_t cells, struct rounds *rounds,
		     uint64_t deadline)
{
	uint64_t there;

	if (is_nobody(buffer))
		return -EUSERS;
	there = reclaim(buffer);
	if (there == NO_TELLING || there >= cells)
		return after_try(buffer, rounds, deadline);
	return wait_for_room(buffer, cells, rounds, deadline);
}

/* The word is of this lap: taken, and tail lags behind. Move it on. */
static int help_tail(struct ipcbox_buffer *buffer, uint64_t tail, uint64_t word)
{
	if (!ipcbox_cells_of(word))
		return -EBADMSG;
	ipcbox_cmpxchg(&buffer->ring->tail, tail, tail + ipcbox_cells_of(word));
	return 0;
}

/* Return: 1: the slot is reserved; 0: look again. */
static int try_to_reserve(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot, uint64_t tail,
			  uint32_t cells)
{
	uint64_t lap = ipcbox_lap_of(buffer, tail), word;

	ipcbox_slot_set(slot, buffer, tail);
	word = ipcbox_load_acquire(&slot->cell->word);
	/* Laps go round: an old word may seem to be of a later one, and is looked at. */
	if (!ipcbox_is_earlier(word, lap)) {
		/* Was the word read while tail was there? Then it counts. */
		if (ipcbox_load_acquire(&buffer->ring->tail) != tail)
			return 0;
		if (ipcbox_is_of_lap(word, lap))
			return help_tail(buffer, tail, word);
		/* No message began here for half of all laps: free. */
	}
	return ipcbox_buffer_mark(buffer, slot, tail, word, cells);
}

EXPORT int ipcbox_buffer_reserve_slowly(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot,
					size_t len, uint64_t deadline)
{
	uint32_t cells = ipcbox_cells_for(len);
	struct rounds rounds = { 0 };
	int ret = 0;

	while (!ret) {
		uint64_t tail = ipcbox_load_acquire(&buffer->ring->tail);

		if (ipcbox_is_full(buffer->ring, buffer->mask, tail, cells)) {
			ret = make_room(buffer, cells, &rounds, deadline);
		} else {
			ret = try_to_reserve(buffer, slot, tail, cells);
			if (!ret)
				ret = after_try(buffer, &rounds, deadline);
		}
	}
	slot->len = (uint32_t)len;
	slot->tag = 0;
	return ret < 0 ? ret : 0;
}

/* ---- messages ------------------------------------------------------------ */

EXPORT int ipcbox_buffer_await_data(struct ipcbox_buffer *buffer, uint64_t position,
				    uint64_t deadline)
{
	struct ipcbox_ring_head *ring = buffer->ring;
	struct rounds rounds = { 0 };

	for (;;) {
		uint64_t used;
		int err;

		if (is_nobody(buffer))
			return -EUSERS;
		used = ipcbox_load_acquire(&ring->tail) - position;
		/* Else what was received long ago would seem to be there again. */
		if (used > buffer->mask + 1 || ipcbox_load_acquire(&ring->free) != position)
			return -EBADMSG;
		if (used)
			return 0;
		err = wait_for_data(buffer, &rounds, deadline);
		if (err)
			return err;
	}
}

/* Put back to a message that was read meanwhile, perhaps a lap ago? Return: whether. */
static int mend_head(struct ipcbox_buffer *buffer, uint64_t head)
{
	uint64_t free = ipcbox_load_acquire(&buffer->ring->free) << IPCBOX_HEAD_SHIFT;

	if ((int64_t)((head & ~IPCBOX_HEAD_EPOCH) - free) >= 0)
		return 0;
	ipcbox_cmpxchg(&buffer->ring->head, head, free | ((head + 1) & IPCBOX_HEAD_EPOCH));
	return 1;
}

/* The word at head is not ready. Return: 0: look again. */
static int pass_or_wait(struct ipcbox_buffer *buffer, uint64_t head, uint64_t word,
			struct rounds *rounds, uint64_t deadline)
{
	uint64_t lap = ipcbox_lap_of(buffer, head >> IPCBOX_HEAD_SHIFT);

	if (is_nobody(buffer))
		return -EUSERS;
	/* Was the word read while head was there? Then it counts. */
	if (ipcbox_load_acquire(&buffer->ring->head) != head)
		return after_try(buffer, rounds, deadline);
	if (!ipcbox_is_of_lap(word, lap))
		return mend_head(buffer, head) ? after_try(buffer, rounds, deadline)
					       : wait_for_data(buffer, rounds, deadline);
	if ((word & IPCBOX_WORD_STATE) == IPCBOX_CELL_WRITING)
		return wait_for_data(buffer, rounds, deadline);
	if (!ipcbox_cells_of(word))
		return -EBADMSG;
	/* Another has it, or had it, and head lags behind: move it on. */
	ipcbox_cmpxchg(&buffer->ring->head, head, head + ipcbox_head_step(word));
	return after_try(buffer, rounds, deadline);
}

/* Return: 1: the message is taken; 0: look again. */
static int try_to_take(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot, uint64_t head,
		       uint64_t word, size_t capacity)
{
	slot->len = ipcbox_load_relaxed32(&slot->cell->len);
	slot->tag = slot->cell->tag;
	if (slot->len <= capacity)
		return ipcbox_buffer_grab(buffer, slot, head, word);
	/* Was it all of one message? First the length, then the word. */
	ipcbox_barrier_acquire();
	if (ipcbox_load_acquire(&slot->cell->word) != word)
		return 0;
	/* It may be that we were woken for it: then another is to be. */
	tell_given_back(buffer);
	return slot->len > buffer->max_msgsize ? -EBADMSG : -EMSGSIZE;
}

EXPORT int ipcbox_buffer_take_slowly(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot,
				     size_t capacity, uint64_t deadline)
{
	struct rounds rounds = { 0 };
	int ret = 0;

	while (!ret) {
		uint64_t head = ipcbox_load_acquire(&buffer->ring->head), word;

		ipcbox_slot_set(slot, buffer, head >> IPCBOX_HEAD_SHIFT);
		word = ipcbox_load_acquire(&slot->cell->word);
		if (!ipcbox_is_ready(word, ipcbox_lap_of(buffer, slot->position))) {
			ret = pass_or_wait(buffer, head, word, &rounds, deadline);
		} else {
			ret = try_to_take(buffer, slot, head, word, capacity);
			if (!ret)
				ret = after_try(buffer, &rounds, deadline);
		}
	}
	return ret < 0 ? ret : 0;
}

/* ---- giving up ----------------------------------------------------------- */

EXPORT int ipcbox_buffer_cancel(struct ipcbox_buffer *buffer, const struct ipcbox_slot *slot)
{
	uint32_t want;

	if (buffer->spsc)
		return 0;
	if (!ipcbox_is_in_flight(slot->word, buffer->self->writing) ||
	    !ipcbox_cmpxchg(&slot->cell->word, slot->word,
			    slot->word + IPCBOX_CELL_DONE - IPCBOX_CELL_WRITING))
		return -EINVAL;
	/* Consumers who waited for it may find the next one; producers, its room. */
	ipcbox_barrier_after_atomic();
	if (ipcbox_load_relaxed32(&buffer->ring->want_data))
		ipcbox_buffer_tell_data(buffer);
	want = ipcbox_load_relaxed32(&buffer->ring->want_room);
	if (want)
		tell_room(buffer, want, IPCBOX_GIVEN_BACK);
	return 0;
}

/*
 * Nobody may go past it any more. The epoch changes also where the position stays:
 * somebody may have seen that it was being read, and be about to move head past it.
 */
static int put_back_head(struct ipcbox_buffer *buffer, uint64_t position)
{
	uint32_t tries;

	for (tries = TRIES_MAX; tries; tries--) {
		uint64_t head = ipcbox_load_acquire(&buffer->ring->head);
		uint64_t back = position << IPCBOX_HEAD_SHIFT | ((head + 1) & IPCBOX_HEAD_EPOCH);

		/* Readers have yet to come here: they will find it. */
		if ((int64_t)((head & ~IPCBOX_HEAD_EPOCH) - (position << IPCBOX_HEAD_SHIFT)) < 0)
			return 0;
		if (ipcbox_cmpxchg(&buffer->ring->head, head, back))
			return 0;
	}
	return -EBADMSG;
}

EXPORT int ipcbox_buffer_put_back(struct ipcbox_buffer *buffer, const struct ipcbox_slot *slot)
{
	int err;

	if (buffer->spsc)
		return 0;
	if (!ipcbox_is_in_flight(slot->word, buffer->self->reading) ||
	    !ipcbox_cmpxchg(&slot->cell->word, slot->word,
			    slot->word + IPCBOX_CELL_READY - IPCBOX_CELL_READING))
		return -EINVAL;
	err = put_back_head(buffer, slot->position);
	ipcbox_barrier_after_atomic();
	tell_given_back(buffer);
	return err;
}

/* ---- batches ------------------------------------------------------------- */

static int send_one_of(struct ipcbox_buffer *buffer, const struct iovec *message, uint64_t deadline)
{
	return ipcbox_buffer_send_quietly(buffer, message->iov_base, message->iov_len, deadline);
}

EXPORT int ipcbox_buffer_send_batch(struct ipcbox_buffer *buffer, const struct iovec *messages,
				    int count, uint64_t deadline)
{
	int sent, err = 0;

	for (sent = 0; sent < count; sent++) {
		err = send_one_of(buffer, &messages[sent], IPCBOX_NOWAIT);
		if (err == -EAGAIN) {
			/* Before it sleeps: those who make room are to know of these. */
			if (sent)
				ipcbox_buffer_tell_published(buffer);
			err = send_one_of(buffer, &messages[sent], deadline);
		}
		if (err)
			break;
	}
	if (sent) {
		err = ipcbox_buffer_tell_published(buffer);
		return err ? err : sent;
	}
	return err;
}

EXPORT int ipcbox_buffer_recv_batch(struct ipcbox_buffer *buffer, struct iovec *messages, int count,
				    uint64_t deadline)
{
	ssize_t len = 0;
	int received;

	for (received = 0; received < count; received++) {
		len = ipcbox_buffer_recv(buffer, messages[received].iov_base,
					 messages[received].iov_len,
					 received ? IPCBOX_NOWAIT : deadline);
		if (len < 0)
			break;
		messages[received].iov_len = (size_t)len;
	}
	return received ? received : (int)len;
}
