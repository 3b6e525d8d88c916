// SPDX-License-Identifier: GPL-2.0
#include "receive.h"

#include "call.h"
#include "commands.h"
#include "copy.h"
#include "mailbox.h"
#include "noinit.h"

#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

/* ---- from whom ----------------------------------------------------------- */

/**
 * ipcbox_receive_check() - can a command receive on its fd?
 * @request: the command
 * @from: the process that it names, or 0
 *
 * Return: 0, -EINVAL or -EBADF.
 */
int ipcbox_receive_check(const struct ipcbox_request *request, s32 from)
{
	if (from && request->handle->kind != IPCBOX_HANDLE_MAILBOX)
		return -EINVAL;
	return request->handle->box ? 0 : -EBADF;
}

/* What a process left behind can be had; for more it has to live. */
static struct ipcbox_link *find_legacy(struct ipcbox_mailbox *mailbox,
				       struct pid *pid)
{
	struct ipcbox_link *link = ipcbox_link_find(&mailbox->links, pid);

	if (link)
		return link;
	/* A zombie, or nothing (any more) that would be called a process. */
	return ERR_PTR(pid_has_task(pid, PIDTYPE_TGID) ? -EPIPE : -ESRCH);
}

/**
 * ipcbox_receive_link() - the link of the process from which to receive
 * @request: the command
 * @from: the process, or 0 for any
 * @self: who stands for the caller
 *
 * Return: the link, to be put; NULL for any; or an ERR_PTR: -EINVAL, -ESRCH,
 * -EPIPE, -EMLINK, -ENOMEM.
 */
struct ipcbox_link *ipcbox_receive_link(struct ipcbox_request *request, s32 from,
					struct ipcbox_creds *self)
{
	struct ipcbox_mailbox *mailbox = request->handle->mailbox;
	struct ipcbox_link *link;
	struct pid *pid;

	if (!from)
		return NULL;
	pid = ipcbox_request_get_process(from);
	if (IS_ERR(pid))
		return ERR_CAST(pid);
	if (ipcbox_process_ended(pid))
		link = find_legacy(mailbox, pid);
	else
		link = ipcbox_mailbox_link(mailbox, pid, self->account);
	put_pid(pid);
	return link;
}

/**
 * ipcbox_receive_put_link() - end the use of a link
 * @request: the command
 * @link: from ipcbox_receive_link(), or NULL
 */
void ipcbox_receive_put_link(struct ipcbox_request *request,
			     struct ipcbox_link *link)
{
	if (link)
		ipcbox_link_put(&request->handle->mailbox->links, link);
}

/* ---- one message --------------------------------------------------------- */

static __always_inline int write_answer(const struct ipcbox_reception *reception)
{
	return ipcbox_copy_to_user(reception->to, reception->answer,
				   reception->size);
}

/*
 * The payload, then the struct: only when both are there does the caller have
 * the message. One that is being killed has no use for it; somebody else may.
 */
static int deliver_message(struct ipcbox_reception *reception,
			   const struct ipcbox_receiver *receiver)
{
	struct ipcbox_recv *recv = reception->recv;
	struct ipcbox_origin origin;

	if (fatal_signal_pending(current))
		return -EINTR;
	origin = ipcbox_origin_of(receiver->msg->creds);
	ipcbox_describe(recv, receiver, &origin);
	return ipcbox_msg_copy_out(receiver->payload,
				   u64_to_user_ptr(recv->data)) ?:
	       write_answer(reception);
}

/* Take a message; but first give the reply, if there is one. */
static int reply_or_take(struct ipcbox_reception *reception, struct pid *peer,
			 struct ipcbox_receiver *receiver,
			 const struct ipcbox_wait_options *options)
{
	struct ipcbox_box *box = reception->request->handle->box;

	if (!reception->number)
		return ipcbox_box_take(box, peer, receiver, options);
	return ipcbox_box_reply_and_take(box, &reception->number, reception->reply,
					 reception->payload, peer, receiver,
					 options);
}

/**
 * ipcbox_receive_prepare() - prepare to take one message
 * @receiver: out
 * @small: room on the stack
 * @request: the command
 * @capacity: longest message to take
 * @from: the link to take from, or NULL
 */
void ipcbox_receive_prepare(struct ipcbox_receiver *receiver,
			    union ipcbox_small *small,
			    struct ipcbox_request *request, u64 capacity,
			    struct ipcbox_link *from)
{
	ipcbox_waiter_init(&receiver->waiter);
	receiver->capacity = capacity;
	receiver->from = from ? &from->lane : NULL;
	receiver->server = &request->handle->server;
	receiver->small = small;
	receiver->reply_max = 0;
}

static noinline int tell_needed(const struct ipcbox_reception *reception,
				const struct ipcbox_receiver *receiver)
{
	reception->recv->len = receiver->needed;
	return write_answer(reception) ?: -EMSGSIZE;
}

/* @self: who stands for the caller; NULL: it does not wait. */
static int receive_from(struct ipcbox_reception *reception,
			struct ipcbox_link *from, struct ipcbox_creds *self)
{
	struct ipcbox_recv *recv = reception->recv;
	struct ipcbox_wait_options options IPCBOX_NOINIT;
	struct ipcbox_receiver receiver IPCBOX_NOINIT;
	union ipcbox_small small IPCBOX_NOINIT;
	int err;

	if (self)
		options = ipcbox_request_wait_options(reception->request,
						      recv->deadline, recv->flags,
						      self);
	else
		options.nonblock = true; /* the rest is for those who wait */
	ipcbox_receive_prepare(&receiver, &small, reception->request,
			       recv->capacity, from);
	err = reply_or_take(reception, from ? from->pid : NULL, &receiver, &options);
	if (err == -EMSGSIZE && !reception->number)
		return tell_needed(reception, &receiver);
	if (err)
		return err;

	err = deliver_message(reception, &receiver);
	if (err)
		ipcbox_box_restore(&receiver);
	else
		ipcbox_box_accept(&receiver);
	return err;
}

/**
 * ipcbox_receive() - receive a message
 * @reception: the message, and what else is to be done, has been checked
 * @self: who stands for the caller
 *
 * Return: 0 or the errno of the command.
 */
int ipcbox_receive(struct ipcbox_reception *reception,
		   struct ipcbox_creds *self)
{
	struct ipcbox_link *link;
	int err;

	link = ipcbox_receive_link(reception->request, reception->recv->from,
				   self);
	if (IS_ERR(link))
		return PTR_ERR(link);
	err = receive_from(reception, link, self);
	ipcbox_receive_put_link(reception->request, link);
	return err;
}

int ipcbox_do_recv(struct ipcbox_request *request)
{
	struct ipcbox_recv __user *user = request->user;
	struct ipcbox_recv *recv = &request->recv;
	/* What is told begins behind this field. */
	struct ipcbox_reception reception = {
		.request = request,
		.recv = recv,
		.answer = &recv->from,
		.to = &user->from,
		.size = sizeof(*recv) - offsetof(struct ipcbox_recv, from),
	};
	struct ipcbox_creds *self;
	int err;

	err = ipcbox_receive_check(request, recv->from);
	if (err)
		return err;
	/*
	 * For what is there nobody waits, and so nobody is charged. It may be gone
	 * when we look under the lock.
	 */
	if (!recv->from && data_race(READ_ONCE(request->handle->box->messages))) {
		err = receive_from(&reception, NULL, NULL);
		if (err != -EAGAIN)
			return err;
	}
	self = ipcbox_request_creds(request);
	if (IS_ERR(self))
		return PTR_ERR(self);
	err = ipcbox_receive(&reception, self);
	ipcbox_creds_put(self);
	return err;
}
