// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * usage: consumer NUMBER PORT DIRECTORY
 *
 * Receives files as the producers send them, and writes each as NAME.gz below
 * DIRECTORY, until the port is empty and no producer is left.
 */
#include "demo.h"

#include <ipcbox.h>

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned int files;
static unsigned int empty;
static double megabytes;
static double waited;

/* One could simply wait. To count how often there is nothing, ask first. */
static int recv_counting(int port, struct ipcbox_msg **msg)
{
	int err = ipcbox_recv_msg(port, msg, 0, IPCBOX_NOWAIT);
	double before;

	if (err == -EAGAIN) {
		if (!empty++)
			say("the port is empty, so I sleep until there is something");
		before = seconds();
		err = ipcbox_recv_msg(port, msg, 0, IPCBOX_FOREVER);
		waited += seconds() - before;
	}
	return err;
}

/* Start gzip. Return: the fd from which it reads what shall go to @path. */
static int start_gzip(const char *path, pid_t *pid)
{
	char *command[] = { "gzip", "-1", NULL };
	posix_spawn_file_actions_t actions;
	int ends[2];
	int err;

	if (pipe2(ends, O_CLOEXEC) < 0)
		die(-errno, "making a pipe");
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, path,
					 O_WRONLY | O_CREAT | O_TRUNC, 0644);
	err = posix_spawnp(pid, command[0], &actions, NULL, command, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		die(-err, "starting gzip");
	close(ends[0]);
	return ends[1];
}

static void compress_file(const struct ipcbox_msg *msg)
{
	const char *name = ipcbox_msg_data(msg);
	size_t head = strlen(name) + 1;
	size_t len = ipcbox_msg_len(msg) - head;
	char path[4096];
	int status;
	pid_t pid;
	FILE *gzip;

	snprintf(path, sizeof(path), "%s.gz", name);
	gzip = fdopen(start_gzip(path, &pid), "w");
	if (!gzip)
		die(-errno, path);
	fwrite(name + head, 1, len, gzip);
	if (fclose(gzip) || waitpid(pid, &status, 0) < 0)
		die(-errno, path);
	if (status)
		die(-EIO, path);
	files++;
	megabytes += (double)len / 1e6;
}

int main(int argc, char **argv)
{
	struct ipcbox_msg *msg = NULL;
	char who[32];
	int port;
	int err;

	if (argc != 4 || chdir(argv[3]) < 0) {
		fprintf(stderr, "usage: consumer NUMBER PORT DIRECTORY\n");
		return 2;
	}
	snprintf(who, sizeof(who), "consumer %s", argv[1]);
	be(who);
	port = ipcbox_port_open(argv[2], IPCBOX_RECEIVER);
	if (port < 0)
		die(port, "opening the port");
	while (!(err = recv_counting(port, &msg)))
		compress_file(msg);
	ipcbox_msg_free(msg);
	if (err != -EPIPE)
		die(err, "receiving a file");
	say("done: %u files, %.1f MB; found the port empty %u times, slept %.1f s", files,
	    megabytes, empty, waited);
	return 0;
}
