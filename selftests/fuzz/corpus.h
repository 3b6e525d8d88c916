/* SPDX-License-Identifier: GPL-2.0 */
/* The programs that are worth to be changed: each reached what none before it did. */
#ifndef FUZZ_CORPUS_H
#define FUZZ_CORPUS_H

#include "execute.h"

/*
 * Runs a program, and keeps it, without the calls that are not needed for it, if it
 * reached anything new. PROGRAM is then the shorter one.
 */
void corpus_try(struct program *program, struct outcome *outcome);

/* One of them, or NULL. */
const struct program *corpus_pick(void);

unsigned int corpus_size(void);

#endif /* FUZZ_CORPUS_H */
