// SPDX-License-Identifier: GPL-2.0
#include "storm_quiet.h"

#include "storm_asleep.h"
#include "storm_calls.h"
#include "storm_findings.h"
#include "storm_hands.h"
#include "storm_order.h"
#include "storm_payload.h"
#include "storm_processes.h"

#include <poll.h>
#include <sys/syscall.h>

static int fds[LASTING];	/* for sending and receiving; of a mailbox: receiving */

int quiet_fd(int box)
{
	return fds[box];
}

/* ---- the lasting boxes --------------------------------------------------- */

static int create_port(int control, int port)
{
	static const __u64 depths[PORTS] = { 1, 4, 16, 60 };
	int fd = port_create_attr(control, ledger->names[port], BOTH, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_BYTES | IPCBOX_ATTR_MSGSIZE,
		.max_messages = depths[port], .max_bytes = 3 * LEN_MAX,
		.max_msgsize = LEN_MAX });

	fds[port] = fd;
	ledger->port_ids[port] = fd < 0 ? 0 : id_of(fd);
	return fd < 0 ? fd : 0;
}

/* Before anyone starts: the ports; the mailboxes when their owners run. */
int quiet_begin(int control)
{
	for (int i = 0; i < PORTS; i++) {
		int ret = create_port(control, i);

		if (ret)
			return ret;
	}
	return 0;
}

int quiet_join_mailboxes(void)
{
	for (int i = 0; i < POSTMASTERS; i++) {
		int pidfd = syscall(SYS_pidfd_open, ledger->postmasters[i], 0);

		fds[PORTS + i] = syscall(SYS_pidfd_getfd, pidfd, ledger->mailboxes[i], 0);
		close(pidfd);
		if (fds[PORTS + i] < 0)
			return -errno;
	}
	return 0;
}

void quiet_end(void)
{
	for (int i = 0; i < LASTING; i++)
		close(fds[i]);
}

/* ---- while all pause ----------------------------------------------------- */

static bool is_same(const struct ipcbox_stat *a, const struct ipcbox_stat *b)
{
	return a->messages == b->messages && a->bytes == b->bytes &&
	       a->senders == b->senders && a->sent == b->sent &&
	       a->max_messages == b->max_messages && a->max_bytes == b->max_bytes;
}

static int events_of(int box, const struct ipcbox_stat *stat)
{
	bool room = !stat->messages || (stat->messages < stat->max_messages &&
					stat->bytes + stat->max_msgsize <= stat->max_bytes);

	return (stat->messages ? POLLIN : 0) |
	       (box < PORTS && room && !stat->senders ? POLLOUT : 0);
}

/* A call whose deadline passes just now may change what there is to tell. */
static void check_poll(int box)
{
	struct pollfd poll_fd = { .fd = fds[box], .events = POLLIN | POLLOUT };
	struct ipcbox_stat before, after;
	int told;

	if (box_stat(fds[box], &before) || poll(&poll_fd, 1, 0) < 0 ||
	    box_stat(fds[box], &after) || !is_same(&before, &after))
		return;
	/* While a limit of the user is low, poll may report no room. */
	told = ledger->squeezed ? POLLIN : POLLIN | POLLOUT;
	if ((poll_fd.revents ^ events_of(box, &after)) & (told | POLLERR | POLLHUP))
		finding(POLL_AGREES,
			"box %d: poll tells %#x, and there are %llu/%llu messages with %llu/%llu bytes (up to %llu each), and %u senders who wait",
			box, poll_fd.revents, (unsigned long long)after.messages,
			(unsigned long long)after.max_messages,
			(unsigned long long)after.bytes,
			(unsigned long long)after.max_bytes,
			(unsigned long long)after.max_msgsize, after.senders);
}

/* A mailbox has an order for each of the lanes to it. */
#define LANES	512

static struct {
	__u64 lane;
	struct order order;
} lanes[LANES];

static struct order *order_of(__u64 lane)
{
	int i = 0;

	while (i < LANES - 1 && lanes[i].lane && lanes[i].lane != lane)
		i++;
	lanes[i].lane = lane;
	return &lanes[i].order;
}

static void check_order(const struct slot *self, int box)
{
	struct ipcbox_recv recv = self->reply_recv.recv;
	const struct record *record;

	if (!recv.tag || recv.tag >= RECORDS)
		return;
	record = &ledger->records[recv.tag];
	recv.seq = record->seq;
	if (record->lane)
		order_check(order_of(record->lane), &recv, box, 0);
}

static void receive_badly(struct slot *self, int box)
{
	int ret = storm_recv_now_badly(self, fds[box], box);

	if (ret && ret != -EFAULT && ret != -EAGAIN)
		finding(ERRORS, "a receive to nowhere from box %d failed with %s",
			box, strerrorname_np(-ret));
}

/* So that there is an order to look at. It is no matter if they do not fit. */
static void fill(struct slot *self, int box)
{
	for (int i = random_below(self, 8); i > 0; i--) {
		int ret = storm_send_now(self, fds[box], box, ledger->port_ids[box]);

		if (ret && ret != -EAGAIN && ret != -EMSGSIZE && ret != -ENOBUFS)
			finding(ERRORS, "a send to box %d failed with %s", box,
				strerrorname_np(-ret));
	}
}

static __u64 longest_sender(int box)
{
	__u64 longest = 0;

	for (int i = 1; i < SLOTS; i++) {
		const struct slot *slot = &ledger->slots[i];

		if (slot->pid > 0 && slot->box == box && slot->doing == SENDING &&
		    slot->len > longest)
			longest = slot->len;
	}
	return longest;
}

/*
 * A receive lets senders in before it returns. (Room in a mailbox cannot be seen from
 * outside unless it is empty: each lane has its own.)
 */
static void check_settled(int box)
{
	struct ipcbox_stat stat;
	bool room;

	if (box_stat(fds[box], &stat))
		return;
	room = !stat.messages ||
	       (box < PORTS && stat.messages < stat.max_messages &&
		stat.bytes + longest_sender(box) <= stat.max_bytes);
	if (stat.senders && room)
		finding(NO_NEEDLESS_SLEEP,
			"box %d: after a receive %u senders wait: %llu/%llu messages, %llu/%llu bytes",
			box, stat.senders, (unsigned long long)stat.messages,
			(unsigned long long)stat.max_messages,
			(unsigned long long)stat.bytes,
			(unsigned long long)stat.max_bytes);
}

/*
 * Nobody else receives now, so all that is there has to come in order. In
 * between a message is taken and put back.
 */
void quiet_drain(struct slot *self, int box)
{
	int ret, count = 0;

	memset(lanes, 0, sizeof(lanes));
	if (box < PORTS)
		fill(self, box);
	do {
		if (!random_below(self, 3))
			receive_badly(self, box);
		ret = storm_recv_now(self, fds[box], box);
		if (!ret)
			check_order(self, box);
		check_settled(box);
		tally.drained += !ret;
	} while (!ret && count++ < RECORDS);
	if (ret != -EAGAIN)
		finding(ERRORS, "box %d is not empty in the end, but gives %s", box,
			ret ? strerrorname_np(-ret) : "messages without end");
}

static void pause_all(void)
{
	__atomic_store_n(&ledger->phase, PAUSE, __ATOMIC_SEQ_CST);
}

static void resume_all(void)
{
	__atomic_store_n(&ledger->phase, RUN, __ATOMIC_SEQ_CST);
}

static bool is_quiet(int control)
{
	processes_reap();
	return asleep_rightly(control, false);
}

static bool becomes_quiet(int control)
{
	return eventually(is_quiet(control)) || asleep_rightly(control, true);
}

/*
 * Returns false if it cannot go on: a thread sleeps that should not. No other task would
 * wake the threads that wake up by what is sent and received here.
 */
bool quiet_look(int control, struct slot *self)
{
	bool quiet;

	pause_all();
	quiet = becomes_quiet(control);
	tally.quiet++;
	for (int box = 0; box < LASTING && quiet; box++)
		check_poll(box);
	for (int box = 0; box < LASTING && quiet; box++)
		if (random_below(self, 2))
			quiet_drain(self, box);
	for (int i = 0; i < BUFFERS && quiet; i++)
		quiet_check_buffer(i);
	for (int i = 0; i < BUFFERS && quiet; i++)
		if (random_below(self, 2))
			quiet_drain_buffer(self, i);
	quiet = quiet && becomes_quiet(control);
	ledger->mood = random_below(self, MOODS);
	resume_all();
	return quiet;
}

/* ---- when all is over ---------------------------------------------------- */

static const char *seen(const struct record *record)
{
	static const char * const states[] = { "unused", "not known", "accepted", "refused" };

	return states[record->state];
}

static void check_record(__u32 number, __u64 *arrived, __u64 *withdrawn)
{
	const struct record *record = &ledger->records[number];

	if (record->box > PASSING)
		return;		/* of a buffer, where the kernel counts nothing */
	if (record->receipt)
		arrived[record->box]++;
	else if (record->is_call)
		withdrawn[record->box]++;
	withdrawn[record->box] += record->restarts;
	if (record->receipt && record->state == REFUSED)
		finding(NOTHING_REFUSED_ARRIVES,
			"message %u (box %d, sender %d, %u bytes) was %s, and thread %d received it",
			number, record->box, record->slot, record->len, seen(record),
			(int)(record->receipt >> 48) - 1);
	if (!record->receipt && record->state == ACCEPTED && record->box < LASTING)
		finding(NOTHING_LOST,
			"message %u (box %d, sender %d, %u bytes, priority %u) was %s, and nobody received it",
			number, record->box, record->slot, record->len,
			priority_of(record->class), seen(record));
}

/*
 * Calls that were withdrawn from the box count as sent. All that were not received may
 * have been, and all that were made again after a signal.
 */
static void check_counts(int box, __u64 arrived, __u64 withdrawn)
{
	struct ipcbox_stat stat;

	if (box_stat(fds[box], &stat)) {
		finding(COUNTS, "box %d cannot be looked at", box);
		return;
	}
	if (stat.sent >= arrived && stat.sent <= arrived + withdrawn &&
	    stat.received == arrived && !stat.messages && !stat.bytes &&
	    !stat.receivers && !stat.senders && !stat.calls)
		return;
	finding(COUNTS,
		"box %d: %llu messages were received; the kernel has %llu sent, %llu received, %llu (%llu bytes) there, %u receivers, %u senders, %u calls",
		box, (unsigned long long)arrived, (unsigned long long)stat.sent,
		(unsigned long long)stat.received, (unsigned long long)stat.messages,
		(unsigned long long)stat.bytes, stat.receivers, stat.senders,
		stat.calls);
}

/* All processes are gone, and what they left has been received. */
void quiet_settle_accounts(void)
{
	__u64 arrived[LASTING + 1] = { 0 }, withdrawn[LASTING + 1] = { 0 };
	__u32 last = ledger->next < RECORDS ? ledger->next : RECORDS;

	for (__u32 i = 1; i < last; i++)
		check_record(i, arrived, withdrawn);
	for (int box = 0; box < LASTING; box++)
		check_counts(box, arrived[box], withdrawn[box]);
	order_check_senders();
	tally.buffered += hands_settle(&tally.twice);
	tally.messages += last - 1;
}
