// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

static const struct option longs[] = {
	BOX_OPTIONS,
	OPTION_HELP,
};

static bool is_buffer_fd(int fd)
{
	struct ipcbox_info *info = NULL;
	bool buffer = fd >= 0 && !ipcbox_stat(fd, &info) && is_buffer(info);

	ipcbox_info_free(info);
	return buffer;
}

static int set(const char *text, const struct ipcbox_options *options, bool sizes)
{
	struct target target = parse_target(text);
	int fd = open_target(&target, 0, NULL);
	int status = STATUS_OK;
	int err;

	if (sizes && is_buffer_fd(fd)) {
		report("cannot change '%s': a buffer keeps the sizes that it was made with; make "
		       "another one, or change only mode, owner and group",
		       text);
		status = STATUS_FAILED;
	} else {
		err = fd < 0 ? fd : ipcbox_set(fd, options);
		if (err)
			status = fail(err, "cannot change '%s'", text);
	}
	close_target(fd, NULL);
	return status;
}

static int run(int argc, char **argv)
{
	struct ipcbox_options *options = new_box_options();
	int status = STATUS_OK;
	bool sizes = false;
	bool any = false;
	int option;

	while ((option = next_option(argc, argv, ":m:h", longs)) != -1) {
		any = take_box_option(options, option);
		sizes |= is_size_option(option);
	}
	need_arguments(argc, 1, argc, "the NAME of a port or buffer");
	if (!any)
		die_usage("say what to change");
	for (; optind < argc; optind++) {
		parse_name(argv[optind]);
		status |= set(argv[optind], options, sizes);
	}
	ipcbox_options_free(options);
	return status;
}

const struct command set_command = {
	.name = "set",
	.summary = "change a port or buffer",
	.usage = "set [OPTION]... NAME...\n"
		 "\n"
		 "Changes ports, and mode, owner and group of buffers. Queued messages stay, also\n"
		 "above a lowered limit; programs that have one open keep their rights.\n"
		 "\n" BOX_OPTIONS_USAGE,
	.run = run,
};
