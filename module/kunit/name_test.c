// SPDX-License-Identifier: GPL-2.0
#include "name.h"

#include <kunit/test.h>

static void lengths(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ipcbox_name_check_len(0), -EINVAL);
	KUNIT_EXPECT_EQ(test, ipcbox_name_check_len(1), 0);
	KUNIT_EXPECT_EQ(test, ipcbox_name_check_len(255), 0);
	KUNIT_EXPECT_EQ(test, ipcbox_name_check_len(256), -ENAMETOOLONG);
	KUNIT_EXPECT_EQ(test, ipcbox_name_check_len(U32_MAX), -ENAMETOOLONG);
}

static struct ipcbox_name *longest_name(struct kunit *test)
{
	struct ipcbox_name *name;

	name = kunit_kzalloc(test, sizeof(*name), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, name);
	name->len = IPCBOX_NAME_MAX;
	memset(name->bytes, 'n', name->len);
	return name;
}

/* Written as the uapi header says it. */
static bool may_be_in_a_name(unsigned int byte)
{
	bool control = byte <= 0x1f || byte == 0x7f;

	return !control && byte != '/';
}

static void every_byte_in_every_place(struct kunit *test)
{
	struct ipcbox_name *name = longest_name(test);
	unsigned int byte, place;

	for (byte = 0; byte < 256; byte++) {
		int expected = may_be_in_a_name(byte) ? 0 : -EINVAL;

		for (place = 0; place < name->len; place++) {
			name->bytes[place] = byte;
			KUNIT_ASSERT_EQ_MSG(test, ipcbox_name_check_bytes(name),
					    expected, "byte %#x at %u", byte,
					    place);
			name->bytes[place] = 'n';
		}
	}
}

static void nothing_behind_the_end(struct kunit *test)
{
	struct ipcbox_name *name = longest_name(test);

	name->bytes[10] = '/';
	name->len = 10;
	KUNIT_EXPECT_EQ(test, ipcbox_name_check_bytes(name), 0);
	name->len = 11;
	KUNIT_EXPECT_EQ(test, ipcbox_name_check_bytes(name), -EINVAL);
}

static struct kunit_case name_cases[] = {
	KUNIT_CASE(lengths),
	KUNIT_CASE(every_byte_in_every_place),
	KUNIT_CASE(nothing_behind_the_end),
	{}
};

static struct kunit_suite name_suite = {
	.name = "ipcbox_name",
	.test_cases = name_cases,
};

kunit_test_suite(name_suite);
