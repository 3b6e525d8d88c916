// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A word in shared memory and futex(2) to wait for it: no payload, another lower bound. */
#include "system.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

static int futex(int *word, int operation, int value)
{
	return (int)syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

static int open_word(struct channel *channel)
{
	(void)channel;
	return 0;
}

static void close_word(struct channel *channel)
{
	(void)channel;
}

static int send_news(struct channel *channel, const void *data)
{
	int *word = &channel->shared->word;

	(void)data;
	__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	return futex(word, FUTEX_WAKE, 1) < 0 ? -errno : 0;
}

static int recv_news(struct channel *channel, void *data)
{
	int *word = &channel->shared->word;

	(void)data;
	while (!__atomic_exchange_n(word, 0, __ATOMIC_ACQUIRE))
		if (futex(word, FUTEX_WAIT, 0) < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
	return 0;
}

const struct system futex_system = {
	.name = "futex",
	.summary = "shared memory and futex(2): no payload, the floor",
	.promises = 0,
	.open = open_word,
	.send = send_news,
	.recv = recv_news,
	.close = close_word,
};
