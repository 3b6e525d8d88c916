/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test of ipcbox starts with: states to wait for, files of the
 * kernel, and the stage on which a test plays and that proves nothing is left.
 *
 * No test sleeps for a fixed time to be sure of something: where it must know
 * that another thread or process is asleep in the kernel, it reads the counts
 * of IPCBOX_STAT until they say so.
 */
#ifndef IPCBOX_TEST_H
#define IPCBOX_TEST_H

#include "commands.h"
#include "tasks.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <kselftest_harness.h>

/* Files */

/* Writes a short text, as to a sysctl or into a cgroup. */
HELPER int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

HELPER int write_number(const char *path, unsigned long long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", number);
	return write_file(path, text);
}

/* The first line of a file, or what fits of it; -errno where it fails. */
HELPER int read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	if (!fgets(line, size, file))
		line[0] = '\0';
	fclose(file);
	return 0;
}

HELPER long long read_number(const char *path)
{
	char line[64];
	int ret = read_line(path, line, sizeof(line));

	return ret ? ret : atoll(line);
}

/* A user of no rank, in a user and a network namespace of its own. */
HELPER int enter_own_namespaces(uid_t uid)
{
	char map[32];

	if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid) ||
	    prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return -1;
	snprintf(map, sizeof(map), "0 %d 1", uid);
	return write_file("/proc/self/setgroups", "deny") ||
	       write_file("/proc/self/uid_map", map) ||
	       write_file("/proc/self/gid_map", map);
}

/* Empty slabs are given back, so that what is left is in use. */
HELPER void slab_shrink(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[512];

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "ipcbox_", 7))
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
			 entry->d_name);
		write_file(path, "1");
	}
	if (dir)
		closedir(dir);
}

/* Objects in use in all slab caches of ipcbox, or -errno. */
HELPER long long slab_objects(void)
{
	char line[512], name[64];
	long long total = 0, active;
	FILE *file;

	slab_shrink();
	file = fopen("/proc/slabinfo", "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %lld", name, &active) == 2 &&
		    !strncmp(name, "ipcbox_", 7))
			total += active;
	}
	fclose(file);
	return total;
}

#define SYSCTL(name) "/proc/sys/net/ipcbox/" name

/* What each fixture starts with, and how it proves that nothing is left */

struct stage {
	int control;
	char name[64];		/* of the port that a test may make */
	struct ipcbox_query before;
	long long module_refs;
};

#define MODULE_REFS "/sys/module/ipcbox/refcnt"

HELPER bool counters_are(int control, const struct ipcbox_query *before)
{
	struct ipcbox_query q;

	return !box_query(control, &q) &&
	       q.boxes.used == before->boxes.used &&
	       q.links.used == before->links.used &&
	       q.bytes.used == before->bytes.used &&
	       q.waiters.used == before->waiters.used;
}

HELPER void stage_setup(struct __test_metadata *_metadata, struct stage *s)
{
	s->module_refs = read_number(MODULE_REFS);
	s->control = control_open();
	ASSERT_LE(0, s->control);
	snprintf(s->name, sizeof(s->name), "%.40s.%d", _metadata->name, getpid());
	ASSERT_EQ(0, box_query(s->control, &s->before));
}

/*
 * Deletes the port, closes all that is open, and looks at the counters, and
 * whether something holds the module still: a namespace that was left ends a
 * while after its last process.
 */
HELPER void stage_teardown(struct __test_metadata *_metadata, struct stage *s)
{
	int control = control_open();

	port_remove(control, s->name);
	close(control);
	syscall(__NR_close_range, 3, ~0U, 0);

	control = control_open();
	ASSERT_LE(0, control);
	EXPECT_TRUE(eventually(counters_are(control, &s->before)))
		TH_LOG("the counters are not back to where they were");
	close(control);
	EXPECT_TRUE(eventually(read_number(MODULE_REFS) <= s->module_refs))
		TH_LOG("the module is held, and was not");
}

#endif /* IPCBOX_TEST_H */
