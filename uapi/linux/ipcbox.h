/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR MIT) */
/*
 * ipcbox: mailboxes, links, ports and buffers, with the kernel as the only broker.
 *
 * This header is the contract between the module and user space. ipcbox_buffer.h adds
 * the commands and the shared pages of buffers.
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
 * O_NONBLOCK and /proc/PID/fdinfo work on all of them. A port or mailbox is also
 * called a *box*.
 *
 * *port* fd: a named queue that many senders and many receivers share. A port
 * stays until it is deleted, also while nobody has it open.
 *
 * *buffer* fd: a bounded buffer in shared memory. Buffers are named, opened, listed
 * and deleted as ports are. Producers and consumers map a buffer with mmap(2), and
 * write and read messages in place, without the kernel; a producer that finds it
 * full, or a consumer that finds it empty, waits in the kernel. If a process is
 * killed in the middle of a message, the buffer is as if it had not begun.
 *
 * *mailbox* fd: the queue of one process (thread group) for messages that name
 * it. A process has one for each network namespace; opening it again gives
 * another fd for the same mailbox. The mailbox ends
 *
 * * with the last of these fds;
 * * with its process, also if other processes have an fd for it;
 * * when the process runs, by execve(2), a program after which its users, groups,
 *   user namespace or permitted capabilities differ from those with which it first
 *   opened the mailbox. (Fewer capabilities do not matter.)
 *
 * So a message to a pid reaches only the program that runs there.
 *
 * *link* fd: the one way from the process that opened it to one peer process.
 * Opening it again gives the same link. A link has its own share of the peer's
 * mailbox (see "Limits of a box"), so one sender cannot take the room of
 * another. EPOLLOUT reports room; EPOLLHUP reports the end of the peer's mailbox.
 * A child that inherited a link fd sends over its parent's link, with its own pid
 * in the message.
 *
 * A direct send by pid on the control fd uses the same link without an fd.
 *
 * *call*: a message whose sender sleeps until the receiver replies to it, in one
 * command. It waits in the box as any message does, by its priority. The receiver
 * gets a number with it, and replies with that number; one command replies to a
 * call and receives the next message. The file description through which a call was
 * received answers for it: if the receiving process closes that file, or dies, before
 * it replies, the caller gets EPIPE at once.
 *
 * Names, and which processes can reach each other by pid, belong to the network
 * namespace in which /dev/ipcbox was opened, as with abstract UNIX sockets. When
 * the namespace dies, everything in it is freed.
 *
 * *Polling* a port, mailbox or link. A poller is woken when a message comes to an
 * empty box, and when a lane that had no room for the longest message has it again.
 * (A *lane* is the queue of a port, or of one link.) A program that polls for edges
 * (EPOLLET, or a multishot poll of io_uring) goes on until it gets EAGAIN, as epoll(7)
 * says. Such a program may also be woken for each further message if it calls
 * epoll_wait(2) before that. All pollers are woken as well when a receive from one
 * sender finds nothing in a mailbox that holds messages of others. A change wakes
 * all pollers, and one of them gets the message. Many workers on one port should
 * therefore sleep in %IPCBOX_RECV, where one message wakes one worker, or poll with
 * EPOLLEXCLUSIVE, where each new message, or new room, wakes one.
 *
 * *Order.* Messages are received by priority (highest first), then by arrival.
 * Senders that wait for room get in by the same rule, and no sender passes one that
 * waits with the same or a higher priority. (A wait that a signal interrupts and
 * restarts begins anew, behind the others.) Receivers are served in the order in
 * which they began to wait; on a mailbox, a receiver that named the sender goes
 * before one that takes messages from anyone.
 *
 * *All or nothing.* A send that returned 0 put the message into the box; a send that
 * failed left no trace. A receive that failed left the message where it was.
 *
 * *Batches.* One command can send or receive many messages, each with its own
 * result. They are handled in order, up to the first that fails. A task that waits for
 * several of them is woken once.
 *
 * *Waiting.* A send to a full box and a receive from an empty one wait, unless
 * O_NONBLOCK is set on the fd or %IPCBOX_NONBLOCK in the call. The wait ends
 * with success, at the deadline, with a signal (the call restarts, or fails
 * with EINTR, as read(2) does), or with the end of the object. A deadline is an
 * absolute time of the caller's CLOCK_MONOTONIC in nanoseconds. 0, and times that
 * are never reached (2^63-1 and above), mean no deadline. A call that need not wait
 * succeeds even if its deadline has passed.
 *
 * *Limits of a box.* A port holds at most max_messages messages with max_bytes
 * bytes of payload together. A mailbox holds that much for each of its links.
 *
 * *Threads.* Every command may be used on one fd by any number of threads.
 */

/**
 * DOC: Errors
 *
 * An error means that nothing was changed. (A call may fail after its request was
 * received: see struct ipcbox_call.) These errors have the same meaning for each
 * command, and a command's own list has only what is special there.
 *
 * ============ =================================================================
 * E2BIG        The struct is larger than this kernel knows, and the rest is not
 *              zero. Use only what the module's ABI level has, or update it.
 * EACCES       The mode of the port, buffer or mailbox does not allow this. Ask its
 *              owner to change the mode.
 * EAGAIN       The command would have to wait, but must not. Poll, then repeat it.
 * EBADF        The fd was not opened for this direction, or a given fd is not open.
 *              Open it for %IPCBOX_SENDER or %IPCBOX_RECEIVER.
 * ECONNREFUSED The process has no mailbox in this network namespace, or nobody
 *              has the port open for receiving (%IPCBOX_IF_SERVED). Try again when
 *              the peer has started.
 * EDQUOT       Limit of pages of buffers (net.ipcbox.user_pages, .max_pages).
 *              Delete or unmap a buffer, or raise the limit.
 * EEXIST       The name is taken, or the mailbox is already open and attributes were
 *              given. Open the object, or use %IPCBOX_REUSE or %IPCBOX_SET.
 * EFAULT       A pointer is bad. Mend the program.
 * EIDRM        The port or buffer was removed. Close the fd.
 * EINTR        A signal came before anything was done. Repeat the command, or stop.
 * EINVAL       A size is too small, a flag is unknown, a reserved field is not zero, a
 *              value is out of its range, or a name is malformed. Mend the program.
 * EMFILE       This process has too many open files (never a limit of ipcbox). Close
 *              some, or raise RLIMIT_NOFILE.
 * EMLINK       Limit of links (net.ipcbox.user_links, .max_links). Close links, or
 *              raise the limit.
 * EMSGSIZE     Send: the message is longer than the box's max_msgsize. Receive: it is
 *              longer than capacity (len has its length). List: there is no room for
 *              one entry. Use a larger buffer, or raise max_msgsize.
 * ENAMETOOLONG The name has more than %IPCBOX_NAME_MAX bytes. Shorten it.
 * ENFILE       The system has too many open files (never a limit of ipcbox). Raise
 *              fs.file-max.
 * ENOBUFS      Limit of queued bytes (net.ipcbox.user_bytes, .max_bytes), and the
 *              command does not wait, or would wait for ever: see "Queued bytes".
 *              Receive messages, send with a deadline, or raise the limit.
 * ENOENT       No port or buffer has that name in this network namespace. Create it.
 * ENOMEM       Memory is short, or the limit of the memory cgroup or of kernel memory
 *              (net.ipcbox.user_memory, .max_memory) is reached. Free some, or raise
 *              the limit.
 * ENOSPC       Limit of ports, buffers and mailboxes (net.ipcbox.user_boxes,
 *              .max_boxes). Delete some, or raise the limit.
 * ENOTTY       The command is unknown, or not one for this kind of fd. Use the right
 *              fd, or update the module.
 * EPERM        Only the owner of the port, buffer or mailbox, or a process with
 *              CAP_IPC_OWNER, may do this.
 * EPIPE        The other side is gone: the peer's mailbox; the process named in from;
 *              all receivers, or all senders, of an unlinked port or buffer; the
 *              receiver of a call, before it replied; or the caller. Close the fd.
 * EPROTOTYPE   The name is that of a buffer, not of a port, or the other way round.
 *              Open it as what it is, or use another name.
 * ERANGE       A limit for a box is above what net.ipcbox.box_* allows. Ask for less,
 *              or raise that limit.
 * ESRCH        This pid namespace has no such process. Look up the pid again.
 * ETIMEDOUT    The deadline passed. Wait longer, or check the other side.
 * EUSERS       Limit of waiting calls (net.ipcbox.user_waiters, .max_waiters). No
 *              call waits for this limit, because that would be one more waiter. Use
 *              poll(2), which reports when a send or receive need not wait; before a
 *              call, which always waits, pause.
 * ============ =================================================================
 */

/**
 * DOC: Queued bytes
 *
 * A message counts for the limits of queued bytes, of the user who sends it and of
 * all users together, until it is received. A sender that finds a limit reached waits
 * for bytes as it waits for room in the box: until its deadline, a signal, or the end
 * of the box. It waits for bytes first, and then for room, and counts for the limit of
 * waiting calls. With %IPCBOX_NONBLOCK or O_NONBLOCK it gets ENOBUFS at once. A message
 * that takes more than the whole limit always gets ENOBUFS. A blocking batch waits as
 * well; a batch that does not block sends what it can, and the next entry has ENOBUFS.
 *
 * Senders that wait at one limit get the bytes that come back in the order in which
 * they began to wait, in parts, so short messages do not starve a long one. All users
 * wait in one line for the limit of all users.
 *
 * A reply never waits, since the missing bytes may belong to calls that are queued
 * for that very server. It gets ENOBUFS, and the call stays open. A reply of up to 128
 * bytes does not count, so a server can always report a failure to the caller.
 *
 * poll(2) reports POLLOUT only if the largest message of the box need not wait for
 * bytes either, and reports it again when that is so. (If the limit is lower than the
 * largest message, POLLOUT means that all of it is free.) It goes by the limits of the
 * user who opened the fd. A user who got the fd from another user is still charged for
 * what they send, so to poll they should open the port themselves.
 *
 * Kernel memory (ENOMEM) is not waited for, but poll(2) looks at it: it reports POLLOUT
 * when the largest message has room below the limits of memory, or an eighth of the limit
 * is free. Memory of freed messages may be cached, and comes back within two seconds.
 */

/**
 * DOC: Extensible structs
 *
 * Each struct starts with its size, as the caller was compiled, and with flags.
 * Reserved fields, unknown flags and, in a larger struct, the part that this kernel
 * does not know must be zero. A field marked "out" is written by the kernel and not
 * read. Entries of a batch grow in the same way, by entry_size. Pointers are passed as
 * 64-bit integers, so the layout is the same for 32-bit programs.
 */

/** IPCBOX_ABI - the ABI level that this header describes */
#define IPCBOX_ABI		1

#define IPCBOX_NAME_MAX		255		/* bytes in a port's name */
#define IPCBOX_PRIORITY_MAX	32767		/* most urgent; 0 is the least */
#define IPCBOX_MSGSIZE_MAX	(16U << 20)	/* bytes, for any box */
#define IPCBOX_BATCH_MAX	1024		/* messages in one command */

/* Attributes of a new box that its creator does not set. */
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
 * Flags. In a command that returns an fd, NONBLOCK sets O_NONBLOCK on it; in a send or
 * receive it applies to this one call.
 */
#define IPCBOX_NONBLOCK		(1U << 0)
#define IPCBOX_RECEIVER		(1U << 1)	/* fd is for receiving */
#define IPCBOX_SENDER		(1U << 2)	/* fd is for sending */
#define IPCBOX_REUSE		(1U << 3)	/* create: open it if it exists */
#define IPCBOX_PIDFD		(1U << 4)	/* link open: peer is a pidfd */
#define IPCBOX_UNLINK		(1U << 5)	/* delete: only the name */
#define IPCBOX_SPSC		(1U << 6)	/* buffer: one producer, one consumer */
#define IPCBOX_IF_SERVED	(1U << 7)	/* call: fail if nobody receives */

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
 * @mode: permission to receive (r) and send (w), for user, group and others: 0 to 0666
 * @uid: owner; another than oneself needs CAP_CHOWN
 * @gid: group; one that the caller is not in needs CAP_CHOWN
 * @max_messages: how many messages may be queued, from 1
 * @max_bytes: how many bytes of payload may be queued, from 1
 * @max_msgsize: longest message in bytes, 0 to %IPCBOX_MSGSIZE_MAX, not above
 *	max_bytes
 *
 * It is the last member of every struct that has one, so that both can grow.
 *
 * Errors of commands that take attributes:
 *
 * * EINVAL: A bit, mode or id is out of range, a limit is 0 messages or bytes, or
 *   max_msgsize is above max_bytes.
 * * ERANGE: A limit is above net.ipcbox.box_messages, .box_bytes or .box_msgsize.
 * * EPERM: The caller may not give that owner or group.
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
 * @memory: out: bytes of kernel memory that the module keeps for this user, without
 *	the pages of buffers: open fds, ports, mailboxes, links, and messages, with the
 *	memory that is cached for the next ones and given back near the limit
 *
 * Return: 0, or ENOMEM.
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
 * @attr: attributes for a new mailbox. In @attr.mode the w bits permit sending
 *	(0600, the default: the same user); the r bits mean nothing, since only
 *	processes that have an fd can receive
 *
 * Creates the mailbox of the calling process if it has none.
 *
 * Return: a new fd for the mailbox, or
 *
 * * EACCES: The process has a mailbox that belongs to another user. Close it first.
 * * EEXIST: It has a mailbox, and @attr.mask is not zero. Use %IPCBOX_SET.
 * * EMFILE, ENFILE, ENOMEM, ENOSPC: See "Errors".
 * * EINVAL, EPERM, ERANGE: See struct ipcbox_attr.
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
 * @peer: pid of the peer process as the caller sees it; or with %IPCBOX_PIDFD a
 *	pidfd, which rules out that another process was given the same pid
 * @__reserved: zero
 *
 * Return: a new fd for the link from the calling process to the peer, or
 *
 * * EACCES: The mode of the peer's mailbox does not let this user send.
 * * EBADF: @peer is not an open fd (%IPCBOX_PIDFD).
 * * ECONNREFUSED: The peer has no mailbox. Try again when it has opened one.
 * * EINVAL: @peer is not above zero, or not a pidfd.
 * * ESRCH: No such process (a thread other than the first is none), or it has ended.
 * * EMFILE, EMLINK, ENFILE, ENOMEM: See "Errors".
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
 *	only to stat and set, and poll reports EPOLLERR. %IPCBOX_NONBLOCK.
 *	%IPCBOX_REUSE: if the port exists, open it as %IPCBOX_PORT_OPEN does and
 *	leave its attributes alone
 * @name: pointer to the name: @name_len bytes, none of them NUL, '/' or a
 *	control character (below 0x20, or 0x7f); not terminated
 * @name_len: 1 to %IPCBOX_NAME_MAX
 * @__reserved: zero
 * @attr: attributes of the new port; the owner is the caller's effective user,
 *	and the umask does not change the mode
 *
 * The creator gets both directions, whatever the mode.
 *
 * Return: a new fd for the port, or
 *
 * * EACCES: With %IPCBOX_REUSE: the port exists, and its mode does not grant a direction.
 * * EEXIST: The name is taken. Choose another one, or use %IPCBOX_REUSE.
 * * EINVAL, ENAMETOOLONG: The name is malformed or too long.
 * * EPROTOTYPE: With %IPCBOX_REUSE: the name is that of a buffer.
 * * EMFILE, ENFILE, ENOMEM, ENOSPC: See "Errors".
 * * EINVAL, EPERM, ERANGE: See struct ipcbox_attr.
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
 * Return: a new fd for the port, or
 *
 * * EACCES: The mode does not grant a direction. An fd for neither direction needs
 *   some right, or the ownership.
 * * EINVAL, ENAMETOOLONG: The name is malformed or too long.
 * * ENOENT: No port has this name. Create it.
 * * EPROTOTYPE: The name is that of a buffer. Use %IPCBOX_BUFFER_OPEN.
 * * EMFILE, ENFILE, ENOMEM: See "Errors".
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
 * @flags: zero: *remove* the port or buffer. The kernel drops what is queued, and
 *	every waiting and every later call gets EIDRM. (Processes that have a buffer
 *	mapped keep what is in it.)
 *	%IPCBOX_UNLINK: remove only the name; open fds go on. Then, when the last fd
 *	for receiving is closed, senders get EPIPE, and when the last one for
 *	sending is closed, receivers get EPIPE once the port is empty
 * @name: pointer to the name
 * @name_len: its length in bytes
 * @__reserved: zero
 *
 * Return: 0, or
 *
 * * EINVAL, ENAMETOOLONG: The name is malformed or too long.
 * * ENOENT: No port or buffer has this name.
 * * EPERM: The caller is neither the owner nor has CAP_IPC_OWNER.
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
#define IPCBOX_STATE_SHUTDOWN	(1U << 1)	/* removed, or the peer is gone */
#define IPCBOX_STATE_SPSC	(1U << 2)	/* a buffer made with IPCBOX_SPSC */

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
 *	sees it; 0 if it cannot see it, and for ports and buffers
 * @id: out: a number that no other port, mailbox, link or buffer has had since the
 *	module was loaded; two fds of one object have the same
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
 * @__reserved: out: zero
 *
 * For a buffer, @max_bytes is the size of the data, @messages counts those that can
 * be received now, and @bytes all cells that are not free; @max_messages, @sent,
 * @received and @calls are 0, because the kernel does not see its messages.
 *
 * It needs no right.
 *
 * Return: 0.
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
 *	(bytewise); the name need not exist (any more). Zero, with @after_len zero:
 *	list from the first one
 * @after_len: its length in bytes
 * @count: out: how many entries were written; 0 after the last one
 * @buf: pointer to room for entries
 * @buf_len: its length in bytes
 *
 * To list all, call again with the name of the last entry until @count is 0. A port
 * or buffer that is neither made nor deleted meanwhile is listed exactly once.
 *
 * Return: 0, or
 *
 * * EMSGSIZE: @buf_len is too small for the next entry. Use a larger buffer.
 * * EINVAL, ENAMETOOLONG: @after is malformed or too long.
 * * EINTR: A fatal signal ended the listing.
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
 * @tag: any number; the receiver gets it with the message
 * @deadline: when to give up waiting for queued bytes and room (CLOCK_MONOTONIC, ns);
 *	0: never
 * @priority: 0 to %IPCBOX_PRIORITY_MAX
 * @pid: on the control fd the receiving process; on any other zero
 *
 * Return: 0: the message is in the box. Or
 *
 * * EAGAIN: The box is full. Wait for POLLOUT, or send with a deadline.
 * * EBADF: The fd is not for sending.
 * * EIDRM: The port was removed.
 * * EINTR: A signal ended the wait.
 * * EMSGSIZE: The message is longer than the box's max_msgsize.
 * * ENOBUFS: Limit of queued bytes. See "Queued bytes".
 * * EPIPE: The peer's mailbox, or the last receiver of an unlinked port, is gone.
 * * ETIMEDOUT: The deadline passed.
 * * ENOMEM, EUSERS: See "Errors".
 * * EACCES, ECONNREFUSED, EMLINK, ESRCH: On the control fd, as for %IPCBOX_LINK_OPEN.
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
 * @reply_max: out: if the message is a call, how long the reply may be, in bytes; else
 *	zero
 * @len: out: length of the message in bytes; written with EMSGSIZE too
 * @tag: out: the sender's tag
 * @seq: out: 1 for the first message that the port or link ever took, then one
 *	more for each; the number of a call that was withdrawn is missing
 * @call: out: the number with which %IPCBOX_REPLY on this fd answers the call; zero if
 *	nobody waits for a reply
 *
 * Return: 0, or
 *
 * * EAGAIN: There is no message. Wait for POLLIN, or receive with a deadline.
 * * EBADF: The fd is not for receiving.
 * * EIDRM: The port was removed.
 * * EINTR: A signal ended the wait.
 * * EMSGSIZE: The next message is longer than @capacity, and is still there. Receive
 *   it with @len bytes.
 * * EPIPE: The process in @from ended and nothing of it is left, or the last sender of
 *   an unlinked port is gone.
 * * ESRCH: No process has the pid @from. (Receive what a reaped process left from
 *   anyone.)
 * * ETIMEDOUT: The deadline passed.
 * * EMLINK, ENOMEM, EUSERS: See "Errors".
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
	__u32 reply_max;
	__aligned_u64 len;
	__aligned_u64 tag;
	__aligned_u64 seq;
	__aligned_u64 call;
};

#include <linux/ipcbox_call.h>

/**
 * struct ipcbox_send_entry - one message of %IPCBOX_SEND_BATCH
 * @data: pointer to the message; not read if @len is zero
 * @len: its length in bytes
 * @tag: any number; the receiver gets it with the message
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
 * The messages are sent in order, each as by %IPCBOX_SEND: a message that finds no
 * room waits for it. The first message that fails ends the batch.
 *
 * Return: how many were sent, if any. Their @result is 0. The @result of the next one
 * is the errno (negative) with which it failed; the entries behind it were not tried and
 * not touched. If no message was sent: the errno of the first, as for %IPCBOX_SEND, and
 * no @result is written. (If an entry cannot be written to, the next command reports that;
 * its message is sent.) EINTR as the @result of the next one may also mean that the
 * process was stopped and went on: the command ends so that nothing is sent twice.
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
 * @reply_max: out
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
	__u32 reply_max;
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
 * Waits for the first message, and takes as many of the next ones as are already there.
 *
 * Return: how many were received, if any. Their @result is 0. The @result of the next
 * entry is the errno (negative) that ended the batch; the entries behind it are not
 * touched:
 *
 * * EAGAIN: There were no more messages.
 * * EFAULT: Its @data is bad. The message stays in the box.
 * * EMSGSIZE: The message is longer than its @capacity, and stays in the box; @len has its
 *   length.
 *
 * If no message was received: the errno of the first, as for %IPCBOX_RECV; then nothing is
 * written but @len with EMSGSIZE.
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
 * @attr: what to change; for a buffer the mode, the owner and the group
 *
 * Messages that are queued stay, also above a lowered limit. The kernel checks rights
 * when an fd is opened, so open fds keep theirs. Waiting senders get in if a raised limit
 * lets them.
 *
 * Return: 0, or
 *
 * * EIDRM: The port or buffer was removed.
 * * EPERM: The caller is neither the owner nor has CAP_IPC_OWNER.
 * * EPIPE: The port or buffer has no name any more, and its other side is gone.
 * * EINVAL, ERANGE: See struct ipcbox_attr.
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
