// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * ipcbox: calls and batches, by the commands of the module itself. The library has
 * calls for them too, which these do not use: they show the cost of the module. A
 * program that goes through the library pays for the library as well, which is not
 * measured here; plain sends and receives (ipcbox.c) do go through it.
 */
#include "ipcbox_call.h"

#include <errno.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include <linux/ipcbox.h>

#define PTR_TO_U64(ptr) ((uint64_t)(uintptr_t)(ptr))

/* Which call a server is to answer: each is the only one of its process. */
static uint64_t open_call;

int ipcbox_call_send(struct channel *channel, void *data)
{
	struct ipcbox_call req = {
		.size = sizeof(req),
		.data = PTR_TO_U64(data),
		.len = channel->bytes,
		.reply = PTR_TO_U64(data),
		.capacity = channel->bytes,
	};

	return ioctl(channel->out, IPCBOX_CALL, &req) < 0 ? -errno : 0;
}

int ipcbox_call_serve(struct channel *channel, void *data, bool first)
{
	struct ipcbox_reply_recv req = {
		.size = sizeof(req),
		.data = PTR_TO_U64(data),
		.len = first ? 0 : channel->bytes,
		.call = first ? 0 : open_call,
		.recv = {
			.size = sizeof(req.recv),
			.data = PTR_TO_U64(data),
			.capacity = channel->bytes,
		},
	};

	if (ioctl(channel->in, IPCBOX_REPLY_RECV, &req) < 0)
		return -errno;
	open_call = req.recv.call;
	return 0;
}

int ipcbox_call_end(struct channel *channel, void *data)
{
	struct ipcbox_reply req = {
		.size = sizeof(req),
		.call = open_call,
		.data = PTR_TO_U64(data),
		.len = channel->bytes,
	};

	return ioctl(channel->in, IPCBOX_REPLY, &req) < 0 ? -errno : 0;
}

#define MAX_BATCH 64

int ipcbox_batch_send(struct channel *channel, const void *data, int count)
{
	struct ipcbox_send_entry entries[MAX_BATCH];
	struct ipcbox_send_batch req = {
		.size = sizeof(req),
		.entries = PTR_TO_U64(entries),
		.count = count < MAX_BATCH ? count : MAX_BATCH,
		.entry_size = sizeof(entries[0]),
	};
	uint32_t i;
	int done;

	for (i = 0; i < req.count; i++)
		entries[i] = (struct ipcbox_send_entry){
			.data = PTR_TO_U64((const char *)data + i * channel->bytes),
			.len = channel->bytes,
		};
	done = ioctl(channel->out, IPCBOX_SEND_BATCH, &req);
	return done < 0 ? -errno : done;
}

int ipcbox_batch_recv(struct channel *channel, void *data, int count)
{
	struct ipcbox_recv_entry entries[MAX_BATCH];
	struct ipcbox_recv_batch req = {
		.size = sizeof(req),
		.entries = PTR_TO_U64(entries),
		.count = count < MAX_BATCH ? count : MAX_BATCH,
		.entry_size = sizeof(entries[0]),
	};
	uint32_t i;
	int done;

	for (i = 0; i < req.count; i++)
		entries[i] = (struct ipcbox_recv_entry){
			.data = PTR_TO_U64((char *)data + i * channel->bytes),
			.capacity = channel->bytes,
		};
	done = ioctl(channel->in, IPCBOX_RECV_BATCH, &req);
	return done < 0 ? -errno : done;
}
