// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * One process receives, and only when a worker is free: what is not yet being
 * worked on stays in the port, where others can take it.
 */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST_WORKERS 4096

static const struct option longs[] = {
	{ "count", required_argument, NULL, 'n' },
	{ "file", no_argument, NULL, 'F' },
	{ "max-procs", required_argument, NULL, 'P' },
	{ "until-empty", no_argument, NULL, 'e' },
	OPTION_HELP,
};

struct working {
	const char *name;
	char **command;
	int fd;
	int signals; /* a signalfd */
	struct worker *workers;
	size_t slots;
	size_t running;
	uint64_t left; /* messages to take */
	uint64_t done;
	uint64_t failed;
	bool until_empty;
	bool file;
	bool stopping; /* take nothing more, end with the workers */
	int signal;    /* that ended it, or 0 */
	int status;
};

static struct worker *find_worker(struct working *working, pid_t pid)
{
	size_t i;

	for (i = 0; i < working->slots; i++)
		if (working->workers[i].pid == pid)
			return &working->workers[i];
	return NULL;
}

static void stop(struct working *working, int status)
{
	working->stopping = true;
	if (status)
		working->status = status;
}

static void note_failure(struct working *working)
{
	working->failed++;
	if (!working->status)
		working->status = STATUS_SOME_FAILED;
}

/* The statuses of xargs(1), which also says which of them end all. */
static void note_exit(struct working *working, const struct worker *worker, int wstatus)
{
	working->done++;
	if (WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == 0)
		return;
	note_failure(working);
	if (WIFSIGNALED(wstatus)) {
		worker_report(worker, "was killed by signal %d", WTERMSIG(wstatus));
		if (!working->stopping)
			stop(working, STATUS_KILLED);
		return;
	}
	worker_report(worker, "exited with status %d", WEXITSTATUS(wstatus));
	if (WEXITSTATUS(wstatus) == 255)
		stop(working, STATUS_SAID_STOP);
}

static void reap(struct working *working)
{
	struct worker *worker;
	int wstatus;
	pid_t pid;

	while ((pid = waitpid(-1, &wstatus, WNOHANG)) > 0) {
		worker = find_worker(working, pid);
		if (!worker)
			continue; /* a child from before exec(2), not ours */
		note_exit(working, worker, wstatus);
		worker_finish(worker);
		working->running--;
	}
}

static void forward(struct working *working, int signal)
{
	size_t i;

	for (i = 0; i < working->slots; i++)
		if (working->workers[i].pid)
			kill(working->workers[i].pid, signal);
	working->signal = signal;
	stop(working, 0);
}

static void read_signals(struct working *working)
{
	struct signalfd_siginfo info;

	while (read(working->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			reap(working);
		else
			forward(working, (int)info.ssi_signo);
	}
}

static void start(struct working *working, const struct ipcbox_msg *msg)
{
	struct worker *worker = find_worker(working, 0);
	int status = worker_start(worker, working->name, working->command, msg, working->file);

	if (status == STATUS_OK) {
		working->running++;
		return;
	}
	worker_finish(worker);
	working->done++;
	note_failure(working);
	if (status != STATUS_SOME_FAILED)
		stop(working, status);
}

/* Return: 0, or what ended the taking for now. */
static int take(struct working *working, struct ipcbox_msg **msg)
{
	int err = ipcbox_recv_msg(working->fd, msg, 0, IPCBOX_NOWAIT);

	if (err == -EAGAIN) {
		if (working->until_empty && !working->running)
			stop(working, 0);
	} else if (err == -EIDRM || err == -EPIPE) {
		stop(working, 0);
	} else if (err) {
		fail(err, "cannot receive from '%s'", working->name);
		stop(working, STATUS_FAILED);
	}
	if (err)
		return err;
	working->left--;
	start(working, *msg);
	return 0;
}

static bool may_take(const struct working *working)
{
	return !working->stopping && working->left && working->running < working->slots;
}

static void wait_for_events(struct working *working)
{
	struct pollfd fds[] = {
		{ .fd = working->signals, .events = POLLIN },
		{ .fd = may_take(working) ? working->fd : -1, .events = POLLIN },
	};

	poll(fds, 2, -1);
	read_signals(working);
}

static void work(struct working *working)
{
	struct ipcbox_msg *msg = NULL;

	for (;;) {
		while (may_take(working) && !take(working, &msg))
			read_signals(working);
		if (!working->running && (working->stopping || !working->left))
			break;
		wait_for_events(working);
	}
	ipcbox_msg_free(msg);
}

/* SIGCHLD and what shall end the commands too come as fd events from now on. */
static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* End as one who was killed by that signal, which a shell wants to know. */
static void die_by(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	signal(number, SIG_DFL);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static int run_workers(struct working *working)
{
	signal(SIGCHLD, SIG_DFL); /* else the children's statuses would be lost */
	working->signals = open_signals();
	if (working->signals < 0)
		return fail_errno(errno, "cannot watch for signals");
	work(working);
	if (working->failed)
		report("messages from '%s' whose command failed: %llu of %llu", working->name,
		       (unsigned long long)working->failed, (unsigned long long)working->done);
	if (working->signal)
		die_by(working->signal);
	return working->status;
}

static void take_option(struct working *working, int option)
{
	switch (option) {
	case 'n':
		working->left = parse_number(optarg, "count", UINT64_MAX);
		break;
	case 'F':
		working->file = true;
		break;
	case 'P':
		working->slots = (size_t)parse_number(optarg, "max-procs", MOST_WORKERS);
		break;
	case 'e':
		working->until_empty = true;
		break;
	}
}

static int run(int argc, char **argv)
{
	struct working working = { .slots = 1, .left = UINT64_MAX };
	int option;
	int status;

	while ((option = next_option(argc, argv, ":n:FP:eh", longs)) != -1)
		take_option(&working, option);
	need_arguments(argc, 2, argc, "the NAME of a port and a COMMAND");
	if (!working.slots)
		die_usage("--max-procs is 1 or more");
	working.name = parse_port(argv[optind]);
	working.command = argv + optind + 1;
	status = worker_check(working.command[0]);
	if (status)
		return status;

	working.workers = calloc(working.slots, sizeof(*working.workers));
	if (!working.workers)
		return fail(-ENOMEM, "cannot start");
	working.fd = ipcbox_port_open(working.name, IPCBOX_RECEIVER);
	if (working.fd < 0)
		status = fail(working.fd, "cannot receive from '%s'", working.name);
	else
		status = run_workers(&working);
	free(working.workers);
	return status;
}

const struct command work_command = {
	.name = "work",
	.summary = "run a command for each message",
	.usage =
		"work [OPTION]... NAME -- COMMAND [ARGUMENT]...\n"
		"\n"
		"Runs COMMAND for each message of a port until the port is over. The message is the\n"
		"command's stdin, and {} in COMMAND and ARGUMENTs stands for its text (without one\n"
		"newline at its end). In the environment are IPCBOX_SEQ, IPCBOX_PID, IPCBOX_UID,\n"
		"IPCBOX_GID, IPCBOX_PRIORITY and IPCBOX_TAG.\n"
		"\n"
		"  -P, --max-procs N   up to N commands at a time; 1 is the default\n"
		"  -n, --count N       N messages\n"
		"  -e, --until-empty   end when the port is empty and no command runs\n"
		"  -F, --file          {} stands for a file that holds the message\n"
		"\n"
		"Exit status, as xargs has it: 0; 123: a command failed; 124: a command exited with\n"
		"255; 125: one was killed by a signal; 126: it cannot be run; 127: it was not found;\n"
		"1: any other error. From 124 on no further message is taken. SIGHUP, SIGINT and\n"
		"SIGTERM are passed on to the commands, and no further message is taken.\n"
		"\n"
		"  ipcbox work jobs -P 4 -- convert {} -resize 50% small/{}\n",
	.run = run,
};
