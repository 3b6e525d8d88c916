/* SPDX-License-Identifier: GPL-2.0 */
/* Files of the kernel: sysctls, cgroups, and /proc. */
#ifndef FILES_H
#define FILES_H

#include "commands.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

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
#define MODULE_REFS "/sys/module/ipcbox/refcnt"

#endif /* FILES_H */
