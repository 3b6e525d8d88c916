/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_WATCH_H
#define _IPCBOX_WATCH_H

/**
 * DOC: watch
 *
 * A watch queues a work item when a process ends: when its last thread has exited. It
 * is an entry of the wait queue where poll() on a pidfd waits, because the kernel tells
 * modules of the end of a process nowhere else.
 *
 * The kernel goes through that queue with interrupts off. A user can make it long with
 * epoll as well; an entry of ours adds a step that is short, and bounded by one for each
 * mailbox, each fd through which the process received calls, and each call in service.
 */

#include <linux/wait.h>
#include <linux/workqueue.h>

struct pid;

struct ipcbox_watch {
	struct pid *pid;		/* of the process, held; NULL: of none */
	struct work_struct *work;
	struct wait_queue_entry entry;
};

void ipcbox_watch_start(struct ipcbox_watch *watch, struct pid *pid,
			struct work_struct *work);
void ipcbox_watch_stop(struct ipcbox_watch *watch);

#endif /* _IPCBOX_WATCH_H */
