/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Buffers without the library: one thin wrapper for each command, as in commands.h,
 * and their pages as they are.
 */
#ifndef BUFFERS_H
#define BUFFERS_H

#include "commands.h"

#include <linux/ipcbox_buffer.h>
#include <sys/mman.h>

HELPER int buffer_create_sized(int control, const char *name, __u32 flags,
			       __u64 bytes, __u64 msgsize)
{
	return buffer_create_attr(control, name, flags, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_BYTES | IPCBOX_ATTR_MSGSIZE,
		.max_bytes = bytes, .max_msgsize = msgsize });
}

HELPER int buffer_open(int control, const char *name, __u32 flags)
{
	struct ipcbox_buffer_open o = {
		.size = sizeof(o), .flags = flags, .name = to_u64(name),
		.name_len = strlen(name),
	};

	return command(control, IPCBOX_BUFFER_OPEN, &o);
}

HELPER int buffer_layout(int fd, struct ipcbox_buffer_layout *layout)
{
	memset(layout, POISON, sizeof(*layout));
	layout->size = sizeof(*layout);
	layout->flags = 0;
	return command(fd, IPCBOX_BUFFER_LAYOUT, layout);
}

/* For receiving: one message. */
HELPER int buffer_wait(int fd, __u32 flags, __u32 cells, __u64 deadline)
{
	struct ipcbox_buffer_wait w = {
		.size = sizeof(w), .flags = flags, .deadline = deadline,
		.cells = cells,
	};

	return command(fd, IPCBOX_BUFFER_WAIT, &w);
}

HELPER int buffer_wake(int fd, __u32 whom)
{
	struct ipcbox_buffer_wake w = { .size = sizeof(w), .flags = whom };

	return command(fd, IPCBOX_BUFFER_WAKE, &w);
}

/* A buffer's pages; what could not be mapped is MAP_FAILED. */
struct pages {
	struct ipcbox_buffer_layout layout;
	char *control;
	char *data;
	struct ipcbox_buffer_self *self;
	struct ipcbox_ring_head *ring;
	struct ipcbox_cell *cells;
};

HELPER void *map_control(int fd, const struct ipcbox_buffer_layout *layout)
{
	return mmap(NULL, layout->control_len, PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
}

HELPER void *map_data(int fd, const struct ipcbox_buffer_layout *layout,
		      int prot)
{
	return mmap(NULL, layout->data_len, prot, MAP_SHARED, fd,
		    layout->data_off);
}

/* 0 when all of them are mapped. */
HELPER int pages_map(struct pages *p, int fd)
{
	int ret = buffer_layout(fd, &p->layout);
	int prot = PROT_READ;

	if (ret)
		return ret;
	if (p->layout.directions & IPCBOX_SENDER)
		prot |= PROT_WRITE;
	p->control = map_control(fd, &p->layout);
	if (p->control == MAP_FAILED)
		return -errno;
	p->data = map_data(fd, &p->layout, prot);
	if (p->data == MAP_FAILED) {
		ret = -errno;
		munmap(p->control, p->layout.control_len);
		return ret;
	}
	p->self = (void *)p->control;
	p->ring = (void *)(p->control + p->layout.ring_off);
	p->cells = (void *)(p->ring + 1);
	return 0;
}

HELPER void pages_unmap(struct pages *p)
{
	munmap(p->data, p->layout.data_len);
	munmap(p->control, p->layout.control_len);
}

/* Under which number this process marks what it has in hand. */
HELPER __u32 owner_number(const struct ipcbox_buffer_self *self)
{
	return self->writing >> IPCBOX_WORD_OWNER_SHIFT;
}

/* Pages of the buffers in this network namespace, or -errno. */
HELPER long long pages_used(int control)
{
	struct ipcbox_query q;
	int ret = box_query(control, &q);

	return ret ? ret : (long long)q.pages.used;
}

#endif /* BUFFERS_H */
