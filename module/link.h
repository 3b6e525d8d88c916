/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_LINK_H
#define _IPCBOX_LINK_H

/**
 * DOC: link
 *
 * The one way from a process to the mailbox of another: a lane in the peer's
 * box, found by the pid of the process. Either side can bring it into being,
 * the sender by opening it or by sending to the peer, the receiver by naming
 * the sender before anything came.
 *
 * Links belong to the set of their mailbox, and whoever uses one also holds the
 * mailbox. A link over which something was sent stays without users, with its
 * sequence numbers, while its process lives. Dead ones are looked for when new
 * ones are made, two at a time in turn, so that the set stays within a constant
 * factor of what is alive without anybody having to search all of it. Only when
 * a limit of links is reached all sets of the namespace are gone through.
 */

#include "box.h"

#include <linux/rbtree.h>

struct ipcbox_account;
struct pid;

struct ipcbox_link {
	struct ipcbox_lane lane;
	struct pid *pid;		/* of the sending process */
	struct ipcbox_account *account;
	/* Under the lock of the box. */
	struct rb_node node;
	u32 users;
};

struct ipcbox_links {
	struct ipcbox_box *box;
	/* Under its lock. */
	struct rb_root root;		/* by the address of the pid */
	unsigned int count;		/* read without it, as a hint */
	struct pid *reap_after;		/* only compared: may be freed */

	struct pid *ended_to;		/* likewise, of whoever ends the links */
};

void ipcbox_links_init(struct ipcbox_links *links, struct ipcbox_box *box);
bool ipcbox_links_shutdown(struct ipcbox_links *links, unsigned int *steps);
void ipcbox_links_settle(struct ipcbox_links *links);
void ipcbox_links_reap(struct ipcbox_links *links, unsigned int count);

struct ipcbox_link *ipcbox_link_find(struct ipcbox_links *links,
				     struct pid *pid);
struct ipcbox_link *ipcbox_link_get(struct ipcbox_links *links, struct pid *pid,
				    struct ipcbox_account *account);
void ipcbox_link_put(struct ipcbox_links *links, struct ipcbox_link *link);

#endif /* _IPCBOX_LINK_H */
