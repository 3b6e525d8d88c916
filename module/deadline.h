/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_DEADLINE_H
#define _IPCBOX_DEADLINE_H

/**
 * DOC: deadline
 *
 * When a call gives up waiting. A caller tells it in nanoseconds of what it takes
 * for CLOCK_MONOTONIC, which is shifted in a time namespace.
 */

#include <linux/ktime.h>
#include <linux/types.h>

ktime_t ipcbox_deadline_shift(u64 deadline, s64 offset);

#endif /* _IPCBOX_DEADLINE_H */
