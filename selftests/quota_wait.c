// SPDX-License-Identifier: GPL-2.0
/* Senders whose bytes are used up: they wait as for room. */
#include "quota_test.h"

TEST_F(quota, send_waits_until_another_port_is_drained)
{
	START_SEND();
	EXPECT_EQ(0, messages_of(self->port));
	EXPECT_EQ(0, senders_of(self->port));
	ASSERT_EQ(0, drain(self->store));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_EQ(0, usage(self->control).waiters.used);
	EXPECT_EQ(FULL * self->one, usage(self->control).bytes.used);
}

TEST_F(quota, nonblocking_send_returns_enobufs)
{
	EXPECT_EQ(-ENOBUFS, send_now(self->port, self->data, LEN));
	EXPECT_EQ(-ENOBUFS, send_now(self->port, self->data, 0));
	EXPECT_EQ(FULL * self->one, usage(self->control).bytes.used);
}

TEST_F(quota, deadline_ends_the_wait)
{
	struct ipcbox_send s = message(self->data, LEN);

	s.deadline = in_ms(50);
	EXPECT_EQ(-ETIMEDOUT, command(self->port, IPCBOX_SEND, &s));
	EXPECT_LE(s.deadline, now_ns());
	EXPECT_EQ(0, usage(self->control).waiters.used);
	EXPECT_EQ(FULL * self->one, usage(self->control).bytes.used);
}

/* Some bytes come back, and not all that the sender needs. */
TEST_F(quota, wait_that_ends_gives_back_its_part)
{
	static char longer[2 * LEN];
	struct ipcbox_send s = message(longer, sizeof(longer));
	int port = port_create_sized(self->control, "longer", BOTH, 10, 1 << 20);

	s.deadline = in_ms(200);
	call_start(&self->call, port, IPCBOX_SEND, &s);
	ASSERT_TRUE(waiters_asleep(self->control, 1));
	ASSERT_EQ(0, drain(self->store));
	EXPECT_EQ(-ETIMEDOUT, call_end(&self->call));
	EXPECT_EQ((FULL - 1) * self->one, usage(self->control).bytes.used);
	/* Bytes that are free are free at the total as well. */
	EXPECT_EQ(0, send_now(self->port, self->data, LEN));
	EXPECT_EQ(0, port_remove(self->control, "longer"));
}

TEST_F(quota, signal_restarts_or_ends_the_wait)
{
	on_sigusr1(SA_RESTART);
	START_SEND();
	pthread_kill(self->call.thread, SIGUSR1);
	ASSERT_TRUE(eventually(signals_seen == 1));
	ASSERT_TRUE(waiters_asleep(self->control, 1));
	on_sigusr1(0);
	pthread_kill(self->call.thread, SIGUSR1);
	EXPECT_EQ(-EINTR, call_end(&self->call));
	EXPECT_EQ(0, usage(self->control).waiters.used);
	EXPECT_EQ(FULL * self->one, usage(self->control).bytes.used);
}

struct sending {
	int fd;
	__u64 len;
};

static int sends(void *arg)
{
	static char data[10 * LEN];
	struct sending *sending = arg;
	struct ipcbox_send s = message(data, sending->len);

	return -command(sending->fd, IPCBOX_SEND, &s);
}

TEST_F(quota, kill_ends_the_wait)
{
	struct sending sending = { self->port, LEN };
	pid_t pid = spawn(sends, &sending);

	ASSERT_TRUE(waiters_asleep(self->control, 1));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(0, usage(self->control).waiters.used);
	EXPECT_EQ(FULL * self->one, usage(self->control).bytes.used);
}

TEST_F(quota, removed_port_ends_the_wait)
{
	START_SEND();
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(-EIDRM, call_end(&self->call));
	EXPECT_EQ(0, usage(self->control).waiters.used);
	/* Poll reports the end, so a send does too. */
	EXPECT_EQ(POLLOUT | POLLERR | POLLHUP, events(self->port));
	EXPECT_EQ(-EIDRM, send_now(self->port, self->data, LEN));
}

TEST_F(quota, removed_port_ends_the_wait_of_a_crowd)
{
	enum { SENDERS = 40 };
	struct call calls[SENDERS];

	for (int i = 0; i < SENDERS; i++) {
		calls[i].send = message(self->data, LEN);
		call_start(&calls[i], self->port, IPCBOX_SEND, &calls[i].send);
	}
	ASSERT_TRUE(waiters_asleep(self->control, SENDERS));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	for (int i = 0; i < SENDERS; i++)
		ASSERT_EQ(-EIDRM, call_end(&calls[i]));
}

TEST_F(quota, last_receiver_that_goes_ends_the_wait)
{
	int sender = port_open(self->control, self->stage.name, IPCBOX_SENDER);

	self->call.send = message(self->data, LEN);
	call_start(&self->call, sender, IPCBOX_SEND, &self->call.send);
	ASSERT_TRUE(waiters_asleep(self->control, 1));
	ASSERT_EQ(0, port_unlink(self->control, self->stage.name));
	ASSERT_EQ(0, close(self->port));
	EXPECT_EQ(-EPIPE, call_end(&self->call));
}

TEST_F(quota, raised_limit_ends_the_wait)
{
	START_SEND();
	ASSERT_EQ(0, allow(variant->limit, (FULL + 1) * self->one));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ((FULL + 1) * self->one, usage(self->control).bytes.used);
}

TEST_F(quota, message_that_never_fits_returns_enobufs_at_once)
{
	struct ipcbox_send s = message(self->data, LEN);

	START_SEND();
	ASSERT_EQ(0, allow(variant->limit, self->one - 1));
	EXPECT_EQ(-ENOBUFS, call_end(&self->call));
	EXPECT_EQ(-ENOBUFS, command(self->port, IPCBOX_SEND, &s));
	EXPECT_EQ(FULL * self->one, usage(self->control).bytes.used);
}

TEST_F(quota, waiter_that_cannot_be_counted_returns_eusers)
{
	struct ipcbox_send s = message(self->data, LEN);

	ASSERT_EQ(0, write_number(SYSCTL("user_waiters"), 0));
	EXPECT_EQ(-EUSERS, command(self->port, IPCBOX_SEND, &s));
	/* And so it does not spin. */
	EXPECT_EQ(0, events(self->port));
}

/* A part of the total is for CAP_SYS_RESOURCE. Here it is more than a message. */
TEST_F(quota, reserve_is_not_for_waiters)
{
	enum { STORED = 40 };

	ASSERT_EQ(0, allow(variant->limit, 2 * STORED * self->one));
	for (int i = FULL; i < STORED; i++)
		ASSERT_EQ(0, send_now(self->store, self->data, LEN));
	ASSERT_EQ(0, allow(variant->limit, STORED * self->one));
	START_SEND();
	ASSERT_EQ(0, drain(self->store));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(STORED * self->one, usage(self->control).bytes.used);
}

/* A link, and a send by pid */

TEST_F(quota, send_over_a_link_and_to_a_process_wait)
{
	struct ipcbox_send s = message(self->data, LEN);
	struct call by_pid;
	int box, link;

	box = mailbox_open(self->control);
	link = link_open(self->control, getpid(), 0);
	ASSERT_LE(0, link);
	self->call.send = s;
	call_start(&self->call, link, IPCBOX_SEND, &self->call.send);
	ASSERT_TRUE(waiters_asleep(self->control, 1));
	by_pid.send = s;
	by_pid.send.pid = getpid();
	call_start(&by_pid, self->control, IPCBOX_SEND, &by_pid.send);
	ASSERT_TRUE(waiters_asleep(self->control, 2));
	ASSERT_EQ(0, drain(self->store));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(1, messages_of(box));
	ASSERT_EQ(0, close(box));
	EXPECT_EQ(-EPIPE, call_end(&by_pid));
}

/* Batches */

#define MANY	(FULL + 2)

TEST_F(quota, batch_sends_what_it_can_and_waits_for_the_rest)
{
	struct ipcbox_send_entry out[MANY] = {};
	struct ipcbox_send_batch b = send_batch(out, MANY);

	for (int i = 0; i < MANY; i++) {
		out[i].data = to_u64(self->data);
		out[i].len = LEN;
		out[i].result = 1;
	}
	b.flags = IPCBOX_NONBLOCK;
	EXPECT_EQ(-ENOBUFS, command(self->port, IPCBOX_SEND_BATCH, &b));
	ASSERT_EQ(0, drain(self->store));
	ASSERT_EQ(0, drain(self->store));
	EXPECT_EQ(2, command(self->port, IPCBOX_SEND_BATCH, &b));
	EXPECT_EQ(0, out[1].result);
	EXPECT_EQ(-ENOBUFS, out[2].result);
	ASSERT_EQ(0, drain(self->port));
	ASSERT_EQ(0, drain(self->port));

	b.flags = 0;
	call_start(&self->call, self->port, IPCBOX_SEND_BATCH, &b);
	ASSERT_TRUE(waiters_asleep(self->control, 1));
	EXPECT_EQ(2, messages_of(self->port));
	ASSERT_EQ(0, drain(self->store));
	ASSERT_TRUE(eventually(messages_of(self->port) == 3));
	ASSERT_EQ(0, drain(self->store));
	ASSERT_TRUE(eventually(messages_of(self->port) == 4));
	for (int i = 0; i < 2; i++)
		ASSERT_EQ(0, drain(self->port));
	EXPECT_EQ(MANY, call_end(&self->call));
	EXPECT_EQ(0, out[MANY - 1].result);
}

TEST_F(quota, batch_whose_wait_ends_tells_how_many)
{
	struct ipcbox_send_entry out[2] = {};
	struct ipcbox_send_batch b = send_batch(out, 2);

	for (int i = 0; i < 2; i++) {
		out[i].data = to_u64(self->data);
		out[i].len = LEN;
	}
	ASSERT_EQ(0, drain(self->store));
	b.deadline = in_ms(50);
	EXPECT_EQ(1, command(self->port, IPCBOX_SEND_BATCH, &b));
	EXPECT_EQ(-ETIMEDOUT, out[1].result);
}

/* Calls */

TEST_F(quota, call_waits_and_a_reply_does_not)
{
	struct ipcbox_call c = request(self->data, LEN, self->data, LEN);
	struct ipcbox_recv r = room(self->data, LEN);
	struct ipcbox_reply reply;

	call_start(&self->call, self->port, IPCBOX_CALL, &c);
	ASSERT_TRUE(waiters_asleep(self->control, 1));
	EXPECT_EQ(0, messages_of(self->port));
	ASSERT_EQ(0, drain(self->store));
	ASSERT_TRUE(eventually(messages_of(self->port) == 1));
	ASSERT_EQ(0, recv_now(self->port, &r));
	ASSERT_EQ(0, send_now(self->store, self->data, LEN));

	reply = reply_to(r.call, self->data, LEN);
	EXPECT_EQ(-ENOBUFS, command(self->port, IPCBOX_REPLY, &reply));
	reply = reply_to(r.call, self->data, 128);
	EXPECT_EQ(0, command(self->port, IPCBOX_REPLY, &reply));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(128, c.reply_len);
}

/* Others */

static int can_send(void *arg)
{
	struct sending *sending = arg;
	char data[LEN] = "";
	int control, port;

	if (setresuid(OTHER, OTHER, OTHER))
		return 1;
	control = control_open();
	port = port_open(control, "store", IPCBOX_SENDER);
	if (events(port) != POLLOUT)
		return 2;
	return send_now(port, data, sending->len) ? 3 : 0;
}

TEST_F(quota, another_user_is_not_affected)
{
	struct sending sending = { self->port, LEN };

	START_SEND();
	EXPECT_EQ(0, events(self->port));
	/* At the total of the namespace nobody can, at that of a user others. */
	EXPECT_EQ(strstr(variant->limit, "user_") ? 0 : 2,
		  reap(spawn(can_send, &sending)));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(-EIDRM, call_end(&self->call));
}

static int sends_as_another(void *arg)
{
	return setresuid(OTHER, OTHER, OTHER) ? 255 : sends(arg);
}

/* Bytes that others hold and wait for do not keep a user from its own turn. */
TEST_F(quota, users_wait_in_one_line_for_the_total)
{
	struct sending sending = { self->port, LEN };
	pid_t other;

	if (strstr(variant->limit, "user_"))
		SKIP(return, "for the total");
	START_SEND();
	other = spawn(sends_as_another, &sending);
	/* The bytes of a waiter count for its user. */
	EXPECT_EQ((FULL + 1) * self->one, usage(self->control).bytes.used);
	ASSERT_EQ(0, drain(self->store));
	EXPECT_EQ(0, call_end(&self->call));
	ASSERT_EQ(0, drain(self->store));
	EXPECT_EQ(0, reap(other));
	EXPECT_EQ(2, messages_of(self->port));
}

/* Order and fairness */

TEST_F(quota, long_message_is_not_starved_by_short_ones)
{
	static char big[3 * LEN];
	int port = port_create_sized(self->control, "big", BOTH, 10, 1 << 20);
	int sent = 0, turns = 0;

	self->call.send = message(big, sizeof(big));
	call_start(&self->call, port, IPCBOX_SEND, &self->call.send);
	ASSERT_TRUE(waiters_asleep(self->control, 1));
	/* Fill the limit with short messages, which come and go all the time. */
	while (!call_ended(&self->call) && turns++ < 1000) {
		if (turns <= FULL) {
			ASSERT_EQ(0, drain(self->store));
		} else if (sent) {
			sent -= !drain(self->port);
		}
		while (sent < 250 && !send_now(self->port, "x", 1))
			sent++;
	}
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_GT(1000, turns);
	port_remove(self->control, "big");
}

#define CROWD	1000

static long long switches(pid_t tid)
{
	char path[64], line[128];
	long long count = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "voluntary_ctxt_switches: %lld", &count);
	if (file)
		fclose(file);
	return count;
}

static long long all_switches(struct call *calls)
{
	long long sum = 0;

	for (int i = 0; i < CROWD; i++)
		if (!call_ended(&calls[i]))
			sum += switches(calls[i].tid);
	return sum;
}

/* A waiter is counted a little before it sleeps. */
static long long switches_when_asleep(struct call *calls)
{
	long long sum, before;

	sum = all_switches(calls);
	do {
		before = sum;
		usleep(50000);
		sum = all_switches(calls);
	} while (sum != before);
	return sum;
}

static int ended(struct call *calls)
{
	int count = 0;

	for (int i = 0; i < CROWD; i++)
		count += call_ended(&calls[i]);
	return count;
}

TEST_F_TIMEOUT(quota, one_message_wakes_one_of_a_thousand, 300)
{
	struct call *calls = calloc(CROWD, sizeof(*calls));
	long long before;

	for (int i = 0; i < CROWD; i++) {
		calls[i].send = message(self->data, LEN);
		call_start(&calls[i], self->port, IPCBOX_SEND, &calls[i].send);
		/* In this order. */
		if (!i) {
			ASSERT_TRUE(waiters_asleep(self->control, 1));
		}
	}
	ASSERT_TRUE(waiters_asleep(self->control, CROWD));
	before = switches_when_asleep(calls) - switches(calls[0].tid);
	ASSERT_EQ(0, drain(self->store));
	EXPECT_EQ(0, call_end(&calls[0]));
	EXPECT_EQ(1, ended(calls));
	EXPECT_EQ(before, all_switches(calls));
	EXPECT_EQ(CROWD - 1, usage(self->control).waiters.used);

	/* And all of them at once, if there is enough. */
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_BYTES,
		.max_messages = 2 * CROWD, .max_bytes = 64 << 20 }));
	ASSERT_EQ(0, allow(variant->limit, 2 * CROWD * self->one));
	for (int i = 0; i < CROWD; i++)
		ASSERT_EQ(0, call_end(&calls[i]));
	EXPECT_EQ(CROWD, messages_of(self->port));
	EXPECT_EQ(0, usage(self->control).waiters.used);
	free(calls);
}

TEST_HARNESS_MAIN
