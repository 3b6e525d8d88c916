/* SPDX-License-Identifier: GPL-2.0 */
/* Calls that move messages, each noted in the ledger before and after. */
#ifndef STORM_CALLS_H
#define STORM_CALLS_H

#include "storm_errors.h"
#include "storm_fds.h"

/* How a call is to wait: its flags and deadline, and what may come of that. */
struct patience {
	__u32 flags;
	__u64 deadline;
	int circumstances;
};

struct patience some_patience(struct slot *self, bool forever);

int calls_init(void);
void call_is_restarted(int signal);	/* a handler, for a signal that restarts calls */
void storm_send(struct slot *self, int fd);
void storm_send_direct(struct slot *self, int control, pid_t pid, int box);
void storm_call(struct slot *self, int fd);
void storm_call_direct(struct slot *self, int control, pid_t pid, int box);
void storm_send_batch(struct slot *self, int fd);
void storm_recv(struct slot *self, int fd);
void storm_recv_batch(struct slot *self, int fd);
void storm_recv_badly(struct slot *self, int fd);
void storm_poll(struct slot *self, int fd);
void storm_epoll(struct slot *self);

/* For the checker: to and of a lasting box, without waiting. */
int storm_send_now(struct slot *self, int fd, int box, __u64 id);
int storm_recv_now(struct slot *self, int fd, int box);
int storm_recv_now_badly(struct slot *self, int fd, int box);

void begin(struct slot *self, enum doing doing, int fd, int box);
void end(struct slot *self);

#endif /* STORM_CALLS_H */
