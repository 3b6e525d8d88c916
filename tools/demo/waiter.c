// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * usage: waiter receive|send|poll PORT
 *
 * Waits in one of three ways, and reports how the wait ended.
 */
#include "demo.h"

#include <ipcbox.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static const char *errno_name(int err)
{
	switch (-err) {
	case EIDRM:
		return "EIDRM";
	case EPIPE:
		return "EPIPE";
	}
	return strerror(-err);
}

static void wait_to_receive(int port)
{
	char buf[64];
	ssize_t ret;

	say("I sleep until there is a message");
	ret = ipcbox_recv(port, buf, sizeof(buf));
	say("my call returned %s: %s", errno_name((int)ret), ipcbox_strerror((int)ret));
}

static void wait_to_send(int port)
{
	int err = 0;

	while (!err)
		err = ipcbox_send_until(port, "x", 1, IPCBOX_NOWAIT, 0, 0);
	say("I filled the port and sleep until there is room");
	err = ipcbox_send(port, "x", 1);
	say("my call returned %s: %s", errno_name(err), ipcbox_strerror(err));
}

static void wait_in_poll(int port)
{
	struct pollfd fd = { .fd = port, .events = POLLIN };

	say("I sleep in poll(2)");
	poll(&fd, 1, -1);
	say("poll told me:%s%s", fd.revents & POLLHUP ? " POLLHUP" : "",
	    fd.revents & POLLERR ? " POLLERR" : "");
}

static const struct way {
	const char *name;
	const char *who;
	unsigned int flags;
	void (*wait)(int port);
} ways[] = {
	{ "receive", "receiver", IPCBOX_RECEIVER, wait_to_receive },
	{ "send", "sender", IPCBOX_SENDER, wait_to_send },
	{ "poll", "poller", IPCBOX_RECEIVER, wait_in_poll },
};

int main(int argc, char **argv)
{
	const struct way *way = ways;
	const struct way *end = ways + sizeof(ways) / sizeof(ways[0]);
	int port;

	while (argc == 3 && way < end && strcmp(way->name, argv[1]))
		way++;
	if (argc != 3 || way == end) {
		fprintf(stderr, "usage: waiter receive|send|poll PORT\n");
		return 2;
	}
	be(way->who);
	port = ipcbox_port_open(argv[2], way->flags);
	if (port < 0)
		die(port, "opening the port");
	way->wait(port);
	return 0;
}
