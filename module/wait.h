/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_WAIT_H
#define _IPCBOX_WAIT_H

/**
 * DOC: waiting
 *
 * A call that waits puts a waiter, on its own stack, on a list of a box and
 * sleeps until somebody *finishes* the waiter, or until a deadline, a signal or
 * the end of a process. Finishing means: everything the call came for is done
 * and its result is in the waiter, so the sleeper returns without the lock.
 *
 * A waiter is finished under the box's lock, after it was taken off its list.
 * Its task is woken after the lock is dropped; between the two the waiter may
 * be gone already, so the waker keeps a reference on the task and does not look
 * at the waiter again::
 *
 *   sleeper                              waker
 *   -------                              -----
 *   set_current_state(sleeping)          [box->lock] write result
 *     full barrier                       get_task_struct(task)
 *   load-acquire done      <----------   store-release done     (pair 1)
 *   if not done: schedule()              [unlock] wake_up_process(task)
 *                                          full barrier         (pair 2)
 *
 * Pair 1: who sees done sees the result. Pair 2: either the sleeper sees done,
 * or the waker sees it sleeping. A sleeper that gives up takes the lock and
 * looks once more: if it is done by then, done counts.
 */

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct ipcbox_account;
struct pid;
struct task_struct;

/* Who waits, for the trace. */
enum ipcbox_role {
	IPCBOX_RECEIVING,	/* for a message */
	IPCBOX_SENDING,		/* for room */
	IPCBOX_CALLING,		/* for a reply, or room before */
	IPCBOX_PAYING,		/* to be charged, before all else */
};

/* How a call is willing to wait. */
struct ipcbox_wait_options {
	bool nonblock;
	ktime_t deadline;		/* CLOCK_MONOTONIC; KTIME_MAX: none */
	struct ipcbox_account *account;	/* who is charged for the waiter */
};

struct ipcbox_waiter {
	struct list_head node;		/* under the lock of the box */
	struct task_struct *task;
	bool done;
	int result;			/* 0 or an errno; once done */
	bool admitted;			/* of a sender: its message is in */
};

/*
 * The tasks to wake when the lock is dropped. When the list is full its owner has to
 * drop the lock and wake them before it goes on, which bounds the time under the lock.
 * It is not a wake_q, because wake_up_q() is not exported to modules.
 */
#define IPCBOX_WAKE_LIST_MAX 16

struct ipcbox_wake_list {
	unsigned int count;
	unsigned int queued;		/* poll: messages that came, */
	unsigned int left;		/* and that left */
	struct task_struct *tasks[IPCBOX_WAKE_LIST_MAX];
};

/* Not by an initialiser, which would clear all of tasks for each message. */
static inline void ipcbox_wake_list_init(struct ipcbox_wake_list *wake_list)
{
	wake_list->count = 0;
	wake_list->queued = 0;
	wake_list->left = 0;
}

static inline bool ipcbox_wake_list_full(const struct ipcbox_wake_list *wake_list)
{
	return wake_list->count == IPCBOX_WAKE_LIST_MAX;
}

/* Of the current task, on its stack. The result is written when it is done. */
static inline void ipcbox_waiter_init(struct ipcbox_waiter *waiter)
{
	waiter->task = current;
	waiter->done = false;
	waiter->admitted = false;
}

void ipcbox_waiter_finish(struct ipcbox_waiter *waiter, int result,
			  struct ipcbox_wake_list *wake_list);
int ipcbox_wait(struct ipcbox_waiter *waiter,
		const struct ipcbox_wait_options *options, struct pid *peer);
void ipcbox_wake_all(struct ipcbox_wake_list *wake_list);

/* Mostly there is nobody. */
static inline void ipcbox_wake(struct ipcbox_wake_list *wake_list)
{
	if (wake_list->count)
		ipcbox_wake_all(wake_list);
}

void ipcbox_finish_all(spinlock_t *lock,
		       struct ipcbox_waiter *(*take_next)(void *from), void *from,
		       int result);

bool ipcbox_process_ended(struct pid *pid);

#endif /* _IPCBOX_WAIT_H */
