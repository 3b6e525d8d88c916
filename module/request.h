/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_REQUEST_H
#define _IPCBOX_REQUEST_H

/**
 * DOC: request
 *
 * A command on its way through the table in ioctl.c to its handler: the struct
 * as it was read from user space and checked, where it came from, and what
 * handlers share.
 */

#include "handle.h"
#include "mailbox.h"
#include "name.h"
#include "wait.h"

#include <linux/build_bug.h>
#include <linux/fs.h>
#include <linux/stddef.h>
#include <linux/ipcbox_buffer.h>

struct ipcbox_request {
	struct file *file;
	struct ipcbox_handle *handle;
	void __user *user;
	size_t user_size;
	union {
		struct {
			u32 size;
			u32 flags;
		};
		struct ipcbox_query query;
		struct ipcbox_mailbox_open mailbox_open;
		struct ipcbox_link_open link_open;
		struct ipcbox_port_create port_create;
		struct ipcbox_port_open port_open;
		struct ipcbox_port_delete port_delete;
		struct ipcbox_port_list port_list;
		struct ipcbox_send send;
		struct ipcbox_recv recv;
		struct ipcbox_call call;
		struct ipcbox_reply reply;
		struct ipcbox_reply_recv reply_recv;
		struct ipcbox_query whole;	/* none is larger */
		struct ipcbox_send_batch send_batch;
		struct ipcbox_recv_batch recv_batch;
		struct ipcbox_stat stat;
		struct ipcbox_set set;
		struct ipcbox_buffer_create buffer_create;
		struct ipcbox_buffer_open buffer_open;
		struct ipcbox_buffer_layout buffer_layout;
		struct ipcbox_buffer_wait buffer_wait;
		struct ipcbox_buffer_wake buffer_wake;
	};
};

static_assert(sizeof(struct ipcbox_request) ==
	      offsetofend(struct ipcbox_request, whole));

int ipcbox_request_respond(struct ipcbox_request *request, size_t size);
ktime_t ipcbox_request_deadline(u64 deadline);

/* The credentials of the caller, to be put; or ERR_PTR(-ENOMEM). */
static inline struct ipcbox_creds *
ipcbox_request_creds(const struct ipcbox_request *request)
{
	struct ipcbox_handle *handle = request->handle;

	return ipcbox_creds_get_current(handle->ns, &handle->recent_creds);
}

/*
 * How the caller is willing to wait; @flags are those of the command, or of its part
 * that waits, and the account of @creds, those of the caller, is charged.
 */
static inline struct ipcbox_wait_options
ipcbox_request_wait_options(const struct ipcbox_request *request, u64 deadline,
			    u32 flags, const struct ipcbox_creds *creds)
{
	/* fcntl(2) may change it meanwhile: then either answer is right. */
	unsigned int f_flags = data_race(READ_ONCE(request->file->f_flags));

	return (struct ipcbox_wait_options){
		.nonblock = flags & IPCBOX_NONBLOCK || f_flags & O_NONBLOCK,
		.deadline = deadline ? ipcbox_request_deadline(deadline) : KTIME_MAX,
		.account = creds->account,
	};
}

int ipcbox_request_read_name(struct ipcbox_name *name, u64 bytes, u32 len);
int ipcbox_request_prepare_fd(struct ipcbox_fd *fd,
			      const struct ipcbox_request *request,
			      const char *name);

struct pid *ipcbox_request_get_process(s32 nr);
struct ipcbox_mailbox *ipcbox_request_find_mailbox(struct ipcbox_request *request,
						   struct pid *pid);

/* A lane to send to, for one command. */
struct ipcbox_route {
	struct ipcbox_lane *lane;
	struct ipcbox_mailbox *mailbox;	/* by pid: held meanwhile, and the link */
	struct ipcbox_link *link;
};

int ipcbox_route_open_named(struct ipcbox_route *route,
			    struct ipcbox_request *request, s32 pid,
			    struct ipcbox_creds *creds);
void ipcbox_route_close_link(struct ipcbox_route *route);

/**
 * ipcbox_route_open() - where a command sends to
 * @route: out; to be closed
 * @request: the command
 * @pid: the process that it names, on the control fd
 * @creds: of the caller
 *
 * Return: 0, -EBADF, -EINVAL, -EPIPE, or as for ipcbox_mailbox_connect().
 */
static inline int ipcbox_route_open(struct ipcbox_route *route,
				    struct ipcbox_request *request, s32 pid,
				    struct ipcbox_creds *creds)
{
	struct ipcbox_handle *handle = request->handle;

	route->lane = handle->lane;
	route->link = NULL;
	if (!route->lane || pid)
		return ipcbox_route_open_named(route, request, pid, creds);
	/* The process at the other end of a link may be gone. */
	return !handle->link || ipcbox_mailbox_check(handle->mailbox) ? 0 : -EPIPE;
}

/**
 * ipcbox_route_close() - end the use of a route
 * @route: from ipcbox_route_open()
 */
static inline void ipcbox_route_close(struct ipcbox_route *route)
{
	if (route->link)
		ipcbox_route_close_link(route);
}

#endif /* _IPCBOX_REQUEST_H */
