/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_CALL_H
#define _IPCBOX_CALL_H

/**
 * DOC: call
 *
 * The two ends of a call: its caller, who sends it over a lane and sleeps until the
 * reply, and the reply, which a server gives. See caller.h for the call on its way, and
 * delivery.h for the time between.
 */

#include "caller.h"

/* ---- the caller ---------------------------------------------------------- */

int ipcbox_box_call(struct ipcbox_lane *lane, struct ipcbox_caller *call,
		    const struct ipcbox_wait_options *options);
int ipcbox_box_call_again(struct ipcbox_lane *lane, struct ipcbox_caller *call,
			  const struct ipcbox_wait_options *options);
int ipcbox_box_give_up(struct ipcbox_lane *lane, struct ipcbox_caller *call,
		       const struct ipcbox_wait_options *options, int err);
bool ipcbox_call_move(struct ipcbox_lane *lane, struct ipcbox_caller *to,
		      struct ipcbox_caller *from);
void ipcbox_call_discard(struct ipcbox_caller *call, int err);

/* ---- the server ---------------------------------------------------------- */

int ipcbox_box_reply(struct ipcbox_box *box, struct ipcbox_server *server,
		     u64 number, const union ipcbox_small *reply,
		     struct ipcbox_msg *payload);
int ipcbox_box_reply_and_take(struct ipcbox_box *box, u64 *number,
			      const union ipcbox_small *reply,
			      struct ipcbox_msg *payload, struct pid *peer,
			      struct ipcbox_receiver *receiver,
			      const struct ipcbox_wait_options *options);

#endif /* _IPCBOX_CALL_H */
