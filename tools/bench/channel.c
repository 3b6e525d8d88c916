// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "system.h"

#include "bench.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* As many as a port of the default limits holds. */
size_t default_messages(size_t bytes)
{
	size_t fit = QUEUE_BYTES / bytes;

	return fit < QUEUE_MESSAGES ? fit : QUEUE_MESSAGES;
}

int channel_open(struct channel *channel, const struct system *system, size_t bytes,
		 size_t messages)
{
	int err;

	*channel = (struct channel){
		.system = system,
		.bytes = bytes,
		.messages = messages,
		.in = -1,
		.out = -1,
	};
	channel->shared = mmap(NULL, sizeof(*channel->shared), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (channel->shared == MAP_FAILED)
		return -errno;
	err = system->open(channel);
	if (err < 0)
		munmap(channel->shared, sizeof(*channel->shared));
	return err;
}

void channel_close(struct channel *channel)
{
	channel->system->close(channel);
	munmap(channel->shared, sizeof(*channel->shared));
}

/* Touched, so that no page of it is missing in the timed part. */
void *new_data(size_t bytes)
{
	void *data = malloc(bytes);

	if (!data)
		err(1, "memory for messages");
	memset(data, 'm', bytes);
	return data;
}

const char *new_name(char *name, size_t size, const char *prefix)
{
	static unsigned int number;

	snprintf(name, size, "%sipcbox-bench.%d.%u", prefix, (int)getpid(), number++);
	return name;
}
