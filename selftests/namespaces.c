// SPDX-License-Identifier: GPL-2.0
/*
 * Network, user and pid namespaces: what is seen, what is reached, and how ids
 * look on the other side.
 */
#include "ipcbox_test.h"

#define UID	1000	/* of the user that makes namespaces */

FIXTURE(ns) {
	struct stage stage;
	const char *name;
	int control;
	int port;
};

FIXTURE_SETUP(ns)
{
	stage_setup(_metadata, &self->stage);
	self->name = self->stage.name;
	self->control = self->stage.control;
	self->port = port_create_attr(self->control, self->name, BOTH,
				      (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE, .mode = 0666 });
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(ns)
{
	stage_teardown(_metadata, &self->stage);
}

/* The orders of a child, and its answer: 0 for all well. */
struct child {
	const char *name;
	int port;
	pid_t pid;
};

static struct child child_of(const char *name, int port)
{
	return (struct child){ .name = name, .port = port, .pid = getpid() };
}

static bool proc_lists(const char *name)
{
	char line[512];
	bool found = false;
	FILE *file = fopen("/proc/net/ipcbox", "re");

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		found = found || strstr(line, name);
	fclose(file);
	return found;
}

static int ports_listed(int control)
{
	static char buf[65536];
	struct ipcbox_port_list l = {
		.size = sizeof(l), .buf = to_u64(buf), .buf_len = sizeof(buf),
	};
	int ret = command(control, IPCBOX_PORT_LIST, &l);

	return ret ? ret : (int)l.count;
}

/* Names */

static int sees_nothing(void *arg)
{
	struct child *c = arg;
	int control;

	if (enter_own_namespaces(UID))
		return 1;
	control = control_open();
	if (ports_listed(control) != 0)
		return 2;
	if (port_open(control, c->name, 0) != -ENOENT)
		return 3;
	if (port_remove(control, c->name) != -ENOENT)
		return 4;
	if (proc_lists(c->name))
		return 5;
	return send_tag_to(control, c->pid, 1) == -ECONNREFUSED ? 0 : 6;
}

TEST_F(ns, user_in_a_fresh_one_neither_sees_nor_reaches_what_is_outside)
{
	struct child c = child_of(self->name, self->port);
	int box = mailbox_open_public(self->control);

	ASSERT_LE(0, box);
	EXPECT_TRUE(proc_lists(self->name));
	EXPECT_EQ(0, reap(spawn(sees_nothing, &c)));
	EXPECT_EQ(0, messages_of(box));
	EXPECT_TRUE(port_exists(self->control, self->name));
}

static int makes_its_own(void *arg)
{
	struct child *c = arg;
	int control, port;

	if (unshare(CLONE_NEWNET))
		return 1;
	control = control_open();
	port = port_create(control, c->name, BOTH);
	if (port < 0)
		return 2;
	if (id_of(port) == id_of(c->port) || messages_of(port) != 0)
		return 3;
	if (ports_listed(control) != 1 || !proc_lists(c->name))
		return 4;
	return port_remove(control, c->name) ? 5 : 0;
}

TEST_F(ns, same_name_in_two_is_two_ports)
{
	struct child c = child_of(self->name, self->port);

	ASSERT_EQ(0, send_tag(self->port, 1));
	EXPECT_EQ(0, reap(spawn(makes_its_own, &c)));
	EXPECT_EQ(1, recv_tag(self->port));
	EXPECT_EQ(0, state_of(self->port));
}

static int keeps_old_control(void *arg)
{
	struct child *c = arg;
	int control = control_open();

	if (unshare(CLONE_NEWNET))
		return 1;
	if (!port_exists(control, c->name))
		return 2;
	return port_exists(control_open(), c->name) ? 3 : 0;
}

TEST_F(ns, control_fd_belongs_to_the_one_in_which_it_was_opened)
{
	struct child c = child_of(self->name, self->port);

	EXPECT_EQ(0, reap(spawn(keeps_old_control, &c)));
}

static int uses_inherited_port(void *arg)
{
	struct child *c = arg;

	if (unshare(CLONE_NEWNET))
		return 1;
	return send_tag(c->port, 4) ? 2 : 0;
}

TEST_F(ns, port_fd_goes_on_in_another)
{
	struct child c = child_of(self->name, self->port);

	EXPECT_EQ(0, reap(spawn(uses_inherited_port, &c)));
	EXPECT_EQ(4, recv_tag(self->port));
}

static int has_two_mailboxes(void *arg)
{
	int outer = mailbox_open(control_open()), control, inner;

	(void)arg;
	if (unshare(CLONE_NEWNET))
		return 1;
	control = control_open();
	inner = mailbox_open(control);
	if (inner < 0 || id_of(inner) == id_of(outer))
		return 2;
	if (send_tag_to(control, getpid(), 1))
		return 3;
	return messages_of(outer) == 0 && recv_tag(inner) == 1 ? 0 : 4;
}

TEST_F(ns, process_has_a_mailbox_in_each)
{
	EXPECT_EQ(0, reap(spawn(has_two_mailboxes, NULL)));
}

/* Ids */

static int sends_tag_3(void *arg)
{
	struct child *c = arg;

	return send_tag(c->port, 3) ? 1 : 0;
}

/* As pid 1 of a pid namespace: the sender outside is nobody here. */
static int receives_from_outside(void *arg)
{
	struct child *c = arg;
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));

	if (getpid() != 1)
		return 1;
	if (recv_now(c->port, &r))
		return 2;
	return r.pid == 0 ? 0 : 3;
}

TEST_F(ns, sender_outside_the_pid_namespace_has_pid_0)
{
	struct child c = child_of(self->name, self->port);

	ASSERT_EQ(0, send_tag(self->port, 3));
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	EXPECT_EQ(0, reap(spawn(receives_from_outside, &c)));
}

TEST_F(ns, sender_inside_a_pid_namespace_has_the_outer_pid_outside)
{
	struct child c = child_of(self->name, self->port);
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));
	pid_t pid;

	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	pid = spawn(sends_tag_3, &c);
	ASSERT_TRUE(eventually(messages_of(self->port) == 1));
	ASSERT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(pid, r.pid);
	EXPECT_NE(1, r.pid);
	EXPECT_EQ(0, reap(pid));
}

static int links_by_inner_pid(void *arg)
{
	int control = control_open(), box, link;
	struct ipcbox_stat s;

	(void)arg;
	box = mailbox_open(control);
	link = link_open(control, getpid(), 0);
	if (getpid() != 1 || box < 0 || link < 0)
		return 1;
	if (box_stat(link, &s) || s.pid != 1)
		return 2;
	if (box_stat(box, &s) || s.pid != 1)
		return 3;
	return 0;
}

TEST_F(ns, pids_are_those_of_the_callers_pid_namespace)
{
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	EXPECT_EQ(0, reap(spawn(links_by_inner_pid, NULL)));
}

static int cannot_reach_outside(void *arg)
{
	struct child *c = arg;
	int control = control_open();

	/* The number that the peer has outside is nobody's here. */
	if (link_open(control, c->pid, 0) != -ESRCH)
		return 1;
	if (send_tag_to(control, c->pid, 1) != -ESRCH)
		return 2;
	return 0;
}

TEST_F(ns, pid_of_a_process_outside_the_pid_namespace_returns_esrch)
{
	struct child c = child_of(self->name, self->port);
	int box = mailbox_open_public(self->control);

	ASSERT_LE(0, box);
	ASSERT_NE(1, getpid());
	ASSERT_EQ(0, unshare(CLONE_NEWPID));
	EXPECT_EQ(0, reap(spawn(cannot_reach_outside, &c)));
	EXPECT_EQ(0, messages_of(box));
}

static int sees_overflow_ids(void *arg)
{
	struct child *c = arg;
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));
	struct ipcbox_stat s;

	if (enter_own_namespaces(UID))
		return 1;
	if (recv_now(c->port, &r))
		return 2;
	if (r.uid != 65534 || r.gid != 65534)
		return 3;
	if (box_stat(c->port, &s) || s.uid != 65534 || s.gid != 65534)
		return 4;
	/* And out: what is root in here. */
	return send_tag(c->port, 5) ? 5 : 0;
}

TEST_F(ns, uid_is_translated_both_ways)
{
	struct child c = child_of(self->name, self->port);
	char data[8];
	struct ipcbox_recv r = room(data, sizeof(data));

	ASSERT_EQ(0, send_tag(self->port, 1));
	ASSERT_EQ(0, reap(spawn(sees_overflow_ids, &c)));
	ASSERT_EQ(0, recv_now(self->port, &r));
	EXPECT_EQ(5, r.tag);
	EXPECT_EQ(UID, r.uid);
	EXPECT_EQ(UID, r.gid);
}

static int set_unmapped_ids(void *arg)
{
	struct ipcbox_attr attr = { .mask = IPCBOX_ATTR_UID, .uid = 7 };

	(void)arg;
	if (enter_own_namespaces(UID))
		return 1;
	if (port_create_attr(control_open(), "new", 0, attr) != -EINVAL)
		return 2;
	attr = (struct ipcbox_attr){ .mask = IPCBOX_ATTR_GID, .gid = 7 };
	return port_create_attr(control_open(), "new", 0, attr) == -EINVAL ? 0 : 3;
}

TEST_F(ns, id_that_the_user_namespace_does_not_map_returns_einval)
{
	EXPECT_EQ(0, reap(spawn(set_unmapped_ids, NULL)));
}

static int owns_its_namespace(void *arg)
{
	int control, port;

	(void)arg;
	if (enter_own_namespaces(UID))
		return 1;
	control = control_open();
	port = port_create_attr(control, "new", 0, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE, .mode = 0 });
	if (port < 0)
		return 2;
	/* CAP_IPC_OWNER over the network namespace that it made itself */
	return port_open(control, "new", BOTH) >= 0 ? 0 : 3;
}

TEST_F(ns, its_root_has_cap_ipc_owner_in_it)
{
	EXPECT_EQ(0, reap(spawn(owns_its_namespace, NULL)));
}

TEST_HARNESS_MAIN
