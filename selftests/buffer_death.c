// SPDX-License-Identifier: GPL-2.0
/*
 * Death at any instruction (IPCBOX_EVERY=1: at each): a child is let go so many
 * instructions into an operation on a buffer and killed there; then some more, until it
 * gets through. After each death the buffer is at once as it was before the operation, or
 * as it is after it, and no cell of it is lost.
 *
 * The way through the operation is learned once, step by step. Then a child runs up to a
 * breakpoint, or the time would grow with the square of the instructions.
 */
#include "buffer_test.h"

#include <sys/ptrace.h>
#include <sys/user.h>

#if !defined(__x86_64__) && !defined(__i386__)

TEST(death)
{
	SKIP(return, "the breakpoints are those of x86");
}

#else

#define BYTES		4096U
#define CELLS		(int)(BYTES / CELL)
#define LEN		150		/* of the messages, three cells */
#define MOST		4000		/* instructions in an operation */
#define NEW		1000		/* number of the first message that it sends */

FIXTURE(death) {
	struct stage stage;
	struct ipcbox_buffer *buffer;
	volatile int *through;		/* the child, its operation */
	__u64 slowest;
};

FIXTURE_VARIANT(death) {
	__u32 kind;
};

FIXTURE_VARIANT_ADD(death, many) { .kind = 0 };
FIXTURE_VARIANT_ADD(death, spsc) { .kind = IPCBOX_SPSC };

FIXTURE_SETUP(death)
{
	stage_setup(_metadata, &self->stage);
	ASSERT_EQ(0, test_buffer_create(&self->stage, BOTH | variant->kind, BYTES,
					&self->buffer));
	self->through = shared_alloc(sizeof(*self->through));
	ASSERT_NE(NULL, self->through);
	self->slowest = 0;
}

FIXTURE_TEARDOWN(death)
{
	TH_LOG("from the kill to the end of the burial at most %llu us",
	       self->slowest / 1000);
	ipcbox_buffer_unmap(self->buffer);
	munmap((void *)self->through, sizeof(*self->through));
	stage_teardown(_metadata, &self->stage);
}

/* The buffer before the operation: so many messages, from this cell on. */
struct before {
	int count;
	int cell;
};

static const struct before befores[] = {
	{ 0, 0 }, { 0, CELLS - 1 }, { 2, 5 },
	{ 2, CELLS - 1 },	/* the first goes round the end */
	{ 2, CELLS - 7 },	/* the next */
	{ 21, 0 },		/* there is no room for another */
};

static int put(struct ipcbox_buffer *buffer, __u64 number, __u64 deadline)
{
	char data[LEN] = "";

	memcpy(data, &number, sizeof(number));
	return ipcbox_buffer_send(buffer, data, sizeof(data), deadline);
}

static long long take(struct ipcbox_buffer *buffer, __u64 deadline)
{
	char data[LEN];
	__u64 number;
	ssize_t len = ipcbox_buffer_recv(buffer, data, sizeof(data), deadline);

	if (len < 0)
		return len;
	memcpy(&number, data, sizeof(number));
	return number;
}

static void prepare(struct ipcbox_buffer *buffer, const struct before *before)
{
	drain(buffer);
	while ((int)(buffer->ring->tail % CELLS) != before->cell) {
		put_number(buffer, 0);
		take_number(buffer);
	}
	for (int i = 0; i < before->count; i++)
		put(buffer, i, IPCBOX_NOWAIT);
}

/* The operations */

struct operation {
	void (*run)(struct ipcbox_buffer *buffer);
	int sends;		/* at most so many messages */
	int takes;
};

static void do_send(struct ipcbox_buffer *buffer)
{
	put(buffer, NEW, IPCBOX_NOWAIT);
}

static void do_receive(struct ipcbox_buffer *buffer)
{
	take(buffer, IPCBOX_NOWAIT);
}

static void do_reserve_and_commit(struct ipcbox_buffer *buffer)
{
	struct ipcbox_slot slot;

	if (ipcbox_buffer_reserve(buffer, &slot, LEN, IPCBOX_NOWAIT))
		return;
	*(__u64 *)slot.data = NEW;
	ipcbox_buffer_commit(buffer, &slot);
}

static void do_reserve_and_cancel(struct ipcbox_buffer *buffer)
{
	struct ipcbox_slot slot;

	if (!ipcbox_buffer_reserve(buffer, &slot, LEN, IPCBOX_NOWAIT))
		ipcbox_buffer_cancel(buffer, &slot);
}

static void do_peek_and_release(struct ipcbox_buffer *buffer)
{
	struct ipcbox_slot slot;

	if (!ipcbox_buffer_peek(buffer, &slot, IPCBOX_NOWAIT))
		ipcbox_buffer_release(buffer, &slot);
}

static void do_peek_and_put_back(struct ipcbox_buffer *buffer)
{
	struct ipcbox_slot slot;

	if (!ipcbox_buffer_peek(buffer, &slot, IPCBOX_NOWAIT))
		ipcbox_buffer_put_back(buffer, &slot);
}

#define BATCH 3

static void do_send_batch(struct ipcbox_buffer *buffer)
{
	static char data[BATCH][LEN];
	struct iovec v[BATCH];

	for (int i = 0; i < BATCH; i++) {
		*(__u64 *)data[i] = NEW + i;
		v[i] = (struct iovec){ data[i], LEN };
	}
	ipcbox_buffer_send_batch(buffer, v, BATCH, IPCBOX_NOWAIT);
}

static void do_receive_batch(struct ipcbox_buffer *buffer)
{
	static char data[BATCH][LEN];
	struct iovec v[BATCH];

	for (int i = 0; i < BATCH; i++)
		v[i] = (struct iovec){ data[i], LEN };
	ipcbox_buffer_recv_batch(buffer, v, BATCH, IPCBOX_NOWAIT);
}

/* The child, and its way */

#ifdef __x86_64__
#define PC		offsetof(struct user, regs.rip)
#else
#define PC		offsetof(struct user, regs.eip)
#endif
#define BREAKPOINT	0xcc	/* int3, of one byte */

/* The address of each instruction, and of the first that is not part of it. */
static struct way {
	int length;
	unsigned long at[MOST + 1];
} way;

static void live(struct ipcbox_buffer *buffer, const struct operation *op,
		 volatile int *through)
{
	/* Its own page, and the code, are there before: faults are no instructions. */
	(void)*(volatile __u64 *)&buffer->self->writing;
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	asm volatile("int3");	/* and nothing of the library on the way back */
	op->run(buffer);
	*through = 1;
	for (;;)
		asm volatile("int3");
}

static int wait_for_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) ||
	    WSTOPSIG(status) != SIGTRAP)
		return -1;
	return 0;
}

/* Return: its pid, when it is at the begin of its way; or -1. */
static pid_t bear(struct ipcbox_buffer *buffer, const struct operation *op,
		  volatile int *through)
{
	pid_t pid;

	*through = 0;
	pid = fork();
	if (!pid)
		live(buffer, op, through);
	return wait_for_stop(pid) ? -1 : pid;
}

static unsigned long position(pid_t pid)
{
	return ptrace(PTRACE_PEEKUSER, pid, PC, NULL);
}

static int step(pid_t pid)
{
	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL))
		return -1;
	return wait_for_stop(pid);
}

static int run_to_breakpoint(pid_t pid, unsigned long address)
{
	long code = ptrace(PTRACE_PEEKTEXT, pid, address, NULL);

	if (ptrace(PTRACE_POKETEXT, pid, address, (code & ~0xffL) | BREAKPOINT) ||
	    ptrace(PTRACE_CONT, pid, NULL, NULL) || wait_for_stop(pid) ||
	    position(pid) != address + 1)
		return -1;
	return ptrace(PTRACE_POKETEXT, pid, address, code) ||
	       ptrace(PTRACE_POKEUSER, pid, PC, address) ? -1 : 0;
}

/* One that repeats itself stays where it is: there it is stepped through. */
static int go(pid_t pid, int instructions)
{
	unsigned long address = way.at[instructions];
	int first = instructions, i;

	while (first && way.at[first - 1] == address)
		first--;
	for (i = 1; i <= first; i++) {
		if (way.at[i] != address || way.at[i - 1] == address)
			continue;
		while (position(pid) == address)
			if (step(pid))
				return -1;
		if (run_to_breakpoint(pid, address))
			return -1;
	}
	for (i = first; i < instructions; i++)
		if (step(pid))
			return -1;
	return position(pid) == address ? 0 : -1;
}

/* Its death */

static int die(pid_t pid, __u64 *slowest)
{
	__u64 start = now_ns();
	int status;

	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status))
		return -1;
	start = now_ns() - start;
	if (start > *slowest)
		*slowest = start;
	return 0;
}

static int learn_way(pid_t pid, volatile int *through)
{
	way.at[0] = position(pid);
	for (way.length = 0; !*through; way.at[++way.length] = position(pid))
		if (way.length == MOST || step(pid))
			return -1;
	return 0;
}

#define LEARN	(-1)	/* the way, to the end of which it lives */

/*
 * Return: 0; 1: it went another way than the one that was learned, and was through; -1:
 * something is wrong.
 */
static int die_after(struct ipcbox_buffer *buffer, const struct operation *op,
		     volatile int *through, int instructions, __u64 *slowest)
{
	pid_t pid = bear(buffer, op, through);

	if (pid < 0)
		return -1;
	if (instructions == LEARN) {
		if (learn_way(pid, through))
			return -1;
		return die(pid, slowest);
	}
	if (go(pid, instructions))
		return *through && !die(pid, slowest) ? 1 : -1;
	if (instructions < way.length ? *through : !*through)
		return -1;
	return die(pid, slowest);
}

/*
 * Takes all messages: a few of the first may be gone, and a few may be new. Return: 0, or
 * a number that tells what is wrong.
 */
static int check(struct ipcbox_buffer *buffer, const struct before *before,
		 const struct operation *op)
{
	long long next = take(buffer, IPCBOX_NOWAIT), first = next;
	int left = 0, sent = 0;

	if (next >= 0 && next < NEW) {
		if (first > op->takes)
			return 1;
		for (; next >= 0 && next < NEW; left++) {
			if (next != first + left)
				return 2;
			next = take(buffer, IPCBOX_NOWAIT);
		}
		if (first + left != before->count)
			return 3;
	} else if (before->count > op->takes) {
		return 4;
	}
	for (; next >= 0; sent++) {
		if (next != NEW + sent || sent >= op->sends)
			return 5;
		next = take(buffer, IPCBOX_NOWAIT);
	}
	if (next != -EAGAIN)
		return 6;
	return fill_up(buffer) == CELLS ? 0 : 7;
}

/*
 * To die at each instruction takes minutes; IPCBOX_EVERY=1 asks for it. Without it a
 * process dies at some of them, which lie elsewhere for each buffer that it starts from.
 * One that gets through dies in any case.
 */
static int stride(void)
{
	const char *every = getenv("IPCBOX_EVERY");

	return every && atoi(every) > 0 ? atoi(every) : 11;
}

static int next_death(int instructions)
{
	if (instructions < way.length && instructions + stride() > way.length)
		return way.length;
	return instructions + stride();
}

static void die_at_each_instruction(struct __test_metadata *_metadata,
				    struct ipcbox_buffer *buffer,
				    volatile int *through, __u64 *slowest,
				    const struct operation *op)
{
	const int all = ARRAY_SIZE(befores), some = share_of(all);
	/* On a slow kernel, those in the middle: there is a message, and there is room. */
	const int first = some < all ? all / 2 : 0;

	/* Once, so that no child has to search for what is called. */
	prepare(buffer, &befores[2]);
	op->run(buffer);
	for (int i = first; i < first + some; i++) {
		int at;

		prepare(buffer, &befores[i]);
		ASSERT_EQ(0, die_after(buffer, op, through, LEARN, slowest));
		ASSERT_LT(20, way.length);
		for (at = i % stride(); at <= way.length; at = next_death(at)) {
			prepare(buffer, &befores[i]);
			ASSERT_EQ(0, die_after(buffer, op, through, at, slowest));
			ASSERT_EQ(0, check(buffer, &befores[i], op))
				TH_LOG("after %d instructions, %d messages from cell %d on",
				       at, befores[i].count, befores[i].cell);
		}
	}
}

#define DIE_IN(what, sends_, takes_)					\
	TEST_F_TIMEOUT(death, in_##what, 600)				\
	{								\
		const struct operation op = {				\
			.run = do_##what, .sends = sends_,		\
			.takes = takes_,				\
		};							\
									\
		die_at_each_instruction(_metadata, self->buffer,	\
					self->through, &self->slowest, &op);		\
	}

DIE_IN(send, 1, 0)
DIE_IN(receive, 0, 1)
DIE_IN(reserve_and_commit, 1, 0)
DIE_IN(reserve_and_cancel, 0, 0)
DIE_IN(peek_and_release, 0, 1)
DIE_IN(peek_and_put_back, 0, 0)
DIE_IN(send_batch, BATCH, 0)
DIE_IN(receive_batch, 0, BATCH)

/* While somebody sleeps */

struct sleeper {
	struct ipcbox_buffer *buffer;
	pthread_t thread;
	long long ret;
};

static void *sleep_for_data(void *arg)
{
	struct sleeper *s = arg;

	s->ret = take(s->buffer, ipcbox_deadline_ms(PATIENCE * 1000));
	return NULL;
}

static void *sleep_for_room(void *arg)
{
	struct sleeper *s = arg;

	s->ret = put(s->buffer, 77, ipcbox_deadline_ms(PATIENCE * 1000));
	return NULL;
}

TEST_F_TIMEOUT(death, of_a_producer_wakes_a_consumer_for_what_it_committed, 600)
{
	const struct operation op = { .run = do_reserve_and_commit };
	int fd = ipcbox_buffer_fd(self->buffer), at;
	struct sleeper s = { .buffer = self->buffer };

	for (at = LEARN; at <= way.length; at = at == LEARN ? 0 : next_death(at)) {
		bool sent;

		prepare(self->buffer, &befores[0]);
		ASSERT_EQ(0, pthread_create(&s.thread, NULL, sleep_for_data, &s));
		ASSERT_TRUE(receivers_asleep(fd, 1));
		/* By now the kernel may want less notice than before. */
		ASSERT_LE(0, die_after(self->buffer, &op, self->through, at,
				       &self->slowest));
		sent = messages_of(fd) || !receivers_of(fd);
		if (!sent) {
			ASSERT_EQ(0, put(self->buffer, 5, IPCBOX_NOWAIT));
		}
		pthread_join(s.thread, NULL);
		ASSERT_EQ(sent ? NEW : 5, s.ret)
			TH_LOG("after %d instructions", at);
		ASSERT_EQ(CELLS, fill_up(self->buffer));
	}
}

TEST_F_TIMEOUT(death, of_a_consumer_wakes_a_producer_for_what_it_released, 600)
{
	const struct operation op = { .run = do_peek_and_release };
	int fd = ipcbox_buffer_fd(self->buffer), at;
	struct sleeper s = { .buffer = self->buffer };

	for (at = LEARN; at <= way.length; at = at == LEARN ? 0 : next_death(at)) {
		bool released;

		prepare(self->buffer, &befores[ARRAY_SIZE(befores) - 1]);
		ASSERT_EQ(0, pthread_create(&s.thread, NULL, sleep_for_room, &s));
		ASSERT_TRUE(senders_asleep(fd, 1));
		usleep(3000);	/* then any room that suffices will do */
		/* By now the kernel may want less notice than before. */
		ASSERT_LE(0, die_after(self->buffer, &op, self->through, at,
				       &self->slowest));
		released = messages_of(fd) < 21 || !senders_of(fd);
		if (!released) {
			ASSERT_EQ(0, take(self->buffer, IPCBOX_NOWAIT));
		}
		pthread_join(s.thread, NULL);
		ASSERT_EQ(0, s.ret)
			TH_LOG("after %d instructions", at);
		for (int i = 1; i < 21; i++) {
			ASSERT_EQ(i, take(self->buffer, IPCBOX_NOWAIT));
		}
		ASSERT_EQ(77, take(self->buffer, IPCBOX_NOWAIT));
		ASSERT_EQ(CELLS, fill_up(self->buffer));
	}
}

#endif

TEST_HARNESS_MAIN
