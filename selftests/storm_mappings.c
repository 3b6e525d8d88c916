// SPDX-License-Identifier: GPL-2.0
#include "storm_mappings.h"

#include "buffers.h"
#include "storm_errors.h"
#include "storm_payload.h"
#include "storm_worker.h"

#include <stdio.h>

#define MAPPINGS	4	/* that a process has mapped at a time */

static struct mapping mappings[MAPPINGS];

/*
 * A child has only one thread of several: another one may have been in malloc(), which
 * mapping and unmapping need.
 */
static bool without_malloc;

int mapping_circumstances(const struct mapping *mapping)
{
	return mapping->box == PASSING_BUFFER ? MAY_END : 0;
}

/* ---- those that are mapped ----------------------------------------------- */

static bool enter(struct mapping *mapping)
{
	int users = __atomic_load_n(&mapping->users, __ATOMIC_SEQ_CST);

	while (users >= 0)
		if (__atomic_compare_exchange_n(&mapping->users, &users, users + 1, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return true;
	return false;
}

void mapping_leave(struct mapping *mapping)
{
	__atomic_sub_fetch(&mapping->users, 1, __ATOMIC_SEQ_CST);
}

/* Nobody uses it until its users are zero again. */
static struct mapping *claim_one(struct slot *self)
{
	struct mapping *mapping = &mappings[random_below(self, MAPPINGS)];
	int nobody = 0;

	return __atomic_compare_exchange_n(&mapping->users, &nobody, -1, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ?
		       mapping : NULL;
}

static void unclaim(struct mapping *mapping)
{
	__atomic_store_n(&mapping->users, 0, __ATOMIC_SEQ_CST);
}

/* One that is open for one of these directions, or any; NULL: none was found soon. */
struct mapping *mapping_pick(struct slot *self, __u32 directions)
{
	for (int tries = 0; tries < 2 * MAPPINGS; tries++) {
		struct mapping *mapping = &mappings[random_below(self, MAPPINGS)];

		if (!enter(mapping))
			continue;
		if (mapping->buffer && (!directions || mapping->directions & directions))
			return mapping;
		mapping_leave(mapping);
	}
	return NULL;
}

/* The mapping owns the fd from now on, also after an error. */
int mapping_fill(struct mapping *mapping, int fd, __u32 directions, int box)
{
	struct ipcbox_stat stat;
	int err = ipcbox_buffer_map(fd, &mapping->buffer);

	if (err)
		return err;
	err = box_stat(ipcbox_buffer_fd(mapping->buffer), &stat);
	mapping->id = stat.id;
	mapping->box = box;
	mapping->directions = directions;
	mapping->max_msgsize = stat.max_msgsize;
	return err;
}

static void check(struct slot *self, unsigned long nr, int ret, int circumstances,
		  struct weather before)
{
	error_check(self, nr, ret, circumstances | weather_since(self, before));
}

/* A new one takes the place of another, if nobody uses that. */
static void keep(struct slot *self, int fd, __u32 directions, int box,
		 struct weather weather)
{
	struct mapping *mapping = claim_one(self);

	if (!mapping) {
		close(fd);
		return;
	}
	ipcbox_buffer_unmap(mapping->buffer);
	check(self, IPCBOX_BUFFER_LAYOUT, mapping_fill(mapping, fd, directions, box), 0,
	      weather);
	unclaim(mapping);
}

/* ---- steps --------------------------------------------------------------- */

static __u32 some_directions(struct slot *self)
{
	static const __u32 directions[] = { IPCBOX_RECEIVER, IPCBOX_SENDER, BOTH, BOTH };

	return directions[random_below(self, 4)];
}

static const char *some_mortal(struct slot *self)
{
	return ledger->names[BUFFER_NAMES + BUFFERS + random_below(self, MORTAL_BUFFERS)];
}

void mapping_open(struct slot *self, int control)
{
	int i = random_below(self, BUFFERS + 1);
	bool lasting = i < BUFFERS;
	struct weather weather = weather_now();
	__u32 directions = some_directions(self);
	int fd;

	if (without_malloc)
		return;
	fd = buffer_open(control, lasting ? ledger->names[BUFFER_NAMES + i] :
					    some_mortal(self), directions);
	check(self, IPCBOX_BUFFER_OPEN, fd, lasting ? 0 : MAY_END, weather);
	if (fd >= 0)
		keep(self, fd, directions, lasting ? FIRST_BUFFER + i : PASSING_BUFFER,
		     weather);
}

void mapping_create(struct slot *self, int control)
{
	bool reuse = random_below(self, 2);
	struct weather weather = weather_now();
	__u32 directions = some_directions(self);
	__u64 bytes = BUFFER_LARGEST >> random_below(self, 4);
	int fd;

	if (without_malloc)
		return;
	fd = buffer_create_attr(control, some_mortal(self),
				directions | (reuse ? IPCBOX_REUSE : 0),
				(struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE | IPCBOX_ATTR_BYTES | IPCBOX_ATTR_MSGSIZE,
		.mode = 0666, .max_bytes = bytes,
		.max_msgsize = MSGSIZE_LOWEST + random_below(self, bytes - MSGSIZE_LOWEST + 1),
	});
	check(self, IPCBOX_BUFFER_CREATE, fd, reuse ? 0 : ANEW, weather);
	if (fd >= 0)
		keep(self, fd, directions, PASSING_BUFFER, weather);
}

void mapping_unmap(struct slot *self)
{
	struct mapping *mapping = without_malloc ? NULL : claim_one(self);

	if (!mapping)
		return;
	ipcbox_buffer_unmap(mapping->buffer);
	mapping->buffer = NULL;
	unclaim(mapping);
}

/* And a call that wakes those for whom there is something: there should be none. */
void mapping_look(struct slot *self)
{
	struct weather weather = weather_now();
	struct mapping *mapping = mapping_pick(self, 0);
	struct ipcbox_buffer_layout layout;
	struct ipcbox_stat stat;
	char path[64];
	int fd;

	if (!mapping)
		return;
	fd = ipcbox_buffer_fd(mapping->buffer);
	check(self, IPCBOX_STAT, box_stat(fd, &stat), 0, weather);
	check(self, IPCBOX_BUFFER_LAYOUT, buffer_layout(fd, &layout), 0, weather);
	check(self, IPCBOX_BUFFER_WAKE,
	      buffer_wake(fd, layout.directions | IPCBOX_GIVEN_BACK),
	      mapping_circumstances(mapping), weather);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	look_at(path);
	mapping_leave(mapping);
}

/* ---- fork ---------------------------------------------------------------- */

static bool has_a_number(const struct mapping *mapping)
{
	return owner_number(mapping->buffer->self);
}

/* fork() copies the fds first and then the memory, which may tell of another one. */
static bool has_its_fd(const struct mapping *mapping)
{
	return id_of(ipcbox_buffer_fd(mapping->buffer)) == (long long)mapping->id;
}

/* In a child: the parent's mappings, which its other threads do not use here. */
void mappings_inherit(void)
{
	without_malloc = true;
	for (int i = 0; i < MAPPINGS; i++) {
		struct mapping *mapping = &mappings[i];
		/* A thread that was about to change it is not here. */
		bool whole = mapping->users >= 0 && mapping->buffer && has_its_fd(mapping);

		mapping->users = 0;
		/* A child gets no number for want of memory, or by the limit, without notice. */
		if (!whole || !has_a_number(mapping))
			mapping->buffer = NULL;
	}
}
