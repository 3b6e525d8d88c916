// SPDX-License-Identifier: GPL-2.0
/*
 * The commands that send and receive many messages at once: a few at a time, so that
 * what is prepared lies on the stack, and a lock is held for short.
 */
#include "commands.h"

#include "account.h"
#include "copy.h"
#include "link.h"
#include "noinit.h"
#include "receive.h"

#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#define CHUNK 16U

static_assert(CHUNK <= IPCBOX_WAKES_MAX);

static int check_batch(u32 count, u32 entry_size, size_t known)
{
	if (!count || count > IPCBOX_BATCH_MAX || entry_size < known)
		return -EINVAL;
	return entry_size > PAGE_SIZE ? -E2BIG : 0;
}

/* An entry as this kernel knows it; what it does not know has to be zero. */
static int read_entry(void *entry, size_t known, void __user *user, u32 size)
{
	if (size != known)
		return copy_struct_from_user(entry, known, user, size);
	return ipcbox_copy_from_user(entry, user, known);
}

/* ---- send ---------------------------------------------------------------- */

struct outgoing {
	const struct ipcbox_send_batch *args;
	void __user *user;		/* the next entry */
	u32 left;
	struct ipcbox_lane *lane;
	struct ipcbox_sender *sender;
	struct ipcbox_patience patience;
};

static struct ipcbox_msg *make_message(struct outgoing *out, u32 i)
{
	struct ipcbox_send_entry entry IPCBOX_NOINIT;
	struct ipcbox_msg *msg;
	int err;

	err = read_entry(&entry, sizeof(entry),
			 out->user + i * out->args->entry_size,
			 out->args->entry_size);
	if (err)
		return ERR_PTR(err);
	if (entry.priority > IPCBOX_PRIORITY_MAX)
		return ERR_PTR(-EINVAL);
	/* Look first whether it is worth to copy it; what counts comes later. */
	if (entry.len > READ_ONCE(out->lane->box->bounds.max_msgsize))
		return ERR_PTR(READ_ONCE(out->lane->box->gone) ?: -EMSGSIZE);
	msg = ipcbox_msg_create(out->sender, u64_to_user_ptr(entry.data),
				entry.len);
	if (!IS_ERR(msg)) {
		msg->tag = entry.tag;
		msg->priority = entry.priority;
	}
	return msg;
}

static int write_results(struct outgoing *out, u32 count, int err)
{
	struct ipcbox_send_entry __user *entry;
	u32 i;

	for (i = 0; i < count; i++) {
		entry = out->user + i * out->args->entry_size;
		if (put_user(0, &entry->result))
			return -EFAULT;
	}
	entry = out->user + count * out->args->entry_size;
	/* The command is not restarted: part of it is done. */
	if (err == -ERESTARTSYS)
		err = -EINTR;
	return err && put_user(err, &entry->result) ? -EFAULT : 0;
}

/* Send the next few. Return: how many; @err: why not more, or 0. */
static u32 send_chunk(struct outgoing *out, bool first, int *err)
{
	struct ipcbox_msg *msgs[CHUNK] IPCBOX_NOINIT;
	u32 made, sent, count = min(out->left, CHUNK);
	int failed = 0;

	for (made = 0; made < count; made++) {
		msgs[made] = make_message(out, made);
		if (IS_ERR(msgs[made])) {
			failed = PTR_ERR(msgs[made]);
			break;
		}
	}
	sent = ipcbox_box_send_many(out->lane, msgs, made, &out->patience, err);
	*err = *err ?: failed;
	for (count = sent; count < made; count++)
		ipcbox_msg_free(msgs[count]);

	/* Of a command that fails as a whole nothing is written. */
	if (sent || !first) {
		int fault = write_results(out, sent, *err);

		*err = *err ?: fault;
	}
	out->user += sent * out->args->entry_size;
	out->left -= sent;
	return sent;
}

static int send_all(struct outgoing *out)
{
	u32 sent = 0;
	int err = 0;

	while (out->left && !err) {
		sent += send_chunk(out, !sent, &err);
		cond_resched();
	}
	return sent ?: err;
}

int ipcbox_do_send_batch(struct ipcbox_request *request)
{
	const struct ipcbox_send_batch *args = &request->send_batch;
	struct outgoing out = {
		.args = args,
		.user = u64_to_user_ptr(args->entries),
		.left = args->count,
	};
	struct ipcbox_route route;
	int ret;

	ret = args->__reserved ? -EINVAL :
	      check_batch(args->count, args->entry_size,
			  sizeof(struct ipcbox_send_entry));
	if (ret)
		return ret;
	out.sender = ipcbox_request_sender(request);
	if (IS_ERR(out.sender))
		return PTR_ERR(out.sender);
	ret = ipcbox_route_open(&route, request, args->pid, out.sender);
	if (!ret) {
		out.lane = route.lane;
		out.patience = ipcbox_request_patience(request, args->deadline,
						       args->flags, out.sender);
		ret = send_all(&out);
		ipcbox_route_close(&route);
	}
	ipcbox_sender_put(out.sender);
	return ret;
}

/* ---- receive ------------------------------------------------------------- */

struct incoming {
	struct ipcbox_request *request;
	const struct ipcbox_recv_batch *args;
	void __user *user;		/* the next entry */
	u32 left;
	struct ipcbox_link *from;
	struct ipcbox_patience patience;
};

static int write_entry(struct ipcbox_recv_entry __user *user,
		       struct ipcbox_recv_entry *entry,
		       const struct ipcbox_waiter *receiver)
{
	struct ipcbox_recv recv IPCBOX_NOINIT;

	if (fatal_signal_pending(current))
		return -EINTR;
	ipcbox_receive_describe(&recv, receiver);
	entry->len = recv.len;
	entry->tag = recv.tag;
	entry->seq = recv.seq;
	entry->call = recv.call;
	entry->pid = recv.pid;
	entry->uid = recv.uid;
	entry->gid = recv.gid;
	entry->priority = recv.priority;
	entry->room = recv.room;
	entry->result = 0;
	if (ipcbox_msg_copy_out(receiver->payload, u64_to_user_ptr(entry->data)) ||
	    ipcbox_copy_to_user(&user->len, &entry->len,
				sizeof(*entry) -
					offsetof(struct ipcbox_recv_entry, len)))
		return -EFAULT;
	return 0;
}

static int read_entries(struct incoming *in, struct ipcbox_recv_entry *entries,
			u32 count)
{
	u32 i, size = in->args->entry_size;
	int err;

	for (i = 0; i < count; i++) {
		err = read_entry(&entries[i], sizeof(entries[i]),
				 in->user + i * size, size);
		if (err)
			return err;
	}
	return 0;
}

static void put_back(struct ipcbox_hand *hands, u32 count)
{
	struct ipcbox_waiter receiver = {};
	u32 i;

	for (i = 0; i < count; i++) {
		receiver.msg = hands[i].msg;
		receiver.lane = hands[i].lane;
		ipcbox_box_restore(&receiver);
	}
}

/* Take what is there and easy. Return: how many were delivered. */
static u32 receive_ready(struct incoming *in, struct ipcbox_recv_entry *entries,
			 u32 count, int *err)
{
	struct ipcbox_hand hands[CHUNK] IPCBOX_NOINIT;
	struct ipcbox_waiter receiver = {};
	u32 i, taken;

	taken = ipcbox_box_take_many(in->request->handle->box,
				     in->from ? &in->from->lane : NULL, entries,
				     hands, count);
	for (i = 0; i < taken; i++) {
		receiver.msg = hands[i].msg;
		receiver.payload = hands[i].msg;
		receiver.lane = hands[i].lane;
		*err = write_entry(in->user + i * in->args->entry_size,
				   &entries[i], &receiver);
		if (*err) {
			put_back(hands + i, taken - i);
			break;
		}
		ipcbox_box_accept(&receiver);
	}
	in->user += i * in->args->entry_size;
	in->left -= i;
	return i;
}

/* Take one, whatever it is, and wait for it if need be. */
static int receive_one(struct incoming *in, struct ipcbox_recv_entry *entry)
{
	struct ipcbox_recv_entry __user *user = in->user;
	struct ipcbox_waiter receiver IPCBOX_NOINIT;
	union ipcbox_small small IPCBOX_NOINIT;
	int err;

	ipcbox_receive_prepare(&receiver, &small, in->request, entry->capacity,
			       in->from);
	err = ipcbox_box_take(in->request->handle->box,
			      in->from ? in->from->pid : NULL, &receiver,
			      &in->patience);
	if (err == -EMSGSIZE && put_user(receiver.needed, &user->len))
		err = -EFAULT;
	if (err)
		return err;
	err = write_entry(user, entry, &receiver);
	if (err) {
		ipcbox_box_restore(&receiver);
		return err;
	}
	ipcbox_box_accept(&receiver);
	in->user += in->args->entry_size;
	in->left--;
	return 0;
}

/* The next few. Return: how many; @err: why not more, or 0. */
static u32 receive_chunk(struct incoming *in, int *err)
{
	struct ipcbox_recv_entry entries[CHUNK] IPCBOX_NOINIT;
	u32 received, count = min(in->left, CHUNK);

	*err = read_entries(in, entries, count);
	if (*err) {
		/* Perhaps only a later one is bad: go on one by one. */
		count = 1;
		*err = read_entries(in, entries, count);
	}
	if (*err)
		return 0;
	received = receive_ready(in, entries, count, err);
	if (received || *err)
		return received;
	*err = receive_one(in, entries);
	return *err ? 0 : 1;
}

static int receive_all(struct incoming *in)
{
	u32 received = 0;
	int err = 0;

	while (in->left && !err) {
		struct ipcbox_recv_entry __user *user;

		received += receive_chunk(in, &err);
		/* There was a message: for more nobody waits. */
		in->patience.nonblock = received;
		user = in->user;
		if (err && received && put_user(err, &user->result))
			break;
		cond_resched();
	}
	return received ?: err;
}

int ipcbox_do_recv_batch(struct ipcbox_request *request)
{
	const struct ipcbox_recv_batch *args = &request->recv_batch;
	struct incoming in = {
		.request = request,
		.args = args,
		.user = u64_to_user_ptr(args->entries),
		.left = args->count,
	};
	struct ipcbox_sender *self;
	int ret;

	ret = args->__reserved ? -EINVAL :
	      check_batch(args->count, args->entry_size,
			  sizeof(struct ipcbox_recv_entry)) ?:
	      ipcbox_receive_check(request, args->from);
	if (ret)
		return ret;
	self = ipcbox_request_sender(request);
	if (IS_ERR(self))
		return PTR_ERR(self);
	in.from = ipcbox_receive_link(request, args->from, self);
	if (IS_ERR(in.from)) {
		ret = PTR_ERR(in.from);
	} else {
		in.patience = ipcbox_request_patience(request, args->deadline,
						      args->flags, self);
		ret = receive_all(&in);
		ipcbox_receive_put_link(request, in.from);
	}
	ipcbox_sender_put(self);
	return ret;
}
