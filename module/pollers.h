/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_POLLERS_H
#define _IPCBOX_POLLERS_H

/**
 * DOC: pollers
 *
 * Those who poll one direction of an object: poll(2), epoll(7), io_uring. There
 * are two kinds. Most *share* what happens: all of them are woken. Those who poll
 * with EPOLLEXCLUSIVE share the work instead: as many are woken as there is work
 * for. The kernel keeps the first kind at the head of a wait queue and the second
 * at its tail, so each is reached without touching the other.
 *
 * Whoever may open an object can hang any number of watches on it, up to its
 * limits of fds and watches, and pays nothing when they are woken. So a task that
 * sends or receives wakes a few only. Where there are more, a work item goes on in
 * pieces, with interrupts on between them:
 *
 * - The work items of all objects take turns on one workqueue, so they use at most
 *   one processor together, and an object with few pollers waits for one piece of
 *   each of the others.
 * - A walk ends: pollers are added behind it, never in front of it. They look at
 *   the object after they were added, so they miss nothing.
 * - What happens during a walk is noted, whatever it is, by one more walk.
 * - The sender or receiver never waits for the lock of the queue: the work does.
 *
 * What stays: a watch in the way of others costs each walk as much as a watch of
 * theirs, so a poller of an object is told the later the more pollers there are.
 * An epoll that is watched by other epolls wakes these within the call for one
 * watch; the kernel allows 500 of them and more for each file. And the kernel's
 * own work on a queue (to add and remove a watch) falls on the watch's owner.
 *
 * Lifetime: pollers hold the file, and the file its object. When the object is
 * freed there are none left, only the work may still be about to find that out.
 */

#include <linux/atomic.h>
#include <linux/poll.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* A walk over the pollers of one kind. */
struct ipcbox_poll_walk {
	/* How many to wake; under the lock of the object, but taken without it. */
	atomic_t asked;
	/* Under queue.lock. */
	unsigned int left;		/* to be woken yet; 0: nobody walks */
	struct wait_queue_entry here;	/* on the queue: how far it has come */
};

struct ipcbox_pollers {
	wait_queue_head_t queue;
	/* Under queue.lock. */
	__poll_t events;		/* to tell; more at the end of the object */
	bool late;			/* left to the work; read without it */
	struct ipcbox_poll_walk shared;
	struct ipcbox_poll_walk exclusive;
	struct work_struct work;
};

int ipcbox_pollers_start(void);
void ipcbox_pollers_stop(void);

void ipcbox_pollers_init(struct ipcbox_pollers *pollers, __poll_t events);
void ipcbox_pollers_deinit(struct ipcbox_pollers *pollers);

/* Is there anybody? Under the lock of the object, after a change of it. */
static inline bool ipcbox_pollers_exist(struct ipcbox_pollers *pollers)
{
	/*
	 * No barrier is missing: a poller is on the queue before it takes the lock to
	 * look. If it had the lock before us it is seen here; if after, it sees what
	 * we did.
	 */
	return waitqueue_active(&pollers->queue);
}

void ipcbox_pollers_ask(struct ipcbox_pollers *pollers, bool shared,
			unsigned int exclusive);
void ipcbox_pollers_tell_slow(struct ipcbox_pollers *pollers);
void ipcbox_pollers_shutdown(struct ipcbox_pollers *pollers, __poll_t events);

/*
 * Wake those for whom ipcbox_pollers_ask() was called, by us or by one who has not
 * come so far: it may have been preempted. Not under a lock.
 */
static inline void ipcbox_pollers_tell(struct ipcbox_pollers *pollers)
{
	if (atomic_read(&pollers->shared.asked) ||
	    atomic_read(&pollers->exclusive.asked))
		ipcbox_pollers_tell_slow(pollers);
}

#endif /* _IPCBOX_POLLERS_H */
