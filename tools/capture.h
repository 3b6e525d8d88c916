/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: Capture
 *
 * The stdout of a command, up to a limit. A command that writes more gets SIGPIPE or
 * EPIPE, as from any pipe without a reader.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stddef.h>

struct capture {
	int fd; /* to read from; 0: none */
	size_t limit;
	char *data;
	size_t len;
	size_t room;
	int err; /* why it is not whole: -EMSGSIZE or another errno */
};

/* Return: the fd that is the command's stdout, or a negative errno. */
int capture_open(struct capture *capture, size_t limit);

/* Takes the output that is ready, and does not wait. */
void capture_read(struct capture *capture);
void capture_close(struct capture *capture);

#endif /* CAPTURE_H */
