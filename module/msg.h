/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_MSG_H
#define _IPCBOX_MSG_H

/**
 * DOC: message
 *
 * A message and its payload in the kernel. It belongs to whoever made it until
 * a box accepts it, then to the box, then to the receiver that took it. It is
 * filled before any lock is taken and read after all are dropped.
 *
 * Its memory is charged to the sender's memory cgroup, and its footprint to the
 * sender's account from its creation until it is freed.
 *
 * A short payload follows the header in the same object; the objects for the
 * shortest come from a cache of their own. A long one (more than a KiB
 * with the header) is in single pages, so that no message needs a large run of them, and
 * where they are follows the header: of a few, in an object of that cache too.
 */

#include "copy.h"

#include <linux/rbtree.h>
#include <linux/types.h>

struct ipcbox_lane;
struct ipcbox_wait_options;
struct ipcbox_send_entry;
struct ipcbox_creds;
struct ipcbox_waiter;
struct page;

struct ipcbox_msg {
	/* Place in a queue, see queue.h; under the lock of its box. */
	struct rb_node node;
	struct ipcbox_msg *next, *prev;
	union {
		u64 arrival;			/* in a box: order of all its lanes */
		struct ipcbox_waiter *waiter;	/* not yet: who waits to get it in */
	};
	/* The rest does not change once the message is in a box. */
	struct ipcbox_creds *creds;
	u64 tag;
	u64 seq;
	u32 len;
	u16 priority;
	bool is_call;			/* it is in a struct ipcbox_caller */
	union {
		DECLARE_FLEX_ARRAY(u8, data);
		DECLARE_FLEX_ARRAY(struct page *, pages);
	};
};

/*
 * A message on the stack of a task that sleeps, with room for a short payload: a
 * call costs no allocation.
 */
#define IPCBOX_SMALL_MAX 128U

union ipcbox_small {
	struct ipcbox_msg msg;
	u8 bytes[offsetof(struct ipcbox_msg, data) + IPCBOX_SMALL_MAX];
};

int ipcbox_msg_init(void);
void ipcbox_msg_deinit(void);

unsigned long ipcbox_msg_footprint(u32 len);
unsigned long ipcbox_msg_memory(u32 len);

struct ipcbox_msg *ipcbox_msg_create(struct ipcbox_creds *creds,
				     const void __user *data, u32 len,
				     struct ipcbox_lane *lane,
				     const struct ipcbox_wait_options *options);
int ipcbox_msg_copy_out_long(const struct ipcbox_msg *msg, void __user *data);

/* Copy the payload to user memory with room for it. Return: 0 or -EFAULT. */
static inline int ipcbox_msg_copy_out(const struct ipcbox_msg *msg,
				      void __user *data)
{
	if (msg->len <= IPCBOX_SMALL_MAX)
		return ipcbox_copy_to_user(data, msg->data, msg->len);
	return ipcbox_msg_copy_out_long(msg, data);
}

void ipcbox_msg_free(struct ipcbox_msg *msg);

/* A payload of its own, if there is one. */
static inline void ipcbox_msg_free_if(struct ipcbox_msg *payload)
{
	if (payload)
		ipcbox_msg_free(payload);
}

/* Several at once, as ipcbox_msg_create() and ipcbox_msg_free() do with one. */
unsigned int ipcbox_msg_create_many(struct ipcbox_creds *creds,
				    const struct ipcbox_send_entry *entries,
				    struct ipcbox_msg **msgs,
				    unsigned int count, struct ipcbox_lane *lane,
				    const struct ipcbox_wait_options *options,
				    int *err);
void ipcbox_msg_free_many(struct ipcbox_msg **msgs, unsigned int count);

int ipcbox_small_init(union ipcbox_small *small, struct ipcbox_creds *creds,
		      const void __user *data, u32 len,
		      struct ipcbox_lane *lane,
		      const struct ipcbox_wait_options *options,
		      struct ipcbox_msg **payload);
void ipcbox_small_copy(union ipcbox_small *to, const union ipcbox_small *from);

#endif /* _IPCBOX_MSG_H */
