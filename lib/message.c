// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

void ipcbox_set_deadline(uint64_t deadline, uint32_t *flags, __u64 *field)
{
	if (deadline == IPCBOX_NOWAIT)
		*flags |= IPCBOX_NONBLOCK;
	else
		*field = deadline;
}

static struct ipcbox_send make_send(const void *data, size_t len, uint64_t deadline,
				    unsigned int priority, uint64_t tag)
{
	struct ipcbox_send req = {
		.size = sizeof(req),
		.data = PTR_TO_U64(data),
		.len = len,
		.tag = tag,
		.priority = priority,
	};

	ipcbox_set_deadline(deadline, &req.flags, &req.deadline);
	return req;
}

EXPORT int ipcbox_send(int fd, const void *data, size_t len)
{
	return ipcbox_send_until(fd, data, len, IPCBOX_FOREVER, 0, 0);
}

EXPORT int ipcbox_send_until(int fd, const void *data, size_t len, uint64_t deadline,
			     unsigned int priority, uint64_t tag)
{
	struct ipcbox_send req = make_send(data, len, deadline, priority, tag);

	return ipcbox_ioctl(fd, IPCBOX_SEND, &req);
}

EXPORT int ipcbox_send_to(pid_t pid, const void *data, size_t len, uint64_t deadline,
			  unsigned int priority, uint64_t tag)
{
	struct ipcbox_send req = make_send(data, len, deadline, priority, tag);

	req.pid = pid;
	return ipcbox_ioctl_device(IPCBOX_SEND, &req);
}

EXPORT ssize_t ipcbox_recv(int fd, void *buf, size_t capacity)
{
	struct ipcbox_recv req = {
		.size = sizeof(req),
		.data = PTR_TO_U64(buf),
		.capacity = capacity,
	};
	int err = ipcbox_ioctl(fd, IPCBOX_RECV, &req);

	return err ? err : (ssize_t)req.len;
}

int ipcbox_msg_need(struct ipcbox_msg **msg)
{
	if (!*msg)
		*msg = calloc(1, sizeof(**msg));
	return *msg ? 0 : -ENOMEM;
}

int ipcbox_msg_make_room(struct ipcbox_msg *msg, size_t room)
{
	char *data;

	if (msg->data && room <= msg->room)
		return 0;
	if (room < FIRST_ROOM)
		room = FIRST_ROOM;
	data = malloc(room + 1); /* and the zero byte */
	if (!data)
		return -ENOMEM;
	free(msg->data);
	msg->data = data;
	msg->room = room;
	return 0;
}

int ipcbox_msg_end(struct ipcbox_msg *msg, int err)
{
	if (err)
		msg->head = (struct ipcbox_recv){ 0 };
	if (msg->data)
		msg->data[msg->head.len] = '\0';
	return err;
}

static int recv_once(int fd, struct ipcbox_msg *msg, pid_t from, uint64_t deadline)
{
	struct ipcbox_recv *head = &msg->head;

	*head = (struct ipcbox_recv){
		.size = sizeof(*head),
		.data = PTR_TO_U64(msg->data),
		.capacity = msg->room,
		.from = from,
	};
	ipcbox_set_deadline(deadline, &head->flags, &head->deadline);
	return ipcbox_ioctl(fd, IPCBOX_RECV, head);
}

/*
 * More than one turn is needed if the next message is longer than there is room
 * for, and more than two if somebody else takes that one and leaves a longer one.
 */
static int recv_growing(int fd, struct ipcbox_msg *msg, pid_t from, uint64_t deadline)
{
	int err = ipcbox_msg_make_room(msg, FIRST_ROOM);

	while (!err) {
		err = recv_once(fd, msg, from, deadline);
		if (err != -EMSGSIZE)
			break;
		err = ipcbox_msg_make_room(msg, (size_t)msg->head.len);
	}
	return err;
}

EXPORT int ipcbox_recv_msg(int fd, struct ipcbox_msg **msg, pid_t from, uint64_t deadline)
{
	int err = ipcbox_msg_need(msg);

	if (err)
		return err;
	(*msg)->received = 0;
	return ipcbox_msg_end(*msg, recv_growing(fd, *msg, from, deadline));
}

EXPORT void ipcbox_msg_free(struct ipcbox_msg *msg)
{
	if (!msg)
		return;
	free(msg->data);
	free(msg);
}

EXPORT const void *ipcbox_msg_data(const struct ipcbox_msg *msg)
{
	return msg->data ? msg->data : "";
}

#define GETTER(type, name)                                          \
	EXPORT type ipcbox_msg_##name(const struct ipcbox_msg *msg) \
	{                                                           \
		return (type)msg->head.name;                        \
	}

GETTER(size_t, len)
GETTER(pid_t, pid)
GETTER(uid_t, uid)
GETTER(gid_t, gid)
GETTER(unsigned int, priority)
GETTER(uint64_t, tag)
GETTER(uint64_t, seq)
GETTER(uint64_t, call)
GETTER(size_t, reply_max)
