// SPDX-License-Identifier: GPL-2.0
#include "watch.h"

#include <linux/pid.h>

/* Context: the lock of the queue, with interrupts off, and the kernel's tasklist_lock. */
static int queue_watch_work(struct wait_queue_entry *entry, unsigned int mode,
			    int flags, void *key)
{
	schedule_work(container_of(entry, struct ipcbox_watch, entry)->work);
	return 0;
}

/**
 * ipcbox_watch_start() - watch a process
 * @watch: of none
 * @pid: the process, which has not ended
 * @work: what to queue when it ends; it looks itself whether and which process did
 *
 * Context: any; a lock that is taken with interrupts on may be held.
 */
void ipcbox_watch_start(struct ipcbox_watch *watch, struct pid *pid,
			struct work_struct *work)
{
	watch->pid = get_pid(pid);
	watch->work = work;
	init_waitqueue_func_entry(&watch->entry, queue_watch_work);
	add_wait_queue(&pid->wait_pidfd, &watch->entry);
}

/**
 * ipcbox_watch_stop() - do not watch the process any more
 * @watch: of a process, or of none; of none afterwards
 *
 * The work may be queued or run; it is not queued by this watch from here on.
 */
void ipcbox_watch_stop(struct ipcbox_watch *watch)
{
	if (!watch->pid)
		return;
	remove_wait_queue(&watch->pid->wait_pidfd, &watch->entry);
	put_pid(watch->pid);
	watch->pid = NULL;
}
