/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of libipcbox: the one way into the kernel, and the opaque types.
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

/* The room that a first receive makes; a longer message takes a second call. */
#define FIRST_ROOM 4096

struct ipcbox_msg {
	struct ipcbox_recv head;
	uint32_t received; /* of a call: see struct ipcbox_call */
	size_t room;
	char *data;
};

/* message.c. A deadline of the library, as the kernel takes it. */
void ipcbox_set_deadline(uint64_t deadline, uint32_t *flags, __u64 *field);

/* deadline.c. Has it passed? That of IPCBOX_NOWAIT has, that of IPCBOX_FOREVER never. */
int ipcbox_is_past(uint64_t deadline);

/* Makes *@msg if there is none. */
int ipcbox_msg_need(struct ipcbox_msg **msg);

/*
 * The old content of the message is lost. No room is smaller than FIRST_ROOM, so
 * that what a message holds stays while no more than that is asked for.
 */
int ipcbox_msg_make_room(struct ipcbox_msg *msg, size_t room);

/* A receive has ended so: after an error the message is empty. Return: @err. */
int ipcbox_msg_end(struct ipcbox_msg *msg, int err);

/* port.c. The length of a name, or of NULL, as far as the kernel looks at it. */
uint32_t ipcbox_name_len(const char *name);

/* The only caller of ioctl(2). Return: its result, or a negative errno. */
int ipcbox_ioctl(int fd, unsigned int command, void *arg);

/* The same on a control fd that is opened for this one call. */
int ipcbox_ioctl_device(unsigned int command, void *arg);

#endif /* IPCBOX_INTERNAL_H */
