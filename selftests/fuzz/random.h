/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers that are the same again for the same seed. */
#ifndef FUZZ_RANDOM_H
#define FUZZ_RANDOM_H

#include <stdbool.h>

#include <linux/types.h>

void random_seed(__u64 seed);
__u64 random_bits(void);

/* From 0 up to, and without, BELOW. */
unsigned int random_below(unsigned int below);

static inline bool percent(unsigned int chance)
{
	return random_below(100) < chance;
}

#define PICK(array) ((array)[random_below(sizeof(array) / sizeof((array)[0]))])

#endif /* FUZZ_RANDOM_H */
