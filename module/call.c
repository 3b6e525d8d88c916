// SPDX-License-Identifier: GPL-2.0
#include "call.h"

#include "mailbox.h"

#include <linux/pid.h>
#include <linux/uaccess.h>

/**
 * ipcbox_call_respond() - write the struct of a command back
 * @call: the command, with what is to be told in its struct
 * @size: size of the struct; as much of it as the caller knows is written
 *
 * Return: 0 or -EFAULT.
 */
int ipcbox_call_respond(struct ipcbox_call *call, size_t size)
{
	if (copy_to_user(call->user, &call->query, min(call->user_size, size)))
		return -EFAULT;
	return 0;
}

/**
 * ipcbox_call_sender() - the sender that stands for the caller
 * @call: the command
 *
 * Return: a sender, to be put, or ERR_PTR(-ENOMEM).
 */
struct ipcbox_sender *ipcbox_call_sender(struct ipcbox_call *call)
{
	return ipcbox_sender_current(call->handle->ns, &call->handle->sender);
}

/**
 * ipcbox_call_get_process() - a process by its number, as the caller sees it
 * @nr: from the caller
 *
 * Return: its pid, to be put, or an ERR_PTR: -EINVAL, -ESRCH. The process may
 * have ended, and the number may be that of a thread.
 */
struct pid *ipcbox_call_get_process(s32 nr)
{
	struct pid *pid;

	if (nr <= 0)
		return ERR_PTR(-EINVAL);
	pid = find_get_pid(nr);
	return pid ?: ERR_PTR(-ESRCH);
}

/**
 * ipcbox_call_find_mailbox() - the mailbox of a process, to send to it
 * @call: the command
 * @pid: of the process, or an ERR_PTR; its reference passes to this function
 *
 * Return: the mailbox, to be put, or an ERR_PTR: that of @pid, -ECONNREFUSED,
 * -ESRCH.
 */
struct ipcbox_mailbox *ipcbox_call_find_mailbox(struct ipcbox_call *call,
						struct pid *pid)
{
	struct ipcbox_mailbox *mailbox;

	if (IS_ERR(pid))
		return ERR_CAST(pid);
	/* Its children may go on with the mailbox of a process that has ended. */
	if (ipcbox_process_ended(pid))
		mailbox = ERR_PTR(-ESRCH);
	else
		mailbox = ipcbox_mailbox_find(call->handle->ns, pid) ?:
			  ERR_PTR(-ECONNREFUSED);
	put_pid(pid);
	return mailbox;
}
