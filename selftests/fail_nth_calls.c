// SPDX-License-Identifier: GPL-2.0
/* Fail everything once: calls, their replies, and batches. */
#include "callers.h"
#include "fail_nth.h"

#define QUESTION 7	/* the tag of a request */
#define ANSWER	8	/* of a reply */
#define OTHER	9	/* of a message that is there besides */
#define BATCH	3

static void make_port(struct __test_metadata *_metadata, struct sweep *s)
{
	s->other = port_create(s->control, s->name, BOTH);
	ASSERT_LE(0, s->other);
	watch(s, s->other);
}

static void open_port(struct sweep *s)
{
	s->fd = port_open(s->control, s->name, BOTH);
}

/* Short ones lie on a stack, long ones in pages. */
static const struct payload {
	__u64 len;
	int pages;
	const char *called, *replied, *replied_and_received;
} payloads[] = {
	{ 8, 0, "CALL with 8 bytes, and as many back",
	  "REPLY of 8 bytes", "REPLY_RECV of 8 bytes" },
	{ DATA_MAX, 5, "CALL with five pages, and as many back",
	  "REPLY of five pages", "REPLY_RECV of five pages" },
};

/* ---- call ---------------------------------------------------------------- */

/* Answers as soon as there is a call, or goes when there is none to come. */
static void *serve(void *arg)
{
	struct sweep *s = arg;
	struct ipcbox_recv r = room(s->back, DATA_MAX);
	struct ipcbox_reply reply;

	while (!__atomic_load_n(&s->over, __ATOMIC_ACQUIRE) &&
	       messages_of(s->other) < 1)
		usleep(1000);
	s->call.ret = recv_now(s->other, &r);
	if (s->call.ret)
		return NULL;
	reply = reply_to(r.call, s->data, s->len);
	reply.tag = ANSWER;
	s->call.ret = command(s->other, IPCBOX_REPLY, &reply);
	if (r.tag != QUESTION || memcmp(s->back, s->data, s->len))
		s->call.ret = -EBADMSG;
	return NULL;
}

static void open_port_and_serve(struct sweep *s)
{
	open_port(s);
	s->over = false;
	if (pthread_create(&s->call.thread, NULL, serve, s))
		abort();
}

static char answer[DATA_MAX];

static int run_call(struct sweep *s)
{
	struct ipcbox_call call = request(s->data, s->len, answer, DATA_MAX);
	int ret;

	memset(answer, POISON, DATA_MAX);
	call.tag = QUESTION;
	ret = command(s->fd, IPCBOX_CALL, &call);
	if (!ret && (call.reply_len != s->len || call.reply_tag != ANSWER ||
		     memcmp(answer, s->data, s->len)))
		ret = -EBADMSG;
	return ret;
}

/* Whatever came of it, no call is left, and no side got a wrong result. */
static bool call_is_over(struct sweep *s, int ret)
{
	__atomic_store_n(&s->over, true, __ATOMIC_RELEASE);
	pthread_join(s->call.thread, NULL);
	if (messages_of(s->other) || calls_of(s->other))
		return false;
	if (!ret)
		return !s->call.ret;
	/* It was not made, or its reply could not be taken. */
	return s->call.ret == -EAGAIN || (ret == -EFAULT && !s->call.ret);
}

TEST_F_TIMEOUT(fail, call, SWEEP_LIMIT)
{
	struct sweep *s = &self->sweep;
	struct act act = {
		.counts_move = true,
		.prepare = open_port_and_serve,
		.run = run_call,
		.settle = call_is_over,
		.clear = close_fd,
	};

	make_port(_metadata, s);
	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
		s->len = payloads[i].len;
		act.what = payloads[i].called;
		/* The struct and the payload, both in and out. */
		act.points[FAIL_COPY] = 2 + 2 * (payloads[i].pages ?: 1);
		act.points[FAIL_SLAB] = 1;
		act.points[FAIL_PAGES] = payloads[i].pages;
		sweep(_metadata, s, &act);
	}
}

/* ---- reply --------------------------------------------------------------- */

static struct caller caller;
static long long number;
static struct ipcbox_reply_recv reply_recv;

/* A call that was received through the fd, and waits. */
static void take_a_call(struct sweep *s)
{
	long long queued = messages_of(s->other);

	caller_prepare(&caller, QUESTION);
	caller.call.reply = to_u64(answer);
	caller.call.capacity = DATA_MAX;
	memset(answer, POISON, DATA_MAX);
	caller.call.priority = 1;
	caller_go(&caller, s->other);
	calls_queued(s->other, queued + 1);
	number = recv_call(s->fd, QUESTION);
}

static void open_port_and_take_a_call(struct sweep *s)
{
	open_port(s);
	take_a_call(s);
}

static bool caller_has_it(struct sweep *s)
{
	return !call_end(&caller.thread) && caller.call.reply_tag == ANSWER &&
	       caller.call.reply_len == s->len &&
	       !memcmp(answer, s->data, s->len) && !calls_of(s->other);
}

static int run_reply(struct sweep *s)
{
	struct ipcbox_reply reply = reply_to(number, s->data, s->len);

	reply.tag = ANSWER;
	return command(s->fd, IPCBOX_REPLY, &reply);
}

/* A reply that failed can be given again. */
static void answer_and_close(struct sweep *s)
{
	if (calls_of(s->other) == 1 && (run_reply(s) || !caller_has_it(s)))
		abort();
	close_fd(s);
}

TEST_F_TIMEOUT(fail, reply, SWEEP_LIMIT)
{
	struct sweep *s = &self->sweep;
	struct act act = {
		.prepare = open_port_and_take_a_call,
		.run = run_reply,
		.undo = caller_has_it,
		.clear = answer_and_close,
	};

	make_port(_metadata, s);
	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
		s->len = payloads[i].len;
		act.what = payloads[i].replied;
		act.points[FAIL_COPY] = 1 + (payloads[i].pages ?: 1);
		act.points[FAIL_PAGES] = payloads[i].pages;
		sweep(_metadata, s, &act);
	}
}

/* ---- reply and receive --------------------------------------------------- */

static int run_reply_recv(struct sweep *s)
{
	reply_recv = reply_recv_to(number, s->data, s->len, s->back, DATA_MAX);
	reply_recv.tag = ANSWER;
	reply_recv.recv.flags = IPCBOX_NONBLOCK;
	return command(s->fd, IPCBOX_REPLY_RECV, &reply_recv);
}

/*
 * The half that was done stays done, the message is received or there, and the
 * caller was answered or waits. A caller that was answered is replaced, so that
 * all is as before.
 */
static bool half_is_done(struct sweep *s, int ret)
{
	bool replied = !calls_of(s->other);

	if (!ret)
		return replied && !reply_recv.call &&
		       reply_recv.recv.tag == OTHER && !messages_of(s->other);
	if (messages_of(s->other) != 1)
		return false;
	if (!replied)
		return reply_recv.call == (__u64)number;
	if (!caller_has_it(s))
		return false;
	take_a_call(s);
	return true;
}

static bool caller_has_it_and_send_again(struct sweep *s)
{
	return caller_has_it(s) && !send_tag(s->other, OTHER);
}

TEST_F_TIMEOUT(fail, reply_recv, SWEEP_LIMIT)
{
	struct sweep *s = &self->sweep;
	struct act act = {
		.counts_move = true,
		.prepare = open_port_and_take_a_call,
		.run = run_reply_recv,
		.settle = half_is_done,
		.undo = caller_has_it_and_send_again,
		.clear = answer_and_close,
	};

	make_port(_metadata, s);
	ASSERT_EQ(0, send_tag(s->other, OTHER));
	for (size_t i = 0; i < ARRAY_SIZE(payloads); i++) {
		s->len = payloads[i].len;
		act.what = payloads[i].replied_and_received;
		/* The struct in and out, the reply, the message. */
		act.points[FAIL_COPY] = 3 + (payloads[i].pages ?: 1);
		act.points[FAIL_PAGES] = payloads[i].pages;
		sweep(_metadata, s, &act);
	}
	EXPECT_EQ(OTHER, recv_tag(s->other));
}

/* ---- batches ------------------------------------------------------------- */

static const __u64 tags[BATCH] = { 101, 102, 103 };
static __u64 received[BATCH];
static struct ipcbox_send_entry out[BATCH];
static struct ipcbox_recv_entry in[BATCH];
static int count;		/* what the last batch returned */

static int run_send_batch(struct sweep *s)
{
	struct ipcbox_send_batch batch = send_batch(out, BATCH);

	for (int i = 0; i < BATCH; i++)
		out[i] = tagged_entry(&tags[i], 0);
	count = command(s->fd, IPCBOX_SEND_BATCH, &batch);
	return count;
}

/* As many messages are queued as the batch reports; each result that is set is right. */
static bool sent_are_there(struct sweep *s)
{
	for (int i = 0; i < BATCH; i++) {
		bool there = i < count;

		if (there != (recv_tag(s->other) == (long long)tags[i]))
			return false;
		if (there ? out[i].result > 0 : !out[i].result)
			return false;
	}
	return true;
}

TEST_F_TIMEOUT(fail, send_batch, SWEEP_LIMIT)
{
	static const struct act act = {
		.what = "SEND_BATCH of 3 messages to a port",
		.counts_move = true,
		/*
		 * A failure behind the first message is none of the batch. Entries
		 * and memory that cannot be had together are tried one by one.
		 */
		.points = { [FAIL_SLAB] = 1, [FAIL_COPY] = 2 },
		.prepare = open_port,
		.run = run_send_batch,
		.undo = sent_are_there,
		.clear = close_fd,
	};
	struct sweep *s = &self->sweep;

	make_port(_metadata, s);
	sweep(_metadata, s, &act);
}

static int run_recv_batch(struct sweep *s)
{
	struct ipcbox_recv_batch batch = recv_batch(in, BATCH);

	for (int i = 0; i < BATCH; i++)
		in[i] = room_entry(&received[i], sizeof(received[i]));
	memset(received, 0, sizeof(received));
	batch.flags = IPCBOX_NONBLOCK;
	count = command(s->fd, IPCBOX_RECV_BATCH, &batch);
	return count;
}

static bool fill_port(struct sweep *s)
{
	for (int i = 0; i < BATCH; i++)
		if (send_tag(s->other, tags[i]))
			return false;
	return true;
}

/* Messages that were not received are there, in their order. */
static bool received_are_right(struct sweep *s)
{
	for (int i = 0; i < BATCH; i++) {
		if (i >= count) {
			if (recv_tag(s->other) != (long long)tags[i])
				return false;
		} else if (in[i].result || in[i].tag != tags[i] ||
			   received[i] != tags[i]) {
			return false;
		}
	}
	return recv_tag(s->other) == -EAGAIN && fill_port(s);
}

TEST_F_TIMEOUT(fail, recv_batch, SWEEP_LIMIT)
{
	static const struct act act = {
		.what = "RECV_BATCH of 3 messages from a port",
		.counts_move = true,
		.points = { [FAIL_SLAB] = 1, [FAIL_COPY] = 3 },
		.prepare = open_port,
		.run = run_recv_batch,
		.undo = received_are_right,
		.clear = close_fd,
	};
	struct sweep *s = &self->sweep;

	make_port(_metadata, s);
	ASSERT_TRUE(fill_port(s));
	sweep(_metadata, s, &act);
}

TEST_HARNESS_MAIN
