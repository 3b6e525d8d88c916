// SPDX-License-Identifier: GPL-2.0
/*
 * Fail everything once: the pages of buffers, which have no command: mapped, touched,
 * moved, unmapped, and inherited by a child.
 */
#include "fail_nth_buffers.h"

static long long used_before;	/* pages */

static int errno_of(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* ---- mmap ---------------------------------------------------------------- */

/* Far from all else, so that the tables of its pages are new ones. */
static void *far_away(void)
{
	return sizeof(void *) > 4 ? (void *)(5UL << 40) : NULL;
}

static struct pages more;	/* beside those that are mapped */

static int run_map_control(struct sweep *s)
{
	size_t page = sysconf(_SC_PAGESIZE);

	more.control = mmap(far_away(), mapped.layout.control_len,
			    PROT_READ | PROT_WRITE, MAP_SHARED, s->other, 0);
	if (more.control == MAP_FAILED)
		return -errno;
	more.self = (void *)more.control;
	more.ring = (void *)(more.control + page);
	for (size_t at = 0; at < mapped.layout.control_len; at += page)
		(void)*(volatile char *)(more.control + at);
	return 0;
}

static bool control_is_right(struct sweep *s, int ret)
{
	(void)s;
	if (ret)
		return true;
	return owner_number(more.self) && more.ring->tail == mapped.layout.cells;
}

static bool unmap_control(struct sweep *s)
{
	(void)s;
	return !munmap(more.control, mapped.layout.control_len);
}

static int run_map_data(struct sweep *s)
{
	size_t page = sysconf(_SC_PAGESIZE);

	more.data = mmap(far_away(), mapped.layout.data_len,
			 PROT_READ | PROT_WRITE, MAP_SHARED, s->other,
			 mapped.layout.data_off);
	if (more.data == MAP_FAILED)
		return -errno;
	for (size_t at = 1; at < mapped.layout.data_len; at += page)
		*(volatile char *)(more.data + at) = MARK;
	return 0;
}

static bool data_is_right(struct sweep *s, int ret)
{
	(void)s;
	return ret || (more.data[0] == MARK && more.data[BYTES] == MARK &&
		       more.data[BYTES + 1] == MARK);
}

static bool unmap_data(struct sweep *s)
{
	(void)s;
	return !munmap(more.data, mapped.layout.data_len);
}

TEST_F_TIMEOUT(fail, mmap_of_buffer, SWEEP_LIMIT)
{
	static const struct act control = {
		.what = "mmap of a buffer's control pages, and a touch of each",
		.points = { [FAIL_SLAB] = 3, [FAIL_PAGES] = 1 },
		.run = run_map_control,
		.settle = control_is_right,
		.undo = unmap_control,
	};
	static const struct act control_of_stranger = {
		.what = "mmap of control pages by a user without an account",
		.points = { [FAIL_SLAB] = 4, [FAIL_PAGES] = 1 },
		.prepare = be_fresh_user,
		.run = run_map_control,
		.settle = control_is_right,
		.undo = unmap_control,
		.clear = be_root_again,
	};
	static const struct act data = {
		.what = "mmap of a buffer's data, and a touch of each page",
		.points = { [FAIL_SLAB] = 1 },
		.run = run_map_data,
		.settle = data_is_right,
		.undo = unmap_data,
	};
	struct sweep *s = &self->sweep;

	make_and_map_buffer(_metadata, s);
	/* The first of the process makes what all of its mappings share. */
	munmap(mapped.control, mapped.layout.control_len);
	sweep(_metadata, s, &control);
	sweep(_metadata, s, &control_of_stranger);
	sweep(_metadata, s, &data);
	pages_unmap(&mapped);
}

/* Numbers that need more than a word to be kept in: each is that of a process. */
#define MANY 62

static int maps_and_waits(void *ready)
{
	if (map_control(*(int *)ready, &mapped.layout) == MAP_FAILED)
		return 1;
	pause();
	return 0;
}

TEST_F_TIMEOUT(fail, mmap_of_buffer_that_many_have, SWEEP_LIMIT)
{
	static const struct act control = {
		.what = "mmap of control pages that many have mapped",
		.points = { [FAIL_SLAB] = 4, [FAIL_PAGES] = 1 },
		.run = run_map_control,
		.settle = control_is_right,
		.undo = unmap_control,
	};
	struct sweep *s = &self->sweep;
	pid_t all[MANY];
	long long used;

	make_and_map_buffer(_metadata, s);
	munmap(mapped.control, mapped.layout.control_len);
	used = pages_used(s->control);
	for (int i = 0; i < MANY; i++)
		all[i] = spawn(maps_and_waits, &s->other);
	EXPECT_TRUE(eventually(pages_used(s->control) == used + MANY));
	sweep(_metadata, s, &control);
	for (int i = 0; i < MANY; i++)
		kill_and_reap(all[i]);
	pages_unmap(&mapped);
}

/* ---- munmap and mremap --------------------------------------------------- */

static void map_control_again(struct sweep *s)
{
	if (run_map_control(s))
		abort();
}

static int run_unmap(struct sweep *s)
{
	(void)s;
	return errno_of(munmap(more.control, mapped.layout.control_len));
}

/* It stays whole, or it is gone with its number. */
static bool is_there_or_gone(struct sweep *s, int ret)
{
	if (ret)
		return control_is_right(s, 0) && unmap_control(s) &&
		       !run_map_control(s);
	return pages_used(s->control) == used_before;
}

static void unmap_if_there(struct sweep *s)
{
	/* To unmap nothing is no error. */
	unmap_control(s);
}

static char *place;		/* where it is going to be */
static __u32 number;		/* of the mapping */

static void reserve_place(struct sweep *s)
{
	(void)s;
	place = mmap(NULL, mapped.layout.control_len, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	number = owner_number(mapped.self);
	if (place == MAP_FAILED)
		abort();
}

static void control_is_at(char *at)
{
	mapped.control = at;
	mapped.self = (void *)at;
	mapped.ring = (void *)(at + mapped.layout.ring_off);
	mapped.cells = (void *)(mapped.ring + 1);
}

/*
 * The kernel leaves the old one where it is, and empty, if it finds no memory to unmap
 * it: that is no failure, and needs to be done again.
 */
static int run_move(struct sweep *s)
{
	char *old = mapped.control;
	char *at = mremap(old, mapped.layout.control_len,
			  mapped.layout.control_len,
			  MREMAP_MAYMOVE | MREMAP_FIXED, place);

	(void)s;
	if (at == MAP_FAILED)
		return -errno;
	control_is_at(at);
	place = old;
	return 0;
}

static bool works_where_it_is(struct sweep *s, int ret)
{
	(void)s;
	(void)ret;
	munmap(place, mapped.layout.control_len);
	put_message();
	return owner_number(mapped.self) == number && take_message();
}

TEST_F_TIMEOUT(fail, munmap_and_mremap_of_buffer, SWEEP_LIMIT)
{
	static const struct act unmap = {
		.what = "munmap of a buffer's control pages",
		.prepare = map_control_again,
		.run = run_unmap,
		.settle = is_there_or_gone,
		.clear = unmap_if_there,
	};
	static const struct act move = {
		.what = "mremap of a buffer's control pages",
		.points = { [FAIL_SLAB] = 1 },
		.prepare = reserve_place,
		.run = run_move,
		.settle = works_where_it_is,
	};
	struct sweep *s = &self->sweep;

	make_and_map_buffer(_metadata, s);
	used_before = pages_used(s->control);
	sweep(_metadata, s, &unmap);
	sweep(_metadata, s, &move);
	EXPECT_EQ(used_before, pages_used(s->control));
	pages_unmap(&mapped);
}

/* ---- fork ---------------------------------------------------------------- */

static int were_nobody[FAIL_KINDS];
static int last_status;
static __u64 tail_before;	/* the child may be gone before fork(2) returns */

#define NOBODY 9

/* Leaves a message that it will never finish. */
static int live_and_die(void)
{
	__u32 own = owner_number(mapped.self);
	__u64 tail = mapped.ring->tail;

	if (!own)
		return NOBODY;
	if (own == number)
		return 1;
	if (mapped.data[0] != MARK || mapped.data[BYTES] != MARK)
		return 2;
	__atomic_store_n(&cell_at(tail)->word,
			 word_of_one_cell(tail, mapped.self->writing),
			 __ATOMIC_SEQ_CST);
	return 0;
}

static int run_fork(struct sweep *s)
{
	pid_t pid;

	(void)s;
	tail_before = mapped.ring->tail;
	pid = fork();
	if (!pid)
		_exit(live_and_die());
	return errno_of(pid);
}

/* The message that it had in hand was recovered, and its room is free. */
static bool is_buried(struct sweep *s)
{
	__u64 tail = tail_before;

	return cell_at(tail)->word == word_of_one_cell(tail, IPCBOX_CELL_DONE) &&
	       !buffer_wait(s->other, IPCBOX_SENDER | IPCBOX_NONBLOCK, 1, 0) &&
	       mapped.ring->free == tail + 1 && mapped.ring->tail == tail + 1;
}

static bool is_as_before(struct sweep *s)
{
	put_message();
	return owner_number(mapped.self) == number && take_message() &&
	       mapped.data[0] == MARK && !bytes_of(s->other) &&
	       pages_used(s->control) == used_before;
}

/* A child that could have no number of its own is nobody; else all is well with it. */
static bool parent_and_child_are_well(struct sweep *s, int ret)
{
	if (ret < 0)
		return is_as_before(s);
	last_status = reap(ret);
	were_nobody[s->kind] += last_status == NOBODY;
	if (last_status && last_status != NOBODY)
		return false;
	return (last_status || is_buried(s)) && is_as_before(s);
}

static bool all_kinds_were_nobody(void)
{
	return were_nobody[FAIL_SLAB] && were_nobody[FAIL_PAGES];
}

TEST_F_TIMEOUT(fail, fork_with_buffer, 2 * SWEEP_LIMIT)
{
	static const struct act act = {
		.what = "fork of a process that has a buffer mapped",
		.foreign = true,
		.points = { [FAIL_SLAB] = 20, [FAIL_PAGES] = 5 },
		.run = run_fork,
		.settle = parent_and_child_are_well,
	};
	struct sweep *s = &self->sweep;

	make_and_map_buffer(_metadata, s);
	number = owner_number(mapped.self);
	used_before = pages_used(s->control);
	/*
	 * For want of the mapping's struct, and of its page. Each is one point among
	 * many of the kernel's, and may be left out once.
	 */
	for (int i = 0; i < PASSES_MAX && !all_kinds_were_nobody(); i++) {
		sweep(_metadata, s, &act);
		EXPECT_EQ(0, last_status);	/* nothing had failed */
		if (_metadata->exit_code != KSFT_PASS)
			break;
	}
	EXPECT_LT(0, were_nobody[FAIL_SLAB]);
	EXPECT_LT(0, were_nobody[FAIL_PAGES]);
	EXPECT_EQ(0, were_nobody[FAIL_COPY]);
	pages_unmap(&mapped);
}

TEST_HARNESS_MAIN
