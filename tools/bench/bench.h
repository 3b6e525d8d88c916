/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: The benchmark
 *
 * A *system* (system.h) is a way to get a message from one process to another. A
 * *case* is one question to each system: how long a round trip takes, and so on.
 * A case forks *workers* (workers.h) for each measurement. They meet before the timed
 * part, and are killed when they take too long. Results (results.h) are kept until all is
 * measured: writing to a terminal meanwhile would be measured too.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MAX_ROUNDS 101

/* The room of all systems: as many messages, or as many bytes, as a new port. */
#define QUEUE_MESSAGES 256
#define QUEUE_BYTES (1 << 20)

struct system;

struct bench_case {
	const char *name;
	const char *summary;
	bool one_size; /* the length of a message does not matter: 64 bytes */
	void (*run)(const struct system *system, size_t bytes);
};

extern const struct bench_case depth_case;
extern const struct bench_case fanin_case;
extern const struct bench_case hostile_case;
extern const struct bench_case memory_case;
extern const struct bench_case ports_case;
extern const struct bench_case repair_case;
extern const struct bench_case rtt_case;
extern const struct bench_case stream_case;
extern const struct bench_case waiters_case;
extern const struct bench_case work_case;

/* The options of the command line. */
struct settings {
	const char *clock; /* the name of a nanosecond */
	unsigned int rounds;
	unsigned int limit; /* seconds for one measurement */
	double scale;	    /* of the number of operations in a round */
};

extern struct settings settings;

/* The number of operations for a round, at least 1. */
size_t scaled(size_t count);

/* CLOCK_MONOTONIC in nanoseconds */
uint64_t now_ns(void);

#endif /* BENCH_H */
