// SPDX-License-Identifier: GPL-2.0
#include "sender.h"

#include "account.h"

#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

static bool is_current(const struct ipcbox_sender *sender)
{
	return sender->pid == task_tgid(current) &&
	       uid_eq(sender->uid, current_euid()) &&
	       gid_eq(sender->gid, current_egid());
}

static struct ipcbox_sender __rcu **
place_of_current(struct ipcbox_senders *senders)
{
	/* Pairs with the exchange in get_many(): they are empty, or were filled since. */
	struct ipcbox_sender __rcu **many = smp_load_acquire(&senders->many);
	u32 nr = task_tgid_nr(current);

	return many ? &many[nr % IPCBOX_SENDERS_MANY] :
		      &senders->few[nr % IPCBOX_SENDERS_FEW];
}

/* Those among the few stay there unused, up to the end. */
static void get_many(struct ipcbox_senders *senders)
{
	struct ipcbox_sender __rcu **many;

	many = kcalloc(IPCBOX_SENDERS_MANY, sizeof(*many), IPCBOX_GFP);
	/* Without them it goes on as before. */
	if (many && cmpxchg(&senders->many, NULL, many))
		kfree(many);
}

/* Do two that live want the same place? */
static bool is_crowded(const struct ipcbox_senders *senders,
		       const struct ipcbox_sender *old)
{
	return !READ_ONCE(senders->many) && old->pid != task_tgid(current) &&
	       pid_has_task(old->pid, PIDTYPE_TGID);
}

static struct ipcbox_sender *sender_create(struct ipcbox_ns *ns)
{
	struct ipcbox_account *account;
	struct ipcbox_sender *sender;

	account = ipcbox_account_get(ns, current_euid());
	if (IS_ERR(account))
		return ERR_CAST(account);

	sender = kmalloc(sizeof(*sender), IPCBOX_GFP);
	if (!sender) {
		ipcbox_account_put(account);
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&sender->refs, 1);
	sender->uid = current_euid();
	sender->gid = current_egid();
	sender->pid = get_pid(task_tgid(current));
	sender->account = account;
	ipcbox_spares_init(&sender->spares);
	ipcbox_pool_init(&sender->pool);
	return sender;
}

/**
 * ipcbox_sender_current() - the sender that stands for the calling process
 * @ns: namespace of the fd
 * @senders: the fd's memory of senders, which is brought up to date
 *
 * Return: a sender, to be put, or ERR_PTR(-ENOMEM).
 */
struct ipcbox_sender *ipcbox_sender_current(struct ipcbox_ns *ns,
					    struct ipcbox_senders *senders)
{
	struct ipcbox_sender __rcu **place = place_of_current(senders);
	struct ipcbox_sender *sender, *old;

	rcu_read_lock();
	sender = rcu_dereference(*place);
	if (sender && is_current(sender) && refcount_inc_not_zero(&sender->refs)) {
		rcu_read_unlock();
		return sender;
	}
	rcu_read_unlock();

	sender = sender_create(ns);
	if (IS_ERR(sender))
		return sender;
	ipcbox_sender_hold(sender);
	old = unrcu_pointer(xchg(place, RCU_INITIALIZER(sender)));
	if (old) {
		if (is_crowded(senders, old))
			get_many(senders);
		ipcbox_sender_put(old);
	}
	return sender;
}

static void forget(struct ipcbox_sender __rcu **places, size_t count)
{
	struct ipcbox_sender *sender;
	size_t i;

	for (i = 0; i < count; i++) {
		sender = unrcu_pointer(xchg(&places[i], NULL));
		if (sender)
			ipcbox_sender_put(sender);
	}
}

/**
 * ipcbox_senders_forget() - end an fd's memory of senders
 * @senders: the memory; nobody uses it any more
 */
void ipcbox_senders_forget(struct ipcbox_senders *senders)
{
	forget(senders->few, IPCBOX_SENDERS_FEW);
	if (senders->many)
		forget(senders->many, IPCBOX_SENDERS_MANY);
	kfree(senders->many);
}

/**
 * ipcbox_sender_free() - free a sender, for ipcbox_sender_put()
 * @sender: without references
 */
void ipcbox_sender_free(struct ipcbox_sender *sender)
{
	ipcbox_spares_deinit(&sender->spares);
	ipcbox_pool_deinit(&sender->pool);
	ipcbox_account_put(sender->account);
	put_pid(sender->pid);
	kfree_rcu(sender, rcu);
}
