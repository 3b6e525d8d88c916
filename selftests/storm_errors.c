// SPDX-License-Identifier: GPL-2.0
#include "storm_errors.h"

#include "storm_findings.h"

/* An error is due in any one of these circumstances. */
static const struct due {
	unsigned long nr;
	int error;
	int circumstances;
} dues[] = {
	{ IPCBOX_SEND, EAGAIN, NOWAIT },
	{ IPCBOX_SEND, EINTR, WAITS },
	{ IPCBOX_SEND, ETIMEDOUT, TIMED },
	{ IPCBOX_SEND, EBADF, CLOSED },
	{ IPCBOX_SEND, EIDRM, MAY_END },
	{ IPCBOX_SEND, EPIPE, MAY_END },
	{ IPCBOX_SEND, EMSGSIZE, LONG },
	{ IPCBOX_SEND, ENOBUFS, LIMITED },
	{ IPCBOX_SEND, ENOMEM, LOWMEM },
	{ IPCBOX_SEND, EUSERS, LIMITED },
	{ IPCBOX_SEND, EFAULT, BAD_POINTER },
	{ IPCBOX_SEND, EMLINK, LIMITED },
	{ IPCBOX_SEND, ECONNREFUSED, MAY_END },
	{ IPCBOX_SEND, ESRCH, MAY_END },

	{ IPCBOX_RECV, EAGAIN, NOWAIT },
	{ IPCBOX_RECV, EINTR, WAITS },
	{ IPCBOX_RECV, ETIMEDOUT, TIMED },
	{ IPCBOX_RECV, EBADF, CLOSED },
	{ IPCBOX_RECV, EIDRM, MAY_END },
	{ IPCBOX_RECV, EPIPE, MAY_END | FROM_ONE },
	{ IPCBOX_RECV, EMSGSIZE, CRAMPED },
	{ IPCBOX_RECV, ENOMEM, LOWMEM },
	{ IPCBOX_RECV, EUSERS, LIMITED },
	{ IPCBOX_RECV, EFAULT, BAD_POINTER },
	{ IPCBOX_RECV, EMLINK, LIMITED },
	{ IPCBOX_RECV, ESRCH, FROM_ONE },

	{ IPCBOX_CALL, EAGAIN, NOWAIT },
	{ IPCBOX_CALL, EINTR, WAITS },
	{ IPCBOX_CALL, ETIMEDOUT, TIMED },
	{ IPCBOX_CALL, EBADF, CLOSED },
	{ IPCBOX_CALL, EIDRM, MAY_END },
	/* The receiver is killed or closes at any time. */
	{ IPCBOX_CALL, EPIPE, MAY_END | WAITS },
	{ IPCBOX_CALL, EMSGSIZE, LONG },
	{ IPCBOX_CALL, ENOBUFS, LIMITED },
	{ IPCBOX_CALL, ENOMEM, LOWMEM },
	{ IPCBOX_CALL, EUSERS, LIMITED },
	{ IPCBOX_CALL, EMLINK, LIMITED },
	{ IPCBOX_CALL, ECONNREFUSED, MAY_END },
	{ IPCBOX_CALL, ESRCH, MAY_END },

	{ IPCBOX_REPLY, EBADF, CLOSED },
	{ IPCBOX_REPLY, EIDRM, MAY_END },
	{ IPCBOX_REPLY, EPIPE, WAITS },
	{ IPCBOX_REPLY, ENOBUFS, LIMITED },
	{ IPCBOX_REPLY, ENOMEM, LOWMEM },

	{ IPCBOX_SEND_BATCH, EAGAIN, NOWAIT },
	{ IPCBOX_SEND_BATCH, EBADF, CLOSED },
	{ IPCBOX_SEND_BATCH, EIDRM, MAY_END },
	{ IPCBOX_SEND_BATCH, EPIPE, MAY_END },
	{ IPCBOX_SEND_BATCH, EMSGSIZE, LONG },
	{ IPCBOX_SEND_BATCH, ENOBUFS, LIMITED },
	{ IPCBOX_SEND_BATCH, ENOMEM, LOWMEM },

	{ IPCBOX_RECV_BATCH, EAGAIN, NOWAIT },
	{ IPCBOX_RECV_BATCH, EINTR, WAITS },
	{ IPCBOX_RECV_BATCH, ETIMEDOUT, TIMED },
	{ IPCBOX_RECV_BATCH, EBADF, CLOSED },
	{ IPCBOX_RECV_BATCH, EIDRM, MAY_END },
	{ IPCBOX_RECV_BATCH, EPIPE, MAY_END },
	{ IPCBOX_RECV_BATCH, EMSGSIZE, CRAMPED },
	{ IPCBOX_RECV_BATCH, ENOMEM, LOWMEM },
	{ IPCBOX_RECV_BATCH, EUSERS, LIMITED },

	{ IPCBOX_PORT_CREATE, EEXIST, ANEW },
	{ IPCBOX_PORT_CREATE, ENOSPC, LIMITED },
	{ IPCBOX_PORT_CREATE, ENOMEM, LOWMEM },
	{ IPCBOX_PORT_OPEN, ENOENT, MAY_END },
	{ IPCBOX_PORT_OPEN, ENOMEM, LOWMEM },
	{ IPCBOX_PORT_DELETE, ENOENT, MAY_END },
	{ IPCBOX_PORT_LIST, ENOMEM, LOWMEM },

	{ IPCBOX_MAILBOX_OPEN, EEXIST, ANEW },
	{ IPCBOX_MAILBOX_OPEN, ENOSPC, LIMITED },
	{ IPCBOX_MAILBOX_OPEN, ENOMEM, LOWMEM },
	{ IPCBOX_LINK_OPEN, ECONNREFUSED, MAY_END },
	{ IPCBOX_LINK_OPEN, ESRCH, MAY_END },
	{ IPCBOX_LINK_OPEN, EMLINK, LIMITED },
	{ IPCBOX_LINK_OPEN, ENOMEM, LOWMEM },

	/* And what the library's calls return. */
	{ IPCBOX_BUFFER_WAIT, EAGAIN, NOWAIT },
	{ IPCBOX_BUFFER_WAIT, EINTR, WAITS },
	{ IPCBOX_BUFFER_WAIT, ETIMEDOUT, TIMED },
	{ IPCBOX_BUFFER_WAIT, EIDRM, MAY_END },
	{ IPCBOX_BUFFER_WAIT, EPIPE, MAY_END },
	{ IPCBOX_BUFFER_WAIT, ENOMEM, LOWMEM },
	{ IPCBOX_BUFFER_WAIT, EUSERS, LIMITED },
	{ IPCBOX_BUFFER_WAKE, EIDRM, MAY_END },
	{ IPCBOX_BUFFER_WAKE, EPIPE, MAY_END },
	{ IPCBOX_BUFFER_CREATE, EEXIST, ANEW },
	{ IPCBOX_BUFFER_CREATE, ENOSPC, LIMITED },
	{ IPCBOX_BUFFER_CREATE, EDQUOT, LIMITED },
	{ IPCBOX_BUFFER_CREATE, ENOMEM, LOWMEM },
	{ IPCBOX_BUFFER_OPEN, ENOENT, MAY_END },
	{ IPCBOX_BUFFER_OPEN, ENOMEM, LOWMEM },
	/* And to map it, also by fork. */
	{ IPCBOX_BUFFER_LAYOUT, EDQUOT, LIMITED | LOWMEM },
	{ IPCBOX_BUFFER_LAYOUT, ENOMEM, LOWMEM },

	{ IPCBOX_STAT, EBADF, CLOSED },
	{ IPCBOX_SET, EBADF, CLOSED },
	{ IPCBOX_SET, EIDRM, MAY_END },
	{ IPCBOX_SET, EPIPE, MAY_END },
};

static const char *name_of(unsigned long nr)
{
	static const char * const names[] = {
		"QUERY", "MAILBOX_OPEN", "LINK_OPEN", "PORT_CREATE", "PORT_OPEN",
		"PORT_DELETE", "PORT_LIST", "SEND", "RECV", "STAT", "SET",
		"CALL", "REPLY", "REPLY_RECV", "SEND_BATCH", "RECV_BATCH",
		"BUFFER_CREATE", "BUFFER_OPEN", "BUFFER_LAYOUT", "BUFFER_WAIT",
		"BUFFER_WAKE",
	};

	return names[_IOC_NR(nr)];
}

struct weather weather_now(void)
{
	return (struct weather){
		.squeezes = __atomic_load_n(&ledger->squeezes, __ATOMIC_SEQ_CST),
		.squeezed = __atomic_load_n(&ledger->squeezed, __ATOMIC_SEQ_CST),
	};
}

/* Circumstances at any time of a call that began in that weather. */
int weather_since(const struct slot *self, struct weather before)
{
	struct weather now = weather_now();
	bool limited = before.squeezed || now.squeezed ||
		       now.squeezes != before.squeezes;
	/* When all is received the postmasters go home as well. */
	bool over = __atomic_load_n(&ledger->phase, __ATOMIC_SEQ_CST) >= STOP;

	return (limited ? LIMITED : 0) | (self->lowmem ? LOWMEM : 0) |
	       (over ? MAY_END : 0);
}

/* RET is what the command returned: not below zero, or minus the errno. */
void error_check(const struct slot *self, unsigned long nr, int ret, int circumstances)
{
	if (ret >= 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(dues); i++)
		if (dues[i].nr == nr && dues[i].error == -ret &&
		    dues[i].circumstances & circumstances)
			return;
	finding(ERRORS, "IPCBOX_%s by thread %d: %s, in circumstances %#x (storm_errors.h)",
		name_of(nr), ledger_number(self), strerrorname_np(-ret), circumstances);
}
