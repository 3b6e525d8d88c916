/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who sleeps for room hears of it: all messages of a full ring are released, or given up,
 * in any order and at once; who does looks whether there may be as much room as is wanted,
 * reclaims it, and tells (lib/ipcbox_buffer.h, lib/buffer.c); a producer wants more than
 * one of them makes (module/buffer_wait.c, module/ring.c). Some may keep what they have,
 * and be killed before they tell.
 *
 * What it shows: if in the end there is as much room as is wanted, from free on, the
 * producer does not sleep.
 *
 * -D of a run: CELLS; SIZE (cells of each message, 1 or 2); GIVEN_UP (so many of the
 * messages, the last ones, are being written: nobody has come to read them yet); WANTED
 * (cells); KEPT (at most so many messages); KILLS; KERNEL_STEPS (the kernel looks
 * in steps too). Planted faults: BUG_RECLAIM_ONCE,
 * BUG_NEXT_IS_NOT_ASKED, BUG_ROOM_BEFORE_WORD, BUG_LOOK_BEFORE_TELL, BUG_RECOVER_QUIETLY.
 */
#ifndef CELLS
#define CELLS		2
#endif
#ifndef SIZE
#define SIZE		1
#endif
#ifndef GIVEN_UP
#define GIVEN_UP	0
#endif
#ifndef WANTED
#define WANTED		2
#endif
#ifndef KEPT
#define KEPT		0
#endif
#ifndef KILLS
#define KILLS		0
#endif

/* In the kernel; what takes one step there unless KERNEL_STEPS. */
#ifdef KERNEL_STEPS
#define KERNEL
#else
#define KERNEL		atomic
#endif

#include "ring.pml"

byte kept = KEPT, kills = KILLS;

#if KILLS
#define MAY_BE_KILLED	if :: kills -> kills--; goto killed :: true fi
#else
#define MAY_BE_KILLED	skip
#endif

/* ---- who waits ------------------------------------------------------------ */

byte want_room;
bool woken;

/* ipcbox_buffer_wake(); the only one who waits wants so much. */
inline wake()
{
	KERNEL { ring_room() };
	d_step {
		if
		:: want_room && room >= want_room -> want_room = 0; woken = true
		:: else
		fi;
		room = 0
	}
}

/* lib/buffer.c: make_room(), wait_for() */
proctype producer()
{
	short h, w;
	byte pos, begin, end, room, steps;
	bool ok;

	reclaim();
	if
	:: room >= WANTED
	:: else ->
#ifdef BUG_LOOK_BEFORE_TELL
		KERNEL { ring_room() };
		want_room = WANTED;
#else
		want_room = WANTED;
		KERNEL { ring_room() };
#endif
		if
		:: room >= WANTED
		:: else ->
end_asleep:		woken
		fi
	fi;
	d_step { want_room = 0; woken = true; room = 0 }
}

/* ---- who brings ----------------------------------------------------------- */

/* ipcbox_buffer_tell_room() */
inline tell_room()
{
	reclaim();
	if
	:: room >= want -> wake()
	:: else -> room = 0
	fi
}

/* ipcbox_buffer_tell_finished() with ipcbox_may_be_room(), at @position */
inline tell_finished(position)
{
#ifndef BUG_ROOM_BEFORE_WORD
	want = want_room;
#endif
	if
	:: !want
	:: else ->
		pos = tail;
		if
		:: pos - (position) + want <= CELLS -> tell_room()
		:: else ->
#ifndef BUG_NEXT_IS_NOT_ASKED
			if
			:: state_of(word AT(position)) == DONE -> tell_room()
			:: else
			fi
#else
			skip
#endif
		fi
	fi
}

/* It has the message at @mine in flight, and reads it. */
proctype consumer(byte mine)
{
	short h, w;
	byte pos, begin, end, room, steps, want;
	bool ok;

	if
#if KEPT
	:: d_step { kept -> kept-- }; goto ended
#endif
	:: true
	fi;
#ifdef BUG_ROOM_BEFORE_WORD
	want = want_room;
#endif
	/* ipcbox_buffer_finish_many() */
	atomic { word AT(mine) = WORD(mine, SIZE, 0, DONE); MAY_BE_KILLED };
	if
	:: free == mine -> cas_free(mine, mine + SIZE)
	:: else
	fi;
	tell_finished(mine + SIZE);
	goto ended;
killed:
	/* Of ipcbox_ring_recover() there is nothing left to do. */
#ifndef BUG_RECOVER_QUIETLY
	wake();
#endif
ended:
	skip
}

/* It has the message at @mine in flight, and writes it. */
proctype canceller(byte mine)
{
	short h, w;
	byte pos, begin, end, room, steps, want;
	bool ok;

	if
#if KEPT
	:: d_step { kept -> kept-- }; goto ended
#endif
	:: true
	fi;
	/* ipcbox_buffer_cancel() */
	atomic { word AT(mine) = WORD(mine, SIZE, 0, DONE); MAY_BE_KILLED };
	want = want_room;
	if
	:: want -> tell_room()
	:: else
	fi;
	goto ended;
killed:
	wake();
ended:
	skip
}

/* Nobody can do anything any more. */
proctype judge()
{
	byte end = CELLS;

	atomic {
		timeout ->
		end = free;
		do
		:: end < 2 * CELLS && state_of(word AT(end)) == DONE -> end = end + SIZE
		:: else -> break
		od;
		assert(woken || CELLS - (tail - end) < WANTED)
	}
}

init {
	byte pos = CELLS;

	atomic {
		tail = 2 * CELLS;
		head = HEAD(2 * CELLS - GIVEN_UP * SIZE, 0);
		do
		:: pos < 2 * CELLS - GIVEN_UP * SIZE ->
			word AT(pos) = WORD(pos, SIZE, 0, READING);
			run consumer(pos);
			pos = pos + SIZE
		:: pos >= 2 * CELLS - GIVEN_UP * SIZE && pos < 2 * CELLS ->
			word AT(pos) = WORD(pos, SIZE, 0, WRITING);
			run canceller(pos);
			pos = pos + SIZE
		:: else -> break
		od;
		run producer();
		run judge();
		pos = 0
	}
}
