// SPDX-License-Identifier: GPL-2.0
/* How the numbers of a buffer are shared out. */
#include "owners.h"

#include <kunit/test.h>

#define OWNERS_MAX	IPCBOX_WORD_OWNER_MAX
#define QUARTER	IPCBOX_OWNERS_USER_MAX
#define RESERVE	IPCBOX_OWNERS_RESERVE

static int owners_setup(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct ipcbox_owners), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, test->priv);
	ipcbox_owners_init(test->priv);
	return 0;
}

static int take_owner(struct kunit *test, unsigned int uid, bool reserve)
{
	return ipcbox_owners_take(test->priv, KUIDT_INIT(uid), reserve);
}

/* Return: how many there were for this user; after them there is none. */
static u32 take_all(struct kunit *test, unsigned int uid, bool reserve)
{
	u32 n = 0;

	while (take_owner(test, uid, reserve) > 0)
		n++;
	KUNIT_EXPECT_EQ(test, take_owner(test, uid, reserve), -EUSERS);
	return n;
}

/* So many of this user, whichever; from *FIRST on. */
static void give(struct kunit *test, unsigned int uid, u32 *first, u32 count)
{
	for (; count; count--)
		ipcbox_owners_give(test->priv, KUIDT_INIT(uid), (*first)++);
}

static void user_has_a_quarter_and_others_have_the_rest(struct kunit *test)
{
	u32 left = OWNERS_MAX - RESERVE - 3 * QUARTER;
	struct ipcbox_owners *owners = test->priv;
	u32 first = 1;

	KUNIT_EXPECT_EQ(test, take_all(test, 1, false), QUARTER);
	KUNIT_EXPECT_GT(test, take_owner(test, 2, false), 0);
	KUNIT_EXPECT_EQ(test, take_all(test, 2, false), QUARTER - 1);
	KUNIT_EXPECT_EQ(test, take_all(test, 3, false), QUARTER);
	KUNIT_EXPECT_EQ(test, take_all(test, 4, false), left);
	/* What is kept is for the owner of the buffer, and for who may. */
	KUNIT_EXPECT_EQ(test, take_all(test, 1, true), RESERVE);
	KUNIT_EXPECT_EQ(test, owners->count, OWNERS_MAX);

	give(test, 1, &first, QUARTER + RESERVE);
	give(test, 2, &first, QUARTER);
	give(test, 3, &first, QUARTER);
	give(test, 4, &first, left);
	KUNIT_EXPECT_EQ(test, owners->count, 0);
	ipcbox_owners_deinit(owners);
}

static void number_that_was_given_back_is_free(struct kunit *test)
{
	struct ipcbox_owners *owners = test->priv;
	int first = take_owner(test, 1, false), other = take_owner(test, 2, false);

	KUNIT_EXPECT_NE(test, first, other);
	ipcbox_owners_give(owners, KUIDT_INIT(1), first);
	KUNIT_EXPECT_EQ(test, take_owner(test, 2, false), first);
	ipcbox_owners_give(owners, KUIDT_INIT(2), first);
	ipcbox_owners_give(owners, KUIDT_INIT(2), other);
	KUNIT_EXPECT_EQ(test, owners->count, 0);
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&owners->users));
	ipcbox_owners_deinit(owners);
}

static struct kunit_case owners_cases[] = {
	KUNIT_CASE(user_has_a_quarter_and_others_have_the_rest),
	KUNIT_CASE(number_that_was_given_back_is_free),
	{}
};

static struct kunit_suite owners_suite = {
	.name = "ipcbox_owners",
	.init = owners_setup,
	.test_cases = owners_cases,
};

kunit_test_suite(owners_suite);
