// SPDX-License-Identifier: GPL-2.0
#include "attr.h"

#include <kunit/test.h>
#include <linux/ipcbox.h>

/* Each field alone, as the uapi header pairs it with its bit. */
static const struct ipcbox_attr fields[] = {
	{ .mask = IPCBOX_ATTR_MODE, .mode = 0600 },
	{ .mask = IPCBOX_ATTR_UID, .uid = 1 },
	{ .mask = IPCBOX_ATTR_GID, .gid = U32_MAX },
	{ .mask = IPCBOX_ATTR_MESSAGES, .max_messages = 1 },
	{ .mask = IPCBOX_ATTR_BYTES, .max_bytes = 1ULL << 63 },
	{ .mask = IPCBOX_ATTR_MSGSIZE, .max_msgsize = 1ULL << 32 },
};

static void nothing_given(struct kunit *test)
{
	static const struct ipcbox_attr nothing;

	KUNIT_EXPECT_EQ(test, ipcbox_attr_check(&nothing), 0);
}

static void each_field_needs_its_bit(struct kunit *test)
{
	struct ipcbox_attr attr;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		attr = fields[i];
		KUNIT_EXPECT_EQ_MSG(test, ipcbox_attr_check(&attr), 0,
				    "field %zu", i);
		attr.mask = IPCBOX_ATTR_ALL & ~fields[i].mask;
		KUNIT_EXPECT_EQ_MSG(test, ipcbox_attr_check(&attr), -EINVAL,
				    "field %zu", i);
		attr.mask = IPCBOX_ATTR_ALL;
		KUNIT_EXPECT_EQ_MSG(test, ipcbox_attr_check(&attr), 0,
				    "field %zu", i);
	}
}

static void zero_needs_no_value(struct kunit *test)
{
	struct ipcbox_attr attr = { 0 };
	u32 bit;

	/* What a limit of 0 is worth is not for this check. */
	for (bit = 0; bit < 32; bit++) {
		attr.mask = BIT(bit);
		KUNIT_EXPECT_EQ_MSG(test, ipcbox_attr_check(&attr),
				    BIT(bit) & IPCBOX_ATTR_ALL ? 0 : -EINVAL,
				    "bit %u", bit);
	}
}

static void modes(struct kunit *test)
{
	struct ipcbox_attr attr = { .mask = IPCBOX_ATTR_MODE };
	u32 bit;

	for (bit = 0; bit < 32; bit++) {
		attr.mode = BIT(bit);
		KUNIT_EXPECT_EQ_MSG(test, ipcbox_attr_check(&attr),
				    attr.mode & 0666 ? 0 : -EINVAL, "mode %#o",
				    attr.mode);
	}
	attr.mode = 0666;
	KUNIT_EXPECT_EQ(test, ipcbox_attr_check(&attr), 0);
}

static struct kunit_case attr_cases[] = {
	KUNIT_CASE(nothing_given),
	KUNIT_CASE(each_field_needs_its_bit),
	KUNIT_CASE(zero_needs_no_value),
	KUNIT_CASE(modes),
	{}
};

static struct kunit_suite attr_suite = {
	.name = "ipcbox_attr",
	.test_cases = attr_cases,
};

kunit_test_suite(attr_suite);
