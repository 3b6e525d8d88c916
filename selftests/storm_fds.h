/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fds of a process, for all of its threads. Any of them may close one while
 * another uses it, so no number is ever used twice in a process: a thread that comes
 * too late gets EBADF, and never sends into another box than it thinks.
 */
#ifndef STORM_FDS_H
#define STORM_FDS_H

#include "storm_ledger.h"

struct fd_info {
	__u64 id;		/* that IPCBOX_STAT tells */
	__s32 peer;		/* of a link */
	__u8 kind;		/* IPCBOX_KIND_*, 0: a control fd */
	__u8 box;
	__u8 flags;		/* IPCBOX_RECEIVER, IPCBOX_SENDER, IPCBOX_NONBLOCK */
	bool closed;
};

#define FDS_MAX	4000		/* fds in the life of a process */

int fds_init(void);
void fds_inherit(void);
bool fds_used_up(void);
int fd_adopt(int fd, int flags);
int fd_pick(struct slot *self, int directions);
const struct fd_info *fd_info_of(int fd);
void fd_close(struct slot *self);
void fd_dup(struct slot *self);
void fd_pass(struct slot *self, int socket);
void fd_pass_and_drop(struct slot *self);
void fd_take(struct slot *self, int socket);

#endif /* STORM_FDS_H */
