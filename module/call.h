/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_CALL_H
#define _IPCBOX_CALL_H

/**
 * DOC: call
 *
 * A message whose sender sleeps until the receiver replies. It lies on the stack of
 * the caller, who does not go before it is out of reach of everyone else, under the
 * lock of the box (or has moved to where it can stay, see parked.h). What others need
 * of it is therefore copied under that lock: the request to the receiver's stack, the
 * reply to the caller's. (Long payloads are messages of their own, and pass by their
 * pointer.)
 *
 * On its way a call is in one place at a time::
 *
 *   blocked   in lane->blocked: no room yet
 *   queued    in lane->queued, numbered by its arrival
 *   received  in box->in_service and in server->calls: found by its arrival
 *   done      in none: its waiter has the result
 *
 * A receiver that cannot deliver it puts it back from received to queued. A *server*
 * is an open file through which calls are received: it answers for them. A call is
 * done with -EPIPE when the process that received it closes its last fd for that file,
 * which the kernel tells by ->flush, or ends. The end of the process is watched too,
 * because a thread may receive a call through a file whose fd another thread has
 * closed, or whose table of fds outlives the process (CLONE_FILES).
 *
 * Other processes that share the open file pay nothing for these calls: those of one
 * process are found without a look at the others. A server keeps one process, the
 * *regular*, with a list of its calls and a watch that stays from one call to the next.
 * The calls that other processes receive while the regular has any are in a tree by
 * the process, and each has a watch of its own.
 *
 * All of this is under the lock of the box.
 */

#include "box.h"
#include "msg.h"
#include "wait.h"
#include "watch.h"

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/workqueue.h>

struct ipcbox_server {
	struct ipcbox_box *box;
	struct work_struct end_orphans;	/* queued when a process ended */

	/* Under the lock of the box. */
	struct rb_root calls;		/* in service, by arrival */
	struct {
		const void *files;	/* only compared */
		struct hlist_head calls;
		struct ipcbox_watch watch;
	} regular;
	struct rb_root others;		/* calls of other processes, by their files */
};

struct ipcbox_caller {
	union ipcbox_small request;
	struct ipcbox_msg *payload;	/* of a long request, or NULL */
	struct ipcbox_waiter waiter;
	u32 room;			/* for the reply */
	const u32 *receivers;		/* without any it fails; NULL: it waits for some */

	/* Under the lock of the box. */
	bool arrived;
	bool received;
	struct ipcbox_server *server;	/* that received it */
	const void *owner;		/* files of the process that did */
	struct rb_node node;		/* in server->calls */
	union {
		struct hlist_node of_regular;	/* in server->regular.calls */
		struct rb_node of_other;	/* in server->others */
	};
	struct ipcbox_watch watch;	/* on the process, if it is not the regular */
	/* In box->in_service; or, with receivers, on its way to one in box->if_served. */
	struct hlist_node in_service;

	/* Once done with success. */
	union ipcbox_small reply;
	struct ipcbox_msg *reply_payload;	/* of a long reply, or NULL */
};

static inline struct ipcbox_caller *ipcbox_caller_of(struct ipcbox_msg *msg)
{
	return container_of(msg, struct ipcbox_caller, request.msg);
}

/* ---- for others of boxes and lanes, under the lock of the box ------------ */

/* It is in no queue any more. */
static inline void ipcbox_call_leave_queue(struct ipcbox_caller *call)
{
	if (call->receivers)
		hlist_del(&call->in_service);
}

void ipcbox_call_withdraw(struct ipcbox_lane *lane, struct ipcbox_caller *call,
			  struct ipcbox_wakes *wakes);
void ipcbox_call_receive(struct ipcbox_box *box, struct ipcbox_caller *call,
			 struct ipcbox_receiver *receiver);
struct ipcbox_caller *ipcbox_call_take_back(struct ipcbox_box *box,
					    struct ipcbox_receiver *receiver);
int ipcbox_call_reply(struct ipcbox_box *box, struct ipcbox_server *server,
		      u64 number, const union ipcbox_small *reply,
		      struct ipcbox_msg *payload, struct ipcbox_wakes *wakes);

/* ---- for everyone -------------------------------------------------------- */

int ipcbox_box_call(struct ipcbox_lane *lane, struct ipcbox_caller *call,
		    const struct ipcbox_patience *patience);
int ipcbox_box_call_again(struct ipcbox_lane *lane, struct ipcbox_caller *call,
			  const struct ipcbox_patience *patience);
int ipcbox_box_give_up(struct ipcbox_lane *lane, struct ipcbox_caller *call,
		       const struct ipcbox_patience *patience, int err);
bool ipcbox_call_move(struct ipcbox_lane *lane, struct ipcbox_caller *to,
		      struct ipcbox_caller *from);
void ipcbox_call_discard(struct ipcbox_caller *call, int err);
void ipcbox_box_end_calls(struct ipcbox_box *box, int err);

void ipcbox_server_init(struct ipcbox_server *server, struct ipcbox_box *box);
void ipcbox_server_deinit(struct ipcbox_server *server);
bool ipcbox_server_has_calls(struct ipcbox_server *server, const void *owner);
void ipcbox_server_end(struct ipcbox_server *server, const void *owner);

#endif /* _IPCBOX_CALL_H */
