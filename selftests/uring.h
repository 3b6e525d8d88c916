/* SPDX-License-Identifier: GPL-2.0 */
/* As much of io_uring as is needed here, without a library. */
#ifndef URING_H
#define URING_H

#include "ipcbox_test.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

struct uring {
	int fd;
	struct io_uring_params params;
	char *queues;
	size_t queues_len;
	struct io_uring_sqe *entries;
};

HELPER void *uring_map(struct uring *ring, size_t len, off_t offset)
{
	return mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, offset);
}

/* Return: 0, or -errno where the kernel has none. */
HELPER int uring_setup(struct uring *ring)
{
	struct io_uring_params *p = &ring->params;

	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, 8, p);
	if (ring->fd < 0)
		return -errno;
	if (!(p->features & IORING_FEAT_SINGLE_MMAP))
		return -EOPNOTSUPP;
	ring->queues_len = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
	ring->queues = uring_map(ring, ring->queues_len, IORING_OFF_SQ_RING);
	ring->entries = uring_map(ring, p->sq_entries * sizeof(*ring->entries),
				  IORING_OFF_SQES);
	return ring->queues == MAP_FAILED || ring->entries == MAP_FAILED ? -ENOMEM : 0;
}

HELPER void uring_end(struct uring *ring)
{
	munmap(ring->queues, ring->queues_len);
	munmap(ring->entries, ring->params.sq_entries * sizeof(*ring->entries));
	close(ring->fd);
}

HELPER unsigned int *uring_word(struct uring *ring, __u32 offset)
{
	return (unsigned int *)(ring->queues + offset);
}

/* Multishot, which tells events until it is removed. */
HELPER void uring_poll(struct uring *ring, int fd, short events)
{
	unsigned int *tail = uring_word(ring, ring->params.sq_off.tail);

	memset(ring->entries, 0, sizeof(*ring->entries));
	ring->entries[0].opcode = IORING_OP_POLL_ADD;
	ring->entries[0].fd = fd;
	ring->entries[0].poll32_events = events;
	ring->entries[0].len = IORING_POLL_ADD_MULTI;
	*uring_word(ring, ring->params.sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0) != 1)
		abort();
}

/* The ring holds the file, also without an fd. Return: 0 or -errno. */
HELPER int uring_register(struct uring *ring, int fd)
{
	return syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES, &fd, 1) ?
		       -errno : 0;
}

HELPER bool uring_has_one(struct uring *ring)
{
	syscall(SYS_io_uring_enter, ring->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	return *uring_word(ring, ring->params.cq_off.head) !=
	       __atomic_load_n(uring_word(ring, ring->params.cq_off.tail),
			       __ATOMIC_ACQUIRE);
}

/* All events so far, or those of the next time if there are none; 0: none came. */
HELPER int uring_next(struct uring *ring)
{
	struct io_uring_cqe *told = (void *)(ring->queues + ring->params.cq_off.cqes);
	unsigned int *head = uring_word(ring, ring->params.cq_off.head);
	unsigned int mask = ring->params.cq_entries - 1;
	int events = 0;

	if (!eventually(uring_has_one(ring)))
		return 0;
	do {
		events |= told[*head & mask].res;
		__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	} while (uring_has_one(ring));
	return events;
}

#endif /* URING_H */
