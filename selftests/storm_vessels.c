// SPDX-License-Identifier: GPL-2.0
#include "storm_vessels.h"

#include "buffers.h"
#include "storm_errors.h"
#include "storm_payload.h"
#include "storm_worker.h"

#include <stdio.h>

#define VESSELS		4	/* that a process has mapped at a time */

static struct vessel vessels[VESSELS];

/*
 * A child has only one thread of several: another one may have been in malloc(), which
 * mapping and unmapping need.
 */
static bool without_malloc;

int vessel_circumstances(const struct vessel *vessel)
{
	return vessel->box == PASSING_BUFFER ? MAY_END : 0;
}

/* ---- those that are mapped ----------------------------------------------- */

static bool enter(struct vessel *vessel)
{
	int users = __atomic_load_n(&vessel->users, __ATOMIC_SEQ_CST);

	while (users >= 0)
		if (__atomic_compare_exchange_n(&vessel->users, &users, users + 1, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return true;
	return false;
}

void vessel_leave(struct vessel *vessel)
{
	__atomic_sub_fetch(&vessel->users, 1, __ATOMIC_SEQ_CST);
}

/* Nobody uses it until its users are zero again. */
static struct vessel *claim_one(struct slot *self)
{
	struct vessel *vessel = &vessels[random_below(self, VESSELS)];
	int nobody = 0;

	return __atomic_compare_exchange_n(&vessel->users, &nobody, -1, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) ?
		       vessel : NULL;
}

static void unclaim(struct vessel *vessel)
{
	__atomic_store_n(&vessel->users, 0, __ATOMIC_SEQ_CST);
}

/* One that is open for one of these directions, or any; NULL: none was found soon. */
struct vessel *vessel_pick(struct slot *self, __u32 directions)
{
	for (int tries = 0; tries < 2 * VESSELS; tries++) {
		struct vessel *vessel = &vessels[random_below(self, VESSELS)];

		if (!enter(vessel))
			continue;
		if (vessel->buffer && (!directions || vessel->directions & directions))
			return vessel;
		vessel_leave(vessel);
	}
	return NULL;
}

/* The fd, or an errno, is the vessel's from now on. */
int vessel_fill(struct vessel *vessel, int fd, __u32 directions, int box)
{
	struct ipcbox_stat stat;
	int err = ipcbox_buffer_map(fd, &vessel->buffer);

	if (err)
		return err;
	err = box_stat(ipcbox_buffer_fd(vessel->buffer), &stat);
	vessel->id = stat.id;
	vessel->box = box;
	vessel->directions = directions;
	vessel->max_msgsize = stat.max_msgsize;
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
	struct vessel *vessel = claim_one(self);

	if (!vessel) {
		close(fd);
		return;
	}
	ipcbox_buffer_unmap(vessel->buffer);
	check(self, IPCBOX_BUFFER_LAYOUT, vessel_fill(vessel, fd, directions, box), 0,
	      weather);
	unclaim(vessel);
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

void vessel_open(struct slot *self, int control)
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

void vessel_create(struct slot *self, int control)
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

void vessel_unmap(struct slot *self)
{
	struct vessel *vessel = without_malloc ? NULL : claim_one(self);

	if (!vessel)
		return;
	ipcbox_buffer_unmap(vessel->buffer);
	vessel->buffer = NULL;
	unclaim(vessel);
}

/* And a call that wakes those for whom there is something: there should be none. */
void vessel_look(struct slot *self)
{
	struct weather weather = weather_now();
	struct vessel *vessel = vessel_pick(self, 0);
	struct ipcbox_buffer_layout layout;
	struct ipcbox_stat stat;
	char path[64];
	int fd;

	if (!vessel)
		return;
	fd = ipcbox_buffer_fd(vessel->buffer);
	check(self, IPCBOX_STAT, box_stat(fd, &stat), 0, weather);
	check(self, IPCBOX_BUFFER_LAYOUT, buffer_layout(fd, &layout), 0, weather);
	check(self, IPCBOX_BUFFER_WAKE,
	      buffer_wake(fd, layout.directions | IPCBOX_GIVEN_BACK),
	      vessel_circumstances(vessel), weather);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	look_at(path);
	vessel_leave(vessel);
}

/* ---- fork ---------------------------------------------------------------- */

static bool has_a_number(const struct vessel *vessel)
{
	return owner_number(vessel->buffer->self);
}

/* fork() copies the fds first and then the memory, which may tell of another one. */
static bool has_its_fd(const struct vessel *vessel)
{
	return id_of(ipcbox_buffer_fd(vessel->buffer)) == (long long)vessel->id;
}

/* What the parent has mapped, and its other threads do not use here. */
void vessels_inherit(void)
{
	without_malloc = true;
	for (int i = 0; i < VESSELS; i++) {
		struct vessel *vessel = &vessels[i];
		/* Who was about to change it is not here. */
		bool whole = vessel->users >= 0 && vessel->buffer && has_its_fd(vessel);

		vessel->users = 0;
		/* For want of memory or by the limit: of that a child is not told. */
		if (!whole || !has_a_number(vessel))
			vessel->buffer = NULL;
	}
}
