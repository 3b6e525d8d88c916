// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "demo.h"

#include <ipcbox.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *myself = "?";

void be(const char *who)
{
	myself = who;
	setvbuf(stdout, NULL, _IOLBF, 0);
}

void say(const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	printf("    %-10s | %s\n", myself, line);
}

void die(int err, const char *what)
{
	say("%s: %s", what, ipcbox_strerror(err));
	exit(1);
}

double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void make_room(char **buf, size_t *room, size_t need)
{
	if (need <= *room)
		return;
	*buf = realloc(*buf, need);
	if (!*buf)
		die(-ENOMEM, "reading a file");
	*room = need;
}

size_t load(const char *path, char **buf, size_t *room, size_t keep)
{
	struct stat st = { .st_size = 0 };
	size_t len = 0;
	ssize_t got = 1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		die(-errno, path);
	make_room(buf, room, keep + (size_t)st.st_size);
	while (got > 0 && len < (size_t)st.st_size) {
		got = read(fd, *buf + keep + len, (size_t)st.st_size - len);
		if (got < 0)
			die(-errno, path);
		len += (size_t)got;
	}
	close(fd);
	return len;
}
