/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_SENDER_H
#define _IPCBOX_SENDER_H

/**
 * DOC: sender
 *
 * Who sent a message: process, effective user and group, and the account that
 * pays for it. One is shared by all messages that a process sends over one fd
 * with the same credentials, so a message carries all that in one pointer. Ids
 * are kept as the kernel knows them and translated for each receiver. The memory of
 * its messages is kept with it, see spare.h and pool.h.
 *
 * Each fd remembers the senders that used it of late, since the processes of a
 * family often share one: as many as there are places, each in that of its process. If
 * two that live come to the same place, the fd gets many, and keeps them to its end.
 * They are read under RCU; the pid and the account are put with the last reference,
 * the memory after a grace period.
 */

#include "pool.h"
#include "spare.h"

#include <linux/cred.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

struct ipcbox_account;
struct ipcbox_ns;
struct pid;

struct ipcbox_sender {
	refcount_t refs;
	kuid_t uid;
	kgid_t gid;
	struct pid *pid;		/* of the thread group */
	struct ipcbox_account *account;
	struct ipcbox_spares spares;	/* of its messages */
	struct ipcbox_pool pool;	/* of the pages of its long ones */
	struct rcu_head rcu;
};

/* Of one fd. Numbers of processes that were forked in a row differ in the last bits. */
#define IPCBOX_SENDERS_FEW 8
#define IPCBOX_SENDERS_MANY 1024

struct ipcbox_senders {
	struct ipcbox_sender __rcu *few[IPCBOX_SENDERS_FEW];
	struct ipcbox_sender __rcu **many;	/* or NULL; set once */
};

struct ipcbox_sender *ipcbox_sender_current(struct ipcbox_ns *ns,
					    struct ipcbox_senders *senders);
void ipcbox_senders_forget(struct ipcbox_senders *senders);
void ipcbox_sender_free(struct ipcbox_sender *sender);

static inline void ipcbox_sender_put_many(struct ipcbox_sender *sender,
					  unsigned int count)
{
	if (refcount_sub_and_test(count, &sender->refs))
		ipcbox_sender_free(sender);
}

static inline void ipcbox_sender_put(struct ipcbox_sender *sender)
{
	ipcbox_sender_put_many(sender, 1);
}

/*
 * Its user and group as the calling process sees them. The host's namespace is the
 * common case, and there they are what they are.
 */
static inline uid_t ipcbox_sender_uid(const struct ipcbox_sender *sender)
{
	struct user_namespace *viewer = current_user_ns();

	return viewer == &init_user_ns ? __kuid_val(sender->uid) :
					 from_kuid_munged(viewer, sender->uid);
}

static inline gid_t ipcbox_sender_gid(const struct ipcbox_sender *sender)
{
	struct user_namespace *viewer = current_user_ns();

	return viewer == &init_user_ns ? __kgid_val(sender->gid) :
					 from_kgid_munged(viewer, sender->gid);
}

static inline struct ipcbox_sender *
ipcbox_sender_hold(struct ipcbox_sender *sender)
{
	refcount_inc(&sender->refs);
	return sender;
}

static inline void ipcbox_sender_hold_many(struct ipcbox_sender *sender,
					   unsigned int count)
{
	refcount_add(count, &sender->refs);
}

#endif /* _IPCBOX_SENDER_H */
