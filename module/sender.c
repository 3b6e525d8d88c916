// SPDX-License-Identifier: GPL-2.0
#include "sender.h"

#include "account.h"
#include "ns.h"
#include "reclaim.h"

#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/wait_bit.h>

/* With the number of its process, which it may outlive. */
#define SENDER_MEMORY							\
	(ipcbox_object_size(sizeof(struct ipcbox_sender)) + sizeof(struct pid))

static bool is_current(const struct ipcbox_sender *sender)
{
	return sender->pid == task_tgid(current) &&
	       uid_eq(sender->uid, current_euid()) &&
	       gid_eq(sender->gid, current_egid());
}

static struct ipcbox_sender __rcu **
place_of_current(struct ipcbox_senders *senders)
{
	return &senders->places[(u32)task_tgid_nr(current) % IPCBOX_SENDERS];
}

static struct ipcbox_sender *sender_alloc(struct ipcbox_ns *ns)
{
	struct ipcbox_account *account;
	struct ipcbox_sender *sender;

	account = ipcbox_account_get(ns, current_euid());
	if (IS_ERR(account))
		return ERR_CAST(account);
	if (ipcbox_memory_charge(account, SENDER_MEMORY))
		goto err_put_account;
	sender = kmalloc(sizeof(*sender), IPCBOX_GFP);
	if (!sender)
		goto err_uncharge;
	refcount_set(&sender->refs, 1);
	sender->uid = current_euid();
	sender->gid = current_egid();
	sender->pid = get_pid(task_tgid(current));
	sender->account = account;
	ipcbox_cache_init(&sender->cache);
	atomic_inc(&ns->senders_alive);
	return sender;

err_uncharge:
	ipcbox_memory_uncharge(account, SENDER_MEMORY);
err_put_account:
	ipcbox_account_put(account);
	return ERR_PTR(-ENOMEM);
}

/* Another fd of the process may have made it. */
static struct ipcbox_sender *find_current(struct ipcbox_ns *ns)
{
	struct ipcbox_sender *sender;

	rcu_read_lock();
	sender = xa_load(&ns->senders, task_tgid_nr(current));
	if (sender && !(is_current(sender) && refcount_inc_not_zero(&sender->refs)))
		sender = NULL;
	rcu_read_unlock();
	return sender;
}

static struct ipcbox_sender *find_or_create_current(struct ipcbox_ns *ns)
{
	struct ipcbox_sender *sender = find_current(ns);
	int err;

	if (sender)
		return sender;
	sender = sender_alloc(ns);
	if (IS_ERR(sender))
		return sender;
	err = xa_err(xa_store(&ns->senders, task_tgid_nr(current), sender, IPCBOX_GFP));
	if (err) {
		ipcbox_sender_put(sender);
		return ERR_PTR(err);
	}
	/* To be found again, also if it only waits, and this fd is shared by many. */
	ipcbox_cache_enlist(sender);
	return sender;
}

/* The fd does not remember it yet. */
static noinline struct ipcbox_sender *remember_current(struct ipcbox_ns *ns,
						       struct ipcbox_senders *senders)
{
	struct ipcbox_sender *sender, *old;

	sender = find_or_create_current(ns);
	if (IS_ERR(sender))
		return sender;
	ipcbox_sender_hold(sender);
	old = unrcu_pointer(xchg(place_of_current(senders), RCU_INITIALIZER(sender)));
	if (old)
		ipcbox_sender_put(old);
	return sender;
}

/**
 * ipcbox_sender_current() - the sender that stands for the calling process
 * @ns: namespace of the fd
 * @senders: the fd's memory of senders, which is brought up to date
 *
 * Where the kernel is preemptible, rcu_read_lock() is a function, and this is for each
 * message. To keep off preemption for some instructions does the same, and is inline.
 *
 * Return: a sender, to be put, or ERR_PTR(-ENOMEM).
 */
struct ipcbox_sender *ipcbox_sender_current(struct ipcbox_ns *ns,
					    struct ipcbox_senders *senders)
{
	struct ipcbox_sender *sender;

	rcu_read_lock_sched();
	sender = rcu_dereference_sched(*place_of_current(senders));
	if (sender && is_current(sender) && refcount_inc_not_zero(&sender->refs)) {
		rcu_read_unlock_sched();
		return sender;
	}
	rcu_read_unlock_sched();
	return remember_current(ns, senders);
}

/**
 * ipcbox_senders_forget_current() - the calling process closes an fd
 * @senders: the fd's memory of senders
 *
 * Others may keep the fd, and would keep with it what is left of this process. If it
 * has the fd once more, it is found again.
 */
void ipcbox_senders_forget_current(struct ipcbox_senders *senders)
{
	struct ipcbox_sender __rcu **place = place_of_current(senders);
	struct ipcbox_sender *sender;

	rcu_read_lock();
	sender = rcu_dereference(*place);
	if (sender && sender->pid == task_tgid(current) &&
	    unrcu_pointer(cmpxchg(place, RCU_INITIALIZER(sender), NULL)) == sender)
		ipcbox_sender_put(sender);
	rcu_read_unlock();
}

/**
 * ipcbox_senders_forget() - end an fd's memory of senders
 * @senders: the memory; nobody uses it any more
 */
void ipcbox_senders_forget(struct ipcbox_senders *senders)
{
	struct ipcbox_sender *sender;
	size_t i;

	for (i = 0; i < IPCBOX_SENDERS; i++) {
		sender = unrcu_pointer(xchg(&senders->places[i], NULL));
		if (sender)
			ipcbox_sender_put(sender);
	}
}

/**
 * ipcbox_sender_free() - free a sender, for ipcbox_sender_put()
 * @sender: without references, so nothing is cached with it
 */
void ipcbox_sender_free(struct ipcbox_sender *sender)
{
	struct ipcbox_ns *ns = sender->account->ns;

	xa_cmpxchg(&ns->senders, pid_nr(sender->pid), sender, NULL, 0);
	ipcbox_memory_uncharge(sender->account, SENDER_MEMORY);
	ipcbox_account_put(sender->account);
	put_pid(sender->pid);
	kfree_rcu(sender, rcu);
	/* Last: ipcbox_senders_end() may wait for it. */
	if (atomic_dec_and_test(&ns->senders_alive))
		wake_up_var(&ns->senders_alive);
}

/**
 * ipcbox_senders_end() - see that no sender is left in a namespace
 * @ns: the namespace, in which there are no fds and no messages any more
 *
 * What is cached holds its sender. Whoever frees it at this moment is in the kernel,
 * between two steps of a loop that looks for signals, so the wait is short.
 */
void ipcbox_senders_end(struct ipcbox_ns *ns)
{
	ipcbox_caches_end(&ns->account);
	wait_var_event(&ns->senders_alive, !atomic_read(&ns->senders_alive));
}
