/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_SENDER_H
#define _IPCBOX_SENDER_H

/**
 * DOC: sender
 *
 * Who sent a message: process, effective user and group, and the account that pays
 * for it. One is shared by all messages that a process sends with the same
 * credentials, so a message carries all that in one pointer. Ids are kept as the kernel
 * knows them and translated for each receiver. The memory for its next messages is kept
 * with it, see cache.h.
 *
 * A namespace finds the sender of a process by the number of the process. (If its
 * credentials change, a new one takes that place.) Each fd remembers a few that used it
 * of late, which is what a stream of messages goes by. Both are read under RCU; the pid
 * and the account are put with the last reference, the memory after a grace period.
 *
 * References are held by messages, by the fds that remember a sender, and while
 * something is cached with it. A process that closes an fd, also when it dies, is
 * forgotten there, and the namespace does not hold what it finds. A new one is held as if
 * something was cached with it: where more processes share an fd than it remembers, each
 * would be made anew for each wait. So what is left of a process that has ended is what
 * others have not received yet, and for a second or two what it was. Each sender is
 * charged to its account.
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

struct ipcbox_sender {
	refcount_t refs;
	kuid_t uid;
	kgid_t gid;
	struct pid *pid;		/* of the thread group */
	struct ipcbox_account *account;
	struct ipcbox_cache cache;	/* memory for its messages */
	struct rcu_head rcu;
};

/* Of one fd. Numbers of processes that were forked in a row differ in the last bits. */
#define IPCBOX_SENDERS 8

struct ipcbox_senders {
	struct ipcbox_sender __rcu *places[IPCBOX_SENDERS];
};

struct ipcbox_sender *ipcbox_sender_current(struct ipcbox_ns *ns,
					    struct ipcbox_senders *senders);
void ipcbox_senders_forget_current(struct ipcbox_senders *senders);
void ipcbox_senders_forget(struct ipcbox_senders *senders);
void ipcbox_senders_end(struct ipcbox_ns *ns);
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
