/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Calls and batches of ipcbox, for the tables of ipcbox.c. */
#ifndef BENCH_IPCBOX_CALL_H
#define BENCH_IPCBOX_CALL_H

#include "system.h"

int ipcbox_call_send(struct channel *channel, void *data);
int ipcbox_call_serve(struct channel *channel, void *data, bool first);
int ipcbox_call_end(struct channel *channel, void *data);
int ipcbox_batch_send(struct channel *channel, const void *data, int count);
int ipcbox_batch_recv(struct channel *channel, void *data, int count);

#endif /* BENCH_IPCBOX_CALL_H */
