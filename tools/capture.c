// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_ROOM 4096

int capture_open(struct capture *capture, size_t limit)
{
	int ends[2];

	*capture = (struct capture){ .limit = limit };
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	capture->fd = ends[0];
	return ends[1];
}

static void end(struct capture *capture, int err)
{
	close(capture->fd);
	capture->fd = 0;
	capture->err = err;
}

static int make_room(struct capture *capture)
{
	size_t room = capture->room ? 2 * capture->room : FIRST_ROOM;
	char *data;

	if (capture->len < capture->room)
		return 0;
	data = realloc(capture->data, room);
	if (!data)
		return -ENOMEM;
	capture->data = data;
	capture->room = room;
	return 0;
}

void capture_read(struct capture *capture)
{
	ssize_t got;

	while (capture->fd) {
		if (make_room(capture)) {
			end(capture, -ENOMEM);
			return;
		}
		got = read(capture->fd, capture->data + capture->len, capture->room - capture->len);
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0) {
			end(capture, got ? -errno : 0);
			return;
		}
		capture->len += (size_t)got;
		if (capture->len > capture->limit)
			end(capture, -EMSGSIZE);
	}
}

void capture_close(struct capture *capture)
{
	if (capture->fd)
		close(capture->fd);
	free(capture->data);
	*capture = (struct capture){ .fd = 0 };
}
