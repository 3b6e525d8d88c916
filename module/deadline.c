// SPDX-License-Identifier: GPL-2.0
#include "deadline.h"

#include <linux/minmax.h>

/**
 * ipcbox_deadline_shift() - a deadline in the kernel's terms
 * @deadline: as the caller gave it; 0, and what can never be reached, is none
 * @offset: by how many nanoseconds the caller's clock is ahead of the kernel's
 *
 * Return: KTIME_MAX for none. One that was before the kernel's clock began is 1,
 * which is as past as it can be.
 */
ktime_t ipcbox_deadline_shift(u64 deadline, s64 offset)
{
	if (!deadline || deadline >= KTIME_MAX)
		return KTIME_MAX;
	if (offset > 0)
		return deadline > offset ? deadline - offset : 1;
	return min_t(u64, deadline - offset, KTIME_MAX);
}
