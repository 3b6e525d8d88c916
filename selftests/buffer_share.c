// SPDX-License-Identifier: GPL-2.0
/*
 * A buffer that many share: every message arrives exactly once and in the order of its
 * producer, among threads and among processes; fork and exec with a message in hand; and
 * no task enters the kernel while there is room, or a message.
 */
#include "buffer_test.h"

#include <linux/seccomp.h>
#include <sched.h>

#define BYTES	8192U
#define CELLS	(int)(BYTES / CELL)
#define EACH	5000		/* messages of one producer */
#define CROWD	3		/* producers, and consumers, at most */

/* Shared by producers and consumers, also over fork(2). */
struct ledger {
	int producers;		/* that are still to end */
	int failed;		/* first errno, or a number above 0, of somebody */
	int over;		/* for visitors */
	unsigned char seen[CROWD][EACH];
};

struct worker {
	struct ipcbox_buffer *buffer;
	struct ledger *ledger;
	int number;
	bool in_place;
	pthread_t thread;
};

FIXTURE(share) {
	struct stage stage;
	struct ipcbox_buffer *buffer;
	struct ledger *ledger;
	struct worker workers[2 * CROWD];
};

FIXTURE_SETUP(share)
{
	stage_setup(_metadata, &self->stage);
	ASSERT_EQ(0, test_buffer_create(&self->stage, BOTH, BYTES, &self->buffer));
	self->ledger = shared_alloc(sizeof(*self->ledger));
	ASSERT_NE(NULL, self->ledger);
}

FIXTURE_TEARDOWN(share)
{
	ipcbox_buffer_unmap(self->buffer);
	munmap(self->ledger, sizeof(*self->ledger));
	stage_teardown(_metadata, &self->stage);
}

/* Every message exactly once */

struct payload {
	__u32 producer;
	__u32 number;
	unsigned char pattern[];
};

static void fail(struct ledger *ledger, int why)
{
	int none = 0;

	__atomic_compare_exchange_n(&ledger->failed, &none, why, false,
				    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static size_t length_of(unsigned int number)
{
	return sizeof(struct payload) + number * 37 % 300;
}

static void fill_in(struct payload *p, int producer, unsigned int number)
{
	*p = (struct payload){ .producer = producer, .number = number };
	write_pattern(p->pattern, length_of(number) - sizeof(*p), number);
}

static int produce_one(struct worker *w, unsigned int number)
{
	size_t len = length_of(number);
	struct ipcbox_slot slot;
	char data[512];
	int err;

	if (!w->in_place) {
		fill_in((void *)data, w->number, number);
		return ipcbox_buffer_send(w->buffer, data, len, IPCBOX_FOREVER);
	}
	err = ipcbox_buffer_reserve(w->buffer, &slot, len, IPCBOX_FOREVER);
	if (err)
		return err;
	fill_in(slot.data, w->number, number);
	if (number % 16 == 5) {
		ipcbox_buffer_cancel(w->buffer, &slot);
		w->in_place = false;
		err = produce_one(w, number);
		w->in_place = true;
		return err;
	}
	return ipcbox_buffer_commit(w->buffer, &slot);
}

/* The last one tells the consumers that it is over, by a message to each. */
static void *produce(void *arg)
{
	struct worker *w = arg;
	int err = 0;

	for (unsigned int i = 0; i < EACH && !err; i++)
		err = produce_one(w, i);
	if (err)
		fail(w->ledger, err);
	if (!__atomic_sub_fetch(&w->ledger->producers, 1, __ATOMIC_SEQ_CST))
		for (int i = 0; i < CROWD; i++)
			ipcbox_buffer_send(w->buffer, "end", 3, IPCBOX_FOREVER);
	return NULL;
}

static void check(struct ledger *ledger, const struct payload *p, size_t len,
		  unsigned int *next)
{
	if (p->producer >= CROWD || p->number >= EACH ||
	    len != length_of(p->number) ||
	    !has_pattern(p->pattern, len - sizeof(*p), p->number))
		return fail(ledger, 1);
	/* One consumer gets the messages of one producer in order. */
	if (p->number < next[p->producer])
		return fail(ledger, 2);
	next[p->producer] = p->number + 1;
	if (__atomic_exchange_n(&ledger->seen[p->producer][p->number], 1,
				__ATOMIC_RELAXED))
		fail(ledger, 3);
}

static void *consume(void *arg)
{
	struct worker *w = arg;
	unsigned int next[CROWD] = { 0 };
	char data[512];
	ssize_t len;

	for (;;) {
		struct ipcbox_slot slot = { .data = data };

		if (w->in_place) {
			len = ipcbox_buffer_peek(w->buffer, &slot, IPCBOX_FOREVER);
			len = len ? len : slot.len;
		} else {
			len = ipcbox_buffer_recv(w->buffer, data, sizeof(data),
						 IPCBOX_FOREVER);
		}
		if (len < 0)
			fail(w->ledger, len);
		else if (len != 3)
			check(w->ledger, slot.data, len, next);
		if (len >= 0 && w->in_place)
			ipcbox_buffer_release(w->buffer, &slot);
		if (len < 0 || len == 3)
			return NULL;
	}
}

static int produce_as_child(void *arg)
{
	produce(arg);
	return 0;
}

static int consume_as_child(void *arg)
{
	consume(arg);
	return 0;
}

static void prepare(struct worker *workers, struct ipcbox_buffer *buffer,
		    struct ledger *ledger)
{
	ledger->producers = CROWD;
	for (int i = 0; i < 2 * CROWD; i++)
		workers[i] = (struct worker){
			.buffer = buffer, .ledger = ledger,
			.number = i % CROWD, .in_place = i % 2,
		};
}

static int missing(const struct ledger *ledger)
{
	int n = 0;

	for (int i = 0; i < CROWD; i++)
		for (int k = 0; k < EACH; k++)
			n += !ledger->seen[i][k];
	return n;
}

TEST_F_TIMEOUT(share, threads_get_every_message_exactly_once, 300)
{
	struct worker *w = self->workers;

	prepare(w, self->buffer, self->ledger);
	for (int i = 0; i < 2 * CROWD; i++) {
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL,
					    i < CROWD ? produce : consume, &w[i]));
	}
	for (int i = 0; i < 2 * CROWD; i++)
		pthread_join(w[i].thread, NULL);
	EXPECT_EQ(0, self->ledger->failed);
	EXPECT_EQ(0, missing(self->ledger));
	EXPECT_EQ(CELLS, fill_up(self->buffer));
}

TEST_F_TIMEOUT(share, processes_get_every_message_exactly_once, 300)
{
	struct worker *w = self->workers;
	pid_t pids[2 * CROWD];

	prepare(w, self->buffer, self->ledger);
	for (int i = 0; i < 2 * CROWD; i++)
		pids[i] = spawn(i < CROWD ? produce_as_child : consume_as_child,
				&w[i]);
	for (int i = 0; i < 2 * CROWD; i++) {
		EXPECT_EQ(0, reap(pids[i]));
	}
	EXPECT_EQ(0, self->ledger->failed);
	EXPECT_EQ(0, missing(self->ledger));
	EXPECT_EQ(CELLS, fill_up(self->buffer));
}

/* Each that goes is buried, in the middle of what the others do. */
struct visitor {
	const struct stage *stage;
	struct ledger *ledger;
};

static int come_and_go(void *arg)
{
	const struct visitor *v = arg;
	int visits = 0;

	while (!__atomic_load_n(&v->ledger->over, __ATOMIC_RELAXED)) {
		struct ipcbox_buffer *buffer;
		int err = test_buffer_open(v->stage, BOTH, &buffer);

		if (err)
			return -err;
		ipcbox_buffer_unmap(buffer);
		visits++;
	}
	return visits ? 0 : 1;
}

TEST_F_TIMEOUT(share, processes_that_come_and_go_disturb_nobody, 60)
{
	struct visitor visitor = { &self->stage, self->ledger };
	struct worker *w = self->workers;
	pid_t pids[2 * CROWD], passers[2];

	prepare(w, self->buffer, self->ledger);
	for (int i = 0; i < 2; i++)
		passers[i] = spawn(come_and_go, &visitor);
	for (int i = 0; i < 2 * CROWD; i++)
		pids[i] = spawn(i < CROWD ? produce_as_child : consume_as_child,
				&w[i]);
	for (int i = 0; i < 2 * CROWD; i++)
		EXPECT_EQ(0, reap(pids[i]));
	self->ledger->over = 1;
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(0, reap(passers[i]));
	EXPECT_EQ(0, self->ledger->failed);
	EXPECT_EQ(0, missing(self->ledger));
}

TEST_F_TIMEOUT(share, one_to_one_gets_every_message_exactly_once, 300)
{
	struct ipcbox_buffer *buffer;
	struct worker *w = self->workers;
	pid_t producer, consumer;

	for (int in_place = 0; in_place < 2; in_place++) {
		memset(self->ledger, 0, sizeof(*self->ledger));
		ASSERT_EQ(0, ipcbox_port_delete(self->stage.name, 0));
		ASSERT_EQ(0, test_buffer_create(&self->stage, BOTH | IPCBOX_SPSC,
						BYTES, &buffer));
		prepare(w, buffer, self->ledger);
		self->ledger->producers = 1;
		w[0].in_place = w[CROWD].in_place = in_place;
		producer = spawn(produce_as_child, &w[0]);
		consumer = spawn(consume_as_child, &w[CROWD]);
		EXPECT_EQ(0, reap(producer));
		EXPECT_EQ(0, reap(consumer));
		EXPECT_EQ(0, self->ledger->failed);
		EXPECT_EQ((CROWD - 1) * EACH, missing(self->ledger));
		ipcbox_buffer_unmap(buffer);
	}
}

/* fork and exec with something in hand */

struct inheritance {
	struct ipcbox_buffer *buffer;
	struct ipcbox_slot writing, reading;
};

static int uses_the_slots_of_its_parent(void *arg)
{
	struct inheritance *i = arg;

	if (ipcbox_buffer_commit(i->buffer, &i->writing) != -EINVAL)
		return 1;
	if (ipcbox_buffer_cancel(i->buffer, &i->writing) != -EINVAL)
		return 2;
	if (ipcbox_buffer_release(i->buffer, &i->reading) != -EINVAL)
		return 3;
	if (ipcbox_buffer_put_back(i->buffer, &i->reading) != -EINVAL)
		return 4;
	return 0;
}

TEST_F(share, child_has_nothing_in_hand)
{
	struct inheritance i = { .buffer = self->buffer };

	ASSERT_EQ(0, put_number(self->buffer, 1));
	ASSERT_EQ(0, ipcbox_buffer_peek(self->buffer, &i.reading, IPCBOX_NOWAIT));
	ASSERT_EQ(0, ipcbox_buffer_reserve(self->buffer, &i.writing, 8,
					   IPCBOX_NOWAIT));
	memcpy(i.writing.data, &(__u64){ 2 }, 8);
	EXPECT_EQ(0, reap(spawn(uses_the_slots_of_its_parent, &i)));
	EXPECT_EQ(0, ipcbox_buffer_put_back(self->buffer, &i.reading));
	EXPECT_EQ(0, ipcbox_buffer_commit(self->buffer, &i.writing));
	EXPECT_EQ(1, take_number(self->buffer));
	EXPECT_EQ(2, take_number(self->buffer));
}

static int sends_and_receives(void *arg)
{
	struct ipcbox_buffer *buffer = arg;

	if (put_number(buffer, 8) || take_number(buffer) != 7)
		return 1;
	return 0;
}

TEST_F(share, child_uses_the_buffer_of_its_parent)
{
	ASSERT_EQ(0, put_number(self->buffer, 7));
	EXPECT_EQ(0, reap(spawn(sends_and_receives, self->buffer)));
	EXPECT_EQ(8, take_number(self->buffer));
}

static int dies_with_its_own_in_hand(void *arg)
{
	struct ipcbox_slot slot;

	if (ipcbox_buffer_reserve(arg, &slot, 8, IPCBOX_NOWAIT))
		return 1;
	if (ipcbox_buffer_peek(arg, &slot, IPCBOX_NOWAIT))
		return 2;
	return 0;
}

TEST_F(share, death_of_a_child_leaves_what_its_parent_has_in_hand)
{
	struct ipcbox_slot writing, reading;

	ASSERT_EQ(0, put_number(self->buffer, 1));
	ASSERT_EQ(0, put_number(self->buffer, 2));
	ASSERT_EQ(0, ipcbox_buffer_peek(self->buffer, &reading, IPCBOX_NOWAIT));
	ASSERT_EQ(0, ipcbox_buffer_reserve(self->buffer, &writing, 8,
					   IPCBOX_NOWAIT));
	EXPECT_EQ(0, reap(spawn(dies_with_its_own_in_hand, self->buffer)));
	EXPECT_EQ(2, take_number(self->buffer));
	memcpy(writing.data, &(__u64){ 3 }, 8);
	EXPECT_EQ(0, ipcbox_buffer_commit(self->buffer, &writing));
	EXPECT_EQ(0, ipcbox_buffer_release(self->buffer, &reading));
	EXPECT_EQ(3, take_number(self->buffer));
	EXPECT_EQ(CELLS, fill_up(self->buffer));
}

static int execs_with_a_slot_in_hand(void *arg)
{
	struct ipcbox_slot slot;

	if (ipcbox_buffer_reserve(arg, &slot, 8, IPCBOX_NOWAIT) ||
	    put_number(arg, 2))
		return 1;
	execlp("sleep", "sleep", "1000", NULL);
	return 1;
}

TEST_F(share, exec_gives_up_what_was_in_hand)
{
	pid_t pid = spawn(execs_with_a_slot_in_hand, self->buffer);

	EXPECT_TRUE(eventually(take_number(self->buffer) == 2));
	EXPECT_EQ(-SIGKILL, kill_and_reap(pid));
}

/* No system call */

#define ROUNDS 2000

static int works_in_the_middle(struct ipcbox_buffer *buffer)
{
	__u64 number[4] = { 0 };
	struct iovec v[4];
	struct ipcbox_slot slot;

	for (int i = 0; i < 4; i++)
		v[i] = (struct iovec){ &number[i], sizeof(__u64) };
	for (int i = 0; i < ROUNDS; i++) {
		if (put_number(buffer, i) || take_number(buffer) < 0 ||
		    put_number(buffer, i) ||
		    ipcbox_buffer_peek(buffer, &slot, IPCBOX_FOREVER) ||
		    ipcbox_buffer_put_back(buffer, &slot) ||
		    ipcbox_buffer_peek(buffer, &slot, IPCBOX_FOREVER) ||
		    ipcbox_buffer_release(buffer, &slot) ||
		    ipcbox_buffer_reserve(buffer, &slot, 30, IPCBOX_FOREVER) ||
		    ipcbox_buffer_cancel(buffer, &slot) ||
		    ipcbox_buffer_send_batch(buffer, v, 4, IPCBOX_FOREVER) != 4 ||
		    ipcbox_buffer_recv_batch(buffer, v, 4, IPCBOX_FOREVER) != 4)
			return 1;
		for (int k = 0; k < 4; k++)
			v[k].iov_len = sizeof(__u64);
	}
	return 0;
}

/* From here on any system call but read, write and the end of the thread is death. */
static int works_without_the_kernel(void *arg)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		return 77;
	syscall(SYS_exit, works_in_the_middle(arg));
	return 1;
}

static int works_without_the_kernel_full_and_empty(void *arg)
{
	struct ipcbox_buffer *buffer = arg;
	struct ipcbox_slot slot;
	int bad = 0;

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		return 77;
	for (int i = 0; i < 10; i++) {
		bad += drain(buffer) < 0;
		bad += ipcbox_buffer_peek(buffer, &slot, IPCBOX_NOWAIT) != -EAGAIN;
		bad += fill_up(buffer) != CELLS;
		bad += ipcbox_buffer_reserve(buffer, &slot, 1, IPCBOX_NOWAIT) !=
		       -EAGAIN;
	}
	syscall(SYS_exit, bad);
	return 1;
}

TEST_F(share, neither_full_nor_empty_makes_no_system_call)
{
	int ret;

	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, put_number(self->buffer, i));
	}
	ret = reap(spawn(works_without_the_kernel, self->buffer));
	if (ret == 77)
		SKIP(return, "no seccomp");
	EXPECT_EQ(0, ret);
}

TEST_F(share, one_to_one_neither_full_nor_empty_makes_no_system_call)
{
	struct ipcbox_buffer *buffer;
	int ret;

	ASSERT_EQ(0, ipcbox_port_delete(self->stage.name, 0));
	ASSERT_EQ(0, test_buffer_create(&self->stage, BOTH | IPCBOX_SPSC, BYTES,
					&buffer));
	ASSERT_EQ(0, put_number(buffer, 1));
	ret = reap(spawn(works_without_the_kernel, buffer));
	ipcbox_buffer_unmap(buffer);
	if (ret == 77)
		SKIP(return, "no seccomp");
	EXPECT_EQ(0, ret);
}

TEST_F(share, nowait_makes_no_system_call_at_all)
{
	int ret = reap(spawn(works_without_the_kernel_full_and_empty,
			     self->buffer));

	if (ret == 77)
		SKIP(return, "no seccomp");
	EXPECT_EQ(0, ret);
}

/* A child without a number */

struct orphan {
	struct ipcbox_buffer *buffer;
	struct ipcbox_slot writing;
	struct ipcbox_slot reading;
};

static int can_do_nothing(void *arg)
{
	struct orphan *o = arg;
	struct ipcbox_buffer *buffer = o->buffer;
	struct ipcbox_slot slot;
	char data[8] = "";

	if (ipcbox_buffer_send(buffer, data, 8, IPCBOX_NOWAIT) != -EUSERS ||
	    ipcbox_buffer_send(buffer, data, 8, IPCBOX_FOREVER) != -EUSERS ||
	    ipcbox_buffer_recv(buffer, data, 8, IPCBOX_NOWAIT) != -EUSERS ||
	    ipcbox_buffer_recv(buffer, data, 8, IPCBOX_FOREVER) != -EUSERS ||
	    ipcbox_buffer_reserve(buffer, &slot, 4096, IPCBOX_FOREVER) != -EUSERS ||
	    ipcbox_buffer_peek(buffer, &slot, IPCBOX_FOREVER) != -EUSERS)
		return 1;
	/* A child has nothing in hand of what its parent took. */
	if (!buffer->spsc &&
	    (ipcbox_buffer_commit(buffer, &o->writing) != -EINVAL ||
	     ipcbox_buffer_cancel(buffer, &o->writing) != -EINVAL ||
	     ipcbox_buffer_release(buffer, &o->reading) != -EINVAL ||
	     ipcbox_buffer_put_back(buffer, &o->reading) != -EINVAL))
		return 2;
	ipcbox_buffer_unmap(buffer);
	return 0;
}

static int without_a_page(struct orphan *o)
{
	long long was = read_number(SYSCTL("user_pages"));
	int status;

	if (write_number(SYSCTL("user_pages"), 1))
		return -1;
	status = reap(spawn(can_do_nothing, o));
	return write_number(SYSCTL("user_pages"), was) ? -1 : status;
}

static const __u32 kinds[] = { 0, IPCBOX_SPSC };

TEST(child_for_which_there_is_no_number_gets_eusers)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct orphan o = { .buffer = NULL };
		struct stage stage;

		stage_setup(_metadata, &stage);
		ASSERT_EQ(0, test_buffer_create(&stage, BOTH | kinds[i], 8192, &o.buffer));
		ASSERT_EQ(0, put_number(o.buffer, 1));
		ASSERT_EQ(0, put_number(o.buffer, 2));
		ASSERT_EQ(0, ipcbox_buffer_peek(o.buffer, &o.reading, IPCBOX_NOWAIT));
		ASSERT_EQ(0, ipcbox_buffer_reserve(o.buffer, &o.writing, 8,
						   IPCBOX_NOWAIT));
		EXPECT_EQ(0, without_a_page(&o));
		memset(o.writing.data, 3, 8);
		EXPECT_EQ(0, ipcbox_buffer_commit(o.buffer, &o.writing));
		EXPECT_EQ(0, ipcbox_buffer_release(o.buffer, &o.reading));
		EXPECT_EQ(2, take_number(o.buffer));
		EXPECT_EQ(0x0303030303030303, take_number(o.buffer));
		ipcbox_buffer_unmap(o.buffer);
		stage_teardown(_metadata, &stage);
	}
}

TEST_HARNESS_MAIN
