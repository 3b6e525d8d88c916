/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_RECEIVE_H
#define _IPCBOX_RECEIVE_H

/**
 * DOC: receive
 *
 * What IPCBOX_RECV and IPCBOX_REPLY_RECV share: to take a message, perhaps with a
 * reply before, and to deliver it.
 */

#include "msg.h"
#include "request.h"

struct ipcbox_reception {
	struct ipcbox_request *request;
	struct ipcbox_recv *recv;	/* its part of the request */

	/* What of the request is written back, and where to. */
	const void *answer;
	void __user *to;
	size_t size;

	/* The call to reply to first; 0: none, or the reply is given. */
	u64 number;
	union ipcbox_small *reply;
	struct ipcbox_msg *payload;	/* passes on with the reply */
};

int ipcbox_receive(struct ipcbox_reception *reception,
		   struct ipcbox_sender *self);
void ipcbox_receive_prepare(struct ipcbox_receiver *receiver,
			    union ipcbox_small *small,
			    struct ipcbox_request *request, u64 capacity,
			    struct ipcbox_link *from);
int ipcbox_receive_check(const struct ipcbox_request *request, s32 from);
struct ipcbox_link *ipcbox_receive_link(struct ipcbox_request *request, s32 from,
					struct ipcbox_sender *self);
void ipcbox_receive_put_link(struct ipcbox_request *request,
			     struct ipcbox_link *link);

#endif /* _IPCBOX_RECEIVE_H */
