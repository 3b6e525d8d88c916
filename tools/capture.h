/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: Capture
 *
 * What a command writes to its stdout, up to a limit. A command that writes more is
 * told so as by any pipe that nobody reads any more.
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

/* Takes what is there, and does not wait. */
void capture_read(struct capture *capture);
void capture_close(struct capture *capture);

#endif /* CAPTURE_H */
