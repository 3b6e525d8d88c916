/* SPDX-License-Identifier: GPL-2.0 */
/* Programs and parts of them, by chance, with a liking for the edges. */
#ifndef FUZZ_GENERATE_H
#define FUZZ_GENERATE_H

#include "program.h"

/* A value for one field of a step; the fields before it have theirs. */
void generate_value(struct program *program, unsigned int step, unsigned int field);

/*
 * A call at this place, with those before it that make what it needs; false where
 * there is no room.
 */
bool generate_step(struct program *program, unsigned int at);

/* The steps from somewhere on go to other tasks. */
void generate_tasks(struct program *program);

void generate_program(struct program *program);

/* Changes a program a little; FROM is another, of which it may take all. */
void mutate_program(struct program *program, const struct program *from);

#endif /* FUZZ_GENERATE_H */
