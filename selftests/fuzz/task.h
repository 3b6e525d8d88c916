/* SPDX-License-Identifier: GPL-2.0 */
/* A task of a program: the side that makes the calls. */
#ifndef FUZZ_TASK_H
#define FUZZ_TASK_H

#include "program.h"

#include <sys/types.h>

/* What the tasks of a program and the fuzzer know of each other. */
struct shared {
	pid_t fuzzer;
	pid_t process[TASKS];		/* of each task, 0 before it began */
	pid_t thread[TASKS];
	long results[MAX_STEPS];	/* or -errno; -1 before it is known */
	unsigned int running[TASKS];	/* the step, counted from 1; 0: none */
	unsigned int steps;		/* that were begun */
	unsigned int ready;		/* tasks that wait for the others */
	bool found;
	char find[512];			/* what was wrong */
};

struct task {
	unsigned int index;
	const struct program *program;
	struct shared *shared;
	bool alone;			/* the only task of the program */
	bool ended;
};

/* Runs the whole program in the calling process and exits. */
void task_main(const struct program *program, struct shared *shared)
	__attribute__((noreturn));

/* Tells, once for each run, what is wrong with a step. */
void task_found(struct task *task, unsigned int step, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif /* FUZZ_TASK_H */
