// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * usage: producer NUMBER PORT < NAMES
 *
 * Sends the files that are named on stdin, one in a line. A message is the name, a
 * zero byte, and what is in the file.
 */
#include "demo.h"

#include <ipcbox.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static unsigned int files;
static unsigned int full;
static double megabytes;
static double waited;

/* One could simply wait. To count how often there is no room, ask first. */
static void send_counting(int port, const void *data, size_t len)
{
	int err = ipcbox_send_until(port, data, len, IPCBOX_NOWAIT, 0, 0);
	double before;

	if (err == -EAGAIN) {
		if (!full++)
			say("the port is full, so I sleep until there is room");
		before = seconds();
		err = ipcbox_send(port, data, len);
		waited += seconds() - before;
	}
	if (err)
		die(err, "sending a file");
}

static void send_file(int port, const char *name)
{
	static char *message;
	static size_t room;
	size_t head = strlen(name) + 1;
	size_t len = load(name, &message, &room, head);

	memcpy(message, name, head);
	send_counting(port, message, head + len);
	files++;
	megabytes += (double)len / 1e6;
}

int main(int argc, char **argv)
{
	char who[32];
	char name[4096];
	int port;

	if (argc != 3) {
		fprintf(stderr, "usage: producer NUMBER PORT < NAMES\n");
		return 2;
	}
	snprintf(who, sizeof(who), "producer %s", argv[1]);
	be(who);
	port = ipcbox_port_open(argv[2], IPCBOX_SENDER);
	if (port < 0)
		die(port, "opening the port");
	while (fgets(name, sizeof(name), stdin)) {
		name[strcspn(name, "\n")] = '\0';
		send_file(port, name);
	}
	say("done: %u files, %.1f MB; found the port full %u times, slept %.1f s", files, megabytes,
	    full, waited);
	return 0;
}
