/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The buffers that a process has mapped, for all of its threads. One that is in use is
 * not unmapped.
 */
#ifndef STORM_MAPPINGS_H
#define STORM_MAPPINGS_H

#include "storm_errors.h"

#include <ipcbox_buffer.h>

#define BUFFER_LARGEST (32U << 10)	/* of its data */

struct mapping {
	struct ipcbox_buffer *buffer;
	__u64 id;
	int box;
	__u32 directions;
	__u32 max_msgsize;
	int users;		/* threads; -1: it is being changed */
};

/* Steps */
void mapping_open(struct slot *self, int control);
void mapping_create(struct slot *self, int control);
void mapping_unmap(struct slot *self);
void mapping_look(struct slot *self);

struct mapping *mapping_pick(struct slot *self, __u32 directions);
void mapping_leave(struct mapping *mapping);
int mapping_circumstances(const struct mapping *mapping);

int mapping_fill(struct mapping *mapping, int fd, __u32 directions, int box);
void mappings_inherit(void);

#endif /* STORM_MAPPINGS_H */
