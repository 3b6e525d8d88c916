// SPDX-License-Identifier: GPL-2.0
#include "spare.h"

#include "account.h"

#include <linux/slab.h>

/* Of one sender. None where use after free is looked for: a spare would hide it. */
#define SPARES_MAX (IS_ENABLED(CONFIG_KASAN) ? 0U : 64U)

static struct kmem_cache *cache;

/**
 * ipcbox_spare_init_cache() - make the cache
 * @size: of an object
 * @align: of an object
 * @useroffset: where user memory may be copied to and from
 * @usersize: how much
 *
 * Return: 0 or -ENOMEM.
 */
int ipcbox_spare_init_cache(size_t size, size_t align, size_t useroffset,
			    size_t usersize)
{
	cache = kmem_cache_create_usercopy("ipcbox_msg", size, align, SLAB_ACCOUNT,
					   useroffset, usersize, NULL);
	return cache ? 0 : -ENOMEM;
}

/**
 * ipcbox_spare_deinit_cache() - destroy the cache, when no object is left
 */
void ipcbox_spare_deinit_cache(void)
{
	kmem_cache_destroy(cache);
}

/**
 * ipcbox_spares_init() - begin without spares
 * @spares: of a new sender
 */
void ipcbox_spares_init(struct ipcbox_spares *spares)
{
	spin_lock_init(&spares->lock);
	spares->count = 0;
	spares->first = NULL;
}

/**
 * ipcbox_spares_deinit() - free the spares
 * @spares: of a sender without references
 */
void ipcbox_spares_deinit(struct ipcbox_spares *spares)
{
	struct ipcbox_spare *spare, *next;

	for (spare = spares->first; spare; spare = next) {
		next = spare->next;
		kmem_cache_free(cache, spare);
	}
}

/* Return: how many of @count there were. */
static unsigned int take_spares(struct ipcbox_spares *spares, void **objects,
				unsigned int count)
{
	struct ipcbox_spare *spare;
	unsigned int i;

	spin_lock(&spares->lock);
	spare = spares->first;
	for (i = 0; i < count && spare; i++) {
		objects[i] = spare;
		spare = spare->next;
	}
	spares->first = spare;
	spares->count -= i;
	spin_unlock(&spares->lock);
	return i;
}

/* Return: how many of @count found a place. */
static unsigned int keep_spares(struct ipcbox_spares *spares, void **objects,
				unsigned int count)
{
	struct ipcbox_spare *spare;
	unsigned int i, room;

	spin_lock(&spares->lock);
	room = min(count, SPARES_MAX - spares->count);
	for (i = 0; i < room; i++) {
		spare = objects[i];
		spare->next = spares->first;
		spares->first = spare;
	}
	spares->count += room;
	spin_unlock(&spares->lock);
	return room;
}

/**
 * ipcbox_spares_alloc() - memory for a message
 * @spares: of its sender
 *
 * Return: the memory, or NULL.
 * Context: may sleep.
 */
void *ipcbox_spares_alloc(struct ipcbox_spares *spares)
{
	void *object;

	/* The cache has its own short ways: the lock is only for a spare. */
	if (data_race(READ_ONCE(spares->first)) && take_spares(spares, &object, 1))
		return object;
	return kmem_cache_alloc(cache, IPCBOX_GFP);
}

/**
 * ipcbox_spares_alloc_many() - memory for several messages, all or none
 * @spares: of their sender
 * @objects: out: the memory
 * @count: how many
 *
 * Return: whether there was enough.
 * Context: may sleep.
 */
bool ipcbox_spares_alloc_many(struct ipcbox_spares *spares, void **objects,
			      unsigned int count)
{
	unsigned int taken = take_spares(spares, objects, count);

	if (taken == count ||
	    kmem_cache_alloc_bulk(cache, IPCBOX_GFP, count - taken, objects + taken))
		return true;
	ipcbox_spares_free_many(spares, objects, taken);
	return false;
}

/**
 * ipcbox_spares_free_many() - give memory back
 * @spares: of the sender for whom it was allocated
 * @objects: the memory
 * @count: how many pieces
 */
void ipcbox_spares_free_many(struct ipcbox_spares *spares, void **objects,
			     unsigned int count)
{
	unsigned int kept = keep_spares(spares, objects, count);

	if (kept < count)
		kmem_cache_free_bulk(cache, count - kept, objects + kept);
}
