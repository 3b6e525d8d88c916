// SPDX-License-Identifier: GPL-2.0
#include "pool.h"

#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/workqueue.h>
#include <linux/ipcbox.h>

/*
 * Of one sender: as much as a box holds by default, since on one processor it is filled
 * and emptied by turns. None where use after free is looked for.
 */
#define POOL_MAX (IS_ENABLED(CONFIG_KASAN) ? 0U : IPCBOX_DEFAULT_BYTES >> PAGE_SHIFT)

/* What has not been used for so long is freed. */
#define POOL_AGE HZ

static DEFINE_SPINLOCK(list_lock);	/* of both */
static LIST_HEAD(list);
static unsigned int listed;

static void trim(struct work_struct *work);
static DECLARE_DELAYED_WORK(trimmer, trim);

static struct page *next_of(const struct page *page)
{
	return (struct page *)page_private(page);
}

static void free_chain(struct page *page)
{
	struct page *next;

	for (; page; page = next) {
		next = next_of(page);
		set_page_private(page, 0);
		__free_page(page);
	}
}

/**
 * ipcbox_pool_init() - begin without pages
 * @pool: of a new sender
 */
void ipcbox_pool_init(struct ipcbox_pool *pool)
{
	spin_lock_init(&pool->lock);
	pool->count = 0;
	pool->first = NULL;
	pool->is_listed = false;
}

/**
 * ipcbox_pool_deinit() - free the pages
 * @pool: of a sender without references
 */
void ipcbox_pool_deinit(struct ipcbox_pool *pool)
{
	/*
	 * Nobody lists it any more; but the work may be about to take it off. Who sees
	 * that it did sees as well that it took the pages: pairs with take_old().
	 */
	if (smp_load_acquire(&pool->is_listed)) {
		spin_lock(&list_lock);
		if (pool->is_listed) {
			list_del(&pool->node);
			listed--;
		}
		spin_unlock(&list_lock);
	}
	free_chain(pool->first);
}

/* ---- the work that frees what is not used -------------------------------- */

/*
 * Return: the pages of a pool that was not used of late, which is off the list then;
 * else it goes to the end.
 */
static struct page *take_old(struct ipcbox_pool *pool)
{
	struct page *first = NULL;

	lockdep_assert_held(&list_lock);
	spin_lock(&pool->lock);
	if (time_after_eq(jiffies, pool->used + POOL_AGE)) {
		first = pool->first;
		pool->first = NULL;
		pool->count = 0;
		list_del(&pool->node);
		listed--;
		/*
		 * The last access but for the lock, which RCU keeps while it is held.
		 * Pairs with ipcbox_pool_deinit().
		 */
		smp_store_release(&pool->is_listed, false);
	} else {
		list_move_tail(&pool->node, &list);
	}
	spin_unlock(&pool->lock);
	return first;
}

/* Once around, one pool at a time: others wait for the lock, however many there are. */
static void trim(struct work_struct *work)
{
	struct page *old;
	unsigned int left;
	bool again;

	spin_lock(&list_lock);
	for (left = listed; left && !list_empty(&list); left--) {
		old = take_old(list_first_entry(&list, struct ipcbox_pool, node));
		spin_unlock(&list_lock);
		free_chain(old);
		cond_resched();
		spin_lock(&list_lock);
	}
	again = listed;
	spin_unlock(&list_lock);
	if (again)
		schedule_delayed_work(&trimmer, POOL_AGE);
}

/* Its pages are to be freed one day. */
static void enlist(struct ipcbox_pool *pool)
{
	spin_lock(&list_lock);
	spin_lock(&pool->lock);
	if (!pool->is_listed) {
		pool->is_listed = true;
		list_add_tail(&pool->node, &list);
		listed++;
	}
	spin_unlock(&pool->lock);
	spin_unlock(&list_lock);
	schedule_delayed_work(&trimmer, POOL_AGE);
}

/**
 * ipcbox_pools_stop() - end the work, when no pool is left
 */
void ipcbox_pools_stop(void)
{
	cancel_delayed_work_sync(&trimmer);
}

/* ---- use ----------------------------------------------------------------- */

/**
 * ipcbox_pool_take() - get pages that were kept
 * @pool: of the sender
 * @pages: out; the content of the pages is that of earlier messages
 * @count: how many are of use
 *
 * Return: how many there were.
 */
unsigned int ipcbox_pool_take(struct ipcbox_pool *pool, struct page **pages,
			      unsigned int count)
{
	struct page *page;
	unsigned int i;

	/* A guess, so that the lock is taken only where there seem to be some. */
	if (!data_race(READ_ONCE(pool->first)))
		return 0;
	spin_lock(&pool->lock);
	page = pool->first;
	for (i = 0; i < count && page; i++) {
		pages[i] = page;
		page = next_of(page);
	}
	pool->first = page;
	pool->count -= i;
	spin_unlock(&pool->lock);
	return i;
}

/* Return: how many of @count found a place. */
static unsigned int keep(struct ipcbox_pool *pool, struct page **pages,
			 unsigned int count, bool *is_listed)
{
	unsigned int i, room;

	spin_lock(&pool->lock);
	room = min_t(unsigned int, count, POOL_MAX - pool->count);
	for (i = 0; i < room; i++) {
		set_page_private(pages[i], (unsigned long)pool->first);
		pool->first = pages[i];
	}
	pool->count += room;
	pool->used = jiffies;
	*is_listed = pool->is_listed;
	spin_unlock(&pool->lock);
	return room;
}

/**
 * ipcbox_pool_give() - give pages back
 * @pool: of the sender for whom they were allocated
 * @pages: the pages
 * @count: how many
 */
void ipcbox_pool_give(struct ipcbox_pool *pool, struct page **pages,
		      unsigned int count)
{
	unsigned int kept;
	bool is_listed;

	kept = keep(pool, pages, count, &is_listed);
	if (kept && !is_listed)
		enlist(pool);
	for (; kept < count; kept++) {
		set_page_private(pages[kept], 0);
		__free_page(pages[kept]);
	}
}
