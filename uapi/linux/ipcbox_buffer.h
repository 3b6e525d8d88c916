/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR MIT) */
/*
 * ipcbox: the commands of buffers, the layout of a buffer's shared pages, and the rules
 * by which processes and the kernel change them. ipcbox.h has the concepts, the errors and
 * everything that buffers share with ports. Programs use the calls of the library, which
 * keeps to these rules.
 */
#ifndef _UAPI_LINUX_IPCBOX_BUFFER_H
#define _UAPI_LINUX_IPCBOX_BUFFER_H

#include <linux/ipcbox.h>
#include <linux/types.h>

/**
 * DOC: The buffer
 *
 * A buffer is a ring of *cells* of %IPCBOX_CELL_SIZE bytes. A message takes one or
 * more cells in a row. Its *position* is the number of its first cell, counted on
 * and on; the cell itself is the position modulo the number of cells. A message
 * never has to be split at the end of the ring, because the data is mapped twice in
 * a row.
 *
 * Beside the data there is a struct ipcbox_cell for each cell. In the one of a
 * message's first cell, one word holds everything that must change together: the *lap*
 * of the ring that the message belongs to, how many cells it has, which process owns
 * it now, and its state::
 *
 *	(older lap) --reserve--> WRITING --commit--> READY --peek--> READING
 *	                            |                  ^               |    |
 *	                            |                  +-- put back ---+  release
 *	                            +-- give up --> DONE <------------------+
 *
 * A word whose lap is not that of the position is left over from an earlier round:
 * the cell is free unless *tail* has passed it. Three positions go round:
 * *free* <= *tail* <= free + cells, and *head* in between, or behind free.
 *
 * - tail: the next cell to reserve. Changed only past a word of the right lap.
 * - head: where to look for the next message to read. Changed only past a word that
 *   is READING or DONE. It goes back to an earlier message, with a new epoch, if that
 *   becomes READY again. If that message was read meanwhile, head may be behind free,
 *   perhaps where cells are in use anew: a process that finds this sets it to free.
 * - free: the cells before it may be reserved again. Changed only past DONE; if head
 *   is at that message, head is changed first.
 *
 * So the words decide, and each step is one atomic change of one word. The positions
 * follow; a process that finds one that lags behind moves it on. A process that is
 * killed between any two instructions leaves nothing that stops the others, except
 * words that are WRITING or READING in its name. The kernel finds these when the control
 * pages of the process are unmapped: a WRITING message becomes DONE, a READING one
 * becomes READY.
 *
 * With %IPCBOX_SPSC there are no words and no head: only the producer moves tail,
 * with the commit, and only the consumer moves free, with the release. The length of a
 * message says how many cells it has. Nothing is shared before commit and release, so
 * the kernel has nothing to recover.
 *
 * The words are after the bounded queue by Dmitry Vyukov (1024cores.net), in which a
 * number of the round in each cell stands for its state; moving a pointer on that lags
 * behind is from the queue by Maged Michael and Michael Scott (1996).
 */

/**
 * DOC: Waiting
 *
 * Nobody enters the kernel while there is a message to read, or room to write. A process
 * that finds none waits with %IPCBOX_BUFFER_WAIT. The kernel then writes *want_data* or
 * *want_room* (poll(2) counts as waiting), and a process that adds a message or frees room
 * calls %IPCBOX_BUFFER_WAKE if that word is not zero. No wake-up is lost::
 *
 *	the process that waits (kernel)     the process that adds (user)
 *	-------------------------------     ----------------------------
 *	write want_*                        write the word: READY, or DONE
 *	full barrier                        full barrier
 *	read the words: nothing yet         read want_*: zero
 *	sleep                               go on
 *
 * For a lost wake-up both would have to read the value from before the other's write: the
 * two barriers rule that out. Either the first sees the word and does not sleep, or the
 * second sees that it is wanted, and wakes. In WAKE the kernel reads the words again, and
 * wakes as many tasks as there are messages or rooms. If a process is killed between the
 * word and WAKE, the kernel looks for tasks to wake when it unmaps the process's pages.
 *
 * docs/models/ has this, and the words and positions, as models: "make check" has Spin go
 * through every order of their steps.
 *
 * want_room has the number of cells that the first waiting producer needs. A producer that
 * sleeps on a full buffer is woken when a quarter of it is free, and after a
 * millisecond also when its message fits.
 * %IPCBOX_BUFFER_ASK in either word means: ask the kernel, because the buffer has ended.
 */

/**
 * DOC: Trust
 *
 * A process that may map a buffer, for either direction, can read everything in it; can
 * spoil, drop and repeat messages for all processes that have it mapped; and can keep them
 * waiting, until a signal or their deadline. It cannot do more: the kernel treats the pages
 * as a hint from a stranger, reads each word once and bounds it, and so does the library. A
 * process that may only receive cannot write to the data; but one that may only send can
 * read it.
 */

#define IPCBOX_CELL_SIZE	64
#define IPCBOX_CELL_SHIFT	6

/* Parts of ipcbox_cell.word */
#define IPCBOX_WORD_STATE	0x7ULL
#define IPCBOX_WORD_OWNER_SHIFT	3
#define IPCBOX_WORD_OWNER_MAX	0x1fffU		/* 0 is nobody */
#define IPCBOX_WORD_CELLS_SHIFT	16
#define IPCBOX_WORD_CELLS_MAX	0xfffffU
#define IPCBOX_WORD_LAP_SHIFT	36

/* States of a message. */
#define IPCBOX_CELL_WRITING	1ULL	/* reserved, by the owner */
#define IPCBOX_CELL_READY	2ULL	/* to be read */
#define IPCBOX_CELL_READING	3ULL	/* being read, by the owner */
#define IPCBOX_CELL_DONE	4ULL	/* finished: its cells can be free */

/*
 * head has its epoch in the low bits, and the position above it, at the bits where a word
 * has its number of cells: that number can be added to head without a shift.
 */
#define IPCBOX_HEAD_SHIFT	16
#define IPCBOX_HEAD_EPOCH	0xffffULL

/* In want_data and want_room: see "Waiting". */
#define IPCBOX_BUFFER_ASK	0xffffffffU

/* Sizes of the data, bytes, powers of two. */
#define IPCBOX_BUFFER_MIN	4096U
#define IPCBOX_BUFFER_MAX	(64U << 20)

/**
 * struct ipcbox_cell - the state of a message, beside its first cell
 * @word: lap, number of cells, owner and state
 * @len: bytes of payload; written before the word becomes READY
 * @tag: any number of the sender's; likewise
 */
struct ipcbox_cell {
	__aligned_u64 word;
	__u32 len;
	__u32 tag;
};

/**
 * struct ipcbox_ring_head - the positions, and what is waited for; behind it is
 *	struct ipcbox_cell for each cell
 * @tail: next cell to reserve
 * @head: where to look for the next message, and an epoch: see %IPCBOX_HEAD_SHIFT
 * @free: end of the room that may be reserved, one round earlier
 * @want_data: not zero: a consumer waits for a message
 * @want_room: not zero: a producer waits for so many cells
 *
 * Each has a cache line of its own.
 */
struct ipcbox_ring_head {
	__aligned_u64 tail;
	/* private: */
	__u64 __pad1[7];
	/* public: */
	__aligned_u64 head;
	/* private: */
	__u64 __pad2[7];
	/* public: */
	__aligned_u64 free;
	/* private: */
	__u64 __pad3[7];
	/* public: */
	__u32 want_data;
	/* private: */
	__u32 __pad4[15];
	/* public: */
	__u32 want_room;
	/* private: */
	__u32 __pad5[15];
};

/**
 * struct ipcbox_buffer_self - the first page of the control pages
 * @writing: owner and state of a word that this process writes in: see there
 * @reading: likewise, of one that it reads
 *
 * Each process has this page for itself, however often it has the control pages mapped:
 * after fork(2) the child finds a number of its own there. If it could get none, because of
 * a limit or for want of memory, it finds zero, and positions that show neither a message
 * nor room: it has to map the buffer again before it can use it.
 */
struct ipcbox_buffer_self {
	__aligned_u64 writing;
	__aligned_u64 reading;
};

/* A flag of %IPCBOX_BUFFER_WAKE alone. */
#define IPCBOX_GIVEN_BACK	(1U << 16)

/* The flags that each command takes; any other is EINVAL. */
#define IPCBOX_BUFFER_OPEN_FLAGS	IPCBOX_PORT_OPEN_FLAGS
#define IPCBOX_BUFFER_CREATE_FLAGS	\
	(IPCBOX_PORT_CREATE_FLAGS | IPCBOX_SPSC)
#define IPCBOX_BUFFER_LAYOUT_FLAGS	0U
#define IPCBOX_BUFFER_WAIT_FLAGS	\
	(IPCBOX_NONBLOCK | IPCBOX_RECEIVER | IPCBOX_SENDER)
#define IPCBOX_BUFFER_WAKE_FLAGS	\
	(IPCBOX_RECEIVER | IPCBOX_SENDER | IPCBOX_GIVEN_BACK)

/**
 * struct ipcbox_buffer_create - %IPCBOX_BUFFER_CREATE, on the control fd
 * @size: sizeof(struct ipcbox_buffer_create)
 * @flags: as for %IPCBOX_PORT_CREATE; and %IPCBOX_SPSC: the users of the buffer
 *	make sure that only one thread of all at a time sends, and only one receives,
 *	which makes it faster. Two senders, or two receivers, spoil what is in the buffer
 * @name: pointer to the name, as for %IPCBOX_PORT_CREATE
 * @name_len: its length in bytes
 * @__reserved: zero
 * @attr: attributes of the new buffer. @attr.max_bytes is the size of the data, rounded
 *	up to a power of two from %IPCBOX_BUFFER_MIN to %IPCBOX_BUFFER_MAX; a message
 *	takes whole cells of it. @attr.max_messages does not apply and must not be given
 *
 * Return: a new fd for the buffer. Errors are those of %IPCBOX_PORT_CREATE, and
 *
 * * EDQUOT: Limit of pages of buffers. Delete or unmap one, or raise the limit.
 * * EPROTOTYPE: With %IPCBOX_REUSE: the name is that of a port, or of a buffer that is
 *   SPSC and should not be, or the other way round.
 * * ERANGE: Also: the rounded size is above net.ipcbox.box_bytes or %IPCBOX_BUFFER_MAX.
 */
struct ipcbox_buffer_create {
	__u32 size;
	__u32 flags;
	__aligned_u64 name;
	__u32 name_len;
	__u32 __reserved;
	struct ipcbox_attr attr;
};

/**
 * struct ipcbox_buffer_open - %IPCBOX_BUFFER_OPEN, on the control fd
 * @size: sizeof(struct ipcbox_buffer_open)
 * @flags: as for %IPCBOX_PORT_OPEN
 * @name: pointer to the name
 * @name_len: its length in bytes
 * @__reserved: zero
 *
 * Return: a new fd for the buffer. Errors are those of %IPCBOX_PORT_OPEN, but
 *
 * * EPROTOTYPE: The name is that of a port. Use %IPCBOX_PORT_OPEN.
 */
struct ipcbox_buffer_open {
	__u32 size;
	__u32 flags;
	__aligned_u64 name;
	__u32 name_len;
	__u32 __reserved;
};

/**
 * struct ipcbox_buffer_layout - %IPCBOX_BUFFER_LAYOUT, on a buffer fd: how to map it
 * @size: sizeof(struct ipcbox_buffer_layout)
 * @flags: zero
 * @control_len: out: bytes of control pages, to be mapped from offset 0, shared and
 *	to be read and written
 * @ring_off: out: where struct ipcbox_ring_head is in them; they begin with
 *	struct ipcbox_buffer_self
 * @data_off: out: offset from which the data is mapped, shared; to be written only
 *	if the fd is for sending
 * @data_len: out: bytes to map there: twice the size of the data, which appears twice
 * @cells: out: number of cells
 * @max_msgsize: out: longest message in bytes
 * @kind: out: %IPCBOX_SPSC or zero
 * @directions: out: %IPCBOX_RECEIVER, %IPCBOX_SENDER: what this fd is for
 *
 * Each part is mapped whole, with one mmap(2), which can fail with
 *
 * * EACCES: The fd is not for the direction that the mapping needs, or for neither.
 * * EDQUOT: Limit of pages of buffers.
 * * EINVAL: Not all of a part, or a private mapping.
 * * ENODEV: The fd is not one of a buffer.
 * * ENOMEM: Memory is short.
 * * EUSERS: Too many processes have the buffer mapped, of all users or of this one.
 *
 * There are %IPCBOX_WORD_OWNER_MAX numbers, one for each process and buffer. A user has at
 * most a quarter of them, and the last eighth is for the owner of the buffer and for
 * CAP_SYS_RESOURCE. A mapping stays after close(2), as with any file, and counts as an
 * open fd. It cannot be divided. munmap(2) of a process's last mapping of the control pages
 * gives up the messages that the process was writing or reading.
 *
 * Return: 0.
 */
struct ipcbox_buffer_layout {
	__u32 size;
	__u32 flags;
	__aligned_u64 control_len;
	__aligned_u64 ring_off;
	__aligned_u64 data_off;
	__aligned_u64 data_len;
	__u32 cells;
	__u32 max_msgsize;
	__u32 kind;
	__u32 directions;
};

/**
 * struct ipcbox_buffer_wait - %IPCBOX_BUFFER_WAIT, on a buffer fd
 * @size: sizeof(struct ipcbox_buffer_wait)
 * @flags: %IPCBOX_RECEIVER: wait for a message; or %IPCBOX_SENDER: wait for room.
 *	%IPCBOX_NONBLOCK
 * @deadline: when to give up (CLOCK_MONOTONIC, ns); 0: never
 * @cells: with %IPCBOX_SENDER: how many cells; with %IPCBOX_RECEIVER zero
 * @__reserved: zero
 *
 * Return: 0: there was a message, or room, or another process added it, or the pages did
 * not make sense. Look again, and wait again if another process was faster. Or
 *
 * * EAGAIN: %IPCBOX_NONBLOCK, and there is nothing.
 * * EBADF: The fd is not for this direction.
 * * EIDRM: The buffer was removed.
 * * EINTR: A signal ended the wait.
 * * EINVAL: Neither direction, or both; to send, no cells, or more than the longest
 *   message has; to receive, @cells is not zero.
 * * EPIPE: The buffer has no name any more, and the other side is gone.
 * * ETIMEDOUT: The deadline passed.
 * * ENOMEM, EUSERS: See "Errors" in ipcbox.h.
 */
struct ipcbox_buffer_wait {
	__u32 size;
	__u32 flags;
	__aligned_u64 deadline;
	__u32 cells;
	__u32 __reserved;
};

/**
 * struct ipcbox_buffer_wake - %IPCBOX_BUFFER_WAKE, on a buffer fd
 * @size: sizeof(struct ipcbox_buffer_wake)
 * @flags: whom to wake: %IPCBOX_RECEIVER: there is a message; %IPCBOX_SENDER: there is
 *	room. %IPCBOX_GIVEN_BACK: because the caller gave up a message: a consumer
 *	that puts a message back wakes others for it, and a producer that cancels one
 *	wakes others for its room
 *
 * Wakes as many tasks as there are messages, or room for: some of them at once, the
 * others a little later. It never waits.
 *
 * Return: 0, or
 *
 * * EBADF: The fd is not for the direction in which the caller acts: a message comes from
 *   an fd for sending, and room from one for receiving; with %IPCBOX_GIVEN_BACK it is the
 *   other way round.
 * * EIDRM: The buffer was removed.
 * * EINVAL: The flags name nobody to wake.
 * * EPIPE: The buffer has no name any more, and the other side is gone.
 */
struct ipcbox_buffer_wake {
	__u32 size;
	__u32 flags;
};

#define IPCBOX_BUFFER_CREATE	_IO(IPCBOX_IOC_TYPE, 0x10)
#define IPCBOX_BUFFER_OPEN	_IO(IPCBOX_IOC_TYPE, 0x11)
#define IPCBOX_BUFFER_LAYOUT	_IO(IPCBOX_IOC_TYPE, 0x12)
#define IPCBOX_BUFFER_WAIT	_IO(IPCBOX_IOC_TYPE, 0x13)
#define IPCBOX_BUFFER_WAKE	_IO(IPCBOX_IOC_TYPE, 0x14)

#endif /* _UAPI_LINUX_IPCBOX_BUFFER_H */
