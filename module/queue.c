// SPDX-License-Identifier: GPL-2.0
#include "queue.h"

/*
 * Find the first message with the priority of @msg. If there is none, @msg
 * becomes it.
 */
static struct ipcbox_msg *find_or_insert(struct ipcbox_queue *queue,
					 struct ipcbox_msg *msg)
{
	struct rb_node **link = &queue->firsts.rb_root.rb_node;
	struct rb_node *parent = NULL;
	bool most_urgent = true;

	while (*link) {
		struct ipcbox_msg *first;

		parent = *link;
		first = rb_entry(parent, struct ipcbox_msg, node);
		if (first->priority == msg->priority)
			return first;
		if (msg->priority > first->priority) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			most_urgent = false;
		}
	}
	INIT_LIST_HEAD(&msg->peers);
	rb_link_node(&msg->node, parent, link);
	rb_insert_color_cached(&msg->node, &queue->firsts, most_urgent);
	return NULL;
}

static bool is_first(const struct ipcbox_msg *msg)
{
	return !RB_EMPTY_NODE(&msg->node);
}

static void replace_first(struct ipcbox_queue *queue, struct ipcbox_msg *old,
			  struct ipcbox_msg *new)
{
	rb_replace_node_cached(&old->node, &new->node, &queue->firsts);
	RB_CLEAR_NODE(&old->node);
}

/**
 * ipcbox_queue_push() - add a message behind all of its priority
 * @queue: the queue
 * @msg: a message in no queue
 */
void ipcbox_queue_push(struct ipcbox_queue *queue, struct ipcbox_msg *msg)
{
	struct ipcbox_msg *first = find_or_insert(queue, msg);

	if (!first)
		return;
	RB_CLEAR_NODE(&msg->node);
	list_add_tail(&msg->peers, &first->peers);
}

/**
 * ipcbox_queue_restore() - put a message back where it was
 * @queue: the queue
 * @msg: a message that was taken from its head; its arrival tells where it goes
 *
 * It goes in front of all but the messages that arrived earlier and were
 * restored before, so the search is short.
 */
void ipcbox_queue_restore(struct ipcbox_queue *queue, struct ipcbox_msg *msg)
{
	struct ipcbox_msg *first = find_or_insert(queue, msg);
	struct ipcbox_msg *before, *next;

	if (!first)
		return;
	if (msg->arrival < first->arrival) {
		list_add_tail(&msg->peers, &first->peers);
		replace_first(queue, first, msg);
		return;
	}
	before = first;
	for (next = list_next_entry(before, peers);
	     next != first && next->arrival < msg->arrival;
	     next = list_next_entry(next, peers))
		before = next;
	RB_CLEAR_NODE(&msg->node);
	list_add(&msg->peers, &before->peers);
}

/**
 * ipcbox_queue_remove() - take a message out
 * @queue: the queue
 * @msg: any message in it
 */
void ipcbox_queue_remove(struct ipcbox_queue *queue, struct ipcbox_msg *msg)
{
	if (is_first(msg)) {
		if (list_empty(&msg->peers))
			rb_erase_cached(&msg->node, &queue->firsts);
		else
			replace_first(queue, msg, list_next_entry(msg, peers));
	}
	list_del(&msg->peers);
}
