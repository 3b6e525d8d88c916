/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checker looks at the boxes: now and then it has all threads pause, and then
 * those that are still in a call are asleep there, rightly or not.
 */
#ifndef STORM_QUIET_H
#define STORM_QUIET_H

#include "storm_ledger.h"

int quiet_begin(int control);
int quiet_join_mailboxes(void);
void quiet_end(void);
int quiet_fd(int box);

/* Buffers, likewise (storm_quiet_buffers.c) */
int quiet_begin_buffers(int control);
void quiet_end_buffers(void);
int quiet_buffer_fd(int buffer);
void quiet_check_buffer(int buffer);
void quiet_drain_buffer(struct slot *self, int buffer);

bool quiet_look(int control, struct slot *self);
void quiet_drain(struct slot *self, int box);
void quiet_settle_accounts(void);

#endif /* STORM_QUIET_H */
