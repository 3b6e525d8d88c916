// SPDX-License-Identifier: GPL-2.0
/*
 * Calls: what each side learns, by which ways and in which order they go. call_reply.c
 * tests replies, call_wait.c how a call waits, call_end.c how it ends without a reply.
 */
#include "callers.h"
#include "ipcbox_test.h"

FIXTURE(call) {
	struct stage stage;
	int control;
	int port;
	struct caller caller;
};

FIXTURE_SETUP(call)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create(self->control, self->stage.name, BOTH);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(call)
{
	EXPECT_EQ(0, calls_of(self->port) > 0);
	stage_teardown(_metadata, &self->stage);
}

/* The fields that each side gets */

TEST_F(call, receiver_gets_the_callers_credentials_and_all_else)
{
	char data[16] = "................";
	struct ipcbox_recv r = room(data, sizeof(data));

	caller_prepare(&self->caller, 0);
	self->caller.call.data = to_u64("hello");
	self->caller.call.len = 5;
	self->caller.call.tag = 0xfedcba9876543210;
	self->caller.call.priority = IPCBOX_PRIORITY_MAX;
	caller_go(&self->caller, self->port);
	ASSERT_EQ(0, command(self->port, IPCBOX_RECV, &r));
	EXPECT_EQ(getpid(), r.pid);
	EXPECT_EQ(geteuid(), r.uid);
	EXPECT_EQ(getegid(), r.gid);
	EXPECT_EQ(IPCBOX_PRIORITY_MAX, r.priority);
	EXPECT_EQ(sizeof(self->caller.reply), r.reply_max);
	EXPECT_EQ(5, r.len);
	EXPECT_EQ(0xfedcba9876543210, r.tag);
	EXPECT_EQ(1, r.seq);
	EXPECT_NE(0, r.call);
	EXPECT_EQ(0, memcmp(data, "hello...", 8));
	EXPECT_FALSE(caller_ended(&self->caller));
	EXPECT_EQ(0, reply_tag(self->port, r.call, 1));
	EXPECT_EQ(1, caller_end(&self->caller));
}

TEST_F(call, caller_gets_the_servers_credentials_and_all_else)
{
	struct ipcbox_reply reply = reply_to(0, "four", 4);
	struct ipcbox_call *call = &self->caller.call;
	long long number;

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 5);
	ASSERT_LT(0, number);
	reply.call = number;
	reply.tag = 0x0123456789abcdef;
	ASSERT_EQ(0, command(self->port, IPCBOX_REPLY, &reply));
	ASSERT_EQ(0, call_end(&self->caller.thread));
	EXPECT_EQ(4, call->reply_len);
	EXPECT_EQ(0x0123456789abcdef, call->reply_tag);
	EXPECT_EQ(getpid(), call->reply_pid);
	EXPECT_EQ(geteuid(), call->reply_uid);
	EXPECT_EQ(getegid(), call->reply_gid);
	EXPECT_EQ(1, call->received);
	EXPECT_EQ(0, memcmp(&self->caller.reply, "four\0\0\0", 8));
}

static int call_as_user_1000(void *port)
{
	if (setresgid(1001, 1001, 1001) || setresuid(1000, 1000, 1000))
		return 2;
	return call_7(port);
}

TEST_F(call, receiver_is_told_the_callers_effective_user)
{
	pid_t pid = spawn(call_as_user_1000, &self->port);
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));

	ASSERT_EQ(0, command(self->port, IPCBOX_RECV, &r));
	EXPECT_EQ(pid, r.pid);
	EXPECT_EQ(1000, r.uid);
	EXPECT_EQ(1001, r.gid);
	EXPECT_EQ(0, reply_tag(self->port, r.call, 8));
	EXPECT_EQ(0, reap(pid));
}

struct service {
	int port;
	__u64 call;
};

static int reply_as_user_1000(void *arg)
{
	struct service *service = arg;

	if (setresgid(1001, 1001, 1001) || setresuid(1000, 1000, 1000))
		return 2;
	return reply_tag(service->port, service->call, 9) ? 1 : 0;
}

/* The file description counts; the child has it from its parent. */
TEST_F(call, reply_by_a_child_tells_of_the_child)
{
	struct service service = { .port = self->port };
	pid_t pid;

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	service.call = recv_call(self->port, 5);
	pid = spawn(reply_as_user_1000, &service);
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(9, caller_end(&self->caller));
	EXPECT_EQ(pid, self->caller.call.reply_pid);
	EXPECT_EQ(1000, self->caller.call.reply_uid);
	EXPECT_EQ(1001, self->caller.call.reply_gid);
}

TEST_F(call, ordinary_message_has_no_number_and_no_room)
{
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));

	ASSERT_EQ(0, send_tag(self->port, 1));
	ASSERT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(0, r.call);
	EXPECT_EQ(0, r.reply_max);
	EXPECT_EQ(0, calls_of(self->port));
}

TEST_F(call, is_counted_and_numbered_as_any_message)
{
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));

	ASSERT_EQ(0, send_tag(self->port, 1));
	caller_start(&self->caller, self->port, 2);
	ASSERT_TRUE(calls_queued(self->port, 2));
	EXPECT_EQ(16, bytes_of(self->port));
	EXPECT_EQ(2, sent_of(self->port));
	EXPECT_EQ(0, senders_of(self->port));
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(1, recv_tag(self->port));
	ASSERT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(2, r.seq);
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(0, messages_of(self->port));
	EXPECT_EQ(0, bytes_of(self->port));
	EXPECT_EQ(2, received_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, r.call, 3));
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(3, caller_end(&self->caller));
	EXPECT_EQ(2, sent_of(self->port));
}

TEST_F(call, wakes_a_sleeping_receiver)
{
	struct call receiver;

	call_recv(&receiver, self->port);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	caller_start(&self->caller, self->port, 5);
	ASSERT_EQ(0, call_end(&receiver));
	EXPECT_EQ(5, receiver.recv.tag);
	EXPECT_EQ(0, memcmp(receiver.data, &self->caller.tag, 8));
	EXPECT_EQ(8, receiver.recv.reply_max);
	EXPECT_NE(0, receiver.recv.call);
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, receiver.recv.call, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

TEST_F(call, poll_tells_of_it_while_it_is_in_the_box)
{
	struct pollfd p = { .fd = self->port, .events = POLLIN };
	long long number;

	caller_start(&self->caller, self->port, 5);
	EXPECT_EQ(1, poll(&p, 1, PATIENCE * 1000));
	EXPECT_EQ(POLLIN, p.revents);
	number = recv_call(self->port, 5);
	ASSERT_LT(0, number);
	EXPECT_EQ(0, poll(&p, 1, 0));
	EXPECT_EQ(0, reply_tag(self->port, number, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

/* Rights */

TEST_F(call, on_a_receiver_fd_returns_ebadf)
{
	int fd = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);
	struct ipcbox_call c = request("x", 1, NULL, 0);

	EXPECT_EQ(-EBADF, command(fd, IPCBOX_CALL, &c));
	EXPECT_EQ(0, sent_of(self->port));
}

TEST_F(call, reply_on_a_sender_fd_returns_ebadf)
{
	int fd = port_open(self->control, self->stage.name, IPCBOX_SENDER);
	struct ipcbox_reply_recv r = reply_recv_to(1, "x", 1, NULL, 0);

	EXPECT_EQ(-EBADF, reply_tag(fd, 1, 1));
	EXPECT_EQ(-EBADF, command(fd, IPCBOX_REPLY_RECV, &r));
	r.call = 0;
	EXPECT_EQ(-EBADF, command(fd, IPCBOX_REPLY_RECV, &r));
}

TEST_F(call, longer_than_the_box_takes_returns_emsgsize)
{
	struct ipcbox_call c = request(NULL, IPCBOX_DEFAULT_MSGSIZE + 1, NULL, 0);

	EXPECT_EQ(-EMSGSIZE, command(self->port, IPCBOX_CALL, &c));
	c.len = UINT64_MAX;
	EXPECT_EQ(-EMSGSIZE, command(self->port, IPCBOX_CALL, &c));
	EXPECT_EQ(UNSAID, c.received);
	EXPECT_EQ(0, sent_of(self->port));
}

TEST_F(call, of_a_priority_out_of_range_returns_einval)
{
	struct ipcbox_call c = request("x", 1, NULL, 0);

	c.priority = IPCBOX_PRIORITY_MAX + 1;
	EXPECT_EQ(-EINVAL, command(self->port, IPCBOX_CALL, &c));
	c.priority = UINT32_MAX;
	EXPECT_EQ(-EINVAL, command(self->port, IPCBOX_CALL, &c));
	EXPECT_EQ(0, sent_of(self->port));
}

TEST_F(call, to_nobody_fails_as_a_send_does)
{
	struct ipcbox_call c = request("x", 1, NULL, 0);

	EXPECT_EQ(-EINVAL, command(self->control, IPCBOX_CALL, &c));
	c.pid = -1;
	EXPECT_EQ(-EINVAL, command(self->control, IPCBOX_CALL, &c));
	c.pid = 0x7ffffff0;
	EXPECT_EQ(-ESRCH, command(self->control, IPCBOX_CALL, &c));
	c.pid = getpid();
	EXPECT_EQ(-ECONNREFUSED, command(self->control, IPCBOX_CALL, &c));
	EXPECT_EQ(UNSAID, c.received);
}

/* The room for the reply */

static long long room_told(struct caller *c, int port, __u64 capacity)
{
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));
	int ret;

	caller_prepare(c, 1);
	c->call.capacity = capacity;
	caller_go(c, port);
	ret = command(port, IPCBOX_RECV, &r);
	if (ret || !r.call)
		return ret ?: -EBADMSG;
	if (reply_tag(port, r.call, 2) != (capacity < 8 ? -EMSGSIZE : 0))
		return -EBADE;
	if (capacity < 8) {
		struct ipcbox_reply empty = reply_to(r.call, NULL, 0);

		ret = command(port, IPCBOX_REPLY, &empty);
	}
	ret = ret ?: call_end(&c->thread);
	return ret ? ret : (long long)r.reply_max;
}

TEST_F(call, capacity_is_told_to_the_receiver)
{
	struct caller *c = &self->caller;

	EXPECT_EQ(0, room_told(c, self->port, 0));
	EXPECT_EQ(1, room_told(c, self->port, 1));
	EXPECT_EQ(100000, room_told(c, self->port, 100000));
	EXPECT_EQ(IPCBOX_MSGSIZE_MAX, room_told(c, self->port, IPCBOX_MSGSIZE_MAX));
}

TEST_F(call, capacity_above_all_messages_counts_as_that)
{
	struct caller *c = &self->caller;
	const __u64 above[] = {
		IPCBOX_MSGSIZE_MAX + 1, 1ULL << 32, (1ULL << 32) + 1,
		1ULL << 63, UINT64_MAX,
	};

	for (size_t i = 0; i < ARRAY_SIZE(above); i++)
		EXPECT_EQ(IPCBOX_MSGSIZE_MAX, room_told(c, self->port, above[i]));
}

TEST_F(call, empty_reply_needs_no_room)
{
	struct ipcbox_reply empty = reply_to(0, NULL, 0);

	caller_prepare(&self->caller, 5);
	self->caller.call.reply = 1;
	self->caller.call.capacity = 0;
	caller_go(&self->caller, self->port);
	ASSERT_TRUE(calls_queued(self->port, 1));
	empty.call = recv_call(self->port, 5);
	empty.data = 1;
	empty.tag = 9;
	EXPECT_EQ(0, command(self->port, IPCBOX_REPLY, &empty));
	EXPECT_EQ(0, call_end(&self->caller.thread));
	EXPECT_EQ(0, self->caller.call.reply_len);
	EXPECT_EQ(9, self->caller.call.reply_tag);
}

/* It is put back with its payload. */
TEST_F(call, long_request_that_could_not_be_delivered_arrives_whole)
{
	static char sent[9000], got[9000];
	struct ipcbox_recv r = room(got, sizeof(got));

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = i * 7 + i / 1000;
	caller_prepare(&self->caller, 5);
	self->caller.call.data = to_u64(sent);
	self->caller.call.len = sizeof(sent);
	caller_go(&self->caller, self->port);
	ASSERT_TRUE(calls_queued(self->port, 1));
	r.data = 8;
	EXPECT_EQ(-EFAULT, recv_now(self->port, &r));
	r = room(got, sizeof(got));
	ASSERT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(sizeof(sent), r.len);
	EXPECT_EQ(0, memcmp(sent, got, sizeof(sent)));
	EXPECT_EQ(0, reply_tag(self->port, r.call, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

/* Mailboxes: by a link, and by the number of the process */

static int serve_one(int box, __u64 tag)
{
	if (!calls_queued(box, 1))
		return -ETIME;
	return reply_tag(box, recv_call(box, tag), tag + 1);
}

TEST_F(call, mailbox_is_called_over_a_link_and_by_pid)
{
	int box = mailbox_open(self->control);
	int link = link_open(self->control, getpid(), 0);

	caller_start(&self->caller, link, 5);
	EXPECT_EQ(0, serve_one(box, 5));
	EXPECT_EQ(6, caller_end(&self->caller));
	caller_start_to(&self->caller, self->control, getpid(), 7);
	EXPECT_EQ(0, serve_one(box, 7));
	EXPECT_EQ(8, caller_end(&self->caller));
	EXPECT_EQ(getpid(), self->caller.call.reply_pid);
	EXPECT_EQ(2, sent_of(link));
	EXPECT_EQ(0, calls_of(box));
}

static int call_parent(void *control)
{
	struct caller c;

	caller_prepare(&c, 7);
	c.call.pid = getppid();
	c.thread.ret = command(*(int *)control, IPCBOX_CALL, &c.call);
	c.thread.joined = true;
	if (caller_end(&c) != 8)
		return 1;
	return c.call.reply_pid == getppid() ? 0 : 2;
}

TEST_F(call, mailbox_is_called_by_another_process)
{
	int box = mailbox_open(self->control);
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));
	pid_t pid = spawn(call_parent, &self->control);

	r.from = pid;
	ASSERT_EQ(0, command(box, IPCBOX_RECV, &r));
	EXPECT_EQ(pid, r.pid);
	EXPECT_EQ(7, r.tag);
	EXPECT_EQ(1, calls_of(box));
	EXPECT_EQ(0, reply_tag(box, r.call, 8));
	EXPECT_EQ(0, reap(pid));
}

/* Many */

#define MANY	16

static void start_many(struct caller *callers, int port)
{
	for (int i = 0; i < MANY; i++) {
		caller_start(&callers[i], port, 100 + i);
		calls_queued(port, i + 1);
	}
}

TEST_F(call, replies_may_be_given_in_any_order)
{
	struct caller callers[MANY];
	long long numbers[MANY];

	start_many(callers, self->port);
	for (int i = 0; i < MANY; i++) {
		numbers[i] = recv_call(self->port, 100 + i);
		ASSERT_LT(0, numbers[i]);
		ASSERT_EQ(i + 1, calls_of(self->port));
	}
	/* 7 and 16 have no divisor in common: each once, in no order. */
	for (int i = 0; i < MANY; i++) {
		int which = i * 7 % MANY;

		EXPECT_EQ(0, reply_tag(self->port, numbers[which], 200 + which));
		EXPECT_EQ(200 + which, caller_end(&callers[which]));
		EXPECT_EQ(MANY - i - 1, calls_of(self->port));
	}
}

TEST_F(call, waits_by_its_priority_then_by_its_arrival)
{
	struct caller callers[4];
	const __u32 priorities[] = { 1, 3, 1, 2 };
	const int order[] = { 1, 3, 0, 2 };

	for (int i = 0; i < 4; i++) {
		caller_start_at(&callers[i], self->port, i, priorities[i]);
		ASSERT_TRUE(calls_queued(self->port, i + 1));
	}
	ASSERT_EQ(0, send_tag_at(self->port, 50, 2));
	for (int i = 0; i < 4; i++) {
		int which = order[i];
		long long number = recv_call(self->port, which);

		ASSERT_LT(0, number);
		EXPECT_EQ(0, reply_tag(self->port, number, 10 + which));
		EXPECT_EQ(10 + which, caller_end(&callers[which]));
		if (i == 1)
			EXPECT_EQ(50, recv_tag(self->port));
	}
}

#define ROUNDS	200

struct work {
	pthread_t thread;
	int port;
	int id;
	int bad;
};

/* Answers each call with its tag and 1000 more, until the port is removed. */
static void *serve(void *arg)
{
	struct work *work = arg;
	__u64 data = 0, answer = 0;
	struct ipcbox_reply_recv r = reply_recv_to(0, &answer, sizeof(answer),
						   &data, sizeof(data));
	int ret;

	while (!(ret = command(work->port, IPCBOX_REPLY_RECV, &r))) {
		work->bad += data != r.recv.tag || !r.recv.call || r.call;
		answer = data + 1000;
		r.tag = answer;
		r.call = r.recv.call;
	}
	work->bad += ret != -EIDRM;
	return NULL;
}

static void *call_again_and_again(void *arg)
{
	struct work *work = arg;
	struct caller c;

	for (int i = 0; i < ROUNDS; i++) {
		caller_prepare(&c, work->id * 10000 + i);
		c.call.priority = i % 3;
		c.thread.ret = command(work->port, IPCBOX_CALL, &c.call);
		c.thread.joined = true;
		work->bad += caller_end(&c) != work->id * 10000 + i + 1000;
	}
	return NULL;
}

TEST_F(call, callers_and_servers_in_many_threads_each_get_their_own)
{
	struct work callers[6], servers[3];

	for (int i = 0; i < 3; i++) {
		servers[i] = (struct work){ .port = self->port };
		pthread_create(&servers[i].thread, NULL, serve, &servers[i]);
	}
	for (int i = 0; i < 6; i++) {
		callers[i] = (struct work){ .port = self->port, .id = i };
		pthread_create(&callers[i].thread, NULL, call_again_and_again,
			       &callers[i]);
	}
	for (int i = 0; i < 6; i++) {
		pthread_join(callers[i].thread, NULL);
		EXPECT_EQ(0, callers[i].bad);
	}
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(0, messages_of(self->port));
	EXPECT_EQ(6 * ROUNDS, received_of(self->port));
	ASSERT_TRUE(receivers_asleep(self->port, 3));
	EXPECT_EQ(0, port_remove(self->control, self->stage.name));
	for (int i = 0; i < 3; i++) {
		pthread_join(servers[i].thread, NULL);
		EXPECT_EQ(0, servers[i].bad);
	}
}

TEST_HARNESS_MAIN
