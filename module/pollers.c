// SPDX-License-Identifier: GPL-2.0
#include "pollers.h"

#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

/* How many a task that sends or receives wakes, or passes, of each kind. */
#define FEW 16

/* The same for the work: interrupts are off as long. */
#define PIECE 64

/* More than there can be. Twice as many fit into asked. */
#define ALL 0x20000000

/* Ordered: the pollers of all objects take turns, a piece each. */
static struct workqueue_struct *workqueue;

/**
 * ipcbox_pollers_start() - prepare for many pollers
 *
 * Return: 0 or -ENOMEM.
 */
int ipcbox_pollers_start(void)
{
	workqueue = alloc_ordered_workqueue("ipcbox_pollers", 0);
	return workqueue ? 0 : -ENOMEM;
}

/**
 * ipcbox_pollers_stop() - undo ipcbox_pollers_start(), when no object is left
 */
void ipcbox_pollers_stop(void)
{
	destroy_workqueue(workqueue);
}

/* ---- walks --------------------------------------------------------------- */

/* The mark of a walk is no poller: others who walk pass it. */
static int is_no_poller(struct wait_queue_entry *entry, unsigned int mode,
			int flags, void *key)
{
	return 0;
}

static void walk_init(struct ipcbox_poll_walk *walk, unsigned int flags)
{
	atomic_set(&walk->asked, 0);
	walk->left = 0;
	init_waitqueue_func_entry(&walk->here, is_no_poller);
	walk->here.flags = flags;
}

static bool is_exclusive(const struct wait_queue_entry *entry)
{
	return entry->flags & WQ_FLAG_EXCLUSIVE;
}

/* Begin where new ones of the kind are added, so as to come to no new one. */
static void begin(struct ipcbox_pollers *pollers, struct ipcbox_poll_walk *walk)
{
	if (is_exclusive(&walk->here))
		list_add_tail(&walk->here.entry, &pollers->queue.head);
	else
		list_add(&walk->here.entry, &pollers->queue.head);
}

/* The next one of the kind, or NULL. */
static struct wait_queue_entry *next(struct ipcbox_pollers *pollers,
				     struct ipcbox_poll_walk *walk)
{
	struct wait_queue_entry *entry;
	struct list_head *node;

	node = is_exclusive(&walk->here) ? walk->here.entry.prev :
					   walk->here.entry.next;
	if (node == &pollers->queue.head)
		return NULL;
	entry = list_entry(node, struct wait_queue_entry, entry);
	return is_exclusive(entry) == is_exclusive(&walk->here) ? entry : NULL;
}

/* Go past an entry, which may take itself off the queue. Was somebody woken? */
static bool wake(struct ipcbox_pollers *pollers, struct ipcbox_poll_walk *walk,
		 struct wait_queue_entry *entry)
{
	if (is_exclusive(entry))
		list_move_tail(&walk->here.entry, &entry->entry);
	else
		list_move(&walk->here.entry, &entry->entry);
	return entry->func(entry, TASK_NORMAL, 0,
			   poll_to_key(pollers->events)) > 0;
}

/*
 * Walk over @most at most, on from where an earlier walk is, or from the beginning
 * if it was asked for. Return: whether there is more to do.
 */
static bool walk_on(struct ipcbox_pollers *pollers,
		    struct ipcbox_poll_walk *walk, unsigned int most)
{
	struct wait_queue_entry *entry;

	lockdep_assert_held(&pollers->queue.lock);
	if (!walk->left) {
		walk->left = atomic_xchg(&walk->asked, 0);
		if (!walk->left)
			return false;
		begin(pollers, walk);
	}
	while (walk->left && (entry = next(pollers, walk))) {
		if (!most--)
			return true;
		/* Afterwards the entry may be gone. */
		if (wake(pollers, walk, entry) && is_exclusive(&walk->here))
			walk->left--;
	}
	walk->left = 0;
	list_del(&walk->here.entry);
	return atomic_read(&walk->asked);
}

/* ---- work ---------------------------------------------------------------- */

/*
 * First those for whom there is work. The next piece comes after those of other
 * objects.
 */
static void go_on(struct work_struct *work)
{
	struct ipcbox_pollers *pollers =
		container_of(work, struct ipcbox_pollers, work);
	bool late;

	spin_lock_irq(&pollers->queue.lock);
	late = walk_on(pollers, &pollers->exclusive, PIECE);
	late |= walk_on(pollers, &pollers->shared, PIECE);
	WRITE_ONCE(pollers->late, late);
	spin_unlock_irq(&pollers->queue.lock);
	if (late)
		queue_work(workqueue, work);
}

/* Are there more than a few of those who share? */
static bool is_crowded(struct ipcbox_pollers *pollers)
{
	struct wait_queue_entry *entry;
	unsigned int count = 0;

	lockdep_assert_held(&pollers->queue.lock);
	list_for_each_entry(entry, &pollers->queue.head, entry) {
		if (is_exclusive(entry))
			return false;
		if (++count > FEW)
			return true;
	}
	return false;
}

/* Return: whether something is left to the work. */
static bool wake_few(struct ipcbox_pollers *pollers)
{
	bool late = walk_on(pollers, &pollers->exclusive, FEW);

	if (!atomic_read(&pollers->shared.asked))
		return late;
	return is_crowded(pollers) || walk_on(pollers, &pollers->shared, FEW) || late;
}

/**
 * ipcbox_pollers_tell_slow() - ipcbox_pollers_tell(), where there is somebody to tell
 * @pollers: the pollers
 *
 * Context: may be preempted; no lock.
 */
void ipcbox_pollers_tell_slow(struct ipcbox_pollers *pollers)
{
	unsigned long flags;
	bool late = true;

	/*
	 * If the work ends its last walk just now, it is queued once more. The lock is
	 * held for long only by the work, and by epoll, which wakes nobody with it.
	 */
	if (!READ_ONCE(pollers->late) &&
	    spin_trylock_irqsave(&pollers->queue.lock, flags)) {
		/* The work may have begun meanwhile. */
		late = pollers->late || wake_few(pollers);
		WRITE_ONCE(pollers->late, late);
		spin_unlock_irqrestore(&pollers->queue.lock, flags);
	}
	if (late)
		queue_work(workqueue, &pollers->work);
}

/* ---- who is to be woken -------------------------------------------------- */

/**
 * ipcbox_pollers_ask() - note who is to be woken, for ipcbox_pollers_tell()
 * @pollers: the pollers
 * @shared: all who share
 * @exclusive: how many of the others
 *
 * Context: the lock of the object.
 */
void ipcbox_pollers_ask(struct ipcbox_pollers *pollers, bool shared,
			unsigned int exclusive)
{
	atomic_t *asked = &pollers->exclusive.asked;

	if (shared)
		atomic_set(&pollers->shared.asked, 1);
	/* Only we add, under the lock: it stays below twice ALL. */
	if (exclusive && atomic_read(asked) < ALL)
		atomic_add(min_t(unsigned int, exclusive, ALL), asked);
}

/**
 * ipcbox_pollers_shutdown() - tell all pollers of an end
 * @pollers: the pollers
 * @events: from now on told with all else
 *
 * Those who poll exclusively as well: there is no second time.
 *
 * Context: no lock. What is told must be there to see, under the lock of the object.
 */
void ipcbox_pollers_shutdown(struct ipcbox_pollers *pollers, __poll_t events)
{
	spin_lock_irq(&pollers->queue.lock);
	pollers->events |= events;
	spin_unlock_irq(&pollers->queue.lock);
	atomic_set(&pollers->shared.asked, 1);
	atomic_set(&pollers->exclusive.asked, ALL);
	ipcbox_pollers_tell(pollers);
}

/* ---- life ---------------------------------------------------------------- */

/**
 * ipcbox_pollers_init() - prepare a queue for pollers
 * @pollers: the pollers
 * @events: what to tell them
 */
void ipcbox_pollers_init(struct ipcbox_pollers *pollers, __poll_t events)
{
	init_waitqueue_head(&pollers->queue);
	pollers->events = events;
	pollers->late = false;
	walk_init(&pollers->shared, 0);
	walk_init(&pollers->exclusive, WQ_FLAG_EXCLUSIVE);
	INIT_WORK(&pollers->work, go_on);
}

/**
 * ipcbox_pollers_deinit() - the object will be freed
 * @pollers: the pollers, of whom none is left
 *
 * Context: may sleep, for one piece of a walk.
 */
void ipcbox_pollers_deinit(struct ipcbox_pollers *pollers)
{
	cancel_work_sync(&pollers->work);
}
