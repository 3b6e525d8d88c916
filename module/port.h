/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_PORT_H
#define _IPCBOX_PORT_H

/**
 * DOC: port
 *
 * A named box, with a single lane that all senders share.
 */

#include "box.h"
#include "object.h"

struct ipcbox_port {
	struct ipcbox_box box;
	struct ipcbox_lane lane;
	struct ipcbox_object object;	/* last: the name is at its end */
};

/* directions: IPCBOX_RECEIVER, IPCBOX_SENDER */
struct ipcbox_port *ipcbox_port_create(struct ipcbox_ns *ns,
				       const struct ipcbox_name *name,
				       const struct ipcbox_attr *attr,
				       u32 directions);
struct ipcbox_port *ipcbox_port_open(struct ipcbox_ns *ns,
				     const struct ipcbox_name *name,
				     u32 directions);

#endif /* _IPCBOX_PORT_H */
