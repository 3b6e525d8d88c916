// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * ipcbox: buffers in shared memory, of the default size. They are mapped before the
 * fork, so each process has a mapping of its own.
 */
#include "system.h"

#include <errno.h>
#include <unistd.h>

#include <ipcbox_buffer.h>

/* Its name goes at once, so that none is left behind. */
static int open_kind(struct channel *channel, unsigned int kind)
{
	struct ipcbox_buffer *buffer;
	char name[64];
	int err;

	new_name(name, sizeof(name), "");
	err = ipcbox_buffer_map(
		ipcbox_buffer_create(name, IPCBOX_SENDER | IPCBOX_RECEIVER | kind, NULL), &buffer);
	if (err)
		return err;
	channel->room = buffer;
	return ipcbox_port_delete(name, IPCBOX_UNLINK);
}

static int open_many(struct channel *channel)
{
	return open_kind(channel, 0);
}

static int open_one(struct channel *channel)
{
	return open_kind(channel, IPCBOX_SPSC);
}

static void close_buffer(struct channel *channel)
{
	ipcbox_buffer_unmap(channel->room);
}

/* The length of most is known when they are compiled, as in most programs. */
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

/*
 * Inline calls need no vector: a batch is a loop around it, and shows what a message
 * costs without the calls of the benchmark around each.
 */
static int send_batch(struct channel *channel, const void *data, int count)
{
	struct ipcbox_buffer *buffer = channel->room;
	const char *next = data;
	int i, err;

	for (i = 0; i < count; i++, next += 64) {
		err = ipcbox_buffer_send(buffer, next, 64, IPCBOX_FOREVER);
		if (err)
			return err;
	}
	return count;
}

static int recv_batch(struct channel *channel, void *data, int count)
{
	struct ipcbox_buffer *buffer = channel->room;
	char *next = data;
	ssize_t len;
	int i;

	for (i = 0; i < count; i++, next += 64) {
		len = ipcbox_buffer_recv(buffer, next, 64, IPCBOX_FOREVER);
		if (len < 0)
			return (int)len;
	}
	return count;
}

/* In place: written by nobody, read by nobody, as the data of the other systems. */
static int send_in_place(struct channel *channel, const void *data)
{
	struct ipcbox_slot slot;
	int err = ipcbox_buffer_reserve(channel->room, &slot, channel->bytes, IPCBOX_FOREVER);

	if (err)
		return err;
	*(char *)slot.data = *(const char *)data;
	return ipcbox_buffer_commit(channel->room, &slot);
}

static int recv_in_place(struct channel *channel, void *data)
{
	struct ipcbox_slot slot;
	int err = ipcbox_buffer_peek(channel->room, &slot, IPCBOX_FOREVER);

	if (err)
		return err;
	*(char *)data = *(const char *)slot.data;
	return ipcbox_buffer_release(channel->room, &slot);
}

static int begin_message(struct channel *channel)
{
	static struct ipcbox_slot slot;

	return ipcbox_buffer_reserve(channel->room, &slot, channel->bytes, IPCBOX_FOREVER);
}

const struct system ipcbox_buffer_system = {
	.name = "ipcbox-buffer",
	.summary = "ipcbox: a buffer in shared memory",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | MANY_RECEIVERS,
	.max_bytes = IPCBOX_DEFAULT_MSGSIZE,
	.holds = IPCBOX_DEFAULT_BYTES,
	.open = open_many,
	.send = send_message,
	.recv = recv_message,
	.batch_bytes = 64,
	.send_batch = send_batch,
	.recv_batch = recv_batch,
	.begin = begin_message,
	.close = close_buffer,
};

const struct system ipcbox_buffer_place_system = {
	.name = "ipcbox-buffer-place",
	.summary = "the same, written and read in place",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | MANY_RECEIVERS,
	.max_bytes = IPCBOX_DEFAULT_MSGSIZE,
	.holds = IPCBOX_DEFAULT_BYTES,
	.open = open_many,
	.send = send_in_place,
	.recv = recv_in_place,
	.close = close_buffer,
};

const struct system ipcbox_buffer_one_system = {
	.name = "ipcbox-buffer-one",
	.summary = "the same, from one to one",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD,
	.max_bytes = IPCBOX_DEFAULT_MSGSIZE,
	.holds = IPCBOX_DEFAULT_BYTES,
	.open = open_one,
	.send = send_message,
	.recv = recv_message,
	.batch_bytes = 64,
	.send_batch = send_batch,
	.recv_batch = recv_batch,
	.close = close_buffer,
};
