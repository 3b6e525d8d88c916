/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_ACCESS_H
#define _IPCBOX_ACCESS_H

/**
 * DOC: access
 *
 * Who may receive from (r) and send to (w) a box, told as for a file by owner,
 * group and mode; and who may change or delete it: the owner. CAP_IPC_OWNER in
 * the user namespace that owns the network namespace passes both checks.
 */

#include <linux/types.h>
#include <linux/uidgid.h>

struct ipcbox_ns;

#define IPCBOX_MAY_RECEIVE	04
#define IPCBOX_MAY_SEND		02

struct ipcbox_access {
	kuid_t uid;
	kgid_t gid;
	umode_t mode;
};

int ipcbox_access_check(const struct ipcbox_access *access,
			const struct ipcbox_ns *ns, umode_t wanted);
int ipcbox_access_check_any(const struct ipcbox_access *access,
			    const struct ipcbox_ns *ns);
int ipcbox_access_check_owner(const struct ipcbox_access *access,
			      const struct ipcbox_ns *ns);

#endif /* _IPCBOX_ACCESS_H */
