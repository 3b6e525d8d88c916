/* SPDX-License-Identifier: MIT */
/*
 * libipcbox: mailboxes, links and ports for C and C++ programs.
 *
 * This page is about the calls. What a port, mailbox and link is, how messages
 * are ordered, and what each errno means in general stands in <linux/ipcbox.h>.
 * Buffers in shared memory have a header of their own, ipcbox_buffer.h; the rules,
 * options and information here are for them too.
 */
#ifndef IPCBOX_H
#define IPCBOX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/ipcbox.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * DOC: The first five minutes
 *
 * One process works, any number of others hand it work::
 *
 *	int jobs = ipcbox_port_create("jobs", IPCBOX_RECEIVER | IPCBOX_REUSE, NULL);
 *	char job[65536];
 *	ssize_t len;
 *
 *	while ((len = ipcbox_recv(jobs, job, sizeof(job))) >= 0)
 *		work(job, len);
 *	fprintf(stderr, "jobs: %s\n", ipcbox_strerror(len));
 *
 *	int jobs = ipcbox_port_open("jobs", IPCBOX_SENDER);
 *	int err = ipcbox_send(jobs, "paint it", 8);
 *
 *	if (err)
 *		fprintf(stderr, "jobs: %s\n", ipcbox_strerror(err));
 *
 * Build with ``cc prog.c $(pkg-config --cflags --libs ipcbox)``.
 */

/**
 * DOC: Rules for all calls
 *
 * *Errors.* A call returns 0, an fd or a length, or a negative errno, and errno
 * itself means nothing then. A call that failed changed nothing. Each call lists
 * the errnos that are worth a thought; a bad pointer gives -EFAULT where the
 * kernel is the one that looks.
 *
 * Where an fd of ipcbox is taken, it may be the error of the call that should have
 * made it: that is handed on, so that the last call of a row tells what the first
 * one met. (Only -1, which is also -EPERM, gives -EBADF.)
 *
 * *fds.* A port, mailbox or link is a file descriptor, close-on-exec and owned by
 * the caller: poll it, pass it on, close(2) it. Many workers that poll one port are
 * all woken for one message, unless they poll with EPOLLEXCLUSIVE; those asleep in
 * ipcbox_recv() are not. Each call that needs the device
 * itself opens and closes /dev/ipcbox, so the library holds no state, nothing
 * need be done after fork(2), and a thread that changed its network namespace
 * sees that one. These calls are marked *[device]* and can also return:
 * -ENODEV: the module is not loaded; -EACCES, -EPERM: the device may not be
 * opened; -EMFILE, -ENFILE, -ENOMEM.
 *
 * *Threads.* Every call is safe from any number of threads, also on one fd. A
 * struct ipcbox_msg, ipcbox_info or ipcbox_options is for one thread at a time.
 *
 * *Time.* A deadline is an absolute time of CLOCK_MONOTONIC in nanoseconds, or
 * %IPCBOX_FOREVER, or %IPCBOX_NOWAIT; ipcbox_deadline_ms() makes one. A call that
 * need not wait succeeds even if its deadline is past.
 *
 * *Signals.* A call that sleeps is restarted after a signal whose handler was
 * installed with SA_RESTART. After any other it returns -EINTR; the library does
 * not call again by itself, so that a program can stop on a signal. A program that is
 * stopped, traced or frozen waits on afterwards.
 */

/** IPCBOX_VERSION - the version of this library */
#define IPCBOX_VERSION "0.1.0"

/** IPCBOX_FOREVER - a deadline: wait without limit (or as O_NONBLOCK says) */
#define IPCBOX_FOREVER UINT64_C(0)

/** IPCBOX_NOWAIT - a deadline: do not wait, return -EAGAIN */
#define IPCBOX_NOWAIT UINT64_MAX

/**
 * ipcbox_deadline_ms() - make a deadline from a time span, as poll(2) takes it
 * @ms: milliseconds from now; 0: %IPCBOX_NOWAIT; negative: %IPCBOX_FOREVER
 *
 * Return: the deadline. Take it once and use it in as many calls as you like:
 * they then end by that time together.
 */
uint64_t ipcbox_deadline_ms(int64_t ms);

/**
 * ipcbox_strerror() - what went wrong and what to do about it
 * @err: an errno, negative (as the calls return it) or positive
 *
 * Return: one line of English without a full stop, never NULL, never to be
 * freed. For an errno that is not ipcbox's own: strerror(3).
 */
const char *ipcbox_strerror(int err);

/**
 * DOC: Options
 *
 * What a port or mailbox is made with, or shall be changed to. Only what was
 * set counts; all else is the default (when made) or stays (when changed). The
 * values are checked where the options are used.
 */
struct ipcbox_options;

/**
 * ipcbox_options_new() - make options in which nothing is set
 * @options: where to put them; to be freed with ipcbox_options_free()
 *
 * Return: 0 or -ENOMEM.
 */
int ipcbox_options_new(struct ipcbox_options **options);

/**
 * ipcbox_options_free() - free options
 * @options: what to free, or NULL
 */
void ipcbox_options_free(struct ipcbox_options *options);

/** ipcbox_options_set_mode() - who may receive (r) and send (w), 0 to 0666 */
void ipcbox_options_set_mode(struct ipcbox_options *options, mode_t mode);

/** ipcbox_options_set_owner() - the owner; another than oneself needs CAP_CHOWN */
void ipcbox_options_set_owner(struct ipcbox_options *options, uid_t uid);

/** ipcbox_options_set_group() - the group; a foreign one needs CAP_CHOWN */
void ipcbox_options_set_group(struct ipcbox_options *options, gid_t gid);

/** ipcbox_options_set_messages() - how many messages may be queued, from 1; not of a buffer */
void ipcbox_options_set_messages(struct ipcbox_options *options, uint64_t count);

/** ipcbox_options_set_bytes() - how many bytes of payload, from 1; of a buffer, its size */
void ipcbox_options_set_bytes(struct ipcbox_options *options, uint64_t bytes);

/**
 * ipcbox_options_set_msgsize() - the longest message
 * @options: what to change
 * @bytes: 0 to %IPCBOX_MSGSIZE_MAX, not above the bytes that may be queued
 */
void ipcbox_options_set_msgsize(struct ipcbox_options *options, uint64_t bytes);

/**
 * ipcbox_port_create() - make a port and open it *[device]*
 * @name: 1 to %IPCBOX_NAME_MAX bytes, without '/' and control characters
 * @flags: %IPCBOX_RECEIVER and %IPCBOX_SENDER say what the fd is for; neither:
 *	to stat and set only. %IPCBOX_NONBLOCK sets O_NONBLOCK. With %IPCBOX_REUSE
 *	a port that exists is opened and keeps its options, which
 *	ipcbox_info_differs() compares with yours
 * @options: options of the new port, or NULL for the defaults
 *
 * The port stays until it is deleted, also when the fd is closed.
 *
 * Return: a new fd. -EEXIST: the name is taken; -EINVAL: the name, a flag or an
 * option; -ENAMETOOLONG; -ENOSPC: limit of ports; -EPERM: not that owner or
 * group; -ERANGE: an option above the system's limit; with %IPCBOX_REUSE also
 * -EACCES and -EPROTOTYPE, as for ipcbox_port_open().
 */
int ipcbox_port_create(const char *name, unsigned int flags, const struct ipcbox_options *options);

/**
 * ipcbox_port_open() - open a port that exists *[device]*
 * @name: its name
 * @flags: %IPCBOX_RECEIVER, %IPCBOX_SENDER, %IPCBOX_NONBLOCK
 *
 * Return: a new fd. -EACCES: the port's mode does not let this user receive or
 * send; -EINVAL: the name or a flag; -ENAMETOOLONG; -ENOENT: no such port;
 * -EPROTOTYPE: it is a buffer, for ipcbox_buffer_open().
 */
int ipcbox_port_open(const char *name, unsigned int flags);

/**
 * ipcbox_port_delete() - delete a port or buffer *[device]*
 * @name: its name
 * @flags: 0: it is over for everyone now: what is queued is dropped, and who uses
 *	it gets -EIDRM (who has a buffer mapped can still take what is in it, and
 *	gets that when it is empty). %IPCBOX_UNLINK: only the name goes, open fds go
 *	on; then receivers get -EPIPE once the port is empty and the last fd for
 *	sending is closed, and senders when the last one for receiving is
 *
 * Return: 0. -EINVAL: the name or a flag; -ENAMETOOLONG; -ENOENT: no such port;
 * -EPERM: for its owner only.
 */
int ipcbox_port_delete(const char *name, unsigned int flags);

/**
 * ipcbox_mailbox_open() - open the mailbox of this process *[device]*
 * @flags: %IPCBOX_NONBLOCK or 0
 * @options: options of a new mailbox, or NULL; its mode says who may send
 *	(0600, the default: the same user), its limits are for each sender
 *
 * A process has one mailbox; opening it again gives another fd for it. It ends
 * with its last fd, with the process, and when the process runs a program that gives
 * it another user, group or more capabilities, as a set-user-ID program does. A child
 * made by fork(2) has none until it opens its own.
 *
 * Return: a new fd, for receiving. -EACCES: it is open, and belongs to another user
 * than this process is now; -EEXIST: it is open already and @options are
 * given (use ipcbox_set()); -EINVAL, -ERANGE, -EPERM: an option or flag;
 * -ENOSPC: limit of mailboxes.
 */
int ipcbox_mailbox_open(unsigned int flags, const struct ipcbox_options *options);

/**
 * ipcbox_link_open() - open the one link from this process to another *[device]*
 * @pid: the other process, which has to have its mailbox open
 * @flags: %IPCBOX_NONBLOCK or 0
 *
 * poll(2) on it tells POLLOUT when there is room, and POLLHUP when the peer's
 * mailbox is gone.
 *
 * Return: a new fd, for sending. -EACCES: the peer's mailbox is not open to this
 * user; -ECONNREFUSED: the peer has no mailbox; -EINVAL: @pid is not above 0;
 * -EMLINK: limit of links; -ESRCH: no such process.
 */
int ipcbox_link_open(pid_t pid, unsigned int flags);

/**
 * ipcbox_link_open_pidfd() - the same, with a pidfd *[device]*
 * @pidfd: from pidfd_open(2) or clone(2); it stays the caller's. With it no
 *	process can be met that was given the pid of a dead one
 * @flags: %IPCBOX_NONBLOCK or 0
 *
 * Return: as ipcbox_link_open(). -EBADF: no open fd; -EINVAL: not a pidfd.
 */
int ipcbox_link_open_pidfd(int pidfd, unsigned int flags);

/**
 * ipcbox_send() - send a message to a port or over a link
 * @fd: a port that is open for sending, or a link
 * @data: the message; it is copied before the call returns
 * @len: its length in bytes, 0 to the box's limit
 *
 * Waits for room, and for queued bytes if this user has no more, unless the fd has
 * O_NONBLOCK. Priority and tag are 0.
 *
 * Return: 0: the message is in the box. -EAGAIN: full; -EBADF: the fd is not for
 * sending; -EIDRM: the port was removed; -EINTR; -EMSGSIZE: longer than the box
 * takes; -ENOBUFS: limit of queued bytes, and the call does not wait or the message
 * takes more than all of it; -ENOMEM; -ENOTTY: not an fd of ipcbox; -EPIPE: the peer, or every receiver of an unlinked port, is gone;
 * -EUSERS: limit of waiting calls.
 */
int ipcbox_send(int fd, const void *data, size_t len);

/**
 * ipcbox_send_until() - send with a deadline, a priority and a tag
 * @fd: a port that is open for sending, or a link
 * @data: the message
 * @len: its length in bytes
 * @deadline: when to give up waiting for room
 * @priority: 0 to %IPCBOX_PRIORITY_MAX; higher is received first
 * @tag: any number, told to the receiver
 *
 * Return: as ipcbox_send(). -EINVAL: @priority; -ETIMEDOUT.
 */
int ipcbox_send_until(int fd, const void *data, size_t len, uint64_t deadline,
		      unsigned int priority, uint64_t tag);

/**
 * ipcbox_send_to() - send to a process, in one call *[device]*
 * @pid: the process, which has to have its mailbox open
 * @data: the message
 * @len: its length in bytes
 * @deadline: when to give up waiting for room
 * @priority: 0 to %IPCBOX_PRIORITY_MAX
 * @tag: any number, told to the receiver
 *
 * Goes over the same link as ipcbox_link_open(), and opens the device each time:
 * keep a link to send often.
 *
 * Return: as ipcbox_send_until(), and the errnos of ipcbox_link_open().
 */
int ipcbox_send_to(pid_t pid, const void *data, size_t len, uint64_t deadline,
		   unsigned int priority, uint64_t tag);

/**
 * ipcbox_recv() - receive a message into a buffer
 * @fd: a port that is open for receiving, or a mailbox
 * @buf: where to put it
 * @capacity: room there in bytes
 *
 * Waits for a message, unless the fd has O_NONBLOCK.
 *
 * Return: the length of the message, which may be 0. -EMSGSIZE: the next message
 * is longer than @capacity, and is still there (ipcbox_recv_msg() takes any
 * length); else as ipcbox_recv_msg(). A call that is received so cannot be replied
 * to: its sender waits until its deadline, or until @fd is closed.
 */
ssize_t ipcbox_recv(int fd, void *buf, size_t capacity);

/**
 * DOC: Messages
 *
 * A struct ipcbox_msg holds one received message of any length and who sent it.
 * It is made by the first receive, grows as needed, and is used again by the
 * next, as getline(3) does with its line::
 *
 *	struct ipcbox_msg *msg = NULL;
 *
 *	while (ipcbox_recv_msg(fd, &msg, 0, IPCBOX_FOREVER) == 0)
 *		printf("%d says %s\n", ipcbox_msg_pid(msg),
 *		       (const char *)ipcbox_msg_data(msg));
 *	ipcbox_msg_free(msg);
 */
struct ipcbox_msg;

/**
 * ipcbox_recv_msg() - receive a message of any length, with its sender
 * @fd: a port that is open for receiving, or a mailbox
 * @msg: points to NULL, or to a message from an earlier call, which is used
 *	again. Whatever is returned, free it in the end with ipcbox_msg_free()
 * @from: on a mailbox: take only what this process sent; 0: from anyone. On a
 *	port 0
 * @deadline: when to give up waiting
 *
 * Return: 0. -EAGAIN: empty; -EBADF: the fd is not for receiving; -EIDRM: the
 * port was removed; -EINTR; -EINVAL: @from; -EMLINK: limit of links (with
 * @from); -ENOMEM: the message is still there; -ENOTTY: not an fd of ipcbox;
 * -EPIPE: the process @from has ended and nothing of it is left, or every
 * sender of an unlinked port is gone; -ESRCH: no process @from; -ETIMEDOUT;
 * -EUSERS: limit of waiting calls. After an error the message in @msg is empty.
 */
int ipcbox_recv_msg(int fd, struct ipcbox_msg **msg, pid_t from, uint64_t deadline);

/**
 * ipcbox_msg_free() - free a message
 * @msg: what to free, or NULL
 */
void ipcbox_msg_free(struct ipcbox_msg *msg);

/**
 * ipcbox_msg_data() - the bytes of the message
 * @msg: a received message
 *
 * Return: the data, valid until @msg is used again or freed. One zero byte
 * follows it that is not part of it, so that text can be used as a string.
 */
const void *ipcbox_msg_data(const struct ipcbox_msg *msg);

/** ipcbox_msg_len() - its length in bytes */
size_t ipcbox_msg_len(const struct ipcbox_msg *msg);

/** ipcbox_msg_pid() - the sending process; 0: not in this pid namespace */
pid_t ipcbox_msg_pid(const struct ipcbox_msg *msg);

/** ipcbox_msg_uid() - its effective user at the time; 65534: not in this one */
uid_t ipcbox_msg_uid(const struct ipcbox_msg *msg);

/** ipcbox_msg_gid() - its effective group, likewise */
gid_t ipcbox_msg_gid(const struct ipcbox_msg *msg);

/** ipcbox_msg_priority() - the priority that the sender gave */
unsigned int ipcbox_msg_priority(const struct ipcbox_msg *msg);

/** ipcbox_msg_tag() - the tag that the sender gave */
uint64_t ipcbox_msg_tag(const struct ipcbox_msg *msg);

/** ipcbox_msg_seq() - 1 for the first message of the port or link, then counting */
uint64_t ipcbox_msg_seq(const struct ipcbox_msg *msg);

/**
 * DOC: Calls
 *
 * A call is a message whose sender waits for the reply. Who receives it gets a number
 * with it, and replies with that; ipcbox_reply_recv() replies and receives the next
 * in one step. A caller, and who answers::
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
 * If who received a call closes the port or mailbox, or dies, its caller gets -EPIPE.
 */

/**
 * ipcbox_call() - send a request and wait for the reply
 * @fd: a port that is open for sending, or a link
 * @request: the request; it may lie in @reply
 * @len: its length in bytes, 0 to the box's limit
 * @reply: where to put the reply
 * @capacity: room there in bytes; who replies is told, and cannot reply more
 *
 * Waits without limit. (O_NONBLOCK of the fd is only about room for the request; the
 * reply is waited for in any case.) Priority and tag are 0.
 *
 * Return: the length of the reply, which may be 0. -EINTR: a signal came, and does not
 * restart the call; -EPIPE: also if who received the request did not reply and never
 * will; else as ipcbox_send(). After an error the request may have been received;
 * ipcbox_call_until() can tell.
 */
ssize_t ipcbox_call(int fd, const void *request, size_t len, void *reply, size_t capacity);

/**
 * ipcbox_call_until() - call with a deadline, a priority and a tag
 * @fd: a port that is open for sending, or a link
 * @request: the request; it may lie in *@reply
 * @len: its length in bytes
 * @deadline: when to give up, for all of it: room, receiver and reply.
 *	%IPCBOX_NOWAIT is only about room, and the reply is waited for without limit
 * @priority: 0 to %IPCBOX_PRIORITY_MAX; higher is received first
 * @tag: any number, told to the receiver
 * @reply: points to NULL, or to a message from an earlier call, which is used again.
 *	Whatever is returned, free it in the end with ipcbox_msg_free(). Of a reply,
 *	ipcbox_msg_pid(), _uid(), _gid() and _tag() are of who replied
 * @room: how long the reply may be; what is above %IPCBOX_MSGSIZE_MAX counts as that.
 *	Room that the reply does not fill costs next to nothing
 *
 * Return: 0: the reply is there. Else as ipcbox_call(). -EINVAL: @priority;
 * -ETIMEDOUT. After an error the reply is empty, and ipcbox_msg_received() tells
 * whether somebody received the request.
 */
int ipcbox_call_until(int fd, const void *request, size_t len, uint64_t deadline,
		      unsigned int priority, uint64_t tag, struct ipcbox_msg **reply, size_t room);

/**
 * ipcbox_call_served() - call a port only if somebody receives from it
 * @fd: a port that is open for sending, or a link
 * @request: the request; this and all else as for ipcbox_call_until()
 * @len: its length in bytes
 * @deadline: when to give up
 * @priority: 0 to %IPCBOX_PRIORITY_MAX
 * @tag: any number, told to the receiver
 * @reply: where the reply goes
 * @room: how long it may be
 *
 * Return: as ipcbox_call_until(). -ECONNREFUSED: nobody has the port open for
 * receiving, or the last one closed it before it received the request: nothing was sent,
 * or the request was withdrawn.
 */
int ipcbox_call_served(int fd, const void *request, size_t len, uint64_t deadline,
		       unsigned int priority, uint64_t tag, struct ipcbox_msg **reply, size_t room);

/**
 * ipcbox_call_to() - call a process, in one call *[device]*
 * @pid: the process, which has to have its mailbox open
 * @request: the request; this and all else as for ipcbox_call_until()
 * @len: its length in bytes
 * @deadline: when to give up
 * @priority: 0 to %IPCBOX_PRIORITY_MAX
 * @tag: any number, told to the receiver
 * @reply: where the reply goes
 * @room: how long it may be
 *
 * Return: as ipcbox_call_until(), and the errnos of ipcbox_link_open().
 */
int ipcbox_call_to(pid_t pid, const void *request, size_t len, uint64_t deadline,
		   unsigned int priority, uint64_t tag, struct ipcbox_msg **reply, size_t room);

/**
 * ipcbox_msg_received() - whether a call that failed was received
 * @msg: what ipcbox_call_until() or ipcbox_call_to() left in @reply, or NULL
 *
 * Return: 0: nobody received the request and nobody will, so that it can be sent once
 * more; 1: somebody did, and may have done what it asks. After a call that did not
 * fail: 1.
 */
int ipcbox_msg_received(const struct ipcbox_msg *msg);

/** ipcbox_msg_call() - the number to reply with; 0: nobody waits for a reply */
uint64_t ipcbox_msg_call(const struct ipcbox_msg *msg);

/** ipcbox_msg_room() - how long the reply may be, in bytes; 0 if it is no call */
size_t ipcbox_msg_room(const struct ipcbox_msg *msg);

/**
 * ipcbox_reply() - reply to a call
 * @fd: the port or mailbox through which it was received, or a dup(2) of it
 * @call: which one, from ipcbox_msg_call()
 * @data: the reply
 * @len: its length in bytes
 * @tag: any number, told to the caller
 *
 * Calls may be replied to in any order and by any thread. It never waits.
 *
 * Return: 0: the caller has it. -EBADF: the fd is not for receiving; -EIDRM: the port
 * was removed; -EINVAL: @call is no call; -EMSGSIZE: longer than ipcbox_msg_room(): the
 * caller goes on waiting; -ENOBUFS: limit of queued bytes, so that it can still be
 * answered, with up to 128 bytes in any case; -ENOMEM; -ENOTTY: not a
 * port or mailbox; -EPIPE: nobody waits any more: the caller died or gave up, or has
 * its reply.
 */
int ipcbox_reply(int fd, uint64_t call, const void *data, size_t len, uint64_t tag);

/**
 * ipcbox_reply_recv() - reply to a call and receive the next message, in one step
 * @fd: the port or mailbox
 * @call: points to the number of the call to reply to, or to 0: only receive. Then it
 *	is that of the message received, 0 if that is no call; and after an error 0 if
 *	the reply was given, or there was none to give
 * @data: the reply; it may lie in *@msg
 * @len: its length in bytes
 * @tag: any number, told to the caller
 * @msg: as for ipcbox_recv_msg()
 * @from: as for ipcbox_recv_msg()
 * @deadline: when to give up waiting for the next message
 *
 * Return: 0. If the reply could not be given: as ipcbox_reply(), *@call is not 0,
 * nothing was received and *@msg is as it was. Set *@call to 0 to go on without.
 * Otherwise as ipcbox_recv_msg(), and the call can be made again just so.
 */
int ipcbox_reply_recv(int fd, uint64_t *call, const void *data, size_t len, uint64_t tag,
		      struct ipcbox_msg **msg, pid_t from, uint64_t deadline);

/**
 * DOC: Batches
 *
 * Many messages in one step, in the kernel's own structs. A pointer is cast there::
 *
 *	struct ipcbox_send_entry entry = { .data = (uintptr_t)"one", .len = 3 };
 */

/**
 * ipcbox_send_batch() - send many messages
 * @fd: a port that is open for sending, or a link
 * @entries: the messages; of each data, len, tag and priority
 * @count: how many, 1 to %IPCBOX_BATCH_MAX
 * @deadline: when to give up waiting for room, for all of them
 *
 * They are sent in order, and each may wait for room. The first that fails ends it.
 *
 * Return: how many were sent. If these are not all, the result of the next entry is
 * the negative errno why. If none was sent: as ipcbox_send_until(); -EINVAL: @count.
 */
int ipcbox_send_batch(int fd, struct ipcbox_send_entry *entries, unsigned int count,
		      uint64_t deadline);

/**
 * ipcbox_send_batch_to() - send many messages to a process *[device]*
 * @pid: the process, which has to have its mailbox open
 * @entries: the messages
 * @count: how many, 1 to %IPCBOX_BATCH_MAX
 * @deadline: when to give up waiting for room
 *
 * Return: as ipcbox_send_batch(), and the errnos of ipcbox_link_open().
 */
int ipcbox_send_batch_to(pid_t pid, struct ipcbox_send_entry *entries, unsigned int count,
			 uint64_t deadline);

/**
 * ipcbox_recv_batch() - receive the messages that are there
 * @fd: a port that is open for receiving, or a mailbox
 * @entries: room for them: of each data and capacity; all else is filled in, as struct
 *	ipcbox_recv_entry tells
 * @count: for how many, 1 to %IPCBOX_BATCH_MAX
 * @from: as for ipcbox_recv_msg()
 * @deadline: when to give up waiting for the first; the others are not waited for
 *
 * An entry whose call is not 0 is to be answered with ipcbox_reply().
 *
 * Return: how many were received. If these are not all, the result of the next entry
 * is why: -EAGAIN: there was no more; -EMSGSIZE: the next is longer than its capacity,
 * len tells how long, and is still there. If none was received: as ipcbox_recv();
 * -EINVAL: @count.
 */
int ipcbox_recv_batch(int fd, struct ipcbox_recv_entry *entries, unsigned int count, pid_t from,
		      uint64_t deadline);

/**
 * DOC: Information
 *
 * What a port, mailbox, link or buffer is set to and holds at one moment. A buffer
 * counts what is in it, but not what went through: that is none of the kernel's.
 */
struct ipcbox_info;

/**
 * ipcbox_stat() - ask what a port, mailbox, link or buffer is set to and holds
 * @fd: an fd of one of these
 * @info: points to NULL, or to what an earlier call made, which is used again;
 *	to be freed with ipcbox_info_free()
 *
 * Return: 0. -ENOMEM; -ENOTTY: not an fd of ipcbox; -EBADF: not an open fd.
 */
int ipcbox_stat(int fd, struct ipcbox_info **info);

/**
 * ipcbox_set() - change a port, mailbox or buffer
 * @fd: one of these
 * @options: what to change; of a buffer the mode, owner and group
 *
 * What is queued stays, also above a lowered limit, and open fds keep their
 * rights.
 *
 * Return: 0. -EBADF: not an open fd; -EIDRM: the port was removed; -EINVAL,
 * -ERANGE: a value; -ENOTTY: not one of these; -EPERM: for its owner only; -EPIPE: it
 * has no name and no receivers any more.
 */
int ipcbox_set(int fd, const struct ipcbox_options *options);

/**
 * ipcbox_port_list() - call a function for each port and buffer *[device]*
 * @each: the function. @info is valid until it returns; anything but 0 ends the
 *	list
 * @arg: handed to @each
 *
 * They come sorted by name, bytewise; ipcbox_info_kind() tells which is what. Those
 * that are neither made nor deleted meanwhile come exactly once. @each may make and
 * delete some.
 *
 * Return: 0, or what @each returned. -ENOMEM.
 */
int ipcbox_port_list(int (*each)(const struct ipcbox_info *info, void *arg), void *arg);

/**
 * ipcbox_info_free() - free information from ipcbox_stat()
 * @info: what to free, or NULL
 */
void ipcbox_info_free(struct ipcbox_info *info);

/** ipcbox_info_name() - its name, from ipcbox_port_list(); else "" */
const char *ipcbox_info_name(const struct ipcbox_info *info);

/** ipcbox_info_kind() - %IPCBOX_KIND_PORT, _MAILBOX, _LINK or _BUFFER */
unsigned int ipcbox_info_kind(const struct ipcbox_info *info);

/** ipcbox_info_state() - bits: %IPCBOX_STATE_UNLINKED, _GONE, _ONE_TO_ONE */
unsigned int ipcbox_info_state(const struct ipcbox_info *info);

/** ipcbox_info_mode() - who may receive (r) and send (w) */
mode_t ipcbox_info_mode(const struct ipcbox_info *info);

/** ipcbox_info_owner() - its owner, as this user namespace sees it */
uid_t ipcbox_info_owner(const struct ipcbox_info *info);

/** ipcbox_info_group() - its group, likewise */
gid_t ipcbox_info_group(const struct ipcbox_info *info);

/** ipcbox_info_pid() - process of the mailbox, peer of the link; else 0 */
pid_t ipcbox_info_pid(const struct ipcbox_info *info);

/** ipcbox_info_id() - a number that nothing else has or had */
uint64_t ipcbox_info_id(const struct ipcbox_info *info);

/**
 * ipcbox_info_differs() - is it what was asked for?
 * @info: of a port or buffer that was opened, perhaps with %IPCBOX_REUSE
 * @options: those that were asked for
 *
 * Return: which of them are not so, as IPCBOX_ATTR_* of <linux/ipcbox.h>; 0: none. An
 * option that was not set does not count, nor that the bytes of a buffer are rounded up.
 */
unsigned int ipcbox_info_differs(const struct ipcbox_info *info,
				 const struct ipcbox_options *options);

/** ipcbox_info_max_messages() - most messages; of a mailbox, for each sender; buffer: 0 */
uint64_t ipcbox_info_max_messages(const struct ipcbox_info *info);

/** ipcbox_info_max_bytes() - most bytes of payload, likewise; of a buffer, its size */
uint64_t ipcbox_info_max_bytes(const struct ipcbox_info *info);

/** ipcbox_info_max_msgsize() - longest message in bytes */
uint64_t ipcbox_info_max_msgsize(const struct ipcbox_info *info);

/** ipcbox_info_messages() - messages that are queued */
uint64_t ipcbox_info_messages(const struct ipcbox_info *info);

/** ipcbox_info_bytes() - their payload in bytes; of a buffer, what is not free of it */
uint64_t ipcbox_info_bytes(const struct ipcbox_info *info);

/** ipcbox_info_sent() - messages accepted so far; 0 for a buffer */
uint64_t ipcbox_info_sent(const struct ipcbox_info *info);

/** ipcbox_info_received() - messages received so far; likewise */
uint64_t ipcbox_info_received(const struct ipcbox_info *info);

/** ipcbox_info_receivers() - calls that are asleep for a message */
unsigned int ipcbox_info_receivers(const struct ipcbox_info *info);

/** ipcbox_info_senders() - calls that are asleep for room */
unsigned int ipcbox_info_senders(const struct ipcbox_info *info);

/** ipcbox_info_calls() - calls that were received and wait for their reply */
unsigned int ipcbox_info_calls(const struct ipcbox_info *info);

/**
 * enum ipcbox_key - what ipcbox_query() can be asked
 * @IPCBOX_KEY_ABI: ABI level of the module
 * @IPCBOX_KEY_FEATURES: bits, IPCBOX_FEATURE_*
 * @IPCBOX_KEY_NAME_MAX: bytes in the longest name of a port
 * @IPCBOX_KEY_PRIORITY_MAX: the most urgent priority
 * @IPCBOX_KEY_BOX_MESSAGES: highest limit of messages that a box may be given
 * @IPCBOX_KEY_BOX_BYTES: highest limit of bytes
 * @IPCBOX_KEY_BOX_MSGSIZE: highest limit of one message's length
 * @IPCBOX_KEY_BOXES_USED: ports, buffers and mailboxes that this user has
 * @IPCBOX_KEY_BOXES_LIMIT: and may have
 * @IPCBOX_KEY_LINKS_USED: links that this user has
 * @IPCBOX_KEY_LINKS_LIMIT: and may have
 * @IPCBOX_KEY_BYTES_USED: memory of messages that this user sent and nobody
 *	received yet
 * @IPCBOX_KEY_BYTES_LIMIT: and how much that may be
 * @IPCBOX_KEY_WAITERS_USED: calls of this user that are asleep
 * @IPCBOX_KEY_WAITERS_LIMIT: and may be
 * @IPCBOX_KEY_PAGES_USED: pages of the buffers that this user made, and one for
 *	each that this user has mapped
 * @IPCBOX_KEY_PAGES_LIMIT: and may have
 * @IPCBOX_KEY_MEMORY_USED: bytes of other kernel memory that is kept for this user
 * @IPCBOX_KEY_MEMORY_LIMIT: and how much that may be
 */
enum ipcbox_key {
	IPCBOX_KEY_ABI,
	IPCBOX_KEY_FEATURES,
	IPCBOX_KEY_NAME_MAX,
	IPCBOX_KEY_PRIORITY_MAX,
	IPCBOX_KEY_BOX_MESSAGES,
	IPCBOX_KEY_BOX_BYTES,
	IPCBOX_KEY_BOX_MSGSIZE,
	IPCBOX_KEY_BOXES_USED,
	IPCBOX_KEY_BOXES_LIMIT,
	IPCBOX_KEY_LINKS_USED,
	IPCBOX_KEY_LINKS_LIMIT,
	IPCBOX_KEY_BYTES_USED,
	IPCBOX_KEY_BYTES_LIMIT,
	IPCBOX_KEY_WAITERS_USED,
	IPCBOX_KEY_WAITERS_LIMIT,
	IPCBOX_KEY_PAGES_USED,
	IPCBOX_KEY_PAGES_LIMIT,
	IPCBOX_KEY_MEMORY_USED,
	IPCBOX_KEY_MEMORY_LIMIT
};

/**
 * ipcbox_query() - ask the module what it can do and what this user has left
 *	*[device]*
 * @key: what to ask, as of sysconf(3)
 * @value: where to put the answer
 *
 * Return: 0. -EINVAL: no such key.
 */
int ipcbox_query(enum ipcbox_key key, uint64_t *value);

#ifdef __cplusplus
}
#endif

#endif /* IPCBOX_H */
