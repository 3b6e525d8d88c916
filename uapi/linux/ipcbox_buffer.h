/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR MIT) */
/*
 * ipcbox: the commands of buffers, what a buffer has in its shared pages, and the rules
 * by which processes and the kernel change it. Concepts, errors and what buffers have in
 * common with ports stand in ipcbox.h; programs use the calls of the library, which keeps
 * to these rules.
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
 * Beside the data there is a struct ipcbox_cell for each cell. The one of a
 * message's first cell says in one word all that must change together: the *lap* of
 * the ring that the message belongs to, how many cells it has, who has it in hand,
 * and its state::
 *
 *	(older lap) --reserve--> WRITING --commit--> READY --peek--> READING
 *	                            |                  ^               |    |
 *	                            |                  +-- put back ---+  release
 *	                            +-- give up --> DONE <------------------+
 *
 * A word whose lap is not that of the position is left over from an earlier round:
 * the cell is free as far as *tail* has not passed it. Three positions go round:
 * *free* <= *tail* <= free + cells, and *head* in between, or behind free.
 *
 * - tail: the next cell to reserve. Changed only past a word of the right lap.
 * - head: where to look for the next message to read. Changed only past a word that
 *   is READING or DONE; put back to an earlier message, with a new epoch, if that
 *   becomes READY again. If that was read meanwhile, head may be behind free, perhaps
 *   where cells are in use anew: who finds that, puts it to free.
 * - free: what is before it may be reserved again. Changed only past DONE; head,
 *   if it is at that message, first.
 *
 * So the words are what counts, and each step is one atomic change of one word. The
 * positions follow; who finds one that lags behind moves it on. A process that is
 * killed between any two instructions leaves nothing that the others could not go
 * on with, but for words that are WRITING or READING in its name. These the kernel
 * finds when it buries the process (unmaps its control pages): what was WRITING
 * becomes DONE, what was READING becomes READY.
 *
 * With %IPCBOX_ONE_TO_ONE there are no words and no head: only the producer moves tail,
 * with the commit, and only the consumer moves free, with the release. The cells of a
 * message are those that its length takes. Nothing is shared before commit and release,
 * so there is nothing to bury.
 *
 * The words are after the bounded queue by Dmitry Vyukov (1024cores.net), in which a
 * number of the round in each cell stands for its state; that others move a pointer
 * which lags behind is from the queue by Maged Michael and Michael Scott (1996).
 */

/**
 * DOC: Who waits
 *
 * Nobody enters the kernel while there is a message to read, or room to write. Who
 * finds none waits with %IPCBOX_BUFFER_WAIT. The kernel writes into *want_data* or
 * *want_room* that somebody waits (poll(2) counts), and who brings what is waited for
 * calls %IPCBOX_BUFFER_WAKE if that is not zero. No wake-up is lost::
 *
 *	who waits (kernel)                  who brings (user)
 *	------------------                  -----------------
 *	write want_*                        write the word: READY, or DONE
 *	full barrier                        full barrier
 *	read the words: nothing yet         read want_*: zero
 *	sleep                               go on
 *
 * Both read what was there before the other wrote: that is what the two barriers
 * rule out. Either the first sees the word and does not sleep, or the second sees
 * that it is wanted, and wakes. The kernel looks at the words again in WAKE, and
 * wakes as many as there is something for. Who is killed between the word and WAKE
 * is buried, and then the kernel looks too.
 *
 * docs/models/ has this, and the words and positions, as models: "make check" has Spin go
 * through every order of their steps.
 *
 * Of room, want_room tells how many cells are waited for, by the first who waits: who
 * sleeps on a full buffer is woken when a quarter of it is free, and after a
 * millisecond also when there is enough for its message.
 * %IPCBOX_BUFFER_ASK in either means: ask the kernel, which knows that it is over.
 */

/**
 * DOC: Trust
 *
 * Who may map a buffer, for either direction, can read all that is in it; can spoil,
 * drop and repeat messages for all who have it mapped; and can keep them waiting, until
 * a signal or their deadline. It cannot do more: the kernel takes what stands here for a
 * hint from a stranger, reads each word once and bounds it, and so does the library. Who
 * may only receive cannot write to the data; but who may only send can read it.
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
#define IPCBOX_CELL_DONE	4ULL	/* of no use to anyone any more */

/*
 * head is its epoch, and above that the position, where a word has its number of cells:
 * the one is added to the other as it stands.
 */
#define IPCBOX_HEAD_SHIFT	16
#define IPCBOX_HEAD_EPOCH	0xffffULL

/* In want_data and want_room: see "Who waits". */
#define IPCBOX_BUFFER_ASK	0xffffffffU

/* Sizes of the data, bytes, powers of two. */
#define IPCBOX_BUFFER_MIN	4096U
#define IPCBOX_BUFFER_MAX	(64U << 20)

/**
 * struct ipcbox_cell - what is known of a message, beside its first cell
 * @word: lap, number of cells, owner and state
 * @len: bytes of payload; written before the word says READY
 * @tag: any number of the sender's; likewise
 */
struct ipcbox_cell {
	__aligned_u64 word;
	__u32 len;
	__u32 tag;
};

/**
 * struct ipcbox_ring_head - the positions, and who waits; behind it is
 *	struct ipcbox_cell for each cell
 * @tail: next cell to reserve
 * @head: where to look for the next message, and an epoch: see %IPCBOX_HEAD_SHIFT
 * @free: end of what may be reserved, one round earlier
 * @want_data: not zero: somebody waits for a message
 * @want_room: not zero: somebody waits for so many cells
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
 * after fork(2) the child finds a number of its own there. If there was none for it, by
 * a limit or for want of memory, it finds zero, and positions that leave neither a
 * message nor room to be had: it can use nothing before it maps the buffer again.
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
	(IPCBOX_PORT_CREATE_FLAGS | IPCBOX_ONE_TO_ONE)
#define IPCBOX_BUFFER_LAYOUT_FLAGS	0U
#define IPCBOX_BUFFER_WAIT_FLAGS	\
	(IPCBOX_NONBLOCK | IPCBOX_RECEIVER | IPCBOX_SENDER)
#define IPCBOX_BUFFER_WAKE_FLAGS	\
	(IPCBOX_RECEIVER | IPCBOX_SENDER | IPCBOX_GIVEN_BACK)

/**
 * struct ipcbox_buffer_create - %IPCBOX_BUFFER_CREATE, on the control fd
 * @size: sizeof(struct ipcbox_buffer_create)
 * @flags: as for %IPCBOX_PORT_CREATE; and %IPCBOX_ONE_TO_ONE: the users of the buffer
 *	see to it that only one thread of all at a time sends, and only one receives,
 *	which makes it faster. Who does not, spoils what is in the buffer
 * @name: pointer to the name, as for %IPCBOX_PORT_CREATE
 * @name_len: its length in bytes
 * @__reserved: zero
 * @attr: attributes of the new buffer. @attr.max_bytes is the size of the data, rounded
 *	up to a power of two from %IPCBOX_BUFFER_MIN to %IPCBOX_BUFFER_MAX; a message
 *	takes whole cells of it. @attr.max_messages does not apply and is not given
 *
 * Return: a new fd for the buffer. As for %IPCBOX_PORT_CREATE, and EDQUOT. EPROTOTYPE, with
 * %IPCBOX_REUSE: also a buffer that is there and is shared in the other way, one to one or
 * not. ERANGE: also a size that is above net.ipcbox.box_bytes when it is rounded, or above
 * %IPCBOX_BUFFER_MAX.
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
 * Return: a new fd for the buffer. As for %IPCBOX_PORT_OPEN, and EPROTOTYPE.
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
 * @ring_off: out: where in them struct ipcbox_ring_head is; at their begin there is
 *	struct ipcbox_buffer_self
 * @data_off: out: offset from which the data is mapped, shared; to be written only
 *	if the fd is for sending
 * @data_len: out: bytes to map there: twice the size of the data, which is seen twice
 * @cells: out: number of cells
 * @max_msgsize: out: longest message in bytes
 * @kind: out: %IPCBOX_ONE_TO_ONE or zero
 * @directions: out: %IPCBOX_RECEIVER, %IPCBOX_SENDER: what this fd is for
 *
 * mmap(2) of either part has to be of all of it: EINVAL; or EACCES: a right is
 * missing, or the fd is for neither direction; EDQUOT; ENOMEM; EUSERS: too many
 * processes have it mapped, of all users or of the caller's; ENODEV: the fd is no buffer.
 * There are %IPCBOX_WORD_OWNER_MAX numbers, one for each process and buffer. A user has at
 * most a quarter of them, and the last eighth is for the owner of the buffer and for
 * CAP_SYS_RESOURCE. A mapping stays after close(2), as with any file, and counts as an
 * open fd. It cannot be divided; munmap(2) of a process' last mapping of the control pages
 * gives up what was in hand.
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
 * Return: 0: there was a message, or room, or somebody brought it, or what stands in the
 * pages could not tell: look again, and wait again if another was faster. EAGAIN, EINTR,
 * ETIMEDOUT, EUSERS; EBADF: the fd is not for this direction; EIDRM; EINVAL: neither
 * direction or both; to send, no cells or more than the longest message has; to
 * receive, @cells is not zero; ENOMEM; EPIPE: the buffer has no name any more, and the
 * other side is gone.
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
 * @flags: whom: %IPCBOX_RECEIVER: there is a message; %IPCBOX_SENDER: there is room.
 *	%IPCBOX_GIVEN_BACK: because the caller gave up what it had in hand: a consumer
 *	that puts a message back wakes others for it, and a producer that cancels one
 *	wakes others for its room
 *
 * Wakes those for whom there is something, and no others: some of them at once, the
 * others a little later. It never waits.
 *
 * Return: 0. EBADF: the fd is not for the direction that the caller acts in: a message
 * comes from an fd for sending, and room from one for receiving; with
 * %IPCBOX_GIVEN_BACK it is the other way round. EINVAL: nobody; EIDRM, EPIPE: it is over,
 * and nobody will come.
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
