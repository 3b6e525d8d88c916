// SPDX-License-Identifier: GPL-2.0
#include "check.h"

#include "arena.h"

#include "../commands.h"

/* A command that has ended. */
struct done {
	struct task *task;
	unsigned int step;
	const struct op *op;
	const __u64 *values;
	long ret;
};

#define FOUND(done, ...) task_found((done)->task, (done)->step, __VA_ARGS__)

static __u64 value_of(const struct done *done, const char *name)
{
	return done->values[op_field(done->op, name)];
}

static struct range range_of(__u64 start, __u64 size)
{
	__u64 end = start + size;

	return (struct range){ start, end < start ? ~0ULL : end };
}

static bool overlap(struct range a, struct range b)
{
	return a.start < b.end && b.start < a.end;
}

/* ---- returns ------------------------------------------------------------- */

static int lowest_fd(void)
{
	int fd = dup(0);

	if (fd >= 0)
		close(fd);
	return fd;
}

static bool is_batch(const struct done *done)
{
	return done->op->nr == IPCBOX_SEND_BATCH || done->op->nr == IPCBOX_RECV_BATCH;
}

static void check_return(const struct done *done)
{
	if (done->ret < 0 && !op_may_fail_with(done->op, -done->ret))
		FOUND(done, "fails with %ld (%s), which the uapi does not tell",
		      done->ret, strerror(-done->ret));
	if (done->ret > 0 && done->op->makes == NOTHING &&
	    (!is_batch(done) || (__u64)done->ret > value_of(done, "count")))
		FOUND(done, "returns %ld", done->ret);
}

static void check_fd(const struct done *done, const struct before *before)
{
	bool nonblock = done->values[AT_FLAGS] & IPCBOX_NONBLOCK;

	if (done->ret < 0 || done->op->makes == NOTHING) {
		if (lowest_fd() != before->lowest_fd)
			FOUND(done, "returns %ld and leaves an fd open", done->ret);
		return;
	}
	if (fcntl(done->ret, F_GETFD) != FD_CLOEXEC)
		FOUND(done, "gives an fd without FD_CLOEXEC");
	if (!!(fcntl(done->ret, F_GETFL) & O_NONBLOCK) != nonblock)
		FOUND(done, "gives an fd with O_NONBLOCK where it was not asked to, or without");
}

/* ---- memory -------------------------------------------------------------- */

/* Payload, or entries. */
static struct range written_data(const struct done *done)
{
	struct ipcbox_recv recv;

	if (is_batch(done))
		return range_of(value_of(done, "entries"),
				value_of(done, "count") * value_of(done, "entry_size"));
	if (done->ret && done->ret != -EFAULT)
		return range_of(0, 0);
	switch (done->op->nr) {
	case IPCBOX_PORT_LIST:
		return range_of(value_of(done, "buf"), value_of(done, "buf_len"));
	case IPCBOX_RECV:
		if (!done->ret && arena_read(done->values[AT_ARG], &recv, sizeof(recv)) &&
		    recv.len < value_of(done, "capacity"))
			return range_of(value_of(done, "data"), recv.len);
		return range_of(value_of(done, "data"), value_of(done, "capacity"));
	case IPCBOX_CALL:
		return range_of(value_of(done, "reply"), value_of(done, "capacity"));
	case IPCBOX_REPLY_RECV:
		return range_of(value_of(done, "recv.data"),
				value_of(done, "recv.capacity"));
	default:
		return range_of(0, 0);
	}
}

/* EMSGSIZE tells the length that is needed, and nothing else. */
static bool may_write(const struct done *done, const struct field *field)
{
	/* Zero where the reply was given. */
	if (done->op->nr == IPCBOX_REPLY_RECV && !strcmp(field->name, "call"))
		return true;
	if (field->kind != OUT)
		return false;
	if (done->op->nr == IPCBOX_CALL && !strcmp(field->name, "received"))
		return true;
	if (done->op->nr == IPCBOX_REPLY_RECV && done->ret == -EMSGSIZE)
		return !strcmp(field->name, "recv.len");
	if (done->op->nr == IPCBOX_RECV && done->ret == -EMSGSIZE)
		return !strcmp(field->name, "len");
	return done->ret >= 0 || done->ret == -EFAULT;
}

static void check_memory(const struct done *done)
{
	struct range ranges[MAX_VALUES + 1];
	unsigned int count = 0;
	__u64 changed;

	/* The entries say where, and they are overwritten. */
	if (done->op->nr == IPCBOX_RECV_BATCH &&
	    (done->ret > 0 || done->ret == -EFAULT))
		return;
	ranges[count++] = written_data(done);
	for (unsigned int i = 0; i < done->op->count; i++) {
		const struct field *field = &done->op->fields[i];

		if (may_write(done, field) &&
		    field->offset + field->width <= done->values[AT_SIZE])
			ranges[count++] = range_of(done->values[AT_ARG] + field->offset,
						   field->width);
	}
	changed = arena_changed(ranges, count);
	if (changed)
		FOUND(done, "returns %ld and changed the byte at %#llx (arg%+lld)", done->ret,
		      changed, (long long)(changed - done->values[AT_ARG]));
}

/* ---- what it told -------------------------------------------------------- */

/* Of names that have another meaning in one struct than in others. */
static __u64 most_told(const struct done *done, const struct field *field)
{
	if (done->op->nr == IPCBOX_CALL && !strcmp(field->name, "received"))
		return 1;
	if (done->op->nr == IPCBOX_STAT && !strcmp(field->name, "kind"))
		return IPCBOX_KIND_BUFFER;
	return field->most;
}

static void check_outputs(const struct done *done)
{
	struct range whole = range_of(done->values[AT_ARG], done->op->size);

	if (overlap(whole, written_data(done)))
		return;
	for (unsigned int i = 0; i < done->op->count; i++) {
		const struct field *field = &done->op->fields[i];
		__u64 told = 0;

		if (!may_write(done, field) ||
		    !arena_read(done->values[AT_ARG] + field->offset, &told, field->width))
			continue;
		if (told > most_told(done, field) ||
		    (field->width == 8 && told >= KERNEL_ADDRESS && !strstr(field->name, "tag")))
			FOUND(done, "tells %s = %#llx", field->name, told);
	}
}

static bool is_zero(__u64 address, size_t size)
{
	char byte;

	while (size--) {
		if (arena_read(address++, &byte, 1) && byte)
			return false;
	}
	return true;
}

static bool entry_is_right(const struct ipcbox_port_entry *entry, __u64 left)
{
	return entry->entry_len <= left && entry->entry_len % 8 == 0 &&
	       entry->name_off == sizeof(*entry) && !entry->__reserved &&
	       entry->name_len && entry->name_len <= IPCBOX_NAME_MAX &&
	       entry->name_off + entry->name_len <= entry->entry_len &&
	       entry->stat.size == sizeof(entry->stat) && !entry->stat.flags &&
	       (entry->stat.kind == IPCBOX_KIND_PORT ||
		entry->stat.kind == IPCBOX_KIND_BUFFER) &&
	       !(entry->stat.state & ~IPCBOX_STATE_SPSC) &&
	       entry->stat.mode <= 0666 && !entry->stat.pid;
}

static void check_entries(const struct done *done)
{
	struct range whole = range_of(done->values[AT_ARG], done->op->size);
	struct range data = written_data(done);
	struct ipcbox_port_list list;
	struct ipcbox_port_entry entry;

	if (overlap(whole, data) || !arena_read(whole.start, &list, sizeof(list)))
		return;
	for (__u32 i = 0; i < list.count; i++) {
		if (!arena_read(data.start, &entry, sizeof(entry)))
			return;
		if (!entry_is_right(&entry, data.end - data.start) ||
		    !is_zero(data.start + sizeof(entry) + entry.name_len,
			     entry.entry_len - sizeof(entry) - entry.name_len)) {
			FOUND(done, "entry %u of the list is not right", i);
			return;
		}
		data.start += entry.entry_len;
	}
}

/* -------------------------------------------------------------------------- */

/* Where others act at the same time only what is told counts. */
void check_begin(struct task *task, struct before *before)
{
	if (!task->alone)
		return;
	before->lowest_fd = lowest_fd();
	arena_note();
}

void check_end(struct task *task, unsigned int step, const __u64 *values, long ret,
	       const struct before *before)
{
	struct done done = { task, step, task->program->steps[step].op, values, ret };

	check_return(&done);
	if (!task->alone)
		return;
	check_fd(&done, before);
	check_memory(&done);
	if (ret >= 0 || (ret == -EMSGSIZE && done.op->nr == IPCBOX_RECV))
		check_outputs(&done);
	if (!ret && done.op->nr == IPCBOX_PORT_LIST)
		check_entries(&done);
}
