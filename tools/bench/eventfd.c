// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A counter to wait for: no payload, so this is a lower bound of the cost of a message. */
#include "system.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int open_counter(struct channel *channel)
{
	channel->in = eventfd(0, EFD_CLOEXEC);
	channel->out = channel->in;
	return channel->in < 0 ? -errno : 0;
}

static void close_counter(struct channel *channel)
{
	close(channel->in);
}

static int send_news(struct channel *channel, const void *data)
{
	static const eventfd_t one = 1;

	(void)data;
	return write(channel->out, &one, sizeof(one)) < 0 ? -errno : 0;
}

static int recv_news(struct channel *channel, void *data)
{
	eventfd_t value;

	(void)data;
	return read(channel->in, &value, sizeof(value)) < 0 ? -errno : 0;
}

const struct system eventfd_system = {
	.name = "eventfd",
	.summary = "eventfd(2): no payload, the floor",
	.promises = MANY_SENDERS | MANY_RECEIVERS,
	.open = open_counter,
	.send = send_news,
	.recv = recv_news,
	.close = close_counter,
};
