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
	struct ipcbox_buffer *buffer; /* or NULL */
	int delimiter;
	int64_t timeout_ms;
	unsigned int priority;
	uint64_t tag;
	unsigned long long sent;
	bool quiet;
};

/* A user that begins again after an error wants to know where. */
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
		       "send it in parts%s",
		       sending->target.text, so_far(sending), IPCBOX_MSGSIZE_MAX,
		       sending->delimiter == NO_DELIMITER ? ", or by --lines" : "");
	} else if (ipcbox_stat(sending->fd, &info)) {
		fail(-EMSGSIZE, "cannot send to '%s'%s", sending->target.text, so_far(sending));
	} else {
		report("cannot send to '%s'%s: the message has %zu bytes and it takes %llu; "
		       "%s, or send in parts",
		       sending->target.text, so_far(sending), len,
		       (unsigned long long)ipcbox_info_max_msgsize(info),
		       sending->buffer ? "make a buffer with a larger msgsize"
				       : "have its msgsize raised");
	}
	ipcbox_info_free(info);
	return STATUS_FAILED;
}

/* Not ipcbox_buffer_send(), which has no tag. */
static int put_in_buffer(const struct sending *sending, const char *data, size_t len,
			 uint64_t deadline)
{
	struct ipcbox_slot slot;
	int err = ipcbox_buffer_reserve(sending->buffer, &slot, len, deadline);

	if (err)
		return err;
	memcpy(slot.data, data, len);
	slot.tag = (uint32_t)sending->tag;
	return ipcbox_buffer_commit(sending->buffer, &slot);
}

static int put(const struct sending *sending, const char *data, size_t len)
{
	uint64_t deadline = ipcbox_deadline_ms(sending->timeout_ms);

	if (sending->buffer)
		return put_in_buffer(sending, data, len, deadline);
	return ipcbox_send_until(sending->fd, data, len, deadline, sending->priority, sending->tag);
}

static int send_message(struct sending *sending, const char *data, size_t len)
{
	int err = put(sending, data, len);

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

/* Return: STATUS_OK, or why what was asked for does not apply to a buffer. */
static int check_for_buffer(const struct sending *sending)
{
	if (!sending->buffer)
		return STATUS_OK;
	if (sending->priority)
		report("cannot send to '%s' with a priority: it is a buffer, from which messages come "
		       "in the order in which they were sent; use a port, or no priority",
		       sending->target.text);
	else if (sending->tag > UINT32_MAX)
		report("cannot send to '%s' with that tag: a tag in a buffer has 32 bits, so %u is the "
		       "most",
		       sending->target.text, UINT32_MAX);
	else
		return STATUS_OK;
	return STATUS_FAILED;
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
	sending.fd = open_target(&sending.target, IPCBOX_SENDER, &sending.buffer);
	if (sending.fd < 0)
		return fail(sending.fd, "cannot send to '%s'", sending.target.text);
	status = check_for_buffer(&sending) ?: send_files(&sending, argv + optind);
	close_target(sending.fd, sending.buffer);
	return status;
}

const struct command send_command = {
	.name = "send",
	.summary = "send files or stdin",
	.usage = "send [OPTION]... NAME|pid:N [FILE]...\n"
		 "\n"
		 "Sends each FILE (- or none: stdin) as one message to a port, to a buffer, or to\n"
		 "the mailbox of a process. Waits while there is no room.\n"
		 "\n"
		 "  -l, --lines         each line is a message, without its newline\n"
		 "  -0, --null          each text up to a zero byte is a message\n"
		 "  -p, --priority N    0 (the default) to 32767; higher is received first;\n"
		 "                      not for a buffer\n"
		 "  -g, --tag N         a number that the receiver gets; up to 4294967295 for a\n"
		 "                      buffer\n"
		 "  -t, --timeout TIME  give up when a message found no room for that time\n"
		 "  --nonblock          give up at once where it would have to wait\n"
		 "  -q, --quiet         no progress on the terminal\n"
		 "\n"
		 "  find . -name '*.png' | ipcbox send jobs --lines\n",
	.run = run,
};
