/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Messages of buffers in the hands of threads. The kernel does not see which thread has
 * which, so each notes what it is about to do before it does it: when one is killed, the
 * note says what may have come of it.
 */
#ifndef STORM_HANDS_H
#define STORM_HANDS_H

#include "storm_ledger.h"

/* In this order; hand_let_go() for a message that is put back. */
void hand_take(struct hand *hand, int box);
bool hand_hold(struct slot *self, struct hand *hand, __u32 number);
void hand_finish(struct hand *hand);
void hand_receipt(struct slot *self, struct hand *hand);
void hand_let_go(struct hand *hand);

/* A call that takes and finishes with so many at most; what came is noted meanwhile. */
void hand_receive_whole(struct hand *hand, int box, __u32 count);
void hand_note_whole(struct slot *self, struct hand *hand, __u32 number);

void hands_bury(struct slot *slot);

/* When all is over. Return: how many came out of buffers; TWICE: more than once. */
int hands_settle(int *twice);

#endif /* STORM_HANDS_H */
