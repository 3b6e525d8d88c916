// SPDX-License-Identifier: GPL-2.0
/*
 * Calls that end without a reply: the process that received them is gone or has
 * closed, the port is removed, the mailbox closed, the caller itself gone.
 */
#include "callers.h"
#include "ipcbox_test.h"

#include <sys/resource.h>

FIXTURE(call_end) {
	struct stage stage;
	int control;
	int port;
	struct caller caller;
};

FIXTURE_SETUP(call_end)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create(self->control, self->stage.name, BOTH);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(call_end)
{
	EXPECT_FALSE(calls_of(self->port) > 0);
	stage_teardown(_metadata, &self->stage);
}

/* Receivers that do not reply */

struct server {
	int control;
	const char *name;
	int inherited;
	int *received;		/* shared with the parent */
};

/* Killed before its receive is over, it would have received nothing. */
static int receive_and_wait(struct server *server, int port)
{
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));

	if (command(port, IPCBOX_RECV, &r))
		return 1;
	__atomic_store_n(server->received, 1, __ATOMIC_RELEASE);
	while (true)
		pause();
}

/* With a file description of its own. */
static int serve_alone(void *arg)
{
	struct server *server = arg;

	return receive_and_wait(server, port_open(server->control, server->name,
						  IPCBOX_RECEIVER));
}

/* With that of its parent, which lives on. */
static int serve_as_worker(void *arg)
{
	struct server *server = arg;

	return receive_and_wait(server, server->inherited);
}

static bool has_received(struct server *server)
{
	return eventually(__atomic_load_n(server->received, __ATOMIC_ACQUIRE));
}

#define SERVER(self) {							\
	.control = (self)->control, .name = (self)->stage.name,		\
	.inherited = (self)->port, .received = shared_alloc(sizeof(int)) }

TEST_F(call_end, server_killed_gives_the_caller_epipe)
{
	struct server server = SERVER(self);
	pid_t pid = spawn(serve_alone, &server);

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(has_received(&server));
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_FALSE(caller_ended(&self->caller));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
	EXPECT_EQ(1, self->caller.call.received);
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(0, messages_of(self->port));
}

TEST_F(call_end, worker_killed_gives_epipe_though_others_share_its_fd)
{
	struct server server = SERVER(self);
	pid_t pid = spawn(serve_as_worker, &server);

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(has_received(&server));
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
	EXPECT_EQ(1, self->caller.call.received);
	EXPECT_EQ(0, state_of(self->port));
}

TEST_F(call_end, worker_killed_takes_only_what_it_received)
{
	struct server server = SERVER(self);
	pid_t pid = spawn(serve_as_worker, &server);
	struct caller other;
	long long number;

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(has_received(&server));
	EXPECT_EQ(1, calls_of(self->port));
	caller_start(&other, self->port, 6);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 6);
	ASSERT_LT(0, number);
	EXPECT_EQ(2, calls_of(self->port));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, number, 9));
	EXPECT_EQ(9, caller_end(&other));
}

TEST_F(call_end, server_that_closes_gives_epipe)
{
	int server = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	ASSERT_LT(0, recv_call(server, 5));
	close(server);
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
	EXPECT_EQ(1, self->caller.call.received);
	EXPECT_EQ(0, calls_of(self->port));
}

TEST_F(call_end, server_that_closes_leaves_what_it_did_not_receive)
{
	int server = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	close(server);
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 5), 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

TEST_F(call_end, close_of_one_of_two_dups_does_nothing)
{
	int server = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);
	int again = dup(server);
	long long number;

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(server, 5);
	close(server);
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_FALSE(caller_ended(&self->caller));
	EXPECT_EQ(0, reply_tag(again, number, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

TEST_F(call_end, close_of_the_last_dup_gives_epipe)
{
	int server = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);
	int again = dup(server);

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	ASSERT_LT(0, recv_call(server, 5));
	close(server);
	close(again);
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
}

static int lives_on(void *arg)
{
	while (!arg)
		pause();
	return 0;
}

/* The fd of the child keeps the port open, but the child did not receive it. */
TEST_F(call_end, server_that_closes_gives_epipe_though_a_child_has_the_fd)
{
	int server = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);
	pid_t child = spawn(lives_on, NULL);

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	ASSERT_LT(0, recv_call(server, 5));
	close(server);
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
	EXPECT_EQ(0, calls_of(self->port));
	kill_and_reap(child);
}

static int close_it(void *fd)
{
	return close(*(int *)fd) ? 1 : 0;
}

TEST_F(call_end, child_that_inherited_the_fd_and_closes_it_does_nothing)
{
	long long number;

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 5);
	EXPECT_EQ(0, reap(spawn(close_it, &self->port)));
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_FALSE(caller_ended(&self->caller));
	EXPECT_EQ(0, reply_tag(self->port, number, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

/* The process answers, not the thread. */
TEST_F(call_end, thread_that_received_may_end_and_another_reply)
{
	struct call receiver;

	call_recv(&receiver, self->port);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	caller_start(&self->caller, self->port, 5);
	ASSERT_EQ(0, call_end(&receiver));
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(0, reply_tag(self->port, receiver.recv.call, 6));
	EXPECT_EQ(6, caller_end(&self->caller));
}

static int receive_and_exec(void *arg)
{
	struct server *server = arg;
	int port = port_open(server->control, server->name, IPCBOX_RECEIVER);
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));

	if (command(port, IPCBOX_RECV, &r))
		return 1;
	/* A program that sleeps for long: a machine has one of these. */
	execlp("sleep", "sleep", "1000", NULL);
	execlp("busybox", "busybox", "sleep", "1000", NULL);
	return 127;
}

TEST_F(call_end, exec_that_closes_the_fd_gives_epipe)
{
	struct server server = SERVER(self);
	pid_t pid;

	pid = spawn(receive_and_exec, &server);
	caller_start(&self->caller, self->port, 5);
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
	EXPECT_EQ(1, self->caller.call.received);
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid))
		TH_LOG("it was not exec that ended the call");
}

/* The end of a process that the close of no fd tells */

/* *received is 1 when the fd is closed, and 2 when the call was received through it. */
static int close_and_receive(void *arg)
{
	struct server *server = arg;
	struct call receiver;

	call_recv(&receiver, server->inherited);
	if (!receivers_asleep(server->inherited, 1))
		return 1;
	close(server->inherited);
	__atomic_store_n(server->received, 1, __ATOMIC_RELEASE);
	if (call_end(&receiver))
		return 2;
	__atomic_store_n(server->received, 2, __ATOMIC_RELEASE);
	while (true)
		pause();
}

TEST_F(call_end, call_received_through_a_closed_fd_ends_with_its_receiver)
{
	struct server server = SERVER(self);
	pid_t pid = spawn(close_and_receive, &server);

	ASSERT_TRUE(has_received(&server));
	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(eventually(__atomic_load_n(server.received,
					       __ATOMIC_ACQUIRE) == 2));
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_FALSE(caller_ended(&self->caller));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
	EXPECT_EQ(1, self->caller.call.received);
	EXPECT_EQ(0, calls_of(self->port));
}

TEST_F(call_end, call_of_a_process_that_shares_its_fds_ends_with_it)
{
	struct server server = SERVER(self);
	pid_t pid = spawn_sharing_fds(serve_as_worker, &server);

	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(has_received(&server));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
	EXPECT_EQ(0, calls_of(self->port));
}

TEST_F(call_end, each_of_several_that_share_fds_ends_its_own_calls)
{
	enum { SERVERS = 3 };
	struct server servers[SERVERS];
	struct caller callers[SERVERS];
	pid_t pids[SERVERS];
	int i;

	for (i = 0; i < SERVERS; i++) {
		servers[i] = (struct server)SERVER(self);
		pids[i] = spawn_sharing_fds(serve_as_worker, &servers[i]);
		caller_start(&callers[i], self->port, i);
		ASSERT_TRUE(has_received(&servers[i]));
	}
	for (i = 1; i <= SERVERS; i++) {
		EXPECT_EQ(-SIGKILL, kill_and_reap(pids[i % SERVERS]));
		EXPECT_EQ(-EPIPE, caller_end(&callers[i % SERVERS]));
		EXPECT_EQ(SERVERS - i, calls_of(self->port));
	}
}

/* The cost of a close */

enum { MANY_FDS = 20000 };

/* Nanoseconds to close an fd and many dups of it, all at once. */
static __u64 close_many(int fd)
{
	__u64 begin;
	int i, last = fd;

	for (i = 0; i < MANY_FDS; i++)
		last = dup(fd);
	if (last < MANY_FDS)
		return 0;
	begin = now_ns();
	syscall(__NR_close_range, fd, last, 0);
	return now_ns() - begin;
}

TEST_F(call_end, close_of_many_fds_costs_little_more_while_calls_are_in_service)
{
	struct rlimit limit = { MANY_FDS + 1000, MANY_FDS + 1000 };
	struct server server = SERVER(self);
	__u64 quiet, foreign, own;
	struct caller caller;
	int fd;
	pid_t pid;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	quiet = close_many(port_open(self->control, self->stage.name,
				     IPCBOX_RECEIVER));
	ASSERT_LT(0, quiet);

	pid = spawn(serve_alone, &server);
	caller_start(&self->caller, self->port, 5);
	ASSERT_TRUE(has_received(&server));
	foreign = close_many(port_open(self->control, self->stage.name,
				       IPCBOX_RECEIVER));

	fd = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);
	caller_start(&caller, self->port, 6);
	ASSERT_TRUE(calls_queued(self->port, 1));
	ASSERT_LT(0, recv_call(fd, 6));
	own = close_many(fd);
	EXPECT_EQ(-EPIPE, caller_end(&caller));
	EXPECT_EQ(1, calls_of(self->port));

	/* Each close with a look at the whole table would be a hundred times slower. */
	EXPECT_LT(foreign, 5 * quiet + 100000000);
	EXPECT_LT(own, 5 * quiet + 100000000);
	TH_LOG("%d fds: %llu us, beside another's call %llu, with a call %llu", MANY_FDS,
	       quiet / 1000, foreign / 1000, own / 1000);
	kill_and_reap(pid);
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
}

/* The end of the port */

TEST_F(call_end, removed_port_gives_eidrm_to_all_callers)
{
	struct caller queued, blocked;

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 1 }));
	caller_start(&self->caller, self->port, 1);
	ASSERT_TRUE(calls_queued(self->port, 1));
	ASSERT_LT(0, recv_call(self->port, 1));
	caller_start(&queued, self->port, 2);
	ASSERT_TRUE(calls_queued(self->port, 1));
	caller_start(&blocked, self->port, 3);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(-EIDRM, caller_end(&self->caller));
	EXPECT_EQ(1, self->caller.call.received);
	EXPECT_EQ(-EIDRM, caller_end(&queued));
	EXPECT_EQ(0, queued.call.received);
	EXPECT_EQ(-EIDRM, caller_end(&blocked));
	EXPECT_NE(1, blocked.call.received);
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(0, messages_of(self->port));
	EXPECT_EQ(0, senders_of(self->port));
}

TEST_F(call_end, reply_after_the_port_was_removed_returns_eidrm)
{
	struct ipcbox_reply_recv r = reply_recv_to(0, NULL, 0, NULL, 0);
	long long number;

	caller_start(&self->caller, self->port, 1);
	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 1);
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(-EIDRM, reply_tag(self->port, number, 2));
	r.call = number;
	EXPECT_EQ(-EIDRM, command(self->port, IPCBOX_REPLY_RECV, &r));
	EXPECT_EQ(-EIDRM, caller_end(&self->caller));
	caller_start(&self->caller, self->port, 1);
	EXPECT_EQ(-EIDRM, caller_end(&self->caller));
}

TEST_F(call_end, last_receiver_of_an_unlinked_port_gives_epipe)
{
	int sender = port_open(self->control, self->stage.name, IPCBOX_SENDER);
	struct caller queued;

	caller_start(&self->caller, sender, 1);
	ASSERT_TRUE(calls_queued(sender, 1));
	ASSERT_LT(0, recv_call(self->port, 1));
	caller_start(&queued, sender, 2);
	ASSERT_TRUE(calls_queued(sender, 1));
	ASSERT_EQ(0, port_unlink(self->control, self->stage.name));
	EXPECT_FALSE(caller_ended(&self->caller));
	EXPECT_FALSE(caller_ended(&queued));
	close(self->port);
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
	EXPECT_EQ(1, self->caller.call.received);
	EXPECT_EQ(-EPIPE, caller_end(&queued));
	EXPECT_EQ(0, queued.call.received);
	caller_start(&queued, sender, 3);
	EXPECT_EQ(-EPIPE, caller_end(&queued));
}

TEST_F(call_end, port_without_a_name_goes_on_with_calls)
{
	ASSERT_EQ(0, port_unlink(self->control, self->stage.name));
	caller_start(&self->caller, self->port, 1);
	ASSERT_TRUE(calls_queued(self->port, 1));
	EXPECT_EQ(0, reply_tag(self->port, recv_call(self->port, 1), 2));
	EXPECT_EQ(2, caller_end(&self->caller));
}

/* Mailboxes */

TEST_F(call_end, closed_mailbox_gives_epipe_to_all_callers)
{
	int box = mailbox_open_attr(self->control, 0, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 1 });
	int link = link_open(self->control, getpid(), 0);
	struct caller queued, blocked;

	caller_start(&self->caller, link, 1);
	ASSERT_TRUE(calls_queued(box, 1));
	ASSERT_LT(0, recv_call(box, 1));
	caller_start_to(&queued, self->control, getpid(), 2);
	ASSERT_TRUE(calls_queued(box, 1));
	caller_start(&blocked, link, 3);
	ASSERT_TRUE(senders_asleep(link, 1));
	close(box);
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
	EXPECT_EQ(1, self->caller.call.received);
	EXPECT_EQ(-EPIPE, caller_end(&queued));
	EXPECT_EQ(0, queued.call.received);
	EXPECT_EQ(-EPIPE, caller_end(&blocked));
	EXPECT_NE(1, blocked.call.received);
}

TEST_F(call_end, killed_peer_gives_epipe)
{
	struct peer peer;
	long long tag;

	ASSERT_EQ(0, peer_start(&peer, 4));
	caller_start_to(&self->caller, self->control, peer.pid, 5);
	ASSERT_TRUE(eventually((tag = peer_do(&peer, PEER_RECV)) != -EAGAIN));
	ASSERT_EQ(5, tag);
	peer_kill(&peer);
	EXPECT_EQ(-EPIPE, caller_end(&self->caller));
	EXPECT_EQ(1, self->caller.call.received);
}

/* The end of the caller */

TEST_F(call_end, killed_caller_is_withdrawn_from_the_queue)
{
	pid_t pid = spawn(call_7, &self->port);

	ASSERT_TRUE(calls_queued(self->port, 1));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(0, messages_of(self->port));
	EXPECT_EQ(0, bytes_of(self->port));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(call_end, killed_caller_is_withdrawn_from_the_senders)
{
	pid_t pid;

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 1 }));
	ASSERT_EQ(0, send_tag(self->port, 1));
	pid = spawn(call_7, &self->port);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(0, senders_of(self->port));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(call_end, reply_to_a_killed_caller_returns_epipe)
{
	pid_t pid = spawn(call_7, &self->port);
	long long number;

	ASSERT_TRUE(calls_queued(self->port, 1));
	number = recv_call(self->port, 7);
	EXPECT_EQ(1, calls_of(self->port));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(0, calls_of(self->port));
	EXPECT_EQ(-EPIPE, reply_tag(self->port, number, 8));
}

TEST_HARNESS_MAIN
