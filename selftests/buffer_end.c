// SPDX-License-Identifier: GPL-2.0
/* The end of a buffer: its name is removed or unlinked. No test maps one here. */
#include "buffers.h"
#include "ipcbox_test.h"

FIXTURE(buffer_end) {
	struct stage stage;
	const char *name;
	int control;
	int buffer;
};

FIXTURE_SETUP(buffer_end)
{
	stage_setup(_metadata, &self->stage);
	self->name = self->stage.name;
	self->control = self->stage.control;
	self->buffer = buffer_create(self->control, self->name, BOTH);
	ASSERT_LE(0, self->buffer);
}

FIXTURE_TEARDOWN(buffer_end)
{
	stage_teardown(_metadata, &self->stage);
}

/* Remove */

TEST_F(buffer_end, remove_ends_it_for_all)
{
	ASSERT_EQ(0, port_remove(self->control, self->name));
	EXPECT_EQ(IPCBOX_STATE_SHUTDOWN | IPCBOX_STATE_UNLINKED,
		  state_of(self->buffer));
	EXPECT_EQ(-EIDRM, buffer_wait(self->buffer, IPCBOX_RECEIVER, 0, 0));
	EXPECT_EQ(-EIDRM, buffer_wait(self->buffer, IPCBOX_SENDER, 1, 0));
	EXPECT_EQ(-EIDRM, buffer_wake(self->buffer, IPCBOX_RECEIVER));
	EXPECT_EQ(-EIDRM, buffer_wake(self->buffer, IPCBOX_SENDER));
	EXPECT_EQ(-EIDRM, box_set(self->buffer, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE, .mode = 0666 }));
}

TEST_F(buffer_end, remove_frees_the_name)
{
	ASSERT_EQ(0, port_remove(self->control, self->name));
	EXPECT_EQ(-ENOENT, port_remove(self->control, self->name));
	EXPECT_LE(0, port_create(self->control, self->name, BOTH));
}

TEST_F(buffer_end, remove_wakes_waiters)
{
	struct ipcbox_buffer_wait w = {
		.size = sizeof(w), .flags = IPCBOX_RECEIVER,
	};
	struct call calls[3];

	for (int i = 0; i < 3; i++)
		call_start(&calls[i], self->buffer, IPCBOX_BUFFER_WAIT, &w);
	ASSERT_TRUE(receivers_asleep(self->buffer, 3));
	ASSERT_EQ(0, port_remove(self->control, self->name));
	for (int i = 0; i < 3; i++) {
		EXPECT_EQ(-EIDRM, call_end(&calls[i]));
	}
	EXPECT_EQ(0, receivers_of(self->buffer));
}

TEST_F(buffer_end, removed_shows_as_hup)
{
	struct pollfd p = { .fd = self->buffer, .events = POLLIN };

	EXPECT_EQ(0, poll(&p, 1, 0));
	ASSERT_EQ(0, port_remove(self->control, self->name));
	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_TRUE(p.revents & POLLHUP);
}

/* Unlink */

TEST_F(buffer_end, unlinked_goes_on_for_open_fds)
{
	ASSERT_EQ(0, port_unlink(self->control, self->name));
	EXPECT_EQ(IPCBOX_STATE_UNLINKED, state_of(self->buffer));
	EXPECT_EQ(-ENOENT, buffer_open(self->control, self->name, BOTH));
	EXPECT_EQ(0, buffer_wait(self->buffer, IPCBOX_SENDER, 1, 1));
	EXPECT_EQ(-ETIMEDOUT, buffer_wait(self->buffer, IPCBOX_RECEIVER, 0, 1));
}

TEST_F(buffer_end, unlinked_is_freed_with_its_last_fd)
{
	ASSERT_EQ(0, port_unlink(self->control, self->name));
	close(self->buffer);
	EXPECT_TRUE(eventually(counters_are(self->control, &self->stage.before)));
}

TEST_F(buffer_end, unlinked_without_producers_returns_epipe_to_consumers)
{
	int receiver = buffer_open(self->control, self->name, IPCBOX_RECEIVER);
	struct ipcbox_buffer_wait w = {
		.size = sizeof(w), .flags = IPCBOX_RECEIVER,
	};
	struct call c;

	ASSERT_EQ(0, port_unlink(self->control, self->name));
	call_start(&c, receiver, IPCBOX_BUFFER_WAIT, &w);
	ASSERT_TRUE(receivers_asleep(receiver, 1));
	close(self->buffer);
	EXPECT_EQ(-EPIPE, call_end(&c));
	EXPECT_EQ(-EPIPE, buffer_wait(receiver, IPCBOX_RECEIVER, 0, 0));
}

TEST_F(buffer_end, unlinked_without_consumers_returns_epipe_to_producers)
{
	int sender = buffer_open(self->control, self->name, IPCBOX_SENDER);

	ASSERT_EQ(0, port_unlink(self->control, self->name));
	close(self->buffer);
	EXPECT_EQ(-EPIPE, buffer_wait(sender, IPCBOX_SENDER, 1, 0));
	EXPECT_EQ(-EPIPE, buffer_wake(sender, IPCBOX_RECEIVER));
	EXPECT_TRUE(state_of(sender) & IPCBOX_STATE_SHUTDOWN);
}

TEST_HARNESS_MAIN
