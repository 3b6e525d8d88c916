/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: Worker
 *
 * One place in which a command runs for one message at a time. worker_start()
 * fills it, and worker_finish() empties it when the command has ended, or when it
 * could not be started.
 */
#ifndef WORKER_H
#define WORKER_H

#include "capture.h"
#include "cli.h"

/* The statuses of xargs(1). */
enum {
	STATUS_SOME_FAILED = 123,
	STATUS_SAID_STOP = 124,
	STATUS_KILLED = 125,
	STATUS_CANNOT_RUN = 126,
	STATUS_NOT_FOUND = 127,
	SIGNAL_STATUS = 128, /* and the signal, as a shell has it */
};

struct worker {
	pid_t pid; /* of the command; 0: free */
	pid_t sender;
	struct message message; /* of a buffer in flight; else its msg is only not NULL */
	const char *from;
	const char *command;
	char *path;		/* of the message's file, or NULL */
	uint64_t call;		/* what is to be replied to, or 0 */
	struct capture capture; /* of the reply */
};

/* Whether @command can be found, before a message is taken for it: 126, 127 or 0. */
int worker_check(const char *command);

/*
 * With @serving the command's output is captured, or dropped if there is no call.
 * Return: STATUS_OK, or the tool's exit status after an error that was reported.
 */
int worker_start(struct worker *worker, const char *from, char **command,
		 const struct message *message, bool file, bool serving);
void worker_finish(struct worker *worker);
int worker_output(const struct worker *worker); /* to poll; -1: none */
void worker_report(const struct worker *worker, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* WORKER_H */
