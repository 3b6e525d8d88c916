// SPDX-License-Identifier: GPL-2.0
#include "transfer.h"

#include "account.h"
#include "lane.h"
#include "settle.h"

/* A caller is charged already: it waits for the reply in any case. */
static int may_wait(const struct ipcbox_wait_options *options, bool is_call)
{
	if (options->nonblock)
		return -EAGAIN;
	return is_call ? 0 : ipcbox_account_charge(options->account,
						   IPCBOX_WAITERS, 1);
}

/* ---- offer --------------------------------------------------------------- */

/* Is there room for a message, and is it its turn? If not it has to wait. */
static __always_inline bool may_enter(const struct ipcbox_lane *lane,
				      const struct ipcbox_msg *msg)
{
	const struct ipcbox_msg *waiting = ipcbox_queue_first(&lane->blocked);

	/* Nobody passes a sender who waits, unless with a higher priority. */
	return ipcbox_lane_has_room(lane, msg->len) &&
	       (!waiting || waiting->priority < msg->priority);
}

static void add_sender(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
		       struct ipcbox_waiter *sender)
{
	lockdep_assert_held(&lane->box->lock);
	msg->waiter = sender;
	ipcbox_queue_push(&lane->blocked, msg);
	lane->senders++;
	lane->box->senders++;
}

/* A message comes in: to a receiver that waits, or into the queue. */
static __always_inline void enter(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
				  bool is_call, struct ipcbox_wake_list *wake_list)
{
	struct ipcbox_receiver *receiver = NULL;

	if (!lane->messages)
		receiver = ipcbox_lane_next_receiver(lane);
	ipcbox_lane_arrive(lane, msg, is_call);
	/* The short way; what is left to do if it cannot go, settling does. */
	if (receiver && msg->len <= receiver->capacity) {
		ipcbox_lane_hand_over(lane, receiver, msg, is_call);
		ipcbox_lane_remove_receiver(lane->box, receiver);
		ipcbox_waiter_finish(&receiver->waiter, 0, wake_list);
	} else {
		ipcbox_lane_enqueue(lane, msg, wake_list);
	}
}

/* No room: let the sender wait, if it may. Return: -EINPROGRESS, or an errno. */
static noinline int wait_to_enter(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
				  bool is_call, struct ipcbox_waiter *sender,
				  const struct ipcbox_wait_options *options)
{
	int err;

	lockdep_assert_held(&lane->box->lock);
	err = may_wait(options, is_call);
	if (err)
		return err;
	if (is_call)
		ipcbox_caller_enter_queue(ipcbox_caller_of(msg), lane->box);
	else
		ipcbox_waiter_init(sender);
	add_sender(lane, msg, sender);
	return -EINPROGRESS;
}

/*
 * The one way into a lane, for a send, each message of a batch, and a call. The box
 * has not ended. Return: 0, -EINPROGRESS: the sender waits for room; or an errno.
 */
static __always_inline int offer_message(struct ipcbox_lane *lane,
					 struct ipcbox_msg *msg, bool is_call,
					 struct ipcbox_waiter *sender,
					 const struct ipcbox_wait_options *options,
					 struct ipcbox_wake_list *wake_list)
{
	lockdep_assert_held(&lane->box->lock);
	if (msg->len > lane->box->bounds.max_msgsize)
		return -EMSGSIZE;
	if (!may_enter(lane, msg))
		return wait_to_enter(lane, msg, is_call, sender, options);
	if (is_call)
		ipcbox_caller_enter_queue(ipcbox_caller_of(msg), lane->box);
	enter(lane, msg, is_call, wake_list);
	return 0;
}

/**
 * ipcbox_offer_and_unlock() - a message comes: check it, queue it, settle
 * @lane: the lane, held by the caller
 * @msg: the message
 * @sender: out: waits if it has to, and may; not initialised
 * @options: whether the sender may wait, and who is charged for that
 * @wake_list: empty
 *
 * Return: 0: the box, or a receiver, has the message. -EINPROGRESS: the sender is
 * charged, and waits until its waiter is done. Otherwise nothing has changed: -EMSGSIZE,
 * -EAGAIN, -EUSERS, or the errno of the end of the box.
 */
int ipcbox_offer_and_unlock(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
			    struct ipcbox_waiter *sender,
			    const struct ipcbox_wait_options *options,
			    struct ipcbox_wake_list *wake_list)
	__releases(&lane->box->lock)
{
	int err;

	lockdep_assert_held(&lane->box->lock);
	err = lane->box->shutdown ?:
		      offer_message(lane, msg, false, sender, options, wake_list);
	if (!err) {
		ipcbox_settle_and_unlock(lane, wake_list);
		return 0;
	}
	spin_unlock(&lane->box->lock);
	return err;
}

/**
 * ipcbox_offer_call_and_unlock() - the same with a call
 * @lane: the lane, held by the caller
 * @call: the call; its caller is charged already
 * @options: whether to wait for room
 * @wake_list: empty
 *
 * Return: 0: the caller waits until its waiter is done. Otherwise nothing has changed:
 * as ipcbox_offer_and_unlock(), or -ECONNREFUSED.
 */
int ipcbox_offer_call_and_unlock(struct ipcbox_lane *lane,
				 struct ipcbox_caller *call,
				 const struct ipcbox_wait_options *options,
				 struct ipcbox_wake_list *wake_list)
	__releases(&lane->box->lock)
{
	int err;

	lockdep_assert_held(&lane->box->lock);
	err = lane->box->shutdown ?: ipcbox_caller_check_receivers(call);
	if (!err)
		err = offer_message(lane, &call->request.msg, true, &call->waiter,
				    options, wake_list);
	if (!err || err == -EINPROGRESS) {
		ipcbox_settle_and_unlock(lane, wake_list);
		return 0;
	}
	spin_unlock(&lane->box->lock);
	return err;
}

/**
 * ipcbox_offer_many_and_unlock() - the same with messages, in order
 * @lane: the lane, held by the caller
 * @msgs: the messages, no calls
 * @count: how many
 * @sender: out: waits with the first that does not go in, if it may
 * @options: as for ipcbox_offer_and_unlock()
 * @wake_list: empty
 * @err: out: why not more went in, as for ipcbox_offer_and_unlock(); 0: offer the rest
 *	again, since no more tasks can be woken at once, or settling may have made room
 *
 * Return: how many went in, from the first on.
 */
unsigned int ipcbox_offer_many_and_unlock(struct ipcbox_lane *lane,
					  struct ipcbox_msg **msgs,
					  unsigned int count,
					  struct ipcbox_waiter *sender,
					  const struct ipcbox_wait_options *options,
					  struct ipcbox_wake_list *wake_list, int *err)
	__releases(&lane->box->lock)
{
	unsigned int sent = 0;
	int failed;

	lockdep_assert_held(&lane->box->lock);
	failed = lane->box->shutdown;
	while (!failed && sent < count && !ipcbox_wake_list_full(wake_list)) {
		failed = offer_message(lane, msgs[sent], false, sender, options,
				       wake_list);
		if (!failed)
			sent++;
	}
	/*
	 * A receiver that still waits has less room than the first message needs. Settling
	 * ends its wait, and may give that message to another receiver: then there is room.
	 */
	if (sent && (failed == -EAGAIN || failed == -EUSERS) &&
	    ipcbox_lane_next_receiver(lane))
		failed = 0;
	*err = failed;
	ipcbox_settle_and_unlock(lane, wake_list);
	return sent;
}

/* ---- take ---------------------------------------------------------------- */

/* The lane with the next message of a box, or NULL if the box is empty. */
static struct ipcbox_lane *first_ready(const struct ipcbox_box *box)
{
	struct rb_node *node;

	lockdep_assert_held(&box->lock);
	if (box->sole)
		return box->sole->messages ? box->sole : NULL;
	node = rb_first_cached(&box->ready);
	return node ? rb_entry(node, struct ipcbox_lane, ready_node) : NULL;
}

static void add_receiver(struct ipcbox_box *box, struct ipcbox_receiver *receiver)
{
	struct ipcbox_lane *from = receiver->from;

	lockdep_assert_held(&box->lock);
	list_add_tail(&receiver->waiter.node, from ? &from->waiting : &box->waiting);
	box->receivers++;
	if (from)
		from->receivers++;
}

/* Why is there no message? -EAGAIN: it has to be waited for. */
static int why_empty(const struct ipcbox_box *box, struct pid *peer)
{
	lockdep_assert_held(&box->lock);
	if (box->senders_shutdown || (peer && ipcbox_process_ended(peer)))
		return -EPIPE;
	return -EAGAIN;
}

/* The lane is empty: let the receiver wait, if it may. Return: as wait_to_enter(). */
static noinline int wait_to_take(struct ipcbox_box *box, struct pid *peer,
				 struct ipcbox_receiver *receiver,
				 const struct ipcbox_wait_options *options)
{
	int err;

	lockdep_assert_held(&box->lock);
	/* Whoever polls the box believes to know that it has messages: now of none. */
	if (box->messages)
		box->told_each = true;
	err = why_empty(box, peer);
	if (err == -EAGAIN)
		err = may_wait(options, false);
	if (err)
		return err;
	add_receiver(box, receiver);
	return -EINPROGRESS;
}

/**
 * ipcbox_take_and_unlock() - a receiver comes: give it the next message, settle
 * @box: the box, held by the caller
 * @peer: the process whose end ends the wait for its lane, or NULL
 * @receiver: as for ipcbox_box_take()
 * @options: whether the receiver may wait, and who is charged for that
 * @wake_list: whom to wake in any case
 *
 * Return: 0: it has a message. -EINPROGRESS: it is charged, and waits until its waiter
 * is done. Otherwise nothing was taken: -EMSGSIZE, -EAGAIN, -EUSERS, -EPIPE, or the
 * errno of the end of the box.
 */
int ipcbox_take_and_unlock(struct ipcbox_box *box, struct pid *peer,
			   struct ipcbox_receiver *receiver,
			   const struct ipcbox_wait_options *options,
			   struct ipcbox_wake_list *wake_list)
	__releases(&box->lock)
{
	struct ipcbox_lane *lane;
	int err;

	lockdep_assert_held(&box->lock);
	err = box->shutdown;
	if (err)
		goto out_unlock;

	lane = receiver->from ?: first_ready(box);
	if (lane && lane->messages) {
		err = ipcbox_lane_take_first(lane, receiver, wake_list);
		if (err)
			goto out_unlock;
		ipcbox_settle_and_unlock(lane, wake_list);
		return 0;
	}
	err = wait_to_take(box, peer, receiver, options);

out_unlock:
	spin_unlock(&box->lock);
	ipcbox_wake(wake_list);
	return err;
}

/* Can the next message be taken together with others? */
static bool is_easy(const struct ipcbox_msg *msg, u64 capacity)
{
	/* A call needs room on the stack of its receiver. */
	return msg && !msg->is_call && msg->len <= capacity;
}

/*
 * Take messages, as long as there is one that is easy; @in_turn: only while the lane has
 * the next one of its box. Return: how many. They are in flight to the caller.
 */
static __always_inline unsigned int take_easy(struct ipcbox_lane *lane, bool in_turn,
					      const struct ipcbox_room *rooms,
					      struct ipcbox_msg **msgs,
					      unsigned int count,
					      struct ipcbox_wake_list *wake_list)
{
	/* Nobody looks before we are done, so what changes each time can be done once. */
	bool others = !lane->box->sole && !ipcbox_lane_is_only_ready(lane);
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (in_turn && others && first_ready(lane->box) != lane)
			break;
		msgs[i] = ipcbox_queue_first(&lane->queued);
		if (!is_easy(msgs[i], rooms[i].capacity))
			break;
		if (others) {
			ipcbox_lane_dequeue(lane, msgs[i], wake_list);
		} else {
			ipcbox_queue_remove(&lane->queued, msgs[i]);
			bytes += msgs[i]->len;
		}
	}
	if (!others && i) {
		ipcbox_lane_count_out(lane, i, bytes);
		ipcbox_lane_renew_place(lane);
		wake_list->left += i;
	}
	atomic_add(i, &lane->inflight);
	return i;
}

/**
 * ipcbox_take_many_and_unlock() - take messages out of a box, those that are there
 * @box: as for ipcbox_box_take_many()
 * @from: as for ipcbox_box_take_many()
 * @rooms: as for ipcbox_box_take_many()
 * @count: as for ipcbox_box_take_many()
 * @inflight: as for ipcbox_box_take_many()
 * @wake_list: empty
 */
void ipcbox_take_many_and_unlock(struct ipcbox_box *box, struct ipcbox_lane *from,
				 const struct ipcbox_room *rooms,
				 unsigned int count, struct ipcbox_inflight *inflight,
				 struct ipcbox_wake_list *wake_list)
	__releases(&box->lock)
{
	struct ipcbox_lane *lane;

	lockdep_assert_held(&box->lock);
	lane = from ?: first_ready(box);
	inflight->lane = lane;
	inflight->count = 0;
	if (!box->shutdown && lane)
		inflight->count = take_easy(lane, !from && !box->sole, rooms,
					    inflight->msgs, count, wake_list);
	/* What is in flight keeps the lane, also while settling drops the lock. */
	if (inflight->count)
		ipcbox_settle_and_unlock(lane, wake_list);
	else
		spin_unlock(&box->lock);
}
