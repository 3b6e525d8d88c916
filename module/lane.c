// SPDX-License-Identifier: GPL-2.0
#include "lane.h"

#include "caller.h"
#include "noinit.h"
#include "trace.h"

#include <linux/math64.h>
#include <linux/sched.h>

/* ---- which lane is next -------------------------------------------------- */

static struct ipcbox_lane *lane_of(const struct rb_node *node)
{
	return rb_entry(node, struct ipcbox_lane, ready_node);
}

static bool is_before(const struct ipcbox_msg *a, const struct ipcbox_msg *b)
{
	if (a->priority != b->priority)
		return a->priority > b->priority;
	return a->arrival < b->arrival;
}

static bool lane_is_before(struct rb_node *a, const struct rb_node *b)
{
	return is_before(ipcbox_queue_first(&lane_of(a)->queued),
			 ipcbox_queue_first(&lane_of(b)->queued));
}

/* Is it the only one that has messages? Then its place is the first, and stays so. */
static bool is_alone(const struct ipcbox_lane *lane)
{
	const struct rb_node *node = &lane->ready_node;

	return lane->box->ready.rb_root.rb_node == node && !node->rb_left &&
	       !node->rb_right;
}

/* A lane's place depends on its first message, which has changed. */
static void renew_place_among_others(struct ipcbox_lane *lane)
{
	struct rb_root_cached *ready = &lane->box->ready;
	struct rb_node *node = &lane->ready_node;

	if (lane->messages && is_alone(lane))
		return;
	if (!RB_EMPTY_NODE(node))
		rb_erase_cached(node, ready);
	RB_CLEAR_NODE(node);
	if (lane->messages)
		rb_add_cached(node, ready, lane_is_before);
}

static __always_inline void renew_place(struct ipcbox_lane *lane)
{
	if (!lane->box->sole)
		renew_place_among_others(lane);
}

/* ---- room ---------------------------------------------------------------- */

/**
 * ipcbox_lane_rooms() - how many of the largest messages would not have to wait?
 * @lane: the lane
 *
 * If smaller ones counted, a poller would spin whose message does not fit.
 *
 * Return: their number; to poll, the lane is writable if there is one.
 */
u32 ipcbox_lane_rooms(const struct ipcbox_lane *lane)
{
	const struct ipcbox_bounds *bounds = &lane->box->bounds;
	u64 rooms;

	if (lane->senders)
		return 0;
	if (lane->messages >= bounds->max_messages ||
	    lane->bytes + bounds->max_msgsize > bounds->max_bytes)
		return !lane->messages; /* see ipcbox_lane_has_room() */
	rooms = bounds->max_messages - lane->messages;
	if (bounds->max_msgsize)
		rooms = min(rooms, div_u64(bounds->max_bytes - lane->bytes,
					   bounds->max_msgsize));
	return rooms;
}

/* ---- messages in and out ------------------------------------------------- */

static void count_in(struct ipcbox_lane *lane, const struct ipcbox_msg *msg)
{
	lane->messages++;
	lane->bytes += msg->len;
	lane->box->messages++;
	lane->box->bytes += msg->len;
}

static void count_out(struct ipcbox_lane *lane, u32 messages, u64 bytes)
{
	lane->messages -= messages;
	lane->bytes -= bytes;
	lane->box->messages -= messages;
	lane->box->bytes -= bytes;
}

/*
 * What follows is inline for the sake of the loops over many messages below.
 *
 * From here on the message is in the box: number it.
 */
static __always_inline void arrive(struct ipcbox_lane *lane, struct ipcbox_msg *msg)
{
	msg->seq = ++lane->sent;
	msg->arrival = ++lane->box->arrivals;
	if (msg->is_call) {
		ipcbox_caller_of(msg)->arrived = true;
		trace_ipcbox_call(lane->id, msg);
	} else {
		trace_ipcbox_send(lane->id, msg);
	}
}

static __always_inline void enqueue(struct ipcbox_lane *lane,
				    struct ipcbox_msg *msg,
				    struct ipcbox_wakes *wakes)
{
	ipcbox_queue_push(&lane->queued, msg);
	count_in(lane, msg);
	if (ipcbox_queue_first(&lane->queued) == msg)
		renew_place(lane);
	wakes->queued++;
}

static __always_inline void dequeue(struct ipcbox_lane *lane,
				    struct ipcbox_msg *msg,
				    struct ipcbox_wakes *wakes)
{
	ipcbox_queue_remove(&lane->queued, msg);
	count_out(lane, 1, msg->len);
	renew_place(lane);
	wakes->left++;
}

/**
 * ipcbox_lane_remove_message() - take a message out of a lane
 * @lane: the lane
 * @msg: queued in it
 * @wakes: notes that there may be room
 */
void ipcbox_lane_remove_message(struct ipcbox_lane *lane,
				struct ipcbox_msg *msg,
				struct ipcbox_wakes *wakes)
{
	dequeue(lane, msg, wakes);
}

/**
 * ipcbox_lane_restore_message() - put a message back that was taken
 * @lane: the lane; it may now hold more than its limits
 * @msg: goes where it was
 * @wakes: notes that there is something to read
 */
void ipcbox_lane_restore_message(struct ipcbox_lane *lane,
				 struct ipcbox_msg *msg,
				 struct ipcbox_wakes *wakes)
{
	ipcbox_queue_restore(&lane->queued, msg);
	count_in(lane, msg);
	renew_place(lane);
	wakes->queued++;
}

/**
 * ipcbox_lane_count_drop() - note that a message will never be received
 * @lane: the lane it was in
 */
void ipcbox_lane_count_drop(struct ipcbox_lane *lane)
{
	lane->dropped++;
	lane->box->dropped++;
}

/**
 * ipcbox_lane_drop() - free a message that will never be received
 * @lane: the lane it was in
 * @msg: counted as dropped
 *
 * Context: not the lock of the box.
 */
void ipcbox_lane_drop(struct ipcbox_lane *lane, struct ipcbox_msg *msg)
{
	trace_ipcbox_drop(lane->id, msg);
	ipcbox_msg_free(msg);
}

/* ---- senders who wait ---------------------------------------------------- */

/**
 * ipcbox_lane_add_sender() - let a sender wait for room
 * @lane: the lane
 * @msg: its message
 * @sender: its waiter
 */
void ipcbox_lane_add_sender(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
			    struct ipcbox_waiter *sender)
{
	msg->waiter = sender;
	ipcbox_queue_push(&lane->blocked, msg);
	lane->senders++;
	lane->box->senders++;
}

/**
 * ipcbox_lane_remove_sender() - a sender does not wait any more
 * @lane: the lane
 * @msg: its message
 */
void ipcbox_lane_remove_sender(struct ipcbox_lane *lane, struct ipcbox_msg *msg)
{
	ipcbox_queue_remove(&lane->blocked, msg);
	lane->senders--;
	lane->box->senders--;
}

/**
 * ipcbox_lane_withdraw() - take a call back that nobody has: as if it had never been there
 * @lane: over which it was made
 * @call: in a queue of the lane
 * @wakes: notes that there may be room
 */
void ipcbox_lane_withdraw(struct ipcbox_lane *lane, struct ipcbox_caller *call,
			  struct ipcbox_wakes *wakes)
{
	struct ipcbox_msg *msg = &call->request.msg;

	ipcbox_caller_leave_queue(call, lane->box);
	if (call->arrived) {
		dequeue(lane, msg, wakes);
		ipcbox_lane_count_drop(lane);
		trace_ipcbox_drop(lane->id, msg);
	} else {
		ipcbox_lane_remove_sender(lane, msg);
	}
}

/* ---- receivers who wait -------------------------------------------------- */

/**
 * ipcbox_lane_add_receiver() - let a receiver wait for a message
 * @box: the box
 * @receiver: its waiter; receiver->from says where it waits
 */
void ipcbox_lane_add_receiver(struct ipcbox_box *box, struct ipcbox_receiver *receiver)
{
	struct ipcbox_lane *from = receiver->from;

	list_add_tail(&receiver->waiter.node, from ? &from->waiting : &box->waiting);
	box->receivers++;
	if (from)
		from->receivers++;
}

/**
 * ipcbox_lane_remove_receiver() - a receiver does not wait any more
 * @box: the box
 * @receiver: its waiter
 */
void ipcbox_lane_remove_receiver(struct ipcbox_box *box,
				 struct ipcbox_receiver *receiver)
{
	list_del(&receiver->waiter.node);
	box->receivers--;
	if (receiver->from)
		receiver->from->receivers--;
}

/**
 * ipcbox_lane_first_receiver() - who waited longest on a list
 * @waiting: the list of a lane or box
 *
 * Return: its waiter, or NULL.
 */
struct ipcbox_receiver *ipcbox_lane_first_receiver(struct list_head *waiting)
{
	return list_first_entry_or_null(waiting, struct ipcbox_receiver,
					waiter.node);
}

/* Those who named this lane go first. */
static struct ipcbox_receiver *next_receiver(struct ipcbox_lane *lane)
{
	return ipcbox_lane_first_receiver(&lane->waiting) ?:
		       ipcbox_lane_first_receiver(&lane->box->waiting);
}

/* The message passes into the hand of a receiver. */
static void hand_over(struct ipcbox_lane *lane, struct ipcbox_receiver *receiver,
		      struct ipcbox_msg *msg)
{
	atomic_inc(&lane->in_hand);
	receiver->lane = lane;
	if (msg->is_call) {
		ipcbox_caller_pass(ipcbox_caller_of(msg), lane->box, receiver);
	} else {
		receiver->msg = msg;
		receiver->payload = msg;
	}
}

/**
 * ipcbox_lane_take_message() - give the first message of a lane to a receiver
 * @lane: the lane, not empty
 * @receiver: the receiver, on no list
 * @wakes: notes that there may be room
 *
 * Return: 0, or -EMSGSIZE with what it needs.
 */
int ipcbox_lane_take_message(struct ipcbox_lane *lane,
			     struct ipcbox_receiver *receiver,
			     struct ipcbox_wakes *wakes)
{
	struct ipcbox_msg *msg = ipcbox_queue_first(&lane->queued);

	if (msg->len > receiver->capacity) {
		receiver->needed = msg->len;
		return -EMSGSIZE;
	}
	dequeue(lane, msg, wakes);
	hand_over(lane, receiver, msg);
	return 0;
}

static __always_inline void add(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
				struct ipcbox_wakes *wakes)
{
	struct ipcbox_receiver *receiver = lane->messages ? NULL : next_receiver(lane);

	arrive(lane, msg);
	/* The short way; what is left to do if it cannot go, settling does. */
	if (receiver && msg->len <= receiver->capacity) {
		hand_over(lane, receiver, msg);
		ipcbox_lane_remove_receiver(lane->box, receiver);
		ipcbox_waiter_finish(&receiver->waiter, 0, wakes);
	} else {
		enqueue(lane, msg, wakes);
	}
}

/**
 * ipcbox_lane_add_message() - accept a message that may enter
 * @lane: the lane
 * @msg: queued, or handed to a receiver who waits
 * @wakes: whom to wake; empty
 */
void ipcbox_lane_add_message(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
			     struct ipcbox_wakes *wakes)
{
	add(lane, msg, wakes);
}

/**
 * ipcbox_lane_add_messages() - accept messages, as long as the next may enter
 * @lane: the lane
 * @msgs: the messages
 * @count: how many
 * @wakes: whom to wake; empty
 *
 * Return: how many were accepted, from the first on.
 */
unsigned int ipcbox_lane_add_messages(struct ipcbox_lane *lane,
				      struct ipcbox_msg **msgs,
				      unsigned int count,
				      struct ipcbox_wakes *wakes)
{
	u32 max = lane->box->bounds.max_msgsize;
	unsigned int i;

	for (i = 0; i < count && !ipcbox_wakes_full(wakes); i++) {
		if (msgs[i]->len > max || !ipcbox_lane_may_enter(lane, msgs[i]))
			break;
		add(lane, msgs[i], wakes);
	}
	return i;
}

/* Can the next message be taken together with others? */
static bool is_easy(const struct ipcbox_msg *msg, u64 capacity)
{
	/* A call needs room on the stack of its receiver. */
	return msg && !msg->is_call && msg->len <= capacity;
}

/**
 * ipcbox_lane_take_messages() - take messages, as long as there is one that is easy
 * @lane: the lane
 * @in_turn: only while it has the next message of its box
 * @rooms: the capacities
 * @msgs: out: the messages
 * @count: how many at most
 * @wakes: notes that there may be room
 *
 * Return: how many were taken. They are in the hand of the caller.
 */
unsigned int ipcbox_lane_take_messages(struct ipcbox_lane *lane, bool in_turn,
				       const struct ipcbox_room *rooms,
				       struct ipcbox_msg **msgs,
				       unsigned int count,
				       struct ipcbox_wakes *wakes)
{
	/* Nobody looks before we are done, so what changes each time can be done once. */
	bool others = !lane->box->sole && !is_alone(lane);
	u64 bytes = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (in_turn && others && ipcbox_lane_first_ready(lane->box) != lane)
			break;
		msgs[i] = ipcbox_queue_first(&lane->queued);
		if (!is_easy(msgs[i], rooms[i].capacity))
			break;
		if (others) {
			dequeue(lane, msgs[i], wakes);
		} else {
			ipcbox_queue_remove(&lane->queued, msgs[i]);
			bytes += msgs[i]->len;
		}
	}
	if (!others && i) {
		count_out(lane, i, bytes);
		renew_place(lane);
		wakes->left += i;
	}
	atomic_add(i, &lane->in_hand);
	return i;
}

/* ---- settling ------------------------------------------------------------ */

/*
 * Who slept for room need not be told at once that its message went in. If each was,
 * as one message after the other is received, each would find the lane full again,
 * and go back to sleep with its next message: two switches for each message. So they
 * are told together, when half of the room is free; and if that takes long, at the
 * next tick, for they may have other things to do. Where there is room for a few
 * messages only, there is nothing to gain.
 */
#define WORTH_WAITING 8

static bool is_half_full(const struct ipcbox_lane *lane)
{
	const struct ipcbox_bounds *bounds = &lane->box->bounds;

	return lane->messages >= WORTH_WAITING &&
	       (lane->messages > bounds->max_messages / 2 ||
		lane->bytes > bounds->max_bytes / 2);
}

/**
 * ipcbox_lane_take_admitted() - the next sender whose message went in
 * @from: the lane
 *
 * Return: its waiter, on no list any more, or NULL.
 */
struct ipcbox_waiter *ipcbox_lane_take_admitted(void *from)
{
	struct ipcbox_lane *lane = from;
	struct ipcbox_waiter *sender;

	lockdep_assert_held(&lane->box->lock);
	sender = list_first_entry_or_null(&lane->admitted, struct ipcbox_waiter,
					  node);
	if (sender)
		list_del(&sender->node);
	return sender;
}

/* As many as can be woken now. */
static void tell_admitted(struct ipcbox_lane *lane, struct ipcbox_wakes *wakes)
{
	struct ipcbox_waiter *sender;

	while (!ipcbox_wakes_full(wakes) &&
	       (sender = ipcbox_lane_take_admitted(lane)))
		ipcbox_waiter_finish(sender, 0, wakes);
}

static void tell_admitted_at_next_tick(struct ipcbox_lane *lane)
{
	if (!timer_pending(&lane->tell_admitted))
		mod_timer(&lane->tell_admitted, jiffies + 1);
}

/* Without SMP spinlocks are nothing, and the timer below would not find one taken. */
static_assert(IS_ENABLED(CONFIG_SMP));

/**
 * ipcbox_lane_tell_admitted_late() - the same, when it took long
 * @timer: of the lane
 *
 * Context: a softirq. Whoever has the lock may be the one that we interrupted.
 */
void ipcbox_lane_tell_admitted_late(struct timer_list *timer)
{
	struct ipcbox_lane *lane = container_of(timer, struct ipcbox_lane,
						tell_admitted);
	struct ipcbox_wakes wakes IPCBOX_NOINIT;

	if (!spin_trylock(&lane->box->lock)) {
		tell_admitted_at_next_tick(lane);
		return;
	}
	ipcbox_wakes_init(&wakes);
	tell_admitted(lane, &wakes);
	if (!list_empty(&lane->admitted))
		tell_admitted_at_next_tick(lane);
	spin_unlock(&lane->box->lock);
	ipcbox_wake(&wakes);
}

/* Let the first sender who waits in, if there is room. */
static bool admit(struct ipcbox_lane *lane, struct ipcbox_wakes *wakes)
{
	struct ipcbox_msg *msg = ipcbox_queue_first(&lane->blocked);
	struct ipcbox_waiter *sender;

	if (!msg || !ipcbox_lane_has_room(lane, msg->len))
		return false;
	sender = msg->waiter; /* arrival takes its place in the message */
	ipcbox_lane_remove_sender(lane, msg);
	arrive(lane, msg);
	enqueue(lane, msg, wakes);
	/* Who called sleeps on, until the reply. */
	if (!msg->is_call) {
		sender->admitted = true;
		list_add_tail(&sender->node, &lane->admitted);
	}
	return true;
}

/* Give the first message to the first receiver, or tell it what it needs. */
static bool serve(struct ipcbox_lane *lane, struct ipcbox_wakes *wakes)
{
	struct ipcbox_receiver *receiver = next_receiver(lane);
	int result;

	if (!receiver || !lane->messages)
		return false;
	ipcbox_lane_remove_receiver(lane->box, receiver);
	result = ipcbox_lane_take_message(lane, receiver, wakes);
	ipcbox_waiter_finish(&receiver->waiter, result, wakes);
	return true;
}

/*
 * Do a few steps: one long message that leaves may let in any number of senders, who
 * need not be woken at once. Return: whether there may be more to do.
 */
static bool settle(struct ipcbox_lane *lane, struct ipcbox_wakes *wakes)
{
	unsigned int left = IPCBOX_WAKES_MAX;

	while (left && !ipcbox_wakes_full(wakes) &&
	       (serve(lane, wakes) || admit(lane, wakes)))
		left--;
	if (!list_empty(&lane->admitted)) {
		if (is_half_full(lane))
			tell_admitted_at_next_tick(lane);
		else
			tell_admitted(lane, wakes);
	}
	return !left || ipcbox_wakes_full(wakes);
}

/*
 * Pollers are woken when a box becomes readable, and when a lane becomes writable:
 * one who finds it so already needs not be woken, and one who does not is woken by
 * the change. Those who poll exclusively, though, are woken for each message and each
 * room, since those woken before may have taken the others; and so are those who poll
 * for edges (EPOLLET), for messages: many do not go on until there is none left.
 *
 * To know a change, we keep what pollers know: what was so when one looked last, or
 * when we were here last. We are here after each change while there are any, and
 * each one looks when it has come; so it does not matter what was noted before.
 */
static void ask_readable(struct ipcbox_box *box, struct ipcbox_wakes *wakes)
{
	u32 fresh = min(wakes->queued, box->messages);
	bool changed = box->messages && !box->known_readable;

	if (!ipcbox_pollers_exist(&box->readable))
		return;
	box->known_readable = box->messages;
	if (fresh && box->told_each) {
		box->told_each = false;
		changed = true;
	}
	ipcbox_pollers_ask(&box->readable, changed, fresh);
}

/* Where small messages left, there may be room for more of these than of the largest. */
static void ask_writable(struct ipcbox_lane *lane, struct ipcbox_wakes *wakes)
{
	u32 rooms, fresh, known = lane->known_rooms;

	if (!ipcbox_pollers_exist(&lane->writable))
		return;
	rooms = ipcbox_lane_rooms(lane);
	lane->known_rooms = rooms;
	if (!rooms)
		return;
	fresh = max(rooms - min(known, rooms), wakes->left);
	/* Of those who poll exclusively the first may lack bytes and do nothing. */
	if (fresh && atomic_read(&lane->armed))
		fresh = U32_MAX;
	ipcbox_pollers_ask(&lane->writable, !known, fresh);
}

/**
 * ipcbox_lane_tell_pollers() - have all pollers for room look again
 * @lane: the lane
 *
 * Those who poll exclusively as well: one of another user may be the first of them.
 */
void ipcbox_lane_tell_pollers(struct ipcbox_lane *lane)
{
	spin_lock(&lane->box->lock);
	ipcbox_pollers_ask(&lane->writable, true, U32_MAX);
	spin_unlock(&lane->box->lock);
	ipcbox_pollers_tell(&lane->writable);
}

/* With more work to do than to unlock. The fast way saves no registers for it. */
static noinline void settle_and_unlock_slow(struct ipcbox_lane *lane,
					    struct ipcbox_wakes *wakes)
	__releases(&lane->box->lock)
{
	struct ipcbox_box *box = lane->box;

	for (;;) {
		bool again = settle(lane, wakes);

		ask_readable(box, wakes);
		ask_writable(lane, wakes);
		spin_unlock(&box->lock);

		ipcbox_wake(wakes);
		ipcbox_pollers_tell(&box->readable);
		ipcbox_pollers_tell(&lane->writable);
		if (!again)
			return;
		cond_resched();
		ipcbox_wakes_init(wakes);
		spin_lock(&box->lock);
	}
}

/* Those whose message went in are not to be told now, and will be, see settle(). */
static bool may_tell_later(const struct ipcbox_lane *lane)
{
	return list_empty(&lane->admitted) ||
	       (is_half_full(lane) && timer_pending(&lane->tell_admitted));
}

/* Nobody waits for a message or for room, nobody is to be told, and nobody polls. */
static bool is_lonely(const struct ipcbox_lane *lane)
{
	return list_empty(&lane->waiting) && list_empty(&lane->box->waiting) &&
	       !ipcbox_queue_first(&lane->blocked) && may_tell_later(lane) &&
	       !ipcbox_pollers_exist(&lane->box->readable) &&
	       !ipcbox_pollers_exist(&lane->writable);
}

/**
 * ipcbox_lane_settle_and_unlock() - settle a lane, drop the lock, wake whom it concerns
 * @lane: the lane, held by the caller
 * @wakes: whom else to wake; empty afterwards
 */
void ipcbox_lane_settle_and_unlock(struct ipcbox_lane *lane,
				   struct ipcbox_wakes *wakes)
	__releases(&lane->box->lock)
{
	lockdep_assert_held(&lane->box->lock);
	if (!is_lonely(lane)) {
		settle_and_unlock_slow(lane, wakes);
		return;
	}
	spin_unlock(&lane->box->lock);
	ipcbox_wake(wakes);
}
