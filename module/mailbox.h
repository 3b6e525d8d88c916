/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_MAILBOX_H
#define _IPCBOX_MAILBOX_H

/**
 * DOC: mailbox
 *
 * The box of one process in one network namespace, with a lane for each link.
 * It is found by the pid of the process while one of its fds is open. It ends with
 * the last of them, or when
 *
 * - its process ends, though a child may have an fd: the one to whom messages were
 *   sent is gone. The end is noticed by a watch, and by who sends before that;
 * - its process runs a program by exec, and then has other credentials than it had when
 *   it opened the mailbox. Otherwise whoever started a set-user-ID program could keep
 *   an fd, and read what is sent to that program. Modules are not told of an exec, so
 *   who sends or opens looks: before an old mailbox is used it ends.
 *
 * Its links tell their users of the end. The memory stays until the last user of a
 * link is gone.
 *
 * The xa_lock of ns->mailboxes serialises open and close; who sends looks up under RCU
 * and takes a reference unless the last was just put.
 */

#include "link.h"
#include "rest.h"
#include "watch.h"

#include <linux/pid.h>
#include <linux/refcount.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

struct cred;
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
	const struct cred *cred;	/* of that process, when it opened the mailbox */
	u64 exec_id;			/* with these it ran then, or was seen later */
	struct ipcbox_watch watch;	/* on the process */
	struct work_struct end_work;
	u32 fds;			/* under the xa_lock of ns->mailboxes */
	refcount_t refs;
	union {
		struct ipcbox_rest rest; /* ended: what is left of it, with a reference */
		struct rcu_head rcu;	/* without references */
	};
};

struct ipcbox_mailbox *ipcbox_mailbox_open(struct ipcbox_ns *ns,
					   const struct ipcbox_attr *attr);
void ipcbox_mailbox_close(struct ipcbox_mailbox *mailbox);
bool ipcbox_mailbox_check_process(struct ipcbox_mailbox *mailbox);

/**
 * ipcbox_mailbox_check() - is the process of a mailbox still what it was?
 * @mailbox: the mailbox; if not it ends here
 *
 * Return: whether it may be used.
 */
static inline bool ipcbox_mailbox_check(struct ipcbox_mailbox *mailbox)
{
	const struct task_struct *leader;
	bool same;

	/* Mostly it runs, and has run no other program. */
	rcu_read_lock();
	leader = pid_task(mailbox->pid, PIDTYPE_TGID);
	/* A data_race(): the kernel writes it plainly, and the answer may be old at once. */
	same = leader && !data_race(READ_ONCE(leader->exit_state)) &&
	       READ_ONCE(leader->self_exec_id) == READ_ONCE(mailbox->exec_id);
	rcu_read_unlock();
	return same || ipcbox_mailbox_check_process(mailbox);
}

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
