// SPDX-License-Identifier: GPL-2.0
#include "call.h"

#include "account.h"
#include "lane.h"
#include "noinit.h"
#include "sender.h"
#include "trace.h"

#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>

/* ---- whose calls --------------------------------------------------------- */

static struct ipcbox_caller *other_at(const struct rb_node *node)
{
	return rb_entry(node, struct ipcbox_caller, of_other);
}

static bool is_owned_before(struct rb_node *a, const struct rb_node *b)
{
	return other_at(a)->owner < other_at(b)->owner;
}

static int compare_owner(const void *owner, const struct rb_node *node)
{
	if (owner == other_at(node)->owner)
		return 0;
	return owner < other_at(node)->owner ? -1 : 1;
}

/* Let a process be the regular of a server whose last one has no calls. */
static void set_regular(struct ipcbox_server *server, struct pid *pid,
			const void *files)
{
	ipcbox_watch_stop(&server->regular.watch);
	ipcbox_watch_start(&server->regular.watch, pid, &server->end_orphans);
	server->regular.files = files;
}

/* Note that a task received a call, for its process. */
static void add_to_owner(struct ipcbox_caller *call, struct task_struct *task)
{
	struct ipcbox_server *server = call->server;
	struct pid *pid = task_tgid(task);

	call->owner = task->files;
	if (server->regular.watch.pid != pid ||
	    server->regular.files != call->owner) {
		if (!hlist_empty(&server->regular.calls)) {
			rb_add(&call->of_other, &server->others, is_owned_before);
			ipcbox_watch_start(&call->watch, pid, &server->end_orphans);
			return;
		}
		set_regular(server, pid, call->owner);
	}
	hlist_add_head(&call->of_regular, &server->regular.calls);
}

static void remove_from_owner(struct ipcbox_caller *call)
{
	if (call->watch.pid) {
		ipcbox_watch_stop(&call->watch);
		rb_erase(&call->of_other, &call->server->others);
	} else {
		hlist_del(&call->of_regular);
	}
}

/* A call that a process with these files received, or NULL. */
static struct ipcbox_caller *first_of_owner(struct ipcbox_server *server,
					    const void *owner)
{
	struct rb_node *node;

	if (server->regular.files == owner && !hlist_empty(&server->regular.calls))
		return hlist_entry(server->regular.calls.first,
				   struct ipcbox_caller, of_regular);
	node = rb_find_first(owner, &server->others, compare_owner);
	return node ? other_at(node) : NULL;
}

/* Has the process ended that received a call? */
static bool is_orphan(const struct ipcbox_caller *call)
{
	return ipcbox_process_ended(call->watch.pid ?:
				    call->server->regular.watch.pid);
}

/* ---- in service ---------------------------------------------------------- */

static struct ipcbox_caller *call_at(struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcbox_caller, node);
}

static void enter_service(struct ipcbox_box *box, struct ipcbox_caller *call,
			  struct task_struct *task)
{
	struct rb_node **link = &call->server->calls.rb_node;
	struct rb_node *parent = NULL;

	while (*link) {
		parent = *link;
		link = call->request.msg.arrival < call_at(parent)->request.msg.arrival ?
			       &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&call->node, parent, link);
	rb_insert_color(&call->node, &call->server->calls);
	add_to_owner(call, task);
	hlist_add_head(&call->in_service, &box->in_service);
	WRITE_ONCE(box->calls, box->calls + 1); /* see ipcbox_server_has_calls() */
}

static void leave_service(struct ipcbox_box *box, struct ipcbox_caller *call)
{
	rb_erase(&call->node, &call->server->calls);
	remove_from_owner(call);
	hlist_del(&call->in_service);
	WRITE_ONCE(box->calls, box->calls - 1);
	call->server = NULL;
}

/* The first call of a server with a number above @number. */
static struct ipcbox_caller *find_after(struct ipcbox_server *server, u64 number)
{
	struct rb_node *node = server->calls.rb_node;
	struct ipcbox_caller *found = NULL;

	while (node) {
		if (number < call_at(node)->request.msg.arrival) {
			found = call_at(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

static struct ipcbox_caller *find(struct ipcbox_server *server, u64 number)
{
	struct ipcbox_caller *call = find_after(server, number - 1);

	return call && call->request.msg.arrival == number ? call : NULL;
}

static void enter_queue(struct ipcbox_box *box, struct ipcbox_caller *call)
{
	if (call->receivers)
		hlist_add_head(&call->in_service, &box->if_served);
}

/**
 * ipcbox_call_receive() - a call passes into the hand of a receiver
 * @box: the box
 * @call: the call, in no queue
 * @receiver: its server will answer for the call
 */
void ipcbox_call_receive(struct ipcbox_box *box, struct ipcbox_caller *call,
			 struct ipcbox_receiver *receiver)
{
	ipcbox_call_leave_queue(call);
	ipcbox_small_copy(receiver->small, &call->request);
	ipcbox_sender_hold(call->request.msg.sender);
	receiver->msg = &receiver->small->msg;
	receiver->payload = call->payload ?: receiver->msg;
	receiver->room = call->room;

	call->payload = NULL;
	call->received = true;
	call->server = receiver->server;
	enter_service(box, call, receiver->waiter.task);
}

/**
 * ipcbox_call_take_back() - a receiver could not deliver a call
 * @box: the box
 * @receiver: that has it in its hand
 *
 * Return: the call, with its payload, to be queued again; or NULL if it is over.
 */
struct ipcbox_caller *ipcbox_call_take_back(struct ipcbox_box *box,
					    struct ipcbox_receiver *receiver)
{
	struct ipcbox_caller *call = find(receiver->server, receiver->msg->arrival);

	if (!call)
		return NULL;
	leave_service(box, call);
	enter_queue(box, call);
	call->received = false;
	if (receiver->payload != receiver->msg)
		call->payload = receiver->payload;
	receiver->payload = receiver->msg;
	return call;
}

/**
 * ipcbox_call_reply() - give a reply to a caller
 * @box: the box, which has not ended
 * @server: that received the call
 * @number: of the call
 * @reply: the reply, on the stack
 * @payload: of a long reply, or NULL; passes to the caller
 * @wakes: takes the caller
 *
 * Return: 0, -EINVAL, -EPIPE or -EMSGSIZE.
 */
int ipcbox_call_reply(struct ipcbox_box *box, struct ipcbox_server *server,
		      u64 number, const union ipcbox_small *reply,
		      struct ipcbox_msg *payload, struct ipcbox_wakes *wakes)
{
	struct ipcbox_caller *call;

	if (!number || number > box->arrivals)
		return -EINVAL;
	call = find(server, number);
	if (!call)
		return -EPIPE;
	if (reply->msg.len > call->room)
		return -EMSGSIZE;

	ipcbox_small_copy(&call->reply, reply);
	ipcbox_sender_hold(reply->msg.sender);
	call->reply.msg.seq = call->request.msg.seq;
	call->reply_payload = payload;
	trace_ipcbox_reply(box->id, &call->reply.msg);
	leave_service(box, call);
	ipcbox_waiter_finish(&call->waiter, 0, wakes);
	return 0;
}

/* ---- the caller ---------------------------------------------------------- */

/**
 * ipcbox_call_withdraw() - take a call back that nobody has: as if it had never been there
 * @lane: over which it was made
 * @call: in a queue of the lane
 * @wakes: notes that there may be room
 */
void ipcbox_call_withdraw(struct ipcbox_lane *lane, struct ipcbox_caller *call,
			  struct ipcbox_wakes *wakes)
{
	struct ipcbox_msg *msg = &call->request.msg;

	ipcbox_call_leave_queue(call);
	if (call->arrived) {
		ipcbox_lane_remove_message(lane, msg, wakes);
		ipcbox_lane_count_drop(lane);
		trace_ipcbox_drop(lane->id, msg);
	} else {
		ipcbox_lane_remove_sender(lane, msg);
	}
}

/* The caller does not want to wait any more. */
static int give_up(struct ipcbox_lane *lane, struct ipcbox_caller *call, int err)
{
	struct ipcbox_wakes wakes IPCBOX_NOINIT;

	ipcbox_wakes_init(&wakes);
	spin_lock(&lane->box->lock);
	if (call->waiter.done)
		err = call->waiter.result;
	else if (call->server)
		leave_service(lane->box, call);
	else
		ipcbox_call_withdraw(lane, call, &wakes);
	ipcbox_lane_settle_and_unlock(lane, &wakes);
	/* What somebody has received must not be sent again. */
	return err == -ERESTARTSYS && call->received ? -EINTR : err;
}

/* Under the lock of the box: the call goes in, or waits for room. */
static int submit(struct ipcbox_lane *lane, struct ipcbox_caller *call,
		  const struct ipcbox_patience *patience,
		  struct ipcbox_wakes *wakes)
{
	struct ipcbox_msg *msg = &call->request.msg;

	if (lane->box->gone)
		return lane->box->gone;
	/* If the last one closes the port from now on it finds the call. */
	if (call->receivers && !READ_ONCE(*call->receivers))
		return -ECONNREFUSED;
	if (msg->len > lane->box->bounds.max_msgsize)
		return -EMSGSIZE;
	if (ipcbox_lane_may_enter(lane, msg)) {
		enter_queue(lane->box, call);
		ipcbox_lane_add_message(lane, msg, wakes);
		return 0;
	}
	if (patience->nonblock)
		return -EAGAIN;
	enter_queue(lane->box, call);
	ipcbox_lane_add_sender(lane, msg, &call->waiter);
	return 0;
}

static int submit_and_unlock(struct ipcbox_lane *lane, struct ipcbox_caller *call,
			     const struct ipcbox_patience *patience)
	__releases(&lane->box->lock)
{
	struct ipcbox_wakes wakes IPCBOX_NOINIT;
	int err;

	ipcbox_wakes_init(&wakes);
	err = submit(lane, call, patience, &wakes);
	if (err)
		spin_unlock(&lane->box->lock);
	else
		ipcbox_lane_settle_and_unlock(lane, &wakes);
	return err;
}

/* Does a signal end what it interrupts: by a handler, or the end of the process? */
static bool is_final(const struct sighand_struct *sighand, int signal)
{
	__sighandler_t handler = sighand->action[signal - 1].sa.sa_handler;

	if (handler == SIG_DFL)
		return !sig_kernel_ignore(signal) && !sig_kernel_stop(signal);
	return handler != SIG_IGN;
}

/*
 * Is there such a signal, among those that wake us? If not we are stopped, traced,
 * frozen, or have other work to do in the kernel, and go on afterwards.
 */
static bool has_final_signal(void)
{
	struct sighand_struct *sighand =
		rcu_dereference_protected(current->sighand, true);
	bool found = false;
	int signal;

	spin_lock_irq(&sighand->siglock);
	for (signal = 1; signal <= _NSIG && !found; signal++)
		found = !sigismember(&current->blocked, signal) &&
			(sigismember(&current->pending.signal, signal) ||
			 sigismember(&current->signal->shared_pending.signal,
				     signal)) &&
			is_final(sighand, signal);
	spin_unlock_irq(&sighand->siglock);
	return found;
}

static bool seems_received(const struct ipcbox_caller *call)
{
	/* If it is received just now, it is given up; give_up() looks under the lock. */
	return data_race(READ_ONCE(call->received));
}

static noinline int leave_as_caller(struct ipcbox_lane *lane,
				    struct ipcbox_caller *call, bool again, int err)
{
	if (err == -ERESTARTSYS && (again || seems_received(call)) &&
	    !has_final_signal())
		return -ERESTART_RESTARTBLOCK;
	return give_up(lane, call, err);
}

/* @again: the call was received before, though it may be in the box now. */
static __always_inline int wait_for_reply(struct ipcbox_lane *lane,
					  struct ipcbox_caller *call,
					  const struct ipcbox_patience *patience,
					  bool again)
{
	int ret;

	trace_ipcbox_block(lane->id, IPCBOX_CALLING);
	ret = ipcbox_wait(&call->waiter, patience, NULL);
	ret = ret ? leave_as_caller(lane, call, again, ret) : call->waiter.result;
	trace_ipcbox_wake(lane->id, IPCBOX_CALLING, ret);
	if (ret != -ERESTART_RESTARTBLOCK)
		ipcbox_account_uncharge(patience->account, IPCBOX_WAITERS, 1);
	return ret;
}

/**
 * ipcbox_box_call() - make a call over a lane
 * @lane: the lane, held by the caller
 * @call: request, payload, room and receivers are set; the rest is set here
 * @patience: until when to wait for room and reply; nonblock is for room only
 *
 * Return: 0: call->reply has the reply: its sender and its payload are the caller's
 * to put and to free. -ERESTART_RESTARTBLOCK: the wait was interrupted and is to go on
 * later: nothing has changed, and the caller parks the call or gives it up. Otherwise
 * there is no reply: -EMSGSIZE, -EAGAIN, -EUSERS, -ETIMEDOUT, -ERESTARTSYS, -EINTR,
 * -ECONNREFUSED, -EPIPE, or the errno of the end of the box. Unless it goes on,
 * call->payload is the caller's to free.
 */
int ipcbox_box_call(struct ipcbox_lane *lane, struct ipcbox_caller *call,
		    const struct ipcbox_patience *patience)
{
	int err;

	/* The caller looks at these also where nothing was done. */
	call->arrived = false;
	call->received = false;
	call->server = NULL;
	call->watch.pid = NULL;
	call->reply_payload = NULL;
	err = ipcbox_account_charge(patience->account, IPCBOX_WAITERS, 1);
	if (err)
		return err;
	ipcbox_waiter_init(&call->waiter);
	call->request.msg.is_call = true;
	spin_lock(&lane->box->lock);
	err = submit_and_unlock(lane, call, patience);
	if (!err)
		return wait_for_reply(lane, call, patience, false);
	ipcbox_account_uncharge(patience->account, IPCBOX_WAITERS, 1);
	return err;
}

/**
 * ipcbox_box_call_again() - go on with a call whose wait was interrupted
 * @lane: as for ipcbox_box_call()
 * @call: as ipcbox_box_call() left it, or moved
 * @patience: as for ipcbox_box_call()
 *
 * Return: as ipcbox_box_call(), but -EINTR for -ERESTARTSYS: it cannot be made again.
 */
int ipcbox_box_call_again(struct ipcbox_lane *lane, struct ipcbox_caller *call,
			  const struct ipcbox_patience *patience)
{
	int ret = wait_for_reply(lane, call, patience, true);

	return ret == -ERESTARTSYS ? -EINTR : ret;
}

/**
 * ipcbox_box_give_up() - do not go on with a call whose wait was interrupted
 * @lane: as for ipcbox_box_call()
 * @call: as ipcbox_box_call() left it, or moved
 * @patience: as for ipcbox_box_call()
 * @err: why
 *
 * Return: @err, or what came of the call meanwhile; as for ipcbox_box_call().
 */
int ipcbox_box_give_up(struct ipcbox_lane *lane, struct ipcbox_caller *call,
		       const struct ipcbox_patience *patience, int err)
{
	err = give_up(lane, call, err);
	ipcbox_account_uncharge(patience->account, IPCBOX_WAITERS, 1);
	return err;
}

/* Another call takes the place of one in service. */
static void replace_in_service(struct ipcbox_box *box, struct ipcbox_caller *to,
			       struct ipcbox_caller *from)
{
	struct ipcbox_server *server = from->server;

	*to = *from;
	rb_replace_node(&from->node, &to->node, &server->calls);
	hlist_del(&from->in_service);
	hlist_add_head(&to->in_service, &box->in_service);
	if (!from->watch.pid) {
		hlist_del(&from->of_regular);
		hlist_add_head(&to->of_regular, &server->regular.calls);
		return;
	}
	rb_replace_node(&from->of_other, &to->of_other, &server->others);
	/* In this order: one of the two notices the end of the process. */
	ipcbox_watch_start(&to->watch, from->watch.pid, from->watch.work);
	ipcbox_watch_stop(&from->watch);
}

/**
 * ipcbox_call_move() - move a call in service, from the stack of its caller
 * @lane: over which it was made
 * @to: where to; not initialised
 * @from: the call
 *
 * Return: whether it was in service; if not nothing has changed.
 */
bool ipcbox_call_move(struct ipcbox_lane *lane, struct ipcbox_caller *to,
		      struct ipcbox_caller *from)
{
	bool in_service;

	spin_lock(&lane->box->lock);
	in_service = from->server && !from->waiter.done;
	if (in_service)
		replace_in_service(lane->box, to, from);
	spin_unlock(&lane->box->lock);
	return in_service;
}

static void free_payload(struct ipcbox_msg *payload)
{
	if (payload)
		ipcbox_msg_free(payload);
}

/**
 * ipcbox_call_discard() - free what a call has when it is over
 * @call: the call
 * @err: what came of it; 0: it has a reply
 */
void ipcbox_call_discard(struct ipcbox_caller *call, int err)
{
	if (!err) {
		free_payload(call->reply_payload);
		ipcbox_sender_put(call->reply.msg.sender);
	}
	free_payload(call->payload);
}

/* ---- ends ---------------------------------------------------------------- */

static struct ipcbox_waiter *take_in_service(void *from)
{
	struct ipcbox_box *box = from;
	struct ipcbox_caller *call;

	call = hlist_entry_safe(box->in_service.first, struct ipcbox_caller,
				in_service);
	if (!call)
		return NULL;
	leave_service(box, call);
	return &call->waiter;
}

/**
 * ipcbox_box_end_calls() - tell all whose call was received that it is over
 * @box: the box
 * @err: why
 *
 * Context: may sleep.
 */
void ipcbox_box_end_calls(struct ipcbox_box *box, int err)
{
	ipcbox_finish_all(&box->lock, take_in_service, box, err);
}

/* How many calls are looked at before the lock of the box is dropped. */
#define LOOKS_MAX 64

/* End calls of processes that ended, behind @number. Return: whether to go on. */
static bool end_some_orphans(struct ipcbox_server *server, u64 *number,
			     struct ipcbox_wakes *wakes)
{
	unsigned int looks;

	for (looks = 0; looks < LOOKS_MAX && !ipcbox_wakes_full(wakes); looks++) {
		struct ipcbox_caller *call = find_after(server, *number);

		if (!call)
			return false;
		*number = call->request.msg.arrival;
		if (!is_orphan(call))
			continue;
		leave_service(server->box, call);
		ipcbox_waiter_finish(&call->waiter, -EPIPE, wakes);
	}
	return true;
}

static void end_orphans(struct work_struct *work)
{
	struct ipcbox_server *server = container_of(work, struct ipcbox_server,
						    end_orphans);
	struct ipcbox_wakes wakes IPCBOX_NOINIT;
	u64 number = 0;
	bool again;

	ipcbox_wakes_init(&wakes);
	do {
		spin_lock(&server->box->lock);
		again = end_some_orphans(server, &number, &wakes);
		spin_unlock(&server->box->lock);
		ipcbox_wake(&wakes);
		cond_resched();
	} while (again);
}

/**
 * ipcbox_server_init() - prepare the server that an open file is
 * @server: the server, zeroed
 * @box: the box that it receives from
 */
void ipcbox_server_init(struct ipcbox_server *server, struct ipcbox_box *box)
{
	server->box = box;
	server->calls = RB_ROOT;
	server->others = RB_ROOT;
	INIT_HLIST_HEAD(&server->regular.calls);
	INIT_WORK(&server->end_orphans, end_orphans);
}

/**
 * ipcbox_server_deinit() - the open file is closed, by everyone
 * @server: the server
 *
 * Context: may sleep.
 */
void ipcbox_server_deinit(struct ipcbox_server *server)
{
	ipcbox_server_end(server, NULL);
	/* With no regular there never was a call, nor a watch. */
	if (!server->regular.watch.pid)
		return;
	ipcbox_watch_stop(&server->regular.watch);
	cancel_work_sync(&server->end_orphans);
}

/**
 * ipcbox_server_has_calls() - did a process receive calls that are in service?
 * @server: through which
 * @owner: the files of the process
 */
bool ipcbox_server_has_calls(struct ipcbox_server *server, const void *owner)
{
	bool has;

	/* Mostly nobody has. Whoever received one before sees that here. */
	if (!READ_ONCE(server->box->calls))
		return false;
	spin_lock(&server->box->lock);
	has = first_of_owner(server, owner);
	spin_unlock(&server->box->lock);
	return has;
}

struct calls_of {
	struct ipcbox_server *server;
	const void *owner;		/* NULL: of all */
};

static struct ipcbox_waiter *take_call_of(void *from)
{
	const struct calls_of *calls = from;
	struct ipcbox_server *server = calls->server;
	struct ipcbox_caller *call;

	call = calls->owner ? first_of_owner(server, calls->owner) :
			      find_after(server, 0);
	if (!call)
		return NULL;
	leave_service(server->box, call);
	return &call->waiter;
}

/**
 * ipcbox_server_end() - nobody will answer calls that a server received
 * @server: the server
 * @owner: only those that the process with these files received; NULL: all
 *
 * Context: may sleep.
 */
void ipcbox_server_end(struct ipcbox_server *server, const void *owner)
{
	struct calls_of calls = { server, owner };

	ipcbox_finish_all(&server->box->lock, take_call_of, &calls, -EPIPE);
}
