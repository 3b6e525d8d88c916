// SPDX-License-Identifier: GPL-2.0
#include "port.h"

#include "account.h"
#include "attr.h"
#include "stat.h"

#include <linux/slab.h>

static struct ipcbox_port *port_of(struct ipcbox_object *object)
{
	return container_of(object, struct ipcbox_port, object);
}

/* ---- what a named object does -------------------------------------------- */

static u64 port_id(const struct ipcbox_object *object)
{
	return container_of(object, const struct ipcbox_port, object)->box.id;
}

static void port_get_access(struct ipcbox_object *object,
			    struct ipcbox_access *access)
{
	ipcbox_box_get_attr(&port_of(object)->box, access, NULL);
}

static void port_shutdown(struct ipcbox_object *object, int err)
{
	struct ipcbox_port *port = port_of(object);

	if (ipcbox_box_shutdown(&port->box, err))
		ipcbox_lane_shutdown(&port->lane);
}

static bool port_drain(struct ipcbox_object *object, unsigned int *steps)
{
	return ipcbox_lane_drain(&port_of(object)->lane, steps);
}

static void port_shutdown_receivers(struct ipcbox_object *object)
{
	ipcbox_lane_fail_unserved(&port_of(object)->lane);
}

static void port_shutdown_senders(struct ipcbox_object *object)
{
	ipcbox_box_shutdown_senders(&port_of(object)->box);
}

static void port_stat(struct ipcbox_object *object, struct ipcbox_stat *stat,
		      struct user_namespace *viewer)
{
	stat->kind = IPCBOX_KIND_PORT;
	ipcbox_stat_box(stat, &port_of(object)->box, viewer);
}

static void port_free(struct ipcbox_object *object)
{
	struct ipcbox_port *port = port_of(object);

	ipcbox_lane_deinit(&port->lane);
	ipcbox_box_deinit(&port->box);
	kfree(port);
}

static const struct ipcbox_object_ops port_ops = {
	.kind = "port",
	.id = port_id,
	.get_access = port_get_access,
	.shutdown = port_shutdown,
	.drain = port_drain,
	.shutdown_receivers = port_shutdown_receivers,
	.shutdown_senders = port_shutdown_senders,
	.stat = port_stat,
	.free = port_free,
};

/* ---- create and open ----------------------------------------------------- */

static struct ipcbox_port *port_alloc(struct ipcbox_ns *ns,
				      const struct ipcbox_name *name)
{
	struct ipcbox_port *port;
	size_t size = struct_size(port, object.name, name->len);
	int err;

	port = kzalloc(size, IPCBOX_GFP);
	if (!port)
		return ERR_PTR(-ENOMEM);
	err = ipcbox_object_init(&port->object, ns, &port_ops, name, size);
	if (err) {
		kfree(port);
		return ERR_PTR(err);
	}
	ipcbox_lane_init(&port->lane, &port->box);
	ipcbox_box_init(&port->box, &port->lane);
	return port;
}

/**
 * ipcbox_port_create() - make a port and open it
 * @ns: where
 * @name: its name, checked
 * @attr: its attributes
 * @directions: what it is opened for
 *
 * Return: the port, to be closed by its name, or an ERR_PTR: -EEXIST, -ENOSPC,
 * -ENOMEM, and those of ipcbox_attr_for_new().
 */
struct ipcbox_port *ipcbox_port_create(struct ipcbox_ns *ns,
				       const struct ipcbox_name *name,
				       const struct ipcbox_attr *attr,
				       u32 directions)
{
	struct ipcbox_access access;
	struct ipcbox_bounds bounds;
	struct ipcbox_port *port;
	int err;

	err = ipcbox_attr_for_new(attr, ns, &access, &bounds);
	if (err)
		return ERR_PTR(err);
	port = port_alloc(ns, name);
	if (IS_ERR(port))
		return port;
	port->box.access = access;
	port->box.bounds = bounds;

	err = ipcbox_object_list(&port->object, directions);
	if (err) {
		ipcbox_object_put(&port->object);
		return ERR_PTR(err);
	}
	return port;
}

/**
 * ipcbox_port_open() - open a port by its name
 * @ns: where
 * @name: its name, checked
 * @directions: what for
 *
 * Return: the port, to be closed, or an ERR_PTR: those of ipcbox_object_open().
 */
struct ipcbox_port *ipcbox_port_open(struct ipcbox_ns *ns,
				     const struct ipcbox_name *name,
				     u32 directions)
{
	struct ipcbox_object *object;

	object = ipcbox_object_open(ns, name, &port_ops, directions);
	return IS_ERR(object) ? ERR_CAST(object) : port_of(object);
}
