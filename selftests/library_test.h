/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For tests of libipcbox: a port, one of each object that the library returns, and calls
 * by another user.
 */
#ifndef LIBRARY_TEST_H
#define LIBRARY_TEST_H

#include "ipcbox_test.h"

#include <ipcbox.h>

#define USER 1000		/* a user that is not root */

FIXTURE(library) {
	struct stage stage;
	const char *name;
	int port;
	struct ipcbox_options *options;
	struct ipcbox_info *info;
	struct ipcbox_msg *msg;
};

FIXTURE_SETUP(library)
{
	stage_setup(_metadata, &self->stage);
	self->name = self->stage.name;
	self->port = ipcbox_port_create(self->name, BOTH, NULL);
	ASSERT_LE(0, self->port);
	self->info = NULL;
	self->msg = NULL;
	ASSERT_EQ(0, ipcbox_options_new(&self->options));
}

FIXTURE_TEARDOWN(library)
{
	ipcbox_msg_free(self->msg);
	ipcbox_info_free(self->info);
	ipcbox_options_free(self->options);
	stage_teardown(_metadata, &self->stage);
}

HELPER int recv_now_msg(int fd, struct ipcbox_msg **msg)
{
	return ipcbox_recv_msg(fd, msg, 0, IPCBOX_NOWAIT);
}

/* A child that receives until the port is removed. */
HELPER int recv_until_removed(void *arg)
{
	char c;

	return ipcbox_recv(*(int *)arg, &c, 1) == -EIDRM ? 0 : 1;
}

/* FN runs as another user, with the name of a port. */
struct as_user {
	int (*fn)(const char *name);
	const char *name;
	int expected;
};

HELPER int run_as_user(void *arg)
{
	const struct as_user *as = arg;

	if (setresgid(USER, USER, USER) || setresuid(USER, USER, USER))
		return 1;
	return as->fn(as->name) == as->expected ? 0 : 1;
}

HELPER bool user_gets(int (*fn)(const char *name), const char *name, int err)
{
	struct as_user as = { .fn = fn, .name = name, .expected = err };

	return reap(spawn(run_as_user, &as)) == 0;
}

#endif /* LIBRARY_TEST_H */
