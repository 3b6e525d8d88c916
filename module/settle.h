/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_SETTLE_H
#define _IPCBOX_SETTLE_H

/**
 * DOC: settle
 *
 * A task that has changed a lane settles it before it drops the lock of the box, see
 * box.h: while a message and a receiver wait, the receiver gets the message; while a
 * sender waits and there is room, its message goes in.
 */

#include "box.h"

void ipcbox_settle_and_unlock(struct ipcbox_lane *lane,
			      struct ipcbox_wake_list *wake_list)
	__releases(&lane->box->lock);
struct ipcbox_waiter *ipcbox_settle_take_admitted(void *from);
void ipcbox_settle_tell_admitted_late(struct timer_list *timer);

#endif /* _IPCBOX_SETTLE_H */
