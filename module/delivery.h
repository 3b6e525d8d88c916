/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_DELIVERY_H
#define _IPCBOX_DELIVERY_H

/**
 * DOC: delivery
 *
 * A message that was delivered and not answered yet: it is *in service*. This file
 * knows nothing of the message: a *delivery* has the number by which the receiver
 * refers to it, and the waiter of the task that sleeps for the answer. The waiter is
 * finished with an errno if no answer will come.
 *
 * A *server* is an open file through which messages are received: it answers for
 * them. A delivery ends with -EPIPE when the process that received it closes its last
 * fd for that file, which the kernel tells by ->flush, or ends. The end of the process
 * is watched too, because a thread may receive through a file whose fd another thread
 * has closed, or whose table of fds outlives the process (CLONE_FILES).
 *
 * Other processes that share the open file pay nothing for these deliveries: those of
 * one process are found without a look at the others. A server keeps one process, the
 * *regular*, with a list of its deliveries and a watch that stays from one to the next.
 * Deliveries to other processes, while the regular has any, are in a tree by the
 * process, and each of them has a watch of its own.
 *
 * All of this is under the lock of the box, which is that of its *service*.
 */

#include "wait.h"
#include "watch.h"

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/* The deliveries of a box. */
struct ipcbox_service {
	spinlock_t *lock;		/* that of the box */
	u32 count;			/* of the deliveries; also read without the lock */
	struct hlist_head deliveries;	/* of all servers */
};

/* An open file through which messages are received, and its deliveries. */
struct ipcbox_server {
	struct ipcbox_service *service;
	struct work_struct end_orphans;	/* queued when a process ended */

	/* Under the lock of the box. */
	struct rb_root deliveries;	/* by number */
	struct {
		const void *files;	/* only compared */
		struct hlist_head deliveries;
		struct ipcbox_watch watch;
	} regular;
	struct rb_root others;		/* of other processes, by their files */
};

/* One message that is to be answered; part of a struct that knows the message. */
struct ipcbox_delivery {
	struct ipcbox_waiter *waiter;	/* of the task that waits; set by its owner */

	/* Under the lock of the box. */
	struct ipcbox_server *server;	/* through which it went; NULL: it is not in service */
	u64 number;
	const void *owner;		/* files of the process that received it */
	struct rb_node node;		/* in server->deliveries */
	union {
		struct hlist_node of_regular;	/* in server->regular.deliveries */
		struct rb_node of_other;	/* in server->others */
	};
	struct ipcbox_watch watch;	/* on the process, if it is not the regular */
	struct hlist_node of_box;	/* in service->deliveries */
};

/* Nobody has received the message yet. */
static inline void ipcbox_delivery_init(struct ipcbox_delivery *delivery,
					struct ipcbox_waiter *waiter)
{
	delivery->waiter = waiter;
	delivery->server = NULL;
	delivery->watch.pid = NULL;
}

void ipcbox_delivery_begin(struct ipcbox_delivery *delivery,
			   struct ipcbox_server *server, u64 number,
			   struct task_struct *task);
void ipcbox_delivery_end(struct ipcbox_delivery *delivery);
struct ipcbox_delivery *ipcbox_delivery_find(struct ipcbox_server *server,
					     u64 number);
void ipcbox_delivery_move(struct ipcbox_delivery *to,
			  struct ipcbox_delivery *from);

void ipcbox_service_init(struct ipcbox_service *service, spinlock_t *lock);
void ipcbox_service_shutdown(struct ipcbox_service *service, int err);

void ipcbox_server_init(struct ipcbox_server *server,
			struct ipcbox_service *service);
void ipcbox_server_deinit(struct ipcbox_server *server);
bool ipcbox_server_is_busy(struct ipcbox_server *server, const void *owner);
void ipcbox_server_end(struct ipcbox_server *server, const void *owner);

#endif /* _IPCBOX_DELIVERY_H */
