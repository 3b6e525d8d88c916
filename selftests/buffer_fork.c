// SPDX-License-Identifier: GPL-2.0
/*
 * Processes that have the pages of a buffer mapped: each has a number of its own, also a
 * child after fork and exec, and a child for which there is none can do no harm.
 */
#include "buffers.h"
#include "ipcbox_test.h"

#define BYTES	8192ULL		/* of the buffer's data */

FIXTURE(buffer_fork) {
	struct stage stage;
	const char *name;
	int control;
	int buffer;
	struct ipcbox_buffer_layout layout;
	struct pages pages;
	size_t page;
};

FIXTURE_SETUP(buffer_fork)
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
FIXTURE_TEARDOWN(buffer_fork)
{
	pages_unmap(&self->pages);
	stage_teardown(_metadata, &self->stage);
}

struct heir {
	const struct pages *pages;
	__u32 owner;
	int control;
	int buffer;
	long long used;
};

/* It finds no number, and a ring in which there is neither a message nor room. */
static int is_nobody(void *arg)
{
	const struct pages *p = arg;

	if (p->self->writing || p->self->reading)
		return 1;
	if (p->ring->tail - p->ring->free <= p->layout.cells)
		return 2;
	p->data[1] = p->data[0];
	return p->ring->want_data || p->ring->want_room ? 3 : 0;
}

TEST_F(buffer_fork, child_for_whom_there_is_no_page_is_nobody_and_lives)
{
	long long was = read_number(SYSCTL("user_pages"));
	long long used = pages_used(self->control);
	int status;

	self->pages.ring->want_data = 1;
	self->pages.data[0] = 9;
	ASSERT_EQ(0, write_number(SYSCTL("user_pages"), used));
	status = reap(spawn(is_nobody, &self->pages));
	ASSERT_EQ(0, write_number(SYSCTL("user_pages"), was));
	EXPECT_EQ(0, status);
	EXPECT_EQ(9, self->pages.data[1]);
	EXPECT_EQ(1, self->pages.ring->want_data);
	EXPECT_EQ(used, pages_used(self->control));
}

static int has_a_number(void *arg)
{
	const struct pages *p = arg;

	return owner_number(p->self) && p->ring->tail == p->layout.cells ? 0 : 1;
}

static int child_has_a_number(void *arg)
{
	const struct pages *p = arg;
	long long was = read_number(SYSCTL("user_pages"));
	int ret;

	/* (The limit, which its parent set, is at an end.) */
	if (owner_number(p->self) || write_number(SYSCTL("user_pages"), was + 1))
		return 1;
	ret = reap(spawn(has_a_number, arg));
	return write_number(SYSCTL("user_pages"), was) ? 2 : ret;
}

TEST_F(buffer_fork, child_of_nobody_may_have_a_number)
{
	long long was = read_number(SYSCTL("user_pages"));
	int status;

	ASSERT_EQ(0, write_number(SYSCTL("user_pages"), pages_used(self->control)));
	status = reap(spawn(child_has_a_number, &self->pages));
	ASSERT_EQ(0, write_number(SYSCTL("user_pages"), was));
	EXPECT_EQ(0, status);
}

#define OFTEN ((int)IPCBOX_WORD_OWNER_MAX + 1)

static int maps_it_often(void *arg)
{
	const struct heir *h = arg;

	for (int i = 0; i < OFTEN; i++)
		if (map_control(h->buffer, &h->pages->layout) == MAP_FAILED)
			return 1;
	return reap(spawn(has_a_number, (void *)h->pages));
}

/* Or it would take those of all others, whose children would be without. */
TEST_F_TIMEOUT(buffer_fork, process_that_maps_it_often_has_one_number, 120)
{
	struct heir h = { .pages = &self->pages, .buffer = self->buffer };
	long long used = pages_used(self->control);

	EXPECT_EQ(0, reap(spawn(maps_it_often, &h)));
	EXPECT_TRUE(eventually(pages_used(self->control) == used));
}

/* fork and exec */

static int has_a_number_of_its_own(void *arg)
{
	const struct heir *h = arg;
	__u32 owner = owner_number(h->pages->self);

	if (!owner || owner == h->owner)
		return 1;
	if (h->pages->data[9] != 99)
		return 2;
	h->pages->data[10] = 100;
	return pages_used(h->control) == h->used + 1 ? 0 : 3;
}

TEST_F(buffer_fork, child_has_a_number_of_its_own_at_the_same_place)
{
	struct heir h = {
		.pages = &self->pages, .control = self->control,
		.owner = owner_number(self->pages.self),
		.used = pages_used(self->control),
	};

	self->pages.data[9] = 99;
	EXPECT_EQ(0, reap(spawn(has_a_number_of_its_own, &h)));
	EXPECT_EQ(100, self->pages.data[10]);
	EXPECT_EQ(h.owner, owner_number(self->pages.self));
	EXPECT_EQ(h.used, pages_used(self->control));
}

static int gives_up_its_own(void *arg)
{
	pages_unmap(arg);
	return 0;
}

TEST_F(buffer_fork, child_unmaps_its_own_only)
{
	long long used = pages_used(self->control);

	EXPECT_EQ(0, reap(spawn(gives_up_its_own, &self->pages)));
	self->pages.data[0] = 1;
	EXPECT_NE(0, owner_number(self->pages.self));
	EXPECT_EQ(used, pages_used(self->control));
}

static int execs(void *arg)
{
	(void)arg;
	execl("/bin/true", "true", NULL);
	return 1;
}

TEST_F(buffer_fork, exec_ends_the_mapping_of_the_child_only)
{
	long long used = pages_used(self->control);

	EXPECT_EQ(0, reap(spawn(execs, NULL)));
	EXPECT_EQ(used, pages_used(self->control));
	EXPECT_NE(0, owner_number(self->pages.self));
}

/* The number of a dead child is free again. */
TEST_F_TIMEOUT(buffer_fork, numbers_are_used_again, 120)
{
	struct heir h = {
		.pages = &self->pages, .control = self->control,
		.owner = owner_number(self->pages.self),
		.used = pages_used(self->control),
	};

	self->pages.data[9] = 99;
	for (int i = 0; i < 200; i++) {
		ASSERT_EQ(0, reap(spawn(has_a_number_of_its_own, &h)));
	}
	EXPECT_EQ(h.used, pages_used(self->control));
}

TEST_HARNESS_MAIN
