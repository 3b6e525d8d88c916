// SPDX-License-Identifier: GPL-2.0
/*
 * Any two commands at the same time, on the same objects, as fast as they go.
 *
 * Most faults here show in no result: the kernels that look for data races and for locks
 * find them. The test checks that no call fails without a reason, and that nothing is
 * left.
 */
#include "ipcbox_test.h"

#define PAIR_MS 60

struct objects {
	char name[64];		/* of a port that stays */
	char mortal[80];	/* of one that is made and deleted all the time */
	int control;
	int port;
	int mailbox;
	int link;
	__u64 until;
};

/* Errors that another call, in the right moment, is a reason for. */
static bool is_expected(int ret)
{
	switch (-ret) {
	case EAGAIN:
	case EEXIST:
	case EIDRM:
	case EMSGSIZE:
	case ENOBUFS:
	case ENOENT:
	case EPIPE:
		return true;
	default:
		return ret >= 0;
	}
}

static int close_opened(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd;
}

static int do_send(struct objects *s)
{
	return send_tag_at(s->port, 1, now_ns() % 3);
}

static int do_recv(struct objects *s)
{
	long long ret = recv_tag(s->port);

	return ret < 0 ? ret : 0;
}

static int do_set(struct objects *s)
{
	__u64 now = now_ns();

	return box_set(s->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_ALL, .mode = now & 0666,
		.max_messages = 1 + now % 8,
		.max_bytes = 64 + now % 64,
		.max_msgsize = 8 + now % 8,
	});
}

static int do_stat(struct objects *s)
{
	return id_of(s->port) < 0 ? -EBADMSG : 0;
}

static int do_poll(struct objects *s)
{
	struct pollfd fds[] = {
		{ .fd = s->port, .events = POLLIN | POLLOUT },
		{ .fd = s->mailbox, .events = POLLIN },
		{ .fd = s->link, .events = POLLOUT },
	};

	return poll(fds, 3, 0) < 0 ? -errno : 0;
}

/* Waits, and times out soon. */
static int do_wait_recv(struct objects *s)
{
	__u64 payload;
	struct ipcbox_recv r = room(&payload, sizeof(payload));
	int ret;

	r.deadline = now_ns() + 200000;
	ret = command(s->port, IPCBOX_RECV, &r);
	return ret == -ETIMEDOUT ? 0 : ret;
}

static int do_wait_send(struct objects *s)
{
	__u64 tag = 2;
	struct ipcbox_send send = tagged(&tag, 1);
	int ret;

	send.deadline = now_ns() + 200000;
	ret = command(s->port, IPCBOX_SEND, &send);
	return ret == -ETIMEDOUT ? 0 : ret;
}

static int do_nonblock(struct objects *s)
{
	int flags = fcntl(s->port, F_GETFL);

	return fcntl(s->port, F_SETFL, flags ^ O_NONBLOCK) ? -errno : 0;
}

static int do_open(struct objects *s)
{
	return close_opened(port_open(s->control, s->name, BOTH));
}

static int do_create(struct objects *s)
{
	int fd = port_create(s->control, s->mortal, BOTH);

	if (fd >= 0)
		send_tag(fd, 3);
	return close_opened(fd);
}

static int do_reuse(struct objects *s)
{
	int fd = port_create(s->control, s->mortal, BOTH | IPCBOX_REUSE);
	int ret = fd < 0 ? fd : send_tag(fd, 4);

	close_opened(fd);
	return ret;
}

static int do_remove(struct objects *s)
{
	return port_remove(s->control, s->mortal);
}

static int do_unlink(struct objects *s)
{
	return port_unlink(s->control, s->mortal);
}

static int do_list(struct objects *s)
{
	char entries[2048];
	struct ipcbox_port_list list = {
		.size = sizeof(list), .buf = to_u64(entries), .buf_len = sizeof(entries),
	};

	return command(s->control, IPCBOX_PORT_LIST, &list);
}

static int do_send_self(struct objects *s)
{
	return send_tag_to(s->control, getpid(), 5);
}

static int do_send_link(struct objects *s)
{
	return send_tag(s->link, 6);
}

static int do_recv_mailbox(struct objects *s)
{
	long long ret = recv_tag(s->mailbox);

	return ret < 0 ? ret : 0;
}

static int do_recv_self(struct objects *s)
{
	long long ret = recv_tag_from(s->mailbox, getpid());

	return ret < 0 ? ret : 0;
}

static int do_set_mailbox(struct objects *s)
{
	__u64 now = now_ns();

	return box_set(s->mailbox, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_MSGSIZE,
		.max_messages = 1 + now % 8, .max_msgsize = 8 + now % 8,
	});
}

static int do_mailbox(struct objects *s)
{
	return close_opened(mailbox_open(s->control));
}

static int do_link(struct objects *s)
{
	return close_opened(link_open(s->control, getpid(), 0));
}

static int do_query(struct objects *s)
{
	struct ipcbox_query query;

	return box_query(s->control, &query);
}

static int do_read(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret = fd < 0 || read(fd, text, sizeof(text)) < 0 ? -errno : 0;

	close_opened(fd);
	return ret;
}

static int do_proc(struct objects *s __attribute__((unused)))
{
	return do_read("/proc/net/ipcbox");
}

static int do_fdinfo(struct objects *s)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", s->link);
	return do_read(path);
}

static int do_limit(struct objects *s __attribute__((unused)))
{
	return write_number(SYSCTL("user_bytes"), (64 << 20) - (now_ns() & 1));
}

/* A process comes, sends over a link of its own, and is gone. */
static int do_process(struct objects *s)
{
	pid_t pid = fork();

	if (!pid)
		_exit(!is_expected(send_tag_to(s->control, getppid(), 7)));
	return pid < 0 ? -errno : reap(pid) ? -EBADMSG : 0;
}

/* The call may get no reply: its receiver may want a message only. */
static int call_until_soon(int fd)
{
	__u64 tag = 8, reply;
	struct ipcbox_call call = request(&tag, sizeof(tag), &reply, sizeof(reply));
	int ret;

	call.tag = tag;
	call.deadline = now_ns() + 200000;
	ret = command(fd, IPCBOX_CALL, &call);
	return ret == -ETIMEDOUT ? 0 : ret;
}

static int do_call(struct objects *s)
{
	return call_until_soon(s->port);
}

static int do_call_link(struct objects *s)
{
	return call_until_soon(s->link);
}

static int answer(int fd)
{
	__u64 payload;
	struct ipcbox_recv r = room(&payload, sizeof(payload));
	int ret = recv_now(fd, &r);

	return ret || !r.call ? ret : reply_tag(fd, r.call, 9);
}

static int do_reply(struct objects *s)
{
	return answer(s->port);
}

static int do_reply_mailbox(struct objects *s)
{
	return answer(s->mailbox);
}

static int do_reply_recv(struct objects *s)
{
	__u64 payload = 0;
	struct ipcbox_reply_recv r = reply_recv_to(0, &payload, sizeof(payload),
						   &payload, sizeof(payload));
	int ret;

	r.recv.flags = IPCBOX_NONBLOCK;
	do {
		ret = command(s->port, IPCBOX_REPLY_RECV, &r);
		r.call = r.recv.call;
	} while (!ret && r.call);
	return ret;
}

static int do_send_batch(struct objects *s)
{
	__u64 tags[] = { 10, 11, 12, 13 };
	struct ipcbox_send_entry entries[4];
	struct ipcbox_send_batch batch = send_batch(entries, 4);

	for (int i = 0; i < 4; i++)
		entries[i] = tagged_entry(&tags[i], i % 2);
	batch.flags = IPCBOX_NONBLOCK;
	return command(s->port, IPCBOX_SEND_BATCH, &batch);
}

static int do_recv_batch(struct objects *s)
{
	__u64 data[4];
	struct ipcbox_recv_entry entries[4];
	struct ipcbox_recv_batch batch = recv_batch(entries, 4);

	for (int i = 0; i < 4; i++)
		entries[i] = room_entry(&data[i], sizeof(data[i]));
	batch.flags = IPCBOX_NONBLOCK;
	return command(s->port, IPCBOX_RECV_BATCH, &batch);
}

struct act {
	const char *name;
	int (*step)(struct objects *s);
};

static const struct act acts[] = {
	{ "send", do_send }, { "receive", do_recv }, { "set", do_set },
	{ "stat", do_stat }, { "poll", do_poll },
	{ "receive until", do_wait_recv }, { "send until", do_wait_send },
	{ "nonblock", do_nonblock }, { "open", do_open }, { "create", do_create },
	{ "reuse", do_reuse }, { "remove", do_remove }, { "unlink", do_unlink },
	{ "list", do_list }, { "send to a process", do_send_self },
	{ "send over a link", do_send_link },
	{ "receive from the mailbox", do_recv_mailbox },
	{ "receive from a process", do_recv_self },
	{ "set the mailbox", do_set_mailbox }, { "open the mailbox", do_mailbox },
	{ "open a link", do_link }, { "query", do_query },
	{ "read /proc/net/ipcbox", do_proc }, { "read fdinfo", do_fdinfo },
	{ "set a limit", do_limit }, { "a process", do_process },
	{ "call", do_call }, { "call over a link", do_call_link },
	{ "reply", do_reply }, { "reply from the mailbox", do_reply_mailbox },
	{ "reply and receive", do_reply_recv }, { "send a batch", do_send_batch },
	{ "receive a batch", do_recv_batch },
};

#define ACTS (sizeof(acts) / sizeof(acts[0]))

/* One of the two, in a thread of its own. */
struct side {
	struct objects *objects;
	const struct act *act;
	int ret;
};

static void *repeat(void *arg)
{
	struct side *side = arg;

	do {
		side->ret = side->act->step(side->objects);
	} while (is_expected(side->ret) && now_ns() < side->objects->until);
	return NULL;
}

static void run_pair(struct __test_metadata *_metadata, struct objects *s,
		     const struct act *a, const struct act *b)
{
	struct side sides[] = { { s, a, 0 }, { s, b, 0 } };
	pthread_t thread;

	s->until = in_ms(PAIR_MS);
	ASSERT_EQ(0, pthread_create(&thread, NULL, repeat, &sides[1]));
	repeat(&sides[0]);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(is_expected(sides[i].ret))
			TH_LOG("'%s' beside '%s': errno %d", sides[i].act->name,
			       sides[!i].act->name, -sides[i].ret);
	}
}

FIXTURE(pairs) {
	struct stage stage;
	struct objects objects;
};

FIXTURE_SETUP(pairs)
{
	struct objects *s = &self->objects;

	stage_setup(_metadata, &self->stage);
	s->control = self->stage.control;
	snprintf(s->name, sizeof(s->name), "%s", self->stage.name);
	snprintf(s->mortal, sizeof(s->mortal), "%s.mortal", s->name);
	s->port = port_create(s->control, s->name, BOTH | IPCBOX_NONBLOCK);
	s->mailbox = mailbox_open(s->control);
	s->link = link_open(s->control, getpid(), 0);
	ASSERT_LE(0, s->port);
	ASSERT_LE(0, s->mailbox);
	ASSERT_LE(0, s->link);
}

FIXTURE_TEARDOWN(pairs)
{
	port_remove(self->objects.control, self->objects.mortal);
	write_number(SYSCTL("user_bytes"), 64 << 20);
	stage_teardown(_metadata, &self->stage);
}

TEST_F_TIMEOUT(pairs, any_two_commands_at_once_disturb_nothing, 300)
{
	for (size_t i = 0; i < ACTS; i++)
		for (size_t j = i; j < ACTS; j++)
			run_pair(_metadata, &self->objects, &acts[i], &acts[j]);
}

TEST_HARNESS_MAIN
