// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <unistd.h>

static const struct option longs[] = {
	BOX_OPTIONS,
	OPTION_HELP,
};

static int set(const char *name, const struct ipcbox_options *options)
{
	int fd = ipcbox_port_open(name, 0);
	int err = fd < 0 ? fd : ipcbox_set(fd, options);

	if (fd >= 0)
		close(fd);
	return err ? fail(err, "cannot change port '%s'", name) : STATUS_OK;
}

static int run(int argc, char **argv)
{
	struct ipcbox_options *options = new_box_options();
	int status = STATUS_OK;
	bool any = false;
	int option;

	while ((option = next_option(argc, argv, ":m:h", longs)) != -1)
		any = take_box_option(options, option);
	need_arguments(argc, 1, argc, "the NAME of a port");
	if (!any)
		die_usage("say what to change");
	for (; optind < argc; optind++)
		status |= set(parse_port(argv[optind]), options);
	ipcbox_options_free(options);
	return status;
}

const struct command set_command = {
	.name = "set",
	.summary = "change a port",
	.usage = "set [OPTION]... NAME...\n"
		 "\n"
		 "Changes ports. What is queued stays, also above a lowered limit; who has a port\n"
		 "open keeps it.\n"
		 "\n" BOX_OPTIONS_USAGE,
	.run = run,
};
