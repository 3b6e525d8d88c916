/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_POOL_H
#define _IPCBOX_POOL_H

/**
 * DOC: pool
 *
 * Pages of long messages. To get a page and to give it back costs more than to copy
 * it, where the kernel clears each page that it gives (init_on_alloc) and charges it.
 * So the pages of a freed message are kept for the next ones of the same sender, who
 * has them charged to its memory cgroup: up to 1 MiB for each. What has not been used
 * for a second is freed by a work that runs only where pages are kept.
 *
 * The locks are spinlocks, taken with no other: the list of all pools, and within it
 * the one of a pool.
 */

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct page;

struct ipcbox_pool {
	spinlock_t lock;		/* of what follows, but for node */
	unsigned int count;
	struct page *first;		/* linked by page_private() */
	unsigned long used;		/* when, in jiffies */
	bool is_listed;
	struct list_head node;		/* under the lock of the list */
};

void ipcbox_pool_init(struct ipcbox_pool *pool);
void ipcbox_pool_deinit(struct ipcbox_pool *pool);
void ipcbox_pools_stop(void);

unsigned int ipcbox_pool_take(struct ipcbox_pool *pool, struct page **pages,
			      unsigned int count);
void ipcbox_pool_give(struct ipcbox_pool *pool, struct page **pages,
		      unsigned int count);

#endif /* _IPCBOX_POOL_H */
