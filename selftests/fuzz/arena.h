/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory that a program's pointers point to: areas at fixed addresses, each
 * with nothing mapped behind it, so that a pointer means the same in each run.
 */
#ifndef FUZZ_ARENA_H
#define FUZZ_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#define AREAS		6
#define AREA_NAMES	0	/* names of ports, AREA_NAME_STEP bytes apart */
#define AREA_READONLY	4
#define AREA_LARGE	5	/* for messages of many pages */
#define AREA_NAME_STEP	0x100
#define AREA_NAME_COUNT	6
#define ARENA_PAGE	4096	/* as x86 has them */
#define KERNEL_ADDRESS	0xffff888000000000ULL

/* Addresses from start up to end, without it. */
struct range {
	__u64 start, end;
};

/* Maps and fills the areas, for this process and the children it will have. */
void arena_map(void);

__u64 area_start(unsigned int area);
__u64 area_end(unsigned int area);

/* The area in whose part of the address space ADDRESS is, or -1. */
int area_of(__u64 address);

/* From now on the areas may lose their memory at any time. */
void arena_disturb(void);

/* Writes as much as there is memory for. */
void arena_write(__u64 address, const void *data, size_t size);

/* Reads, if all of it can be read. */
bool arena_read(__u64 address, void *data, size_t size);

/* Remembers what the areas hold now ... */
void arena_note(void);

/* ... and tells the first byte outside of RANGES that changed since, or 0. */
__u64 arena_changed(const struct range *ranges, unsigned int count);

#endif /* FUZZ_ARENA_H */
