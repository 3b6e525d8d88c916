// SPDX-License-Identifier: GPL-2.0
#include "quota.h"

#include "account.h"
#include "box.h"
#include "msg.h"
#include "noinit.h"
#include "ns.h"
#include "reclaim.h"
#include "trace.h"
#include "wait.h"

/* How many armed fds an uncharge hands to the work. */
#define FEW IPCBOX_WAKE_LIST_MAX

/* A sender that waits at an account. */
struct payer {
	/* Its node is in lane->unpaid, under the lock of the box. */
	struct ipcbox_waiter waiter;
	/* Finished by an uncharge or by the end of the box, under different locks. */
	atomic_t finished;
	/* Under quota.lock. */
	struct list_head node;
	unsigned long amount;
	bool reserve;			/* it may use that, too */
	unsigned long have;		/* of it: charged already */
};

/**
 * ipcbox_quota_init() - prepare the quota of an account
 * @quota: the quota
 */
void ipcbox_quota_init(struct ipcbox_quota *quota)
{
	int i;

	spin_lock_init(&quota->lock);
	quota->wanted = false;
	INIT_LIST_HEAD(&quota->waiting);
	for (i = 0; i < IPCBOX_QUOTA_KINDS; i++)
		quota->armed[i] = RB_ROOT_CACHED;
}

/* The caller has to look at what is used after that, see quota.h. */
static void set_wanted(struct ipcbox_quota *quota)
{
	lockdep_assert_held(&quota->lock);
	WRITE_ONCE(quota->wanted, true);
	smp_mb(); /* pairs with the full barrier of an uncharge */
}

/* ---- what has come back -------------------------------------------------- */

/* The first to finish a waiter decides. Afterwards it may be gone. */
static bool is_first_to_finish(struct payer *payer)
{
	return !atomic_xchg(&payer->finished, 1);
}

static bool is_too_long(const struct ipcbox_account *account, unsigned long amount,
			bool reserve)
{
	return amount > ipcbox_account_limit(account, IPCBOX_BYTES, reserve);
}

/* Return: whether the waiter has all now. */
static bool pay_part(struct ipcbox_account *account, struct payer *payer)
{
	lockdep_assert_held(&account->quota.lock);
	payer->have += ipcbox_account_charge_part(account, IPCBOX_BYTES,
						  payer->amount - payer->have,
						  payer->reserve);
	return payer->have == payer->amount;
}

/* Give the waiters what is there, in their order. */
static void pay(struct ipcbox_account *account, struct ipcbox_wake_list *wake_list)
{
	struct ipcbox_quota *quota = &account->quota;
	struct payer *payer;
	int result;

	lockdep_assert_held(&quota->lock);
	while (!ipcbox_wake_list_full(wake_list) && !list_empty(&quota->waiting)) {
		payer = list_first_entry(&quota->waiting, struct payer, node);
		result = 0;
		if (is_too_long(account, payer->amount, payer->reserve))
			result = -ENOBUFS;
		else if (!pay_part(account, payer))
			return;
		list_del_init(&payer->node);
		if (is_first_to_finish(payer))
			ipcbox_waiter_finish(&payer->waiter, result, wake_list);
	}
}

static struct ipcbox_quota_poll *poll_of(const struct rb_node *node)
{
	return rb_entry(node, struct ipcbox_quota_poll, node);
}

/*
 * Could the largest message of a box be charged? If it is larger than the limit, all of
 * the limit has to be free; poll may not count on the reserve.
 */
static bool has_room(const struct ipcbox_account *account,
		     enum ipcbox_quota_kind kind, unsigned long need)
{
	enum ipcbox_resource resource =
		kind == IPCBOX_QUOTA_BYTES ? IPCBOX_BYTES : IPCBOX_MEMORY;
	unsigned long limit = ipcbox_account_limit(account, resource, false);

	if (kind == IPCBOX_QUOTA_MEMORY)
		limit /= 8;
	return ipcbox_account_has_room(account, resource, min(need, limit));
}

static void disarm(struct ipcbox_quota_poll *poll, struct ipcbox_quota *quota)
{
	lockdep_assert_held(&quota->lock);
	rb_erase_cached(&poll->node, &quota->armed[poll->kind]);
	RB_CLEAR_NODE(&poll->node);
	atomic_dec(&poll->lane->armed);
}

/* Have the pollers woken of those fds for which there is enough. */
static void tell_armed(struct ipcbox_account *account, enum ipcbox_quota_kind kind)
{
	struct ipcbox_quota *quota = &account->quota;
	struct rb_node *first;
	unsigned int i;

	lockdep_assert_held(&quota->lock);
	for (i = 0; i < FEW; i++) {
		first = rb_first_cached(&quota->armed[kind]);
		if (!first || !has_room(account, kind, poll_of(first)->need))
			return;
		disarm(poll_of(first), quota);
		queue_work(system_unbound_wq, &poll_of(first)->work);
	}
}

static bool is_wanted(const struct ipcbox_quota *quota)
{
	return !list_empty(&quota->waiting) ||
	       !RB_EMPTY_ROOT(&quota->armed[IPCBOX_QUOTA_BYTES].rb_root) ||
	       !RB_EMPTY_ROOT(&quota->armed[IPCBOX_QUOTA_MEMORY].rb_root);
}

/**
 * ipcbox_quota_returned() - somebody waits for bytes, and there may be more of them
 * @account: where
 *
 * Context: any but an interrupt; not under quota.lock.
 */
void ipcbox_quota_returned(struct ipcbox_account *account)
{
	struct ipcbox_quota *quota = &account->quota;
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&quota->lock);
	pay(account, &wake_list);
	tell_armed(account, IPCBOX_QUOTA_BYTES);
	tell_armed(account, IPCBOX_QUOTA_MEMORY);
	if (!is_wanted(quota))
		WRITE_ONCE(quota->wanted, false);
	spin_unlock(&quota->lock);
	ipcbox_wake(&wake_list);
}

/* ---- waiting ------------------------------------------------------------- */

/* Return: 0, or the errno of the end of the box. */
static int add_to_lane(struct payer *payer, struct ipcbox_lane *lane)
{
	int err;

	spin_lock(&lane->box->lock);
	err = lane->box->shutdown;
	if (!err)
		list_add_tail(&payer->waiter.node, &lane->unpaid);
	spin_unlock(&lane->box->lock);
	return err;
}

static void add_to_account(struct payer *payer, struct ipcbox_account *account)
{
	spin_lock(&account->quota.lock);
	list_add_tail(&payer->node, &account->quota.waiting);
	set_wanted(&account->quota);
	spin_unlock(&account->quota.lock);
}

/* After both nobody else knows of it. */
static void remove_payer(struct payer *payer, struct ipcbox_lane *lane,
			 struct ipcbox_account *account)
{
	spin_lock(&lane->box->lock);
	list_del_init(&payer->waiter.node);
	spin_unlock(&lane->box->lock);
	spin_lock(&account->quota.lock);
	list_del_init(&payer->node);
	spin_unlock(&account->quota.lock);
}

/* Return: 0: @amount is charged to this account, and to no other. */
static int wait_at(struct ipcbox_account *account, unsigned long amount,
		   struct ipcbox_lane *lane,
		   const struct ipcbox_wait_options *options)
{
	struct payer payer IPCBOX_NOINIT;
	int ret;

	ipcbox_waiter_init(&payer.waiter);
	atomic_set(&payer.finished, 0);
	payer.amount = amount;
	payer.reserve = ipcbox_account_may_use_reserve(account);
	payer.have = 0;
	ret = add_to_lane(&payer, lane);
	if (ret)
		return ret;
	add_to_account(&payer, account);
	ipcbox_quota_returned(account);

	ret = ipcbox_wait(&payer.waiter, options, NULL);
	remove_payer(&payer, lane, account);
	if (payer.waiter.done)
		ret = payer.waiter.result;
	if (ret)
		ipcbox_account_uncharge_below(account, account->parent,
					      IPCBOX_BYTES, payer.have);
	/* Those who were woken with us were as many as could be: the next ones. */
	else if (READ_ONCE(account->quota.wanted))
		ipcbox_quota_returned(account);
	return ret;
}

static bool fits(const struct ipcbox_account *account, unsigned long amount)
{
	for (; account; account = account->parent)
		if (is_too_long(account, amount,
				ipcbox_account_may_use_reserve(account)))
			return false;
	return true;
}

static int wait_at_all(struct ipcbox_account *account, unsigned long amount,
		       struct ipcbox_lane *lane,
		       const struct ipcbox_wait_options *options)
{
	struct ipcbox_account *a;
	int err;

	for (a = account; a; a = a->parent) {
		err = wait_at(a, amount, lane, options);
		if (err) {
			ipcbox_account_uncharge_below(account, a, IPCBOX_BYTES,
						      amount);
			return err;
		}
	}
	return 0;
}

/**
 * ipcbox_quota_wait() - a charge of bytes was refused: wait until it is not
 * @account: of the sender
 * @amount: of the message
 * @lane: where it will go, whose end ends the wait
 * @options: whether and how long to wait
 *
 * A waiter that cannot be counted cannot wait.
 *
 * Return: 0: it is charged. -ENOBUFS, -EUSERS, -ETIMEDOUT, -ERESTARTSYS, or the errno
 * of the end of the box; then nothing is.
 * Context: may sleep.
 */
int ipcbox_quota_wait(struct ipcbox_account *account, unsigned long amount,
		      struct ipcbox_lane *lane,
		      const struct ipcbox_wait_options *options)
{
	/* It is set once. Poll reports the end, so this is not to be outlived by ENOBUFS. */
	int err = READ_ONCE(lane->box->shutdown);

	if (err)
		return err;
	if (options->nonblock || !fits(account, amount))
		return -ENOBUFS;
	err = ipcbox_account_charge(options->account, IPCBOX_WAITERS, 1);
	if (err)
		return err;
	trace_ipcbox_block(lane->id, IPCBOX_PAYING);
	err = wait_at_all(account, amount, lane, options);
	trace_ipcbox_wake(lane->id, IPCBOX_PAYING, err);
	ipcbox_account_uncharge(options->account, IPCBOX_WAITERS, 1);
	return err;
}

/* The next one that an uncharge has not finished before. */
static struct ipcbox_waiter *take_unpaid(void *from)
{
	struct ipcbox_lane *lane = from;
	struct payer *payer;

	lockdep_assert_held(&lane->box->lock);
	while (!list_empty(&lane->unpaid)) {
		payer = list_first_entry(&lane->unpaid, struct payer, waiter.node);
		list_del_init(&payer->waiter.node);
		if (is_first_to_finish(payer))
			return &payer->waiter;
	}
	return NULL;
}

/**
 * ipcbox_quota_shutdown() - tell all who wait for bytes that their box has ended
 * @lane: a lane of the box
 * @err: what they are told
 *
 * Context: may sleep.
 */
void ipcbox_quota_shutdown(struct ipcbox_lane *lane, int err)
{
	ipcbox_finish_all(&lane->box->lock, take_unpaid, lane, err);
}

/* ---- poll ---------------------------------------------------------------- */

static void tell_pollers(struct work_struct *work)
{
	struct ipcbox_quota_poll *poll =
		container_of(work, struct ipcbox_quota_poll, work);

	ipcbox_lane_tell_pollers(poll->lane);
	/* There may have been more than a few. */
	ipcbox_quota_returned(READ_ONCE(poll->at));
}

/**
 * ipcbox_quota_poll_init() - prepare an fd for sending to be polled
 * @poll: the part of its handle
 * @lane: that it sends to
 */
void ipcbox_quota_poll_init(struct ipcbox_quota_poll *poll,
			    struct ipcbox_lane *lane)
{
	poll->lane = lane;
	poll->at = NULL;
	spin_lock_init(&poll->lock);
	RB_CLEAR_NODE(&poll->node);
	INIT_WORK(&poll->work, tell_pollers);
}

static void disarm_if_armed(struct ipcbox_quota_poll *poll)
{
	struct ipcbox_quota *quota = &poll->at->quota;

	lockdep_assert_held(&poll->lock);
	spin_lock(&quota->lock);
	if (!RB_EMPTY_NODE(&poll->node))
		disarm(poll, quota);
	spin_unlock(&quota->lock);
}

/**
 * ipcbox_quota_poll_deinit() - the fd is closed
 * @poll: the part of its handle; the lane and the account are still there
 *
 * Context: may sleep.
 */
void ipcbox_quota_poll_deinit(struct ipcbox_quota_poll *poll)
{
	if (!poll->at)
		return;
	spin_lock(&poll->lock);
	disarm_if_armed(poll);
	spin_unlock(&poll->lock);
	cancel_work_sync(&poll->work);
}

static bool needs_less(struct rb_node *a, const struct rb_node *b)
{
	return poll_of(a)->need < poll_of(b)->need;
}

/* The account that cannot be charged for the largest message, and for which resource. */
struct lack {
	struct ipcbox_account *at;	/* NULL: there is enough of all */
	enum ipcbox_quota_kind kind;
	unsigned long need;
};

static void arm(struct ipcbox_quota_poll *poll, const struct lack *lack)
{
	struct ipcbox_quota *quota = &lack->at->quota;

	spin_lock(&poll->lock);
	if (poll->at)
		disarm_if_armed(poll);
	WRITE_ONCE(poll->at, lack->at);
	spin_lock(&quota->lock);
	poll->kind = lack->kind;
	poll->need = lack->need;
	rb_add_cached(&poll->node, &quota->armed[poll->kind], needs_less);
	atomic_inc(&poll->lane->armed);
	set_wanted(quota);
	spin_unlock(&quota->lock);
	spin_unlock(&poll->lock);
}

static bool find_lack_of(struct lack *lack, struct ipcbox_account *account,
			 enum ipcbox_quota_kind kind, unsigned long need)
{
	while (account && has_room(account, kind, need))
		account = account->parent;
	*lack = (struct lack){ account, kind, need };
	return account;
}

/* Return: whether there is too little of anything, also without what is cached. */
static bool find_lack(struct lack *lack, struct ipcbox_account *account, u32 largest)
{
	unsigned long memory = ipcbox_msg_memory(largest);

	if (find_lack_of(lack, account, IPCBOX_QUOTA_BYTES,
			 ipcbox_msg_footprint(largest)))
		return true;
	if (!find_lack_of(lack, account, IPCBOX_QUOTA_MEMORY, memory))
		return false;
	ipcbox_memory_make_room(account, memory);
	return find_lack_of(lack, account, IPCBOX_QUOTA_MEMORY, memory);
}

/* To be told writable too often is better than to be told too late. */
#define TRIES 8

/**
 * ipcbox_quota_poll() - could the largest message of the box be charged?
 * @poll: the part of the handle
 * @account: of whoever opened the fd
 *
 * Return: whether it could. If not, the pollers of the lane are woken when it can.
 */
bool ipcbox_quota_poll(struct ipcbox_quota_poll *poll,
		       struct ipcbox_account *account)
{
	u32 largest = READ_ONCE(poll->lane->box->bounds.max_msgsize);
	struct lack lack, armed;
	int i;

	if (!find_lack(&lack, account, largest))
		return true;
	for (i = 0; i < TRIES; i++) {
		armed = lack;
		arm(poll, &armed);
		if (!find_lack(&lack, account, largest))
			return true;
		if (lack.at == armed.at && lack.kind == armed.kind)
			return false;
	}
	return true;
}

/* ---- limits -------------------------------------------------------------- */

/* Those who wait look at the new limit, whether it is higher or lower. */
static void limit_changed_in(struct ipcbox_ns *ns)
{
	struct ipcbox_account *account;
	unsigned long index = 0;

	ipcbox_quota_returned(&ns->account);
	for (; (account = ipcbox_account_next(ns, &index)); index++) {
		ipcbox_quota_returned(account);
		ipcbox_account_put(account);
		cond_resched();
	}
}

/**
 * ipcbox_quota_limit_changed() - a limit of bytes was set
 * @ns: where; what the host sets counts for all
 *
 * Context: may sleep.
 */
void ipcbox_quota_limit_changed(struct ipcbox_ns *ns)
{
	ipcbox_account_visit_ns(limit_changed_in,
				ipcbox_ns_is_host(ns) ? NULL : ns);
}
