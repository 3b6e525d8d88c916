/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_SETTLE_H
#define _IPCBOX_SETTLE_H

/**
 * DOC: settle
 *
 * Whoever has changed a lane settles it before the lock of its box is dropped, see
 * box.h: while there is a message and a receiver, it is handed over; while there is
 * room and a sender, it is let in.
 */

#include "box.h"

void ipcbox_settle_and_unlock(struct ipcbox_lane *lane, struct ipcbox_wakes *wakes)
	__releases(&lane->box->lock);
struct ipcbox_waiter *ipcbox_settle_take_admitted(void *from);
void ipcbox_settle_tell_admitted_late(struct timer_list *timer);

#endif /* _IPCBOX_SETTLE_H */
