// SPDX-License-Identifier: GPL-2.0
/*
 * Limits over namespaces: who may set them, that the host's hold for all, who
 * pays for what happens in a namespace, and that all of it ends with it.
 */
#include "ipcbox_test.h"

#define UID	1000	/* of the user who makes namespaces */
#define SUBUID	5000	/* and the first of ids that it was given on top */

FIXTURE(quota) {
	struct stage stage;
	int control;
};

/* What died with its namespace is off its owner's account on the host, too. */
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

/* How a child tells how far it came, and waits to be told to end. */
struct child {
	int ready, go;		/* ends of pipes */
	int number;
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

/* Makes ports until refused, in a namespace of its own; how many. */
static int fill_with_ports(void *arg)
{
	struct child *c = arg;
	char name[32];
	int control, made = 0, ret = 0;

	if (enter_own_namespaces(UID))
		return 1;
	control = control_open();
	while (made < 100) {
		snprintf(name, sizeof(name), "%d", made);
		ret = port_create(control, name, 0);
		if (ret < 0)
			break;
		made++;
	}
	if (ret != -ENOSPC || write(c->ready, &made, sizeof(made)) < 0)
		return 2;
	return read(c->go, name, 1) < 0;
}

TEST_F(quota, user_cannot_exceed_the_hosts_limit_by_many_namespaces)
{
	struct child c;
	long long was = read_number(SYSCTL("user_boxes"));
	int ready[2], go[2], made[3] = { 0 };
	pid_t pids[3];

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	c.ready = ready[1];
	c.go = go[0];
	ASSERT_EQ(0, write_number(SYSCTL("user_boxes"), 10));
	for (int i = 0; i < 3; i++) {
		pids[i] = spawn(fill_with_ports, &c);
		EXPECT_EQ(sizeof(int), read(ready[0], &made[i], sizeof(int)));
	}
	ASSERT_EQ(0, write_number(SYSCTL("user_boxes"), was));
	EXPECT_EQ(10, made[0]);
	EXPECT_EQ(0, made[1]);
	EXPECT_EQ(0, made[2]);
	for (int i = 0; i < 3; i++)
		kill_and_reap(pids[i]);
}

/*
 * With subordinate ids: a user namespace of one user, on the host's own network
 * namespace, in which that user is many. The ids' maps are root's to write.
 */
static int fill_as_many_users(void *arg)
{
	struct child *c = arg;
	char name[32], byte;
	int control, made = 0;

	if (setresgid(UID, UID, UID) || setresuid(UID, UID, UID) ||
	    prctl(PR_SET_DUMPABLE, 1) || unshare(CLONE_NEWUSER))
		return 1;
	if (write(c->ready, "", 1) != 1 || read(c->go, &byte, 1) != 1)
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

TEST_F(quota, subordinate_ids_add_no_room)
{
	long long was = read_number(SYSCTL("user_boxes"));
	struct child c = { .number = 10 };
	int ready[2], go[2], ret;
	char byte, name[32];
	pid_t pid;

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	c.ready = ready[1];
	c.go = go[0];
	ASSERT_EQ(0, write_number(SYSCTL("user_boxes"), 10));
	pid = spawn(fill_as_many_users, &c);
	EXPECT_EQ(1, read(ready[0], &byte, 1));
	EXPECT_EQ(0, map_subordinate_ids(pid));
	EXPECT_EQ(1, write(go[1], "", 1));
	ret = reap(pid);
	ASSERT_EQ(0, write_number(SYSCTL("user_boxes"), was));
	EXPECT_EQ(0, ret)
		TH_LOG("100 and how many it got: %d", ret);
	for (int i = 0; i < 25; i++) {
		snprintf(name, sizeof(name), "quota.%d.%d", 1 + i / 5, i % 5);
		port_remove(self->control, name);
	}
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
