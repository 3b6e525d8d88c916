// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "words.h"

#include <err.h>
#include <errno.h>
#include <unistd.h>

void words_open(struct words *words)
{
	if (pipe(words->fds))
		err(1, "a pipe for a measurement");
}

void words_close(struct words *words)
{
	close(words->fds[0]);
	close(words->fds[1]);
}

int words_send(const struct words *words, uint64_t word)
{
	return write(words->fds[1], &word, sizeof(word)) == sizeof(word) ? 0 : -EIO;
}

int words_get(const struct words *words, uint64_t *word)
{
	return read(words->fds[0], word, sizeof(*word)) == sizeof(*word) ? 0 : -EIO;
}
