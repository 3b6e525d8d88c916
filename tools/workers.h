/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: Workers
 *
 * The workers of one port, as work and serve have them: for each message a command
 * runs, and a call gets its exit status as the tag of the reply.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "cli.h"

/*
 * Takes the command line of work and serve. With @serving what a command writes is the
 * reply, and its status is only the caller's business. Return: what the tool is to end
 * with.
 */
int workers_run(int argc, char **argv, bool serving);

#endif /* WORKERS_H */
