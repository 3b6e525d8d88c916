/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_OBJECT_H
#define _IPCBOX_OBJECT_H

/**
 * DOC: named object
 *
 * What ports and buffers have in common: a name in a namespace, fds for one
 * direction, the other or both, and the two ways to delete it. The name holds a
 * reference, and one on the module, until it is deleted; so does each fd (without
 * the one on the module, which the fd has itself). *Remove* takes the name away and
 * ends the object; *unlink* takes only the name, and then the object ends when its
 * last receiver closes. When the last sender of an unlinked object closes,
 * receivers get what is left.
 *
 * Objects are found by name under ns->names_mutex, when one is opened: never to
 * send or receive.
 */

#include "name.h"
#include "rest.h"

#include <linux/rbtree.h>
#include <linux/refcount.h>

struct ipcbox_access;
struct ipcbox_object;
struct ipcbox_ns;
struct ipcbox_stat;
struct user_namespace;

/* What a kind of object does in its own way. */
struct ipcbox_object_ops {
	const char *kind;		/* for the trace */
	u64 (*id)(const struct ipcbox_object *object);
	void (*get_access)(struct ipcbox_object *object,
			   struct ipcbox_access *access);
	/* It is over, with this errno for everyone; may come more than once. */
	void (*shutdown)(struct ipcbox_object *object, int err);
	/*
	 * After the end, free what is in it, in so many steps. Return: whether nothing is
	 * left. NULL: there is nothing to be freed.
	 */
	bool (*drain)(struct ipcbox_object *object, unsigned int *steps);
	/* Nobody has it open to receive now. NULL: nobody wants to know. */
	void (*shutdown_receivers)(struct ipcbox_object *object);
	/* No sender will ever come again. */
	void (*shutdown_senders)(struct ipcbox_object *object);
	void (*stat)(struct ipcbox_object *object, struct ipcbox_stat *stat,
		     struct user_namespace *viewer);
	/* The last reference is gone: the memory around it. */
	void (*free)(struct ipcbox_object *object);
};

struct ipcbox_object {
	const struct ipcbox_object_ops *ops;
	struct ipcbox_ns *ns;
	struct ipcbox_account *account;	/* has one of IPCBOX_BOXES for it, */
	refcount_t refs;
	u32 memory;			/* and so much of IPCBOX_MEMORY */

	union {
		struct rb_node node;	/* listed: by name, under ns->names_mutex */
		struct ipcbox_rest rest; /* ended, and never listed again: what is left */
	};
	bool is_left;			/* by xchg() */
	bool counted;			/* in IPCBOX_BOXES, until it ends; by xchg() */

	/* Under ns->names_mutex. */
	bool listed;			/* read without it for a report */
	u32 receiver_fds;		/* read without it */
	u32 sender_fds;

	u8 name_len;
	char name[];
};

/* What a listing tells of one. */
struct ipcbox_object_info {
	struct ipcbox_name name;
	struct ipcbox_stat stat;
};

int ipcbox_object_init(struct ipcbox_object *object, struct ipcbox_ns *ns,
		       const struct ipcbox_object_ops *ops,
		       const struct ipcbox_name *name, size_t size);
void ipcbox_object_put(struct ipcbox_object *object);

static inline void ipcbox_object_get(struct ipcbox_object *object)
{
	refcount_inc(&object->refs);
}

/* directions: IPCBOX_RECEIVER, IPCBOX_SENDER */
int ipcbox_object_list(struct ipcbox_object *object, u32 directions);
struct ipcbox_object *ipcbox_object_open(struct ipcbox_ns *ns,
					 const struct ipcbox_name *name,
					 const struct ipcbox_object_ops *ops,
					 u32 directions);
void ipcbox_object_close(struct ipcbox_object *object, u32 directions);

int ipcbox_object_delete(struct ipcbox_ns *ns, const struct ipcbox_name *name,
			 bool unlink_only);
void ipcbox_object_delete_all(struct ipcbox_ns *ns);

void ipcbox_object_stat(struct ipcbox_object *object, struct ipcbox_stat *stat,
			struct user_namespace *viewer);
/* How many fds it is open to receive with, to be read by one who has it open. */
static inline const u32 *ipcbox_object_receivers(const struct ipcbox_object *object)
{
	return &object->receiver_fds;
}

bool ipcbox_object_next(struct ipcbox_ns *ns, const struct ipcbox_name *after,
			struct ipcbox_object_info *info,
			struct user_namespace *viewer);

#endif /* _IPCBOX_OBJECT_H */
