// SPDX-License-Identifier: GPL-2.0
/* Charges go to an account and to all above it, or to none, and stay exact. */
#include "account.h"
#include "ns.h"

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/prandom.h>

/* A user for whom an owner answers, in a namespace; its total; the host's. */
enum level { USER, OWNER, TOTAL, HOST, LEVELS };

struct chain {
	struct ipcbox_ns *ns;
	struct ipcbox_ns *host;
	struct ipcbox_account below[TOTAL];
	struct ipcbox_account *level[LEVELS];
	struct ipcbox_ns *real_host;
};

static void set_limits(struct ipcbox_ns *ns, unsigned long user,
		       unsigned long total)
{
	u32 i;

	for (i = 0; i < IPCBOX_RESOURCES; i++) {
		ns->limits.user[i] = user;
		ns->limits.total[i] = total;
	}
}

static struct ipcbox_ns *make_ns(struct kunit *test)
{
	struct ipcbox_ns *ns = kunit_kzalloc(test, sizeof(*ns), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ns);
	ns->net = &init_net;
	set_limits(ns, LONG_MAX, LONG_MAX);
	return ns;
}

/*
 * A host of our own, so that the limits are ours to set. The module was loaded
 * only now, and nobody uses it.
 */
static int chain_setup(struct kunit *test)
{
	struct chain *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->ns = make_ns(test);
	c->host = make_ns(test);
	c->level[USER] = &c->below[USER];
	c->level[OWNER] = &c->below[OWNER];
	c->level[TOTAL] = &c->ns->account;
	c->level[HOST] = &c->host->account;
	for (i = 0; i < LEVELS; i++) {
		c->level[i]->ns = i == HOST ? c->host : c->ns;
		c->level[i]->parent = i == HOST ? NULL : c->level[i + 1];
		c->level[i]->uid = KUIDT_INIT(i);
	}
	c->real_host = ipcbox_host_ns;
	ipcbox_host_ns = c->host;
	test->priv = c;
	return 0;
}

static void chain_teardown(struct kunit *test)
{
	struct chain *c = test->priv;

	if (c)
		ipcbox_host_ns = c->real_host;
}

static long used(const struct chain *c, enum level at)
{
	return atomic_long_read(&c->level[at]->used[IPCBOX_BYTES]);
}

static int charge_level(struct chain *c, enum level at, unsigned long amount)
{
	return ipcbox_account_charge(c->level[at], IPCBOX_BYTES, amount);
}

static void uncharge(struct chain *c, enum level at, unsigned long amount)
{
	ipcbox_account_uncharge(c->level[at], IPCBOX_BYTES, amount);
}

static void counted_in_all_above(struct kunit *test)
{
	struct chain *c = test->priv;

	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 5), 0);
	KUNIT_EXPECT_EQ(test, charge_level(c, OWNER, 10), 0);
	KUNIT_EXPECT_EQ(test, charge_level(c, TOTAL, 20), 0);
	KUNIT_EXPECT_EQ(test, used(c, USER), 5);
	KUNIT_EXPECT_EQ(test, used(c, OWNER), 15);
	KUNIT_EXPECT_EQ(test, used(c, TOTAL), 35);
	KUNIT_EXPECT_EQ(test, used(c, HOST), 35);

	uncharge(c, OWNER, 10);
	uncharge(c, USER, 5);
	uncharge(c, TOTAL, 20);
	KUNIT_EXPECT_EQ(test, used(c, USER), 0);
	KUNIT_EXPECT_EQ(test, used(c, OWNER), 0);
	KUNIT_EXPECT_EQ(test, used(c, TOTAL), 0);
	KUNIT_EXPECT_EQ(test, used(c, HOST), 0);
}

/* Whichever is full, the others do not notice. */
static void all_or_none(struct kunit *test)
{
	struct chain *c = test->priv;
	int full, level;
	long before[LEVELS];

	set_limits(c->ns, 100, 100);
	set_limits(c->host, LONG_MAX, 100);
	for (full = USER; full < LEVELS; full++) {
		KUNIT_ASSERT_EQ(test, charge_level(c, full, 90), 0);
		for (level = 0; level < LEVELS; level++)
			before[level] = used(c, level);

		KUNIT_EXPECT_EQ(test, charge_level(c, USER, 11), -ENOBUFS);
		for (level = 0; level < LEVELS; level++)
			KUNIT_EXPECT_EQ_MSG(test, used(c, level), before[level],
					    "level %d, %d full", level, full);

		KUNIT_EXPECT_EQ(test, charge_level(c, USER, 10), 0);
		uncharge(c, USER, 10);
		uncharge(c, full, 90);
	}
}

static void lower_of_own_and_host_limit(struct kunit *test)
{
	struct chain *c = test->priv;

	set_limits(c->ns, 10, LONG_MAX);
	set_limits(c->host, 20, LONG_MAX);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 11), -ENOBUFS);
	set_limits(c->ns, 20, LONG_MAX);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 20), 0);
	set_limits(c->host, 10, LONG_MAX);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 1), -ENOBUFS);
	uncharge(c, USER, 20);
	set_limits(c->ns, LONG_MAX, 10);
	KUNIT_EXPECT_EQ(test, charge_level(c, TOTAL, 11), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, charge_level(c, HOST, 11), 0);
	uncharge(c, HOST, 11);
}

static void each_resource_has_its_errno(struct kunit *test)
{
	static const int errnos[IPCBOX_RESOURCES] = {
		[IPCBOX_BOXES] = -ENOSPC,
		[IPCBOX_LINKS] = -EMLINK,
		[IPCBOX_BYTES] = -ENOBUFS,
		[IPCBOX_WAITERS] = -EUSERS,
		[IPCBOX_PAGES] = -EDQUOT,
		[IPCBOX_MEMORY] = -ENOMEM,
	};
	struct chain *c = test->priv;
	int i, k;

	set_limits(c->ns, 1, LONG_MAX);
	for (i = 0; i < IPCBOX_RESOURCES; i++) {
		struct ipcbox_account *user = c->level[USER];

		KUNIT_EXPECT_EQ(test, ipcbox_account_charge(user, i, 1), 0);
		KUNIT_EXPECT_EQ(test, ipcbox_account_charge(user, i, 1),
				errnos[i]);
		for (k = 0; k < IPCBOX_RESOURCES; k++)
			KUNIT_EXPECT_EQ(test, atomic_long_read(&user->used[k]),
					k <= i);
	}
}

static void edges(struct kunit *test)
{
	struct chain *c = test->priv;

	KUNIT_EXPECT_EQ(test, charge_level(c, USER, ULONG_MAX), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 1UL + LONG_MAX), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, LONG_MAX), 0);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 1), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, LONG_MAX), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, ULONG_MAX), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, used(c, HOST), LONG_MAX);
	uncharge(c, USER, LONG_MAX);
	KUNIT_EXPECT_EQ(test, used(c, HOST), 0);

	set_limits(c->ns, 0, LONG_MAX);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 0), 0);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 1), -ENOBUFS);
}

static void limit_lowered_below_use(struct kunit *test)
{
	struct chain *c = test->priv;

	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 50), 0);
	set_limits(c->ns, 10, LONG_MAX);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 1), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 10), -ENOBUFS);
	uncharge(c, USER, 45);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 5), 0);
	KUNIT_EXPECT_EQ(test, charge_level(c, USER, 1), -ENOBUFS);
	uncharge(c, USER, 10);
}

#define STEPS 5000
#define HELD_MAX 64

/* What was charged is given back in another order, against plain sums. */
static void random_account_steps(struct kunit *test)
{
	static const long limits[LEVELS] = { 1000, 1000, 1500, 1800 };
	struct chain *c = test->priv;
	struct { int level; long amount; } held[HELD_MAX];
	long sums[LEVELS] = { 0 };
	struct rnd_state random;
	int count = 0, i, k;

	prandom_seed_state(&random, 42);
	set_limits(c->ns, limits[USER], limits[TOTAL]);
	set_limits(c->host, LONG_MAX, limits[HOST]);
	for (i = 0; i < STEPS; i++) {
		int level = prandom_u32_state(&random) % LEVELS;
		long amount = prandom_u32_state(&random) % 200;

		if (count == HELD_MAX || (count && amount % 2)) {
			k = prandom_u32_state(&random) % count;
			level = held[k].level;
			amount = held[k].amount;
			held[k] = held[--count];
			uncharge(c, level, amount);
			for (k = level; k < LEVELS; k++)
				sums[k] -= amount;
		} else {
			int expected = 0;

			for (k = level; k < LEVELS; k++)
				if (sums[k] + amount > limits[k])
					expected = -ENOBUFS;
			KUNIT_ASSERT_EQ(test, charge_level(c, level, amount), expected);
			if (!expected) {
				for (k = level; k < LEVELS; k++)
					sums[k] += amount;
				held[count].level = level;
				held[count++].amount = amount;
			}
		}
		for (k = 0; k < LEVELS; k++)
			KUNIT_ASSERT_EQ(test, used(c, k), sums[k]);
	}
}

#define CHARGERS 4
#define ROUNDS 20000

struct charger {
	struct chain *chain;
	enum level level;
	struct completion done;
	bool above;		/* it saw more than the limit, */
	bool below;		/* or less than its own share */
};

static int charge_and_uncharge(void *arg)
{
	struct charger *me = arg;
	struct chain *c = me->chain;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (!charge_level(c, me->level, 30)) {
			me->below |= used(c, TOTAL) < 30;
			me->above |= used(c, TOTAL) > 50;
			uncharge(c, me->level, 30);
		}
		cond_resched();
	}
	/* When the test goes on, nobody is left in the module's code. */
	kthread_complete_and_exit(&me->done, 0);
}

static void never_above_the_limit_at_any_time(struct kunit *test)
{
	struct chain *c = test->priv;
	struct charger *chargers;
	int i;

	chargers = kunit_kcalloc(test, CHARGERS, sizeof(*chargers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, chargers);
	/* Room for one of them at a time. */
	set_limits(c->ns, LONG_MAX, 50);
	for (i = 0; i < CHARGERS; i++) {
		chargers[i].chain = c;
		chargers[i].level = i % (TOTAL + 1);
		init_completion(&chargers[i].done);
	}
	for (i = 0; i < CHARGERS; i++)
		if (IS_ERR(kthread_run(charge_and_uncharge, &chargers[i],
				       "ipcbox-kunit/%d", i)))
			complete(&chargers[i].done);
	for (i = 0; i < CHARGERS; i++)
		wait_for_completion(&chargers[i].done);
	for (i = 0; i < CHARGERS; i++) {
		KUNIT_EXPECT_FALSE(test, chargers[i].above);
		KUNIT_EXPECT_FALSE(test, chargers[i].below);
	}
	for (i = 0; i < LEVELS; i++)
		KUNIT_EXPECT_EQ(test, used(c, i), 0);
}

static struct kunit_case account_cases[] = {
	KUNIT_CASE(counted_in_all_above),
	KUNIT_CASE(all_or_none),
	KUNIT_CASE(lower_of_own_and_host_limit),
	KUNIT_CASE(each_resource_has_its_errno),
	KUNIT_CASE(edges),
	KUNIT_CASE(limit_lowered_below_use),
	KUNIT_CASE(random_account_steps),
	KUNIT_CASE(never_above_the_limit_at_any_time),
	{}
};

static struct kunit_suite account_suite = {
	.name = "ipcbox_account",
	.init = chain_setup,
	.exit = chain_teardown,
	.test_cases = account_cases,
};

kunit_test_suite(account_suite);
