// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_NONBLOCK = 0x100, OPTION_ROOM, OPTION_SERVED };

/* As timeout(1), so that it is not taken for a status of the command that replied. */
enum { STATUS_NO_REPLY = 125 };

static const struct option longs[] = {
	{ "nonblock", no_argument, NULL, OPTION_NONBLOCK },
	{ "priority", required_argument, NULL, 'p' },
	{ "room", required_argument, NULL, OPTION_ROOM },
	{ "served", no_argument, NULL, OPTION_SERVED },
	{ "tag", required_argument, NULL, 'g' },
	{ "timeout", required_argument, NULL, 't' },
	OPTION_HELP,
};

struct calling {
	struct target target;
	int fd;
	bool nonblock;
	bool served;
	int64_t timeout_ms;
	unsigned int priority;
	uint64_t tag;
	size_t room;
};

static int fail_call(const struct calling *calling, int err, const struct ipcbox_msg *reply)
{
	if (err == -EPROTOTYPE)
		report("cannot call '%s': %s", calling->target.text, why_no_calls);
	else if (err == -ECONNREFUSED && calling->served && calling->target.pid == 0)
		report("nobody receives from '%s'", calling->target.text);
	else if (ipcbox_msg_received(reply))
		fail(err, "no reply from '%s', which received the request and may have done it",
		     calling->target.text);
	else
		fail(err, "cannot call '%s'", calling->target.text);
	return STATUS_NO_REPLY;
}

/*
 * 'ipcbox serve' gives a negative errno as the tag of an empty reply if it cannot send what
 * its command wrote. A server of another kind may mean something else by it.
 */
static int fail_tag(const struct calling *calling, int tag)
{
	if (tag == -EMSGSIZE)
		report("'%s' says that its reply is too long for the %zu bytes of --room; it may "
		       "have done what was asked for",
		       calling->target.text, calling->room);
	else
		fail_errno(tag,
			   "'%s' replied with an errno alone; it may have done what was asked "
			   "for",
			   calling->target.text);
	return STATUS_NO_REPLY;
}

/* The tag of 'ipcbox serve' is an exit status or a negative errno; any other is neither. */
static int print_reply(const struct calling *calling, const struct ipcbox_msg *reply)
{
	int64_t tag = (int64_t)ipcbox_msg_tag(reply);
	int err;

	if (tag < 0 && tag >= -4095 && !ipcbox_msg_len(reply))
		return fail_tag(calling, (int)tag);
	fwrite(ipcbox_msg_data(reply), 1, ipcbox_msg_len(reply), stdout);
	err = output_flush();
	if (err) {
		fail_errno(err, "cannot write the reply of '%s' to stdout", calling->target.text);
		return STATUS_NO_REPLY;
	}
	return tag > 0 && tag <= 255 ? (int)tag : STATUS_OK;
}

static int call(const struct calling *calling, const char *data, size_t len)
{
	uint64_t deadline = ipcbox_deadline_ms(calling->timeout_ms);
	struct ipcbox_msg *reply = NULL;
	int status;
	int err;

	err = (calling->served ? ipcbox_call_served : ipcbox_call_until)(
		calling->fd, data, len, deadline, calling->priority, calling->tag, &reply,
		calling->room);
	status = err ? fail_call(calling, err, reply) : print_reply(calling, reply);
	ipcbox_msg_free(reply);
	return status;
}

static int call_with_stdin(const struct calling *calling)
{
	struct input input;
	const char *data;
	int status;
	size_t len;
	int ret;

	input_init(&input, STDIN_FILENO, NO_DELIMITER);
	ret = input_next(&input, &data, &len);
	if (ret > 0) {
		status = call(calling, data, len);
	} else {
		fail_errno(ret, "cannot read stdin");
		status = STATUS_NO_REPLY;
	}
	input_deinit(&input);
	return status;
}

/* Before the request is made whose reply could then not be written. */
static int check_and_call(const struct calling *calling, const char *message)
{
	int err = output_check();

	if (err) {
		fail_errno(err, "'%s' was not called: cannot write to stdout",
			   calling->target.text);
		return STATUS_NO_REPLY;
	}
	if (calling->nonblock)
		fcntl(calling->fd, F_SETFL, O_NONBLOCK);
	return message ? call(calling, message, strlen(message)) : call_with_stdin(calling);
}

static void take_option(struct calling *calling, int option)
{
	switch (option) {
	case 'p':
		calling->priority =
			(unsigned int)parse_number(optarg, "priority", IPCBOX_PRIORITY_MAX);
		break;
	case 'g':
		calling->tag = parse_number(optarg, "tag", UINT64_MAX);
		break;
	case 't':
		calling->timeout_ms = parse_timeout_ms(optarg);
		if (!calling->timeout_ms)
			die_usage("a call takes some time: --timeout is above 0");
		break;
	case OPTION_NONBLOCK:
		calling->nonblock = true;
		break;
	case OPTION_SERVED:
		calling->served = true;
		break;
	case OPTION_ROOM:
		calling->room = (size_t)parse_size(optarg, "room");
		if (calling->room > IPCBOX_MSGSIZE_MAX)
			die_usage("room '%s' is more than any reply has; 16M is the most", optarg);
		break;
	}
}

static int run(int argc, char **argv)
{
	struct calling calling = { .timeout_ms = -1, .room = IPCBOX_MSGSIZE_MAX };
	int option;
	int status;

	while ((option = next_option(argc, argv, ":p:g:t:h", longs)) != -1)
		take_option(&calling, option);
	need_arguments(argc, 1, 2, "a NAME or pid:N and one MESSAGE");
	calling.target = parse_target(argv[optind]);
	calling.fd = open_target_for_calls(&calling.target, IPCBOX_SENDER);
	if (calling.fd < 0)
		return fail_call(&calling, calling.fd, NULL);
	status = check_and_call(&calling, argv[optind + 1]);
	close(calling.fd);
	return status;
}

const struct command call_command = {
	.name = "call",
	.summary = "send a request and print its reply",
	.usage =
		"call [OPTION]... NAME|pid:N [MESSAGE]\n"
		"\n"
		"Sends MESSAGE, or stdin, to a port or to the mailbox of a process, waits for the\n"
		"reply and writes it to stdout.\n"
		"\n"
		"  -p, --priority N    0 (the default) to 32767; higher is received first\n"
		"  -g, --tag N         a number that the receiver gets with it\n"
		"  -t, --timeout TIME  give up when there is no reply after that time\n"
		"  --nonblock          give up at once if there is no room for the request\n"
		"  --room SIZE         how long the reply may be; 16M if not given\n"
		"  --served            give up at once if nobody has the port open for receiving\n"
		"\n"
		"Exit status: that of the command that replied, by 'ipcbox serve', which is the\n"
		"reply's tag if that is 1 to 255; 0: any other tag; 125: there is no reply.\n"
		"\n"
		"  ipcbox call upper 'make this big'\n",
	.run = run,
};
