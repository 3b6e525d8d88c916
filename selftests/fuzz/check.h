/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Was what a command did what the uapi says? Each error is one that it tells; the
 * kernel wrote what it may and nothing else; what it told can be; an fd is as it
 * should be; and a command that failed made none.
 */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include "task.h"

struct before {
	int lowest_fd;
};

void check_begin(struct task *task, struct before *before);
void check_end(struct task *task, unsigned int step, const __u64 *values, long ret,
	       const struct before *before);

#endif /* FUZZ_CHECK_H */
