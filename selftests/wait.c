// SPDX-License-Identifier: GPL-2.0
/*
 * Waiting for a message and for room: deadlines, not waiting, signals, death,
 * and what happens to a message whose receiver cannot take it.
 */
#include "ipcbox_test.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x00000080	/* not in every libc's sched.h */
#endif

/* A port of depth 1: with one message in it a sender waits. */
FIXTURE(wait) {
	struct stage stage;
	int control;
	int port;
	struct call call;
};

FIXTURE_SETUP(wait)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create_sized(self->control, self->stage.name, BOTH,
				       1, 1 << 16);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(wait)
{
	stage_teardown(_metadata, &self->stage);
}

static int recv_until(int fd, __u64 deadline)
{
	char data[64];
	struct ipcbox_recv r = room(data, sizeof(data));

	r.deadline = deadline;
	return command(fd, IPCBOX_RECV, &r);
}

static int send_until(int fd, __u64 tag, __u64 deadline)
{
	struct ipcbox_send s = tagged(&tag, 0);

	s.deadline = deadline;
	return command(fd, IPCBOX_SEND, &s);
}

/* Both directions wait */

TEST_F(wait, receiver_waits_until_a_message_comes)
{
	call_recv(&self->call, self->port);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_FALSE(call_ended(&self->call));
	EXPECT_EQ(0, send_tag(self->port, 5));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(5, self->call.recv.tag);
	EXPECT_EQ(8, self->call.recv.len);
	EXPECT_EQ(1, self->call.recv.seq);
	EXPECT_EQ(getpid(), self->call.recv.pid);
	EXPECT_EQ(0, messages_of(self->port));
	EXPECT_EQ(0, receivers_of(self->port));
}

TEST_F(wait, sender_waits_until_there_is_room)
{
	ASSERT_EQ(0, send_tag(self->port, 1));
	call_send_tag(&self->call, self->port, 2, 0);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(0, senders_of(self->port));
	EXPECT_EQ(2, recv_tag(self->port));
}

TEST_F(wait, sender_waits_for_room_in_bytes_too)
{
	char data[60] = "";
	struct ipcbox_recv r = room(data, sizeof(data));

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_BYTES |
			IPCBOX_ATTR_MSGSIZE,
		.max_messages = 10, .max_bytes = 64, .max_msgsize = 64 }));
	ASSERT_EQ(0, send_now(self->port, data, 60));
	EXPECT_EQ(-EAGAIN, send_tag(self->port, 1));
	call_send_tag(&self->call, self->port, 2, 0);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(60, bytes_of(self->port));
	ASSERT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(8, bytes_of(self->port));
}

/* Its message is in. The sender need not wake up at once, but without another receive. */
TEST_F(wait, sender_is_told_where_the_port_stays_nearly_full)
{
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 32 }));
	for (int i = 1; i <= 32; i++) {
		ASSERT_EQ(0, send_tag(self->port, i));
	}
	call_send_tag(&self->call, self->port, 33, 0);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(0, senders_of(self->port));
	EXPECT_EQ(32, messages_of(self->port));
	EXPECT_EQ(0, call_end(&self->call));
	for (int i = 2; i <= 33; i++) {
		EXPECT_EQ(i, recv_tag(self->port));
	}
}

/* The sender wakes up a moment after its message went in; a signal may come first. */
TEST_F(wait, sender_whose_message_went_in_is_not_interrupted)
{
	on_sigusr1(0);
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 32 }));
	for (int round = 0; round < 20; round++) {
		while (!send_tag(self->port, 1))
			;
		call_send_tag(&self->call, self->port, 2, 0);
		ASSERT_TRUE(senders_asleep(self->port, 1));
		EXPECT_EQ(1, recv_tag(self->port));
		pthread_kill(self->call.thread, SIGUSR1);
		ASSERT_EQ(0, call_end(&self->call));
		for (int i = 1; i < 32; i++)
			EXPECT_EQ(1, recv_tag(self->port));
		EXPECT_EQ(2, recv_tag(self->port));
	}
}

TEST_F(wait, sleeping_calls_count_as_the_users_waiters)
{
	struct ipcbox_query q;

	call_recv(&self->call, self->port);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_EQ(self->stage.before.waiters.used + 1, q.waiters.used);
	EXPECT_EQ(0, send_tag(self->port, 5));
	EXPECT_EQ(0, call_end(&self->call));
	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_EQ(self->stage.before.waiters.used, q.waiters.used);
}

/* Deadlines */

TEST_F(wait, recv_with_deadline_past_returns_etimedout)
{
	EXPECT_EQ(-ETIMEDOUT, recv_until(self->port, 1));
	EXPECT_EQ(-ETIMEDOUT, recv_until(self->port, now_ns()));
	EXPECT_EQ(0, receivers_of(self->port));
}

TEST_F(wait, send_with_deadline_past_returns_etimedout)
{
	ASSERT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(-ETIMEDOUT, send_until(self->port, 2, 1));
	EXPECT_EQ(0, senders_of(self->port));
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

TEST_F(wait, deadline_past_does_not_matter_to_a_call_that_need_not_wait)
{
	EXPECT_EQ(0, send_until(self->port, 1, 1));
	EXPECT_EQ(0, recv_until(self->port, 1));
}

TEST_F(wait, recv_times_out_at_its_deadline_and_not_before)
{
	__u64 deadline = in_ms(50);

	EXPECT_EQ(-ETIMEDOUT, recv_until(self->port, deadline));
	EXPECT_LE(deadline, now_ns());
	EXPECT_EQ(0, receivers_of(self->port));
}

TEST_F(wait, send_times_out_at_its_deadline_and_not_before)
{
	__u64 deadline = in_ms(50);

	ASSERT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(-ETIMEDOUT, send_until(self->port, 2, deadline));
	EXPECT_LE(deadline, now_ns());
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_EQ(1, sent_of(self->port));
}

TEST_F(wait, message_before_the_deadline_is_received)
{
	call_recv_until(&self->call, self->port, in_ms(PATIENCE * 1000));
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_EQ(0, send_tag(self->port, 5));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(5, self->call.recv.tag);
}

TEST_F(wait, deadline_beyond_all_time_waits)
{
	const __u64 deadlines[] = {
		INT64_MAX, (__u64)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX,
	};

	for (size_t i = 0; i < ARRAY_SIZE(deadlines); i++) {
		call_recv_until(&self->call, self->port, deadlines[i]);
		ASSERT_TRUE(receivers_asleep(self->port, 1))
			TH_LOG("deadline %#llx: %d", (long long)deadlines[i],
			       call_end(&self->call));
		EXPECT_EQ(0, send_tag(self->port, i));
		EXPECT_EQ(0, call_end(&self->call));
		EXPECT_EQ(i, self->call.recv.tag);
	}
}

static int times_out_by_its_own_clock(void *port)
{
	__u64 deadline = in_ms(20);
	int ret = recv_until(*(int *)port, deadline);

	return ret == -ETIMEDOUT && now_ns() >= deadline ? 0 : 1;
}

/* Children live a day ahead: the host's clock would not reach their deadline. */
TEST_F(wait, deadline_is_that_of_the_callers_time_namespace)
{
	if (unshare(CLONE_NEWTIME))
		SKIP(return, "no time namespaces");
	ASSERT_EQ(0, write_file("/proc/self/timens_offsets", "monotonic 86400 0"));
	EXPECT_EQ(0, reap(spawn(times_out_by_its_own_clock, &self->port)));
}

/* Asked not to wait */

TEST_F(wait, recv_with_nonblock_returns_eagain_whatever_the_deadline)
{
	struct ipcbox_recv r = room(NULL, 0);

	r.flags = IPCBOX_NONBLOCK;
	EXPECT_EQ(-EAGAIN, command(self->port, IPCBOX_RECV, &r));
	r.deadline = UINT64_MAX;
	EXPECT_EQ(-EAGAIN, command(self->port, IPCBOX_RECV, &r));
	r.deadline = 1;
	EXPECT_EQ(-EAGAIN, command(self->port, IPCBOX_RECV, &r));
}

TEST_F(wait, send_with_nonblock_returns_eagain_whatever_the_deadline)
{
	struct ipcbox_send s = message("x", 1);

	ASSERT_EQ(0, send_tag(self->port, 1));
	s.flags = IPCBOX_NONBLOCK;
	EXPECT_EQ(-EAGAIN, command(self->port, IPCBOX_SEND, &s));
	s.deadline = UINT64_MAX;
	EXPECT_EQ(-EAGAIN, command(self->port, IPCBOX_SEND, &s));
	s.deadline = 1;
	EXPECT_EQ(-EAGAIN, command(self->port, IPCBOX_SEND, &s));
	EXPECT_EQ(1, messages_of(self->port));
}

TEST_F(wait, o_nonblock_on_the_fd_returns_eagain)
{
	ASSERT_EQ(0, fcntl(self->port, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, recv_until(self->port, 0));
	EXPECT_EQ(0, send_until(self->port, 1, 0));
	EXPECT_EQ(-EAGAIN, send_until(self->port, 2, 0));
	ASSERT_EQ(0, fcntl(self->port, F_SETFL, 0));
	EXPECT_EQ(-ETIMEDOUT, send_until(self->port, 2, 1));
}

TEST_F(wait, o_nonblock_on_the_control_fd_makes_direct_sends_return_eagain)
{
	struct peer peer;
	struct ipcbox_send s = message("x", 1);

	ASSERT_EQ(0, peer_start(&peer, 1));
	s.pid = peer.pid;
	ASSERT_EQ(0, fcntl(self->control, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(0, command(self->control, IPCBOX_SEND, &s));
	EXPECT_EQ(-EAGAIN, command(self->control, IPCBOX_SEND, &s));
	peer_kill(&peer);
}

/* Signals */

TEST_F(wait, recv_returns_eintr_on_a_signal)
{
	on_sigusr1(0);
	call_recv(&self->call, self->port);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	ASSERT_EQ(0, pthread_kill(self->call.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, call_end(&self->call));
	EXPECT_EQ(1, signals_seen);
	EXPECT_EQ(0, receivers_of(self->port));
}

TEST_F(wait, send_returns_eintr_on_a_signal_and_leaves_no_trace)
{
	on_sigusr1(0);
	ASSERT_EQ(0, send_tag(self->port, 1));
	call_send_tag(&self->call, self->port, 2, 0);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	ASSERT_EQ(0, pthread_kill(self->call.thread, SIGUSR1));
	EXPECT_EQ(-EINTR, call_end(&self->call));
	EXPECT_EQ(0, senders_of(self->port));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
	EXPECT_EQ(1, sent_of(self->port));
}

TEST_F(wait, recv_goes_on_after_a_signal_with_sa_restart)
{
	on_sigusr1(SA_RESTART);
	call_recv(&self->call, self->port);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	ASSERT_EQ(0, pthread_kill(self->call.thread, SIGUSR1));
	ASSERT_TRUE(eventually(signals_seen == 1));
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_EQ(0, send_tag(self->port, 5));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(5, self->call.recv.tag);
}

TEST_F(wait, send_goes_on_after_a_signal_with_sa_restart)
{
	on_sigusr1(SA_RESTART);
	ASSERT_EQ(0, send_tag(self->port, 1));
	call_send_tag(&self->call, self->port, 2, 0);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	ASSERT_EQ(0, pthread_kill(self->call.thread, SIGUSR1));
	ASSERT_TRUE(eventually(signals_seen == 1));
	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(2, recv_tag(self->port));
}

/* A call that began anew at each signal would never end under these. */
TEST_F(wait, restarted_call_keeps_its_deadline)
{
	__u64 deadline = in_ms(1000);

	on_sigusr1(SA_RESTART);
	call_recv_until(&self->call, self->port, deadline);
	while (!call_ended(&self->call)) {
		ASSERT_GT(deadline + PATIENCE * NSEC_PER_SEC, now_ns());
		pthread_kill(self->call.thread, SIGUSR1);
		usleep(20000);
	}
	EXPECT_EQ(-ETIMEDOUT, self->call.ret);
	EXPECT_LE(deadline, now_ns());
	EXPECT_LT(1, signals_seen);
}

static int wait_for_7(void *port)
{
	char data[64];
	struct ipcbox_recv r = room(data, sizeof(data));

	if (command(*(int *)port, IPCBOX_RECV, &r))
		return 1;
	return r.tag == 7 ? 0 : 2;
}

TEST_F(wait, stopped_and_continued_receiver_goes_on)
{
	pid_t pid = spawn(wait_for_7, &self->port);
	int status;

	ASSERT_TRUE(receivers_asleep(self->port, 1));
	ASSERT_EQ(0, kill(pid, SIGSTOP));
	ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(0, kill(pid, SIGCONT));
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_EQ(0, send_tag(self->port, 7));
	EXPECT_EQ(0, reap(pid));
}

TEST_F(wait, killed_receiver_takes_nothing_with_it)
{
	pid_t pid = spawn(wait_for_7, &self->port);

	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(0, receivers_of(self->port));
	EXPECT_EQ(0, send_tag(self->port, 7));
	EXPECT_EQ(7, recv_tag(self->port));
}

static int send_8_and_wait(void *port)
{
	return send_until(*(int *)port, 8, 0);
}

TEST_F(wait, killed_sender_leaves_nothing_behind)
{
	pid_t pid;

	ASSERT_EQ(0, send_tag(self->port, 1));
	pid = spawn(send_8_and_wait, &self->port);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
	EXPECT_EQ(0, senders_of(self->port));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(-EAGAIN, recv_tag(self->port));
}

/* The end of the port */

TEST_F(wait, receiver_gets_eidrm_when_the_port_is_removed)
{
	call_recv(&self->call, self->port);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(-EIDRM, call_end(&self->call));
	EXPECT_EQ(0, receivers_of(self->port));
}

TEST_F(wait, sender_gets_eidrm_when_the_port_is_removed)
{
	ASSERT_EQ(0, send_tag(self->port, 1));
	call_send_tag(&self->call, self->port, 2, 0);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	EXPECT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(-EIDRM, call_end(&self->call));
	EXPECT_EQ(0, senders_of(self->port));
}

TEST_F(wait, receiver_gets_epipe_when_the_last_sender_of_an_unlinked_port_goes)
{
	int receiver = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);

	call_recv(&self->call, receiver);
	ASSERT_TRUE(receivers_asleep(receiver, 1));
	ASSERT_EQ(0, port_unlink(self->control, self->stage.name));
	EXPECT_EQ(1, receivers_of(receiver));
	close(self->port);
	EXPECT_EQ(-EPIPE, call_end(&self->call));
}

TEST_F(wait, sender_gets_epipe_when_the_last_receiver_of_an_unlinked_port_goes)
{
	int sender = port_open(self->control, self->stage.name, IPCBOX_SENDER);

	ASSERT_EQ(0, send_tag(sender, 1));
	call_send_tag(&self->call, sender, 2, 0);
	ASSERT_TRUE(senders_asleep(sender, 1));
	ASSERT_EQ(0, port_unlink(self->control, self->stage.name));
	EXPECT_EQ(1, senders_of(sender));
	close(self->port);
	EXPECT_EQ(-EPIPE, call_end(&self->call));
}

TEST_F(wait, unlink_of_a_port_that_lacks_a_side_ends_waiters)
{
	int receiver = port_open(self->control, self->stage.name, IPCBOX_RECEIVER);

	close(self->port);
	call_recv(&self->call, receiver);
	ASSERT_TRUE(receivers_asleep(receiver, 1));
	ASSERT_EQ(0, port_unlink(self->control, self->stage.name));
	EXPECT_EQ(-EPIPE, call_end(&self->call));
}

/* A receiver that cannot take its message */

FIXTURE(fault) {
	struct stage stage;
	int port;
	struct call call;
	size_t page_size;
	char *data;			/* a page each */
	struct ipcbox_recv *recv;
};

/* The fate of the page while the receiver sleeps. */
FIXTURE_VARIANT(fault) {
	bool of_struct;
	bool read_only;
};

FIXTURE_VARIANT_ADD(fault, data_unmapped) { false, false };
FIXTURE_VARIANT_ADD(fault, data_read_only) { false, true };
FIXTURE_VARIANT_ADD(fault, struct_unmapped) { true, false };
FIXTURE_VARIANT_ADD(fault, struct_read_only) { true, true };

static void *map_page(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

FIXTURE_SETUP(fault)
{
	stage_setup(_metadata, &self->stage);
	self->port = port_create(self->stage.control, self->stage.name, BOTH);
	ASSERT_LE(0, self->port);
	self->page_size = sysconf(_SC_PAGESIZE);
	self->data = map_page(self->page_size);
	self->recv = map_page(self->page_size);
	ASSERT_NE(MAP_FAILED, self->data);
	ASSERT_NE(MAP_FAILED, (void *)self->recv);

	*self->recv = room(self->data, 64);
	call_start(&self->call, self->port, IPCBOX_RECV, self->recv);
	ASSERT_TRUE(receivers_asleep(self->port, 1));

	if (variant->read_only)
		mprotect(variant->of_struct ? (void *)self->recv : self->data,
			 self->page_size, PROT_READ);
	else
		munmap(variant->of_struct ? (void *)self->recv : self->data,
		       self->page_size);
}

FIXTURE_TEARDOWN(fault)
{
	stage_teardown(_metadata, &self->stage);
}

TEST_F(fault, of_a_sleeping_receiver_returns_efault_and_the_message_stays)
{
	EXPECT_EQ(0, send_tag(self->port, 5));
	EXPECT_EQ(-EFAULT, call_end(&self->call));
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_EQ(8, bytes_of(self->port));
	EXPECT_EQ(0, received_of(self->port));
	EXPECT_EQ(5, recv_tag(self->port));
	EXPECT_EQ(1, received_of(self->port));
}

TEST_F(fault, of_a_sleeping_receiver_gives_the_message_to_the_next)
{
	struct call next;

	call_recv(&next, self->port);
	ASSERT_TRUE(receivers_asleep(self->port, 2));
	EXPECT_EQ(0, send_tag(self->port, 5));
	EXPECT_EQ(-EFAULT, call_end(&self->call));
	EXPECT_EQ(0, call_end(&next));
	EXPECT_EQ(5, next.recv.tag);
	EXPECT_EQ(1, next.recv.seq);
}

TEST_F(wait, receiver_with_too_little_room_gets_emsgsize_and_the_next_the_message)
{
	struct call small, next;

	small.recv = room(small.data, 4);
	call_start(&small, self->port, IPCBOX_RECV, &small.recv);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	call_recv(&next, self->port);
	ASSERT_TRUE(receivers_asleep(self->port, 2));
	EXPECT_EQ(0, send_tag(self->port, 5));
	EXPECT_EQ(-EMSGSIZE, call_end(&small));
	EXPECT_EQ(8, small.recv.len);
	EXPECT_EQ(0, call_end(&next));
	EXPECT_EQ(5, next.recv.tag);
}

TEST_F(wait, message_too_long_for_the_only_waiter_stays)
{
	self->call.recv = room(self->call.data, 4);
	call_start(&self->call, self->port, IPCBOX_RECV, &self->call.recv);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_EQ(0, send_tag(self->port, 5));
	EXPECT_EQ(-EMSGSIZE, call_end(&self->call));
	EXPECT_EQ(1, messages_of(self->port));
	EXPECT_EQ(5, recv_tag(self->port));
}

/* With no room to read into, an empty message is all that one can take. */
TEST_F(wait, empty_message_wakes_a_receiver_without_room)
{
	self->call.recv = room(NULL, 0);
	call_start(&self->call, self->port, IPCBOX_RECV, &self->call.recv);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_EQ(0, send_now(self->port, NULL, 0));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(0, self->call.recv.len);
}

TEST_HARNESS_MAIN
