// SPDX-License-Identifier: GPL-2.0
#include "deadline.h"

#include <kunit/test.h>

#define SECOND ((s64)NSEC_PER_SEC)

static void none(struct kunit *test)
{
	static const s64 offsets[] = { 0, SECOND, -SECOND, S64_MAX, S64_MIN };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(0, offsets[i]),
				KTIME_MAX);
		KUNIT_EXPECT_EQ(test,
				ipcbox_deadline_shift(S64_MAX, offsets[i]),
				KTIME_MAX);
		KUNIT_EXPECT_EQ(test,
				ipcbox_deadline_shift(U64_MAX, offsets[i]),
				KTIME_MAX);
	}
}

static void not_shifted(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(1, 0), 1);
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(SECOND, 0), SECOND);
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(S64_MAX - 1, 0),
			S64_MAX - 1);
}

static void clock_ahead(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(5 * SECOND, SECOND),
			4 * SECOND);
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(S64_MAX - 1, S64_MAX - 3),
			2);
	/* Not 0, which would be none, and not less. */
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(SECOND, SECOND), 1);
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(1, SECOND), 1);
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(1, S64_MAX), 1);
}

static void clock_behind(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(SECOND, -SECOND),
			2 * SECOND);
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(S64_MAX - 2, -1),
			S64_MAX - 1);
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(S64_MAX - 1, -SECOND),
			KTIME_MAX);
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(S64_MAX - 1, S64_MIN),
			KTIME_MAX);
	KUNIT_EXPECT_EQ(test, ipcbox_deadline_shift(1, S64_MIN), KTIME_MAX);
}

static struct kunit_case deadline_cases[] = {
	KUNIT_CASE(none),
	KUNIT_CASE(not_shifted),
	KUNIT_CASE(clock_ahead),
	KUNIT_CASE(clock_behind),
	{}
};

static struct kunit_suite deadline_suite = {
	.name = "ipcbox_deadline",
	.test_cases = deadline_cases,
};

kunit_test_suite(deadline_suite);
