// SPDX-License-Identifier: GPL-2.0
#include "port.h"

#include "account.h"
#include "attr.h"
#include "ns.h"
#include "stat.h"
#include "trace.h"

#include <linux/cred.h>
#include <linux/module.h>
#include <linux/slab.h>

static struct ipcbox_port *port_of(struct rb_node *node)
{
	return rb_entry(node, struct ipcbox_port, node);
}

/* ---- the memory ---------------------------------------------------------- */

static struct ipcbox_port *port_alloc(struct ipcbox_ns *ns,
				      const struct ipcbox_name *name)
{
	struct ipcbox_account *account;
	struct ipcbox_port *port;
	int err;

	account = ipcbox_account_get(ns, current_euid());
	if (IS_ERR(account))
		return ERR_CAST(account);
	err = ipcbox_account_charge(account, IPCBOX_BOXES, 1);
	if (err)
		goto err_put_account;

	err = -ENOMEM;
	port = kzalloc(struct_size(port, name, name->len), IPCBOX_GFP);
	if (!port)
		goto err_uncharge;
	ipcbox_lane_init(&port->lane, &port->box);
	ipcbox_box_init(&port->box, &port->lane);
	port->ns = ns;
	port->account = account;
	refcount_set(&port->refs, 1);
	port->name_len = name->len;
	memcpy(port->name, name->bytes, name->len);
	return port;

err_uncharge:
	ipcbox_account_uncharge(account, IPCBOX_BOXES, 1);
err_put_account:
	ipcbox_account_put(account);
	return ERR_PTR(err);
}

static void port_put(struct ipcbox_port *port)
{
	if (!refcount_dec_and_test(&port->refs))
		return;
	ipcbox_account_uncharge(port->account, IPCBOX_BOXES, 1);
	ipcbox_account_put(port->account);
	kfree(port);
}

static void port_end(struct ipcbox_port *port, int err)
{
	if (!ipcbox_box_end(&port->box, err))
		return;
	ipcbox_lane_end(&port->lane);
	ipcbox_lane_drain(&port->lane);
}

/* ---- names --------------------------------------------------------------- */

static int compare(const struct ipcbox_name *name,
		   const struct ipcbox_port *port)
{
	int order = memcmp(name->bytes, port->name,
			   min_t(u32, name->len, port->name_len));

	return order ?: (int)name->len - (int)port->name_len;
}

static struct ipcbox_port *find_port(struct ipcbox_ns *ns,
				     const struct ipcbox_name *name)
{
	struct rb_node *node = ns->ports.rb_node;

	lockdep_assert_held(&ns->ports_mutex);
	while (node) {
		int order = compare(name, port_of(node));

		if (!order)
			return port_of(node);
		node = order < 0 ? node->rb_left : node->rb_right;
	}
	return NULL;
}

/* The first port whose name sorts after @name. */
static struct ipcbox_port *find_after(struct ipcbox_ns *ns,
				      const struct ipcbox_name *name)
{
	struct rb_node *node = ns->ports.rb_node;
	struct ipcbox_port *found = NULL;

	lockdep_assert_held(&ns->ports_mutex);
	while (node) {
		if (compare(name, port_of(node)) < 0) {
			found = port_of(node);
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/* The name's references, on the port and on the module, begin here ... */
static int insert_name(struct ipcbox_port *port, const struct ipcbox_name *name)
{
	struct ipcbox_ns *ns = port->ns;
	struct rb_node **link = &ns->ports.rb_node;
	struct rb_node *parent = NULL;

	lockdep_assert_held(&ns->ports_mutex);
	while (*link) {
		int order = compare(name, port_of(*link));

		if (!order)
			return -EEXIST;
		parent = *link;
		link = order < 0 ? &parent->rb_left : &parent->rb_right;
	}
	refcount_inc(&port->refs);
	__module_get(THIS_MODULE);
	WRITE_ONCE(port->named, true);
	rb_link_node(&port->node, parent, link);
	rb_insert_color(&port->node, &ns->ports);
	trace_ipcbox_create(port->box.id, "port", port->name, port->name_len);
	return 0;
}

/* ... and pass to the caller here, who drops them with drop_name(). */
static void erase_name(struct ipcbox_port *port)
{
	lockdep_assert_held(&port->ns->ports_mutex);
	rb_erase(&port->node, &port->ns->ports);
	WRITE_ONCE(port->named, false);
	trace_ipcbox_delete(port->box.id, "port", port->name, port->name_len);
}

static void drop_name(struct ipcbox_port *port)
{
	port_put(port);
	module_put(THIS_MODULE);
}

/* ---- open and close ------------------------------------------------------ */

static void count_fd(struct ipcbox_port *port, u32 directions)
{
	lockdep_assert_held(&port->ns->ports_mutex);
	if (directions & IPCBOX_RECEIVER)
		port->receiver_fds++;
	if (directions & IPCBOX_SENDER)
		port->sender_fds++;
}

static void uncount_fd(struct ipcbox_port *port, u32 directions)
{
	lockdep_assert_held(&port->ns->ports_mutex);
	if (directions & IPCBOX_RECEIVER)
		port->receiver_fds--;
	if (directions & IPCBOX_SENDER)
		port->sender_fds--;
}

static umode_t rights_for(u32 directions)
{
	return (directions & IPCBOX_RECEIVER ? IPCBOX_MAY_RECEIVE : 0) |
	       (directions & IPCBOX_SENDER ? IPCBOX_MAY_SEND : 0);
}

/**
 * ipcbox_port_create() - make a port and open it
 * @ns: where
 * @name: its name, checked
 * @attr: its attributes
 * @directions: what it is opened for
 *
 * Return: the port, to be closed, or an ERR_PTR: -EEXIST, -ENOSPC, -ENOMEM, and
 * those of ipcbox_attr_for_new().
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

	mutex_lock(&ns->ports_mutex);
	err = insert_name(port, name);
	if (!err)
		count_fd(port, directions);
	mutex_unlock(&ns->ports_mutex);
	if (err) {
		port_put(port);
		return ERR_PTR(err);
	}
	return port;
}

static int may_open(struct ipcbox_port *port, u32 directions)
{
	struct ipcbox_access access;

	ipcbox_box_get_attr(&port->box, &access, NULL);
	return ipcbox_access_check(&access, port->ns, rights_for(directions));
}

/**
 * ipcbox_port_open() - open a port by its name
 * @ns: where
 * @name: its name, checked
 * @directions: what for
 *
 * Return: the port, to be closed, or an ERR_PTR: -ENOENT, -EACCES.
 */
struct ipcbox_port *ipcbox_port_open(struct ipcbox_ns *ns,
				     const struct ipcbox_name *name,
				     u32 directions)
{
	struct ipcbox_port *port;
	int err;

	mutex_lock(&ns->ports_mutex);
	port = find_port(ns, name);
	err = port ? may_open(port, directions) : -ENOENT;
	if (!err) {
		refcount_inc(&port->refs);
		count_fd(port, directions);
	}
	mutex_unlock(&ns->ports_mutex);
	return err ? ERR_PTR(err) : port;
}

/*
 * Tell one side if the other can never come back. No name and no fd is for
 * good, so this may be done after the mutex that covers both was dropped.
 */
static void end_abandoned(struct ipcbox_port *port, bool no_receivers,
			  bool no_senders)
{
	if (no_receivers)
		port_end(port, -EPIPE);
	else if (no_senders)
		ipcbox_box_end_senders(&port->box);
}

/**
 * ipcbox_port_close() - close what ipcbox_port_create() or _open() opened
 * @port: the port
 * @directions: the same
 */
void ipcbox_port_close(struct ipcbox_port *port, u32 directions)
{
	struct ipcbox_ns *ns = port->ns;
	bool no_receivers, no_senders;

	mutex_lock(&ns->ports_mutex);
	uncount_fd(port, directions);
	no_receivers = !port->named && !port->receiver_fds;
	no_senders = !port->named && !port->sender_fds;
	mutex_unlock(&ns->ports_mutex);

	end_abandoned(port, no_receivers, no_senders);
	port_put(port);
}

/* ---- delete -------------------------------------------------------------- */

static int may_delete(struct ipcbox_port *port)
{
	struct ipcbox_access access;

	ipcbox_box_get_attr(&port->box, &access, NULL);
	return ipcbox_access_check_owner(&access, port->ns);
}

/**
 * ipcbox_port_delete() - delete a port by its name
 * @ns: where
 * @name: its name, checked
 * @unlink_only: only the name; otherwise the port ends for everyone
 *
 * Return: 0, -ENOENT or -EPERM.
 */
int ipcbox_port_delete(struct ipcbox_ns *ns, const struct ipcbox_name *name,
		       bool unlink_only)
{
	bool no_receivers = false, no_senders = false;
	struct ipcbox_port *port;
	int err;

	mutex_lock(&ns->ports_mutex);
	port = find_port(ns, name);
	err = port ? may_delete(port) : -ENOENT;
	if (!err) {
		erase_name(port);
		no_receivers = !port->receiver_fds;
		no_senders = !port->sender_fds;
	}
	mutex_unlock(&ns->ports_mutex);
	if (err)
		return err;

	if (unlink_only)
		end_abandoned(port, no_receivers, no_senders);
	else
		port_end(port, -EIDRM);
	drop_name(port);
	return 0;
}

/**
 * ipcbox_port_delete_all() - free the ports of a dying namespace
 * @ns: the namespace; it has no fds any more, so nobody has one open
 */
void ipcbox_port_delete_all(struct ipcbox_ns *ns)
{
	struct rb_node *node;

	mutex_lock(&ns->ports_mutex);
	while ((node = rb_first(&ns->ports))) {
		struct ipcbox_port *port = port_of(node);

		erase_name(port);
		port_end(port, -EIDRM);
		drop_name(port);
		cond_resched();
	}
	mutex_unlock(&ns->ports_mutex);
}

/* ---- reports ------------------------------------------------------------- */

/**
 * ipcbox_port_stat() - tell the state of a port
 * @port: the port
 * @stat: out
 * @viewer: whose user ids to tell
 */
void ipcbox_port_stat(struct ipcbox_port *port, struct ipcbox_stat *stat,
		      struct user_namespace *viewer)
{
	*stat = (struct ipcbox_stat){
		.size = sizeof(*stat),
		.kind = IPCBOX_KIND_PORT,
	};
	ipcbox_stat_box(stat, &port->box, viewer);
	if (!READ_ONCE(port->named))
		stat->state |= IPCBOX_STATE_UNLINKED;
}

/**
 * ipcbox_port_next() - tell of the next port in the order of names
 * @ns: where
 * @after: the name before it, which need not exist; of length 0: the first
 * @info: out; may hold @after
 * @viewer: whose user ids to tell
 *
 * Return: whether there is one.
 */
bool ipcbox_port_next(struct ipcbox_ns *ns, const struct ipcbox_name *after,
		      struct ipcbox_port_info *info,
		      struct user_namespace *viewer)
{
	struct ipcbox_port *port;

	mutex_lock(&ns->ports_mutex);
	port = find_after(ns, after);
	if (port) {
		info->name.len = port->name_len;
		memcpy(info->name.bytes, port->name, port->name_len);
		info->name.bytes[port->name_len] = '\0';
		ipcbox_port_stat(port, &info->stat, viewer);
	}
	mutex_unlock(&ns->ports_mutex);
	return port;
}
