// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Concurrency Kit's rings in shared memory: they move messages in user space and do not
 * wait. A process that finds one full or empty yields the processor and looks again.
 * Messages have 64 bytes, which the ring holds by value.
 */
#include "system.h"

#include <errno.h>

/* As many as the buffer of ipcbox holds by default, 1 MiB. */
#define SLOTS 16384

#if __has_include(<ck_ring.h>)

#include <ck_ring.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

struct entry {
	char bytes[64];
};

CK_RING_PROTOTYPE(entry, entry)

struct shared_ring {
	ck_ring_t ring;
	struct entry entries[SLOTS];
};

static int open_ring(struct channel *channel)
{
	struct shared_ring *shared;

	/* The rings have entries of one size. */
	if (channel->bytes != sizeof(struct entry))
		return -EINVAL;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (shared == MAP_FAILED)
		return -errno;
	ck_ring_init(&shared->ring, SLOTS);
	channel->room = shared;
	return 0;
}

static void close_ring(struct channel *channel)
{
	munmap(channel->room, sizeof(struct shared_ring));
}

static int send_one(struct channel *channel, const void *data)
{
	struct shared_ring *shared = channel->room;

	while (!CK_RING_ENQUEUE_SPSC(entry, &shared->ring, shared->entries, (struct entry *)data))
		sched_yield();
	return 0;
}

static int recv_one(struct channel *channel, void *data)
{
	struct shared_ring *shared = channel->room;

	while (!CK_RING_DEQUEUE_SPSC(entry, &shared->ring, shared->entries, (struct entry *)data))
		sched_yield();
	return 0;
}

static int send_many(struct channel *channel, const void *data)
{
	struct shared_ring *shared = channel->room;

	while (!CK_RING_ENQUEUE_MPMC(entry, &shared->ring, shared->entries, (struct entry *)data))
		sched_yield();
	return 0;
}

static int recv_many(struct channel *channel, void *data)
{
	struct shared_ring *shared = channel->room;

	while (!CK_RING_DEQUEUE_MPMC(entry, &shared->ring, shared->entries, (struct entry *)data))
		sched_yield();
	return 0;
}

#define BATCH(name, one, data_type)                                            \
	static int name(struct channel *channel, data_type *data, int count)   \
	{                                                                      \
		int i;                                                         \
                                                                               \
		for (i = 0; i < count; i++)                                    \
			one(channel, (data_type *)((uintptr_t)data + 64 * i)); \
		return count;                                                  \
	}

BATCH(send_batch_one, send_one, const void)
BATCH(recv_batch_one, recv_one, void)
BATCH(send_batch_many, send_many, const void)
BATCH(recv_batch_many, recv_many, void)

#else

static int open_ring(struct channel *channel)
{
	(void)channel;
	return -ENOSYS;
}

#define close_ring NULL
#define send_one NULL
#define recv_one NULL
#define send_many NULL
#define recv_many NULL
#define send_batch_one NULL
#define recv_batch_one NULL
#define send_batch_many NULL
#define recv_batch_many NULL

#endif

const struct system ck_spsc_system = {
	.name = "ck-spsc",
	.summary = "Concurrency Kit: ring from one to one, without waiting",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | SPINS,
	.max_bytes = 64,
	.holds = SLOTS * 64,
	.open = open_ring,
	.send = send_one,
	.recv = recv_one,
	.send_batch = send_batch_one,
	.recv_batch = recv_batch_one,
	.close = close_ring,
};

const struct system ck_mpmc_system = {
	.name = "ck-mpmc",
	.summary = "Concurrency Kit: ring of many to many, without waiting",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | MANY_RECEIVERS | SPINS,
	.max_bytes = 64,
	.holds = SLOTS * 64,
	.open = open_ring,
	.send = send_many,
	.recv = recv_many,
	.send_batch = send_batch_many,
	.recv_batch = recv_batch_many,
	.close = close_ring,
};
