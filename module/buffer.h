/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_BUFFER_H
#define _IPCBOX_BUFFER_H

/**
 * DOC: buffer
 *
 * A named bounded buffer in shared memory. The kernel gives the pages and the waiting,
 * and takes out of it what a dead process had in flight; the moving is done in user
 * space, by the rules in <linux/ipcbox_buffer.h>. What is in the pages is a
 * stranger's word: see ring.h.
 *
 * A buffer has two *sides*: consumers, who wait for messages, and producers, who wait
 * for room. buffer->lock, a spinlock, covers both and the attributes. It is never
 * held over a look at the ring, so it may be that a waiter is queued while there is
 * something for it: then it has not looked yet, or somebody is about to wake it.
 *
 * Lifetime: the fds and the name hold the buffer. A mapping holds the file of its fd,
 * as every mapping does. *Shutdown* is the first phase of teardown, release of the
 * pages the second, when nobody has them mapped any more.
 */

#include "access.h"
#include "object.h"
#include "owners.h"
#include "ring.h"
#include "wait.h"

#include <linux/llist.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* Who waits for messages, or for room. */
struct ipcbox_side {
	struct list_head waiters;	/* in the order in which they came */
	u32 count;			/* of them */
	u64 promised;			/* messages or cells, to those on their way */
	bool polled;			/* since it was last woken */
	wait_queue_head_t pollers;
};

struct ipcbox_buffer {
	struct ipcbox_ring ring;
	u64 id;
	u32 max_msgsize;
	void *control;			/* pages of the ring, */
	size_t control_size;
	void *nobody;			/* one more, of processes without a number, */
	void *data;			/* and of the data, which is not looked at */
	size_t data_size;
	struct ipcbox_owners owners;	/* numbers of those who have it mapped */
	struct llist_head unrecovered;	/* mappings that are gone, for the rest */
	struct work_struct rest;	/* what calls and deaths leave to be done */

	spinlock_t lock;		/* of what follows, up to the name */
	int shutdown;			/* 0, or the errno that everyone gets */
	bool senders_shutdown;
	struct ipcbox_access access;
	struct rb_root mappings;	/* by process */
	struct ipcbox_side sides[2];	/* by role: receiving, sending */

	struct ipcbox_object object;	/* last: the name is at its end */
};

/* directions: IPCBOX_RECEIVER, IPCBOX_SENDER */
struct ipcbox_buffer *ipcbox_buffer_create(struct ipcbox_ns *ns,
					   const struct ipcbox_name *name,
					   const struct ipcbox_attr *attr,
					   u32 flags);
struct ipcbox_buffer *ipcbox_buffer_open(struct ipcbox_ns *ns,
					 const struct ipcbox_name *name,
					 u32 directions);
int ipcbox_buffer_set(struct ipcbox_buffer *buffer,
		      const struct ipcbox_attr *attr);

/* buffer_wait.c */
int ipcbox_buffer_wait(struct ipcbox_buffer *buffer, enum ipcbox_role role,
		       u32 cells, const struct ipcbox_wait_options *options);
int ipcbox_buffer_wake(struct ipcbox_buffer *buffer, enum ipcbox_role role);
void ipcbox_buffer_leave_rest(struct ipcbox_buffer *buffer);
void ipcbox_buffer_wake_rest(struct ipcbox_buffer *buffer);
int ipcbox_buffer_init_queue(void);
void ipcbox_buffer_deinit_queue(void);
void ipcbox_buffer_shutdown(struct ipcbox_buffer *buffer, int err);
void ipcbox_buffer_shutdown_senders(struct ipcbox_buffer *buffer);
__poll_t ipcbox_buffer_poll(struct ipcbox_buffer *buffer, u32 directions,
			    struct file *file, struct poll_table_struct *table);

static inline u32 ipcbox_buffer_max_cells(const struct ipcbox_buffer *buffer)
{
	return ipcbox_ring_cells_for(buffer->max_msgsize);
}

#endif /* _IPCBOX_BUFFER_H */
