/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_RECEIVE_H
#define _IPCBOX_RECEIVE_H

/**
 * DOC: receive
 *
 * What IPCBOX_RECV and IPCBOX_REPLY_RECV share: to take a message, perhaps with a
 * reply before, and to deliver it.
 */

#include "box.h"
#include "msg.h"
#include "request.h"
#include "creds.h"

#include <linux/pid.h>

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

/* Who sent a message, as the receiver sees them. */
struct ipcbox_origin {
	s32 pid;
	u32 uid;
	u32 gid;
};

static __always_inline struct ipcbox_origin
ipcbox_origin_of(const struct ipcbox_creds *creds)
{
	return (struct ipcbox_origin){
		.pid = pid_vnr(creds->pid),
		.uid = ipcbox_creds_uid(creds),
		.gid = ipcbox_creds_gid(creds),
	};
}

/*
 * All that user space is told of a message that was taken. It has the same fields in
 * struct ipcbox_recv and in struct ipcbox_recv_entry, in another order.
 */
#define ipcbox_describe(to, receiver, origin) do {			\
	typeof(to) _to = (to);						\
	const struct ipcbox_receiver *_receiver = (receiver);		\
	const struct ipcbox_msg *_msg = _receiver->msg;			\
	const struct ipcbox_origin *_origin = (origin);			\
									\
	_to->pid = _origin->pid;					\
	_to->uid = _origin->uid;					\
	_to->gid = _origin->gid;					\
	_to->priority = _msg->priority;					\
	_to->reply_max = _receiver->reply_max;				\
	_to->len = _msg->len;						\
	_to->tag = _msg->tag;						\
	_to->seq = _msg->seq;						\
	_to->call = _msg->is_call ? _msg->arrival : 0;			\
} while (0)

int ipcbox_receive(struct ipcbox_reception *reception,
		   struct ipcbox_creds *self);
void ipcbox_receive_prepare(struct ipcbox_receiver *receiver,
			    union ipcbox_small *small,
			    struct ipcbox_request *request, u64 capacity,
			    struct ipcbox_link *from);
int ipcbox_receive_check(const struct ipcbox_request *request, s32 from);
struct ipcbox_link *ipcbox_receive_link(struct ipcbox_request *request, s32 from,
					struct ipcbox_creds *self);
void ipcbox_receive_put_link(struct ipcbox_request *request,
			     struct ipcbox_link *link);

#endif /* _IPCBOX_RECEIVE_H */
