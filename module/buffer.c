// SPDX-License-Identifier: GPL-2.0
#include "buffer.h"

#include "account.h"
#include "attr.h"
#include "box.h"
#include "mapping.h"
#include "ns.h"

#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <linux/vmalloc.h>

static struct ipcbox_buffer *buffer_of(struct ipcbox_object *object)
{
	return container_of(object, struct ipcbox_buffer, object);
}

/* ---- the pages ----------------------------------------------------------- */

static unsigned long pages_of(const struct ipcbox_buffer *buffer)
{
	return (buffer->control_size + PAGE_SIZE + buffer->data_size) >> PAGE_SHIFT;
}

static void free_pages_of(struct ipcbox_buffer *buffer)
{
	if (!buffer->control)
		return;
	vfree(buffer->data);
	vfree(buffer->control);
	ipcbox_account_uncharge(buffer->object.account, IPCBOX_PAGES,
				pages_of(buffer));
}

/* All at once, so that no page is ever missing when it is touched. */
static int alloc_pages_of(struct ipcbox_buffer *buffer, u64 data_size,
			  bool spsc)
{
	u32 shift;
	int err;

	buffer->data_size = PAGE_ALIGN(data_size);
	shift = ilog2(buffer->data_size) - IPCBOX_CELL_SHIFT;
	buffer->control_size = PAGE_ALIGN(ipcbox_ring_size(shift));
	err = ipcbox_account_charge(buffer->object.account, IPCBOX_PAGES,
				    pages_of(buffer));
	if (err)
		return err;
	buffer->control = __vmalloc(buffer->control_size + PAGE_SIZE,
				    IPCBOX_GFP | __GFP_ZERO);
	buffer->data = __vmalloc(buffer->data_size, IPCBOX_GFP | __GFP_ZERO);
	if (!buffer->control || !buffer->data) {
		vfree(buffer->data);
		vfree(buffer->control);
		buffer->control = NULL;
		ipcbox_account_uncharge(buffer->object.account, IPCBOX_PAGES,
					pages_of(buffer));
		return -ENOMEM;
	}
	ipcbox_ring_init(&buffer->ring, buffer->control, shift, spsc);
	buffer->nobody = buffer->control + buffer->control_size;
	ipcbox_ring_init_nobody(buffer->nobody);
	return 0;
}

/* ---- what a named object does -------------------------------------------- */

static u64 buffer_id(const struct ipcbox_object *object)
{
	return container_of(object, const struct ipcbox_buffer, object)->id;
}

static void buffer_get_access(struct ipcbox_object *object,
			      struct ipcbox_access *access)
{
	struct ipcbox_buffer *buffer = buffer_of(object);

	spin_lock(&buffer->lock);
	*access = buffer->access;
	spin_unlock(&buffer->lock);
}

static void buffer_shutdown(struct ipcbox_object *object, int err)
{
	ipcbox_buffer_shutdown(buffer_of(object), err);
}

static void buffer_shutdown_senders(struct ipcbox_object *object)
{
	ipcbox_buffer_shutdown_senders(buffer_of(object));
}

static void buffer_stat(struct ipcbox_object *object, struct ipcbox_stat *stat,
			struct user_namespace *viewer)
{
	struct ipcbox_buffer *buffer = buffer_of(object);

	stat->kind = IPCBOX_KIND_BUFFER;
	stat->id = buffer->id;
	stat->max_bytes = buffer->data_size;
	stat->max_msgsize = buffer->max_msgsize;
	stat->state = buffer->ring.spsc ? IPCBOX_STATE_SPSC : 0;
	ipcbox_ring_count(&buffer->ring, &stat->messages, &stat->bytes);

	spin_lock(&buffer->lock);
	if (buffer->shutdown)
		stat->state |= IPCBOX_STATE_SHUTDOWN;
	stat->mode = buffer->access.mode;
	stat->uid = from_kuid_munged(viewer, buffer->access.uid);
	stat->gid = from_kgid_munged(viewer, buffer->access.gid);
	stat->receivers = buffer->sides[IPCBOX_RECEIVING].count;
	stat->senders = buffer->sides[IPCBOX_SENDING].count;
	spin_unlock(&buffer->lock);
}

static void buffer_free(struct ipcbox_object *object)
{
	struct ipcbox_buffer *buffer = buffer_of(object);

	free_pages_of(buffer);
	ipcbox_owners_deinit(&buffer->owners);
	kfree(buffer);
}

static const struct ipcbox_object_ops buffer_ops = {
	.kind = "buffer",
	.id = buffer_id,
	.get_access = buffer_get_access,
	.shutdown = buffer_shutdown,
	.shutdown_senders = buffer_shutdown_senders,
	.stat = buffer_stat,
	.free = buffer_free,
};

/* ---- create and open ----------------------------------------------------- */

static void side_init(struct ipcbox_side *side)
{
	INIT_LIST_HEAD(&side->waiters);
	init_waitqueue_head(&side->pollers);
}

static struct ipcbox_buffer *buffer_alloc(struct ipcbox_ns *ns,
					  const struct ipcbox_name *name)
{
	struct ipcbox_buffer *buffer;
	size_t size = struct_size(buffer, object.name, name->len);
	int err;

	buffer = kzalloc(size, IPCBOX_GFP);
	if (!buffer)
		return ERR_PTR(-ENOMEM);
	err = ipcbox_object_init(&buffer->object, ns, &buffer_ops, name, size);
	if (err) {
		kfree(buffer);
		return ERR_PTR(err);
	}
	buffer->id = ipcbox_box_next_id();
	spin_lock_init(&buffer->lock);
	ipcbox_owners_init(&buffer->owners);
	buffer->mappings = RB_ROOT;
	ipcbox_mapping_init_rest(buffer);
	side_init(&buffer->sides[IPCBOX_RECEIVING]);
	side_init(&buffer->sides[IPCBOX_SENDING]);
	return buffer;
}

/* The size that was asked for becomes a power of two, which is checked again. */
static int check_bounds(struct ipcbox_bounds *bounds, const struct ipcbox_ns *ns)
{
	if (bounds->max_bytes > IPCBOX_BUFFER_MAX)
		return -ERANGE;
	bounds->max_bytes = roundup_pow_of_two(max_t(u64, bounds->max_bytes,
						     IPCBOX_BUFFER_MIN));
	return bounds->max_bytes > ipcbox_limit(ns, box_bytes) ? -ERANGE : 0;
}

/**
 * ipcbox_buffer_create() - make a buffer and open it
 * @ns: where
 * @name: its name, checked
 * @attr: its attributes
 * @flags: what it is opened for, and IPCBOX_SPSC
 *
 * Return: the buffer, to be closed by its name, or an ERR_PTR: -EDQUOT, -EEXIST,
 * -EINVAL, -ENOSPC, -ENOMEM, -ERANGE, and those of ipcbox_attr_for_new().
 */
struct ipcbox_buffer *ipcbox_buffer_create(struct ipcbox_ns *ns,
					   const struct ipcbox_name *name,
					   const struct ipcbox_attr *attr,
					   u32 flags)
{
	struct ipcbox_buffer *buffer;
	struct ipcbox_access access;
	struct ipcbox_bounds bounds;
	int err;

	if (attr->mask & IPCBOX_ATTR_MESSAGES)
		return ERR_PTR(-EINVAL);
	err = ipcbox_attr_for_new(attr, ns, &access, &bounds) ?:
	      check_bounds(&bounds, ns);
	if (err)
		return ERR_PTR(err);
	buffer = buffer_alloc(ns, name);
	if (IS_ERR(buffer))
		return buffer;
	buffer->access = access;
	buffer->max_msgsize = bounds.max_msgsize;

	err = alloc_pages_of(buffer, bounds.max_bytes,
			     flags & IPCBOX_SPSC) ?:
	      ipcbox_object_list(&buffer->object, flags);
	if (err) {
		ipcbox_object_put(&buffer->object);
		return ERR_PTR(err);
	}
	return buffer;
}

/**
 * ipcbox_buffer_open() - open a buffer by its name
 * @ns: where
 * @name: its name, checked
 * @directions: what for
 *
 * Return: the buffer, to be closed, or an ERR_PTR: those of ipcbox_object_open().
 */
struct ipcbox_buffer *ipcbox_buffer_open(struct ipcbox_ns *ns,
					 const struct ipcbox_name *name,
					 u32 directions)
{
	struct ipcbox_object *object;

	object = ipcbox_object_open(ns, name, &buffer_ops, directions);
	return IS_ERR(object) ? ERR_CAST(object) : buffer_of(object);
}

/**
 * ipcbox_buffer_set() - change the access of a buffer
 * @buffer: the buffer
 * @attr: what was given; sizes cannot be changed
 *
 * Return: 0, -EINVAL, -EPERM, or the errno of the end of the buffer.
 */
int ipcbox_buffer_set(struct ipcbox_buffer *buffer,
		      const struct ipcbox_attr *attr)
{
	struct ipcbox_ns *ns = buffer->object.ns;
	struct ipcbox_access access;
	int err;

	/* Two that change different attributes must not undo each other. */
	mutex_lock(&ns->attr_mutex);
	buffer_get_access(&buffer->object, &access);
	err = ipcbox_access_check_owner(&access, ns) ?:
	      ipcbox_attr_apply_access(attr, ns, &access);
	if (!err) {
		spin_lock(&buffer->lock);
		err = buffer->shutdown;
		if (!err)
			buffer->access = access;
		spin_unlock(&buffer->lock);
	}
	mutex_unlock(&ns->attr_mutex);
	return err;
}
