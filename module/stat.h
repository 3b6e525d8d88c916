/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_STAT_H
#define _IPCBOX_STAT_H

/**
 * DOC: stat
 *
 * The state of a box or lane in the terms of the uapi, with ids translated for
 * whoever looks.
 */

struct ipcbox_box;
struct ipcbox_lane;
struct ipcbox_stat;
struct user_namespace;

void ipcbox_stat_box(struct ipcbox_stat *stat, struct ipcbox_box *box,
		     struct user_namespace *viewer);
void ipcbox_stat_lane(struct ipcbox_stat *stat, struct ipcbox_lane *lane,
		      struct user_namespace *viewer);

#endif /* _IPCBOX_STAT_H */
