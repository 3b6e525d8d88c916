// SPDX-License-Identifier: GPL-2.0
#include "mailbox.h"

#include "account.h"
#include "attr.h"
#include "ns.h"
#include "reclaim.h"
#include "stat.h"
#include "trace.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/ipcbox.h>

static void end_with_process(struct work_struct *work);

/* ---- the memory ---------------------------------------------------------- */

/* With the number of its process, which it may outlive. */
#define MAILBOX_MEMORY						\
	(ipcbox_object_size(sizeof(struct ipcbox_mailbox)) + sizeof(struct pid))

static struct ipcbox_mailbox *mailbox_alloc(struct ipcbox_ns *ns,
					    struct pid *pid)
{
	struct ipcbox_account *account;
	struct ipcbox_mailbox *mailbox;
	int err;

	account = ipcbox_account_find_or_create(ns, current_euid());
	if (IS_ERR(account))
		return ERR_CAST(account);
	err = ipcbox_account_charge(account, IPCBOX_BOXES, 1);
	if (err)
		goto err_put_account;
	err = ipcbox_memory_charge(account, MAILBOX_MEMORY);
	if (err)
		goto err_uncharge_box;

	err = -ENOMEM;
	mailbox = kzalloc(sizeof(*mailbox), IPCBOX_GFP);
	if (!mailbox)
		goto err_uncharge_memory;
	ipcbox_box_init(&mailbox->box, NULL);
	ipcbox_links_init(&mailbox->links, &mailbox->box);
	mailbox->ns = ns;
	mailbox->account = account;
	mailbox->pid = get_pid(pid);
	mailbox->cred = get_current_cred();
	mailbox->exec_id = current->self_exec_id;
	INIT_WORK(&mailbox->end_work, end_with_process);
	mailbox->fds = 1;
	refcount_set(&mailbox->refs, 1);
	return mailbox;

err_uncharge_memory:
	ipcbox_memory_uncharge(account, MAILBOX_MEMORY);
err_uncharge_box:
	ipcbox_account_uncharge(account, IPCBOX_BOXES, 1);
err_put_account:
	ipcbox_account_put(account);
	return ERR_PTR(err);
}

/**
 * ipcbox_mailbox_put() - drop a reference on a mailbox, which is no box any more or
 *	has other references
 * @mailbox: from ipcbox_mailbox_find() or ipcbox_mailbox_next()
 */
void ipcbox_mailbox_put(struct ipcbox_mailbox *mailbox)
{
	if (!refcount_dec_and_test(&mailbox->refs))
		return;
	ipcbox_memory_uncharge(mailbox->account, MAILBOX_MEMORY);
	ipcbox_account_put(mailbox->account);
	put_pid(mailbox->pid);
	ipcbox_box_deinit(&mailbox->box);
	put_cred(mailbox->cred);
	kfree_rcu(mailbox, rcu);
}

/* ---- finding one --------------------------------------------------------- */

/*
 * The number of a live process is unique. That of a dead one may come again before
 * its mailbox, which a child has open, is known to have ended.
 */
static unsigned long index_of(struct pid *pid)
{
	return pid_nr(pid);
}

static struct ipcbox_mailbox *find_at(struct ipcbox_ns *ns, unsigned long index)
{
	struct ipcbox_mailbox *mailbox;

	rcu_read_lock();
	mailbox = xa_load(&ns->mailboxes, index);
	if (mailbox && !refcount_inc_not_zero(&mailbox->refs))
		mailbox = NULL;
	rcu_read_unlock();
	return mailbox;
}

/**
 * ipcbox_mailbox_find() - find the mailbox of a process
 * @ns: where
 * @pid: the process
 *
 * Return: the mailbox, to be put, or NULL.
 */
struct ipcbox_mailbox *ipcbox_mailbox_find(struct ipcbox_ns *ns,
					   struct pid *pid)
{
	struct ipcbox_mailbox *mailbox = find_at(ns, index_of(pid));

	if (!mailbox || (mailbox->pid == pid && ipcbox_mailbox_check(mailbox)))
		return mailbox;
	ipcbox_mailbox_put(mailbox);
	return NULL;
}

/**
 * ipcbox_mailbox_next() - go through the mailboxes of a namespace
 * @ns: where
 * @index: where to begin, from 0; set to that of the mailbox found
 *
 * Return: the mailbox, to be put, or NULL at the end.
 */
struct ipcbox_mailbox *ipcbox_mailbox_next(struct ipcbox_ns *ns,
					   unsigned long *index)
{
	struct ipcbox_mailbox *mailbox;

	rcu_read_lock();
	mailbox = xa_find(&ns->mailboxes, index, ULONG_MAX, XA_PRESENT);
	while (mailbox && !refcount_inc_not_zero(&mailbox->refs))
		mailbox = xa_find_after(&ns->mailboxes, index, ULONG_MAX,
					XA_PRESENT);
	rcu_read_unlock();
	return mailbox;
}

/* ---- the end ------------------------------------------------------------- */

/* Return: whether all were told, and nothing is left that they have queued. */
static bool shutdown_some_links(struct ipcbox_mailbox *mailbox)
{
	unsigned int steps = IPCBOX_REST_STEPS;

	return ipcbox_links_shutdown(&mailbox->links, &steps);
}

static bool end_rest(struct ipcbox_rest *rest)
{
	struct ipcbox_mailbox *mailbox =
		container_of(rest, struct ipcbox_mailbox, rest);

	if (!shutdown_some_links(mailbox))
		return false;
	ipcbox_mailbox_put(mailbox);
	return true;
}

static void leave_rest_of_mailbox(struct ipcbox_mailbox *mailbox)
{
	refcount_inc(&mailbox->refs);
	ipcbox_rest_leave(&mailbox->rest, mailbox->ns->net, end_rest);
}

/* Everyone who has it open or sends to it is told; only the first call does that. */
static void mailbox_shutdown(struct ipcbox_mailbox *mailbox)
{
	xa_cmpxchg(&mailbox->ns->mailboxes, index_of(mailbox->pid), mailbox,
		   NULL, GFP_KERNEL);
	if (!ipcbox_box_shutdown(&mailbox->box, -EPIPE))
		return;
	trace_ipcbox_delete(mailbox->box.id, "mailbox", "", 0);
	if (!shutdown_some_links(mailbox))
		leave_rest_of_mailbox(mailbox);
	/* Those who have a link to it, or an fd, still may keep it for long. */
	ipcbox_account_uncharge(mailbox->account, IPCBOX_BOXES, 1);
}

/* Does exec give a process nothing that would make it another one? */
static bool is_same(const struct cred *then, const struct cred *now)
{
	return then->user_ns == now->user_ns &&
	       uid_eq(then->uid, now->uid) && uid_eq(then->euid, now->euid) &&
	       uid_eq(then->suid, now->suid) && gid_eq(then->gid, now->gid) &&
	       gid_eq(then->egid, now->egid) && gid_eq(then->sgid, now->sgid) &&
	       cap_issubset(now->cap_permitted, then->cap_permitted);
}

static bool has_same_process(const struct ipcbox_mailbox *mailbox)
{
	const struct task_struct *leader;
	bool same;

	if (ipcbox_process_ended(mailbox->pid))
		return false;
	rcu_read_lock();
	leader = pid_task(mailbox->pid, PIDTYPE_TGID);
	/*
	 * In this order: the kernel counts an exec before the credentials change, so
	 * in the middle of one the process is still what it was.
	 */
	same = leader && (READ_ONCE(leader->self_exec_id) ==
				  READ_ONCE(mailbox->exec_id) ||
			  is_same(mailbox->cred, __task_cred(leader)));
	rcu_read_unlock();
	return same;
}

/**
 * ipcbox_mailbox_check_process() - ipcbox_mailbox_check(), with a closer look
 * @mailbox: the mailbox; if its process ended or is another one it ends here
 *
 * Return: whether it may be used.
 * Context: may sleep.
 */
bool ipcbox_mailbox_check_process(struct ipcbox_mailbox *mailbox)
{
	if (has_same_process(mailbox))
		return true;
	mailbox_shutdown(mailbox);
	return false;
}

static void end_with_process(struct work_struct *work)
{
	ipcbox_mailbox_check(container_of(work, struct ipcbox_mailbox, end_work));
}

/* ---- open and close ------------------------------------------------------ */

static struct ipcbox_mailbox *mailbox_create(struct ipcbox_ns *ns,
					     struct pid *pid,
					     const struct ipcbox_attr *attr)
{
	struct ipcbox_access access;
	struct ipcbox_bounds bounds;
	struct ipcbox_mailbox *mailbox;
	int err;

	err = ipcbox_attr_for_new(attr, ns, &access, &bounds);
	if (err)
		return ERR_PTR(err);
	mailbox = mailbox_alloc(ns, pid);
	if (IS_ERR(mailbox))
		return mailbox;
	mailbox->box.access = access;
	mailbox->box.bounds = bounds;
	return mailbox;
}

/* Let a new mailbox be found. Return: 0, -EEXIST or -ENOMEM. */
static int mailbox_insert(struct ipcbox_mailbox *mailbox)
{
	void *there = xa_cmpxchg(&mailbox->ns->mailboxes, index_of(mailbox->pid),
				 NULL, mailbox, IPCBOX_GFP);

	if (there)
		return xa_err(there) ?: -EEXIST;
	ipcbox_watch_start(&mailbox->watch, mailbox->pid, &mailbox->end_work);
	trace_ipcbox_create(mailbox->box.id, "mailbox", "", 0);
	return 0;
}

/* May the calling process, whose it is, open it again? */
static int may_join(struct ipcbox_mailbox *mailbox, const struct ipcbox_attr *attr)
{
	struct ipcbox_access access;

	if (attr->mask)
		return -EEXIST;
	/* Not even with CAP_IPC_OWNER: what is sent to us is not for another user. */
	ipcbox_box_get_attr(&mailbox->box, &access, NULL);
	return uid_eq(access.uid, current_euid()) ? 0 : -EACCES;
}

/* Return: false if it has ended meanwhile. */
static bool add_fd(struct ipcbox_mailbox *mailbox)
{
	struct xarray *mailboxes = &mailbox->ns->mailboxes;
	bool found;

	xa_lock(mailboxes);
	found = xa_load(mailboxes, index_of(mailbox->pid)) == mailbox;
	if (found) {
		mailbox->fds++;
		/* If exec changed it, then it is known that it changed nothing. */
		WRITE_ONCE(mailbox->exec_id, current->self_exec_id);
	}
	xa_unlock(mailboxes);
	return found;
}

/* Return: 0, or -EAGAIN: it has ended; -EEXIST, -EACCES. */
static int mailbox_join(struct ipcbox_mailbox *mailbox,
			const struct ipcbox_attr *attr)
{
	int err;

	if (!ipcbox_mailbox_check(mailbox))
		return -EAGAIN;
	err = may_join(mailbox, attr);
	if (err)
		return err;
	return add_fd(mailbox) ? 0 : -EAGAIN;
}

/**
 * ipcbox_mailbox_open() - open the mailbox of the calling process
 * @ns: where
 * @attr: attributes for a new one
 *
 * Return: the mailbox, to be closed, or an ERR_PTR: -EEXIST, -EACCES, -ENOSPC,
 * -ENOMEM, and those of ipcbox_attr_for_new().
 */
struct ipcbox_mailbox *ipcbox_mailbox_open(struct ipcbox_ns *ns,
					   const struct ipcbox_attr *attr)
{
	struct pid *pid = task_tgid(current);
	struct ipcbox_mailbox *mailbox;
	int err;

	/* Again if another thread opens the first, or closes the last fd, meanwhile. */
	do {
		mailbox = find_at(ns, index_of(pid));
		if (mailbox) {
			err = mailbox_join(mailbox, attr);
		} else {
			mailbox = mailbox_create(ns, pid, attr);
			if (IS_ERR(mailbox))
				return mailbox;
			err = mailbox_insert(mailbox);
			if (err)
				ipcbox_account_uncharge(mailbox->account,
							IPCBOX_BOXES, 1);
			/* With attributes the one that is there is reported. */
			if (err == -EEXIST)
				err = -EAGAIN;
		}
		if (err)
			ipcbox_mailbox_put(mailbox);
	} while (err == -EAGAIN);
	return err ? ERR_PTR(err) : mailbox;
}

/**
 * ipcbox_mailbox_close() - close what ipcbox_mailbox_open() opened
 * @mailbox: the mailbox; with its last fd it ends
 */
void ipcbox_mailbox_close(struct ipcbox_mailbox *mailbox)
{
	struct xarray *mailboxes = &mailbox->ns->mailboxes;
	bool last;

	xa_lock(mailboxes);
	last = !--mailbox->fds;
	/* At once, so that nobody opens it again. */
	if (last)
		__xa_cmpxchg(mailboxes, index_of(mailbox->pid), mailbox, NULL, 0);
	xa_unlock(mailboxes);

	if (last) {
		ipcbox_watch_stop(&mailbox->watch);
		cancel_work_sync(&mailbox->end_work);
		mailbox_shutdown(mailbox);
	}
	ipcbox_mailbox_put(mailbox);
}

/* ---- use ----------------------------------------------------------------- */

static void reap_everywhere(struct ipcbox_ns *ns)
{
	struct ipcbox_mailbox *mailbox;
	unsigned long index = 0;

	while ((mailbox = ipcbox_mailbox_next(ns, &index))) {
		/* Roughly once around: links may come and go meanwhile anyway. */
		ipcbox_links_reap(&mailbox->links,
				  READ_ONCE(mailbox->links.count));
		ipcbox_mailbox_put(mailbox);
		if (fatal_signal_pending(current))
			break;
		cond_resched();
		index++;
	}
}

/**
 * ipcbox_mailbox_link() - the link from a process to a mailbox
 * @mailbox: the mailbox, held by the caller as long as the link is used
 * @pid: of the process that sends
 * @account: who is charged if the link has to be made
 *
 * Return: the link, to be put, or an ERR_PTR: -EMLINK, -ENOMEM, or -EPIPE if
 * the mailbox has ended.
 */
struct ipcbox_link *ipcbox_mailbox_link(struct ipcbox_mailbox *mailbox,
					struct pid *pid,
					struct ipcbox_account *account)
{
	struct ipcbox_link *link;

	link = ipcbox_link_get(&mailbox->links, pid, account);
	if (link != ERR_PTR(-EMLINK))
		return link;
	/* Dead links may be in the way, to whatever mailbox. */
	reap_everywhere(mailbox->ns);
	return ipcbox_link_get(&mailbox->links, pid, account);
}

/**
 * ipcbox_mailbox_connect() - the link from the calling process to a mailbox
 * @mailbox: the mailbox, held by the caller as long as the link is used
 * @account: who is charged if the link has to be made
 *
 * Return: the link, to be put, or an ERR_PTR: -EACCES, -ECONNREFUSED, -EMLINK,
 * -ENOMEM.
 */
struct ipcbox_link *ipcbox_mailbox_connect(struct ipcbox_mailbox *mailbox,
					   struct ipcbox_account *account)
{
	struct ipcbox_access access;
	struct ipcbox_link *link;
	int err;

	ipcbox_box_get_attr(&mailbox->box, &access, NULL);
	err = ipcbox_access_check(&access, mailbox->ns, IPCBOX_MAY_SEND);
	if (err)
		return ERR_PTR(err);
	link = ipcbox_mailbox_link(mailbox, task_tgid(current), account);
	/* It ended since it was found: as if it had not been. */
	return link == ERR_PTR(-EPIPE) ? ERR_PTR(-ECONNREFUSED) : link;
}

/**
 * ipcbox_mailbox_stat() - tell the state of a mailbox
 * @mailbox: the mailbox
 * @stat: out
 * @viewer: whose user ids to tell
 * @pid_viewer: whose pids to tell
 */
void ipcbox_mailbox_stat(struct ipcbox_mailbox *mailbox,
			 struct ipcbox_stat *stat, struct user_namespace *viewer,
			 struct pid_namespace *pid_viewer)
{
	*stat = (struct ipcbox_stat){
		.size = sizeof(*stat),
		.kind = IPCBOX_KIND_MAILBOX,
		.pid = pid_nr_ns(mailbox->pid, pid_viewer),
	};
	ipcbox_stat_box(stat, &mailbox->box, viewer);
}
