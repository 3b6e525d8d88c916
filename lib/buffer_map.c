// SPDX-License-Identifier: MIT
/* Buffers: how they are made, opened and mapped. */
#include "internal.h"

#include "ipcbox_buffer.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

EXPORT int ipcbox_buffer_create(const char *name, unsigned int flags,
				const struct ipcbox_options *options)
{
	struct ipcbox_buffer_create req = {
		.size = sizeof(req),
		.flags = flags,
		.name = PTR_TO_U64(name),
		.name_len = ipcbox_name_len(name),
	};

	if (options)
		req.attr = options->attr;
	return ipcbox_ioctl_device(IPCBOX_BUFFER_CREATE, &req);
}

EXPORT int ipcbox_buffer_open(const char *name, unsigned int flags)
{
	struct ipcbox_buffer_open req = {
		.size = sizeof(req),
		.flags = flags,
		.name = PTR_TO_U64(name),
		.name_len = ipcbox_name_len(name),
	};

	return ipcbox_ioctl_device(IPCBOX_BUFFER_OPEN, &req);
}

static int map_control(struct ipcbox_buffer *buffer, const struct ipcbox_buffer_layout *layout)
{
	char *control =
		mmap(NULL, layout->control_len, PROT_READ | PROT_WRITE, MAP_SHARED, buffer->fd, 0);

	if (control == MAP_FAILED)
		return -errno;
	buffer->control_len = layout->control_len;
	buffer->self = (const void *)control;
	buffer->ring = (void *)(control + layout->ring_off);
	buffer->cells = (void *)(buffer->ring + 1);
	return 0;
}

/* Map the data for writing only to send. */
static int map_data(struct ipcbox_buffer *buffer, const struct ipcbox_buffer_layout *layout)
{
	int prot = PROT_READ | (layout->directions & IPCBOX_SENDER ? PROT_WRITE : 0);

	buffer->data =
		mmap(NULL, layout->data_len, prot, MAP_SHARED, buffer->fd, (off_t)layout->data_off);
	if (buffer->data == MAP_FAILED)
		return -errno;
	buffer->data_len = layout->data_len;
	return 0;
}

/* Calls in a direction that the fd is not for fail in user space. */
static void set_directions(struct ipcbox_buffer *buffer, const struct ipcbox_buffer_layout *layout)
{
	if (layout->directions & IPCBOX_SENDER)
		buffer->send_end = buffer->max_msgsize + 1;
	if (!(layout->directions & IPCBOX_RECEIVER))
		buffer->receive_as = IPCBOX_RECEIVE_AS_NOBODY;
	else if (buffer->spsc)
		buffer->receive_as = IPCBOX_RECEIVE_AS_ONE;
	else
		buffer->receive_as = IPCBOX_RECEIVE_AS_MANY;
}

static int map(struct ipcbox_buffer *buffer, int fd)
{
	struct ipcbox_buffer_layout layout = { .size = sizeof(layout) };
	int err = ipcbox_ioctl(fd, IPCBOX_BUFFER_LAYOUT, &layout);

	if (err)
		return err;
	buffer->fd = fd;
	buffer->mask = layout.cells - 1;
	buffer->shift = (uint32_t)__builtin_ctz(layout.cells);
	buffer->spsc = layout.kind & IPCBOX_SPSC;
	buffer->max_msgsize = layout.max_msgsize;
	set_directions(buffer, &layout);
	err = map_control(buffer, &layout);
	if (err)
		return err;
	err = map_data(buffer, &layout);
	if (err)
		munmap((void *)(uintptr_t)buffer->self, buffer->control_len);
	return err;
}

EXPORT int ipcbox_buffer_map(int fd, struct ipcbox_buffer **buffer)
{
	int err;

	*buffer = NULL;
	if (fd < 0)
		return fd == -1 ? -EBADF : fd;
	*buffer = calloc(1, sizeof(**buffer));
	err = *buffer ? map(*buffer, fd) : -ENOMEM;
	if (err) {
		free(*buffer);
		*buffer = NULL;
		close(fd);
	}
	return err == -ENOTTY ? -EINVAL : err;
}

EXPORT void ipcbox_buffer_unmap(struct ipcbox_buffer *buffer)
{
	if (!buffer)
		return;
	munmap(buffer->data, buffer->data_len);
	munmap((void *)(uintptr_t)buffer->self, buffer->control_len);
	close(buffer->fd);
	free(buffer);
}
