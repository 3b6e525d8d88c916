// SPDX-License-Identifier: MIT
#include "internal.h"

#include <time.h>

#define NS_PER_SEC UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

/* Longer than anyone waits, and far from where 64 bits of nanoseconds end. */
#define CENTURY_MS (INT64_C(100) * 365 * 24 * 3600 * 1000)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

EXPORT uint64_t ipcbox_deadline_ms(int64_t ms)
{
	if (ms < 0 || ms > CENTURY_MS)
		return IPCBOX_FOREVER;
	if (ms == 0)
		return IPCBOX_NOWAIT;
	return now_ns() + (uint64_t)ms * NS_PER_MS;
}

int ipcbox_is_past(uint64_t deadline)
{
	return deadline == IPCBOX_NOWAIT || (deadline != IPCBOX_FOREVER && deadline <= now_ns());
}
