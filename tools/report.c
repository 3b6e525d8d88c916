// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Text of others (names, file names, arguments) must not break out of the line. */
static void hide_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

/* One write(2), so that the lines of several processes do not mix. */
static void write_line(const char *what, const char *between, const char *why)
{
	ssize_t ignored;
	char *line;
	int len;

	len = asprintf(&line, "ipcbox: %s%s%s", what, between, why);
	if (len < 0)
		return;
	hide_controls(line);
	line[len] = '\n'; /* where the terminating zero was */
	progress_hide();
	ignored = write(STDERR_FILENO, line, (size_t)len + 1);
	(void)ignored; /* nobody is left to tell */
	free(line);
}

static void tell(const char *between, const char *why, const char *format, va_list args)
{
	char *what;

	if (vasprintf(&what, format, args) < 0)
		return;
	write_line(what, between, why);
	free(what);
}

void report(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell("", "", format, args);
	va_end(args);
}

int fail(int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(": ", ipcbox_strerror(err), format, args);
	va_end(args);
	return STATUS_FAILED;
}

int fail_errno(int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(": ", strerror(err < 0 ? -err : err), format, args);
	va_end(args);
	return STATUS_FAILED;
}

void die_usage(const char *format, ...)
{
	const char *see = "";
	char *hint = NULL;
	va_list args;

	if (current_command && asprintf(&hint, "; see 'ipcbox help %s'", current_command->name) > 0)
		see = hint;
	va_start(args, format);
	tell("", see, format, args);
	va_end(args);
	free(hint);
	exit(STATUS_USAGE);
}
