/* SPDX-License-Identifier: GPL-2.0 */
/* Messages that go through buffers, by the calls of the library. */
#ifndef STORM_BUFFERS_H
#define STORM_BUFFERS_H

#include "storm_calls.h"
#include "storm_mappings.h"

/* Steps. IMMORTAL: this thread is never killed, and waits within the library's calls. */
void storm_buffer_send(struct slot *self);
void storm_buffer_recv(struct slot *self, bool immortal);
void storm_buffer_poll(struct slot *self);

/* For the checker, without waiting: 0, or -errno. */
int mapping_put_one(struct slot *self, struct mapping *mapping);
int mapping_take_one(struct slot *self, struct mapping *mapping);
void mapping_take_and_put_back(struct slot *self, struct mapping *mapping);

/* Around fork(): what the parent has in hand is not the child's. */
struct pledge {
	struct mapping *mapping;
	struct ipcbox_slot slot;
	struct weather weather;
};

void buffers_before_fork(struct slot *self, struct pledge *pledge);
void buffers_after_fork(struct slot *self, struct pledge *pledge);
void buffers_inherit(const struct pledge *pledge);

#endif /* STORM_BUFFERS_H */
