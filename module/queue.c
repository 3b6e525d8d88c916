// SPDX-License-Identifier: GPL-2.0
#include "queue.h"

static void ring_init(struct ipcbox_msg *msg)
{
	RB_CLEAR_NODE(&msg->node);
	msg->next = msg;
	msg->prev = msg;
}

static bool is_alone(const struct ipcbox_msg *msg)
{
	return msg->next == msg;
}

/* ---- the lower priorities ------------------------------------------------ */

static struct ipcbox_msg *msg_of(const struct rb_node *node)
{
	return rb_entry(node, struct ipcbox_msg, node);
}

static bool is_in_tree(const struct ipcbox_msg *msg)
{
	return !RB_EMPTY_NODE(&msg->node);
}

/* The first of all makes way for a more urgent one: no other is before it. */
static void tree_add_most_urgent(struct rb_root_cached *tree,
				 struct ipcbox_msg *msg)
{
	struct rb_node *parent = rb_first_cached(tree);
	struct rb_node **link = parent ? &parent->rb_left :
					 &tree->rb_root.rb_node;

	rb_link_node(&msg->node, parent, link);
	rb_insert_color_cached(&msg->node, tree, true);
}

static struct ipcbox_msg *tree_take_most_urgent(struct rb_root_cached *tree)
{
	struct rb_node *node = rb_first_cached(tree);

	if (!node)
		return NULL;
	rb_erase_cached(node, tree);
	RB_CLEAR_NODE(node);
	return msg_of(node);
}

/*
 * Find the first message with the priority of @msg. If there is none, @msg
 * becomes it.
 */
static struct ipcbox_msg *tree_find_or_insert(struct rb_root_cached *tree,
					      struct ipcbox_msg *msg)
{
	struct rb_node **link = &tree->rb_root.rb_node;
	struct rb_node *parent = NULL;
	bool most_urgent = true;

	while (*link) {
		struct ipcbox_msg *first;

		parent = *link;
		first = msg_of(parent);
		if (first->priority == msg->priority)
			return first;
		if (msg->priority > first->priority) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			most_urgent = false;
		}
	}
	ring_init(msg);
	rb_link_node(&msg->node, parent, link);
	rb_insert_color_cached(&msg->node, tree, most_urgent);
	return NULL;
}

/* ---- all ----------------------------------------------------------------- */

/* As tree_find_or_insert(), among all. */
static struct ipcbox_msg *find_or_insert(struct ipcbox_queue *queue,
					 struct ipcbox_msg *msg)
{
	struct ipcbox_msg *first = queue->first;

	if (first && first->priority == msg->priority)
		return first;
	if (first && first->priority > msg->priority)
		return tree_find_or_insert(&queue->lower, msg);
	if (first)
		tree_add_most_urgent(&queue->lower, first);
	ring_init(msg);
	queue->first = msg;
	return NULL;
}

/* @old was the first of its priority, and @new is now, which is in no tree. */
static void replace_first(struct ipcbox_queue *queue, struct ipcbox_msg *old,
			  struct ipcbox_msg *new)
{
	if (queue->first == old) {
		queue->first = new;
	} else {
		rb_replace_node_cached(&old->node, &new->node, &queue->lower);
		RB_CLEAR_NODE(&old->node);
	}
}

/**
 * ipcbox_queue_push_slow() - ipcbox_queue_push(), where it is not simple
 * @queue: the queue
 * @msg: a message in no queue
 */
void ipcbox_queue_push_slow(struct ipcbox_queue *queue, struct ipcbox_msg *msg)
{
	struct ipcbox_msg *first = find_or_insert(queue, msg);

	if (first)
		ipcbox_ring_insert(msg, first);
}

/* ---- those put back ------------------------------------------------------ */

static bool node_is_before(struct rb_node *a, const struct rb_node *b)
{
	return ipcbox_msg_is_before(msg_of(a), msg_of(b));
}

static void restored_add(struct ipcbox_queue *queue, struct ipcbox_msg *msg)
{
	rb_add(&msg->node, &queue->restored, node_is_before);
}

static void restored_remove(struct ipcbox_queue *queue, struct ipcbox_msg *msg)
{
	rb_erase(&msg->node, &queue->restored);
	RB_CLEAR_NODE(&msg->node);
}

/*
 * Of a message in a tree: in which? Only where messages are put back, all of them
 * have an arrival, which grows from the first of a ring to its last.
 */
static bool is_restored(const struct ipcbox_queue *queue,
			const struct ipcbox_msg *msg)
{
	return !RB_EMPTY_ROOT(&queue->restored) &&
	       msg->prev->arrival < msg->arrival;
}

/* Behind the first of its priority, which is in no tree that would tell. */
static void restore_behind(struct ipcbox_queue *queue, struct ipcbox_msg *first,
			   struct ipcbox_msg *msg)
{
	struct ipcbox_msg *before = NULL;
	struct rb_node *prev;

	restored_add(queue, msg);
	prev = rb_prev(&msg->node);
	if (prev)
		before = msg_of(prev);
	if (!before || before->priority != msg->priority)
		before = first;
	ipcbox_ring_link(msg, before->next);
}

/**
 * ipcbox_queue_restore() - put a message back where it was
 * @queue: the queue
 * @msg: a message that was taken from its head; its arrival tells where it goes
 *
 * It goes in front of all but the messages that arrived earlier and were
 * restored before.
 */
void ipcbox_queue_restore(struct ipcbox_queue *queue, struct ipcbox_msg *msg)
{
	struct ipcbox_msg *first = find_or_insert(queue, msg);

	if (!first)
		return;
	if (first->arrival < msg->arrival) {
		restore_behind(queue, first, msg);
		return;
	}
	ipcbox_ring_insert(msg, first);
	replace_first(queue, first, msg);
	/* Perhaps it was never taken; but then it is behind all that were. */
	restored_add(queue, first);
}

static void remove_first(struct ipcbox_queue *queue, struct ipcbox_msg *msg)
{
	struct ipcbox_msg *next = msg->next;

	if (!is_alone(msg)) {
		if (is_in_tree(next))
			restored_remove(queue, next);
		replace_first(queue, msg, next);
	} else if (msg == queue->first) {
		queue->first = tree_take_most_urgent(&queue->lower);
	} else {
		rb_erase_cached(&msg->node, &queue->lower);
	}
}

/**
 * ipcbox_queue_remove_slow() - ipcbox_queue_remove(), where it is not simple
 * @queue: the queue
 * @msg: any message in it
 */
void ipcbox_queue_remove_slow(struct ipcbox_queue *queue, struct ipcbox_msg *msg)
{
	if (msg == queue->first || (is_in_tree(msg) && !is_restored(queue, msg)))
		remove_first(queue, msg);
	else if (is_in_tree(msg))
		restored_remove(queue, msg);
	ipcbox_ring_remove(msg);
}
