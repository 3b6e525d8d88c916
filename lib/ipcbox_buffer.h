/* SPDX-License-Identifier: MIT */
/*
 * libipcbox: buffers in shared memory.
 *
 * <linux/ipcbox_buffer.h> describes what a buffer is, the rules by which its words
 * change, and the trust boundary; ipcbox.h has the rules for all calls. The inline code
 * here runs while there is room, or a message: it makes no system call.
 */
#ifndef IPCBOX_BUFFER_H
#define IPCBOX_BUFFER_H

#include <errno.h>
#include <sys/uio.h>

#include <linux/ipcbox_buffer.h>

#include "ipcbox.h"
#include "ipcbox_atomic.h"
#include "ipcbox_cell.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: The first five minutes with a buffer
 *
 * A producer and a consumer, two processes or one and its child::
 *
 *	struct ipcbox_buffer *frames;
 *	int err = ipcbox_buffer_map(ipcbox_buffer_create("frames",
 *				IPCBOX_SENDER | IPCBOX_REUSE, NULL), &frames);
 *
 *	if (!err)
 *		err = ipcbox_buffer_send(frames, "hello", 5, IPCBOX_FOREVER);
 *
 *	char data[64];
 *	ssize_t len = ipcbox_buffer_recv(frames, data, sizeof(data), IPCBOX_FOREVER);
 *
 * In place, without a copy::
 *
 *	struct ipcbox_slot slot;
 *
 *	if (!ipcbox_buffer_reserve(frames, &slot, 4096, IPCBOX_FOREVER)) {
 *		slot.len = fill(slot.data, 4096);
 *		ipcbox_buffer_commit(frames, &slot);
 *	}
 *	if (!ipcbox_buffer_peek(frames, &slot, IPCBOX_FOREVER)) {
 *		use(slot.data, slot.len);
 *		ipcbox_buffer_release(frames, &slot);
 *	}
 *
 * A process that dies between reserve and commit leaves nothing; one that dies
 * between peek and release leaves the message for another consumer.
 */

/**
 * struct ipcbox_buffer - a buffer that is mapped
 *
 * ipcbox_buffer_map() makes it. It is only read after that, so any number of threads
 * may use one, and after fork(2) the child as well. Its members are for the inline
 * calls.
 */
struct ipcbox_buffer {
	const struct ipcbox_buffer_self *self;
	struct ipcbox_ring_head *ring;
	struct ipcbox_cell *cells;
	char *data;
	uint64_t mask;	/* number of cells, less one */
	uint32_t shift; /* 2^shift cells */
	uint32_t spsc;
	uint32_t receive_as; /* IPCBOX_RECEIVE_AS_* */
	size_t max_msgsize;
	size_t send_end; /* a message must be shorter; 0 if not open for sending */
	size_t control_len;
	size_t data_len;
	int fd;
};

/**
 * struct ipcbox_slot - a message in the buffer that this thread writes or reads
 * @data: its bytes, which stay valid until commit or release
 * @len: how many; a producer may lower it before it commits
 * @tag: any number of the sender's; a producer sets it before it commits
 */
struct ipcbox_slot {
	void *data;
	uint32_t len;
	uint32_t tag;
	/* private: */
	struct ipcbox_cell *cell;
	uint64_t position;
	uint64_t next; /* position behind it */
	uint64_t word;
};

/**
 * ipcbox_buffer_create() - make a buffer and open it *[device]*
 * @name: as for ipcbox_port_create(); ports and buffers share their names
 * @flags: as for ipcbox_port_create(); and %IPCBOX_SPSC: you promise that only
 *	one thread at a time sends, and one receives, of all processes together, and
 *	has only one slot at a time; that is faster
 * @options: options of the new buffer, or NULL: bytes (1 MiB unless set) is the size
 *	of the data, rounded up to a power of two; the number of messages cannot be set
 *
 * A buffer that %IPCBOX_REUSE opens may differ in its other options from yours:
 * ipcbox_info_differs() reports that.
 *
 * Return: a new fd. Or as ipcbox_port_create(), and
 *
 * * -EDQUOT: Limit of pages of buffers. Delete or unmap one, or raise the limit.
 * * -EPROTOTYPE: With %IPCBOX_REUSE: the name is that of a port, or of a buffer that is
 *   SPSC and should not be, or the other way round.
 */
int ipcbox_buffer_create(const char *name, unsigned int flags,
			 const struct ipcbox_options *options);

/**
 * ipcbox_buffer_open() - open a buffer that exists *[device]*
 * @name: its name
 * @flags: %IPCBOX_RECEIVER, %IPCBOX_SENDER, %IPCBOX_NONBLOCK
 *
 * ipcbox_port_delete() deletes it, ipcbox_port_list() lists it.
 *
 * Return: a new fd. Or as ipcbox_port_open(), but
 *
 * * -EPROTOTYPE: The name is that of a port. Use ipcbox_port_open().
 */
int ipcbox_buffer_open(const char *name, unsigned int flags);

/**
 * ipcbox_buffer_map() - map a buffer into this process
 * @fd: the buffer, open for receiving, sending or both. From now on it belongs to
 *	*@buffer, also if this call fails. If it is an error, the call returns it
 * @buffer: out: to be given back with ipcbox_buffer_unmap(); NULL after an error
 *
 * After fork(2) the child uses the same struct, under a number of its own. If it could
 * not get one, because of a limit or for want of memory, its calls return -EUSERS or
 * -EINVAL. It may then unmap the buffer, open it and map it again, which reports the
 * reason.
 *
 * Return: 0, or
 *
 * * -EACCES: @fd is open for neither direction.
 * * -EDQUOT: Limit of pages of buffers. Unmap one, or raise the limit.
 * * -EINVAL: @fd is not a buffer.
 * * -ENOMEM: Memory is short.
 * * -EUSERS: Too many processes have the buffer mapped, of all users or of this one.
 */
int ipcbox_buffer_map(int fd, struct ipcbox_buffer **buffer);

/**
 * ipcbox_buffer_unmap() - unmap a buffer, and close its fd
 * @buffer: the buffer, or NULL
 *
 * With the last mapping that this process has of the buffer, messages that it is writing or
 * reading are given up, as if the process died.
 */
void ipcbox_buffer_unmap(struct ipcbox_buffer *buffer);

/** ipcbox_buffer_fd() - the fd of a buffer, for poll(2), ipcbox_stat(), ipcbox_set() */
static inline int ipcbox_buffer_fd(const struct ipcbox_buffer *buffer)
{
	return buffer->fd;
}

/* ---- private: what the inline calls are made of -------------------------- */

/* When the first try fails: with a slot that need not be in registers. */
int ipcbox_buffer_reserve_slowly(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot, size_t len,
				 uint64_t deadline);
int ipcbox_buffer_take_slowly(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot,
			      size_t capacity, uint64_t deadline);
/* In an SPSC buffer: until there is room for so many cells behind tail, a message at free. */
int ipcbox_buffer_await_room(struct ipcbox_buffer *buffer, uint64_t tail, uint32_t cells,
			     uint64_t deadline);
int ipcbox_buffer_await_data(struct ipcbox_buffer *buffer, uint64_t position, uint64_t deadline);
int ipcbox_buffer_tell_data(struct ipcbox_buffer *buffer);
void ipcbox_buffer_tell_room(struct ipcbox_buffer *buffer, uint32_t want);

#define IPCBOX_RECEIVE_AS_MANY 0U
#define IPCBOX_RECEIVE_AS_ONE 1U
#define IPCBOX_RECEIVE_AS_NOBODY 2U /* not open for receiving */

IPCBOX_INLINE struct ipcbox_cell *ipcbox_cell_at(const struct ipcbox_buffer *buffer,
						 uint64_t position)
{
	return &buffer->cells[position & buffer->mask];
}

IPCBOX_INLINE char *ipcbox_data_at(const struct ipcbox_buffer *buffer, uint64_t position)
{
	return buffer->data + ((position & buffer->mask) << IPCBOX_CELL_SHIFT);
}

/* The lap of a position, at the bits where a word has it. */
IPCBOX_INLINE uint64_t ipcbox_lap_of(const struct ipcbox_buffer *buffer, uint64_t position)
{
	return position >> buffer->shift << IPCBOX_WORD_LAP_SHIFT;
}

/* ---- producing ----------------------------------------------------------- */

/* private: the members of a slot that follow from its position. */
IPCBOX_INLINE void ipcbox_slot_set(struct ipcbox_slot *slot, const struct ipcbox_buffer *buffer,
				   uint64_t position)
{
	uint64_t index = position & buffer->mask;

	slot->position = position;
	slot->cell = buffer->cells + index;
	slot->data = buffer->data + (index << IPCBOX_CELL_SHIFT);
}

/* private: is there no room for so many cells? */
IPCBOX_INLINE int ipcbox_is_full(const struct ipcbox_ring_head *ring, uint64_t mask, uint64_t tail,
				 uint32_t cells)
{
	return tail + cells - 1 - ipcbox_load_acquire(&ring->free) > mask;
}

/* private: reserve in an SPSC buffer: only this thread moves tail, and not before commit. */
IPCBOX_INLINE int ipcbox_buffer_reserve_one(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot,
					    size_t len, uint64_t deadline)
{
	uint32_t cells = ipcbox_cells_for(len);
	uint64_t tail = buffer->ring->tail;

	if (ipcbox_unlikely(len >= buffer->send_end))
		return buffer->send_end ? -EMSGSIZE : -EBADF;
	if (ipcbox_unlikely(ipcbox_is_full(buffer->ring, buffer->mask, tail, cells))) {
		int err = ipcbox_buffer_await_room(buffer, tail, cells, deadline);

		if (err)
			return err;
	}
	ipcbox_slot_set(slot, buffer, tail);
	slot->word = 0;
	slot->len = (uint32_t)len;
	slot->tag = 0;
	return 0;
}

/*
 * private: mark the cell at @tail, whose word was @word, for a message. Return: whether
 * the word was still the same.
 */
IPCBOX_INLINE int ipcbox_buffer_mark(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot,
				     uint64_t tail, uint64_t word, uint32_t cells)
{
	slot->word = ipcbox_lap_of(buffer, tail) | (uint64_t)cells << IPCBOX_WORD_CELLS_SHIFT |
		     buffer->self->writing;
	if (ipcbox_unlikely(!ipcbox_cmpxchg(&slot->cell->word, word, slot->word)))
		return 0;
	ipcbox_cmpxchg(&buffer->ring->tail, tail, tail + cells);
	return 1;
}

/* private: the word is of an earlier lap, as far as the order of laps can say. */
IPCBOX_INLINE int ipcbox_is_earlier(uint64_t word, uint64_t lap)
{
	return (int64_t)(word - lap) < 0;
}

/* private: reserve, of many. */
IPCBOX_INLINE int ipcbox_buffer_reserve_many(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot,
					     size_t len, uint64_t deadline)
{
	uint32_t cells = ipcbox_cells_for(len);
	struct ipcbox_slot other;
	uint64_t tail, word;
	int err;

	if (ipcbox_unlikely(len >= buffer->send_end))
		return buffer->send_end ? -EMSGSIZE : -EBADF;
	tail = ipcbox_load_acquire(&buffer->ring->tail);
	if (ipcbox_unlikely(ipcbox_is_full(buffer->ring, buffer->mask, tail, cells)))
		goto slowly;
	ipcbox_slot_set(slot, buffer, tail);
	word = ipcbox_load_acquire(&slot->cell->word);
	if (ipcbox_unlikely(!ipcbox_is_earlier(word, ipcbox_lap_of(buffer, tail))))
		goto slowly;
	if (ipcbox_unlikely(!ipcbox_buffer_mark(buffer, slot, tail, word, cells)))
		goto slowly;
	slot->len = (uint32_t)len;
	slot->tag = 0;
	return 0;

slowly:
	err = ipcbox_buffer_reserve_slowly(buffer, &other, len, deadline);
	if (!err)
		*slot = other;
	return err;
}

/**
 * ipcbox_buffer_reserve() - get room for a message, to write it in place
 * @buffer: mapped, and open for sending
 * @slot: out: @slot->data has room for @len bytes. End it with commit or cancel; several
 *	slots may be ended in any order
 * @len: most bytes that the message will have
 * @deadline: when to give up waiting for room
 *
 * Consumers get messages in the order in which they were reserved, so a producer that is
 * slow to commit makes the messages behind its own wait. The call ends whatever other
 * processes do to the buffer: one that keeps it going round in circles makes it return
 * -EBADMSG, or -ETIMEDOUT at its deadline.
 *
 * Return: 0, or
 *
 * * -EAGAIN: There is no room. Wait for POLLOUT, or give a deadline.
 * * -EBADF: The buffer is not open for sending.
 * * -EBADMSG: A process spoiled the buffer. Delete it, and make a new one.
 * * -EIDRM: The buffer was removed. Unmap it.
 * * -EINTR: A signal ended the wait. Call again, or stop.
 * * -EMSGSIZE: @len is longer than the buffer takes. Split the message, or make a buffer
 *   with a larger msgsize.
 * * -ENOMEM: Memory is short.
 * * -EPIPE: The buffer has no name any more, and its last consumer is gone. Unmap it.
 * * -ETIMEDOUT: The deadline passed.
 * * -EUSERS: Limit of waiting calls; or this is a child without a number, see
 *   ipcbox_buffer_map().
 */
IPCBOX_INLINE int ipcbox_buffer_reserve(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot,
					size_t len, uint64_t deadline)
{
	return buffer->spsc ? ipcbox_buffer_reserve_one(buffer, slot, len, deadline)
			    : ipcbox_buffer_reserve_many(buffer, slot, len, deadline);
}

/* private: commit, but for the waking. */
IPCBOX_INLINE int ipcbox_buffer_publish_one(struct ipcbox_buffer *buffer,
					    const struct ipcbox_slot *slot)
{
	slot->cell->len = slot->len;
	slot->cell->tag = slot->tag;
	ipcbox_exchange(&buffer->ring->tail, slot->position + ipcbox_cells_for(slot->len));
	return 0;
}

IPCBOX_INLINE int ipcbox_buffer_publish_many(const struct ipcbox_slot *slot)
{
	uint64_t ready = slot->word + IPCBOX_CELL_READY - IPCBOX_CELL_WRITING;

	slot->cell->len = slot->len;
	slot->cell->tag = slot->tag;
	return ipcbox_cmpxchg(&slot->cell->word, slot->word, ready) ? 0 : -EINVAL;
}

/*
 * The same for a slot that never left this call: no other thread can have ended it, so
 * its word need not be compared.
 */
IPCBOX_INLINE void ipcbox_buffer_publish_own(const struct ipcbox_slot *slot)
{
	slot->cell->len = slot->len;
	slot->cell->tag = slot->tag;
	ipcbox_exchange(&slot->cell->word, slot->word + IPCBOX_CELL_READY - IPCBOX_CELL_WRITING);
}

IPCBOX_INLINE int ipcbox_buffer_tell_published(struct ipcbox_buffer *buffer)
{
	ipcbox_barrier_after_atomic();
	if (ipcbox_unlikely(ipcbox_load_relaxed32(&buffer->ring->want_data)))
		return ipcbox_buffer_tell_data(buffer);
	return 0;
}

/**
 * ipcbox_buffer_commit() - send a message that was written in place
 * @buffer: mapped
 * @slot: from ipcbox_buffer_reserve(), with its final @slot->len, which may be less than
 *	was reserved, and its tag
 *
 * Return: 0, or
 *
 * * -EINVAL: This process did not reserve the slot, or has already ended it.
 * * -EIDRM, -EPIPE: The buffer has ended, as for ipcbox_buffer_reserve(). The call noticed
 *   when it had to wake a consumer. Processes that have the buffer mapped may still find the
 *   message.
 */
IPCBOX_INLINE int ipcbox_buffer_commit(struct ipcbox_buffer *buffer, const struct ipcbox_slot *slot)
{
	int err;

	if (buffer->spsc)
		err = ipcbox_buffer_publish_one(buffer, slot);
	else if (ipcbox_unlikely(!ipcbox_is_in_flight(slot->word, buffer->self->writing)))
		err = -EINVAL;
	else
		err = ipcbox_buffer_publish_many(slot);
	return ipcbox_unlikely(err) ? err : ipcbox_buffer_tell_published(buffer);
}

/**
 * ipcbox_buffer_cancel() - give up a message that was reserved
 * @buffer: mapped
 * @slot: from ipcbox_buffer_reserve()
 *
 * Return: 0, or
 *
 * * -EINVAL: This process did not reserve the slot, or has already ended it.
 */
int ipcbox_buffer_cancel(struct ipcbox_buffer *buffer, const struct ipcbox_slot *slot);

/* private: send, but for the waking. */
IPCBOX_INLINE int ipcbox_buffer_send_quietly(struct ipcbox_buffer *buffer, const void *data,
					     size_t len, uint64_t deadline)
{
	struct ipcbox_slot slot;
	int err;

	if (buffer->spsc) {
		err = ipcbox_buffer_reserve_one(buffer, &slot, len, deadline);
		if (ipcbox_unlikely(err))
			return err;
		ipcbox_copy(slot.data, data, len);
		return ipcbox_buffer_publish_one(buffer, &slot);
	}
	err = ipcbox_buffer_reserve_many(buffer, &slot, len, deadline);
	if (ipcbox_unlikely(err))
		return err;
	ipcbox_copy(slot.data, data, len);
	ipcbox_buffer_publish_own(&slot);
	return 0;
}

/**
 * ipcbox_buffer_send() - send a message
 * @buffer: mapped, and open for sending
 * @data: the message
 * @len: its length in bytes
 * @deadline: when to give up waiting for room
 *
 * Return: 0, or as ipcbox_buffer_reserve() and ipcbox_buffer_commit().
 */
IPCBOX_INLINE int ipcbox_buffer_send(struct ipcbox_buffer *buffer, const void *data, size_t len,
				     uint64_t deadline)
{
	int err = ipcbox_buffer_send_quietly(buffer, data, len, deadline);

	return ipcbox_unlikely(err) ? err : ipcbox_buffer_tell_published(buffer);
}

/**
 * ipcbox_buffer_send_batch() - send messages
 * @buffer: mapped, and open for sending
 * @messages: where each is, and how long
 * @count: how many
 * @deadline: when to give up waiting for room
 *
 * Sends each as ipcbox_buffer_send() does, in order, up to the first that fails. A consumer
 * that waits for them is woken once for all that find room together.
 *
 * Return: how many were sent. If none was sent: as ipcbox_buffer_send(). Also after some
 * were sent:
 *
 * * -EIDRM, -EPIPE: The buffer has ended, as for ipcbox_buffer_commit().
 */
int ipcbox_buffer_send_batch(struct ipcbox_buffer *buffer, const struct iovec *messages, int count,
			     uint64_t deadline);

/* ---- consuming ----------------------------------------------------------- */

/* private: peek in an SPSC buffer: only this thread moves free, and only on release. */
IPCBOX_INLINE int ipcbox_buffer_take_one(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot,
					 size_t capacity, uint64_t deadline)
{
	struct ipcbox_ring_head *ring = buffer->ring;
	uint64_t position = ring->free;

	/* A count above that of all cells is no message either. */
	if (ipcbox_unlikely(ipcbox_load_acquire(&ring->tail) - position - 1 > buffer->mask)) {
		int err = ipcbox_buffer_await_data(buffer, position, deadline);

		if (err)
			return err;
	}
	ipcbox_slot_set(slot, buffer, position);
	slot->len = ipcbox_load_relaxed32(&slot->cell->len);
	slot->tag = slot->cell->tag;
	if (ipcbox_unlikely(slot->len > capacity))
		return slot->len > buffer->max_msgsize ? -EBADMSG : -EMSGSIZE;
	slot->next = position + ipcbox_cells_for(slot->len);
	slot->word = 0;
	return 0;
}

/*
 * private: take the message at @head, whose word was @word, which is ready. Return:
 * whether the word was still the same.
 */
IPCBOX_INLINE int ipcbox_buffer_grab(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot,
				     uint64_t head, uint64_t word)
{
	slot->word = (word & ~UINT64_C(0xffff)) | buffer->self->reading;
	if (ipcbox_unlikely(!ipcbox_cmpxchg(&slot->cell->word, word, slot->word)))
		return 0;
	ipcbox_cmpxchg(&buffer->ring->head, head, head + ipcbox_head_step(word));
	slot->next = slot->position + ipcbox_cells_of(word);
	return 1;
}

/* private: peek, of many, unless the message is longer than @capacity. */
IPCBOX_INLINE int ipcbox_buffer_take_many(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot,
					  size_t capacity, uint64_t deadline)
{
	uint64_t head = ipcbox_load_acquire(&buffer->ring->head), word;
	struct ipcbox_slot other;
	int err;

	ipcbox_slot_set(slot, buffer, head >> IPCBOX_HEAD_SHIFT);
	word = ipcbox_load_acquire(&slot->cell->word);
	if (ipcbox_unlikely(!ipcbox_is_ready(word, ipcbox_lap_of(buffer, slot->position))))
		goto slowly;
	slot->len = ipcbox_load_relaxed32(&slot->cell->len);
	slot->tag = slot->cell->tag;
	if (ipcbox_unlikely(slot->len > capacity))
		goto slowly;
	if (ipcbox_unlikely(!ipcbox_buffer_grab(buffer, slot, head, word)))
		goto slowly;
	return 0;

slowly:
	err = ipcbox_buffer_take_slowly(buffer, &other, capacity, deadline);
	if (!err)
		*slot = other;
	return err;
}

/**
 * ipcbox_buffer_peek() - get the next message, to read it in place
 * @buffer: mapped, and open for receiving
 * @slot: out: end it with release or put back; until then other consumers get the messages
 *	behind it, but the room of those is not free
 * @deadline: when to give up waiting for a message
 *
 * Like ipcbox_buffer_reserve(), the call ends whatever other processes do to the buffer.
 *
 * Return: 0, or
 *
 * * -EAGAIN: There is no message. Wait for POLLIN, or give a deadline.
 * * -EBADF: The buffer is not open for receiving.
 * * -EBADMSG: A process spoiled the buffer. Delete it, and make a new one.
 * * -EIDRM: The buffer was removed, and is empty. Unmap it.
 * * -EINTR: A signal ended the wait. Call again, or stop.
 * * -ENOMEM: Memory is short.
 * * -EPIPE: The buffer is empty and has no name any more, and its last producer is gone.
 *   Unmap it.
 * * -ETIMEDOUT: The deadline passed.
 * * -EUSERS: Limit of waiting calls; or this is a child without a number, see
 *   ipcbox_buffer_map().
 */
IPCBOX_INLINE int ipcbox_buffer_peek(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot,
				     uint64_t deadline)
{
	if (buffer->receive_as == IPCBOX_RECEIVE_AS_MANY)
		return ipcbox_buffer_take_many(buffer, slot, buffer->max_msgsize, deadline);
	if (buffer->receive_as == IPCBOX_RECEIVE_AS_ONE)
		return ipcbox_buffer_take_one(buffer, slot, buffer->max_msgsize, deadline);
	return -EBADF;
}

/* private: release, in an SPSC and in an MPMC buffer, and the waking. */
IPCBOX_INLINE int ipcbox_buffer_finish_one(struct ipcbox_buffer *buffer,
					   const struct ipcbox_slot *slot)
{
	ipcbox_exchange(&buffer->ring->free, slot->next);
	return 0;
}

/*
 * Free the slot's cells if they are the first; a producer that needs room reclaims others.
 * The slot's position is that of head, which lacks the upper bits.
 */
IPCBOX_INLINE void ipcbox_buffer_give_room(struct ipcbox_ring_head *ring,
					   const struct ipcbox_slot *slot)
{
	uint64_t free = ipcbox_load_acquire(&ring->free);

	if (free == slot->position)
		ipcbox_cmpxchg(&ring->free, free, slot->next);
	else if (!((free ^ slot->position) << IPCBOX_HEAD_SHIFT))
		ipcbox_cmpxchg(&ring->free, free, free + slot->next - slot->position);
}

IPCBOX_INLINE int ipcbox_buffer_finish_many(struct ipcbox_buffer *buffer,
					    const struct ipcbox_slot *slot)
{
	uint64_t done = slot->word + IPCBOX_CELL_DONE - IPCBOX_CELL_READING;

	if (ipcbox_unlikely(!ipcbox_cmpxchg(&slot->cell->word, slot->word, done)))
		return -EINVAL;
	ipcbox_buffer_give_room(buffer->ring, slot);
	return 0;
}

/* The same for a slot that never left this call, as for publishing. */
IPCBOX_INLINE void ipcbox_buffer_finish_own(struct ipcbox_buffer *buffer,
					    const struct ipcbox_slot *slot)
{
	ipcbox_exchange(&slot->cell->word, slot->word + IPCBOX_CELL_DONE - IPCBOX_CELL_READING);
	ipcbox_buffer_give_room(buffer->ring, slot);
}

/*
 * Room begins at @position, or further on if the next messages are done as well. Is it, or
 * may it be, as much as is wanted?
 */
IPCBOX_INLINE int ipcbox_may_be_room(const struct ipcbox_buffer *buffer, uint64_t position,
				     uint32_t want)
{
	uint64_t used = ipcbox_load_acquire(&buffer->ring->tail) - position;
	uint64_t word;

	used &= UINT64_MAX >> IPCBOX_HEAD_SHIFT; /* as many bits as a slot's position */
	if (used + want <= buffer->mask + 1)
		return 1;
	if (buffer->spsc)
		return 0;
	word = ipcbox_load_acquire(&ipcbox_cell_at(buffer, position)->word);
	return (word & IPCBOX_WORD_STATE) == IPCBOX_CELL_DONE;
}

IPCBOX_INLINE void ipcbox_buffer_tell_finished(struct ipcbox_buffer *buffer,
					       const struct ipcbox_slot *slot)
{
	uint32_t want;

	ipcbox_barrier_after_atomic();
	want = ipcbox_load_relaxed32(&buffer->ring->want_room);
	if (ipcbox_unlikely(want) && ipcbox_may_be_room(buffer, slot->next, want))
		ipcbox_buffer_tell_room(buffer, want);
}

/**
 * ipcbox_buffer_release() - finish with a message, and free its room
 * @buffer: mapped
 * @slot: from ipcbox_buffer_peek()
 *
 * Return: 0, or
 *
 * * -EINVAL: This process does not hold the slot, or has already ended it.
 */
IPCBOX_INLINE int ipcbox_buffer_release(struct ipcbox_buffer *buffer,
					const struct ipcbox_slot *slot)
{
	int err;

	if (buffer->spsc)
		err = ipcbox_buffer_finish_one(buffer, slot);
	else if (ipcbox_unlikely(!ipcbox_is_in_flight(slot->word, buffer->self->reading)))
		err = -EINVAL;
	else
		err = ipcbox_buffer_finish_many(buffer, slot);
	if (ipcbox_unlikely(err))
		return err;
	ipcbox_buffer_tell_finished(buffer, slot);
	return 0;
}

/**
 * ipcbox_buffer_put_back() - make a message that was not read the next one again
 * @buffer: mapped
 * @slot: from ipcbox_buffer_peek()
 *
 * Return: 0, or
 *
 * * -EINVAL: This process does not hold the slot, or has already ended it.
 * * -EBADMSG: A process spoiled the buffer, so the message may come after others.
 */
int ipcbox_buffer_put_back(struct ipcbox_buffer *buffer, const struct ipcbox_slot *slot);

/**
 * ipcbox_buffer_recv() - receive a message
 * @buffer: mapped, and open for receiving
 * @data: where to put it
 * @capacity: room there in bytes
 * @deadline: when to give up waiting for a message
 *
 * Return: its length. Or as ipcbox_buffer_peek(), and
 *
 * * -EMSGSIZE: The next message is longer than @capacity, and is still there. Use a larger
 *   buffer, or ipcbox_buffer_peek().
 */
IPCBOX_INLINE ssize_t ipcbox_buffer_recv(struct ipcbox_buffer *buffer, void *data, size_t capacity,
					 uint64_t deadline)
{
	struct ipcbox_slot slot;
	int err;

	if (ipcbox_unlikely(capacity > buffer->max_msgsize))
		capacity = buffer->max_msgsize;
	if (buffer->receive_as == IPCBOX_RECEIVE_AS_MANY) {
		err = ipcbox_buffer_take_many(buffer, &slot, capacity, deadline);
		if (ipcbox_unlikely(err))
			return err;
		ipcbox_copy(data, slot.data, slot.len);
		ipcbox_buffer_finish_own(buffer, &slot);
	} else if (buffer->receive_as == IPCBOX_RECEIVE_AS_ONE) {
		err = ipcbox_buffer_take_one(buffer, &slot, capacity, deadline);
		if (ipcbox_unlikely(err))
			return err;
		ipcbox_copy(data, slot.data, slot.len);
		ipcbox_buffer_finish_one(buffer, &slot);
	} else {
		return -EBADF;
	}
	ipcbox_buffer_tell_finished(buffer, &slot);
	return slot.len;
}

/**
 * ipcbox_buffer_recv_batch() - receive messages
 * @buffer: mapped, and open for receiving
 * @messages: room for each; out: the lengths of those that were received
 * @count: how many at most
 * @deadline: when to give up waiting for the first; the call does not wait for the others
 *
 * Return: how many were received. If none was received: as ipcbox_buffer_recv().
 */
int ipcbox_buffer_recv_batch(struct ipcbox_buffer *buffer, struct iovec *messages, int count,
			     uint64_t deadline);

#ifdef __cplusplus
}
#endif

#endif /* IPCBOX_BUFFER_H */
