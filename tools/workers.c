// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * One process receives, and only when a worker is free: what is not yet being
 * worked on stays in the port or buffer, where others can take it. A message of a
 * buffer stays in flight until its command has ended, so that it is not lost with this
 * process; nor with the command, which then did not do it.
 */
#include "workers.h"
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
	struct source source;
	int signals; /* a signalfd */
	struct worker *workers;
	struct pollfd *fds; /* of signals, the source, and each worker's output */
	size_t slots;
	size_t running;
	uint64_t left; /* messages to take */
	uint64_t done;
	uint64_t failed;
	bool until_empty;
	bool file;
	bool serving;  /* a call gets what its command writes */
	bool told;     /* that there was a message which is no call */
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

static bool is_over(int err)
{
	return err == -EIDRM || err == -EPIPE;
}

static void tell_reply(const struct worker *worker, int err)
{
	if (err == -EMSGSIZE)
		worker_report(worker, "wrote more than the %zu bytes its caller has room for",
			      worker->capture.limit);
	else if (err == -EPIPE)
		worker_report(worker, "has no caller any more: it died or gave up");
	else if (err && err != -EIDRM)
		worker_report(worker, "could not reply: %s", ipcbox_strerror(err));
}

/* A caller that cannot be given the reply gets the reason instead. */
static void reply(const struct working *working, struct worker *worker, int status)
{
	const struct capture *capture = &worker->capture;
	int err;

	if (!worker->call)
		return;
	err = capture->err;
	if (!err)
		err = ipcbox_reply(working->source.fd, worker->call, capture->data, capture->len,
				   (uint64_t)status);
	tell_reply(worker, err);
	if (err && !is_over(err))
		ipcbox_reply(working->source.fd, worker->call, NULL, 0, (uint64_t)(int64_t)err);
}

/* As a shell has it. */
static int exit_status(int wstatus)
{
	return WIFSIGNALED(wstatus) ? SIGNAL_STATUS + WTERMSIG(wstatus) : WEXITSTATUS(wstatus);
}

/* A message of a port or mailbox is gone in any case. Return: words for the report. */
static const char *put_back(struct working *working, const struct worker *worker)
{
	return source_put_back(&working->source, &worker->message)
		       ? "; its message is back in the buffer"
		       : "";
}

/* The statuses of xargs(1), which also says which of them end all. */
static void note_exit(struct working *working, const struct worker *worker, int wstatus)
{
	working->done++;
	if (WIFEXITED(wstatus))
		source_release(&working->source, &worker->message);
	if (working->serving && worker->call)
		return; /* it is the caller's to know */
	if (WIFEXITED(wstatus) && WEXITSTATUS(wstatus) == 0)
		return;
	note_failure(working);
	if (WIFSIGNALED(wstatus)) {
		worker_report(worker, "was killed by signal %d%s", WTERMSIG(wstatus),
			      put_back(working, worker));
		if (!working->signal && !working->serving)
			stop(working, STATUS_KILLED);
		return;
	}
	worker_report(worker, "exited with status %d", WEXITSTATUS(wstatus));
	if (WEXITSTATUS(wstatus) == 255 && !working->serving)
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
		capture_read(&worker->capture);
		reply(working, worker, exit_status(wstatus));
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

static void tell_no_call(struct working *working, const struct worker *worker)
{
	if (!working->serving || worker->call || working->told)
		return;
	working->told = true;
	worker_report(worker, "is run, but its message is no call: its output is dropped "
			      "(further ones are not reported)");
}

/* A message that is to blame itself would stop the next worker as well. */
static void end_unstarted(struct working *working, const struct worker *worker, int status)
{
	if (status == STATUS_SOME_FAILED)
		source_release(&working->source, &worker->message);
	else
		source_put_back(&working->source, &worker->message);
}

static void start(struct working *working, const struct message *message)
{
	struct worker *worker = find_worker(working, 0);
	int status = worker_start(worker, working->name, working->command, message, working->file,
				  working->serving);

	if (status == STATUS_OK) {
		working->running++;
		tell_no_call(working, worker);
		return;
	}
	reply(working, worker, status == STATUS_NOT_FOUND ? status : STATUS_CANNOT_RUN);
	end_unstarted(working, worker, status);
	worker_finish(worker);
	working->done++;
	note_failure(working);
	if (status != STATUS_SOME_FAILED && !working->serving)
		stop(working, status);
}

/* Return: 0, or what ended the taking for now. */
static int take(struct working *working)
{
	struct message message;
	int err = source_take(&working->source, &message, 0, IPCBOX_NOWAIT);

	if (err == -EAGAIN) {
		if (working->until_empty && !working->running)
			stop(working, 0);
	} else if (is_over(err)) {
		stop(working, 0);
	} else if (err) {
		fail(err, "cannot receive from '%s'", working->name);
		stop(working, STATUS_FAILED);
	}
	if (err)
		return err;
	working->left--;
	start(working, &message);
	return 0;
}

static bool may_take(const struct working *working)
{
	return !working->stopping && working->left && working->running < working->slots;
}

/* Only what there is: poll(2) takes no more fds than a process may have open. */
static void wait_for_events(struct working *working)
{
	struct pollfd *fds = working->fds;
	size_t i, count = 2;
	int output;

	fds[0] = (struct pollfd){ .fd = working->signals, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = may_take(working) ? working->source.fd : -1,
				  .events = POLLIN };
	for (i = 0; i < working->slots; i++) {
		output = worker_output(&working->workers[i]);
		if (output >= 0)
			fds[count++] = (struct pollfd){ .fd = output, .events = POLLIN };
	}
	if (poll(fds, count, -1) > 0)
		for (i = 0, count = 2; i < working->slots; i++)
			if (worker_output(&working->workers[i]) >= 0 && fds[count++].revents)
				capture_read(&working->workers[i].capture);
	read_signals(working);
}

static void work(struct working *working)
{
	for (;;) {
		while (may_take(working) && !take(working))
			read_signals(working);
		if (!working->running && (working->stopping || !working->left))
			break;
		wait_for_events(working);
	}
}

/* A signal that is ignored, as by nohup(1) or a shell's "&", stays ignored. */
static void add_unless_ignored(sigset_t *set, int number)
{
	struct sigaction action;

	if (!sigaction(number, NULL, &action) && action.sa_handler != SIG_IGN)
		sigaddset(set, number);
}

/* SIGCHLD and what shall end the commands too come as fd events from now on. */
static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	add_unless_ignored(&set, SIGHUP);
	add_unless_ignored(&set, SIGINT);
	add_unless_ignored(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* End by that signal, which a shell wants to know. */
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

/* In an SPSC buffer only one message is in flight at a time. */
static bool too_many_for(const struct working *working)
{
	struct ipcbox_info *info = NULL;
	bool one = !ipcbox_stat(working->source.fd, &info) && is_spsc(info);

	ipcbox_info_free(info);
	return one && working->slots > 1;
}

static int open_source(struct working *working, const char *text)
{
	struct source *source = &working->source;
	struct target target = parse_target(text);
	int err;

	if (working->serving)
		source->fd = open_target_for_calls(&target, IPCBOX_RECEIVER);
	else
		source->fd = open_target(&target, IPCBOX_RECEIVER, &source->buffer);
	err = source->fd < 0 ? source->fd : 0;
	if (working->serving && err == -EPROTOTYPE)
		report("cannot serve '%s': %s", text, why_no_calls);
	else if (err)
		fail(err, "cannot receive from '%s'", text);
	else if (too_many_for(working))
		report("cannot work on '%s' with --max-procs %zu: of an SPSC buffer only one "
		       "message at a time is worked on; use 1, or an MPMC buffer",
		       text, working->slots);
	else
		return STATUS_OK;
	return STATUS_FAILED;
}

int workers_run(int argc, char **argv, bool serving)
{
	struct working working = { .slots = 1, .left = UINT64_MAX, .serving = serving };
	int option;
	int status;

	while ((option = next_option(argc, argv, ":n:FP:eh", longs)) != -1)
		take_option(&working, option);
	need_arguments(argc, 2, argc,
		       serving ? "the NAME of a port and a COMMAND"
			       : "the NAME of a port or buffer and a COMMAND");
	if (!working.slots)
		die_usage("--max-procs is 1 or more");
	working.name = parse_name(argv[optind]);
	working.command = argv + optind + 1;
	status = worker_check(working.command[0]);
	if (status)
		return status;

	working.workers = calloc(working.slots, sizeof(*working.workers));
	working.fds = calloc(2 + working.slots, sizeof(*working.fds));
	if (!working.workers || !working.fds)
		return fail(-ENOMEM, "cannot start");
	status = open_source(&working, argv[optind]) ?: run_workers(&working);
	source_close(&working.source);
	free(working.fds);
	free(working.workers);
	return status;
}
