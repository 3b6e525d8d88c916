/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_ACCOUNT_H
#define _IPCBOX_ACCOUNT_H

/**
 * DOC: account
 *
 * What a user has in one network namespace: boxes, links, queued bytes, calls
 * asleep. Accounts form a tree, and a charge goes to an account and to all
 * above it, or to none::
 *
 *   user in a namespace -> namespace -> owner of its user namespace on the host
 *                                         -> host
 *
 * The third step is only there where the namespace belongs to a user namespace
 * other than the first: whoever made that pays for all that happens in it, so
 * that nobody gets past the host's limits by making namespaces.
 *
 * An account lives while something is charged to it or a sender refers to it.
 * The namespace's own account is embedded in it.
 */

#include "limits.h"

#include <linux/atomic.h>
#include <linux/refcount.h>
#include <linux/uidgid.h>

struct ipcbox_account {
	struct ipcbox_account *parent;
	struct ipcbox_ns *ns;
	kuid_t uid;			/* not used in a namespace's own */
	refcount_t refs;
	atomic_long_t used[IPCBOX_RESOURCES];
};

int ipcbox_account_init(struct ipcbox_ns *ns);
void ipcbox_account_deinit(struct ipcbox_ns *ns);

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
