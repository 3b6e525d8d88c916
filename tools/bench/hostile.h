/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: hostile
 *
 * The cost of one process's work beside another that does its worst, with the rights that
 * it has; and the cost without the other. The benchmark measures the *victim*; the other
 * is the *load*.
 *
 * Both share one processor under the instruction clock. Victims run before everybody else
 * there, if they may, so that the figure is their own work and not the load's time
 * slices.
 */
#ifndef BENCH_HOSTILE_H
#define BENCH_HOSTILE_H

#include "workers.h"
#include "words.h"

/* The words of victim and load: the one says begin, the other that it has begun. */
struct hostile_words {
	struct words begin;
	struct words begun;
};

extern struct hostile_words hostile_words;

/* hostile_watches.c */
void hostile_receive(const struct system *system, size_t bytes, size_t watches);
void hostile_exit_watched(const struct system *system, size_t bytes, size_t watches);

/* hostile_sleepers.c */
void hostile_wait(const struct system *system, size_t bytes, size_t sleepers);
void hostile_exit_asleep(const struct system *system, size_t bytes, size_t sleepers);

/* hostile_close.c */
void hostile_close(const struct system *system, size_t bytes, size_t calls);

/*
 * Run before others, in this order. The load comes first: it sleeps until the victim says
 * begin. Its threads run when nobody else has anything to do.
 */
enum hostile_order { HOSTILE_VICTIM = 1, HOSTILE_CLOCK, HOSTILE_LOAD };

void hostile_go_first(enum hostile_order order);

/* Ask the load to begin with @word, and wait until it has. */
int hostile_begin(uint64_t word);

/*
 * Fork a process that runs @be and never ends, have the load begin with its pid, kill it,
 * and take the time until it is gone. Return: 0 or a negative errno.
 */
int hostile_kill(int (*be)(const struct role *role), const struct role *role, double *took);

/* A channel for workers that open what they need themselves. */
struct channel hostile_channel(size_t bytes);

#endif /* BENCH_HOSTILE_H */
