// SPDX-License-Identifier: GPL-2.0
/* The checker's looks at the buffers that last. */
#include "storm_quiet.h"

#include "buffers.h"
#include "storm_buffers.h"
#include "storm_findings.h"
#include "storm_processes.h"

#include <sys/wait.h>
#include <poll.h>

static struct mapping mappings[BUFFERS];

static const struct {
	__u64 bytes, msgsize;
} sizes[BUFFERS] = { { IPCBOX_BUFFER_MIN, 512 }, { BUFFER_LARGEST, 9000 } };

int quiet_buffer_fd(int buffer)
{
	return ipcbox_buffer_fd(mappings[buffer].buffer);
}

static int open_one(int control, int i)
{
	int fd = buffer_create_sized(control, ledger->names[BUFFER_NAMES + i], BOTH,
				     sizes[i].bytes, sizes[i].msgsize);
	int err = mapping_fill(&mappings[i], fd, BOTH, FIRST_BUFFER + i);

	ledger->buffer_ids[i] = mappings[i].id;
	return err;
}

int quiet_begin_buffers(int control)
{
	int err = 0;

	for (int i = 0; i < BUFFERS && !err; i++)
		err = open_one(control, i);
	return err;
}

/* ---- while all pause ----------------------------------------------------- */

/* Messages that are done with count until a task looks for room. */
static int reclaim_and_stat(int fd, struct ipcbox_stat *stat)
{
	buffer_wait(fd, IPCBOX_SENDER | IPCBOX_NONBLOCK, 1, 0);
	return box_stat(fd, stat);
}

static int events_of(const struct ipcbox_stat *stat)
{
	__u64 longest = (stat->max_msgsize + IPCBOX_CELL_SIZE - 1) / IPCBOX_CELL_SIZE;

	return (stat->messages ? POLLIN : 0) |
	       (stat->bytes + longest * IPCBOX_CELL_SIZE <= stat->max_bytes ? POLLOUT : 0);
}

void quiet_check_buffer(int buffer)
{
	struct pollfd poll_fd = { .fd = quiet_buffer_fd(buffer), .events = POLLIN | POLLOUT };
	struct ipcbox_stat before, after;

	if (reclaim_and_stat(poll_fd.fd, &before) || poll(&poll_fd, 1, 0) < 0 ||
	    box_stat(poll_fd.fd, &after) || before.messages != after.messages ||
	    before.bytes != after.bytes)
		return;
	if (poll_fd.revents != events_of(&after))
		finding(POLL_AGREES,
			"buffer %d: poll tells %#x, and there are %llu messages, and %llu/%llu bytes in use",
			buffer, poll_fd.revents, (unsigned long long)after.messages,
			(unsigned long long)after.bytes,
			(unsigned long long)after.max_bytes);
}

void quiet_drain_buffer(struct slot *self, int buffer)
{
	struct mapping *mapping = &mappings[buffer];
	int err, count = 0;

	do {
		if (!random_below(self, 3))
			mapping_take_and_put_back(self, mapping);
		err = mapping_take_one(self, mapping);
		tally.drained += !err;
	} while (!err && count++ < RECORDS);
	if (err != -EAGAIN)
		finding(ERRORS, "buffer %d is not empty in the end, but gives %s", buffer,
			err ? strerrorname_np(-err) : "messages without end");
}

/* ---- when all is over ---------------------------------------------------- */

/* All of it can be had: of the shortest messages one for each cell. */
static void check_size(int buffer)
{
	struct ipcbox_buffer *b = mappings[buffer].buffer;
	__u32 cells = sizes[buffer].bytes / IPCBOX_CELL_SIZE;
	__u32 sent = 0, received = 0, number;

	while (sent <= cells && !ipcbox_buffer_send(b, &sent, sizeof(sent), IPCBOX_NOWAIT))
		sent++;
	while (ipcbox_buffer_recv(b, &number, sizeof(number), IPCBOX_NOWAIT) ==
		       sizeof(number) && number == received)
		received++;
	if (sent != cells || received != cells)
		finding(COUNTS, "buffer %d has %u cells; %u messages were sent, %u received",
			buffer, cells, sent, received);
}

static void check_counts(int buffer)
{
	struct ipcbox_stat stat;

	if (reclaim_and_stat(quiet_buffer_fd(buffer), &stat)) {
		finding(COUNTS, "buffer %d cannot be looked at", buffer);
		return;
	}
	if (stat.messages || stat.bytes || stat.receivers || stat.senders)
		finding(COUNTS,
			"buffer %d is empty and alone; the kernel has %llu messages, %llu bytes, %u receivers, %u senders",
			buffer, (unsigned long long)stat.messages,
			(unsigned long long)stat.bytes, stat.receivers, stat.senders);
}

/* All other processes gave their numbers back: the next one gets that behind ours. */
static void check_numbers(int buffer)
{
	const struct ipcbox_buffer_self *self = mappings[buffer].buffer->self;
	__u32 ours = owner_number(self);
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(owner_number(self) != ours + 1);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		finding(COUNTS, "only we have buffer %d mapped, as %u; a child is not the next",
			buffer, ours);
}

/* All processes are gone, and what they left has been received. */
void quiet_end_buffers(void)
{
	for (int i = 0; i < BUFFERS; i++) {
		check_counts(i);
		check_size(i);
		check_size(i);
		check_counts(i);
		check_numbers(i);
		ipcbox_buffer_unmap(mappings[i].buffer);
		mappings[i].buffer = NULL;
	}
}
