/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program: a few calls, whose arguments may be what earlier calls returned.
 *
 * As text it has one call a line, and comments after '#':
 *
 *	r0 = open mode=0
 *	r1 = port_create fd=r0 arg=b1 flags=0x6 name=b0 name_len=6
 *	1| recv fd=r1 arg=b2 data=b3 capacity=16 deadline=+20ms
 *	send fd=r1 arg=b1+0x100 data=b3-0x8 len=8
 *
 * Three tasks may run calls: 0, of which nothing is said, 1| a second thread, and
 * 2| a child process. Both begin at the first line that is not one of task 0,
 * and then all three run at once. rN is what an earlier call returned; b2 the
 * start of an area of memory (see arena.h), b2-0x8 eight bytes before its end;
 * +20ms a time from now; self, main, child and fuzzer are processes. What is not
 * given is zero, or for size and arg what is usual. "-> EPIPE", "-> 0" or "-> fd"
 * after a call is what it has to return, when the program is run as it was written.
 */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include "describe.h"

#include <limits.h>
#include <stdio.h>

#define MAX_STEPS	24
#define TASKS		3

#define EXPECT_FD	INT_MAX

enum form { LITERAL, RESULT, SOON, PROCESS };

enum process { SELF, MAIN, CHILD, FUZZER, PROCESSES };

struct value {
	enum form form;
	__u64 number;
};

struct step {
	const struct op *op;
	unsigned int task;
	bool expects;			/* to return this: */
	int expected;			/* EXPECT_FD: any fd */
	struct value values[MAX_VALUES];
};

struct program {
	unsigned int count;
	struct step steps[MAX_STEPS];
};

/* What the call makes, with regard to what it was given. */
enum resource step_makes(const struct program *program, unsigned int step);

struct step *program_insert(struct program *program, unsigned int at,
			    const struct op *op);
void program_remove(struct program *program, unsigned int at);

/* Appends what FROM does to it, as far as there is room. */
void program_append(struct program *program, const struct program *from);

bool program_expects(const struct program *program);

/* A program that is changed returns something else. */
void program_expect_nothing(struct program *program);

bool program_has_task(const struct program *program, unsigned int task);
bool program_has_op(const struct program *program, const char *name);

/* The first step that is not one of task 0, or their number. */
unsigned int program_split(const struct program *program);

/* What a field has where nothing is said of it. */
__u64 default_value(const struct op *op, unsigned int field);

void program_print(const struct program *program, FILE *out, const char *before);

/* Return: 0, or the number of the line that has no meaning. */
unsigned int program_parse(struct program *program, FILE *in);

#endif /* FUZZ_PROGRAM_H */
