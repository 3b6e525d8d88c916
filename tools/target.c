// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* Return: what follows @prefix in @text, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? NULL : text + len;
}

struct target parse_target(const char *text)
{
	struct target target = { .kind = TARGET_NAME, .text = text, .name = text };
	const char *rest;

	rest = after(text, "pid:");
	if (rest) {
		target.kind = TARGET_PID;
		target.pid = (pid_t)parse_number(rest, "pid", INT_MAX);
	} else if (!strcmp(text, "mailbox:")) {
		target.kind = TARGET_MAILBOX;
	} else {
		rest = after(text, "port:");
		if (rest)
			target.name = rest;
	}
	return target;
}

const char *parse_name(const char *text)
{
	struct target target = parse_target(text);

	if (target.kind != TARGET_NAME)
		die_usage("%s takes a port or buffer, not '%s'", current_command->name, text);
	return target.name;
}

const char why_no_calls[] = "it is a buffer, in which there is no way to reply; calls need a port, "
			    "as 'ipcbox create' makes it without --buffer";

static void die_target(const struct target *target)
{
	die_usage("%s takes a port or pid:N, not '%s'", current_command->name, target->text);
}

int open_target_for_calls(const struct target *target, unsigned int flags)
{
	if (target->kind == TARGET_NAME)
		return ipcbox_port_open(target->name, flags);
	if (target->kind == TARGET_MAILBOX)
		die_target(target);
	return ipcbox_link_open(target->pid, 0);
}

int open_target(const struct target *target, unsigned int flags, struct ipcbox_buffer **buffer)
{
	int fd = open_target_for_calls(target, flags);
	int err;

	if (buffer)
		*buffer = NULL;
	/* Ports and buffers share their names. */
	if (fd != -EPROTOTYPE)
		return fd;
	fd = ipcbox_buffer_open(target->name, flags);
	if (!buffer)
		return fd;
	err = ipcbox_buffer_map(fd, buffer);
	return err ? err : fd;
}

void close_target(int fd, struct ipcbox_buffer *buffer)
{
	if (buffer)
		ipcbox_buffer_unmap(buffer); /* with its fd */
	else if (fd >= 0)
		close(fd);
}
