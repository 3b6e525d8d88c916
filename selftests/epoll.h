/* SPDX-License-Identifier: GPL-2.0 */
/* epoll, for the tests that poll. */
#ifndef EPOLL_H
#define EPOLL_H

#include "commands.h"

#include <sys/epoll.h>

HELPER int watch(int epoll, int fd, __u32 events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}

/* The events of one fd within so many ms; 0: none. */
HELPER __u32 next_event(int epoll, int ms)
{
	struct epoll_event e = { .events = 0 };

	return epoll_wait(epoll, &e, 1, ms) == 1 ? e.events : 0;
}

#endif /* EPOLL_H */
