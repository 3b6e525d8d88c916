// SPDX-License-Identifier: GPL-2.0
/*
 * Limits over namespaces: root of a namespace may lower them, the host's hold for all, the
 * user that made a namespace pays for it, and its end gives all back.
 */
#include "ipcbox_test.h"

#include <linux/capability.h>

#define UID	1000	/* of the user that makes namespaces */
#define SUBUID	5000	/* and the first of ids that it was given on top */

FIXTURE(quota) {
	struct stage stage;
	int control;
};

/* Objects that died with their namespace are off their owner's account on the host, too. */
static int has_nothing(void *arg)
{
	struct ipcbox_query q;
	int control;

	(void)arg;
	if (setresuid(UID, UID, UID))
		return 1;
	control = control_open();
	return eventually(!box_query(control, &q) && !q.boxes.used &&
			  !q.bytes.used) ? 0 : 2;
}

FIXTURE_SETUP(quota)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	/* A namespace of an earlier test may be on its way out still. */
	ASSERT_EQ(0, reap(spawn(has_nothing, NULL)));
}

FIXTURE_TEARDOWN(quota)
{
	stage_teardown(_metadata, &self->stage);
}

/* A child reports how far it came, and waits for the order to end. */
struct child {
	int ready, go;		/* ends of pipes */
	int number;
	int (*enter)(void);	/* namespaces of its own */
};

/* Sysctls */

static const char *const sysctls[] = {
	SYSCTL("user_boxes"), SYSCTL("user_links"), SYSCTL("user_bytes"),
	SYSCTL("user_waiters"), SYSCTL("user_pages"), SYSCTL("user_memory"),
	SYSCTL("max_boxes"), SYSCTL("max_links"), SYSCTL("max_bytes"),
	SYSCTL("max_waiters"), SYSCTL("max_pages"), SYSCTL("max_memory"),
	SYSCTL("box_messages"),
	SYSCTL("box_bytes"), SYSCTL("box_msgsize"),
};

static int lowers_its_sysctls(void *arg)
{
	(void)arg;
	if (enter_own_namespaces(UID))
		return 255;
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		long long was = read_number(sysctls[i]);

		if (was <= 0)
			return 10 + i;
		if (write_number(sysctls[i], was + 1) != -EINVAL)
			return 30 + i;
		if (read_number(sysctls[i]) != was)
			return 50 + i;
		if (write_number(sysctls[i], was - 1))
			return 70 + i;
		if (read_number(sysctls[i]) != was - 1)
			return 90 + i;
		if (write_number(sysctls[i], was))
			return 110 + i;
	}
	return 0;
}

TEST_F(quota, root_of_a_namespace_lowers_its_sysctls_and_never_raises_them_above_the_hosts)
{
	long long before[ARRAY_SIZE(sysctls)];

	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++)
		before[i] = read_number(sysctls[i]);
	EXPECT_EQ(0, reap(spawn(lowers_its_sysctls, NULL)));
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		EXPECT_EQ(before[i], read_number(sysctls[i]))
			TH_LOG("%s", sysctls[i]);
	}
}

TEST_F(quota, sysctls_refuse_what_is_no_number_in_range)
{
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		long long was = read_number(sysctls[i]);

		EXPECT_EQ(-EINVAL, write_file(sysctls[i], "many\n"));
		EXPECT_EQ(-EINVAL, write_file(sysctls[i], "-1\n"))
			TH_LOG("%s", sysctls[i]);
		EXPECT_EQ(was, read_number(sysctls[i]))
			TH_LOG("%s", sysctls[i]);
	}
	EXPECT_EQ(-EINVAL, write_number(SYSCTL("box_msgsize"),
					IPCBOX_MSGSIZE_MAX + 1));
}

static int cannot_write_sysctls(void *arg)
{
	(void)arg;
	if (setresuid(UID, UID, UID))
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++) {
		if (write_number(sysctls[i], 1) != -EACCES)
			return 2 + i;
	}
	return 0;
}

TEST_F(quota, sysctls_are_for_root)
{
	EXPECT_EQ(0, reap(spawn(cannot_write_sysctls, NULL)));
}

/* Many namespaces, one user: the host's limit counts them together */

/* Makes ports until that fails with so much; how many, or an errno. */
static int make_ports(int control, int expected)
{
	char name[64];
	int made = 0, ret = 0;

	while (made < 100) {
		snprintf(name, sizeof(name), "%d.%d", getpid(), made);
		ret = port_create(control, name, 0);
		if (ret < 0)
			break;
		made++;
	}
	return ret == expected ? made : ret;
}

/* Makes ports until refused, in a namespace of its own; how many. */
static int fill_with_ports(void *arg)
{
	struct child *c = arg;
	int made;
	char byte;

	if (c->enter())
		return 1;
	made = make_ports(control_open(), -ENOSPC);
	if (write(c->ready, &made, sizeof(made)) < 0)
		return 2;
	return read(c->go, &byte, 1) < 0;
}

/* How many ports can be made in each of three namespaces. */
static bool fill_namespaces(int (*enter)(void), int made[3])
{
	struct child c = { .enter = enter };
	bool ok = true;
	int ready[2], go[2];
	pid_t pids[3];

	if (pipe2(ready, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
		return false;
	c.ready = ready[1];
	c.go = go[0];
	for (int i = 0; i < 3; i++) {
		pids[i] = spawn(fill_with_ports, &c);
		ok = ok && read(ready[0], &made[i], sizeof(int)) == sizeof(int);
	}
	for (int i = 0; i < 3; i++)
		kill_and_reap(pids[i]);
	return ok;
}

static int enter_as_user(void)
{
	return enter_own_namespaces(UID);
}

static void expect_one_limit_for_all(struct __test_metadata *_metadata, int (*enter)(void))
{
	long long was = read_number(SYSCTL("user_boxes"));
	int made[3];

	ASSERT_EQ(0, write_number(SYSCTL("user_boxes"), 10));
	EXPECT_TRUE(fill_namespaces(enter, made));
	ASSERT_EQ(0, write_number(SYSCTL("user_boxes"), was));
	EXPECT_EQ(10, made[0]);
	EXPECT_EQ(0, made[1]);
	EXPECT_EQ(0, made[2]);
}

TEST_F(quota, user_cannot_exceed_the_hosts_limit_by_many_namespaces)
{
	expect_one_limit_for_all(_metadata, enter_as_user);
}

/* User id 0, and nothing else of root: its ids cannot even be mapped. */
static int enter_without_capabilities(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = {};

	return syscall(SYS_capset, &header, none) ||
	       unshare(CLONE_NEWUSER | CLONE_NEWNET);
}

TEST_F(quota, user_id_zero_without_capabilities_is_a_user_like_others)
{
	ASSERT_EQ(0, self->stage.before.boxes.used);
	expect_one_limit_for_all(_metadata, enter_without_capabilities);
}

/*
 * With subordinate ids: a user namespace of one user, on the host's own network
 * namespace, in which that user is many. The ids' maps are root's to write.
 */
static bool become_many_users(struct child *c)
{
	char byte;

	if (setresgid(UID, UID, UID) || setresuid(UID, UID, UID) ||
	    prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER))
		return false;
	return write(c->ready, "", 1) == 1 && read(c->go, &byte, 1) == 1;
}

static int fill_as_many_users(void *arg)
{
	struct child *c = arg;
	char name[32];
	int control, made = 0;

	if (!become_many_users(c))
		return 2;
	control = control_open();
	for (int user = 1; user <= 5; user++) {
		if (setresuid(-1, user, -1))
			return 3;
		for (int i = 0; i < 5; i++) {
			snprintf(name, sizeof(name), "quota.%d.%d", user, i);
			made += port_create(control, name, 0) >= 0;
		}
		if (setresuid(-1, 0, -1))
			return 4;
	}
	return made == c->number ? 0 : 100 + made;
}

static int map_subordinate_ids(pid_t pid)
{
	char path[64], map[64];

	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	snprintf(map, sizeof(map), "0 %d 1\n1 %d 10\n", UID, SUBUID);
	return write_file(path, map);
}

/* The answer of a child that is many users. */
static int run_as_many_users(int (*fn)(void *), int number)
{
	struct child c = { .number = number };
	int ready[2], go[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
		return -errno;
	c.ready = ready[1];
	c.go = go[0];
	pid = spawn(fn, &c);
	if (read(ready[0], &byte, 1) != 1 || map_subordinate_ids(pid) ||
	    write(go[1], "", 1) != 1)
		kill(pid, SIGKILL);
	return reap(pid);
}

TEST_F(quota, subordinate_ids_add_no_room)
{
	long long was = read_number(SYSCTL("user_boxes"));
	char name[32];
	int ret;

	ASSERT_EQ(0, write_number(SYSCTL("user_boxes"), 10));
	ret = run_as_many_users(fill_as_many_users, 10);
	ASSERT_EQ(0, write_number(SYSCTL("user_boxes"), was));
	EXPECT_EQ(0, ret)
		TH_LOG("100 and how many it got: %d", ret);
	for (int i = 0; i < 25; i++) {
		snprintf(name, sizeof(name), "quota.%d.%d", 1 + i / 5, i % 5);
		port_remove(self->control, name);
	}
}

#define IDS 8	/* that are used, of those that are mapped */

/* A port for each of the first ids, or all for the first. Return: their bytes. */
static long long cost_of_ports(int control, bool each, const char *name)
{
	long long before = memory_used(control);
	char full[32];

	for (int i = 0; i < IDS; i++) {
		snprintf(full, sizeof(full), "%s.%d", name, i);
		if (setresuid(-1, 1 + (each ? i : 0), -1) ||
		    port_create(control, full, 0) < 0 || setresuid(-1, 0, -1))
			return -1;
	}
	return memory_used(control) - before;
}

static int pays_for_accounts(void *arg)
{
	long long one, many;
	int control;

	if (!become_many_users(arg))
		return 2;
	control = control_open();
	/* The account of the first is there from then on. */
	if (cost_of_ports(control, false, "quota.first") < 0)
		return 3;
	one = cost_of_ports(control, false, "quota.one");
	many = cost_of_ports(control, true, "quota.many");
	if (one <= 0 || many <= 0)
		return 4;
	/* The others have accounts as well. None is smaller than so much. */
	return many - one >= (IDS - 1) * 128 ? 0 : 5;
}

/* Otherwise whoever has many ids could make as many accounts for nothing. */
TEST_F(quota, accounts_of_subordinate_ids_count_for_the_creator_of_the_namespace)
{
	static const char *const names[] = { "first", "one", "many" };
	char name[32];

	EXPECT_EQ(0, run_as_many_users(pays_for_accounts, 0));
	for (int i = 0; i < 3 * IDS; i++) {
		snprintf(name, sizeof(name), "quota.%s.%d", names[i / IDS], i % IDS);
		EXPECT_EQ(0, port_remove(self->control, name));
	}
}

/* The reserve: what is for all users together is not all for them */

#define USERS 2

static int takes_all_boxes(void *arg)
{
	int uid = *(int *)arg, made;

	if (setresuid(uid, uid, uid))
		return 255;
	made = make_ports(control_open(), -ENOSPC);
	return made < 0 ? 254 : made;
}

static int leaves_boxes(void *arg)
{
	int users[USERS] = { UID, UID + 1 }, control, made = 0;

	(void)arg;
	if (unshare(CLONE_NEWNET) || write_number(SYSCTL("max_boxes"), 64) ||
	    write_number(SYSCTL("user_boxes"), 40))
		return 1;
	for (int i = 0; i < USERS; i++)
		made += reap(spawn(takes_all_boxes, &users[i]));
	control = control_open();
	/* A 32nd was left. */
	if (made != 62 || make_ports(control, -ENOSPC) != 2)
		return 2;
	return 0;
}

TEST_F(quota, reserve_of_boxes_is_for_cap_sys_resource)
{
	EXPECT_EQ(0, reap(spawn(leaves_boxes, NULL)));
}

/* Long messages, then short ones, until there is no memory for any. */
static int takes_all_memory(void *arg)
{
	static char data[16 << 10];
	int uid = *(int *)arg, control, port, ret = 0;
	char name[32];

	if (setresuid(uid, uid, uid))
		return 255;
	control = control_open();
	if (control < 0)
		return -control;
	snprintf(name, sizeof(name), "all.%d", uid);
	port = port_create_sized(control, name, BOTH, 100000, 64 << 20);
	for (size_t len = sizeof(data); len; len /= 4)
		while (!(ret = send_now(port, data, len)))
			;
	return port < 0 ? -port : -ret;
}

static int leaves_memory(void *arg)
{
	int users[USERS] = { UID, UID + 1 }, port;

	(void)arg;
	if (unshare(CLONE_NEWNET) || write_number(SYSCTL("max_memory"), 1 << 20))
		return 1;
	for (int i = 0; i < USERS; i++)
		if (reap(spawn(takes_all_memory, &users[i])) != ENOMEM)
			return 2 + i;
	port = port_create(control_open(), "mine", BOTH);
	if (port < 0 || send_tag(port, 1) || recv_tag(port) != 1)
		return 10;
	return 0;
}

TEST_F(quota, reserve_of_memory_is_for_cap_sys_resource)
{
	EXPECT_EQ(0, reap(spawn(leaves_memory, NULL)));
}

/* Death of a namespace */

static int leaves_a_full_port(void *arg)
{
	int control, port;

	(void)arg;
	if (unshare(CLONE_NEWNET))
		return 1;
	control = control_open();
	port = port_create(control, "left", BOTH);
	for (int i = 0; i < 100; i++)
		if (send_tag(port, i))
			return 2;
	return mailbox_open(control) >= 0 ? 0 : 3;
}

TEST_F_TIMEOUT(quota, death_of_a_namespace_frees_all_in_it, 120)
{
	long long before = slab_objects();

	if (before < 0)
		SKIP(return, "/proc/slabinfo cannot be read");
	for (int i = 0; i < 10; i++) {
		ASSERT_EQ(0, reap(spawn(leaves_a_full_port, NULL)));
	}
	EXPECT_TRUE(eventually(slab_objects() <= before))
		TH_LOG("%lld objects, now %lld", before, slab_objects());
}

static int dies_in_it(void *arg)
{
	struct child *c = arg;
	int control, port;
	char byte = 0;

	if (enter_own_namespaces(UID))
		return 1;
	control = control_open();
	port = port_create(control, "left", BOTH);
	if (port < 0 || send_tag(port, 1))
		return 2;
	return write(c->ready, &byte, 1) == 1 ? 0 : 3;
}

TEST_F_TIMEOUT(quota, death_of_a_namespace_gives_its_owner_back_what_it_took, 60)
{
	struct child c;
	int ready[2];

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	c.ready = ready[1];
	ASSERT_EQ(0, reap(spawn(dies_in_it, &c)));
	EXPECT_EQ(0, reap(spawn(has_nothing, NULL)));
}

TEST_HARNESS_MAIN
