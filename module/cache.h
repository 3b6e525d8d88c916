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
 * memory. It is bounded and given back:
 *
 * - a cache has a bound of its own, and all that a user has cached is within the
 *   user's limit, as everything else is;
 * - each second a cache loses what was not used in that second, also if the rest is in
 *   use; that of a process that has ended loses all;
 * - where a charge would fail, the caches under the limit that is reached are emptied
 *   first;
 * - a shrinker empties caches where the system is short of memory. It is not one for
 *   memory cgroups: at the limit of a cgroup, caches of its processes only age.
 *
 * A cache that has something is *listed*: in the list of all, in that of its account and
 * in that of its namespace. Each is there for those who empty caches, who take one at a
 * time, free what was in it without a lock, and so take as many steps as there were
 * messages or pages put into it before. While it is listed, its credentials are held. So
 * new credentials are listed with nothing, see creds.h: the next who empties the cache
 * lets them go.
 *
 * Lock order: the lock of the lists, and within it cache->lock. Both are spinlocks,
 * taken with no other. The shrinker may run in any allocation that may sleep: none is
 * made under one of them.
 */

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct ipcbox_account;
struct ipcbox_creds;
struct ipcbox_cached_object;
struct page;

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

int ipcbox_caches_init(size_t size, size_t align, size_t useroffset,
		       size_t usersize);
void ipcbox_caches_deinit(void);
void ipcbox_caches_empty(struct ipcbox_account *account);
void ipcbox_caches_end(struct ipcbox_account *total);

int ipcbox_memory_charge(struct ipcbox_account *account, unsigned long bytes);
void ipcbox_memory_make_room(struct ipcbox_account *account, unsigned long bytes);
void ipcbox_memory_uncharge(struct ipcbox_account *account, unsigned long bytes);

void ipcbox_cache_init(struct ipcbox_cache *cache);
void ipcbox_cache_enlist(struct ipcbox_creds *creds);

size_t ipcbox_cache_object_memory(void);
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
