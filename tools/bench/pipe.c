// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Pipes: a stream of bytes, and with O_DIRECT packets of up to a page. Messages of
 * one known length go whole as long as a write is atomic.
 */
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#define PAGE 4096

static int open_with(struct channel *channel, int flags, size_t size)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | flags) < 0)
		return -errno;
	channel->in = fds[0];
	channel->out = fds[1];
	/* not less than what everyone gets */
	if (size > 65536 && fcntl(fds[0], F_SETPIPE_SZ, size) < 0)
		return -errno;
	return 0;
}

static int open_pipe(struct channel *channel)
{
	return open_with(channel, 0, channel->messages * channel->bytes);
}

/* Each packet has a page of its own. */
static int open_packets(struct channel *channel)
{
	if (channel->bytes > PAGE)
		return -EMSGSIZE;
	return open_with(channel, O_DIRECT, channel->messages * PAGE);
}

static void close_pipe(struct channel *channel)
{
	close(channel->in);
	close(channel->out);
}

static int write_all(struct channel *channel, const char *data, size_t size)
{
	ssize_t done;

	while (size) {
		done = write(channel->out, data, size);
		if (done < 0)
			return -errno;
		data += done;
		size -= done;
	}
	return 0;
}

static int read_all(struct channel *channel, char *data, size_t size)
{
	ssize_t done;

	while (size) {
		done = read(channel->in, data, size);
		if (done <= 0)
			return done ? -errno : -EPIPE;
		data += done;
		size -= done;
	}
	return 0;
}

static int send_message(struct channel *channel, const void *data)
{
	return write_all(channel, data, channel->bytes);
}

static int recv_message(struct channel *channel, void *data)
{
	return read_all(channel, data, channel->bytes);
}

const struct system pipe_system = {
	.name = "pipe",
	.summary = "pipe(2): bytes without bounds",
	.promises = CARRIES_PAYLOAD | MANY_SENDERS | MANY_RECEIVERS,
	.max_shared_bytes = PIPE_BUF,
	.open = open_pipe,
	.send = send_message,
	.recv = recv_message,
	.close = close_pipe,
};

const struct system packet_pipe_system = {
	.name = "pipe-packet",
	.summary = "pipe2(2) with O_DIRECT: packets of up to a page",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | MANY_RECEIVERS,
	.max_bytes = PAGE,
	.open = open_packets,
	.send = send_message,
	.recv = recv_message,
	.close = close_pipe,
};
