// SPDX-License-Identifier: GPL-2.0
/* A queue against a list of which the first is looked for anew each time. */
#include "queue.h"

#include <kunit/test.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/prandom.h>

#define MESSAGES 64
#define STEPS 4000
#define SEEDS 8

enum where { OUTSIDE, QUEUED, TAKEN };

struct model {
	struct ipcbox_queue queue;
	struct ipcbox_msg *msgs;
	enum where where[MESSAGES];
	u64 arrivals;
	struct rnd_state random;
};

static void model_setup(struct kunit *test, struct model *m, u64 seed)
{
	memset(m, 0, sizeof(*m));
	ipcbox_queue_init(&m->queue);
	m->msgs = kunit_kcalloc(test, MESSAGES, sizeof(*m->msgs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m->msgs);
	prandom_seed_state(&m->random, seed);
}

static void model_push(struct model *m, u32 i, u16 priority)
{
	m->msgs[i].priority = priority;
	m->msgs[i].arrival = ++m->arrivals;
	ipcbox_queue_push(&m->queue, &m->msgs[i]);
	m->where[i] = QUEUED;
}

static bool goes_before(const struct ipcbox_msg *a, const struct ipcbox_msg *b)
{
	return a->priority > b->priority ||
	       (a->priority == b->priority && a->arrival < b->arrival);
}

static struct ipcbox_msg *model_first(const struct model *m)
{
	struct ipcbox_msg *first = NULL;
	u32 i;

	for (i = 0; i < MESSAGES; i++)
		if (m->where[i] == QUEUED &&
		    (!first || goes_before(&m->msgs[i], first)))
			first = &m->msgs[i];
	return first;
}

static void expect_same_first(struct kunit *test, struct model *m)
{
	KUNIT_ASSERT_PTR_EQ(test, ipcbox_queue_first(&m->queue),
			    model_first(m));
}

/* Take the first; returns its index. */
static u32 take_msg(struct kunit *test, struct model *m)
{
	struct ipcbox_msg *msg;

	expect_same_first(test, m);
	msg = ipcbox_queue_first(&m->queue);
	KUNIT_ASSERT_NOT_NULL(test, msg);
	ipcbox_queue_remove(&m->queue, msg);
	m->where[msg - m->msgs] = TAKEN;
	return msg - m->msgs;
}

static void restore(struct model *m, u32 i)
{
	ipcbox_queue_restore(&m->queue, &m->msgs[i]);
	m->where[i] = QUEUED;
}

static void drain(struct kunit *test, struct model *m)
{
	while (model_first(m))
		take_msg(test, m);
	expect_same_first(test, m);
}

static void highest_priority_first(struct kunit *test)
{
	static const u16 priorities[] = { 3, 0, 32767, 7, 1, 32766 };
	static const u32 order[] = { 2, 5, 3, 0, 4, 1 };
	struct model m;
	u32 i;

	model_setup(test, &m, 0);
	for (i = 0; i < ARRAY_SIZE(priorities); i++)
		model_push(&m, i, priorities[i]);
	for (i = 0; i < ARRAY_SIZE(order); i++)
		KUNIT_EXPECT_EQ(test, take_msg(test, &m), order[i]);
}

static void arrival_within_a_priority(struct kunit *test)
{
	struct model m;
	u32 i;

	model_setup(test, &m, 0);
	for (i = 0; i < MESSAGES; i++)
		model_push(&m, i, i % 2);
	for (i = 1; i < MESSAGES; i += 2)
		KUNIT_EXPECT_EQ(test, take_msg(test, &m), i);
	for (i = 0; i < MESSAGES; i += 2)
		KUNIT_EXPECT_EQ(test, take_msg(test, &m), i);
}

/* Several receivers fail, in whatever order: all is as it was. */
static void restored_where_it_was(struct kunit *test)
{
	static const u32 orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct model m;
	u32 i, k;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		model_setup(test, &m, 0);
		for (k = 0; k < 5; k++)
			model_push(&m, k, 4);
		for (k = 0; k < 3; k++)
			take_msg(test, &m);
		for (k = 0; k < 3; k++)
			restore(&m, orders[i][k]);
		for (k = 0; k < 5; k++)
			KUNIT_EXPECT_EQ(test, take_msg(test, &m), k);
	}
}

/* Put @count messages back in any order, and look whether it was mended. Return: ns. */
static u64 time_to_restore(struct kunit *test, struct ipcbox_msg *msgs, u32 *order,
			   u32 count)
{
	struct ipcbox_queue queue;
	struct rnd_state random;
	u64 start, time;
	u32 i;

	ipcbox_queue_init(&queue);
	prandom_seed_state(&random, count);
	for (i = 0; i < count; i++) {
		u32 k = prandom_u32_state(&random) % (i + 1);

		order[i] = order[k];
		order[k] = i;
		msgs[i].arrival = i + 1;
	}
	start = ktime_get_ns();
	for (i = 0; i < count; i++)
		ipcbox_queue_restore(&queue, &msgs[order[i]]);
	time = ktime_get_ns() - start;
	for (i = 0; i < count; i++) {
		KUNIT_ASSERT_PTR_EQ(test, ipcbox_queue_first(&queue), &msgs[i]);
		ipcbox_queue_remove(&queue, &msgs[i]);
	}
	KUNIT_EXPECT_PTR_EQ(test, ipcbox_queue_first(&queue), NULL);
	return time;
}

#define FEW 1000
#define RATIO 16

/* Sixteen times as many cost some twenty times as much; each past each: 256 times. */
static void many_restored_in_any_order(struct kunit *test)
{
	u64 few = U64_MAX, many = U64_MAX;
	struct ipcbox_msg *msgs;
	u32 *order, i;

	msgs = kunit_kcalloc(test, FEW * RATIO, sizeof(*msgs), GFP_KERNEL);
	order = kunit_kcalloc(test, FEW * RATIO, sizeof(*order), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, msgs);
	KUNIT_ASSERT_NOT_NULL(test, order);
	for (i = 0; i < 3; i++) {
		few = min(few, time_to_restore(test, msgs, order, FEW));
		many = min(many, time_to_restore(test, msgs, order, FEW * RATIO));
	}
	KUNIT_EXPECT_LT(test, many, few * RATIO * RATIO / 3);
}

/* The next message in this state, at or behind a random one; or MESSAGES. */
static u32 any(struct model *m, enum where where)
{
	u32 start = prandom_u32_state(&m->random), i;

	for (i = 0; i < MESSAGES; i++)
		if (m->where[(start + i) % MESSAGES] == where)
			return (start + i) % MESSAGES;
	return MESSAGES;
}

static void random_step(struct kunit *test, struct model *m)
{
	u32 what = prandom_u32_state(&m->random) % 8, i;

	switch (what) {
	case 0 ... 2:
		i = any(m, OUTSIDE);
		if (i < MESSAGES)
			model_push(m, i, prandom_u32_state(&m->random) % 5);
		break;
	case 3 ... 4:
		if (model_first(m))
			take_msg(test, m);
		break;
	case 5:		/* a receiver failed */
		i = any(m, TAKEN);
		if (i < MESSAGES)
			restore(m, i);
		break;
	case 6:		/* or it did not */
		i = any(m, TAKEN);
		if (i < MESSAGES)
			m->where[i] = OUTSIDE;
		break;
	default:	/* a sender gave up, who may be anywhere */
		i = any(m, QUEUED);
		if (i < MESSAGES) {
			ipcbox_queue_remove(&m->queue, &m->msgs[i]);
			m->where[i] = OUTSIDE;
		}
	}
}

static void random_queue_steps(struct kunit *test)
{
	struct model m;
	u32 seed, i;

	for (seed = 1; seed <= SEEDS; seed++) {
		kunit_info(test, "seed %u", seed);
		model_setup(test, &m, seed);
		for (i = 0; i < STEPS; i++) {
			random_step(test, &m);
			expect_same_first(test, &m);
		}
		drain(test, &m);
	}
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(highest_priority_first),
	KUNIT_CASE(arrival_within_a_priority),
	KUNIT_CASE(restored_where_it_was),
	KUNIT_CASE(many_restored_in_any_order),
	KUNIT_CASE(random_queue_steps),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "ipcbox_queue",
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);
