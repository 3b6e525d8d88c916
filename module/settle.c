// SPDX-License-Identifier: GPL-2.0
#include "settle.h"

#include "lane.h"
#include "noinit.h"

#include <linux/sched.h>

/*
 * Who slept for room need not be told at once that its message went in. If each was,
 * as one message after the other is received, each would find the lane full again,
 * and go back to sleep with its next message: two switches for each message. So they
 * are told together, when half of the room is free; and if that takes long, at the
 * next tick, for they may have other things to do. Where there is room for a few
 * messages only, there is nothing to gain.
 */
#define WORTH_WAITING 8

static bool is_half_full(const struct ipcbox_lane *lane)
{
	const struct ipcbox_bounds *bounds = &lane->box->bounds;

	return lane->messages >= WORTH_WAITING &&
	       (lane->messages > bounds->max_messages / 2 ||
		lane->bytes > bounds->max_bytes / 2);
}

/**
 * ipcbox_settle_take_admitted() - the next sender whose message went in
 * @from: the lane
 *
 * Return: its waiter, on no list any more, or NULL.
 */
struct ipcbox_waiter *ipcbox_settle_take_admitted(void *from)
{
	struct ipcbox_lane *lane = from;
	struct ipcbox_waiter *sender;

	lockdep_assert_held(&lane->box->lock);
	sender = list_first_entry_or_null(&lane->admitted, struct ipcbox_waiter,
					  node);
	if (sender)
		list_del(&sender->node);
	return sender;
}

/* As many as can be woken now. */
static void tell_admitted(struct ipcbox_lane *lane, struct ipcbox_wake_list *wake_list)
{
	struct ipcbox_waiter *sender;

	while (!ipcbox_wake_list_full(wake_list) &&
	       (sender = ipcbox_settle_take_admitted(lane)))
		ipcbox_waiter_finish(sender, 0, wake_list);
}

static void tell_admitted_at_next_tick(struct ipcbox_lane *lane)
{
	if (!timer_pending(&lane->tell_admitted))
		mod_timer(&lane->tell_admitted, jiffies + 1);
}

/* Without SMP spinlocks are nothing, and the timer below would not find one taken. */
static_assert(IS_ENABLED(CONFIG_SMP));

/**
 * ipcbox_settle_tell_admitted_late() - the same, when it took long
 * @timer: of the lane
 *
 * Context: a softirq. Whoever has the lock may be the one that we interrupted.
 */
void ipcbox_settle_tell_admitted_late(struct timer_list *timer)
{
	struct ipcbox_lane *lane = container_of(timer, struct ipcbox_lane,
						tell_admitted);
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;

	if (!spin_trylock(&lane->box->lock)) {
		tell_admitted_at_next_tick(lane);
		return;
	}
	ipcbox_wake_list_init(&wake_list);
	tell_admitted(lane, &wake_list);
	if (!list_empty(&lane->admitted))
		tell_admitted_at_next_tick(lane);
	spin_unlock(&lane->box->lock);
	ipcbox_wake(&wake_list);
}

/* Let the first sender who waits in, if there is room. */
static bool admit(struct ipcbox_lane *lane, struct ipcbox_wake_list *wake_list)
{
	struct ipcbox_msg *msg = ipcbox_queue_first(&lane->blocked);
	struct ipcbox_waiter *sender;

	lockdep_assert_held(&lane->box->lock);
	if (!msg || !ipcbox_lane_has_room(lane, msg->len))
		return false;
	sender = msg->waiter; /* arrival takes its place in the message */
	ipcbox_lane_remove_sender(lane, msg);
	ipcbox_lane_arrive(lane, msg, msg->is_call);
	ipcbox_lane_enqueue(lane, msg, wake_list);
	/* Who called sleeps on, until the reply. */
	if (!msg->is_call) {
		sender->admitted = true;
		list_add_tail(&sender->node, &lane->admitted);
	}
	return true;
}

/* Give the first message to the first receiver, or tell it what it needs. */
static bool serve(struct ipcbox_lane *lane, struct ipcbox_wake_list *wake_list)
{
	struct ipcbox_receiver *receiver = ipcbox_lane_next_receiver(lane);
	int result;

	lockdep_assert_held(&lane->box->lock);
	if (!receiver || !lane->messages)
		return false;
	ipcbox_lane_remove_receiver(lane->box, receiver);
	result = ipcbox_lane_take_first(lane, receiver, wake_list);
	ipcbox_waiter_finish(&receiver->waiter, result, wake_list);
	return true;
}

/*
 * Do a few steps: one long message that leaves may let in any number of senders, who
 * need not be woken at once. Return: whether there may be more to do.
 */
static bool settle_lane(struct ipcbox_lane *lane, struct ipcbox_wake_list *wake_list)
{
	unsigned int left = IPCBOX_WAKE_LIST_MAX;

	lockdep_assert_held(&lane->box->lock);
	while (left && !ipcbox_wake_list_full(wake_list) &&
	       (serve(lane, wake_list) || admit(lane, wake_list)))
		left--;
	if (!list_empty(&lane->admitted)) {
		if (is_half_full(lane))
			tell_admitted_at_next_tick(lane);
		else
			tell_admitted(lane, wake_list);
	}
	return !left || ipcbox_wake_list_full(wake_list);
}

/* With more work to do than to unlock. The fast way saves no registers for it. */
static noinline void settle_and_unlock_slow(struct ipcbox_lane *lane,
					    struct ipcbox_wake_list *wake_list)
	__releases(&lane->box->lock)
{
	struct ipcbox_box *box = lane->box;

	for (;;) {
		bool again = settle_lane(lane, wake_list);

		ipcbox_lane_ask_pollers(lane, wake_list);
		spin_unlock(&box->lock);

		ipcbox_wake(wake_list);
		ipcbox_pollers_tell(&box->readable);
		ipcbox_pollers_tell(&lane->writable);
		if (!again)
			return;
		cond_resched();
		ipcbox_wake_list_init(wake_list);
		spin_lock(&box->lock);
	}
}

/* Those whose message went in are not to be told now, and will be, see settle_lane(). */
static bool may_tell_later(const struct ipcbox_lane *lane)
{
	return list_empty(&lane->admitted) ||
	       (is_half_full(lane) && timer_pending(&lane->tell_admitted));
}

/* Nobody waits for a message or for room, nobody is to be told, and nobody polls. */
static bool is_lonely(struct ipcbox_lane *lane)
{
	return list_empty(&lane->waiting) && list_empty(&lane->box->waiting) &&
	       !ipcbox_queue_first(&lane->blocked) && may_tell_later(lane) &&
	       !ipcbox_pollers_exist(&lane->box->readable) &&
	       !ipcbox_pollers_exist(&lane->writable);
}

/**
 * ipcbox_settle_and_unlock() - settle a lane, drop the lock, wake whom it concerns
 * @lane: the lane, held by the caller
 * @wake_list: whom else to wake; empty afterwards
 */
void ipcbox_settle_and_unlock(struct ipcbox_lane *lane,
			      struct ipcbox_wake_list *wake_list)
	__releases(&lane->box->lock)
{
	lockdep_assert_held(&lane->box->lock);
	if (!is_lonely(lane)) {
		settle_and_unlock_slow(lane, wake_list);
		return;
	}
	spin_unlock(&lane->box->lock);
	ipcbox_wake(wake_list);
}

/**
 * ipcbox_lane_settle() - let senders in who wait where there is room now
 * @lane: the lane
 */
void ipcbox_lane_settle(struct ipcbox_lane *lane)
{
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&lane->box->lock);
	ipcbox_settle_and_unlock(lane, &wake_list);
}
