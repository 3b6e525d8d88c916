// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The buffer of ipcbox with futex(2) in place of its waits: a lower bound of its cost.
 * The inline calls are the same; what they call where there is no room or no message
 * is here. There is no kernel to say that somebody waits, so each says it itself; and
 * none to repair what a dead process leaves.
 */
#define ipcbox_buffer_await_room futex_await_room
#define ipcbox_buffer_await_data futex_await_data
#define ipcbox_buffer_reserve_slowly futex_reserve_slowly
#define ipcbox_buffer_take_slowly futex_take_slowly
#define ipcbox_buffer_tell_data futex_tell_data
#define ipcbox_buffer_tell_room futex_tell_room
#include <ipcbox_buffer.h>

#include "system.h"

#include <linux/futex.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DATA_BYTES (1U << 20)
#define CELLS (DATA_BYTES / IPCBOX_CELL_SIZE)

static void sleep_on(__u32 *want, __u32 value)
{
	syscall(SYS_futex, want, FUTEX_WAIT, value, NULL, NULL, 0);
}

static int wake(__u32 *want)
{
	__atomic_store_n(want, 0, __ATOMIC_SEQ_CST);
	return syscall(SYS_futex, want, FUTEX_WAKE, 1, NULL, NULL, 0) < 0 ? -errno : 0;
}

static uint64_t free_cells(const struct ipcbox_buffer *buffer)
{
	return buffer->mask + 1 -
	       (ipcbox_load_acquire(&buffer->ring->tail) -
		ipcbox_load_acquire(&buffer->ring->free));
}

int futex_await_room(struct ipcbox_buffer *buffer, uint64_t tail, uint32_t cells, uint64_t deadline)
{
	uint32_t plenty = CELLS / 4;

	(void)tail;
	(void)deadline;
	if (cells > plenty)
		plenty = cells;
	while (free_cells(buffer) < cells) {
		__atomic_store_n(&buffer->ring->want_room, plenty, __ATOMIC_SEQ_CST);
		if (free_cells(buffer) < cells)
			sleep_on(&buffer->ring->want_room, plenty);
	}
	return 0;
}

int futex_await_data(struct ipcbox_buffer *buffer, uint64_t position, uint64_t deadline)
{
	(void)deadline;
	while (ipcbox_load_acquire(&buffer->ring->tail) == position) {
		__atomic_store_n(&buffer->ring->want_data, 1, __ATOMIC_SEQ_CST);
		if (ipcbox_load_acquire(&buffer->ring->tail) == position)
			sleep_on(&buffer->ring->want_data, 1);
	}
	return 0;
}

/* An SPSC ring has no words: nobody comes here. */
int futex_reserve_slowly(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot, size_t len,
			 uint64_t deadline)
{
	(void)buffer;
	(void)slot;
	(void)len;
	(void)deadline;
	return -EINVAL;
}

int futex_take_slowly(struct ipcbox_buffer *buffer, struct ipcbox_slot *slot, size_t capacity,
		      uint64_t deadline)
{
	return futex_reserve_slowly(buffer, slot, capacity, deadline);
}

int futex_tell_data(struct ipcbox_buffer *buffer)
{
	return wake(&buffer->ring->want_data);
}

void futex_tell_room(struct ipcbox_buffer *buffer, uint32_t want)
{
	if (free_cells(buffer) >= want)
		wake(&buffer->ring->want_room);
}

static int open_ring(struct channel *channel)
{
	size_t control = sizeof(struct ipcbox_ring_head) + CELLS * sizeof(struct ipcbox_cell);
	struct ipcbox_buffer *buffer = calloc(1, sizeof(*buffer));
	char *pages = mmap(NULL, control + 2 * DATA_BYTES, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (!buffer || pages == MAP_FAILED)
		return -ENOMEM;
	buffer->ring = (void *)pages;
	buffer->cells = (void *)(buffer->ring + 1);
	buffer->data = pages + control;
	buffer->data_len = control + 2 * DATA_BYTES;
	buffer->mask = CELLS - 1;
	buffer->shift = (uint32_t)__builtin_ctz(CELLS);
	buffer->max_msgsize = channel->bytes;
	buffer->spsc = 1;
	buffer->receive_as = IPCBOX_RECEIVE_AS_ONE;
	buffer->send_end = channel->bytes + 1;
	channel->room = buffer;
	return 0;
}

static void close_ring(struct channel *channel)
{
	struct ipcbox_buffer *buffer = channel->room;

	munmap(buffer->ring, buffer->data_len);
	free(buffer);
}

static int send_message(struct channel *channel, const void *data)
{
	if (channel->bytes == 64)
		return ipcbox_buffer_send(channel->room, data, 64, IPCBOX_FOREVER);
	return ipcbox_buffer_send(channel->room, data, channel->bytes, IPCBOX_FOREVER);
}

static int recv_message(struct channel *channel, void *data)
{
	return (int)ipcbox_buffer_recv(channel->room, data, channel->bytes, IPCBOX_FOREVER);
}

const struct system buffer_futex_system = {
	.name = "buffer-futex",
	.summary = "the same ring, from one to one, with futex(2): its floor",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD,
	.max_bytes = IPCBOX_DEFAULT_MSGSIZE,
	.holds = IPCBOX_DEFAULT_BYTES,
	.open = open_ring,
	.send = send_message,
	.recv = recv_message,
	.close = close_ring,
};
