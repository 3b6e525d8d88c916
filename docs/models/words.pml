/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The words and the positions of a buffer: who reserves, commits, cancels, takes,
 * releases, puts back and recovers, step by step as in lib/ipcbox_buffer.h, lib/buffer.c
 * and module/ring.c, whose names the parts have here. Between any two accesses to what
 * is shared all others may run, and a process may be killed.
 *
 * Waiting is simple here: who brings something has all who sleep look again. How it is
 * in truth is in waiting.pml and room.pml. What this model shows is that there is something
 * to be seen:
 *
 * - each message that was sent is read once, whole, by one who lives to release it;
 *   what was cancelled, or was being written by one who was killed, by nobody
 * - free <= tail <= free + cells
 * - wherever head is put, all sleep only where all is read, and all is sent
 *
 * -D of a run: CELLS, PRODUCERS, CONSUMERS, MESSAGES (of each producer), CANCELS and
 * PUT_BACKS (at most so many), KILLS (fewer than CONSUMERS), VISITORS (who are recovered, and do
 * nothing else), LONG (messages of two cells as well as of one), KERNEL_STEPS (the kernel looks
 * in steps too). Planted faults: BUG_NO_LAP (a reader does not look at the lap), BUG_NO_EPOCH,
 * BUG_NO_HELP_TAIL, BUG_NO_SECOND_LOOK (at tail, for a word of another lap),
 * BUG_NO_PUT_BACK_HEAD (by recovery), BUG_NO_MEND (of a head behind free),
 * BUG_ONLY_KERNEL_MENDS, BUG_COUNT_FROM_HEAD (only the readers mend).
 *
 * In larger runs, by hand: -DMESSAGES=5; -DMESSAGES=3 -DKILLS=1 (7 million states);
 * -DMESSAGES=3 -DCANCELS=1 -DPUT_BACKS=1 (10 million); -DMESSAGES=3 -DCELLS=4 -DLONG.
 */
#ifndef CELLS
#define CELLS		2
#endif
#ifndef PRODUCERS
#define PRODUCERS	1
#endif
#ifndef CONSUMERS
#define CONSUMERS	2
#endif
#ifndef MESSAGES
#define MESSAGES	4
#endif
#ifndef CANCELS
#define CANCELS		0
#endif
#ifndef PUT_BACKS
#define PUT_BACKS	0
#endif
#ifndef KILLS
#define KILLS		0
#endif
#ifndef VISITORS
#define VISITORS	0
#endif

/* In the kernel; what takes one step there unless KERNEL_STEPS. */
#ifdef KERNEL_STEPS
#define KERNEL
#else
#define KERNEL		atomic
#endif

#include "ring.pml"

/* What a producer writes into the cells: the position, so that all are different. */
#ifdef DATA
byte data[CELLS];

#define WRITE_DATA	d_step { data AT(pos) = pos; data AT(pos + cells - 1) = pos }
#define READ_DATA	got = data AT(pos)
#define CHECK_READ_DATA	assert(got == pos); got = 0
#define CHECK_DATA	\
	d_step { \
		assert(data AT(pos) == pos); \
		assert(data AT(pos + cells_of(w) - 1) == pos) \
	}
#else
#define WRITE_DATA	skip
#define READ_DATA	skip
#define CHECK_READ_DATA	skip
#define CHECK_DATA	skip
#endif

/* ---- what is counted, and who lives --------------------------------------- */

/* A bit for each position. */
int sent, received;

byte producers_left = PRODUCERS;
byte cancels = CANCELS, put_backs = PUT_BACKS;

/*
 * Here who runs may be killed. What it only read nobody can tell; who is killed while it
 * has nothing in flight is as a visitor; and where a position was not moved, others move it.
 * So it is enough to have this after each change of a word, as one step with that.
 */
byte kills = KILLS;

#if KILLS
#define MAY_BE_KILLED	if :: kills -> kills--; goto killed :: true fi
#else
#define MAY_BE_KILLED	skip
#endif

/* A bit for each who sleeps, and for each of these who is to look again. */
byte asleep, told;

#define BIT		(1 << me)
#define tell()		told = told | asleep

/* ---- steps that several take ---------------------------------------------- */

/* Of its own word; it may be killed with that in flight. */
inline cas_word(seen, value)
{
	atomic {
		if
		:: word AT(pos) == seen ->
			word AT(pos) = value;
			ok = true;
			MAY_BE_KILLED
		:: else -> ok = false
		fi
	}
}

inline cas_tail(seen, value)
{
	d_step {
		if
		:: tail == seen -> tail = value
		:: else
		fi;
		assert(free <= tail && tail <= free + CELLS)
	}
}

/* lib/buffer.c: put_back_head(); module/ring.c: put_back_head() */
inline put_back_head(pos)
{
	do
	:: h = head;
	   if
	   :: pos_of(h) < pos -> break
	   :: else ->
#ifdef BUG_NO_EPOCH
		cas(head, h, HEAD(pos, h));
#else
		cas(head, h, HEAD(pos, h + 1));
#endif
		if
		:: ok -> break
		:: else
		fi
	   fi
	od;
	h = 0
}

/* module/ring.c: ipcbox_ring_recover() and what it is made of; module/mapping.c: recover_inflight() */
inline recover(me)
{
	d_step { h = 0; w = 0; pos = 0; end = 0; first = 0 }
#ifndef BUG_NO_HELP_TAIL
	/* help_tail() */
	do
	:: pos = tail;
	   w = word AT(pos);
	   if
	   :: of_lap(w, pos) -> cas_tail(pos, pos + cells_of(w))
	   :: else ->
		if
		:: tail == pos -> break
		:: else
		fi
	   fi
	od;
#endif
	end = tail;
	pos = free;
	do
	:: pos >= end -> break
	:: else ->
		w = word AT(pos);
		if
		:: !of_lap(w, pos) ->
			/* Others were here, a lap later: go on behind them. */
			d_step {
				if
				:: pos < free -> pos = free
				:: else -> end = 0
				fi
			}
		:: else ->
			ok = false;
			if
			:: owner_of(w) == me && state_of(w) == WRITING ->
				cas(word AT(pos), w, with_state(w, DONE))
			:: owner_of(w) == me && state_of(w) == READING ->
				cas(word AT(pos), w, with_state(w, READY))
			:: else
			fi;
			d_step {
				if
				:: !first && (state_of(w) == READY ||
					      (ok && state_of(w) == READING)) -> first = pos
				:: else
				fi;
				pos = pos + cells_of(w)
			}
		fi
	od;
	atomic { pos = 0; w = 0; end = 0; ok = false }
#ifndef BUG_NO_PUT_BACK_HEAD
	if
	:: first -> put_back_head(first)
	:: else
	fi;
#endif
	d_step { first = 0; ok = false; tell() }
}

/* ---- producers ------------------------------------------------------------ */

/* lib/buffer.c: make_room(); the kernel only lets sleep who finds none. */
inline await_room()
{
	d_step { w = 0; pos = 0 };
	reclaim();
	do
	:: room >= cells -> break
	:: else ->
		d_step { asleep = asleep | BIT; told = told & ~BIT };
		KERNEL { ring_room() };
		if
		:: room >= cells
		:: room < cells && (told & BIT)
		fi;
		d_step { asleep = asleep & ~BIT; told = told & ~BIT };
	od;
	room = 0
}

/* lib/ipcbox_buffer.h: ipcbox_buffer_reserve_many() */
inline reserve_many()
{
	do
	:: pos = tail;
	   if
	   :: pos + cells - 1 - free < 0 || pos + cells - 1 - free >= CELLS -> await_room()
	   :: else ->
		w = word AT(pos);
		if
		:: w < LAP(pos) -> ok = true
#ifdef BUG_NO_SECOND_LOOK
		:: else -> ok = true
#else
		:: else -> ok = tail == pos
#endif
		fi;
		if
		:: !ok
		:: ok && of_lap(w, pos) ->
			/* Taken, and tail lags behind. */
			cas_tail(pos, pos + cells_of(w))
		:: ok && !of_lap(w, pos) ->
			/* There is no order of laps, which go round: it has to be so. */
			assert(w < LAP(pos));
			cas_word(w, WORD(pos, cells, me, WRITING));
			if
			:: ok -> break
			:: else
			fi
		fi
	   fi
	od;
	atomic { w = WORD(pos, cells, me, WRITING); ok = false };
	cas_tail(pos, pos + cells)
}

proctype producer(byte me)
{
	short h, w;
	byte pos, begin, end, first, room, steps, cells = 1, count;
	bool ok;

	do
	:: count == MESSAGES -> break
	:: else ->
#ifdef LONG
		if
		:: true
		:: cells = 2
		fi;
#endif
		reserve_many();
		WRITE_DATA;
		if
		:: atomic {
			/* ipcbox_buffer_publish_many() */
			assert(word AT(pos) == w);
			word AT(pos) = w + READY - WRITING;
			sent = sent | 1 << pos;
			MAY_BE_KILLED
		   }
#if CANCELS
		:: atomic {
			/* ipcbox_buffer_cancel() */
			cancels -> cancels--;
			assert(word AT(pos) == w);
			word AT(pos) = w + DONE - WRITING;
			MAY_BE_KILLED
		   }
#endif
		fi;
		d_step { tell(); count++; pos = 0; w = 0; cells = 1 }
	od;
#if KILLS
	goto ended;
killed:
	recover(me);
ended:
#endif
	atomic { count = 0; cells = 0; producers_left-- }
}

/* ---- consumers ------------------------------------------------------------ */

/* module/ring.c: ipcbox_ring_ready(), for one */
inline next_to_read(to)
{
#if defined(BUG_NO_MEND) || defined(BUG_COUNT_FROM_HEAD)
	to = pos_of(head)
#else
	d_step { to = pos_of(head); to = (to < free -> free : to) }
#endif
}

inline ring_ready()
{
	next_to_read(begin);
	pos = begin;
	do
	:: w = word AT(pos);
	   if
	   :: !of_lap(w, pos) ->
		next_to_read(pos);
		if
		:: pos == begin -> ready = false; break
		:: else -> begin = pos
		fi
	   :: of_lap(w, pos) && state_of(w) == WRITING -> ready = false; break
	   :: of_lap(w, pos) && state_of(w) == READY -> ready = true; break
	   :: else -> pos = pos + cells_of(w)
	   fi
	od;
	atomic { begin = 0; pos = 0; w = 0 }
}

/* lib/buffer.c: wait_for_data() */
inline await_data()
{
	d_step { h = 0; w = 0; pos = 0; asleep = asleep | BIT; told = told & ~BIT };
	do
	:: KERNEL { ring_ready() };
	   if
	   :: ready -> break
	   :: else ->
end_asleep:	d_step { told & BIT -> told = told & ~BIT }
	   fi
	od;
	atomic { ready = false; asleep = asleep & ~BIT; told = told & ~BIT }
}

/* lib/ipcbox_buffer.h: ipcbox_buffer_take_many(); lib/buffer.c: pass_or_wait(), mend_head() */
inline take_many()
{
	do
	:: h = head;
	   d_step { pos = pos_of(h); w = word AT(pos) };
	   if
#ifdef BUG_NO_LAP
	   :: state_of(w) == READY ->
#else
	   :: is(w, pos, READY) ->
#endif
		READ_DATA;
		cas_word(w, (w & ~63) | me << 3 | READING);
		if
		:: ok -> break
		:: else
		fi
	   :: else ->
		if
		:: head != h
		:: else ->
			if
			:: !of_lap(w, pos) ->
#if defined(BUG_NO_MEND) || defined(BUG_ONLY_KERNEL_MENDS)
				await_data()
#else
				end = free;
				if
				:: pos >= end -> await_data()
				:: else -> cas(head, h, HEAD(end, h + 1))
				fi
#endif
			:: is(w, pos, WRITING) -> await_data()
			:: else -> cas(head, h, h + step_of(w))
			fi
		fi
	   fi
	od;
	atomic { CHECK_READ_DATA; end = 0; w = (w & ~63) | me << 3 | READING };
	atomic {
		cas(head, h, h + step_of(w));
		MAY_BE_KILLED
	};
	d_step { h = 0; ok = false }
}

proctype consumer(byte me)
{
	short h, w;
	byte pos, begin, end, first, got;
	bool ok, ready;

	do
	:: take_many();
	   CHECK_DATA;
	   if
	   :: atomic {
		/* ipcbox_buffer_finish_many() */
		assert(word AT(pos) == w);
		word AT(pos) = w + DONE - READING;
		assert(!(received & 1 << pos));
		received = received | 1 << pos;
		MAY_BE_KILLED
	      };
	      if
	      :: free == pos -> cas_free(pos, pos + cells_of(w))
	      :: else
	      fi
#if PUT_BACKS
	   :: atomic {
		/* ipcbox_buffer_put_back() */
		put_backs -> put_backs--;
		assert(word AT(pos) == w);
		word AT(pos) = w + READY - READING;
		MAY_BE_KILLED
	      };
	      put_back_head(pos)
#endif
	   fi;
	   d_step { pos = 0; w = 0; ok = false; tell() }
	od;
#if KILLS
killed:
	recover(me)
#endif
}

/* ---- who comes and goes, and who judges ----------------------------------- */

proctype visitor(byte me)
{
	short h, w;
	byte pos, end, first;
	bool ok;

	recover(me)
}

#define EVERYBODY	(PRODUCERS + CONSUMERS)

/* Nobody can do anything any more. */
proctype judge()
{
	byte i;

	atomic {
		timeout ->
		assert(!producers_left);
		assert(received == sent);
		assert(free <= tail && tail <= free + CELLS);
		do
		:: i < CELLS ->
			assert(state_of(word[i]) != WRITING && state_of(word[i]) != READING);
			i++
		:: else -> break
		od
	}
}

init {
	byte i = 1;

	atomic {
		do
		:: i <= PRODUCERS -> run producer(i); i++
		:: i > PRODUCERS && i <= EVERYBODY -> run consumer(i); i++
		:: i > EVERYBODY && i <= EVERYBODY + VISITORS -> run visitor(i); i++
		:: else -> break
		od;
		run judge();
		i = 0
	}
}
