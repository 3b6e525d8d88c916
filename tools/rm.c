// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <errno.h>

static const struct option longs[] = {
	{ "force", no_argument, NULL, 'f' },
	{ "unlink", no_argument, NULL, 'u' },
	OPTION_HELP,
};

static int delete_one(const char *name, unsigned int flags, bool force)
{
	int err = ipcbox_port_delete(name, flags);

	if (!err || (err == -ENOENT && force))
		return STATUS_OK;
	return fail(err, "cannot delete '%s'", name);
}

static int run(int argc, char **argv)
{
	unsigned int flags = 0;
	int status = STATUS_OK;
	bool force = false;
	int option;

	while ((option = next_option(argc, argv, ":fuh", longs)) != -1) {
		if (option == 'f')
			force = true;
		else
			flags = IPCBOX_UNLINK;
	}
	need_arguments(argc, 1, argc, "the NAME of a port or buffer");
	for (; optind < argc; optind++)
		status |= delete_one(parse_name(argv[optind]), flags, force);
	return status;
}

const struct command rm_command = {
	.name = "rm",
	.summary = "delete a port or buffer",
	.usage =
		"rm [OPTION]... NAME...\n"
		"\n"
		"Deletes ports and buffers, with the messages in them. Programs that wait on one fail\n"
		"at once.\n"
		"\n"
		"  -u, --unlink  delete only the name: programs that have it open go on, and\n"
		"                receivers end when it is empty and no sender is left\n"
		"  -f, --force   no error if there is none of that name\n",
	.run = run,
};
