/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_NS_H
#define _IPCBOX_NS_H

/**
 * DOC: namespace
 *
 * What ipcbox keeps for one network namespace: its limits and counters, the
 * named objects and the mailboxes. It lives from the namespace's birth (or the
 * module's load) to its death (or unload). Every fd holds the namespace, so
 * when it dies only objects that nobody has open are left to free.
 *
 * docs/design.md has the order of all locks.
 */

#include "account.h"
#include "limits.h"

#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/types.h>
#include <linux/xarray.h>
#include <net/net_namespace.h>

struct ctl_table;
struct ctl_table_header;

struct ipcbox_ns {
	struct net *net;		/* not held: it outlives us */
	struct ipcbox_limits limits;
	struct ctl_table_header *sysctl;
	struct ctl_table *sysctl_table;

	struct ipcbox_account account;	/* of all users together */
	struct xarray accounts;		/* by kuid; under its xa_lock */
	struct list_head all;		/* of all namespaces, see account.c */

	struct xarray creds;		/* by pid in init_pid_ns, not held; RCU readers */
	atomic_t creds_alive;

	struct mutex attr_mutex;	/* serialises changes of attributes */

	struct mutex names_mutex;	/* names and open fds */
	struct rb_root names;		/* by name; under names_mutex */

	/* By pid in init_pid_ns; RCU readers. Its xa_lock serialises open and close. */
	struct xarray mailboxes;
};

/* Given by register_pernet_subsys(). */
extern unsigned int ipcbox_net_id;

struct ipcbox_ns *ipcbox_ns_of(const struct net *net);

/* That of init_net: the first to be initialised, and there until unload. */
extern struct ipcbox_ns *ipcbox_host_ns;

static inline bool ipcbox_ns_is_host(const struct ipcbox_ns *ns)
{
	return ns == ipcbox_host_ns;
}

#endif /* _IPCBOX_NS_H */
