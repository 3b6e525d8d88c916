/* SPDX-License-Identifier: GPL-2.0 */
/* Runs programs, each in a process of its own, and looks at what comes of it. */
#ifndef FUZZ_EXECUTE_H
#define FUZZ_EXECUTE_H

#include "program.h"

enum verdict {
	FINE,
	WRONG,		/* what the program saw, or left behind */
	BROKEN,		/* the kernel is not to be trusted from now on */
};

struct outcome {
	enum verdict verdict;
	char text[1024];	/* what is wrong */
};

/* Once, before the first program; what it needs to share before that. */
void execute_share(void);
void execute_init(void);

/* The program that was run last, also by a process that was forked since. */
const struct program *execute_last(void);

/* How often that was done. */
unsigned long execute_count(void);

void execute(const struct program *program, struct outcome *outcome);

#endif /* FUZZ_EXECUTE_H */
