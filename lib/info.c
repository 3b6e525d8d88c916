// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

#include <linux/ipcbox_buffer.h>

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

/* A buffer has a power of two of bytes, and a page of them at least. */
static uint64_t bytes_of_buffer(uint64_t bytes)
{
	uint64_t size = IPCBOX_BUFFER_MIN;

	while (size < bytes && size < IPCBOX_BUFFER_MAX)
		size *= 2;
	return size;
}

EXPORT unsigned int ipcbox_info_differs(const struct ipcbox_info *info,
					const struct ipcbox_options *options)
{
	const struct ipcbox_attr *asked = &options->attr;
	const struct ipcbox_stat *is = &info->stat;
	uint64_t bytes = is->kind == IPCBOX_KIND_BUFFER ? bytes_of_buffer(asked->max_bytes)
							: asked->max_bytes;
	unsigned int differs = 0;

	if (asked->mode != is->mode)
		differs |= IPCBOX_ATTR_MODE;
	if (asked->uid != is->uid)
		differs |= IPCBOX_ATTR_UID;
	if (asked->gid != is->gid)
		differs |= IPCBOX_ATTR_GID;
	if (asked->max_messages != is->max_messages)
		differs |= IPCBOX_ATTR_MESSAGES;
	if (bytes != is->max_bytes)
		differs |= IPCBOX_ATTR_BYTES;
	if (asked->max_msgsize != is->max_msgsize)
		differs |= IPCBOX_ATTR_MSGSIZE;
	return differs & asked->mask;
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
