/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_RING_H
#define _IPCBOX_RING_H

/**
 * DOC: ring
 *
 * The shared pages of a buffer as the kernel sees them: written by strangers at any
 * time. What the words mean, and by which rules they are changed, stands in
 * <linux/ipcbox_buffer.h>. The kernel keeps to these rules as one more process; it
 * has no lock here that the others would know of.
 *
 * Each word is read once and then judged; an index is masked before it is used; and
 * every loop ends after a number of steps that is known before, whatever it sees: a
 * look for those who wait after a few hundred, a count of all messages or a recovery
 * after one for each cell. If what is there makes no sense, or takes longer, callers
 * are told that there is something to look at: the program that looks will find that
 * out for itself, and nobody else is concerned.
 */

#include <linux/math.h>
#include <linux/types.h>
#include <linux/ipcbox_buffer.h>

struct ipcbox_ring {
	struct ipcbox_ring_head *shared;
	u32 shift;			/* 2^shift cells */
	bool spsc;			/* without words */
};

void ipcbox_ring_init(struct ipcbox_ring *ring, void *pages, u32 shift,
		      bool spsc);
void ipcbox_ring_init_nobody(void *page);

unsigned int ipcbox_ring_ready(const struct ipcbox_ring *ring,
			       unsigned int enough);
u32 ipcbox_ring_room(const struct ipcbox_ring *ring);

/* Every cell there is: it ends there. */
#define IPCBOX_RING_RECOVER_ALL U32_MAX
bool ipcbox_ring_recover(const struct ipcbox_ring *ring, u32 dead, u32 steps,
			 unsigned int *recovered);

void ipcbox_ring_count(const struct ipcbox_ring *ring, u64 *messages,
		       u64 *bytes);

static inline u32 ipcbox_ring_cells(const struct ipcbox_ring *ring)
{
	return 1U << ring->shift;
}

/* How many cells a message of @len bytes takes; also one without payload. */
static inline u32 ipcbox_ring_cells_for(u32 len)
{
	return len ? DIV_ROUND_UP(len, IPCBOX_CELL_SIZE) : 1;
}

static inline size_t ipcbox_ring_size(u32 shift)
{
	return sizeof(struct ipcbox_ring_head) +
	       (sizeof(struct ipcbox_cell) << shift);
}

#endif /* _IPCBOX_RING_H */
