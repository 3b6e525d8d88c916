// SPDX-License-Identifier: GPL-2.0
#include "cache.h"

#include "account.h"
#include "creds.h"
#include "reclaim.h"

#include <linux/minmax.h>
#include <linux/slab.h>
#include <linux/ipcbox.h>

/*
 * For each process: as much as a box holds by default, since on one processor it is
 * filled and emptied by turns.
 */
#define OBJECTS_MAX ((unsigned int)IPCBOX_DEFAULT_MESSAGES)
#define PAGES_MAX ((unsigned int)(IPCBOX_DEFAULT_BYTES >> PAGE_SHIFT))

/* How many to get at once where there is none: the next messages will want them. */
#define REFILL 16U

/* ---- objects ------------------------------------------------------------- */

/**
 * ipcbox_cache_init() - begin with nothing
 * @cache: of new credentials
 */
void ipcbox_cache_init(struct ipcbox_cache *cache)
{
	*cache = (struct ipcbox_cache){};
	spin_lock_init(&cache->lock);
}

/* Return: how many of @count there were. */
static unsigned int take_objects(struct ipcbox_cache *cache, void **objects,
				 unsigned int count)
{
	struct ipcbox_cached_object *cached;
	unsigned int i;

	spin_lock(&cache->lock);
	cached = cache->first_object;
	for (i = 0; i < count && cached; i++) {
		objects[i] = cached;
		cached = cached->next;
	}
	cache->first_object = cached;
	cache->objects -= i;
	if (cache->objects < cache->objects_least)
		cache->objects_least = cache->objects;
	spin_unlock(&cache->lock);
	return i;
}

/* Return: how many of @count found a place. */
static unsigned int keep_objects(struct ipcbox_creds *creds, void **objects,
				 unsigned int count)
{
	struct ipcbox_cache *cache = &creds->cache;
	struct ipcbox_cached_object *cached;
	unsigned int i, room;
	bool is_listed;

	spin_lock(&cache->lock);
	room = min(count, OBJECTS_MAX - cache->objects);
	for (i = 0; i < room; i++) {
		cached = objects[i];
		cached->next = cache->first_object;
		cache->first_object = cached;
	}
	cache->objects += room;
	is_listed = cache->listed;
	spin_unlock(&cache->lock);
	if (unlikely(!is_listed) && room)
		ipcbox_cache_enlist(creds);
	return room;
}

static void free_objects(struct ipcbox_creds *creds, void **objects,
			 unsigned int count)
{
	kmem_cache_free_bulk(ipcbox_cache_slab, count, objects);
	ipcbox_memory_uncharge(creds->account, count * ipcbox_cache_object_memory());
}

/* All or none. */
static bool alloc_objects(struct ipcbox_creds *creds, void **objects,
			  unsigned int count)
{
	if (ipcbox_memory_charge(creds->account, count * ipcbox_cache_object_memory()))
		return false;
	if (kmem_cache_alloc_bulk(ipcbox_cache_slab, IPCBOX_GFP, count, objects))
		return true;
	ipcbox_memory_uncharge(creds->account, count * ipcbox_cache_object_memory());
	return false;
}

/* One, and if that is possible some for the next messages. */
static void *alloc_and_refill(struct ipcbox_creds *creds)
{
	unsigned long bytes = REFILL * ipcbox_cache_object_memory();
	void *objects[REFILL];

	/* No cache is emptied to fill this one. */
	if (ipcbox_account_charge(creds->account, IPCBOX_MEMORY, bytes))
		return alloc_objects(creds, objects, 1) ? objects[0] : NULL;
	if (!kmem_cache_alloc_bulk(ipcbox_cache_slab, IPCBOX_GFP, REFILL, objects)) {
		ipcbox_memory_uncharge(creds->account, bytes);
		return NULL;
	}
	ipcbox_cache_free_many(creds, objects + 1, REFILL - 1);
	return objects[0];
}

/* One of them, or NULL; take_objects() is made for many. */
static struct ipcbox_cached_object *take_object(struct ipcbox_cache *cache)
{
	struct ipcbox_cached_object *cached;

	spin_lock(&cache->lock);
	cached = cache->first_object;
	if (likely(cached)) {
		cache->first_object = cached->next;
		if (--cache->objects < cache->objects_least)
			cache->objects_least = cache->objects;
	}
	spin_unlock(&cache->lock);
	return cached;
}

/**
 * ipcbox_cache_alloc() - memory for a short message
 * @creds: who sends it
 *
 * Return: the memory, or NULL.
 * Context: may sleep.
 */
void *ipcbox_cache_alloc(struct ipcbox_creds *creds)
{
	struct ipcbox_cache *cache = &creds->cache;
	struct ipcbox_cached_object *cached = NULL;

	/* A guess, so that the lock is taken only where there seems to be one. */
	if (data_race(READ_ONCE(cache->first_object)))
		cached = take_object(cache);
	return cached ?: alloc_and_refill(creds);
}

/**
 * ipcbox_cache_alloc_many() - memory for several short messages, all or none
 * @creds: who sends them
 * @objects: out: the memory
 * @count: how many
 *
 * Return: whether there was enough.
 * Context: may sleep.
 */
bool ipcbox_cache_alloc_many(struct ipcbox_creds *creds, void **objects,
			     unsigned int count)
{
	unsigned int taken = take_objects(&creds->cache, objects, count);

	if (taken == count || alloc_objects(creds, objects + taken, count - taken))
		return true;
	ipcbox_cache_free_many(creds, objects, taken);
	return false;
}

/**
 * ipcbox_cache_free_many() - give memory of short messages back
 * @creds: for whom it was allocated
 * @objects: the memory
 * @count: how many pieces
 */
void ipcbox_cache_free_many(struct ipcbox_creds *creds, void **objects,
			    unsigned int count)
{
	unsigned int kept = keep_objects(creds, objects, count);

	if (kept < count)
		free_objects(creds, objects + kept, count - kept);
}

static noinline void free_object_slow(struct ipcbox_creds *creds, void *object)
{
	ipcbox_cache_free_many(creds, &object, 1);
}

/**
 * ipcbox_cache_free() - give memory of a short message back
 * @creds: for whom it was allocated
 * @object: the memory
 */
void ipcbox_cache_free(struct ipcbox_creds *creds, void *object)
{
	struct ipcbox_cache *cache = &creds->cache;
	struct ipcbox_cached_object *cached = object;
	bool keep;

	spin_lock(&cache->lock);
	keep = cache->listed && cache->objects < OBJECTS_MAX;
	if (likely(keep)) {
		cached->next = cache->first_object;
		cache->first_object = cached;
		cache->objects++;
	}
	spin_unlock(&cache->lock);
	if (unlikely(!keep))
		free_object_slow(creds, object);
}

/* ---- pages --------------------------------------------------------------- */

/**
 * ipcbox_cache_take_pages() - get pages that are cached
 * @creds: who sends the message
 * @pages: out; the content of the pages is that of earlier messages
 * @count: how many are of use
 *
 * Return: how many there were.
 */
unsigned int ipcbox_cache_take_pages(struct ipcbox_creds *creds,
				     struct page **pages, unsigned int count)
{
	struct ipcbox_cache *cache = &creds->cache;
	struct page *page;
	unsigned int i;

	/* A guess, so that the lock is taken only where there seem to be some. */
	if (!data_race(READ_ONCE(cache->first_page)))
		return 0;
	spin_lock(&cache->lock);
	page = cache->first_page;
	for (i = 0; i < count && page; i++) {
		pages[i] = page;
		page = ipcbox_cache_next_page(page);
	}
	cache->first_page = page;
	cache->pages -= i;
	if (cache->pages < cache->pages_least)
		cache->pages_least = cache->pages;
	spin_unlock(&cache->lock);
	return i;
}

/* Return: how many of @count found a place. */
static unsigned int keep_pages(struct ipcbox_creds *creds, struct page **pages,
			       unsigned int count)
{
	struct ipcbox_cache *cache = &creds->cache;
	unsigned int i, room;
	bool is_listed;

	spin_lock(&cache->lock);
	room = min(count, PAGES_MAX - cache->pages);
	for (i = 0; i < room; i++) {
		set_page_private(pages[i], (unsigned long)cache->first_page);
		cache->first_page = pages[i];
	}
	cache->pages += room;
	is_listed = cache->listed;
	spin_unlock(&cache->lock);
	if (unlikely(!is_listed) && room)
		ipcbox_cache_enlist(creds);
	return room;
}

/**
 * ipcbox_cache_free_pages() - give pages back
 * @creds: for whom they were allocated
 * @pages: the pages
 * @count: how many
 */
void ipcbox_cache_free_pages(struct ipcbox_creds *creds, struct page **pages,
			     unsigned int count)
{
	unsigned int i, kept = keep_pages(creds, pages, count);

	if (kept == count)
		return;
	for (i = kept; i < count; i++)
		ipcbox_cache_free_page(pages[i]);
	ipcbox_memory_uncharge(creds->account, (count - kept) * PAGE_SIZE);
}
