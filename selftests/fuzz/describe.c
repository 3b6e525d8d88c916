// SPDX-License-Identifier: GPL-2.0
#include "describe.h"

#include "calls.h"

#include <errno.h>
#include <string.h>

#include <linux/ipcbox_buffer.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Fields of a command; a struct's go by its own name in THIS. */
#define COMMAND_ON(kinds)						\
	{ .name = "fd", .kind = FD, .most = kinds },			\
	{ .name = "arg", .kind = ARG },					\
	{ .name = "tail", .kind = TAIL },				\
	F(size, SIZE, 0),						\
	F(flags, FLAGS, 0)

#define F(member, kind_, most_) {					\
	.name = #member, .kind = kind_, .most = most_,			\
	.offset = offsetof(struct THIS, member),			\
	.width = sizeof(((struct THIS *)0)->member) }

#define ATTR_FIELDS							\
	F(attr.mask, MASK, 0),						\
	F(attr.mode, ATTR, IPCBOX_ATTR_MODE),				\
	F(attr.uid, ATTR, IPCBOX_ATTR_UID),				\
	F(attr.gid, ATTR, IPCBOX_ATTR_GID),				\
	F(attr.max_messages, ATTR, IPCBOX_ATTR_MESSAGES),		\
	F(attr.max_bytes, ATTR, IPCBOX_ATTR_BYTES),			\
	F(attr.max_msgsize, ATTR, IPCBOX_ATTR_MSGSIZE)

#define NAME_FIELDS							\
	F(name, NAME, 0),						\
	F(name_len, NAME_LEN, 0),					\
	F(__reserved, RESERVED, 0)

/* The highest values of what the kernel tells. */
#define ANY		(~0ULL)
#define A_LIMIT		((1ULL << 63) - 1)
#define A_COUNT		(1ULL << 40)
#define A_PID		(4U << 20)
#define ATTR_MODES	0666

#define THIS ipcbox_query
static const struct field query_fields[] = {
	COMMAND_ON(ON_ANY),
	F(abi, OUT, IPCBOX_ABI),
	F(name_max, OUT, IPCBOX_NAME_MAX),
	F(priority_max, OUT, IPCBOX_PRIORITY_MAX),
	F(__reserved, RESERVED, 0),
	F(features, OUT, IPCBOX_FEATURES),
	F(box_messages, OUT, A_LIMIT),
	F(box_bytes, OUT, A_LIMIT),
	F(box_msgsize, OUT, IPCBOX_MSGSIZE_MAX),
	F(boxes.used, OUT, A_COUNT),
	F(boxes.limit, OUT, A_LIMIT),
	F(links.used, OUT, A_COUNT),
	F(links.limit, OUT, A_LIMIT),
	F(bytes.used, OUT, A_COUNT),
	F(bytes.limit, OUT, A_LIMIT),
	F(waiters.used, OUT, A_COUNT),
	F(waiters.limit, OUT, A_LIMIT),
	F(pages.used, OUT, A_COUNT),
	F(pages.limit, OUT, A_LIMIT),
	F(memory.used, OUT, A_COUNT),
	F(memory.limit, OUT, A_LIMIT),
};
#undef THIS

#define THIS ipcbox_mailbox_open
static const struct field mailbox_open_fields[] = {
	COMMAND_ON(ON(CONTROL)),
	ATTR_FIELDS,
};
#undef THIS

#define THIS ipcbox_link_open
static const struct field link_open_fields[] = {
	COMMAND_ON(ON(CONTROL)),
	F(peer, PID, 0),
	F(__reserved, RESERVED, 0),
};
#undef THIS

#define THIS ipcbox_port_create
static const struct field port_create_fields[] = {
	COMMAND_ON(ON(CONTROL)),
	NAME_FIELDS,
	ATTR_FIELDS,
};
#undef THIS

#define THIS ipcbox_port_open
static const struct field port_open_fields[] = {
	COMMAND_ON(ON(CONTROL)),
	NAME_FIELDS,
};
#undef THIS

#define THIS ipcbox_port_delete
static const struct field port_delete_fields[] = {
	COMMAND_ON(ON(CONTROL)),
	NAME_FIELDS,
};
#undef THIS

#define THIS ipcbox_port_list
static const struct field port_list_fields[] = {
	COMMAND_ON(ON(CONTROL)),
	F(after, NAME, 0),
	F(after_len, NAME_LEN, 0),
	F(count, OUT, A_COUNT),
	F(buf, DATA, 0),
	F(buf_len, LENGTH, 0),
};
#undef THIS

#define THIS ipcbox_send
static const struct field send_fields[] = {
	COMMAND_ON(ON(PORT) | ON(LINK) | ON(CONTROL)),
	F(data, DATA, 0),
	F(len, LENGTH, 0),
	F(tag, TAG, 0),
	F(deadline, DEADLINE, 0),
	F(priority, PRIORITY, 0),
	F(pid, PID, 0),
};
#undef THIS

#define THIS ipcbox_recv
static const struct field recv_fields[] = {
	COMMAND_ON(ON(PORT) | ON(MAILBOX)),
	F(data, DATA, 0),
	F(capacity, LENGTH, 0),
	F(deadline, DEADLINE, 0),
	F(from, PID, 0),
	F(pid, OUT, A_PID),
	F(uid, OUT, ANY),
	F(gid, OUT, ANY),
	F(priority, OUT, IPCBOX_PRIORITY_MAX),
	F(reply_max, OUT, IPCBOX_MSGSIZE_MAX),
	F(len, OUT, IPCBOX_MSGSIZE_MAX),
	F(tag, OUT, ANY),
	F(seq, OUT, A_COUNT),
	F(call, OUT, A_COUNT),
};
#undef THIS

#define THIS ipcbox_call
static const struct field call_fields[] = {
	COMMAND_ON(ON(PORT) | ON(LINK) | ON(CONTROL)),
	F(data, DATA, 0),
	F(len, LENGTH, 0),
	F(tag, TAG, 0),
	F(deadline, DEADLINE, 0),
	F(priority, PRIORITY, 0),
	F(pid, PID, 0),
	F(reply, DATA, 0),
	F(capacity, LENGTH, 0),
	F(reply_len, OUT, IPCBOX_MSGSIZE_MAX),
	F(reply_tag, OUT, ANY),
	F(reply_pid, OUT, A_PID),
	F(reply_uid, OUT, ANY),
	F(reply_gid, OUT, ANY),
	F(received, OUT, 1),
};
#undef THIS

/* Numbers of calls are those of messages, as they came: small ones. */
#define A_CALL	16

#define THIS ipcbox_reply
static const struct field reply_fields[] = {
	COMMAND_ON(ON(PORT) | ON(MAILBOX)),
	F(call, NUMBER, A_CALL),
	F(data, DATA, 0),
	F(len, LENGTH, 0),
	F(tag, TAG, 0),
};
#undef THIS

#define THIS ipcbox_reply_recv
static const struct field reply_recv_fields[] = {
	COMMAND_ON(ON(PORT) | ON(MAILBOX)),
	F(data, DATA, 0),
	F(len, LENGTH, 0),
	F(tag, TAG, 0),
	F(call, NUMBER, A_CALL),
	F(recv.size, PART_SIZE, sizeof(struct ipcbox_recv)),
	F(recv.flags, NUMBER, IPCBOX_NONBLOCK),
	F(recv.data, DATA, 0),
	F(recv.capacity, LENGTH, 0),
	F(recv.deadline, DEADLINE, 0),
	F(recv.from, PID, 0),
	F(recv.pid, OUT, A_PID),
	F(recv.uid, OUT, ANY),
	F(recv.gid, OUT, ANY),
	F(recv.priority, OUT, IPCBOX_PRIORITY_MAX),
	F(recv.reply_max, OUT, IPCBOX_MSGSIZE_MAX),
	F(recv.len, OUT, IPCBOX_MSGSIZE_MAX),
	F(recv.tag, OUT, ANY),
	F(recv.seq, OUT, A_COUNT),
	F(recv.call, OUT, A_COUNT),
};
#undef THIS

/* What lies where they point makes the entries: mostly zeros, empty messages. */
#define THIS ipcbox_send_batch
static const struct field send_batch_fields[] = {
	COMMAND_ON(ON(PORT) | ON(LINK) | ON(CONTROL)),
	F(entries, DATA, 0),
	F(count, NUMBER, 40),
	F(entry_size, PART_SIZE, sizeof(struct ipcbox_send_entry)),
	F(deadline, DEADLINE, 0),
	F(pid, PID, 0),
	F(__reserved, RESERVED, 0),
};
#undef THIS

#define THIS ipcbox_recv_batch
static const struct field recv_batch_fields[] = {
	COMMAND_ON(ON(PORT) | ON(MAILBOX)),
	F(entries, DATA, 0),
	F(count, NUMBER, 40),
	F(entry_size, PART_SIZE, sizeof(struct ipcbox_recv_entry)),
	F(deadline, DEADLINE, 0),
	F(from, PID, 0),
	F(__reserved, RESERVED, 0),
};
#undef THIS

#define THIS ipcbox_stat
static const struct field stat_fields[] = {
	COMMAND_ON(ON_NAMED),
	F(kind, OUT, IPCBOX_KIND_BUFFER),
	F(state, OUT, IPCBOX_STATE_UNLINKED | IPCBOX_STATE_SHUTDOWN |
	  IPCBOX_STATE_SPSC),
	F(mode, OUT, ATTR_MODES),
	F(uid, OUT, ANY),
	F(gid, OUT, ANY),
	F(pid, OUT, A_PID),
	F(id, OUT, A_COUNT),
	F(max_messages, OUT, A_LIMIT),
	F(max_bytes, OUT, A_LIMIT),
	F(max_msgsize, OUT, IPCBOX_MSGSIZE_MAX),
	F(messages, OUT, A_COUNT),
	F(bytes, OUT, A_COUNT),
	F(sent, OUT, A_COUNT),
	F(received, OUT, A_COUNT),
	F(receivers, OUT, A_COUNT),
	F(senders, OUT, A_COUNT),
	F(calls, OUT, A_COUNT),
	F(__reserved, OUT, 0),
};
#undef THIS

#define THIS ipcbox_set
static const struct field set_fields[] = {
	COMMAND_ON(ON(PORT) | ON(MAILBOX) | ON(BUFFER)),
	ATTR_FIELDS,
};
#undef THIS
#define THIS ipcbox_buffer_create
static const struct field buffer_create_fields[] = {
	COMMAND_ON(ON(CONTROL)),
	NAME_FIELDS,
	ATTR_FIELDS,
};
#undef THIS

#define THIS ipcbox_buffer_open
static const struct field buffer_open_fields[] = {
	COMMAND_ON(ON(CONTROL)),
	NAME_FIELDS,
};
#undef THIS

#define THIS ipcbox_buffer_layout
static const struct field buffer_layout_fields[] = {
	COMMAND_ON(ON(BUFFER)),
	F(control_len, OUT, A_COUNT),
	F(ring_off, OUT, A_COUNT),
	F(data_off, OUT, A_COUNT),
	F(data_len, OUT, A_COUNT),
	F(cells, OUT, 1U << 20),
	F(max_msgsize, OUT, IPCBOX_MSGSIZE_MAX),
	F(kind, OUT, ANY),
	F(directions, OUT, ANY),
};
#undef THIS

#define THIS ipcbox_buffer_wait
static const struct field buffer_wait_fields[] = {
	COMMAND_ON(ON(BUFFER)),
	F(deadline, DEADLINE, 0),
	F(cells, NUMBER, 4),
	F(__reserved, RESERVED, 0),
};
#undef THIS

#define THIS ipcbox_buffer_wake
static const struct field buffer_wake_fields[] = { COMMAND_ON(ON(BUFFER)) };
#undef THIS

#undef F

/* Arguments of the other calls. */
#define A(name_, kind_, most_) { .name = name_, .kind = kind_, .most = most_ }
#define ON_ALL (ON_ANY | ON(EPOLL) | ON(PIDFD))
#define A_TASK A("task", NUMBER, 2)
#define A_WAIT A("ms", NUMBER, 3)
#define A_EVENTS A("events", NUMBER, 0x1f)

static const struct field open_fields[] = { A("mode", NUMBER, 2) };
static const struct field fd_fields[] = { A("fd", FD, ON_ALL) };
static const struct field nonblock_fields[] = {
	A("fd", FD, ON_ANY), A("on", NUMBER, 1) };
static const struct field pass_fields[] = {
	A("fd", FD, ON_ANY), A("receive", NUMBER, 1) };
static const struct field poll_fields[] = {
	A("fd", FD, ON_ALL), A_EVENTS, A_WAIT };
static const struct field epoll_add_fields[] = {
	A("epoll", FD, ON(EPOLL)), A("fd", FD, ON_ALL), A_EVENTS };
static const struct field epoll_wait_fields[] = {
	A("epoll", FD, ON(EPOLL)), A_WAIT };
static const struct field pid_fields[] = { A("pid", PID, 0) };
static const struct field unshare_fields[] = { A("what", NUMBER, 2) };
static const struct field setuid_fields[] = { A("uid", NUMBER, 1) };
static const struct field sysctl_fields[] = {
	A("which", NUMBER, SYSCTLS - 1), A("value", LENGTH, 0) };
static const struct field signal_fields[] = {
	A_TASK, A("restart", NUMBER, 1) };
static const struct field protect_fields[] = {
	A("address", ADDRESS, 0), A("pages", NUMBER, 3), A("mode", NUMBER, 3) };
static const struct field unmap_fields[] = {
	A("address", ADDRESS, 0), A("pages", NUMBER, 3) };
static const struct field move_fields[] = {
	A("address", ADDRESS, 0), A("to", ADDRESS, 0) };
static const struct field pause_fields[] = { A("ms", NUMBER, 3) };
static const struct field box_fields[] = { A("fd", FD, ON_OBJECT) };

#define COMMAND(text, nr_, weight_, makes_, ...) {			\
	.name = #text, .nr = nr_, .flags = nr_##_FLAGS, .weight = weight_, \
	.size = sizeof(struct ipcbox_##text), .makes = makes_,		\
	.fields = text##_fields, .count = COUNT(text##_fields),		\
	.errors = (const short[]){ __VA_ARGS__ } }

#define CALL(text, fields_, weight_, makes_) {				\
	.name = #text, .fields = fields_, .count = COUNT(fields_),	\
	.makes = makes_, .weight = weight_, .run = call_##text }

#define BARE_CALL(text, weight_, makes_) {				\
	.name = #text, .makes = makes_, .weight = weight_, .run = call_##text }

const struct op ops[] = {
	COMMAND(query, IPCBOX_QUERY, 2, NOTHING, 0),
	COMMAND(mailbox_open, IPCBOX_MAILBOX_OPEN, 6, MAILBOX,
		EEXIST, EMFILE, ENFILE, ENOSPC, ERANGE, EPERM, 0),
	COMMAND(link_open, IPCBOX_LINK_OPEN, 8, LINK, EACCES, ECONNREFUSED,
		ESRCH, EMFILE, EMLINK, ENFILE, 0),
	COMMAND(port_create, IPCBOX_PORT_CREATE, 8, PORT, EEXIST, ENAMETOOLONG,
		EMFILE, ENFILE, ENOSPC, EACCES, ERANGE, EPERM, EPROTOTYPE, 0),
	COMMAND(port_open, IPCBOX_PORT_OPEN, 6, PORT, EACCES, ENAMETOOLONG,
		ENOENT, EMFILE, ENFILE, EPROTOTYPE, 0),
	COMMAND(port_delete, IPCBOX_PORT_DELETE, 6, NOTHING, ENAMETOOLONG,
		ENOENT, EPERM, 0),
	COMMAND(port_list, IPCBOX_PORT_LIST, 5, NOTHING, EMSGSIZE,
		ENAMETOOLONG, 0),
	COMMAND(send, IPCBOX_SEND, 30, NOTHING, EAGAIN, EINTR, ETIMEDOUT,
		EIDRM, EPIPE, EMSGSIZE, ENOBUFS, EUSERS, EACCES, ECONNREFUSED,
		EMLINK, ESRCH, 0),
	COMMAND(recv, IPCBOX_RECV, 30, NOTHING, EAGAIN, EINTR, ETIMEDOUT, EIDRM,
		EMSGSIZE, EPIPE, ESRCH, EMLINK, EUSERS, 0),
	COMMAND(call, IPCBOX_CALL, 20, NOTHING, EAGAIN, EINTR, ETIMEDOUT, EIDRM,
		EPIPE, EMSGSIZE, ENOBUFS, EUSERS, EACCES, ECONNREFUSED, EMLINK,
		ESRCH, 0),
	COMMAND(reply, IPCBOX_REPLY, 15, NOTHING, EIDRM, EMSGSIZE, EPIPE,
		ENOBUFS, 0),
	COMMAND(reply_recv, IPCBOX_REPLY_RECV, 15, NOTHING, EAGAIN, EINTR,
		ETIMEDOUT, EIDRM, EMSGSIZE, EPIPE, ESRCH, EMLINK, ENOBUFS,
		EUSERS, 0),
	COMMAND(send_batch, IPCBOX_SEND_BATCH, 10, NOTHING, EAGAIN, EINTR,
		ETIMEDOUT, EIDRM, EPIPE, EMSGSIZE, ENOBUFS, EUSERS, EACCES,
		ECONNREFUSED, EMLINK, ESRCH, 0),
	COMMAND(recv_batch, IPCBOX_RECV_BATCH, 10, NOTHING, EAGAIN, EINTR,
		ETIMEDOUT, EIDRM, EMSGSIZE, EPIPE, ESRCH, EMLINK, EUSERS, 0),
	COMMAND(stat, IPCBOX_STAT, 6, NOTHING, 0),
	COMMAND(set, IPCBOX_SET, 6, NOTHING, EIDRM, EPIPE, EPERM, ERANGE, 0),
	COMMAND(buffer_create, IPCBOX_BUFFER_CREATE, 4, BUFFER, EDQUOT, EEXIST,
		ENAMETOOLONG, EMFILE, ENFILE, ENOSPC, EACCES, ERANGE, EPERM,
		EPROTOTYPE, 0),
	COMMAND(buffer_open, IPCBOX_BUFFER_OPEN, 4, BUFFER, EACCES,
		ENAMETOOLONG, ENOENT, EMFILE, ENFILE, EPROTOTYPE, 0),
	COMMAND(buffer_layout, IPCBOX_BUFFER_LAYOUT, 2, NOTHING, 0),
	COMMAND(buffer_wait, IPCBOX_BUFFER_WAIT, 6, NOTHING, EAGAIN, EINTR,
		ETIMEDOUT, EIDRM, EPIPE, EUSERS, 0),
	COMMAND(buffer_wake, IPCBOX_BUFFER_WAKE, 4, NOTHING, EIDRM, EPIPE, 0),
	CALL(open, open_fields, 3, CONTROL),
	CALL(close, fd_fields, 6, NOTHING),
	CALL(dup, fd_fields, 3, SAME),
	CALL(pass, pass_fields, 2, SAME),
	CALL(nonblock, nonblock_fields, 3, NOTHING),
	CALL(poll, poll_fields, 4, NOTHING),
	BARE_CALL(epoll, 1, EPOLL),
	CALL(epoll_add, epoll_add_fields, 3, NOTHING),
	CALL(epoll_wait, epoll_wait_fields, 2, NOTHING),
	CALL(pidfd, pid_fields, 2, PIDFD),
	BARE_CALL(proc, 2, NOTHING),
	CALL(fdinfo, fd_fields, 2, NOTHING),
	CALL(unshare, unshare_fields, 1, NOTHING),
	CALL(setuid, setuid_fields, 3, NOTHING),
	CALL(sysctl, sysctl_fields, 3, NOTHING),
	CALL(signal, signal_fields, 4, NOTHING),
	CALL(protect, protect_fields, 1, NOTHING),
	CALL(unmap, unmap_fields, 1, NOTHING),
	CALL(move, move_fields, 1, NOTHING),
	CALL(pause, pause_fields, 2, NOTHING),
	CALL(asleep, box_fields, 3, NOTHING),
	BARE_CALL(exit, 1, NOTHING),
	BARE_CALL(kill, 2, NOTHING),
	BARE_CALL(reap, 2, NOTHING),
};

const unsigned int op_count = COUNT(ops);

const struct op *op_find(const char *name)
{
	for (unsigned int i = 0; i < op_count; i++) {
		if (!strcmp(ops[i].name, name))
			return &ops[i];
	}
	return NULL;
}

int op_field(const struct op *op, const char *name)
{
	for (unsigned int i = 0; i < op->count; i++) {
		if (!strcmp(op->fields[i].name, name))
			return i;
	}
	return -1;
}

bool op_may_fail_with(const struct op *op, int error)
{
	static const short always[] = {
		E2BIG, EBADF, EFAULT, EINVAL, ENOMEM, ENOTTY };

	for (unsigned int i = 0; i < COUNT(always); i++) {
		if (always[i] == error)
			return true;
	}
	for (const short *e = op->errors; *e; e++) {
		if (*e == error)
			return true;
	}
	return false;
}

const char *op_with_a_hole(void)
{
	for (const struct op *op = ops; op < ops + op_count; op++) {
		size_t described = 0;

		for (unsigned int i = 0; i < op->count; i++)
			described += op->fields[i].width;
		if (described != op->size)
			return op->name;
	}
	return NULL;
}
