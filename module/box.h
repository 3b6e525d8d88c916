/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_BOX_H
#define _IPCBOX_BOX_H

/**
 * DOC: box
 *
 * The bounded queue behind ports and mailboxes. A box has one or more *lanes*.
 * A lane is what a sender sends to: it holds messages up to the limits of its
 * box and makes the senders wait who find no room. Receivers take from the box,
 * that is from whichever lane has the most urgent message, or from one lane
 * only. A port is a box with a single lane that all senders share. A mailbox
 * has a lane for each link, so that no sender can take the room of another.
 *
 * box->lock, a spinlock, covers the box and all of its lanes. What is marked so
 * below is written under it and may be read without it, for a report.
 *
 * Whenever the lock is free, a box is *settled*:
 *
 * - if a receiver waits, there is no message that it would take;
 * - if a sender waits in a lane, there is no room in the lane for the first of
 *   those who wait, by priority and then by arrival.
 *
 * Every change keeps that by handing a message directly to a receiver, or a
 * sender's message into the lane, before the lock is dropped. (Where more than
 * IPCBOX_WAKE_LIST_MAX tasks have to be woken it is dropped in between, and taken
 * again until the box is settled.)
 *
 * A sender whose message went in may sleep on until the next tick: it is *admitted*,
 * and told together with others when half of the room is free, see settle.c. The timer
 * for the rest runs in a softirq, and only tries to get the lock, which is taken with
 * softirqs on.
 *
 * Lifetime: the memory belongs to the port, mailbox or link around it, which
 * the callers hold. *Shutdown* is the first phase of teardown: everyone who waits
 * is told, what is queued is dropped, and all that comes later fails. It can
 * happen at any time: first the box, then its lanes, then they are drained.
 * Release of the memory is the second.
 *
 * The invariants and the pipelined hand-over follow ipc/mqueue.c.
 */

#include "access.h"
#include "delivery.h"
#include "pollers.h"
#include "queue.h"
#include "wait.h"

#include <linux/atomic.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/wait.h>
#include <linux/ipcbox.h>

/* Where a message may go: the part of struct ipcbox_recv_entry that is read. */
struct ipcbox_room {
	u64 data;
	u64 capacity;
};

static_assert(offsetof(struct ipcbox_recv_entry, len) == sizeof(struct ipcbox_room));

/* Limits of each lane of a box. */
struct ipcbox_bounds {
	u32 max_messages;
	u32 max_msgsize;
	u64 max_bytes;
};

/* A task that takes a message, and perhaps waits for it. */
struct ipcbox_receiver {
	struct ipcbox_waiter waiter;
	struct ipcbox_lane *from;	/* it takes from this lane only, or NULL */
	u64 capacity;			/* longest message that it takes */
	struct ipcbox_server *server;	/* answers for the calls that it takes */
	union ipcbox_small *small;	/* where the request of a call goes */
	u64 needed;			/* out: with -EMSGSIZE */
	struct ipcbox_msg *msg;		/* out: what it was given, */
	struct ipcbox_msg *payload;	/* out: which has the payload, often msg */
	struct ipcbox_lane *lane;	/* out: and over which lane */
	u32 reply_max;			/* out: of a call: for the reply */
};

struct ipcbox_box {
	spinlock_t lock;		/* of the box and all of its lanes */
	u64 id;				/* unique; never changes */

	/* Under lock. */
	int shutdown;			/* 0, or the errno that everyone gets */
	bool senders_shutdown;		/* no sender will ever come again */
	struct ipcbox_access access;
	struct ipcbox_bounds bounds;
	u64 arrivals;			/* messages accepted so far */
	u64 dropped;			/* of these, dropped at the end */
	u64 bytes;			/* payload queued now, in all lanes */
	u32 messages;			/* messages queued now, in all lanes */
	u32 receivers;			/* asleep for a message */
	u32 senders;			/* asleep for room, in all lanes */
	struct ipcbox_service service;	/* calls received, and not answered yet */
	struct hlist_head if_served;	/* calls in a queue that fail without receivers */
	struct list_head waiting;	/* receivers that take from any lane */
	struct ipcbox_lane *sole;	/* the lane of a box with only one, */
	struct rb_root_cached ready;	/* or those with messages, by their first */

	/* Poll. These words are right while a task polls the box, see box_poll.c. */
	struct ipcbox_pollers readable;
	bool known_readable;
	bool told_each;			/* somebody wants to know of the next message */
};

struct ipcbox_lane {
	struct ipcbox_box *box;
	u64 id;				/* unique; never changes */

	/* Under box->lock. */
	struct ipcbox_queue queued;	/* accepted: they have arrived */
	struct ipcbox_queue blocked;	/* of senders that wait for room */
	u64 sent;			/* messages accepted so far */
	u64 bytes;			/* payload queued now */
	u32 messages;			/* messages queued now */
	u32 senders;			/* calls asleep for room */
	u32 receivers;			/* calls asleep for a message of it */
	u64 dropped;			/* messages dropped at the end */
	struct list_head waiting;	/* these receivers */
	struct list_head admitted;	/* senders to be told: their message is in */
	struct list_head unpaid;	/* senders that wait for bytes, see quota.c */
	struct timer_list tell_admitted; /* if nobody else does */
	struct rb_node ready_node;	/* in box->ready if messages are queued */

	/* Messages taken and not yet copied out: they may come back. */
	atomic_t inflight;		/* raised under box->lock */

	/* Poll, as for readable above. */
	struct ipcbox_pollers writable;
	u32 known_rooms;		/* 0: not writable */
	atomic_t armed;			/* fds that are not writable for lack of bytes */
};

/*
 * Is it worth to copy a message of this length? What counts is the look under the lock,
 * which comes later.
 */
static inline int ipcbox_lane_check_length(const struct ipcbox_lane *lane, u64 len)
{
	if (len > READ_ONCE(lane->box->bounds.max_msgsize))
		return READ_ONCE(lane->box->shutdown) ?: -EMSGSIZE;
	return 0;
}

u64 ipcbox_box_next_id(void);
void ipcbox_box_init(struct ipcbox_box *box, struct ipcbox_lane *sole);
void ipcbox_lane_init(struct ipcbox_lane *lane, struct ipcbox_box *box);
void ipcbox_lane_deinit(struct ipcbox_lane *lane);
void ipcbox_box_deinit(struct ipcbox_box *box);

int ipcbox_box_send(struct ipcbox_lane *lane, struct ipcbox_msg *msg,
		    const struct ipcbox_wait_options *options);

unsigned int ipcbox_box_send_many(struct ipcbox_lane *lane,
				  struct ipcbox_msg **msgs, unsigned int count,
				  const struct ipcbox_wait_options *options,
				  int *err);

/* Messages of one lane that were taken together, none of them a call. */
#define IPCBOX_INFLIGHT_MAX 32U

struct ipcbox_inflight {
	struct ipcbox_lane *lane;
	unsigned int count;
	struct ipcbox_msg *msgs[IPCBOX_INFLIGHT_MAX];
};

void ipcbox_box_take_many(struct ipcbox_box *box, struct ipcbox_lane *from,
			  const struct ipcbox_room *rooms, unsigned int count,
			  struct ipcbox_inflight *inflight);
void ipcbox_box_accept_many(struct ipcbox_inflight *inflight, unsigned int count);
int ipcbox_box_take(struct ipcbox_box *box, struct pid *peer,
		    struct ipcbox_receiver *receiver,
		    const struct ipcbox_wait_options *options);
int ipcbox_box_wait_for_message(struct ipcbox_box *box, struct pid *peer,
				struct ipcbox_receiver *receiver,
				const struct ipcbox_wait_options *options);
void ipcbox_box_restore(struct ipcbox_receiver *receiver);
void ipcbox_box_accept(struct ipcbox_receiver *receiver);

void ipcbox_box_get_attr(struct ipcbox_box *box, struct ipcbox_access *access,
			 struct ipcbox_bounds *bounds);
int ipcbox_box_set_attr(struct ipcbox_box *box,
			const struct ipcbox_access *access,
			const struct ipcbox_bounds *bounds);

/* settle.c */
void ipcbox_lane_settle(struct ipcbox_lane *lane);

/* shutdown.c */
bool ipcbox_box_shutdown(struct ipcbox_box *box, int err);
void ipcbox_box_shutdown_senders(struct ipcbox_box *box);
void ipcbox_lane_fail_unserved(struct ipcbox_lane *lane);
void ipcbox_lane_shutdown(struct ipcbox_lane *lane);
bool ipcbox_lane_drain(struct ipcbox_lane *lane, unsigned int *steps);
bool ipcbox_lane_is_idle(const struct ipcbox_lane *lane);

/* box_poll.c */
void ipcbox_lane_ask_pollers(struct ipcbox_lane *lane,
			     const struct ipcbox_wake_list *wake_list);
void ipcbox_lane_tell_pollers(struct ipcbox_lane *lane);
__poll_t ipcbox_box_poll(struct ipcbox_box *box, __poll_t asked);
__poll_t ipcbox_lane_poll(struct ipcbox_lane *lane);

#endif /* _IPCBOX_BOX_H */
