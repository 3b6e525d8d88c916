// SPDX-License-Identifier: GPL-2.0
#include "attr.h"

#include "access.h"
#include "box.h"
#include "ns.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ipcbox.h>

#define MODE_MAX 0666

static bool is_given(const struct ipcbox_attr *attr, u32 bit)
{
	return attr->mask & bit;
}

/* What is not given must be zero, so that it can get a meaning later. */
static bool is_clean(const struct ipcbox_attr *attr)
{
	return !(attr->mask & ~IPCBOX_ATTR_ALL) &&
	       (is_given(attr, IPCBOX_ATTR_MODE) || !attr->mode) &&
	       (is_given(attr, IPCBOX_ATTR_UID) || !attr->uid) &&
	       (is_given(attr, IPCBOX_ATTR_GID) || !attr->gid) &&
	       (is_given(attr, IPCBOX_ATTR_MESSAGES) || !attr->max_messages) &&
	       (is_given(attr, IPCBOX_ATTR_BYTES) || !attr->max_bytes) &&
	       (is_given(attr, IPCBOX_ATTR_MSGSIZE) || !attr->max_msgsize);
}

/**
 * ipcbox_attr_check() - does what was given make sense by itself?
 * @attr: what was given; what follows in this file counts on this check
 *
 * Done also where there is no use for it, so that no program comes to rely on
 * its being ignored.
 *
 * Return: 0 or -EINVAL.
 */
int ipcbox_attr_check(const struct ipcbox_attr *attr)
{
	return is_clean(attr) && !(attr->mode & ~MODE_MAX) ? 0 : -EINVAL;
}

static bool may_chown(const struct ipcbox_ns *ns)
{
	return ns_capable(ns->net->user_ns, CAP_CHOWN);
}

static int apply_owner(const struct ipcbox_attr *attr,
		       const struct ipcbox_ns *ns, struct ipcbox_access *access)
{
	if (is_given(attr, IPCBOX_ATTR_UID)) {
		kuid_t uid = make_kuid(current_user_ns(), attr->uid);

		if (!uid_valid(uid))
			return -EINVAL;
		if (!uid_eq(uid, access->uid) && !may_chown(ns))
			return -EPERM;
		access->uid = uid;
	}
	if (is_given(attr, IPCBOX_ATTR_GID)) {
		kgid_t gid = make_kgid(current_user_ns(), attr->gid);

		if (!gid_valid(gid))
			return -EINVAL;
		if (!gid_eq(gid, access->gid) && !in_egroup_p(gid) &&
		    !may_chown(ns))
			return -EPERM;
		access->gid = gid;
	}
	return 0;
}

/**
 * ipcbox_attr_apply_access() - change owner, group and mode
 * @attr: what was given; nothing else may be
 * @ns: the namespace of the object
 * @access: what to change; undefined after an error
 *
 * Return: 0, -EINVAL or -EPERM.
 */
int ipcbox_attr_apply_access(const struct ipcbox_attr *attr,
			     const struct ipcbox_ns *ns,
			     struct ipcbox_access *access)
{
	const u32 takes = IPCBOX_ATTR_MODE | IPCBOX_ATTR_UID | IPCBOX_ATTR_GID;

	if (attr->mask & ~takes)
		return -EINVAL;
	if (is_given(attr, IPCBOX_ATTR_MODE))
		access->mode = attr->mode;
	return apply_owner(attr, ns, access);
}

static int apply_bounds(const struct ipcbox_attr *attr,
			const struct ipcbox_ns *ns, struct ipcbox_bounds *bounds)
{
	if (is_given(attr, IPCBOX_ATTR_MESSAGES)) {
		if (!attr->max_messages)
			return -EINVAL;
		if (attr->max_messages > ipcbox_limit(ns, box_messages))
			return -ERANGE;
		bounds->max_messages = attr->max_messages;
	}
	if (is_given(attr, IPCBOX_ATTR_BYTES)) {
		if (!attr->max_bytes)
			return -EINVAL;
		if (attr->max_bytes > ipcbox_limit(ns, box_bytes))
			return -ERANGE;
		bounds->max_bytes = attr->max_bytes;
	}
	if (is_given(attr, IPCBOX_ATTR_MSGSIZE)) {
		if (attr->max_msgsize > ipcbox_limit(ns, box_msgsize))
			return -ERANGE;
		bounds->max_msgsize = attr->max_msgsize;
	}
	return bounds->max_msgsize > bounds->max_bytes ? -EINVAL : 0;
}

static int apply(const struct ipcbox_attr *attr, const struct ipcbox_ns *ns,
		 struct ipcbox_access *access, struct ipcbox_bounds *bounds)
{
	if (is_given(attr, IPCBOX_ATTR_MODE))
		access->mode = attr->mode;
	return apply_bounds(attr, ns, bounds) ?: apply_owner(attr, ns, access);
}

/* A host may allow less than the defaults; then that is the default. */
static void set_defaults(const struct ipcbox_attr *attr,
			 const struct ipcbox_ns *ns,
			 struct ipcbox_access *access,
			 struct ipcbox_bounds *bounds)
{
	u64 bytes = min_t(u64, IPCBOX_DEFAULT_BYTES,
			  ipcbox_limit(ns, box_bytes));
	u64 msgsize = min_t(u64, IPCBOX_DEFAULT_MSGSIZE,
			    ipcbox_limit(ns, box_msgsize));

	access->uid = current_euid();
	access->gid = current_egid();
	access->mode = IPCBOX_DEFAULT_MODE;

	bounds->max_messages = min_t(u64, IPCBOX_DEFAULT_MESSAGES,
				     ipcbox_limit(ns, box_messages));
	bounds->max_bytes = bytes;
	/* Whoever gives only max_bytes need not think of the other. */
	if (is_given(attr, IPCBOX_ATTR_BYTES))
		bytes = attr->max_bytes;
	bounds->max_msgsize = min(msgsize, bytes);
}

/**
 * ipcbox_attr_for_new() - access and limits of a new box of the caller
 * @attr: what was given
 * @ns: the namespace of the box
 * @access: out
 * @bounds: out
 *
 * Return: 0, -EINVAL, -ERANGE or -EPERM.
 */
int ipcbox_attr_for_new(const struct ipcbox_attr *attr,
			const struct ipcbox_ns *ns,
			struct ipcbox_access *access,
			struct ipcbox_bounds *bounds)
{
	set_defaults(attr, ns, access, bounds);
	return apply(attr, ns, access, bounds);
}

/**
 * ipcbox_attr_set() - change attributes of a box
 * @attr: what was given
 * @ns: the namespace of the box
 * @box: the box; the caller settles its lanes afterwards
 *
 * Return: 0, -EINVAL, -ERANGE, -EPERM, or the errno of the end of the box.
 */
int ipcbox_attr_set(const struct ipcbox_attr *attr, struct ipcbox_ns *ns,
		    struct ipcbox_box *box)
{
	struct ipcbox_access access;
	struct ipcbox_bounds bounds;
	int err;

	/* Two that change different attributes must not undo each other. */
	mutex_lock(&ns->attr_mutex);
	ipcbox_box_get_attr(box, &access, &bounds);
	err = ipcbox_access_check_owner(&access, ns) ?:
	      apply(attr, ns, &access, &bounds) ?:
	      ipcbox_box_set_attr(box, &access, &bounds);
	mutex_unlock(&ns->attr_mutex);
	return err;
}
