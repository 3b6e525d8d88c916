/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Helpers for tests of buffers that use the library: a buffer, and messages that differ
 * from each other.
 */
#ifndef BUFFER_TEST_H
#define BUFFER_TEST_H

#include "buffers.h"
#include "ipcbox_test.h"

#include <ipcbox_buffer.h>

#define CELL IPCBOX_CELL_SIZE

/* A buffer of so many bytes, a message of which may fill it; -errno. */
HELPER int test_buffer_create(const struct stage *s, __u32 flags, __u64 bytes,
			      struct ipcbox_buffer **buffer)
{
	return ipcbox_buffer_map(buffer_create_sized(s->control, s->name, flags,
						     bytes, bytes), buffer);
}

HELPER int test_buffer_open(const struct stage *s, __u32 flags,
			    struct ipcbox_buffer **buffer)
{
	return ipcbox_buffer_map(buffer_open(s->control, s->name, flags), buffer);
}

/* The shortest message that differs from any other. */
HELPER int put_number(struct ipcbox_buffer *buffer, __u64 number)
{
	return ipcbox_buffer_send(buffer, &number, sizeof(number), IPCBOX_NOWAIT);
}

/* The number of the next message, or -errno. */
HELPER long long take_number(struct ipcbox_buffer *buffer)
{
	__u64 number = 0;
	ssize_t len = ipcbox_buffer_recv(buffer, &number, sizeof(number),
					 IPCBOX_NOWAIT);

	if (len < 0)
		return len;
	return len == sizeof(number) ? (long long)number : -EBADMSG;
}

/* Messages of any length, in which each byte depends on the number and its place. */
HELPER void write_pattern(void *data, size_t len, unsigned int number)
{
	for (size_t i = 0; i < len; i++)
		((unsigned char *)data)[i] = number + i * 7 + (i >> 8);
}

HELPER bool has_pattern(const void *data, size_t len, unsigned int number)
{
	for (size_t i = 0; i < len; i++)
		if (((const unsigned char *)data)[i] !=
		    (unsigned char)(number + i * 7 + (i >> 8)))
			return false;
	return true;
}

HELPER int put_pattern(struct ipcbox_buffer *buffer, size_t len,
		       unsigned int number)
{
	struct ipcbox_slot slot;
	int err = ipcbox_buffer_reserve(buffer, &slot, len, IPCBOX_NOWAIT);

	if (err)
		return err;
	write_pattern(slot.data, len, number);
	slot.tag = number;
	return ipcbox_buffer_commit(buffer, &slot);
}

/* 0 if the next message is that one. */
HELPER int take_pattern(struct ipcbox_buffer *buffer, size_t len,
			unsigned int number)
{
	struct ipcbox_slot slot;
	int err = ipcbox_buffer_peek(buffer, &slot, IPCBOX_NOWAIT);

	if (err)
		return err;
	if (slot.len != len || slot.tag != number ||
	    !has_pattern(slot.data, len, number))
		return -EBADMSG;
	return ipcbox_buffer_release(buffer, &slot);
}

/* Is the next message, which is left there, that number? */
HELPER long long look_at_number(struct ipcbox_buffer *buffer)
{
	struct ipcbox_slot slot;
	long long number = ipcbox_buffer_peek(buffer, &slot, IPCBOX_NOWAIT);

	if (!number) {
		number = slot.len == sizeof(__u64) ? *(long long *)slot.data : -EBADMSG;
		if (ipcbox_buffer_put_back(buffer, &slot))
			return -EINVAL;
	}
	return number;
}

/* How many messages of one cell find room, before it is full. */
HELPER int fill_up(struct ipcbox_buffer *buffer)
{
	int n = 0;

	while (!put_number(buffer, 1000000 + n))
		n++;
	return n;
}

/* How many messages there are, all of which are taken. */
HELPER int drain(struct ipcbox_buffer *buffer)
{
	static char data[1 << 16];
	int n = 0;

	while (ipcbox_buffer_recv(buffer, data, sizeof(data), IPCBOX_NOWAIT) >= 0)
		n++;
	return n;
}

#endif /* BUFFER_TEST_H */
