// SPDX-License-Identifier: GPL-2.0
/* Fail everything once: messages on their way in and out. */
#include "fail_nth.h"

#define OLDER 7		/* the tag of a message that is there before */
#define NEWER 8		/* of the one that is sent or received */
#define NEXT 9		/* of one that is behind it */

/* ---- payloads ------------------------------------------------------------ */

static int send_data(int fd, struct sweep *s, pid_t pid)
{
	struct ipcbox_send send = message(s->data, s->len);

	send.flags = IPCBOX_NONBLOCK;
	send.tag = NEWER;
	send.priority = 1;
	send.pid = pid;
	return command(fd, IPCBOX_SEND, &send);
}

static int recv_data(int fd, struct sweep *s)
{
	memset(s->back, POISON, DATA_MAX);
	s->recv = room(s->back, DATA_MAX);
	return recv_now(fd, &s->recv);
}

static bool data_is_whole(const struct sweep *s)
{
	return s->recv.len == s->len && s->recv.tag == NEWER &&
	       !memcmp(s->data, s->back, s->len);
}

/* Nothing was written to the struct, of which the outputs were poisoned. */
static bool recv_is_untouched(const struct sweep *s)
{
	struct ipcbox_recv untouched;

	memset(&untouched, POISON, sizeof(untouched));
	return s->recv.len == untouched.len && s->recv.tag == untouched.tag &&
	       s->recv.seq == untouched.seq && s->recv.pid == untouched.pid &&
	       s->recv.uid == untouched.uid && s->recv.gid == untouched.gid &&
	       s->recv.priority == untouched.priority;
}

/*
 * One for each way to keep a payload, with the points that are its own: none,
 * in the slab for short messages, in an object of any size, in pages.
 */
static const struct payload {
	__u64 len;
	int pages, copies;
	const char *sent, *received;
} payloads[] = {
	{ 0, 0, 0, "SEND of nothing to a port", "RECV of nothing from a port" },
	{ 8, 0, 1, "SEND of 8 bytes to a port", "RECV of 8 bytes from a port" },
	{ 1000, 0, 1, "SEND of 1000 bytes to a port",
	  "RECV of 1000 bytes from a port" },
	{ DATA_MAX, 5, 5, "SEND of five pages to a port",
	  "RECV of five pages from a port" },
};

/* ---- send ---------------------------------------------------------------- */

static void open_port_to_send(struct sweep *s)
{
	s->fd = port_open(s->control, s->name, IPCBOX_SENDER);
}

static int run_send(struct sweep *s)
{
	return send_data(s->fd, s, 0);
}

/* It overtook the older one, which must still be there behind it. */
static bool take_newer(struct sweep *s)
{
	return !recv_data(s->other, s) && data_is_whole(s) &&
	       messages_of(s->other) == 1;
}

TEST_F_TIMEOUT(fail, send_to_port, SWEEP_LIMIT)
{
	struct sweep *s = &self->sweep;
	struct act act = {
		.prepare = open_port_to_send,
		.run = run_send,
		.undo = take_newer,
		.clear = close_fd,
	};
	size_t i;

	s->other = port_create(s->control, s->name, BOTH);
	ASSERT_LE(0, s->other);
	watch(s, s->other);
	ASSERT_EQ(0, send_tag(s->other, OLDER));
	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		s->len = payloads[i].len;
		act.what = payloads[i].sent;
		/* The struct; the sender and the header. */
		act.points[FAIL_COPY] = 1 + payloads[i].copies;
		act.points[FAIL_SLAB] = 2;
		act.points[FAIL_PAGES] = payloads[i].pages;
		sweep(_metadata, s, &act);
	}
	EXPECT_EQ(OLDER, recv_tag(s->other));
}

static void open_link_to_send(struct sweep *s)
{
	s->fd = link_open(s->control, getpid(), 0);
}

TEST_F_TIMEOUT(fail, send_over_link, SWEEP_LIMIT)
{
	static const struct act act = {
		.what = "SEND of 1000 bytes over a link",
		/* The module knows the sender by the open of the link. */
		.points = { [FAIL_SLAB] = 1, [FAIL_COPY] = 2 },
		.prepare = open_link_to_send,
		.run = run_send,
		.undo = take_newer,
		.clear = close_fd,
	};
	struct sweep *s = &self->sweep;

	s->other = mailbox_open(s->control);
	ASSERT_LE(0, s->other);
	watch(s, s->other);
	ASSERT_EQ(0, send_tag_to(s->control, getpid(), OLDER));
	s->len = 1000;
	sweep(_metadata, s, &act);
	EXPECT_EQ(OLDER, recv_tag(s->other));
}

static int run_send_to_peer(struct sweep *s)
{
	struct ipcbox_send send = tagged(&s->call.tag, 0);

	send.flags = IPCBOX_NONBLOCK;
	send.pid = s->peer.pid;
	return command(s->fd, IPCBOX_SEND, &send);
}

static bool peer_has_it(struct sweep *s)
{
	return peer_do(&s->peer, PEER_RECV) == NEWER;
}

/* A link that was used stays; one to a new mailbox is new. */
static bool peer_has_it_and_begins_anew(struct sweep *s)
{
	return peer_has_it(s) && !peer_do(&s->peer, PEER_CLOSE) &&
	       !peer_do(&s->peer, PEER_OPEN);
}

TEST_F_TIMEOUT(fail, send_by_pid, SWEEP_LIMIT)
{
	static const struct act new_link = {
		.what = "SEND by pid, the link made on the way",
		.points = { [FAIL_SLAB] = 3, [FAIL_COPY] = 2 },
		.prepare = new_control,
		.run = run_send_to_peer,
		.undo = peer_has_it_and_begins_anew,
		.clear = close_fd,
	};
	static const struct act again = {
		.what = "SEND by pid over a link that is there",
		.points = { [FAIL_SLAB] = 2, [FAIL_COPY] = 2 },
		.prepare = new_control,
		.run = run_send_to_peer,
		.undo = peer_has_it,
		.clear = close_fd,
	};
	struct sweep *s = &self->sweep;
	int link;

	ASSERT_EQ(0, peer_start(&s->peer, 8));
	s->call.tag = NEWER;
	sweep(_metadata, s, &new_link);

	link = link_open(s->control, s->peer.pid, 0);
	ASSERT_LE(0, link);
	watch(s, link);
	sweep(_metadata, s, &again);
	peer_kill(&s->peer);
}

/* Makes room as soon as a sender waits for it, or when there is none to wait. */
static void *make_room(void *arg)
{
	struct sweep *s = arg;

	while (!__atomic_load_n(&s->over, __ATOMIC_ACQUIRE) &&
	       senders_of(s->other) < 1)
		usleep(1000);
	s->call.ret = recv_tag(s->other);
	return NULL;
}

static void helper_start(struct sweep *s, void *(*help)(void *s))
{
	s->over = false;
	if (pthread_create(&s->call.thread, NULL, help, s))
		abort();
}

static void helper_end(struct sweep *s)
{
	__atomic_store_n(&s->over, true, __ATOMIC_RELEASE);
	pthread_join(s->call.thread, NULL);
}

static int run_send_and_wait(struct sweep *s)
{
	struct ipcbox_send send = tagged(&s->call.tag, 0);

	return command(s->fd, IPCBOX_SEND, &send);
}

/* Whatever came of it, the port is left full of an older message. */
static bool room_was_made(struct sweep *s, int ret)
{
	bool right;

	helper_end(s);
	right = s->call.ret == OLDER;
	if (!ret)
		right = right && recv_tag(s->other) == NEWER;
	return right && !send_tag(s->other, OLDER);
}

static void full_port_and_helper(struct sweep *s)
{
	open_port_to_send(s);
	helper_start(s, make_room);
}

TEST_F_TIMEOUT(fail, send_that_waits, SWEEP_LIMIT)
{
	static const struct act act = {
		.what = "SEND to a full port, which waits for room",
		.counts_move = true,
		.points = { [FAIL_SLAB] = 2, [FAIL_COPY] = 2 },
		.prepare = full_port_and_helper,
		.run = run_send_and_wait,
		.settle = room_was_made,
		.clear = close_fd,
	};
	struct sweep *s = &self->sweep;

	s->other = port_create_sized(s->control, s->name, BOTH, 1, 64);
	ASSERT_LE(0, s->other);
	watch(s, s->other);
	ASSERT_EQ(0, send_tag(s->other, OLDER));
	s->call.tag = NEWER;
	sweep(_metadata, s, &act);
	EXPECT_EQ(OLDER, recv_tag(s->other));
}

static void port_with_sleeper(struct sweep *s)
{
	open_port_to_send(s);
	if (receivers_of(s->other) == 1)
		return;
	call_recv(&s->call, s->other);
	receivers_asleep(s->other, 1);
}

static bool sleeper_has_it(struct sweep *s)
{
	return !call_end(&s->call) && s->call.recv.tag == NEWER &&
	       s->call.recv.len == s->len &&
	       !memcmp(s->call.data, s->data, s->len);
}

TEST_F_TIMEOUT(fail, send_to_sleeper, SWEEP_LIMIT)
{
	static const struct act act = {
		.what = "SEND to a receiver asleep",
		.points = { [FAIL_SLAB] = 2, [FAIL_COPY] = 2 },
		.prepare = port_with_sleeper,
		.run = run_send,
		.undo = sleeper_has_it,
		.clear = close_fd,
	};
	struct sweep *s = &self->sweep;

	s->other = port_create(s->control, s->name, BOTH);
	ASSERT_LE(0, s->other);
	watch(s, s->other);
	s->len = 8;
	sweep(_metadata, s, &act);
}

/* ---- receive ------------------------------------------------------------- */

static void open_port_to_receive(struct sweep *s)
{
	s->fd = port_open(s->control, s->name, IPCBOX_RECEIVER);
}

static int run_recv(struct sweep *s)
{
	return recv_data(s->fd, s);
}

static bool recv_is_whole_or_untouched(struct sweep *s, int ret)
{
	return ret ? recv_is_untouched(s) : data_is_whole(s);
}

/* Two messages of one priority: what is first stays first. */
static bool send_both(struct sweep *s)
{
	return !send_data(s->other, s, 0) && !send_tag_at(s->other, NEXT, 1);
}

static bool put_back(struct sweep *s)
{
	return recv_tag(s->other) == NEXT && send_both(s);
}

TEST_F_TIMEOUT(fail, recv_from_port, SWEEP_LIMIT)
{
	struct sweep *s = &self->sweep;
	struct act act = {
		.prepare = open_port_to_receive,
		.run = run_recv,
		.settle = recv_is_whole_or_untouched,
		.undo = put_back,
		.clear = close_fd,
	};
	size_t i;

	s->other = port_create(s->control, s->name, BOTH);
	ASSERT_LE(0, s->other);
	watch(s, s->other);
	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		s->len = payloads[i].len;
		ASSERT_TRUE(send_both(s));
		act.what = payloads[i].received;
		/* The struct in and out. */
		act.points[FAIL_COPY] = 2 + payloads[i].copies;
		sweep(_metadata, s, &act);
		EXPECT_EQ(0, recv_data(s->other, s));
		EXPECT_TRUE(data_is_whole(s));
		EXPECT_EQ(NEXT, recv_tag(s->other));
	}
}

static int run_recv_short(struct sweep *s)
{
	s->recv = room(s->back, s->len - 1);
	return recv_now(s->fd, &s->recv);
}

static bool len_is_told(struct sweep *s, int ret)
{
	return ret == -EMSGSIZE ? s->recv.len == s->len : recv_is_untouched(s);
}

TEST_F_TIMEOUT(fail, recv_of_too_long_a_message, SWEEP_LIMIT)
{
	static const struct act act = {
		.what = "RECV of more than there is room for",
		.fine = -EMSGSIZE,
		.points = { [FAIL_COPY] = 2 },
		.prepare = open_port_to_receive,
		.run = run_recv_short,
		.settle = len_is_told,
		.clear = close_fd,
	};
	struct sweep *s = &self->sweep;

	s->other = port_create(s->control, s->name, BOTH);
	ASSERT_LE(0, s->other);
	watch(s, s->other);
	s->len = 100;
	ASSERT_EQ(0, send_data(s->other, s, 0));
	sweep(_metadata, s, &act);
	EXPECT_EQ(0, recv_data(s->other, s));
	EXPECT_TRUE(data_is_whole(s));
}

static void open_mailbox_again(struct sweep *s)
{
	s->fd = mailbox_open(s->control);
}

static int run_recv_from_self(struct sweep *s)
{
	memset(s->back, POISON, DATA_MAX);
	s->recv = room(s->back, DATA_MAX);
	s->recv.from = getpid();
	return recv_now(s->fd, &s->recv);
}

static int run_recv_from_peer(struct sweep *s)
{
	s->recv = room(s->back, DATA_MAX);
	s->recv.from = s->peer.pid;
	return recv_now(s->fd, &s->recv);
}

static bool send_again(struct sweep *s)
{
	return !send_data(s->control, s, getpid());
}

static bool recv_stays_untouched(struct sweep *s, int ret)
{
	(void)ret;
	return recv_is_untouched(s);
}

TEST_F_TIMEOUT(fail, recv_from_process, SWEEP_LIMIT)
{
	static const struct act from_one = {
		.what = "RECV from one process",
		.points = { [FAIL_SLAB] = 1, [FAIL_COPY] = 3 },
		.prepare = open_mailbox_again,
		.run = run_recv_from_self,
		.settle = recv_is_whole_or_untouched,
		.undo = send_again,
		.clear = close_fd,
	};
	static const struct act from_new = {
		.what = "RECV from a process that never sent",
		.fine = -EAGAIN,
		.points = { [FAIL_SLAB] = 2, [FAIL_COPY] = 1 },
		.prepare = open_mailbox_again,
		.run = run_recv_from_peer,
		.settle = recv_stays_untouched,
		.clear = close_fd,
	};
	struct sweep *s = &self->sweep;

	s->other = mailbox_open(s->control);
	ASSERT_LE(0, s->other);
	watch(s, s->other);
	s->len = 1000;
	ASSERT_TRUE(send_again(s));
	sweep(_metadata, s, &from_one);

	ASSERT_EQ(0, peer_start(&s->peer, 8));
	sweep(_metadata, s, &from_new);
	peer_kill(&s->peer);
}

/* Sends as soon as a receiver waits, or when there is none to wait. */
static void *send_late(void *arg)
{
	struct sweep *s = arg;

	while (!__atomic_load_n(&s->over, __ATOMIC_ACQUIRE) &&
	       receivers_of(s->other) < 1)
		usleep(1000);
	s->call.ret = send_data(s->other, s, 0);
	return NULL;
}

static void empty_port_and_helper(struct sweep *s)
{
	open_port_to_receive(s);
	helper_start(s, send_late);
}

static int run_recv_and_wait(struct sweep *s)
{
	memset(s->back, POISON, DATA_MAX);
	s->recv = room(s->back, DATA_MAX);
	return command(s->fd, IPCBOX_RECV, &s->recv);
}

/* It was sent in any case: where it was not received, it is there. */
static bool sent_late(struct sweep *s, int ret)
{
	bool right;

	helper_end(s);
	right = !s->call.ret && recv_is_whole_or_untouched(s, ret);
	if (ret)
		right = right && !recv_data(s->other, s) && data_is_whole(s);
	return right && recv_tag(s->other) == -EAGAIN;
}

TEST_F_TIMEOUT(fail, recv_that_waits, SWEEP_LIMIT)
{
	static const struct act act = {
		.what = "RECV from an empty port, which waits",
		.counts_move = true,
		.points = { [FAIL_SLAB] = 1, [FAIL_COPY] = 3 },
		.prepare = empty_port_and_helper,
		.run = run_recv_and_wait,
		.settle = sent_late,
		.clear = close_fd,
	};
	struct sweep *s = &self->sweep;

	s->other = port_create(s->control, s->name, BOTH);
	ASSERT_LE(0, s->other);
	watch(s, s->other);
	s->len = 8;
	sweep(_metadata, s, &act);
}

TEST_HARNESS_MAIN
