// SPDX-License-Identifier: GPL-2.0
/* poll and epoll, for both directions and the ends of objects. */
#include "epoll.h"
#include "ipcbox_test.h"

/*
 * A port of depth 1 for messages of at most 64 bytes, with an fd for each
 * direction. To be writable means to have room for the longest message.
 */
FIXTURE(poll) {
	struct stage stage;
	int control;
	int port;
	int receiver;
	int sender;
	int epoll;
};

FIXTURE_SETUP(poll)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create_attr(self->control, self->stage.name, BOTH,
				      (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_BYTES |
			IPCBOX_ATTR_MSGSIZE,
		.max_messages = 1, .max_bytes = 1000, .max_msgsize = 64 });
	self->receiver = port_open(self->control, self->stage.name,
				   IPCBOX_RECEIVER);
	self->sender = port_open(self->control, self->stage.name, IPCBOX_SENDER);
	self->epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, self->port);
	ASSERT_LE(0, self->receiver);
	ASSERT_LE(0, self->sender);
	ASSERT_LE(0, self->epoll);
}

FIXTURE_TEARDOWN(poll)
{
	stage_teardown(_metadata, &self->stage);
}

#define IN	(POLLIN | POLLRDNORM)
#define OUT	(POLLOUT | POLLWRNORM)

static int events_of(int fd)
{
	struct pollfd p = { .fd = fd, .events = IN | OUT };

	return poll(&p, 1, 0) < 0 ? -errno : p.revents;
}

TEST_F(poll, empty_port_is_writable_only)
{
	EXPECT_EQ(OUT, events_of(self->port));
	EXPECT_EQ(0, events_of(self->receiver));
	EXPECT_EQ(OUT, events_of(self->sender));
}

TEST_F(poll, full_port_is_readable_only)
{
	ASSERT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(IN, events_of(self->port));
	EXPECT_EQ(IN, events_of(self->receiver));
	EXPECT_EQ(0, events_of(self->sender));
}

TEST_F(poll, port_with_room_and_messages_is_both)
{
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 2 }));
	ASSERT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(IN | OUT, events_of(self->port));
	EXPECT_EQ(IN, events_of(self->receiver));
	EXPECT_EQ(OUT, events_of(self->sender));
}

TEST_F(poll, port_without_room_for_the_longest_message_is_not_writable)
{
	char data[36] = "";

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_BYTES,
		.max_messages = 9, .max_bytes = 100 }));
	ASSERT_EQ(0, send_now(self->port, data, 36));
	EXPECT_EQ(OUT, events_of(self->sender));
	ASSERT_EQ(0, send_now(self->port, data, 1));
	EXPECT_EQ(0, events_of(self->sender));
}

TEST_F(poll, fd_for_neither_direction_tells_of_none)
{
	int fd = port_open(self->control, self->stage.name, 0);

	EXPECT_EQ(0, events_of(fd) & OUT);
	ASSERT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(0, events_of(fd) & IN);
}

TEST_F(poll, mailbox_is_readable_when_a_message_is_there)
{
	int box = mailbox_open(self->control);

	EXPECT_EQ(0, events_of(box));
	ASSERT_EQ(0, send_tag_to(self->control, getpid(), 1));
	EXPECT_EQ(IN, events_of(box));
	ASSERT_EQ(1, recv_tag(box));
	EXPECT_EQ(0, events_of(box));
}

TEST_F(poll, link_is_writable_while_its_share_has_room)
{
	struct peer peer;
	int link;

	ASSERT_EQ(0, peer_start(&peer, 1));
	link = link_open(self->control, peer.pid, 0);
	ASSERT_LE(0, link);
	EXPECT_EQ(OUT, events_of(link));
	ASSERT_EQ(0, send_tag(link, 1));
	EXPECT_EQ(0, events_of(link));
	ASSERT_EQ(1, peer_do(&peer, PEER_RECV));
	EXPECT_EQ(OUT, events_of(link));
	peer_kill(&peer);
	EXPECT_TRUE(events_of(link) & POLLHUP);
}

TEST_F(poll, unlinked_port_without_senders_shows_hup_to_receivers)
{
	close(self->port);
	ASSERT_EQ(0, send_tag(self->sender, 1));
	ASSERT_EQ(0, port_unlink(self->control, self->stage.name));
	EXPECT_EQ(IN, events_of(self->receiver));
	close(self->sender);
	EXPECT_TRUE(events_of(self->receiver) & POLLHUP);
	EXPECT_TRUE(events_of(self->receiver) & POLLIN);
	EXPECT_EQ(1, recv_tag(self->receiver));
}

TEST_F(poll, unlinked_port_without_receivers_shows_an_end_to_senders)
{
	close(self->port);
	ASSERT_EQ(0, port_unlink(self->control, self->stage.name));
	EXPECT_EQ(OUT, events_of(self->sender));
	close(self->receiver);
	EXPECT_TRUE(events_of(self->sender) & (POLLHUP | POLLERR));
}

/* Sleepers in poll */

struct sleeper {
	pthread_t thread;
	struct pollfd p;
	pid_t tid;
};

static void *poll_run(void *arg)
{
	struct sleeper *s = arg;

	__atomic_store_n(&s->tid, gettid(), __ATOMIC_RELEASE);
	poll(&s->p, 1, -1);
	return NULL;
}

static bool is_asleep(pid_t *tid)
{
	char path[64], line[512];
	const char *state;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
		 __atomic_load_n(tid, __ATOMIC_ACQUIRE));
	if (read_line(path, line, sizeof(line)))
		return false;
	state = strrchr(line, ')');
	return state && state[2] == 'S';
}

static void sleeper_start(struct sleeper *s, int fd, short events)
{
	*s = (struct sleeper){ .p = { .fd = fd, .events = events } };
	pthread_create(&s->thread, NULL, poll_run, s);
}

/* The events that woke it; 0 if it sleeps on, whatever poll would report now. */
static int woken_with(struct sleeper *s)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	return pthread_timedjoin_np(s->thread, NULL, &until) ? 0 : s->p.revents;
}

TEST_F(poll, sleeper_is_woken_by_a_message)
{
	struct sleeper s;

	sleeper_start(&s, self->receiver, POLLIN);
	ASSERT_TRUE(eventually(is_asleep(&s.tid)));
	ASSERT_EQ(0, send_tag(self->sender, 1));
	EXPECT_EQ(POLLIN, woken_with(&s));
}

TEST_F(poll, sleeper_is_woken_by_room)
{
	struct sleeper s;

	ASSERT_EQ(0, send_tag(self->sender, 1));
	sleeper_start(&s, self->sender, POLLOUT);
	ASSERT_TRUE(eventually(is_asleep(&s.tid)));
	ASSERT_EQ(1, recv_tag(self->receiver));
	EXPECT_EQ(POLLOUT, woken_with(&s));
}

TEST_F(poll, sleeper_is_woken_by_a_raised_limit)
{
	struct sleeper s;

	ASSERT_EQ(0, send_tag(self->sender, 1));
	sleeper_start(&s, self->sender, POLLOUT);
	ASSERT_TRUE(eventually(is_asleep(&s.tid)));
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 2 }));
	EXPECT_EQ(POLLOUT, woken_with(&s));
}

#define CROWD	40	/* more than the kernel might wake in one go */

TEST_F(poll, sleeper_is_woken_by_room_that_a_crowd_of_senders_left)
{
	struct call crowd[CROWD];
	struct sleeper s;

	ASSERT_EQ(0, send_tag(self->sender, 1));
	for (int i = 0; i < CROWD; i++) {
		call_send_tag(&crowd[i], self->sender, i, 0);
	}
	ASSERT_TRUE(senders_asleep(self->port, CROWD));
	sleeper_start(&s, self->sender, POLLOUT);
	ASSERT_TRUE(eventually(is_asleep(&s.tid)));
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = CROWD + 2 }));
	for (int i = 0; i < CROWD; i++) {
		EXPECT_EQ(0, call_end(&crowd[i]));
	}
	EXPECT_EQ(POLLOUT, woken_with(&s));
}

/* A sender that waits is in the way of all after it, until it gives up. */
TEST_F(poll, sleeper_is_woken_when_the_sender_in_its_way_gives_up)
{
	static char large[950];
	struct sleeper s;
	struct call c;

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_MSGSIZE,
		.max_messages = 9, .max_msgsize = 1000 }));
	ASSERT_EQ(0, send_now(self->sender, large, 100));
	c.send = message(large, sizeof(large));
	c.send.deadline = in_ms(1000);
	call_start(&c, self->sender, IPCBOX_SEND, &c.send);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MSGSIZE, .max_msgsize = 64 }));
	sleeper_start(&s, self->sender, POLLOUT);
	EXPECT_EQ(-ETIMEDOUT, call_end(&c));
	EXPECT_EQ(POLLOUT, woken_with(&s));
}

TEST_F(poll, sleeper_is_woken_by_removal)
{
	struct sleeper s;

	sleeper_start(&s, self->receiver, POLLIN);
	ASSERT_TRUE(eventually(is_asleep(&s.tid)));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_TRUE(woken_with(&s) & POLLHUP);
}

TEST_F(poll, sleeper_on_an_unlinked_port_is_woken_when_the_last_sender_goes)
{
	struct sleeper s;

	close(self->port);
	ASSERT_EQ(0, port_unlink(self->control, self->stage.name));
	sleeper_start(&s, self->receiver, POLLIN);
	ASSERT_TRUE(eventually(is_asleep(&s.tid)));
	close(self->sender);
	EXPECT_TRUE(woken_with(&s) & POLLHUP);
}

TEST_F(poll, sleeper_on_a_link_is_woken_by_the_peers_death)
{
	struct sleeper s;
	struct peer peer;
	int link;

	ASSERT_EQ(0, peer_start(&peer, 1));
	link = link_open(self->control, peer.pid, 0);
	ASSERT_EQ(0, send_tag(link, 1));
	sleeper_start(&s, link, POLLOUT);
	ASSERT_TRUE(eventually(is_asleep(&s.tid)));
	peer_kill(&peer);
	EXPECT_TRUE(woken_with(&s) & POLLHUP);
}

TEST_F(poll, sleeper_on_a_link_is_woken_by_room_in_its_share)
{
	struct sleeper s;
	struct peer peer;
	int link;

	ASSERT_EQ(0, peer_start(&peer, 1));
	link = link_open(self->control, peer.pid, 0);
	ASSERT_EQ(0, send_tag(link, 1));
	sleeper_start(&s, link, POLLOUT);
	ASSERT_TRUE(eventually(is_asleep(&s.tid)));
	ASSERT_EQ(1, peer_do(&peer, PEER_RECV));
	EXPECT_EQ(POLLOUT, woken_with(&s));
	peer_kill(&peer);
}

/* epoll */

TEST_F(poll, epoll_level_triggered_tells_until_the_message_is_taken)
{
	ASSERT_EQ(0, watch(self->epoll, self->receiver, EPOLLIN));
	EXPECT_EQ(0, next_event(self->epoll, 0));
	ASSERT_EQ(0, send_tag(self->sender, 1));
	EXPECT_EQ(EPOLLIN, next_event(self->epoll, 0));
	EXPECT_EQ(EPOLLIN, next_event(self->epoll, 0));
	ASSERT_EQ(1, recv_tag(self->receiver));
	EXPECT_EQ(0, next_event(self->epoll, 0));
}

TEST_F(poll, epoll_edge_triggered_tells_each_message_once)
{
	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 4 }));
	ASSERT_EQ(0, watch(self->epoll, self->receiver, EPOLLIN | EPOLLET));
	EXPECT_EQ(0, next_event(self->epoll, 0));
	ASSERT_EQ(0, send_tag(self->sender, 1));
	EXPECT_EQ(EPOLLIN, next_event(self->epoll, 0));
	EXPECT_EQ(0, next_event(self->epoll, 0));
	ASSERT_EQ(0, send_tag(self->sender, 2));
	EXPECT_EQ(EPOLLIN, next_event(self->epoll, 0));
	EXPECT_EQ(0, next_event(self->epoll, 0));
}

TEST_F(poll, epoll_edge_triggered_tells_when_a_full_port_has_room)
{
	ASSERT_EQ(0, send_tag(self->sender, 1));
	ASSERT_EQ(0, watch(self->epoll, self->sender, EPOLLOUT | EPOLLET));
	EXPECT_EQ(0, next_event(self->epoll, 0));
	ASSERT_EQ(1, recv_tag(self->receiver));
	EXPECT_EQ(EPOLLOUT, next_event(self->epoll, 0));
	EXPECT_EQ(0, next_event(self->epoll, 0));
}

TEST_F(poll, epoll_edge_triggered_tells_the_end)
{
	ASSERT_EQ(0, watch(self->epoll, self->receiver, EPOLLIN | EPOLLET));
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_TRUE(next_event(self->epoll, 0) & EPOLLHUP);
	EXPECT_EQ(0, next_event(self->epoll, 0));
}

TEST_F(poll, epoll_oneshot_tells_once)
{
	ASSERT_EQ(0, watch(self->epoll, self->receiver, EPOLLIN | EPOLLONESHOT));
	ASSERT_EQ(0, send_tag(self->sender, 1));
	EXPECT_EQ(EPOLLIN, next_event(self->epoll, 0));
	EXPECT_EQ(0, next_event(self->epoll, 0));
}

/* A message that goes from hand to hand is not one that poll can promise. */
TEST_F(poll, message_handed_to_a_sleeping_receiver_is_not_told)
{
	struct call c;

	ASSERT_EQ(0, watch(self->epoll, self->port, EPOLLIN));
	call_recv(&c, self->receiver);
	ASSERT_TRUE(receivers_asleep(self->receiver, 1));
	ASSERT_EQ(0, send_tag(self->sender, 1));
	EXPECT_EQ(0, next_event(self->epoll, 0));
	EXPECT_EQ(0, call_end(&c));
}

/* Workers, each with an epoll of its own on the same fd. */
#define WORKERS 16

struct worker {
	pthread_t thread;
	int receiver;
	__u32 events;
	pid_t tid;
};

static void *wait_exclusive(void *arg)
{
	struct worker *w = arg;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (watch(epoll, w->receiver, EPOLLIN | EPOLLEXCLUSIVE))
		abort();
	__atomic_store_n(&w->tid, gettid(), __ATOMIC_RELEASE);
	__atomic_store_n(&w->events, next_event(epoll, PATIENCE * 1000),
			 __ATOMIC_RELEASE);
	close(epoll);
	return NULL;
}

static void start_workers(struct __test_metadata *_metadata,
			  struct worker *workers, int receiver)
{
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .receiver = receiver };
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL,
					    wait_exclusive, &workers[i]));
	}
	for (int i = 0; i < WORKERS; i++) {
		ASSERT_TRUE(eventually(is_asleep(&workers[i].tid)));
	}
}

static int workers_told(struct worker *workers)
{
	int told = 0;

	for (int i = 0; i < WORKERS; i++)
		told += __atomic_load_n(&workers[i].events, __ATOMIC_ACQUIRE) != 0;
	return told;
}

TEST_F_TIMEOUT(poll, epoll_exclusive_one_message_wakes_one_worker, 60)
{
	struct worker workers[WORKERS];

	start_workers(_metadata, workers, self->receiver);
	ASSERT_EQ(0, send_tag(self->sender, 1));
	EXPECT_TRUE(eventually(workers_told(workers) > 0));
	EXPECT_EQ(1, workers_told(workers));
}

TEST_F_TIMEOUT(poll, epoll_exclusive_removal_wakes_all_workers, 60)
{
	struct worker workers[WORKERS];

	start_workers(_metadata, workers, self->receiver);
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_TRUE(eventually(workers_told(workers) == WORKERS))
		TH_LOG("%d of %d woke up", workers_told(workers), WORKERS);
}

TEST_HARNESS_MAIN
