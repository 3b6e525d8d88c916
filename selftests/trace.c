// SPDX-License-Identifier: GPL-2.0
/* The tracepoints: each is there, and tells of what it is named after. */
#include "ipcbox_test.h"

#include <sys/mount.h>

#define TRACEFS		"/sys/kernel/tracing"
#define INSTANCE	TRACEFS "/instances/ipcbox-test"

/* An instance of its own: it disturbs no other tracer on this machine. */
FIXTURE(trace) {
	struct stage stage;
	int control;
	int port;
};

FIXTURE_SETUP(trace)
{
	if (access(TRACEFS "/events", F_OK))
		mount("none", TRACEFS, "tracefs", 0, NULL);
	if (access(TRACEFS "/events/ipcbox", F_OK))
		SKIP(return, "no tracepoints of ipcbox in tracefs");
	ASSERT_EQ(0, mkdir(INSTANCE, 0700));
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create_sized(self->control, self->stage.name, BOTH,
				       1, 64);
	ASSERT_LE(0, self->port);
	/* Names of tasks would be noted by a probe on every switch of task. */
	write_file(INSTANCE "/options/record-cmd", "0");
	ASSERT_EQ(0, write_file(INSTANCE "/events/ipcbox/enable", "1"));
}

FIXTURE_TEARDOWN(trace)
{
	stage_teardown(_metadata, &self->stage);
	rmdir(INSTANCE);
}

/* Is there a line of this event, with this text in it? */
static bool traced(const char *event, const char *text)
{
	char line[1024];
	bool found = false;
	FILE *file = fopen(INSTANCE "/trace", "re");

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, event) && strstr(line, text);
	fclose(file);
	return found;
}

TEST_F(trace, create_tells_the_name)
{
	EXPECT_FALSE(traced("ipcbox_create: ", ""));
	ASSERT_LE(0, port_create(self->control, "traced", 0));
	EXPECT_TRUE(traced("ipcbox_create: ", "traced"));
	EXPECT_EQ(0, port_remove(self->control, "traced"));
}

TEST_F(trace, delete_is_told)
{
	EXPECT_FALSE(traced("ipcbox_delete: ", ""));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_TRUE(traced("ipcbox_delete: ", ""));
}

TEST_F(trace, send_and_receive_are_told)
{
	ASSERT_EQ(0, send_tag(self->port, 1));
	EXPECT_TRUE(traced("ipcbox_send: ", ""));
	EXPECT_FALSE(traced("ipcbox_receive: ", ""));
	ASSERT_EQ(1, recv_tag(self->port));
	EXPECT_TRUE(traced("ipcbox_receive: ", ""));
	EXPECT_FALSE(traced("ipcbox_block: ", ""));
}

TEST_F(trace, block_and_wake_are_told)
{
	struct call c;

	call_recv(&c, self->port);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_TRUE(eventually(traced("ipcbox_block: ", "")));
	ASSERT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(0, call_end(&c));
	EXPECT_TRUE(traced("ipcbox_wake: ", ""));
}

/* A namespace that ended before may drop its messages meanwhile. */
TEST_F(trace, drop_is_told)
{
	char what[80];

	snprintf(what, sizeof(what), "id=%lld seq=1 ", id_of(self->port));
	ASSERT_EQ(0, send_tag(self->port, 1));
	EXPECT_FALSE(traced("ipcbox_drop: ", what));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_TRUE(eventually(traced("ipcbox_drop: ", what)));
}

TEST_F(trace, limit_is_told)
{
	long long was = read_number(SYSCTL("user_waiters"));
	struct ipcbox_recv r = room(NULL, 0);

	ASSERT_EQ(0, write_number(SYSCTL("user_waiters"), 0));
	EXPECT_EQ(-EUSERS, command(self->port, IPCBOX_RECV, &r));
	ASSERT_EQ(0, write_number(SYSCTL("user_waiters"), was));
	EXPECT_TRUE(traced("ipcbox_limit: ", ""));
}

TEST_HARNESS_MAIN
