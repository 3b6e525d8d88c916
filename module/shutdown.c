// SPDX-License-Identifier: GPL-2.0
/*
 * The end of boxes and lanes: the first phase of teardown, see box.h.
 */
#include "caller.h"
#include "lane.h"
#include "quota.h"
#include "settle.h"
#include "trace.h"

#include <linux/sched.h>

static struct ipcbox_waiter *take_receiver(struct ipcbox_box *box,
					   struct list_head *waiting)
{
	struct ipcbox_receiver *receiver = ipcbox_lane_first_receiver(waiting);

	lockdep_assert_held(&box->lock);
	if (!receiver)
		return NULL;
	ipcbox_lane_remove_receiver(box, receiver);
	return &receiver->waiter;
}

static struct ipcbox_waiter *take_receiver_of_box(void *from)
{
	struct ipcbox_box *box = from;

	return take_receiver(box, &box->waiting);
}

static struct ipcbox_waiter *take_receiver_of_lane(void *from)
{
	struct ipcbox_lane *lane = from;

	return take_receiver(lane->box, &lane->waiting);
}

static struct ipcbox_waiter *take_blocked_sender(void *from)
{
	struct ipcbox_lane *lane = from;
	struct ipcbox_msg *msg = ipcbox_queue_first(&lane->blocked);

	lockdep_assert_held(&lane->box->lock);
	if (!msg)
		return NULL;
	ipcbox_lane_remove_sender(lane, msg);
	if (msg->is_call)
		ipcbox_caller_leave_queue(ipcbox_caller_of(msg), lane->box);
	return msg->waiter;
}

/* Nobody is admitted any more, since nobody is blocked. */
static void dismiss_senders(struct ipcbox_lane *lane, int err)
{
	spinlock_t *lock = &lane->box->lock;

	ipcbox_finish_all(lock, take_blocked_sender, lane, err);
	ipcbox_finish_all(lock, ipcbox_settle_take_admitted, lane, 0);
}

/* A caller learns of the end by its message, which is gone when it knows. */
static void dismiss_call(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
			 struct ipcbox_wake_list *wake_list)
{
	struct ipcbox_caller *call = ipcbox_caller_of(msg);

	lockdep_assert_held(&lane->box->lock);
	trace_ipcbox_drop(lane->id, msg);
	ipcbox_caller_leave_queue(call, lane->box);
	ipcbox_waiter_finish(&call->waiter, lane->box->shutdown, wake_list);
}

/* Take one message out of a lane. Return: how many steps it took; 0: there was none. */
static unsigned int drop_first(struct ipcbox_lane *lane)
{
	struct ipcbox_msg *msg, *to_free = NULL;
	struct ipcbox_wake_list wake_list;
	unsigned int steps = 0;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&lane->box->lock);
	msg = ipcbox_queue_first(&lane->queued);
	if (msg) {
		ipcbox_lane_remove_message(lane, msg, &wake_list);
		ipcbox_lane_count_drop(lane);
		if (msg->is_call)
			dismiss_call(lane, msg, &wake_list);
		else
			to_free = msg;
		steps = 1 + (msg->len >> PAGE_SHIFT);
	}
	spin_unlock(&lane->box->lock);
	ipcbox_wake(&wake_list);
	if (to_free)
		ipcbox_lane_drop(lane, to_free);
	return steps;
}

/**
 * ipcbox_box_shutdown() - end a box for everyone; the caller ends its lanes next
 * @box: the box
 * @err: what everyone is told from now on
 *
 * Return: whether this call did it; false if it had ended before.
 */
bool ipcbox_box_shutdown(struct ipcbox_box *box, int err)
{
	bool first;

	spin_lock(&box->lock);
	first = !box->shutdown;
	/* Some read it without the lock; it is set once. */
	if (first)
		WRITE_ONCE(box->shutdown, err);
	spin_unlock(&box->lock);
	if (!first)
		return false;
	ipcbox_finish_all(&box->lock, take_receiver_of_box, box, err);
	ipcbox_service_shutdown(&box->service, err);
	ipcbox_pollers_shutdown(&box->readable, EPOLLHUP | EPOLLERR);
	return true;
}

/**
 * ipcbox_lane_shutdown() - tell everyone at a lane that its box has ended
 * @lane: the lane; the caller drains it next
 *
 * Context: may sleep.
 */
void ipcbox_lane_shutdown(struct ipcbox_lane *lane)
{
	/* It does not change any more. */
	int err = READ_ONCE(lane->box->shutdown);

	ipcbox_finish_all(&lane->box->lock, take_receiver_of_lane, lane, err);
	dismiss_senders(lane, err);
	ipcbox_quota_shutdown(lane, err);
	ipcbox_pollers_shutdown(&lane->writable, EPOLLHUP | EPOLLERR);
}

/**
 * ipcbox_lane_drain() - free what is queued in a lane that has ended
 * @lane: the lane
 * @steps: how many messages and pages to free; less those that were
 *
 * A message counts for its sender until it is freed: its memory is in use.
 *
 * Return: whether nothing is left; otherwise @steps is 0.
 * Context: may sleep.
 */
bool ipcbox_lane_drain(struct ipcbox_lane *lane, unsigned int *steps)
{
	while (*steps) {
		unsigned int done = drop_first(lane);

		if (!done)
			return true;
		*steps -= min(*steps, done);
		cond_resched();
	}
	return false;
}

/**
 * ipcbox_box_shutdown_senders() - no sender will come again: receivers get what is
 *	left, and then -EPIPE
 * @box: the box
 */
void ipcbox_box_shutdown_senders(struct ipcbox_box *box)
{
	spin_lock(&box->lock);
	box->senders_shutdown = true;
	spin_unlock(&box->lock);
	/* Whoever waits, waits at an empty box. */
	ipcbox_finish_all(&box->lock, take_receiver_of_box, box, -EPIPE);
	ipcbox_pollers_shutdown(&box->readable, EPOLLHUP);
}

/* Return: a call that nobody will receive, and that does not want to wait; or NULL. */
static struct ipcbox_caller *first_unserved(const struct ipcbox_box *box)
{
	struct ipcbox_caller *call;

	lockdep_assert_held(&box->lock);
	call = hlist_entry_safe(box->if_served.first, struct ipcbox_caller,
				if_served);
	/* All have the same: the port's. */
	return call && !READ_ONCE(*call->receivers) ? call : NULL;
}

/**
 * ipcbox_lane_fail_unserved() - end calls that are to fail where nobody receives
 * @lane: of a port that its last receiver has closed, and that has a name
 *
 * If another one comes meanwhile it gets those that are left.
 *
 * Context: may sleep.
 */
void ipcbox_lane_fail_unserved(struct ipcbox_lane *lane)
{
	struct ipcbox_wake_list wake_list;
	bool again;

	do {
		struct ipcbox_caller *call;

		ipcbox_wake_list_init(&wake_list);
		spin_lock(&lane->box->lock);
		while (!ipcbox_wake_list_full(&wake_list) &&
		       (call = first_unserved(lane->box))) {
			ipcbox_lane_withdraw(lane, call, &wake_list);
			ipcbox_waiter_finish(&call->waiter, -ECONNREFUSED, &wake_list);
		}
		again = ipcbox_wake_list_full(&wake_list);
		ipcbox_settle_and_unlock(lane, &wake_list);
		cond_resched();
	} while (again);
}

/**
 * ipcbox_lane_is_idle() - is nothing in a lane, on its way, or waiting there?
 * @lane: the lane
 *
 * Context: the lock of the box.
 */
bool ipcbox_lane_is_idle(const struct ipcbox_lane *lane)
{
	lockdep_assert_held(&lane->box->lock);
	/* Acquire: whoever had taken a message is done with the lane. */
	return !lane->messages && !lane->senders && !lane->receivers &&
	       !atomic_read_acquire(&lane->inflight);
}
