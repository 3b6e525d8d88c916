// SPDX-License-Identifier: GPL-2.0
#include "commands.h"

#include "request.h"
#include "deadline.h"
#include "mailbox.h"

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/time_namespace.h>
#include <linux/uaccess.h>

/* ---- how to wait --------------------------------------------------------- */

static ktime_t read_deadline(u64 deadline)
{
	struct timespec64 offset = { 0 };

	timens_add_monotonic(&offset);
	return ipcbox_deadline_shift(deadline, timespec64_to_ns(&offset));
}

static struct ipcbox_patience patience_of(const struct ipcbox_request *request,
					  u64 deadline,
					  const struct ipcbox_sender *sender)
{
	/* fcntl(2) may change it meanwhile: then either answer is right. */
	unsigned int f_flags = data_race(READ_ONCE(request->file->f_flags));

	return (struct ipcbox_patience){
		.nonblock = request->flags & IPCBOX_NONBLOCK ||
			    f_flags & O_NONBLOCK,
		.deadline = read_deadline(deadline),
		.account = sender->account,
	};
}

/* ---- send ---------------------------------------------------------------- */

static int send_over(struct ipcbox_request *request, struct ipcbox_lane *lane,
		     struct ipcbox_sender *sender)
{
	const struct ipcbox_send *send = &request->send;
	struct ipcbox_patience patience =
		patience_of(request, send->deadline, sender);
	struct ipcbox_msg *msg;
	int err;

	/* Look first whether it is worth to copy it; what counts comes later. */
	if (send->len > READ_ONCE(lane->box->bounds.max_msgsize))
		return READ_ONCE(lane->box->gone) ?: -EMSGSIZE;
	msg = ipcbox_msg_create(sender, u64_to_user_ptr(send->data), send->len);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	msg->tag = send->tag;
	msg->priority = send->priority;

	err = ipcbox_box_send(lane, msg, &patience);
	if (err)
		ipcbox_msg_free(msg);
	return err;
}

static int send_to_process(struct ipcbox_request *request,
			   struct ipcbox_sender *sender)
{
	struct ipcbox_mailbox *mailbox;
	struct ipcbox_link *link;
	struct pid *pid;
	int err;

	pid = ipcbox_request_get_process(request->send.pid);
	mailbox = ipcbox_request_find_mailbox(request, pid);
	if (IS_ERR(mailbox))
		return PTR_ERR(mailbox);
	link = ipcbox_mailbox_connect(mailbox, sender->account);
	err = PTR_ERR_OR_ZERO(link);
	if (!err) {
		err = send_over(request, &link->lane, sender);
		ipcbox_link_put(&mailbox->links, link);
	}
	ipcbox_mailbox_put(mailbox);
	return err;
}

int ipcbox_do_send(struct ipcbox_request *request)
{
	struct ipcbox_handle *handle = request->handle;
	const struct ipcbox_send *send = &request->send;
	struct ipcbox_sender *sender;
	int err;

	if (send->priority > IPCBOX_PRIORITY_MAX)
		return -EINVAL;
	if (handle->kind != IPCBOX_HANDLE_CONTROL) {
		if (send->pid)
			return -EINVAL;
		if (!handle->lane)
			return -EBADF;
	}
	sender = ipcbox_request_sender(request);
	if (IS_ERR(sender))
		return PTR_ERR(sender);
	err = handle->lane ? send_over(request, handle->lane, sender) :
			     send_to_process(request, sender);
	ipcbox_sender_put(sender);
	return err;
}

/* ---- receive ------------------------------------------------------------- */

static void describe(struct ipcbox_recv *recv, const struct ipcbox_msg *msg)
{
	const struct ipcbox_sender *sender = msg->sender;

	recv->pid = pid_vnr(sender->pid);
	recv->uid = from_kuid_munged(current_user_ns(), sender->uid);
	recv->gid = from_kgid_munged(current_user_ns(), sender->gid);
	recv->priority = msg->priority;
	recv->len = msg->len;
	recv->tag = msg->tag;
	recv->seq = msg->seq;
	recv->room = 0;
	recv->call = 0;
}

/*
 * The payload, then the struct: only when both are there does the caller have
 * the message. One that is being killed has no use for it; somebody else may.
 */
static int deliver(struct ipcbox_request *request, const struct ipcbox_msg *msg)
{
	struct ipcbox_recv *recv = &request->recv;

	if (fatal_signal_pending(current))
		return -EINTR;
	describe(recv, msg);
	return ipcbox_msg_copy_out(msg, u64_to_user_ptr(recv->data)) ?:
	       ipcbox_request_respond(request, sizeof(*recv));
}

static int receive_from(struct ipcbox_request *request, struct ipcbox_link *from,
			struct ipcbox_sender *self)
{
	struct ipcbox_recv *recv = &request->recv;
	struct ipcbox_patience patience =
		patience_of(request, recv->deadline, self);
	struct ipcbox_waiter waiter;
	int err;

	ipcbox_waiter_init(&waiter);
	waiter.capacity = recv->capacity;
	waiter.from = from ? &from->lane : NULL;
	err = ipcbox_box_take(request->handle->box, from ? from->pid : NULL,
			      &waiter, &patience);
	if (err == -EMSGSIZE) {
		recv->len = waiter.needed;
		return ipcbox_request_respond(request, sizeof(*recv)) ?: -EMSGSIZE;
	}
	if (err)
		return err;

	err = deliver(request, waiter.msg);
	if (err)
		ipcbox_box_restore(waiter.lane, waiter.msg);
	else
		ipcbox_box_accept(waiter.lane, waiter.msg);
	return err;
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

static int receive_from_process(struct ipcbox_request *request,
				struct ipcbox_sender *self)
{
	struct ipcbox_mailbox *mailbox = request->handle->mailbox;
	struct ipcbox_link *link;
	struct pid *pid;
	int err;

	pid = ipcbox_request_get_process(request->recv.from);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	if (ipcbox_process_ended(pid))
		link = find_legacy(mailbox, pid);
	else
		link = ipcbox_mailbox_link(mailbox, pid, self->account);
	put_pid(pid);
	if (IS_ERR(link))
		return PTR_ERR(link);
	err = receive_from(request, link, self);
	ipcbox_link_put(&mailbox->links, link);
	return err;
}

int ipcbox_do_recv(struct ipcbox_request *request)
{
	struct ipcbox_handle *handle = request->handle;
	const struct ipcbox_recv *recv = &request->recv;
	struct ipcbox_sender *self;
	int err;

	if (recv->from && handle->kind != IPCBOX_HANDLE_MAILBOX)
		return -EINVAL;
	if (!handle->box)
		return -EBADF;
	self = ipcbox_request_sender(request);
	if (IS_ERR(self))
		return PTR_ERR(self);
	err = recv->from ? receive_from_process(request, self) :
			   receive_from(request, NULL, self);
	ipcbox_sender_put(self);
	return err;
}
