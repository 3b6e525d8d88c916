// SPDX-License-Identifier: GPL-2.0
/* Fail everything once: the commands that make, find and tell about objects. */
#include "fail_nth.h"

/* ---- query --------------------------------------------------------------- */

static struct ipcbox_query answer;

static int run_query(struct sweep *s)
{
	return box_query(s->control, &answer);
}

/* The kernel writes its answer whole, or not at all. */
static bool query_is_whole(struct sweep *s, int ret)
{
	struct ipcbox_query untouched;

	(void)s;
	if (!ret)
		return answer.abi == IPCBOX_ABI && answer.waiters.limit;
	memset(&untouched, POISON, sizeof(untouched));
	untouched.size = sizeof(untouched);
	untouched.flags = 0;
	untouched.__reserved = 0;
	return !memcmp(&answer, &untouched, sizeof(answer));
}

TEST_F_TIMEOUT(fail, query, SWEEP_LIMIT)
{
	static const struct act act = {
		.what = "QUERY",
		.points = { [FAIL_COPY] = 2 },
		.run = run_query,
		.settle = query_is_whole,
	};

	sweep(_metadata, &self->sweep, &act);
}

/* ---- mailbox ------------------------------------------------------------- */

static int run_mailbox_open(struct sweep *s)
{
	s->made = mailbox_open_attr(s->control, 0, s->attr);
	return s->made;
}

TEST_F_TIMEOUT(fail, mailbox_open, SWEEP_LIMIT)
{
	static const struct act new_one = {
		.what = "MAILBOX_OPEN of a new one",
		.points = { [FAIL_SLAB] = 4, [FAIL_COPY] = 1 },
		.run = run_mailbox_open,
		.undo = close_made,
	};
	static const struct act with_attributes = {
		.what = "MAILBOX_OPEN with attributes",
		.points = { [FAIL_SLAB] = 4, [FAIL_COPY] = 1 },
		.run = run_mailbox_open,
		.undo = close_made,
	};
	static const struct act again = {
		.what = "MAILBOX_OPEN of one that is there",
		.points = { [FAIL_SLAB] = 3, [FAIL_COPY] = 1 },
		.run = run_mailbox_open,
		.undo = close_made,
	};
	struct sweep *s = &self->sweep;
	int box;

	sweep(_metadata, s, &new_one);
	s->attr = (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_ALL, .mode = 0622, .max_messages = 3,
		.max_bytes = 4096, .max_msgsize = 1024,
	};
	sweep(_metadata, s, &with_attributes);

	s->attr = (struct ipcbox_attr){ 0 };
	box = mailbox_open(s->control);
	ASSERT_LE(0, box);
	watch(s, box);
	sweep(_metadata, s, &again);
}

/* ---- link ---------------------------------------------------------------- */

static int run_link_open(struct sweep *s)
{
	s->made = link_open(s->fd, s->peer.pid, 0);
	return s->made;
}

static int run_link_open_pidfd(struct sweep *s)
{
	s->made = link_open(s->fd, s->other, IPCBOX_PIDFD);
	return s->made;
}

TEST_F_TIMEOUT(fail, link_open, SWEEP_LIMIT)
{
	static const struct act new_one = {
		.what = "LINK_OPEN of a new one",
		.points = { [FAIL_SLAB] = 5, [FAIL_COPY] = 1 },
		.prepare = new_control,
		.run = run_link_open,
		.undo = close_made,
		.clear = close_fd,
	};
	static const struct act by_pidfd = {
		.what = "LINK_OPEN by pidfd",
		.points = { [FAIL_SLAB] = 5, [FAIL_COPY] = 1 },
		.prepare = new_control,
		.run = run_link_open_pidfd,
		.undo = close_made,
		.clear = close_fd,
	};
	static const struct act again = {
		.what = "LINK_OPEN of one that is there",
		.points = { [FAIL_SLAB] = 4, [FAIL_COPY] = 1 },
		.prepare = new_control,
		.run = run_link_open,
		.undo = close_made,
		.clear = close_fd,
	};
	struct sweep *s = &self->sweep;
	int link;

	ASSERT_EQ(0, peer_start(&s->peer, 8));
	s->other = pidfd_of(s->peer.pid);
	ASSERT_LE(0, s->other);
	sweep(_metadata, s, &new_one);
	sweep(_metadata, s, &by_pidfd);

	link = link_open(s->control, s->peer.pid, 0);
	ASSERT_LE(0, link);
	watch(s, link);
	sweep(_metadata, s, &again);
	peer_kill(&s->peer);
}

/* ---- port ---------------------------------------------------------------- */

static int run_port_create(struct sweep *s)
{
	s->made = port_create_attr(s->control, s->name, BOTH, s->attr);
	return s->made;
}

static int run_port_reuse(struct sweep *s)
{
	s->made = port_create(s->control, s->name, BOTH | IPCBOX_REUSE);
	return s->made;
}

static bool remove_made(struct sweep *s)
{
	return !port_remove(s->control, s->name) && !close(s->made);
}

TEST_F_TIMEOUT(fail, port_create, SWEEP_LIMIT)
{
	static const struct act new_one = {
		.what = "PORT_CREATE",
		.points = { [FAIL_SLAB] = 4, [FAIL_COPY] = 2 },
		.run = run_port_create,
		.undo = remove_made,
	};
	static const struct act with_attributes = {
		.what = "PORT_CREATE with attributes",
		.points = { [FAIL_SLAB] = 4, [FAIL_COPY] = 2 },
		.run = run_port_create,
		.undo = remove_made,
	};
	static const struct act reuse_without = {
		.what = "PORT_CREATE with REUSE of one that is not there",
		.points = { [FAIL_SLAB] = 4, [FAIL_COPY] = 2 },
		.run = run_port_reuse,
		.undo = remove_made,
	};
	static const struct act reuse = {
		.what = "PORT_CREATE with REUSE of one that is there",
		.points = { [FAIL_SLAB] = 3, [FAIL_COPY] = 2 },
		.run = run_port_reuse,
		.undo = close_made,
	};
	struct sweep *s = &self->sweep;
	int port;

	sweep(_metadata, s, &new_one);
	sweep(_metadata, s, &reuse_without);
	s->attr = (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_ALL, .mode = 0666, .uid = 1, .gid = 2,
		.max_messages = 3, .max_bytes = 4096, .max_msgsize = 1024,
	};
	sweep(_metadata, s, &with_attributes);

	port = port_create(s->control, s->name, BOTH);
	ASSERT_LE(0, port);
	watch(s, port);
	sweep(_metadata, s, &reuse);
}

static int run_port_open(struct sweep *s)
{
	s->made = port_open(s->control, s->name, BOTH);
	return s->made;
}

TEST_F_TIMEOUT(fail, port_open, SWEEP_LIMIT)
{
	static const struct act open_one = {
		.what = "PORT_OPEN",
		.points = { [FAIL_SLAB] = 3, [FAIL_COPY] = 2 },
		.run = run_port_open,
		.undo = close_made,
	};
	struct sweep *s = &self->sweep;
	int port = port_create(s->control, s->name, BOTH);

	ASSERT_LE(0, port);
	watch(s, port);
	sweep(_metadata, s, &open_one);
}

/* A port of one message, which it has, and with a sender asleep. */
static void full_port(struct sweep *s)
{
	if (port_exists(s->control, s->name))
		return;
	s->other = port_create_sized(s->control, s->name, BOTH, 1, 64);
	send_tag(s->other, 1);
	call_send_tag(&s->call, s->other, 2, 0);
	senders_asleep(s->other, 1);
	s->watched[0] = s->other;
}

static void port_with_receiver(struct sweep *s)
{
	if (port_exists(s->control, s->name))
		return;
	s->other = port_create(s->control, s->name, BOTH);
	call_recv(&s->call, s->other);
	receivers_asleep(s->other, 1);
	s->watched[0] = s->other;
}

/* One that outlives its name: somebody may send still. */
static void port_with_message(struct sweep *s)
{
	if (port_exists(s->control, s->name))
		return;
	s->other = port_create(s->control, s->name, BOTH);
	send_tag(s->other, 1);
	s->watched[0] = s->other;
}

static int run_port_remove(struct sweep *s)
{
	return port_remove(s->control, s->name);
}

static int run_port_unlink(struct sweep *s)
{
	return port_unlink(s->control, s->name);
}

static bool port_is_over(struct sweep *s)
{
	bool told = call_end(&s->call) == -EIDRM &&
		    recv_tag(s->other) == -EIDRM && !messages_of(s->other);

	close(s->other);
	return told && !port_exists(s->control, s->name);
}

static bool only_the_name_is_gone(struct sweep *s)
{
	bool kept = state_of(s->other) == IPCBOX_STATE_UNLINKED &&
		    recv_tag(s->other) == 1;

	close(s->other);
	return kept && !port_exists(s->control, s->name);
}

TEST_F_TIMEOUT(fail, port_delete, SWEEP_LIMIT)
{
	static const struct act full = {
		.what = "PORT_DELETE of a full one with a sender asleep",
		.points = { [FAIL_COPY] = 2 },
		.prepare = full_port,
		.run = run_port_remove,
		.undo = port_is_over,
	};
	static const struct act awaited = {
		.what = "PORT_DELETE of one with a receiver asleep",
		.points = { [FAIL_COPY] = 2 },
		.prepare = port_with_receiver,
		.run = run_port_remove,
		.undo = port_is_over,
	};
	static const struct act unlinked = {
		.what = "PORT_DELETE with UNLINK",
		.points = { [FAIL_COPY] = 2 },
		.prepare = port_with_message,
		.run = run_port_unlink,
		.undo = only_the_name_is_gone,
	};

	sweep(_metadata, &self->sweep, &full);
	sweep(_metadata, &self->sweep, &awaited);
	sweep(_metadata, &self->sweep, &unlinked);
}

/* ---- list ---------------------------------------------------------------- */

#define LISTED 3

static struct ipcbox_port_list list;
static char first_name[80];

static int run_port_list(struct sweep *s)
{
	list = (struct ipcbox_port_list){
		.size = sizeof(list),
		.after = to_u64(first_name),
		.after_len = strlen(first_name),
		.count = POISON,
		.buf = to_u64(s->back),
		.buf_len = DATA_MAX,
	};
	memset(s->back, POISON, DATA_MAX);
	return command(s->control, IPCBOX_PORT_LIST, &list);
}

/* s->data has what is to come, s->len bytes of it. */
static bool list_is_whole(struct sweep *s, int ret)
{
	if (ret)
		return list.count == POISON;
	return list.count == LISTED - 1 && !memcmp(s->data, s->back, s->len);
}

TEST_F_TIMEOUT(fail, port_list, SWEEP_LIMIT)
{
	static const struct act after_the_first = {
		.what = "PORT_LIST of two after a name",
		.points = { [FAIL_COPY] = 7 },
		.run = run_port_list,
		.settle = list_is_whole,
	};
	struct sweep *s = &self->sweep;
	char name[LISTED][80];
	int i, port;

	for (i = 0; i < LISTED; i++) {
		snprintf(name[i], sizeof(name[i]), "%s.%d", s->name, i);
		port = port_create(s->control, name[i], BOTH);
		ASSERT_LE(0, port);
		watch(s, port);
	}
	snprintf(first_name, sizeof(first_name), "%s", name[0]);
	ASSERT_EQ(0, run_port_list(s));
	for (i = 1; i < LISTED; i++)
		s->len += ((struct ipcbox_port_entry *)(s->back + s->len))->entry_len;
	memcpy(s->data, s->back, s->len);

	sweep(_metadata, s, &after_the_first);
	for (i = 0; i < LISTED; i++)
		EXPECT_EQ(0, port_remove(s->control, name[i]));
}

/* ---- stat and set -------------------------------------------------------- */

static struct ipcbox_stat told;

static int run_stat(struct sweep *s)
{
	return box_stat(s->fd, &told);
}

static bool stat_is_whole(struct sweep *s, int ret)
{
	struct ipcbox_stat untouched;

	(void)s;
	if (!ret)
		return told.id && told.max_bytes == IPCBOX_DEFAULT_BYTES;
	memset(&untouched, POISON, sizeof(untouched));
	untouched.size = sizeof(untouched);
	untouched.flags = 0;
	return !memcmp(&told, &untouched, sizeof(told));
}

static int run_set(struct sweep *s)
{
	return box_set(s->fd, s->attr);
}

static bool set_back(struct sweep *s)
{
	struct ipcbox_stat stat;

	s->old.mask = IPCBOX_ATTR_ALL;
	return !box_stat(s->fd, &stat) &&
	       (stat.mode != s->old.mode || stat.uid != s->old.uid ||
		stat.gid != s->old.gid ||
		stat.max_messages != s->old.max_messages ||
		stat.max_bytes != s->old.max_bytes ||
		stat.max_msgsize != s->old.max_msgsize) &&
	       !box_set(s->fd, s->old);
}

static void sweep_stat_and_set(struct __test_metadata *_metadata,
			       struct sweep *s, const struct act *stat_one,
			       const struct act set_one[6])
{
	static const struct ipcbox_attr changes[] = {
		{ .mask = IPCBOX_ATTR_MODE, .mode = 0640 },
		{ .mask = IPCBOX_ATTR_UID, .uid = 7 },
		{ .mask = IPCBOX_ATTR_GID, .gid = 8 },
		{ .mask = IPCBOX_ATTR_MESSAGES, .max_messages = 9 },
		{ .mask = IPCBOX_ATTR_BYTES, .max_bytes = 100 << 10 },
		{ .mask = IPCBOX_ATTR_MSGSIZE, .max_msgsize = 10 },
	};
	int i;

	ASSERT_LE(0, s->fd);
	watch(s, s->fd);
	s->old = (struct ipcbox_attr){
		.mode = IPCBOX_DEFAULT_MODE,
		.max_messages = IPCBOX_DEFAULT_MESSAGES,
		.max_bytes = IPCBOX_DEFAULT_BYTES,
		.max_msgsize = IPCBOX_DEFAULT_MSGSIZE,
	};
	sweep(_metadata, s, stat_one);
	for (i = 0; i < 6; i++) {
		s->attr = changes[i];
		sweep(_metadata, s, &set_one[i]);
	}
}

#define SET_ACT .points = { [FAIL_COPY] = 1 }, .run = run_set, .undo = set_back

#define SET_ACTS(kind) {						\
	{ .what = "SET of " kind "'s mode", SET_ACT },			\
	{ .what = "SET of " kind "'s owner", SET_ACT },			\
	{ .what = "SET of " kind "'s group", SET_ACT },			\
	{ .what = "SET of " kind "'s max_messages", SET_ACT },		\
	{ .what = "SET of " kind "'s max_bytes", SET_ACT },		\
	{ .what = "SET of " kind "'s max_msgsize", SET_ACT },		\
}

TEST_F_TIMEOUT(fail, stat_and_set_of_port, SWEEP_LIMIT)
{
	static const struct act stat_one = {
		.what = "STAT of a port",
		.points = { [FAIL_COPY] = 2 },
		.run = run_stat,
		.settle = stat_is_whole,
	};
	static const struct act set_one[] = SET_ACTS("a port");
	struct sweep *s = &self->sweep;

	s->fd = port_create(s->control, s->name, BOTH);
	sweep_stat_and_set(_metadata, s, &stat_one, set_one);
}

TEST_F_TIMEOUT(fail, stat_and_set_of_mailbox, SWEEP_LIMIT)
{
	static const struct act stat_one = {
		.what = "STAT of a mailbox",
		.points = { [FAIL_COPY] = 2 },
		.run = run_stat,
		.settle = stat_is_whole,
	};
	static const struct act set_one[] = SET_ACTS("a mailbox");
	struct sweep *s = &self->sweep;

	s->fd = mailbox_open(s->control);
	sweep_stat_and_set(_metadata, s, &stat_one, set_one);
}

TEST_F_TIMEOUT(fail, stat_of_link, SWEEP_LIMIT)
{
	static const struct act stat_one = {
		.what = "STAT of a link",
		.points = { [FAIL_COPY] = 2 },
		.run = run_stat,
		.settle = stat_is_whole,
	};
	struct sweep *s = &self->sweep;

	ASSERT_LE(0, mailbox_open(s->control));
	s->fd = link_open(s->control, getpid(), 0);
	ASSERT_LE(0, s->fd);
	watch(s, s->fd);
	sweep(_metadata, s, &stat_one);
}

TEST_HARNESS_MAIN
