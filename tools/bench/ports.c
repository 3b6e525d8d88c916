// SPDX-License-Identifier: GPL-2.0 OR MIT
/* A send and a receive while there are many other ports. */
#include "self.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ipcbox.h>

static const char *name_of(size_t number)
{
	static char name[64];

	snprintf(name, sizeof(name), "ipcbox-bench.%d.other.%zu", (int)getpid(), number);
	return name;
}

/* Return: 0, or why there are only *made of them. */
static int make_ports(size_t *made, size_t wanted)
{
	int fd;

	for (; *made < wanted; (*made)++) {
		fd = ipcbox_port_create(name_of(*made), 0, NULL);
		if (fd < 0)
			return fd;
		close(fd);
	}
	return 0;
}

static void run(const struct system *system, size_t bytes)
{
	static const size_t others[] = { 10, 1000, 100000 };
	struct subject subject = { "", system->name, bytes, 1 };
	size_t made = 0, i;
	int err;

	if (strcmp(system->name, "ipcbox-port"))
		return;
	for (i = 0; i < ARRAY_COUNT(others); i++) {
		snprintf(subject.name, sizeof(subject.name), "ports-%zu", others[i]);
		err = make_ports(&made, others[i]);
		if (err)
			add_skip(&subject, "there could be only %zu: %s", made,
				 ipcbox_strerror(err));
		else
			self_run(&subject, system, 0, false);
	}
	while (made)
		ipcbox_port_delete(name_of(--made), 0);
}

const struct bench_case ports_case = {
	.name = "ports",
	.summary = "a send and a receive while there are up to 100,000 other ports",
	.one_size = true,
	.run = run,
};
