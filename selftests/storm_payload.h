/* SPDX-License-Identifier: GPL-2.0 */
/* The content and the length of a message. */
#ifndef STORM_PAYLOAD_H
#define STORM_PAYLOAD_H

#include "storm_ledger.h"

/* No box has a lower limit, so shorter messages are never too long. */
#define MSGSIZE_LOWEST	64

__u32 payload_length(struct slot *self);
void payload_fill(char *data, __u32 number, __u32 len);
void payload_check(const char *data, const struct ipcbox_recv *recv);

#endif /* STORM_PAYLOAD_H */
