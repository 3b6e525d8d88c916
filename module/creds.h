/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_CREDS_H
#define _IPCBOX_CREDS_H

/**
 * DOC: credentials
 *
 * The identity of a caller: its process, effective user and group, and the account that
 * pays. All messages that a process sends with the same ids share one, so a message
 * carries all that in one pointer. Ids are kept as the kernel knows them and translated
 * for each receiver. The memory for the next messages of the process is kept here as
 * well, see cache.h.
 *
 * A namespace finds the credentials of a process by the number of the process. (If its
 * ids change, new credentials take that place.) Each fd remembers those of a few
 * processes that used it of late, which is what a stream of messages goes by. Both are
 * read under RCU; the last reference puts the pid and the account, and the memory is
 * freed after a grace period.
 *
 * Messages hold references, and so do the fds that remember the credentials, and the
 * cache while it holds something. When a process closes an fd, also by dying, the fd
 * forgets it; and the namespace holds no reference to what it finds. New credentials are
 * held as if something was cached: where more processes share an fd than it remembers,
 * each would be made anew for each wait. So what is left of a process that has ended is
 * what others have not received yet, and for a second or two its cache. The memory of the
 * credentials is charged to the account.
 */

#include "cache.h"

#include <linux/cred.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

struct ipcbox_account;
struct ipcbox_ns;
struct pid;

struct ipcbox_creds {
	refcount_t refs;
	kuid_t uid;
	kgid_t gid;
	struct pid *pid;		/* of the thread group */
	struct ipcbox_account *account;
	struct ipcbox_cache cache;	/* memory for its messages */
	struct rcu_head rcu;
};

/* For one fd. Numbers of processes that were forked in a row differ in the last bits. */
#define IPCBOX_RECENT_CREDS 8

struct ipcbox_recent_creds {
	struct ipcbox_creds __rcu *places[IPCBOX_RECENT_CREDS];
};

struct ipcbox_creds *ipcbox_creds_get_current(struct ipcbox_ns *ns,
					      struct ipcbox_recent_creds *recent);
void ipcbox_recent_creds_forget_current(struct ipcbox_recent_creds *recent);
void ipcbox_recent_creds_forget(struct ipcbox_recent_creds *recent);
void ipcbox_creds_exit(struct ipcbox_ns *ns);
void ipcbox_creds_free(struct ipcbox_creds *creds);

static inline void ipcbox_creds_put_many(struct ipcbox_creds *creds,
					 unsigned int count)
{
	if (refcount_sub_and_test(count, &creds->refs))
		ipcbox_creds_free(creds);
}

static inline void ipcbox_creds_put(struct ipcbox_creds *creds)
{
	ipcbox_creds_put_many(creds, 1);
}

/*
 * Its user and group as the calling process sees them. The host's namespace is the
 * common case, and there they are what they are.
 */
static inline uid_t ipcbox_creds_uid(const struct ipcbox_creds *creds)
{
	struct user_namespace *viewer = current_user_ns();

	return viewer == &init_user_ns ? __kuid_val(creds->uid) :
					 from_kuid_munged(viewer, creds->uid);
}

static inline gid_t ipcbox_creds_gid(const struct ipcbox_creds *creds)
{
	struct user_namespace *viewer = current_user_ns();

	return viewer == &init_user_ns ? __kgid_val(creds->gid) :
					 from_kgid_munged(viewer, creds->gid);
}

static inline struct ipcbox_creds *
ipcbox_creds_get(struct ipcbox_creds *creds)
{
	refcount_inc(&creds->refs);
	return creds;
}

static inline void ipcbox_creds_get_many(struct ipcbox_creds *creds,
					 unsigned int count)
{
	refcount_add(count, &creds->refs);
}

#endif /* _IPCBOX_CREDS_H */
