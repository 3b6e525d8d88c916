// SPDX-License-Identifier: GPL-2.0
#include "reclaim.h"

#include "account.h"
#include "creds.h"

#include <linux/gfp.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

/* A cache loses what was not used for so long. */
#define AGE HZ

struct kmem_cache *ipcbox_cache_slab;
static size_t object_memory;		/* that one of its objects takes */

static DEFINE_SPINLOCK(list_lock);	/* of the lists */
static LIST_HEAD(all);
static unsigned int listed;		/* in it; read without the lock, as a hint */

static void age_all(struct work_struct *work);
static DECLARE_DELAYED_WORK(ageing, age_all);
static struct shrinker *shrinker;

static struct ipcbox_creds *creds_of(struct ipcbox_cache *cache)
{
	return container_of(cache, struct ipcbox_creds, cache);
}

/* ---- lists --------------------------------------------------------------- */

/**
 * ipcbox_cache_enlist() - let a cache be looked at, and hold its credentials until then
 * @creds: new; or with something in its cache now, for which somebody has to come
 */
void ipcbox_cache_enlist(struct ipcbox_creds *creds)
{
	struct ipcbox_account *account = creds->account;
	struct ipcbox_cache *cache = &creds->cache;

	spin_lock(&list_lock);
	spin_lock(&cache->lock);
	if (!cache->listed) {
		cache->listed = true;
		ipcbox_creds_get(creds);
		list_add_tail(&cache->nodes[IPCBOX_CACHES_ALL], &all);
		list_add_tail(&cache->nodes[IPCBOX_CACHES_ACCOUNT], &account->caches);
		list_add_tail(&cache->nodes[IPCBOX_CACHES_NS],
			      ipcbox_account_caches_of_ns(account));
		WRITE_ONCE(listed, listed + 1);
	}
	spin_unlock(&cache->lock);
	spin_unlock(&list_lock);
	schedule_delayed_work(&ageing, AGE);
}

/* The reference that the lists have passes to the caller. */
static void delist(struct ipcbox_cache *cache)
{
	int i;

	lockdep_assert_held(&list_lock);
	lockdep_assert_held(&cache->lock);
	for (i = 0; i < IPCBOX_CACHES_LISTS; i++)
		list_del(&cache->nodes[i]);
	cache->listed = false;
	WRITE_ONCE(listed, listed - 1);
}

static struct ipcbox_cache *first_of(struct list_head *list,
				     enum ipcbox_cache_list which)
{
	return container_of(list->next - which, struct ipcbox_cache, nodes[0]);
}

/* ---- what is taken out --------------------------------------------------- */

/* What is to be freed, and the credentials, which are held, that it is charged to. */
struct haul {
	struct ipcbox_creds *creds;
	struct ipcbox_cached_object *objects;
	struct page *pages;
};

static void haul_objects(struct haul *haul, struct ipcbox_cache *cache,
			 unsigned int count)
{
	struct ipcbox_cached_object *last;

	haul->objects = NULL;
	cache->objects -= count;
	cache->objects_least = cache->objects;
	if (!count)
		return;
	haul->objects = cache->first_object;
	for (last = haul->objects; --count; last = last->next)
		;
	cache->first_object = last->next;
	last->next = NULL;
}

static void haul_pages(struct haul *haul, struct ipcbox_cache *cache,
		       unsigned int count)
{
	struct page *last;

	haul->pages = NULL;
	cache->pages -= count;
	cache->pages_least = cache->pages;
	if (!count)
		return;
	haul->pages = cache->first_page;
	for (last = haul->pages; --count; last = ipcbox_cache_next_page(last))
		;
	cache->first_page = ipcbox_cache_next_page(last);
	set_page_private(last, 0);
}

/* Take what was not used of late, or all. What is empty then is not listed any more. */
static void haul_from(struct haul *haul, struct ipcbox_cache *cache, bool everything)
{
	lockdep_assert_held(&list_lock);
	haul->creds = creds_of(cache);
	spin_lock(&cache->lock);
	haul_objects(haul, cache, everything ? cache->objects : cache->objects_least);
	haul_pages(haul, cache, everything ? cache->pages : cache->pages_least);
	if (cache->objects || cache->pages)
		ipcbox_creds_get(haul->creds);
	else
		delist(cache);
	spin_unlock(&cache->lock);
}

static void haul_free(struct haul *haul)
{
	struct ipcbox_cached_object *object;
	struct page *page;
	unsigned long bytes = 0;

	while ((object = haul->objects)) {
		haul->objects = object->next;
		kmem_cache_free(ipcbox_cache_slab, object);
		bytes += object_memory;
	}
	while ((page = haul->pages)) {
		haul->pages = ipcbox_cache_next_page(page);
		ipcbox_cache_free_page(page);
		bytes += PAGE_SIZE;
	}
	ipcbox_account_uncharge(haul->creds->account, IPCBOX_MEMORY, bytes);
	ipcbox_creds_put(haul->creds);
}

/* Empty the first cache of a list. Return: whether there was one. */
static bool empty_first(struct list_head *list, enum ipcbox_cache_list which)
{
	struct haul haul;

	spin_lock(&list_lock);
	if (list_empty(list)) {
		spin_unlock(&list_lock);
		return false;
	}
	haul_from(&haul, first_of(list, which), true);
	spin_unlock(&list_lock);
	haul_free(&haul);
	cond_resched();
	return true;
}

/*
 * Empty the caches that are in a list now, but @max at most; one at a time, so that
 * others wait for the lock no longer. Return: how many there were.
 */
static unsigned int empty_list(struct list_head *list, enum ipcbox_cache_list which,
			       unsigned int max)
{
	unsigned int count = 0;

	while (count < max && empty_first(list, which)) {
		count++;
		if (fatal_signal_pending(current))
			break;
	}
	return count;
}

/**
 * ipcbox_caches_empty() - empty the caches of an account
 * @account: a user's, or that of a namespace, which has those of all its users
 *
 * Those that come meanwhile are left, so that this has an end. The memory may still
 * be charged for a moment, where somebody else empties one of them.
 */
void ipcbox_caches_empty(struct ipcbox_account *account)
{
	empty_list(&account->caches,
		   ipcbox_account_is_total(account) ? IPCBOX_CACHES_NS :
						      IPCBOX_CACHES_ACCOUNT,
		   READ_ONCE(listed));
}

/**
 * ipcbox_caches_end() - empty the caches of a namespace that nobody uses any more
 * @total: its account
 *
 * No signal ends it: credentials that kept something would keep the namespace.
 */
void ipcbox_caches_end(struct ipcbox_account *total)
{
	while (empty_first(&total->caches, IPCBOX_CACHES_NS))
		;
}

/* ---- the work and the shrinker ------------------------------------------- */

/* Once around. What is used goes to the end of the list. */
static void age_all(struct work_struct *work)
{
	struct ipcbox_cache *cache;
	unsigned int left;
	struct haul haul;
	bool again;

	spin_lock(&list_lock);
	for (left = listed; left && !list_empty(&all); left--) {
		cache = first_of(&all, IPCBOX_CACHES_ALL);
		list_move_tail(&cache->nodes[IPCBOX_CACHES_ALL], &all);
		haul_from(&haul, cache,
			  !pid_has_task(creds_of(cache)->pid, PIDTYPE_TGID));
		spin_unlock(&list_lock);
		haul_free(&haul);
		cond_resched();
		spin_lock(&list_lock);
	}
	again = listed;
	spin_unlock(&list_lock);
	if (again)
		schedule_delayed_work(&ageing, AGE);
}

/*
 * Nobody counts what is in all caches: the shrinker is told that each has so much. It
 * takes half of that at a time (seeks is 0), in batches of half a cache. So it comes for
 * a single cache too, and empties one cache with each batch: all that are listed.
 */
#define TOLD_OF_EACH 32UL

static unsigned long count_caches(struct shrinker *self, struct shrink_control *control)
{
	unsigned long count = READ_ONCE(listed) * TOLD_OF_EACH;

	return count ?: SHRINK_EMPTY;
}

static unsigned long scan_caches(struct shrinker *self, struct shrink_control *control)
{
	unsigned long caches = DIV_ROUND_UP(control->nr_to_scan, TOLD_OF_EACH);
	unsigned long emptied;

	emptied = empty_list(&all, IPCBOX_CACHES_ALL, min_t(unsigned long, caches, INT_MAX));
	return emptied ? emptied * TOLD_OF_EACH : SHRINK_STOP;
}

/**
 * ipcbox_caches_init() - prepare for credentials
 * @size: of an object for a short message
 * @align: of it
 * @useroffset: where user memory may be copied to and from
 * @usersize: how much
 *
 * Return: 0 or -ENOMEM.
 */
int ipcbox_caches_init(size_t size, size_t align, size_t useroffset,
		       size_t usersize)
{
	ipcbox_cache_slab = kmem_cache_create_usercopy("ipcbox_msg", size, align,
						       SLAB_ACCOUNT, useroffset,
						       usersize, NULL);
	if (!ipcbox_cache_slab)
		return -ENOMEM;
	/* With its part of the end of a page, and of the list of who pays for which. */
	object_memory = kmem_cache_size(ipcbox_cache_slab) + 2 * sizeof(void *);
	shrinker = shrinker_alloc(0, "ipcbox");
	if (!shrinker) {
		kmem_cache_destroy(ipcbox_cache_slab);
		return -ENOMEM;
	}
	shrinker->count_objects = count_caches;
	shrinker->scan_objects = scan_caches;
	shrinker->seeks = 0;
	shrinker->batch = TOLD_OF_EACH / 2;
	shrinker_register(shrinker);
	return 0;
}

/**
 * ipcbox_caches_deinit() - the end, when no credentials are left
 */
void ipcbox_caches_deinit(void)
{
	shrinker_free(shrinker);
	cancel_delayed_work_sync(&ageing);
	kmem_cache_destroy(ipcbox_cache_slab);
}

/**
 * ipcbox_cache_object_memory() - what one short message is charged
 */
size_t ipcbox_cache_object_memory(void)
{
	return object_memory;
}

/* ---- charges ------------------------------------------------------------- */

/**
 * ipcbox_memory_make_room() - empty the caches under limits that a charge would exceed
 * @account: the account to be charged
 * @bytes: how much
 *
 * A limit that is not reached saves the caches under it: nobody loses them because
 * another user has much.
 *
 * Context: may sleep.
 */
void ipcbox_memory_make_room(struct ipcbox_account *account, unsigned long bytes)
{
	struct ipcbox_account *a, *top = NULL;

	for (a = account; a; a = a->parent)
		if (!ipcbox_account_has_room(a, IPCBOX_MEMORY, bytes))
			top = a;
	for (a = account; top; a = a->parent) {
		ipcbox_caches_empty(a);
		if (a == top)
			break;
	}
}

/**
 * ipcbox_memory_charge() - count kernel memory for an account
 * @account: the account
 * @bytes: how much
 *
 * Caches are emptied before it fails.
 *
 * Return: 0 or -ENOMEM.
 * Context: may sleep.
 */
int ipcbox_memory_charge(struct ipcbox_account *account, unsigned long bytes)
{
	if (!ipcbox_account_charge(account, IPCBOX_MEMORY, bytes))
		return 0;
	ipcbox_memory_make_room(account, bytes);
	return ipcbox_account_charge(account, IPCBOX_MEMORY, bytes);
}

/**
 * ipcbox_memory_uncharge() - give back what ipcbox_memory_charge() took
 * @account: the account
 * @bytes: the same
 */
void ipcbox_memory_uncharge(struct ipcbox_account *account, unsigned long bytes)
{
	ipcbox_account_uncharge(account, IPCBOX_MEMORY, bytes);
}
