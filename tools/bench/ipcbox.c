// SPDX-License-Identifier: GPL-2.0 OR MIT
/* ipcbox: ports, and links to mailboxes. */
#include "ipcbox_call.h"

#include <errno.h>
#include <unistd.h>

#include <ipcbox.h>

static struct ipcbox_options *new_options(const struct channel *channel)
{
	struct ipcbox_options *options = NULL;

	if (ipcbox_options_new(&options))
		return NULL;
	ipcbox_options_set_messages(options, channel->messages);
	ipcbox_options_set_bytes(options, channel->messages * channel->bytes);
	ipcbox_options_set_msgsize(options, channel->bytes);
	return options;
}

/* One fd for both directions; its name goes at once, so that none is left behind. */
static int open_port(struct channel *channel)
{
	struct ipcbox_options *options = new_options(channel);
	char name[64];
	int fd, err;

	if (!options)
		return -ENOMEM;
	new_name(name, sizeof(name), "");
	fd = ipcbox_port_create(name, IPCBOX_SENDER | IPCBOX_RECEIVER, options);
	ipcbox_options_free(options);
	if (fd < 0)
		return fd;
	err = ipcbox_port_delete(name, IPCBOX_UNLINK);
	if (err < 0) {
		close(fd);
		return err;
	}
	channel->in = fd;
	channel->out = fd;
	return 0;
}

static void close_port(struct channel *channel)
{
	close(channel->in);
}

static int send_message(struct channel *channel, const void *data)
{
	return ipcbox_send(channel->out, data, channel->bytes);
}

static int send_priority(struct channel *channel, const void *data, unsigned int priority)
{
	return ipcbox_send_until(channel->out, data, channel->bytes, IPCBOX_FOREVER, priority, 0);
}

static int recv_message(struct channel *channel, void *data)
{
	return (int)ipcbox_recv(channel->in, data, channel->bytes);
}

/* A mailbox belongs to a process: each makes its own after the fork. */
static int open_nothing(struct channel *channel)
{
	int fd = ipcbox_port_open("ipcbox-bench-is-there-a-device", 0);

	(void)channel;
	if (fd >= 0)
		close(fd);
	return fd == -ENOENT || fd >= 0 ? 0 : fd;
}

static int open_mailbox(struct channel *channel)
{
	struct ipcbox_options *options = new_options(channel);

	if (!options)
		return -ENOMEM;
	channel->in = ipcbox_mailbox_open(0, options);
	channel->shared->pid = getpid();
	ipcbox_options_free(options);
	return channel->in < 0 ? channel->in : 0;
}

static int open_link(struct channel *channel)
{
	channel->out = ipcbox_link_open(channel->shared->pid, 0);
	return channel->out < 0 ? channel->out : 0;
}

static void close_nothing(struct channel *channel)
{
	(void)channel;
}

const struct system ipcbox_port_system = {
	.name = "ipcbox-port",
	.summary = "ipcbox: a port",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | MANY_RECEIVERS | HAS_PRIORITIES,
	.open = open_port,
	.send = send_message,
	.send_priority = send_priority,
	.recv = recv_message,
	.send_batch = ipcbox_batch_send,
	.recv_batch = ipcbox_batch_recv,
	.close = close_port,
};

const struct system ipcbox_link_system = {
	.name = "ipcbox-link",
	.summary = "ipcbox: links to the mailbox of a process",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS,
	.open = open_nothing,
	.attach_receiver = open_mailbox,
	.attach_sender = open_link,
	.send = send_message,
	.recv = recv_message,
	.send_batch = ipcbox_batch_send,
	.recv_batch = ipcbox_batch_recv,
	.close = close_nothing,
};

const struct system ipcbox_port_call_system = {
	.name = "ipcbox-port-call",
	.summary = "the same, by call and reply",
	.promises =
		KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | MANY_RECEIVERS | ROUND_TRIPS_ONLY,
	.open = open_port,
	.close = close_port,
	.send = send_message,
	.recv = recv_message,
	.call = ipcbox_call_send,
	.reply_recv = ipcbox_call_serve,
	.reply_last = ipcbox_call_end,
};

const struct system ipcbox_link_call_system = {
	.name = "ipcbox-link-call",
	.summary = "the same, by call and reply",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | ROUND_TRIPS_ONLY,
	.open = open_nothing,
	.attach_receiver = open_mailbox,
	.attach_sender = open_link,
	.close = close_nothing,
	.send = send_message,
	.recv = recv_message,
	.call = ipcbox_call_send,
	.reply_recv = ipcbox_call_serve,
	.reply_last = ipcbox_call_end,
};
