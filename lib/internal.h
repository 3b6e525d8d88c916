/* SPDX-License-Identifier: MIT */
/*
 * What the files of libipcbox share: the one way into the kernel, and the insides
 * of the opaque types.
 */
#ifndef IPCBOX_INTERNAL_H
#define IPCBOX_INTERNAL_H

#include "ipcbox.h"

/* All else is hidden: the library is built with -fvisibility=hidden. */
#define EXPORT __attribute__((visibility("default")))

/* How kernel structs carry a pointer. */
#define PTR_TO_U64(ptr) ((uint64_t)(uintptr_t)(ptr))

struct ipcbox_options {
	struct ipcbox_attr attr;
};

struct ipcbox_info {
	struct ipcbox_stat stat;
	char name[IPCBOX_NAME_MAX + 1];
};

/* The only caller of ioctl(2). Return: its result, or a negative errno. */
int ipcbox_ioctl(int fd, unsigned int command, void *arg);

/* The same on a control fd that is opened for this one call. */
int ipcbox_ioctl_device(unsigned int command, void *arg);

#endif /* IPCBOX_INTERNAL_H */
