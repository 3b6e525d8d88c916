/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The buffers that a process has mapped, for all of its threads. One that is in use is
 * not unmapped.
 */
#ifndef STORM_VESSELS_H
#define STORM_VESSELS_H

#include "storm_errors.h"

#include <ipcbox_buffer.h>

#define BUFFER_LARGEST (32U << 10)	/* of its data */

struct vessel {
	struct ipcbox_buffer *buffer;
	__u64 id;
	int box;
	__u32 directions;
	__u32 max_msgsize;
	int users;		/* threads; -1: it is being changed */
};

/* Steps */
void vessel_open(struct slot *self, int control);
void vessel_create(struct slot *self, int control);
void vessel_unmap(struct slot *self);
void vessel_look(struct slot *self);

struct vessel *vessel_pick(struct slot *self, __u32 directions);
void vessel_leave(struct vessel *vessel);
int vessel_circumstances(const struct vessel *vessel);

int vessel_fill(struct vessel *vessel, int fd, __u32 directions, int box);
void vessels_inherit(void);

#endif /* STORM_VESSELS_H */
