// SPDX-License-Identifier: GPL-2.0
/*
 * Many processes at once: every message arrives once, in order for each sender,
 * whoever times out, is interrupted or is killed meanwhile; and at the end all
 * counters and all memory are back to where they were.
 */
#include "ipcbox_test.h"

#include <stddef.h>
#include <sys/time.h>

FIXTURE(stress) {
	struct stage stage;
	int control;
	long long slab;
};

FIXTURE_SETUP(stress)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->slab = slab_objects();
}

FIXTURE_TEARDOWN(stress)
{
	stage_teardown(_metadata, &self->stage);
	EXPECT_TRUE(eventually(slab_objects() <= self->slab))
		TH_LOG("%lld objects before, now %lld", self->slab, slab_objects());
}

/*
 * Memory that all processes share. A receiver takes the next slot and lets the kernel
 * write right into it, the struct last: a slot whose struct is written holds a
 * message that was received, even if its receiver was killed before it knew.
 */
struct payload {
	__u32 sender;
	__u32 number;
	unsigned char filler[56];
};

struct slot {
	struct ipcbox_recv recv;
	struct payload payload;
};

struct board {
	int next;		/* slot that nobody has taken */
	int done;		/* receives that returned, for pacing only */
	struct slot slots[];
};

struct plan {
	struct board *board;
	int port;
	int senders, messages, receivers;
	int number;		/* of the sender that is started next */
	__u64 patience;		/* ns for each wait; 0: without end */
	bool signals;		/* interrupted every millisecond */
};

static void nothing(int signal)
{
	(void)signal;
}

static void be_interrupted(const struct plan *p)
{
	struct sigaction action = { .sa_handler = nothing };
	struct itimerval timer = { { 0, 1000 }, { 0, 1000 } };

	if (!p->signals)
		return;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* An end of a wait that the plan asks for: the call is made again. */
static bool is_planned(int ret)
{
	return ret == -ETIMEDOUT || ret == -EINTR;
}

/* Lengths differ, so that messages take different paths; so do contents. */
static size_t length_of(__u32 number)
{
	return offsetof(struct payload, filler) + number % 57;
}

static void fill(struct payload *p, __u32 sender, __u32 number)
{
	p->sender = sender;
	p->number = number;
	memset(p->filler, sender + number, sizeof(p->filler));
}

static int run_sender(void *arg)
{
	struct plan *p = arg;
	struct payload payload;

	be_interrupted(p);
	for (int n = 0; n < p->messages; n++) {
		struct ipcbox_send s = message(&payload, length_of(n));
		int ret;

		fill(&payload, p->number, n);
		do {
			if (p->patience)
				s.deadline = now_ns() + p->patience;
			ret = command(p->port, IPCBOX_SEND, &s);
		} while (is_planned(ret));
		if (ret)
			return -ret;
	}
	return 0;
}

static int run_receiver(void *arg)
{
	struct plan *p = arg;

	be_interrupted(p);
	while (true) {
		int index = __atomic_fetch_add(&p->board->next, 1, __ATOMIC_RELAXED);
		struct slot *slot = &p->board->slots[index];
		int ret;

		if (index >= 2 * p->senders * p->messages)
			return ENOSPC;
		do {
			slot->recv = room(&slot->payload, sizeof(slot->payload));
			slot->recv.seq = 0;
			if (p->patience)
				slot->recv.deadline = now_ns() + p->patience;
			ret = command(p->port, IPCBOX_RECV, &slot->recv);
		} while (is_planned(ret));
		if (ret)
			return ret == -EIDRM ? 0 : -ret;
		__atomic_fetch_add(&p->board->done, 1, __ATOMIC_RELAXED);
	}
}

static bool is_intact(const struct slot *s)
{
	struct payload expected;

	fill(&expected, s->payload.sender, s->payload.number);
	return s->recv.len == length_of(s->payload.number) &&
	       !memcmp(&expected, &s->payload, s->recv.len);
}

/* All there, once, intact, in the order of each sender, numbered 1 to N. */
static void check(struct __test_metadata *_metadata, const struct plan *p)
{
	size_t total = p->senders * p->messages;
	__u64 *seq_of = calloc(total, sizeof(*seq_of));
	bool *seen = calloc(total + 1, sizeof(*seen));

	for (int i = 0; i < p->board->next; i++) {
		const struct slot *s = &p->board->slots[i];
		size_t which = s->payload.sender * p->messages + s->payload.number;

		if (!s->recv.seq)
			continue;
		ASSERT_LT(s->payload.sender, p->senders);
		ASSERT_LT(s->payload.number, p->messages);
		ASSERT_TRUE(is_intact(s));
		ASSERT_GE(total, s->recv.seq);
		ASSERT_FALSE(seen[s->recv.seq])
			TH_LOG("sequence number %llu twice",
			       (unsigned long long)s->recv.seq);
		ASSERT_EQ(0, seq_of[which])
			TH_LOG("message %u of sender %u twice",
			       s->payload.number, s->payload.sender);
		seen[s->recv.seq] = true;
		seq_of[which] = s->recv.seq;
	}
	for (size_t i = 0; i < total; i++) {
		ASSERT_NE(0, seq_of[i])
			TH_LOG("message %zu of sender %zu is lost",
			       i % p->messages, i / p->messages);
		if (i % p->messages) {
			ASSERT_LT(seq_of[i - 1], seq_of[i])
				TH_LOG("message %zu of sender %zu out of order",
				       i % p->messages, i / p->messages);
		}
	}
	free(seq_of);
	free(seen);
}

/* Kills and replaces one receiver for each so many messages received. */
static int kill_receivers(struct plan *p, pid_t *receivers, int every)
{
	int total = p->senders * p->messages, killed = 0;

	for (int due = every; due < total - every; due += every) {
		int victim = rand() % p->receivers;

		if (!eventually(__atomic_load_n(&p->board->done,
						__ATOMIC_RELAXED) >= due))
			break;
		killed += kill_and_reap(receivers[victim]) == -SIGKILL;
		receivers[victim] = spawn(run_receiver, p);
	}
	return killed;
}

static void carry_out(struct __test_metadata *_metadata, int control,
		      const char *name, struct plan *p, int depth, int kill_every)
{
	size_t size = sizeof(struct board) +
		      2 * p->senders * p->messages * sizeof(struct slot);
	pid_t senders[64], receivers[64];

	p->board = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)p->board);
	p->port = port_create_sized(control, name, BOTH, depth, 1 << 20);
	ASSERT_LE(0, p->port);

	for (int i = 0; i < p->receivers; i++)
		receivers[i] = spawn(run_receiver, p);
	for (p->number = 0; p->number < p->senders; p->number++)
		senders[p->number] = spawn(run_sender, p);
	if (kill_every) {
		EXPECT_LE(p->receivers / 3,
			  kill_receivers(p, receivers, kill_every));
	}
	for (int i = 0; i < p->senders; i++) {
		EXPECT_EQ(0, reap(senders[i]));
	}
	EXPECT_TRUE(eventually(received_of(p->port) ==
			       p->senders * p->messages));
	EXPECT_EQ(p->senders * p->messages, sent_of(p->port));
	EXPECT_EQ(0, messages_of(p->port));
	ASSERT_EQ(0, port_remove(control, name));
	for (int i = 0; i < p->receivers; i++) {
		EXPECT_EQ(0, reap(receivers[i]));
	}
	check(_metadata, p);
	munmap(p->board, size);
}

TEST_F_TIMEOUT(stress, messages_of_64_senders_arrive_once_and_in_order, 300)
{
	struct plan p = { .senders = 64, .messages = share_of(1000),
			  .receivers = 16 };

	carry_out(_metadata, self->control, self->stage.name, &p, 8, 0);
}

TEST_F_TIMEOUT(stress, killed_receivers_lose_and_double_nothing, 300)
{
	struct plan p = { .senders = 64, .messages = share_of(1000), .receivers = 24 };

	srand(1);
	carry_out(_metadata, self->control, self->stage.name, &p, 8, share_of(1000));
}

TEST_F_TIMEOUT(stress, calls_that_time_out_lose_and_double_nothing, 300)
{
	struct plan p = { .senders = 8, .messages = share_of(500), .receivers = 8,
			  .patience = 50000 };

	carry_out(_metadata, self->control, self->stage.name, &p, 2, 0);
}

TEST_F_TIMEOUT(stress, calls_that_are_interrupted_lose_and_double_nothing, 300)
{
	struct plan p = { .senders = 8, .messages = share_of(500), .receivers = 8,
			  .signals = true };

	carry_out(_metadata, self->control, self->stage.name, &p, 2, 0);
}

/* Many links to one mailbox */

#define LINKS		64
#define EACH		share_of(200)

static int send_over_link(void *arg)
{
	int control = control_open(), link;

	(void)arg;
	link = link_open(control, getppid(), 0);
	for (__u64 i = 1, each = EACH; i <= each; i++) {
		struct ipcbox_send s = tagged(&i, i % 2);
		int ret = command(link, IPCBOX_SEND, &s);

		if (ret)
			return -ret;
	}
	return 0;
}

/*
 * The tags of each link are its sequence numbers. Two priorities make two
 * orders, each of which must hold.
 */
TEST_F_TIMEOUT(stress, messages_over_64_links_arrive_once_and_in_order, 300)
{
	int box = mailbox_open_attr(self->control, 0, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 4 });
	pid_t pids[LINKS];
	__u64 next[LINKS][2];

	ASSERT_LE(0, box);
	for (int i = 0; i < LINKS; i++) {
		next[i][0] = 2;
		next[i][1] = 1;
		pids[i] = spawn(send_over_link, NULL);
	}
	for (int n = 0; n < LINKS * EACH; n++) {
		__u64 data = 0;
		struct ipcbox_recv r = room(&data, sizeof(data));
		int i = 0;

		r.deadline = in_ms(PATIENCE * 1000);
		ASSERT_EQ(0, command(box, IPCBOX_RECV, &r));
		while (i < LINKS && pids[i] != r.pid)
			i++;
		ASSERT_GT(LINKS, i);
		ASSERT_EQ(r.tag, r.seq);
		ASSERT_EQ(r.tag, data);
		ASSERT_EQ(r.tag % 2, r.priority);
		ASSERT_EQ(next[i][r.priority], r.seq);
		next[i][r.priority] += 2;
	}
	for (int i = 0; i < LINKS; i++) {
		EXPECT_EQ(0, reap(pids[i]));
	}
	EXPECT_EQ(0, messages_of(box));
}

TEST_HARNESS_MAIN
