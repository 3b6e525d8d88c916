// SPDX-License-Identifier: GPL-2.0
#include "object.h"

#include "access.h"
#include "account.h"
#include "ns.h"
#include "reclaim.h"
#include "trace.h"
#include "tree.h"

#include <linux/cred.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

static struct ipcbox_object *object_of(const struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcbox_object, node);
}

/* ---- life ---------------------------------------------------------------- */

/**
 * ipcbox_object_init() - prepare an object that is to be listed
 * @object: in zeroed memory, with room for the name
 * @ns: where
 * @ops: its kind
 * @name: its name, checked
 * @size: of the memory around it
 *
 * The caller's reference ends with ipcbox_object_put(), or passes to the fd for
 * which it is listed.
 *
 * Return: 0, -ENOSPC or -ENOMEM.
 */
int ipcbox_object_init(struct ipcbox_object *object, struct ipcbox_ns *ns,
		       const struct ipcbox_object_ops *ops,
		       const struct ipcbox_name *name, size_t size)
{
	int err;

	object->account = ipcbox_account_find_or_create(ns, current_euid());
	if (IS_ERR(object->account))
		return PTR_ERR(object->account);
	err = ipcbox_account_charge(object->account, IPCBOX_BOXES, 1);
	if (err)
		goto err_put_account;
	object->memory = ipcbox_object_size(size);
	err = ipcbox_memory_charge(object->account, object->memory);
	if (err)
		goto err_uncharge_box;
	object->ops = ops;
	object->ns = ns;
	refcount_set(&object->refs, 1);
	object->counted = true;
	object->name_len = name->len;
	memcpy(object->name, name->bytes, name->len);
	return 0;

err_uncharge_box:
	ipcbox_account_uncharge(object->account, IPCBOX_BOXES, 1);
err_put_account:
	ipcbox_account_put(object->account);
	return err;
}

/* What is over is not one of its owner's boxes, whoever has it open still. */
static void uncount(struct ipcbox_object *object)
{
	if (xchg(&object->counted, false))
		ipcbox_account_uncharge(object->account, IPCBOX_BOXES, 1);
}

/**
 * ipcbox_object_put() - give a reference back
 * @object: freed with the last one
 */
void ipcbox_object_put(struct ipcbox_object *object)
{
	struct ipcbox_account *account = object->account;
	u32 memory = object->memory;

	if (!refcount_dec_and_test(&object->refs))
		return;
	uncount(object);
	object->ops->free(object);
	ipcbox_memory_uncharge(account, memory);
	ipcbox_account_put(account);
}

static void object_shutdown(struct ipcbox_object *object, int err)
{
	object->ops->shutdown(object, err);
	uncount(object);
}

/* Return: whether nothing is left in an object that has ended. */
static bool drain_object(struct ipcbox_object *object)
{
	unsigned int steps = IPCBOX_REST_STEPS;

	return !object->ops->drain || object->ops->drain(object, &steps);
}

static bool drain_rest(struct ipcbox_rest *rest)
{
	struct ipcbox_object *object = container_of(rest, struct ipcbox_object, rest);

	if (!drain_object(object))
		return false;
	ipcbox_object_put(object);
	return true;
}

/* Several may find that there is too much to free it at once: the first leaves it. */
static void leave_rest(struct ipcbox_object *object)
{
	if (xchg(&object->is_left, true))
		return;
	ipcbox_object_get(object);
	ipcbox_rest_leave(&object->rest, object->ns->net, drain_rest);
}

/* ---- names --------------------------------------------------------------- */

static int compare_bytes(const char *bytes, u32 len, const struct ipcbox_object *object)
{
	int order = memcmp(bytes, object->name, min_t(u32, len, object->name_len));

	return order ?: (int)len - (int)object->name_len;
}

static int compare_name(const void *key, const struct rb_node *node)
{
	const struct ipcbox_name *name = key;

	return compare_bytes(name->bytes, name->len, object_of(node));
}

static int compare_object(struct rb_node *a, const struct rb_node *b)
{
	const struct ipcbox_object *object = object_of(a);

	return compare_bytes(object->name, object->name_len, object_of(b));
}

static struct ipcbox_object *find_object(struct ipcbox_ns *ns,
					 const struct ipcbox_name *name)
{
	lockdep_assert_held(&ns->names_mutex);
	return object_of(rb_find(name, &ns->names, compare_name));
}

/* The first whose name sorts after @name. */
static struct ipcbox_object *first_object_after(struct ipcbox_ns *ns,
						const struct ipcbox_name *name)
{
	lockdep_assert_held(&ns->names_mutex);
	return object_of(ipcbox_tree_first_after(name, &ns->names, compare_name));
}

/* As those that are looked for, in the form in which they are. */
static void copy_name(struct ipcbox_name *name, const struct ipcbox_object *object)
{
	name->len = object->name_len;
	memcpy(name->bytes, object->name, object->name_len);
	name->bytes[object->name_len] = '\0';
}

/* The name's references, on the object and on the module, begin here ... */
static int insert_name(struct ipcbox_object *object)
{
	struct ipcbox_ns *ns = object->ns;

	lockdep_assert_held(&ns->names_mutex);
	if (rb_find_add(&object->node, &ns->names, compare_object))
		return -EEXIST;
	refcount_inc(&object->refs);
	__module_get(THIS_MODULE);
	WRITE_ONCE(object->listed, true);
	trace_ipcbox_create(object->ops->id(object), object->ops->kind, object->name,
			    object->name_len);
	return 0;
}

/* ... and pass to the caller here, who drops them with drop_name(). */
static void erase_name(struct ipcbox_object *object)
{
	lockdep_assert_held(&object->ns->names_mutex);
	rb_erase(&object->node, &object->ns->names);
	WRITE_ONCE(object->listed, false);
	trace_ipcbox_delete(object->ops->id(object), object->ops->kind, object->name,
			    object->name_len);
}

static void drop_name(struct ipcbox_object *object)
{
	ipcbox_object_put(object);
	module_put(THIS_MODULE);
}

/* ---- open and close ------------------------------------------------------ */

static void count_fd(struct ipcbox_object *object, u32 directions)
{
	lockdep_assert_held(&object->ns->names_mutex);
	if (directions & IPCBOX_RECEIVER)
		WRITE_ONCE(object->receiver_fds, object->receiver_fds + 1);
	if (directions & IPCBOX_SENDER)
		object->sender_fds++;
}

static void uncount_fd(struct ipcbox_object *object, u32 directions)
{
	lockdep_assert_held(&object->ns->names_mutex);
	if (directions & IPCBOX_RECEIVER)
		WRITE_ONCE(object->receiver_fds, object->receiver_fds - 1);
	if (directions & IPCBOX_SENDER)
		object->sender_fds--;
}

static umode_t rights_for(u32 directions)
{
	return (directions & IPCBOX_RECEIVER ? IPCBOX_MAY_RECEIVE : 0) |
	       (directions & IPCBOX_SENDER ? IPCBOX_MAY_SEND : 0);
}

/**
 * ipcbox_object_list() - let a new object be found, and open it for its creator
 * @object: complete
 * @directions: what it is opened for
 *
 * Return: 0, and the object is to be closed; or -EEXIST.
 */
int ipcbox_object_list(struct ipcbox_object *object, u32 directions)
{
	struct ipcbox_ns *ns = object->ns;
	int err;

	mutex_lock(&ns->names_mutex);
	err = insert_name(object);
	if (!err)
		count_fd(object, directions);
	mutex_unlock(&ns->names_mutex);
	return err;
}

static int may_open(struct ipcbox_object *object,
		    const struct ipcbox_object_ops *ops, u32 directions)
{
	umode_t rights = rights_for(directions);
	struct ipcbox_access access;
	int err;

	object->ops->get_access(object, &access);
	err = rights ? ipcbox_access_check(&access, object->ns, rights) :
		       ipcbox_access_check_any(&access, object->ns);
	return err ?: (object->ops == ops ? 0 : -EPROTOTYPE);
}

/**
 * ipcbox_object_open() - open an object by its name
 * @ns: where
 * @name: its name, checked
 * @ops: what kind it is to be
 * @directions: what for
 *
 * Return: the object, to be closed, or an ERR_PTR: -ENOENT, -EACCES, -EPROTOTYPE.
 */
struct ipcbox_object *ipcbox_object_open(struct ipcbox_ns *ns,
					 const struct ipcbox_name *name,
					 const struct ipcbox_object_ops *ops,
					 u32 directions)
{
	struct ipcbox_object *object;
	int err;

	mutex_lock(&ns->names_mutex);
	object = find_object(ns, name);
	err = object ? may_open(object, ops, directions) : -ENOENT;
	if (!err) {
		refcount_inc(&object->refs);
		count_fd(object, directions);
	}
	mutex_unlock(&ns->names_mutex);
	return err ? ERR_PTR(err) : object;
}

/*
 * Tell one side if the other can never come back. No name and no fd is for
 * good, so this may be done after the mutex that covers both was dropped.
 */
static void end_abandoned(struct ipcbox_object *object, bool no_receivers,
			  bool no_senders)
{
	if (no_receivers) {
		object_shutdown(object, -EPIPE);
		if (!drain_object(object))
			leave_rest(object);
	} else if (no_senders) {
		object->ops->shutdown_senders(object);
	}
}

/**
 * ipcbox_object_close() - close what ipcbox_object_list() or _open() opened
 * @object: the object
 * @directions: the same
 */
void ipcbox_object_close(struct ipcbox_object *object, u32 directions)
{
	struct ipcbox_ns *ns = object->ns;
	bool no_receivers, no_senders, listed;

	mutex_lock(&ns->names_mutex);
	uncount_fd(object, directions);
	listed = object->listed;
	no_receivers = !object->receiver_fds;
	no_senders = !object->sender_fds;
	mutex_unlock(&ns->names_mutex);

	if (!listed)
		end_abandoned(object, no_receivers, no_senders);
	else if (no_receivers && object->ops->shutdown_receivers)
		object->ops->shutdown_receivers(object);
	ipcbox_object_put(object);
}

/* ---- delete -------------------------------------------------------------- */

static int may_delete(struct ipcbox_object *object)
{
	struct ipcbox_access access;

	object->ops->get_access(object, &access);
	return ipcbox_access_check_owner(&access, object->ns);
}

/* Afterwards what was in it counts for nobody, unless the caller was killed. */
static void delete_and_drain(struct ipcbox_object *object)
{
	object_shutdown(object, -EIDRM);
	while (!drain_object(object)) {
		if (fatal_signal_pending(current)) {
			leave_rest(object);
			break;
		}
	}
}

/**
 * ipcbox_object_delete() - delete an object by its name
 * @ns: where
 * @name: its name, checked
 * @unlink_only: only the name; otherwise the object ends for everyone
 *
 * Return: 0, -ENOENT or -EPERM.
 */
int ipcbox_object_delete(struct ipcbox_ns *ns, const struct ipcbox_name *name,
			 bool unlink_only)
{
	bool no_receivers = false, no_senders = false;
	struct ipcbox_object *object;
	int err;

	mutex_lock(&ns->names_mutex);
	object = find_object(ns, name);
	err = object ? may_delete(object) : -ENOENT;
	if (!err) {
		erase_name(object);
		no_receivers = !object->receiver_fds;
		no_senders = !object->sender_fds;
	}
	mutex_unlock(&ns->names_mutex);
	if (err)
		return err;

	if (unlink_only)
		end_abandoned(object, no_receivers, no_senders);
	else
		delete_and_drain(object);
	drop_name(object);
	return 0;
}

/**
 * ipcbox_object_delete_all() - free what is listed in a dying namespace
 * @ns: the namespace; it has no fds any more, so nobody has one open
 */
void ipcbox_object_delete_all(struct ipcbox_ns *ns)
{
	struct rb_node *node;

	mutex_lock(&ns->names_mutex);
	while ((node = rb_first(&ns->names))) {
		struct ipcbox_object *object = object_of(node);

		erase_name(object);
		object_shutdown(object, -EIDRM);
		/* Nobody can wait for this, and the namespace cannot be held any more. */
		while (!drain_object(object))
			;
		drop_name(object);
		cond_resched();
	}
	mutex_unlock(&ns->names_mutex);
}

/* ---- reports ------------------------------------------------------------- */

/**
 * ipcbox_object_stat() - tell the state of an object
 * @object: the object
 * @stat: out
 * @viewer: whose user ids to tell
 */
void ipcbox_object_stat(struct ipcbox_object *object, struct ipcbox_stat *stat,
			struct user_namespace *viewer)
{
	*stat = (struct ipcbox_stat){ .size = sizeof(*stat) };
	object->ops->stat(object, stat, viewer);
	if (!READ_ONCE(object->listed))
		stat->state |= IPCBOX_STATE_UNLINKED;
}

/**
 * ipcbox_object_next() - tell of the next object in the order of names
 * @ns: where
 * @after: the name before it, which need not exist; of length 0: the first
 * @info: out; may hold @after
 * @viewer: whose user ids to tell
 *
 * Return: whether there is one.
 */
bool ipcbox_object_next(struct ipcbox_ns *ns, const struct ipcbox_name *after,
			struct ipcbox_object_info *info,
			struct user_namespace *viewer)
{
	struct ipcbox_object *object;

	mutex_lock(&ns->names_mutex);
	object = first_object_after(ns, after);
	if (object)
		refcount_inc(&object->refs);
	mutex_unlock(&ns->names_mutex);
	if (!object)
		return false;
	/* To count what is in a buffer can take long: not under the mutex. */
	copy_name(&info->name, object);
	ipcbox_object_stat(object, &info->stat, viewer);
	ipcbox_object_put(object);
	return true;
}
