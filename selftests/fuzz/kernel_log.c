// SPDX-License-Identifier: GPL-2.0
#include "kernel_log.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static int log_fd = -1;
static regex_t complaint;

bool kernel_log_watch(const char *pattern)
{
	int fd;

	if (!pattern || regcomp(&complaint, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	/* Out of the way of a program's fds. */
	log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 500);
	close(fd);
	return lseek(log_fd, 0, SEEK_END) >= 0;
}

/* The text of a record, which comes after numbers and flags. */
static const char *text_of(char *record)
{
	char *text = strchr(record, ';');

	if (!text)
		return record;
	text[strcspn(text, "\n")] = '\0';
	return text + 1;
}

/* Races are told with the two functions; the kernel has many of its own. */
static bool is_foreign_race(const char *text)
{
	return strstr(text, "KCSAN") && !strstr(text, "[ipcbox]");
}

const char *kernel_log_complaint(void)
{
	static char record[8192];
	const char *text;
	ssize_t length;

	while (log_fd >= 0) {
		length = read(log_fd, record, sizeof(record) - 1);
		if (length < 0 && errno == EPIPE)
			continue; /* some were overwritten before they were read */
		if (length <= 0)
			break;
		record[length] = '\0';
		text = text_of(record);
		if (!is_foreign_race(text) && !regexec(&complaint, text, 0, NULL, 0))
			return text;
	}
	return NULL;
}
