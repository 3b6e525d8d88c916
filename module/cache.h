/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_CACHE_H
#define _IPCBOX_CACHE_H

/**
 * DOC: message cache and page cache
 *
 * Memory for messages. A short message, and the header of one that has a few pages, is
 * an object of a slab cache; a long one has pages. To get either and to give it back
 * costs more than to copy what is in it, where the kernel clears and charges all that
 * it gives. So what a freed message had is kept for the next ones of its sender, who is
 * the one who pays: in the account (IPCBOX_MEMORY) as in the memory cgroup.
 *
 * What is cached stays charged, so a steady stream of messages touches no counter of
 * memory. A cache has a bound of its own, and all that a user has cached is within the
 * user's limit, as everything else is. reclaim.h says how caches give memory back.
 */

#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct ipcbox_creds;

/* A cached object begins with this link. */
struct ipcbox_cached_object {
	struct ipcbox_cached_object *next;
};

/* The lists that a cache is in. */
enum ipcbox_cache_list {
	IPCBOX_CACHES_ALL,
	IPCBOX_CACHES_ACCOUNT,
	IPCBOX_CACHES_NS,
	IPCBOX_CACHES_LISTS
};

struct ipcbox_cache {
	spinlock_t lock;		/* of what follows, but for the nodes */
	unsigned int objects;		/* kept now, */
	unsigned int objects_least;	/* and at least, since it was last looked at */
	unsigned int pages;		/* likewise */
	unsigned int pages_least;
	struct ipcbox_cached_object *first_object;
	struct page *first_page;	/* linked by page_private() */
	bool listed;
	struct list_head nodes[IPCBOX_CACHES_LISTS]; /* under the lock of the lists */
};

static inline struct page *ipcbox_cache_next_page(const struct page *page)
{
	return (struct page *)page_private(page);
}

/* A page that was kept, and is not charged any more. */
static inline void ipcbox_cache_free_page(struct page *page)
{
	set_page_private(page, 0);
	__free_page(page);
}

void ipcbox_cache_init(struct ipcbox_cache *cache);

void *ipcbox_cache_alloc(struct ipcbox_creds *creds);
bool ipcbox_cache_alloc_many(struct ipcbox_creds *creds, void **objects,
			     unsigned int count);
void ipcbox_cache_free_many(struct ipcbox_creds *creds, void **objects,
			    unsigned int count);

void ipcbox_cache_free(struct ipcbox_creds *creds, void *object);

unsigned int ipcbox_cache_take_pages(struct ipcbox_creds *creds,
				     struct page **pages, unsigned int count);
void ipcbox_cache_free_pages(struct ipcbox_creds *creds, struct page **pages,
			     unsigned int count);

#endif /* _IPCBOX_CACHE_H */
