/* SPDX-License-Identifier: MIT */
#ifndef IPCBOX_CALL_H
#define IPCBOX_CALL_H

/* Calls and replies. A part of ipcbox.h, which includes it. */

#include "ipcbox.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: Calls
 *
 * A call is a message whose sender waits for the reply. The receiver gets a number
 * with it, and replies with that number; ipcbox_reply_recv() replies and receives the next
 * message in one step. A caller and its server::
 *
 *	len = ipcbox_call(sums, "1 2 3", 5, sum, sizeof(sum));
 *
 *	for (call = 0;;) {
 *		err = ipcbox_reply_recv(sums, &call, sum, len, 0, &msg, 0, until);
 *		if (!err)
 *			len = add_up(ipcbox_msg_data(msg), sum, sizeof(sum));
 *		else if (call)
 *			call = 0;	// that caller gave up, or has no room
 *		else
 *			break;		// no more calls
 *	}
 *
 * If the receiver of a call closes the port or mailbox, or dies, the caller gets -EPIPE.
 */

/**
 * ipcbox_call() - send a request and wait for the reply
 * @fd: a port that is open for sending, or a link
 * @request: the request; it may lie in @reply
 * @len: its length in bytes, 0 to the box's limit
 * @reply: where to put the reply
 * @capacity: room there in bytes; the server learns it, and cannot reply more
 *
 * Waits without limit. (O_NONBLOCK of the fd is only about room for the request; the
 * call waits for the reply in any case.) Priority and tag are 0. After an error the
 * request may have been received; ipcbox_call_until() can report that.
 *
 * Return: the length of the reply, which may be 0; or as ipcbox_send(), and
 *
 * * -EINTR: A signal ended the wait, also with SA_RESTART if the request was received.
 * * -EPIPE: Also: the server received the request and will never reply.
 */
ssize_t ipcbox_call(int fd, const void *request, size_t len, void *reply, size_t capacity);

/**
 * ipcbox_call_until() - call with a deadline, a priority and a tag
 * @fd: a port that is open for sending, or a link
 * @request: the request; it may lie in *@reply
 * @len: its length in bytes
 * @deadline: when to give up, for all of it: room, receiver and reply.
 *	%IPCBOX_NOWAIT is only about room; the call then waits for the reply without
 *	limit
 * @priority: 0 to %IPCBOX_PRIORITY_MAX; higher is received first
 * @tag: any number; the receiver gets it with the request
 * @reply: points to NULL, or to a message from an earlier call, which is used again.
 *	Whatever the call returns, free it in the end with ipcbox_msg_free(). For a
 *	reply, ipcbox_msg_pid(), _uid(), _gid() and _tag() describe the server
 * @room: how long the reply may be; a value above %IPCBOX_MSGSIZE_MAX counts as that.
 *	Room that the reply does not fill costs next to nothing
 *
 * After an error the reply is empty, and ipcbox_msg_received() reports whether the request
 * was received.
 *
 * Return: 0: the reply is there. Or as ipcbox_call(), and
 *
 * * -EINVAL: @priority is too high.
 * * -ETIMEDOUT: The deadline passed before the reply came.
 */
int ipcbox_call_until(int fd, const void *request, size_t len, uint64_t deadline,
		      unsigned int priority, uint64_t tag, struct ipcbox_msg **reply, size_t room);

/**
 * ipcbox_call_served() - call a port only if a process receives from it
 * @fd: a port that is open for sending, or a link
 * @request: the request; this and the others are as for ipcbox_call_until()
 * @len: its length in bytes
 * @deadline: when to give up
 * @priority: 0 to %IPCBOX_PRIORITY_MAX
 * @tag: any number; the receiver gets it with the request
 * @reply: where the reply goes
 * @room: how long it may be
 *
 * Return: as ipcbox_call_until(), and
 *
 * * -ECONNREFUSED: Nobody has the port open for receiving, or the last receiver closed it
 *   before it received the request. The request has no effect. Try again when a server
 *   has started.
 */
int ipcbox_call_served(int fd, const void *request, size_t len, uint64_t deadline,
		       unsigned int priority, uint64_t tag, struct ipcbox_msg **reply, size_t room);

/**
 * ipcbox_call_to() - call a process, in one call *[device]*
 * @pid: the process, which has to have its mailbox open
 * @request: the request; this and the others are as for ipcbox_call_until()
 * @len: its length in bytes
 * @deadline: when to give up
 * @priority: 0 to %IPCBOX_PRIORITY_MAX
 * @tag: any number; the receiver gets it with the request
 * @reply: where the reply goes
 * @room: how long it may be
 *
 * Return: as ipcbox_call_until(), and the errors of ipcbox_link_open().
 */
int ipcbox_call_to(pid_t pid, const void *request, size_t len, uint64_t deadline,
		   unsigned int priority, uint64_t tag, struct ipcbox_msg **reply, size_t room);

/**
 * ipcbox_msg_received() - whether a call that failed was received
 * @msg: what ipcbox_call_until() or ipcbox_call_to() left in @reply, or NULL
 *
 * Return:
 *
 * * 0: Nobody received the request and nobody will, so it can safely be sent again.
 * * 1: A server received it, and may have done what it asks. Also after a call that
 *   succeeded.
 */
int ipcbox_msg_received(const struct ipcbox_msg *msg);

/** ipcbox_msg_call() - the number to reply with; 0: nobody waits for a reply */
uint64_t ipcbox_msg_call(const struct ipcbox_msg *msg);

/** ipcbox_msg_reply_max() - how long the reply may be, in bytes; 0 if it is no call */
size_t ipcbox_msg_reply_max(const struct ipcbox_msg *msg);

/**
 * ipcbox_reply() - reply to a call
 * @fd: the port or mailbox through which it was received, or a dup(2) of it
 * @call: which one, from ipcbox_msg_call()
 * @data: the reply
 * @len: its length in bytes
 * @tag: any number; the caller gets it with the reply
 *
 * Calls may be replied to in any order and by any thread. A reply never waits.
 *
 * Return:
 *
 * * 0: The caller has the reply.
 * * -EBADF: The fd is not for receiving.
 * * -EIDRM: The port was removed. Close the fd.
 * * -EINVAL: @call is not the number of a call.
 * * -EMSGSIZE: The reply is longer than ipcbox_msg_reply_max(), and the caller still waits. Send
 *   a shorter reply.
 * * -ENOBUFS: Limit of queued bytes, and the caller still waits. A reply of up to 128 bytes
 *   is always possible.
 * * -ENOMEM: Memory is short, and the caller still waits.
 * * -ENOTTY: The fd is not a port or mailbox.
 * * -EPIPE: The caller died, gave up, or has its reply. Go on with the next message.
 */
int ipcbox_reply(int fd, uint64_t call, const void *data, size_t len, uint64_t tag);

/**
 * ipcbox_reply_recv() - reply to a call and receive the next message, in one step
 * @fd: the port or mailbox
 * @call: points to the number of the call to reply to, or to 0: only receive. After
 *	success it has the number of the received message, 0 if that is no call; after
 *	an error it is 0 if the reply was given, or there was none to give
 * @data: the reply; it may lie in *@msg
 * @len: its length in bytes
 * @tag: any number; the caller gets it with the reply
 * @msg: as for ipcbox_recv_msg()
 * @from: as for ipcbox_recv_msg()
 * @deadline: when to give up waiting for the next message
 *
 * Return: 0. If the reply could not be given: as ipcbox_reply(), *@call is not 0,
 * nothing was received and *@msg is as it was. Set *@call to 0 to go on without it.
 * Otherwise as ipcbox_recv_msg(), and the call can be repeated with the same arguments.
 */
int ipcbox_reply_recv(int fd, uint64_t *call, const void *data, size_t len, uint64_t tag,
		      struct ipcbox_msg **msg, pid_t from, uint64_t deadline);

#ifdef __cplusplus
}
#endif

#endif /* IPCBOX_CALL_H */
