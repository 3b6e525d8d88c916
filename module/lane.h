/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_LANE_H
#define _IPCBOX_LANE_H

/**
 * DOC: lane
 *
 * Single steps with the messages of a lane and with its waiters, under the lock of its
 * box. They leave the lane unsettled, see settle.h, so they are only for transfer.c,
 * settle.c and the files of the box. Everyone else uses box.h.
 *
 * The steps of each message are inline: some run in loops over many messages, and most
 * callers know whether a message is a call.
 */

#include "box.h"
#include "caller.h"
#include "trace.h"

/* ---- which lane is next -------------------------------------------------- */

/* Is it the only one that has messages? Then its place is the first, and stays so. */
static inline bool ipcbox_lane_is_only_ready(const struct ipcbox_lane *lane)
{
	const struct rb_node *node = &lane->ready_node;

	return lane->box->ready.rb_root.rb_node == node && !node->rb_left &&
	       !node->rb_right;
}

void ipcbox_lane_renew_place_slow(struct ipcbox_lane *lane);

/* A lane's place depends on its first message, which has changed. */
static __always_inline void ipcbox_lane_renew_place(struct ipcbox_lane *lane)
{
	if (!lane->box->sole)
		ipcbox_lane_renew_place_slow(lane);
}

/* ---- messages in and out ------------------------------------------------- */

/* An empty lane takes any message, so none can wait for ever. */
static __always_inline bool ipcbox_lane_has_room(const struct ipcbox_lane *lane, u64 len)
{
	const struct ipcbox_bounds *bounds = &lane->box->bounds;

	return !lane->messages || (lane->messages < bounds->max_messages &&
				   lane->bytes + len <= bounds->max_bytes);
}

static inline void ipcbox_lane_count_in(struct ipcbox_lane *lane, const struct ipcbox_msg *msg)
{
	lane->messages++;
	lane->bytes += msg->len;
	lane->box->messages++;
	lane->box->bytes += msg->len;
}

static inline void ipcbox_lane_count_out(struct ipcbox_lane *lane, u32 messages, u64 bytes)
{
	lane->messages -= messages;
	lane->bytes -= bytes;
	lane->box->messages -= messages;
	lane->box->bytes -= bytes;
}

/* From here on the message is in the box: number it. */
static __always_inline void ipcbox_lane_arrive(struct ipcbox_lane *lane,
					       struct ipcbox_msg *msg, bool is_call)
{
	msg->seq = ++lane->sent;
	msg->arrival = ++lane->box->arrivals;
	if (is_call) {
		ipcbox_caller_of(msg)->arrived = true;
		trace_ipcbox_call(lane->id, msg);
	} else {
		trace_ipcbox_send(lane->id, msg);
	}
}

static __always_inline void ipcbox_lane_enqueue(struct ipcbox_lane *lane,
						struct ipcbox_msg *msg,
						struct ipcbox_wake_list *wake_list)
{
	lockdep_assert_held(&lane->box->lock);
	ipcbox_queue_push(&lane->queued, msg);
	ipcbox_lane_count_in(lane, msg);
	if (ipcbox_queue_first(&lane->queued) == msg)
		ipcbox_lane_renew_place(lane);
	wake_list->queued++;
}

static __always_inline void ipcbox_lane_dequeue(struct ipcbox_lane *lane,
						struct ipcbox_msg *msg,
						struct ipcbox_wake_list *wake_list)
{
	lockdep_assert_held(&lane->box->lock);
	ipcbox_queue_remove(&lane->queued, msg);
	ipcbox_lane_count_out(lane, 1, msg->len);
	ipcbox_lane_renew_place(lane);
	wake_list->left++;
}

void ipcbox_lane_remove_message(struct ipcbox_lane *lane,
				struct ipcbox_msg *msg,
				struct ipcbox_wake_list *wake_list);
void ipcbox_lane_restore_message(struct ipcbox_lane *lane,
				 struct ipcbox_msg *msg,
				 struct ipcbox_wake_list *wake_list);
void ipcbox_lane_count_drop(struct ipcbox_lane *lane);
void ipcbox_lane_drop(struct ipcbox_lane *lane, struct ipcbox_msg *msg);
void ipcbox_lane_remove_sender(struct ipcbox_lane *lane,
			       struct ipcbox_msg *msg);
void ipcbox_lane_withdraw(struct ipcbox_lane *lane, struct ipcbox_caller *call,
			  struct ipcbox_wake_list *wake_list);

/* ---- receivers ----------------------------------------------------------- */

/**
 * ipcbox_lane_remove_receiver() - a receiver does not wait any more
 * @box: the box
 * @receiver: waits there, or at a lane of it
 */
static inline void ipcbox_lane_remove_receiver(struct ipcbox_box *box,
					       struct ipcbox_receiver *receiver)
{
	lockdep_assert_held(&box->lock);
	list_del(&receiver->waiter.node);
	box->receivers--;
	if (receiver->from)
		receiver->from->receivers--;
}

/**
 * ipcbox_lane_first_receiver() - who waited longest on a list
 * @waiting: the list of a lane or box
 *
 * Return: the receiver, or NULL.
 */
static inline struct ipcbox_receiver *
ipcbox_lane_first_receiver(struct list_head *waiting)
{
	return list_first_entry_or_null(waiting, struct ipcbox_receiver,
					waiter.node);
}

/* Those who named this lane go first. */
static inline struct ipcbox_receiver *
ipcbox_lane_next_receiver(struct ipcbox_lane *lane)
{
	lockdep_assert_held(&lane->box->lock);
	return ipcbox_lane_first_receiver(&lane->waiting) ?:
		       ipcbox_lane_first_receiver(&lane->box->waiting);
}

/* The message is now in flight to a receiver. */
static __always_inline void ipcbox_lane_hand_over(struct ipcbox_lane *lane,
						  struct ipcbox_receiver *receiver,
						  struct ipcbox_msg *msg, bool is_call)
{
	atomic_inc(&lane->inflight);
	receiver->lane = lane;
	if (is_call) {
		ipcbox_caller_pass(ipcbox_caller_of(msg), lane->box, receiver);
	} else {
		receiver->msg = msg;
		receiver->payload = msg;
	}
}

/* Give the first message to a receiver on no list. Return: 0; -EMSGSIZE: it needs more. */
static __always_inline int ipcbox_lane_take_first(struct ipcbox_lane *lane,
						  struct ipcbox_receiver *receiver,
						  struct ipcbox_wake_list *wake_list)
{
	struct ipcbox_msg *msg = ipcbox_queue_first(&lane->queued);

	if (msg->len > receiver->capacity) {
		receiver->needed = msg->len;
		return -EMSGSIZE;
	}
	ipcbox_lane_dequeue(lane, msg, wake_list);
	ipcbox_lane_hand_over(lane, receiver, msg, msg->is_call);
	return 0;
}

#endif /* _IPCBOX_LANE_H */
