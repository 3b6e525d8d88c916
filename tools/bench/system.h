/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: systems
 *
 * A system is one way to send messages. It makes *channels*: a channel leads from
 * its senders to its receivers. A channel is opened before the processes that use
 * it are forked. Each of them then attaches to it, all receivers before the first
 * sender, since some systems must know their receiver.
 *
 * All return 0 or a count, or a negative errno.
 */
#ifndef BENCH_SYSTEM_H
#define BENCH_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Memory that all processes of a channel share. */
struct channel_shared {
	int word;  /* futex: what is waited on */
	pid_t pid; /* link: whose mailbox it is */
};

struct channel {
	const struct system *system;
	size_t bytes;	 /* of each message */
	size_t messages; /* how many it shall hold */
	int in;		 /* fd or id for receiving */
	int out;	 /* for sending */
	void *room;	 /* what a system needs besides */
	unsigned int received;
	struct channel_shared *shared;
};

/* The promises of a system. A case that needs a missing one is left out. */
enum {
	KEEPS_BOUNDS = 1 << 0,	  /* a receive gets what one send sent */
	CARRIES_PAYLOAD = 1 << 1, /* not only the news that something happened */
	MANY_SENDERS = 1 << 2,
	MANY_RECEIVERS = 1 << 3, /* each message goes to one of them */
	HAS_PRIORITIES = 1 << 4,
	ROUND_TRIPS_ONLY = 1 << 5, /* a variant that differs in nothing else */
	SPINS = 1 << 6,		   /* a waiter does not sleep */
};

struct system {
	const char *name;
	const char *summary;
	unsigned int promises;
	size_t max_bytes;	 /* the longest message, 0: no limit */
	size_t max_shared_bytes; /* with several senders or receivers, likewise */
	size_t holds;		 /* bytes, whatever a channel asks for; 0: as it asks */

	int (*open)(struct channel *channel);
	int (*attach_receiver)(struct channel *channel); /* may be NULL */
	int (*attach_sender)(struct channel *channel);	 /* may be NULL */
	int (*send)(struct channel *channel, const void *data);
	int (*recv)(struct channel *channel, void *data);
	void (*close)(struct channel *channel);

	/* of a priority, where there are any */
	int (*send_priority)(struct channel *channel, const void *data, unsigned int priority);

	/* Several in one call; how many went is returned, at least 1. May be NULL. */
	size_t batch_bytes; /* of each: no other; 0: any */
	int (*send_batch)(struct channel *channel, const void *data, int count);
	int (*recv_batch)(struct channel *channel, void *data, int count);

	/* Begin to send a message, and never do: NULL where sending cannot be halved. */
	int (*begin)(struct channel *channel);

	/*
	 * One call for a request and its reply, and one for a reply and the next
	 * request, both of which are in @data. The first time there is nothing to
	 * reply to; the last time it is a reply alone. NULL: a send and a receive on
	 * a channel for each direction.
	 */
	int (*call)(struct channel *channel, void *data);
	int (*reply_recv)(struct channel *channel, void *data, bool first);
	int (*reply_last)(struct channel *channel, void *data);
};

extern const struct system *const systems[];
extern const size_t systems_count;

/* channel.c */
int channel_open(struct channel *channel, const struct system *system, size_t bytes,
		 size_t messages);
void channel_close(struct channel *channel);
size_t default_messages(size_t bytes);
void *new_data(size_t bytes);

/* The names of things that this run makes, unique while the program runs. */
const char *new_name(char *name, size_t size, const char *prefix);

#endif /* BENCH_SYSTEM_H */
