/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is in the shared pages of a buffer, as words.pml and room.pml have it, and how room
 * is reclaimed. See <linux/ipcbox_buffer.h>.
 */

/* ---- words and positions -------------------------------------------------- */

#define WRITING		1
#define READY		2
#define READING		3
#define DONE		4

/* State, owner, number of cells, lap; as there, only shorter. */
#define LAP(pos)	((pos) / CELLS << 8)
#define WORD(pos, cells, owner, state)	(LAP(pos) | (cells) << 6 | (owner) << 3 | (state))
#define state_of(w)	((w) & 7)
#define owner_of(w)	((w) >> 3 & 7)
#define cells_of(w)	((w) >> 6 & 3)
#define of_lap(w, pos)	((w) >> 8 == (pos) / CELLS)
#define is(w, pos, s)	(of_lap(w, pos) && state_of(w) == s)
#define with_state(w, s)	(((w) & ~63) | (s))

/* Position and epoch. */
#define HEAD(pos, epoch)	((pos) << 6 | ((epoch) & 63))
#define pos_of(h)	((h) >> 6)
#define step_of(w)	(cells_of(w) << 6)

#define AT(pos)		[(pos) % CELLS]

short word[CELLS];
byte tail = CELLS, free = CELLS;
short head = HEAD(CELLS, 0);

/* ---- steps that several take ---------------------------------------------- */

inline cas(where, seen, value)
{
	d_step {
		if
		:: where == seen -> where = value; ok = true
		:: else -> ok = false
		fi
	}
}

inline cas_free(seen, value)
{
	d_step {
		if
		:: free == seen -> free = value; ok = true
		:: else -> ok = false
		fi;
		assert(free <= tail && tail <= free + CELLS)
	}
}

/* lib/buffer.c: reclaim(), with end_of_done() and move_head() */
inline reclaim()
{
	do
	:: begin = free;
	   end = begin;
	   do
	   :: end - begin >= CELLS -> break
	   :: else ->
		w = word AT(end);
		if
		:: !is(w, end, DONE) -> break
		:: else ->
			h = head;
			if
			:: pos_of(h) != end -> end = end + cells_of(w)
			:: else ->
				cas(head, h, h + step_of(w));
				if
				:: ok -> end = end + cells_of(w)
				:: else
				fi
			fi
		fi
	   od;
	   if
	   :: end == begin -> break
	   :: else ->
		cas_free(begin, end);
		if
#ifdef BUG_RECLAIM_ONCE
		:: true -> break
#endif
		:: ok -> break
		:: else
		fi
	   fi
	od;
	atomic { h = 0; w = 0; begin = 0; end = 0 };
	pos = tail;
	d_step {
		/* Where free is past that tail already, it is not known. */
		room = (pos < free || pos - free > CELLS -> 0 : CELLS - (pos - free));
		pos = 0
	}
}

/* module/ring.c: ipcbox_ring_room(), with reclaim_one(); each takes two steps at most */
inline ring_room()
{
	steps = 2 * CELLS;
	do
	:: !steps -> break
	:: else ->
	   steps--;
	   begin = free;
	   w = word AT(begin);
	   if
	   :: !is(w, begin, DONE) -> break
	   :: else ->
		h = head;
		if
		:: pos_of(h) == begin -> cas(head, h, h + step_of(w))
		:: else -> cas_free(begin, begin + cells_of(w))
		fi
	   fi
	od;
	atomic { h = 0; w = 0; begin = 0; steps = 0; pos = tail };
	d_step {
		/* Where free is past that tail already, it is not known. */
		room = (pos < free || pos - free > CELLS -> 0 : CELLS - (pos - free));
		pos = 0
	}
}
