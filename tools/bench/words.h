/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: words
 *
 * Messages between workers that are not measured: numbers, through a pipe that is opened
 * before they are forked.
 */
#ifndef BENCH_WORDS_H
#define BENCH_WORDS_H

#include <stdint.h>

struct words {
	int fds[2];
};

void words_open(struct words *words); /* or the program ends */
void words_close(struct words *words);

/* Return: 0 or a negative errno. */
int words_send(const struct words *words, uint64_t word);
int words_get(const struct words *words, uint64_t *word);

#endif /* BENCH_WORDS_H */
