// SPDX-License-Identifier: MIT
#include "internal.h"

static struct ipcbox_send_batch make_batch(struct ipcbox_send_entry *entries, unsigned int count,
					   uint64_t deadline)
{
	struct ipcbox_send_batch req = {
		.size = sizeof(req),
		.entries = PTR_TO_U64(entries),
		.count = count,
		.entry_size = sizeof(*entries),
	};

	ipcbox_set_deadline(deadline, &req.flags, &req.deadline);
	return req;
}

EXPORT int ipcbox_send_batch(int fd, struct ipcbox_send_entry *entries, unsigned int count,
			     uint64_t deadline)
{
	struct ipcbox_send_batch req = make_batch(entries, count, deadline);

	return ipcbox_ioctl(fd, IPCBOX_SEND_BATCH, &req);
}

EXPORT int ipcbox_send_batch_to(pid_t pid, struct ipcbox_send_entry *entries, unsigned int count,
				uint64_t deadline)
{
	struct ipcbox_send_batch req = make_batch(entries, count, deadline);

	req.pid = pid;
	return ipcbox_ioctl_device(IPCBOX_SEND_BATCH, &req);
}

EXPORT int ipcbox_recv_batch(int fd, struct ipcbox_recv_entry *entries, unsigned int count,
			     pid_t from, uint64_t deadline)
{
	struct ipcbox_recv_batch req = {
		.size = sizeof(req),
		.entries = PTR_TO_U64(entries),
		.count = count,
		.entry_size = sizeof(*entries),
		.from = from,
	};

	ipcbox_set_deadline(deadline, &req.flags, &req.deadline);
	return ipcbox_ioctl(fd, IPCBOX_RECV_BATCH, &req);
}
