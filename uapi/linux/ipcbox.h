/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR MIT) */
/*
 * ipcbox: mailboxes, links, ports and buffers, with the kernel as the only broker.
 *
 * This header is the contract between the module and user space, but for buffers, which
 * have ipcbox_buffer.h.
 */
#ifndef _UAPI_LINUX_IPCBOX_H
#define _UAPI_LINUX_IPCBOX_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: Concepts
 *
 * Opening /dev/ipcbox gives a *control* fd. Its ioctls hand out *object* fds,
 * always close-on-exec; clear that with fcntl(2) if a program started by
 * exec(2) is to have the fd. dup(2), fork(2), SCM_RIGHTS, poll(2), epoll(7),
 * O_NONBLOCK and /proc/PID/fdinfo work on all of them.
 *
 * *port* fd: a named queue that many senders and many receivers share. A port
 * stays until it is deleted, also while nobody has it open.
 *
 * *buffer* fd: a bounded buffer in shared memory, named, opened, listed and deleted as
 * a port is. Producers and consumers map it with mmap(2), and write and read messages
 * in place, without the kernel; who finds it full or empty waits in the kernel. A
 * process that is killed in the middle leaves the buffer as if it had not begun.
 *
 * *mailbox* fd: the queue of one process (thread group) for messages that name
 * it. A process has one for each network namespace; opening it again gives
 * another fd for the same mailbox. The mailbox ends with the last of these fds. It
 * also ends with its process, whoever else has an fd; and when the process runs a
 * program by execve(2) after which its users, groups, user namespace or permitted
 * capabilities are others than those with which it opened the mailbox first (fewer
 * capabilities do not matter). A message to a pid thus reaches nobody but the program
 * that runs there.
 *
 * *link* fd: the one way from the process that opened it to one peer process.
 * Opening it again gives the same link. A link has its own share of the peer's
 * mailbox (see "Limits of a box"), so one sender cannot take the room of
 * another. EPOLLOUT says that there is room, EPOLLHUP that the peer's mailbox
 * is gone. A child that inherited a link fd sends over its parent's link, with
 * its own pid in the message.
 *
 * A direct send by pid on the control fd uses the same link without an fd.
 *
 * *call*: a message whose sender sleeps until the receiver replies to it, in one
 * command. It waits in the box as any message does, by its priority. Receiving
 * it gives a number, with which the reply finds the caller; one command replies
 * and receives the next. The file description through which a call was received
 * answers for it: when the receiving process closes it, or dies, before it
 * replied, the caller gets EPIPE at once.
 *
 * Names, and who can reach whom by pid, belong to the network namespace in
 * which /dev/ipcbox was opened, as with abstract UNIX sockets. When the
 * namespace dies all in it is freed.
 *
 * *Polling* a port, mailbox or link. A poller is woken when a message comes to an
 * empty box, and when a lane without room for the longest message has got it. One
 * that polls for edges (EPOLLET, or a multishot poll of io_uring) goes on until it
 * gets EAGAIN, as epoll(7) says. (Where it looks with epoll_wait(2) between, it is
 * told of the next message also before. So is each poller if a receive from one
 * sender found nothing in a mailbox that holds messages of others.) The change wakes
 * all who poll, and one gets the message; many workers on one port sleep in
 * %IPCBOX_RECV, where one message wakes one, or poll with EPOLLEXCLUSIVE: then as
 * many are woken as there are new messages, or new room.
 *
 * *Order.* Messages are received by priority (highest first), then by arrival.
 * Senders that wait for room get in by the same rule, and nobody passes a
 * sender that waits with the same or a higher priority. (A wait that a signal
 * interrupts and restarts begins anew, behind the others.) Receivers are served
 * in the order in which they began to wait; on a mailbox, a receiver that named
 * the sender goes before one that takes from anyone.
 *
 * *All or nothing.* A send that returned 0 is in the box; one that failed left
 * no trace. A receive that failed left the message where it was.
 *
 * *Batches.* Many messages can be sent or received in one command, each with its
 * own result. They are taken in order up to the first that fails; who waits for
 * them is woken once.
 *
 * *Waiting.* A send to a full box and a receive from an empty one wait, unless
 * O_NONBLOCK is set on the fd or %IPCBOX_NONBLOCK in the call. The wait ends
 * with success, at the deadline, with a signal (the call restarts, or fails
 * with EINTR, as for read(2)), or with the end of the object. A deadline is an
 * absolute time of the caller's CLOCK_MONOTONIC in nanoseconds; 0, and what can
 * never be reached (2^63-1 and above), is none. A call that need not wait
 * succeeds even if its deadline is past.
 *
 * *Limits of a box.* A port holds at most max_messages messages with max_bytes
 * bytes of payload together. A mailbox holds that much for each of its links.
 *
 * *Threads.* Every command may be used on one fd by any number of threads.
 */

/**
 * DOC: Errors
 *
 * An error means that nothing was changed (of a call: see there). These have the same meaning for
 * each command; what is special to a command stands with it.
 *
 * ========== ===============================================================
 * E2BIG      size is larger than this kernel knows, and the rest is not zero
 * EACCES     the mode of the port, buffer or mailbox does not let this user do that
 * EAGAIN     it would have to wait, and was asked not to
 * EBADF      the fd was not opened for this direction; a given fd is not open
 * ECONNREFUSED  the process has no mailbox in this network namespace; nobody has
 *            the port open for receiving (%IPCBOX_IF_SERVED)
 * EDQUOT     limit of pages of buffers (net.ipcbox.user_pages, .max_pages)
 * EEXIST     the name is taken; the mailbox is open already (attributes given)
 * EFAULT     a pointer is bad
 * EIDRM      the port or buffer was removed
 * EINTR      a signal came before anything was done
 * EINVAL     a size too small, an unknown flag, a reserved field that is not
 *            zero, a value out of its range, a malformed name
 * EMFILE     this process has too many open files (never a limit of ipcbox)
 * EMLINK     limit of links (net.ipcbox.user_links, .max_links)
 * EMSGSIZE   send: longer than the box's max_msgsize; receive: longer than
 *            capacity (len tells what is needed); list: no room for one entry
 * ENAMETOOLONG  the name has more than %IPCBOX_NAME_MAX bytes
 * ENFILE     the system has too many open files (never a limit of ipcbox)
 * ENOBUFS    limit of queued bytes (net.ipcbox.user_bytes, .max_bytes), and the
 *            call was asked not to wait, cannot (a reply), or would wait for ever
 *            (more than the whole limit): see "Queued bytes"
 * ENOENT     there is no port or buffer of that name in this network namespace
 * ENOMEM     out of memory; the limit of the memory cgroup, or that of kernel
 *            memory (net.ipcbox.user_memory, .max_memory) is reached
 * ENOSPC     limit of ports, buffers and mailboxes (net.ipcbox.user_boxes, .max_boxes)
 * ENOTTY     the command is unknown, or not one for this kind of fd
 * EPERM      this is for the owner of the port, buffer or mailbox, or CAP_IPC_OWNER
 * EPIPE      the other side is gone: the peer's mailbox; the process named in
 *            from; all receivers, or all senders, of what was unlinked; who
 *            received a call, before the reply; who made it
 * EPROTOTYPE the name is that of a buffer, not of a port; or the other way round
 * ERANGE     a limit for a box above what net.ipcbox.box_* allows
 * ESRCH      there is no such process in this pid namespace
 * ETIMEDOUT  the deadline passed
 * EUSERS     limit of waiting calls (net.ipcbox.user_waiters, .max_waiters). This
 *            limit is never waited for, since that would be one more who waits.
 *            After a send or a receive, poll(2) tells when it need not wait; a call
 *            always waits, so pause before the next try
 * ========== ===============================================================
 */

/**
 * DOC: Queued bytes
 *
 * A message counts for the limits of queued bytes of the user who sends it, and of
 * all users, until it is received. A sender that finds a limit reached waits as it
 * does for room in the box: until its deadline, a signal, or the end of the box, and
 * before it waits for room. It counts for the limit of waiting calls. With
 * %IPCBOX_NONBLOCK or O_NONBLOCK it gets ENOBUFS at once. A message that takes more
 * than the whole limit gets ENOBUFS in any case. A blocking batch waits as well; one
 * that does not block sends what it can, and the entry after that has ENOBUFS.
 *
 * Those who wait at one limit get what comes back in the order in which they began to
 * wait, in parts, so short messages do not starve a long one. Users wait for the limit
 * of all users in one line.
 *
 * A reply never waits, since the missing bytes may be those of calls that are queued
 * for the very server. It gets ENOBUFS, and the call stays open. A reply of up to 128
 * bytes does not count, so a server can always tell the caller that it failed.
 *
 * poll(2) reports POLLOUT only if the largest message of the box need not wait for
 * bytes either, and reports it again when that is so. (If the limit is lower than the
 * largest message, POLLOUT means that all of it is free.) It goes by the limits of the
 * user who opened the fd. A user who got the fd from another is charged for what they
 * send all the same, so to poll they should open the port themselves.
 */

/**
 * DOC: Extensible structs
 *
 * Each struct starts with its size as the caller was compiled and with flags.
 * Reserved fields, unknown flags and, in a larger struct, what this kernel does
 * not know must be zero. A field marked "out" is written by the kernel and not
 * read. Entries of a batch grow likewise, by entry_size. Pointers are passed as
 * 64-bit integers, so the layout is the same for 32-bit programs.
 */

/** IPCBOX_ABI - the ABI level that this header describes */
#define IPCBOX_ABI		1

#define IPCBOX_NAME_MAX		255		/* bytes in a port's name */
#define IPCBOX_PRIORITY_MAX	32767		/* most urgent; 0 is the least */
#define IPCBOX_MSGSIZE_MAX	(16U << 20)	/* bytes, for any box */
#define IPCBOX_BATCH_MAX	1024		/* messages in one command */

/* What a new box has where its creator does not say otherwise. */
#define IPCBOX_DEFAULT_MESSAGES	256
#define IPCBOX_DEFAULT_BYTES	(1U << 20)
#define IPCBOX_DEFAULT_MSGSIZE	(64U << 10)
#define IPCBOX_DEFAULT_MODE	0600

/* Bits of ipcbox_query.features */
#define IPCBOX_FEATURE_PORT	(1ULL << 0)
#define IPCBOX_FEATURE_MAILBOX	(1ULL << 1)	/* mailboxes, links, direct send */
#define IPCBOX_FEATURE_CALL	(1ULL << 2)	/* call, reply */
#define IPCBOX_FEATURE_BATCH	(1ULL << 3)
#define IPCBOX_FEATURE_BUFFER	(1ULL << 4)	/* in shared memory */
#define IPCBOX_FEATURES				\
	(IPCBOX_FEATURE_PORT | IPCBOX_FEATURE_MAILBOX | \
	 IPCBOX_FEATURE_CALL | IPCBOX_FEATURE_BATCH | IPCBOX_FEATURE_BUFFER)

/*
 * Flags. In a command that gives an fd, NONBLOCK sets O_NONBLOCK on it; in send
 * and receive it speaks for this one call.
 */
#define IPCBOX_NONBLOCK		(1U << 0)
#define IPCBOX_RECEIVER		(1U << 1)	/* fd is for receiving */
#define IPCBOX_SENDER		(1U << 2)	/* fd is for sending */
#define IPCBOX_REUSE		(1U << 3)	/* create: what exists is opened */
#define IPCBOX_PIDFD		(1U << 4)	/* link open: peer is a pidfd */
#define IPCBOX_UNLINK		(1U << 5)	/* delete: only the name goes */
#define IPCBOX_ONE_TO_ONE	(1U << 6)	/* buffer: one sends, one receives */
#define IPCBOX_IF_SERVED	(1U << 7)	/* call: fail if nobody could receive it */

/* The flags that each command takes; any other is EINVAL. */
#define IPCBOX_QUERY_FLAGS		0U
#define IPCBOX_MAILBOX_OPEN_FLAGS	IPCBOX_NONBLOCK
#define IPCBOX_LINK_OPEN_FLAGS		(IPCBOX_NONBLOCK | IPCBOX_PIDFD)
#define IPCBOX_PORT_OPEN_FLAGS		\
	(IPCBOX_NONBLOCK | IPCBOX_RECEIVER | IPCBOX_SENDER)
#define IPCBOX_PORT_CREATE_FLAGS	(IPCBOX_PORT_OPEN_FLAGS | IPCBOX_REUSE)
#define IPCBOX_PORT_DELETE_FLAGS	IPCBOX_UNLINK
#define IPCBOX_PORT_LIST_FLAGS		0U
#define IPCBOX_SEND_FLAGS		IPCBOX_NONBLOCK
#define IPCBOX_RECV_FLAGS		IPCBOX_NONBLOCK
#define IPCBOX_CALL_FLAGS		(IPCBOX_NONBLOCK | IPCBOX_IF_SERVED)
#define IPCBOX_REPLY_FLAGS		0U
#define IPCBOX_REPLY_RECV_FLAGS		0U
#define IPCBOX_SEND_BATCH_FLAGS		IPCBOX_NONBLOCK
#define IPCBOX_RECV_BATCH_FLAGS		IPCBOX_NONBLOCK
#define IPCBOX_STAT_FLAGS		0U
#define IPCBOX_SET_FLAGS		0U

/* Bits of ipcbox_attr.mask */
#define IPCBOX_ATTR_MODE	(1U << 0)
#define IPCBOX_ATTR_UID		(1U << 1)
#define IPCBOX_ATTR_GID		(1U << 2)
#define IPCBOX_ATTR_MESSAGES	(1U << 3)
#define IPCBOX_ATTR_BYTES	(1U << 4)
#define IPCBOX_ATTR_MSGSIZE	(1U << 5)
#define IPCBOX_ATTR_ALL		((1U << 6) - 1)

/**
 * struct ipcbox_attr - attributes of a port, buffer or mailbox
 * @mask: IPCBOX_ATTR_*: the fields that are given; the others must be zero
 * @mode: who may receive (r) and send (w), as user, group and others: 0 to 0666
 * @uid: owner; another than oneself needs CAP_CHOWN
 * @gid: group; one that the caller is not in needs CAP_CHOWN
 * @max_messages: how many messages may be queued, from 1
 * @max_bytes: how many bytes of payload may be queued, from 1
 * @max_msgsize: longest message in bytes, 0 to %IPCBOX_MSGSIZE_MAX, not above
 *	max_bytes
 *
 * The last member of every struct that has one, so that both can grow.
 *
 * Errors where it is used: EINVAL for a bit, mode or id out of range, a limit
 * of 0 messages or bytes, or max_msgsize above max_bytes; ERANGE for a limit
 * above net.ipcbox.box_messages, .box_bytes or .box_msgsize; EPERM for an owner
 * or group that the caller may not give.
 */
struct ipcbox_attr {
	__u32 mask;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__aligned_u64 max_messages;
	__aligned_u64 max_bytes;
	__aligned_u64 max_msgsize;
};

/**
 * struct ipcbox_usage - one limit of a user
 * @used: what the calling user has now in this network namespace
 * @limit: how much one user may have there
 */
struct ipcbox_usage {
	__aligned_u64 used;
	__aligned_u64 limit;
};

/**
 * struct ipcbox_query - %IPCBOX_QUERY, on any ipcbox fd: what this kernel can do
 * @size: sizeof(struct ipcbox_query)
 * @flags: zero
 * @abi: out: ABI level, %IPCBOX_ABI of the module
 * @name_max: out: bytes in the longest name
 * @priority_max: out: the most urgent priority
 * @__reserved: zero
 * @features: out: IPCBOX_FEATURE_*
 * @box_messages: out: highest max_messages that a box may be given
 * @box_bytes: out: highest max_bytes
 * @box_msgsize: out: highest max_msgsize
 * @boxes: out: ports, buffers and mailboxes of this user
 * @links: out: links of this user
 * @bytes: out: memory of messages sent by this user and not yet received, and
 *	of those being sent or received; a message counts with its header
 * @waiters: out: calls of this user that are asleep
 * @pages: out: pages of memory of the buffers that this user made, and one for each
 *	mapping of this user's
 * @memory: out: bytes of kernel memory that the module keeps for this user, but for
 *	the pages of buffers: open fds, ports, mailboxes, links, and messages with all
 *	that is cached for the next ones, which is given back when the limit is near
 *
 * Return: 0. ENOMEM.
 */
struct ipcbox_query {
	__u32 size;
	__u32 flags;
	__u32 abi;
	__u32 name_max;
	__u32 priority_max;
	__u32 __reserved;
	__aligned_u64 features;
	__aligned_u64 box_messages;
	__aligned_u64 box_bytes;
	__aligned_u64 box_msgsize;
	struct ipcbox_usage boxes;
	struct ipcbox_usage links;
	struct ipcbox_usage bytes;
	struct ipcbox_usage waiters;
	struct ipcbox_usage pages;
	struct ipcbox_usage memory;
};

/**
 * struct ipcbox_mailbox_open - %IPCBOX_MAILBOX_OPEN, on the control fd
 * @size: sizeof(struct ipcbox_mailbox_open)
 * @flags: %IPCBOX_NONBLOCK or zero
 * @attr: attributes for a new mailbox. In @attr.mode the w bits say who may send
 *	(0600, the default: the same user); the r bits mean nothing, since only
 *	those who have an fd can receive
 *
 * Return: a new fd for the calling process's mailbox, which is made if the
 * process has none. EACCES: it has one that belongs to another user; EEXIST: it
 * has one, and @attr.mask is not zero (use %IPCBOX_SET); EMFILE, ENFILE, ENOMEM,
 * ENOSPC; and see struct ipcbox_attr.
 */
struct ipcbox_mailbox_open {
	__u32 size;
	__u32 flags;
	struct ipcbox_attr attr;
};

/**
 * struct ipcbox_link_open - %IPCBOX_LINK_OPEN, on the control fd
 * @size: sizeof(struct ipcbox_link_open)
 * @flags: %IPCBOX_NONBLOCK, %IPCBOX_PIDFD
 * @peer: pid of the peer process as the caller sees it, or with %IPCBOX_PIDFD a
 *	pidfd, with which no recycled pid can be met
 * @__reserved: zero
 *
 * Return: a new fd for the link from the calling process to the peer. EACCES:
 * the mode of the peer's mailbox; EBADF: no open fd; ECONNREFUSED: the peer has
 * no mailbox; EINVAL: @peer is not above zero, or not a pidfd; ESRCH: no such
 * process (a thread other than the first is none), or it has ended; EMFILE, EMLINK, ENFILE, ENOMEM.
 */
struct ipcbox_link_open {
	__u32 size;
	__u32 flags;
	__s32 peer;
	__u32 __reserved;
};

/**
 * struct ipcbox_port_create - %IPCBOX_PORT_CREATE, on the control fd
 * @size: sizeof(struct ipcbox_port_create)
 * @flags: %IPCBOX_RECEIVER, %IPCBOX_SENDER or both: what the fd is for; neither:
 *	only to stat and set, and poll tells EPOLLERR. %IPCBOX_NONBLOCK.
 *	%IPCBOX_REUSE: if the port exists, open it as %IPCBOX_PORT_OPEN does and
 *	leave its attributes alone
 * @name: pointer to the name: @name_len bytes, none of them NUL, '/' or a
 *	control character (below 0x20, or 0x7f); not terminated
 * @name_len: 1 to %IPCBOX_NAME_MAX
 * @__reserved: zero
 * @attr: attributes of the new port; the owner is the caller's effective user,
 *	the mode is taken as it is, whatever the umask
 *
 * Return: a new fd for the new port; its creator has both directions, whatever
 * the mode. EEXIST: the name is taken; EINVAL, ENAMETOOLONG: the name; EMFILE,
 * ENFILE, ENOMEM, ENOSPC; with %IPCBOX_REUSE also EACCES, and EPROTOTYPE: it is
 * a buffer; see struct ipcbox_attr.
 */
struct ipcbox_port_create {
	__u32 size;
	__u32 flags;
	__aligned_u64 name;
	__u32 name_len;
	__u32 __reserved;
	struct ipcbox_attr attr;
};

/**
 * struct ipcbox_port_open - %IPCBOX_PORT_OPEN, on the control fd
 * @size: sizeof(struct ipcbox_port_open)
 * @flags: as for %IPCBOX_PORT_CREATE, without %IPCBOX_REUSE
 * @name: pointer to the name
 * @name_len: its length in bytes
 * @__reserved: zero
 *
 * Return: a new fd for the port. EACCES: the mode does not grant a direction; for
 * neither, it grants none at all, and the port is another's; EINVAL, ENAMETOOLONG: the
 * name; ENOENT; EPROTOTYPE: it is a buffer; EMFILE, ENFILE, ENOMEM.
 */
struct ipcbox_port_open {
	__u32 size;
	__u32 flags;
	__aligned_u64 name;
	__u32 name_len;
	__u32 __reserved;
};

/**
 * struct ipcbox_port_delete - %IPCBOX_PORT_DELETE, on the control fd
 * @size: sizeof(struct ipcbox_port_delete)
 * @flags: zero: *remove*: the port or buffer is over for everyone; what is queued
 *	is dropped, who waits gets EIDRM, and so does every later call. (What is in
 *	a buffer stays there for those who have it mapped.)
 *	%IPCBOX_UNLINK: only the name goes; open fds go on. Then, when the last fd
 *	for receiving is closed, senders get EPIPE, and when the last one for
 *	sending is closed, receivers get EPIPE once the port is empty
 * @name: pointer to the name
 * @name_len: its length in bytes
 * @__reserved: zero
 *
 * Return: 0. EINVAL, ENAMETOOLONG: the name; ENOENT; EPERM: for the owner only.
 */
struct ipcbox_port_delete {
	__u32 size;
	__u32 flags;
	__aligned_u64 name;
	__u32 name_len;
	__u32 __reserved;
};

/* Values of ipcbox_stat.kind */
#define IPCBOX_KIND_PORT	1
#define IPCBOX_KIND_MAILBOX	2
#define IPCBOX_KIND_LINK	3
#define IPCBOX_KIND_BUFFER	4

/* Bits of ipcbox_stat.state */
#define IPCBOX_STATE_UNLINKED	(1U << 0)	/* a port or buffer without a name */
#define IPCBOX_STATE_GONE	(1U << 1)	/* removed, or the peer is gone */
#define IPCBOX_STATE_ONE_TO_ONE	(1U << 2)	/* a buffer made with IPCBOX_ONE_TO_ONE */

/**
 * struct ipcbox_stat - %IPCBOX_STAT, on a port, mailbox, link or buffer fd
 * @size: sizeof(struct ipcbox_stat)
 * @flags: zero
 * @kind: out: IPCBOX_KIND_*
 * @state: out: IPCBOX_STATE_*
 * @mode: out: of the port, mailbox or buffer
 * @uid: out: its owner, as the caller's user namespace sees it
 * @gid: out: its group
 * @pid: out: the process of the mailbox, or the peer of the link, as the caller
 *	sees it; 0 where it cannot, and for ports and buffers
 * @id: out: a number that no other port, mailbox, link or buffer has had since the
 *	module was loaded; two fds of one object tell the same
 * @max_messages: out: limit, for a mailbox for each link
 * @max_bytes: out: limit, for a mailbox for each link
 * @max_msgsize: out: limit
 * @messages: out: queued now; in a mailbox from all links
 * @bytes: out: payload queued now
 * @sent: out: messages accepted so far, with calls that were withdrawn since
 * @received: out: messages received so far
 * @receivers: out: receivers asleep for a message
 * @senders: out: senders asleep for room
 * @calls: out: calls that were received and wait for their reply, of all
 *	receivers of the port or mailbox
 * @__reserved: zero
 *
 * Of a buffer, @max_bytes is the size of the data, @messages those that can be
 * received now, @bytes all cells that are not free; @max_messages, @sent, @received
 * and @calls are 0, because the kernel does not see its messages.
 *
 * Needs no right. Return: 0.
 */
struct ipcbox_stat {
	__u32 size;
	__u32 flags;
	__u32 kind;
	__u32 state;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__s32 pid;
	__aligned_u64 id;
	__aligned_u64 max_messages;
	__aligned_u64 max_bytes;
	__aligned_u64 max_msgsize;
	__aligned_u64 messages;
	__aligned_u64 bytes;
	__aligned_u64 sent;
	__aligned_u64 received;
	__u32 receivers;
	__u32 senders;
	__u32 calls;
	__u32 __reserved;
};

/**
 * struct ipcbox_port_entry - one port or buffer in the answer of %IPCBOX_PORT_LIST
 * @entry_len: bytes from this entry to the next, a multiple of 8
 * @name_off: offset of the name from the start of this entry
 * @name_len: its length in bytes; it is not terminated
 * @__reserved: zero
 * @stat: as %IPCBOX_STAT gives it; @stat.size is what this kernel filled
 */
struct ipcbox_port_entry {
	__u32 entry_len;
	__u32 name_off;
	__u32 name_len;
	__u32 __reserved;
	struct ipcbox_stat stat;
};

/**
 * struct ipcbox_port_list - %IPCBOX_PORT_LIST, on the control fd
 * @size: sizeof(struct ipcbox_port_list)
 * @flags: zero
 * @after: pointer to a name: list the ports and buffers that sort after it
 *	(bytewise); the name need not exist (any more). Zero, with @after_len zero, for the first
 * @after_len: its length in bytes
 * @count: out: how many entries were written; 0: there are no more
 * @buf: pointer to room for entries
 * @buf_len: its length in bytes
 *
 * To list all, call again with the name of the last entry until @count is 0.
 * What is neither made nor deleted meanwhile is told exactly once.
 *
 * Return: 0. EMSGSIZE: @buf_len is too small for the next entry; EINVAL,
 * ENAMETOOLONG: @after.
 */
struct ipcbox_port_list {
	__u32 size;
	__u32 flags;
	__aligned_u64 after;
	__u32 after_len;
	__u32 count;
	__aligned_u64 buf;
	__aligned_u64 buf_len;
};

/**
 * struct ipcbox_send - %IPCBOX_SEND, on a port, link or control fd
 * @size: sizeof(struct ipcbox_send)
 * @flags: %IPCBOX_NONBLOCK or zero
 * @data: pointer to the message; not read if @len is zero
 * @len: its length in bytes, from 0 to the box's max_msgsize
 * @tag: any number, told to the receiver
 * @deadline: when to give up waiting for queued bytes and room (CLOCK_MONOTONIC, ns);
 *	0: never
 * @priority: 0 to %IPCBOX_PRIORITY_MAX
 * @pid: on the control fd the receiving process; on any other zero
 *
 * Return: 0: the message is in the box. EAGAIN, EINTR, ETIMEDOUT; EBADF: the fd
 * is not for sending; EIDRM, EPIPE: the end of the port or peer; EMSGSIZE,
 * ENOBUFS, ENOMEM, EUSERS; on the control fd also EACCES, ECONNREFUSED, EMLINK
 * and ESRCH, as for %IPCBOX_LINK_OPEN.
 */
struct ipcbox_send {
	__u32 size;
	__u32 flags;
	__aligned_u64 data;
	__aligned_u64 len;
	__aligned_u64 tag;
	__aligned_u64 deadline;
	__u32 priority;
	__s32 pid;
};

/**
 * struct ipcbox_recv - %IPCBOX_RECV, on a port or mailbox fd
 * @size: sizeof(struct ipcbox_recv)
 * @flags: %IPCBOX_NONBLOCK or zero
 * @data: pointer to room for the message; not used if its length is zero
 * @capacity: room in bytes
 * @deadline: when to give up waiting (CLOCK_MONOTONIC, ns); 0: never
 * @from: on a mailbox: take only what came over the link of this process; 0:
 *	from anyone. On a port zero
 * @pid: out: the sending process as the caller's pid namespace sees it, or 0
 * @uid: out: its effective user as the caller's user namespace sees it, or the
 *	overflow id
 * @gid: out: its effective group, likewise
 * @priority: out: priority given by the sender
 * @room: out: of a call: how long the reply may be, in bytes; otherwise zero
 * @len: out: length of the message in bytes; written with EMSGSIZE too
 * @tag: out: the sender's tag
 * @seq: out: 1 for the first message that the port or link ever took, then one
 *	more for each; that of a call that was withdrawn is missing
 * @call: out: the number with which %IPCBOX_REPLY on this fd answers it; zero if
 *	nobody waits for a reply
 *
 * Return: 0. EAGAIN, EINTR, ETIMEDOUT; EBADF: the fd is not for receiving;
 * EIDRM: the port was removed; EMSGSIZE: the next message is longer than
 * @capacity; EPIPE: the process in @from ended and nothing of it is left, or all
 * senders of an unlinked port are gone; ESRCH: there is no process @from (what
 * one that was reaped has left is received from anyone); EMLINK, ENOMEM, EUSERS.
 */
struct ipcbox_recv {
	__u32 size;
	__u32 flags;
	__aligned_u64 data;
	__aligned_u64 capacity;
	__aligned_u64 deadline;
	__s32 from;
	__s32 pid;
	__u32 uid;
	__u32 gid;
	__u32 priority;
	__u32 room;
	__aligned_u64 len;
	__aligned_u64 tag;
	__aligned_u64 seq;
	__aligned_u64 call;
};

/**
 * struct ipcbox_call - %IPCBOX_CALL, on a port, link or control fd
 * @size: sizeof(struct ipcbox_call)
 * @flags: %IPCBOX_NONBLOCK: do not wait for queued bytes, nor for room in the box (the
 *	reply is waited for in any case); likewise O_NONBLOCK. %IPCBOX_IF_SERVED: fail
 *	where nobody has the port open for receiving: at once, and also when the last
 *	receiver closes the port (or dies) before it has received the request. A mailbox
 *	that can be called is always open, so there the flag changes nothing
 * @data: pointer to the request; not read if @len is zero
 * @len: its length in bytes, from 0 to the box's max_msgsize
 * @tag: any number, told to the receiver
 * @deadline: when to give up (CLOCK_MONOTONIC, ns), for all of it: room,
 *	receiver and reply; 0: never
 * @priority: 0 to %IPCBOX_PRIORITY_MAX
 * @pid: on the control fd the receiving process; on any other zero
 * @reply: pointer to room for the reply; not used if its length is zero
 * @capacity: room in bytes, told to the receiver; what is above
 *	%IPCBOX_MSGSIZE_MAX counts as that
 * @reply_len: out: length of the reply in bytes
 * @reply_tag: out: the tag that the receiver gave it
 * @reply_pid: out: the process that replied, as the caller's pid namespace sees
 *	it, or 0
 * @reply_uid: out: its effective user as the caller's user namespace sees it
 * @reply_gid: out: its effective group, likewise
 * @received: out: 1. Written with an error too where the call was in the box: 0:
 *	nobody received the request and nobody will; 1: somebody did, or was just
 *	about to, and may have done what it asks
 *
 * If it fails while the request is still in the box, the request is withdrawn, as
 * if there had been none. Once it was received that cannot be, so a signal whose
 * handler runs ends the call with EINTR, also with SA_RESTART. Where no handler runs
 * the call goes on: a caller that is stopped (SIGSTOP), traced or frozen waits for the
 * same reply afterwards, as poll(2) does, and has a reply that came meanwhile.
 *
 * Return: 0: the reply is there. EAGAIN: no room; EINTR, ETIMEDOUT; EFAULT: of
 * @data, and then nothing was done, or of @reply, and then the reply is lost;
 * ECONNREFUSED: with %IPCBOX_IF_SERVED, nobody receives from the port, or nobody does any
 * more and the request was withdrawn; EBADF: the fd is
 * not for sending; EIDRM, EPIPE: the end of the port or peer, or of the process that
 * received the request, before it replied; EMSGSIZE, ENOBUFS, ENOMEM, EUSERS; on the
 * control fd also EACCES, ECONNREFUSED, EMLINK and ESRCH, as for %IPCBOX_LINK_OPEN.
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
 * @call: from struct ipcbox_recv: what is answered; it was received through this
 *	fd, or one with which this one shares the file description (dup(2), fork(2))
 * @data: pointer to the reply; not read if @len is zero
 * @len: its length in bytes
 * @tag: any number, told to the caller
 *
 * Replies may be given in any order, and by any thread. It never waits, also not for
 * queued bytes: see there.
 *
 * Return: 0: the caller has it. EBADF: the fd is not for receiving; EINVAL: @call
 * was never the number of a call; EIDRM: the port was removed, and the caller was
 * told so; EMSGSIZE: longer than the caller has room for, who goes on waiting;
 * EPIPE: nobody waits for this reply any more: the caller died or gave up, or has
 * been answered; ENOBUFS, ENOMEM.
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
 * @tag: any number, told to the caller
 * @call: what is answered; zero: nothing, only receive. Out: zero, if the reply
 *	was given, also where it then fails to receive: called again with the same
 *	struct it goes on from there
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

/**
 * struct ipcbox_send_entry - one message of %IPCBOX_SEND_BATCH
 * @data: pointer to the message; not read if @len is zero
 * @len: its length in bytes
 * @tag: any number, told to the receiver
 * @priority: 0 to %IPCBOX_PRIORITY_MAX
 * @result: out: see struct ipcbox_send_batch
 */
struct ipcbox_send_entry {
	__aligned_u64 data;
	__aligned_u64 len;
	__aligned_u64 tag;
	__u32 priority;
	__s32 result;
};

/**
 * struct ipcbox_send_batch - %IPCBOX_SEND_BATCH, on a port, link or control fd
 * @size: sizeof(struct ipcbox_send_batch)
 * @flags: %IPCBOX_NONBLOCK or zero
 * @entries: pointer to the messages
 * @count: how many, 1 to %IPCBOX_BATCH_MAX
 * @entry_size: sizeof(struct ipcbox_send_entry)
 * @deadline: when to give up waiting for room (CLOCK_MONOTONIC, ns); 0: never
 * @pid: on the control fd the receiving process; on any other zero
 * @__reserved: zero
 *
 * The messages are sent in order, and each as by %IPCBOX_SEND: it waits where there
 * is no room. The first that fails ends it.
 *
 * Return: how many were sent, if any: their @result is 0, that of the next is the
 * errno (negative) with which it failed, and those behind it were not tried and not
 * touched. If none was sent, the errno of the first, as for %IPCBOX_SEND, and no
 * @result is written. (An entry that cannot be written to is told by the next call;
 * its message is sent.) EINTR as the @result of the next one also says that the process
 * was stopped and went on: what was sent is not sent again, so the command ends.
 */
struct ipcbox_send_batch {
	__u32 size;
	__u32 flags;
	__aligned_u64 entries;
	__u32 count;
	__u32 entry_size;
	__aligned_u64 deadline;
	__s32 pid;
	__u32 __reserved;
};

/**
 * struct ipcbox_recv_entry - one message of %IPCBOX_RECV_BATCH
 * @data: pointer to room for the message; not used if its length is zero
 * @capacity: room in bytes
 * @len: out: as in struct ipcbox_recv; the others likewise
 * @tag: out
 * @seq: out
 * @call: out
 * @pid: out
 * @uid: out
 * @gid: out
 * @priority: out
 * @room: out
 * @result: out: see struct ipcbox_recv_batch
 */
struct ipcbox_recv_entry {
	__aligned_u64 data;
	__aligned_u64 capacity;
	__aligned_u64 len;
	__aligned_u64 tag;
	__aligned_u64 seq;
	__aligned_u64 call;
	__s32 pid;
	__u32 uid;
	__u32 gid;
	__u32 priority;
	__u32 room;
	__s32 result;
};

/**
 * struct ipcbox_recv_batch - %IPCBOX_RECV_BATCH, on a port or mailbox fd
 * @size: sizeof(struct ipcbox_recv_batch)
 * @flags: %IPCBOX_NONBLOCK or zero
 * @entries: pointer to room for messages
 * @count: how many, 1 to %IPCBOX_BATCH_MAX
 * @entry_size: sizeof(struct ipcbox_recv_entry)
 * @deadline: when to give up waiting for the first (CLOCK_MONOTONIC, ns); 0: never
 * @from: as for %IPCBOX_RECV
 * @__reserved: zero
 *
 * Waits for the first message, and takes of the others what is there.
 *
 * Return: how many were received, if any: their @result is 0. That of the next is
 * the errno (negative) why it was not: EAGAIN: there was no more; EMSGSIZE, with
 * @len, or EFAULT: it stays in the box. Those behind it are not touched. If none was
 * received, the errno of the first, as for %IPCBOX_RECV; then nothing is written,
 * but for @len with EMSGSIZE.
 */
struct ipcbox_recv_batch {
	__u32 size;
	__u32 flags;
	__aligned_u64 entries;
	__u32 count;
	__u32 entry_size;
	__aligned_u64 deadline;
	__s32 from;
	__u32 __reserved;
};

/**
 * struct ipcbox_set - %IPCBOX_SET, on a port, mailbox or buffer fd
 * @size: sizeof(struct ipcbox_set)
 * @flags: zero
 * @attr: what to change; of a buffer the mode, the owner and the group
 *
 * What is queued stays, also above a lowered limit; rights are checked when an
 * fd is opened, so fds that are open keep theirs. Senders who wait get in where
 * a raised limit lets them.
 *
 * Return: 0. EIDRM, EPIPE: the end of the port or buffer; EPERM: for the owner only;
 * and see struct ipcbox_attr.
 */
struct ipcbox_set {
	__u32 size;
	__u32 flags;
	struct ipcbox_attr attr;
};

#define IPCBOX_IOC_TYPE		0xBC

/*
 * The size is in the struct, not in the number: the number never changes. 0x10 to 0x14
 * are those of buffers.
 */
#define IPCBOX_QUERY		_IO(IPCBOX_IOC_TYPE, 0x00)
#define IPCBOX_MAILBOX_OPEN	_IO(IPCBOX_IOC_TYPE, 0x01)
#define IPCBOX_LINK_OPEN	_IO(IPCBOX_IOC_TYPE, 0x02)
#define IPCBOX_PORT_CREATE	_IO(IPCBOX_IOC_TYPE, 0x03)
#define IPCBOX_PORT_OPEN	_IO(IPCBOX_IOC_TYPE, 0x04)
#define IPCBOX_PORT_DELETE	_IO(IPCBOX_IOC_TYPE, 0x05)
#define IPCBOX_PORT_LIST	_IO(IPCBOX_IOC_TYPE, 0x06)
#define IPCBOX_SEND		_IO(IPCBOX_IOC_TYPE, 0x07)
#define IPCBOX_RECV		_IO(IPCBOX_IOC_TYPE, 0x08)
#define IPCBOX_STAT		_IO(IPCBOX_IOC_TYPE, 0x09)
#define IPCBOX_SET		_IO(IPCBOX_IOC_TYPE, 0x0a)
#define IPCBOX_CALL		_IO(IPCBOX_IOC_TYPE, 0x0b)
#define IPCBOX_REPLY		_IO(IPCBOX_IOC_TYPE, 0x0c)
#define IPCBOX_REPLY_RECV	_IO(IPCBOX_IOC_TYPE, 0x0d)
#define IPCBOX_SEND_BATCH	_IO(IPCBOX_IOC_TYPE, 0x0e)
#define IPCBOX_RECV_BATCH	_IO(IPCBOX_IOC_TYPE, 0x0f)

#endif /* _UAPI_LINUX_IPCBOX_H */
