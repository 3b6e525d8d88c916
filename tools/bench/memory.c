// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The growth of the kernel's slabs for each idle port, link and queued message. A
 * round makes so many that other allocations do not matter.
 */
#include "bench.h"

#include "results.h"
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ipcbox.h>
#include <linux/ipcbox.h>

#define OBJECTS 16000 /* in a round */
#define PROCESSES 65  /* with a link from each to each other */

/*
 * The counters of each processor are added up only now and then. Return: in bytes,
 * or -1 where that may not be asked for.
 */
static double slab_bytes(void)
{
	FILE *file = fopen("/proc/sys/vm/stat_refresh", "r");
	char line[128];
	double kib = -1;

	if (!file)
		return -1;
	fgetc(file);
	fclose(file);
	file = fopen("/proc/meminfo", "r");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "Slab: %lf", &kib) == 1)
			break;
	fclose(file);
	return kib < 0 ? -1 : kib * 1024;
}

/*
 * The kernel counts freed memory for a while, until no processor can hold it any more:
 * wait for that, so that it is neither taken for part of an object, nor taken off.
 */
static double steady_slab_bytes(void)
{
	double least = slab_bytes(), now;
	int steady = 0, left;

	for (left = 200; left && steady < 10; left--) {
		usleep(100000);
		now = slab_bytes();
		if (now < least) {
			least = now;
			steady = 0;
		} else {
			steady++;
		}
	}
	return least;
}

static const char *name_of(size_t number)
{
	static char name[64];

	snprintf(name, sizeof(name), "ipcbox-bench.%d.idle.%zu", (int)getpid(), number);
	return name;
}

/* To a byte: a page more or less is what happens besides. */
static double bytes_each(double before, double after, size_t count)
{
	return (double)(long)((after - before) / count + 0.5);
}

/*
 * Make as many as all rounds have. A round by itself would not be exact: memory comes as
 * slabs of 16 KiB, and one more or less is a byte for each of its objects.
 * Return: 0, or why there are only *made of them.
 */
static int measure_many(const struct subject *subject, int (*make)(size_t number, int fd), int fd,
			size_t *made)
{
	size_t count = settings.rounds * scaled(OBJECTS);
	double before = steady_slab_bytes(), each;
	int err;

	for (; *made < count; (*made)++) {
		err = make(*made, fd);
		if (err < 0)
			return err;
	}
	each = bytes_each(before, steady_slab_bytes(), count);
	add_result(subject, "bytes", &each, 1);
	return 0;
}

static int make_port(size_t number, int unused)
{
	int fd = ipcbox_port_create(name_of(number), 0, NULL);

	(void)unused;
	return fd < 0 ? fd : close(fd);
}

static void measure_ports(void)
{
	const struct subject subject = { "memory-port", "ipcbox-port", 0, 1 };
	size_t made = 0;
	int err = measure_many(&subject, make_port, -1, &made);

	if (err)
		add_skip(&subject, "there could be only %zu: %s", made, ipcbox_strerror(err));
	while (made)
		ipcbox_port_delete(name_of(--made), 0);
}

static int open_deep_port(size_t messages)
{
	struct ipcbox_options *options = NULL;
	int fd;

	if (ipcbox_options_new(&options))
		return -ENOMEM;
	ipcbox_options_set_messages(options, messages);
	ipcbox_options_set_bytes(options, messages * 64);
	ipcbox_options_set_msgsize(options, 64);
	fd = ipcbox_port_create(name_of(0), IPCBOX_SENDER, options);
	ipcbox_options_free(options);
	return fd;
}

static int make_message(size_t number, int fd)
{
	const char data[64] = "m";

	(void)number;
	return ipcbox_send(fd, data, sizeof(data));
}

static void measure_messages(void)
{
	const struct subject subject = { "memory-message", "ipcbox-port", 64, 1 };
	int fd = open_deep_port(settings.rounds * scaled(OBJECTS)), err;
	size_t made = 0;

	if (fd < 0) {
		add_skip(&subject, "cannot open: %s", ipcbox_strerror(fd));
		return;
	}
	err = measure_many(&subject, make_message, fd, &made);
	if (err)
		add_skip(&subject, "message %zu: %s", made, ipcbox_strerror(err));
	close(fd);
	ipcbox_port_delete(name_of(0), 0);
}

/* Shared by the processes with the links and the one that measures. */
struct mesh {
	int said[2]; /* an errno, twice from each: it has its mailbox, its links */
	int told[2]; /* a byte for each: begin */
	pid_t pids[PROCESSES];
};

/* By the module's own command: the library opens the device, and closes it, each time. */
static int link_to_all(const struct mesh *mesh, int device)
{
	struct ipcbox_link_open req = { .size = sizeof(req) };
	int i;

	for (i = 0; i < PROCESSES; i++) {
		if (mesh->pids[i] == getpid())
			continue;
		req.peer = mesh->pids[i];
		if (ioctl(device, IPCBOX_LINK_OPEN, &req) < 0)
			return -errno;
	}
	return 0;
}

static void say(const struct mesh *mesh, int err)
{
	if (write(mesh->said[1], &err, sizeof(err)) != sizeof(err))
		_exit(1);
}

/* The table of fds has grown before the links are made. */
static void be_linked(const struct mesh *mesh)
{
	int fd, device = open("/dev/ipcbox", O_RDWR | O_CLOEXEC);
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = ipcbox_mailbox_open(0, NULL);
	if (fd >= 0)
		close(dup2(fd, 4 * PROCESSES));
	say(mesh, fd < 0 ? fd : 0);
	if (read(mesh->told[0], &byte, 1) != 1)
		_exit(1);
	say(mesh, link_to_all(mesh, device));
	pause();
	_exit(0);
}

/* Return: 0 when all reported 0, or the error of one of them. */
static int hear_all(const struct mesh *mesh)
{
	int i, err = 0;

	for (i = 0; i < PROCESSES && !err; i++)
		if (read(mesh->said[0], &err, sizeof(err)) != sizeof(err))
			return -EPIPE;
	return err;
}

static int fork_all(struct mesh *mesh)
{
	pid_t pid;
	int i;

	/* The table is shared: only the parent may write to it. */
	for (i = 0; i < PROCESSES; i++) {
		pid = fork();
		if (pid < 0)
			return -errno;
		if (!pid)
			be_linked(mesh);
		mesh->pids[i] = pid;
	}
	return 0;
}

static int run_mesh(struct mesh *mesh, const struct subject *subject)
{
	const char bytes[PROCESSES] = "";
	double before, each;
	int err = fork_all(mesh);

	if (!err)
		err = hear_all(mesh);
	if (err)
		return err;
	before = steady_slab_bytes();
	if (write(mesh->told[1], bytes, sizeof(bytes)) != sizeof(bytes))
		return -errno;
	err = hear_all(mesh);
	if (err)
		return err;
	each = bytes_each(before, steady_slab_bytes(), PROCESSES * (PROCESSES - 1));
	add_result(subject, "bytes", &each, 1);
	return 0;
}

static void end_mesh(struct mesh *mesh)
{
	int i;

	for (i = 0; i < PROCESSES; i++)
		if (mesh->pids[i] > 0)
			kill(mesh->pids[i], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	for (i = 0; i < 2; i++) {
		close(mesh->said[i]);
		close(mesh->told[i]);
	}
}

static void measure_links(void)
{
	const struct subject subject = { "memory-link", "ipcbox-link", 0, 1 };
	struct mesh *mesh;
	int err;

	mesh = mmap(NULL, sizeof(*mesh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mesh == MAP_FAILED) {
		add_failure(&subject, "no memory");
		return;
	}
	if (pipe(mesh->said) || pipe(mesh->told)) {
		add_failure(&subject, "cannot make pipes: %s", strerror(errno));
	} else {
		err = run_mesh(mesh, &subject);
		if (err)
			add_skip(&subject, "cannot link all: %s", ipcbox_strerror(err));
		end_mesh(mesh);
	}
	munmap(mesh, sizeof(*mesh));
}

static void run(const struct system *system, size_t bytes)
{
	const struct subject subject = { "memory", system->name, bytes, 1 };
	const char *name = system->name;

	if (strcmp(name, "ipcbox-port") && strcmp(name, "ipcbox-link"))
		return;
	if (slab_bytes() < 0) {
		add_skip(&subject, "only root may ask for exact counters");
		return;
	}
	if (!strcmp(name, "ipcbox-link")) {
		measure_links();
		return;
	}
	measure_ports();
	measure_messages();
}

const struct bench_case memory_case = {
	.name = "memory",
	.summary = "memory of each idle port, link and queued message",
	.one_size = true,
	.run = run,
};
