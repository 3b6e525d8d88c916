// SPDX-License-Identifier: GPL-2.0
#include "random.h"

static __u64 state;

void random_seed(__u64 seed)
{
	state = seed;
}

/* splitmix64, which is good with any seed. */
__u64 random_bits(void)
{
	__u64 z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

unsigned int random_below(unsigned int below)
{
	return random_bits() % below;
}
