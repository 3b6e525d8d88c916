// SPDX-License-Identifier: GPL-2.0
/*
 * Pollers of a box and of a lane: what they know, and when they have to look again.
 */
#include "box.h"

#include <linux/math64.h>

/*
 * How many of the largest messages would not have to wait? If smaller ones counted, a
 * poller would spin whose message does not fit.
 */
static u32 count_rooms(const struct ipcbox_lane *lane)
{
	const struct ipcbox_bounds *bounds = &lane->box->bounds;
	u64 rooms;

	lockdep_assert_held(&lane->box->lock);
	if (lane->senders)
		return 0;
	if (lane->messages >= bounds->max_messages ||
	    lane->bytes + bounds->max_msgsize > bounds->max_bytes)
		return !lane->messages; /* an empty lane takes any message */
	rooms = bounds->max_messages - lane->messages;
	if (bounds->max_msgsize)
		rooms = min(rooms, div_u64(bounds->max_bytes - lane->bytes,
					   bounds->max_msgsize));
	return rooms;
}

/* ---- after a change ------------------------------------------------------ */

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
static void ask_readable(struct ipcbox_box *box,
			 const struct ipcbox_wake_list *wake_list)
{
	u32 fresh = min(wake_list->queued, box->messages);
	bool changed = box->messages && !box->known_readable;

	lockdep_assert_held(&box->lock);
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
static void ask_writable(struct ipcbox_lane *lane,
			 const struct ipcbox_wake_list *wake_list)
{
	u32 rooms, fresh, known = lane->known_rooms;

	lockdep_assert_held(&lane->box->lock);
	if (!ipcbox_pollers_exist(&lane->writable))
		return;
	rooms = count_rooms(lane);
	lane->known_rooms = rooms;
	if (!rooms)
		return;
	fresh = max(rooms - min(known, rooms), wake_list->left);
	/* Of those who poll exclusively the first may lack bytes and do nothing. */
	if (fresh && atomic_read(&lane->armed))
		fresh = U32_MAX;
	ipcbox_pollers_ask(&lane->writable, !known, fresh);
}

/**
 * ipcbox_lane_ask_pollers() - after a change: who that polls has to look again?
 * @lane: the lane, settled
 * @wake_list: notes what changed
 *
 * The caller wakes them without the lock, with ipcbox_pollers_tell().
 */
void ipcbox_lane_ask_pollers(struct ipcbox_lane *lane,
			     const struct ipcbox_wake_list *wake_list)
{
	lockdep_assert_held(&lane->box->lock);
	ask_readable(lane->box, wake_list);
	ask_writable(lane, wake_list);
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

/* ---- poll ---------------------------------------------------------------- */

/**
 * ipcbox_box_poll() - is there something to receive?
 * @box: the box; the caller is on its wait queue
 * @asked: what the caller polls for
 *
 * Return: EPOLLIN, EPOLLHUP, EPOLLERR as they apply.
 */
__poll_t ipcbox_box_poll(struct ipcbox_box *box, __poll_t asked)
{
	__poll_t events = 0;

	/* Under the lock, for ipcbox_pollers_exist(). */
	spin_lock(&box->lock);
	box->known_readable = box->messages;
	if (asked & EPOLLET)
		box->told_each = true;
	if (box->messages)
		events |= EPOLLIN | EPOLLRDNORM;
	if (box->senders_shutdown)
		events |= EPOLLIN | EPOLLRDNORM | EPOLLHUP;
	if (box->shutdown)
		events |= EPOLLIN | EPOLLRDNORM | EPOLLHUP | EPOLLERR;
	spin_unlock(&box->lock);
	return events;
}

/**
 * ipcbox_lane_poll() - is there room to send?
 * @lane: the lane; the caller is on its wait queue
 *
 * Return: EPOLLOUT, EPOLLHUP, EPOLLERR as they apply.
 */
__poll_t ipcbox_lane_poll(struct ipcbox_lane *lane)
{
	__poll_t events = 0;

	spin_lock(&lane->box->lock);
	lane->known_rooms = count_rooms(lane);
	if (lane->box->shutdown)
		events |= EPOLLOUT | EPOLLWRNORM | EPOLLHUP | EPOLLERR;
	else if (lane->known_rooms)
		events |= EPOLLOUT | EPOLLWRNORM;
	spin_unlock(&lane->box->lock);
	return events;
}
