/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_QUOTA_H
#define _IPCBOX_QUOTA_H

/**
 * DOC: quota
 *
 * Waiting for queued bytes. A message is charged before it is copied in. A sender
 * that may wait, and whose charge an account refuses, waits at that account until
 * enough has come back there, then goes on to the account above. It holds what it
 * was charged below meanwhile, and accounts are waited for from the bottom up, so
 * there is no circle. A message that is larger than a limit fails at once.
 *
 * Whoever uncharges an account gives what has come back to the first waiter there,
 * a part of its amount if need be, and wakes it when it has all. So one task wakes
 * for one message, no wake-up is lost on a task that does not run or gives up, and a
 * long message is not starved: new charges may take what nobody has been given, but
 * not what a waiter has. At the total of a namespace users wait in one line. What
 * a waiter holds there counts for its user as a queued message does, so a user takes
 * no more of the total by waiting than by sending.
 *
 * Poll reports EPOLLOUT only if the largest message of the box could be charged as
 * well, to the account of the user who opened the fd. Otherwise the fd is *armed* at
 * the account that has too little. A work item wakes the pollers of its lane when
 * there is enough: these may be many, and belong to others.
 *
 * Poll looks at kernel memory in the same way, though a sender does not wait for it:
 * a program that sees POLLOUT, and whose send fails with ENOMEM, would try again
 * without end. Poll empties the caches of the account first. A user's fds and ports are
 * memory as well and may fill the limit, so for a message that needs more than an eighth
 * of the limit, an eighth is enough.
 *
 * An uncharge looks at one word, quota.wanted, whether anybody waits or is armed::
 *
 *   waiter, poll                         uncharge
 *   ------------                         --------
 *   wanted = true                        atomic_long_sub_return(used)
 *     smp_mb()                             full barrier
 *   look at used                         look at wanted
 *
 * Who can make this large, and who pays: a waiter is a task asleep, counts for the
 * limit of waiters, and is on its own stack. An armed fd is its own entry. An uncharge
 * serves IPCBOX_WAKE_LIST_MAX waiters and as many fds; those it woke serve the next
 * ones. The lock is held over no more than that, and is taken under no other but that
 * of an armed fd.
 */

#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct ipcbox_account;
struct ipcbox_lane;
struct ipcbox_ns;
struct ipcbox_wait_options;

/* What a message needs of an account. */
enum ipcbox_quota_kind {
	IPCBOX_QUOTA_BYTES,
	IPCBOX_QUOTA_MEMORY,
	IPCBOX_QUOTA_KINDS
};

/* Of an account. */
struct ipcbox_quota {
	spinlock_t lock;		/* of what is below */
	bool wanted;			/* not all of these are empty; read without the lock */
	struct list_head waiting;	/* senders, in their order */
	struct rb_root_cached armed[IPCBOX_QUOTA_KINDS]; /* fds, by what they need */
};

/* Of an fd for sending. */
struct ipcbox_quota_poll {
	struct ipcbox_lane *lane;
	spinlock_t lock;		/* outside of quota.lock */
	struct ipcbox_account *at;	/* where it was armed last, or NULL */
	struct work_struct work;	/* wakes the pollers of the lane */
	/* Under the quota.lock of that account. */
	struct rb_node node;
	enum ipcbox_quota_kind kind;
	unsigned long need;
};

void ipcbox_quota_init(struct ipcbox_quota *quota);
void ipcbox_quota_returned(struct ipcbox_account *account);
void ipcbox_quota_limit_changed(struct ipcbox_ns *ns);

int ipcbox_quota_wait(struct ipcbox_account *account, unsigned long amount,
		      struct ipcbox_lane *lane,
		      const struct ipcbox_wait_options *options);
void ipcbox_quota_shutdown(struct ipcbox_lane *lane, int err);

void ipcbox_quota_poll_init(struct ipcbox_quota_poll *poll,
			    struct ipcbox_lane *lane);
void ipcbox_quota_poll_deinit(struct ipcbox_quota_poll *poll);
bool ipcbox_quota_poll(struct ipcbox_quota_poll *poll,
		       struct ipcbox_account *account);

#endif /* _IPCBOX_QUOTA_H */
