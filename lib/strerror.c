// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <string.h>

static const struct {
	int err;
	const char *text;
} texts[] = {
	{ E2BIG, "the kernel's ipcbox is older than this program; update the module" },
	{ EACCES, "its mode, or that of /dev/ipcbox, does not let this user do that; its owner "
		  "can widen the mode" },
	{ EAGAIN, "it would have to wait; try again later, or let it wait" },
	{ EBADF, "not open for that direction; open it for receiving or for sending" },
	{ EBADMSG, "somebody spoiled what is in the buffer; delete it, and make a new one" },
	{ ECONNREFUSED, "that process has no mailbox open; wait until it has" },
	{ EDQUOT, "limit of pages of buffers; delete a buffer, or see the sysctls "
		  "net.ipcbox.user_pages and max_pages" },
	{ EEXIST, "it exists already; choose another name, or open that one" },
	{ EFAULT, "bad address; this is a bug of the program" },
	{ EIDRM, "the port or buffer was removed; there is nothing more to do on it" },
	{ EINTR, "a signal came first; call again, or stop" },
	{ EINVAL, "a name, number or flag is not valid; a name has no '/' and no control "
		  "characters, a mode is at most 0666, a limit at least 1, a message not larger "
		  "than its box; "
		  "the sizes of a buffer cannot be changed, and it has no limit of messages" },
	{ EMFILE, "this process has too many open files; close some or raise ulimit -n" },
	{ EMLINK, "limit of links; see the sysctls net.ipcbox.user_links and max_links" },
	{ EMSGSIZE, "the message is too long; split it, raise the box's msgsize, or give "
		    "the receiver more room" },
	{ ENAMETOOLONG, "the name is too long; 255 bytes is the most" },
	{ ENFILE, "the system has too many open files; see the sysctl fs.file-max" },
	{ ENOBUFS, "limit of queued bytes; receive some, wait for it, or see the sysctls "
		   "net.ipcbox.user_bytes and max_bytes" },
	{ ENODEV, "there is no /dev/ipcbox; load the module with 'modprobe ipcbox', or give the "
		  "container the device" },
	{ ENOENT, "there is no port of that name, and no buffer; create it first" },
	{ ENOMEM, "out of memory, or of the share of this cgroup or user; free some, or raise the "
		  "limit: the cgroup's, or the sysctls net.ipcbox.user_memory and max_memory" },
	{ ENOSPC, "limit of ports, buffers and mailboxes; delete some, or see the sysctls "
		  "net.ipcbox.user_boxes and max_boxes" },
	{ ENOTTY, "this fd cannot do that; is it one of ipcbox, and of the right kind?" },
	{ EPERM, "only its owner may do that, or a process with CAP_IPC_OWNER; another owner, or a "
		 "group that the caller is not in, needs CAP_CHOWN" },
	{ EPIPE, "the other side is gone; nobody is left to send to, receive from or answer" },
	{ EPROTOTYPE,
	  "the name is that of another kind, a buffer where a port is meant, a port where "
	  "a buffer is, or a buffer that is shared otherwise; open it as what it is, or "
	  "choose another name" },
	{ ERANGE, "above what the system allows; see the sysctls net.ipcbox.box_*" },
	{ ESRCH, "there is no such process; look at its pid again" },
	{ ETIMEDOUT, "the time is up; wait longer, or check the other side" },
	{ EUSERS, "limit of waiting calls; see the sysctls net.ipcbox.user_waiters and "
		  "max_waiters; or too many processes have the buffer mapped" },
};

EXPORT const char *ipcbox_strerror(int err)
{
	size_t i;

	/* The negation of INT_MIN is not an int. */
	if (err < 0 && err >= -4095)
		err = -err;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].err == err)
			return texts[i].text;
	return strerror(err);
}
