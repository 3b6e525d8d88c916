// SPDX-License-Identifier: GPL-2.0
#include "creds.h"

#include "account.h"
#include "ns.h"
#include "reclaim.h"

#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

/* With the number of its process, which it may outlive. */
#define CREDS_MEMORY							\
	(ipcbox_object_size(sizeof(struct ipcbox_creds)) + sizeof(struct pid))

static bool is_current(const struct ipcbox_creds *creds)
{
	return creds->pid == task_tgid(current) &&
	       uid_eq(creds->uid, current_euid()) &&
	       gid_eq(creds->gid, current_egid());
}

static struct ipcbox_creds __rcu **
place_of_current(struct ipcbox_recent_creds *recent)
{
	return &recent->places[(u32)task_tgid_nr(current) % IPCBOX_RECENT_CREDS];
}

static struct ipcbox_creds *creds_alloc(struct ipcbox_ns *ns)
{
	struct ipcbox_account *account;
	struct ipcbox_creds *creds;

	account = ipcbox_account_find_or_create(ns, current_euid());
	if (IS_ERR(account))
		return ERR_CAST(account);
	if (ipcbox_memory_charge(account, CREDS_MEMORY))
		goto err_put_account;
	creds = kmalloc(sizeof(*creds), IPCBOX_GFP);
	if (!creds)
		goto err_uncharge;
	refcount_set(&creds->refs, 1);
	creds->uid = current_euid();
	creds->gid = current_egid();
	creds->pid = get_pid(task_tgid(current));
	creds->account = account;
	ipcbox_cache_init(&creds->cache);
	atomic_inc(&ns->creds_alive);
	return creds;

err_uncharge:
	ipcbox_memory_uncharge(account, CREDS_MEMORY);
err_put_account:
	ipcbox_account_put(account);
	return ERR_PTR(-ENOMEM);
}

/* Another fd of the process may have made it. */
static struct ipcbox_creds *find_current(struct ipcbox_ns *ns)
{
	struct ipcbox_creds *creds;

	rcu_read_lock();
	creds = xa_load(&ns->creds, task_tgid_nr(current));
	if (creds && !(is_current(creds) && refcount_inc_not_zero(&creds->refs)))
		creds = NULL;
	rcu_read_unlock();
	return creds;
}

static struct ipcbox_creds *find_or_create_current(struct ipcbox_ns *ns)
{
	struct ipcbox_creds *creds = find_current(ns);
	int err;

	if (creds)
		return creds;
	creds = creds_alloc(ns);
	if (IS_ERR(creds))
		return creds;
	err = xa_err(xa_store(&ns->creds, task_tgid_nr(current), creds, IPCBOX_GFP));
	if (err) {
		ipcbox_creds_put(creds);
		return ERR_PTR(err);
	}
	/* To be found again, also if it only waits, and this fd is shared by many. */
	ipcbox_cache_enlist(creds);
	return creds;
}

/* The fd does not remember it yet. */
static noinline struct ipcbox_creds *
remember_current(struct ipcbox_ns *ns, struct ipcbox_recent_creds *recent)
{
	struct ipcbox_creds *creds, *old;

	creds = find_or_create_current(ns);
	if (IS_ERR(creds))
		return creds;
	ipcbox_creds_get(creds);
	old = unrcu_pointer(xchg(place_of_current(recent), RCU_INITIALIZER(creds)));
	if (old)
		ipcbox_creds_put(old);
	return creds;
}

/**
 * ipcbox_creds_get_current() - the credentials of the calling process
 * @ns: namespace of the fd
 * @recent: the credentials that the fd remembers; brought up to date
 *
 * Where the kernel is preemptible, rcu_read_lock() is a function, and this is for each
 * message. To keep off preemption for some instructions does the same, and is inline.
 *
 * Return: the credentials, to be put, or ERR_PTR(-ENOMEM).
 */
struct ipcbox_creds *ipcbox_creds_get_current(struct ipcbox_ns *ns,
					      struct ipcbox_recent_creds *recent)
{
	struct ipcbox_creds *creds;

	rcu_read_lock_sched();
	creds = rcu_dereference_sched(*place_of_current(recent));
	if (creds && is_current(creds) && refcount_inc_not_zero(&creds->refs)) {
		rcu_read_unlock_sched();
		return creds;
	}
	rcu_read_unlock_sched();
	return remember_current(ns, recent);
}

/**
 * ipcbox_recent_creds_forget_current() - the calling process closes an fd
 * @recent: the credentials that the fd remembers
 *
 * Others may keep the fd, and would keep with it what is left of this process. If it
 * has the fd once more, it is found again.
 */
void ipcbox_recent_creds_forget_current(struct ipcbox_recent_creds *recent)
{
	struct ipcbox_creds __rcu **place = place_of_current(recent);
	struct ipcbox_creds *creds;

	rcu_read_lock();
	creds = rcu_dereference(*place);
	if (creds && creds->pid == task_tgid(current) &&
	    unrcu_pointer(cmpxchg(place, RCU_INITIALIZER(creds), NULL)) == creds)
		ipcbox_creds_put(creds);
	rcu_read_unlock();
}

/**
 * ipcbox_recent_creds_forget() - forget all credentials, at the end of an fd
 * @recent: the credentials that the fd remembered; nobody uses them any more
 */
void ipcbox_recent_creds_forget(struct ipcbox_recent_creds *recent)
{
	struct ipcbox_creds *creds;
	size_t i;

	for (i = 0; i < IPCBOX_RECENT_CREDS; i++) {
		creds = unrcu_pointer(xchg(&recent->places[i], NULL));
		if (creds)
			ipcbox_creds_put(creds);
	}
}

/**
 * ipcbox_creds_free() - free credentials, for ipcbox_creds_put()
 * @creds: without references, so nothing is cached with it
 */
void ipcbox_creds_free(struct ipcbox_creds *creds)
{
	struct ipcbox_ns *ns = creds->account->ns;

	xa_cmpxchg(&ns->creds, pid_nr(creds->pid), creds, NULL, 0);
	ipcbox_memory_uncharge(creds->account, CREDS_MEMORY);
	ipcbox_account_put(creds->account);
	put_pid(creds->pid);
	kfree_rcu(creds, rcu);
	/* Last: ipcbox_creds_exit() may wait for it. */
	if (atomic_dec_and_test(&ns->creds_alive))
		wake_up_var(&ns->creds_alive);
}

/**
 * ipcbox_creds_exit() - see that no credentials are left in a namespace
 * @ns: the namespace, in which there are no fds and no messages any more
 *
 * A cache that is not empty holds its credentials. Whoever empties it at this moment is
 * in the kernel, between two steps of a loop that looks for signals, so the wait is
 * short.
 */
void ipcbox_creds_exit(struct ipcbox_ns *ns)
{
	ipcbox_caches_end(&ns->account);
	wait_var_event(&ns->creds_alive, !atomic_read(&ns->creds_alive));
}
