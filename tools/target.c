// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <limits.h>
#include <string.h>

/* Return: what follows @prefix in @text, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? NULL : text + len;
}

struct target parse_target(const char *text)
{
	struct target target = { .kind = TARGET_PORT, .text = text, .name = text };
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

int open_target(const struct target *target, unsigned int port_flags)
{
	switch (target->kind) {
	case TARGET_PORT:
		return ipcbox_port_open(target->name, port_flags);
	case TARGET_PID:
		return ipcbox_link_open(target->pid, 0);
	case TARGET_MAILBOX:
		break;
	}
	die_usage("%s takes a port or pid:N, not '%s'", current_command->name, target->text);
}

const char *parse_port(const char *text)
{
	struct target target = parse_target(text);

	if (target.kind != TARGET_PORT)
		die_usage("%s takes a port, not '%s'", current_command->name, text);
	return target.name;
}
