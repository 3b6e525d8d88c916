/* SPDX-License-Identifier: GPL-2.0 */
/* For sweeps of buffers: one that is mapped, and its messages. */
#ifndef FAIL_NTH_BUFFERS_H
#define FAIL_NTH_BUFFERS_H

#include "buffers.h"
#include "fail_nth.h"

#define BYTES	(16U << 10)	/* four pages of data, and two beside */
#define MARK	99		/* what is in the first byte of it */

static struct pages mapped;

/* A buffer for what follows, which is watched. */
HELPER void make_buffer(struct __test_metadata *_metadata, struct sweep *s)
{
	s->other = buffer_create_sized(s->control, s->name, BOTH, BYTES, 1024);
	ASSERT_LE(0, s->other);
	watch(s, s->other);
}

/* ---- messages, by hand: one task sends, one receives ----------------------- */

HELPER struct ipcbox_cell *cell_at(__u64 position)
{
	return &mapped.cells[position % mapped.layout.cells];
}

HELPER __u64 word_of_one_cell(__u64 position, __u64 owner_and_state)
{
	return position / mapped.layout.cells << IPCBOX_WORD_LAP_SHIFT |
	       1ULL << IPCBOX_WORD_CELLS_SHIFT | owner_and_state;
}

HELPER void put_message(void)
{
	__u64 tail = mapped.ring->tail;

	cell_at(tail)->len = 1;
	__atomic_store_n(&cell_at(tail)->word,
			 word_of_one_cell(tail, IPCBOX_CELL_READY),
			 __ATOMIC_SEQ_CST);
	__atomic_store_n(&mapped.ring->tail, tail + 1, __ATOMIC_SEQ_CST);
}

/* Return: whether there was one. */
HELPER bool take_message(void)
{
	__u64 head = mapped.ring->head;
	__u64 at = head >> IPCBOX_HEAD_SHIFT;

	if (cell_at(at)->word != word_of_one_cell(at, IPCBOX_CELL_READY))
		return false;
	cell_at(at)->word = word_of_one_cell(at, IPCBOX_CELL_DONE);
	mapped.ring->head = head + (1ULL << IPCBOX_HEAD_SHIFT);
	mapped.ring->free = at + 1;
	return true;
}

HELPER void make_and_map_buffer(struct __test_metadata *_metadata,
				struct sweep *s)
{
	make_buffer(_metadata, s);
	/* Pages that are mapped from now on are not touched in advance. */
	ASSERT_EQ(0, mlockall(MCL_CURRENT));
	ASSERT_EQ(0, pages_map(&mapped, s->other));
	mapped.data[0] = MARK;
}

#endif /* FAIL_NTH_BUFFERS_H */
