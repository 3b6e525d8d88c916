/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rights of another user. The test is root; a child becomes that user, tries, and
 * tells what it got.
 */
#ifndef USERS_H
#define USERS_H

#include "tasks.h"

#include <grp.h>

/* A user, its group, and one more group that it is in (or 0). */
struct user {
	uid_t uid;
	gid_t gid;
	gid_t supplementary;
};

/* One try of a user, over a control fd of its own; the answer is 0 or -errno. */
struct question {
	const struct user *user;
	int (*ask)(const struct question *q, int control);
	const char *name;
	__u32 flags;
	pid_t pid;
	struct ipcbox_attr attr;
};

HELPER int become(const struct user *u)
{
	if (u->uid == 0)
		return 0;
	if (setgroups(u->supplementary ? 1 : 0, &u->supplementary))
		return -1;
	if (setresgid(u->gid, u->gid, u->gid))
		return -1;
	return setresuid(u->uid, u->uid, u->uid);
}

HELPER int ask_as(void *arg)
{
	const struct question *q = arg;
	int ret;

	if (become(q->user))
		return 255;
	ret = q->ask(q, control_open());
	return ret < 0 ? -ret : 0;
}

/* The answer that this user gets. */
HELPER int answer_to(struct question q)
{
	return -reap(spawn(ask_as, &q));
}

#define ask(...) answer_to((struct question){ __VA_ARGS__ })

HELPER int set_mode(int fd, __u32 mode)
{
	return box_set(fd, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE, .mode = mode });
}

#endif /* USERS_H */
