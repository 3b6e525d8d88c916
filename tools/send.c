// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { OPTION_NONBLOCK = 0x100 };

static const struct option longs[] = {
	{ "lines", no_argument, NULL, 'l' },
	{ "nonblock", no_argument, NULL, OPTION_NONBLOCK },
	{ "null", no_argument, NULL, '0' },
	{ "priority", required_argument, NULL, 'p' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "tag", required_argument, NULL, 'g' },
	{ "timeout", required_argument, NULL, 't' },
	OPTION_HELP,
};

struct sending {
	struct target target;
	int fd;
	int delimiter;
	int64_t timeout_ms;
	unsigned int priority;
	uint64_t tag;
	unsigned long long sent;
	bool quiet;
};

/* Who begins again after an error wants to know where. */
static const char *so_far(const struct sending *sending)
{
	static char text[64];

	if (sending->sent)
		snprintf(text, sizeof(text), " after %llu message%s", sending->sent,
			 sending->sent == 1 ? "" : "s");
	return text;
}

/* The one error for which the reader wants numbers. */
static int fail_too_long(const struct sending *sending, size_t len)
{
	struct ipcbox_info *info = NULL;

	if (len > IPCBOX_MSGSIZE_MAX) {
		report("cannot send to '%s'%s: more than %u bytes, the most for any message; "
		       "send it in parts, or by --lines",
		       sending->target.text, so_far(sending), IPCBOX_MSGSIZE_MAX);
	} else if (ipcbox_stat(sending->fd, &info)) {
		fail(-EMSGSIZE, "cannot send to '%s'%s", sending->target.text, so_far(sending));
	} else {
		report("cannot send to '%s'%s: the message has %zu bytes and it takes %llu; "
		       "have its msgsize raised, or send in parts",
		       sending->target.text, so_far(sending), len,
		       (unsigned long long)ipcbox_info_max_msgsize(info));
	}
	ipcbox_info_free(info);
	return STATUS_FAILED;
}

static int send_message(struct sending *sending, const char *data, size_t len)
{
	uint64_t deadline = ipcbox_deadline_ms(sending->timeout_ms);
	int err;

	err = ipcbox_send_until(sending->fd, data, len, deadline, sending->priority, sending->tag);
	if (err == -EMSGSIZE)
		return fail_too_long(sending, len);
	if (err)
		return fail(err, "cannot send to '%s'%s", sending->target.text, so_far(sending));
	sending->sent++;
	progress_add(len);
	return STATUS_OK;
}

static int send_fd(struct sending *sending, int fd, const char *path)
{
	struct input input;
	int status = STATUS_OK;
	const char *data;
	size_t len;
	int ret;

	input_init(&input, fd, sending->delimiter);
	do {
		ret = input_next(&input, &data, &len);
		if (ret > 0)
			status = send_message(sending, data, len);
	} while (ret > 0 && status == STATUS_OK);
	if (ret < 0)
		status = fail_errno(ret, "cannot read '%s'%s", path, so_far(sending));
	input_deinit(&input);
	return status;
}

static int send_file(struct sending *sending, const char *path)
{
	int status;
	int fd;

	if (!strcmp(path, "-"))
		return send_fd(sending, STDIN_FILENO, "stdin");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(errno, "cannot open '%s'%s", path, so_far(sending));
	status = send_fd(sending, fd, path);
	close(fd);
	return status;
}

/* Ends at the first error: what follows would arrive out of order. */
static int send_files(struct sending *sending, char **paths)
{
	int status = STATUS_OK;

	progress_start("sent", sending->quiet);
	if (!*paths)
		status = send_file(sending, "-");
	for (; *paths && status == STATUS_OK; paths++)
		status = send_file(sending, *paths);
	progress_hide();
	return status;
}

static void take_option(struct sending *sending, int option)
{
	switch (option) {
	case 'l':
		sending->delimiter = '\n';
		break;
	case '0':
		sending->delimiter = '\0';
		break;
	case 'p':
		sending->priority =
			(unsigned int)parse_number(optarg, "priority", IPCBOX_PRIORITY_MAX);
		break;
	case 'g':
		sending->tag = parse_number(optarg, "tag", UINT64_MAX);
		break;
	case 't':
		sending->timeout_ms = parse_timeout_ms(optarg);
		break;
	case 'q':
		sending->quiet = true;
		break;
	case OPTION_NONBLOCK:
		sending->timeout_ms = 0;
		break;
	}
}

static int run(int argc, char **argv)
{
	struct sending sending = { .delimiter = NO_DELIMITER, .timeout_ms = -1 };
	int option;
	int status;

	while ((option = next_option(argc, argv, ":l0p:g:t:qh", longs)) != -1)
		take_option(&sending, option);
	need_arguments(argc, 1, argc, "a NAME or pid:N");
	sending.target = parse_target(argv[optind++]);
	sending.fd = open_target(&sending.target, IPCBOX_SENDER);
	if (sending.fd < 0)
		return fail(sending.fd, "cannot send to '%s'", sending.target.text);
	status = send_files(&sending, argv + optind);
	close(sending.fd);
	return status;
}

const struct command send_command = {
	.name = "send",
	.summary = "send files or stdin",
	.usage =
		"send [OPTION]... NAME|pid:N [FILE]...\n"
		"\n"
		"Sends each FILE (- or none: stdin) as one message to a port, or to the mailbox of\n"
		"a process. Waits while there is no room.\n"
		"\n"
		"  -l, --lines         each line is a message, without its newline\n"
		"  -0, --null          each text up to a zero byte is a message\n"
		"  -p, --priority N    0 (the default) to 32767; higher is received first\n"
		"  -g, --tag N         a number that the receiver is told\n"
		"  -t, --timeout TIME  give up when a message found no room for that time\n"
		"  --nonblock          give up at once where it would have to wait\n"
		"  -q, --quiet         no progress on the terminal\n"
		"\n"
		"  find . -name '*.png' | ipcbox send jobs --lines\n",
	.run = run,
};
