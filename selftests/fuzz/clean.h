/* SPDX-License-Identifier: GPL-2.0 */
/* Takes away what programs leave, and sees to it that nothing is left after that. */
#ifndef FUZZ_CLEAN_H
#define FUZZ_CLEAN_H

#include "program.h"

/* Moves the caller into a network namespace of its own. Return: whether it could. */
bool clean_init(void);

/* Return: true, or false with what is left in TEXT. */
bool clean(const struct program *program, char *text, size_t size);

#endif /* FUZZ_CLEAN_H */
