// SPDX-License-Identifier: GPL-2.0
#include "request.h"

#include "mailbox.h"

#include <linux/pid.h>
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
	if (copy_to_user(request->user, &request->query, min(request->user_size, size)))
		return -EFAULT;
	return 0;
}

/**
 * ipcbox_request_sender() - the sender that stands for the caller
 * @request: the command
 *
 * Return: a sender, to be put, or ERR_PTR(-ENOMEM).
 */
struct ipcbox_sender *ipcbox_request_sender(struct ipcbox_request *request)
{
	return ipcbox_sender_current(request->handle->ns, &request->handle->sender);
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
