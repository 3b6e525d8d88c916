// SPDX-License-Identifier: MIT
#include "internal.h"

EXPORT int ipcbox_mailbox_open(unsigned int flags, const struct ipcbox_options *options)
{
	struct ipcbox_mailbox_open req = { .size = sizeof(req), .flags = flags };

	if (options)
		req.attr = options->attr;
	return ipcbox_ioctl_device(IPCBOX_MAILBOX_OPEN, &req);
}

static int open_link(int peer, unsigned int flags)
{
	struct ipcbox_link_open req = {
		.size = sizeof(req),
		.flags = flags,
		.peer = peer,
	};

	return ipcbox_ioctl_device(IPCBOX_LINK_OPEN, &req);
}

EXPORT int ipcbox_link_open(pid_t pid, unsigned int flags)
{
	return open_link(pid, flags);
}

EXPORT int ipcbox_link_open_pidfd(int pidfd, unsigned int flags)
{
	return open_link(pidfd, flags | IPCBOX_PIDFD);
}
