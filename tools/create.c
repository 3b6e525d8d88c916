// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <string.h>
#include <unistd.h>

static const struct option longs[] = {
	BOX_OPTIONS,
	{ "buffer", optional_argument, NULL, 'b' },
	{ "reuse", no_argument, NULL, 'r' },
	OPTION_HELP,
};

struct creating {
	struct ipcbox_options *options;
	unsigned int flags;
	bool buffer;
	bool messages;
};

/* A port or buffer that exists keeps its options: no error, but perhaps a surprise. */
static void tell_what_differs(const struct creating *creating, const char *name, int fd)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} all[] = {
		{ IPCBOX_ATTR_MODE, "mode" },	{ IPCBOX_ATTR_UID, "owner" },
		{ IPCBOX_ATTR_GID, "group" },	{ IPCBOX_ATTR_MESSAGES, "messages" },
		{ IPCBOX_ATTR_BYTES, "bytes" }, { IPCBOX_ATTR_MSGSIZE, "msgsize" },
	};
	struct ipcbox_info *info = NULL;
	unsigned int differs = 0;

	if (!ipcbox_stat(fd, &info))
		differs = ipcbox_info_differs(info, creating->options);
	ipcbox_info_free(info);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (differs & all[i].bit)
			report("'%s' exists with another --%s, which it keeps", name, all[i].name);
}

static int create(const struct creating *creating, const char *name)
{
	int fd;

	if (creating->buffer)
		fd = ipcbox_buffer_create(name, creating->flags, creating->options);
	else
		fd = ipcbox_port_create(name, creating->flags, creating->options);
	if (fd < 0)
		return fail(fd, "cannot create %s '%s'", creating->buffer ? "buffer" : "port",
			    name);
	if (creating->flags & IPCBOX_REUSE)
		tell_what_differs(creating, name, fd);
	close(fd); /* what was made stays */
	return STATUS_OK;
}

static unsigned int parse_sharing(const char *text)
{
	if (!text || !strcmp(text, "mpmc"))
		return 0;
	if (strcmp(text, "spsc"))
		die_usage("a buffer is mpmc or spsc, not '%s'", text);
	return IPCBOX_SPSC;
}

static void take_option(struct creating *creating, int option)
{
	switch (option) {
	case 'b':
		creating->buffer = true;
		creating->flags &= ~IPCBOX_SPSC;
		creating->flags |= parse_sharing(optarg);
		break;
	case 'r':
		creating->flags |= IPCBOX_REUSE;
		break;
	case OPTION_MESSAGES:
		creating->messages = true;
		/* fall through */
	default:
		take_box_option(creating->options, option);
	}
}

static int run(int argc, char **argv)
{
	struct creating creating = { .options = new_box_options() };
	int status = STATUS_OK;
	int option;

	while ((option = next_option(argc, argv, ":m:rh", longs)) != -1)
		take_option(&creating, option);
	need_arguments(argc, 1, argc, "the NAME of what to make");
	if (creating.buffer && creating.messages)
		die_usage("--messages is for ports: a buffer holds what --bytes has room for");
	for (; optind < argc; optind++)
		status |= create(&creating, parse_name(argv[optind]));
	ipcbox_options_free(creating.options);
	return status;
}

const struct command create_command = {
	.name = "create",
	.summary = "make a port or buffer",
	.usage =
		"create [OPTION]... NAME...\n"
		"\n"
		"Makes ports, or buffers in shared memory, which cost no system call while there is\n"
		"room and something to receive. They stay until they are deleted or the system ends.\n"
		"\n" BOX_OPTIONS_USAGE "  --buffer[=mpmc|spsc]\n"
		"                     a buffer, for many producers and many consumers unless\n"
		"                     given; spsc is faster, where you see to it that only one\n"
		"                     process at a time sends, and only one receives\n"
		"  -r, --reuse        no error if it exists; its options stay as they are, and a line\n"
		"                     names those that differ. The sharing of a buffer may not\n"
		"\n"
		"Without options: mode 0600, 256 messages, 1M bytes, 64K for one message. The bytes\n"
		"of a buffer are rounded up to a power of two; a message takes them in cells of 64.\n"
		"\n"
		"  ipcbox create jobs --mode 0622 --messages 8\n"
		"  ipcbox create frames --buffer=spsc --bytes 16M --msgsize 4M\n",
	.run = run,
};
