// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>

EXPORT int ipcbox_reply(int fd, uint64_t call, const void *data, size_t len, uint64_t tag)
{
	struct ipcbox_reply req = {
		.size = sizeof(req),
		.call = call,
		.data = PTR_TO_U64(data),
		.len = len,
		.tag = tag,
	};

	return ipcbox_ioctl(fd, IPCBOX_REPLY, &req);
}

static struct ipcbox_recv make_recv(const struct ipcbox_msg *msg, pid_t from, uint64_t deadline)
{
	struct ipcbox_recv recv = {
		.size = sizeof(recv),
		.data = PTR_TO_U64(msg->data),
		.capacity = msg->room,
		.from = from,
	};

	ipcbox_set_deadline(deadline, &recv.flags, &recv.deadline);
	return recv;
}

/*
 * The reply may lie in @msg. It does not move before the reply is given: that is done
 * when the next message turns out to be too long, and then there is none any more.
 */
static int reply_recv_growing(int fd, struct ipcbox_reply_recv *req, struct ipcbox_msg *msg,
			      pid_t from, uint64_t deadline)
{
	int err = ipcbox_msg_make_room(msg, FIRST_ROOM);

	while (!err) {
		req->recv = make_recv(msg, from, deadline);
		err = ipcbox_ioctl(fd, IPCBOX_REPLY_RECV, req);
		if (err != -EMSGSIZE || req->call)
			break;
		req->data = 0;
		req->len = 0;
		err = ipcbox_msg_make_room(msg, (size_t)req->recv.len);
	}
	return err;
}

EXPORT int ipcbox_reply_recv(int fd, uint64_t *call, const void *data, size_t len, uint64_t tag,
			     struct ipcbox_msg **msg, pid_t from, uint64_t deadline)
{
	struct ipcbox_reply_recv req = {
		.size = sizeof(req),
		.data = PTR_TO_U64(data),
		.len = len,
		.tag = tag,
		.call = *call,
	};
	int err = ipcbox_msg_need(msg);

	if (err)
		return err;
	err = reply_recv_growing(fd, &req, *msg, from, deadline);
	*call = err ? req.call : req.recv.call;
	if (req.call) /* what could not be given is still in the message, perhaps */
		return err;
	(*msg)->received = 0;
	(*msg)->head = req.recv;
	return ipcbox_msg_end(*msg, err);
}
