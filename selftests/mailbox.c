// SPDX-License-Identifier: GPL-2.0
/* A process's own box: its life, its attributes, and receiving from it. */
#include "ipcbox_test.h"
#include "late_page.h"

FIXTURE(mailbox) {
	struct stage stage;
	int control;
	int box;
};

FIXTURE_SETUP(mailbox)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->box = mailbox_open(self->control);
	ASSERT_LE(0, self->box);
}

FIXTURE_TEARDOWN(mailbox)
{
	stage_teardown(_metadata, &self->stage);
}

/* Life */

TEST_F(mailbox, has_the_default_attributes)
{
	struct ipcbox_stat s;

	ASSERT_EQ(0, box_stat(self->box, &s));
	EXPECT_EQ(sizeof(s), s.size);
	EXPECT_EQ(0, s.flags);
	EXPECT_EQ(IPCBOX_KIND_MAILBOX, s.kind);
	EXPECT_EQ(0, s.state);
	EXPECT_EQ(IPCBOX_DEFAULT_MODE, s.mode);
	EXPECT_EQ(geteuid(), s.uid);
	EXPECT_EQ(getegid(), s.gid);
	EXPECT_EQ(getpid(), s.pid);
	EXPECT_LT(0, s.id);
	EXPECT_EQ(IPCBOX_DEFAULT_MESSAGES, s.max_messages);
	EXPECT_EQ(IPCBOX_DEFAULT_BYTES, s.max_bytes);
	EXPECT_EQ(IPCBOX_DEFAULT_MSGSIZE, s.max_msgsize);
	EXPECT_EQ(0, s.messages);
	EXPECT_EQ(0, s.bytes);
	EXPECT_EQ(0, s.sent);
	EXPECT_EQ(0, s.received);
	EXPECT_EQ(0, s.receivers);
	EXPECT_EQ(0, s.senders);
}

TEST_F(mailbox, opened_again_is_the_same)
{
	int again = mailbox_open(self->control);

	ASSERT_LE(0, again);
	EXPECT_NE(self->box, again);
	EXPECT_EQ(id_of(self->box), id_of(again));
	EXPECT_EQ(0, send_tag_to(self->control, getpid(), 5));
	EXPECT_EQ(5, recv_tag(again));
}

TEST_F(mailbox, opened_again_with_attributes_returns_eexist)
{
	struct ipcbox_stat before, after;

	ASSERT_EQ(0, box_stat(self->box, &before));
	EXPECT_EQ(-EEXIST, mailbox_open_public(self->control));
	ASSERT_EQ(0, box_stat(self->box, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(mailbox, takes_the_given_attributes)
{
	struct ipcbox_stat s;
	int box;

	close(self->box);
	box = mailbox_open_attr(self->control, 0, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_ALL, .mode = 0620, .uid = 1000, .gid = 1001,
		.max_messages = 3, .max_bytes = 200, .max_msgsize = 100 });
	ASSERT_LE(0, box);
	ASSERT_EQ(0, box_stat(box, &s));
	EXPECT_EQ(0620, s.mode);
	EXPECT_EQ(1000, s.uid);
	EXPECT_EQ(1001, s.gid);
	EXPECT_EQ(3, s.max_messages);
	EXPECT_EQ(200, s.max_bytes);
	EXPECT_EQ(100, s.max_msgsize);
}

TEST_F(mailbox, dies_with_its_last_fd)
{
	int again = mailbox_open(self->control);

	ASSERT_LE(0, again);
	close(self->box);
	EXPECT_EQ(0, send_tag_to(self->control, getpid(), 1));
	close(again);
	EXPECT_EQ(-ECONNREFUSED, send_tag_to(self->control, getpid(), 1));
}

TEST_F(mailbox, opened_after_its_end_is_another_and_empty)
{
	long long id = id_of(self->box);
	int box;

	EXPECT_EQ(0, send_tag_to(self->control, getpid(), 1));
	close(self->box);
	box = mailbox_open(self->control);
	ASSERT_LE(0, box);
	EXPECT_NE(id, id_of(box));
	EXPECT_EQ(-EAGAIN, recv_tag(box));
}

static void *open_in_thread(void *control)
{
	return (void *)(long)mailbox_open(*(int *)control);
}

TEST_F(mailbox, is_one_for_all_threads)
{
	pthread_t thread;
	void *fd;

	ASSERT_EQ(0, pthread_create(&thread, NULL, open_in_thread, &self->control));
	ASSERT_EQ(0, pthread_join(thread, &fd));
	ASSERT_LE(0, (long)fd);
	EXPECT_EQ(id_of(self->box), id_of((long)fd));
}

TEST_F(mailbox, opened_by_two_threads_at_once_is_one)
{
	pthread_t threads[2];
	void *fd[2];

	close(self->box);
	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 2; i++) {
			ASSERT_EQ(0, pthread_create(&threads[i], NULL,
						    open_in_thread, &self->control));
		}
		for (int i = 0; i < 2; i++) {
			ASSERT_EQ(0, pthread_join(threads[i], &fd[i]));
		}
		ASSERT_LE(0, (long)fd[0]);
		ASSERT_EQ(id_of((long)fd[0]), id_of((long)fd[1]));
		close((long)fd[0]);
		close((long)fd[1]);
	}
}

static int has_a_mailbox_of_its_own(void *parents)
{
	int box = mailbox_open(control_open());

	return box >= 0 && id_of(box) != id_of(*(int *)parents) ? 0 : 1;
}

TEST_F(mailbox, of_a_child_is_another)
{
	EXPECT_EQ(0, reap(spawn(has_a_mailbox_of_its_own, &self->box)));
}

static int receive_tag_9(void *box)
{
	return recv_tag(*(int *)box) == 9 ? 0 : 1;
}

TEST_F(mailbox, fd_that_a_child_inherited_receives_from_the_parents)
{
	EXPECT_EQ(0, send_tag_to(self->control, getpid(), 9));
	EXPECT_EQ(0, reap(spawn(receive_tag_9, &self->box)));
	EXPECT_EQ(-EAGAIN, recv_tag(self->box));
}

TEST_F(mailbox, takes_one_box_of_the_users)
{
	struct ipcbox_query q;

	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_EQ(self->stage.before.boxes.used + 1, q.boxes.used);
	ASSERT_LE(0, mailbox_open(self->control));
	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_EQ(self->stage.before.boxes.used + 1, q.boxes.used);
}

/* Receiving */

static int send_with_all(void *control)
{
	struct ipcbox_send s = message("hello", 5);

	if (setresgid(1001, 1001, 1001) || setresuid(1000, 1000, 1000))
		return 1;
	s.pid = getppid();
	s.tag = 0x123456789abcdef0;
	s.priority = 77;
	return command(*(int *)control, IPCBOX_SEND, &s) ? 2 : 0;
}

TEST_F(mailbox, message_tells_its_sender_and_all_else)
{
	char data[16] = "................";
	struct ipcbox_recv r = room(data, sizeof(data));
	pid_t pid;

	ASSERT_EQ(0, box_set(self->box, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE, .mode = 0622 }));
	pid = spawn(send_with_all, &self->control);
	ASSERT_TRUE(eventually(messages_of(self->box) == 1));
	ASSERT_EQ(0, recv_now(self->box, &r));
	EXPECT_EQ(pid, r.pid);
	EXPECT_EQ(1000, r.uid);
	EXPECT_EQ(1001, r.gid);
	EXPECT_EQ(77, r.priority);
	EXPECT_EQ(5, r.len);
	EXPECT_EQ(0x123456789abcdef0, r.tag);
	EXPECT_EQ(1, r.seq);
	EXPECT_EQ(0, memcmp(data, "hello...........", sizeof(data)));
	EXPECT_EQ(0, reap(pid));
}

TEST_F(mailbox, empty_returns_eagain_and_leaves_the_outputs_alone)
{
	char data[4] = "keep";
	struct ipcbox_recv r = room(data, sizeof(data)), before;

	r.flags = IPCBOX_NONBLOCK;
	before = r;
	EXPECT_EQ(-EAGAIN, recv_now(self->box, &r));
	EXPECT_EQ(0, memcmp(&r, &before, sizeof(r)));
	EXPECT_EQ(0, memcmp(data, "keep", sizeof(data)));
}

TEST_F(mailbox, message_longer_than_capacity_returns_emsgsize_and_stays)
{
	char data[8];
	struct ipcbox_recv r = room(data, 3);

	ASSERT_EQ(0, send_tag_to(self->control, getpid(), 4));
	EXPECT_EQ(-EMSGSIZE, recv_now(self->box, &r));
	EXPECT_EQ(8, r.len);
	EXPECT_EQ(1, messages_of(self->box));
	EXPECT_EQ(4, recv_tag(self->box));
}

TEST_F(mailbox, takes_from_one_sender_only)
{
	pid_t self_pid = getpid();
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer, 4));
	ASSERT_EQ(0, send_tag_to(self->control, self_pid, 1));
	ASSERT_EQ(0, send_tag_to(self->control, self_pid, 2));
	EXPECT_EQ(-EAGAIN, recv_tag_from(self->box, peer.pid));
	EXPECT_EQ(2, messages_of(self->box));
	EXPECT_EQ(1, recv_tag_from(self->box, self_pid));
	EXPECT_EQ(2, recv_tag_from(self->box, self_pid));
	EXPECT_EQ(-EAGAIN, recv_tag_from(self->box, self_pid));
	peer_kill(&peer);
}

static int send_3_to_parent(void *control)
{
	return send_tag_to(*(int *)control, getppid(), 3) ? 1 : 0;
}

TEST_F(mailbox, passes_over_others_to_reach_the_one_sender)
{
	pid_t pid;

	ASSERT_EQ(0, send_tag_to(self->control, getpid(), 1));
	pid = spawn(send_3_to_parent, &self->control);
	ASSERT_TRUE(eventually(messages_of(self->box) == 2));
	EXPECT_EQ(3, recv_tag_from(self->box, pid));
	EXPECT_EQ(1, recv_tag(self->box));
	EXPECT_EQ(0, reap(pid));
}

TEST_F(mailbox, receiver_that_named_the_sender_goes_first)
{
	struct call anyone, named;

	call_recv(&anyone, self->box);
	ASSERT_TRUE(receivers_asleep(self->box, 1));
	named.recv = room(named.data, sizeof(named.data));
	named.recv.from = getpid();
	call_start(&named, self->box, IPCBOX_RECV, &named.recv);
	ASSERT_TRUE(receivers_asleep(self->box, 2));

	ASSERT_EQ(0, send_tag_to(self->control, getpid(), 1));
	EXPECT_EQ(0, call_end(&named));
	EXPECT_EQ(1, named.recv.tag);
	EXPECT_EQ(1, receivers_of(self->box));
	ASSERT_EQ(0, send_tag_to(self->control, getpid(), 2));
	EXPECT_EQ(0, call_end(&anyone));
	EXPECT_EQ(2, anyone.recv.tag);
}

TEST_F(mailbox, message_of_another_leaves_the_filtered_receiver_asleep)
{
	struct call named;
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer, 4));
	named.recv = room(named.data, sizeof(named.data));
	named.recv.from = peer.pid;
	call_start(&named, self->box, IPCBOX_RECV, &named.recv);
	ASSERT_TRUE(receivers_asleep(self->box, 1));
	ASSERT_EQ(0, send_tag_to(self->control, getpid(), 1));
	EXPECT_EQ(1, receivers_of(self->box));
	EXPECT_EQ(1, messages_of(self->box));
	EXPECT_EQ(1, recv_tag(self->box));
	peer_kill(&peer);
	EXPECT_EQ(-EPIPE, call_end(&named));
}

TEST_F(mailbox, receiver_of_a_process_that_ends_gets_epipe)
{
	struct call c;
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer, 4));
	c.recv = room(c.data, sizeof(c.data));
	c.recv.from = peer.pid;
	call_start(&c, self->box, IPCBOX_RECV, &c.recv);
	ASSERT_TRUE(receivers_asleep(self->box, 1));
	peer_kill(&peer);
	EXPECT_EQ(-EPIPE, call_end(&c));
	EXPECT_EQ(0, receivers_of(self->box));
}

TEST_F(mailbox, empty_times_out_for_any_and_for_one_sender)
{
	struct ipcbox_recv r = room(NULL, 0);

	r.deadline = in_ms(20);
	EXPECT_EQ(-ETIMEDOUT, command(self->box, IPCBOX_RECV, &r));
	r.from = getpid();
	EXPECT_EQ(-ETIMEDOUT, command(self->box, IPCBOX_RECV, &r));
	EXPECT_EQ(0, receivers_of(self->box));
}

/* Waits for a child to end without reaping it: its pid stays its own. */
static int wait_for_zombie(pid_t pid)
{
	siginfo_t info;

	return waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
}

TEST_F(mailbox, messages_of_a_zombie_are_received_then_epipe)
{
	pid_t pid = spawn(send_3_to_parent, &self->control);

	ASSERT_EQ(0, wait_for_zombie(pid));
	EXPECT_EQ(3, recv_tag_from(self->box, pid));
	EXPECT_EQ(-EPIPE, recv_tag_from(self->box, pid));
	EXPECT_EQ(0, reap(pid));
}

struct heir {
	int control;
	int until[2];		/* a pipe, which ends with the test */
};

/* Leaves its link, with a message, to a child. */
static int send_3_and_leave_the_link(void *arg)
{
	struct heir *heir = arg;
	int link = link_open(heir->control, getppid(), 0);
	char byte;
	pid_t pid;

	if (link < 0 || send_tag(link, 3))
		return 1;
	close(heir->until[1]);
	pid = fork();
	if (!pid)
		_exit(read(heir->until[0], &byte, 1));
	return pid < 0;
}

TEST_F(mailbox, nothing_more_of_a_zombie_whose_link_a_child_has_returns_epipe)
{
	struct heir heir = { .control = self->control };
	pid_t pid;

	ASSERT_EQ(0, pipe2(heir.until, O_CLOEXEC));
	pid = spawn(send_3_and_leave_the_link, &heir);
	ASSERT_EQ(0, wait_for_zombie(pid));
	EXPECT_EQ(3, recv_tag_from(self->box, pid));
	EXPECT_EQ(-EPIPE, recv_tag_from(self->box, pid));
	EXPECT_EQ(0, reap(pid));
}

/* A new link to ourselves has dead ones freed. How many there are then. */
static long long links_beside_a_new_one(int control)
{
	struct ipcbox_query q;

	if (send_tag_to(control, getpid(), 1) || box_query(control, &q))
		return -1;
	return q.links.used;
}

TEST_F(mailbox, link_of_a_message_that_was_put_back_goes)
{
	struct ipcbox_recv r = room(NULL, 8);
	pid_t pid = spawn(send_3_to_parent, &self->control);

	ASSERT_EQ(0, reap(pid));
	r.data = 8;
	EXPECT_EQ(-EFAULT, recv_now(self->box, &r));
	EXPECT_EQ(3, recv_tag(self->box));
	EXPECT_EQ(1, links_beside_a_new_one(self->control));
}

TEST_F(mailbox, link_of_messages_that_were_received_together_goes)
{
	struct ipcbox_recv_entry entries[2];
	struct ipcbox_recv_batch batch = recv_batch(entries, 2);
	__u64 data[2];

	for (int i = 0; i < 2; i++)
		entries[i] = room_entry(&data[i], 8);
	ASSERT_EQ(0, reap(spawn(send_3_to_parent, &self->control)));
	batch.flags = IPCBOX_NONBLOCK;
	EXPECT_EQ(1, command(self->box, IPCBOX_RECV_BATCH, &batch));
	EXPECT_EQ(1, links_beside_a_new_one(self->control));
}

TEST_F(mailbox, link_of_a_message_that_is_being_copied_out_stays)
{
	struct late_page page;
	struct call receiver;

	if (late_page_make(&page))
		SKIP(return, "no userfaultfd");
	ASSERT_EQ(0, reap(spawn(send_3_to_parent, &self->control)));
	receiver.recv = room(page.at, 8);
	call_start(&receiver, self->box, IPCBOX_RECV, &receiver.recv);
	ASSERT_TRUE(late_page_is_missed(&page));
	EXPECT_EQ(2, links_beside_a_new_one(self->control));
	EXPECT_EQ(0, late_page_give(&page));
	EXPECT_EQ(0, call_end(&receiver));
	EXPECT_EQ(3, receiver.recv.tag);
}

TEST_F(mailbox, message_outlives_its_sender)
{
	pid_t pid = spawn(send_3_to_parent, &self->control);

	ASSERT_EQ(0, reap(pid));
	/* There is no such process any more: from anyone is the way to it. */
	EXPECT_EQ(-ESRCH, recv_tag_from(self->box, pid));
	EXPECT_EQ(3, recv_tag(self->box));
}

static int end_at_once(void *arg)
{
	return arg ? 1 : 0;
}

TEST_F(mailbox, receiving_from_no_process_returns_esrch)
{
	pid_t pid = spawn(end_at_once, NULL);

	ASSERT_EQ(0, reap(pid));
	EXPECT_EQ(-ESRCH, recv_tag_from(self->box, pid));
}

TEST_F(mailbox, receiving_from_a_negative_pid_returns_einval)
{
	EXPECT_EQ(-EINVAL, recv_tag_from(self->box, -1));
	EXPECT_EQ(-EINVAL, recv_tag_from(self->box, INT32_MIN));
}

TEST_F(mailbox, empty_message_arrives)
{
	struct ipcbox_send s = message(NULL, 0);
	struct ipcbox_recv r = room(NULL, 0);

	s.pid = getpid();
	ASSERT_EQ(0, command(self->control, IPCBOX_SEND, &s));
	ASSERT_EQ(0, recv_now(self->box, &r));
	EXPECT_EQ(0, r.len);
	EXPECT_EQ(0, r.tag);
	EXPECT_EQ(1, r.seq);
}

TEST_F(mailbox, close_frees_what_is_queued)
{
	struct ipcbox_query q;

	ASSERT_EQ(0, send_tag_to(self->control, getpid(), 1));
	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_LE(self->stage.before.bytes.used + 8, q.bytes.used);
	close(self->box);
	EXPECT_TRUE(eventually(counters_are(self->control, &self->stage.before)));
}

/* Attributes of one that is open */

TEST_F(mailbox, set_changes_what_is_given_and_no_more)
{
	struct ipcbox_stat s;

	ASSERT_EQ(0, box_set(self->box, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 2 }));
	ASSERT_EQ(0, box_stat(self->box, &s));
	EXPECT_EQ(2, s.max_messages);
	EXPECT_EQ(IPCBOX_DEFAULT_BYTES, s.max_bytes);
	EXPECT_EQ(IPCBOX_DEFAULT_MODE, s.mode);
	EXPECT_EQ(0, send_tag_to(self->control, getpid(), 1));
	EXPECT_EQ(0, send_tag_to(self->control, getpid(), 2));
	EXPECT_EQ(-EAGAIN, send_tag_to(self->control, getpid(), 3));
}

TEST_F(mailbox, sent_and_received_are_counted)
{
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, send_tag_to(self->control, getpid(), i));
	}
	ASSERT_EQ(0, recv_tag(self->box));
	EXPECT_EQ(3, sent_of(self->box));
	EXPECT_EQ(1, received_of(self->box));
	EXPECT_EQ(2, messages_of(self->box));
	EXPECT_EQ(16, bytes_of(self->box));
}

TEST_HARNESS_MAIN
