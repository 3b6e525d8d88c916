/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_RECLAIM_H
#define _IPCBOX_RECLAIM_H

/**
 * DOC: reclaim
 *
 * Kernel memory is charged here, and the caches of processes (cache.h) give it back:
 *
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
 * messages or pages put into it before. While it is listed, its credentials are held. So new
 * credentials are listed with nothing, see creds.h: the next who empties the cache lets
 * them go.
 *
 * Lock order: the lock of the lists, and within it cache->lock. Both are spinlocks,
 * taken with no other. The shrinker may run in any allocation that may sleep: none is
 * made under one of them.
 */

#include <linux/types.h>

struct ipcbox_account;
struct ipcbox_creds;
struct kmem_cache;

/* Of the objects that caches keep. */
extern struct kmem_cache *ipcbox_cache_slab;
size_t ipcbox_cache_object_memory(void);

int ipcbox_caches_init(size_t size, size_t align, size_t useroffset,
		       size_t usersize);
void ipcbox_caches_deinit(void);
void ipcbox_caches_empty(struct ipcbox_account *account);
void ipcbox_caches_end(struct ipcbox_account *total);
void ipcbox_cache_enlist(struct ipcbox_creds *creds);

int ipcbox_memory_charge(struct ipcbox_account *account, unsigned long bytes);
void ipcbox_memory_make_room(struct ipcbox_account *account, unsigned long bytes);
void ipcbox_memory_uncharge(struct ipcbox_account *account, unsigned long bytes);

#endif /* _IPCBOX_RECLAIM_H */
