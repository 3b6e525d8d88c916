// SPDX-License-Identifier: GPL-2.0
#include "box.h"

#include "account.h"
#include "caller.h"
#include "lane.h"
#include "noinit.h"
#include "creds.h"
#include "settle.h"
#include "trace.h"
#include "transfer.h"

#include <linux/sched.h>

/* ---- making -------------------------------------------------------------- */

/**
 * ipcbox_box_next_id() - a number for something that others will be told of
 *
 * Return: one that was not given before.
 */
u64 ipcbox_box_next_id(void)
{
	static atomic64_t last_id = ATOMIC64_INIT(0);

	return atomic64_inc_return(&last_id);
}

/**
 * ipcbox_box_init() - prepare a box
 * @box: the box; the caller sets its access and bounds
 * @sole: its lane if there will be just this one, already initialised; or NULL
 */
void ipcbox_box_init(struct ipcbox_box *box, struct ipcbox_lane *sole)
{
	*box = (struct ipcbox_box){
		.id = sole ? sole->id : ipcbox_box_next_id(),
		.ready = RB_ROOT_CACHED,
		.sole = sole,
	};
	spin_lock_init(&box->lock);
	INIT_LIST_HEAD(&box->waiting);
	ipcbox_service_init(&box->service, &box->lock);
	INIT_HLIST_HEAD(&box->if_served);
	ipcbox_pollers_init(&box->readable, EPOLLIN | EPOLLRDNORM);
}

/**
 * ipcbox_box_deinit() - the box will be freed
 * @box: the box; nobody uses it any more
 */
void ipcbox_box_deinit(struct ipcbox_box *box)
{
	ipcbox_pollers_deinit(&box->readable);
}

/**
 * ipcbox_lane_init() - prepare a lane
 * @lane: the lane
 * @box: the box it will belong to
 */
void ipcbox_lane_init(struct ipcbox_lane *lane, struct ipcbox_box *box)
{
	*lane = (struct ipcbox_lane){
		.box = box,
		.id = ipcbox_box_next_id(),
	};
	ipcbox_queue_init(&lane->queued);
	ipcbox_queue_init(&lane->blocked);
	INIT_LIST_HEAD(&lane->waiting);
	INIT_LIST_HEAD(&lane->admitted);
	INIT_LIST_HEAD(&lane->unpaid);
	timer_setup(&lane->tell_admitted, ipcbox_settle_tell_admitted_late, 0);
	RB_CLEAR_NODE(&lane->ready_node);
	ipcbox_pollers_init(&lane->writable, EPOLLOUT | EPOLLWRNORM);
}

/**
 * ipcbox_lane_deinit() - the lane will be freed
 * @lane: the lane; nobody uses it any more
 */
void ipcbox_lane_deinit(struct ipcbox_lane *lane)
{
	timer_delete_sync(&lane->tell_admitted);
	ipcbox_pollers_deinit(&lane->writable);
}

/* ---- send ---------------------------------------------------------------- */

/* A sender wants to go. Unless it is done by now, its message goes with it. */
static int leave_as_sender(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
			   struct ipcbox_waiter *sender, int err)
{
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&lane->box->lock);
	if (sender->done) {
		err = sender->result;
	} else if (sender->admitted) {
		list_del(&sender->node);
		err = 0;
	} else {
		/* Whoever waited behind us, or polls, may find room now. */
		ipcbox_lane_remove_sender(lane, msg);
	}
	ipcbox_settle_and_unlock(lane, &wake_list);
	return err;
}

/* Sleep until the message is in. */
static noinline int wait_for_room(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
				  struct ipcbox_waiter *sender,
				  const struct ipcbox_wait_options *options)
{
	int ret;

	trace_ipcbox_block(lane->id, IPCBOX_SENDING);
	ret = ipcbox_wait(sender, options, NULL);
	ret = ret ? leave_as_sender(lane, msg, sender, ret) : sender->result;
	trace_ipcbox_wake(lane->id, IPCBOX_SENDING, ret);

	ipcbox_account_uncharge(options->account, IPCBOX_WAITERS, 1);
	return ret;
}

/**
 * ipcbox_box_send() - send a message over a lane
 * @lane: the lane, held by the caller
 * @msg: the message
 * @options: whether and how long to wait for room
 *
 * Return: 0: the box, or a receiver, has the message. Otherwise the caller has
 * it, and nothing has changed: -EMSGSIZE, -EAGAIN, -EUSERS, -ETIMEDOUT,
 * -ERESTARTSYS, or the errno of the end of the box.
 */
int ipcbox_box_send(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
		    const struct ipcbox_wait_options *options)
{
	struct ipcbox_waiter sender IPCBOX_NOINIT;
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;
	int err;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&lane->box->lock);
	err = ipcbox_offer_and_unlock(lane, msg, &sender, options, &wake_list);
	return err == -EINPROGRESS ? wait_for_room(lane, msg, &sender, options) : err;
}

/**
 * ipcbox_box_send_many() - send messages over a lane, in order
 * @lane: the lane, held by the caller
 * @msgs: the messages
 * @count: how many
 * @options: whether and how long to wait for room
 * @err: out: why not more were sent: as for ipcbox_box_send()
 *
 * Who waits for them is woken once, for as many as find room together.
 *
 * Return: how many were sent; the others are the caller's.
 */
unsigned int ipcbox_box_send_many(struct ipcbox_lane *lane,
				  struct ipcbox_msg **msgs, unsigned int count,
				  const struct ipcbox_wait_options *options,
				  int *err)
{
	struct ipcbox_waiter sender IPCBOX_NOINIT;
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;
	unsigned int sent = 0;

	do {
		ipcbox_wake_list_init(&wake_list);
		spin_lock(&lane->box->lock);
		sent += ipcbox_offer_many_and_unlock(lane, msgs + sent,
						     count - sent, &sender,
						     options, &wake_list, err);
		if (*err == -EINPROGRESS) {
			*err = wait_for_room(lane, msgs[sent], &sender, options);
			if (!*err)
				sent++;
		}
	} while (!*err && sent < count);
	return sent;
}

/* ---- receive ------------------------------------------------------------- */

static int leave_as_receiver(struct ipcbox_box *box,
			     struct ipcbox_receiver *receiver, int err)
{
	spin_lock(&box->lock);
	if (receiver->waiter.done)
		err = receiver->waiter.result;
	else
		ipcbox_lane_remove_receiver(box, receiver);
	spin_unlock(&box->lock);
	return err;
}

/**
 * ipcbox_box_wait_for_message() - sleep until a receiver has a message
 * @box: as for ipcbox_box_take()
 * @peer: as for ipcbox_box_take()
 * @receiver: as for ipcbox_box_take(), queued by ipcbox_take_and_unlock()
 * @options: as for ipcbox_box_take()
 *
 * Return: as ipcbox_box_take().
 */
int ipcbox_box_wait_for_message(struct ipcbox_box *box, struct pid *peer,
				struct ipcbox_receiver *receiver,
				const struct ipcbox_wait_options *options)
{
	u64 id = receiver->from ? receiver->from->id : box->id;
	int ret;

	trace_ipcbox_block(id, IPCBOX_RECEIVING);
	ret = ipcbox_wait(&receiver->waiter, options, peer);
	ret = ret ? leave_as_receiver(box, receiver, ret) : receiver->waiter.result;
	trace_ipcbox_wake(id, IPCBOX_RECEIVING, ret);

	ipcbox_account_uncharge(options->account, IPCBOX_WAITERS, 1);
	return ret;
}

/**
 * ipcbox_box_take() - take the next message out of a box
 * @box: the box, held by the caller
 * @peer: the process whose end ends the wait for its lane, or NULL
 * @receiver: initialised, with its capacity, server, small, and the lane it takes
 *	from, if not any; tells msg, payload, lane and room, or needed
 * @options: whether and how long to wait for a message
 *
 * A message that was taken is in flight to the receiver, and its lane stays until
 * the caller ends that with ipcbox_box_accept() or ipcbox_box_restore().
 *
 * Return: 0, or -EMSGSIZE, -EAGAIN, -EUSERS, -ETIMEDOUT, -ERESTARTSYS, -EPIPE,
 * or the errno of the end of the box; then nothing was taken.
 */
int ipcbox_box_take(struct ipcbox_box *box, struct pid *peer,
		    struct ipcbox_receiver *receiver,
		    const struct ipcbox_wait_options *options)
{
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;
	int err;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&box->lock);
	err = ipcbox_take_and_unlock(box, peer, receiver, options, &wake_list);
	if (err == -EINPROGRESS)
		err = ipcbox_box_wait_for_message(box, peer, receiver, options);
	return err;
}

/**
 * ipcbox_box_take_many() - take messages out of a box, those that are there
 * @box: the box, held by the caller
 * @from: the lane to take from, or NULL
 * @rooms: the capacities
 * @count: how many at most, up to %IPCBOX_INFLIGHT_MAX
 * @inflight: out: the messages; to be accepted or restored as those of ipcbox_box_take()
 *
 * Calls, and what is too long, are left for ipcbox_box_take(), which also tells of
 * the end of the box. A lane is settled before another is gone to: next time.
 */
void ipcbox_box_take_many(struct ipcbox_box *box, struct ipcbox_lane *from,
			  const struct ipcbox_room *rooms, unsigned int count,
			  struct ipcbox_inflight *inflight)
{
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&box->lock);
	ipcbox_take_many_and_unlock(box, from, rooms, count, inflight, &wake_list);
}

/* From here on the lane may be freed, if it is one of a mailbox. */
static void let_go(struct ipcbox_lane *lane, unsigned int count)
{
	/* Pairs with the acquire in ipcbox_lane_is_idle(). */
	(void)atomic_sub_return_release(count, &lane->inflight);
}

/* Free the receiver's copy of a call. */
static void free_call_copy(struct ipcbox_receiver *receiver)
{
	if (receiver->payload != receiver->msg)
		ipcbox_msg_free(receiver->payload);
	ipcbox_creds_put(receiver->msg->creds);
}

/**
 * ipcbox_box_accept() - a message that was taken has reached its receiver
 * @receiver: of ipcbox_box_take(); what it tells is gone afterwards
 */
void ipcbox_box_accept(struct ipcbox_receiver *receiver)
{
	struct ipcbox_msg *msg = receiver->msg;

	trace_ipcbox_receive(receiver->lane->id, msg);
	let_go(receiver->lane, 1);
	if (msg->is_call)
		free_call_copy(receiver);
	else
		ipcbox_msg_free(msg);
}

static void trace_receive(const struct ipcbox_inflight *inflight, unsigned int count)
{
	unsigned int i;

	for (i = 0; trace_ipcbox_receive_enabled() && i < count; i++)
		trace_ipcbox_receive(inflight->lane->id, inflight->msgs[i]);
}

/**
 * ipcbox_box_accept_many() - messages that were taken together reached their receiver
 * @inflight: of ipcbox_box_take_many()
 * @count: how many of them did, from the first on; they are gone afterwards
 */
void ipcbox_box_accept_many(struct ipcbox_inflight *inflight, unsigned int count)
{
	trace_receive(inflight, count);
	let_go(inflight->lane, count);
	ipcbox_msg_free_many(inflight->msgs, count);
}

static void restore_call(struct ipcbox_lane *lane,
			 struct ipcbox_receiver *receiver)
{
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;
	struct ipcbox_caller *call;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&lane->box->lock);
	call = ipcbox_caller_take_back(lane->box, receiver);
	if (call) {
		ipcbox_lane_restore_message(lane, &call->request.msg, &wake_list);
	} else {
		/* Its caller gave up meanwhile, or was told of the end. */
		ipcbox_lane_count_drop(lane);
		trace_ipcbox_drop(lane->id, receiver->msg);
	}
	ipcbox_settle_and_unlock(lane, &wake_list);
	free_call_copy(receiver);
}

static void restore_message(struct ipcbox_lane *lane, struct ipcbox_msg *msg)
{
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;
	struct ipcbox_box *box = lane->box;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&box->lock);
	if (!box->shutdown) {
		ipcbox_lane_restore_message(lane, msg, &wake_list);
		ipcbox_settle_and_unlock(lane, &wake_list);
	} else {
		ipcbox_lane_count_drop(lane);
		spin_unlock(&box->lock);
		ipcbox_lane_drop(lane, msg);
	}
}

/**
 * ipcbox_box_restore() - put a message back that was taken and not delivered
 * @receiver: of ipcbox_box_take(); what it tells is gone afterwards
 *
 * It goes where it was, or to a receiver that waits. Its room may have been
 * filled meanwhile; then the lane holds one message too many for a while, which
 * is better than to lose one.
 */
void ipcbox_box_restore(struct ipcbox_receiver *receiver)
{
	struct ipcbox_lane *lane = receiver->lane;

	if (receiver->msg->is_call)
		restore_call(lane, receiver);
	else
		restore_message(lane, receiver->msg);
	let_go(lane, 1);
}

/* ---- attributes ---------------------------------------------------------- */

/**
 * ipcbox_box_get_attr() - read access and limits of a box together
 * @box: the box
 * @access: out
 * @bounds: out, or NULL
 */
void ipcbox_box_get_attr(struct ipcbox_box *box, struct ipcbox_access *access,
			 struct ipcbox_bounds *bounds)
{
	spin_lock(&box->lock);
	*access = box->access;
	if (bounds)
		*bounds = box->bounds;
	spin_unlock(&box->lock);
}

/**
 * ipcbox_box_set_attr() - change access and limits of a box together
 * @box: the box
 * @access: the new access
 * @bounds: the new limits; what is queued above them stays
 *
 * The caller settles the lanes afterwards, which may have got room.
 *
 * Return: 0 or the errno of the end of the box.
 */
int ipcbox_box_set_attr(struct ipcbox_box *box,
			const struct ipcbox_access *access,
			const struct ipcbox_bounds *bounds)
{
	int err;

	spin_lock(&box->lock);
	err = box->shutdown;
	if (!err) {
		box->access = *access;
		box->bounds.max_messages = bounds->max_messages;
		box->bounds.max_bytes = bounds->max_bytes;
		/* Who sends looks at it without the lock, before the message is copied. */
		WRITE_ONCE(box->bounds.max_msgsize, bounds->max_msgsize);
	}
	spin_unlock(&box->lock);
	return err;
}
