// SPDX-License-Identifier: GPL-2.0
/*
 * The pages of a buffer: how they are mapped and how not, which user pays for them, and
 * when they are freed.
 */
#include "buffers.h"
#include "ipcbox_test.h"

#define USER	1000		/* a user that is not root */
#define BYTES	8192ULL		/* of the buffer's data */
#define CELLS	(BYTES / IPCBOX_CELL_SIZE)

FIXTURE(map) {
	struct stage stage;
	const char *name;
	int control;
	int buffer;
	struct ipcbox_buffer_layout layout;
	struct pages pages;
	size_t page;
};

FIXTURE_SETUP(map)
{
	stage_setup(_metadata, &self->stage);
	self->name = self->stage.name;
	self->control = self->stage.control;
	self->page = sysconf(_SC_PAGESIZE);
	self->buffer = buffer_create_sized(self->control, self->name, BOTH,
					   BYTES, 1000);
	ASSERT_LE(0, self->buffer);
	ASSERT_EQ(0, buffer_layout(self->buffer, &self->layout));
	ASSERT_EQ(0, pages_map(&self->pages, self->buffer));
}

/* (Pages that a test left mapped would hold the buffer.) */
FIXTURE_TEARDOWN(map)
{
	pages_unmap(&self->pages);
	stage_teardown(_metadata, &self->stage);
}

/* mmap(2) of this fd, at once undone: 0, or why not. */
static int try_map(int fd, size_t len, int prot, int flags, off_t offset)
{
	void *at = mmap(NULL, len, prot, flags, fd, offset);

	if (at == MAP_FAILED)
		return -errno;
	munmap(at, len);
	return 0;
}

#define RW (PROT_READ | PROT_WRITE)

/*
 * The buffer's own pages, without the page that each process has that maps it, but with
 * the one page of processes that have no number.
 */
static long long pages_of(const struct ipcbox_buffer_layout *l, size_t page)
{
	return (l->control_len - page + page + l->data_len / 2) / page;
}

/* Does a child that does this die of that signal? */
static bool dies_of(int signal, int (*fn)(void *arg), void *arg)
{
	return reap(spawn(fn, arg)) == -signal;
}

static int writes_a_byte(void *at)
{
	*(volatile char *)at = 1;
	return 0;
}

/* Layout */

TEST_F(map, layout_tells_all_of_it)
{
	const struct ipcbox_buffer_layout *l = &self->layout;

	EXPECT_EQ(sizeof(*l), l->size);
	EXPECT_EQ(self->page, l->ring_off);
	EXPECT_LE(self->page + sizeof(struct ipcbox_ring_head) +
		  CELLS * sizeof(struct ipcbox_cell), l->control_len);
	EXPECT_EQ(0, l->control_len % self->page);
	EXPECT_LE(l->control_len, l->data_off);
	EXPECT_EQ(2 * BYTES, l->data_len);
	EXPECT_EQ(CELLS, l->cells);
	EXPECT_EQ(1000, l->max_msgsize);
	EXPECT_EQ(0, l->kind);
	EXPECT_EQ(BOTH, l->directions);
}

TEST_F(map, layout_tells_kind_and_directions)
{
	struct ipcbox_buffer_layout l;
	int fd;

	ASSERT_EQ(0, port_remove(self->control, self->name));
	fd = buffer_create(self->control, self->name, IPCBOX_SPSC);
	ASSERT_EQ(0, buffer_layout(fd, &l));
	EXPECT_EQ(IPCBOX_SPSC, l.kind);
	EXPECT_EQ(0, l.directions);
	fd = buffer_open(self->control, self->name, IPCBOX_RECEIVER);
	ASSERT_EQ(0, buffer_layout(fd, &l));
	EXPECT_EQ(IPCBOX_RECEIVER, l.directions);
	fd = buffer_open(self->control, self->name, IPCBOX_SENDER);
	ASSERT_EQ(0, buffer_layout(fd, &l));
	EXPECT_EQ(IPCBOX_SENDER, l.directions);
}

TEST_F(map, data_is_seen_twice_in_a_row)
{
	char *data = self->pages.data;

	memcpy(data + BYTES - 3, "across", 7);
	/* The compiler takes them for different memory. */
	asm volatile("" : : : "memory");
	EXPECT_EQ(0, memcmp(data, "oss", 3));
	EXPECT_EQ(0, memcmp(data + BYTES, "oss", 3));
	EXPECT_EQ(0, memcmp(data + 2 * BYTES - 3, "acr", 3));
}

TEST_F(map, another_mapping_of_the_process_sees_the_same)
{
	struct pages p;

	ASSERT_EQ(0, pages_map(&p, self->buffer));
	p.data[5] = 42;
	EXPECT_EQ(42, self->pages.data[5]);
	p.cells[3].tag = 7;
	EXPECT_EQ(7, self->pages.cells[3].tag);
	EXPECT_NE(0, owner_number(p.self));
	EXPECT_EQ(owner_number(self->pages.self), owner_number(p.self));
	pages_unmap(&p);
}

TEST_F(map, new_one_is_empty)
{
	EXPECT_EQ(CELLS, self->pages.ring->tail);
	EXPECT_EQ(CELLS, self->pages.ring->free);
	EXPECT_EQ(CELLS << IPCBOX_HEAD_SHIFT, self->pages.ring->head);
	for (size_t i = 0; i < 2 * BYTES; i++) {
		ASSERT_EQ(0, self->pages.data[i]);
	}
	for (size_t i = 0; i < CELLS; i++) {
		ASSERT_EQ(0, self->pages.cells[i].word);
	}
}

/* Refused by mmap(2) */

TEST_F(map, part_of_it_returns_einval)
{
	const struct ipcbox_buffer_layout *l = &self->layout;
	size_t control = l->control_len, data = l->data_len, page = self->page;
	off_t off = l->data_off;

	EXPECT_EQ(-EINVAL, try_map(self->buffer, control - page, RW, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, try_map(self->buffer, control + page, RW, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, try_map(self->buffer, page, RW, MAP_SHARED, 0));
	EXPECT_EQ(-EINVAL, try_map(self->buffer, control, RW, MAP_SHARED, page));
	EXPECT_EQ(-EINVAL, try_map(self->buffer, data / 2, RW, MAP_SHARED, off));
	EXPECT_EQ(-EINVAL, try_map(self->buffer, data - page, RW, MAP_SHARED, off));
	EXPECT_EQ(-EINVAL, try_map(self->buffer, data + page, RW, MAP_SHARED, off));
	EXPECT_EQ(-EINVAL, try_map(self->buffer, data, RW, MAP_SHARED, off + page));
	EXPECT_EQ(-EINVAL, try_map(self->buffer, data, RW, MAP_SHARED, off - page));
	EXPECT_EQ(-EINVAL, try_map(self->buffer, data, RW, MAP_SHARED,
				   off + data / 2));
}

TEST_F(map, private_returns_einval)
{
	const struct ipcbox_buffer_layout *l = &self->layout;

	EXPECT_EQ(-EINVAL, try_map(self->buffer, l->control_len, RW,
				   MAP_PRIVATE, 0));
	EXPECT_EQ(-EINVAL, try_map(self->buffer, l->data_len, PROT_READ,
				   MAP_PRIVATE, l->data_off));
}

TEST_F(map, fd_for_neither_direction_returns_eacces)
{
	const struct ipcbox_buffer_layout *l = &self->layout;
	int fd = buffer_open(self->control, self->name, 0);

	EXPECT_EQ(-EACCES, try_map(fd, l->control_len, RW, MAP_SHARED, 0));
	EXPECT_EQ(-EACCES, try_map(fd, l->control_len, PROT_READ, MAP_SHARED, 0));
	EXPECT_EQ(-EACCES, try_map(fd, l->data_len, PROT_READ, MAP_SHARED,
				   l->data_off));
}

TEST_F(map, other_fds_return_enodev)
{
	int port = port_create(self->control, "map.port", BOTH);

	ASSERT_EQ(0, port_remove(self->control, "map.port"));
	EXPECT_EQ(-ENODEV, try_map(port, self->page, PROT_READ, MAP_SHARED, 0));
	EXPECT_EQ(-ENODEV, try_map(self->control, self->page, PROT_READ,
				   MAP_SHARED, 0));
	EXPECT_EQ(-ENODEV, try_map(mailbox_open(self->control), self->page,
				   PROT_READ, MAP_SHARED, 0));
}

/* A mapping stays whole */

TEST_F(map, cannot_be_divided)
{
	struct pages *p = &self->pages;
	size_t page = self->page;

	EXPECT_EQ(-1, munmap(p->control, page));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, munmap(p->control + page, page));
	EXPECT_EQ(-1, munmap(p->data + BYTES, BYTES));
	EXPECT_EQ(-1, mprotect(p->control, page, PROT_READ));
	EXPECT_EQ(-1, mprotect(p->data, BYTES, PROT_READ));
	EXPECT_EQ(-1, madvise(p->data, page, MADV_DONTFORK));
	EXPECT_EQ(MAP_FAILED, mmap(p->data + page, page, PROT_READ,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	p->data[BYTES] = 9;
	EXPECT_EQ(9, p->data[0]);
	p->cells[CELLS - 1].len = 1;
	EXPECT_NE(0, owner_number(p->self));
}

TEST_F(map, cannot_grow_or_shrink)
{
	struct pages *p = &self->pages;
	size_t len = self->layout.control_len, page = self->page;

	EXPECT_EQ(MAP_FAILED, mremap(p->control, len, len + page, MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap(p->control, len, len - page, 0));
	EXPECT_EQ(MAP_FAILED, mremap(p->control, 0, len, MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap(p->data, 2 * BYTES, 4 * BYTES,
				     MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap(p->data, 0, 2 * BYTES, MREMAP_MAYMOVE));
	EXPECT_NE(0, owner_number(p->self));
}

TEST_F(map, moved_keeps_its_number_and_counts_once)
{
	size_t len = self->layout.control_len;
	__u32 owner = owner_number(self->pages.self);
	long long used = pages_used(self->control);
	void *room = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *moved = mremap(self->pages.control, len, len,
			     MREMAP_MAYMOVE | MREMAP_FIXED, room);

	ASSERT_EQ(room, moved);
	EXPECT_EQ(owner, owner_number((void *)moved));
	EXPECT_EQ(used, pages_used(self->control));
	EXPECT_EQ(0, munmap(moved, len));
	EXPECT_EQ(used - 1, pages_used(self->control));
}

TEST_F(map, cannot_be_at_two_places)
{
	size_t len = self->layout.control_len;
	char *moved = mremap(self->pages.control, len, len,
			     MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);

	EXPECT_EQ(MAP_FAILED, moved);
	EXPECT_NE(0, owner_number(self->pages.self));
}

TEST_F(map, pages_come_back_after_they_were_dropped)
{
	struct pages *p = &self->pages;
	__u32 owner = owner_number(p->self);

	p->data[7] = 7;
	p->ring->want_data = 1;
	EXPECT_EQ(0, madvise(p->data, 2 * BYTES, MADV_DONTNEED));
	EXPECT_EQ(0, madvise(p->control, self->layout.control_len,
			     MADV_DONTNEED));
	EXPECT_EQ(7, p->data[7]);
	EXPECT_EQ(1, p->ring->want_data);
	EXPECT_EQ(owner, owner_number(p->self));
}

/* A process that only receives */

TEST_F(map, consumer_cannot_write_to_the_data)
{
	const struct ipcbox_buffer_layout *l = &self->layout;
	int fd = buffer_open(self->control, self->name, IPCBOX_RECEIVER);
	char *data = map_data(fd, l, PROT_READ);

	EXPECT_EQ(-EACCES, try_map(fd, l->data_len, RW, MAP_SHARED, l->data_off));
	EXPECT_EQ(-EACCES, try_map(fd, l->data_len, PROT_WRITE, MAP_SHARED,
				   l->data_off));
	ASSERT_NE(MAP_FAILED, data);
	EXPECT_EQ(-1, mprotect(data, l->data_len, RW));
	EXPECT_EQ(EACCES, errno);
	EXPECT_TRUE(dies_of(SIGSEGV, writes_a_byte, data));
	self->pages.data[1] = 3;
	EXPECT_EQ(3, data[1]);
	munmap(data, l->data_len);
}

TEST_F(map, consumer_cannot_write_to_the_data_through_proc_mem)
{
	int fd = buffer_open(self->control, self->name, IPCBOX_RECEIVER);
	char *data = map_data(fd, &self->layout, PROT_READ);
	int mem = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

	ASSERT_NE(MAP_FAILED, data);
	EXPECT_EQ(-1, pwrite(mem, "x", 1, (uintptr_t)data));
	EXPECT_EQ(0, self->pages.data[0]);
	munmap(data, self->layout.data_len);
}

TEST_F(map, producer_maps_all_of_it)
{
	struct pages p;
	int fd = buffer_open(self->control, self->name, IPCBOX_SENDER);

	ASSERT_EQ(0, pages_map(&p, fd));
	p.data[0] = 5;
	EXPECT_EQ(5, self->pages.data[0]);
	pages_unmap(&p);
}

/* The end */

TEST_F(map, stays_after_close_and_counts_as_an_open_fd)
{
	int sender = buffer_open(self->control, self->name, IPCBOX_SENDER);

	ASSERT_EQ(0, port_unlink(self->control, self->name));
	close(self->buffer);
	EXPECT_EQ(0, buffer_wait(sender, IPCBOX_SENDER, 1, 1));
	self->pages.data[0] = 1;
	pages_unmap(&self->pages);
	EXPECT_TRUE(eventually(buffer_wait(sender, IPCBOX_SENDER, 1, 1) == -EPIPE));
}

TEST_F(map, stays_after_removal)
{
	ASSERT_EQ(0, port_remove(self->control, self->name));
	close(self->buffer);
	self->pages.data[2 * BYTES - 1] = 1;
	EXPECT_EQ(1, self->pages.data[BYTES - 1]);
	EXPECT_EQ(IPCBOX_BUFFER_ASK, self->pages.ring->want_data);
	EXPECT_EQ(IPCBOX_BUFFER_ASK, self->pages.ring->want_room);
}

TEST_F(map, removed_can_be_mapped_still_through_an_open_fd)
{
	struct pages p;

	ASSERT_EQ(0, port_remove(self->control, self->name));
	ASSERT_EQ(0, pages_map(&p, self->buffer));
	pages_unmap(&p);
}

TEST_F(map, last_mapping_frees_the_pages)
{
	long long before = self->stage.before.pages.used;

	ASSERT_EQ(0, port_remove(self->control, self->name));
	close(self->buffer);
	EXPECT_EQ(before + pages_of(&self->layout, self->page) + 1,
		  pages_used(self->control));
	munmap(self->pages.data, self->layout.data_len);
	munmap(self->pages.control, self->layout.control_len);
	EXPECT_TRUE(eventually(pages_used(self->control) == before));
}

TEST_F(map, data_alone_holds_the_pages_too)
{
	long long before = self->stage.before.pages.used;

	ASSERT_EQ(0, port_remove(self->control, self->name));
	close(self->buffer);
	munmap(self->pages.control, self->layout.control_len);
	EXPECT_EQ(before + pages_of(&self->layout, self->page),
		  pages_used(self->control));
	self->pages.data[0] = 1;
	munmap(self->pages.data, self->layout.data_len);
	EXPECT_TRUE(eventually(pages_used(self->control) == before));
}

/* Limits */

TEST_F(map, pages_count_for_its_creator_and_one_for_each_process_that_maps_it)
{
	long long before = self->stage.before.pages.used;
	long long own = pages_of(&self->layout, self->page);
	struct pages p;

	EXPECT_EQ(before + own + 1, pages_used(self->control));
	ASSERT_EQ(0, pages_map(&p, self->buffer));
	EXPECT_EQ(before + own + 1, pages_used(self->control));
	pages_unmap(&p);
	EXPECT_EQ(before + own + 1, pages_used(self->control));
	pages_unmap(&self->pages);
	EXPECT_EQ(before + own, pages_used(self->control));
}

TEST_F(map, limit_of_a_users_pages_returns_edquot)
{
	long long was = read_number(SYSCTL("user_pages"));
	long long used = pages_used(self->control) - 1;
	int create, mapped;

	pages_unmap(&self->pages);
	ASSERT_EQ(0, write_number(SYSCTL("user_pages"), used));
	create = buffer_create(self->control, "map.second", BOTH);
	mapped = try_map(self->buffer, self->layout.control_len, RW, MAP_SHARED, 0);
	EXPECT_EQ(0, try_map(self->buffer, self->layout.data_len, RW, MAP_SHARED,
			     self->layout.data_off));
	ASSERT_EQ(0, write_number(SYSCTL("user_pages"), was));
	EXPECT_EQ(-EDQUOT, create);
	EXPECT_EQ(-EDQUOT, mapped);
	EXPECT_FALSE(port_exists(self->control, "map.second"));
	EXPECT_EQ(used, pages_used(self->control));
}

TEST_F(map, limit_of_all_pages_returns_edquot)
{
	long long was = read_number(SYSCTL("max_pages"));
	int create;

	ASSERT_EQ(0, write_number(SYSCTL("max_pages"), 1));
	create = buffer_create(self->control, "map.second", BOTH);
	ASSERT_EQ(0, write_number(SYSCTL("max_pages"), was));
	EXPECT_EQ(-EDQUOT, create);
}

/* Messages in hand */

static __u64 word_at(const struct pages *p, __u64 position, __u32 cells,
		     __u64 owner_and_state)
{
	return position / p->layout.cells << IPCBOX_WORD_LAP_SHIFT |
	       (__u64)cells << IPCBOX_WORD_CELLS_SHIFT | owner_and_state;
}

TEST_F(map, last_unmap_of_a_process_buries_what_was_in_hand)
{
	struct pages *p = &self->pages;
	__u64 mine = p->self->writing;

	p->cells[0].word = word_at(p, CELLS, 2, mine);
	pages_unmap(p);
	ASSERT_EQ(0, pages_map(p, self->buffer));
	EXPECT_EQ(word_at(p, CELLS, 2, IPCBOX_CELL_DONE), p->cells[0].word);
	EXPECT_EQ(CELLS + 2, p->ring->tail);
	EXPECT_EQ(0, buffer_wait(self->buffer, IPCBOX_SENDER, 1, 1));
	EXPECT_EQ(CELLS + 2, p->ring->free);
}

TEST_F(map, unmap_of_one_of_two_mappings_leaves_what_is_in_hand)
{
	struct pages p;
	__u64 *word = &self->pages.cells[0].word;
	__u64 mine = word_at(&self->pages, CELLS, 2, self->pages.self->writing);

	*word = mine;
	ASSERT_EQ(0, pages_map(&p, self->buffer));
	pages_unmap(&p);
	EXPECT_EQ(mine, *word);
	EXPECT_EQ(mine & 0xffff, self->pages.self->writing);
}

TEST_HARNESS_MAIN
