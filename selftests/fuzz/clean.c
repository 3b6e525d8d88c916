// SPDX-License-Identifier: GPL-2.0
#include "clean.h"

#include "calls.h"

#include "../commands.h"

#include <sched.h>
#include <stdio.h>

static const uid_t users[] = { 0, 1000 };	/* as call_setuid() has them */

static int control;
static unsigned long long limits[SYSCTLS];

bool clean_init(void)
{
	if (unshare(CLONE_NEWNET))
		return false;
	control = control_open();
	if (control < 0)
		return false;
	/* Out of the way of a program's fds. */
	control = fcntl(control, F_DUPFD_CLOEXEC, 500);
	for (int i = 0; i < SYSCTLS; i++) {
		FILE *file = fopen(sysctl_paths[i], "re");

		if (!file || fscanf(file, "%llu", &limits[i]) != 1)
			return false;
		fclose(file);
	}
	return true;
}

static void restore_limits(void)
{
	for (int i = 0; i < SYSCTLS; i++) {
		FILE *file = fopen(sysctl_paths[i], "we");

		if (!file)
			continue;
		fprintf(file, "%llu\n", limits[i]);
		fclose(file);
	}
}

/* All that are in this namespace are the program's. */
static int delete_ports(void)
{
	__u64 entries[64];
	struct ipcbox_port_list list = {
		.size = sizeof(list), .buf = to_u64(entries), .buf_len = sizeof(entries),
	};
	const struct ipcbox_port_entry *entry = (void *)entries;
	struct ipcbox_port_delete delete = { .size = sizeof(delete) };
	int ret;

	for (;;) {
		ret = command(control, IPCBOX_PORT_LIST, &list);
		if (ret || !list.count)
			return ret;
		delete.name = to_u64(entry) + entry->name_off;
		delete.name_len = entry->name_len;
		ret = command(control, IPCBOX_PORT_DELETE, &delete);
		if (ret)
			return ret;
	}
}

static bool has_nothing(const struct ipcbox_query *q)
{
	return !q->boxes.used && !q->links.used && !q->bytes.used && !q->waiters.used;
}

static bool user_has_nothing(uid_t user, struct ipcbox_query *query)
{
	bool nothing;

	if (seteuid(user))
		return false;
	nothing = eventually(!box_query(control, query) && has_nothing(query));
	return !seteuid(0) && nothing;
}

bool clean(const struct program *program, char *text, size_t size)
{
	struct ipcbox_query left;
	int ret = delete_ports();

	if (program_has_op(program, "sysctl"))
		restore_limits();
	if (ret) {
		snprintf(text, size, "the ports it left cannot be deleted: %s", strerror(-ret));
		return false;
	}
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		if (user_has_nothing(users[i], &left))
			continue;
		snprintf(text, size,
			 "user %u still has: %llu boxes, %llu links, %llu bytes, %llu waiters",
			 users[i], left.boxes.used, left.links.used, left.bytes.used,
			 left.waiters.used);
		return false;
	}
	return true;
}
