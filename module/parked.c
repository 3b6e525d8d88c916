// SPDX-License-Identifier: GPL-2.0
#include "parked.h"

#include "account.h"
#include "call.h"
#include "reclaim.h"
#include "request.h"
#include "creds.h"
#include "tree.h"

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/thread_info.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

struct parked {
	struct rb_node node;		/* in the tree; under parked_mutex */
	struct task_struct *task;	/* held */
	struct pid *pid;		/* of its process; only compared */
	struct list_head stale;
	bool over;			/* its deadline has passed: */
	int result;

	struct ipcbox_request request;	/* with its file held */
	struct ipcbox_route route;
	struct ipcbox_creds *creds;
	struct ipcbox_wait_options options;
	struct ipcbox_caller caller;
	ipcbox_finish_fn *finish;
};

/*
 * The parked calls of all, by process and task, so that nobody's grows with those of
 * others. There are at most as many as there are tasks that neither run nor ended.
 */
static DEFINE_MUTEX(parked_mutex);
static struct rb_root parked_calls = RB_ROOT;
static unsigned int parked_count;	/* read without the mutex, as a hint */
static bool parked_ever;

static long parked_go_on(struct restart_block *restart);
static void look_after(struct work_struct *work);
static DECLARE_DELAYED_WORK(look_work, look_after);

/* ---- the tree ------------------------------------------------------------ */

static struct parked *parked_at(const struct rb_node *node)
{
	return rb_entry(node, struct parked, node);
}

/* Where a parked call has its place; only compared. */
struct place {
	const struct pid *pid;
	const struct task_struct *task;
};

static struct place place_of(const struct rb_node *node)
{
	return (struct place){ parked_at(node)->pid, parked_at(node)->task };
}

static int compare_place(const void *key, const struct rb_node *node)
{
	const struct place *p = key, q = place_of(node);

	if (p->pid != q.pid)
		return p->pid < q.pid ? -1 : 1;
	return p->task < q.task ? -1 : p->task > q.task;
}

static bool parked_is_before(struct rb_node *a, const struct rb_node *b)
{
	const struct place place = place_of(a);

	return compare_place(&place, b) < 0;
}

/* The first behind a place where there may be none any more, or NULL. */
static struct parked *first_after(const struct place *place)
{
	struct rb_node *node;

	lockdep_assert_held(&parked_mutex);
	node = ipcbox_tree_first_after(place, &parked_calls, compare_place);
	return node ? parked_at(node) : NULL;
}

static int compare_process(const void *pid, const struct rb_node *node)
{
	if (pid == parked_at(node)->pid)
		return 0;
	return pid < (const void *)parked_at(node)->pid ? -1 : 1;
}

static int compare_current(const void *pid, const struct rb_node *node)
{
	const struct parked *parked = parked_at(node);

	if (parked->pid != pid)
		return compare_process(pid, node);
	if (parked->task == current)
		return 0;
	return current < parked->task ? -1 : 1;
}

static void parked_add(struct parked *parked)
{
	lockdep_assert_held(&parked_mutex);
	rb_add(&parked->node, &parked_calls, parked_is_before);
	WRITE_ONCE(parked_count, parked_count + 1);
	schedule_delayed_work(&look_work, HZ);
}

static void parked_remove(struct parked *parked)
{
	lockdep_assert_held(&parked_mutex);
	rb_erase(&parked->node, &parked_calls);
	WRITE_ONCE(parked_count, parked_count - 1);
}

/* Take the first parked call out of the tree that compares equal, if there is one. */
static struct parked *
parked_take(int (*compare)(const void *pid, const struct rb_node *node))
{
	struct rb_node *node;

	mutex_lock(&parked_mutex);
	node = rb_find_first(task_tgid(current), &parked_calls, compare);
	if (node)
		parked_remove(parked_at(node));
	mutex_unlock(&parked_mutex);
	return node ? parked_at(node) : NULL;
}

/* ---- the end of one ------------------------------------------------------ */

#define PARKED_MEMORY ipcbox_object_size(sizeof(struct parked))

static struct parked *parked_alloc(struct ipcbox_account *account)
{
	struct parked *parked;

	if (ipcbox_memory_charge(account, PARKED_MEMORY))
		return NULL;
	parked = kmalloc(sizeof(*parked), IPCBOX_GFP);
	if (!parked)
		ipcbox_memory_uncharge(account, PARKED_MEMORY);
	return parked;
}

/* Context: off the tree; what it holds has been put. */
static void parked_free(struct parked *parked, struct ipcbox_account *account)
{
	ipcbox_memory_uncharge(account, PARKED_MEMORY);
	kfree(parked);
}

/* Context: off the tree. */
static void parked_put_all(struct parked *parked)
{
	struct ipcbox_creds *creds = parked->creds;

	ipcbox_route_close(&parked->route);
	fput(parked->request.file);
	put_task_struct(parked->task);
	parked_free(parked, creds->account);
	ipcbox_creds_put(creds);
}

static void parked_give_up(struct parked *parked, int err)
{
	if (parked->over)
		return;
	parked->result = ipcbox_box_give_up(parked->route.lane, &parked->caller,
					    &parked->options, err);
	parked->over = true;
}

/* Nobody will come for the result. */
static void parked_end(struct parked *parked)
{
	parked_give_up(parked, -EINTR);
	ipcbox_call_discard(&parked->caller, parked->result);
	parked_put_all(parked);
}

static void end_all(struct list_head *stale)
{
	struct parked *parked, *next;

	list_for_each_entry_safe(parked, next, stale, stale) {
		list_del(&parked->stale);
		parked_end(parked);
		cond_resched();
	}
}

static bool is_dying(const struct parked *parked)
{
	/* The kernel writes the flags plainly; a look that comes too early is repeated. */
	return data_race(READ_ONCE(parked->task->flags)) & PF_EXITING;
}

/*
 * Its task dies, or went on without it: then it has returned from the handler. One that
 * left its handler by longjmp() keeps the call to the deadline, or until it parks the
 * next or dies.
 */
static bool is_stale(const struct parked *parked)
{
	const struct restart_block *restart = &parked->task->restart_block;

	/* The kernel writes this plainly as well. */
	return is_dying(parked) || data_race(READ_ONCE(restart->fn)) != parked_go_on;
}

/* How many parked calls are looked at before the mutex is dropped. */
#define LOOKS_MAX 64

/* Look at the next few behind a place, which moves on. Return: whether there were any. */
static bool look_at_some(struct place *place, struct list_head *stale)
{
	struct parked *parked = first_after(place);
	bool any = parked;
	unsigned int looks;

	for (looks = 0; parked && looks < LOOKS_MAX; looks++) {
		*place = place_of(&parked->node);
		if (is_stale(parked)) {
			parked_remove(parked);
			list_add_tail(&parked->stale, stale);
		} else if (ktime_after(ktime_get(), parked->options.deadline)) {
			parked_give_up(parked, -ETIMEDOUT);
		}
		parked = first_after(place);
	}
	return any;
}

/*
 * Once over all of them. Others who park, or come back, wait for a few at most, however
 * many calls one user has parked.
 */
static void look_after(struct work_struct *work)
{
	struct place place = {};
	LIST_HEAD(stale);
	bool again;

	do {
		mutex_lock(&parked_mutex);
		again = look_at_some(&place, &stale);
		mutex_unlock(&parked_mutex);
		end_all(&stale);
		cond_resched();
	} while (again);
	if (READ_ONCE(parked_count))
		schedule_delayed_work(&look_work, HZ);
}

/* Take the next few of a process off the tree. Return: whether there may be more. */
static bool take_some_dying(struct place *place, struct list_head *stale)
{
	const struct pid *pid = place->pid;
	struct parked *parked = first_after(place);
	unsigned int looks;

	for (looks = 0; parked && parked->pid == pid && looks < LOOKS_MAX; looks++) {
		*place = place_of(&parked->node);
		if (is_dying(parked)) {
			parked_remove(parked);
			list_add_tail(&parked->stale, stale);
		}
		parked = first_after(place);
	}
	return looks == LOOKS_MAX;
}

/**
 * ipcbox_parked_end_process() - end the parked calls of a process that dies
 *
 * Context: its last thread, or one of the last, closes its files.
 */
void ipcbox_parked_end_process(void)
{
	struct place place = { .pid = task_tgid(current) };
	LIST_HEAD(stale);
	bool again;

	if (!READ_ONCE(parked_count))
		return;
	do {
		mutex_lock(&parked_mutex);
		again = take_some_dying(&place, &stale);
		mutex_unlock(&parked_mutex);
		end_all(&stale);
		cond_resched();
	} while (again);
}

/* ---- away and back ------------------------------------------------------- */

/* Of a task whose restart is over: do_no_restart_syscall(), which modules cannot name. */
static void forget_restart(struct restart_block *restart)
{
	WRITE_ONCE(restart->fn, init_task.restart_block.fn);
}

static void park(struct parked *parked)
{
	mutex_lock(&parked_mutex);
	parked_add(parked);
	mutex_unlock(&parked_mutex);
}

/* In restart_syscall(2), which a program may also call by itself. */
static long parked_go_on(struct restart_block *restart)
{
	struct parked *parked = parked_take(compare_current);
	int ret = -EINTR;

	if (parked) {
		ret = parked->over ? parked->result :
				     ipcbox_box_call_again(parked->route.lane,
							   &parked->caller,
							   &parked->options);
		if (ret == -ERESTART_RESTARTBLOCK) {
			ret = set_restart_fn(restart, parked_go_on);
			park(parked);
			return ret;
		}
		ret = parked->finish(&parked->request, &parked->caller, ret);
		parked_put_all(parked);
	}
	forget_restart(restart);
	return ret;
}

/**
 * ipcbox_park() - leave the kernel, to go on with a call when it is restarted
 * @request: the command
 * @route: where the call went
 * @creds: of the caller
 * @caller: the call, which ipcbox_box_call() left as it is
 * @options: of the caller
 * @finish: tells the caller what came of the call, when it goes on
 *
 * Return: -ERESTART_RESTARTBLOCK: the call is parked, and what was passed, but for
 * @request, is no more the caller's. Otherwise the result of the call, as of
 * ipcbox_box_call(); then it was done meanwhile, or could not be parked.
 */
int ipcbox_park(struct ipcbox_request *request, const struct ipcbox_route *route,
		struct ipcbox_creds *creds, struct ipcbox_caller *caller,
		const struct ipcbox_wait_options *options, ipcbox_finish_fn *finish)
{
	struct ipcbox_call __user *user = request->user;
	struct parked *parked, *old;
	int ret;

	old = parked_take(compare_current);
	if (old)
		parked_end(old);
	/* If a handler runs in the end, the kernel says EINTR, and nothing else is told. */
	if (put_user(1U, &user->received))
		return ipcbox_box_give_up(route->lane, caller, options, -EFAULT);
	parked = parked_alloc(creds->account);
	if (!parked || !ipcbox_call_move(route->lane, &parked->caller, caller)) {
		if (parked)
			parked_free(parked, creds->account);
		return ipcbox_box_give_up(route->lane, caller, options,
					  -ERESTARTSYS);
	}
	parked->task = get_task_struct(current);
	parked->pid = task_tgid(current);
	parked->over = false;
	parked->request = *request;
	get_file(request->file);
	parked->route = *route;
	parked->creds = creds;
	parked->options = *options;
	parked->finish = finish;
	/* First this: by it a parked call is known to be waited for. */
	ret = set_restart_fn(&current->restart_block, parked_go_on);
	WRITE_ONCE(parked_ever, true);
	park(parked);
	return ret;
}

/**
 * ipcbox_parked_deinit() - the module goes: no task may come back to it
 *
 * All calls have ended, but a task that was interrupted by a handler, and never
 * returned from it, may still restart what it had parked.
 */
void ipcbox_parked_deinit(void)
{
	struct task_struct *process, *task;

	cancel_delayed_work_sync(&look_work);
	if (!parked_ever)
		return;
	rcu_read_lock();
	for_each_process_thread(process, task)
		if (READ_ONCE(task->restart_block.fn) == parked_go_on)
			forget_restart(&task->restart_block);
	rcu_read_unlock();
	/* Who has looked at it before, or is at the end of parked_go_on(), is gone after this. */
	synchronize_rcu_tasks();
}
