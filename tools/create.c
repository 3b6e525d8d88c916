// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <unistd.h>

static const struct option longs[] = {
	BOX_OPTIONS,
	{ "reuse", no_argument, NULL, 'r' },
	OPTION_HELP,
};

static int create(const char *name, unsigned int flags, const struct ipcbox_options *options)
{
	int fd = ipcbox_port_create(name, flags, options);

	if (fd < 0)
		return fail(fd, "cannot create port '%s'", name);
	close(fd); /* the port stays */
	return STATUS_OK;
}

static int run(int argc, char **argv)
{
	struct ipcbox_options *options = new_box_options();
	unsigned int flags = 0;
	int status = STATUS_OK;
	int option;

	while ((option = next_option(argc, argv, ":m:rh", longs)) != -1)
		if (!take_box_option(options, option))
			flags |= IPCBOX_REUSE;
	need_arguments(argc, 1, argc, "the NAME of a port");
	for (; optind < argc; optind++)
		status |= create(parse_port(argv[optind]), flags, options);
	ipcbox_options_free(options);
	return status;
}

const struct command create_command = {
	.name = "create",
	.summary = "make a port",
	.usage = "create [OPTION]... NAME...\n"
		 "\n"
		 "Makes ports. A port stays until it is deleted or the system ends.\n"
		 "\n" BOX_OPTIONS_USAGE
		 "  -r, --reuse        no error if the port exists; its options stay as they are\n"
		 "\n"
		 "Without options: mode 0600, 256 messages, 1M bytes, 64K for one message.\n"
		 "\n"
		 "  ipcbox create jobs --mode 0622 --messages 8\n",
	.run = run,
};
