// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICE "/dev/ipcbox"

/* ENOENT is left to mean that there is no such port. */
static int open_device(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENXIO)
		return -ENODEV;
	return -errno;
}

/* Pass the errno of a failed open through; -1 means "no fd". */
int ipcbox_ioctl(int fd, unsigned int command, void *arg)
{
	int ret;

	if (fd < -1)
		return fd;
	ret = ioctl(fd, command, arg);
	return ret < 0 ? -errno : ret;
}

int ipcbox_ioctl_device(unsigned int command, void *arg)
{
	int fd = open_device();
	int ret;

	if (fd < 0)
		return fd;
	ret = ipcbox_ioctl(fd, command, arg);
	close(fd);
	return ret;
}

static uint64_t pick(const struct ipcbox_query *query, enum ipcbox_key key, int *err)
{
	switch (key) {
	case IPCBOX_KEY_ABI:
		return query->abi;
	case IPCBOX_KEY_FEATURES:
		return query->features;
	case IPCBOX_KEY_NAME_MAX:
		return query->name_max;
	case IPCBOX_KEY_PRIORITY_MAX:
		return query->priority_max;
	case IPCBOX_KEY_BOX_MESSAGES:
		return query->box_messages;
	case IPCBOX_KEY_BOX_BYTES:
		return query->box_bytes;
	case IPCBOX_KEY_BOX_MSGSIZE:
		return query->box_msgsize;
	case IPCBOX_KEY_BOXES_USED:
		return query->boxes.used;
	case IPCBOX_KEY_BOXES_LIMIT:
		return query->boxes.limit;
	case IPCBOX_KEY_LINKS_USED:
		return query->links.used;
	case IPCBOX_KEY_LINKS_LIMIT:
		return query->links.limit;
	case IPCBOX_KEY_BYTES_USED:
		return query->bytes.used;
	case IPCBOX_KEY_BYTES_LIMIT:
		return query->bytes.limit;
	case IPCBOX_KEY_WAITERS_USED:
		return query->waiters.used;
	case IPCBOX_KEY_WAITERS_LIMIT:
		return query->waiters.limit;
	case IPCBOX_KEY_PAGES_USED:
		return query->pages.used;
	case IPCBOX_KEY_PAGES_LIMIT:
		return query->pages.limit;
	case IPCBOX_KEY_MEMORY_USED:
		return query->memory.used;
	case IPCBOX_KEY_MEMORY_LIMIT:
		return query->memory.limit;
	}
	*err = -EINVAL;
	return 0;
}

EXPORT int ipcbox_query(enum ipcbox_key key, uint64_t *value)
{
	struct ipcbox_query query = { .size = sizeof(query) };
	int err = ipcbox_ioctl_device(IPCBOX_QUERY, &query);
	uint64_t answer;

	if (err)
		return err;
	answer = pick(&query, key, &err);
	if (!err)
		*value = answer;
	return err;
}
