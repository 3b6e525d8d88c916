// SPDX-License-Identifier: GPL-2.0
/*
 * The one way from a process to a peer: how it is found, that it is one, that
 * its share of the peer's mailbox is its own, and its errors when the peer is
 * gone.
 */
#include "ipcbox_test.h"

#include <linux/sched.h>
#include <sys/socket.h>

#define SHARE 4		/* messages that the peer takes over each link */

FIXTURE(link) {
	struct stage stage;
	struct peer peer;
	int control;
	int link;
};

FIXTURE_SETUP(link)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	ASSERT_EQ(0, peer_start(&self->peer, SHARE));
	self->link = link_open(self->control, self->peer.pid, 0);
	ASSERT_LE(0, self->link);
}

FIXTURE_TEARDOWN(link)
{
	peer_kill(&self->peer);
	stage_teardown(_metadata, &self->stage);
}

static int fill_link(int link)
{
	for (int i = 0; i < SHARE; i++)
		if (send_tag(link, i))
			return -1;
	return send_tag(link, SHARE);
}

/* Finding the peer */

TEST_F(link, stat_tells_the_peer_and_its_limits)
{
	struct ipcbox_stat s;

	ASSERT_EQ(0, box_stat(self->link, &s));
	EXPECT_EQ(IPCBOX_KIND_LINK, s.kind);
	EXPECT_EQ(0, s.state);
	EXPECT_EQ(self->peer.pid, s.pid);
	EXPECT_EQ(SHARE, s.max_messages);
	EXPECT_EQ(IPCBOX_DEFAULT_BYTES, s.max_bytes);
	EXPECT_EQ(IPCBOX_DEFAULT_MSGSIZE, s.max_msgsize);
	EXPECT_EQ(0, s.messages);
	EXPECT_EQ(0, s.sent);
}

TEST_F(link, opened_by_pidfd_is_the_same_link)
{
	int pidfd = pidfd_of(self->peer.pid);
	int link = link_open(self->control, pidfd, IPCBOX_PIDFD);

	ASSERT_LE(0, pidfd);
	ASSERT_LE(0, link);
	EXPECT_EQ(id_of(self->link), id_of(link));
}

/* It is not held, or the files of the system would run out. */
TEST_F(link, opened_by_pidfd_leaves_the_pidfd_alone)
{
	const char *files = "/proc/sys/fs/file-nr";
	long long before = read_number(files);

	for (int i = 0; i < 1000; i++) {
		int pidfd = pidfd_of(self->peer.pid);
		int link = link_open(self->control, pidfd, IPCBOX_PIDFD);

		ASSERT_LE(0, link);
		close(link);
		close(pidfd);
	}
	/* The kernel counts for each processor, and tells it about so exactly. */
	EXPECT_GT(before + 500, read_number(files));
}

TEST_F(link, fd_that_is_no_pidfd_returns_einval)
{
	EXPECT_EQ(-EINVAL, link_open(self->control, self->control, IPCBOX_PIDFD));
	EXPECT_EQ(-EINVAL, link_open(self->control, self->peer.to, IPCBOX_PIDFD));
}

TEST_F(link, pidfd_that_is_not_open_returns_ebadf)
{
	EXPECT_EQ(-EBADF, link_open(self->control, 1 << 20, IPCBOX_PIDFD));
	EXPECT_EQ(-EBADF, link_open(self->control, -1, IPCBOX_PIDFD));
}

TEST_F(link, pid_not_above_zero_returns_einval)
{
	EXPECT_EQ(-EINVAL, link_open(self->control, 0, 0));
	EXPECT_EQ(-EINVAL, link_open(self->control, -1, 0));
	EXPECT_EQ(-EINVAL, link_open(self->control, INT32_MIN, 0));
}

TEST_F(link, direct_send_to_a_pid_not_above_zero_returns_einval)
{
	EXPECT_EQ(-EINVAL, send_tag_to(self->control, 0, 1));
	EXPECT_EQ(-EINVAL, send_tag_to(self->control, -1, 1));
}

static int end_at_once(void *arg)
{
	return arg ? 1 : 0;
}

TEST_F(link, to_no_process_returns_esrch)
{
	pid_t pid = spawn(end_at_once, NULL);
	int pidfd = pidfd_of(pid);

	ASSERT_EQ(0, reap(pid));
	EXPECT_EQ(-ESRCH, link_open(self->control, pid, 0));
	EXPECT_EQ(-ESRCH, link_open(self->control, pidfd, IPCBOX_PIDFD));
	EXPECT_EQ(-ESRCH, send_tag_to(self->control, pid, 1));
	EXPECT_EQ(-ESRCH, link_open(self->control, INT32_MAX, 0));
}

TEST_F(link, to_a_zombie_returns_esrch)
{
	siginfo_t info;
	pid_t pid = spawn(end_at_once, NULL);
	int pidfd = pidfd_of(pid);

	ASSERT_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	EXPECT_EQ(-ESRCH, link_open(self->control, pid, 0));
	EXPECT_EQ(-ESRCH, link_open(self->control, pidfd, IPCBOX_PIDFD));
	EXPECT_EQ(-ESRCH, send_tag_to(self->control, pid, 1));
	EXPECT_EQ(0, reap(pid));
}

TEST_F(link, to_a_thread_that_does_not_lead_returns_esrch)
{
	struct call c;
	int port = port_create(self->control, self->stage.name, BOTH);

	ASSERT_LE(0, mailbox_open(self->control));
	call_recv(&c, port);
	ASSERT_TRUE(receivers_asleep(port, 1));
	EXPECT_EQ(-ESRCH, link_open(self->control, c.tid, 0));
	EXPECT_EQ(-ESRCH, send_tag_to(self->control, c.tid, 1));
	EXPECT_EQ(0, send_tag(port, 1));
	EXPECT_EQ(0, call_end(&c));
}

/* The thread that was first ends; the process, and its pid, go on. */
static int lead_by_another_thread(void *arg)
{
	static struct call c;
	int *ready = arg;
	int box = mailbox_open_public(control_open());

	/* One message, and the other thread ends too. */
	call_recv(&c, box);
	if (!receivers_asleep(box, 1) || write(*ready, "", 1) != 1)
		return 1;
	syscall(SYS_exit, 0);
	return 1;
}

static bool leader_is_zombie(pid_t pid)
{
	char path[64], line[512];
	const char *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_line(path, line, sizeof(line)))
		return false;
	state = strrchr(line, ')');
	return state && state[2] == 'Z';
}

TEST_F(link, to_a_process_whose_first_thread_ended_works)
{
	int ready[2], box = mailbox_open(self->control);
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = spawn(lead_by_another_thread, &ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_TRUE(eventually(leader_is_zombie(pid)));
	EXPECT_LE(0, link_open(self->control, pid, 0));
	EXPECT_EQ(-EAGAIN, recv_tag_from(box, pid));
	/* Its last thread ends with this, and so does the process. */
	EXPECT_EQ(0, send_tag_to(self->control, pid, 1));
	EXPECT_EQ(0, reap(pid));
	EXPECT_EQ(-ESRCH, link_open(self->control, pid, 0));
}

TEST_F(link, to_a_process_without_mailbox_returns_econnrefused)
{
	struct ipcbox_query q;

	ASSERT_EQ(0, peer_do(&self->peer, PEER_CLOSE));
	EXPECT_EQ(-ECONNREFUSED, link_open(self->control, self->peer.pid, 0));
	EXPECT_EQ(-ECONNREFUSED, send_tag_to(self->control, self->peer.pid, 1));
	close(self->link);
	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_EQ(self->stage.before.links.used, q.links.used);
}

/* One link for a pair */

TEST_F(link, opened_again_is_the_same_link)
{
	int again = link_open(self->control, self->peer.pid, 0);
	struct ipcbox_query q;

	ASSERT_LE(0, again);
	EXPECT_NE(self->link, again);
	EXPECT_EQ(id_of(self->link), id_of(again));
	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_EQ(self->stage.before.links.used + 1, q.links.used);
}

TEST_F(link, opened_over_another_control_fd_is_the_same_link)
{
	int again = link_open(control_open(), self->peer.pid, 0);

	ASSERT_LE(0, again);
	EXPECT_EQ(id_of(self->link), id_of(again));
}

struct opener {
	int control;
	pid_t peer;
	pthread_barrier_t *start;
};

static void *open_at_once(void *arg)
{
	struct opener *o = arg;

	pthread_barrier_wait(o->start);
	return (void *)(long)link_open(o->control, o->peer, 0);
}

TEST_F(link, opened_by_two_threads_at_once_is_one_link)
{
	pthread_barrier_t start;
	struct opener opener = { self->control, self->peer.pid, &start };

	pthread_barrier_init(&start, NULL, 2);
	close(self->link);
	for (int round = 0; round < 100; round++) {
		pthread_t thread;
		void *theirs, *mine;

		ASSERT_EQ(0, pthread_create(&thread, NULL, open_at_once, &opener));
		mine = open_at_once(&opener);
		ASSERT_EQ(0, pthread_join(thread, &theirs));
		ASSERT_LE(0, (long)mine);
		ASSERT_LE(0, (long)theirs);
		ASSERT_EQ(id_of((long)mine), id_of((long)theirs));
		close((long)mine);
		close((long)theirs);
	}
}

TEST_F(link, direct_send_goes_over_the_open_link)
{
	struct ipcbox_query q;

	ASSERT_EQ(0, send_tag(self->link, 1));
	ASSERT_EQ(0, send_tag_to(self->control, self->peer.pid, 2));
	EXPECT_EQ(2, sent_of(self->link));
	EXPECT_EQ(2, messages_of(self->link));
	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_EQ(self->stage.before.links.used + 1, q.links.used);
}

static int opens_another_link(void *arg)
{
	struct opener *o = arg;
	int link = link_open(control_open(), o->peer, 0);

	return link >= 0 && id_of(link) != id_of(o->control) ? 0 : 1;
}

TEST_F(link, of_another_process_is_another_link)
{
	struct opener o = { .control = self->link, .peer = self->peer.pid };

	EXPECT_EQ(0, reap(spawn(opens_another_link, &o)));
}

TEST_F(link, to_oneself_works)
{
	int box = mailbox_open(self->control);
	int link = link_open(self->control, getpid(), 0);

	ASSERT_LE(0, box);
	ASSERT_LE(0, link);
	EXPECT_EQ(0, send_tag(link, 6));
	EXPECT_EQ(6, recv_tag_from(box, getpid()));
}

/* A share for each link */

static int flood(void *arg)
{
	struct opener *o = arg;
	int control = control_open();
	int link = link_open(control, o->peer, 0);

	if (link < 0 || fill_link(link) != -EAGAIN)
		return 1;
	return send_tag_to(control, o->peer, 9) == -EAGAIN ? 0 : 2;
}

TEST_F(link, flood_from_one_sender_does_not_stop_another)
{
	struct opener o = { .peer = self->peer.pid };

	ASSERT_EQ(0, reap(spawn(flood, &o)));
	EXPECT_EQ(-EAGAIN, fill_link(self->link));
	EXPECT_EQ(SHARE, messages_of(self->link));
}

TEST_F(link, full_link_gets_room_when_its_message_is_received)
{
	ASSERT_EQ(-EAGAIN, fill_link(self->link));
	ASSERT_EQ(0, peer_do(&self->peer, PEER_RECV));
	EXPECT_EQ(SHARE - 1, messages_of(self->link));
	EXPECT_EQ(0, send_tag(self->link, 9));
	EXPECT_EQ(-EAGAIN, send_tag(self->link, 10));
}

TEST_F(link, blocked_sender_gets_in_when_its_message_is_received)
{
	struct call c;

	ASSERT_EQ(-EAGAIN, fill_link(self->link));
	call_send_tag(&c, self->link, 9, 0);
	ASSERT_TRUE(senders_asleep(self->link, 1));
	ASSERT_EQ(0, peer_do(&self->peer, PEER_RECV));
	EXPECT_EQ(0, call_end(&c));
	EXPECT_EQ(0, senders_of(self->link));
}

TEST_F(link, full_link_times_out)
{
	__u64 tag = 9;
	struct ipcbox_send s = tagged(&tag, 0);

	ASSERT_EQ(-EAGAIN, fill_link(self->link));
	s.deadline = in_ms(20);
	EXPECT_EQ(-ETIMEDOUT, command(self->link, IPCBOX_SEND, &s));
	s.pid = self->peer.pid;
	EXPECT_EQ(-ETIMEDOUT, command(self->control, IPCBOX_SEND, &s));
	EXPECT_EQ(0, senders_of(self->link));
	EXPECT_EQ(SHARE, sent_of(self->link));
}

static int send_over_inherited(void *link)
{
	return send_tag(*(int *)link, 2) ? 1 : 0;
}

TEST_F(link, inherited_fd_sends_over_the_parents_link_with_the_childs_pid)
{
	int box = mailbox_open(self->control);
	int link = link_open(self->control, getpid(), 0);
	__u64 data;
	struct ipcbox_recv r = room(&data, sizeof(data));
	pid_t child;

	ASSERT_LE(0, link);
	ASSERT_EQ(0, send_tag(link, 1));
	child = spawn(send_over_inherited, &link);
	ASSERT_EQ(0, reap(child));
	EXPECT_EQ(1, recv_tag(box));
	ASSERT_EQ(0, recv_now(box, &r));
	EXPECT_EQ(2, r.tag);
	EXPECT_EQ(2, r.seq);
	EXPECT_EQ(child, r.pid);
}

/* The end of the peer */

TEST_F(link, send_to_a_dead_peer_returns_epipe)
{
	kill_and_reap(self->peer.pid);
	EXPECT_EQ(-EPIPE, send_tag(self->link, 1));
	EXPECT_EQ(0, sent_of(self->link));
	EXPECT_EQ(IPCBOX_STATE_SHUTDOWN, state_of(self->link));
}

TEST_F(link, send_after_the_peers_mailbox_closed_returns_epipe)
{
	ASSERT_EQ(0, peer_do(&self->peer, PEER_CLOSE));
	EXPECT_EQ(-EPIPE, send_tag(self->link, 1));
	EXPECT_EQ(IPCBOX_STATE_SHUTDOWN, state_of(self->link));
}

TEST_F(link, blocked_sender_gets_epipe_when_the_peer_dies)
{
	struct call c;

	ASSERT_EQ(-EAGAIN, fill_link(self->link));
	call_send_tag(&c, self->link, 9, 0);
	ASSERT_TRUE(senders_asleep(self->link, 1));
	kill_and_reap(self->peer.pid);
	EXPECT_EQ(-EPIPE, call_end(&c));
	EXPECT_EQ(0, senders_of(self->link));
}

TEST_F(link, blocked_direct_send_gets_epipe_when_the_peer_dies)
{
	struct call c;

	ASSERT_EQ(-EAGAIN, fill_link(self->link));
	c.tag = 9;
	c.send = tagged(&c.tag, 0);
	c.send.pid = self->peer.pid;
	call_start(&c, self->control, IPCBOX_SEND, &c.send);
	ASSERT_TRUE(senders_asleep(self->link, 1));
	kill_and_reap(self->peer.pid);
	EXPECT_EQ(-EPIPE, call_end(&c));
}

TEST_F(link, dead_peer_shows_as_hup)
{
	struct pollfd p = { .fd = self->link, .events = POLLOUT };

	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLOUT, p.revents);
	kill_and_reap(self->peer.pid);
	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_TRUE(p.revents & POLLHUP);
}

TEST_F(link, stays_dead_when_the_peer_opens_another_mailbox)
{
	int fresh;

	ASSERT_EQ(0, peer_do(&self->peer, PEER_CLOSE));
	ASSERT_EQ(0, peer_do(&self->peer, PEER_OPEN));
	EXPECT_EQ(-EPIPE, send_tag(self->link, 1));
	fresh = link_open(self->control, self->peer.pid, 0);
	ASSERT_LE(0, fresh);
	EXPECT_NE(id_of(self->link), id_of(fresh));
	EXPECT_EQ(0, send_tag(fresh, 1));
	EXPECT_EQ(-EPIPE, send_tag(self->link, 2));
	EXPECT_EQ(1, peer_do(&self->peer, PEER_RECV));
}

/* A child with this very pid, which its last owner has no more use for. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = to_u64(&pid),
		.set_tid_size = 1,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

TEST_F(link, to_a_recycled_pid_stays_dead)
{
	pid_t pid = self->peer.pid;
	int pidfd = pidfd_of(pid);
	int box = mailbox_open(self->control);
	int fds[2], fresh;
	char byte = 0;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	ASSERT_LE(0, box);
	kill_and_reap(pid);
	self->peer.pid = fork_as(pid);
	ASSERT_LE(0, self->peer.pid);
	if (!self->peer.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (mailbox_open_public(control_open()) < 0)
			_exit(1);
		if (write(fds[1], &byte, 1) != 1)
			_exit(1);
		while (true)
			pause();
	}
	ASSERT_EQ(pid, self->peer.pid);
	ASSERT_EQ(1, read(fds[0], &byte, 1));

	EXPECT_EQ(-EPIPE, send_tag(self->link, 1));
	EXPECT_EQ(-ESRCH, link_open(self->control, pidfd, IPCBOX_PIDFD));
	fresh = link_open(self->control, pid, 0);
	ASSERT_LE(0, fresh);
	EXPECT_NE(id_of(self->link), id_of(fresh));
	EXPECT_EQ(0, send_tag(fresh, 1));
}

TEST_F(link, message_of_a_recycled_pid_is_not_the_new_processes)
{
	int box = mailbox_open(self->control);
	pid_t parent = getpid();
	pid_t pid = fork();

	ASSERT_LE(0, box);
	if (!pid)
		_exit(send_tag_to(self->control, parent, 1) ? 1 : 0);
	ASSERT_EQ(0, reap(pid));
	pid = fork_as(pid);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (true)
			pause();
	}
	ASSERT_LT(0, pid);
	EXPECT_EQ(-EAGAIN, recv_tag_from(box, pid));
	EXPECT_EQ(1, recv_tag(box));
	kill_and_reap(pid);
}

/* Refused over links */

TEST_F(link, queued_messages_stay_when_the_link_is_closed)
{
	ASSERT_EQ(0, send_tag(self->link, 5));
	close(self->link);
	EXPECT_EQ(5, peer_do(&self->peer, PEER_RECV));
}

TEST_F(link, message_too_long_for_the_peer_returns_emsgsize)
{
	static char data[IPCBOX_DEFAULT_MSGSIZE + 1];

	EXPECT_EQ(-EMSGSIZE, send_now(self->link, data, sizeof(data)));
	EXPECT_EQ(0, sent_of(self->link));
	EXPECT_EQ(0, send_now(self->link, data, sizeof(data) - 1));
}

TEST_F(link, direct_send_too_long_for_the_peer_returns_emsgsize)
{
	static char data[IPCBOX_DEFAULT_MSGSIZE + 1];
	struct ipcbox_send s = message(data, sizeof(data));

	s.pid = self->peer.pid;
	EXPECT_EQ(-EMSGSIZE, command(self->control, IPCBOX_SEND, &s));
	EXPECT_EQ(0, sent_of(self->link));
}

/* Links of dead processes */

static int send_once(void *parent)
{
	return send_tag_to(control_open(), *(pid_t *)parent, 3) ? 1 : 0;
}

static int send_once_and_stay(void *parent)
{
	if (send_once(parent))
		return 1;
	while (true)
		pause();
}

/*
 * Each new link looks at two others. Had it always the same two, or none but the first,
 * a live one there would keep all that are behind it.
 */
TEST_F(link, those_of_dead_processes_do_not_pile_up_behind_live_ones)
{
	enum { ALIVE = 8, DEAD = 120 };
	int box = mailbox_open(self->control);
	struct ipcbox_query before, after;
	pid_t alive[ALIVE], parent = getpid();
	int i;

	ASSERT_LE(0, box);
	ASSERT_EQ(0, box_query(self->control, &before));
	for (i = 0; i < ALIVE; i++) {
		alive[i] = spawn(send_once_and_stay, &parent);
		ASSERT_TRUE(eventually(recv_tag(box) == 3));
	}
	for (i = 0; i < DEAD; i++) {
		ASSERT_EQ(0, reap(spawn(send_once, &parent)));
		ASSERT_EQ(3, recv_tag(box));
	}
	ASSERT_EQ(0, box_query(self->control, &after));
	EXPECT_LE(ALIVE, after.links.used - before.links.used);
	EXPECT_GE(3 * ALIVE, after.links.used - before.links.used);
	for (i = 0; i < ALIVE; i++)
		kill_and_reap(alive[i]);
}

TEST_HARNESS_MAIN
