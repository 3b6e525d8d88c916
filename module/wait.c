// SPDX-License-Identifier: GPL-2.0
#include "wait.h"

#include <linux/hrtimer.h>
#include <linux/pid.h>
#include <linux/sched/rt.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/wait.h>

/**
 * ipcbox_waiter_finish() - tell a waiter the result
 * @waiter: the waiter, on no list any more; it may vanish at once
 * @result: 0 or a negative errno
 * @wake_list: takes its task; must not be full
 *
 * Context: the lock of the box.
 */
void ipcbox_waiter_finish(struct ipcbox_waiter *waiter, int result,
			  struct ipcbox_wake_list *wake_list)
{
	struct task_struct *task = waiter->task;

	/* In an order that leaves little to keep while the count is looked at. */
	wake_list->tasks[wake_list->count++] = task;
	waiter->result = result;
	get_task_struct(task);
	smp_store_release(&waiter->done, true);	/* pair 1 in wait.h */
}

/*
 * Who woke somebody last to run on the same processor, and how often it had been
 * switched out by then. No more than a hint: the task is only compared.
 */
struct waker {
	const struct task_struct *task;
	unsigned long switches;
};

static DEFINE_PER_CPU(struct waker, last_waker);

static unsigned long switches_of_current(void)
{
	return current->nvcsw + current->nivcsw;
}

static void note_waker(void)
{
	this_cpu_write(last_waker.task, current);
	this_cpu_write(last_waker.switches, switches_of_current());
}

/* Has the caller woken somebody who has had no chance to run since? Asked once. */
static bool is_waker(void)
{
	if (this_cpu_read(last_waker.task) != current)
		return false;
	this_cpu_write(last_waker.task, NULL);
	return this_cpu_read(last_waker.switches) == switches_of_current();
}

/**
 * ipcbox_wake_all() - wake the tasks whose waiters were finished
 * @wake_list: the tasks; empty afterwards
 *
 * Context: no lock of a box.
 */
void ipcbox_wake_all(struct ipcbox_wake_list *wake_list)
{
	unsigned int i;

	for (i = 0; i < wake_list->count; i++) {
		bool slept =
			wake_up_process(wake_list->tasks[i]); /* pair 2 in wait.h */

		if (slept && task_cpu(wake_list->tasks[i]) == raw_smp_processor_id())
			note_waker();
		put_task_struct(wake_list->tasks[i]);
	}
	wake_list->count = 0;
}

/**
 * ipcbox_finish_all() - finish all waiters of something, a few at a time
 * @lock: covers them
 * @take_next: takes the next one off its list; NULL: there is none left
 * @from: what they wait for, passed to @take_next
 * @result: of them all
 *
 * Anyone can make such a list long. So the lock is dropped after as many as can be
 * woken together, and others run before the next ones.
 *
 * Context: may sleep.
 */
void ipcbox_finish_all(spinlock_t *lock,
		       struct ipcbox_waiter *(*take_next)(void *from), void *from,
		       int result)
{
	struct ipcbox_wake_list wake_list;
	bool again;

	ipcbox_wake_list_init(&wake_list);
	do {
		struct ipcbox_waiter *waiter;

		spin_lock(lock);
		while (!ipcbox_wake_list_full(&wake_list) && (waiter = take_next(from)))
			ipcbox_waiter_finish(waiter, result, &wake_list);
		again = ipcbox_wake_list_full(&wake_list);
		spin_unlock(lock);
		ipcbox_wake(&wake_list);
		cond_resched();
	} while (again);
}

/**
 * ipcbox_process_ended() - has the last thread of a process exited?
 * @pid: of the thread group
 *
 * A zombie has ended. What it sent before is in its boxes by then.
 */
bool ipcbox_process_ended(struct pid *pid)
{
	struct task_struct *leader;
	bool ended;

	rcu_read_lock();
	leader = pid_task(pid, PIDTYPE_TGID);
	/*
	 * The kernel writes both plainly. That does not matter: whoever sleeps is
	 * woken after they were written, and looks again.
	 */
	ended = !leader || data_race(READ_ONCE(leader->exit_state) &&
				     thread_group_empty(leader));
	rcu_read_unlock();
	return ended;
}

/* Return: whether the deadline has come, as far as the sleep itself tells. */
static noinline bool sleep_until(ktime_t deadline)
{
	u64 slack = rt_task(current) ? 0 : current->timer_slack_ns;

	return !schedule_hrtimeout_range(&deadline, slack, HRTIMER_MODE_ABS);
}

static __always_inline int wait_until_done(struct ipcbox_waiter *waiter,
					   const struct ipcbox_wait_options *options,
					   struct pid *peer)
{
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE | TASK_FREEZABLE);
		if (smp_load_acquire(&waiter->done))	/* pair 1 in wait.h */
			return 0;
		if (signal_pending(current))
			return -ERESTARTSYS;
		if (peer && ipcbox_process_ended(peer))
			return -EPIPE;
		if (options->deadline == KTIME_MAX)
			schedule();
		else if (sleep_until(options->deadline))
			return -ETIMEDOUT;
	}
}

/* Where poll() on a pidfd waits too: woken when the process ends. */
static noinline int wait_beside(struct ipcbox_waiter *waiter,
				const struct ipcbox_wait_options *options,
				struct pid *peer)
{
	struct wait_queue_entry exit_entry;
	int ret;

	init_waitqueue_entry(&exit_entry, current);
	add_wait_queue(&peer->wait_pidfd, &exit_entry);
	ret = wait_until_done(waiter, options, peer);
	__set_current_state(TASK_RUNNING);
	remove_wait_queue(&peer->wait_pidfd, &exit_entry);
	return ret;
}

/**
 * ipcbox_wait() - sleep until a waiter is done
 * @waiter: the waiter, on its list
 * @options: until when
 * @peer: a process whose end ends the wait, or NULL
 *
 * Return: 0: it is done. -ERESTARTSYS, -ETIMEDOUT, -EPIPE: it was not done when
 * the signal, the deadline or the end of @peer was seen; it may be by now.
 */
int ipcbox_wait(struct ipcbox_waiter *waiter,
		const struct ipcbox_wait_options *options, struct pid *peer)
{
	int ret;

	/*
	 * Let the one run first that we have woken on this processor, now or in an
	 * earlier call, if the scheduler finds that fair, and stay awake: if it does
	 * what we wait for, we need not fall asleep and be woken. (On another
	 * processor it runs anyway.)
	 */
	if (is_waker())
		schedule();
	if (peer)
		return wait_beside(waiter, options, peer);
	ret = wait_until_done(waiter, options, NULL);
	__set_current_state(TASK_RUNNING);
	return ret;
}
