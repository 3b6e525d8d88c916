// SPDX-License-Identifier: GPL-2.0
#include "storm_ledger.h"

#include "storm_hands.h"

#include <sys/mman.h>

struct ledger *ledger;
static int memory = -1;

int ledger_fd(void)
{
	return memory;
}

int ledger_attach(int fd)
{
	memory = fd;
	ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_POPULATE, fd, 0);
	if (ledger == MAP_FAILED)
		return -errno;
	findings_attach(&ledger->findings);
	return 0;
}

/*
 * A file, so that a program that is exec()ed can have it as well. All of it is
 * there from the beginning: what the kernel writes into it must not fail.
 */
int ledger_create(void)
{
	int fd = memfd_create("storm", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, sizeof(*ledger)))
		return -errno;
	return ledger_attach(fd);
}

/* Before a round, when nobody else is there. Number 0 stands for no record. */
void ledger_clear(void)
{
	memset(ledger->records, 0, ledger->next * sizeof(struct record));
	memset(ledger->slots, 0, sizeof(ledger->slots));
	memset(ledger->workers, 0, sizeof(ledger->workers));
	memset(ledger->postmasters, 0, sizeof(ledger->postmasters));
	memset(ledger->blind, 0, sizeof(ledger->blind));
	memset(ledger->gone, 0, sizeof(ledger->gone));
	ledger->next = 1;
	ledger->phase = RUN;
}

int ledger_number(const struct slot *slot)
{
	return slot - ledger->slots;
}

/* A record for a message that is going to be sent; 0 if there are no more. */
__u32 ledger_intend(const struct slot *slot, int box, __u64 lane, __u32 class,
		    __u32 len)
{
	struct record *record;
	__u32 number;

	if (__atomic_load_n(&ledger->next, __ATOMIC_RELAXED) >= RECORDS)
		return 0;
	number = __atomic_fetch_add(&ledger->next, 1, __ATOMIC_RELAXED);
	if (number >= RECORDS)
		return 0;
	record = &ledger->records[number];
	record->lane = lane;
	record->len = len;
	record->slot = ledger_number(slot);
	record->life = slot->life;
	record->box = box;
	record->class = class;
	__atomic_store_n(&record->state, INTENT, __ATOMIC_RELEASE);
	return number;
}

void ledger_note_result(__u32 number, bool accepted)
{
	__atomic_store_n(&ledger->records[number].state,
			 accepted ? ACCEPTED : REFUSED, __ATOMIC_RELEASE);
}

static __u64 signature(const struct slot *slot)
{
	return (__u64)(ledger_number(slot) + 1) << 48 | slot->receives;
}

/* Notes that the thread had this message, which is the next that it receives. */
void ledger_sign(struct slot *slot, __u64 tag, int box)
{
	__u64 mine = signature(slot), other = 0;
	struct record *record;

	if (!tag || tag >= RECORDS) {
		finding(NOTHING_REFUSED_ARRIVES, "a message with the tag %llu, which nobody sent",
			(unsigned long long)tag);
		return;
	}
	record = &ledger->records[tag];
	if (!__atomic_compare_exchange_n(&record->receipt, &other, mine, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) &&
	    other != mine) {
		finding(NOTHING_TWICE,
			"message %llu (box %d, sender %d, %u bytes) was received by thread %d, and before by %d",
			(unsigned long long)tag, record->box,
			record->slot, record->len, ledger_number(slot),
			(int)(other >> 48) - 1);
	}
	if (record->box != box) {
		finding(INTACT, "message %llu went into box %d and came out of box %d",
			(unsigned long long)tag, record->box, box);
	}
}

static void note_receipt(struct slot *slot, __u64 tag, __u64 *seq)
{
	if (!*seq)
		return;
	ledger_sign(slot, tag, slot->box);
	if (tag && tag < RECORDS)
		ledger->records[tag].seq = *seq;
	__atomic_store_n(seq, 0, __ATOMIC_RELEASE);
	slot->receives++;
}

/* The struct of a receive was written, or some of a batch: the thread had these. */
void ledger_note_receipt(struct slot *slot)
{
	note_receipt(slot, slot->reply_recv.recv.tag, &slot->reply_recv.recv.seq);
	for (int i = 0; i < RECV_BATCH_MAX; i++)
		note_receipt(slot, slot->batch[i].tag, &slot->batch[i].seq);
}

/* The thread is dead: what it could not note is noted for it. */
void ledger_bury(struct slot *slot)
{
	ledger_note_receipt(slot);
	hands_bury(slot);
	slot->doing = NOTHING;
	slot->holds = 0;
	slot->doomed = false;
	__atomic_store_n(&slot->pid, 0, __ATOMIC_RELEASE);
}

__u32 priority_of(__u32 class)
{
	static const __u32 priorities[CLASSES] = { 0, 1, 100, IPCBOX_PRIORITY_MAX };

	return priorities[class];
}

/* Never zero, which would stay zero. */
void random_seed(struct slot *slot, __u64 seed)
{
	slot->random = seed * 0x9e3779b97f4a7c15ULL | 1;
	for (int i = 0; i < 8; i++)
		random_u64(slot);
}

__u64 random_u64(struct slot *slot)
{
	__u64 x = slot->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	slot->random = x;
	return x * 0x2545f4914f6cdd1dULL;
}

__u32 random_below(struct slot *slot, __u32 bound)
{
	return (random_u64(slot) >> 32) % bound;
}
