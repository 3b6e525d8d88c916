/* SPDX-License-Identifier: GPL-2.0 */
/* The order in which one receiver, and one sender, see the messages of a port. */
#ifndef STORM_ORDER_H
#define STORM_ORDER_H

#include "storm_ledger.h"

/* The latest number of each priority that was received. */
struct order {
	__u32 latest[CLASSES];
};

void order_check(struct order *order, const struct ipcbox_recv *recv, int box,
		 int thread);

void order_forget(void);

/* Around a receive, of a message that stays received ... */
void order_before(struct slot *self, int box);
void order_after(struct slot *self, const struct ipcbox_recv *recv, int box);
/* ... or that is put back. */
void order_disturb(struct slot *self, int box);
void order_settle(struct slot *self);
void order_doom(struct slot *victim);

void order_check_senders(void);

#endif /* STORM_ORDER_H */
