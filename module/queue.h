/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_QUEUE_H
#define _IPCBOX_QUEUE_H

/**
 * DOC: queue
 *
 * Messages by priority, highest first, then in the order they were pushed.
 *
 * The messages of one priority are in a ring. The first message of all is at hand;
 * the firsts of the lower priorities are in a tree. Adding and taking therefore cost
 * no more with many messages queued than with few: the tree has at most one node for
 * each priority in use, and nothing has to be allocated. Where all messages have the
 * same priority, which is the common case, the tree is empty and never touched.
 *
 * A message that was taken can be put back where it was. Those put back are in front
 * of all others of their priority, in the order of their arrival, and any number of
 * receivers may fail in any order, on purpose too. So they are in a tree as well, of
 * all priorities, in which each finds its place in a few steps. The first of each
 * priority is not in it: a message is in one tree at most.
 *
 * It has no lock of its own; the box that a queue belongs to has.
 */

#include "msg.h"

struct ipcbox_queue {
	struct ipcbox_msg *first;	/* the next message to take, or NULL */
	struct rb_root_cached lower;	/* the firsts of the lower priorities */
	struct rb_root restored;	/* put back, and first of no priority */
};

static inline void ipcbox_queue_init(struct ipcbox_queue *queue)
{
	queue->first = NULL;
	queue->lower = RB_ROOT_CACHED;
	queue->restored = RB_ROOT;
}

/* The next message to take, or NULL. */
static inline struct ipcbox_msg *
ipcbox_queue_first(const struct ipcbox_queue *queue)
{
	return queue->first;
}

void ipcbox_queue_push_slow(struct ipcbox_queue *queue, struct ipcbox_msg *msg);
void ipcbox_queue_remove_slow(struct ipcbox_queue *queue, struct ipcbox_msg *msg);
void ipcbox_queue_restore(struct ipcbox_queue *queue, struct ipcbox_msg *msg);

/* The order of messages: by priority, highest first, and by arrival. */
static inline bool ipcbox_msg_is_before(const struct ipcbox_msg *a,
					const struct ipcbox_msg *b)
{
	if (a->priority != b->priority)
		return a->priority > b->priority;
	return a->arrival < b->arrival;
}

/* Of a ring, behind all is in front of the first. */
static inline void ipcbox_ring_link(struct ipcbox_msg *msg,
				    struct ipcbox_msg *before)
{
	msg->next = before;
	msg->prev = before->prev;
	before->prev->next = msg;
	before->prev = msg;
}

static inline void ipcbox_ring_insert(struct ipcbox_msg *msg,
				      struct ipcbox_msg *before)
{
	RB_CLEAR_NODE(&msg->node);
	ipcbox_ring_link(msg, before);
}

static inline void ipcbox_ring_remove(struct ipcbox_msg *msg)
{
	msg->prev->next = msg->next;
	msg->next->prev = msg->prev;
}

/**
 * ipcbox_queue_push() - add a message behind all of its priority
 * @queue: the queue
 * @msg: a message in no queue
 */
static inline void ipcbox_queue_push(struct ipcbox_queue *queue,
				     struct ipcbox_msg *msg)
{
	struct ipcbox_msg *first = queue->first;

	if (first && first->priority == msg->priority)
		ipcbox_ring_insert(msg, first);
	else
		ipcbox_queue_push_slow(queue, msg);
}

/**
 * ipcbox_queue_remove() - take a message out
 * @queue: the queue
 * @msg: any message in it
 */
static inline void ipcbox_queue_remove(struct ipcbox_queue *queue,
				       struct ipcbox_msg *msg)
{
	if (msg == queue->first && msg->next != msg &&
	    RB_EMPTY_ROOT(&queue->restored)) {
		queue->first = msg->next;
		ipcbox_ring_remove(msg);
	} else {
		ipcbox_queue_remove_slow(queue, msg);
	}
}

#endif /* _IPCBOX_QUEUE_H */
