/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_OWNERS_H
#define _IPCBOX_OWNERS_H

/**
 * DOC: owners
 *
 * The numbers with which processes mark what they have in flight in a buffer. A word has
 * room for %IPCBOX_WORD_OWNER_MAX of them, so they are shared out: no user has more
 * than a quarter, and the last eighth is for the owner of the buffer and for
 * CAP_SYS_RESOURCE. Without that, one user who may open a buffer could take the numbers
 * of all others, whose children would then have none.
 */

#include <linux/idr.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/ipcbox_buffer.h>

#define IPCBOX_OWNERS_USER_MAX	(IPCBOX_WORD_OWNER_MAX / 4)
#define IPCBOX_OWNERS_RESERVE	(IPCBOX_WORD_OWNER_MAX / 8)

struct ipcbox_owners {
	struct ida numbers;
	spinlock_t lock;		/* of what follows */
	struct rb_root users;		/* who have any, by uid: at most one for each number */
	u32 count;			/* of the numbers in use */
};

void ipcbox_owners_init(struct ipcbox_owners *owners);
void ipcbox_owners_deinit(struct ipcbox_owners *owners);

int ipcbox_owners_take(struct ipcbox_owners *owners, kuid_t uid, bool reserve);
void ipcbox_owners_give(struct ipcbox_owners *owners, kuid_t uid, u32 owner);

#endif /* _IPCBOX_OWNERS_H */
