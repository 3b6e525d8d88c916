/* SPDX-License-Identifier: MIT */
/*
 * libipcbox: mailboxes, links and ports for C and C++ programs.
 *
 * This header describes the calls. <linux/ipcbox.h> describes ports, mailboxes and
 * links, the order of messages, and what each errno means in general. ipcbox_buffer.h
 * has the calls for buffers in shared memory; the rules, options and information here
 * apply to them too.
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
 * A worker, and a program that has work for it::
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
 * *Errors.* A call returns 0, an fd or a length, or a negative errno; errno itself means
 * nothing then. A call that failed changed nothing. The list of each call says what an
 * errno means there and what to do about it; ipcbox_strerror() has a sentence for each.
 * Any call that gets a bad pointer may return -EFAULT.
 *
 * A call that takes an fd of ipcbox also takes the error of the call that should have
 * made it, and returns that error. So the last call of a sequence reports what the first
 * one met. (Only -1, which is also -EPERM, gives -EBADF.)
 *
 * *fds.* A port, mailbox or link is a file descriptor, close-on-exec and owned by
 * the caller: poll it, pass it on, close(2) it. If many workers poll one port, a message
 * wakes them all, unless they poll with EPOLLEXCLUSIVE; of workers that sleep in
 * ipcbox_recv() it wakes one. Each call that needs the device opens /dev/ipcbox and closes
 * it again. So the library holds no state, programs need do nothing after fork(2), and a
 * thread that changed its network namespace uses the new one. These calls are marked
 * *[device]* and also return
 *
 * * -ENODEV: The module is not loaded. Load it with "modprobe ipcbox".
 * * -EACCES, -EPERM: This process may not open the device.
 * * -EMFILE, -ENFILE, -ENOMEM: There is no room for one more open file.
 *
 * *Threads.* Every call is safe from any number of threads, also on one fd. A
 * struct ipcbox_msg, ipcbox_info or ipcbox_options is for one thread at a time.
 *
 * *Time.* A deadline is an absolute time of CLOCK_MONOTONIC in nanoseconds, or
 * %IPCBOX_FOREVER, or %IPCBOX_NOWAIT; ipcbox_deadline_ms() makes one. A call that
 * need not wait succeeds even if its deadline has passed.
 *
 * *Signals.* A call that sleeps is restarted after a signal whose handler was
 * installed with SA_RESTART. After any other it returns -EINTR; the library does
 * not call again by itself, so that a program can stop on a signal. A call of a program
 * that is stopped, traced or frozen goes on waiting afterwards.
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
 * ipcbox_strerror() - describe an error and what to do about it
 * @err: an errno, negative (as the calls return it) or positive
 *
 * Return: one line of English without a full stop, never NULL, never to be
 * freed. For an errno that ipcbox does not use: strerror(3).
 */
const char *ipcbox_strerror(int err);

/**
 * DOC: Options
 *
 * Options are what to make a port, mailbox or buffer with, or what to change of it. An
 * option that is not set means the default (when made) or no change (when changed). The
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

/** ipcbox_options_set_mode() - permission to receive (r) and send (w), 0 to 0666 */
void ipcbox_options_set_mode(struct ipcbox_options *options, mode_t mode);

/** ipcbox_options_set_owner() - the owner; another than oneself needs CAP_CHOWN */
void ipcbox_options_set_owner(struct ipcbox_options *options, uid_t uid);

/** ipcbox_options_set_group() - the group; one that the caller is not in needs CAP_CHOWN */
void ipcbox_options_set_group(struct ipcbox_options *options, gid_t gid);

/** ipcbox_options_set_messages() - how many messages may be queued, from 1; not for a buffer */
void ipcbox_options_set_messages(struct ipcbox_options *options, uint64_t count);

/** ipcbox_options_set_bytes() - how many bytes of payload, from 1; for a buffer, its size */
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
 * Return: a new fd, or
 *
 * * -EACCES: With %IPCBOX_REUSE, as for ipcbox_port_open().
 * * -EEXIST: The name is taken. Choose another one, or use %IPCBOX_REUSE.
 * * -EINVAL: The name, a flag or an option is not valid.
 * * -ENAMETOOLONG: Shorten the name to %IPCBOX_NAME_MAX bytes.
 * * -ENOSPC: Limit of ports, buffers and mailboxes. Delete some, or raise the limit.
 * * -EPERM: This user may not give that owner or group.
 * * -EPROTOTYPE: With %IPCBOX_REUSE: the name is that of a buffer.
 * * -ERANGE: An option is above the system's limit. Ask for less.
 */
int ipcbox_port_create(const char *name, unsigned int flags, const struct ipcbox_options *options);

/**
 * ipcbox_port_open() - open a port that exists *[device]*
 * @name: its name
 * @flags: %IPCBOX_RECEIVER, %IPCBOX_SENDER, %IPCBOX_NONBLOCK
 *
 * Return: a new fd, or
 *
 * * -EACCES: The port's mode does not let this user receive or send. Ask its owner.
 * * -EINVAL: The name or a flag is not valid.
 * * -ENAMETOOLONG: The name has more than %IPCBOX_NAME_MAX bytes.
 * * -ENOENT: No port has this name. Create it, or try again later.
 * * -EPROTOTYPE: The name is that of a buffer. Use ipcbox_buffer_open().
 */
int ipcbox_port_open(const char *name, unsigned int flags);

/**
 * ipcbox_port_delete() - delete a port or buffer *[device]*
 * @name: its name
 * @flags: 0: end it for everyone now: queued messages are dropped, and every call on
 *	it returns -EIDRM. (A process that has a buffer mapped can still take the
 *	messages in it, and gets that error when it is empty.) %IPCBOX_UNLINK: delete
 *	only the name; open fds go on. Then receivers get -EPIPE once the port is
 *	empty and the last fd for sending is closed, and senders get it when the last
 *	fd for receiving is closed
 *
 * Return: 0, or
 *
 * * -EINVAL: The name or a flag is not valid.
 * * -ENAMETOOLONG: The name has more than %IPCBOX_NAME_MAX bytes.
 * * -ENOENT: No port or buffer has this name.
 * * -EPERM: Only its owner may delete it.
 */
int ipcbox_port_delete(const char *name, unsigned int flags);

/**
 * ipcbox_mailbox_open() - open the mailbox of this process *[device]*
 * @flags: %IPCBOX_NONBLOCK or 0
 * @options: options of a new mailbox, or NULL. The w bits of its mode permit sending
 *	(0600, the default: the same user); its limits are for each sender
 *
 * A process has one mailbox; opening it again gives another fd for it. It ends
 * with its last fd, with the process, and when the process runs a program that gives
 * it another user, group or more capabilities, as a set-user-ID program does. A child
 * made by fork(2) has none until it opens its own.
 *
 * Return: a new fd, for receiving, or
 *
 * * -EACCES: The mailbox is open and belongs to another user than this process is now.
 * * -EEXIST: The mailbox is open, and @options are given. Use ipcbox_set().
 * * -EINVAL, -ERANGE, -EPERM: An option or flag, as for ipcbox_port_create().
 * * -ENOSPC: Limit of ports, buffers and mailboxes. Delete some, or raise the limit.
 */
int ipcbox_mailbox_open(unsigned int flags, const struct ipcbox_options *options);

/**
 * ipcbox_link_open() - open the one link from this process to another *[device]*
 * @pid: the other process, which has to have its mailbox open
 * @flags: %IPCBOX_NONBLOCK or 0
 *
 * On the fd, poll(2) reports POLLOUT while there is room, and POLLHUP at the end of the
 * peer's mailbox.
 *
 * Return: a new fd, for sending, or
 *
 * * -EACCES: The mode of the peer's mailbox does not let this user send.
 * * -ECONNREFUSED: The peer has no mailbox. Try again when it has opened one.
 * * -EINVAL: @pid is not above 0.
 * * -EMLINK: Limit of links. Close some, or raise the limit.
 * * -ESRCH: There is no such process.
 */
int ipcbox_link_open(pid_t pid, unsigned int flags);

/**
 * ipcbox_link_open_pidfd() - open the link to the process of a pidfd *[device]*
 * @pidfd: from pidfd_open(2) or clone(2); it stays the caller's. It rules out that the
 *	link leads to another process which was given the same pid
 * @flags: %IPCBOX_NONBLOCK or 0
 *
 * Return: as ipcbox_link_open(), and
 *
 * * -EBADF: @pidfd is not an open fd.
 * * -EINVAL: It is not a pidfd.
 */
int ipcbox_link_open_pidfd(int pidfd, unsigned int flags);

/**
 * ipcbox_send() - send a message to a port or over a link
 * @fd: a port that is open for sending, or a link
 * @data: the message; it is copied before the call returns
 * @len: its length in bytes, 0 to the box's limit
 *
 * Unless the fd has O_NONBLOCK, the call waits for room, and for queued bytes if this
 * user has none left. Priority and tag are 0.
 *
 * Return:
 *
 * * 0: The message is in the box.
 * * -EAGAIN: The box is full. Wait for POLLOUT, or send without O_NONBLOCK.
 * * -EBADF: The fd is not for sending. Open the port with %IPCBOX_SENDER.
 * * -EIDRM: The port was removed. Close the fd.
 * * -EINTR: A signal ended the wait. Call again, or stop.
 * * -EMSGSIZE: The message is longer than the box takes. Split it, or raise msgsize.
 * * -ENOBUFS: Limit of queued bytes, and the call does not wait, or the message takes
 *   more than the whole limit. Receive messages, or raise the limit.
 * * -ENOMEM: Memory is short, or a limit of memory is reached.
 * * -ENOTTY: The fd is not one of ipcbox.
 * * -EPIPE: The peer, or the last receiver of an unlinked port, is gone. Close the fd.
 * * -EUSERS: Limit of waiting calls. Wait with poll(2) instead.
 */
int ipcbox_send(int fd, const void *data, size_t len);

/**
 * ipcbox_send_until() - send with a deadline, a priority and a tag
 * @fd: a port that is open for sending, or a link
 * @data: the message
 * @len: its length in bytes
 * @deadline: when to give up waiting for room
 * @priority: 0 to %IPCBOX_PRIORITY_MAX; higher is received first
 * @tag: any number; the receiver gets it with the message
 *
 * Return: as ipcbox_send(), and
 *
 * * -EINVAL: @priority is too high.
 * * -ETIMEDOUT: The deadline passed before there was room.
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
 * @tag: any number; the receiver gets it with the message
 *
 * Sends over the same link as ipcbox_link_open(), and opens the device each time:
 * keep a link if you send often.
 *
 * Return: as ipcbox_send_until(), and the errors of ipcbox_link_open().
 */
int ipcbox_send_to(pid_t pid, const void *data, size_t len, uint64_t deadline,
		   unsigned int priority, uint64_t tag);

/**
 * ipcbox_recv() - receive a message into a buffer
 * @fd: a port that is open for receiving, or a mailbox
 * @buf: where to put it
 * @capacity: room there in bytes
 *
 * Waits for a message, unless the fd has O_NONBLOCK. A call that is received this way
 * cannot be answered: its sender waits until its deadline, or until @fd is closed.
 *
 * Return: the length of the message, which may be 0; or as ipcbox_recv_msg(), and
 *
 * * -EMSGSIZE: The next message is longer than @capacity, and is still there. Use a
 *   larger buffer, or ipcbox_recv_msg(), which takes any length.
 */
ssize_t ipcbox_recv(int fd, void *buf, size_t capacity);

/**
 * DOC: Messages
 *
 * A struct ipcbox_msg holds one received message of any length, with its sender.
 * The first receive makes it, and later ones use it again and let it grow as needed, as
 * getline(3) does with its line::
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
 *	again. Whatever the call returns, free it in the end with ipcbox_msg_free()
 * @from: on a mailbox: take only what this process sent; 0: from anyone. On a
 *	port 0
 * @deadline: when to give up waiting
 *
 * After an error the message in @msg is empty.
 *
 * Return: 0, or
 *
 * * -EAGAIN: There is no message. Wait for POLLIN, or give a deadline.
 * * -EBADF: The fd is not for receiving. Open the port with %IPCBOX_RECEIVER.
 * * -EIDRM: The port was removed. Close the fd.
 * * -EINTR: A signal ended the wait. Call again, or stop.
 * * -EINVAL: @from is negative, or not 0 on a port.
 * * -EMLINK: Limit of links (with @from). Close some, or raise the limit.
 * * -ENOMEM: Memory is short. The message is still there.
 * * -ENOTTY: The fd is not a port or mailbox.
 * * -EPIPE: The process @from has ended and nothing of it is left, or the last sender of
 *   an unlinked port is gone. Stop receiving.
 * * -ESRCH: No process has the pid @from. Receive from anyone.
 * * -ETIMEDOUT: The deadline passed.
 * * -EUSERS: Limit of waiting calls. Wait with poll(2) instead.
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
 * Return: the data, valid until @msg is used again or freed. A zero byte that is not
 * part of the message follows it, so that text can be used as a string.
 */
const void *ipcbox_msg_data(const struct ipcbox_msg *msg);

/** ipcbox_msg_len() - its length in bytes */
size_t ipcbox_msg_len(const struct ipcbox_msg *msg);

/** ipcbox_msg_pid() - the sending process; 0 if this pid namespace has no pid for it */
pid_t ipcbox_msg_pid(const struct ipcbox_msg *msg);

/** ipcbox_msg_uid() - the sender's effective user; 65534 if this user namespace has none */
uid_t ipcbox_msg_uid(const struct ipcbox_msg *msg);

/** ipcbox_msg_gid() - the sender's effective group, likewise */
gid_t ipcbox_msg_gid(const struct ipcbox_msg *msg);

/** ipcbox_msg_priority() - the priority that the sender gave */
unsigned int ipcbox_msg_priority(const struct ipcbox_msg *msg);

/** ipcbox_msg_tag() - the tag that the sender gave */
uint64_t ipcbox_msg_tag(const struct ipcbox_msg *msg);

/** ipcbox_msg_seq() - 1 for the first message of the port or link, then counting */
uint64_t ipcbox_msg_seq(const struct ipcbox_msg *msg);

/**
 * DOC: Batches
 *
 * A batch is an array of the kernel's own structs, with a pointer as an integer::
 *
 *	struct ipcbox_send_entry entry = { .data = (uintptr_t)"one", .len = 3 };
 */

/**
 * ipcbox_send_batch() - send many messages
 * @fd: a port that is open for sending, or a link
 * @entries: the messages: set data, len, tag and priority of each
 * @count: how many, 1 to %IPCBOX_BATCH_MAX
 * @deadline: when to give up waiting for room, for all of them
 *
 * The messages are sent in order, and each may wait for room. The first that fails ends
 * the batch.
 *
 * Return: how many were sent. If that is not all, the result of the next entry has the
 * negative errno with which it failed. If none was sent: as ipcbox_send_until(), and
 *
 * * -EINVAL: @count is 0 or above %IPCBOX_BATCH_MAX.
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
 * Return: as ipcbox_send_batch(), and the errors of ipcbox_link_open().
 */
int ipcbox_send_batch_to(pid_t pid, struct ipcbox_send_entry *entries, unsigned int count,
			 uint64_t deadline);

/**
 * ipcbox_recv_batch() - receive the messages that are there
 * @fd: a port that is open for receiving, or a mailbox
 * @entries: room for them: set data and capacity of each; the call fills in the rest, as
 *	struct ipcbox_recv_entry describes
 * @count: for how many, 1 to %IPCBOX_BATCH_MAX
 * @from: as for ipcbox_recv_msg()
 * @deadline: when to give up waiting for the first; the call does not wait for the others
 *
 * Answer an entry whose call is not 0 with ipcbox_reply().
 *
 * Return: how many were received. If that is not all, the result of the next entry is
 * -EAGAIN (there was no more), or -EMSGSIZE (the next message is longer than its capacity,
 * and is still there; len has its length). If none was received: as ipcbox_recv(), and
 *
 * * -EINVAL: @count is 0 or above %IPCBOX_BATCH_MAX.
 */
int ipcbox_recv_batch(int fd, struct ipcbox_recv_entry *entries, unsigned int count, pid_t from,
		      uint64_t deadline);

/**
 * DOC: Information
 *
 * The settings and the content of a port, mailbox, link or buffer at one moment. For a
 * buffer, the kernel counts its content, but not what went through: it does not see that.
 */
struct ipcbox_info;

/**
 * ipcbox_stat() - read the settings and the content of a port, mailbox, link or buffer
 * @fd: an fd of one of these
 * @info: points to NULL, or to the result of an earlier call, which is used again;
 *	to be freed with ipcbox_info_free()
 *
 * Return: 0, or
 *
 * * -EBADF: The fd is not open.
 * * -ENOMEM: Memory is short.
 * * -ENOTTY: The fd is not one of ipcbox.
 */
int ipcbox_stat(int fd, struct ipcbox_info **info);

/**
 * ipcbox_set() - change a port, mailbox or buffer
 * @fd: one of these
 * @options: what to change; for a buffer the mode, owner and group
 *
 * Queued messages stay, also above a lowered limit, and open fds keep their rights.
 *
 * Return: 0, or
 *
 * * -EBADF: The fd is not open.
 * * -EIDRM: The port or buffer was removed. Close the fd.
 * * -EINVAL, -ERANGE: A value is not valid, or above the system's limit.
 * * -ENOTTY: The fd is not a port, mailbox or buffer.
 * * -EPERM: Only its owner may change it.
 * * -EPIPE: It has no name any more, and its receivers are gone.
 */
int ipcbox_set(int fd, const struct ipcbox_options *options);

/**
 * ipcbox_port_list() - call a function for each port and buffer *[device]*
 * @each: the function. @info is valid until it returns; any result but 0 ends the
 *	list
 * @arg: handed to @each
 *
 * Ports and buffers come sorted by name, bytewise; ipcbox_info_kind() says which of the
 * two it is. Each one that is neither made nor deleted meanwhile comes exactly once. @each
 * may make and delete some.
 *
 * Return: 0, or the result of @each, or
 *
 * * -ENOMEM: Memory is short.
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

/** ipcbox_info_state() - bits: %IPCBOX_STATE_UNLINKED, _SHUTDOWN, _SPSC */
unsigned int ipcbox_info_state(const struct ipcbox_info *info);

/** ipcbox_info_mode() - permission to receive (r) and send (w) */
mode_t ipcbox_info_mode(const struct ipcbox_info *info);

/** ipcbox_info_owner() - its owner, as this user namespace sees it */
uid_t ipcbox_info_owner(const struct ipcbox_info *info);

/** ipcbox_info_group() - its group, likewise */
gid_t ipcbox_info_group(const struct ipcbox_info *info);

/** ipcbox_info_pid() - process of the mailbox, peer of the link; else 0 */
pid_t ipcbox_info_pid(const struct ipcbox_info *info);

/** ipcbox_info_id() - a number that no other object has or had */
uint64_t ipcbox_info_id(const struct ipcbox_info *info);

/**
 * ipcbox_info_differs() - compare an object that was opened with the options asked for
 * @info: of a port or buffer that was opened, perhaps with %IPCBOX_REUSE
 * @options: those that were asked for
 *
 * Options that were not set do not count, nor does the rounding of a buffer's size.
 *
 * Return: the options that differ, as IPCBOX_ATTR_* of <linux/ipcbox.h>; 0: none.
 */
unsigned int ipcbox_info_differs(const struct ipcbox_info *info,
				 const struct ipcbox_options *options);

/** ipcbox_info_max_messages() - most messages; of a mailbox, for each sender; buffer: 0 */
uint64_t ipcbox_info_max_messages(const struct ipcbox_info *info);

/** ipcbox_info_max_bytes() - most bytes of payload, likewise; for a buffer, its size */
uint64_t ipcbox_info_max_bytes(const struct ipcbox_info *info);

/** ipcbox_info_max_msgsize() - longest message in bytes */
uint64_t ipcbox_info_max_msgsize(const struct ipcbox_info *info);

/** ipcbox_info_messages() - messages that are queued */
uint64_t ipcbox_info_messages(const struct ipcbox_info *info);

/** ipcbox_info_bytes() - their payload in bytes; for a buffer, the part that is not free */
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
 * @IPCBOX_KEY_BYTES_LIMIT: and may have
 * @IPCBOX_KEY_WAITERS_USED: calls of this user that are asleep
 * @IPCBOX_KEY_WAITERS_LIMIT: and may be
 * @IPCBOX_KEY_PAGES_USED: pages of the buffers that this user made, and one for
 *	each that this user has mapped
 * @IPCBOX_KEY_PAGES_LIMIT: and may have
 * @IPCBOX_KEY_MEMORY_USED: bytes of other kernel memory that is kept for this user
 * @IPCBOX_KEY_MEMORY_LIMIT: and may have
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
 * @key: which value, as for sysconf(3)
 * @value: where to put it
 *
 * Return: 0, or
 *
 * * -EINVAL: This library does not know @key.
 */
int ipcbox_query(enum ipcbox_key key, uint64_t *value);

#ifdef __cplusplus
}
#endif

#include "ipcbox_call.h"

#endif /* IPCBOX_H */
