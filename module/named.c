// SPDX-License-Identifier: GPL-2.0
#include "named.h"

#include "access.h"
#include "account.h"
#include "cache.h"
#include "ns.h"
#include "trace.h"
#include "tree.h"

#include <linux/cred.h>
#include <linux/module.h>
#include <linux/sched/signal.h>

static struct ipcbox_named *named_of(const struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcbox_named, node);
}

/* ---- life ---------------------------------------------------------------- */

/**
 * ipcbox_named_init() - prepare an object that is to be listed
 * @named: in zeroed memory, with room for the name
 * @ns: where
 * @ops: its kind
 * @name: its name, checked
 * @size: of the memory around it
 *
 * The caller's reference ends with ipcbox_named_put(), or passes to the fd for
 * which it is listed.
 *
 * Return: 0, -ENOSPC or -ENOMEM.
 */
int ipcbox_named_init(struct ipcbox_named *named, struct ipcbox_ns *ns,
		      const struct ipcbox_named_ops *ops,
		      const struct ipcbox_name *name, size_t size)
{
	int err;

	named->account = ipcbox_account_get(ns, current_euid());
	if (IS_ERR(named->account))
		return PTR_ERR(named->account);
	err = ipcbox_account_charge(named->account, IPCBOX_BOXES, 1);
	if (err)
		goto err_put_account;
	named->memory = ipcbox_object_size(size);
	err = ipcbox_memory_charge(named->account, named->memory);
	if (err)
		goto err_uncharge_box;
	named->ops = ops;
	named->ns = ns;
	refcount_set(&named->refs, 1);
	named->counted = true;
	named->name_len = name->len;
	memcpy(named->name, name->bytes, name->len);
	return 0;

err_uncharge_box:
	ipcbox_account_uncharge(named->account, IPCBOX_BOXES, 1);
err_put_account:
	ipcbox_account_put(named->account);
	return err;
}

/* What is over is not one of its owner's boxes, whoever has it open still. */
static void uncount(struct ipcbox_named *named)
{
	if (xchg(&named->counted, false))
		ipcbox_account_uncharge(named->account, IPCBOX_BOXES, 1);
}

/**
 * ipcbox_named_put() - give a reference back
 * @named: freed with the last one
 */
void ipcbox_named_put(struct ipcbox_named *named)
{
	struct ipcbox_account *account = named->account;
	u32 memory = named->memory;

	if (!refcount_dec_and_test(&named->refs))
		return;
	uncount(named);
	named->ops->free(named);
	ipcbox_memory_uncharge(account, memory);
	ipcbox_account_put(account);
}

static void named_shutdown(struct ipcbox_named *named, int err)
{
	named->ops->shutdown(named, err);
	uncount(named);
}

/* Return: whether nothing is left in an object that has ended. */
static bool drain(struct ipcbox_named *named)
{
	unsigned int steps = IPCBOX_REST_STEPS;

	return !named->ops->drain || named->ops->drain(named, &steps);
}

static bool drain_rest(struct ipcbox_rest *rest)
{
	struct ipcbox_named *named = container_of(rest, struct ipcbox_named, rest);

	if (!drain(named))
		return false;
	ipcbox_named_put(named);
	return true;
}

/* Several may find that there is too much to free it at once: the first leaves it. */
static void leave_rest(struct ipcbox_named *named)
{
	if (xchg(&named->is_left, true))
		return;
	ipcbox_named_hold(named);
	ipcbox_rest_leave(&named->rest, named->ns->net, drain_rest);
}

/* ---- names --------------------------------------------------------------- */

static int compare_bytes(const char *bytes, u32 len, const struct ipcbox_named *named)
{
	int order = memcmp(bytes, named->name, min_t(u32, len, named->name_len));

	return order ?: (int)len - (int)named->name_len;
}

static int compare_name(const void *key, const struct rb_node *node)
{
	const struct ipcbox_name *name = key;

	return compare_bytes(name->bytes, name->len, named_of(node));
}

static int compare_named(struct rb_node *a, const struct rb_node *b)
{
	const struct ipcbox_named *named = named_of(a);

	return compare_bytes(named->name, named->name_len, named_of(b));
}

static struct ipcbox_named *find_named(struct ipcbox_ns *ns,
				       const struct ipcbox_name *name)
{
	lockdep_assert_held(&ns->names_mutex);
	return named_of(rb_find(name, &ns->names, compare_name));
}

/* The first whose name sorts after @name. */
static struct ipcbox_named *first_named_after(struct ipcbox_ns *ns,
					      const struct ipcbox_name *name)
{
	lockdep_assert_held(&ns->names_mutex);
	return named_of(ipcbox_tree_first_after(name, &ns->names, compare_name));
}

/* As those that are looked for, in the form in which they are. */
static void copy_name(struct ipcbox_name *name, const struct ipcbox_named *named)
{
	name->len = named->name_len;
	memcpy(name->bytes, named->name, named->name_len);
	name->bytes[named->name_len] = '\0';
}

/* The name's references, on the object and on the module, begin here ... */
static int insert_name(struct ipcbox_named *named)
{
	struct ipcbox_ns *ns = named->ns;

	lockdep_assert_held(&ns->names_mutex);
	if (rb_find_add(&named->node, &ns->names, compare_named))
		return -EEXIST;
	refcount_inc(&named->refs);
	__module_get(THIS_MODULE);
	WRITE_ONCE(named->listed, true);
	trace_ipcbox_create(named->ops->id(named), named->ops->kind, named->name,
			    named->name_len);
	return 0;
}

/* ... and pass to the caller here, who drops them with drop_name(). */
static void erase_name(struct ipcbox_named *named)
{
	lockdep_assert_held(&named->ns->names_mutex);
	rb_erase(&named->node, &named->ns->names);
	WRITE_ONCE(named->listed, false);
	trace_ipcbox_delete(named->ops->id(named), named->ops->kind, named->name,
			    named->name_len);
}

static void drop_name(struct ipcbox_named *named)
{
	ipcbox_named_put(named);
	module_put(THIS_MODULE);
}

/* ---- open and close ------------------------------------------------------ */

static void count_fd(struct ipcbox_named *named, u32 directions)
{
	lockdep_assert_held(&named->ns->names_mutex);
	if (directions & IPCBOX_RECEIVER)
		WRITE_ONCE(named->receiver_fds, named->receiver_fds + 1);
	if (directions & IPCBOX_SENDER)
		named->sender_fds++;
}

static void uncount_fd(struct ipcbox_named *named, u32 directions)
{
	lockdep_assert_held(&named->ns->names_mutex);
	if (directions & IPCBOX_RECEIVER)
		WRITE_ONCE(named->receiver_fds, named->receiver_fds - 1);
	if (directions & IPCBOX_SENDER)
		named->sender_fds--;
}

static umode_t rights_for(u32 directions)
{
	return (directions & IPCBOX_RECEIVER ? IPCBOX_MAY_RECEIVE : 0) |
	       (directions & IPCBOX_SENDER ? IPCBOX_MAY_SEND : 0);
}

/**
 * ipcbox_named_list() - let a new object be found, and open it for its creator
 * @named: complete
 * @directions: what it is opened for
 *
 * Return: 0, and the object is to be closed; or -EEXIST.
 */
int ipcbox_named_list(struct ipcbox_named *named, u32 directions)
{
	struct ipcbox_ns *ns = named->ns;
	int err;

	mutex_lock(&ns->names_mutex);
	err = insert_name(named);
	if (!err)
		count_fd(named, directions);
	mutex_unlock(&ns->names_mutex);
	return err;
}

static int may_open(struct ipcbox_named *named,
		    const struct ipcbox_named_ops *ops, u32 directions)
{
	umode_t rights = rights_for(directions);
	struct ipcbox_access access;
	int err;

	named->ops->get_access(named, &access);
	err = rights ? ipcbox_access_check(&access, named->ns, rights) :
		       ipcbox_access_check_any(&access, named->ns);
	return err ?: (named->ops == ops ? 0 : -EPROTOTYPE);
}

/**
 * ipcbox_named_open() - open an object by its name
 * @ns: where
 * @name: its name, checked
 * @ops: what kind it is to be
 * @directions: what for
 *
 * Return: the object, to be closed, or an ERR_PTR: -ENOENT, -EACCES, -EPROTOTYPE.
 */
struct ipcbox_named *ipcbox_named_open(struct ipcbox_ns *ns,
				       const struct ipcbox_name *name,
				       const struct ipcbox_named_ops *ops,
				       u32 directions)
{
	struct ipcbox_named *named;
	int err;

	mutex_lock(&ns->names_mutex);
	named = find_named(ns, name);
	err = named ? may_open(named, ops, directions) : -ENOENT;
	if (!err) {
		refcount_inc(&named->refs);
		count_fd(named, directions);
	}
	mutex_unlock(&ns->names_mutex);
	return err ? ERR_PTR(err) : named;
}

/*
 * Tell one side if the other can never come back. No name and no fd is for
 * good, so this may be done after the mutex that covers both was dropped.
 */
static void end_abandoned(struct ipcbox_named *named, bool no_receivers,
			  bool no_senders)
{
	if (no_receivers) {
		named_shutdown(named, -EPIPE);
		if (!drain(named))
			leave_rest(named);
	} else if (no_senders) {
		named->ops->shutdown_senders(named);
	}
}

/**
 * ipcbox_named_close() - close what ipcbox_named_list() or _open() opened
 * @named: the object
 * @directions: the same
 */
void ipcbox_named_close(struct ipcbox_named *named, u32 directions)
{
	struct ipcbox_ns *ns = named->ns;
	bool no_receivers, no_senders, listed;

	mutex_lock(&ns->names_mutex);
	uncount_fd(named, directions);
	listed = named->listed;
	no_receivers = !named->receiver_fds;
	no_senders = !named->sender_fds;
	mutex_unlock(&ns->names_mutex);

	if (!listed)
		end_abandoned(named, no_receivers, no_senders);
	else if (no_receivers && named->ops->shutdown_receivers)
		named->ops->shutdown_receivers(named);
	ipcbox_named_put(named);
}

/* ---- delete -------------------------------------------------------------- */

static int may_delete(struct ipcbox_named *named)
{
	struct ipcbox_access access;

	named->ops->get_access(named, &access);
	return ipcbox_access_check_owner(&access, named->ns);
}

/* Afterwards what was in it counts for nobody, unless the caller was killed. */
static void delete_and_drain(struct ipcbox_named *named)
{
	named_shutdown(named, -EIDRM);
	while (!drain(named)) {
		if (fatal_signal_pending(current)) {
			leave_rest(named);
			break;
		}
	}
}

/**
 * ipcbox_named_delete() - delete an object by its name
 * @ns: where
 * @name: its name, checked
 * @unlink_only: only the name; otherwise the object ends for everyone
 *
 * Return: 0, -ENOENT or -EPERM.
 */
int ipcbox_named_delete(struct ipcbox_ns *ns, const struct ipcbox_name *name,
			bool unlink_only)
{
	bool no_receivers = false, no_senders = false;
	struct ipcbox_named *named;
	int err;

	mutex_lock(&ns->names_mutex);
	named = find_named(ns, name);
	err = named ? may_delete(named) : -ENOENT;
	if (!err) {
		erase_name(named);
		no_receivers = !named->receiver_fds;
		no_senders = !named->sender_fds;
	}
	mutex_unlock(&ns->names_mutex);
	if (err)
		return err;

	if (unlink_only)
		end_abandoned(named, no_receivers, no_senders);
	else
		delete_and_drain(named);
	drop_name(named);
	return 0;
}

/**
 * ipcbox_named_delete_all() - free what is listed in a dying namespace
 * @ns: the namespace; it has no fds any more, so nobody has one open
 */
void ipcbox_named_delete_all(struct ipcbox_ns *ns)
{
	struct rb_node *node;

	mutex_lock(&ns->names_mutex);
	while ((node = rb_first(&ns->names))) {
		struct ipcbox_named *named = named_of(node);

		erase_name(named);
		named_shutdown(named, -EIDRM);
		/* Nobody can wait for this, and the namespace cannot be held any more. */
		while (!drain(named))
			;
		drop_name(named);
		cond_resched();
	}
	mutex_unlock(&ns->names_mutex);
}

/* ---- reports ------------------------------------------------------------- */

/**
 * ipcbox_named_stat() - tell the state of an object
 * @named: the object
 * @stat: out
 * @viewer: whose user ids to tell
 */
void ipcbox_named_stat(struct ipcbox_named *named, struct ipcbox_stat *stat,
		       struct user_namespace *viewer)
{
	*stat = (struct ipcbox_stat){ .size = sizeof(*stat) };
	named->ops->stat(named, stat, viewer);
	if (!READ_ONCE(named->listed))
		stat->state |= IPCBOX_STATE_UNLINKED;
}

/**
 * ipcbox_named_next() - tell of the next object in the order of names
 * @ns: where
 * @after: the name before it, which need not exist; of length 0: the first
 * @info: out; may hold @after
 * @viewer: whose user ids to tell
 *
 * Return: whether there is one.
 */
bool ipcbox_named_next(struct ipcbox_ns *ns, const struct ipcbox_name *after,
		       struct ipcbox_named_info *info,
		       struct user_namespace *viewer)
{
	struct ipcbox_named *named;

	mutex_lock(&ns->names_mutex);
	named = first_named_after(ns, after);
	if (named)
		refcount_inc(&named->refs);
	mutex_unlock(&ns->names_mutex);
	if (!named)
		return false;
	/* To count what is in a buffer can take long: not under the mutex. */
	copy_name(&info->name, named);
	ipcbox_named_stat(named, &info->stat, viewer);
	ipcbox_named_put(named);
	return true;
}
