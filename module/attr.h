/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_ATTR_H
#define _IPCBOX_ATTR_H

/**
 * DOC: attributes
 *
 * What user space may say of a box: owner, group, mode and limits. It is
 * checked whole and turned into the kernel's terms before anything is changed.
 */

struct ipcbox_access;
struct ipcbox_attr;
struct ipcbox_bounds;
struct ipcbox_box;
struct ipcbox_ns;

int ipcbox_attr_check(const struct ipcbox_attr *attr);
int ipcbox_attr_for_new(const struct ipcbox_attr *attr,
			const struct ipcbox_ns *ns,
			struct ipcbox_access *access,
			struct ipcbox_bounds *bounds);
int ipcbox_attr_apply_access(const struct ipcbox_attr *attr,
			     const struct ipcbox_ns *ns,
			     struct ipcbox_access *access);
int ipcbox_attr_set(const struct ipcbox_attr *attr, struct ipcbox_ns *ns,
		    struct ipcbox_box *box);

#endif /* _IPCBOX_ATTR_H */
