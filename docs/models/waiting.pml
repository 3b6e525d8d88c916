/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A task waits at a buffer, and another adds a message or room: the race that
 * <linux/ipcbox_buffer.h> shows under "Waiting", with all that module/buffer_wait.c does.
 * Between any two accesses to what is shared all others may run, and a process may be
 * killed.
 *
 * The ring is simple here: a row of messages, each change of which is one step, and what
 * is done at the front is free at once. How it is in truth is in words.pml and room.pml.
 * What this model shows, wherever nobody can do anything any more:
 *
 * - if a consumer sleeps, there is no message that can be read
 * - if a producer sleeps, the first who does has not the room that it waits for
 * - nothing is promised, and want_data and want_room say what is so
 *
 * -D of a run: CELLS, FILLED (cells that have a message at first), PLENTY, PRODUCERS
 * (1 to 3), NEED_1 to NEED_3 (cells of their messages), CONSUMERS, MESSAGES (of each
 * producer); and how often it may happen that somebody has enough: CANCELS, PUT_BACKS,
 * KILLS, TOO_LONG (a message, for a consumer), GIVE_UPS (a signal, or the
 * deadline, ends a wait),
 * STOPS (a consumer keeps what it has in flight). TIME_STANDS_STILL: nobody is helped by the
 * millisecond after which a producer asks for less. Planted faults: BUG_LOOK_BEFORE_TELL,
 * BUG_WANT_BEFORE_WORD, BUG_ROOM_BEFORE_WORD, BUG_SMALLER_SLEEPS_ON, BUG_KEEP_PROMISE,
 * BUG_RECOVER_QUIETLY, BUG_LEAVE_QUIETLY, BUG_TOO_LONG_QUIETLY, BUG_ONE_FOR_ALL.
 */
#ifndef CELLS
#define CELLS		3
#endif
#ifndef FILLED
#define FILLED		0
#endif
#ifndef PLENTY
#define PLENTY		2
#endif
#ifndef PRODUCERS
#define PRODUCERS	2
#endif
#ifndef NEED_1
#define NEED_1		1
#endif
#ifndef NEED_2
#define NEED_2		1
#endif
#ifndef NEED_3
#define NEED_3		1
#endif
#ifndef CONSUMERS
#define CONSUMERS	2
#endif
#ifndef MESSAGES
#define MESSAGES	2
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
#ifndef TOO_LONG
#define TOO_LONG	0
#endif
#ifndef GIVE_UPS
#define GIVE_UPS	0
#endif
#ifndef STOPS
#define STOPS		0
#endif

byte cancels = CANCELS, put_backs = PUT_BACKS, kills = KILLS;
byte too_long = TOO_LONG, give_ups = GIVE_UPS, stops = STOPS;

/* In a step that changed something; who only read before it is killed is as who sleeps. */
#if KILLS
#define MAY_BE_KILLED	if :: kills -> kills--; goto killed :: true fi
#else
#define MAY_BE_KILLED	skip
#endif

/* ---- the ring ------------------------------------------------------------- */

#define WRITING		1
#define READY		2
#define READING		3
#define DONE		4

/* State, owner, number of cells. */
#define MESSAGE(cells, owner, state)	((cells) << 6 | (owner) << 3 | (state))
#define state_of(m)	((m) & 7)
#define mine(m, s)	(((m) & 63) == (me << 3 | (s)))
#define cells_of(m)	((m) >> 6)
#define with_state(m, s)	((m) & ~63 | (s))

/* The messages from the first that is not done, and how many; and cells that are free. */
byte row[CELLS];
byte messages;
byte room = CELLS;

/* Only of use within a step. */
hidden byte i, j;

inline reclaim()
{
	do
	:: messages && state_of(row[0]) == DONE ->
		room = room + cells_of(row[0]);
		messages--;
		j = 0;
		do
		:: j < messages -> row[j] = row[j + 1]; j++
		:: else -> break
		od;
		row[messages] = 0
	:: else -> break
	od
}

/* What is @from, in flight at @me, becomes @to. */
inline change(from, to)
{
	i = 0;
	do
	:: i < messages && !mine(row[i], from) -> i++
	:: else -> break
	od;
	if
	:: i < messages -> row[i] = with_state(row[i], to); reclaim()
	:: else
	fi
}

/* How many can be read: nobody reads past one that is being written. */
inline count_ready(to)
{
	i = 0;
	to = 0;
	do
	:: i < messages && state_of(row[i]) != WRITING ->
		if
		:: state_of(row[i]) == READY -> to++
		:: else
		fi;
		i++
	:: else -> break
	od
}

inline take()
{
	i = 0;
	do
	:: i < messages && (state_of(row[i]) == READING || state_of(row[i]) == DONE) -> i++
	:: else -> break
	od;
	ok = i < messages && state_of(row[i]) == READY;
	if
	:: ok -> row[i] = row[i] | me << 3 | READING
	:: else
	fi
}

inline reserve()
{
	ok = room >= cells;
	if
	:: ok ->
		row[messages] = MESSAGE(cells, me, WRITING);
		messages++;
		room = room - cells
	:: else
	fi
}

/* ---- who waits: module/buffer_wait.c -------------------------------------- */

#define RECEIVING	0
#define SENDING		1
#define EVERYBODY	(PRODUCERS + CONSUMERS)

typedef side {
	byte who[EVERYBODY];	/* waits, in the order in which they came */
	byte count;
	byte promised;
	byte want		/* is shared: want_data, want_room */
};

side sides[2];

/* Of who waits; and a bit for each who was woken. */
byte capacity[EVERYBODY + 1];
byte done;

#define BIT(who)	(1 << (who))
#define needed(who)	(who == 1 -> NEED_1 : (PRODUCERS < who -> 1 : \
				(who == 2 -> NEED_2 : NEED_3)))

inline tell_wanted(role)
{
	sides[role].want = (sides[role].count -> capacity[sides[role].who[0]] : 0)
}

inline list_del(role, at)
{
	j = at;
	sides[role].count--;
	do
	:: j < sides[role].count -> sides[role].who[j] = sides[role].who[j + 1]; j++
	:: else -> break
	od;
	sides[role].who[sides[role].count] = 0
}

inline available(role, result)
{
	if
	:: role == SENDING -> result = room
	:: else -> count_ready(result)
	fi
}

/* wake_some(), with finish_some(); @enough is what it stops to count at. */
inline wake(role)
{
	enough = sides[role].count + sides[role].promised;
	d_step {
		available(role, there_is);
		if
#ifdef BUG_ONE_FOR_ALL
		:: role == RECEIVING && there_is > 1 -> there_is = 1
#else
		:: role == RECEIVING && there_is > enough -> there_is = (enough -> enough : 1)
#endif
		:: else
		fi;
		enough = 0
	};
	if
	:: there_is ->
		d_step {
			do
			:: !sides[role].count -> break
			:: else ->
				i = sides[role].who[0];
				if
				:: there_is < sides[role].promised + capacity[i] -> break
				:: else ->
					list_del(role, 0);
					sides[role].promised = sides[role].promised + needed(i);
					capacity[i] = 0;
					done = done | BIT(i)
				fi
			od;
			tell_wanted(role);
			there_is = 0
		}
	:: else
	fi
}

inline enqueue(role, wanted)
{
	d_step {
		capacity[me] = wanted;
		sides[role].who[sides[role].count] = me;
		sides[role].count++;
		tell_wanted(role)
	}
}

#define WOKEN		0
#define TIMED_OUT	1
#define GAVE_UP		2
#define KILLED		3

inline dequeue(role)
{
	d_step {
		if
		:: done & BIT(me) ->
			done = done & ~BIT(me);
			if
			:: err != KILLED -> err = WOKEN
			:: else
			fi;
#ifndef BUG_KEEP_PROMISE
			sides[role].promised = sides[role].promised - needed(me)
#endif
		:: else ->
			i = 0;
			do
			:: sides[role].who[i] != me -> i++
			:: else -> break
			od;
			list_del(role, i);
			capacity[me] = 0;
			others = sides[role].count > 0
		fi;
		tell_wanted(role)
	};
#ifndef BUG_LEAVE_QUIETLY
	if
	:: others -> others = false; wake(role)
	:: else
	fi
#endif
}

/*
 * wait_for(): for @least, rather for @best; @brief if that is not for long.
 * Who finds that there is something does not sleep.
 */
inline wait_for(role, least, best, brief)
{
#ifdef BUG_LOOK_BEFORE_TELL
	d_step { available(role, there_is); there = there_is >= least; there_is = 0 };
	enqueue(role, best);
#else
	enqueue(role, best);
	d_step { available(role, there_is); there = there_is >= least; there_is = 0 };
#endif
	if
	:: there -> there = false; err = WOKEN
	:: else ->
#ifndef BUG_SMALLER_SLEEPS_ON
		if
		:: role == SENDING ->
			if
			:: sides[role].count > 1 -> wake(role)
			:: else
			fi
		:: else
		fi;
#endif
		/* sleep_for() */
end_asleep:	if
		:: done & BIT(me) -> err = WOKEN
#ifndef TIME_STANDS_STILL
		:: brief -> err = TIMED_OUT
#endif
#if GIVE_UPS
		:: d_step { give_ups -> give_ups--; err = GAVE_UP }
#endif
#if KILLS
		:: d_step { kills -> kills--; err = KILLED }
#endif
		fi
	fi;
	dequeue(role)
}

/* ---- who brings: lib/ipcbox_buffer.h -------------------------------------- */

inline tell_data()
{
	if
	:: sides[RECEIVING].want -> wake(RECEIVING)
	:: else
	fi
}

/* ipcbox_buffer_tell_finished(), ipcbox_buffer_tell_room() */
inline tell_room()
{
	want = sides[SENDING].want;
	if
	:: want ->
		d_step { there = room >= want; want = 0 };
		if
		:: there -> there = false; wake(SENDING)
		:: else
		fi
	:: else
	fi
}

/* module/mapping.c: recover_inflight() */
inline recover()
{
	d_step { change(WRITING, DONE); change(READING, READY) };
#ifndef BUG_RECOVER_QUIETLY
	wake(RECEIVING);
	wake(SENDING)
#endif
}

proctype producer(byte me; byte cells; byte plenty)
{
	byte enough, there_is, want, err, sent;
	bool ok, there, others;

	do
	:: sent == MESSAGES -> break
	:: else ->
		/* ipcbox_buffer_reserve_many(), wait_for_room() */
		do
		:: atomic {
			reserve();
			if
			:: ok -> ok = false; MAY_BE_KILLED; break
			:: else
			fi
		   };
		   wait_for(SENDING, cells, plenty, true);
		   if
		   :: err == TIMED_OUT -> wait_for(SENDING, cells, cells, false)
		   :: else
		   fi;
		   if
		   :: err == GAVE_UP -> goto ended
#if KILLS
		   :: err == KILLED -> goto killed
#endif
		   :: err == WOKEN
		   fi
		od;
		if
		:: true ->
			/* ipcbox_buffer_commit() */
#ifdef BUG_WANT_BEFORE_WORD
			there = (sides[RECEIVING].want > 0);
			d_step { change(WRITING, READY) };
			if
			:: there -> there = false; wake(RECEIVING)
			:: else
			fi
#else
			atomic { d_step { change(WRITING, READY) }; MAY_BE_KILLED };
			tell_data()
#endif
#if CANCELS
		:: d_step { cancels -> cancels-- };
			/* ipcbox_buffer_cancel() */
			atomic { d_step { change(WRITING, DONE) }; MAY_BE_KILLED };
			tell_data();
			tell_room()
#endif
		fi;
		sent++
	od;
	goto ended;
#if KILLS
killed:
	recover();
#endif
ended:
	skip
}

proctype consumer(byte me)
{
	byte enough, there_is, want, err;
	bool ok, there, others;

	do
	:: atomic {
		d_step { take() };
		if
		:: ok -> MAY_BE_KILLED
		:: else
		fi
	   };
	   if
	   :: !ok ->
		wait_for(RECEIVING, 1, 1, false);
		if
		:: err == GAVE_UP -> goto ended
#if KILLS
		:: err == KILLED -> goto killed
#endif
		:: err == WOKEN
		fi
	   :: ok ->
		ok = false;
		if
		:: true ->
			/* ipcbox_buffer_release() */
#ifdef BUG_ROOM_BEFORE_WORD
			want = sides[SENDING].want;
			d_step { change(READING, DONE) };
			if
			:: want -> want = 0; wake(SENDING)
			:: else
			fi
#else
			atomic { d_step { change(READING, DONE) }; MAY_BE_KILLED };
			tell_room()
#endif
#if PUT_BACKS
		:: d_step { put_backs -> put_backs-- };
			/* ipcbox_buffer_put_back() */
			atomic { d_step { change(READING, READY) }; MAY_BE_KILLED };
			tell_data()
#endif
#if TOO_LONG
		:: d_step {
			too_long -> too_long--;
			/* ipcbox_buffer_take_many(): it did not take it */
			change(READING, READY)
		   };
#ifndef BUG_TOO_LONG_QUIETLY
		   tell_data();
#endif
		   goto ended
#endif
#if STOPS
		:: d_step { stops -> stops-- };
		   goto ended
#endif
		fi
	   fi
	od;
#if KILLS
killed:
	recover();
#endif
ended:
	skip
}

/* Nobody can do anything any more. */
proctype judge()
{
	byte ready;

	atomic {
		timeout ->
		count_ready(ready);
		assert(!sides[RECEIVING].promised && !sides[SENDING].promised);
		assert(!sides[RECEIVING].count || !ready);
		assert(!sides[SENDING].count || room < capacity[sides[SENDING].who[0]]);
		assert(sides[RECEIVING].want == (sides[RECEIVING].count > 0));
		assert(!sides[SENDING].want == !sides[SENDING].count)
	}
}

init {
	byte n = 1;

	atomic {
		do
		:: messages < FILLED ->
			row[messages] = MESSAGE(1, 0, READY);
			messages++;
			room--
		:: else -> break
		od;
		run producer(1, NEED_1, (NEED_1 > PLENTY -> NEED_1 : PLENTY));
#if PRODUCERS > 1
		run producer(2, NEED_2, (NEED_2 > PLENTY -> NEED_2 : PLENTY));
#endif
#if PRODUCERS > 2
		run producer(3, NEED_3, (NEED_3 > PLENTY -> NEED_3 : PLENTY));
#endif
		do
		:: n <= CONSUMERS -> run consumer(PRODUCERS + n); n++
		:: else -> break
		od;
		run judge();
		n = 0
	}
}
