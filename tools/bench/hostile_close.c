// SPDX-License-Identifier: GPL-2.0 OR MIT
/* close_range(2) over many fds of one open file, while a call that came over it is in service. */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <ipcbox.h>

#define FDS 60000
#define FIRST 1000 /* all others are below */

static int port;
static size_t in_service;

/* Until the process that received it is gone. */
static int call(struct workers *workers, const struct role *role)
{
	char reply[64];
	ssize_t ret = -EPIPE;

	if (in_service)
		ret = ipcbox_call(port, workers->data, role->sends->bytes, reply, sizeof(reply));
	return ret == -EPIPE ? 0 : -EPROTO;
}

/*
 * Whether the process has another fd for the file is the question at each close. It has
 * one: the last of all.
 */
static int move_port(void)
{
	int last = fcntl(port, F_DUPFD, FIRST + scaled(FDS));

	if (last < 0)
		return -errno;
	close(port);
	port = last;
	return 0;
}

static int close_many(double *took)
{
	size_t count = scaled(FDS), i;
	uint64_t start;
	int ret;

	for (i = 0; i < count; i++)
		if (fcntl(port, F_DUPFD, FIRST) < 0)
			return -errno;
	start = now_ns();
	ret = close_range(FIRST, FIRST + count - 1, 0);
	*took = (double)(now_ns() - start) / count;
	return ret ? -errno : 0;
}

static int receive_and_close(struct workers *workers, const struct role *role)
{
	struct ipcbox_msg *msg = NULL;
	unsigned int round;
	double took;
	int err = 0;

	(void)role;
	hostile_go_first(HOSTILE_VICTIM);
	if (in_service)
		err = ipcbox_recv_msg(port, &msg, 0, IPCBOX_FOREVER);
	err = err ?: move_port() ?: close_many(&took);
	for (round = 0; round < settings.rounds && !err; round++) {
		err = close_many(&took);
		rounds_add(workers, took);
	}
	ipcbox_msg_free(msg);
	return err;
}

void hostile_close(const struct system *system, size_t bytes, size_t calls)
{
	struct subject subject = { "", system->name, bytes, 1 };
	struct channel channel = hostile_channel(bytes);
	struct workers workers = { .count = 1, .warm = 1 };
	struct role roles[] = {
		{ 1, &channel, NULL, receive_and_close, 0, false },
		{ 1, NULL, &channel, call, 0, false },
		{ 0 },
	};
	char name[64];

	in_service = calls;
	snprintf(subject.name, sizeof(subject.name), "hostile-close-%zu", calls);
	new_name(name, sizeof(name), "");
	port = ipcbox_port_create(name, IPCBOX_SENDER | IPCBOX_RECEIVER, NULL);
	if (port < 0) {
		add_skip(&subject, "cannot open: %s", strerror(-port));
		return;
	}
	ipcbox_port_delete(name, IPCBOX_UNLINK);
	workers_run(&workers, roles, &subject);
	close(port);
}
