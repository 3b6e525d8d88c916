// SPDX-License-Identifier: GPL-2.0
/*
 * Rights to open, send, set and delete: by owner, group and mode, and with
 * CAP_IPC_OWNER and CAP_CHOWN. The test is root; a child becomes the user in
 * question, and tries.
 */
#include "ipcbox_test.h"
#include "users.h"

#include <linux/capability.h>

#define OWNER	1000
#define GROUP	2000
#define OTHER	1001

static const struct user owner = { OWNER, OWNER, 0 };
static const struct user in_group = { OTHER, GROUP, 0 };
static const struct user in_supplementary_group = { OTHER, OTHER, GROUP };
static const struct user other = { OTHER, OTHER, 0 };
static const struct user root = { 0, 0, 0 };

static int try_open(const struct question *q, int control)
{
	return port_open(control, q->name, q->flags);
}

static int try_reuse(const struct question *q, int control)
{
	return port_create(control, q->name, q->flags | IPCBOX_REUSE);
}

static int try_create(const struct question *q, int control)
{
	return port_create_attr(control, q->name, q->flags, q->attr);
}

/* As root, by a set-user-ID program of another user. */
static int try_create_set_user_id(const struct question *q, int control)
{
	if (setresgid(-1, OTHER, -1) || setresuid(-1, OTHER, -1))
		return -EINVAL;
	return try_create(q, control);
}

static int try_delete(const struct question *q, int control)
{
	return port_delete(control, q->name, q->flags);
}

static int try_set(const struct question *q, int control)
{
	int port = port_open(control, q->name, 0);

	return port < 0 ? port : box_set(port, q->attr);
}

static int try_send_to(const struct question *q, int control)
{
	return send_tag_to(control, q->pid, 1);
}

static int try_link(const struct question *q, int control)
{
	return link_open(control, q->pid, 0);
}

FIXTURE(permission) {
	struct stage stage;
	const char *name;
	int control;
	int port;
};

FIXTURE_SETUP(permission)
{
	stage_setup(_metadata, &self->stage);
	self->name = self->stage.name;
	self->control = self->stage.control;
	self->port = port_create_attr(self->control, self->name, BOTH,
				      (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_UID | IPCBOX_ATTR_GID | IPCBOX_ATTR_MODE,
		.uid = OWNER, .gid = GROUP, .mode = 0600 });
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(permission)
{
	stage_teardown(_metadata, &self->stage);
}

/* Modes, one class at a time: only its own bits speak for it */

FIXTURE(mode) {
	struct stage stage;
	int control;
	int port;
};

FIXTURE_VARIANT(mode) {
	const struct user *user;
	int shift;
};

FIXTURE_VARIANT_ADD(mode, owner) { &owner, 6 };
FIXTURE_VARIANT_ADD(mode, group) { &in_group, 3 };
FIXTURE_VARIANT_ADD(mode, supplementary_group) { &in_supplementary_group, 3 };
FIXTURE_VARIANT_ADD(mode, other) { &other, 0 };

FIXTURE_SETUP(mode)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->port = port_create_attr(self->control, self->stage.name, BOTH,
				      (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_UID | IPCBOX_ATTR_GID,
		.uid = OWNER, .gid = GROUP });
	ASSERT_LE(0, self->port);
}

FIXTURE_TEARDOWN(mode)
{
	stage_teardown(_metadata, &self->stage);
}

TEST_F(mode, grants_what_its_bits_say)
{
	for (__u32 bits = 0; bits < 8; bits += 2) {
		struct question q = {
			.user = variant->user, .ask = try_open,
			.name = self->stage.name,
		};
		bool may_receive = bits & 4, may_send = bits & 2;

		ASSERT_EQ(0, set_mode(self->port, bits << variant->shift));
		q.flags = IPCBOX_RECEIVER;
		EXPECT_EQ(may_receive ? 0 : -EACCES, answer_to(q));
		q.flags = IPCBOX_SENDER;
		EXPECT_EQ(may_send ? 0 : -EACCES, answer_to(q));
		q.flags = BOTH;
		EXPECT_EQ(may_receive && may_send ? 0 : -EACCES, answer_to(q));
		q.flags = 0;
		EXPECT_EQ(may_receive || may_send || variant->user == &owner ? 0 :
			  -EACCES, answer_to(q));
	}
}

TEST_F(mode, of_other_classes_grants_nothing)
{
	struct question q = {
		.user = variant->user, .ask = try_open,
		.name = self->stage.name, .flags = IPCBOX_RECEIVER,
	};

	ASSERT_EQ(0, set_mode(self->port, 0666 & ~(7 << variant->shift)));
	EXPECT_EQ(-EACCES, answer_to(q));
	q.flags = IPCBOX_SENDER;
	EXPECT_EQ(-EACCES, answer_to(q));
}

TEST_F(mode, holds_for_reuse_too)
{
	struct question q = {
		.user = variant->user, .ask = try_reuse,
		.name = self->stage.name, .flags = BOTH,
	};

	ASSERT_EQ(0, set_mode(self->port, 0666 & ~(4 << variant->shift)));
	EXPECT_EQ(-EACCES, answer_to(q));
	ASSERT_EQ(0, set_mode(self->port, 6 << variant->shift));
	EXPECT_EQ(0, answer_to(q));
}

TEST_F(permission, root_passes_every_mode)
{
	ASSERT_EQ(0, set_mode(self->port, 0));
	EXPECT_EQ(0, ask(.user = &root, .ask = try_open, .name = self->name,
			 .flags = BOTH));
}

TEST_F(permission, creator_has_both_directions_whatever_the_mode)
{
	int port = port_create_attr(self->control, "closed", BOTH,
				    (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE, .mode = 0 });

	EXPECT_EQ(0, send_tag(port, 1));
	EXPECT_EQ(1, recv_tag(port));
	EXPECT_EQ(0, port_remove(self->control, "closed"));
}

static int create_closed(const struct question *q, int control)
{
	int port = port_create_attr(control, q->name, BOTH, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE, .mode = 0 });

	if (port < 0)
		return port;
	if (send_tag(port, 1) || recv_tag(port) != 1)
		return -EIO;
	return port_open(control, q->name, IPCBOX_RECEIVER);
}

TEST_F(permission, creator_without_rights_is_refused_when_it_opens_again)
{
	EXPECT_EQ(-EACCES, ask(.user = &owner, .ask = create_closed,
			       .name = "closed"));
	EXPECT_EQ(0, port_remove(self->control, "closed"));
}

TEST_F(permission, open_fd_keeps_its_rights_when_the_mode_is_narrowed)
{
	int fd = port_open(self->control, self->name, BOTH);

	ASSERT_EQ(0, set_mode(self->port, 0));
	EXPECT_EQ(0, send_tag(fd, 1));
	EXPECT_EQ(1, recv_tag(fd));
}

static int sends_and_receives(const struct question *q, int control)
{
	(void)control;
	if (send_tag(q->flags, 1))
		return -EIO;
	return recv_tag(q->flags) == 1 ? 0 : -EIO;
}

TEST_F(permission, fd_carries_its_rights_to_a_child)
{
	ASSERT_EQ(0, set_mode(self->port, 0));
	EXPECT_EQ(0, ask(.user = &other, .ask = sends_and_receives,
			 .flags = self->port));
}

/* Delete and set: for the owner */

TEST_F(permission, delete_by_another_returns_eperm)
{
	ASSERT_EQ(0, set_mode(self->port, 0666));
	EXPECT_EQ(-EPERM, ask(.user = &other, .ask = try_delete,
			      .name = self->name));
	EXPECT_EQ(-EPERM, ask(.user = &in_group, .ask = try_delete,
			      .name = self->name));
	EXPECT_EQ(-EPERM, ask(.user = &other, .ask = try_delete,
			      .name = self->name, .flags = IPCBOX_UNLINK));
	EXPECT_TRUE(port_exists(self->control, self->name));
	EXPECT_EQ(0, state_of(self->port));
}

TEST_F(permission, delete_by_the_owner_works)
{
	EXPECT_EQ(0, ask(.user = &owner, .ask = try_delete,
			 .name = self->name));
	EXPECT_FALSE(port_exists(self->control, self->name));
}

TEST_F(permission, unlink_by_the_owner_works)
{
	EXPECT_EQ(0, ask(.user = &owner, .ask = try_delete, .name = self->name,
			 .flags = IPCBOX_UNLINK));
	EXPECT_FALSE(port_exists(self->control, self->name));
}

TEST_F(permission, delete_by_root_works)
{
	EXPECT_EQ(0, ask(.user = &root, .ask = try_delete, .name = self->name));
}

TEST_F(permission, set_by_another_returns_eperm)
{
	struct ipcbox_stat before, after;
	struct question q = {
		.user = &other, .ask = try_set, .name = self->name,
		.attr = { .mask = IPCBOX_ATTR_MODE, .mode = 0666 },
	};

	ASSERT_EQ(0, set_mode(self->port, 0662));
	ASSERT_EQ(0, box_stat(self->port, &before));
	EXPECT_EQ(-EPERM, answer_to(q));
	q.user = &in_group;
	EXPECT_EQ(-EPERM, answer_to(q));
	ASSERT_EQ(0, box_stat(self->port, &after));
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_F(permission, set_by_the_owner_works)
{
	struct ipcbox_stat s;

	EXPECT_EQ(0, ask(.user = &owner, .ask = try_set, .name = self->name,
			 .attr = { .mask = IPCBOX_ATTR_MODE, .mode = 0644 }));
	ASSERT_EQ(0, box_stat(self->port, &s));
	EXPECT_EQ(0644, s.mode);
}

/* An fd for neither keeps the port as any other does, and the owner pays for it. */
TEST_F(permission, open_for_no_direction_needs_a_right_or_the_ownership)
{
	static const struct { __u32 mode; int answer; } modes[] = {
		{ 0600, -EACCES }, { 0660, -EACCES }, { 0604, 0 }, { 0602, 0 },
		{ 0000, -EACCES },
	};
	struct question q = { .user = &other, .ask = try_open, .name = self->name };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		ASSERT_EQ(0, set_mode(self->port, modes[i].mode));
		q.user = &other;
		EXPECT_EQ(modes[i].answer, answer_to(q))
			TH_LOG("mode %04o", modes[i].mode);
		q.user = &owner;
		EXPECT_EQ(0, answer_to(q))
			TH_LOG("mode %04o", modes[i].mode);
	}
}

TEST_F(permission, delete_and_set_follow_the_owner)
{
	struct question q = { .user = &owner, .ask = try_set, .name = self->name,
		.attr = { .mask = IPCBOX_ATTR_MODE, .mode = 0600 } };

	ASSERT_EQ(0, box_set(self->port, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_UID, .uid = OTHER }));
	EXPECT_EQ(-EACCES, answer_to(q));
	q.user = &other;
	EXPECT_EQ(0, answer_to(q));
	q.ask = try_delete;
	EXPECT_EQ(0, answer_to(q));
}

/* Owner and group: whom one may give it to */

TEST_F(permission, giving_away_without_cap_chown_returns_eperm)
{
	struct question q = {
		.user = &owner, .ask = try_set, .name = self->name,
		.attr = { .mask = IPCBOX_ATTR_UID, .uid = OTHER },
	};
	struct ipcbox_stat s;

	EXPECT_EQ(-EPERM, answer_to(q));
	q.ask = try_create;
	q.name = "new";
	EXPECT_EQ(-EPERM, answer_to(q));
	EXPECT_FALSE(port_exists(self->control, "new"));
	ASSERT_EQ(0, box_stat(self->port, &s));
	EXPECT_EQ(OWNER, s.uid);
}

TEST_F(permission, group_that_one_is_not_in_returns_eperm)
{
	struct question q = {
		.user = &owner, .ask = try_set, .name = self->name,
		.attr = { .mask = IPCBOX_ATTR_GID, .gid = GROUP + 1 },
	};
	struct ipcbox_stat s;

	EXPECT_EQ(-EPERM, answer_to(q));
	q.ask = try_create;
	q.name = "new";
	EXPECT_EQ(-EPERM, answer_to(q));
	EXPECT_FALSE(port_exists(self->control, "new"));
	ASSERT_EQ(0, box_stat(self->port, &s));
	EXPECT_EQ(GROUP, s.gid);
}

TEST_F(permission, group_that_one_is_in_works)
{
	struct user u = { OWNER, OWNER, GROUP + 1 };
	struct question q = {
		.user = &u, .ask = try_set, .name = self->name,
		.attr = { .mask = IPCBOX_ATTR_GID, .gid = GROUP + 1 },
	};
	struct ipcbox_stat s;

	EXPECT_EQ(0, answer_to(q));
	ASSERT_EQ(0, box_stat(self->port, &s));
	EXPECT_EQ(GROUP + 1, s.gid);
	q.attr.gid = OWNER;
	EXPECT_EQ(0, answer_to(q));
}

TEST_F(permission, oneself_as_owner_works_without_capability)
{
	struct question q = {
		.user = &owner, .ask = try_create, .name = "new",
		.attr = { .mask = IPCBOX_ATTR_UID | IPCBOX_ATTR_GID,
			  .uid = OWNER, .gid = OWNER },
	};

	EXPECT_EQ(0, answer_to(q));
	EXPECT_EQ(0, port_remove(self->control, "new"));
}

TEST_F(permission, owner_of_a_new_port_is_the_effective_user)
{
	struct question q = { .user = &root, .ask = try_create_set_user_id, .name = "new" };
	struct ipcbox_stat s;

	ASSERT_EQ(0, answer_to(q));
	ASSERT_EQ(0, box_stat(port_open(self->control, "new", 0), &s));
	EXPECT_EQ(OTHER, s.uid);
	EXPECT_EQ(OTHER, s.gid);
	EXPECT_EQ(0, port_remove(self->control, "new"));
}

/* Capabilities without being root */

static int keep_only(unsigned int cap)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2] = { 0 };

	if (prctl(PR_SET_KEEPCAPS, 1) || setresuid(OTHER, OTHER, OTHER))
		return -1;
	data[cap / 32].permitted = 1U << (cap % 32);
	data[cap / 32].effective = 1U << (cap % 32);
	return syscall(SYS_capset, &header, data);
}

static int set_with_cap(const struct question *q, int control)
{
	if (keep_only(q->flags))
		return -EIO;
	return try_set(q, control);
}

TEST_F(permission, cap_ipc_owner_is_what_lets_one_set_anothers)
{
	struct question q = {
		.user = &root, .ask = set_with_cap, .name = self->name,
		.attr = { .mask = IPCBOX_ATTR_MODE, .mode = 0640 },
	};

	q.flags = CAP_CHOWN;
	EXPECT_EQ(-EACCES, answer_to(q));
	q.flags = CAP_IPC_OWNER;
	EXPECT_EQ(0, answer_to(q));
	/* But not give it away: that is CAP_CHOWN's. */
	q.attr = (struct ipcbox_attr){ .mask = IPCBOX_ATTR_UID, .uid = 3000 };
	EXPECT_EQ(-EPERM, answer_to(q));
}

/* In a user namespace of its own one has all capabilities, but not here. */
static int in_own_user_namespace(const struct question *q, int control)
{
	int ret;

	(void)control;
	if (unshare(CLONE_NEWUSER))
		return -EXDEV;
	control = control_open();
	ret = port_open(control, q->name, IPCBOX_RECEIVER);
	if (ret != -EACCES)
		return -EIO;
	return port_remove(control, q->name);
}

TEST_F(permission, capability_in_another_user_namespace_means_nothing)
{
	EXPECT_EQ(-EPERM, ask(.user = &other, .ask = in_own_user_namespace,
			      .name = self->name));
	EXPECT_TRUE(port_exists(self->control, self->name));
}

/* Mailboxes */

FIXTURE(mailbox_mode) {
	struct stage stage;
	int control;
	int box;
};

FIXTURE_SETUP(mailbox_mode)
{
	stage_setup(_metadata, &self->stage);
	self->control = self->stage.control;
	self->box = mailbox_open_attr(self->control, 0, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_UID | IPCBOX_ATTR_GID,
		.uid = OWNER, .gid = GROUP });
	ASSERT_LE(0, self->box);
}

FIXTURE_TEARDOWN(mailbox_mode)
{
	stage_teardown(_metadata, &self->stage);
}

/* The error of a user that sends to us directly, and that opens a link. */
static int reach(const struct user *user)
{
	struct question q = { .user = user, .ask = try_send_to, .pid = getpid() };
	int sent = answer_to(q);

	q.ask = try_link;
	return answer_to(q) == sent ? sent : -EDOM;
}

TEST_F(mailbox_mode, takes_from_the_same_user_only_by_default)
{
	EXPECT_EQ(0, reach(&owner));
	EXPECT_EQ(-EACCES, reach(&in_group));
	EXPECT_EQ(-EACCES, reach(&other));
	EXPECT_EQ(1, messages_of(self->box));
}

TEST_F(mailbox_mode, takes_from_root)
{
	EXPECT_EQ(0, reach(&root));
}

TEST_F(mailbox_mode, widened_to_its_group_takes_from_those)
{
	ASSERT_EQ(0, set_mode(self->box, 0620));
	EXPECT_EQ(0, reach(&in_group));
	EXPECT_EQ(0, reach(&in_supplementary_group));
	EXPECT_EQ(-EACCES, reach(&other));
}

TEST_F(mailbox_mode, widened_to_others_takes_from_those)
{
	ASSERT_EQ(0, set_mode(self->box, 0602));
	EXPECT_EQ(0, reach(&other));
	EXPECT_EQ(-EACCES, reach(&in_group));
}

TEST_F(mailbox_mode, may_be_closed_to_its_own_user)
{
	ASSERT_EQ(0, set_mode(self->box, 0));
	EXPECT_EQ(-EACCES, reach(&owner));
}

static int opens_mailbox(const struct question *q, int control)
{
	return mailbox_open_attr(control, 0, q->attr);
}

TEST_F(mailbox_mode, opening_one_for_another_returns_eperm)
{
	EXPECT_EQ(-EPERM, ask(.user = &owner, .ask = opens_mailbox,
			      .attr = { .mask = IPCBOX_ATTR_UID, .uid = OTHER }));
	EXPECT_EQ(-EPERM, ask(.user = &owner, .ask = opens_mailbox,
			      .attr = { .mask = IPCBOX_ATTR_GID, .gid = GROUP }));
}

static int sends_over_open_link(const struct question *q, int control)
{
	(void)control;
	return send_tag(q->flags, 1);
}

TEST_F(mailbox_mode, open_link_keeps_its_right_when_the_mode_is_narrowed)
{
	int link = link_open(self->control, getpid(), 0);

	ASSERT_EQ(0, set_mode(self->box, 0));
	EXPECT_EQ(0, ask(.user = &other, .ask = sends_over_open_link,
			 .flags = link));
}

static int sets_mailbox(const struct question *q, int control)
{
	(void)control;
	return set_mode(q->flags, 0666);
}

TEST_F(mailbox_mode, set_by_another_user_with_the_fd_returns_eperm)
{
	EXPECT_EQ(-EPERM, ask(.user = &other, .ask = sets_mailbox,
			      .flags = self->box));
	EXPECT_EQ(0, ask(.user = &owner, .ask = sets_mailbox,
			 .flags = self->box));
}

TEST_HARNESS_MAIN
