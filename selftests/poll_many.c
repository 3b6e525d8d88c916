// SPDX-License-Identifier: GPL-2.0
/* Which pollers a change wakes: edges, workers, and crowds of them. */
#include "epoll.h"
#include "ipcbox_test.h"

#define DEPTH 4

/* A port of depth 4 for messages of at most 64 bytes, with an fd for each direction. */
FIXTURE(many) {
	struct stage stage;
	int control;
	int receiver;
	int sender;
	int epoll;
};

FIXTURE_SETUP(many)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->receiver = port_create_attr(self->control, self->stage.name,
					  IPCBOX_RECEIVER, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_BYTES |
			IPCBOX_ATTR_MSGSIZE,
		.max_messages = DEPTH, .max_bytes = 256, .max_msgsize = 64 });
	self->sender = port_open(self->control, self->stage.name, IPCBOX_SENDER);
	self->epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, self->receiver);
	ASSERT_LE(0, self->sender);
	ASSERT_LE(0, self->epoll);
}

FIXTURE_TEARDOWN(many)
{
	stage_teardown(_metadata, &self->stage);
}

static int set_messages(int fd, __u64 messages)
{
	return box_set(fd, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = messages });
}

static int fill(int sender)
{
	int count = 0;

	while (send_tag(sender, count) == 0)
		count++;
	return count;
}

static int drain(int receiver)
{
	int count = 0;

	while (recv_tag(receiver) >= 0)
		count++;
	return count;
}

/* Edges */

TEST_F(many, room_where_there_was_some_is_not_told)
{
	ASSERT_EQ(0, watch(self->epoll, self->sender, EPOLLOUT | EPOLLET));
	ASSERT_EQ(EPOLLOUT, next_event(self->epoll, 0));
	ASSERT_EQ(0, send_tag(self->sender, 1));
	ASSERT_EQ(1, recv_tag(self->receiver));
	EXPECT_EQ(0, next_event(self->epoll, 0));
}

TEST_F(many, room_in_a_full_port_is_told_once)
{
	ASSERT_EQ(DEPTH, fill(self->sender));
	ASSERT_EQ(0, watch(self->epoll, self->sender, EPOLLOUT | EPOLLET));
	ASSERT_EQ(0, next_event(self->epoll, 0));
	for (int round = 0; round < 3; round++) {
		ASSERT_LE(0, recv_tag(self->receiver));
		EXPECT_EQ(EPOLLOUT, next_event(self->epoll, 0));
		ASSERT_LE(0, recv_tag(self->receiver));
		EXPECT_EQ(0, next_event(self->epoll, 0));
		ASSERT_EQ(2, fill(self->sender));
	}
}

/*
 * An epoll in another, which tells each time that the inner one is woken, however
 * the inner one is triggered.
 */
static int epoll_of_epoll(int inner)
{
	int outer = epoll_create1(EPOLL_CLOEXEC);

	return watch(outer, inner, EPOLLIN | EPOLLET) ? -errno : outer;
}

TEST_F(many, level_triggered_is_woken_when_the_first_message_comes)
{
	int outer = epoll_of_epoll(self->epoll);

	ASSERT_LE(0, outer);
	ASSERT_EQ(0, watch(self->epoll, self->receiver, EPOLLIN));
	for (int round = 0; round < 3; round++) {
		ASSERT_EQ(0, send_tag(self->sender, 1));
		EXPECT_EQ(EPOLLIN, next_event(outer, 0));
		ASSERT_EQ(0, send_tag(self->sender, 2));
		EXPECT_EQ(0, next_event(outer, 0));
		EXPECT_EQ(EPOLLIN, next_event(self->epoll, 0));
		ASSERT_EQ(1, recv_tag(self->receiver));
		EXPECT_EQ(EPOLLIN, next_event(self->epoll, 0));
		ASSERT_EQ(2, recv_tag(self->receiver));
		EXPECT_EQ(0, next_event(self->epoll, 0));
	}
}

TEST_F(many, edge_triggered_is_told_of_each_message_that_it_looks_at)
{
	ASSERT_EQ(0, watch(self->epoll, self->receiver, EPOLLIN | EPOLLET));
	for (int i = 0; i < DEPTH; i++) {
		ASSERT_EQ(0, send_tag(self->sender, i));
		EXPECT_EQ(EPOLLIN, next_event(self->epoll, 0));
		EXPECT_EQ(0, next_event(self->epoll, 0));
	}
}

static int send_to_parent(void *control)
{
	return send_tag_to(*(int *)control, getppid(), 7) != 0;
}

/* It found nothing, though the mailbox has something: of another. */
TEST_F(many, receive_from_one_sender_that_found_nothing_is_told_of_the_next)
{
	int box = mailbox_open(self->control);
	int outer = epoll_of_epoll(self->epoll);

	ASSERT_EQ(0, watch(self->epoll, box, EPOLLIN));
	ASSERT_EQ(0, reap(spawn(send_to_parent, &self->control)));
	EXPECT_EQ(EPOLLIN, next_event(outer, 0));
	EXPECT_EQ(-EAGAIN, recv_tag_from(box, getpid()));
	ASSERT_EQ(0, send_tag_to(self->control, getpid(), 1));
	EXPECT_EQ(EPOLLIN, next_event(outer, 0));
	EXPECT_EQ(1, recv_tag_from(box, getpid()));
	EXPECT_EQ(7, recv_tag(box));
}

/* Workers, each with an epoll of its own */

#define WORKERS 8

struct worker {
	pthread_t thread;
	int fd;
	__u32 wants;
	__u32 events;
	pid_t tid;
};

static void *wait_exclusive(void *arg)
{
	struct worker *w = arg;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (watch(epoll, w->fd, w->wants | EPOLLEXCLUSIVE))
		abort();
	__atomic_store_n(&w->tid, gettid(), __ATOMIC_RELEASE);
	__atomic_store_n(&w->events, next_event(epoll, PATIENCE * 1000),
			 __ATOMIC_RELEASE);
	/* The epoll stays: one that nobody waits at. */
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

static bool start_workers(struct worker *workers, int count, int fd, __u32 wants)
{
	bool asleep = true;

	for (int i = 0; i < count; i++) {
		workers[i] = (struct worker){ .fd = fd, .wants = wants };
		if (pthread_create(&workers[i].thread, NULL, wait_exclusive,
				   &workers[i]))
			return false;
	}
	for (int i = 0; i < count; i++)
		asleep = eventually(is_asleep(&workers[i].tid)) && asleep;
	return asleep;
}

static int told(struct worker *workers)
{
	int count = 0;

	for (int i = 0; i < WORKERS; i++)
		count += __atomic_load_n(&workers[i].events, __ATOMIC_ACQUIRE) != 0;
	return count;
}

/* So many workers wake up, and then no other, however long one looks. */
#define EXPECT_TOLD(count, workers) do {				\
	EXPECT_TRUE(eventually(told(workers) >= (count)))		\
		TH_LOG("%d woke up", told(workers));			\
	usleep(20000);							\
	EXPECT_EQ(count, told(workers));				\
} while (0)

TEST_F_TIMEOUT(many, single_messages_wake_as_many_workers, 60)
{
	struct worker workers[WORKERS];

	ASSERT_TRUE(start_workers(workers, WORKERS, self->receiver, EPOLLIN));
	for (int i = 0; i < 4; i++) {
		ASSERT_EQ(0, send_tag(self->sender, i));
	}
	EXPECT_TOLD(4, workers);
}

TEST_F_TIMEOUT(many, batch_wakes_as_many_workers_as_it_has_messages, 60)
{
	struct ipcbox_send_entry entries[4];
	struct worker workers[WORKERS];
	struct ipcbox_send_batch batch;
	__u64 tag = 1;

	for (int i = 0; i < 4; i++)
		entries[i] = tagged_entry(&tag, 0);
	batch = send_batch(entries, 4);
	ASSERT_TRUE(start_workers(workers, WORKERS, self->receiver, EPOLLIN));
	ASSERT_EQ(4, command(self->sender, IPCBOX_SEND_BATCH, &batch));
	EXPECT_TOLD(4, workers);
}

/* A message that goes to a waiting receiver is no work for pollers. */
TEST_F_TIMEOUT(many, batch_wakes_no_worker_for_what_a_receiver_waited_for, 60)
{
	struct ipcbox_send_entry entries[2];
	struct worker workers[WORKERS];
	struct ipcbox_send_batch batch;
	struct call waiting;
	__u64 tag = 1;

	for (int i = 0; i < 2; i++)
		entries[i] = tagged_entry(&tag, 0);
	batch = send_batch(entries, 2);
	ASSERT_TRUE(start_workers(workers, WORKERS, self->receiver, EPOLLIN));
	call_recv(&waiting, self->receiver);
	ASSERT_TRUE(receivers_asleep(self->receiver, 1));
	ASSERT_EQ(2, command(self->sender, IPCBOX_SEND_BATCH, &batch));
	EXPECT_EQ(0, call_end(&waiting));
	EXPECT_TOLD(1, workers);
}

TEST_F_TIMEOUT(many, received_batch_wakes_as_many_workers_as_there_is_room_for, 60)
{
	struct ipcbox_recv_entry entries[3];
	struct worker workers[WORKERS];
	struct ipcbox_recv_batch batch;
	__u64 data[3];

	for (int i = 0; i < 3; i++)
		entries[i] = room_entry(&data[i], 8);
	batch = recv_batch(entries, 3);
	ASSERT_EQ(DEPTH, fill(self->sender));
	ASSERT_TRUE(start_workers(workers, WORKERS, self->sender, EPOLLOUT));
	ASSERT_EQ(3, command(self->receiver, IPCBOX_RECV_BATCH, &batch));
	EXPECT_TOLD(3, workers);
}

TEST_F_TIMEOUT(many, raised_limit_wakes_as_many_workers_as_there_is_room_for, 60)
{
	struct worker workers[WORKERS];

	ASSERT_EQ(0, box_set(self->receiver, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_BYTES, .max_bytes = 4096 }));
	ASSERT_EQ(DEPTH, fill(self->sender));
	ASSERT_TRUE(start_workers(workers, WORKERS, self->sender, EPOLLOUT));
	ASSERT_EQ(0, set_messages(self->receiver, DEPTH + 3));
	EXPECT_TOLD(3, workers);
}

TEST_F_TIMEOUT(many, long_message_wakes_as_many_workers_as_it_leaves_room_for, 60)
{
	struct worker workers[WORKERS];
	struct ipcbox_recv r;
	char data[256] = "";

	/* Bytes for four; after it has gone there is room for four others. */
	ASSERT_EQ(0, box_set(self->receiver, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_MSGSIZE,
		.max_messages = 100, .max_msgsize = 256 }));
	ASSERT_EQ(0, send_now(self->sender, data, 256));
	ASSERT_EQ(0, box_set(self->receiver, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MSGSIZE, .max_msgsize = 64 }));
	ASSERT_TRUE(start_workers(workers, WORKERS, self->sender, EPOLLOUT));
	r = room(data, sizeof(data));
	ASSERT_EQ(0, recv_now(self->receiver, &r));
	EXPECT_TOLD(4, workers);
}

/* Room for small messages: what woken workers leave of it wakes others. */
TEST_F_TIMEOUT(many, small_message_that_leaves_wakes_a_worker, 60)
{
	struct worker workers[WORKERS];

	ASSERT_EQ(0, box_set(self->receiver, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_BYTES, .max_bytes = 80 }));
	ASSERT_EQ(0, send_now(self->sender, "1", 1));
	ASSERT_EQ(0, send_now(self->sender, "2", 1));
	ASSERT_EQ(0, send_now(self->sender, "3", 1));
	ASSERT_EQ(0, set_messages(self->receiver, 3));
	ASSERT_TRUE(start_workers(workers, WORKERS, self->sender, EPOLLOUT));
	for (int i = 1; i <= 3; i++) {
		char data[8];
		struct ipcbox_recv r = room(data, sizeof(data));

		ASSERT_EQ(0, recv_now(self->receiver, &r));
		EXPECT_TOLD(i, workers);
	}
}

/* Crowds: more than a task that sends or receives wakes itself */

#define CROWD 200

/* So many epolls that watch FD. */
static int *crowd(int fd, __u32 events)
{
	int *epolls = calloc(CROWD, sizeof(*epolls));

	for (int i = 0; i < CROWD; i++) {
		epolls[i] = epoll_create1(EPOLL_CLOEXEC);
		if (watch(epolls[i], fd, events))
			abort();
	}
	return epolls;
}

/* How many get the event within the usual patience, all in all. */
static int crowd_told(const int *epolls, __u32 event)
{
	int count = 0;

	for (int i = 0; i < CROWD; i++)
		count += (next_event(epolls[i], PATIENCE * 1000) & event) == event;
	return count;
}

static int crowd_told_now(const int *epolls)
{
	int count = 0;

	for (int i = 0; i < CROWD; i++)
		count += next_event(epolls[i], 0) != 0;
	return count;
}

TEST_F_TIMEOUT(many, crowd_is_told_of_room_and_each_only_once, 120)
{
	int *epolls;

	ASSERT_EQ(DEPTH, fill(self->sender));
	epolls = crowd(self->sender, EPOLLOUT | EPOLLET);
	EXPECT_EQ(0, crowd_told_now(epolls));
	for (int round = 0; round < 3; round++) {
		ASSERT_LE(0, recv_tag(self->receiver));
		EXPECT_EQ(CROWD, crowd_told(epolls, EPOLLOUT));
		EXPECT_EQ(0, crowd_told_now(epolls));
		ASSERT_EQ(1, fill(self->sender));
	}
}

TEST_F_TIMEOUT(many, crowd_that_is_being_told_is_told_of_the_next_room, 120)
{
	int *epolls;

	ASSERT_EQ(DEPTH, fill(self->sender));
	epolls = crowd(self->sender, EPOLLOUT | EPOLLET);
	for (int i = 0; i < 1000; i++) {
		ASSERT_LE(0, recv_tag(self->receiver));
		if (i < 999)
			ASSERT_EQ(1, fill(self->sender));
	}
	EXPECT_EQ(CROWD, crowd_told(epolls, EPOLLOUT));
}

TEST_F_TIMEOUT(many, crowd_is_told_of_a_message, 120)
{
	int *epolls = crowd(self->receiver, EPOLLIN | EPOLLET);

	ASSERT_EQ(0, send_tag(self->sender, 1));
	EXPECT_EQ(CROWD, crowd_told(epolls, EPOLLIN));
}

TEST_F_TIMEOUT(many, crowd_is_told_of_the_end, 120)
{
	int *in = crowd(self->receiver, EPOLLIN | EPOLLET);
	int *out = crowd(self->sender, EPOLLET);
	int *exclusive = crowd(self->receiver, EPOLLIN | EPOLLET | EPOLLEXCLUSIVE);

	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(CROWD, crowd_told(in, EPOLLHUP));
	EXPECT_EQ(CROWD, crowd_told(out, EPOLLHUP));
	EXPECT_EQ(CROWD, crowd_told(exclusive, EPOLLHUP));
}

/* Whoever polls exclusively and does not wait is no one to be woken. */
TEST_F_TIMEOUT(many, worker_behind_a_crowd_that_does_not_wait_is_woken, 120)
{
	struct worker workers[WORKERS] = {};

	ASSERT_TRUE(start_workers(workers, 1, self->receiver, EPOLLIN));
	crowd(self->receiver, EPOLLIN | EPOLLEXCLUSIVE);
	ASSERT_EQ(0, send_tag(self->sender, 1));
	EXPECT_TOLD(1, workers);
}

TEST_F_TIMEOUT(many, crowd_that_closes_while_it_is_told_leaves_nothing, 120)
{
	for (int round = 0; round < 5; round++) {
		int *in = crowd(self->receiver, EPOLLIN | EPOLLET);
		int *out = crowd(self->sender, EPOLLOUT | EPOLLET);

		ASSERT_EQ(DEPTH, fill(self->sender));
		ASSERT_LE(0, recv_tag(self->receiver));
		if (round == 4)
			ASSERT_EQ(0, port_remove(self->control, self->stage.name));
		for (int i = 0; i < CROWD; i++) {
			close(in[i]);
			close(out[i]);
		}
		drain(self->receiver);
	}
}

/* The cost of a receive that makes room, beside watches of others */

#define SAMPLES 51

static int compare(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The median time of a receive from a full port, in ns. */
static __u64 time_of_a_receive(int sender, int receiver)
{
	__u64 times[SAMPLES];

	for (int i = 0; i < SAMPLES; i++) {
		fill(sender);
		times[i] = now_ns();
		recv_tag(receiver);
		times[i] = now_ns() - times[i];
	}
	qsort(times, SAMPLES, sizeof(times[0]), compare);
	return times[SAMPLES / 2];
}

#define COPIES 100	/* of the fd: an epoll takes each only once */

TEST_F_TIMEOUT(many, receive_costs_no_more_beside_twenty_thousand_watches, 120)
{
	__u64 quiet = time_of_a_receive(self->sender, self->receiver), beside;
	int *epolls = crowd(self->sender, EPOLLOUT | EPOLLET);

	for (int i = 1; i < COPIES; i++) {
		int copy = dup(self->sender);

		for (int k = 0; k < CROWD; k++)
			ASSERT_EQ(0, watch(epolls[k], copy, EPOLLOUT | EPOLLET));
	}
	beside = time_of_a_receive(self->sender, self->receiver);
	/* Twice would do on a quiet machine. To walk past all costs some hundred times. */
	EXPECT_LT(beside, quiet * 30)
		TH_LOG("%llu ns, without watches %llu", beside, quiet);
}

TEST_HARNESS_MAIN
