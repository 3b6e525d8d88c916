/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_CALLER_H
#define _IPCBOX_CALLER_H

/**
 * DOC: caller
 *
 * A call as lanes know it: a message whose sender sleeps until the receiver replies.
 * It lies on the stack of the caller, who does not go before it is out of reach of
 * everyone else, under the lock of the box (or has moved to where it can stay, see
 * parked.h). The module copies what other tasks need under that lock: the request
 * to the receiver's stack, the reply to the caller's. (Long payloads are messages of
 * their own, and pass by their pointer.)
 *
 * On its way a call is in one place at a time::
 *
 *   blocked   in lane->blocked: no room yet
 *   queued    in lane->queued, numbered by its arrival
 *   received  in service, see delivery.h: found by its arrival
 *   done      in none: its waiter has the result
 *
 * A receiver that cannot deliver it puts it back from received to queued.
 *
 * What is here is done under the lock of the box, by those who have the message;
 * what the caller does itself is in call.c.
 */

#include "box.h"
#include "delivery.h"
#include "msg.h"
#include "wait.h"

#include <linux/list.h>

struct ipcbox_caller {
	union ipcbox_small request;
	struct ipcbox_msg *payload;	/* of a long request, or NULL */
	struct ipcbox_waiter waiter;
	u32 reply_max;			/* for the reply */
	const u32 *receivers;		/* without any it fails; NULL: it waits for some */

	/* Under the lock of the box. */
	bool arrived;
	bool received;
	struct ipcbox_delivery delivery;
	struct hlist_node if_served;	/* with receivers, in a queue: in box->if_served */

	/* Once done with success. */
	union ipcbox_small reply;
	struct ipcbox_msg *reply_payload;	/* of a long reply, or NULL */
};

static inline struct ipcbox_caller *ipcbox_caller_of(struct ipcbox_msg *msg)
{
	return container_of(msg, struct ipcbox_caller, request.msg);
}

/* Does it fail at once, for want of receivers? Return: 0 or -ECONNREFUSED. */
static inline int ipcbox_caller_check_receivers(const struct ipcbox_caller *caller)
{
	/* If the last one closes the port from now on it finds the call. */
	return caller->receivers && !READ_ONCE(*caller->receivers) ?
		       -ECONNREFUSED : 0;
}

/* It comes into a queue of a lane. */
static inline void ipcbox_caller_enter_queue(struct ipcbox_caller *caller,
					     struct ipcbox_box *box)
{
	lockdep_assert_held(&box->lock);
	if (caller->receivers)
		hlist_add_head(&caller->if_served, &box->if_served);
}

/* It is in no queue any more. */
static inline void ipcbox_caller_leave_queue(struct ipcbox_caller *caller,
					     struct ipcbox_box *box)
{
	lockdep_assert_held(&box->lock);
	if (caller->receivers)
		hlist_del(&caller->if_served);
}

void ipcbox_caller_pass(struct ipcbox_caller *caller, struct ipcbox_box *box,
			struct ipcbox_receiver *receiver);
struct ipcbox_caller *ipcbox_caller_take_back(struct ipcbox_box *box,
					      struct ipcbox_receiver *receiver);

#endif /* _IPCBOX_CALLER_H */
