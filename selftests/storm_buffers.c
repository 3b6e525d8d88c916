// SPDX-License-Identifier: GPL-2.0
#include "storm_buffers.h"

#include "buffers.h"
#include "storm_errors.h"
#include "storm_hands.h"
#include "storm_payload.h"

#include <poll.h>
#include <sys/uio.h>

#define BATCH		4

static void check(struct slot *self, unsigned long nr, int ret, int circumstances,
		  struct weather before)
{
	error_check(self, nr, ret, circumstances | weather_since(self, before));
}

/* ---- waiting ------------------------------------------------------------- */

static void begin_at(struct slot *self, enum doing doing, const struct mapping *mapping)
{
	self->fd = ipcbox_buffer_fd(mapping->buffer);
	self->box = mapping->box;
	self->id = mapping->id;
	self->process = 0;
	self->class = 0;
	self->since = now_ns();
	__atomic_store_n(&self->doing, doing, __ATOMIC_SEQ_CST);
}

static __u64 deadline_of(const struct patience *patience)
{
	if (patience->flags & IPCBOX_NONBLOCK)
		return IPCBOX_NOWAIT;
	return patience->deadline ?: IPCBOX_FOREVER;
}

/* ---- send ---------------------------------------------------------------- */

/* Each has its number in it, at both ends; some are as long as it takes. */
static __u32 some_length(struct slot *self, const struct mapping *mapping)
{
	__u32 max = mapping->max_msgsize, min = 2 * sizeof(__u32);

	switch (random_below(self, 16)) {
	case 0:
		return max;
	case 1: case 2:
		return min + random_below(self, max - min + 1);
	case 3:
		return IPCBOX_CELL_SIZE;
	default:
		return min + random_below(self, IPCBOX_CELL_SIZE - min + 1);
	}
}

static __u32 intend(struct slot *self, const struct mapping *mapping)
{
	self->len = some_length(self, mapping);
	return ledger_intend(self, mapping->box, mapping->id, 0, self->len);
}

/* It arrives, unless the commit failed to wake a receiver: then it may. */
static void note_commit(__u32 number, int err)
{
	if (!err)
		ledger_note_result(number, true);
}

/* With a message in hand, to be killed there. */
static void linger(struct slot *self)
{
	if (!random_below(self, 16))
		usleep(random_below(self, 10000));
}

/* Until all of it is written it is none that anybody sent. */
static void fill(struct slot *self, struct ipcbox_slot *slot, __u32 number, __u32 len)
{
	memset(slot->data, 0xff, sizeof(number));
	linger(self);
	payload_fill(slot->data, number, len);
	slot->len = len;
	slot->tag = number;
}

static int reserve(struct slot *self, struct mapping *mapping, struct ipcbox_slot *slot,
		   __u32 *number, __u64 deadline)
{
	__u32 len, most;
	int err;

	*number = intend(self, mapping);
	if (!*number)
		return -EAGAIN;
	len = self->len;
	/* It may be shorter in the end than it was going to be. */
	most = len;
	if (!random_below(self, 4))
		most += random_below(self, mapping->max_msgsize - len + 1);
	self->len = most;
	begin_at(self, BUFFER_SENDING, mapping);
	err = ipcbox_buffer_reserve(mapping->buffer, slot, most, deadline);
	end(self);
	if (err) {
		ledger_note_result(*number, false);
		return err;
	}
	fill(self, slot, *number, len);
	return 0;
}

static int commit(struct mapping *mapping, const struct ipcbox_slot *slot)
{
	int err = ipcbox_buffer_commit(mapping->buffer, slot);

	note_commit(slot->tag, err);
	return err;
}

static int send_one(struct slot *self, struct mapping *mapping, __u64 deadline)
{
	struct ipcbox_slot slot;
	__u32 number;
	int err = reserve(self, mapping, &slot, &number, deadline);

	if (err)
		return err;
	if (random_below(self, 8))
		return commit(mapping, &slot);
	/* First this: it must not arrive. */
	ledger_note_result(number, false);
	return ipcbox_buffer_cancel(mapping->buffer, &slot);
}

/* Consumers get them as they were reserved, whichever is ready first. */
static int send_two(struct slot *self, struct mapping *mapping, __u64 deadline)
{
	struct ipcbox_slot first, second;
	__u32 number;
	int err = reserve(self, mapping, &first, &number, deadline);

	if (err)
		return err;
	err = reserve(self, mapping, &second, &number, IPCBOX_NOWAIT);
	if (!err)
		err = commit(mapping, &second);
	else if (err == -EAGAIN)
		err = 0;
	return commit(mapping, &first) ?: err;
}

static __thread char data[BATCH][BUFFER_LARGEST];

static int send_copy(struct slot *self, struct mapping *mapping, __u64 deadline)
{
	__u32 number = intend(self, mapping);
	int err;

	if (!number)
		return -EAGAIN;
	payload_fill(data[0], number, self->len);
	begin_at(self, BUFFER_SENDING, mapping);
	err = ipcbox_buffer_send(mapping->buffer, data[0], self->len, deadline);
	end(self);
	/* A send that fails after its commit fails because the buffer ended. */
	if (err && err != -EIDRM && err != -EPIPE)
		ledger_note_result(number, false);
	else
		note_commit(number, err);
	return err;
}

/* How many were sent is not known where it failed behind some of them. */
static int send_some(struct slot *self, struct mapping *mapping, __u64 deadline)
{
	struct iovec messages[BATCH];
	__u32 numbers[BATCH], longest = 0;
	int ret, count;

	for (count = 0; count < BATCH; count++) {
		numbers[count] = intend(self, mapping);
		if (!numbers[count])
			break;
		payload_fill(data[count], numbers[count], self->len);
		messages[count] = (struct iovec){ data[count], self->len };
		longest = self->len > longest ? self->len : longest;
	}
	if (!count)
		return -EAGAIN;
	self->len = longest;
	begin_at(self, BUFFER_SENDING, mapping);
	ret = ipcbox_buffer_send_batch(mapping->buffer, messages, count, deadline);
	end(self);
	for (int i = 0; i < count && ret != -EIDRM && ret != -EPIPE; i++)
		ledger_note_result(numbers[i], i < ret);
	return ret < 0 ? ret : 0;
}

static int send_somehow(struct slot *self, struct mapping *mapping, __u64 deadline)
{
	switch (random_below(self, 8)) {
	case 0:
		return send_two(self, mapping, deadline);
	case 1: case 2:
		return send_copy(self, mapping, deadline);
	case 3:
		/* A sender that waits for room waits for one message, of a known length. */
		return send_some(self, mapping, IPCBOX_NOWAIT);
	default:
		return send_one(self, mapping, deadline);
	}
}

void storm_buffer_send(struct slot *self)
{
	struct patience patience = some_patience(self, true);
	struct weather weather = weather_now();
	struct mapping *mapping = mapping_pick(self, IPCBOX_SENDER);
	int err;

	if (!mapping)
		return;
	err = send_somehow(self, mapping, deadline_of(&patience));
	check(self, IPCBOX_BUFFER_WAIT, err,
	      NOWAIT | patience.circumstances | mapping_circumstances(mapping), weather);
	mapping_leave(mapping);
}

int mapping_put_one(struct slot *self, struct mapping *mapping)
{
	return send_one(self, mapping, IPCBOX_NOWAIT);
}

/* ---- receive ------------------------------------------------------------- */

static void check_payload(const void *bytes, __u32 len, __u32 number)
{
	struct ipcbox_recv recv = { .tag = number, .len = len };

	payload_check(bytes, &recv);
}

/* It is in the message; the tag has it as well, if it was written in place. */
static __u32 number_of(const void *bytes, __u32 len, __u32 tag)
{
	__u32 number = 0;

	if (len >= sizeof(number))
		memcpy(&number, bytes, sizeof(number));
	if (tag && tag != number)
		finding(INTACT, "message %u came out of a buffer with the tag %u", number, tag);
	return number;
}

/*
 * A thread that may be killed does not sleep within the library's call: the checker could
 * not know whether it had taken something.
 */
static int peek(struct slot *self, struct mapping *mapping, struct ipcbox_slot *slot,
		const struct patience *patience, bool immortal)
{
	int err;

	if (immortal) {
		begin_at(self, BUFFER_RECEIVING, mapping);
		err = ipcbox_buffer_peek(mapping->buffer, slot, deadline_of(patience));
		end(self);
		return err;
	}
	return ipcbox_buffer_peek(mapping->buffer, slot, IPCBOX_NOWAIT);
}

static int await(struct slot *self, struct mapping *mapping, const struct patience *patience)
{
	int err;

	begin_at(self, BUFFER_RECEIVING, mapping);
	err = buffer_wait(self->fd, IPCBOX_RECEIVER | patience->flags, 0, patience->deadline);
	end(self);
	return err;
}

static int take(struct slot *self, struct mapping *mapping, struct hand *hand,
		struct ipcbox_slot *slot, const struct patience *patience, bool immortal)
{
	__u32 number;
	int err;

	do {
		hand_take(hand, mapping->box);
		err = peek(self, mapping, slot, patience, immortal);
		if (!err) {
			number = number_of(slot->data, slot->len, slot->tag);
			if (!hand_hold(self, hand, number))
				return ipcbox_buffer_release(mapping->buffer, slot) ?: -EAGAIN;
			check_payload(slot->data, slot->len, number);
			return 0;
		}
		hand_let_go(hand);
		if (err != -EAGAIN || patience->flags & IPCBOX_NONBLOCK)
			return err;
		err = await(self, mapping, patience);
	} while (!err);
	return err;
}

static int release(struct slot *self, struct mapping *mapping, struct hand *hand,
		   const struct ipcbox_slot *slot)
{
	int err;

	hand_finish(hand);
	err = ipcbox_buffer_release(mapping->buffer, slot);
	if (err)
		hand_let_go(hand);
	else
		hand_receipt(self, hand);
	return err;
}

static int put_back(struct mapping *mapping, struct hand *hand, const struct ipcbox_slot *slot)
{
	int err = ipcbox_buffer_put_back(mapping->buffer, slot);

	hand_let_go(hand);
	return err;
}

static int finish(struct slot *self, struct mapping *mapping, struct hand *hand,
		  const struct ipcbox_slot *slot)
{
	return random_below(self, 8) ? release(self, mapping, hand, slot) :
				       put_back(mapping, hand, slot);
}

static int recv_one(struct slot *self, struct mapping *mapping,
		    const struct patience *patience, bool immortal)
{
	struct ipcbox_slot slot;
	int err = take(self, mapping, &self->hands[0], &slot, patience, immortal);

	if (!err)
		linger(self);
	return err ?: finish(self, mapping, &self->hands[0], &slot);
}

/* The second is done with first. */
static int recv_two(struct slot *self, struct mapping *mapping,
		    const struct patience *patience, bool immortal)
{
	static const struct patience none = { .flags = IPCBOX_NONBLOCK };
	struct ipcbox_slot first, second;
	int err = take(self, mapping, &self->hands[0], &first, patience, immortal);

	if (err)
		return err;
	err = take(self, mapping, &self->hands[1], &second, &none, false);
	if (!err)
		err = finish(self, mapping, &self->hands[1], &second);
	else if (err == -EAGAIN)
		err = 0;
	return finish(self, mapping, &self->hands[0], &first) ?: err;
}

/* Notes a message of a call that takes and finishes; its number is in it. */
static void note_whole(struct slot *self, struct hand *hand, const char *bytes, __u32 len)
{
	__u32 number = number_of(bytes, len, 0);

	check_payload(bytes, len, number);
	hand_note_whole(self, hand, number);
}

static int recv_copy(struct slot *self, struct mapping *mapping)
{
	size_t capacity = random_below(self, 8) ? sizeof(data[0]) : random_below(self, 100);
	struct hand *hand = &self->hands[0];
	ssize_t len;

	hand_receive_whole(hand, mapping->box, 1);
	len = ipcbox_buffer_recv(mapping->buffer, data[0], capacity, IPCBOX_NOWAIT);
	if (len >= 0)
		note_whole(self, hand, data[0], len);
	hand_let_go(hand);
	/* A message that is too long is no error of its own. */
	return len >= 0 || (len == -EMSGSIZE && capacity < 100) ? 0 : (int)len;
}

static int recv_some(struct slot *self, struct mapping *mapping)
{
	struct hand *hand = &self->hands[0];
	struct iovec messages[BATCH];
	int ret;

	for (int i = 0; i < BATCH; i++)
		messages[i] = (struct iovec){ data[i], sizeof(data[i]) };
	hand_receive_whole(hand, mapping->box, BATCH);
	ret = ipcbox_buffer_recv_batch(mapping->buffer, messages, BATCH, IPCBOX_NOWAIT);
	for (int i = 0; i < ret; i++)
		note_whole(self, hand, data[i], messages[i].iov_len);
	hand_let_go(hand);
	return ret < 0 ? ret : 0;
}

static int recv_somehow(struct slot *self, struct mapping *mapping,
			const struct patience *patience, bool immortal)
{
	switch (random_below(self, 8)) {
	case 0:
		return recv_two(self, mapping, patience, immortal);
	case 1:
		return recv_copy(self, mapping);
	case 2:
		return recv_some(self, mapping);
	default:
		return recv_one(self, mapping, patience, immortal);
	}
}

void storm_buffer_recv(struct slot *self, bool immortal)
{
	struct patience patience = some_patience(self, true);
	struct weather weather = weather_now();
	struct mapping *mapping = mapping_pick(self, IPCBOX_RECEIVER);
	int err;

	if (!mapping)
		return;
	err = recv_somehow(self, mapping, &patience, immortal);
	check(self, IPCBOX_BUFFER_WAIT, err,
	      NOWAIT | patience.circumstances | mapping_circumstances(mapping), weather);
	mapping_leave(mapping);
}

static const struct patience at_once = { .flags = IPCBOX_NONBLOCK };

int mapping_take_one(struct slot *self, struct mapping *mapping)
{
	struct ipcbox_slot slot;
	int err = take(self, mapping, &self->hands[0], &slot, &at_once, false);

	return err ?: release(self, mapping, &self->hands[0], &slot);
}

void mapping_take_and_put_back(struct slot *self, struct mapping *mapping)
{
	struct ipcbox_slot slot;
	int err = take(self, mapping, &self->hands[0], &slot, &at_once, false);

	if (!err)
		err = put_back(mapping, &self->hands[0], &slot);
	if (err && err != -EAGAIN)
		finding(ERRORS, "to take a message out of buffer %d and put it back failed with %s",
			mapping->box, strerrorname_np(-err));
}

/* ---- poll, and looks ----------------------------------------------------- */

void storm_buffer_poll(struct slot *self)
{
	int timeout = random_below(self, 2) ? -1 : (int)random_below(self, 20);
	struct weather weather = weather_now();
	struct mapping *mapping = mapping_pick(self, 0);
	struct pollfd poll_fd;
	int ret, err = 0;
	bool in;

	if (!mapping)
		return;
	in = mapping->directions & IPCBOX_RECEIVER;
	poll_fd = (struct pollfd){ .fd = ipcbox_buffer_fd(mapping->buffer),
				   .events = in ? POLLIN : POLLOUT };
	self->events = poll_fd.events;
	begin_at(self, POLLING, mapping);
	ret = poll(&poll_fd, 1, timeout);
	end(self);
	if (ret == 1 && poll_fd.revents & POLLIN)
		err = recv_one(self, mapping, &at_once, false);
	else if (ret == 1 && poll_fd.revents & POLLOUT)
		err = send_one(self, mapping, IPCBOX_NOWAIT);
	check(self, IPCBOX_BUFFER_WAIT, err, NOWAIT | mapping_circumstances(mapping), weather);
	mapping_leave(mapping);
}

/* ---- fork ---------------------------------------------------------------- */

/* Something is in hand, or nothing. */
void buffers_before_fork(struct slot *self, struct pledge *pledge)
{
	__u32 number;

	*pledge = (struct pledge){
		.mapping = mapping_pick(self, IPCBOX_SENDER), .weather = weather_now(),
	};
	if (pledge->mapping &&
	    reserve(self, pledge->mapping, &pledge->slot, &number, IPCBOX_NOWAIT)) {
		mapping_leave(pledge->mapping);
		pledge->mapping = NULL;
	}
}

void buffers_after_fork(struct slot *self, struct pledge *pledge)
{
	struct mapping *mapping = pledge->mapping;

	if (!mapping)
		return;
	check(self, IPCBOX_BUFFER_WAIT, commit(mapping, &pledge->slot),
	      mapping_circumstances(mapping), pledge->weather);
	mapping_leave(mapping);
}

void buffers_inherit(const struct pledge *pledge)
{
	struct mapping *mapping = pledge->mapping;

	mappings_inherit();
	if (mapping && mapping->buffer &&
	    ipcbox_buffer_commit(mapping->buffer, &pledge->slot) != -EINVAL)
		finding(NOTHING_TWICE, "a child finished what its parent had in hand");
}
