// SPDX-License-Identifier: GPL-2.0
/*
 * Compares what each thread says it is doing with the kernel's counts of the boxes. A
 * thread that is in a call, and that the kernel does not count as a waiter, has its answer
 * and was not woken.
 */
#include "storm_asleep.h"

#include "buffers.h"
#include "storm_findings.h"
#include "storm_processes.h"
#include "storm_quiet.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>

#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

/* Threads in calls on one and the same object */
struct crowd {
	__u64 id;
	int box;
	struct ipcbox_stat stat;
	bool seen;			/* stat was read */
	int senders, receivers;
	int choosy;			/* of the receivers: for one process only */
	__u32 class;			/* the highest of the senders */
	__u32 shortest, longest;	/* of those */
};

static struct crowd crowds[SLOTS];
static int crowd_count;
static bool telling;
static bool all_right;

static void wrong(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static void wrong(const char *format, ...)
{
	char text[400];
	va_list args;

	all_right = false;
	if (!telling)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	finding(NO_NEEDLESS_SLEEP, "%s", text);
}

static void wrong_thread(const struct slot *slot, const char *why)
{
	char text[300];

	all_right = false;
	if (!telling)
		return;
	processes_describe(slot, text, sizeof(text));
	finding(NO_NEEDLESS_SLEEP, "%s: %s", why, text);
}

/* An fd of another process; -1 if it is not open any more. */
static int borrow(const struct slot *slot)
{
	int pidfd = syscall(SYS_pidfd_open, slot->pid, 0);
	int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, slot->fd, 0);

	if (pidfd >= 0)
		close(pidfd);
	return fd;
}

static struct crowd *crowd_of(const struct slot *slot)
{
	int i = 0;

	while (i < crowd_count && crowds[i].id != slot->id)
		i++;
	if (i == crowd_count)
		crowds[crowd_count++] = (struct crowd){ .id = slot->id, .box = slot->box };
	return &crowds[i];
}

static void join_senders(struct crowd *crowd, const struct slot *slot)
{
	if (!crowd->senders || slot->class > crowd->class) {
		crowd->class = slot->class;
		crowd->shortest = crowd->longest = slot->len;
	} else if (slot->class == crowd->class) {
		if (slot->len < crowd->shortest)
			crowd->shortest = slot->len;
		if (slot->len > crowd->longest)
			crowd->longest = slot->len;
	}
	crowd->senders++;
}

static bool is_sending(const struct slot *slot)
{
	return slot->doing == SENDING || slot->doing == BUFFER_SENDING;
}

static bool is_receiving(const struct slot *slot)
{
	return slot->doing == RECEIVING || slot->doing == BUFFER_RECEIVING;
}

static void join(const struct slot *slot, int fd)
{
	struct crowd *crowd = crowd_of(slot);

	/* Messages that are done with count until a task looks for room. */
	if (slot->doing == BUFFER_SENDING && fd >= 0) {
		buffer_wait(fd, IPCBOX_SENDER | IPCBOX_NONBLOCK, 1, 0);
		crowd->seen = false;
	}

	if (is_sending(slot)) {
		join_senders(crowd, slot);
	} else {
		crowd->receivers++;
		crowd->choosy += slot->process != 0;
	}
	if (!crowd->seen && fd >= 0)
		crowd->seen = !box_stat(fd, &crowd->stat);
}

/* A thread that polls has to come back if there is anything to tell. */
static void look_at_poller(const struct slot *slot, int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = slot->events };

	if (fd >= 0 && poll(&poll_fd, 1, 0) == 1)
		wrong_thread(slot, "polls though there is an event");
}

static void look_at_thread(const struct slot *slot)
{
	int doing = __atomic_load_n(&slot->doing, __ATOMIC_SEQ_CST);
	int fd;

	switch (doing) {
	case NOTHING:
	case PAUSED:
		return;
	case WORKING:
		/* A thread may wait for memory, for long on a slow kernel. */
		if (!slot->lowmem)
			wrong_thread(slot, "does not pause");
		return;
	case CALLING:
		/* Nobody answers now, so its deadline has to come. */
		wrong_thread(slot, "is still in a call that had a deadline");
		return;
	}
	fd = borrow(slot);
	if (doing == POLLING)
		look_at_poller(slot, fd);
	else if (slot->id)
		join(slot, fd);
	else if (slot->box == PASSING)
		wrong_thread(slot, "is still in a call that had a deadline");
	if (fd >= 0)
		close(fd);
}

/* Would each of those that are first among the senders find room? */
static bool has_room(const struct crowd *crowd)
{
	const struct ipcbox_stat *stat = &crowd->stat;
	__u64 cells = (crowd->longest + IPCBOX_CELL_SIZE - 1) / IPCBOX_CELL_SIZE;

	if (stat->kind == IPCBOX_KIND_BUFFER)
		return stat->bytes + cells * IPCBOX_CELL_SIZE <= stat->max_bytes;
	if (!stat->messages)
		return true;
	return crowd->senders == (int)stat->senders &&
	       stat->messages < stat->max_messages &&
	       stat->bytes + crowd->longest <= stat->max_bytes;
}

static void look_at_crowd(const struct crowd *crowd)
{
	const struct ipcbox_stat *stat = &crowd->stat;
	unsigned long long id = crowd->id;

	if (!crowd->seen)
		return;		/* all fds are closed: the account counts them */
	if (stat->state & IPCBOX_STATE_SHUTDOWN)
		wrong("box %d (id %llu) has ended, with %d senders and %d receivers in calls",
		      crowd->box, id, crowd->senders, crowd->receivers);
	if (crowd->receivers > (int)stat->receivers)
		wrong("box %d (id %llu): %d threads receive, only %u wait: some were not woken",
		      crowd->box, id, crowd->receivers, stat->receivers);
	if (crowd->senders > (int)stat->senders)
		wrong("box %d (id %llu): %d threads send, only %u wait: some were not woken",
		      crowd->box, id, crowd->senders, stat->senders);
	if (crowd->receivers > crowd->choosy && stat->messages)
		wrong("box %d (id %llu): %d receivers wait, and there are %llu messages",
		      crowd->box, id, crowd->receivers - crowd->choosy,
		      (unsigned long long)stat->messages);
	if (crowd->senders && has_room(crowd))
		wrong("box %d (id %llu): %d senders of %u bytes: %llu/%llu messages, %llu/%llu",
		      crowd->box, id, crowd->senders, crowd->longest,
		      (unsigned long long)stat->messages,
		      (unsigned long long)stat->max_messages,
		      (unsigned long long)stat->bytes,
		      (unsigned long long)stat->max_bytes);
}

/* In both directions: the kernel counts no waiter too many. */
static void look_at_box(int box, int fd)
{
	int senders = 0, receivers = 0;
	struct ipcbox_stat stat;

	for (int i = 1; i < SLOTS; i++) {
		const struct slot *slot = &ledger->slots[i];

		if (slot->pid <= 0 || slot->box != box)
			continue;
		senders += is_sending(slot);
		receivers += is_receiving(slot);
	}
	if (box_stat(fd, &stat)) {
		wrong("box %d cannot be looked at", box);
		return;
	}
	if (senders != (int)stat.senders || receivers != (int)stat.receivers)
		wrong("box %d: %d threads send and %d receive, the kernel has %u and %u waiting",
		      box, senders, receivers, stat.senders, stat.receivers);
	if (senders && !stat.messages && !stat.bytes)
		wrong("box %d: %d senders wait, and it is empty", box, senders);
}

/* The account of their user. */
static void look_at_account(int control)
{
	struct ipcbox_query query;
	int calls = 0;

	for (int i = 1; i < SLOTS; i++) {
		const struct slot *slot = &ledger->slots[i];

		calls += slot->pid > 0 && (is_sending(slot) || is_receiving(slot));
	}
	if (box_query(control, &query) || (int)query.waiters.used != calls)
		wrong("%d threads are in calls, and their user has %llu waiters", calls,
		      (unsigned long long)query.waiters.used);
}

/* One of them is the one that was forgotten. */
static void report_calls_in_progress(void)
{
	for (int i = 1; i < SLOTS; i++) {
		const struct slot *slot = &ledger->slots[i];

		if (slot->pid > 0 && (is_sending(slot) || is_receiving(slot)))
			wrong_thread(slot, "in a call");
	}
}

bool asleep_rightly(int control, bool tell)
{
	telling = tell;
	all_right = true;
	crowd_count = 0;
	for (int i = 1; i < SLOTS; i++) {
		if (__atomic_load_n(&ledger->slots[i].pid, __ATOMIC_SEQ_CST) > 0)
			look_at_thread(&ledger->slots[i]);
	}
	for (int i = 0; i < crowd_count; i++)
		look_at_crowd(&crowds[i]);
	for (int box = 0; box < LASTING; box++)
		look_at_box(box, quiet_fd(box));
	for (int i = 0; i < BUFFERS; i++)
		look_at_box(FIRST_BUFFER + i, quiet_buffer_fd(i));
	look_at_account(control);
	if (!all_right && tell)
		report_calls_in_progress();
	return all_right;
}
