/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_SPARE_H
#define _IPCBOX_SPARE_H

/**
 * DOC: spare
 *
 * Memory for short messages, and for the headers of those that have a few pages. It
 * comes from a slab cache and is charged to the memory cgroup of who asks for it. When
 * the message is freed, it is kept for the next one of the same sender, so that whoever
 * uses it is the one who pays; a few for each sender, until the sender is freed.
 *
 * The lock of the spares is a spinlock, taken with no other and nothing within.
 */

#include <linux/spinlock.h>
#include <linux/types.h>

struct ipcbox_spare {
	struct ipcbox_spare *next;
};

struct ipcbox_spares {
	spinlock_t lock;		/* of both */
	unsigned int count;
	struct ipcbox_spare *first;
};

int ipcbox_spare_init_cache(size_t size, size_t align, size_t useroffset,
			    size_t usersize);
void ipcbox_spare_deinit_cache(void);

void ipcbox_spares_init(struct ipcbox_spares *spares);
void ipcbox_spares_deinit(struct ipcbox_spares *spares);

void *ipcbox_spares_alloc(struct ipcbox_spares *spares);
bool ipcbox_spares_alloc_many(struct ipcbox_spares *spares, void **objects,
			      unsigned int count);
void ipcbox_spares_free_many(struct ipcbox_spares *spares, void **objects,
			     unsigned int count);

static inline void ipcbox_spares_free(struct ipcbox_spares *spares, void *object)
{
	ipcbox_spares_free_many(spares, &object, 1);
}

#endif /* _IPCBOX_SPARE_H */
