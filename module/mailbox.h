/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_MAILBOX_H
#define _IPCBOX_MAILBOX_H

/**
 * DOC: mailbox
 *
 * The box of one process in one network namespace, with a lane for each link.
 * It is found by the pid of the process while one of its fds is open. When the
 * last is closed it ends: its links tell their users so. The memory stays until
 * the last user of a link is gone.
 *
 * A child that inherits the fd receives for its parent; the mailbox keeps the
 * parent's pid, also when the parent is dead. It can then no more be found, but
 * open links go on.
 *
 * ns->mailboxes_mutex serialises open and close; who sends looks up under RCU
 * and takes a reference unless the last was just put.
 */

#include "link.h"

#include <linux/refcount.h>
#include <linux/rcupdate.h>

struct ipcbox_attr;
struct ipcbox_ns;
struct ipcbox_stat;
struct pid_namespace;
struct user_namespace;

struct ipcbox_mailbox {
	struct ipcbox_box box;
	struct ipcbox_links links;
	struct ipcbox_ns *ns;
	struct ipcbox_account *account;
	struct pid *pid;		/* of the process that receives */
	u32 fds;			/* under ns->mailboxes_mutex */
	refcount_t refs;
	struct rcu_head rcu;
};

struct ipcbox_mailbox *ipcbox_mailbox_open(struct ipcbox_ns *ns,
					   const struct ipcbox_attr *attr);
void ipcbox_mailbox_close(struct ipcbox_mailbox *mailbox);

struct ipcbox_mailbox *ipcbox_mailbox_find(struct ipcbox_ns *ns,
					   struct pid *pid);
struct ipcbox_mailbox *ipcbox_mailbox_next(struct ipcbox_ns *ns,
					   unsigned long *index);
void ipcbox_mailbox_put(struct ipcbox_mailbox *mailbox);

struct ipcbox_link *ipcbox_mailbox_link(struct ipcbox_mailbox *mailbox,
					struct pid *pid,
					struct ipcbox_account *account);
struct ipcbox_link *ipcbox_mailbox_connect(struct ipcbox_mailbox *mailbox,
					   struct ipcbox_account *account);
void ipcbox_mailbox_stat(struct ipcbox_mailbox *mailbox,
			 struct ipcbox_stat *stat, struct user_namespace *viewer,
			 struct pid_namespace *pid_viewer);

#endif /* _IPCBOX_MAILBOX_H */
