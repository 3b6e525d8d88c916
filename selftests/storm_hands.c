// SPDX-License-Identifier: GPL-2.0
#include "storm_hands.h"

#include "storm_findings.h"

#include <stdlib.h>

static void set_progress(struct hand *hand, enum progress progress)
{
	__atomic_store_n(&hand->progress, progress, __ATOMIC_SEQ_CST);
}

void hand_take(struct hand *hand, int box)
{
	hand->box = box;
	hand->number = 0;
	set_progress(hand, TAKING);
}

void hand_receive_whole(struct hand *hand, int box, __u32 count)
{
	hand->box = box;
	hand->number = count;
	set_progress(hand, RECEIVING_WHOLE);
}

void hand_let_go(struct hand *hand)
{
	set_progress(hand, EMPTY);
}

/* Return: whether it is one that somebody sent. */
static bool note_taken(struct slot *self, const struct hand *hand, __u32 number)
{
	struct record *record = &ledger->records[number];

	if (!number || number >= RECORDS || record->state == UNUSED) {
		finding(NOTHING_REFUSED_ARRIVES,
			"a message with the tag %u in buffer %d, which nobody sent",
			number, hand->box);
		return false;
	}
	record->seq = ++self->takes;
	if (record->takes < 0xff)
		record->takes++;
	return true;
}

bool hand_hold(struct slot *self, struct hand *hand, __u32 number)
{
	if (!note_taken(self, hand, number)) {
		hand_let_go(hand);
		return false;
	}
	hand->number = number;
	set_progress(hand, HOLDING);
	return true;
}

void hand_finish(struct hand *hand)
{
	set_progress(hand, FINISHING);
}

void hand_receipt(struct slot *self, struct hand *hand)
{
	ledger_sign(self, hand->number, hand->box);
	self->receives++;
	set_progress(hand, EMPTY);
}

void hand_note_whole(struct slot *self, struct hand *hand, __u32 number)
{
	if (!note_taken(self, hand, number))
		return;
	ledger_sign(self, number, hand->box);
	self->receives++;
}

/* ---- death --------------------------------------------------------------- */

static void bury(struct hand *hand)
{
	switch (hand->progress) {
	case RECEIVING_WHOLE:
		ledger->gone[hand->box] += hand->number;
		ledger->blind[hand->box]++;
		break;
	case TAKING:
		ledger->blind[hand->box]++;
		break;
	case FINISHING:
		ledger->records[hand->number].may_be_gone = true;
		break;
	default:
		break;		/* what it held comes to another */
	}
	hand->progress = EMPTY;
}

void hands_bury(struct slot *slot)
{
	for (int i = 0; i < HANDS; i++)
		bury(&slot->hands[i]);
}

/* ---- when all is over ---------------------------------------------------- */

static bool is_of_buffer(const struct record *record)
{
	return record->state != UNUSED && record->box >= FIRST_BUFFER;
}

static int lost[PLACES];

static void check_arrival(__u32 number)
{
	const struct record *record = &ledger->records[number];

	if (record->receipt && record->state == REFUSED)
		finding(NOTHING_REFUSED_ARRIVES,
			"message %u (buffer %d, sender %d, %u bytes) was given up, and thread %d received it",
			number, record->box, record->slot, record->len,
			(int)(record->receipt >> 48) - 1);
	if (record->receipt || record->state != ACCEPTED || record->may_be_gone ||
	    record->box == PASSING_BUFFER)
		return;
	if (++lost[record->box] > ledger->gone[record->box])
		finding(NOTHING_LOST,
			"message %u (buffer %d, sender %d, %u bytes, %u times in hand) was sent, and nobody received it; of %d that is not known",
			number, record->box, record->slot, record->len, record->takes,
			ledger->gone[record->box]);
}

static __u32 sorted[RECORDS];

static int compare(__u64 a, __u64 b)
{
	return (a > b) - (a < b);
}

static __u32 sender_of(const struct record *record)
{
	return record->slot << 16 | record->life;
}

/* By receiver, buffer, sender, and time. */
static int compare_records(const void *left, const void *right)
{
	const struct record *a = &ledger->records[*(const __u32 *)left];
	const struct record *b = &ledger->records[*(const __u32 *)right];

	return compare(a->receipt >> 48, b->receipt >> 48) ?:
	       compare(a->lane, b->lane) ?:
	       compare(sender_of(a), sender_of(b)) ?:
	       compare(a->seq, b->seq);
}

static bool same_pair(const struct record *a, const struct record *b)
{
	return a->receipt >> 48 == b->receipt >> 48 && a->lane == b->lane &&
	       sender_of(a) == sender_of(b);
}

/*
 * A message that was in hand once is received in the order of sending; one that came back
 * is received when it came back. If a thread died while it took a message, that one may
 * have come back without a note.
 */
static void check_order(int count)
{
	int wrong[PLACES] = { 0 };
	__u32 latest = 0;

	for (int i = 0; i < count; i++) {
		const struct record *record = &ledger->records[sorted[i]];

		if (!i || !same_pair(record, &ledger->records[sorted[i - 1]]))
			latest = 0;
		if (sorted[i] > latest) {
			latest = sorted[i];
			continue;
		}
		if (++wrong[record->box] > ledger->blind[record->box])
			finding(ORDER,
				"thread %d received from buffer %d message %u of sender %d after %u; %d died without telling what they took",
				(int)(record->receipt >> 48) - 1, record->box, sorted[i],
				record->slot, latest, ledger->blind[record->box]);
	}
}

int hands_settle(int *twice)
{
	__u32 last = ledger->next < RECORDS ? ledger->next : RECORDS;
	int count = 0, received = 0;

	memset(lost, 0, sizeof(lost));
	for (__u32 i = 1; i < last; i++) {
		const struct record *record = &ledger->records[i];

		if (!is_of_buffer(record))
			continue;
		check_arrival(i);
		received += record->receipt != 0;
		*twice += record->takes > 1;
		if (record->receipt && record->takes == 1)
			sorted[count++] = i;
	}
	qsort(sorted, count, sizeof(sorted[0]), compare_records);
	check_order(count);
	return received;
}
