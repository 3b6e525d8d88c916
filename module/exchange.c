// SPDX-License-Identifier: GPL-2.0
/*
 * The commands of a call and its reply.
 */
#include "commands.h"

#include "call.h"
#include "copy.h"
#include "object.h"
#include "noinit.h"
#include "parked.h"
#include "receive.h"

/* ---- call ---------------------------------------------------------------- */

/* All that the caller gets is in one piece at the end of the struct. */
static int write_reply(struct ipcbox_request *request)
{
	struct ipcbox_call __user *user = request->user;
	const struct ipcbox_call *call = &request->call;

	return ipcbox_copy_to_user(&user->reply_len, &call->reply_len,
				   sizeof(*call) -
					   offsetof(struct ipcbox_call, reply_len));
}

static int deliver_reply(struct ipcbox_request *request,
			 struct ipcbox_caller *caller)
{
	const struct ipcbox_msg *reply = &caller->reply.msg;
	struct ipcbox_origin origin = ipcbox_origin_of(reply->creds);
	struct ipcbox_call *call = &request->call;

	call->reply_len = reply->len;
	call->reply_tag = reply->tag;
	call->reply_pid = origin.pid;
	call->reply_uid = origin.uid;
	call->reply_gid = origin.gid;
	call->received = 1;
	return ipcbox_msg_copy_out(caller->reply_payload ?: reply,
				   u64_to_user_ptr(call->reply)) ?:
	       write_reply(request);
}

/*
 * Tell the caller what came of a call, and free what it has. Return: what the command
 * returns.
 */
static int finish_call(struct ipcbox_request *request,
		       struct ipcbox_caller *caller, int err)
{
	struct ipcbox_call __user *user = request->user;
	int ret = err;

	if (!err)
		ret = deliver_reply(request, caller);
	else if (caller->arrived &&
		 put_user((u32)caller->received, &user->received))
		ret = -EFAULT;
	ipcbox_call_discard(caller, err);
	return ret;
}

/*
 * Without which receivers does the call fail? A mailbox has ended when nobody has it
 * open to receive; a port goes on.
 */
static const u32 *receivers_of(const struct ipcbox_request *request)
{
	const struct ipcbox_object *object = request->handle->object;

	if (!object || !(request->call.flags & IPCBOX_IF_SERVED))
		return NULL;
	return ipcbox_object_receivers(object);
}

/* Return: as the command; or -ERESTART_RESTARTBLOCK, with route and creds passed on. */
static int call_over(struct ipcbox_request *request, struct ipcbox_route *route,
		     struct ipcbox_creds *creds)
{
	const struct ipcbox_call *call = &request->call;
	struct ipcbox_lane *lane = route->lane;
	struct ipcbox_wait_options options =
		ipcbox_request_wait_options(request, call->deadline, call->flags,
					    creds);
	struct ipcbox_caller caller IPCBOX_NOINIT;
	int err;

	caller.receivers = receivers_of(request);
	err = ipcbox_caller_check_receivers(&caller) ?:
	      ipcbox_lane_check_length(lane, call->len);
	if (err)
		return err;
	err = ipcbox_small_init(&caller.request, creds,
				u64_to_user_ptr(call->data), call->len,
				lane, &options, &caller.payload);
	if (err)
		return err;
	caller.request.msg.tag = call->tag;
	caller.request.msg.priority = call->priority;
	caller.reply_max = min_t(u64, call->capacity, IPCBOX_MSGSIZE_MAX);

	err = ipcbox_box_call(lane, &caller, &options);
	if (err == -ERESTART_RESTARTBLOCK) {
		err = ipcbox_park(request, route, creds, &caller, &options,
				  finish_call);
		if (err == -ERESTART_RESTARTBLOCK)
			return err;
	}
	return finish_call(request, &caller, err);
}

int ipcbox_do_call(struct ipcbox_request *request)
{
	const struct ipcbox_call *call = &request->call;
	struct ipcbox_creds *creds;
	struct ipcbox_route route IPCBOX_NOINIT;
	int err;

	if (call->priority > IPCBOX_PRIORITY_MAX)
		return -EINVAL;
	creds = ipcbox_request_creds(request);
	if (IS_ERR(creds))
		return PTR_ERR(creds);
	err = ipcbox_route_open(&route, request, call->pid, creds);
	if (!err) {
		err = call_over(request, &route, creds);
		if (err == -ERESTART_RESTARTBLOCK)
			return err;
		if (err == -ENOBUFS || err == -ENOMEM)
			ipcbox_handle_lacks_quota(request->handle);
		ipcbox_route_close(&route);
	}
	ipcbox_creds_put(creds);
	return err;
}

/* ---- reply --------------------------------------------------------------- */

/*
 * It does not wait to be charged: the bytes that are missing may be those of calls
 * that are queued for the very server, which would wait for itself. A short reply is
 * not charged, so the server can always tell the caller something.
 */
static int make_reply(union ipcbox_small *reply, struct ipcbox_creds *self,
		      u64 data, u64 len, u64 tag, struct ipcbox_msg **payload)
{
	*payload = NULL;
	if (len > IPCBOX_MSGSIZE_MAX)
		return -EMSGSIZE;
	reply->msg.tag = tag;
	reply->msg.priority = 0;
	return ipcbox_small_init(reply, self, u64_to_user_ptr(data), len, NULL,
				 NULL, payload);
}

static int give_reply(struct ipcbox_request *request, struct ipcbox_creds *self)
{
	const struct ipcbox_reply *args = &request->reply;
	struct ipcbox_handle *handle = request->handle;
	struct ipcbox_msg *payload;
	union ipcbox_small reply IPCBOX_NOINIT;
	int err;

	err = make_reply(&reply, self, args->data, args->len, args->tag,
			 &payload);
	if (err)
		return err;
	err = ipcbox_box_reply(handle->box, &handle->server, args->call, &reply,
			       payload);
	if (err)
		ipcbox_msg_free_if(payload);
	return err;
}

int ipcbox_do_reply(struct ipcbox_request *request)
{
	struct ipcbox_creds *self;
	int err;

	if (!request->handle->box)
		return -EBADF;
	self = ipcbox_request_creds(request);
	if (IS_ERR(self))
		return PTR_ERR(self);
	err = give_reply(request, self);
	ipcbox_creds_put(self);
	return err;
}

/* ---- reply and receive --------------------------------------------------- */

static int reply_and_receive(struct ipcbox_request *request,
			     struct ipcbox_creds *self)
{
	struct ipcbox_reply_recv __user *user = request->user;
	struct ipcbox_reply_recv *args = &request->reply_recv;
	union ipcbox_small reply IPCBOX_NOINIT;
	struct ipcbox_reception reception = {
		.request = request,
		.recv = &args->recv,
		.answer = &args->call,
		.to = &user->call,
		.size = sizeof(args->call) + sizeof(args->recv),
		.number = args->call,
		.reply = &reply,
	};
	int err;

	if (args->call) {
		err = make_reply(&reply, self, args->data, args->len, args->tag,
				 &reception.payload);
		if (err)
			return err;
	}
	args->call = 0;
	err = ipcbox_receive(&reception, self);
	if (reception.number)
		ipcbox_msg_free_if(reception.payload);
	else if (err && put_user(0ULL, &user->call))
		err = -EFAULT;
	return err;
}

int ipcbox_do_reply_recv(struct ipcbox_request *request)
{
	const struct ipcbox_recv *recv = &request->reply_recv.recv;
	struct ipcbox_creds *self;
	int err;

	if (recv->size != sizeof(*recv) || recv->flags & ~IPCBOX_RECV_FLAGS)
		return -EINVAL;
	err = ipcbox_receive_check(request, recv->from);
	if (err)
		return err;
	self = ipcbox_request_creds(request);
	if (IS_ERR(self))
		return PTR_ERR(self);
	err = reply_and_receive(request, self);
	ipcbox_creds_put(self);
	return err;
}
