// SPDX-License-Identifier: GPL-2.0
#include "owners.h"

#include "account.h"

#include <linux/slab.h>

struct user {
	struct rb_node node;
	kuid_t uid;
	u32 count;
};

static struct user *user_of(const struct rb_node *node)
{
	return rb_entry(node, struct user, node);
}

static int compare_uids(kuid_t a, kuid_t b)
{
	return uid_lt(a, b) ? -1 : uid_gt(a, b);
}

static int compare_users(struct rb_node *a, const struct rb_node *b)
{
	return compare_uids(user_of(a)->uid, user_of(b)->uid);
}

static int compare_uid(const void *uid, const struct rb_node *node)
{
	return compare_uids(*(const kuid_t *)uid, user_of(node)->uid);
}

/**
 * ipcbox_owners_init() - begin without owners
 * @owners: of a new buffer
 */
void ipcbox_owners_init(struct ipcbox_owners *owners)
{
	ida_init(&owners->numbers);
	spin_lock_init(&owners->lock);
	owners->users = RB_ROOT;
	owners->count = 0;
}

/**
 * ipcbox_owners_deinit() - free what is left; all numbers were given back
 * @owners: of a buffer that nobody has mapped
 */
void ipcbox_owners_deinit(struct ipcbox_owners *owners)
{
	WARN_ON_ONCE(owners->count);
	ida_destroy(&owners->numbers);
}

static bool is_within_bounds(const struct ipcbox_owners *owners,
			     const struct user *user, bool reserve)
{
	lockdep_assert_held(&owners->lock);
	if (reserve)
		return owners->count < IPCBOX_WORD_OWNER_MAX;
	return owners->count < IPCBOX_WORD_OWNER_MAX - IPCBOX_OWNERS_RESERVE &&
	       user->count < IPCBOX_OWNERS_USER_MAX;
}

static int count_user(struct ipcbox_owners *owners, kuid_t uid, bool reserve)
{
	struct user *user, *fresh = kzalloc(sizeof(*fresh), IPCBOX_GFP);
	struct rb_node *found;
	int err = 0;

	if (!fresh)
		return -ENOMEM;
	fresh->uid = uid;
	spin_lock(&owners->lock);
	found = rb_find_add(&fresh->node, &owners->users, compare_users);
	user = found ? user_of(found) : fresh;
	if (is_within_bounds(owners, user, reserve)) {
		user->count++;
		owners->count++;
	} else {
		err = -EUSERS;
	}
	if (!fresh->count && !found)
		rb_erase(&fresh->node, &owners->users);
	spin_unlock(&owners->lock);
	if (!fresh->count)
		kfree(fresh);
	return err;
}

static void uncount_user(struct ipcbox_owners *owners, kuid_t uid)
{
	struct rb_node *node;
	struct user *user;
	bool last;

	spin_lock(&owners->lock);
	node = rb_find(&uid, &owners->users, compare_uid);
	user = user_of(node);
	owners->count--;
	last = !--user->count;
	if (last)
		rb_erase(node, &owners->users);
	spin_unlock(&owners->lock);
	if (last)
		kfree(user);
}

/**
 * ipcbox_owners_take() - get a number for a process
 * @owners: of the buffer
 * @uid: the user who answers for the process
 * @reserve: it may have one of the last
 *
 * Return: the number, to be given back; -EUSERS or -ENOMEM.
 */
int ipcbox_owners_take(struct ipcbox_owners *owners, kuid_t uid, bool reserve)
{
	int err = count_user(owners, uid, reserve), owner;

	if (err)
		return err;
	/* As many as are counted are free. */
	owner = ida_alloc_range(&owners->numbers, 1, IPCBOX_WORD_OWNER_MAX,
				IPCBOX_GFP);
	if (owner < 0)
		uncount_user(owners, uid);
	return owner;
}

/**
 * ipcbox_owners_give() - a number is free again: nothing is marked with it
 * @owners: of the buffer
 * @uid: the user for whom it was taken
 * @owner: the number
 */
void ipcbox_owners_give(struct ipcbox_owners *owners, kuid_t uid, u32 owner)
{
	ida_free(&owners->numbers, owner);
	uncount_user(owners, uid);
}
