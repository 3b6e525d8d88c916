/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_LANE_H
#define _IPCBOX_LANE_H

/**
 * DOC: lane
 *
 * What happens in a lane under the lock of its box: messages in and out, and
 * settling. For box.c and end.c; everyone else uses box.h.
 */

#include "box.h"

struct ipcbox_caller;

/* The lane with the next message of a box, or NULL if the box is empty. */
static inline struct ipcbox_lane *
ipcbox_lane_first_ready(const struct ipcbox_box *box)
{
	struct rb_node *node;

	if (box->sole)
		return box->sole->messages ? box->sole : NULL;
	node = rb_first_cached(&box->ready);
	return node ? rb_entry(node, struct ipcbox_lane, ready_node) : NULL;
}

/* An empty lane takes any message, so none can wait for ever. */
static inline bool ipcbox_lane_has_room(const struct ipcbox_lane *lane, u64 len)
{
	const struct ipcbox_bounds *bounds = &lane->box->bounds;

	return !lane->messages || (lane->messages < bounds->max_messages &&
				   lane->bytes + len <= bounds->max_bytes);
}

/* Is there room for a message, and is it its turn? If not it has to wait. */
static inline bool ipcbox_lane_may_enter(const struct ipcbox_lane *lane,
					 const struct ipcbox_msg *msg)
{
	const struct ipcbox_msg *waiting = ipcbox_queue_first(&lane->blocked);

	/* Nobody passes a sender who waits, unless with a higher priority. */
	return ipcbox_lane_has_room(lane, msg->len) &&
	       (!waiting || waiting->priority < msg->priority);
}

u32 ipcbox_lane_rooms(const struct ipcbox_lane *lane);

void ipcbox_lane_add_message(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
			     struct ipcbox_wakes *wakes);
unsigned int ipcbox_lane_add_messages(struct ipcbox_lane *lane,
				      struct ipcbox_msg **msgs,
				      unsigned int count,
				      struct ipcbox_wakes *wakes);
void ipcbox_lane_restore_message(struct ipcbox_lane *lane,
				 struct ipcbox_msg *msg,
				 struct ipcbox_wakes *wakes);
void ipcbox_lane_remove_message(struct ipcbox_lane *lane,
				struct ipcbox_msg *msg,
				struct ipcbox_wakes *wakes);

void ipcbox_lane_add_receiver(struct ipcbox_box *box, struct ipcbox_receiver *receiver);
void ipcbox_lane_remove_receiver(struct ipcbox_box *box,
			      struct ipcbox_receiver *receiver);
struct ipcbox_receiver *ipcbox_lane_first_receiver(struct list_head *waiting);
int ipcbox_lane_take_message(struct ipcbox_lane *lane,
			     struct ipcbox_receiver *receiver,
			     struct ipcbox_wakes *wakes);
unsigned int ipcbox_lane_take_messages(struct ipcbox_lane *lane, bool in_turn,
				       const struct ipcbox_room *rooms,
				       struct ipcbox_msg **msgs,
				       unsigned int count,
				       struct ipcbox_wakes *wakes);

void ipcbox_lane_count_drop(struct ipcbox_lane *lane);
void ipcbox_lane_drop(struct ipcbox_lane *lane, struct ipcbox_msg *msg);

void ipcbox_lane_add_sender(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
			    struct ipcbox_waiter *sender);
void ipcbox_lane_remove_sender(struct ipcbox_lane *lane,
			       struct ipcbox_msg *msg);
void ipcbox_lane_withdraw(struct ipcbox_lane *lane, struct ipcbox_caller *call,
			  struct ipcbox_wakes *wakes);

struct ipcbox_waiter *ipcbox_lane_take_admitted(void *from);
void ipcbox_lane_tell_admitted_late(struct timer_list *timer);

void ipcbox_lane_tell_pollers(struct ipcbox_lane *lane);
void ipcbox_lane_settle_and_unlock(struct ipcbox_lane *lane,
				   struct ipcbox_wakes *wakes)
	__releases(&lane->box->lock);

#endif /* _IPCBOX_LANE_H */
