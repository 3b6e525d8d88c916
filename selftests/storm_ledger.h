/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that all processes of a storm share; the checker compares the model with it.
 *
 * A *record* stands for a message, whose tag is the number of its record. Its
 * sender notes there what it is going to do before the send, and what came of
 * it afterwards. One that is killed in between leaves an INTENT: the message may
 * arrive, once.
 *
 * A *slot* stands for a thread. The kernel writes the struct of a receive right
 * into it, after the payload, and only then has the receiver the message: so the
 * slot tells even for a thread that was killed in that very moment whether it had
 * received one. The thread notes the receipt, or the checker after its death; both
 * sign with the number of that receive, so that to do it twice does no harm.
 */
#ifndef STORM_LEDGER_H
#define STORM_LEDGER_H

#include "commands.h"
#include "storm_findings.h"

#include <sys/types.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

/* Boxes that last as long as the storm, by number, and all others. */
#define PORTS		4
#define POSTMASTERS	2		/* processes whose mailboxes last */
#define LASTING		(PORTS + POSTMASTERS)
#define PASSING		LASTING		/* a box that may end at any time */

/* Buffers are numbered behind the boxes, likewise. */
#define BUFFERS		2
#define FIRST_BUFFER	(PASSING + 1)
#define PASSING_BUFFER	(FIRST_BUFFER + BUFFERS)
#define PLACES		(PASSING_BUFFER + 1)

#define MORTALS		3		/* names of ports that come and go */
#define MORTAL_BUFFERS	2		/* and of buffers */

/* Of ports: those that last, the others; then of buffers, likewise. */
#define BUFFER_NAMES	(PORTS + MORTALS)
#define NAMES		(BUFFER_NAMES + BUFFERS + MORTAL_BUFFERS)

#define WORKERS		10		/* processes, postmasters not counted */
#define LOWMEM_WORKERS	2		/* of these in a small memory cgroup */
#define THREADS		3		/* of each process; and it has a child */
#define PER_PROCESS	(THREADS + 1)
#define PROCESSES	(POSTMASTERS + WORKERS)
#define SLOTS		(1 + PROCESSES * PER_PROCESS)	/* the first: the checker */

#define RECORDS		(512 << 10)	/* messages in one round */
#define CLASSES		4		/* priorities in use */
#define LEN_MAX		(100 << 10)

enum record_state { UNUSED, INTENT, ACCEPTED, REFUSED };

struct record {
	__u64 receipt;		/* its receiver; 0: none */
	__u64 lane;		/* with an order of its own; 0: not known */
	__u32 seq;		/* that the kernel gave the receiver; of a buffer: its own count */
	__u32 len;
	__u16 slot;		/* of the sender */
	__u16 life;
	__u8 box;
	__u8 state;
	__u8 class;
	__u8 is_call;		/* may be withdrawn after it was accepted */
	__u16 restarts;		/* so often at most, and then be made again */
	__u8 takes;		/* out of a buffer: if its holder died it may come again, */
	__u8 may_be_gone;	/* or was finished with */
};

/* How far a thread is with a message that it takes out of a buffer. */
enum progress { EMPTY, TAKING, HOLDING, FINISHING, RECEIVING_WHOLE };

struct hand {
	int progress;		/* enum progress */
	int box;
	__u32 number;		/* of the record; RECEIVING_WHOLE: how many may be gone */
};

#define HANDS		2	/* of each thread */
#define RECV_BATCH_MAX	4

/* The state of a thread, for the checker. */
enum doing {
	NOTHING, WORKING, PAUSED, SENDING, RECEIVING, POLLING, CALLING,
	BUFFER_SENDING, BUFFER_RECEIVING
};

struct slot {
	/* The kernel writes these: a receive uses the end of the first. */
	struct ipcbox_reply_recv reply_recv __attribute__((aligned(128)));
	struct ipcbox_recv_entry batch[RECV_BATCH_MAX];
	struct hand hands[HANDS];
	__u32 takes;		/* out of buffers */
	__u64 receives;
	__u64 random;
	pid_t pid;		/* 0: nobody's, -1: soon somebody's */
	pid_t tid;
	__u32 life;
	bool lowmem;		/* in the memory cgroup of storm_lowmem.c */

	/* While it is in a call */
	int doing;
	int fd;
	int box;
	__u64 id;		/* of what the fd is for */
	__u32 len;
	__u32 class;
	__s32 process;		/* receives from, or sends to */
	__u64 since;
	short events;		/* that it polls for */
	int holds;		/* 1 + a port whose message it will put back */
	bool doomed;		/* it is being killed: it may hold anything */
};

enum phase { RUN, PAUSE, STOP, OVER };

/* Boxes are to be full at some times, and empty at others. */
enum mood { EVEN, SENDING_MORE, RECEIVING_MORE, MOODS };

struct ledger {
	struct findings findings;
	struct slot slots[SLOTS];
	int phase;
	int mood;
	int squeezed;		/* limits are lower than usual now ... */
	int squeezes;		/* ... and were so often */
	pid_t checker;
	__u64 port_ids[PORTS];
	pid_t postmasters[POSTMASTERS];
	int mailboxes[POSTMASTERS];	/* their fds there */
	pid_t workers[PROCESSES];
	char names[NAMES][32];
	__u64 buffer_ids[BUFFERS];

	/*
	 * How often a message was taken out of a port that may come back.
	 * Meanwhile others pass it, so no order is to be expected.
	 */
	int holds[PORTS];

	/*
	 * Of each place: how many died of whom it is not known what they had just
	 * taken out of a buffer; and how many messages these may have finished with.
	 */
	int blind[PLACES];
	int gone[PLACES];

	__u32 next;		/* record */
	struct record records[RECORDS];
};

extern struct ledger *ledger;

int ledger_create(void);
int ledger_attach(int fd);
int ledger_fd(void);
void ledger_clear(void);

__u32 ledger_intend(const struct slot *slot, int box, __u64 lane, __u32 class,
		    __u32 len);
void ledger_note_result(__u32 number, bool accepted);
void ledger_note_receipt(struct slot *slot);
void ledger_sign(struct slot *slot, __u64 tag, int box);
void ledger_bury(struct slot *slot);
int ledger_number(const struct slot *slot);

__u32 priority_of(__u32 class);
__u64 random_u64(struct slot *slot);
__u32 random_below(struct slot *slot, __u32 bound);
void random_seed(struct slot *slot, __u64 seed);

#endif /* STORM_LEDGER_H */
