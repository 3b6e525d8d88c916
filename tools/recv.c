// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OPTION_FROM = 0x200, OPTION_NONBLOCK };

static const struct option longs[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "follow", no_argument, NULL, 'f' },
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "json", no_argument, NULL, 'j' },
	{ "lines", no_argument, NULL, 'l' },
	{ "mode", required_argument, NULL, 'm' },
	{ "nonblock", no_argument, NULL, OPTION_NONBLOCK },
	{ "null", no_argument, NULL, '0' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "timeout", required_argument, NULL, 't' },
	{ "until-empty", no_argument, NULL, 'e' },
	OPTION_HELP,
};

#define NO_SEPARATOR (-1)

struct receiving {
	struct target target;
	struct ipcbox_options *options; /* of the mailbox, or NULL */
	struct source source;
	int separator;
	pid_t from;
	int64_t timeout_ms;
	uint64_t count;
	uint64_t written; /* messages on stdout so far */
	bool counted;
	bool follow;
	bool until_empty;
	bool json;
	bool quiet;
	bool watch_stdout;
};

/* Return: 0 or a negative errno. */
static int open_source(struct receiving *receiving)
{
	const struct target *target = &receiving->target;
	struct source *source = &receiving->source;

	if (target->kind == TARGET_PID)
		die_usage("recv takes a port, a buffer or mailbox:, not '%s'; a mailbox is for its "
			  "own process",
			  target->text);
	if (target->kind == TARGET_MAILBOX)
		source->fd = ipcbox_mailbox_open(0, receiving->options);
	else
		source->fd = open_target(target, IPCBOX_RECEIVER, &source->buffer);
	return source->fd < 0 ? source->fd : 0;
}

static void print_sender(const struct ipcbox_msg *msg)
{
	json_number("seq", ipcbox_msg_seq(msg));
	json_number("pid", (uint64_t)ipcbox_msg_pid(msg));
	json_number("uid", ipcbox_msg_uid(msg));
	json_number("gid", ipcbox_msg_gid(msg));
	json_number("priority", ipcbox_msg_priority(msg));
}

static void print_json(const struct message *message)
{
	json_begin(NULL, '{');
	if (message->msg)
		print_sender(message->msg);
	json_number("tag", message->tag);
	json_number("len", message->len);
	json_bytes("data", message->data, message->len);
	json_end('}');
	json_end_line();
}

static int print_message(const struct receiving *receiving, const struct message *message)
{
	if (receiving->json) {
		print_json(message);
	} else {
		fwrite(message->data, 1, message->len, stdout);
		if (receiving->separator != NO_SEPARATOR)
			putchar(receiving->separator);
	}
	return output_flush();
}

static bool is_pipe(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

/* A timeout for poll(2): rounded up, so that it does not end before its time. */
static int remaining_ms(uint64_t deadline)
{
	struct timespec now;
	uint64_t now_ns, ms;

	if (deadline == IPCBOX_FOREVER)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (deadline == IPCBOX_NOWAIT || deadline <= now_ns)
		return 0;
	ms = (deadline - now_ns) / 1000000 + 1;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* Returned by take_while_read(), and not an errno. */
#define NOBODY_READS 1

/*
 * Takes a message only while somebody reads what is written: one for nobody is
 * better left where it is. So it sleeps in poll(2), for both ends.
 */
static int take_while_read(struct source *source, struct message *message, uint64_t deadline)
{
	struct pollfd fds[] = {
		{ .fd = source->fd, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	int ready, err;

	do {
		ready = poll(fds, 2, remaining_ms(deadline));
		if (fds[1].revents)
			return NOBODY_READS;
		err = source_take(source, message, 0, IPCBOX_NOWAIT);
	} while (err == -EAGAIN && ready); /* somebody else was faster */
	return err == -EAGAIN && deadline != IPCBOX_NOWAIT ? -ETIMEDOUT : err;
}

static int take(struct receiving *receiving, struct message *message)
{
	uint64_t deadline = ipcbox_deadline_ms(receiving->timeout_ms);

	if (receiving->watch_stdout)
		return take_while_read(&receiving->source, message, deadline);
	return source_take(&receiving->source, message, receiving->from, deadline);
}

/* Whether that is how it was meant to end. */
static bool is_end(const struct receiving *receiving, int err)
{
	if (err == -EAGAIN)
		return receiving->until_empty;
	return receiving->follow && (err == -EIDRM || err == -EPIPE);
}

/* Messages in a pipe wait for its reader; how many of them it has read is not known. */
static const char *unread(const struct receiving *receiving)
{
	static char text[128];

	if (!receiving->written)
		return "; no message was written to it before";
	snprintf(text, sizeof(text),
		 "; %llu message%s written to it before, and what was not read of that is lost",
		 (unsigned long long)receiving->written,
		 receiving->written == 1 ? " was" : "s were");
	return text;
}

static int fail_take(const struct receiving *receiving, int err)
{
	if (is_end(receiving, err))
		return STATUS_OK;
	if (err != NOBODY_READS)
		return fail(err, "cannot receive from '%s'", receiving->target.text);
	report("stopped receiving from '%s': nobody reads stdout any more%s",
	       receiving->target.text, unread(receiving));
	return STATUS_FAILED;
}

static int fail_print(struct receiving *receiving, const struct message *message, int err)
{
	const char *before = err == -EPIPE ? unread(receiving) : "";

	if (source_put_back(&receiving->source, message))
		report("cannot write to stdout: the next message, of %zu bytes, is left in '%s': %s%s",
		       message->len, receiving->target.text, strerror(-err), before);
	else
		report("cannot write to stdout: message %llu of %zu bytes was received and is "
		       "lost: %s%s",
		       (unsigned long long)message->number, message->len, strerror(-err), before);
	return STATUS_FAILED;
}

static int receive_all(struct receiving *receiving)
{
	int status = STATUS_OK;
	struct message message;
	int err;

	progress_start("received", receiving->quiet || isatty(STDOUT_FILENO));
	while (receiving->written < receiving->count && status == STATUS_OK) {
		err = take(receiving, &message);
		if (err) {
			status = fail_take(receiving, err);
			break;
		}
		err = print_message(receiving, &message);
		if (err) {
			status = fail_print(receiving, &message, err);
			break;
		}
		source_release(&receiving->source, &message);
		receiving->written++;
		progress_add(message.len);
	}
	progress_hide();
	return status;
}

static void take_option(struct receiving *receiving, int option)
{
	switch (option) {
	case 'n':
		receiving->count = parse_number(optarg, "count", UINT64_MAX);
		receiving->counted = true;
		break;
	case 'f':
		receiving->follow = true;
		break;
	case 'e':
		receiving->until_empty = true;
		receiving->timeout_ms = 0;
		break;
	case 't':
		receiving->timeout_ms = parse_timeout_ms(optarg);
		break;
	case 'l':
		receiving->separator = '\n';
		break;
	case '0':
		receiving->separator = '\0';
		break;
	case 'j':
		receiving->json = true;
		break;
	case 'm':
		receiving->options = new_box_options();
		take_box_option(receiving->options, option);
		break;
	case 'q':
		receiving->quiet = true;
		break;
	case OPTION_FROM:
		receiving->from = (pid_t)parse_number(optarg, "pid", INT_MAX);
		break;
	case OPTION_NONBLOCK:
		receiving->timeout_ms = 0;
		break;
	}
}

static void resolve_options(struct receiving *receiving)
{
	bool mailbox = receiving->target.kind == TARGET_MAILBOX;

	if (!mailbox && (receiving->from || receiving->options))
		die_usage("--from and --mode are for 'recv mailbox:' only");
	if (!receiving->counted && (receiving->follow || receiving->until_empty))
		receiving->count = UINT64_MAX;
	/* poll(2) cannot tell whether there is a message from that one process. */
	receiving->watch_stdout = is_pipe(STDOUT_FILENO) && !receiving->from;
}

static int run(int argc, char **argv)
{
	struct receiving receiving = {
		.separator = NO_SEPARATOR,
		.timeout_ms = -1,
		.count = 1,
	};
	int option, status, err;

	while ((option = next_option(argc, argv, ":n:fet:l0jm:qh", longs)) != -1)
		take_option(&receiving, option);
	need_arguments(argc, 1, 1, "one NAME or mailbox:");
	receiving.target = parse_target(argv[optind]);
	resolve_options(&receiving);

	err = output_check();
	if (err)
		return fail_errno(err, "nothing was received: cannot write to stdout");
	/* If the reader of stdout leaves, report an error instead of dying by SIGPIPE. */
	signal(SIGPIPE, SIG_IGN);
	err = open_source(&receiving);
	if (err)
		return fail(err, "cannot receive from '%s'", receiving.target.text);
	if (receiving.target.kind == TARGET_MAILBOX && !receiving.quiet)
		report("send to this mailbox with: ipcbox send pid:%d", getpid());
	status = receive_all(&receiving);
	source_close(&receiving.source);
	ipcbox_options_free(receiving.options);
	return status;
}

const struct command recv_command = {
	.name = "recv",
	.summary = "receive to stdout",
	.usage =
		"recv [OPTION]... NAME|mailbox:\n"
		"\n"
		"Receives one message from a port or buffer, or from one's own mailbox (whose pid is\n"
		"shown on stderr), and writes its bytes to stdout. Waits while there is none.\n"
		"\n"
		"  -n, --count N        N messages\n"
		"  -f, --follow         all messages, until the end of the port or buffer\n"
		"  -e, --until-empty    all messages that are there now\n"
		"  -t, --timeout TIME   give up when none came for that time\n"
		"  --nonblock           give up at once where it would have to wait\n"
		"  -l, --lines          a newline after each message\n"
		"  -0, --null           a zero byte after each message\n"
		"  -j, --json           each message as a JSON object in a line, with its sender\n"
		"                       (which a buffer does not know);\n"
		"                       data that is not text is in data_base64\n"
		"  --from PID           on a mailbox: only messages of that process\n"
		"  -m, --mode MODE      of the mailbox: permission to send (w), like 0622\n"
		"  -q, --quiet          no pid of the mailbox, no progress on the terminal\n"
		"\n"
		"A message that was received and cannot be written is lost, which is reported. A\n"
		"message of a buffer stays there until it is written. Output to a pipe is lost if\n"
		"its reader ends before it has read it.\n",
	.run = run,
};
