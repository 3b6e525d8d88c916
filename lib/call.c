// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

static struct ipcbox_call make_call(const void *request, size_t len, uint64_t deadline,
				    unsigned int priority, uint64_t tag)
{
	struct ipcbox_call req = {
		.size = sizeof(req),
		.data = PTR_TO_U64(request),
		.len = len,
		.tag = tag,
		.priority = priority,
	};

	ipcbox_set_deadline(deadline, &req.flags, &req.deadline);
	return req;
}

/* On a port or link, or for a pid on the device. */
static int command(int fd, struct ipcbox_call *req)
{
	return req->pid ? ipcbox_ioctl_device(IPCBOX_CALL, req)
			: ipcbox_ioctl(fd, IPCBOX_CALL, req);
}

EXPORT ssize_t ipcbox_call(int fd, const void *request, size_t len, void *reply, size_t capacity)
{
	struct ipcbox_call req = make_call(request, len, IPCBOX_FOREVER, 0, 0);
	int err;

	req.reply = PTR_TO_U64(reply);
	req.capacity = capacity;
	err = ipcbox_ioctl(fd, IPCBOX_CALL, &req);
	return err ? err : (ssize_t)req.reply_len;
}

static void set_head(struct ipcbox_msg *reply, const struct ipcbox_call *req)
{
	reply->head = (struct ipcbox_recv){
		.pid = req->reply_pid,
		.uid = req->reply_uid,
		.gid = req->reply_gid,
		.len = req->reply_len,
		.tag = req->reply_tag,
	};
}

/*
 * The server learns the room that was asked for, even if the message has more. The old
 * content stays until the call is over, since the request may lie in it.
 */
static int call_msg(int fd, struct ipcbox_call *req, struct ipcbox_msg *reply, size_t room)
{
	struct ipcbox_msg bigger = { .room = 0 };
	int err = 0;

	if (room > IPCBOX_MSGSIZE_MAX)
		room = IPCBOX_MSGSIZE_MAX;
	if (!reply->data || reply->room < room)
		err = ipcbox_msg_make_room(&bigger, room);
	if (err)
		return err;
	req->reply = PTR_TO_U64(bigger.data ? bigger.data : reply->data);
	req->capacity = room;
	err = command(fd, req);
	if (bigger.data) {
		free(reply->data);
		reply->data = bigger.data;
		reply->room = bigger.room;
	}
	return err;
}

static int call(int fd, struct ipcbox_call *req, struct ipcbox_msg **reply, size_t room)
{
	int err = ipcbox_msg_need(reply);

	if (err)
		return err;
	err = call_msg(fd, req, *reply, room);
	(*reply)->received = req->received;
	set_head(*reply, req);
	return ipcbox_msg_end(*reply, err);
}

EXPORT int ipcbox_call_until(int fd, const void *request, size_t len, uint64_t deadline,
			     unsigned int priority, uint64_t tag, struct ipcbox_msg **reply,
			     size_t room)
{
	struct ipcbox_call req = make_call(request, len, deadline, priority, tag);

	return call(fd, &req, reply, room);
}

EXPORT int ipcbox_call_served(int fd, const void *request, size_t len, uint64_t deadline,
			      unsigned int priority, uint64_t tag, struct ipcbox_msg **reply,
			      size_t room)
{
	struct ipcbox_call req = make_call(request, len, deadline, priority, tag);

	req.flags |= IPCBOX_IF_SERVED;
	return call(fd, &req, reply, room);
}

EXPORT int ipcbox_call_to(pid_t pid, const void *request, size_t len, uint64_t deadline,
			  unsigned int priority, uint64_t tag, struct ipcbox_msg **reply,
			  size_t room)
{
	struct ipcbox_call req = make_call(request, len, deadline, priority, tag);

	if (pid <= 0) {
		if (*reply) {
			(*reply)->received = 0;
			ipcbox_msg_end(*reply, -EINVAL);
		}
		return -EINVAL;
	}
	req.pid = pid;
	return call(-1, &req, reply, room);
}

EXPORT int ipcbox_msg_received(const struct ipcbox_msg *msg)
{
	return msg && msg->received;
}
