/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_TREE_H
#define _IPCBOX_TREE_H

#include <linux/rbtree.h>

/**
 * ipcbox_tree_first_after() - where to go on with a walk that dropped the lock
 * @key: how far it came; it need not be in the tree any more
 * @tree: the tree
 * @compare: as for rb_find()
 *
 * Return: the first node that is behind @key, or NULL.
 */
static __always_inline struct rb_node *
ipcbox_tree_first_after(const void *key, const struct rb_root *tree,
			int (*compare)(const void *key, const struct rb_node *node))
{
	struct rb_node *node = tree->rb_node, *found = NULL;

	while (node) {
		if (compare(key, node) < 0) {
			found = node;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

#endif /* _IPCBOX_TREE_H */
