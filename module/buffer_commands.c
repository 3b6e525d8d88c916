// SPDX-License-Identifier: GPL-2.0
#include "commands.h"

#include "attr.h"
#include "buffer.h"
#include "mapping.h"
#include "request.h"
#include "creds.h"

#include <linux/err.h>
#include <linux/sched/signal.h>

/* ---- create and open ----------------------------------------------------- */

/* By different rules they would spoil for each other what is in it. */
static struct ipcbox_buffer *check_sharing(struct ipcbox_buffer *buffer, u32 flags)
{
	if (IS_ERR(buffer) ||
	    buffer->ring.spsc == !!(flags & IPCBOX_SPSC))
		return buffer;
	ipcbox_object_close(&buffer->object, flags);
	return ERR_PTR(-EPROTOTYPE);
}

static struct ipcbox_buffer *create_or_open_buffer(struct ipcbox_ns *ns,
						   const struct ipcbox_name *name,
						   const struct ipcbox_attr *attr,
						   u32 flags)
{
	bool reuse = flags & IPCBOX_REUSE;
	struct ipcbox_buffer *buffer;

	/*
	 * Again if it was made, or deleted, between the two. Somebody who does both in
	 * step with this can keep it here, until it is killed.
	 */
	do {
		if (reuse) {
			buffer = ipcbox_buffer_open(ns, name, flags);
			if (buffer != ERR_PTR(-ENOENT))
				return check_sharing(buffer, flags);
		}
		buffer = ipcbox_buffer_create(ns, name, attr, flags);
	} while (reuse && buffer == ERR_PTR(-EEXIST) && !fatal_signal_pending(current));
	return buffer;
}

static int publish_buffer(struct ipcbox_fd *fd, struct ipcbox_buffer *buffer,
			  u32 flags)
{
	if (IS_ERR(buffer)) {
		ipcbox_fd_abort(fd);
		return PTR_ERR(buffer);
	}
	ipcbox_handle_set_buffer(fd->handle, buffer, flags);
	return ipcbox_fd_publish(fd);
}

int ipcbox_do_buffer_create(struct ipcbox_request *request)
{
	const struct ipcbox_buffer_create *create = &request->buffer_create;
	struct ipcbox_name name;
	struct ipcbox_fd fd;
	int err;

	if (create->__reserved)
		return -EINVAL;
	err = ipcbox_request_read_name(&name, create->name, create->name_len) ?:
	      ipcbox_attr_check(&create->attr) ?:
	      ipcbox_request_prepare_fd(&fd, request, "[ipcbox-buffer]");
	if (err)
		return err;
	return publish_buffer(&fd,
			      create_or_open_buffer(request->handle->ns, &name,
						    &create->attr,
						    create->flags),
			      create->flags);
}

int ipcbox_do_buffer_open(struct ipcbox_request *request)
{
	const struct ipcbox_buffer_open *open = &request->buffer_open;
	struct ipcbox_name name;
	struct ipcbox_fd fd;
	int err;

	if (open->__reserved)
		return -EINVAL;
	err = ipcbox_request_read_name(&name, open->name, open->name_len) ?:
	      ipcbox_request_prepare_fd(&fd, request, "[ipcbox-buffer]");
	if (err)
		return err;
	return publish_buffer(&fd,
			      ipcbox_buffer_open(request->handle->ns, &name,
						 open->flags),
			      open->flags);
}

int ipcbox_do_buffer_layout(struct ipcbox_request *request)
{
	struct ipcbox_buffer_layout *layout = &request->buffer_layout;

	ipcbox_mapping_layout(request->handle->buffer, layout);
	layout->directions = request->handle->directions;
	return ipcbox_request_respond(request, sizeof(*layout));
}

/* ---- wait and wake ------------------------------------------------------- */

/* A receiver waits for one message, a sender for cells. Return: 0: none. */
static u32 wanted_cells(const struct ipcbox_buffer_wait *wait,
			const struct ipcbox_buffer *buffer)
{
	u32 max = ipcbox_buffer_max_cells(buffer);

	switch (wait->flags & (IPCBOX_RECEIVER | IPCBOX_SENDER)) {
	case IPCBOX_RECEIVER:
		return wait->cells ? 0 : 1;
	case IPCBOX_SENDER:
		return wait->cells <= max ? wait->cells : 0;
	default:
		return 0;
	}
}

int ipcbox_do_buffer_wait(struct ipcbox_request *request)
{
	const struct ipcbox_buffer_wait *wait = &request->buffer_wait;
	struct ipcbox_handle *handle = request->handle;
	struct ipcbox_wait_options options;
	struct ipcbox_creds *creds;
	enum ipcbox_role role;
	u32 cells;
	int err;

	cells = wanted_cells(wait, handle->buffer);
	if (!cells || wait->__reserved)
		return -EINVAL;
	if (!(wait->flags & handle->directions))
		return -EBADF;
	role = wait->flags & IPCBOX_RECEIVER ? IPCBOX_RECEIVING : IPCBOX_SENDING;
	creds = ipcbox_request_creds(request);
	if (IS_ERR(creds))
		return PTR_ERR(creds);
	options = ipcbox_request_wait_options(request, wait->deadline, wait->flags,
					      creds);
	err = ipcbox_buffer_wait(handle->buffer, role, cells, &options);
	ipcbox_creds_put(creds);
	return err;
}

/*
 * Messages come from who may send, and room from who may receive; what somebody had in
 * flight can also be given back, for those of the same side.
 */
static u32 directions_to_wake(u32 whom, bool given_back)
{
	if (given_back)
		return whom;
	return (whom & IPCBOX_RECEIVER ? IPCBOX_SENDER : 0) |
	       (whom & IPCBOX_SENDER ? IPCBOX_RECEIVER : 0);
}

int ipcbox_do_buffer_wake(struct ipcbox_request *request)
{
	u32 whom = request->flags & (IPCBOX_RECEIVER | IPCBOX_SENDER);
	bool given_back = request->flags & IPCBOX_GIVEN_BACK;
	struct ipcbox_handle *handle = request->handle;
	int err = whom ? 0 : -EINVAL;

	if (directions_to_wake(whom, given_back) & ~handle->directions)
		return -EBADF;
	if (whom & IPCBOX_RECEIVER)
		err = ipcbox_buffer_wake(handle->buffer, IPCBOX_RECEIVING);
	if (whom & IPCBOX_SENDER)
		err = ipcbox_buffer_wake(handle->buffer, IPCBOX_SENDING);
	return err;
}
