// SPDX-License-Identifier: GPL-2.0
/*
 * The commands that send and receive many messages at once: as many at a time that
 * what is prepared fits on the stack, and the lock is held for short.
 */
#include "commands.h"

#include "account.h"
#include "copy.h"
#include "link.h"
#include "noinit.h"
#include "receive.h"

#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#define CHUNK IPCBOX_INFLIGHT_MAX

static int check_batch(u32 count, u32 entry_size, size_t known)
{
	if (!count || count > IPCBOX_BATCH_MAX || entry_size < known)
		return -EINVAL;
	return entry_size > PAGE_SIZE ? -E2BIG : 0;
}

/* ---- send ---------------------------------------------------------------- */

struct outgoing {
	const struct ipcbox_send_batch *args;
	struct ipcbox_handle *handle;
	void __user *user;		/* the next entry */
	u32 left;
	struct ipcbox_lane *lane;
	struct ipcbox_creds *creds;
	struct ipcbox_wait_options options;
};

static int read_send_entries(const struct outgoing *out,
			     struct ipcbox_send_entry *entries, u32 count)
{
	u32 i, size = out->args->entry_size;
	int err = 0;

	if (size == sizeof(*entries))
		return ipcbox_gather_from_user(entries, sizeof(*entries), out->user,
					       size, count);
	/* What we do not know of an entry has to be zero. */
	for (i = 0; i < count && !err; i++)
		err = copy_struct_from_user(&entries[i], sizeof(*entries),
					    out->user + i * size, size);
	return err;
}

static int check_entry(const struct outgoing *out,
		       const struct ipcbox_send_entry *entry)
{
	if (entry->priority > IPCBOX_PRIORITY_MAX)
		return -EINVAL;
	return ipcbox_lane_check_length(out->lane, entry->len);
}

/* Return: how many of the next few could be made; @err: why not more, or 0. */
static u32 make_messages(const struct outgoing *out, struct ipcbox_msg **msgs,
			 u32 count, int *err)
{
	struct ipcbox_send_entry entries[CHUNK] IPCBOX_NOINIT;
	int failed = 0;
	u32 good;

	*err = read_send_entries(out, entries, count);
	if (*err) {
		/* Perhaps only a later one is bad: go on one by one. */
		count = 1;
		*err = read_send_entries(out, entries, count);
	}
	if (*err)
		return 0;
	for (good = 0; good < count; good++) {
		failed = check_entry(out, &entries[good]);
		if (failed)
			break;
	}
	good = ipcbox_msg_create_many(out->creds, entries, msgs, good, out->lane,
				      &out->options, err);
	*err = *err ?: failed;
	return good;
}

static int write_successes(const struct outgoing *out, u32 count)
{
	struct ipcbox_send_entry __user *entry;
	u32 i, size = out->args->entry_size;

	if (!user_write_access_begin(out->user, (size_t)count * size))
		return -EFAULT;
	for (i = 0; i < count; i++) {
		entry = out->user + i * size;
		unsafe_put_user(0, &entry->result, fault);
	}
	user_write_access_end();
	return 0;

fault:
	user_write_access_end();
	return -EFAULT;
}

static int write_results(const struct outgoing *out, u32 count, int err)
{
	struct ipcbox_send_entry __user *entry;

	if (write_successes(out, count))
		return -EFAULT;
	entry = out->user + count * out->args->entry_size;
	/* The command is not restarted: part of it is done. */
	if (err == -ERESTARTSYS)
		err = -EINTR;
	return err && put_user(err, &entry->result) ? -EFAULT : 0;
}

/* The next message could not be charged. Return: why not, or 0: it will wait. */
static int lack_bytes(const struct outgoing *out, u32 made)
{
	/* First those that could; it was not asked to wait with them in flight. */
	if (made && !out->options.nonblock)
		return 0;
	ipcbox_handle_lacks_quota(out->handle);
	return -ENOBUFS;
}

/* Send the next few. Return: how many; @err: why not more, or 0. */
static u32 send_chunk(struct outgoing *out, bool first, int *err)
{
	struct ipcbox_msg *msgs[CHUNK] IPCBOX_NOINIT;
	u32 made, sent;
	int failed;

	made = make_messages(out, msgs, min(out->left, CHUNK), &failed);
	if (failed == -ENOBUFS)
		failed = lack_bytes(out, made);
	else if (failed == -ENOMEM)
		ipcbox_handle_lacks_quota(out->handle);
	sent = ipcbox_box_send_many(out->lane, msgs, made, &out->options, err);
	*err = *err ?: failed;
	if (sent < made)
		ipcbox_msg_free_many(msgs + sent, made - sent);

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
		.handle = request->handle,
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
	out.creds = ipcbox_request_creds(request);
	if (IS_ERR(out.creds))
		return PTR_ERR(out.creds);
	ret = ipcbox_route_open(&route, request, args->pid, out.creds);
	if (!ret) {
		out.lane = route.lane;
		out.options = ipcbox_request_wait_options(request, args->deadline,
							  args->flags, out.creds);
		ret = send_all(&out);
		ipcbox_route_close(&route);
	}
	ipcbox_creds_put(out.creds);
	return ret;
}

/* ---- receive ------------------------------------------------------------- */

struct incoming {
	struct ipcbox_request *request;
	const struct ipcbox_recv_batch *args;
	void __user *user;		/* the next entry */
	u32 left;
	struct ipcbox_link *from;
	struct ipcbox_wait_options options;
};

/* Often the same sender for many in a row. */
struct known_origin {
	const struct ipcbox_creds *creds;
	struct ipcbox_origin origin;
};

static void look_up_origin(struct known_origin *known,
			   const struct ipcbox_creds *creds)
{
	if (creds == known->creds)
		return;
	known->creds = creds;
	known->origin = ipcbox_origin_of(creds);
}

/* The payload, then what is told of it. */
static __always_inline int
deliver_entry(struct ipcbox_recv_entry __user *user, void __user *data,
	      const struct ipcbox_receiver *receiver, struct known_origin *known)
{
	struct ipcbox_recv_entry entry IPCBOX_NOINIT;

	if (fatal_signal_pending(current))
		return -EINTR;
	if (ipcbox_msg_copy_out(receiver->payload, data))
		return -EFAULT;
	look_up_origin(known, receiver->msg->creds);
	ipcbox_describe(&entry, receiver, &known->origin);
	entry.result = 0;
	return ipcbox_copy_to_user(&user->len, &entry.len,
				   sizeof(entry) -
					   offsetof(struct ipcbox_recv_entry, len));
}

static int read_room(struct ipcbox_room *room, void __user *user, u32 size)
{
	struct ipcbox_recv_entry entry IPCBOX_NOINIT;
	int err;

	/* What we do not know of an entry has to be zero. */
	err = copy_struct_from_user(&entry, sizeof(entry), user, size);
	if (!err)
		*room = (struct ipcbox_room){ entry.data, entry.capacity };
	return err;
}

static int read_rooms(const struct incoming *in, struct ipcbox_room *rooms, u32 count)
{
	u32 i, size = in->args->entry_size;
	int err = 0;

	if (size == sizeof(struct ipcbox_recv_entry))
		return ipcbox_gather_from_user(rooms, sizeof(*rooms), in->user, size,
					       count);
	for (i = 0; i < count && !err; i++)
		err = read_room(&rooms[i], in->user + i * size, size);
	return err;
}

static void put_back(const struct ipcbox_inflight *inflight, u32 from)
{
	struct ipcbox_receiver receiver = { .lane = inflight->lane };
	u32 i;

	for (i = from; i < inflight->count; i++) {
		receiver.msg = inflight->msgs[i];
		ipcbox_box_restore(&receiver);
	}
}

static void advance_by(struct incoming *in, u32 count)
{
	in->user += count * in->args->entry_size;
	in->left -= count;
}

/* Take what is there and easy. Return: how many were delivered. */
static u32 receive_ready(struct incoming *in, const struct ipcbox_room *rooms,
			 u32 count, int *err)
{
	struct ipcbox_inflight inflight IPCBOX_NOINIT;
	struct ipcbox_receiver receiver = {};
	struct known_origin known = {};
	u32 i;

	ipcbox_box_take_many(in->request->handle->box,
			     in->from ? &in->from->lane : NULL, rooms, count,
			     &inflight);
	if (!inflight.count)
		return 0;
	for (i = 0; i < inflight.count && !*err; i++) {
		receiver.msg = inflight.msgs[i];
		receiver.payload = inflight.msgs[i];
		*err = deliver_entry(in->user + i * in->args->entry_size,
				     u64_to_user_ptr(rooms[i].data), &receiver,
				     &known);
	}
	if (*err)
		put_back(&inflight, --i);
	/* With nothing in flight the lane may be gone. */
	if (i)
		ipcbox_box_accept_many(&inflight, i);
	advance_by(in, i);
	return i;
}

/* Take one, whatever it is, and wait for it if need be. */
static int receive_one(struct incoming *in, const struct ipcbox_room *room)
{
	struct ipcbox_recv_entry __user *user = in->user;
	struct ipcbox_receiver receiver IPCBOX_NOINIT;
	union ipcbox_small small IPCBOX_NOINIT;
	struct known_origin known = {};
	int err;

	ipcbox_receive_prepare(&receiver, &small, in->request, room->capacity,
			       in->from);
	err = ipcbox_box_take(in->request->handle->box,
			      in->from ? in->from->pid : NULL, &receiver,
			      &in->options);
	if (err == -EMSGSIZE && put_user(receiver.needed, &user->len))
		err = -EFAULT;
	if (err)
		return err;
	err = deliver_entry(user, u64_to_user_ptr(room->data), &receiver, &known);
	if (err) {
		ipcbox_box_restore(&receiver);
		return err;
	}
	ipcbox_box_accept(&receiver);
	advance_by(in, 1);
	return 0;
}

/* The next few. Return: how many; @err: why not more, or 0. */
static u32 receive_chunk(struct incoming *in, int *err)
{
	struct ipcbox_room rooms[CHUNK] IPCBOX_NOINIT;
	u32 received, count = min(in->left, CHUNK);

	*err = read_rooms(in, rooms, count);
	if (*err) {
		/* Perhaps only a later one is bad: go on one by one. */
		count = 1;
		*err = read_rooms(in, rooms, count);
	}
	if (*err)
		return 0;
	received = receive_ready(in, rooms, count, err);
	if (received || *err)
		return received;
	*err = receive_one(in, &rooms[0]);
	if (*err)
		return 0;
	return count > 1 ? 1 + receive_ready(in, rooms + 1, count - 1, err) : 1;
}

static int receive_all(struct incoming *in)
{
	u32 received = 0;
	int err = 0;

	while (in->left && !err) {
		struct ipcbox_recv_entry __user *user;

		received += receive_chunk(in, &err);
		/* There was a message: for more nobody waits. */
		in->options.nonblock = received;
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
	struct ipcbox_creds *self;
	int ret;

	ret = args->__reserved ? -EINVAL :
	      check_batch(args->count, args->entry_size,
			  sizeof(struct ipcbox_recv_entry)) ?:
	      ipcbox_receive_check(request, args->from);
	if (ret)
		return ret;
	self = ipcbox_request_creds(request);
	if (IS_ERR(self))
		return PTR_ERR(self);
	in.from = ipcbox_receive_link(request, args->from, self);
	if (IS_ERR(in.from)) {
		ret = PTR_ERR(in.from);
	} else {
		in.options = ipcbox_request_wait_options(request, args->deadline,
							 args->flags, self);
		ret = receive_all(&in);
		ipcbox_receive_put_link(request, in.from);
	}
	ipcbox_creds_put(self);
	return ret;
}
