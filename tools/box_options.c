// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <stdlib.h>

struct ipcbox_options *new_box_options(void)
{
	struct ipcbox_options *options;
	int err = ipcbox_options_new(&options);

	if (err)
		exit(fail(err, "cannot start"));
	return options;
}

/* Options that cannot change after a buffer is made. */
bool is_size_option(int option)
{
	return option == OPTION_MESSAGES || option == OPTION_BYTES || option == OPTION_MSGSIZE;
}

bool take_box_option(struct ipcbox_options *options, int option)
{
	switch (option) {
	case 'm':
		ipcbox_options_set_mode(options, parse_mode(optarg));
		return true;
	case OPTION_OWNER:
		ipcbox_options_set_owner(options, (uid_t)parse_number(optarg, "owner", UINT32_MAX));
		return true;
	case OPTION_GROUP:
		ipcbox_options_set_group(options, (gid_t)parse_number(optarg, "group", UINT32_MAX));
		return true;
	case OPTION_MESSAGES:
		ipcbox_options_set_messages(options, parse_size(optarg, "messages"));
		return true;
	case OPTION_BYTES:
		ipcbox_options_set_bytes(options, parse_size(optarg, "bytes"));
		return true;
	case OPTION_MSGSIZE:
		ipcbox_options_set_msgsize(options, parse_size(optarg, "msgsize"));
		return true;
	}
	return false;
}
