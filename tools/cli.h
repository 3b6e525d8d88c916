/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: The command-line tool
 *
 * One file for each command (create.c, send.c, ...), each with one struct
 * command, which main.c lists. The functions that commands share are below,
 * one noun for each file. The tool uses libipcbox and nothing beneath it.
 */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ipcbox.h>
#include <ipcbox_buffer.h>

enum {
	STATUS_OK = 0,
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
};

struct command {
	const char *name;
	const char *summary;
	const char *usage;
	int (*run)(int argc, char **argv);
};

extern const struct command call_command;
extern const struct command create_command;
extern const struct command ls_command;
extern const struct command recv_command;
extern const struct command rm_command;
extern const struct command send_command;
extern const struct command serve_command;
extern const struct command set_command;
extern const struct command stat_command;
extern const struct command work_command;

/* Which command runs: named in each error. */
extern const struct command *current_command;

void print_usage(const struct command *command);

/*
 * report.c: one line on stderr, whatever is in the text.
 *
 * fail() tells why libipcbox failed (@err) and what to do, and returns
 * STATUS_FAILED; fail_errno() does so for any other call.
 */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));
int fail(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));
int fail_errno(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));
void die_usage(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/*
 * options.c: the command line. All end the program with a usage
 * error if the text is not what it should be.
 *
 * next_option() is getopt_long(3) that knows --help and tells errors itself; the
 * options of a command take OPTION_HELP as their last one.
 */
/* clang-format off */
#define OPTION_HELP { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
/* clang-format on */

int next_option(int argc, char **argv, const char *shorts, const struct option *longs);
void need_arguments(int argc, int at_least, int at_most, const char *what);
uint64_t parse_number(const char *text, const char *what, uint64_t max);
uint64_t parse_size(const char *text, const char *what);
int64_t parse_timeout_ms(const char *text);
mode_t parse_mode(const char *text);

/* box_options.c: the options of a box or buffer, as create, set and recv take them */
enum box_option {
	OPTION_OWNER = 0x100,
	OPTION_GROUP,
	OPTION_MESSAGES,
	OPTION_BYTES,
	OPTION_MSGSIZE,
};

/* clang-format off */
#define BOX_OPTIONS                                                \
	{ "mode", required_argument, NULL, 'm' },                  \
	{ "owner", required_argument, NULL, OPTION_OWNER },        \
	{ "group", required_argument, NULL, OPTION_GROUP },        \
	{ "messages", required_argument, NULL, OPTION_MESSAGES },  \
	{ "bytes", required_argument, NULL, OPTION_BYTES },        \
	{ "msgsize", required_argument, NULL, OPTION_MSGSIZE }
/* clang-format on */

#define BOX_OPTIONS_USAGE                                                              \
	"  -m, --mode MODE    who may receive (r) and send (w), in octal, like 0660\n" \
	"  --owner UID        owner, as a number\n"                                    \
	"  --group GID        group, as a number\n"                                    \
	"  --messages N       how many messages it holds; not of a buffer\n"           \
	"  --bytes SIZE       how many bytes it holds\n"                               \
	"  --msgsize SIZE     how long one message may be\n"

struct ipcbox_options *new_box_options(void);
bool take_box_option(struct ipcbox_options *options, int option);
bool is_size_option(int option);

/*
 * target.c: the port, buffer or process that a command is about.
 *
 * NAME or port:NAME is a port or a buffer, pid:N the mailbox of a process, mailbox:
 * one's own.
 */
struct target {
	enum target_kind { TARGET_NAME, TARGET_PID, TARGET_MAILBOX } kind;
	const char *text; /* as it was given */
	const char *name;
	pid_t pid;
};

struct target parse_target(const char *text);
const char *parse_name(const char *text);

/*
 * Return: an fd, or a negative errno. A buffer is mapped, unless @buffer is NULL; of all
 * else *@buffer is NULL. A target for calls is no buffer: then it is -EPROTOTYPE, which
 * why_no_calls tells better than libipcbox could.
 */
int open_target(const struct target *target, unsigned int flags, struct ipcbox_buffer **buffer);
int open_target_for_calls(const struct target *target, unsigned int flags);
void close_target(int fd, struct ipcbox_buffer *buffer);
extern const char why_no_calls[];

/*
 * source.c: where messages come from: a port, a mailbox or a buffer.
 *
 * A message of a buffer is read where it lies. It stays in flight until it is released or
 * put back; if this process dies before, it is there for others again.
 */
struct source {
	int fd;
	struct ipcbox_buffer *buffer; /* or NULL */
	struct ipcbox_msg *msg;	      /* the last one of a port or mailbox */
	uint64_t taken;		      /* messages of a buffer so far */
};

/* One message. A buffer does not know who sent it: then @msg is NULL. */
struct message {
	const char *data;
	size_t len;
	uint64_t tag;
	uint64_t number; /* its seq; of a buffer the how manieth that was taken */
	const struct ipcbox_msg *msg;
	struct ipcbox_slot slot;
};

void source_close(struct source *source);
int source_take(struct source *source, struct message *message, pid_t from, uint64_t deadline);
void source_release(struct source *source, const struct message *message);

/* Whether others get it now: a message of a port or mailbox cannot be put back. */
bool source_put_back(struct source *source, const struct message *message);

/* input.c: messages out of a file, each up to a delimiter or to the end */
#define NO_DELIMITER (-1)

struct input {
	int fd;
	int delimiter;
	bool ended;
	char *data;
	size_t begin; /* of what was read and not yet handed out */
	size_t end;
	size_t room;
};

void input_init(struct input *input, int fd, int delimiter);
void input_deinit(struct input *input);
int input_next(struct input *input, const char **data, size_t *len);

/* output.c: stdout. Each returns 0 or a negative errno. */
int output_check(void);
int output_flush(void);
void output_drop(void);

/* json.c: on stdout. The key is NULL in an array, and outside of all objects. */
void json_begin(const char *key, char bracket);
void json_end(char bracket);
void json_end_line(void);
void json_number(const char *key, uint64_t value);
void json_string(const char *key, const char *text);
void json_bytes(const char *key, const void *data, size_t len);

/* progress.c: a line on the terminal that tells how far a long transfer is */
void progress_start(const char *verb, bool quiet);
void progress_add(size_t bytes);
void progress_hide(void);

/* info.c: what stat and ls tell about a box or buffer; as members of a JSON object */
bool is_buffer(const struct ipcbox_info *info);
bool is_spsc(const struct ipcbox_info *info);
const char *kind_name(const struct ipcbox_info *info);
void json_info(const struct ipcbox_info *info);

#endif /* CLI_H */
