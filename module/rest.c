// SPDX-License-Identifier: GPL-2.0
#include "rest.h"

#include <linux/sched.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

static LLIST_HEAD(left);

static void do_rest(struct work_struct *work);
static DECLARE_WORK(rest_work, do_rest);

/* A turn for each of these; they come to the end of the line. */
static void give_turns(struct llist_node *first)
{
	struct ipcbox_rest *rest, *next;

	llist_for_each_entry_safe(rest, next, llist_reverse_order(first), node) {
		struct net *net = rest->net;

		if (rest->turn(rest))
			put_net(net);	/* the object may be gone, and the namespace die */
		else
			llist_add(&rest->node, &left);
		cond_resched();
	}
}

static void do_rest(struct work_struct *work)
{
	struct llist_node *first;

	while ((first = llist_del_all(&left)))
		give_turns(first);
}

/**
 * ipcbox_rest_leave() - leave something to the work item
 * @rest: part of an object that it keeps, and of no other list; not left before
 * @net: namespace of the object, which the caller holds
 * @turn: does a part of it, and with the last part lets go of the object
 */
void ipcbox_rest_leave(struct ipcbox_rest *rest, struct net *net,
		       bool (*turn)(struct ipcbox_rest *rest))
{
	rest->net = get_net(net);
	rest->turn = turn;
	llist_add(&rest->node, &left);
	queue_work(system_unbound_wq, &rest_work);
}

/**
 * ipcbox_rest_flush() - wait until all is done that was left
 *
 * Context: may sleep; nobody leaves anything any more.
 */
void ipcbox_rest_flush(void)
{
	flush_work(&rest_work);
}
