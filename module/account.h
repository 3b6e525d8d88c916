/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_ACCOUNT_H
#define _IPCBOX_ACCOUNT_H

/**
 * DOC: account
 *
 * What a user has in one network namespace: boxes, links, queued bytes, calls
 * asleep, pages of buffers. Accounts form a tree, and a charge goes to an account and to all
 * above it, or to none::
 *
 *   user in a namespace [-> owner] -> namespace [-> owner on the host -> host]
 *
 * Nobody gets past a limit by making namespaces. Whoever made a user namespace
 * answers for it: its users have user ids of their own, and so their own limits,
 * but all they have counts for its owner as well. The first owner stands for one
 * below that of the network namespace, the second for the one that has the
 * network namespace.
 *
 * An account lives while something is charged to it, or a sender or an account
 * below refers to it. The namespace's own is embedded in it and always there.
 */

#include "limits.h"

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/refcount.h>
#include <linux/uidgid.h>

/*
 * For all that a user can cause to be allocated: charged to the memory cgroup of
 * whoever asks, who is told when its limit is reached. Nobody is killed for it,
 * and nothing is printed.
 */
#define IPCBOX_GFP (GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

struct ipcbox_account {
	struct ipcbox_account *parent;
	struct ipcbox_ns *ns;
	kuid_t uid;			/* not used in a namespace's own */
	refcount_t refs;
	atomic_long_t used[IPCBOX_RESOURCES];
};

int ipcbox_account_init_cache(void);
void ipcbox_account_deinit_cache(void);

int ipcbox_account_init(struct ipcbox_ns *ns);
void ipcbox_account_deinit(struct ipcbox_ns *ns);
void ipcbox_account_check_empty(struct ipcbox_ns *ns);

struct ipcbox_account *ipcbox_account_get(struct ipcbox_ns *ns, kuid_t uid);
void ipcbox_account_put(struct ipcbox_account *account);

static inline struct ipcbox_account *
ipcbox_account_hold(struct ipcbox_account *account)
{
	refcount_inc(&account->refs);
	return account;
}

int ipcbox_account_charge(struct ipcbox_account *account,
			  enum ipcbox_resource resource, unsigned long amount);
void ipcbox_account_uncharge(struct ipcbox_account *account,
			     enum ipcbox_resource resource,
			     unsigned long amount);

#endif /* _IPCBOX_ACCOUNT_H */
