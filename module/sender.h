/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_SENDER_H
#define _IPCBOX_SENDER_H

/**
 * DOC: sender
 *
 * Who sent a message: process, effective user and group, and the account that
 * pays for it. One is shared by all messages that a process sends over one fd
 * with the same credentials, so a message carries all that in one pointer. Ids
 * are kept as the kernel knows them and translated for each receiver.
 *
 * Each fd remembers the last sender that used it. It is read under RCU; the
 * pid and the account are put with the last reference, the memory after a grace
 * period.
 */

#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/uidgid.h>

struct ipcbox_account;
struct ipcbox_ns;
struct pid;

struct ipcbox_sender {
	refcount_t refs;
	kuid_t uid;
	kgid_t gid;
	struct pid *pid;		/* of the thread group */
	struct ipcbox_account *account;
	struct rcu_head rcu;
};

struct ipcbox_sender *ipcbox_sender_current(struct ipcbox_ns *ns,
					    struct ipcbox_sender __rcu **last);
void ipcbox_sender_put(struct ipcbox_sender *sender);

static inline struct ipcbox_sender *
ipcbox_sender_hold(struct ipcbox_sender *sender)
{
	refcount_inc(&sender->refs);
	return sender;
}

#endif /* _IPCBOX_SENDER_H */
