// SPDX-License-Identifier: GPL-2.0
/* Many that wait: which of them a change wakes, and which sleep on. */
#include "ipcbox_test.h"

#define MANY share_of(1000)

FIXTURE(many) {
	struct stage stage;
	int control;
	int port;
	struct call *calls;
};

FIXTURE_SETUP(many)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create_sized(self->control, self->stage.name, BOTH,
				       1, 1 << 16);
	ASSERT_LE(0, self->port);
	self->calls = calloc(MANY, sizeof(*self->calls));
	ASSERT_NE(NULL, self->calls);
}

FIXTURE_TEARDOWN(many)
{
	/* self->calls stay: threads that still wait write to them when they end. */
	stage_teardown(_metadata, &self->stage);
}

/* How often a thread was switched in to run, ever. */
static long long switches_of(const struct call *c)
{
	char path[64], line[128];
	long long switches = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", c->tid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "voluntary_ctxt_switches: %lld", &switches) == 1)
			break;
	fclose(file);
	return switches;
}

/* The counts settle once each thread is truly off the CPU. */
static bool all_in_state_s(struct call *calls)
{
	char path[64], line[512];

	for (int i = 0; i < MANY; i++) {
		const char *state;

		snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
			 calls[i].tid);
		if (read_line(path, line, sizeof(line)))
			return false;
		state = strrchr(line, ')');
		if (!state || state[2] != 'S')
			return false;
	}
	return true;
}

static int ended(struct call *calls)
{
	int count = 0;

	for (int i = 0; i < MANY; i++)
		count += call_ended(&calls[i]);
	return count;
}

TEST_F_TIMEOUT(many, receivers_one_message_wakes_exactly_one, 120)
{
	long long *before = calloc(MANY, sizeof(*before));
	int woken_for_nothing = 0;

	for (int i = 0; i < MANY; i++) {
		call_recv(&self->calls[i], self->port);
	}
	ASSERT_TRUE(receivers_asleep(self->port, MANY));
	ASSERT_TRUE(eventually(all_in_state_s(self->calls)));
	for (int i = 0; i < MANY; i++) {
		before[i] = switches_of(&self->calls[i]);
		ASSERT_LE(0, before[i]);
	}

	ASSERT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(MANY - 1, receivers_of(self->port));
	ASSERT_TRUE(eventually(ended(self->calls)));
	EXPECT_EQ(1, ended(self->calls));
	for (int i = 0; i < MANY; i++) {
		if (!self->calls[i].joined)
			woken_for_nothing += switches_of(&self->calls[i]) != before[i];
	}
	EXPECT_EQ(0, woken_for_nothing);
	EXPECT_EQ(MANY - 1, receivers_of(self->port));
	free(before);
}

TEST_F_TIMEOUT(many, receivers_are_served_in_the_order_in_which_they_came, 120)
{
	for (int i = 0; i < 20; i++) {
		call_recv(&self->calls[i], self->port);
		ASSERT_TRUE(receivers_asleep(self->port, i + 1));
	}
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, send_tag(self->port, i));
	}
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, call_end(&self->calls[i]));
		EXPECT_EQ(i, self->calls[i].recv.tag);
	}
}

TEST_F_TIMEOUT(many, receivers_all_get_eidrm_at_removal, 120)
{
	struct ipcbox_query q;

	for (int i = 0; i < MANY; i++) {
		call_recv(&self->calls[i], self->port);
	}
	ASSERT_TRUE(receivers_asleep(self->port, MANY));
	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_EQ(self->stage.before.waiters.used + MANY, q.waiters.used);
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	for (int i = 0; i < MANY; i++) {
		ASSERT_EQ(-EIDRM, call_end(&self->calls[i]));
	}
	EXPECT_EQ(0, receivers_of(self->port));
}

TEST_F_TIMEOUT(many, senders_all_get_eidrm_at_removal, 120)
{
	ASSERT_EQ(0, send_tag(self->port, 0));
	for (int i = 0; i < MANY; i++) {
		call_send_tag(&self->calls[i], self->port, i, 0);
	}
	ASSERT_TRUE(senders_asleep(self->port, MANY));
	EXPECT_EQ(1, messages_of(self->port));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	for (int i = 0; i < MANY; i++) {
		ASSERT_EQ(-EIDRM, call_end(&self->calls[i]));
	}
	EXPECT_EQ(0, senders_of(self->port));
}

TEST_F_TIMEOUT(many, receivers_all_get_a_message_each, 120)
{
	bool *seen = calloc(MANY, sizeof(*seen));

	for (int i = 0; i < MANY; i++) {
		call_recv(&self->calls[i], self->port);
	}
	ASSERT_TRUE(receivers_asleep(self->port, MANY));
	for (int i = 0; i < MANY; i++) {
		ASSERT_EQ(0, send_tag(self->port, i));
	}
	for (int i = 0; i < MANY; i++) {
		ASSERT_EQ(0, call_end(&self->calls[i]));
		ASSERT_GT(MANY, self->calls[i].recv.tag);
		EXPECT_FALSE(seen[self->calls[i].recv.tag]);
		seen[self->calls[i].recv.tag] = true;
	}
	EXPECT_EQ(0, messages_of(self->port));
	free(seen);
}

TEST_F_TIMEOUT(many, senders_all_get_in, 120)
{
	ASSERT_EQ(0, send_tag(self->port, MANY));
	for (int i = 0; i < MANY; i++) {
		call_send_tag(&self->calls[i], self->port, i, 0);
	}
	ASSERT_TRUE(senders_asleep(self->port, MANY));
	EXPECT_EQ(MANY, recv_tag(self->port));
	for (int i = 0; i < MANY; i++) {
		ASSERT_LE(0, recv_tag(self->port));
	}
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
	for (int i = 0; i < MANY; i++) {
		ASSERT_EQ(0, call_end(&self->calls[i]));
	}
}

static int wait_in_many_threads(void *port)
{
	struct call *calls = calloc(MANY, sizeof(*calls));

	for (int i = 0; i < MANY; i++)
		call_recv(&calls[i], *(int *)port);
	while (true)
		pause();
	return 0;
}

TEST_F_TIMEOUT(many, receivers_killed_with_their_process_leave_nothing, 120)
{
	pid_t pid = spawn(wait_in_many_threads, &self->port);
	struct ipcbox_query q;

	ASSERT_TRUE(receivers_asleep(self->port, MANY));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(0, receivers_of(self->port));
	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_EQ(self->stage.before.waiters.used, q.waiters.used);
	EXPECT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(1, recv_tag(self->port));
}

/* Half of them give up: the others must not be lost with them. */
TEST_F_TIMEOUT(many, receivers_that_time_out_leave_the_others_asleep, 120)
{
	int timed_out = 0;

	for (int i = 0; i < MANY; i++) {
		call_recv_until(&self->calls[i], self->port,
				i % 2 ? in_ms(1) : 0);
	}
	ASSERT_TRUE(receivers_asleep(self->port, MANY / 2));
	for (int i = 1; i < MANY; i += 2) {
		timed_out += call_end(&self->calls[i]) == -ETIMEDOUT;
	}
	EXPECT_EQ(MANY / 2, timed_out);
	for (int i = 0; i < MANY; i += 2) {
		ASSERT_EQ(0, send_tag(self->port, i));
	}
	for (int i = 0; i < MANY; i += 2) {
		ASSERT_EQ(0, call_end(&self->calls[i]));
	}
}

TEST_HARNESS_MAIN
