/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What code of the module a program reached, where the kernel can tell (kcov, with
 * the module built for it).
 */
#ifndef FUZZ_KCOV_H
#define FUZZ_KCOV_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

/* Places that a run reached first. */
struct places {
	size_t count;
	__u64 *at;
};

/* Return: whether there is kcov. */
bool kcov_open(void);

/* For the calling thread, which is this task of a program. */
void kcov_begin(unsigned int task);
void kcov_end(unsigned int task);

/* Before a program is run. */
void kcov_reset(void);

/* What the last run reached that none before did; to be freed with free(->at). */
struct places kcov_news(void);

bool kcov_reached(const struct places *places);
void kcov_learn(const struct places *places);
size_t kcov_known(void);

#endif /* FUZZ_KCOV_H */
