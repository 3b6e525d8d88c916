/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fds of a process, for all of its threads. Any of them may close one while
 * another uses it, so no number is ever used twice in a process: whoever comes
 * too late gets EBADF, and never sends into another box than it thinks.
 */
#ifndef STORM_THINGS_H
#define STORM_THINGS_H

#include "storm_ledger.h"

struct thing {
	__u64 id;		/* that IPCBOX_STAT tells */
	__s32 peer;		/* of a link */
	__u8 kind;		/* IPCBOX_KIND_*, 0: a control fd */
	__u8 box;
	__u8 flags;		/* IPCBOX_RECEIVER, IPCBOX_SENDER, IPCBOX_NONBLOCK */
	bool closed;
};

#define THINGS	4000		/* fds in the life of a process */

int things_init(void);
void things_inherit(void);
bool things_used_up(void);
int thing_adopt(int fd, int flags);
int thing_pick(struct slot *self, int directions);
const struct thing *thing_of(int fd);
void thing_close(struct slot *self);
void thing_dup(struct slot *self);
void thing_pass(struct slot *self, int socket);
void thing_pass_away(struct slot *self);
void thing_take(struct slot *self, int socket);

#endif /* STORM_THINGS_H */
