/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_REST_H
#define _IPCBOX_REST_H

/**
 * DOC: rest
 *
 * What others have queued in a box can be much, and is freed when the box ends: by
 * whoever closes it, who may have a deadline, or is dying and cannot be killed again.
 * So that task frees as much as IPCBOX_REST_STEPS allow, and leaves the rest to a work
 * item, which goes on with the same steps. All that was left takes turns there, so an
 * object with little in it waits for one turn of each of the others.
 *
 * The caller of ipcbox_rest_leave() gives the work item a reference on the object; the
 * work item itself holds the namespace. So a namespace lives until its rest is done, and
 * the module waits for all of it. Users make it long, and are charged for each message,
 * link or page until that is freed.
 */

#include <linux/llist.h>
#include <linux/types.h>

/* Messages, pages and links that are freed at a time: in a fraction of a millisecond. */
#define IPCBOX_REST_STEPS 1024U

struct net;

struct ipcbox_rest {
	struct llist_node node;
	struct net *net;
	/* A turn. Return: false: it is to have another. After true it may be gone. */
	bool (*turn)(struct ipcbox_rest *rest);
};

void ipcbox_rest_leave(struct ipcbox_rest *rest, struct net *net,
		       bool (*turn)(struct ipcbox_rest *rest));
void ipcbox_rest_flush(void);

#endif /* _IPCBOX_REST_H */
