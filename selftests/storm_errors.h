/* SPDX-License-Identifier: GPL-2.0 */
/* Which errors the uapi has for a command, and in which circumstances. */
#ifndef STORM_ERRORS_H
#define STORM_ERRORS_H

#include "storm_ledger.h"

/* Circumstances of a call */
enum {
	NOWAIT		= 1 << 0,	/* it must not wait */
	WAITS		= 1 << 1,	/* it may wait: signals come at any time */
	TIMED		= 1 << 2,	/* it has a deadline */
	MAY_END		= 1 << 3,	/* of the box, at any time */
	LONG		= 1 << 4,	/* longer than the lowest max_msgsize */
	CRAMPED		= 1 << 5,	/* there may be longer messages than fit */
	CLOSED		= 1 << 6,	/* another thread closed the fd */
	LIMITED		= 1 << 7,	/* the limits of users are low */
	FROM_ONE	= 1 << 8,	/* a process was named */
	BAD_POINTER	= 1 << 9,
	ANEW		= 1 << 10,	/* given only to what is not there yet */
	LOWMEM		= 1 << 11,	/* in a memory cgroup that is full */
};

/* Circumstances of all calls of a process at a time */
struct weather {
	int squeezes;
	bool squeezed;
};

struct weather weather_now(void);
int weather_since(const struct slot *self, struct weather before);

void error_check(const struct slot *self, unsigned long nr, int ret, int circumstances);

#endif /* STORM_ERRORS_H */
