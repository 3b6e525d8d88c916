/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_TRANSFER_H
#define _IPCBOX_TRANSFER_H

/**
 * DOC: transfer
 *
 * The one way of a message into a lane, and out of it. Each is a single step under the
 * lock of the box, which is held at the beginning and not at the end: an *offer* checks
 * a message and queues it, a *take* gives a receiver the next one; then the lane is
 * settled. Where that has to wait, the waiter is queued in place of it, and all that is
 * left to do is to sleep until it is done.
 */

#include "box.h"

struct ipcbox_caller;

int ipcbox_offer_and_unlock(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
			    struct ipcbox_waiter *sender,
			    const struct ipcbox_wait_options *options,
			    struct ipcbox_wake_list *wake_list)
	__releases(&lane->box->lock);
int ipcbox_offer_call_and_unlock(struct ipcbox_lane *lane,
				 struct ipcbox_caller *call,
				 const struct ipcbox_wait_options *options,
				 struct ipcbox_wake_list *wake_list)
	__releases(&lane->box->lock);
unsigned int ipcbox_offer_many_and_unlock(struct ipcbox_lane *lane,
					  struct ipcbox_msg **msgs,
					  unsigned int count,
					  struct ipcbox_waiter *sender,
					  const struct ipcbox_wait_options *options,
					  struct ipcbox_wake_list *wake_list, int *err)
	__releases(&lane->box->lock);

int ipcbox_take_and_unlock(struct ipcbox_box *box, struct pid *peer,
			   struct ipcbox_receiver *receiver,
			   const struct ipcbox_wait_options *options,
			   struct ipcbox_wake_list *wake_list)
	__releases(&box->lock);
void ipcbox_take_many_and_unlock(struct ipcbox_box *box, struct ipcbox_lane *from,
				 const struct ipcbox_room *rooms,
				 unsigned int count, struct ipcbox_inflight *inflight,
				 struct ipcbox_wake_list *wake_list)
	__releases(&box->lock);

#endif /* _IPCBOX_TRANSFER_H */
