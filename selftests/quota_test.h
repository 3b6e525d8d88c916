/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A sender whose bytes are used up, in a network namespace of its own: once at the limit
 * of a user and once at that of all users.
 */
#ifndef QUOTA_TEST_H
#define QUOTA_TEST_H

#include "ipcbox_test.h"

#include <linux/capability.h>

#define LEN	5000		/* of a message: it takes pages, and more than a short reply */
#define FULL	4		/* so many of them are all that there may be */
#define OTHER	1000		/* another user */

FIXTURE(quota) {
	struct stage stage;
	int control;
	int port;		/* with nothing in it */
	int store;		/* with all that there may be */
	char stored[64];
	long long one;		/* bytes that a message counts for */
	struct call call;
	char data[LEN];
};

FIXTURE_VARIANT(quota) {
	const char *limit;
};

FIXTURE_VARIANT_ADD(quota, of_user) {
	SYSCTL("user_bytes"),
};

FIXTURE_VARIANT_ADD(quota, of_namespace) {
	SYSCTL("max_bytes"),
};

/*
 * Sets the limit so that a user may have so many bytes. A part of the total is for
 * processes with CAP_SYS_RESOURCE.
 */
HELPER int allow(const char *limit, long long bytes)
{
	long long all = bytes;

	if (!strstr(limit, "user_"))
		while (all - all / 32 < bytes)
			all++;
	return write_number(limit, all);
}

HELPER int drop_capability(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[0].effective &= ~(1U << CAP_SYS_RESOURCE);
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

HELPER struct ipcbox_query usage(int control)
{
	struct ipcbox_query q;

	box_query(control, &q);
	return q;
}

FIXTURE_SETUP(quota)
{
	struct ipcbox_attr attr = {
		.mask = IPCBOX_ATTR_MODE | IPCBOX_ATTR_MSGSIZE, .mode = 0666,
		.max_msgsize = LEN,
	};

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, drop_capability());
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create_attr(self->control, self->stage.name, BOTH, attr);
	ASSERT_LE(0, self->port);
	snprintf(self->stored, sizeof(self->stored), "store");
	self->store = port_create_attr(self->control, self->stored, BOTH, attr);
	ASSERT_LE(0, self->store);
	for (int i = 0; i < FULL; i++)
		ASSERT_EQ(0, send_now(self->store, self->data, LEN));
	self->one = usage(self->control).bytes.used / FULL;
	ASSERT_EQ(0, allow(variant->limit, FULL * self->one));
}

FIXTURE_TEARDOWN(quota)
{
	port_remove(self->control, self->stored);
	stage_teardown(_metadata, &self->stage);
}

HELPER int drain(int fd)
{
	char data[LEN];
	struct ipcbox_recv r = room(data, sizeof(data));

	return recv_now(fd, &r);
}

HELPER bool waiters_asleep(int control, unsigned int count)
{
	return eventually(usage(control).waiters.used == count);
}

HELPER int events(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	poll(&p, 1, 0);
	return p.revents;
}

/* Starts a send of a long message that waits. */
#define START_SEND() do {						\
	self->call.send = message(self->data, LEN);			\
	call_start(&self->call, self->port, IPCBOX_SEND, &self->call.send); \
	ASSERT_TRUE(waiters_asleep(self->control, 1));			\
} while (0)

#endif /* QUOTA_TEST_H */
