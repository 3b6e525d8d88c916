// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <stdio.h>
#include <string.h>

static const struct option longs[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "names", no_argument, NULL, '1' },
	OPTION_HELP,
};

/* A buffer has no such limit. */
static const char *max_messages(const struct ipcbox_info *info)
{
	static char text[24];

	if (is_buffer(info))
		return "-";
	snprintf(text, sizeof(text), "%llu", (unsigned long long)ipcbox_info_max_messages(info));
	return text;
}

static int print_row(const struct ipcbox_info *info, void *unused)
{
	(void)unused;
	printf("%04o %6u %6u %6llu/%-6s %10llu/%-10llu %9u %7u %5u  %-6s %s\n",
	       (unsigned int)ipcbox_info_mode(info), ipcbox_info_owner(info),
	       ipcbox_info_group(info), (unsigned long long)ipcbox_info_messages(info),
	       max_messages(info), (unsigned long long)ipcbox_info_bytes(info),
	       (unsigned long long)ipcbox_info_max_bytes(info), ipcbox_info_receivers(info),
	       ipcbox_info_senders(info), ipcbox_info_calls(info), kind_name(info),
	       ipcbox_info_name(info));
	return 0;
}

static int print_name(const struct ipcbox_info *info, void *unused)
{
	(void)unused;
	puts(ipcbox_info_name(info));
	return 0;
}

static int print_json(const struct ipcbox_info *info, void *unused)
{
	const char *name = ipcbox_info_name(info);

	(void)unused;
	json_begin(NULL, '{');
	json_bytes("name", name, strlen(name));
	json_info(info);
	json_end('}');
	return 0;
}

static int list_table(void)
{
	printf("%4s %6s %6s %13s %21s %9s %7s %5s  %-6s %s\n", "MODE", "OWNER", "GROUP",
	       "MESSAGES/MAX ", "BYTES/MAX       ", "RECEIVERS", "SENDERS", "CALLS", "KIND",
	       "NAME");
	return ipcbox_port_list(print_row, NULL);
}

static int list_json(void)
{
	int err;

	json_begin(NULL, '[');
	err = ipcbox_port_list(print_json, NULL);
	json_end(']');
	json_end_line();
	return err;
}

static int run(int argc, char **argv)
{
	char form = 't';
	int option;
	int err;

	while ((option = next_option(argc, argv, ":j1h", longs)) != -1)
		form = (char)option;
	if (optind < argc)
		die_usage("ls takes no NAME; 'ipcbox stat' shows one");
	if (form == 'j')
		err = list_json();
	else if (form == '1')
		err = ipcbox_port_list(print_name, NULL);
	else
		err = list_table();
	if (!err)
		return STATUS_OK;
	output_drop();
	return fail(err, "cannot list the ports and buffers");
}

const struct command ls_command = {
	.name = "ls",
	.summary = "list the ports and buffers",
	.usage =
		"ls [OPTION]...\n"
		"\n"
		"Lists the ports and buffers of this network namespace, sorted by name. RECEIVERS\n"
		"and SENDERS are those that are asleep for a message or for room, CALLS the calls\n"
		"that were received and have no reply yet. BYTES of a buffer are those of it that\n"
		"are not free.\n"
		"\n"
		"  -1, --names  names only, one in a line\n"
		"  -j, --json   a JSON array\n",
	.run = run,
};
