/* SPDX-License-Identifier: GPL-2.0 */
/* The calls that are no commands of ipcbox, but matter to it. */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include <linux/types.h>

struct task;

/* The limits that a program may change. */
#define SYSCTLS 7

extern const char *const sysctl_paths[SYSCTLS];

#define DECLARE_CALL(name) long call_##name(struct task *task, const __u64 *values)

DECLARE_CALL(open);
DECLARE_CALL(close);
DECLARE_CALL(dup);
DECLARE_CALL(pass);
DECLARE_CALL(nonblock);
DECLARE_CALL(poll);
DECLARE_CALL(epoll);
DECLARE_CALL(epoll_add);
DECLARE_CALL(epoll_wait);
DECLARE_CALL(pidfd);
DECLARE_CALL(proc);
DECLARE_CALL(fdinfo);
DECLARE_CALL(unshare);
DECLARE_CALL(setuid);
DECLARE_CALL(sysctl);
DECLARE_CALL(signal);
DECLARE_CALL(protect);
DECLARE_CALL(unmap);
DECLARE_CALL(move);
DECLARE_CALL(pause);
DECLARE_CALL(asleep);
DECLARE_CALL(exit);
DECLARE_CALL(kill);
DECLARE_CALL(reap);

#undef DECLARE_CALL

#endif /* FUZZ_CALLS_H */
