/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test of ipcbox uses: one thin wrapper for each command, calls that
 * run in a thread of their own, children, and states to wait for.
 *
 * All wrappers return what the command returned, or the errno as a negative
 * number. None of them sleeps for a fixed time: where a test must know that
 * another thread or process is asleep in the kernel, it reads the counts of
 * IPCBOX_STAT until they say so.
 */
#ifndef IPCBOX_TEST_H
#define IPCBOX_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <kselftest_harness.h>
#include <linux/ipcbox.h>

#define HELPER static inline __attribute__((unused))

#define POISON		0xa5		/* what outputs hold before a call */
#define NSEC_PER_SEC	1000000000ULL
#define PATIENCE	20		/* seconds, until a state is given up */
#define NOT_YET		(-ETIME)	/* a call in a thread has not ended */

#define BOTH		(IPCBOX_RECEIVER | IPCBOX_SENDER)

/* Time */

HELPER __u64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

HELPER __u64 in_ms(unsigned int ms)
{
	return now_ns() + ms * 1000000ULL;
}

/* Reads a state until it is as wanted, or patience is at its end. */
#define eventually(condition) ({					\
	__u64 give_up = now_ns() + PATIENCE * NSEC_PER_SEC;		\
	bool is_so;							\
									\
	while (!(is_so = (condition)) && now_ns() < give_up)		\
		usleep(1000);						\
	is_so; })

/* Commands */

HELPER int command(int fd, unsigned long nr, void *arg)
{
	int ret = ioctl(fd, nr, arg);

	return ret < 0 ? -errno : ret;
}

HELPER __u64 to_u64(const void *pointer)
{
	return (uintptr_t)pointer;
}

HELPER int control_open(void)
{
	int fd = open("/dev/ipcbox", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

HELPER int port_create_attr(int control, const char *name, __u32 flags,
			    struct ipcbox_attr attr)
{
	struct ipcbox_port_create c = {
		.size = sizeof(c), .flags = flags, .name = to_u64(name),
		.name_len = strlen(name), .attr = attr,
	};

	return command(control, IPCBOX_PORT_CREATE, &c);
}

HELPER int port_create(int control, const char *name, __u32 flags)
{
	return port_create_attr(control, name, flags, (struct ipcbox_attr){ 0 });
}

/* A port that holds so many messages, and so many bytes in all. */
HELPER int port_create_sized(int control, const char *name, __u32 flags,
			     __u64 messages, __u64 bytes)
{
	return port_create_attr(control, name, flags, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_BYTES |
			IPCBOX_ATTR_MSGSIZE,
		.max_messages = messages,
		.max_bytes = bytes,
		.max_msgsize = bytes < IPCBOX_MSGSIZE_MAX ?
			       bytes : IPCBOX_MSGSIZE_MAX,
	});
}

HELPER int port_open(int control, const char *name, __u32 flags)
{
	struct ipcbox_port_open o = {
		.size = sizeof(o), .flags = flags, .name = to_u64(name),
		.name_len = strlen(name),
	};

	return command(control, IPCBOX_PORT_OPEN, &o);
}

HELPER int port_delete(int control, const char *name, __u32 flags)
{
	struct ipcbox_port_delete d = {
		.size = sizeof(d), .flags = flags, .name = to_u64(name),
		.name_len = strlen(name),
	};

	return command(control, IPCBOX_PORT_DELETE, &d);
}

HELPER int port_remove(int control, const char *name)
{
	return port_delete(control, name, 0);
}

HELPER int port_unlink(int control, const char *name)
{
	return port_delete(control, name, IPCBOX_UNLINK);
}

/* Opening for no direction needs no right, so it tells whether a port is there. */
HELPER bool port_exists(int control, const char *name)
{
	int fd = port_open(control, name, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

HELPER int mailbox_open_attr(int control, __u32 flags, struct ipcbox_attr attr)
{
	struct ipcbox_mailbox_open m = {
		.size = sizeof(m), .flags = flags, .attr = attr,
	};

	return command(control, IPCBOX_MAILBOX_OPEN, &m);
}

HELPER int mailbox_open(int control)
{
	return mailbox_open_attr(control, 0, (struct ipcbox_attr){ 0 });
}

/* A mailbox to which everyone may send. */
HELPER int mailbox_open_public(int control)
{
	return mailbox_open_attr(control, 0, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE, .mode = 0622 });
}

HELPER int link_open(int control, __s32 peer, __u32 flags)
{
	struct ipcbox_link_open l = {
		.size = sizeof(l), .flags = flags, .peer = peer,
	};

	return command(control, IPCBOX_LINK_OPEN, &l);
}

HELPER int box_set(int fd, struct ipcbox_attr attr)
{
	struct ipcbox_set s = { .size = sizeof(s), .attr = attr };

	return command(fd, IPCBOX_SET, &s);
}

HELPER int box_stat(int fd, struct ipcbox_stat *stat)
{
	memset(stat, POISON, sizeof(*stat));
	stat->size = sizeof(*stat);
	stat->flags = 0;
	return command(fd, IPCBOX_STAT, stat);
}

HELPER int box_query(int fd, struct ipcbox_query *query)
{
	memset(query, POISON, sizeof(*query));
	query->size = sizeof(*query);
	query->flags = 0;
	query->__reserved = 0;
	return command(fd, IPCBOX_QUERY, query);
}

/* Single numbers out of IPCBOX_STAT; -errno where it fails. */
#define DEFINE_STAT_OF(member)						\
HELPER long long member##_of(int fd)					\
{									\
	struct ipcbox_stat stat;					\
	int ret = box_stat(fd, &stat);					\
									\
	return ret ? ret : (long long)stat.member;			\
}
DEFINE_STAT_OF(id)
DEFINE_STAT_OF(state)
DEFINE_STAT_OF(messages)
DEFINE_STAT_OF(bytes)
DEFINE_STAT_OF(sent)
DEFINE_STAT_OF(received)
DEFINE_STAT_OF(receivers)
DEFINE_STAT_OF(senders)

HELPER bool receivers_asleep(int fd, long long count)
{
	return eventually(receivers_of(fd) == count);
}

HELPER bool senders_asleep(int fd, long long count)
{
	return eventually(senders_of(fd) == count);
}

/* Messages */

HELPER struct ipcbox_send message(const void *data, size_t len)
{
	return (struct ipcbox_send){
		.size = sizeof(struct ipcbox_send),
		.data = to_u64(data),
		.len = len,
	};
}

HELPER struct ipcbox_recv room(void *data, size_t capacity)
{
	struct ipcbox_recv r;

	memset(&r, POISON, sizeof(r));
	r.size = sizeof(r);
	r.flags = 0;
	r.data = to_u64(data);
	r.capacity = capacity;
	r.deadline = 0;
	r.from = 0;
	r.__reserved = 0;
	return r;
}

HELPER int send_now(int fd, const void *data, size_t len)
{
	struct ipcbox_send s = message(data, len);

	s.flags = IPCBOX_NONBLOCK;
	return command(fd, IPCBOX_SEND, &s);
}

HELPER int recv_now(int fd, struct ipcbox_recv *r)
{
	r->flags |= IPCBOX_NONBLOCK;
	return command(fd, IPCBOX_RECV, r);
}

/*
 * The shortest message that can be told from any other: a number, both as the
 * tag and as the payload.
 */
HELPER struct ipcbox_send tagged(const __u64 *tag, __u32 priority)
{
	struct ipcbox_send s = message(tag, sizeof(*tag));

	s.tag = *tag;
	s.priority = priority;
	return s;
}

HELPER int send_tag_at(int fd, __u64 tag, __u32 priority)
{
	struct ipcbox_send s = tagged(&tag, priority);

	s.flags = IPCBOX_NONBLOCK;
	return command(fd, IPCBOX_SEND, &s);
}

HELPER int send_tag(int fd, __u64 tag)
{
	return send_tag_at(fd, tag, 0);
}

HELPER int send_tag_to(int control, pid_t pid, __u64 tag)
{
	struct ipcbox_send s = tagged(&tag, 0);

	s.flags = IPCBOX_NONBLOCK;
	s.pid = pid;
	return command(control, IPCBOX_SEND, &s);
}

/* The tag of the next message that PID sent (0: anyone), or -errno. */
HELPER long long recv_tag_from(int fd, pid_t pid)
{
	__u64 payload = 0;
	struct ipcbox_recv r = room(&payload, sizeof(payload));
	int ret;

	r.from = pid;
	ret = recv_now(fd, &r);
	if (ret)
		return ret;
	if (r.len != sizeof(payload) || r.tag != payload)
		return -EBADMSG;
	return r.tag;
}

HELPER long long recv_tag(int fd)
{
	return recv_tag_from(fd, 0);
}

/* A command in a thread of its own */

struct call {
	pthread_t thread;
	int fd;
	unsigned long nr;
	void *arg;
	int ret;
	pid_t tid;
	bool joined;
	__u64 tag;			/* for call_send_tag() */
	struct ipcbox_send send;
	struct ipcbox_recv recv;
	char data[64];
};

HELPER void *call_run(void *arg)
{
	struct call *c = arg;

	__atomic_store_n(&c->tid, gettid(), __ATOMIC_RELEASE);
	c->ret = command(c->fd, c->nr, c->arg);
	return NULL;
}

HELPER void call_start(struct call *c, int fd, unsigned long nr, void *arg)
{
	pthread_attr_t attr;

	c->fd = fd;
	c->nr = nr;
	c->arg = arg;
	c->tid = 0;
	c->joined = false;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 << 10);
	if (pthread_create(&c->thread, &attr, call_run, c))
		abort();
	pthread_attr_destroy(&attr);
}

/* Starts a receive that may wait; fill c->recv with room() first to differ. */
HELPER void call_recv(struct call *c, int fd)
{
	c->recv = room(c->data, sizeof(c->data));
	call_start(c, fd, IPCBOX_RECV, &c->recv);
}

HELPER void call_recv_until(struct call *c, int fd, __u64 deadline)
{
	c->recv = room(c->data, sizeof(c->data));
	c->recv.deadline = deadline;
	call_start(c, fd, IPCBOX_RECV, &c->recv);
}

HELPER void call_send_tag(struct call *c, int fd, __u64 tag, __u32 priority)
{
	c->tag = tag;
	c->send = tagged(&c->tag, priority);
	call_start(c, fd, IPCBOX_SEND, &c->send);
}

/* What the call returned, or NOT_YET where it still waits. */
HELPER int call_end(struct call *c)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE;
	if (!c->joined)
		c->joined = !pthread_timedjoin_np(c->thread, NULL, &until);
	return c->joined ? c->ret : NOT_YET;
}

HELPER bool call_ended(struct call *c)
{
	if (!c->joined)
		c->joined = !pthread_tryjoin_np(c->thread, NULL);
	return c->joined;
}

/* Processes */

/* A child that dies with its parent and ends with what FN returns. */
HELPER pid_t spawn(int (*fn)(void *arg), void *arg)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Too late? In a pid namespace of its own it sees no parent (0). */
	if (getppid() != parent && getppid() != 0)
		_exit(1);
	_exit(fn(arg));
}

/* The exit status of a child, or minus the signal that killed it. */
HELPER int reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

HELPER int kill_and_reap(pid_t pid)
{
	kill(pid, SIGKILL);
	return reap(pid);
}

/*
 * A peer with a mailbox of its own, to which everyone may send and of which it
 * holds as many messages as asked for each link. It does what it is told
 * through a pipe: read one message (and tell its tag), or close the mailbox.
 */
struct peer {
	pid_t pid;
	int to, from;		/* pipes */
	int max_messages;
};

enum { PEER_RECV = 'r', PEER_CLOSE = 'c', PEER_OPEN = 'o' };

HELPER int peer_mailbox(int control, int max_messages)
{
	return mailbox_open_attr(control, 0, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE | IPCBOX_ATTR_MESSAGES,
		.mode = 0622, .max_messages = max_messages });
}

HELPER void peer_serve(int in, int out, int max_messages)
{
	int control = control_open();
	int box = peer_mailbox(control, max_messages);
	long long answer = box < 0 ? box : 0;
	char what;

	do {
		if (write(out, &answer, sizeof(answer)) != sizeof(answer))
			_exit(1);
		if (read(in, &what, 1) != 1)
			_exit(0);
		switch (what) {
		case PEER_RECV:
			answer = recv_tag(box);
			break;
		case PEER_CLOSE:
			answer = close(box);
			break;
		case PEER_OPEN:
			box = peer_mailbox(control, max_messages);
			answer = box < 0 ? box : 0;
			break;
		}
	} while (true);
}

HELPER long long peer_answer(struct peer *p)
{
	long long answer;

	if (read(p->from, &answer, sizeof(answer)) != sizeof(answer))
		return -EIO;
	return answer;
}

HELPER long long peer_do(struct peer *p, char what)
{
	if (write(p->to, &what, 1) != 1)
		return -EIO;
	return peer_answer(p);
}

/* 0 when the peer is there and has its mailbox. */
HELPER int peer_start(struct peer *p, int max_messages)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return -errno;
	p->pid = fork();
	if (p->pid < 0)
		return -errno;
	if (!p->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Fds that were inherited would keep what they are open to. */
		dup2(to[0], 0);
		dup2(from[1], 1);
		syscall(__NR_close_range, 3, ~0U, 0);
		peer_serve(0, 1, max_messages);
	}
	close(to[0]);
	close(from[1]);
	p->to = to[1];
	p->from = from[0];
	return peer_answer(p);
}

HELPER void peer_kill(struct peer *p)
{
	kill_and_reap(p->pid);
	close(p->to);
	close(p->from);
}

/* Files */

/* Writes a short text, as to a sysctl or into a cgroup. */
HELPER int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

HELPER int write_number(const char *path, unsigned long long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", number);
	return write_file(path, text);
}

/* The first line of a file, or what fits of it; -errno where it fails. */
HELPER int read_line(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");

	if (!file)
		return -errno;
	if (!fgets(line, size, file))
		line[0] = '\0';
	fclose(file);
	return 0;
}

HELPER long long read_number(const char *path)
{
	char line[64];
	int ret = read_line(path, line, sizeof(line));

	return ret ? ret : atoll(line);
}

/* Empty slabs are given back, so that what is left is in use. */
HELPER void slab_shrink(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[512];

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "ipcbox_", 7))
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
			 entry->d_name);
		write_file(path, "1");
	}
	if (dir)
		closedir(dir);
}

/* Objects in use in all slab caches of ipcbox, or -errno. */
HELPER long long slab_objects(void)
{
	char line[512], name[64];
	long long total = 0, active;
	FILE *file;

	slab_shrink();
	file = fopen("/proc/slabinfo", "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %lld", name, &active) == 2 &&
		    !strncmp(name, "ipcbox_", 7))
			total += active;
	}
	fclose(file);
	return total;
}

#define SYSCTL(name) "/proc/sys/net/ipcbox/" name

/* What each fixture starts with, and how it proves that nothing is left */

struct stage {
	int control;
	char name[64];		/* of the port that a test may make */
	struct ipcbox_query before;
};

HELPER bool counters_are(int control, const struct ipcbox_query *before)
{
	struct ipcbox_query q;

	return !box_query(control, &q) &&
	       q.boxes.used == before->boxes.used &&
	       q.links.used == before->links.used &&
	       q.bytes.used == before->bytes.used &&
	       q.waiters.used == before->waiters.used;
}

HELPER void stage_setup(struct __test_metadata *_metadata, struct stage *s)
{
	s->control = control_open();
	ASSERT_LE(0, s->control);
	snprintf(s->name, sizeof(s->name), "%.40s.%d", _metadata->name, getpid());
	ASSERT_EQ(0, box_query(s->control, &s->before));
}

/* Deletes the port, closes all that is open, and looks at the counters. */
HELPER void stage_teardown(struct __test_metadata *_metadata, struct stage *s)
{
	int control = control_open();

	port_remove(control, s->name);
	close(control);
	syscall(__NR_close_range, 3, ~0U, 0);

	control = control_open();
	ASSERT_LE(0, control);
	EXPECT_TRUE(eventually(counters_are(control, &s->before)))
		TH_LOG("the counters are not back to where they were");
	close(control);
}

#endif /* IPCBOX_TEST_H */
