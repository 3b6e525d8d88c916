/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR MIT) */
/*
 * Calls and replies: the structs of IPCBOX_CALL, IPCBOX_REPLY and IPCBOX_REPLY_RECV.
 * A part of linux/ipcbox.h, which includes it, and has their flags and numbers.
 */
#ifndef _LINUX_IPCBOX_CALL_H
#define _LINUX_IPCBOX_CALL_H

#include <linux/ipcbox.h>

/**
 * struct ipcbox_call - %IPCBOX_CALL, on a port, link or control fd
 * @size: sizeof(struct ipcbox_call)
 * @flags: %IPCBOX_NONBLOCK: do not wait for queued bytes, nor for room in the box (the
 *	call waits for the reply in any case); likewise O_NONBLOCK.
 *	%IPCBOX_IF_SERVED: fail if nobody has the port open for receiving: at once,
 *	and also when the last receiver closes the port (or dies) before it has
 *	received the request. A mailbox that can be called is always open, so the flag
 *	changes nothing there
 * @data: pointer to the request; not read if @len is zero
 * @len: its length in bytes, from 0 to the box's max_msgsize
 * @tag: any number; the receiver gets it with the request
 * @deadline: when to give up (CLOCK_MONOTONIC, ns), for all of it: room,
 *	receiver and reply; 0: never
 * @priority: 0 to %IPCBOX_PRIORITY_MAX
 * @pid: on the control fd the receiving process; on any other zero
 * @reply: pointer to room for the reply; not used if its length is zero
 * @capacity: room in bytes, which the receiver learns; a value above
 *	%IPCBOX_MSGSIZE_MAX counts as that
 * @reply_len: out: length of the reply in bytes
 * @reply_tag: out: the tag that the receiver gave it
 * @reply_pid: out: the process that replied, as the caller's pid namespace sees
 *	it, or 0
 * @reply_uid: out: its effective user as the caller's user namespace sees it
 * @reply_gid: out: its effective group, likewise
 * @received: out: 1. Written with an error too if the call was in the box: 0:
 *	nobody received the request and nobody will; 1: a receiver had it, or was just
 *	about to, and may have done what it asks
 *
 * If a call fails while the request is still in the box, the kernel withdraws the
 * request, as if there had been none. A request that was received cannot be withdrawn, so
 * a signal whose handler runs ends the call with EINTR, also with SA_RESTART. If no
 * handler runs the call goes on: a caller that is stopped (SIGSTOP), traced or frozen waits
 * for the same reply afterwards, as poll(2) does, and gets a reply that came meanwhile.
 *
 * Return: 0: the reply is there. Or
 *
 * * EAGAIN: The box has no room. Wait for POLLOUT, or call with a deadline.
 * * EBADF: The fd is not for sending.
 * * ECONNREFUSED: With %IPCBOX_IF_SERVED: nobody receives from the port, or nobody does
 *   any more and the request was withdrawn. Try again when a server has started.
 * * EFAULT: @data is bad, and nothing was done; or @reply is bad, and the reply is lost.
 * * EIDRM: The port was removed.
 * * EINTR: A signal ended the wait. See @received before you repeat the call.
 * * EMSGSIZE: The request is longer than the box's max_msgsize.
 * * ENOBUFS: Limit of queued bytes. See "Queued bytes".
 * * EPIPE: The peer's mailbox, or the last receiver of an unlinked port, is gone; or the
 *   receiver of the request closed its fd, or died, before it replied. See @received.
 * * ETIMEDOUT: The deadline passed. See @received.
 * * ENOMEM, EUSERS: See "Errors".
 * * EACCES, ECONNREFUSED, EMLINK, ESRCH: On the control fd, as for %IPCBOX_LINK_OPEN.
 */
struct ipcbox_call {
	__u32 size;
	__u32 flags;
	__aligned_u64 data;
	__aligned_u64 len;
	__aligned_u64 tag;
	__aligned_u64 deadline;
	__u32 priority;
	__s32 pid;
	__aligned_u64 reply;
	__aligned_u64 capacity;
	__aligned_u64 reply_len;
	__aligned_u64 reply_tag;
	__s32 reply_pid;
	__u32 reply_uid;
	__u32 reply_gid;
	__u32 received;
};

/**
 * struct ipcbox_reply - %IPCBOX_REPLY, on a port or mailbox fd
 * @size: sizeof(struct ipcbox_reply)
 * @flags: zero
 * @call: from struct ipcbox_recv: the call to answer. It was received through this
 *	fd, or through one that shares its file description (dup(2), fork(2))
 * @data: pointer to the reply; not read if @len is zero
 * @len: its length in bytes
 * @tag: any number; the caller gets it with the reply
 *
 * Replies may be given in any order, and by any thread. A reply never waits, also not
 * for queued bytes.
 *
 * Return: 0: the caller has the reply. Or
 *
 * * EBADF: The fd is not for receiving.
 * * EIDRM: The port was removed, and the caller got EIDRM too.
 * * EINVAL: @call was never the number of a call.
 * * EMSGSIZE: The reply is longer than the caller has room for. The caller still waits:
 *   send a shorter reply.
 * * ENOBUFS: Limit of queued bytes. The caller still waits: a reply of up to 128 bytes
 *   is always possible.
 * * EPIPE: Nobody waits for this reply any more: the caller died, gave up, or has been
 *   answered. Go on with the next message.
 * * ENOMEM: See "Errors". The caller still waits.
 */
struct ipcbox_reply {
	__u32 size;
	__u32 flags;
	__aligned_u64 call;
	__aligned_u64 data;
	__aligned_u64 len;
	__aligned_u64 tag;
};

/**
 * struct ipcbox_reply_recv - %IPCBOX_REPLY_RECV, on a port or mailbox fd: reply,
 *	then receive the next message
 * @size: sizeof(struct ipcbox_reply_recv)
 * @flags: zero
 * @data: pointer to the reply
 * @len: its length in bytes
 * @tag: any number; the caller gets it with the reply
 * @call: the call to answer; zero: none, only receive. Out: zero, if the reply
 *	was given, also if the receive then fails: called again with the same
 *	struct, the command goes on from there
 * @recv: as for %IPCBOX_RECV; @recv.size is sizeof(struct ipcbox_recv). The
 *	buffers of @data and @recv.data may be the same
 *
 * Return: 0. If the reply could not be given: as for %IPCBOX_REPLY, and nothing was
 * received. Otherwise as for %IPCBOX_RECV.
 */
struct ipcbox_reply_recv {
	__u32 size;
	__u32 flags;
	__aligned_u64 data;
	__aligned_u64 len;
	__aligned_u64 tag;
	__aligned_u64 call;
	struct ipcbox_recv recv;
};

#endif /* _LINUX_IPCBOX_CALL_H */
