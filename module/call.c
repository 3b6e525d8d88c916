// SPDX-License-Identifier: GPL-2.0
#include "call.h"

#include "account.h"
#include "lane.h"
#include "noinit.h"
#include "creds.h"
#include "settle.h"
#include "trace.h"
#include "transfer.h"

#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>

/* ---- the caller ---------------------------------------------------------- */

/* The caller does not want to wait any more. */
static int give_up(struct ipcbox_lane *lane, struct ipcbox_caller *call, int err)
{
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&lane->box->lock);
	if (call->waiter.done)
		err = call->waiter.result;
	else if (call->delivery.server)
		ipcbox_delivery_end(&call->delivery);
	else
		ipcbox_lane_withdraw(lane, call, &wake_list);
	ipcbox_settle_and_unlock(lane, &wake_list);
	/* What somebody has received must not be sent again. */
	return err == -ERESTARTSYS && call->received ? -EINTR : err;
}

/* Does a signal end what it interrupts: by a handler, or the end of the process? */
static bool is_final(const struct sighand_struct *sighand, int signal)
{
	__sighandler_t handler = sighand->action[signal - 1].sa.sa_handler;

	if (handler == SIG_DFL)
		return !sig_kernel_ignore(signal) && !sig_kernel_stop(signal);
	return handler != SIG_IGN;
}

/*
 * Is there such a signal, among those that wake us? If not we are stopped, traced,
 * frozen, or have other work to do in the kernel, and go on afterwards.
 */
static bool has_final_signal(void)
{
	struct sighand_struct *sighand =
		rcu_dereference_protected(current->sighand, true);
	bool found = false;
	int signal;

	spin_lock_irq(&sighand->siglock);
	for (signal = 1; signal <= _NSIG && !found; signal++)
		found = !sigismember(&current->blocked, signal) &&
			(sigismember(&current->pending.signal, signal) ||
			 sigismember(&current->signal->shared_pending.signal,
				     signal)) &&
			is_final(sighand, signal);
	spin_unlock_irq(&sighand->siglock);
	return found;
}

static bool seems_received(const struct ipcbox_caller *call)
{
	/* If it is received just now, it is given up; give_up() looks under the lock. */
	return data_race(READ_ONCE(call->received));
}

static noinline int leave_as_caller(struct ipcbox_lane *lane,
				    struct ipcbox_caller *call, bool again, int err)
{
	if (err == -ERESTARTSYS && (again || seems_received(call)) &&
	    !has_final_signal())
		return -ERESTART_RESTARTBLOCK;
	return give_up(lane, call, err);
}

/* @again: the call was received before, though it may be in the box now. */
static __always_inline int wait_for_reply(struct ipcbox_lane *lane,
					  struct ipcbox_caller *call,
					  const struct ipcbox_wait_options *options,
					  bool again)
{
	int ret;

	trace_ipcbox_block(lane->id, IPCBOX_CALLING);
	ret = ipcbox_wait(&call->waiter, options, NULL);
	ret = ret ? leave_as_caller(lane, call, again, ret) : call->waiter.result;
	trace_ipcbox_wake(lane->id, IPCBOX_CALLING, ret);
	if (ret != -ERESTART_RESTARTBLOCK)
		ipcbox_account_uncharge(options->account, IPCBOX_WAITERS, 1);
	return ret;
}

/**
 * ipcbox_box_call() - make a call over a lane
 * @lane: the lane, held by the caller
 * @call: request, payload, reply_max and receivers are set; the rest is set here
 * @options: until when to wait for room and reply; nonblock is for room only
 *
 * Return: 0: call->reply has the reply: its sender and its payload are the caller's
 * to put and to free. -ERESTART_RESTARTBLOCK: the wait was interrupted and is to go on
 * later: nothing has changed, and the caller parks the call or gives it up. Otherwise
 * there is no reply: -EMSGSIZE, -EAGAIN, -EUSERS, -ETIMEDOUT, -ERESTARTSYS, -EINTR,
 * -ECONNREFUSED, -EPIPE, or the errno of the end of the box. Unless it goes on,
 * call->payload is the caller's to free.
 */
int ipcbox_box_call(struct ipcbox_lane *lane, struct ipcbox_caller *call,
		    const struct ipcbox_wait_options *options)
{
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;
	int err;

	/* The caller looks at these also where nothing was done. */
	call->arrived = false;
	call->received = false;
	ipcbox_delivery_init(&call->delivery, &call->waiter);
	call->reply_payload = NULL;
	err = ipcbox_account_charge(options->account, IPCBOX_WAITERS, 1);
	if (err)
		return err;
	ipcbox_waiter_init(&call->waiter);
	call->request.msg.is_call = true;
	ipcbox_wake_list_init(&wake_list);
	spin_lock(&lane->box->lock);
	err = ipcbox_offer_call_and_unlock(lane, call, options, &wake_list);
	if (!err)
		return wait_for_reply(lane, call, options, false);
	ipcbox_account_uncharge(options->account, IPCBOX_WAITERS, 1);
	return err;
}

/**
 * ipcbox_box_call_again() - go on with a call whose wait was interrupted
 * @lane: as for ipcbox_box_call()
 * @call: as ipcbox_box_call() left it, or moved
 * @options: as for ipcbox_box_call()
 *
 * Return: as ipcbox_box_call(), but -EINTR for -ERESTARTSYS: it cannot be made again.
 */
int ipcbox_box_call_again(struct ipcbox_lane *lane, struct ipcbox_caller *call,
			  const struct ipcbox_wait_options *options)
{
	int ret = wait_for_reply(lane, call, options, true);

	return ret == -ERESTARTSYS ? -EINTR : ret;
}

/**
 * ipcbox_box_give_up() - do not go on with a call whose wait was interrupted
 * @lane: as for ipcbox_box_call()
 * @call: as ipcbox_box_call() left it, or moved
 * @options: as for ipcbox_box_call()
 * @err: why
 *
 * Return: @err, or what came of the call meanwhile; as for ipcbox_box_call().
 */
int ipcbox_box_give_up(struct ipcbox_lane *lane, struct ipcbox_caller *call,
		       const struct ipcbox_wait_options *options, int err)
{
	err = give_up(lane, call, err);
	ipcbox_account_uncharge(options->account, IPCBOX_WAITERS, 1);
	return err;
}

/**
 * ipcbox_call_move() - move a call in service, from the stack of its caller
 * @lane: over which it was made
 * @to: where to; not initialised
 * @from: the call
 *
 * Return: whether it was in service; if not nothing has changed.
 */
bool ipcbox_call_move(struct ipcbox_lane *lane, struct ipcbox_caller *to,
		      struct ipcbox_caller *from)
{
	bool in_service;

	spin_lock(&lane->box->lock);
	in_service = from->delivery.server;
	if (in_service) {
		*to = *from;
		to->delivery.waiter = &to->waiter;
		ipcbox_delivery_move(&to->delivery, &from->delivery);
	}
	spin_unlock(&lane->box->lock);
	return in_service;
}

/**
 * ipcbox_call_discard() - free what a call has when it is over
 * @call: the call
 * @err: what came of it; 0: it has a reply
 */
void ipcbox_call_discard(struct ipcbox_caller *call, int err)
{
	if (!err) {
		ipcbox_msg_free_if(call->reply_payload);
		ipcbox_creds_put(call->reply.msg.creds);
	}
	ipcbox_msg_free_if(call->payload);
}

/* ---- the server ---------------------------------------------------------- */

static int give_reply_locked(struct ipcbox_box *box,
			     struct ipcbox_server *server, u64 number,
			     const union ipcbox_small *reply,
			     struct ipcbox_msg *payload,
			     struct ipcbox_wake_list *wake_list)
{
	struct ipcbox_delivery *delivery;
	struct ipcbox_caller *call;

	lockdep_assert_held(&box->lock);
	if (box->shutdown)
		return box->shutdown;
	if (!number || number > box->arrivals)
		return -EINVAL;
	delivery = ipcbox_delivery_find(server, number);
	if (!delivery)
		return -EPIPE;
	call = container_of(delivery, struct ipcbox_caller, delivery);
	if (reply->msg.len > call->reply_max)
		return -EMSGSIZE;

	ipcbox_small_copy(&call->reply, reply);
	ipcbox_creds_get(reply->msg.creds);
	call->reply.msg.seq = call->request.msg.seq;
	call->reply_payload = payload;
	trace_ipcbox_reply(box->id, &call->reply.msg);
	ipcbox_delivery_end(delivery);
	ipcbox_waiter_finish(&call->waiter, 0, wake_list);
	return 0;
}

/**
 * ipcbox_box_reply() - give a reply to a caller
 * @box: the box, held by the caller
 * @server: through which the call was received
 * @number: of the call
 * @reply: the reply; its sender stays the caller's
 * @payload: of a long reply, or NULL; passes to who called, on success
 *
 * Return: 0, -EINVAL, -EPIPE, -EMSGSIZE, or the errno of the end of the box.
 */
int ipcbox_box_reply(struct ipcbox_box *box, struct ipcbox_server *server,
		     u64 number, const union ipcbox_small *reply,
		     struct ipcbox_msg *payload)
{
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;
	int err;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&box->lock);
	err = give_reply_locked(box, server, number, reply, payload, &wake_list);
	spin_unlock(&box->lock);
	ipcbox_wake(&wake_list);
	return err;
}

/**
 * ipcbox_box_reply_and_take() - the two of them, under the lock once
 * @box: as for both; receiver->server received the call
 * @number: as for ipcbox_box_reply(); set to 0 when the reply is given
 * @reply: as for ipcbox_box_reply()
 * @payload: as for ipcbox_box_reply()
 * @peer: as for ipcbox_box_take()
 * @receiver: as for ipcbox_box_take()
 * @options: as for ipcbox_box_take()
 *
 * Return: as the first of the two that fails.
 */
int ipcbox_box_reply_and_take(struct ipcbox_box *box, u64 *number,
			      const union ipcbox_small *reply,
			      struct ipcbox_msg *payload, struct pid *peer,
			      struct ipcbox_receiver *receiver,
			      const struct ipcbox_wait_options *options)
{
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;
	int err;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&box->lock);
	err = give_reply_locked(box, receiver->server, *number, reply, payload,
				&wake_list);
	if (err) {
		spin_unlock(&box->lock);
		return err;
	}
	*number = 0;
	err = ipcbox_take_and_unlock(box, peer, receiver, options, &wake_list);
	if (err == -EINPROGRESS)
		err = ipcbox_box_wait_for_message(box, peer, receiver, options);
	return err;
}
