// SPDX-License-Identifier: GPL-2.0
#include "storm_order.h"

#include "storm_findings.h"

#include <stdlib.h>

/* ---- at one receiver ----------------------------------------------------- */

/*
 * A message that comes later, and is not less urgent, has arrived later: or it
 * was there when the other was taken, and should have been taken before.
 */
void order_check(struct order *order, const struct ipcbox_recv *recv, int box,
		 int thread)
{
	int class = 0;

	while (class < CLASSES - 1 && priority_of(class) != recv->priority)
		class++;
	for (int c = 0; c <= class; c++) {
		if (recv->seq > order->latest[c])
			continue;
		finding(ORDER,
			"thread %d received from box %d number %llu with priority %u after number %u with priority %u",
			thread, box, (unsigned long long)recv->seq, recv->priority,
			order->latest[c], priority_of(c));
	}
	if (recv->seq > order->latest[class])
		order->latest[class] = recv->seq;
}

/* The messages that a thread saw of a port since its order was disturbed last. */
static __thread struct view {
	struct order order;
	int holds;
	bool calm;
} views[PORTS];

/* When a round begins: its ports are others. */
void order_forget(void)
{
	memset(views, 0, sizeof(views));
}

static int holds_of(int box)
{
	return __atomic_load_n(&ledger->holds[box], __ATOMIC_SEQ_CST);
}

static bool is_held(int box)
{
	for (int i = 0; i < SLOTS; i++) {
		const struct slot *slot = &ledger->slots[i];

		if (__atomic_load_n(&slot->holds, __ATOMIC_SEQ_CST) == box + 1 ||
		    __atomic_load_n(&slot->doomed, __ATOMIC_SEQ_CST))
			return true;
	}
	return false;
}

void order_before(struct slot *self, int box)
{
	struct view *view = &views[box];
	int holds;

	(void)self;
	if (box >= PORTS)
		return;
	holds = holds_of(box);
	if (view->calm && view->holds == holds)
		return;
	*view = (struct view){ .holds = holds, .calm = !is_held(box) };
}

void order_after(struct slot *self, const struct ipcbox_recv *recv, int box)
{
	struct view *view = &views[box];

	if (box >= PORTS)
		return;
	view->calm = view->calm && view->holds == holds_of(box);
	if (view->calm)
		order_check(&view->order, recv, box, ledger_number(self));
}

void order_disturb(struct slot *self, int box)
{
	if (box >= PORTS)
		return;
	__atomic_store_n(&self->holds, box + 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&ledger->holds[box], 1, __ATOMIC_SEQ_CST);
}

void order_settle(struct slot *self)
{
	__atomic_store_n(&self->holds, 0, __ATOMIC_SEQ_CST);
}

/* It is going to be killed, and buried when it is dead. */
void order_doom(struct slot *victim)
{
	__atomic_store_n(&victim->doomed, true, __ATOMIC_SEQ_CST);
	for (int box = 0; box < PORTS; box++)
		__atomic_add_fetch(&ledger->holds[box], 1, __ATOMIC_SEQ_CST);
}

/* ---- of one sender ------------------------------------------------------- */

#define SENDERS	(1 << 16)

/* The last message of a thread in a lane. */
static struct last {
	__u64 lane;
	__u32 thread;
	__u32 number;		/* 0: nobody's place */
} lasts[SENDERS];

static struct last *last_of(__u64 lane, __u32 thread)
{
	__u32 hash = (lane * 0x9e3779b97f4a7c15ULL + thread * 0x85ebca6bULL) >> 16;

	for (int tries = 0; tries < 64; tries++) {
		struct last *last = &lasts[(hash + tries) % SENDERS];

		if (!last->number || (last->lane == lane && last->thread == thread))
			return last;
	}
	return NULL;		/* one is not checked */
}

static void check_sender(__u32 number)
{
	const struct record *record = &ledger->records[number];
	__u32 thread = record->life << 16 | record->slot;
	struct last *last = last_of(record->lane, thread);

	if (!last)
		return;
	if (last->number && ledger->records[last->number].seq >= record->seq) {
		finding(ORDER,
			"sender %d sent message %u and then %u into box %d, which got the numbers %u and %u there",
			record->slot, last->number, number, record->box,
			ledger->records[last->number].seq, record->seq);
	}
	*last = (struct last){ record->lane, thread, number };
}

/* When all is over: what a thread sent later has the higher number. */
void order_check_senders(void)
{
	memset(lasts, 0, sizeof(lasts));
	for (__u32 i = 1; i < ledger->next && i < RECORDS; i++)
		if (ledger->records[i].receipt && ledger->records[i].lane &&
		    ledger->records[i].box <= PASSING)
			check_sender(i);
}
