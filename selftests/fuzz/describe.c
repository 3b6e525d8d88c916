// SPDX-License-Identifier: GPL-2.0
#include "describe.h"

#include "calls.h"
#include "layout.h"

#include <errno.h>
#include <string.h>

#include <linux/ipcbox_buffer.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Bounds of what the kernel may tell. */
#define ANY		(~0ULL)
#define A_LIMIT		((1ULL << 63) - 1)
#define A_COUNT		(1ULL << 40)
#define A_PID		(4U << 20)
#define A_STATE		(IPCBOX_STATE_UNLINKED | IPCBOX_STATE_SHUTDOWN | IPCBOX_STATE_SPSC)
#define A_MODE		0666
/* Numbers of calls are those of messages, as they came: small ones. */
#define A_CALL		16

#define IS(kind_, most_) .kind = kind_, .most = most_

/* The values to pass in members of this name. */
#define IN_size		IS(SIZE, 0)
#define IN_flags	IS(FLAGS, 0)
#define IN_mask		IS(MASK, 0)
#define IN_mode		IS(ATTR, IPCBOX_ATTR_MODE)
#define IN_uid		IS(ATTR, IPCBOX_ATTR_UID)
#define IN_gid		IS(ATTR, IPCBOX_ATTR_GID)
#define IN_max_messages	IS(ATTR, IPCBOX_ATTR_MESSAGES)
#define IN_max_bytes	IS(ATTR, IPCBOX_ATTR_BYTES)
#define IN_max_msgsize	IS(ATTR, IPCBOX_ATTR_MSGSIZE)
#define IN_name		IS(NAME, 0)
#define IN_name_len	IS(NAME_LEN, 0)
#define IN_after	IS(NAME, 0)
#define IN_after_len	IS(NAME_LEN, 0)
#define IN_buf		IS(DATA, 0)
#define IN_buf_len	IS(LENGTH, 0)
#define IN_data		IS(DATA, 0)
#define IN_len		IS(LENGTH, 0)
#define IN_capacity	IS(LENGTH, 0)
#define IN_reply	IS(DATA, 0)
/* The memory there becomes the entries: mostly zeros, empty messages. */
#define IN_entries	IS(DATA, 0)
#define IN_count	IS(NUMBER, 40)
#define IN_tag		IS(TAG, 0)
#define IN_deadline	IS(DEADLINE, 0)
#define IN_priority	IS(PRIORITY, 0)
#define IN_peer		IS(PID, 0)
#define IN_pid		IS(PID, 0)
#define IN_from		IS(PID, 0)
#define IN_call		IS(NUMBER, A_CALL)
#define IN_cells	IS(NUMBER, 4)

/* The most that the kernel may tell in members of this name. */
#define OUT_abi		IPCBOX_ABI
#define OUT_name_max	IPCBOX_NAME_MAX
#define OUT_priority_max IPCBOX_PRIORITY_MAX
#define OUT_features	IPCBOX_FEATURES
#define OUT_box_messages A_LIMIT
#define OUT_box_bytes	A_LIMIT
#define OUT_box_msgsize	IPCBOX_MSGSIZE_MAX
#define OUT_used	A_COUNT
#define OUT_limit	A_LIMIT
#define OUT_count	A_COUNT
#define OUT_pid		A_PID
#define OUT_uid		ANY
#define OUT_gid		ANY
#define OUT_priority	IPCBOX_PRIORITY_MAX
#define OUT_reply_max	IPCBOX_MSGSIZE_MAX
#define OUT_len		IPCBOX_MSGSIZE_MAX
#define OUT_tag		ANY
#define OUT_seq		A_COUNT
#define OUT_call	A_COUNT
#define OUT_reply_len	IPCBOX_MSGSIZE_MAX
#define OUT_reply_tag	ANY
#define OUT_reply_pid	A_PID
#define OUT_reply_uid	ANY
#define OUT_reply_gid	ANY
#define OUT_kind	IPCBOX_SPSC /* of stat: IPCBOX_KIND_BUFFER */
#define OUT_state	A_STATE
#define OUT_mode	A_MODE
#define OUT_id		A_COUNT
#define OUT_max_messages A_LIMIT
#define OUT_max_bytes	A_LIMIT
#define OUT_max_msgsize	IPCBOX_MSGSIZE_MAX
#define OUT_messages	A_COUNT
#define OUT_bytes	A_COUNT
#define OUT_sent	A_COUNT
#define OUT_received	A_COUNT	/* of a call: 1 */
#define OUT_receivers	A_COUNT
#define OUT_senders	A_COUNT
#define OUT_calls	A_COUNT
#define OUT___reserved	0
#define OUT_control_len	A_COUNT
#define OUT_ring_off	A_COUNT
#define OUT_data_off	A_COUNT
#define OUT_data_len	A_COUNT
#define OUT_cells	(1U << 20)
#define OUT_directions	(IPCBOX_RECEIVER | IPCBOX_SENDER)

#define IN(name)	IN_##name
#define OUT(name)	IS(OUT, OUT_##name)
#define ZERO		IS(RESERVED, 0)
#define SIZE_OF(type)	IS(PART_SIZE, sizeof(struct type))
#define FLAGS_OF(nr)	IS(NUMBER, nr##_FLAGS)

#define FIELD(type, member, meaning) {					\
	.name = #member, meaning,					\
	.offset = offsetof(struct type, member),			\
	.width = sizeof(((struct type *)0)->member) },

#define FIELDS(text, nr, kinds, makes)					\
	static const struct field text##_fields[] = {			\
		{ .name = "fd", .kind = FD, .most = kinds },		\
		{ .name = "arg", .kind = ARG },				\
		{ .name = "tail", .kind = TAIL },			\
		FIELDS_OF_##text(FIELD)					\
	};

EACH_COMMAND(FIELDS)

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

/* How often a command is used: mostly those that move messages. */
#define WEIGHT(nr)							\
	((nr) == IPCBOX_SEND || (nr) == IPCBOX_RECV ? 30 :		\
	 (nr) == IPCBOX_CALL ? 20 :					\
	 (nr) == IPCBOX_REPLY || (nr) == IPCBOX_REPLY_RECV ? 15 :	\
	 (nr) == IPCBOX_SEND_BATCH || (nr) == IPCBOX_RECV_BATCH ? 10 : 6)

#define COMMAND(text, nr_, kinds, makes_) {				\
	.name = #text, .nr = nr_, .flags = nr_##_FLAGS,			\
	.weight = WEIGHT(nr_), .size = sizeof(struct ipcbox_##text),	\
	.makes = makes_,						\
	.fields = text##_fields, .count = COUNT(text##_fields),		\
	.errors = (const short[]){ ERRORS_OF_##text } },

#define CALL(text, fields_, weight_, makes_) {				\
	.name = #text, .fields = fields_, .count = COUNT(fields_),	\
	.makes = makes_, .weight = weight_, .run = call_##text }

#define BARE_CALL(text, weight_, makes_) {				\
	.name = #text, .makes = makes_, .weight = weight_, .run = call_##text }

const struct op ops[] = {
	EACH_COMMAND(COMMAND)
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
