// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Room for the ports of one LIST call; a hundred or more. */
#define LIST_ROOM 65536

/*
 * More than a name may have stays more than a name may have, so that the kernel
 * is the one that refuses it.
 */
uint32_t ipcbox_name_len(const char *name)
{
	return name ? (uint32_t)strnlen(name, IPCBOX_NAME_MAX + 1) : 0;
}

EXPORT int ipcbox_port_create(const char *name, unsigned int flags,
			      const struct ipcbox_options *options)
{
	struct ipcbox_port_create req = {
		.size = sizeof(req),
		.flags = flags,
		.name = PTR_TO_U64(name),
		.name_len = ipcbox_name_len(name),
	};

	if (options)
		req.attr = options->attr;
	return ipcbox_ioctl_device(IPCBOX_PORT_CREATE, &req);
}

EXPORT int ipcbox_port_open(const char *name, unsigned int flags)
{
	struct ipcbox_port_open req = {
		.size = sizeof(req),
		.flags = flags,
		.name = PTR_TO_U64(name),
		.name_len = ipcbox_name_len(name),
	};

	return ipcbox_ioctl_device(IPCBOX_PORT_OPEN, &req);
}

EXPORT int ipcbox_port_delete(const char *name, unsigned int flags)
{
	struct ipcbox_port_delete req = {
		.size = sizeof(req),
		.flags = flags,
		.name = PTR_TO_U64(name),
		.name_len = ipcbox_name_len(name),
	};

	return ipcbox_ioctl_device(IPCBOX_PORT_DELETE, &req);
}

/* An older kernel fills less of the stat, a newer one more than is known here. */
static int read_entry(const struct ipcbox_port_entry *entry, struct ipcbox_info *info)
{
	size_t filled = entry->stat.size;

	if (entry->name_len > IPCBOX_NAME_MAX)
		return -ENAMETOOLONG;
	if (filled > sizeof(info->stat))
		filled = sizeof(info->stat);
	memset(info, 0, sizeof(*info));
	memcpy(&info->stat, &entry->stat, filled);
	memcpy(info->name, (const char *)entry + entry->name_off, entry->name_len);
	return 0;
}

typedef int (*each_port)(const struct ipcbox_info *info, void *arg);

/* Leaves the last port told in @info, which is where the next page begins. */
static int tell_page(const void *page, uint32_t count, struct ipcbox_info *info, each_port each,
		     void *arg)
{
	const struct ipcbox_port_entry *entry = page;
	int ret = 0;

	while (count-- && !ret) {
		ret = read_entry(entry, info);
		if (!ret)
			ret = each(info, arg);
		entry = (const void *)((const char *)entry + entry->entry_len);
	}
	return ret;
}

EXPORT int ipcbox_port_list(each_port each, void *arg)
{
	struct ipcbox_info info = { .name = "" };
	struct ipcbox_port_list req;
	void *page = malloc(LIST_ROOM);
	int ret;

	if (!page)
		return -ENOMEM;
	do {
		req = (struct ipcbox_port_list){
			.size = sizeof(req),
			.after = info.name[0] ? PTR_TO_U64(info.name) : 0,
			.after_len = ipcbox_name_len(info.name),
			.buf = PTR_TO_U64(page),
			.buf_len = LIST_ROOM,
		};
		ret = ipcbox_ioctl_device(IPCBOX_PORT_LIST, &req);
		if (!ret)
			ret = tell_page(page, req.count, &info, each, arg);
	} while (!ret && req.count);
	free(page);
	return ret;
}
