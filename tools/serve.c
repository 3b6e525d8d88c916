// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "workers.h"

static int run(int argc, char **argv)
{
	return workers_run(argc, argv, true);
}

const struct command serve_command = {
	.name = "serve",
	.summary = "answer each call with what a command writes",
	.usage =
		"serve [OPTION]... NAME -- COMMAND [ARGUMENT]...\n"
		"\n"
		"Runs COMMAND for each call to a port until the end of the port, as 'ipcbox work' does:\n"
		"the request is its stdin, {} stands for its text, and the environment is the same.\n"
		"Its stdout is the reply, and 'ipcbox call' exits with its status. It is also run for\n"
		"a message that is no call, and its output is then dropped.\n"
		"\n"
		"  -P, --max-procs N   up to N commands at a time; 1 is the default\n"
		"  -n, --count N       N calls\n"
		"  -e, --until-empty   end when the port is empty and no command runs\n"
		"  -F, --file          {} stands for a file that holds the request\n"
		"\n"
		"Exit status: 0; 123: a command could not be run, or failed for a message that is no\n"
		"call; 126, 127: COMMAND cannot be run, or was not found; 1: any other error.\n"
		"\n"
		"  ipcbox serve upper -P 4 -- tr a-z A-Z\n",
	.run = run,
};
