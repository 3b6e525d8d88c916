// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char placeholder[] = "{}";

/* Return: @template with each {} replaced, to be freed, or NULL. */
static char *fill_in(const char *template, const char *text)
{
	const char *from = template;
	char *filled = NULL;
	const char *found;
	FILE *out;
	size_t len;

	out = open_memstream(&filled, &len);
	if (!out)
		return NULL;
	while ((found = strstr(from, placeholder))) {
		fwrite(from, 1, (size_t)(found - from), out);
		fputs(text, out);
		from = found + strlen(placeholder);
	}
	fputs(from, out);
	if (!fclose(out))
		return filled;
	free(filled);
	return NULL;
}

static void free_arguments(char **arguments)
{
	size_t i;

	for (i = 0; arguments && arguments[i]; i++)
		free(arguments[i]);
	free(arguments);
}

static char **make_arguments(char **command, const char *text)
{
	size_t count = 0;
	char **arguments;
	size_t i;

	while (command[count])
		count++;
	arguments = calloc(count + 1, sizeof(*arguments));
	for (i = 0; arguments && i < count; i++) {
		arguments[i] = fill_in(command[i], text);
		if (!arguments[i]) {
			free_arguments(arguments);
			return NULL;
		}
	}
	return arguments;
}

static bool has_placeholder(char **command)
{
	for (; *command; command++)
		if (strstr(*command, placeholder))
			return true;
	return false;
}

/* The text for {}, to be freed. */
static int make_text(const struct message *message, char **text)
{
	const char *data = message->data;
	size_t len = message->len;

	if (len && data[len - 1] == '\n')
		len--;
	if (memchr(data, '\0', len))
		return -EILSEQ;
	*text = strndup(data, len);
	return *text ? 0 : -ENOMEM;
}

static const char *payload_directory(void)
{
	const char *directory = getenv("TMPDIR");

	return directory ? directory : "/tmp";
}

/* The fd's file is in memory, or with @path in the directory for such files. */
static int open_payload(char **path, bool file)
{
	int fd;

	if (!file)
		fd = memfd_create("ipcbox-message", MFD_CLOEXEC);
	else if (asprintf(path, "%s/ipcbox.XXXXXX", payload_directory()) < 0)
		return -ENOMEM;
	else
		fd = mkostemp(*path, O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int write_payload(int fd, const struct message *message)
{
	const char *data = message->data;
	size_t left = message->len;
	ssize_t wrote;

	while (left) {
		wrote = write(fd, data, left);
		if (wrote < 0)
			return -errno;
		data += wrote;
		left -= (size_t)wrote;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

static int export_number(const char *name, unsigned long long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", value);
	return setenv(name, text, 1) ? -errno : 0;
}

static int export_sender(const struct ipcbox_msg *msg)
{
	return export_number("IPCBOX_SEQ", ipcbox_msg_seq(msg)) ?:
	       export_number("IPCBOX_PID", (unsigned long long)ipcbox_msg_pid(msg)) ?:
	       export_number("IPCBOX_UID", ipcbox_msg_uid(msg)) ?:
	       export_number("IPCBOX_GID", ipcbox_msg_gid(msg)) ?:
	       export_number("IPCBOX_PRIORITY", ipcbox_msg_priority(msg));
}

/* A sender that is not known must not seem to be that of an outer 'ipcbox work'. */
static void unset_sender(void)
{
	unsetenv("IPCBOX_SEQ");
	unsetenv("IPCBOX_PID");
	unsetenv("IPCBOX_UID");
	unsetenv("IPCBOX_GID");
	unsetenv("IPCBOX_PRIORITY");
}

static int export_message(const struct message *message)
{
	int err = 0;

	if (message->msg)
		err = export_sender(message->msg);
	else
		unset_sender();
	return err ?: export_number("IPCBOX_TAG", message->tag);
}

/*
 * With @fd as stdin, @out (unless it is -1) as stdout, and none of the signals blocked
 * that are blocked here.
 */
static int spawn(pid_t *pid, char **arguments, int fd, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int err;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	err = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	if (!err && out >= 0)
		err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!err)
		err = posix_spawnattr_setsigmask(&attr, &none);
	if (!err)
		err = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	if (!err)
		err = posix_spawnp(pid, arguments[0], &actions, &attr, arguments, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* A directory may be executable, and still be no command. Return: 0 or a negative errno. */
static int check_executable(const char *path)
{
	struct stat st;

	if (access(path, X_OK) || stat(path, &st))
		return -errno;
	return S_ISDIR(st.st_mode) ? -EISDIR : 0;
}

/* As execvp(3) looks for it. Return: 0, -ENOENT or another errno. */
static int find_command(const char *command)
{
	const char *path = getenv("PATH");
	int found = -ENOENT;
	char *candidate;
	size_t len;
	int err;

	if (strchr(command, '/'))
		return check_executable(command);
	for (; path && found; path = path[len] ? path + len + 1 : NULL) {
		len = strcspn(path, ":");
		if (asprintf(&candidate, "%.*s%s%s", (int)len, path, len ? "/" : "", command) < 0)
			return -ENOMEM;
		err = check_executable(candidate);
		if (!err || err == -EACCES)
			found = err;
		free(candidate);
	}
	return found;
}

static int spawn_for(struct worker *worker, char **command, const struct message *message, int fd,
		     int out)
{
	char **arguments;
	char *text = NULL;
	int err = 0;

	if (has_placeholder(command) && !worker->path)
		err = make_text(message, &text);
	if (err)
		return err;
	arguments = make_arguments(command, worker->path ? worker->path : text ? text : "");
	err = arguments ? export_message(message) : -ENOMEM;
	if (!err)
		err = spawn(&worker->pid, arguments, fd, out);
	/* execve(2) says the same of a missing interpreter as of a missing command. */
	if (err == -ENOENT && !find_command(arguments[0]))
		err = -ELIBACC;
	if (err == -E2BIG && text)
		err = -EMSGSIZE;
	free_arguments(arguments);
	free(text);
	return err;
}

/* Return: an fd that is at the begin of the message, or a negative errno. */
static int make_payload(struct worker *worker, const struct message *message, bool file)
{
	int fd = open_payload(&worker->path, file);
	int err;

	if (fd < 0)
		return fd;
	err = write_payload(fd, message);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Return: where the command's stdout goes, -1: where the tool's own does, or an errno. */
static int open_output(struct worker *worker, const struct message *message, bool serving)
{
	int fd;

	if (!serving)
		return -1;
	if (worker->call)
		return capture_open(&worker->capture, ipcbox_msg_reply_max(message->msg));
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Where libc's text for an errno of spawn_for() would lead the reader astray. */
static void tell_not_spawned(const struct worker *worker, int err)
{
	switch (-err) {
	case EILSEQ:
		worker_report(worker,
			      "was not run: the message has a zero byte, which no argument "
			      "can have; with --file {} is the name of a file that holds it");
		break;
	case EMSGSIZE:
		worker_report(
			worker,
			"was not run: with the %zu bytes of the message its arguments are too "
			"long; with --file {} is the name of a file that holds it",
			worker->message.len);
		break;
	case EAGAIN:
		worker_report(worker, "cannot be run: there are too many processes, of this user "
				      "(see ulimit -u), of its cgroup, or of all");
		break;
	case ELIBACC:
		worker_report(worker, "cannot be run: the command is there, but not the "
				      "interpreter or loader that it names");
		break;
	case ENOEXEC:
		worker_report(worker, "cannot be run: it is neither a program for this machine nor "
				      "a script that begins with #!");
		break;
	default:
		worker_report(worker, "cannot be run: %s", strerror(-err));
	}
}

static int spawn_status(int err)
{
	switch (-err) {
	case 0:
		return STATUS_OK;
	case EMSGSIZE:
	case EILSEQ:
		return STATUS_SOME_FAILED; /* of this message, not of all */
	case ENOENT:
		return STATUS_NOT_FOUND;
	}
	return STATUS_CANNOT_RUN;
}

int worker_start(struct worker *worker, const char *from, char **command,
		 const struct message *message, bool file, bool serving)
{
	int err;
	int out;
	int fd;

	*worker = (struct worker){
		.message = *message,
		.from = from,
		.command = command[0],
	};
	if (message->msg) {
		worker->sender = ipcbox_msg_pid(message->msg);
		worker->call = ipcbox_msg_call(message->msg);
	}
	fd = make_payload(worker, message, file);
	if (fd < 0) {
		worker_report(worker, "cannot be given its message%s%s%s: %s",
			      file ? ": no file in '" : "", file ? payload_directory() : "",
			      file ? "'" : "", strerror(-fd));
		return STATUS_FAILED;
	}
	out = open_output(worker, message, serving);
	err = out < -1 ? out : spawn_for(worker, command, message, fd, out);
	if (out >= 0)
		close(out);
	close(fd);
	if (err)
		tell_not_spawned(worker, err);
	return spawn_status(err);
}

void worker_finish(struct worker *worker)
{
	if (worker->path)
		unlink(worker->path);
	free(worker->path);
	worker->path = NULL;
	worker->pid = 0;
	capture_close(&worker->capture);
}

int worker_output(const struct worker *worker)
{
	return worker->capture.fd ? worker->capture.fd : -1;
}

void worker_report(const struct worker *worker, const char *format, ...)
{
	char sender[32] = "";
	va_list args;
	char *what;

	va_start(args, format);
	if (vasprintf(&what, format, args) >= 0) {
		if (worker->message.msg)
			snprintf(sender, sizeof(sender), " from pid %d", worker->sender);
		report("for message %llu of '%s'%s '%s' %s",
		       (unsigned long long)worker->message.number, worker->from, sender,
		       worker->command, what);
		free(what);
	}
	va_end(args);
}

int worker_check(const char *command)
{
	int err = strstr(command, placeholder) ? 0 : find_command(command);

	if (!err)
		return STATUS_OK;
	fail_errno(err, "nothing was received: cannot run '%s'", command);
	return err == -ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}
