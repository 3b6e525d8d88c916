// SPDX-License-Identifier: GPL-2.0
#include "lane.h"

static struct ipcbox_lane *lane_of(const struct rb_node *node)
{
	return rb_entry(node, struct ipcbox_lane, ready_node);
}

static bool lane_is_before(struct rb_node *a, const struct rb_node *b)
{
	return ipcbox_msg_is_before(ipcbox_queue_first(&lane_of(a)->queued),
				    ipcbox_queue_first(&lane_of(b)->queued));
}

/**
 * ipcbox_lane_renew_place_slow() - ipcbox_lane_renew_place(), where there are others
 * @lane: the lane
 */
void ipcbox_lane_renew_place_slow(struct ipcbox_lane *lane)
{
	struct rb_root_cached *ready = &lane->box->ready;
	struct rb_node *node = &lane->ready_node;

	lockdep_assert_held(&lane->box->lock);
	if (lane->messages && ipcbox_lane_is_only_ready(lane))
		return;
	if (!RB_EMPTY_NODE(node))
		rb_erase_cached(node, ready);
	RB_CLEAR_NODE(node);
	if (lane->messages)
		rb_add_cached(node, ready, lane_is_before);
}

/**
 * ipcbox_lane_remove_message() - take a message out of a lane
 * @lane: the lane
 * @msg: queued in it
 * @wake_list: notes that there may be room
 */
void ipcbox_lane_remove_message(struct ipcbox_lane *lane,
				struct ipcbox_msg *msg,
				struct ipcbox_wake_list *wake_list)
{
	ipcbox_lane_dequeue(lane, msg, wake_list);
}

/**
 * ipcbox_lane_restore_message() - put a message back that was taken
 * @lane: the lane; it may now hold more than its limits
 * @msg: goes where it was
 * @wake_list: notes that there is something to read
 */
void ipcbox_lane_restore_message(struct ipcbox_lane *lane,
				 struct ipcbox_msg *msg,
				 struct ipcbox_wake_list *wake_list)
{
	lockdep_assert_held(&lane->box->lock);
	ipcbox_queue_restore(&lane->queued, msg);
	ipcbox_lane_count_in(lane, msg);
	ipcbox_lane_renew_place(lane);
	wake_list->queued++;
}

/**
 * ipcbox_lane_count_drop() - note that a message will never be received
 * @lane: the lane it was in
 */
void ipcbox_lane_count_drop(struct ipcbox_lane *lane)
{
	lockdep_assert_held(&lane->box->lock);
	lane->dropped++;
	lane->box->dropped++;
}

/**
 * ipcbox_lane_drop() - free a message that will never be received
 * @lane: the lane it was in
 * @msg: counted as dropped
 *
 * Context: not the lock of the box.
 */
void ipcbox_lane_drop(struct ipcbox_lane *lane, struct ipcbox_msg *msg)
{
	trace_ipcbox_drop(lane->id, msg);
	ipcbox_msg_free(msg);
}

/**
 * ipcbox_lane_remove_sender() - a sender does not wait any more
 * @lane: the lane
 * @msg: its message
 */
void ipcbox_lane_remove_sender(struct ipcbox_lane *lane, struct ipcbox_msg *msg)
{
	lockdep_assert_held(&lane->box->lock);
	ipcbox_queue_remove(&lane->blocked, msg);
	lane->senders--;
	lane->box->senders--;
}

/**
 * ipcbox_lane_withdraw() - take a call back that nobody has: as if it had never been there
 * @lane: over which it was made
 * @call: in a queue of the lane
 * @wake_list: notes that there may be room
 */
void ipcbox_lane_withdraw(struct ipcbox_lane *lane, struct ipcbox_caller *call,
			  struct ipcbox_wake_list *wake_list)
{
	struct ipcbox_msg *msg = &call->request.msg;

	lockdep_assert_held(&lane->box->lock);
	ipcbox_caller_leave_queue(call, lane->box);
	if (call->arrived) {
		ipcbox_lane_dequeue(lane, msg, wake_list);
		ipcbox_lane_count_drop(lane);
		trace_ipcbox_drop(lane->id, msg);
	} else {
		ipcbox_lane_remove_sender(lane, msg);
	}
}
