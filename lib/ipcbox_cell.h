/* SPDX-License-Identifier: MIT */
/*
 * The parts of a cell's word, as <linux/ipcbox_buffer.h> describes it, and the copy of a
 * message into its cells. Private to the inline calls of ipcbox_buffer.h.
 */
#ifndef IPCBOX_CELL_H
#define IPCBOX_CELL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/ipcbox_buffer.h>

#define ipcbox_unlikely(x) __builtin_expect(!!(x), 0)

/* Inline in every caller, so that the slot stays in registers. */
#define IPCBOX_INLINE static inline __attribute__((always_inline))

IPCBOX_INLINE int ipcbox_is_of_lap(uint64_t word, uint64_t lap)
{
	return !((word ^ lap) >> IPCBOX_WORD_LAP_SHIFT);
}

IPCBOX_INLINE int ipcbox_is_ready(uint64_t word, uint64_t lap)
{
	const uint64_t mask = ~UINT64_C(0) << IPCBOX_WORD_LAP_SHIFT | IPCBOX_WORD_STATE;

	return ((word ^ lap) & mask) == IPCBOX_CELL_READY;
}

IPCBOX_INLINE uint32_t ipcbox_cells_of(uint64_t word)
{
	return (uint32_t)(word >> IPCBOX_WORD_CELLS_SHIFT) & IPCBOX_WORD_CELLS_MAX;
}

/* The same, at the bits where head has its position. */
IPCBOX_INLINE uint64_t ipcbox_head_step(uint64_t word)
{
	return word & (uint64_t)IPCBOX_WORD_CELLS_MAX << IPCBOX_WORD_CELLS_SHIFT;
}

IPCBOX_INLINE uint32_t ipcbox_cells_for(size_t len)
{
	return len ? (uint32_t)((len + IPCBOX_CELL_SIZE - 1) >> IPCBOX_CELL_SHIFT) : 1;
}

/* Does this process own the slot, and not the one that it was forked from? */
IPCBOX_INLINE int ipcbox_is_in_flight(uint64_t word, uint64_t mine)
{
	return !((word ^ mine) & ((UINT64_C(1) << IPCBOX_WORD_CELLS_SHIFT) - 1));
}

/* A message of one whole cell is copied here, by the widest moves of every machine. */
IPCBOX_INLINE void ipcbox_copy(void *to, const void *from, size_t len)
{
	if (len != IPCBOX_CELL_SIZE) {
		memcpy(to, from, len);
		return;
	}
	memcpy(to, from, 16);
	memcpy((char *)to + 16, (const char *)from + 16, 16);
	memcpy((char *)to + 32, (const char *)from + 32, 16);
	memcpy((char *)to + 48, (const char *)from + 48, 16);
}

#endif /* IPCBOX_CELL_H */
