// SPDX-License-Identifier: GPL-2.0
#include "commands.h"

#include "attr.h"
#include "buffer.h"
#include "request.h"
#include "mailbox.h"
#include "name.h"
#include "ns.h"
#include "pidfd.h"
#include "port.h"

#include <linux/cred.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

/* ---- query --------------------------------------------------------------- */

static void tell_usage(struct ipcbox_usage *usage, struct ipcbox_ns *ns,
		       const struct ipcbox_account *account,
		       enum ipcbox_resource resource)
{
	usage->used = atomic_long_read(&account->used[resource]);
	usage->limit = ipcbox_limit(ns, user[resource]);
}

int ipcbox_do_query(struct ipcbox_request *request)
{
	struct ipcbox_query *query = &request->query;
	struct ipcbox_ns *ns = request->handle->ns;
	struct ipcbox_account *account;

	if (query->__reserved)
		return -EINVAL;
	account = ipcbox_account_find_or_create(ns, current_euid());
	if (IS_ERR(account))
		return PTR_ERR(account);

	query->abi = IPCBOX_ABI;
	query->name_max = IPCBOX_NAME_MAX;
	query->priority_max = IPCBOX_PRIORITY_MAX;
	query->features = IPCBOX_FEATURES;
	query->box_messages = ipcbox_limit(ns, box_messages);
	query->box_bytes = ipcbox_limit(ns, box_bytes);
	query->box_msgsize = ipcbox_limit(ns, box_msgsize);
	tell_usage(&query->boxes, ns, account, IPCBOX_BOXES);
	tell_usage(&query->links, ns, account, IPCBOX_LINKS);
	tell_usage(&query->bytes, ns, account, IPCBOX_BYTES);
	tell_usage(&query->waiters, ns, account, IPCBOX_WAITERS);
	tell_usage(&query->pages, ns, account, IPCBOX_PAGES);
	tell_usage(&query->memory, ns, account, IPCBOX_MEMORY);
	ipcbox_account_put(account);
	return ipcbox_request_respond(request, sizeof(*query));
}

/* ---- mailbox and link ---------------------------------------------------- */

int ipcbox_do_mailbox_open(struct ipcbox_request *request)
{
	const struct ipcbox_attr *attr = &request->mailbox_open.attr;
	struct ipcbox_mailbox *mailbox;
	struct ipcbox_fd fd;
	int err;

	err = ipcbox_attr_check(attr) ?:
	      ipcbox_request_prepare_fd(&fd, request, "[ipcbox-mailbox]");
	if (err)
		return err;
	mailbox = ipcbox_mailbox_open(request->handle->ns, attr);
	if (IS_ERR(mailbox)) {
		ipcbox_fd_abort(&fd);
		return PTR_ERR(mailbox);
	}
	ipcbox_handle_set_mailbox(fd.handle, mailbox);
	return ipcbox_fd_publish(&fd);
}

static struct ipcbox_link *connect_to(struct ipcbox_request *request,
				      struct ipcbox_mailbox *mailbox)
{
	struct ipcbox_creds *creds = ipcbox_request_creds(request);
	struct ipcbox_link *link;

	if (IS_ERR(creds))
		return ERR_CAST(creds);
	link = ipcbox_mailbox_connect(mailbox, creds->account);
	ipcbox_creds_put(creds);
	return link;
}

int ipcbox_do_link_open(struct ipcbox_request *request)
{
	const struct ipcbox_link_open *open = &request->link_open;
	struct ipcbox_mailbox *mailbox;
	struct ipcbox_link *link;
	struct ipcbox_fd fd;
	struct pid *pid;
	int err;

	if (open->__reserved)
		return -EINVAL;
	pid = open->flags & IPCBOX_PIDFD ? ipcbox_pidfd_get_pid(open->peer) :
					   ipcbox_request_get_process(open->peer);
	mailbox = ipcbox_request_find_mailbox(request, pid);
	if (IS_ERR(mailbox))
		return PTR_ERR(mailbox);

	err = ipcbox_request_prepare_fd(&fd, request, "[ipcbox-link]");
	if (err)
		goto err_put_mailbox;
	link = connect_to(request, mailbox);
	if (IS_ERR(link)) {
		err = PTR_ERR(link);
		goto err_abort_fd;
	}
	ipcbox_handle_set_link(fd.handle, mailbox, link);
	return ipcbox_fd_publish(&fd);

err_abort_fd:
	ipcbox_fd_abort(&fd);
err_put_mailbox:
	ipcbox_mailbox_put(mailbox);
	return err;
}

/* ---- port ---------------------------------------------------------------- */

static int publish_port(struct ipcbox_fd *fd, struct ipcbox_port *port,
			u32 flags)
{
	if (IS_ERR(port)) {
		ipcbox_fd_abort(fd);
		return PTR_ERR(port);
	}
	ipcbox_handle_set_port(fd->handle, port, flags);
	return ipcbox_fd_publish(fd);
}

static struct ipcbox_port *create_or_open_port(struct ipcbox_ns *ns,
					       const struct ipcbox_name *name,
					       const struct ipcbox_attr *attr,
					       u32 flags)
{
	bool reuse = flags & IPCBOX_REUSE;
	struct ipcbox_port *port;

	/*
	 * Again if it was made, or deleted, between the two. Somebody who does both in
	 * step with this can keep it here, until it is killed.
	 */
	do {
		if (reuse) {
			port = ipcbox_port_open(ns, name, flags);
			if (port != ERR_PTR(-ENOENT))
				return port;
		}
		port = ipcbox_port_create(ns, name, attr, flags);
	} while (reuse && port == ERR_PTR(-EEXIST) && !fatal_signal_pending(current));
	return port;
}

int ipcbox_do_port_create(struct ipcbox_request *request)
{
	const struct ipcbox_port_create *create = &request->port_create;
	struct ipcbox_name name;
	struct ipcbox_fd fd;
	int err;

	if (create->__reserved)
		return -EINVAL;
	err = ipcbox_request_read_name(&name, create->name, create->name_len) ?:
	      ipcbox_attr_check(&create->attr) ?:
	      ipcbox_request_prepare_fd(&fd, request, "[ipcbox-port]");
	if (err)
		return err;
	return publish_port(&fd,
			    create_or_open_port(request->handle->ns, &name,
						&create->attr, create->flags),
			    create->flags);
}

int ipcbox_do_port_open(struct ipcbox_request *request)
{
	const struct ipcbox_port_open *open = &request->port_open;
	struct ipcbox_name name;
	struct ipcbox_fd fd;
	int err;

	if (open->__reserved)
		return -EINVAL;
	err = ipcbox_request_read_name(&name, open->name, open->name_len) ?:
	      ipcbox_request_prepare_fd(&fd, request, "[ipcbox-port]");
	if (err)
		return err;
	return publish_port(&fd,
			    ipcbox_port_open(request->handle->ns, &name,
					     open->flags),
			    open->flags);
}

int ipcbox_do_port_delete(struct ipcbox_request *request)
{
	const struct ipcbox_port_delete *delete = &request->port_delete;
	struct ipcbox_name name;
	int err;

	if (delete->__reserved)
		return -EINVAL;
	err = ipcbox_request_read_name(&name, delete->name, delete->name_len);
	if (err)
		return err;
	return ipcbox_object_delete(request->handle->ns, &name,
				  delete->flags & IPCBOX_UNLINK);
}

static int write_entry(void __user *to, const struct ipcbox_object_info *info,
		       u32 entry_len)
{
	struct ipcbox_port_entry entry = {
		.entry_len = entry_len,
		.name_off = sizeof(entry),
		.name_len = info->name.len,
		.stat = info->stat,
	};

	if (copy_to_user(to, &entry, sizeof(entry)) ||
	    copy_to_user(to + sizeof(entry), info->name.bytes, info->name.len) ||
	    clear_user(to + sizeof(entry) + info->name.len,
		       entry_len - sizeof(entry) - info->name.len))
		return -EFAULT;
	return 0;
}

static int write_entries(struct ipcbox_request *request,
			 struct ipcbox_object_info *info)
{
	struct ipcbox_port_list *list = &request->port_list;
	struct ipcbox_ns *ns = request->handle->ns;
	void __user *buf = u64_to_user_ptr(list->buf);
	u64 left = list->buf_len;

	list->count = 0;
	while (ipcbox_object_next(ns, &info->name, info, current_user_ns())) {
		u32 len = ALIGN(sizeof(struct ipcbox_port_entry) +
				info->name.len, 8);

		if (len > left)
			return list->count ? 0 : -EMSGSIZE;
		if (write_entry(buf, info, len))
			return -EFAULT;
		buf += len;
		left -= len;
		list->count++;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

int ipcbox_do_port_list(struct ipcbox_request *request)
{
	const struct ipcbox_port_list *list = &request->port_list;
	struct ipcbox_object_info info;
	int err = 0;

	info.name.len = 0;
	if (list->after_len)
		err = ipcbox_request_read_name(&info.name, list->after, list->after_len);
	else if (list->after)
		err = -EINVAL;
	return err ?: write_entries(request, &info) ?:
		      ipcbox_request_respond(request, sizeof(*list));
}

/* ---- stat and set -------------------------------------------------------- */

int ipcbox_do_stat(struct ipcbox_request *request)
{
	struct ipcbox_stat *stat = &request->stat;
	u32 size = stat->size;
	int err;

	err = ipcbox_handle_stat(request->handle, stat);
	if (err)
		return err;
	stat->size = size;
	return ipcbox_request_respond(request, sizeof(*stat));
}

int ipcbox_do_set(struct ipcbox_request *request)
{
	struct ipcbox_handle *handle = request->handle;
	const struct ipcbox_attr *attr = &request->set.attr;
	int err;

	err = ipcbox_attr_check(attr);
	if (err)
		return err;
	if (handle->kind == IPCBOX_HANDLE_BUFFER)
		return ipcbox_buffer_set(handle->buffer, attr);
	if (handle->kind == IPCBOX_HANDLE_PORT) {
		err = ipcbox_attr_set(attr, handle->ns, &handle->port->box);
		if (!err)
			ipcbox_lane_settle(&handle->port->lane);
	} else {
		err = ipcbox_attr_set(attr, handle->ns, handle->box);
		if (!err)
			ipcbox_links_settle(&handle->mailbox->links);
	}
	return err;
}
