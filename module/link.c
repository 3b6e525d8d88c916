// SPDX-License-Identifier: GPL-2.0
#include "link.h"

#include "account.h"
#include "reclaim.h"
#include "trace.h"
#include "tree.h"

#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

static struct ipcbox_link *link_of(const struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcbox_link, node);
}

/* ---- the memory ---------------------------------------------------------- */

/* With the number of its process, which it may outlive. */
#define LINK_MEMORY						\
	(ipcbox_object_size(sizeof(struct ipcbox_link)) + sizeof(struct pid))

static struct ipcbox_link *link_alloc(struct ipcbox_links *links,
				      struct pid *pid,
				      struct ipcbox_account *account)
{
	struct ipcbox_link *link;
	int err;

	err = ipcbox_account_charge(account, IPCBOX_LINKS, 1);
	if (err)
		return ERR_PTR(err);
	err = ipcbox_memory_charge(account, LINK_MEMORY);
	if (err)
		goto err_uncharge_link;
	err = -ENOMEM;
	link = kzalloc(sizeof(*link), IPCBOX_GFP);
	if (!link)
		goto err_uncharge_memory;
	ipcbox_lane_init(&link->lane, links->box);
	link->pid = get_pid(pid);
	link->account = ipcbox_account_get(account);
	link->users = 1;
	return link;

err_uncharge_memory:
	ipcbox_memory_uncharge(account, LINK_MEMORY);
err_uncharge_link:
	ipcbox_account_uncharge(account, IPCBOX_LINKS, 1);
	return ERR_PTR(err);
}

static void link_free(struct ipcbox_link *link)
{
	ipcbox_memory_uncharge(link->account, LINK_MEMORY);
	ipcbox_account_uncharge(link->account, IPCBOX_LINKS, 1);
	ipcbox_account_put(link->account);
	put_pid(link->pid);
	ipcbox_lane_deinit(&link->lane);
	kfree(link);
}

/* ---- the set ------------------------------------------------------------- */

/**
 * ipcbox_links_init() - prepare the set of links of a mailbox
 * @links: the set
 * @box: the box of the mailbox
 */
void ipcbox_links_init(struct ipcbox_links *links, struct ipcbox_box *box)
{
	links->box = box;
	links->root = RB_ROOT;
	links->count = 0;
	links->reap_after = NULL;
	links->ended_to = NULL;
}

static int compare_link(const void *pid, const struct rb_node *node)
{
	const void *other = link_of(node)->pid;

	return pid < other ? -1 : pid > other;
}

static int compare_links(struct rb_node *a, const struct rb_node *b)
{
	return compare_link(link_of(a)->pid, b);
}

/* The link of @pid, or NULL. */
static struct ipcbox_link *find_link(struct ipcbox_links *links, struct pid *pid)
{
	lockdep_assert_held(&links->box->lock);
	return link_of(rb_find(pid, &links->root, compare_link));
}

/* Return: @fresh, in the set now; or the link of its process that is there already. */
static struct ipcbox_link *find_or_add_link(struct ipcbox_links *links,
					    struct ipcbox_link *fresh)
{
	struct rb_node *found;

	lockdep_assert_held(&links->box->lock);
	found = rb_find_add(&fresh->node, &links->root, compare_links);
	if (found)
		return link_of(found);
	WRITE_ONCE(links->count, links->count + 1);
	return fresh;
}

static void erase_link(struct ipcbox_links *links, struct ipcbox_link *link)
{
	lockdep_assert_held(&links->box->lock);
	rb_erase(&link->node, &links->root);
	RB_CLEAR_NODE(&link->node);
	WRITE_ONCE(links->count, links->count - 1);
}

/* The first link behind @pid in the order of the set. */
static struct ipcbox_link *first_link_after(struct ipcbox_links *links,
					    struct pid *pid)
{
	lockdep_assert_held(&links->box->lock);
	return link_of(ipcbox_tree_first_after(pid, &links->root, compare_link));
}

/*
 * Nothing will come over it any more; or nothing ever came, and then nobody can
 * tell it from a new one.
 */
static bool is_dead(const struct ipcbox_link *link)
{
	lockdep_assert_held(&link->lane.box->lock);
	return !link->users && ipcbox_lane_is_idle(&link->lane) &&
	       (!link->lane.sent || ipcbox_process_ended(link->pid));
}

/* Look at the next link in turn; return it, off the set, if it is dead. */
static struct ipcbox_link *reap_one(struct ipcbox_links *links)
{
	struct ipcbox_link *link;

	spin_lock(&links->box->lock);
	link = first_link_after(links, links->reap_after);
	links->reap_after = link ? link->pid : NULL;
	if (link && is_dead(link))
		erase_link(links, link);
	else
		link = NULL;
	spin_unlock(&links->box->lock);
	return link;
}

/**
 * ipcbox_links_reap() - free dead links
 * @links: the set of a mailbox, which the caller holds
 * @count: how many to look at, in turn
 */
void ipcbox_links_reap(struct ipcbox_links *links, unsigned int count)
{
	while (count-- && !fatal_signal_pending(current)) {
		struct ipcbox_link *link = reap_one(links);

		if (link)
			link_free(link);
		cond_resched();
	}
}

/**
 * ipcbox_link_find() - find the link of a process
 * @links: the set of the mailbox, which the caller holds
 * @pid: of the sending process
 *
 * Return: the link, to be put, or NULL.
 */
struct ipcbox_link *ipcbox_link_find(struct ipcbox_links *links,
				     struct pid *pid)
{
	struct ipcbox_link *link;

	spin_lock(&links->box->lock);
	link = links->box->shutdown ? NULL : find_link(links, pid);
	if (link)
		link->users++;
	spin_unlock(&links->box->lock);
	return link;
}

/**
 * ipcbox_link_get() - find or make the link of a process
 * @links: the set of the mailbox, which the caller holds
 * @pid: of the sending process
 * @account: who is charged if it has to be made
 *
 * Return: the link, to be put, or an ERR_PTR: -EMLINK, -ENOMEM, or -EPIPE if
 * the mailbox has ended.
 */
struct ipcbox_link *ipcbox_link_get(struct ipcbox_links *links, struct pid *pid,
				    struct ipcbox_account *account)
{
	struct ipcbox_link *link, *fresh;
	int err;

	link = ipcbox_link_find(links, pid);
	if (link)
		return link;

	ipcbox_links_reap(links, 2);
	fresh = link_alloc(links, pid, account);
	if (IS_ERR(fresh))
		return fresh;

	spin_lock(&links->box->lock);
	err = links->box->shutdown;
	link = err ? NULL : find_or_add_link(links, fresh);
	if (link && link != fresh)
		link->users++;
	spin_unlock(&links->box->lock);

	if (link != fresh)
		link_free(fresh);
	return link ?: ERR_PTR(err);
}

/**
 * ipcbox_link_put() - end the use of a link
 * @links: its set
 * @link: from ipcbox_link_get()
 */
void ipcbox_link_put(struct ipcbox_links *links, struct ipcbox_link *link)
{
	bool dead;

	spin_lock(&links->box->lock);
	link->users--;
	/* At the end of the mailbox, links in use were left to their users. */
	if (RB_EMPTY_NODE(&link->node)) {
		dead = !link->users;
	} else {
		dead = is_dead(link);
		if (dead)
			erase_link(links, link);
	}
	spin_unlock(&links->box->lock);
	if (dead)
		link_free(link);
}

/* ---- all links ----------------------------------------------------------- */

/* The first link behind @pid, in use, or NULL. */
static struct ipcbox_link *link_after(struct ipcbox_links *links, struct pid *pid)
{
	struct ipcbox_link *link;

	spin_lock(&links->box->lock);
	link = first_link_after(links, pid);
	if (link)
		link->users++;
	spin_unlock(&links->box->lock);
	return link;
}

/* The link behind @prev, or the first, in use; the use of @prev ends. */
static struct ipcbox_link *next_link(struct ipcbox_links *links,
				     struct ipcbox_link *prev)
{
	struct ipcbox_link *link = link_after(links, prev ? prev->pid : NULL);

	if (prev)
		ipcbox_link_put(links, prev);
	return link;
}

/**
 * ipcbox_links_settle() - let senders in where the limits were raised
 * @links: the set
 */
void ipcbox_links_settle(struct ipcbox_links *links)
{
	struct ipcbox_link *link;

	for (link = next_link(links, NULL); link; link = next_link(links, link)) {
		ipcbox_lane_settle(&link->lane);
		cond_resched();
	}
}

/* No link comes any more. Return: whether all were told of the end. */
static bool shutdown_lanes(struct ipcbox_links *links, unsigned int *steps)
{
	struct ipcbox_link *link;

	for (; *steps; --*steps) {
		link = link_after(links, links->ended_to);
		if (!link)
			return true;
		ipcbox_lane_shutdown(&link->lane);
		links->ended_to = link->pid;
		ipcbox_link_put(links, link);
		cond_resched();
	}
	return false;
}

/* Return: whether the link is off the set. Its use ends in any case. */
static bool drain_link(struct ipcbox_links *links, struct ipcbox_link *link,
		       unsigned int *steps)
{
	bool drained = ipcbox_lane_drain(&link->lane, steps);

	if (drained) {
		spin_lock(&links->box->lock);
		erase_link(links, link);
		spin_unlock(&links->box->lock);
	}
	ipcbox_link_put(links, link);
	return drained;
}

/**
 * ipcbox_links_shutdown() - end the links of a mailbox whose box has ended
 * @links: the set, of which no other caller ends the links
 * @steps: how many messages, pages and links to tell and to free; less those that were
 *
 * Links in use are freed by their last user.
 *
 * Return: whether all has been done: the set is empty and stays so.
 */
bool ipcbox_links_shutdown(struct ipcbox_links *links, unsigned int *steps)
{
	struct ipcbox_link *link;

	/* First tell all of them: what the others have queued may be much. */
	if (!shutdown_lanes(links, steps))
		return false;
	for (; *steps; --*steps) {
		link = link_after(links, NULL);
		if (!link)
			return true;
		if (!drain_link(links, link, steps))
			return false;
		cond_resched();
	}
	return false;
}
