// SPDX-License-Identifier: GPL-2.0
#include "access.h"

#include "ns.h"

#include <linux/capability.h>
#include <linux/cred.h>

static umode_t granted(const struct ipcbox_access *access)
{
	if (uid_eq(current_euid(), access->uid))
		return access->mode >> 6;
	if (in_egroup_p(access->gid))
		return access->mode >> 3;
	return access->mode;
}

static bool may_override(const struct ipcbox_ns *ns)
{
	return ns_capable(ns->net->user_ns, CAP_IPC_OWNER);
}

/**
 * ipcbox_access_check() - may the caller use a box in these directions?
 * @access: a copy of the box's
 * @ns: the namespace of the box
 * @wanted: IPCBOX_MAY_*
 *
 * Return: 0 or -EACCES.
 */
int ipcbox_access_check(const struct ipcbox_access *access,
			const struct ipcbox_ns *ns, umode_t wanted)
{
	if (!(wanted & ~granted(access)) || may_override(ns))
		return 0;
	return -EACCES;
}

/**
 * ipcbox_access_check_any() - may the caller hold a box, for no direction?
 * @access: a copy of the box's
 * @ns: the namespace of the box
 *
 * An fd keeps the memory of a box, which its owner pays for: that is for those who have
 * some right.
 *
 * Return: 0, if it may send, receive, or change the box; or -EACCES.
 */
int ipcbox_access_check_any(const struct ipcbox_access *access,
			    const struct ipcbox_ns *ns)
{
	if (uid_eq(current_euid(), access->uid) ||
	    granted(access) & (IPCBOX_MAY_RECEIVE | IPCBOX_MAY_SEND) ||
	    may_override(ns))
		return 0;
	return -EACCES;
}

/**
 * ipcbox_access_check_owner() - may the caller change or delete a box?
 * @access: a copy of the box's
 * @ns: the namespace of the box
 *
 * Return: 0 or -EPERM.
 */
int ipcbox_access_check_owner(const struct ipcbox_access *access,
			      const struct ipcbox_ns *ns)
{
	if (uid_eq(current_euid(), access->uid) || may_override(ns))
		return 0;
	return -EPERM;
}
