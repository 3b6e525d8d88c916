/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_ACCOUNT_H
#define _IPCBOX_ACCOUNT_H

/**
 * DOC: account
 *
 * What a user has in one network namespace: boxes, links, queued bytes, calls
 * asleep, pages of buffers, and kernel memory. Accounts form a tree, and a charge
 * goes to an account and to all above it, or to none::
 *
 *   user in a namespace [-> owner] -> namespace [-> owner on the host -> host]
 *
 * Nobody gets past a limit by making namespaces. Whoever made a user namespace
 * answers for it: its users have user ids of their own, and so their own limits,
 * but all they have counts for its owner as well. The first owner stands for one
 * below that of the network namespace, the second for the one that has the
 * network namespace.
 *
 * Kernel memory is all that the module keeps for a user, at its true size, but for the
 * pages of buffers and their mappings, which are counted by themselves. Whoever can
 * multiply an object pays for it here: an fd, a box, a link, a sender, a message and
 * what is cached for the next ones. So neither a user nor the module as a whole holds
 * more than the limits say, however the memory is spread. (A network namespace costs
 * much more than what it has here; the kernel limits how many a user makes.)
 *
 * An account lives while something is charged to it, or a sender or an account
 * below refers to it. Its own memory is charged to the one above. The namespace's own
 * is embedded in it and always there.
 */

#include "limits.h"
#include "quota.h"

#include <linux/atomic.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/slab.h>
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
	struct list_head caches;	/* of its senders, or all in the namespace; reclaim.h */
	atomic_long_t used[IPCBOX_RESOURCES];
	struct ipcbox_quota quota;	/* who waits for bytes */
};

int ipcbox_account_init_cache(void);
void ipcbox_account_deinit_cache(void);

int ipcbox_account_init(struct ipcbox_ns *ns);
void ipcbox_account_deinit(struct ipcbox_ns *ns);
void ipcbox_account_check_empty(struct ipcbox_ns *ns);

struct ipcbox_account *ipcbox_account_find_or_create(struct ipcbox_ns *ns, kuid_t uid);
void ipcbox_account_put(struct ipcbox_account *account);

static inline struct ipcbox_account *
ipcbox_account_get(struct ipcbox_account *account)
{
	refcount_inc(&account->refs);
	return account;
}

/*
 * What the slab allocator takes for an object of @size bytes: its size class, and where
 * it is noted which memory cgroup pays for it.
 */
static inline size_t ipcbox_object_size(size_t size)
{
	return kmalloc_size_roundup(size) + sizeof(void *);
}

bool ipcbox_account_is_total(const struct ipcbox_account *account);
struct list_head *ipcbox_account_caches_of_ns(struct ipcbox_account *account);
bool ipcbox_account_has_room(const struct ipcbox_account *account,
			     enum ipcbox_resource resource, unsigned long amount);
int ipcbox_account_charge(struct ipcbox_account *account,
			  enum ipcbox_resource resource, unsigned long amount);
void ipcbox_account_uncharge_below(struct ipcbox_account *account,
				   const struct ipcbox_account *end,
				   enum ipcbox_resource resource,
				   unsigned long amount);

/* Give back what ipcbox_account_charge() took: the same amount of the same account. */
static inline void ipcbox_account_uncharge(struct ipcbox_account *account,
					   enum ipcbox_resource resource,
					   unsigned long amount)
{
	ipcbox_account_uncharge_below(account, NULL, resource, amount);
}

bool ipcbox_account_may_use_reserve(const struct ipcbox_account *account);
unsigned long ipcbox_account_limit(const struct ipcbox_account *account,
				   enum ipcbox_resource resource, bool reserve);
unsigned long ipcbox_account_charge_part(struct ipcbox_account *account,
					 enum ipcbox_resource resource,
					 unsigned long amount, bool reserve);

struct ipcbox_account *ipcbox_account_next(struct ipcbox_ns *ns,
					   unsigned long *index);
void ipcbox_account_visit_ns(void (*fn)(struct ipcbox_ns *ns),
			     const struct ipcbox_ns *only);

#endif /* _IPCBOX_ACCOUNT_H */
