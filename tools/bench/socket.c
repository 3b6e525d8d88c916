// SPDX-License-Identifier: GPL-2.0 OR MIT
/* UNIX sockets that keep bounds, in pairs. */
#include "system.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's overhead for a message besides its bytes, with room to spare. */
#define OVERHEAD 1024

static int open_pair(struct channel *channel, int type)
{
	int size = (int)(channel->messages * (channel->bytes + OVERHEAD));
	int fds[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	channel->in = fds[0];
	channel->out = fds[1];
	/* FORCE is for root; the other stops at net.core.wmem_max, without an error */
	if (setsockopt(fds[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

static int open_seqpacket(struct channel *channel)
{
	return open_pair(channel, SOCK_SEQPACKET);
}

static int open_dgram(struct channel *channel)
{
	return open_pair(channel, SOCK_DGRAM);
}

static void close_pair(struct channel *channel)
{
	close(channel->in);
	close(channel->out);
}

static int send_message(struct channel *channel, const void *data)
{
	return send(channel->out, data, channel->bytes, 0) < 0 ? -errno : 0;
}

static int recv_message(struct channel *channel, void *data)
{
	ssize_t len = recv(channel->in, data, channel->bytes, 0);

	return len < 0 ? -errno : (int)len;
}

/* One mmsghdr for each of the messages that lie one after the other in @data. */
#define MAX_BATCH 64

static void point_at(struct mmsghdr *headers, struct iovec *parts, char *data, size_t bytes,
		     int count)
{
	int i;

	for (i = 0; i < count; i++) {
		parts[i] = (struct iovec){ data + i * bytes, bytes };
		headers[i] = (struct mmsghdr){
			.msg_hdr = { .msg_iov = &parts[i], .msg_iovlen = 1 },
		};
	}
}

static int send_batch(struct channel *channel, const void *data, int count)
{
	struct mmsghdr headers[MAX_BATCH];
	struct iovec parts[MAX_BATCH];
	int done;

	if (count > MAX_BATCH)
		count = MAX_BATCH;
	point_at(headers, parts, (char *)data, channel->bytes, count);
	done = sendmmsg(channel->out, headers, count, 0);
	return done < 0 ? -errno : done;
}

static int recv_batch(struct channel *channel, void *data, int count)
{
	struct mmsghdr headers[MAX_BATCH];
	struct iovec parts[MAX_BATCH];
	int done;

	if (count > MAX_BATCH)
		count = MAX_BATCH;
	point_at(headers, parts, data, channel->bytes, count);
	done = recvmmsg(channel->in, headers, count, MSG_WAITFORONE, NULL);
	return done < 0 ? -errno : done;
}

const struct system seqpacket_system = {
	.name = "seqpacket",
	.summary = "UNIX socket, SOCK_SEQPACKET",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | MANY_RECEIVERS,
	.open = open_seqpacket,
	.send = send_message,
	.recv = recv_message,
	.send_batch = send_batch,
	.recv_batch = recv_batch,
	.close = close_pair,
};

const struct system dgram_system = {
	.name = "dgram",
	.summary = "UNIX socket, SOCK_DGRAM",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | MANY_RECEIVERS,
	.open = open_dgram,
	.send = send_message,
	.recv = recv_message,
	.send_batch = send_batch,
	.recv_batch = recv_batch,
	.close = close_pair,
};
