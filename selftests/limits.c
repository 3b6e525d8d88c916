// SPDX-License-Identifier: GPL-2.0
/*
 * The limits of a user and of a namespace, each with the errno that tells it,
 * those of the process and the system, and the memory cgroup. All but the last
 * run in a network namespace of their own, where nobody else counts.
 */
#include "ipcbox_test.h"

#include <sys/mount.h>
#include <sys/resource.h>

FIXTURE(limit) {
	struct stage stage;
	int control;
};

/* Each limit has a twin: for one user, and for all users together. */
FIXTURE_VARIANT(limit) {
	const char *boxes, *links, *bytes, *waiters;
};

FIXTURE_VARIANT_ADD(limit, of_user) {
	SYSCTL("user_boxes"), SYSCTL("user_links"), SYSCTL("user_bytes"),
	SYSCTL("user_waiters"),
};

FIXTURE_VARIANT_ADD(limit, of_namespace) {
	SYSCTL("max_boxes"), SYSCTL("max_links"), SYSCTL("max_bytes"),
	SYSCTL("max_waiters"),
};

FIXTURE_SETUP(limit)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	ASSERT_EQ(0, self->stage.before.boxes.used);
	ASSERT_EQ(0, self->stage.before.bytes.used);
}

FIXTURE_TEARDOWN(limit)
{
	stage_teardown(_metadata, &self->stage);
}

static struct ipcbox_query usage(int control)
{
	struct ipcbox_query q;

	box_query(control, &q);
	return q;
}

/* Boxes: ENOSPC */

TEST_F(limit, port_create_above_it_returns_enospc)
{
	ASSERT_EQ(0, write_number(variant->boxes, 2));
	ASSERT_LE(0, port_create(self->control, "one", 0));
	ASSERT_LE(0, port_create(self->control, "two", 0));
	EXPECT_EQ(-ENOSPC, port_create(self->control, "three", 0));
	EXPECT_EQ(2, usage(self->control).boxes.used);
	EXPECT_EQ(-ENOENT, port_open(self->control, "three", 0));
	/* A port that exists can be opened still, and one that goes makes room. */
	EXPECT_LE(0, port_create(self->control, "one", IPCBOX_REUSE));
	ASSERT_EQ(0, port_remove(self->control, "one"));
	syscall(__NR_close_range, self->control + 1, ~0U, 0);
	EXPECT_TRUE(eventually(usage(self->control).boxes.used == 1));
	EXPECT_LE(0, port_create(self->control, "three", 0));
	EXPECT_EQ(0, port_remove(self->control, "two"));
	EXPECT_EQ(0, port_remove(self->control, "three"));
}

TEST_F(limit, mailbox_open_above_it_returns_enospc)
{
	ASSERT_EQ(0, write_number(variant->boxes, 0));
	EXPECT_EQ(-ENOSPC, mailbox_open(self->control));
	EXPECT_EQ(-ECONNREFUSED, send_tag_to(self->control, getpid(), 1));
	ASSERT_EQ(0, write_number(variant->boxes, 1));
	EXPECT_LE(0, mailbox_open(self->control));
	EXPECT_LE(0, mailbox_open(self->control));
}

/* Links: EMLINK */

TEST_F(limit, link_open_above_it_returns_emlink)
{
	struct peer one, two;
	int link;

	ASSERT_EQ(0, write_number(variant->links, 1));
	ASSERT_EQ(0, peer_start(&one, 1));
	ASSERT_EQ(0, peer_start(&two, 1));
	link = link_open(self->control, one.pid, 0);
	ASSERT_LE(0, link);
	EXPECT_EQ(-EMLINK, link_open(self->control, two.pid, 0));
	EXPECT_EQ(1, usage(self->control).links.used);
	EXPECT_LE(0, link_open(self->control, one.pid, 0));
	peer_kill(&one);
	peer_kill(&two);
}

TEST_F(limit, direct_send_above_it_returns_emlink)
{
	struct peer peer;

	ASSERT_EQ(0, write_number(variant->links, 0));
	ASSERT_EQ(0, peer_start(&peer, 1));
	EXPECT_EQ(-EMLINK, send_tag_to(self->control, peer.pid, 1));
	EXPECT_EQ(0, usage(self->control).links.used);
	EXPECT_EQ(0, usage(self->control).bytes.used);
	ASSERT_EQ(0, write_number(variant->links, 1));
	EXPECT_EQ(0, send_tag_to(self->control, peer.pid, 1));
	EXPECT_EQ(1, peer_do(&peer, PEER_RECV));
	peer_kill(&peer);
}

TEST_F(limit, link_to_a_dead_peer_is_in_nobodys_way)
{
	struct peer one, two;

	ASSERT_EQ(0, write_number(variant->links, 1));
	ASSERT_EQ(0, peer_start(&one, 1));
	ASSERT_EQ(0, peer_start(&two, 1));
	ASSERT_EQ(0, send_tag_to(self->control, one.pid, 1));
	peer_kill(&one);
	EXPECT_EQ(0, send_tag_to(self->control, two.pid, 2));
	peer_kill(&two);
}

static int send_to_parent(void *control)
{
	return -send_tag_to(*(int *)control, getppid(), 1);
}

/* A server hears of many clients, one after the other. */
TEST_F(limit, links_of_dead_senders_do_not_pile_up)
{
	int box = mailbox_open(self->control);

	ASSERT_EQ(0, write_number(variant->links, 2));
	for (int i = 0; i < 20; i++) {
		ASSERT_EQ(0, reap(spawn(send_to_parent, &self->control)));
		ASSERT_EQ(1, recv_tag(box));
	}
}

/* To wait for a process is to have its link to us, if it sent nothing yet. */
TEST_F(limit, recv_from_one_sender_above_it_returns_emlink)
{
	struct ipcbox_recv r = room(NULL, 0);
	int box = mailbox_open(self->control);
	struct peer peer;

	ASSERT_EQ(0, peer_start(&peer, 1));
	ASSERT_EQ(0, write_number(variant->links, 0));
	r.from = peer.pid;
	r.deadline = in_ms(20);
	EXPECT_EQ(-EMLINK, command(box, IPCBOX_RECV, &r));
	EXPECT_EQ(0, receivers_of(box));
	ASSERT_EQ(0, write_number(variant->links, 1));
	r.deadline = in_ms(20);
	EXPECT_EQ(-ETIMEDOUT, command(box, IPCBOX_RECV, &r));
	peer_kill(&peer);
}

/* Bytes: ENOBUFS */

TEST_F(limit, nonblocking_send_above_it_returns_enobufs)
{
	static char data[5000];
	int port = port_create(self->control, self->stage.name, BOTH);
	struct ipcbox_send s = message(data, sizeof(data));
	struct ipcbox_recv r = room(data, sizeof(data));
	__u64 one;

	s.flags = IPCBOX_NONBLOCK;
	ASSERT_LE(0, port);
	ASSERT_EQ(0, command(port, IPCBOX_SEND, &s));
	one = usage(self->control).bytes.used;
	EXPECT_LT(5000, one);
	ASSERT_EQ(0, write_number(variant->bytes, 3 * one - 1));
	EXPECT_EQ(0, command(port, IPCBOX_SEND, &s));
	EXPECT_EQ(-ENOBUFS, command(port, IPCBOX_SEND, &s));
	EXPECT_EQ(2, messages_of(port));
	EXPECT_EQ(2 * one, usage(self->control).bytes.used);
	ASSERT_EQ(0, recv_now(port, &r));
	EXPECT_EQ(one, usage(self->control).bytes.used);
	EXPECT_EQ(0, command(port, IPCBOX_SEND, &s));
}

TEST_F(limit, direct_send_above_it_returns_enobufs)
{
	static char data[5000];
	struct ipcbox_send s = message(data, sizeof(data));
	int box = mailbox_open(self->control);

	s.pid = getpid();
	ASSERT_EQ(0, write_number(variant->bytes, 5000));
	EXPECT_EQ(-ENOBUFS, command(self->control, IPCBOX_SEND, &s));
	EXPECT_EQ(0, messages_of(box));
	EXPECT_EQ(0, usage(self->control).bytes.used);
}

/* An empty message takes memory too, so they cannot be piled up for nothing. */
TEST_F(limit, empty_messages_count_with_their_headers)
{
	int port = port_create(self->control, self->stage.name, BOTH);
	int sent = 0;

	ASSERT_EQ(0, write_number(variant->bytes, 4096));
	while (sent < 256 && !send_now(port, NULL, 0))
		sent++;
	EXPECT_EQ(-ENOBUFS, send_now(port, NULL, 0));
	EXPECT_LT(0, sent);
}

TEST_F(limit, sender_that_waits_is_charged)
{
	static char data[5000];
	int port = port_create_sized(self->control, self->stage.name, BOTH,
				     1, 10000);
	struct call c;

	ASSERT_EQ(0, send_tag(port, 1));
	c.send = message(data, sizeof(data));
	call_start(&c, port, IPCBOX_SEND, &c.send);
	ASSERT_TRUE(senders_asleep(port, 1));
	EXPECT_LE(5000, usage(self->control).bytes.used);
	ASSERT_EQ(0, port_remove(self->control, self->stage.name));
	EXPECT_EQ(-EIDRM, call_end(&c));
	EXPECT_TRUE(eventually(usage(self->control).bytes.used == 0));
}

/* Waiters: EUSERS */

TEST_F(limit, recv_that_must_wait_above_it_returns_eusers)
{
	int port = port_create(self->control, self->stage.name, BOTH);
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));
	struct call c;

	ASSERT_EQ(0, write_number(variant->waiters, 1));
	call_recv(&c, port);
	ASSERT_TRUE(receivers_asleep(port, 1));
	EXPECT_EQ(-EUSERS, command(port, IPCBOX_RECV, &r));
	EXPECT_EQ(1, receivers_of(port));
	EXPECT_EQ(1, usage(self->control).waiters.used);
	EXPECT_EQ(-EAGAIN, recv_tag(port));
	EXPECT_EQ(0, send_tag(port, 1));
	EXPECT_EQ(0, call_end(&c));
	/* A call that need not wait needs no place. */
	ASSERT_EQ(0, write_number(variant->waiters, 0));
	EXPECT_EQ(0, send_tag(port, 2));
	EXPECT_EQ(0, command(port, IPCBOX_RECV, &r));
}

TEST_F(limit, send_that_must_wait_above_it_returns_eusers)
{
	int port = port_create_sized(self->control, self->stage.name, BOTH, 1, 64);
	struct ipcbox_send s = message("x", 1);

	ASSERT_EQ(0, write_number(variant->waiters, 0));
	EXPECT_EQ(0, command(port, IPCBOX_SEND, &s));
	EXPECT_EQ(-EUSERS, command(port, IPCBOX_SEND, &s));
	EXPECT_EQ(1, messages_of(port));
	EXPECT_EQ(0, senders_of(port));
}

TEST_F(limit, mailbox_recv_that_must_wait_above_it_returns_eusers)
{
	int box = mailbox_open(self->control);
	struct ipcbox_recv r = room(NULL, 0);

	ASSERT_EQ(0, write_number(variant->waiters, 0));
	EXPECT_EQ(-EUSERS, command(box, IPCBOX_RECV, &r));
	EXPECT_EQ(0, receivers_of(box));
}

/* One user's limit is not another's */

static int is_free(void *control)
{
	int fd = *(int *)control;

	if (setresuid(1000, 1000, 1000))
		return 1;
	if (usage(fd).boxes.used)
		return 2;
	return port_create(fd, "theirs", 0) >= 0 ? 0 : 3;
}

TEST_F(limit, is_reached_for_one_user_alone_or_for_all)
{
	bool of_user = strstr(variant->boxes, "user_");

	ASSERT_EQ(0, write_number(variant->boxes, 1));
	ASSERT_LE(0, port_create(self->control, self->stage.name, 0));
	EXPECT_EQ(-ENOSPC, port_create(self->control, "theirs", 0));
	EXPECT_EQ(of_user ? 0 : 3, reap(spawn(is_free, &self->control)));
	port_remove(self->control, "theirs");
}

/* The process and the system */

TEST_F(limit, of_open_files_returns_emfile_and_makes_nothing)
{
	struct rlimit files;
	struct peer peer;
	int lowest;

	ASSERT_LE(0, port_create(self->control, self->stage.name, 0));
	ASSERT_EQ(0, peer_start(&peer, 1));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &files));
	lowest = dup(0);
	close(lowest);
	files.rlim_cur = lowest;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));

	EXPECT_EQ(-EMFILE, port_create(self->control, "new", BOTH));
	EXPECT_EQ(-EMFILE, port_open(self->control, self->stage.name, BOTH));
	EXPECT_EQ(-EMFILE, mailbox_open(self->control));
	EXPECT_EQ(-EMFILE, link_open(self->control, peer.pid, 0));

	files.rlim_cur = files.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	EXPECT_FALSE(port_exists(self->control, "new"));
	EXPECT_EQ(-ECONNREFUSED, send_tag_to(self->control, getpid(), 1));
	EXPECT_TRUE(eventually(usage(self->control).boxes.used == 2));
	EXPECT_TRUE(eventually(usage(self->control).links.used == 0));
	peer_kill(&peer);
}

struct no_files {
	int control;
	const char *port;	/* that is there and open to all */
	pid_t peer;
};

static int gets_enfile(void *arg)
{
	struct no_files *n = arg;

	if (setresuid(1000, 1000, 1000))
		return 1;
	if (port_create(n->control, "new", BOTH) != -ENFILE)
		return 2;
	if (port_open(n->control, n->port, BOTH) != -ENFILE)
		return 3;
	if (mailbox_open(n->control) != -ENFILE)
		return 4;
	return link_open(n->control, n->peer, 0) == -ENFILE ? 0 : 5;
}

#define FILE_MAX "/proc/sys/fs/file-max"

TEST_F(limit, of_files_in_the_system_returns_enfile)
{
	struct no_files n = { .control = self->control, .port = self->stage.name };
	struct peer peer;
	char was[32];
	int ret;

	/* The kernel's count of files may be off by some for each CPU. */
	for (int i = 0; i < 512; i++) {
		ASSERT_LE(0, open("/dev/null", O_RDONLY | O_CLOEXEC));
	}
	ASSERT_LE(0, port_create_attr(self->control, self->stage.name, 0,
				      (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE, .mode = 0666 }));
	ASSERT_EQ(0, peer_start(&peer, 1));
	n.peer = peer.pid;
	ASSERT_EQ(0, read_line(FILE_MAX, was, sizeof(was)));
	ASSERT_EQ(0, write_number(FILE_MAX, 1));
	ret = reap(spawn(gets_enfile, &n));
	ASSERT_EQ(0, write_file(FILE_MAX, was));
	EXPECT_EQ(0, ret);
	EXPECT_FALSE(port_exists(self->control, "new"));
	EXPECT_EQ(2, usage(self->control).boxes.used);
	peer_kill(&peer);
}

/* The memory cgroup of the sender */

#define CGROUPS	"/tmp/ipcbox.cgroup"
#define OURS	CGROUPS "/ipcbox-test"
#define MIB	(1 << 20)

FIXTURE(memcg) {
	struct stage stage;
	int port;
};

FIXTURE_SETUP(memcg)
{
	mkdir(CGROUPS, 0755);
	if (mount("none", CGROUPS, "cgroup2", 0, NULL))
		SKIP(return, "cgroup v2 cannot be mounted");
	write_file(CGROUPS "/cgroup.subtree_control", "+memory");
	mkdir(OURS, 0755);
	if (access(OURS "/memory.max", W_OK)) {
		rmdir(OURS);
		umount2(CGROUPS, MNT_DETACH);
		SKIP(return, "no memory controller in cgroup v2");
	}
	stage_setup(_metadata, &self->stage);
	self->port = port_create_sized(self->stage.control, self->stage.name,
				       BOTH, 100, 64 * MIB);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(memcg)
{
	stage_teardown(_metadata, &self->stage);
	rmdir(OURS);
	umount2(CGROUPS, MNT_DETACH);
}

/* In our cgroup: one large message; the errno, or 0. */
static int send_8_mib(void *port)
{
	char *data = malloc(8 * MIB);
	int ret;

	if (!data || write_file(OURS "/cgroup.procs", "0"))
		return 1;
	ret = send_now(*(int *)port, data, 8 * MIB);
	return ret < 0 ? -ret : 0;
}

struct pieces {
	int port;
	size_t len;
};

/* Likewise, as many messages of one length as it takes. */
static int send_pieces(void *arg)
{
	struct pieces *p = arg;
	static char data[10000];
	int ret;

	if (write_file(OURS "/cgroup.procs", "0"))
		return 1;
	do
		ret = send_now(p->port, data, p->len);
	while (!ret);
	return -ret;
}

static int recv_discard(int port)
{
	static char data[10000];
	struct ipcbox_recv r = room(data, sizeof(data));

	return recv_now(port, &r);
}

static long long our_memory(void)
{
	return read_number(OURS "/memory.current");
}

TEST_F_TIMEOUT(memcg, of_the_sender_is_charged_until_the_message_is_received, 60)
{
	char *data = malloc(8 * MIB);
	struct ipcbox_recv r = room(data, 8 * MIB);

	ASSERT_EQ(0, reap(spawn(send_8_mib, &self->port)));
	/* The process is gone; what is charged now is the message. */
	EXPECT_LE(8 * MIB, our_memory());
	ASSERT_EQ(0, recv_now(self->port, &r));
	EXPECT_TRUE(eventually(our_memory() < 4 * MIB));
	free(data);
}

TEST_F_TIMEOUT(memcg, at_its_limit_returns_enomem_for_a_large_message, 60)
{
	ASSERT_EQ(0, write_number(OURS "/memory.max", 4 * MIB));
	EXPECT_EQ(ENOMEM, reap(spawn(send_8_mib, &self->port)));
	EXPECT_EQ(0, messages_of(self->port));
}

/*
 * Pages of messages may be kept for the next ones; but not for long, also where the
 * fd that was sent over, and the sender with it, stay.
 */
TEST_F_TIMEOUT(memcg, of_received_messages_is_given_back_while_the_port_is_open, 60)
{
	struct pieces p = { self->port, 10000 };

	ASSERT_EQ(EAGAIN, reap(spawn(send_pieces, &p)));
	EXPECT_LE(MIB, our_memory());
	while (recv_discard(self->port) == 0)
		;
	/* The kernel itself keeps charges of up to 64 pages for each processor. */
	EXPECT_TRUE(eventually(our_memory() < 3 * MIB / 4));
}

/* Both of the sizes that the kernel may keep in different ways. */
TEST_F_TIMEOUT(memcg, at_its_limit_returns_enomem_for_small_messages, 120)
{
	const size_t lengths[] = { 8, 1000 };

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 1000000 }));
	ASSERT_EQ(0, write_number(OURS "/memory.max", 4 * MIB));
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct pieces p = { self->port, lengths[i] };

		EXPECT_EQ(ENOMEM, reap(spawn(send_pieces, &p)))
			TH_LOG("messages of %zu bytes", p.len);
		EXPECT_LT(100, messages_of(self->port));
		while (recv_discard(self->port) == 0)
			;
	}
}

TEST_HARNESS_MAIN
