// SPDX-License-Identifier: GPL-2.0
#include "storm_payload.h"

#include "storm_findings.h"

/* Around the lengths where the module changes how it keeps a message. */
static const __u32 edges[] = { 0, 1, 63, 64, 65, 4015, 4016, 4017, 4096, 8192, 8193 };

__u32 payload_length(struct slot *self)
{
	switch (random_below(self, 16)) {
	case 0: case 1: case 2:
		return edges[random_below(self, ARRAY_SIZE(edges))];
	case 3:
		return random_below(self, LEN_MAX + 1);
	case 4: case 5:
		return random_below(self, 4096);
	default:
		return random_below(self, 65);
	}
}

/* The number at both ends, and what follows from it in between. */
void payload_fill(char *data, __u32 number, __u32 len)
{
	memset(data, number * 31 + len, len);
	if (len >= sizeof(number)) {
		memcpy(data, &number, sizeof(number));
		memcpy(data + len - sizeof(number), &number, sizeof(number));
	}
}

static bool is_intact(const char *data, __u32 number, __u32 len)
{
	__u32 head = number, tail = number;
	char between = number * 31 + len;
	__u32 from = 0, to = len;

	if (len >= sizeof(number)) {
		memcpy(&head, data, sizeof(head));
		memcpy(&tail, data + len - sizeof(tail), sizeof(tail));
		from = sizeof(number);
		to = len > 2 * sizeof(number) ? len - sizeof(number) : from;
	}
	if (tail != number || (len >= 2 * sizeof(number) && head != number))
		return false;
	/* All are like the first, and the first is as it should be. */
	return from >= to || (data[from] == between &&
			      !memcmp(data + from, data + from + 1, to - from - 1));
}

/* Against what its sender noted of it before it was sent. */
void payload_check(const char *data, const struct ipcbox_recv *recv)
{
	const struct record *record;

	if (!recv->tag || recv->tag >= RECORDS)
		return;		/* ledger_note_receipt() reports it */
	record = &ledger->records[recv->tag];
	if (recv->len == record->len && recv->priority == priority_of(record->class) &&
	    is_intact(data, recv->tag, recv->len))
		return;
	finding(INTACT,
		"message %llu: sent with %u bytes at priority %u, came with %llu bytes at %u%s",
		(unsigned long long)recv->tag, record->len, priority_of(record->class),
		(unsigned long long)recv->len, recv->priority,
		is_intact(data, recv->tag, recv->len) ? "" : ", and damaged");
}
