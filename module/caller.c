// SPDX-License-Identifier: GPL-2.0
#include "caller.h"

#include "creds.h"

/**
 * ipcbox_caller_pass() - a call is now in flight to a receiver
 * @caller: the call, taken out of its queue
 * @box: the box
 * @receiver: its server will answer for the call
 */
void ipcbox_caller_pass(struct ipcbox_caller *caller, struct ipcbox_box *box,
			struct ipcbox_receiver *receiver)
{
	ipcbox_caller_leave_queue(caller, box);
	ipcbox_small_copy(receiver->small, &caller->request);
	ipcbox_creds_get(caller->request.msg.creds);
	receiver->msg = &receiver->small->msg;
	receiver->payload = caller->payload ?: receiver->msg;
	receiver->reply_max = caller->reply_max;

	caller->payload = NULL;
	caller->received = true;
	ipcbox_delivery_begin(&caller->delivery, receiver->server,
			      caller->request.msg.arrival, receiver->waiter.task);
}

/**
 * ipcbox_caller_take_back() - a receiver could not deliver a call
 * @box: the box
 * @receiver: that takes it
 *
 * Return: the call, with its payload, to be queued again; or NULL if it is over.
 */
struct ipcbox_caller *ipcbox_caller_take_back(struct ipcbox_box *box,
					      struct ipcbox_receiver *receiver)
{
	struct ipcbox_delivery *delivery;
	struct ipcbox_caller *caller;

	delivery = ipcbox_delivery_find(receiver->server, receiver->msg->arrival);
	if (!delivery)
		return NULL;
	ipcbox_delivery_end(delivery);
	caller = container_of(delivery, struct ipcbox_caller, delivery);
	ipcbox_caller_enter_queue(caller, box);
	caller->received = false;
	if (receiver->payload != receiver->msg)
		caller->payload = receiver->payload;
	receiver->payload = receiver->msg;
	return caller;
}
