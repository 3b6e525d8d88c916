// SPDX-License-Identifier: GPL-2.0
#include "corpus.h"

#include "kcov.h"
#include "random.h"

#include <stdlib.h>
#include <string.h>

#define CORPUS_MAX 1024

static struct program *corpus[CORPUS_MAX];
static unsigned int count;

/* The newest are the most promising. */
const struct program *corpus_pick(void)
{
	unsigned int newest = count < 16 ? count : 16;

	if (!count)
		return NULL;
	if (percent(30))
		return corpus[count - 1 - random_below(newest)];
	return corpus[random_below(count)];
}

unsigned int corpus_size(void)
{
	return count;
}

/* Drops calls, first many at once, without which the program still reaches PLACES. */
static void minimise(struct program *program, const struct places *places,
		     struct outcome *outcome)
{
	for (unsigned int size = program->count / 2; size; size /= 2) {
		for (int at = program->count - size; at >= 0; at -= size) {
			struct program shorter = *program;

			for (unsigned int i = 0; i < size; i++)
				program_remove(&shorter, at);
			execute(&shorter, outcome);
			if (outcome->verdict == FINE && !kcov_reached(places))
				continue;
			*program = shorter;
			if (outcome->verdict != FINE)
				return;
		}
	}
}

static void keep(const struct program *program)
{
	struct program *copy = malloc(sizeof(*copy));

	if (!copy)
		abort();
	*copy = *program;
	if (count == CORPUS_MAX) {
		free(corpus[0]);
		memmove(corpus, corpus + 1, --count * sizeof(corpus[0]));
	}
	corpus[count++] = copy;
}

void corpus_try(struct program *program, struct outcome *outcome)
{
	struct places news;

	program_expect_nothing(program);
	execute(program, outcome);
	if (outcome->verdict != FINE)
		return;
	news = kcov_news();
	if (news.count) {
		kcov_learn(&news);
		minimise(program, &news, outcome);
		if (outcome->verdict == FINE)
			keep(program);
	}
	free(news.at);
}
