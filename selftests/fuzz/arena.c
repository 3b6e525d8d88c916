// SPDX-License-Identifier: GPL-2.0
#include "arena.h"

#include "../commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define ARENA		0x20000000UL
#define AREA_STEP	(32 * ARENA_PAGE)

static const unsigned int area_pages[AREAS] = { 1, 2, 2, 2, 1, 20 };

static unsigned char shadow[AREAS * AREA_STEP];
static bool disturbed;

__u64 area_start(unsigned int area)
{
	return ARENA + area * AREA_STEP;
}

__u64 area_end(unsigned int area)
{
	return area_start(area) + area_pages[area] * ARENA_PAGE;
}

int area_of(__u64 address)
{
	if (address < ARENA || address >= ARENA + sizeof(shadow))
		return -1;
	return (address - ARENA) / AREA_STEP;
}

static void *pointer(__u64 address)
{
	return (void *)(uintptr_t)address;
}

static unsigned char *shadow_of(__u64 address)
{
	return shadow + (address - ARENA);
}

/* Names of one's own, the longest, two that are none. */
static void fill_names(void)
{
	char *name = pointer(area_start(AREA_NAMES));

	for (int i = 0; i < 3; i++)
		sprintf(name + i * AREA_NAME_STEP, "fuzz.%d", i);
	memset(name + 3 * AREA_NAME_STEP, 'x', AREA_NAME_STEP);
	memcpy(name + 4 * AREA_NAME_STEP, "fuzz/4", 6);
	memcpy(name + 5 * AREA_NAME_STEP, "fuzz\n5", 6);
}

void arena_map(void)
{
	for (int i = 0; i < AREAS; i++) {
		void *start = pointer(area_start(i));
		size_t size = area_end(i) - area_start(i);

		if (mmap(start, size, PROT_READ | PROT_WRITE, MAP_PRIVATE |
			 MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != start)
			abort();
		memset(start, POISON, size);
		if (i == AREA_NAMES)
			fill_names();
		if (i == AREA_READONLY && mprotect(start, size, PROT_READ))
			abort();
	}
	arena_note();
}

void arena_disturb(void)
{
	disturbed = true;
}

/* The kernel tells by an error what would be a signal here. */
static void write_through_pipe(__u64 address, const void *data, size_t size)
{
	int fds[2];

	if (pipe(fds))
		return;
	if (write(fds[1], data, size) > 0)
		(void)!read(fds[0], pointer(address), size);
	close(fds[0]);
	close(fds[1]);
}

static bool read_through_pipe(__u64 address, void *data, size_t size)
{
	bool done = false;
	int fds[2];

	if (pipe(fds))
		return false;
	if (write(fds[1], pointer(address), size) == (ssize_t)size)
		done = read(fds[0], data, size) == (ssize_t)size;
	close(fds[0]);
	close(fds[1]);
	return done;
}

/* How much of SIZE bytes there is memory for. */
static size_t clip(__u64 address, size_t size)
{
	int area = area_of(address);
	__u64 room;

	if (area < 0 || address >= area_end(area))
		return 0;
	room = area_end(area) - address;
	return size < room ? size : room;
}

void arena_write(__u64 address, const void *data, size_t size)
{
	size = clip(address, size);
	if (!size)
		return;
	if (disturbed)
		write_through_pipe(address, data, size);
	else if (area_of(address) != AREA_READONLY)
		memcpy(pointer(address), data, size);
}

bool arena_read(__u64 address, void *data, size_t size)
{
	if (clip(address, size) < size)
		return false;
	if (disturbed)
		return read_through_pipe(address, data, size);
	memcpy(data, pointer(address), size);
	return true;
}

void arena_note(void)
{
	for (int i = 0; i < AREAS && !disturbed; i++) {
		for (__u64 page = area_start(i); page < area_end(i); page += ARENA_PAGE) {
			/* A page that is not written to stays shared with the parent. */
			if (memcmp(shadow_of(page), pointer(page), ARENA_PAGE))
				memcpy(shadow_of(page), pointer(page), ARENA_PAGE);
		}
	}
}

static bool is_in(__u64 address, const struct range *ranges, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (address >= ranges[i].start && address < ranges[i].end)
			return true;
	}
	return false;
}

static __u64 changed_in_page(__u64 page, const struct range *ranges, unsigned int count)
{
	const unsigned char *now = pointer(page), *then = shadow_of(page);

	for (unsigned int i = 0; i < ARENA_PAGE; i++) {
		if (now[i] != then[i] && !is_in(page + i, ranges, count))
			return page + i;
	}
	return 0;
}

__u64 arena_changed(const struct range *ranges, unsigned int count)
{
	__u64 changed = 0;

	for (int i = 0; i < AREAS && !changed && !disturbed; i++) {
		for (__u64 page = area_start(i); page < area_end(i) && !changed;
		     page += ARENA_PAGE) {
			if (memcmp(shadow_of(page), pointer(page), ARENA_PAGE))
				changed = changed_in_page(page, ranges, count);
		}
	}
	return changed;
}
