// SPDX-License-Identifier: GPL-2.0 OR MIT
/* POSIX message queues. */
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>

static int open_queue(struct channel *channel)
{
	struct mq_attr attr = {
		.mq_maxmsg = (long)channel->messages,
		.mq_msgsize = (long)channel->bytes,
	};
	char name[64];
	mqd_t queue;

	new_name(name, sizeof(name), "/");
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attr);
	if (queue == (mqd_t)-1)
		return -errno;
	mq_unlink(name);
	channel->in = queue;
	channel->out = queue;
	return 0;
}

static void close_queue(struct channel *channel)
{
	mq_close(channel->in);
}

static int send_priority(struct channel *channel, const void *data, unsigned int priority)
{
	return mq_send(channel->out, data, channel->bytes, priority) < 0 ? -errno : 0;
}

static int send_message(struct channel *channel, const void *data)
{
	return send_priority(channel, data, 0);
}

static int recv_message(struct channel *channel, void *data)
{
	ssize_t len = mq_receive(channel->in, data, channel->bytes, NULL);

	return len < 0 ? -errno : (int)len;
}

const struct system mqueue_system = {
	.name = "mq",
	.summary = "POSIX message queue",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | MANY_RECEIVERS | HAS_PRIORITIES,
	.open = open_queue,
	.send = send_message,
	.send_priority = send_priority,
	.recv = recv_message,
	.close = close_queue,
};
