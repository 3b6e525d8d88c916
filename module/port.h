/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_PORT_H
#define _IPCBOX_PORT_H

/**
 * DOC: port
 *
 * A named box. The name holds a reference, and one on the module, until it is
 * deleted; so does each fd (without the one on the module, which the fd has
 * itself). *Remove* takes the name away and ends the box; *unlink* takes only
 * the name, and then the box ends when its last receiver closes. When the last
 * sender of an unlinked port closes, receivers get what is left.
 *
 * Ports are found by name under ns->ports_mutex, when one is opened: never to
 * send or receive.
 */

#include "box.h"
#include "name.h"

#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/ipcbox.h>

struct ipcbox_ns;

struct ipcbox_port {
	struct ipcbox_box box;
	struct ipcbox_lane lane;
	struct ipcbox_ns *ns;
	struct ipcbox_account *account;
	refcount_t refs;

	/* Under ns->ports_mutex. */
	struct rb_node node;
	bool named;			/* read without it for a report */
	u32 receiver_fds;
	u32 sender_fds;

	u8 name_len;
	char name[];
};

/* What a listing tells of one port. */
struct ipcbox_port_info {
	struct ipcbox_name name;
	struct ipcbox_stat stat;
};

/* directions: IPCBOX_RECEIVER, IPCBOX_SENDER */
struct ipcbox_port *ipcbox_port_create(struct ipcbox_ns *ns,
				       const struct ipcbox_name *name,
				       const struct ipcbox_attr *attr,
				       u32 directions);
struct ipcbox_port *ipcbox_port_open(struct ipcbox_ns *ns,
				     const struct ipcbox_name *name,
				     u32 directions);
void ipcbox_port_close(struct ipcbox_port *port, u32 directions);
int ipcbox_port_delete(struct ipcbox_ns *ns, const struct ipcbox_name *name,
		       bool unlink_only);
void ipcbox_port_delete_all(struct ipcbox_ns *ns);
void ipcbox_port_stat(struct ipcbox_port *port, struct ipcbox_stat *stat,
		      struct user_namespace *viewer);
bool ipcbox_port_next(struct ipcbox_ns *ns, const struct ipcbox_name *after,
		      struct ipcbox_port_info *info,
		      struct user_namespace *viewer);

#endif /* _IPCBOX_PORT_H */
