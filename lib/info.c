// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

EXPORT int ipcbox_stat(int fd, struct ipcbox_info **info)
{
	struct ipcbox_stat stat = { .size = sizeof(stat) };
	int err = ipcbox_ioctl(fd, IPCBOX_STAT, &stat);

	if (err)
		return err;
	if (!*info)
		*info = calloc(1, sizeof(**info));
	if (!*info)
		return -ENOMEM;
	(*info)->stat = stat;
	return 0;
}

EXPORT void ipcbox_info_free(struct ipcbox_info *info)
{
	free(info);
}

EXPORT const char *ipcbox_info_name(const struct ipcbox_info *info)
{
	return info->name;
}

#define GETTER(type, name, field)                                      \
	EXPORT type ipcbox_info_##name(const struct ipcbox_info *info) \
	{                                                              \
		return info->stat.field;                               \
	}

GETTER(unsigned int, kind, kind)
GETTER(unsigned int, state, state)
GETTER(mode_t, mode, mode)
GETTER(uid_t, owner, uid)
GETTER(gid_t, group, gid)
GETTER(pid_t, pid, pid)
GETTER(uint64_t, id, id)
GETTER(uint64_t, max_messages, max_messages)
GETTER(uint64_t, max_bytes, max_bytes)
GETTER(uint64_t, max_msgsize, max_msgsize)
GETTER(uint64_t, messages, messages)
GETTER(uint64_t, bytes, bytes)
GETTER(uint64_t, sent, sent)
GETTER(uint64_t, received, received)
GETTER(unsigned int, receivers, receivers)
GETTER(unsigned int, senders, senders)
GETTER(unsigned int, calls, calls)
