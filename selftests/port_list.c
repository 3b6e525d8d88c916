// SPDX-License-Identifier: GPL-2.0
/*
 * Listing ports, in a network namespace of our own, so that the ports of these
 * tests are all there are.
 */
#include "ipcbox_test.h"

#include <stddef.h>

static int list(int control, const char *after, void *buf, size_t len,
		__u32 *count)
{
	struct ipcbox_port_list l = {
		.size = sizeof(l), .after = after ? to_u64(after) : 0,
		.after_len = after ? strlen(after) : 0,
		.count = 0x12345678, .buf = to_u64(buf), .buf_len = len,
	};
	int ret = command(control, IPCBOX_PORT_LIST, &l);

	*count = l.count;
	return ret;
}

static void name_of(const struct ipcbox_port_entry *e, char *name)
{
	memcpy(name, (const char *)e + e->name_off, e->name_len);
	name[e->name_len] = '\0';
}

static const struct ipcbox_port_entry *
after_entry(const struct ipcbox_port_entry *e)
{
	return (const void *)((const char *)e + e->entry_len);
}

/* Removes every port there is. */
static void remove_all(int control)
{
	__u64 buf[512];
	const struct ipcbox_port_entry *e;
	char name[IPCBOX_NAME_MAX + 1];
	__u32 count;

	while (!list(control, NULL, buf, sizeof(buf), &count) && count) {
		e = (const void *)buf;
		for (__u32 i = 0; i < count; i++, e = after_entry(e)) {
			name_of(e, name);
			port_remove(control, name);
		}
	}
}

FIXTURE(list) {
	struct stage stage;
	int control;
};

FIXTURE_SETUP(list)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
}

FIXTURE_TEARDOWN(list)
{
	remove_all(self->control);
	stage_teardown(_metadata, &self->stage);
}

static void make(struct __test_metadata *_metadata, int control, const char *name)
{
	int port = port_create(control, name, BOTH);

	ASSERT_LE(0, port);
	close(port);
}

/*
 * Walks all pages of a listing with so much room for each, and writes the names
 * one after the other, with a space behind each. Returns how many, or -errno.
 */
static int walk(int control, size_t room, char *names)
{
	char name[IPCBOX_NAME_MAX + 1] = "";
	int total = 0;

	names[0] = '\0';
	while (true) {
		const struct ipcbox_port_entry *e;
		char *buf = malloc(room);
		__u32 count;
		int ret = list(control, name[0] ? name : NULL, buf, room, &count);

		e = (const void *)buf;
		for (__u32 i = 0; !ret && i < count; i++, e = after_entry(e)) {
			name_of(e, name);
			strcat(strcat(names, name), " ");
			total++;
		}
		free(buf);
		if (ret || !count)
			return ret ?: total;
	}
}

TEST_F(list, of_no_ports_is_empty)
{
	__u64 buf[64];
	__u32 count;

	EXPECT_EQ(0, list(self->control, NULL, buf, sizeof(buf), &count));
	EXPECT_EQ(0, count);
}

TEST_F(list, is_sorted_bytewise)
{
	char names[64];

	make(_metadata, self->control, "b");
	make(_metadata, self->control, "ab");
	make(_metadata, self->control, "\xc3\xa4");
	make(_metadata, self->control, "a");
	make(_metadata, self->control, "B");
	EXPECT_EQ(5, walk(self->control, 4096, names));
	EXPECT_STREQ("B a ab b \xc3\xa4 ", names);
}

TEST_F(list, entry_tells_what_stat_tells)
{
	__u64 buf[64];
	const struct ipcbox_port_entry *e = (void *)buf;
	struct ipcbox_stat s;
	int port = port_create_attr(self->control, "one", BOTH,
				    (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE | IPCBOX_ATTR_MESSAGES,
		.mode = 0640, .max_messages = 3 });
	__u32 count;
	char name[IPCBOX_NAME_MAX + 1];

	ASSERT_LE(0, port);
	ASSERT_EQ(0, send_tag(port, 1));
	ASSERT_EQ(0, box_stat(port, &s));
	memset(buf, POISON, sizeof(buf));
	ASSERT_EQ(0, list(self->control, NULL, buf, sizeof(buf), &count));
	ASSERT_EQ(1, count);
	name_of(e, name);
	EXPECT_STREQ("one", name);
	EXPECT_EQ(3, e->name_len);
	EXPECT_EQ(0, e->entry_len % 8);
	EXPECT_LE(e->name_off + e->name_len, e->entry_len);
	EXPECT_LE(sizeof(*e), e->name_off);
	EXPECT_EQ(0, e->__reserved);
	EXPECT_EQ(0, memcmp(&s, &e->stat, sizeof(s)));
}

TEST_F(list, leaves_what_is_behind_its_entries_alone)
{
	unsigned char buf[1024];
	const struct ipcbox_port_entry *e = (void *)buf;
	__u32 count;

	make(_metadata, self->control, "one");
	memset(buf, POISON, sizeof(buf));
	ASSERT_EQ(0, list(self->control, NULL, buf, sizeof(buf), &count));
	for (size_t i = e->entry_len; i < sizeof(buf); i++) {
		ASSERT_EQ(POISON, buf[i]);
	}
	/* The padding behind the name tells nothing of the kernel's memory. */
	for (__u32 i = e->name_off + e->name_len; i < e->entry_len; i++) {
		EXPECT_EQ(0, buf[i]);
	}
}

TEST_F(list, in_small_pages_tells_each_port_once)
{
	char name[16], names[512], all[512] = "";

	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "p%02d", i);
		make(_metadata, self->control, name);
		strcat(strcat(all, name), " ");
	}
	EXPECT_EQ(40, walk(self->control, 300, names));
	EXPECT_STREQ(all, names);
}

TEST_F(list, without_room_for_one_entry_returns_emsgsize)
{
	unsigned char buf[512];
	__u32 count;

	make(_metadata, self->control, "a-port-with-a-longer-name");
	memset(buf, POISON, sizeof(buf));
	EXPECT_EQ(-EMSGSIZE, list(self->control, NULL, buf,
				  sizeof(struct ipcbox_port_entry), &count));
	EXPECT_EQ(POISON, buf[0]);
	EXPECT_EQ(-EMSGSIZE, list(self->control, NULL, buf, 0, &count));
	EXPECT_EQ(0, list(self->control, NULL, buf, sizeof(buf), &count));
	EXPECT_EQ(1, count);
}

TEST_F(list, with_room_for_the_first_entry_only_tells_that_one)
{
	__u64 buf[64];
	const struct ipcbox_port_entry *e = (void *)buf;
	__u32 count;

	make(_metadata, self->control, "a");
	make(_metadata, self->control, "b-with-a-long-name");
	ASSERT_EQ(0, list(self->control, NULL, buf, sizeof(buf), &count));
	ASSERT_EQ(2, count);
	ASSERT_EQ(0, list(self->control, NULL, buf, e->entry_len, &count));
	EXPECT_EQ(1, count);
}

TEST_F(list, after_a_name_that_is_no_more_goes_on_behind_it)
{
	__u64 buf[64];
	const struct ipcbox_port_entry *e = (void *)buf;
	char name[IPCBOX_NAME_MAX + 1];
	__u32 count;

	make(_metadata, self->control, "a");
	make(_metadata, self->control, "b");
	make(_metadata, self->control, "c");
	ASSERT_EQ(0, port_remove(self->control, "b"));
	ASSERT_EQ(0, list(self->control, "b", buf, sizeof(buf), &count));
	ASSERT_EQ(1, count);
	name_of(e, name);
	EXPECT_STREQ("c", name);
	ASSERT_EQ(0, list(self->control, "c", buf, sizeof(buf), &count));
	EXPECT_EQ(0, count);
}

TEST_F(list, does_not_tell_unlinked_ports)
{
	char names[64];
	int port = port_create(self->control, "gone", BOTH);

	ASSERT_LE(0, port);
	make(_metadata, self->control, "there");
	ASSERT_EQ(0, port_unlink(self->control, "gone"));
	EXPECT_EQ(1, walk(self->control, 4096, names));
	EXPECT_STREQ("there ", names);
	EXPECT_EQ(0, send_tag(port, 1));
}

TEST_F(list, after_a_malformed_name_returns_einval)
{
	__u64 buf[64];
	__u32 count;

	EXPECT_EQ(-EINVAL, list(self->control, "a/b", buf, sizeof(buf), &count));
	EXPECT_EQ(-EINVAL, list(self->control, "\n", buf, sizeof(buf), &count));
}

TEST_F(list, after_a_name_too_long_returns_enametoolong)
{
	static char name[IPCBOX_NAME_MAX + 2];
	__u64 buf[64];
	__u32 count;

	memset(name, 'x', IPCBOX_NAME_MAX + 1);
	EXPECT_EQ(-ENAMETOOLONG, list(self->control, name, buf, sizeof(buf), &count));
}

TEST_F(list, into_a_huge_buffer_works)
{
	size_t size = 64 << 20;
	char *buf = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	__u32 count;

	ASSERT_NE(MAP_FAILED, buf);
	make(_metadata, self->control, "one");
	EXPECT_EQ(0, list(self->control, NULL, buf, size, &count));
	EXPECT_EQ(1, count);
}

TEST_F(list, of_a_buffer_length_of_all_ones_returns_what_fits)
{
	__u64 buf[64];
	struct ipcbox_port_list l = {
		.size = sizeof(l), .buf = to_u64(buf), .buf_len = UINT64_MAX,
	};

	make(_metadata, self->control, "one");
	ASSERT_EQ(0, command(self->control, IPCBOX_PORT_LIST, &l));
	EXPECT_EQ(1, l.count);
}

/*
 * No step may cost more with more ports, or this does not end in time.
 */
#define MANY 100000

TEST_F_TIMEOUT(list, of_100000_ports_is_complete, 600)
{
	size_t room = 1 << 20;
	char *buf = malloc(room), name[IPCBOX_NAME_MAX + 1] = "";
	struct ipcbox_query q;
	__u32 count, total = 0;
	/* A debug kernel's ports are several times as large, and a user may have fewer. */
	int many = access("/sys/kernel/debug/kmemleak", F_OK) ? MANY : MANY / 10;

	for (int i = 0; i < many; i++) {
		int port;

		snprintf(name, sizeof(name), "%06d", (i * 7919) % many);
		port = port_create(self->control, name, 0);
		ASSERT_LE(0, port);
		close(port);
	}
	ASSERT_EQ(0, box_query(self->control, &q));
	EXPECT_EQ(self->stage.before.boxes.used + many, q.boxes.used);

	name[0] = '\0';
	do {
		const struct ipcbox_port_entry *e = (void *)buf;
		char expected[IPCBOX_NAME_MAX + 1];

		ASSERT_EQ(0, list(self->control, name[0] ? name : NULL, buf, room,
				  &count));
		for (__u32 i = 0; i < count; i++, e = after_entry(e)) {
			snprintf(expected, sizeof(expected), "%06u", total++);
			name_of(e, name);
			ASSERT_STREQ(expected, name);
		}
	} while (count);
	EXPECT_EQ(many, total);

	for (int i = 0; i < many; i++) {
		snprintf(name, sizeof(name), "%06d", i);
		ASSERT_EQ(0, port_remove(self->control, name));
	}
	free(buf);
}

TEST_HARNESS_MAIN
