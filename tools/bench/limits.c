// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "limits.h"

#include "bench.h"

#include <stdio.h>
#include <sys/resource.h>

#define SYSCTL "/proc/sys/"

static struct limit {
	const char *path;
	unsigned long wanted;
	unsigned long before; /* 0: was left as it is */
} limits[] = {
	{ SYSCTL "net/ipcbox/user_boxes", 1 << 20, 0 },
	{ SYSCTL "net/ipcbox/max_boxes", 1 << 20, 0 },
	{ SYSCTL "net/ipcbox/user_links", 1 << 20, 0 },
	{ SYSCTL "net/ipcbox/max_links", 1 << 20, 0 },
	{ SYSCTL "net/ipcbox/user_bytes", 1 << 30, 0 },
	{ SYSCTL "net/ipcbox/max_bytes", 1 << 30, 0 },
	{ SYSCTL "net/ipcbox/user_waiters", 64 << 10, 0 },
	{ SYSCTL "net/ipcbox/max_waiters", 64 << 10, 0 },
	{ SYSCTL "net/ipcbox/box_messages", 1 << 20, 0 },
	{ SYSCTL "net/ipcbox/box_bytes", 64 << 20, 0 },
	{ SYSCTL "net/unix/max_dgram_qlen", QUEUE_MESSAGES, 0 },
	{ SYSCTL "fs/mqueue/msg_max", 65536, 0 },
	{ SYSCTL "fs/mqueue/msgsize_max", 16 << 20, 0 },
	{ SYSCTL "fs/mqueue/queues_max", 1 << 20, 0 },
	{ SYSCTL "fs/pipe-max-size", 64 << 20, 0 },
	{ SYSCTL "fs/pipe-user-pages-soft", 0, 0 },
	{ SYSCTL "fs/nr_open", 1 << 20, 0 },
	{ SYSCTL "kernel/msgmax", 16 << 20, 0 },
	{ SYSCTL "kernel/msgmnb", 1 << 30, 0 },
	{ SYSCTL "kernel/msgmni", 32000, 0 },
};

static unsigned long read_limit(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned long value = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%lu", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static bool write_limit(const char *path, unsigned long value)
{
	FILE *file = fopen(path, "w");
	bool done;

	if (!file)
		return false;
	done = fprintf(file, "%lu\n", value) > 0;
	return !fclose(file) && done;
}

/* A limit of 0 is none. */
static bool is_lower(unsigned long value, unsigned long wanted)
{
	return value && (!wanted || value < wanted);
}

static void raise_own(int resource, rlim_t wanted)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted;
	if (limit.rlim_max >= wanted) {
		setrlimit(resource, &limit);
		return;
	}
	limit.rlim_max = wanted;
	if (!setrlimit(resource, &limit))
		return;
	getrlimit(resource, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(resource, &limit);
}

void limits_raise(void)
{
	struct limit *limit;
	unsigned long value;

	for (limit = limits; limit < limits + ARRAY_COUNT(limits); limit++) {
		value = read_limit(limit->path);
		if (is_lower(value, limit->wanted) && write_limit(limit->path, limit->wanted))
			limit->before = value;
	}
	raise_own(RLIMIT_NOFILE, 256 << 10);
	raise_own(RLIMIT_MSGQUEUE, RLIM_INFINITY);
	raise_own(RLIMIT_NPROC, RLIM_INFINITY);
}

void limits_restore(void)
{
	struct limit *limit;

	for (limit = limits; limit < limits + ARRAY_COUNT(limits); limit++) {
		if (limit->before)
			write_limit(limit->path, limit->before);
		limit->before = 0;
	}
}
