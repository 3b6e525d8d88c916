/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_QUEUE_H
#define _IPCBOX_QUEUE_H

/**
 * DOC: queue
 *
 * Messages by priority, highest first, then in the order they were pushed.
 *
 * One message of each priority, the first, is in a tree; the others of that
 * priority follow it in a ring through ``peers``. Adding and taking therefore
 * cost no more with many messages queued than with few: the tree has at most
 * one node for each priority in use, and nothing has to be allocated.
 *
 * It has no lock of its own; the box that a queue belongs to has.
 */

#include "msg.h"

struct ipcbox_queue {
	struct rb_root_cached firsts;
};

static inline void ipcbox_queue_init(struct ipcbox_queue *queue)
{
	queue->firsts = RB_ROOT_CACHED;
}

/* The next message to take, or NULL. */
static inline struct ipcbox_msg *
ipcbox_queue_first(const struct ipcbox_queue *queue)
{
	struct rb_node *node = rb_first_cached(&queue->firsts);

	return node ? rb_entry(node, struct ipcbox_msg, node) : NULL;
}

void ipcbox_queue_push(struct ipcbox_queue *queue, struct ipcbox_msg *msg);
void ipcbox_queue_restore(struct ipcbox_queue *queue, struct ipcbox_msg *msg);
void ipcbox_queue_remove(struct ipcbox_queue *queue, struct ipcbox_msg *msg);

#endif /* _IPCBOX_QUEUE_H */
