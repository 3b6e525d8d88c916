// SPDX-License-Identifier: GPL-2.0
/*
 * Who waits at a buffer, and how they are woken. The race between the two, and
 * between the kernel and user space, stands in <linux/ipcbox_buffer.h>.
 */
#include "buffer.h"

#include "account.h"
#include "ns.h"
#include "trace.h"

#include <linux/math64.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

/* How long a producer waits for plenty of room: see wait_for_cells(). */
#define PLENTY_MS 1

static const __poll_t events_of[] = {
	[IPCBOX_RECEIVING] = EPOLLIN | EPOLLRDNORM,
	[IPCBOX_SENDING] = EPOLLOUT | EPOLLWRNORM,
};

/* A task that waits at a buffer, for messages or for cells. */
struct buffer_waiter {
	struct ipcbox_waiter waiter;
	u32 enough;			/* is woken when there are so many, */
	u32 needed;			/* and takes so many then */
};

/* ---- what is wanted ------------------------------------------------------ */

/* Who polls waits for a message, or for room for the longest. */
static u32 polled_for(const struct ipcbox_buffer *buffer, enum ipcbox_role role)
{
	return role == IPCBOX_SENDING ? ipcbox_buffer_max_cells(buffer) : 1;
}

static struct buffer_waiter *first_waiter(struct ipcbox_side *side)
{
	return list_first_entry_or_null(&side->waiters, struct buffer_waiter,
					waiter.node);
}

static u32 wanted(struct ipcbox_buffer *buffer, enum ipcbox_role role)
{
	struct ipcbox_side *side = &buffer->sides[role];
	const struct buffer_waiter *first;
	u32 want = 0;

	lockdep_assert_held(&buffer->lock);
	if (buffer->shutdown || (role == IPCBOX_RECEIVING && buffer->senders_shutdown))
		return IPCBOX_BUFFER_ASK;
	if (side->polled)
		want = polled_for(buffer, role);
	first = first_waiter(side);
	if (first && (!want || first->enough < want))
		want = first->enough;
	return want;
}

/* Tell user space. Whoever adds to what is wanted looks at the ring afterwards. */
static void tell_wanted(struct ipcbox_buffer *buffer, enum ipcbox_role role)
{
	struct ipcbox_ring_head *shared = buffer->ring.shared;

	lockdep_assert_held(&buffer->lock);
	WRITE_ONCE(*(role == IPCBOX_RECEIVING ? &shared->want_data :
						&shared->want_room),
		   wanted(buffer, role));
}

/* How much there is of what this side waits for. */
static u64 available(struct ipcbox_buffer *buffer, enum ipcbox_role role,
		     u64 enough)
{
	return role == IPCBOX_SENDING ?
		       ipcbox_ring_room(&buffer->ring) :
		       ipcbox_ring_ready(&buffer->ring,
					 min_t(u64, enough, UINT_MAX));
}

/* Over for this side, once there is nothing left? */
static int why_over(const struct ipcbox_buffer *buffer, enum ipcbox_role role)
{
	lockdep_assert_held(&buffer->lock);
	if (buffer->shutdown)
		return buffer->shutdown;
	return role == IPCBOX_RECEIVING && buffer->senders_shutdown ? -EPIPE : 0;
}

/* ---- wake ---------------------------------------------------------------- */

/*
 * Of those who poll exclusively only some are woken, and they may not poll again soon:
 * the others are to hear of the next message. They are at the end of the queue.
 */
static bool has_exclusive_pollers(struct ipcbox_side *side)
{
	struct wait_queue_entry *last;
	unsigned long flags;
	bool exclusive;

	spin_lock_irqsave(&side->pollers.lock, flags);
	last = list_empty(&side->pollers.head) ?
		       NULL :
		       list_last_entry(&side->pollers.head,
				       struct wait_queue_entry, entry);
	exclusive = last && last->flags & WQ_FLAG_EXCLUSIVE;
	spin_unlock_irqrestore(&side->pollers.lock, flags);
	return exclusive;
}

/* What one look at the ring found for a side. */
struct supply {
	u64 left;	/* messages or cells that nobody has been promised */
	u32 sleepers;	/* who waited then; later ones look for themselves */
	bool polled;	/* those who poll are to hear of it, */
	bool exclusive;	/* and some are woken one at a time */
};

/* Of those who poll exclusively; the look counts as many messages. */
#define EXCLUSIVE_MAX 64

/*
 * One look for a wake-up, however many sleep: the ring may be a long way, and who walks
 * it may have a deadline, or be dying. Return: whether there is anything.
 */
static bool look_for(struct ipcbox_buffer *buffer, enum ipcbox_role role, u32 most,
		     struct supply *supply)
{
	struct ipcbox_side *side = &buffer->sides[role];
	u64 there_is, enough;

	spin_lock(&buffer->lock);
	supply->sleepers = side->count;
	enough = min(side->count, most) + side->promised +
		 (side->polled ? EXCLUSIVE_MAX : 1);
	spin_unlock(&buffer->lock);
	there_is = available(buffer, role, enough);
	if (!there_is)
		return false;

	spin_lock(&buffer->lock);
	supply->left = there_is > side->promised ? there_is - side->promised : 0;
	supply->polled = side->polled && there_is >= polled_for(buffer, role);
	if (supply->polled) {
		supply->exclusive = has_exclusive_pollers(side);
		side->polled = supply->exclusive;
	}
	spin_unlock(&buffer->lock);
	return true;
}

/*
 * Take those off the list for whom there is something, up to one who wants more.
 * Return: whether there are others, for another round.
 */
static bool finish_some(struct ipcbox_buffer *buffer, enum ipcbox_role role,
			struct supply *supply, struct ipcbox_wake_list *wake_list)
{
	struct ipcbox_side *side = &buffer->sides[role];
	struct buffer_waiter *waiter;

	lockdep_assert_held(&buffer->lock);
	while ((waiter = first_waiter(side))) {
		if (supply->left < waiter->enough || !supply->sleepers)
			return false;
		if (ipcbox_wake_list_full(wake_list))
			return true;
		list_del(&waiter->waiter.node);
		side->count--;
		side->promised += waiter->needed;
		supply->left -= waiter->needed;
		supply->sleepers--;
		ipcbox_waiter_finish(&waiter->waiter, 0, wake_list);
	}
	return false;
}

static bool wake_some(struct ipcbox_buffer *buffer, enum ipcbox_role role,
		      struct supply *supply)
{
	struct ipcbox_wake_list wake_list;
	bool again;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&buffer->lock);
	again = finish_some(buffer, role, supply, &wake_list);
	tell_wanted(buffer, role);
	spin_unlock(&buffer->lock);
	ipcbox_wake(&wake_list);
	return again;
}

/*
 * Of those who poll exclusively as many as there is something for. The others are not
 * told what happened, so each has to poll to find out, and by that asks for the next
 * time; somebody who stays on the queue and takes our word for it, like a multishot poll
 * of io_uring, would never. Where there are exclusive ones polled stays set, and they
 * have to be told, or one who waits for the other side would take their turn.
 */
static void wake_pollers(struct ipcbox_buffer *buffer, enum ipcbox_role role,
			 const struct supply *supply)
{
	u64 count = div_u64(supply->left, polled_for(buffer, role));

	__wake_up(&buffer->sides[role].pollers, TASK_INTERRUPTIBLE,
		  clamp_t(u64, count, 1, EXCLUSIVE_MAX),
		  supply->exclusive ? poll_to_key(events_of[role]) : NULL);
}

/**
 * ipcbox_buffer_wake() - wake those for whom there is something
 * @buffer: the buffer
 * @role: of those who wait
 *
 * A few of them, and the rest is left to a work item: the caller is somebody's send,
 * wait or exit, which is not to take longer because others sleep here.
 *
 * Return: 0, or the errno of the end of the buffer.
 */
int ipcbox_buffer_wake(struct ipcbox_buffer *buffer, enum ipcbox_role role)
{
	struct supply supply;

	/* The caller's word is there before we look: it made a system call. */
	smp_mb();
	if (look_for(buffer, role, IPCBOX_WAKE_LIST_MAX + 1, &supply)) {
		if (wake_some(buffer, role, &supply))
			ipcbox_buffer_leave_rest(buffer);
		if (supply.polled)
			wake_pollers(buffer, role, &supply);
	}
	return READ_ONCE(buffer->shutdown);
}

/* ---- wait ---------------------------------------------------------------- */

/* Return: 0: the waiter is queued; else why not. */
static int enqueue_waiter(struct ipcbox_buffer *buffer, enum ipcbox_role role,
			  struct buffer_waiter *waiter)
{
	struct ipcbox_side *side = &buffer->sides[role];
	int err;

	spin_lock(&buffer->lock);
	err = why_over(buffer, role);
	if (!err) {
		list_add_tail(&waiter->waiter.node, &side->waiters);
		side->count++;
		tell_wanted(buffer, role);
	}
	spin_unlock(&buffer->lock);
	/* Of the race in ipcbox_buffer.h: first tell, then look. */
	smp_mb();
	return err;
}

/* A waiter goes. Return: @err, unless it was woken meanwhile: then that counts. */
static int dequeue(struct ipcbox_buffer *buffer, enum ipcbox_role role,
		   struct buffer_waiter *waiter, int err)
{
	struct ipcbox_side *side = &buffer->sides[role];
	bool others = false;

	spin_lock(&buffer->lock);
	if (waiter->waiter.done) {
		err = waiter->waiter.result;
		if (!err)
			side->promised -= waiter->needed;
	} else {
		list_del(&waiter->waiter.node);
		side->count--;
		others = side->count;
	}
	tell_wanted(buffer, role);
	spin_unlock(&buffer->lock);
	/* It may have been in the way of those behind it, who want less. */
	if (others)
		ipcbox_buffer_wake(buffer, role);
	return err;
}

static int sleep_for(struct ipcbox_buffer *buffer, enum ipcbox_role role,
		     struct buffer_waiter *waiter,
		     const struct ipcbox_wait_options *options)
{
	int ret;

	trace_ipcbox_block(buffer->id, role);
	ret = ipcbox_wait(&waiter->waiter, options, NULL);
	trace_ipcbox_wake(buffer->id, role, ret);
	return ret;
}

/* What is there counts, also where all senders are gone. */
static int over_or_there(struct ipcbox_buffer *buffer, enum ipcbox_role role,
			 int over)
{
	if (over == -EPIPE && role == IPCBOX_RECEIVING &&
	    !READ_ONCE(buffer->shutdown) && available(buffer, role, 1))
		return 0;
	return over;
}

static int look(struct ipcbox_buffer *buffer, enum ipcbox_role role, u32 cells)
{
	int err;

	spin_lock(&buffer->lock);
	err = why_over(buffer, role);
	spin_unlock(&buffer->lock);
	if (!err && available(buffer, role, 1) < cells)
		err = -EAGAIN;
	return over_or_there(buffer, role, err);
}

/* Wait for @cells; but if there are none yet, rather for as many as @enough. */
static int wait_for(struct ipcbox_buffer *buffer, enum ipcbox_role role,
		    u32 cells, u32 enough, const struct ipcbox_wait_options *options)
{
	struct buffer_waiter waiter;
	int err;

	ipcbox_waiter_init(&waiter.waiter);
	waiter.enough = enough;
	waiter.needed = cells;
	err = enqueue_waiter(buffer, role, &waiter);
	if (err)
		return err;
	if (available(buffer, role, 1) < cells) {
		/* Too little for this one may do for who wants less, and was first. */
		if (role == IPCBOX_SENDING && data_race(READ_ONCE(buffer->sides[role].count)) > 1)
			ipcbox_buffer_wake(buffer, role);
		err = sleep_for(buffer, role, &waiter, options);
	} else if (signal_pending(current)) {
		/* Or who is told again and again that there is something never sees it. */
		err = -ERESTARTSYS;
	}
	return dequeue(buffer, role, &waiter, err);
}

/*
 * A producer who was woken for each cell that becomes free would sleep and wake for
 * each message. So it waits for a quarter of the buffer first, though not for long:
 * the consumer may be content with less.
 */
static int wait_for_cells(struct ipcbox_buffer *buffer, u32 cells,
			  const struct ipcbox_wait_options *options)
{
	u32 plenty = ipcbox_ring_cells(&buffer->ring) / 4;
	struct ipcbox_wait_options brief = *options;
	int err;

	brief.deadline = min(options->deadline,
			     ktime_add_ms(ktime_get(), PLENTY_MS));
	err = wait_for(buffer, IPCBOX_SENDING, cells, max(cells, plenty), &brief);
	if (err != -ETIMEDOUT)
		return err;
	return wait_for(buffer, IPCBOX_SENDING, cells, cells, options);
}

/**
 * ipcbox_buffer_wait() - wait for a message, or for room
 * @buffer: the buffer, held by the caller
 * @role: IPCBOX_RECEIVING or IPCBOX_SENDING
 * @cells: how many have to be free; receiving: 1
 * @options: whether and how long to wait
 *
 * Return: 0: look again. -EAGAIN, -EUSERS, -ETIMEDOUT, -ERESTARTSYS, -EPIPE, or the
 * errno of the end of the buffer.
 */
int ipcbox_buffer_wait(struct ipcbox_buffer *buffer, enum ipcbox_role role,
		       u32 cells, const struct ipcbox_wait_options *options)
{
	int err;

	if (options->nonblock)
		return look(buffer, role, cells);
	err = ipcbox_account_charge(options->account, IPCBOX_WAITERS, 1);
	if (err)
		return err;
	if (role == IPCBOX_SENDING)
		err = wait_for_cells(buffer, cells, options);
	else
		err = wait_for(buffer, role, 1, 1, options);
	ipcbox_account_uncharge(options->account, IPCBOX_WAITERS, 1);
	return over_or_there(buffer, role, err);
}

/* ---- end ----------------------------------------------------------------- */

/* Wake those as well who poll exclusively: there is no second time. */
static void wake_all_pollers(struct ipcbox_side *side, __poll_t events)
{
	__wake_up(&side->pollers, TASK_NORMAL, 0, poll_to_key(events));
}

/* Return: whether there may be others. */
static bool dismiss_some(struct ipcbox_buffer *buffer, enum ipcbox_role role,
			 int err)
{
	struct ipcbox_side *side = &buffer->sides[role];
	struct buffer_waiter *waiter;
	struct ipcbox_wake_list wake_list;
	bool again;

	ipcbox_wake_list_init(&wake_list);
	spin_lock(&buffer->lock);
	while (!ipcbox_wake_list_full(&wake_list) &&
	       (waiter = first_waiter(side))) {
		list_del(&waiter->waiter.node);
		side->count--;
		ipcbox_waiter_finish(&waiter->waiter, err, &wake_list);
	}
	tell_wanted(buffer, role);
	again = ipcbox_wake_list_full(&wake_list);
	spin_unlock(&buffer->lock);
	ipcbox_wake(&wake_list);
	return again;
}

/* No others come: it is over for them. So this too leaves the rest. */
static void dismiss(struct ipcbox_buffer *buffer, enum ipcbox_role role, int err)
{
	if (dismiss_some(buffer, role, err))
		ipcbox_buffer_leave_rest(buffer);
	wake_all_pollers(&buffer->sides[role],
			 events_of[role] | EPOLLHUP | EPOLLERR);
}

/**
 * ipcbox_buffer_shutdown() - it is over with a buffer
 * @buffer: the buffer
 * @err: what everyone gets from now on; the first one counts
 *
 * What is in it stays there for those who have it mapped.
 */
void ipcbox_buffer_shutdown(struct ipcbox_buffer *buffer, int err)
{
	bool first;

	spin_lock(&buffer->lock);
	first = !buffer->shutdown;
	if (first)
		WRITE_ONCE(buffer->shutdown, err);
	spin_unlock(&buffer->lock);
	if (!first)
		return;
	dismiss(buffer, IPCBOX_RECEIVING, err);
	dismiss(buffer, IPCBOX_SENDING, err);
}

/**
 * ipcbox_buffer_shutdown_senders() - no producer will ever come again
 * @buffer: the buffer; consumers take what is left, and then get -EPIPE
 */
void ipcbox_buffer_shutdown_senders(struct ipcbox_buffer *buffer)
{
	spin_lock(&buffer->lock);
	buffer->senders_shutdown = true;
	spin_unlock(&buffer->lock);
	dismiss(buffer, IPCBOX_RECEIVING, -EPIPE);
}

/* ---- what calls leave ---------------------------------------------------- */

static struct workqueue_struct *rest_queue;

static void wake_rest(struct ipcbox_buffer *buffer, enum ipcbox_role role)
{
	struct supply supply;
	int over;

	spin_lock(&buffer->lock);
	over = why_over(buffer, role);
	spin_unlock(&buffer->lock);
	if (over) {
		while (dismiss_some(buffer, role, over))
			cond_resched();
		return;
	}
	if (!look_for(buffer, role, U32_MAX, &supply))
		return;
	while (wake_some(buffer, role, &supply))
		cond_resched();
	if (supply.polled)
		wake_pollers(buffer, role, &supply);
}

/**
 * ipcbox_buffer_wake_rest() - wake those whom a call left
 * @buffer: the buffer
 *
 * Context: may sleep.
 */
void ipcbox_buffer_wake_rest(struct ipcbox_buffer *buffer)
{
	wake_rest(buffer, IPCBOX_RECEIVING);
	wake_rest(buffer, IPCBOX_SENDING);
}

/**
 * ipcbox_buffer_leave_rest() - recover and wake later, in a work item
 * @buffer: the buffer, held by the caller
 *
 * One item for each buffer, which goes once over those who are there when it begins:
 * it takes as long as its buffer is large, and holds up no other buffer.
 */
void ipcbox_buffer_leave_rest(struct ipcbox_buffer *buffer)
{
	struct net *net = buffer->object.ns->net;

	ipcbox_object_get(&buffer->object);
	get_net(net);
	if (queue_work(rest_queue, &buffer->rest))
		return;
	put_net(net);
	ipcbox_object_put(&buffer->object);
}

/**
 * ipcbox_buffer_init_queue() - make the queue for what calls leave
 *
 * Return: 0 or -ENOMEM.
 */
int ipcbox_buffer_init_queue(void)
{
	rest_queue = alloc_workqueue("ipcbox", WQ_UNBOUND, 0);
	return rest_queue ? 0 : -ENOMEM;
}

/**
 * ipcbox_buffer_deinit_queue() - end it; there are no fds and no mappings any more
 */
void ipcbox_buffer_deinit_queue(void)
{
	/* What is in it is done before. */
	destroy_workqueue(rest_queue);
}

/* ---- poll ---------------------------------------------------------------- */

/*
 * Also where there is something: who polls for edges is told of the next message
 * only if it is wanted, and does not ask again before.
 */
static __poll_t poll_side(struct ipcbox_buffer *buffer, enum ipcbox_role role)
{
	u32 need = polled_for(buffer, role);
	__poll_t events = 0;

	spin_lock(&buffer->lock);
	buffer->sides[role].polled = true;
	tell_wanted(buffer, role);
	if (why_over(buffer, role))
		events |= events_of[role] | EPOLLHUP;
	if (buffer->shutdown)
		events |= EPOLLERR;
	spin_unlock(&buffer->lock);
	smp_mb();	/* as in enqueue_waiter() */
	if (!events && available(buffer, role, need) >= need)
		events |= events_of[role];
	return events;
}

/**
 * ipcbox_buffer_poll() - is there something to receive, room for the longest message?
 * @buffer: the buffer
 * @directions: for which the fd is open
 * @file: its file
 * @table: of the poll call
 *
 * Return: the events that apply.
 */
__poll_t ipcbox_buffer_poll(struct ipcbox_buffer *buffer, u32 directions,
			    struct file *file, struct poll_table_struct *table)
{
	__poll_t asked = poll_requested_events(table), events = 0;
	static const u32 direction_of[] = {
		[IPCBOX_RECEIVING] = IPCBOX_RECEIVER,
		[IPCBOX_SENDING] = IPCBOX_SENDER,
	};
	int role;

	for (role = IPCBOX_RECEIVING; role <= IPCBOX_SENDING; role++) {
		if (!(directions & direction_of[role]))
			continue;
		/* The end is told also to who asks for nothing. */
		poll_wait(file, &buffer->sides[role].pollers, table);
		if (asked & events_of[role])
			events |= poll_side(buffer, role);
		else if (READ_ONCE(buffer->shutdown))
			events |= EPOLLHUP | EPOLLERR;
	}
	return directions ? events : EPOLLERR;
}
