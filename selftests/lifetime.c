// SPDX-License-Identifier: GPL-2.0
/*
 * How long objects live: through dup, fork, exec and SCM_RIGHTS, while a call
 * waits, under waiters when they end, and the module under all of them.
 */
#include "ipcbox_test.h"

#include <sys/socket.h>

FIXTURE(life) {
	struct stage stage;
	const char *name;
	int control;
	int port;
	struct call call;
};

FIXTURE_SETUP(life)
{
	stage_setup(_metadata, &self->stage);
	self->name = self->stage.name;
	self->control = self->stage.control;
	self->port = port_create(self->control, self->name, BOTH);
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(life)
{
	stage_teardown(_metadata, &self->stage);
}

/* Copies of an fd */

TEST_F(life, dup_keeps_the_direction_open)
{
	int receiver = port_open(self->control, self->name, IPCBOX_RECEIVER);
	int sender = port_open(self->control, self->name, IPCBOX_SENDER);
	int copy = dup(sender);

	close(self->port);
	ASSERT_EQ(0, port_unlink(self->control, self->name));
	close(sender);
	EXPECT_EQ(-EAGAIN, recv_tag(receiver));
	EXPECT_EQ(0, send_tag(copy, 1));
	EXPECT_EQ(1, recv_tag(receiver));
	close(copy);
	EXPECT_EQ(-EPIPE, recv_tag(receiver));
}

static int hold_until_killed(void *arg)
{
	(void)arg;
	while (true)
		pause();
	return 0;
}

TEST_F(life, fd_in_a_child_keeps_the_direction_open_until_it_dies)
{
	int receiver = port_open(self->control, self->name, IPCBOX_RECEIVER);
	pid_t pid = spawn(hold_until_killed, NULL);

	ASSERT_EQ(0, port_unlink(self->control, self->name));
	close(self->port);
	EXPECT_EQ(-EAGAIN, recv_tag(receiver));
	kill_and_reap(pid);
	EXPECT_EQ(-EPIPE, recv_tag(receiver));
}

static int send_fd(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(socket, &m, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr m = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&m))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(fd));
	return fd;
}

TEST_F(life, fd_in_flight_keeps_the_direction_open)
{
	int receiver = port_open(self->control, self->name, IPCBOX_RECEIVER);
	int sockets[2], arrived;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
	ASSERT_EQ(0, send_fd(sockets[0], self->port));
	ASSERT_EQ(0, port_unlink(self->control, self->name));
	close(self->port);
	EXPECT_EQ(-EAGAIN, recv_tag(receiver));
	arrived = receive_fd(sockets[1]);
	ASSERT_LE(0, arrived);
	EXPECT_EQ(0, send_tag(arrived, 6));
	EXPECT_EQ(6, recv_tag(receiver));
}

/* A process of another user can use an fd that it was given. */
static int takes_fd_and_sends(void *arg)
{
	int fd;

	if (setresuid(1000, 1000, 1000))
		return 1;
	fd = receive_fd(*(int *)arg);
	return send_tag(fd, 8) ? 2 : 0;
}

TEST_F(life, passed_fd_works_for_another_user)
{
	int sockets[2];
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
	pid = spawn(takes_fd_and_sends, &sockets[1]);
	ASSERT_EQ(0, send_fd(sockets[0], self->port));
	ASSERT_EQ(0, reap(pid));
	ASSERT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(8, r.tag);
	EXPECT_EQ(1000, r.uid);
	EXPECT_EQ(pid, r.pid);
}

/* exec: this program runs itself and looks whether the fd is there. */
static int execs_and_looks(void *fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", *(int *)fd);
	setenv("IPCBOX_TEST_EXEC", path, 1);
	execl("/proc/self/exe", "lifetime", NULL);
	return 255;
}

/* Runs before main() in the new image: 1 where the fd is open, else 0. */
__attribute__((constructor(101))) static void look_after_exec(void)
{
	const char *path = getenv("IPCBOX_TEST_EXEC");
	char target[64];

	if (path)
		_exit(readlink(path, target, sizeof(target)) > 0);
}

TEST_F(life, exec_closes_the_fd)
{
	EXPECT_EQ(0, reap(spawn(execs_and_looks, &self->port)));
}

TEST_F(life, exec_keeps_the_fd_without_cloexec)
{
	ASSERT_EQ(0, fcntl(self->port, F_SETFD, 0));
	EXPECT_EQ(1, reap(spawn(execs_and_looks, &self->port)));
}

/* A call that waits holds what it works on */

TEST_F(life, fd_closed_under_a_receiver_lives_until_its_call_ends)
{
	int receiver = port_open(self->control, self->name, IPCBOX_RECEIVER);

	call_recv(&self->call, receiver);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	close(receiver);
	EXPECT_EQ(1, receivers_of(self->port));
	EXPECT_EQ(0, send_tag(self->port, 5));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(5, self->call.recv.tag);
}

TEST_F(life, last_receiver_is_gone_only_when_its_call_ended)
{
	int receiver = port_open(self->control, self->name, IPCBOX_RECEIVER);
	int sender = port_open(self->control, self->name, IPCBOX_SENDER);

	close(self->port);
	call_recv(&self->call, receiver);
	ASSERT_TRUE(receivers_asleep(sender, 1));
	ASSERT_EQ(0, port_unlink(self->control, self->name));
	close(receiver);
	EXPECT_EQ(0, send_tag(sender, 5));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_TRUE(eventually(send_tag(sender, 6) == -EPIPE));
}

TEST_F(life, port_and_control_closed_under_a_sender_live_until_its_call_ends)
{
	int sender, again;

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES, .max_messages = 1 }));
	sender = port_open(self->control, self->name, IPCBOX_SENDER);
	ASSERT_EQ(0, send_tag(sender, 1));
	call_send_tag(&self->call, sender, 2, 0);
	ASSERT_TRUE(senders_asleep(self->port, 1));
	close(sender);
	close(self->port);
	close(self->control);
	again = port_open(control_open(), self->name, IPCBOX_RECEIVER);
	EXPECT_EQ(1, recv_tag(again));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(2, recv_tag(again));
}

TEST_F(life, mailbox_closed_under_its_receiver_lives_until_the_call_ends)
{
	int box = mailbox_open(self->control);

	call_recv(&self->call, box);
	ASSERT_TRUE(receivers_asleep(box, 1));
	close(box);
	EXPECT_EQ(0, send_tag_to(self->control, getpid(), 5));
	EXPECT_EQ(0, call_end(&self->call));
	EXPECT_EQ(5, self->call.recv.tag);
	EXPECT_TRUE(eventually(send_tag_to(self->control, getpid(), 6) ==
			       -ECONNREFUSED));
}

TEST_F(life, object_outlives_the_control_fd)
{
	close(self->control);
	EXPECT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(1, recv_tag(self->port));
}

/* Waiters of both kinds, on one port, all woken at once */

#define WAITERS 20

TEST_F(life, remove_under_waiters_tells_each_of_them)
{
	struct call receivers[WAITERS];
	struct pollfd p = { .fd = self->port, .events = POLLIN };

	for (int i = 0; i < WAITERS; i++) {
		call_recv_until(&receivers[i], self->port,
				i % 2 ? 0 : in_ms(PATIENCE * 1000));
	}
	ASSERT_TRUE(receivers_asleep(self->port, WAITERS));
	ASSERT_EQ(0, port_remove(self->control, self->name));
	for (int i = 0; i < WAITERS; i++) {
		EXPECT_EQ(-EIDRM, call_end(&receivers[i]));
	}
	ASSERT_EQ(1, poll(&p, 1, 0));
	EXPECT_TRUE(p.revents & POLLHUP);
	EXPECT_EQ(-EIDRM, recv_tag(self->port));
}

/* Removal races with a send and a receive: each gets a clean answer. */
TEST_F_TIMEOUT(life, removal_in_the_middle_of_calls_loses_no_answer, 60)
{
	close(self->port);
	ASSERT_EQ(0, port_remove(self->control, self->name));
	for (int i = 0; i < 200; i++) {
		struct call recv, send;
		int r, s;

		self->port = port_create(self->control, self->name, BOTH);
		ASSERT_LE(0, self->port);
		call_recv(&recv, self->port);
		call_send_tag(&send, self->port, i, 0);
		ASSERT_EQ(0, port_remove(self->control, self->name));
		r = call_end(&recv);
		s = call_end(&send);
		ASSERT_TRUE(r == 0 || r == -EIDRM);
		ASSERT_TRUE(s == 0 || s == -EIDRM);
		/* A message that was received was sent. */
		ASSERT_FALSE(r == 0 && s != 0);
		close(self->port);
	}
}

/* /proc and fdinfo */

static bool fdinfo_has(int fd, const char *wanted)
{
	char path[64], line[512];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		found |= !strcmp(line, wanted);
	}
	fclose(file);
	return found;
}

#define EXPECT_FDINFO(fd, ...) do {					\
	char wanted[512];						\
									\
	snprintf(wanted, sizeof(wanted), __VA_ARGS__);			\
	EXPECT_TRUE(fdinfo_has(fd, wanted))				\
		TH_LOG("no line '%s'", wanted);				\
} while (0)

TEST_F(life, fdinfo_tells_of_a_port)
{
	ASSERT_EQ(0, send_tag(self->port, 1));
	EXPECT_FDINFO(self->port, "ipcbox-kind:\tport");
	EXPECT_FDINFO(self->port, "ipcbox-id:\t%lld", id_of(self->port));
	EXPECT_FDINFO(self->port, "ipcbox-name:\t%s", self->name);
	EXPECT_FDINFO(self->port, "ipcbox-messages:\t1/%d",
		      IPCBOX_DEFAULT_MESSAGES);
	EXPECT_FDINFO(self->port, "ipcbox-bytes:\t8/%d", IPCBOX_DEFAULT_BYTES);
	EXPECT_FDINFO(self->port, "ipcbox-receivers:\t0");
	EXPECT_FDINFO(self->port, "ipcbox-senders:\t0");
	ASSERT_EQ(1, recv_tag(self->port));
	call_recv(&self->call, self->port);
	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_FDINFO(self->port, "ipcbox-receivers:\t1");
	ASSERT_EQ(0, send_tag(self->port, 1));
	ASSERT_EQ(0, call_end(&self->call));
}

TEST_F(life, fdinfo_tells_of_mailbox_and_link)
{
	int box = mailbox_open(self->control);
	int link = link_open(self->control, getpid(), 0);

	ASSERT_LE(0, link);
	EXPECT_FDINFO(box, "ipcbox-kind:\tmailbox");
	EXPECT_FDINFO(box, "ipcbox-pid:\t%d", getpid());
	EXPECT_FDINFO(box, "ipcbox-id:\t%lld", id_of(box));
	EXPECT_FDINFO(link, "ipcbox-kind:\tlink");
	EXPECT_FDINFO(link, "ipcbox-pid:\t%d", getpid());
	EXPECT_FDINFO(link, "ipcbox-id:\t%lld", id_of(link));
}

/* It has no object, and so nothing else to tell. */
TEST_F(life, fdinfo_of_the_control_fd_tells_its_kind_only)
{
	EXPECT_FDINFO(self->control, "ipcbox-kind:\tcontrol");
	EXPECT_FALSE(fdinfo_has(self->control, "ipcbox-pid:\t0"));
	EXPECT_FALSE(fdinfo_has(self->control, "ipcbox-id:\t0"));
}

/* The line of /proc/net/ipcbox whose last field is NAME. */
static bool proc_line(const char *name, char *line, size_t size)
{
	FILE *file = fopen("/proc/net/ipcbox", "re");
	bool found = false;

	while (file && !found && fgets(line, size, file)) {
		const char *last = strrchr(line, ' ');

		line[strcspn(line, "\n")] = '\0';
		found = last && !strcmp(last + 1, name);
	}
	if (file)
		fclose(file);
	return found;
}

TEST_F(life, proc_lists_port_and_mailbox)
{
	char line[512], kind[16], name[128], pid[16];
	unsigned int mode, uid, gid;
	unsigned long long id, messages, bytes, receivers, senders;
	int box = mailbox_open(self->control);

	ASSERT_EQ(0, send_tag(self->port, 1));
	ASSERT_TRUE(proc_line(self->name, line, sizeof(line)));
	ASSERT_EQ(10, sscanf(line, "%15s %llu %o %u %u %llu %llu %llu %llu %127s",
			     kind, &id, &mode, &uid, &gid, &messages, &bytes,
			     &receivers, &senders, name))
		TH_LOG("line '%s'", line);
	EXPECT_STREQ("port", kind);
	EXPECT_EQ(id_of(self->port), id);
	EXPECT_EQ(0600, mode);
	EXPECT_EQ(0, uid);
	EXPECT_EQ(0, gid);
	EXPECT_EQ(1, messages);
	EXPECT_EQ(8, bytes);
	EXPECT_EQ(0, receivers);
	EXPECT_EQ(0, senders);

	snprintf(pid, sizeof(pid), "%d", getpid());
	ASSERT_TRUE(proc_line(pid, line, sizeof(line)));
	ASSERT_EQ(2, sscanf(line, "%15s %llu", kind, &id));
	EXPECT_STREQ("mailbox", kind);
	EXPECT_EQ(id_of(box), id);

	ASSERT_EQ(0, port_remove(self->control, self->name));
	EXPECT_FALSE(proc_line(self->name, line, sizeof(line)));
}

/* All memory comes back: the slab knows, whatever our own counters say. */
TEST_F_TIMEOUT(life, everything_made_is_freed, 60)
{
	long long before;

	close(self->port);
	ASSERT_EQ(0, port_remove(self->control, self->name));
	be_remembered(self->control);
	ASSERT_TRUE(eventually(counters_are(self->control, &self->stage.before)));
	before = slab_objects();
	if (before < 0)
		SKIP(return, "/proc/slabinfo cannot be read");
	for (int i = 0; i < 50; i++) {
		int port = port_create(self->control, self->name, BOTH);
		int box = mailbox_open(self->control);
		int link = link_open(self->control, getpid(), 0);

		ASSERT_EQ(0, send_tag(port, i));
		ASSERT_EQ(0, send_tag(link, i));
		if (i % 2) {
			ASSERT_EQ(i, recv_tag(box));
		}
		ASSERT_EQ(0, port_delete(self->control, self->name,
					 i % 3 ? IPCBOX_UNLINK : 0));
		close(port);
		close(link);
		close(box);
	}
	EXPECT_TRUE(eventually(slab_objects() <= before))
		TH_LOG("%lld objects before, now %lld", before, slab_objects());
}

/* A close does not wait until all is freed that others have queued */

#define MANY (16 * IPCBOX_BATCH_MAX)

static int full_port(int control, const char *name)
{
	static struct ipcbox_send_entry entries[IPCBOX_BATCH_MAX];
	const __u64 tag = 1;
	int i, ret = IPCBOX_BATCH_MAX;
	int port = port_create_sized(control, name, BOTH, MANY, 8 * MANY);

	for (i = 0; i < IPCBOX_BATCH_MAX; i++)
		entries[i] = tagged_entry(&tag, 0);
	for (i = 0; i < MANY && ret == IPCBOX_BATCH_MAX; i += ret) {
		struct ipcbox_send_batch batch = send_batch(entries, IPCBOX_BATCH_MAX);

		ret = command(port, IPCBOX_SEND_BATCH, &batch);
	}
	return ret == IPCBOX_BATCH_MAX ? port : -EIO;
}

static __u64 removal_takes(int control, const char *name)
{
	int port = full_port(control, name);
	__u64 start = now_ns(), took;

	if (port_remove(control, name))
		return 0;
	took = now_ns() - start;
	close(port);
	return took;
}

static __u64 last_close_takes(int control, const char *name)
{
	int port = full_port(control, name);
	__u64 start;

	if (port_unlink(control, name))
		return -1ULL;
	start = now_ns();
	close(port);
	return now_ns() - start;
}

static bool no_bytes(int control)
{
	struct ipcbox_query q;

	return !box_query(control, &q) && !q.bytes.used;
}

TEST_F_TIMEOUT(life, last_close_frees_a_part_of_what_is_queued, 60)
{
	__u64 removal = 0, last_close = 1;

	/* Something else may have run meanwhile. */
	for (int i = 0; i < 5 && removal < 4 * last_close; i++) {
		removal = removal_takes(self->control, "removed");
		EXPECT_TRUE(no_bytes(self->control));
		last_close = last_close_takes(self->control, "closed");
		EXPECT_TRUE(eventually(no_bytes(self->control)));
	}
	EXPECT_GT(removal, 4 * last_close)
		TH_LOG("removal %llu ns, close %llu ns", removal, last_close);
}

/* The module: in use while any of it is, never unloaded by these tests */

static int unload(void)
{
	return syscall(SYS_delete_module, "ipcbox", O_NONBLOCK) ? -errno : 0;
}

TEST_F(life, module_is_in_use_while_an_fd_is_open)
{
	if (access(MODULE_REFS, F_OK))
		SKIP(return, "ipcbox is not a module here");
	EXPECT_EQ(-EWOULDBLOCK, unload());
	EXPECT_EQ(0, send_tag(self->port, 1));
}

TEST_F(life, module_is_in_use_while_a_named_port_exists)
{
	long long while_port, after;

	if (access(MODULE_REFS, F_OK))
		SKIP(return, "ipcbox is not a module here");
	ASSERT_EQ(0, send_tag(self->port, 1));
	close(self->port);
	close(self->control);
	while_port = read_number(MODULE_REFS);
	EXPECT_LT(0, while_port);
	EXPECT_EQ(-EWOULDBLOCK, unload());

	self->control = control_open();
	ASSERT_LE(0, self->control);
	ASSERT_EQ(0, port_remove(self->control, self->name));
	close(self->control);
	after = read_number(MODULE_REFS);
	EXPECT_EQ(while_port - 1, after);
}

TEST_HARNESS_MAIN
