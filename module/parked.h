/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_PARKED_H
#define _IPCBOX_PARKED_H

/**
 * DOC: parked call
 *
 * A call whose caller had to leave the kernel without a signal handler: it is stopped
 * (SIGSTOP, the terminal), a tracer attaches to it, its cgroup or the system is frozen.
 * Somebody has received the call, so it cannot be made again. It is *parked*: it moves
 * from the stack of its caller to an allocation, stays in service, and the reply may
 * come meanwhile. The kernel restarts the wait by restart_syscall(2), as that of poll(2)
 * and nanosleep(2), and it goes on where it was.
 *
 * A task has at most one parked call. It counts as one of its user's waiters, and its
 * memory is charged to the same account. It holds the file that the command was given. It ends
 *
 * - when the caller comes back and has the result, or is interrupted by a handler;
 * - when its process dies: the close of its fds tells;
 * - within a second after the deadline, or after its task has died alone (by the exec
 *   of another thread), or has gone on without coming back, because a signal with a
 *   handler came after we had looked for one. A work item looks for these while calls
 *   are parked.
 *
 * Then a reply fails as it does for any caller that gave up.
 */

struct ipcbox_caller;
struct ipcbox_wait_options;
struct ipcbox_request;
struct ipcbox_route;
struct ipcbox_creds;

/* Tells the caller of a command what came of a call. Return: that of the command. */
typedef int ipcbox_finish_fn(struct ipcbox_request *request,
			     struct ipcbox_caller *caller, int err);

int ipcbox_park(struct ipcbox_request *request, const struct ipcbox_route *route,
		struct ipcbox_creds *creds, struct ipcbox_caller *caller,
		const struct ipcbox_wait_options *options, ipcbox_finish_fn *finish);
void ipcbox_parked_end_process(void);
void ipcbox_parked_deinit(void);

#endif /* _IPCBOX_PARKED_H */
