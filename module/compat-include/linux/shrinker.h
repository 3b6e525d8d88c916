/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Before commit c42d50aefd17 ("mm: shrinker: add infrastructure for dynamically
 * allocating shrinker", 6.7) the caller gave the memory of a shrinker. One that could
 * not be registered is never called, and unregistering it does nothing.
 */
#ifndef _IPCBOX_COMPAT_LINUX_SHRINKER_H
#define _IPCBOX_COMPAT_LINUX_SHRINKER_H

#include_next <linux/shrinker.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#include <linux/slab.h>

static inline struct shrinker *shrinker_alloc(unsigned int flags, const char *name)
{
	return kzalloc(sizeof(struct shrinker), GFP_KERNEL);
}

static inline void shrinker_register(struct shrinker *shrinker)
{
	if (register_shrinker(shrinker, "ipcbox"))
		pr_warn("ipcbox: no shrinker\n");
}

static inline void shrinker_free(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
	kfree(shrinker);
}
#endif

#endif /* _IPCBOX_COMPAT_LINUX_SHRINKER_H */
