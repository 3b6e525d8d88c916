// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "workers.h"

static int run(int argc, char **argv)
{
	return workers_run(argc, argv, false);
}

const struct command work_command = {
	.name = "work",
	.summary = "run a command for each message",
	.usage =
		"work [OPTION]... NAME -- COMMAND [ARGUMENT]...\n"
		"\n"
		"Runs COMMAND for each message of a port or buffer until its end. The message is\n"
		"the command's stdin, and {} in COMMAND and ARGUMENTs stands for its text (without\n"
		"one newline at its end). In the environment are IPCBOX_SEQ, IPCBOX_PID, IPCBOX_UID,\n"
		"IPCBOX_GID, IPCBOX_PRIORITY and IPCBOX_TAG; for a buffer only IPCBOX_TAG. If the\n"
		"message is a call, the caller gets the exit status when the command has ended.\n"
		"\n"
		"  -P, --max-procs N   up to N commands at a time; 1 is the default\n"
		"  -n, --count N       N messages\n"
		"  -e, --until-empty   end when there is no message and no command runs\n"
		"  -F, --file          {} stands for a file that holds the message; for messages\n"
		"                      with zero bytes or above 128 KiB, which are no argument\n"
		"\n"
		"Exit status, as xargs has it: 0; 123: a command failed; 124: a command exited with\n"
		"255; 125: one was killed by a signal; 126: it cannot be run; 127: it was not found;\n"
		"1: any other error. From 124 on no further message is taken. SIGHUP, SIGINT and\n"
		"SIGTERM are passed on to the commands, and no further message is taken.\n"
		"\n"
		"A message of a buffer stays there until its command has exited. If that is killed by\n"
		"a signal, or ipcbox itself is, others get it. With an SPSC buffer -P is 1.\n"
		"\n"
		"  ipcbox work jobs -P 4 -- convert {} -resize 50% small/{}\n",
	.run = run,
};
