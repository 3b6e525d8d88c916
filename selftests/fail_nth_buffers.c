// SPDX-License-Identifier: GPL-2.0
/* Fail everything once: the commands of buffers. */
#include "fail_nth_buffers.h"

/* The pages of a buffer are those that a program may have as well. */
static int fail_all_pages(void)
{
	return write_file(FAIL_DIR "fail_page_alloc/ignore-gfp-highmem", "N");
}

/* ---- create and open ----------------------------------------------------- */

static int create(struct sweep *s, int control, __u32 flags)
{
	s->made = buffer_create_attr(control, s->name, BOTH | flags, s->attr);
	return s->made;
}

static int run_create(struct sweep *s)
{
	return create(s, s->control, 0);
}

static int run_reuse(struct sweep *s)
{
	return create(s, s->control, IPCBOX_REUSE);
}

static bool remove_made(struct sweep *s)
{
	return !port_remove(s->control, s->name) && !close(s->made);
}

static const struct ipcbox_attr some_attr = {
	.mask = IPCBOX_ATTR_ALL & ~IPCBOX_ATTR_MESSAGES, .mode = 0666,
	.uid = 1, .gid = 2, .max_bytes = BYTES, .max_msgsize = 1024,
};

TEST_F_TIMEOUT(fail, buffer_create, SWEEP_LIMIT)
{
	static const struct act new_one = {
		.what = "BUFFER_CREATE",
		.points = { [FAIL_SLAB] = 6, [FAIL_PAGES] = 4, [FAIL_COPY] = 2 },
		.run = run_create,
		.undo = remove_made,
	};
	static const struct act reuse_without = {
		.what = "BUFFER_CREATE with REUSE of one that is not there",
		.points = { [FAIL_SLAB] = 6, [FAIL_PAGES] = 4, [FAIL_COPY] = 2 },
		.run = run_reuse,
		.undo = remove_made,
	};
	static const struct act reuse = {
		.what = "BUFFER_CREATE with REUSE of one that is there",
		.points = { [FAIL_SLAB] = 3, [FAIL_COPY] = 2 },
		.run = run_reuse,
		.undo = close_made,
	};
	struct sweep *s = &self->sweep;
	int buffer;

	ASSERT_EQ(0, fail_all_pages());
	/* An account that nothing holds would take what it is charged with it. */
	ASSERT_LE(0, mailbox_open(s->control));
	s->attr = some_attr;
	sweep(_metadata, s, &new_one);
	/* Only root gives away what it makes. */
	s->attr.mask &= ~(IPCBOX_ATTR_UID | IPCBOX_ATTR_GID);
	s->attr.uid = 0;
	s->attr.gid = 0;
	sweep(_metadata, s, &reuse_without);

	buffer = buffer_create_attr(s->control, s->name, BOTH, s->attr);
	ASSERT_LE(0, buffer);
	watch(s, buffer);
	sweep(_metadata, s, &reuse);
}

static int run_open(struct sweep *s)
{
	s->made = buffer_open(s->control, s->name, BOTH);
	return s->made;
}

TEST_F_TIMEOUT(fail, buffer_open, SWEEP_LIMIT)
{
	static const struct act open_one = {
		.what = "BUFFER_OPEN",
		.points = { [FAIL_SLAB] = 3, [FAIL_COPY] = 2 },
		.run = run_open,
		.undo = close_made,
	};

	make_buffer(_metadata, &self->sweep);
	sweep(_metadata, &self->sweep, &open_one);
}

/* ---- layout -------------------------------------------------------------- */

static struct ipcbox_buffer_layout told;

static int run_layout(struct sweep *s)
{
	return buffer_layout(s->other, &told);
}

static bool layout_is_whole(struct sweep *s, int ret)
{
	struct ipcbox_buffer_layout untouched;

	(void)s;
	if (!ret)
		return told.data_len == 2 * BYTES && told.directions == BOTH &&
		       told.cells == BYTES / IPCBOX_CELL_SIZE;
	memset(&untouched, POISON, sizeof(untouched));
	untouched.size = sizeof(untouched);
	untouched.flags = 0;
	return !memcmp(&told, &untouched, sizeof(told));
}

TEST_F_TIMEOUT(fail, buffer_layout, SWEEP_LIMIT)
{
	static const struct act layout = {
		.what = "BUFFER_LAYOUT",
		.points = { [FAIL_COPY] = 2 },
		.run = run_layout,
		.settle = layout_is_whole,
	};

	make_buffer(_metadata, &self->sweep);
	sweep(_metadata, &self->sweep, &layout);
}

/* ---- wait ---------------------------------------------------------------- */

/* An fd that no process has used yet remembers no sender. */
static void open_buffer(struct sweep *s)
{
	s->fd = buffer_open(s->control, s->name, BOTH);
}

static int run_wait_for_message(struct sweep *s)
{
	return buffer_wait(s->fd, IPCBOX_RECEIVER | IPCBOX_NONBLOCK, 0, 0);
}

static int run_wait_for_room(struct sweep *s)
{
	return buffer_wait(s->fd, IPCBOX_SENDER | IPCBOX_NONBLOCK, 1, 0);
}

/* Puts a message as soon as it is waited for, or goes when nobody will. */
static void *bring(void *arg)
{
	struct sweep *s = arg;

	while (!__atomic_load_n(&s->over, __ATOMIC_ACQUIRE) &&
	       receivers_of(s->other) < 1)
		usleep(1000);
	s->call.ret = receivers_of(s->other) == 1;
	if (s->call.ret) {
		put_message();
		buffer_wake(s->other, IPCBOX_RECEIVER);
	}
	return NULL;
}

static void open_buffer_and_bring(struct sweep *s)
{
	open_buffer(s);
	s->over = false;
	if (pthread_create(&s->call.thread, NULL, bring, s))
		abort();
}

static int run_sleep(struct sweep *s)
{
	return buffer_wait(s->fd, IPCBOX_RECEIVER, 0, 0);
}

/* A call that failed did not wait, so it brought nothing. */
static bool was_brought(struct sweep *s, int ret)
{
	__atomic_store_n(&s->over, true, __ATOMIC_RELEASE);
	pthread_join(s->call.thread, NULL);
	return s->call.ret == !ret && take_message() == !ret &&
	       !receivers_of(s->other) && !mapped.ring->want_data;
}

TEST_F_TIMEOUT(fail, buffer_wait, SWEEP_LIMIT)
{
	static const struct act nothing_there = {
		.what = "BUFFER_WAIT for a message, where there is none",
		.fine = -EAGAIN,
		.points = { [FAIL_SLAB] = 1, [FAIL_COPY] = 1 },
		.prepare = open_buffer,
		.run = run_wait_for_message,
		.clear = close_fd,
	};
	static const struct act room_there = {
		.what = "BUFFER_WAIT for room, where there is some",
		.points = { [FAIL_SLAB] = 1, [FAIL_COPY] = 1 },
		.prepare = open_buffer,
		.run = run_wait_for_room,
		.clear = close_fd,
	};
	static const struct act woken = {
		.what = "BUFFER_WAIT that sleeps and is woken",
		.points = { [FAIL_SLAB] = 1, [FAIL_COPY] = 1 },
		.prepare = open_buffer_and_bring,
		.run = run_sleep,
		.settle = was_brought,
		.clear = close_fd,
	};
	struct sweep *s = &self->sweep;

	make_and_map_buffer(_metadata, s);
	sweep(_metadata, s, &nothing_there);
	sweep(_metadata, s, &room_there);
	sweep(_metadata, s, &woken);
	pages_unmap(&mapped);
}

/* ---- wake ---------------------------------------------------------------- */

static struct ipcbox_buffer_wait sleep_for_message = {
	.size = sizeof(sleep_for_message), .flags = IPCBOX_RECEIVER,
};
static bool sleeper_is_there;

static bool is_asleep(pid_t tid)
{
	char path[64], line[256];
	const char *state;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	if (read_line(path, line, sizeof(line)))
		return false;
	state = strrchr(line, ')');
	return state && !strncmp(state, ") S", 3);
}

/*
 * A task that sleeps, and a message for which no task was woken. A task that is counted
 * may still be about to look for one.
 */
static void sleeper_and_message(struct sweep *s)
{
	if (sleeper_is_there)
		return;
	call_start(&s->call, s->other, IPCBOX_BUFFER_WAIT, &sleep_for_message);
	if (!receivers_asleep(s->other, 1) || !eventually(is_asleep(s->call.tid)))
		abort();
	put_message();
	sleeper_is_there = true;
}

static int run_wake(struct sweep *s)
{
	return buffer_wake(s->other, IPCBOX_RECEIVER);
}

static bool sleeper_has_it(struct sweep *s)
{
	sleeper_is_there = false;
	return !call_end(&s->call) && take_message() &&
	       !receivers_of(s->other) && !mapped.ring->want_data;
}

TEST_F_TIMEOUT(fail, buffer_wake, SWEEP_LIMIT)
{
	static const struct act wake_one = {
		.what = "BUFFER_WAKE of one who sleeps",
		.points = { [FAIL_COPY] = 1 },
		.prepare = sleeper_and_message,
		.run = run_wake,
		.undo = sleeper_has_it,
	};
	struct sweep *s = &self->sweep;

	make_and_map_buffer(_metadata, s);
	sweep(_metadata, s, &wake_one);
	pages_unmap(&mapped);
}

TEST_HARNESS_MAIN
