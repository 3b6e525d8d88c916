// SPDX-License-Identifier: GPL-2.0
#include "request.h"

#include "copy.h"
#include "deadline.h"
#include "mailbox.h"

#include <linux/pid.h>
#include <linux/time_namespace.h>
#include <linux/uaccess.h>

/**
 * ipcbox_request_respond() - write the struct of a command back
 * @request: the command, with what is to be told in its struct
 * @size: size of the struct; as much of it as the caller knows is written
 *
 * Return: 0 or -EFAULT.
 */
int ipcbox_request_respond(struct ipcbox_request *request, size_t size)
{
	return ipcbox_copy_to_user(request->user, &request->whole,
				   min(request->user_size, size));
}

/**
 * ipcbox_request_deadline() - when to give up, as the kernel counts
 * @deadline: as the caller counts; not 0
 *
 * Return: that.
 */
ktime_t ipcbox_request_deadline(u64 deadline)
{
	struct timespec64 offset = { 0 };

	timens_add_monotonic(&offset);
	return ipcbox_deadline_shift(deadline, timespec64_to_ns(&offset));
}

/**
 * ipcbox_request_read_name() - read a name out of user memory
 * @name: out
 * @bytes: pointer to it
 * @len: its length, as the caller says
 *
 * Return: 0, -EFAULT, -EINVAL or -ENAMETOOLONG.
 */
int ipcbox_request_read_name(struct ipcbox_name *name, u64 bytes, u32 len)
{
	int err;

	err = ipcbox_name_check_len(len);
	if (err)
		return err;
	if (copy_from_user(name->bytes, u64_to_user_ptr(bytes), len))
		return -EFAULT;
	name->bytes[len] = '\0';
	name->len = len;
	return ipcbox_name_check_bytes(name);
}

/**
 * ipcbox_request_prepare_fd() - reserve all that a new fd needs
 * @fd: out
 * @request: the command, on a control fd
 * @name: what /proc/PID/fd shows
 *
 * Return: as ipcbox_fd_prepare().
 */
int ipcbox_request_prepare_fd(struct ipcbox_fd *fd,
			      const struct ipcbox_request *request,
			      const char *name)
{
	return ipcbox_fd_prepare(fd, request->file, name,
				 request->flags & IPCBOX_NONBLOCK ? O_NONBLOCK : 0);
}

/**
 * ipcbox_request_get_process() - a process by its number, as the caller sees it
 * @nr: from the caller
 *
 * Return: its pid, to be put, or an ERR_PTR: -EINVAL, -ESRCH. The process may
 * have ended, and the number may be that of a thread.
 */
struct pid *ipcbox_request_get_process(s32 nr)
{
	struct pid *pid;

	if (nr <= 0)
		return ERR_PTR(-EINVAL);
	pid = find_get_pid(nr);
	return pid ?: ERR_PTR(-ESRCH);
}

/**
 * ipcbox_request_find_mailbox() - the mailbox of a process, to send to it
 * @request: the command
 * @pid: of the process, or an ERR_PTR; its reference passes to this function
 *
 * Return: the mailbox, to be put, or an ERR_PTR: that of @pid, -ECONNREFUSED,
 * -ESRCH.
 */
struct ipcbox_mailbox *ipcbox_request_find_mailbox(struct ipcbox_request *request,
						   struct pid *pid)
{
	struct ipcbox_mailbox *mailbox;

	if (IS_ERR(pid))
		return ERR_CAST(pid);
	/* Its children may go on with the mailbox of a process that has ended. */
	if (ipcbox_process_ended(pid))
		mailbox = ERR_PTR(-ESRCH);
	else
		mailbox = ipcbox_mailbox_find(request->handle->ns, pid) ?:
			  ERR_PTR(-ECONNREFUSED);
	put_pid(pid);
	return mailbox;
}

static int open_link(struct ipcbox_route *route, struct ipcbox_request *request,
		     s32 nr, struct ipcbox_creds *creds)
{
	struct pid *pid = ipcbox_request_get_process(nr);

	route->mailbox = ipcbox_request_find_mailbox(request, pid);
	if (IS_ERR(route->mailbox))
		return PTR_ERR(route->mailbox);
	route->link = ipcbox_mailbox_connect(route->mailbox, creds->account);
	if (IS_ERR(route->link)) {
		ipcbox_mailbox_put(route->mailbox);
		return PTR_ERR(route->link);
	}
	route->lane = &route->link->lane;
	return 0;
}

/**
 * ipcbox_route_open_named() - ipcbox_route_open(), where the fd has no lane or the
 *	command names a process
 * @route: out; to be closed
 * @request: the command
 * @pid: the process that it names, or 0
 * @creds: of the caller
 *
 * Return: 0, -EBADF, -EINVAL, or as for ipcbox_mailbox_connect().
 */
int ipcbox_route_open_named(struct ipcbox_route *route,
			    struct ipcbox_request *request, s32 pid,
			    struct ipcbox_creds *creds)
{
	if (request->handle->kind == IPCBOX_HANDLE_CONTROL)
		return open_link(route, request, pid, creds);
	return pid ? -EINVAL : -EBADF;
}

/**
 * ipcbox_route_close_link() - ipcbox_route_close(), of a route by pid
 * @route: from ipcbox_route_open()
 */
void ipcbox_route_close_link(struct ipcbox_route *route)
{
	ipcbox_link_put(&route->mailbox->links, route->link);
	ipcbox_mailbox_put(route->mailbox);
}
