/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One thin wrapper for each command. All return what the command returned, or
 * the errno as a negative number. Outputs are poisoned before each call.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/ipcbox_buffer.h>

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
HELPER int buffer_create_attr(int control, const char *name, __u32 flags,
			      struct ipcbox_attr attr)
{
	struct ipcbox_buffer_create c = {
		.size = sizeof(c), .flags = flags, .name = to_u64(name),
		.name_len = strlen(name), .attr = attr,
	};

	return command(control, IPCBOX_BUFFER_CREATE, &c);
}
HELPER int buffer_create(int control, const char *name, __u32 flags)
{
	return buffer_create_attr(control, name, flags, (struct ipcbox_attr){ 0 });
}
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

/* A single number out of IPCBOX_STAT, or -errno where it fails. */
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
DEFINE_STAT_OF(calls)

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
 * The shortest message that differs from any other: a number, both as the tag
 * and as the payload.
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

/*
 * A control fd remembers the last process that sent with it or opened a link, and
 * so holds its account. Has it remember us, by a send that comes to nothing.
 */
HELPER void be_remembered(int control)
{
	send_tag_to(control, getpid(), 0);
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

/* Calls and their replies */

HELPER struct ipcbox_call request(const void *data, size_t len, void *reply,
				  size_t capacity)
{
	struct ipcbox_call c;

	memset(&c, POISON, sizeof(c));
	c.size = sizeof(c);
	c.flags = 0;
	c.data = to_u64(data);
	c.len = len;
	c.tag = 0;
	c.deadline = 0;
	c.priority = 0;
	c.pid = 0;
	c.reply = to_u64(reply);
	c.capacity = capacity;
	return c;
}

HELPER struct ipcbox_reply reply_to(__u64 call, const void *data, size_t len)
{
	return (struct ipcbox_reply){
		.size = sizeof(struct ipcbox_reply),
		.call = call,
		.data = to_u64(data),
		.len = len,
	};
}

HELPER struct ipcbox_reply_recv reply_recv_to(__u64 call, const void *reply,
					      size_t len, void *data,
					      size_t capacity)
{
	return (struct ipcbox_reply_recv){
		.size = sizeof(struct ipcbox_reply_recv),
		.data = to_u64(reply),
		.len = len,
		.call = call,
		.recv = room(data, capacity),
	};
}

/* The number of the next message, which must be the call of that tag. */
HELPER long long recv_call(int fd, __u64 tag)
{
	__u64 payload = 0;
	struct ipcbox_recv r = room(&payload, sizeof(payload));
	int ret = recv_now(fd, &r);

	if (ret)
		return ret;
	return r.tag == tag && payload == tag && r.call ? (long long)r.call : -EBADMSG;
}

/* A reply like the messages of tagged(). */
HELPER int reply_tag(int fd, __u64 call, __u64 tag)
{
	struct ipcbox_reply r = reply_to(call, &tag, sizeof(tag));

	r.tag = tag;
	return command(fd, IPCBOX_REPLY, &r);
}

/* Batches */

HELPER struct ipcbox_send_batch send_batch(struct ipcbox_send_entry *entries,
					   __u32 count)
{
	return (struct ipcbox_send_batch){
		.size = sizeof(struct ipcbox_send_batch),
		.entries = to_u64(entries),
		.count = count,
		.entry_size = sizeof(*entries),
	};
}

HELPER struct ipcbox_recv_batch recv_batch(struct ipcbox_recv_entry *entries,
					   __u32 count)
{
	return (struct ipcbox_recv_batch){
		.size = sizeof(struct ipcbox_recv_batch),
		.entries = to_u64(entries),
		.count = count,
		.entry_size = sizeof(*entries),
	};
}

/* As tagged(); what a result was before is to be seen. */
HELPER struct ipcbox_send_entry tagged_entry(const __u64 *tag, __u32 priority)
{
	struct ipcbox_send_entry e;

	memset(&e, POISON, sizeof(e));
	e.data = to_u64(tag);
	e.len = sizeof(*tag);
	e.tag = *tag;
	e.priority = priority;
	return e;
}

HELPER struct ipcbox_recv_entry room_entry(void *data, size_t capacity)
{
	struct ipcbox_recv_entry e;

	memset(&e, POISON, sizeof(e));
	e.data = to_u64(data);
	e.capacity = capacity;
	return e;
}

#endif /* COMMANDS_H */
