// SPDX-License-Identifier: GPL-2.0
#include "stat.h"

#include "box.h"

#include <linux/user_namespace.h>
#include <linux/ipcbox.h>

/* What a box and each of its lanes have in common. */
static void stat_common(struct ipcbox_stat *stat, const struct ipcbox_box *box,
			struct user_namespace *viewer)
{
	stat->state = box->shutdown ? IPCBOX_STATE_SHUTDOWN : 0;
	stat->mode = box->access.mode;
	stat->uid = from_kuid_munged(viewer, box->access.uid);
	stat->gid = from_kgid_munged(viewer, box->access.gid);
	stat->max_messages = box->bounds.max_messages;
	stat->max_bytes = box->bounds.max_bytes;
	stat->max_msgsize = box->bounds.max_msgsize;
}

/**
 * ipcbox_stat_box() - tell the state of a box
 * @stat: out; size, flags, kind and pid are left alone
 * @box: the box
 * @viewer: whose user ids to tell
 */
void ipcbox_stat_box(struct ipcbox_stat *stat, struct ipcbox_box *box,
		     struct user_namespace *viewer)
{
	spin_lock(&box->lock);
	stat_common(stat, box, viewer);
	stat->id = box->id;
	stat->messages = box->messages;
	stat->bytes = box->bytes;
	stat->sent = box->arrivals;
	stat->received = box->arrivals - box->messages - box->dropped;
	stat->receivers = box->receivers;
	stat->calls = box->service.count;
	stat->senders = box->senders;
	spin_unlock(&box->lock);
}

/**
 * ipcbox_stat_lane() - tell the state of one lane of a box
 * @stat: out; size, flags, kind and pid are left alone
 * @lane: the lane
 * @viewer: whose user ids to tell
 */
void ipcbox_stat_lane(struct ipcbox_stat *stat, struct ipcbox_lane *lane,
		      struct user_namespace *viewer)
{
	struct ipcbox_box *box = lane->box;

	spin_lock(&box->lock);
	stat_common(stat, box, viewer);
	stat->id = lane->id;
	stat->messages = lane->messages;
	stat->bytes = lane->bytes;
	stat->sent = lane->sent;
	stat->received = lane->sent - lane->messages - lane->dropped;
	stat->receivers = lane->receivers;
	stat->senders = lane->senders;
	spin_unlock(&box->lock);
}
