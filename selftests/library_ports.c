// SPDX-License-Identifier: GPL-2.0
/*
 * libipcbox, ports: that options, names, flags and answers get through, what the
 * library says of limits, and of a device that is not as it should be.
 */
#include "library_test.h"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>

#define LONG_WAIT 20000		/* ms; no test waits so long */

/* Ports */

TEST_F(library, port_has_the_defaults_where_nothing_is_set)
{
	ASSERT_EQ(0, ipcbox_stat(self->port, &self->info));
	EXPECT_EQ(IPCBOX_KIND_PORT, ipcbox_info_kind(self->info));
	EXPECT_EQ(IPCBOX_DEFAULT_MODE, ipcbox_info_mode(self->info));
	EXPECT_EQ(0, ipcbox_info_owner(self->info));
	EXPECT_EQ(0, ipcbox_info_group(self->info));
	EXPECT_EQ(0, ipcbox_info_pid(self->info));
	EXPECT_EQ(0, ipcbox_info_state(self->info));
	EXPECT_EQ(IPCBOX_DEFAULT_MESSAGES, ipcbox_info_max_messages(self->info));
	EXPECT_EQ(IPCBOX_DEFAULT_BYTES, ipcbox_info_max_bytes(self->info));
	EXPECT_EQ(IPCBOX_DEFAULT_MSGSIZE, ipcbox_info_max_msgsize(self->info));
	EXPECT_STREQ("", ipcbox_info_name(self->info));
}

static void set_all(struct ipcbox_options *options)
{
	ipcbox_options_set_mode(options, 0642);
	ipcbox_options_set_owner(options, 11);
	ipcbox_options_set_group(options, 12);
	ipcbox_options_set_messages(options, 13);
	ipcbox_options_set_bytes(options, 1400);
	ipcbox_options_set_msgsize(options, 15);
}

static void expect_all(struct __test_metadata *_metadata, int fd,
		       struct ipcbox_info **info)
{
	ASSERT_EQ(0, ipcbox_stat(fd, info));
	EXPECT_EQ(0642, ipcbox_info_mode(*info));
	EXPECT_EQ(11, ipcbox_info_owner(*info));
	EXPECT_EQ(12, ipcbox_info_group(*info));
	EXPECT_EQ(13, ipcbox_info_max_messages(*info));
	EXPECT_EQ(1400, ipcbox_info_max_bytes(*info));
	EXPECT_EQ(15, ipcbox_info_max_msgsize(*info));
}

TEST_F(library, options_reach_a_new_port)
{
	int port;

	ASSERT_EQ(0, ipcbox_port_delete(self->name, 0));
	set_all(self->options);
	port = ipcbox_port_create(self->name, 0, self->options);
	ASSERT_LE(0, port);
	expect_all(_metadata, port, &self->info);
}

TEST_F(library, options_reach_a_port_that_is_changed)
{
	set_all(self->options);
	EXPECT_EQ(0, ipcbox_set(self->port, self->options));
	expect_all(_metadata, self->port, &self->info);
}

TEST_F(library, options_reach_a_new_mailbox)
{
	int box;

	set_all(self->options);
	box = ipcbox_mailbox_open(0, self->options);
	ASSERT_LE(0, box);
	expect_all(_metadata, box, &self->info);
	EXPECT_EQ(IPCBOX_KIND_MAILBOX, ipcbox_info_kind(self->info));
	EXPECT_EQ(getpid(), ipcbox_info_pid(self->info));
}

TEST_F(library, create_tells_its_errors)
{
	char long_name[IPCBOX_NAME_MAX + 2];

	memset(long_name, 'n', sizeof(long_name));
	long_name[IPCBOX_NAME_MAX + 1] = '\0';
	EXPECT_EQ(-EEXIST, ipcbox_port_create(self->name, 0, NULL));
	EXPECT_EQ(-EINVAL, ipcbox_port_create(NULL, 0, NULL));
	EXPECT_EQ(-EINVAL, ipcbox_port_create("", 0, NULL));
	EXPECT_EQ(-EINVAL, ipcbox_port_create("a/b", 0, NULL));
	EXPECT_EQ(-EINVAL, ipcbox_port_create("a\nb", 0, NULL));
	EXPECT_EQ(-EINVAL, ipcbox_port_create("flags", 1U << 31, NULL));
	EXPECT_EQ(-ENAMETOOLONG, ipcbox_port_create(long_name, 0, NULL));
	ipcbox_options_set_messages(self->options, UINT64_MAX);
	EXPECT_EQ(-ERANGE, ipcbox_port_create("many", 0, self->options));
	ipcbox_options_set_messages(self->options, 0);
	EXPECT_EQ(-EINVAL, ipcbox_port_create("none", 0, self->options));
}

TEST_F(library, the_longest_name_is_a_name)
{
	char name[IPCBOX_NAME_MAX + 1];

	memset(name, 'n', IPCBOX_NAME_MAX);
	name[IPCBOX_NAME_MAX] = '\0';
	EXPECT_LE(0, ipcbox_port_create(name, 0, NULL));
	EXPECT_LE(0, ipcbox_port_open(name, 0));
	EXPECT_EQ(0, ipcbox_port_delete(name, 0));
}

TEST_F(library, reuse_opens_the_port_that_is_there)
{
	int port;

	ipcbox_options_set_messages(self->options, 3);
	port = ipcbox_port_create(self->name, BOTH | IPCBOX_REUSE, self->options);
	ASSERT_LE(0, port);
	EXPECT_EQ(id_of(self->port), id_of(port));
	ASSERT_EQ(0, ipcbox_stat(port, &self->info));
	EXPECT_EQ(IPCBOX_DEFAULT_MESSAGES, ipcbox_info_max_messages(self->info));
}

TEST_F(library, fds_are_close_on_exec_and_blocking_unless_asked)
{
	int port = ipcbox_port_open(self->name, IPCBOX_RECEIVER | IPCBOX_NONBLOCK);

	EXPECT_EQ(FD_CLOEXEC, fcntl(self->port, F_GETFD));
	EXPECT_EQ(0, fcntl(self->port, F_GETFL) & O_NONBLOCK);
	ASSERT_LE(0, port);
	EXPECT_EQ(O_NONBLOCK, fcntl(port, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(-EAGAIN, ipcbox_recv(port, NULL, 0));
	EXPECT_EQ(-EBADF, ipcbox_send(port, "x", 1));
}

static int open_sender(const char *name)
{
	return ipcbox_port_open(name, IPCBOX_SENDER);
}

static int reuse_sender(const char *name)
{
	return ipcbox_port_create(name, IPCBOX_SENDER | IPCBOX_REUSE, NULL);
}

static int delete_port(const char *name)
{
	return ipcbox_port_delete(name, 0);
}

static int give_to_root(const char *name)
{
	struct ipcbox_options *options;
	int err = ipcbox_options_new(&options);

	if (err)
		return err;
	ipcbox_options_set_owner(options, 0);
	err = ipcbox_port_create(name, 0, options);
	ipcbox_options_free(options);
	return err;
}

static int set_mode(const char *name)
{
	struct ipcbox_options *options;
	int err = ipcbox_options_new(&options);
	int port = ipcbox_port_open(name, 0);

	if (err || port < 0)
		return err ? err : port;
	ipcbox_options_set_mode(options, 0666);
	err = ipcbox_set(port, options);
	ipcbox_options_free(options);
	return err;
}

TEST_F(library, another_user_is_refused)
{
	EXPECT_TRUE(user_gets(open_sender, self->name, -EACCES));
	EXPECT_TRUE(user_gets(reuse_sender, self->name, -EACCES));
	EXPECT_TRUE(user_gets(delete_port, self->name, -EPERM));
	/* It opens the port for no direction, which needs some right. */
	EXPECT_TRUE(user_gets(set_mode, self->name, -EACCES));
	EXPECT_TRUE(user_gets(give_to_root, "gift", -EPERM));
}

TEST_F(library, delete_removes_or_unlinks)
{
	EXPECT_EQ(-EINVAL, ipcbox_port_delete(self->name, IPCBOX_NONBLOCK));
	EXPECT_EQ(0, ipcbox_port_delete(self->name, IPCBOX_UNLINK));
	EXPECT_EQ(-ENOENT, ipcbox_port_delete(self->name, 0));
	EXPECT_EQ(-ENOENT, ipcbox_port_open(self->name, 0));
	EXPECT_EQ(0, ipcbox_send(self->port, "x", 1));
	EXPECT_EQ(0, ipcbox_stat(self->port, &self->info));
	EXPECT_EQ(IPCBOX_STATE_UNLINKED, ipcbox_info_state(self->info));
	close(self->port);

	self->port = ipcbox_port_create(self->name, BOTH, NULL);
	ASSERT_LE(0, self->port);
	EXPECT_EQ(0, ipcbox_port_delete(self->name, 0));
	EXPECT_EQ(-EIDRM, ipcbox_send(self->port, "x", 1));
	EXPECT_EQ(-EIDRM, ipcbox_recv(self->port, NULL, 0));
	EXPECT_EQ(-EIDRM, ipcbox_set(self->port, self->options));
}

/* Stat and lists */

TEST_F(library, stat_counts_and_uses_its_answer_again)
{
	struct ipcbox_info *first;

	ASSERT_EQ(0, ipcbox_stat(self->port, &self->info));
	first = self->info;
	EXPECT_EQ(0, ipcbox_info_sent(self->info));
	ASSERT_EQ(0, ipcbox_send(self->port, "abc", 3));
	ASSERT_EQ(0, ipcbox_send(self->port, "de", 2));
	ASSERT_EQ(0, recv_now_msg(self->port, &self->msg));
	ASSERT_EQ(0, ipcbox_stat(self->port, &self->info));
	EXPECT_EQ(first, self->info);
	EXPECT_EQ(2, ipcbox_info_sent(self->info));
	EXPECT_EQ(1, ipcbox_info_received(self->info));
	EXPECT_EQ(1, ipcbox_info_messages(self->info));
	EXPECT_EQ(2, ipcbox_info_bytes(self->info));
	EXPECT_EQ(0, ipcbox_info_receivers(self->info));
	EXPECT_EQ(0, ipcbox_info_senders(self->info));
	EXPECT_EQ((__u64)id_of(self->port), ipcbox_info_id(self->info));
}

TEST_F(library, stat_counts_sleepers)
{
	pid_t pid = spawn(recv_until_removed, &self->port);

	ASSERT_TRUE(receivers_asleep(self->port, 1));
	ASSERT_EQ(0, ipcbox_stat(self->port, &self->info));
	EXPECT_EQ(1, ipcbox_info_receivers(self->info));
	EXPECT_EQ(0, ipcbox_info_senders(self->info));
	EXPECT_EQ(0, ipcbox_port_delete(self->name, 0));
	EXPECT_EQ(0, reap(pid));
}

TEST_F(library, stat_and_set_tell_their_errors)
{
	int null = open("/dev/null", O_RDWR);

	ASSERT_LE(0, null);
	EXPECT_EQ(-EBADF, ipcbox_stat(-1, &self->info));
	EXPECT_EQ(-ENOTTY, ipcbox_stat(null, &self->info));
	EXPECT_EQ(NULL, self->info);
	EXPECT_EQ(-EBADF, ipcbox_set(-1, self->options));
	EXPECT_EQ(-ENOTTY, ipcbox_set(null, self->options));
	ipcbox_options_set_mode(self->options, 01000);
	EXPECT_EQ(-EINVAL, ipcbox_set(self->port, self->options));
}

/* More than one page of a listing. */
#define MANY 1500

struct seen {
	char last[IPCBOX_NAME_MAX + 1];
	unsigned int count;
	unsigned int out_of_order;
	unsigned int stop_at;
	bool remove;
};

static int see(const struct ipcbox_info *info, void *arg)
{
	const char *name = ipcbox_info_name(info);
	struct seen *seen = arg;

	if (strncmp(name, "many.", 5))
		return 0;
	seen->count++;
	seen->out_of_order += strcmp(seen->last, name) >= 0;
	seen->out_of_order += ipcbox_info_kind(info) != IPCBOX_KIND_PORT;
	snprintf(seen->last, sizeof(seen->last), "%s", name);
	if (seen->remove && ipcbox_port_delete(name, 0))
		return -EBADMSG;
	return seen->count == seen->stop_at ? 42 : 0;
}

TEST_F(library, list_tells_each_port_once_and_sorted)
{
	struct seen all = { .count = 0 };
	struct seen some = { .stop_at = 3 };
	struct seen removing = { .remove = true };
	struct seen none = { .count = 0 };
	char name[16];
	int fd, i;

	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "many.%d", i);
		fd = ipcbox_port_create(name, 0, NULL);
		ASSERT_LE(0, fd);
		close(fd);
	}
	EXPECT_EQ(0, ipcbox_port_list(see, &all));
	EXPECT_EQ(MANY, all.count);
	EXPECT_EQ(0, all.out_of_order);
	EXPECT_EQ(42, ipcbox_port_list(see, &some));
	EXPECT_EQ(3, some.count);
	EXPECT_EQ(0, ipcbox_port_list(see, &removing));
	EXPECT_EQ(MANY, removing.count);
	EXPECT_EQ(0, ipcbox_port_list(see, &none));
	EXPECT_EQ(0, none.count);
}

#define USAGE(name, KEY)							\
	{ IPCBOX_KEY_##KEY##_USED, IPCBOX_KEY_##KEY##_LIMIT,			\
	  offsetof(struct ipcbox_query, name) }

static const struct {
	int used;
	int limit;
	size_t offset;
} usages[] = {
	USAGE(boxes, BOXES), USAGE(links, LINKS), USAGE(bytes, BYTES),
	USAGE(waiters, WAITERS), USAGE(pages, PAGES), USAGE(memory, MEMORY),
};

TEST_F(library, query_answers_each_key)
{
	struct ipcbox_query query;
	uint64_t value = POISON;
	uint64_t boxes, more;
	int key;

	for (key = IPCBOX_KEY_ABI; key <= IPCBOX_KEY_MEMORY_LIMIT; key++)
		EXPECT_EQ(0, ipcbox_query(key, &value));
	EXPECT_EQ(0, ipcbox_query(IPCBOX_KEY_ABI, &value));
	EXPECT_EQ(IPCBOX_ABI, value);
	EXPECT_EQ(0, ipcbox_query(IPCBOX_KEY_FEATURES, &value));
	EXPECT_EQ(IPCBOX_FEATURES, value & IPCBOX_FEATURES);
	EXPECT_EQ(0, ipcbox_query(IPCBOX_KEY_NAME_MAX, &value));
	EXPECT_EQ(IPCBOX_NAME_MAX, value);
	EXPECT_EQ(0, ipcbox_query(IPCBOX_KEY_PRIORITY_MAX, &value));
	EXPECT_EQ(IPCBOX_PRIORITY_MAX, value);
	EXPECT_EQ(0, ipcbox_query(IPCBOX_KEY_BOXES_USED, &boxes));
	EXPECT_LE(0, ipcbox_mailbox_open(0, NULL));
	EXPECT_EQ(0, ipcbox_query(IPCBOX_KEY_BOXES_USED, &more));
	EXPECT_EQ(boxes + 1, more);
	ASSERT_EQ(0, box_query(self->port, &query));
	for (key = 0; key < (int)ARRAY_SIZE(usages); key++) {
		const struct ipcbox_usage *usage = (void *)&query + usages[key].offset;

		EXPECT_EQ(0, ipcbox_query(usages[key].used, &value));
		EXPECT_LE(usage->used, value);	/* the call has a file of its own */
		EXPECT_GT(usage->limit, value);
		EXPECT_EQ(0, ipcbox_query(usages[key].limit, &value));
		EXPECT_EQ(usage->limit, value);
	}
	value = POISON;
	EXPECT_EQ(-EINVAL, ipcbox_query(IPCBOX_KEY_MEMORY_LIMIT + 1, &value));
	EXPECT_EQ(POISON, value);
}

/* Limits: each has an errno of its own, which the library hands on. */
static int with_sysctl(const char *path, unsigned long long value, int (*fn)(void))
{
	long long before = read_number(path);
	int ret = write_number(path, value);

	if (!ret)
		ret = fn();
	write_number(path, before);
	return ret;
}

static int create_over(void)
{
	return ipcbox_port_create("over", 0, NULL);
}

static int link_over(void)
{
	return ipcbox_link_open(getpid(), 0);
}

static int send_over(void)
{
	int port = ipcbox_port_create("over", BOTH, NULL);
	int ret = ipcbox_send(port, "x", 1);

	ipcbox_port_delete("over", 0);
	return ret;
}

static int wait_over(void)
{
	int port = ipcbox_port_create("over", BOTH, NULL);
	struct ipcbox_msg *msg = NULL;
	int ret = ipcbox_recv_msg(port, &msg, 0, ipcbox_deadline_ms(LONG_WAIT));

	ipcbox_msg_free(msg);
	ipcbox_port_delete("over", 0);
	return ret;
}

TEST_F(library, limits_have_their_errnos)
{
	ASSERT_LE(0, ipcbox_mailbox_open(0, NULL));
	EXPECT_EQ(-ENOSPC, with_sysctl(SYSCTL("user_boxes"), 0, create_over));
	EXPECT_EQ(-EMLINK, with_sysctl(SYSCTL("user_links"), 0, link_over));
	EXPECT_EQ(-ENOBUFS, with_sysctl(SYSCTL("user_bytes"), 0, send_over));
	EXPECT_EQ(-EUSERS, with_sysctl(SYSCTL("user_waiters"), 0, wait_over));
}

/* The device: each call that opens it, without it. */

static int count_device_errors(int err)
{
	struct ipcbox_options *options = NULL;
	uint64_t value;
	int wrong = 0;

	wrong += ipcbox_port_create("x", 0, options) != err;
	wrong += ipcbox_port_open("x", 0) != err;
	wrong += ipcbox_port_delete("x", 0) != err;
	wrong += ipcbox_mailbox_open(0, options) != err;
	wrong += ipcbox_link_open(getpid(), 0) != err;
	wrong += ipcbox_link_open_pidfd(0, 0) != err;
	wrong += ipcbox_send_to(getpid(), "x", 1, IPCBOX_NOWAIT, 0, 0) != err;
	wrong += ipcbox_port_list(see, NULL) != err;
	wrong += ipcbox_query(IPCBOX_KEY_ABI, &value) != err;
	return wrong;
}

/* An empty /dev of its own, with what DEVICE is to be at the place of the device. */
static int without_device(void *arg)
{
	int err = *(int *)arg;

	if (unshare(CLONE_NEWNS) || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/dev", "tmpfs", 0, NULL))
		return 100;
	if (err == -EACCES && (mknod("/dev/ipcbox", S_IFCHR | 0600, makedev(1, 3)) ||
			       setresuid(USER, USER, USER)))
		return 101;
	if (err == -ENOTTY && mknod("/dev/ipcbox", S_IFCHR | 0666, makedev(1, 3)))
		return 102;
	return count_device_errors(err);
}

static int without_fds(void *unused)
{
	struct rlimit none = { 0, 0 };

	(void)unused;
	if (setrlimit(RLIMIT_NOFILE, &none))
		return 100;
	return count_device_errors(-EMFILE);
}

TEST(without_the_module_each_call_says_enodev)
{
	int err = -ENODEV;

	EXPECT_EQ(0, reap(spawn(without_device, &err)));
}

TEST(with_a_device_that_is_not_open_to_all_each_call_says_eacces)
{
	int err = -EACCES;

	EXPECT_EQ(0, reap(spawn(without_device, &err)));
}

TEST(with_another_driver_s_device_each_call_says_enotty)
{
	int err = -ENOTTY;

	EXPECT_EQ(0, reap(spawn(without_device, &err)));
}

TEST(without_a_free_fd_each_call_says_emfile)
{
	EXPECT_EQ(0, reap(spawn(without_fds, NULL)));
}

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

TEST_F(library, no_call_leaves_an_fd_open)
{
	int before = count_fds();
	uint64_t value;

	ipcbox_port_create(self->name, 0, NULL);
	ipcbox_port_open("no such port", 0);
	ipcbox_port_delete("no such port", 0);
	ipcbox_link_open(getpid(), 0);
	ipcbox_send_to(getpid(), "x", 1, IPCBOX_NOWAIT, 0, 0);
	ipcbox_query(IPCBOX_KEY_ABI, &value);
	close(ipcbox_port_open(self->name, 0));
	close(ipcbox_mailbox_open(0, NULL));
	EXPECT_EQ(before, count_fds());
}

TEST_HARNESS_MAIN
