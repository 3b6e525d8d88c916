// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

EXPORT int ipcbox_options_new(struct ipcbox_options **options)
{
	*options = calloc(1, sizeof(**options));
	return *options ? 0 : -ENOMEM;
}

EXPORT void ipcbox_options_free(struct ipcbox_options *options)
{
	free(options);
}

EXPORT void ipcbox_options_set_mode(struct ipcbox_options *options, mode_t mode)
{
	options->attr.mask |= IPCBOX_ATTR_MODE;
	options->attr.mode = mode;
}

EXPORT void ipcbox_options_set_owner(struct ipcbox_options *options, uid_t uid)
{
	options->attr.mask |= IPCBOX_ATTR_UID;
	options->attr.uid = uid;
}

EXPORT void ipcbox_options_set_group(struct ipcbox_options *options, gid_t gid)
{
	options->attr.mask |= IPCBOX_ATTR_GID;
	options->attr.gid = gid;
}

EXPORT void ipcbox_options_set_messages(struct ipcbox_options *options, uint64_t count)
{
	options->attr.mask |= IPCBOX_ATTR_MESSAGES;
	options->attr.max_messages = count;
}

EXPORT void ipcbox_options_set_bytes(struct ipcbox_options *options, uint64_t bytes)
{
	options->attr.mask |= IPCBOX_ATTR_BYTES;
	options->attr.max_bytes = bytes;
}

EXPORT void ipcbox_options_set_msgsize(struct ipcbox_options *options, uint64_t bytes)
{
	options->attr.mask |= IPCBOX_ATTR_MSGSIZE;
	options->attr.max_msgsize = bytes;
}

EXPORT int ipcbox_set(int fd, const struct ipcbox_options *options)
{
	struct ipcbox_set req = { .size = sizeof(req), .attr = options->attr };

	return ipcbox_ioctl(fd, IPCBOX_SET, &req);
}
