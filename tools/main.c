// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
	&create_command, &rm_command,	&ls_command,   &stat_command, &set_command,
	&send_command,	 &recv_command, &work_command, &call_command, &serve_command,
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command *current_command;

void print_usage(const struct command *command)
{
	printf("usage: ipcbox %s", command->usage);
}

static void print_help(void)
{
	size_t i;

	puts("usage: ipcbox COMMAND ...\n"
	     "\n"
	     "Messages between processes, through ports, buffers and mailboxes in the kernel.\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
	puts("  help     explain a command: ipcbox help send\n"
	     "\n"
	     "  -h, --help     this help\n"
	     "  -V, --version  the version\n"
	     "\n"
	     "Where a command takes a port, buffer or process:\n"
	     "  NAME, port:NAME  the port or buffer of that name\n"
	     "  pid:N            the mailbox of process N\n"
	     "  mailbox:         one's own mailbox (recv)\n"
	     "\n"
	     "A SIZE is in bytes, or with K, M or G behind it. A TIME is in seconds, or\n"
	     "with ms, s, m or h behind it.");
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	die_usage("there is no command '%s'; 'ipcbox help' lists them", name);
}

static int run_help(int argc, char **argv)
{
	if (argc > 2)
		die_usage("help takes one command; 'ipcbox help' lists them");
	if (argc == 2)
		print_usage(find_command(argv[1]));
	else
		print_help();
	return STATUS_OK;
}

static int run_version(void)
{
	puts("ipcbox " IPCBOX_VERSION);
	return STATUS_OK;
}

static int run(int argc, char **argv)
{
	const char *name;

	if (argc < 2)
		die_usage("say what to do; 'ipcbox help' lists the commands");
	name = argv[1];
	if (!strcmp(name, "-h") || !strcmp(name, "--help"))
		return run_help(1, argv);
	if (!strcmp(name, "help"))
		return run_help(argc - 1, argv + 1);
	if (!strcmp(name, "-V") || !strcmp(name, "--version"))
		return run_version();
	if (name[0] == '-')
		die_usage("there is no option '%s'; see 'ipcbox help'", name);
	current_command = find_command(name);
	return current_command->run(argc - 1, argv + 1);
}

/*
 * If the caller closed one of the three standard fds, a port's fd must not take
 * its number. The fd that fills the gap is opened the wrong way round, so that
 * its use fails as that of a closed fd does.
 */
static void fill_standard_fds(void)
{
	static const int wrong_way[] = { O_WRONLY, O_RDONLY, O_RDWR };
	int fd;

	for (fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", wrong_way[fd]) != fd)
			exit(STATUS_FAILED);
}

int main(int argc, char **argv)
{
	int status;
	int err;

	fill_standard_fds();
	status = run(argc, argv);
	err = output_flush();
	if (err)
		return fail_errno(err, "cannot write to stdout");
	return status;
}
