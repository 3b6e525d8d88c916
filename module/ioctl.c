// SPDX-License-Identifier: GPL-2.0
#include "ioctl.h"

#include "attr.h"
#include "handle.h"
#include "mailbox.h"
#include "ns.h"
#include "pidfd.h"
#include "port.h"

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/nospec.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/time_namespace.h>
#include <linux/uaccess.h>
#include <linux/ipcbox.h>

/* A command on its way through the table. */
struct call {
	struct file *file;
	struct ipcbox_handle *handle;
	void __user *user;
	size_t user_size;
	union {
		struct {
			u32 size;
			u32 flags;
		};
		struct ipcbox_query query;
		struct ipcbox_mailbox_open mailbox_open;
		struct ipcbox_link_open link_open;
		struct ipcbox_port_create port_create;
		struct ipcbox_port_open port_open;
		struct ipcbox_port_delete port_delete;
		struct ipcbox_port_list port_list;
		struct ipcbox_send send;
		struct ipcbox_recv recv;
		struct ipcbox_stat stat;
		struct ipcbox_set set;
	};
};

/* Write the struct back, as much of it as the caller knows. */
static int respond(struct call *call, size_t size)
{
	if (copy_to_user(call->user, &call->query, min(call->user_size, size)))
		return -EFAULT;
	return 0;
}

/* ---- parts that commands share ------------------------------------------- */

static int read_name(struct ipcbox_name *name, u64 bytes, u32 len)
{
	u32 i;

	if (!len)
		return -EINVAL;
	if (len > IPCBOX_NAME_MAX)
		return -ENAMETOOLONG;
	if (copy_from_user(name->bytes, u64_to_user_ptr(bytes), len))
		return -EFAULT;
	name->bytes[len] = '\0';
	name->len = len;
	/* No more than what a path component or a line of a report can bear. */
	for (i = 0; i < len; i++) {
		u8 c = name->bytes[i];

		if (c < 0x20 || c == 0x7f || c == '/')
			return -EINVAL;
	}
	return 0;
}

static struct ipcbox_sender *current_sender(struct ipcbox_handle *handle)
{
	return ipcbox_sender_current(handle->ns, &handle->sender);
}

/*
 * A deadline in the kernel's terms: what the caller takes for CLOCK_MONOTONIC is
 * shifted in a time namespace. What can never be reached is none.
 */
static ktime_t read_deadline(u64 deadline)
{
	struct timespec64 shift = { 0 };
	s64 offset;

	if (!deadline || deadline >= KTIME_MAX)
		return KTIME_MAX;
	timens_add_monotonic(&shift);
	offset = timespec64_to_ns(&shift);
	if (offset > 0)
		return deadline > offset ? deadline - offset : 1;
	return min_t(u64, deadline - offset, KTIME_MAX);
}

static struct ipcbox_patience patience_of(const struct call *call, u64 deadline,
					  const struct ipcbox_sender *sender)
{
	return (struct ipcbox_patience){
		.nonblock = call->flags & IPCBOX_NONBLOCK ||
			    call->file->f_flags & O_NONBLOCK,
		.deadline = read_deadline(deadline),
		.account = sender->account,
	};
}

static int prepare_fd(struct ipcbox_fd *fd, const struct call *call,
		      const char *name)
{
	return ipcbox_fd_prepare(fd, call->file, name,
				 call->flags & IPCBOX_NONBLOCK ? O_NONBLOCK : 0);
}

/* ---- query --------------------------------------------------------------- */

static void tell_usage(struct ipcbox_usage *usage, struct ipcbox_ns *ns,
		       const struct ipcbox_account *account,
		       enum ipcbox_resource resource)
{
	usage->used = atomic_long_read(&account->used[resource]);
	usage->limit = ipcbox_limit(ns, user[resource]);
}

static int do_query(struct call *call)
{
	struct ipcbox_query *query = &call->query;
	struct ipcbox_ns *ns = call->handle->ns;
	struct ipcbox_account *account;

	if (query->__reserved)
		return -EINVAL;
	account = ipcbox_account_get(ns, current_euid());
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
	ipcbox_account_put(account);
	return respond(call, sizeof(*query));
}

/* ---- mailbox and link ---------------------------------------------------- */

static int do_mailbox_open(struct call *call)
{
	const struct ipcbox_attr *attr = &call->mailbox_open.attr;
	struct ipcbox_mailbox *mailbox;
	struct ipcbox_fd fd;
	int err;

	err = ipcbox_attr_check(attr) ?:
	      prepare_fd(&fd, call, "[ipcbox-mailbox]");
	if (err)
		return err;
	mailbox = ipcbox_mailbox_open(call->handle->ns, attr);
	if (IS_ERR(mailbox)) {
		ipcbox_fd_abort(&fd);
		return PTR_ERR(mailbox);
	}
	ipcbox_handle_set_mailbox(fd.handle, mailbox);
	return ipcbox_fd_publish(&fd);
}

/* A process, not a thread, as the caller sees it. */
static struct pid *get_process(s32 nr)
{
	struct pid *pid;

	if (nr <= 0)
		return ERR_PTR(-EINVAL);
	pid = find_get_pid(nr);
	return pid ?: ERR_PTR(-ESRCH);
}

/* The mailbox of a process; takes over the reference on @pid. */
static struct ipcbox_mailbox *find_mailbox(struct ipcbox_ns *ns,
					   struct pid *pid)
{
	struct ipcbox_mailbox *mailbox;

	if (IS_ERR(pid))
		return ERR_CAST(pid);
	/* Its children may go on with the mailbox of a process that has ended. */
	if (ipcbox_process_ended(pid))
		mailbox = ERR_PTR(-ESRCH);
	else
		mailbox = ipcbox_mailbox_find(ns, pid) ?: ERR_PTR(-ECONNREFUSED);
	put_pid(pid);
	return mailbox;
}

static struct ipcbox_link *connect(struct ipcbox_handle *handle,
				   struct ipcbox_mailbox *mailbox)
{
	struct ipcbox_sender *sender = current_sender(handle);
	struct ipcbox_link *link;

	if (IS_ERR(sender))
		return ERR_CAST(sender);
	link = ipcbox_mailbox_connect(mailbox, sender->account);
	ipcbox_sender_put(sender);
	return link;
}

static int do_link_open(struct call *call)
{
	const struct ipcbox_link_open *open = &call->link_open;
	struct ipcbox_mailbox *mailbox;
	struct ipcbox_link *link;
	struct ipcbox_fd fd;
	int err;

	if (open->__reserved)
		return -EINVAL;
	mailbox = find_mailbox(call->handle->ns,
			       open->flags & IPCBOX_PIDFD ?
				       ipcbox_pidfd_get_pid(open->peer) :
				       get_process(open->peer));
	if (IS_ERR(mailbox))
		return PTR_ERR(mailbox);

	err = prepare_fd(&fd, call, "[ipcbox-link]");
	if (err)
		goto err_put_mailbox;
	link = connect(call->handle, mailbox);
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

static struct ipcbox_port *create_or_open(struct ipcbox_ns *ns,
					  const struct ipcbox_name *name,
					  const struct ipcbox_attr *attr,
					  u32 flags)
{
	bool reuse = flags & IPCBOX_REUSE;
	struct ipcbox_port *port;

	/* Again if it was made, or deleted, between the two. */
	do {
		if (reuse) {
			port = ipcbox_port_open(ns, name, flags);
			if (port != ERR_PTR(-ENOENT))
				return port;
		}
		port = ipcbox_port_create(ns, name, attr, flags);
	} while (reuse && port == ERR_PTR(-EEXIST));
	return port;
}

static int do_port_create(struct call *call)
{
	const struct ipcbox_port_create *create = &call->port_create;
	struct ipcbox_name name;
	struct ipcbox_fd fd;
	int err;

	if (create->__reserved)
		return -EINVAL;
	err = read_name(&name, create->name, create->name_len) ?:
	      ipcbox_attr_check(&create->attr) ?:
	      prepare_fd(&fd, call, "[ipcbox-port]");
	if (err)
		return err;
	return publish_port(&fd,
			    create_or_open(call->handle->ns, &name,
					   &create->attr, create->flags),
			    create->flags);
}

static int do_port_open(struct call *call)
{
	const struct ipcbox_port_open *open = &call->port_open;
	struct ipcbox_name name;
	struct ipcbox_fd fd;
	int err;

	if (open->__reserved)
		return -EINVAL;
	err = read_name(&name, open->name, open->name_len) ?:
	      prepare_fd(&fd, call, "[ipcbox-port]");
	if (err)
		return err;
	return publish_port(&fd,
			    ipcbox_port_open(call->handle->ns, &name,
					     open->flags),
			    open->flags);
}

static int do_port_delete(struct call *call)
{
	const struct ipcbox_port_delete *delete = &call->port_delete;
	struct ipcbox_name name;
	int err;

	if (delete->__reserved)
		return -EINVAL;
	err = read_name(&name, delete->name, delete->name_len);
	if (err)
		return err;
	return ipcbox_port_delete(call->handle->ns, &name,
				  delete->flags & IPCBOX_UNLINK);
}

static int write_entry(void __user *to, const struct ipcbox_port_info *info,
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

static int write_entries(struct call *call, struct ipcbox_port_info *info)
{
	struct ipcbox_port_list *list = &call->port_list;
	struct ipcbox_ns *ns = call->handle->ns;
	void __user *buf = u64_to_user_ptr(list->buf);
	u64 left = list->buf_len;

	list->count = 0;
	while (ipcbox_port_next(ns, &info->name, info, current_user_ns())) {
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

static int do_port_list(struct call *call)
{
	const struct ipcbox_port_list *list = &call->port_list;
	struct ipcbox_port_info info;
	int err = 0;

	info.name.len = 0;
	if (list->after_len)
		err = read_name(&info.name, list->after, list->after_len);
	else if (list->after)
		err = -EINVAL;
	return err ?: write_entries(call, &info) ?: respond(call, sizeof(*list));
}

/* ---- send ---------------------------------------------------------------- */

static int send_over(struct call *call, struct ipcbox_lane *lane,
		     struct ipcbox_sender *sender)
{
	const struct ipcbox_send *send = &call->send;
	struct ipcbox_patience patience =
		patience_of(call, send->deadline, sender);
	struct ipcbox_msg *msg;
	int err;

	/* Look first whether it is worth to copy it; what counts comes later. */
	if (send->len > READ_ONCE(lane->box->bounds.max_msgsize))
		return READ_ONCE(lane->box->gone) ?: -EMSGSIZE;
	msg = ipcbox_msg_create(sender, u64_to_user_ptr(send->data), send->len);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	msg->tag = send->tag;
	msg->priority = send->priority;

	err = ipcbox_box_send(lane, msg, &patience);
	if (err)
		ipcbox_msg_free(msg);
	return err;
}

static int send_to_process(struct call *call, struct ipcbox_sender *sender)
{
	struct ipcbox_mailbox *mailbox;
	struct ipcbox_link *link;
	int err;

	mailbox = find_mailbox(call->handle->ns, get_process(call->send.pid));
	if (IS_ERR(mailbox))
		return PTR_ERR(mailbox);
	link = ipcbox_mailbox_connect(mailbox, sender->account);
	err = PTR_ERR_OR_ZERO(link);
	if (!err) {
		err = send_over(call, &link->lane, sender);
		ipcbox_link_put(&mailbox->links, link);
	}
	ipcbox_mailbox_put(mailbox);
	return err;
}

static int do_send(struct call *call)
{
	struct ipcbox_handle *handle = call->handle;
	const struct ipcbox_send *send = &call->send;
	struct ipcbox_sender *sender;
	int err;

	if (send->priority > IPCBOX_PRIORITY_MAX)
		return -EINVAL;
	if (handle->kind != IPCBOX_HANDLE_CONTROL) {
		if (send->pid)
			return -EINVAL;
		if (!handle->lane)
			return -EBADF;
	}
	sender = current_sender(handle);
	if (IS_ERR(sender))
		return PTR_ERR(sender);
	err = handle->lane ? send_over(call, handle->lane, sender) :
			     send_to_process(call, sender);
	ipcbox_sender_put(sender);
	return err;
}

/* ---- receive ------------------------------------------------------------- */

static void describe(struct ipcbox_recv *recv, const struct ipcbox_msg *msg)
{
	const struct ipcbox_sender *sender = msg->sender;

	recv->pid = pid_vnr(sender->pid);
	recv->uid = from_kuid_munged(current_user_ns(), sender->uid);
	recv->gid = from_kgid_munged(current_user_ns(), sender->gid);
	recv->priority = msg->priority;
	recv->len = msg->len;
	recv->tag = msg->tag;
	recv->seq = msg->seq;
}

/*
 * The payload, then the struct: only when both are there does the caller have
 * the message. One that is being killed has no use for it; somebody else may.
 */
static int deliver(struct call *call, const struct ipcbox_msg *msg)
{
	struct ipcbox_recv *recv = &call->recv;

	if (fatal_signal_pending(current))
		return -EINTR;
	describe(recv, msg);
	return ipcbox_msg_copy_out(msg, u64_to_user_ptr(recv->data)) ?:
	       respond(call, sizeof(*recv));
}

static int receive_from(struct call *call, struct ipcbox_link *from,
			struct ipcbox_sender *self)
{
	struct ipcbox_recv *recv = &call->recv;
	struct ipcbox_patience patience =
		patience_of(call, recv->deadline, self);
	struct ipcbox_waiter waiter;
	int err;

	ipcbox_waiter_init(&waiter);
	waiter.capacity = recv->capacity;
	waiter.from = from ? &from->lane : NULL;
	err = ipcbox_box_take(call->handle->box, from ? from->pid : NULL,
			      &waiter, &patience);
	if (err == -EMSGSIZE) {
		recv->len = waiter.needed;
		return respond(call, sizeof(*recv)) ?: -EMSGSIZE;
	}
	if (err)
		return err;

	err = deliver(call, waiter.msg);
	if (err)
		ipcbox_box_restore(waiter.lane, waiter.msg);
	else
		ipcbox_box_accept(waiter.lane, waiter.msg);
	return err;
}

static int receive_from_process(struct call *call, struct ipcbox_sender *self)
{
	struct ipcbox_mailbox *mailbox = call->handle->mailbox;
	struct ipcbox_link *link;
	struct pid *pid;
	int err;

	pid = get_process(call->recv.from);
	if (IS_ERR(pid))
		return PTR_ERR(pid);
	/* What a process left behind can be had; for more it has to live. */
	if (ipcbox_process_ended(pid))
		link = ipcbox_link_find(&mailbox->links, pid) ?:
		       ERR_PTR(-ESRCH);
	else
		link = ipcbox_mailbox_link(mailbox, pid, self->account);
	put_pid(pid);
	if (IS_ERR(link))
		return PTR_ERR(link);
	err = receive_from(call, link, self);
	ipcbox_link_put(&mailbox->links, link);
	return err;
}

static int do_recv(struct call *call)
{
	struct ipcbox_handle *handle = call->handle;
	const struct ipcbox_recv *recv = &call->recv;
	struct ipcbox_sender *self;
	int err;

	if (recv->__reserved)
		return -EINVAL;
	if (recv->from && handle->kind != IPCBOX_HANDLE_MAILBOX)
		return -EINVAL;
	if (!handle->box)
		return -EBADF;
	self = current_sender(handle);
	if (IS_ERR(self))
		return PTR_ERR(self);
	err = recv->from ? receive_from_process(call, self) :
			   receive_from(call, NULL, self);
	ipcbox_sender_put(self);
	return err;
}

/* ---- stat and set -------------------------------------------------------- */

static int do_stat(struct call *call)
{
	struct ipcbox_stat *stat = &call->stat;
	u32 size = stat->size;
	int err;

	err = ipcbox_handle_stat(call->handle, stat);
	if (err)
		return err;
	stat->size = size;
	return respond(call, sizeof(*stat));
}

static int do_set(struct call *call)
{
	struct ipcbox_handle *handle = call->handle;
	const struct ipcbox_attr *attr = &call->set.attr;
	int err;

	err = ipcbox_attr_check(attr);
	if (err)
		return err;
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

/* ---- the table ----------------------------------------------------------- */

#define CONTROL BIT(IPCBOX_HANDLE_CONTROL)
#define PORT BIT(IPCBOX_HANDLE_PORT)
#define MAILBOX BIT(IPCBOX_HANDLE_MAILBOX)
#define LINK BIT(IPCBOX_HANDLE_LINK)

struct command {
	unsigned int cmd;
	size_t min_size;	/* the struct as it was at ABI level 1 */
	size_t size;		/* the struct as this kernel knows it */
	u32 flags;		/* that are allowed */
	u32 kinds;		/* of handle that it is for */
	int (*handler)(struct call *call);
};

/* min_size is the offset behind the last member of ABI level 1. */
#define COMMAND(_cmd, _struct, _last, _kinds, _handler)		\
	[_IOC_NR(_cmd)] = {						\
		.cmd = _cmd,						\
		.min_size = offsetofend(struct _struct, _last),		\
		.size = sizeof(struct _struct),				\
		.flags = _cmd##_FLAGS,					\
		.kinds = _kinds,					\
		.handler = _handler,					\
	}

static const struct command commands[] = {
	COMMAND(IPCBOX_QUERY, ipcbox_query, waiters,
		CONTROL | PORT | MAILBOX | LINK, do_query),
	COMMAND(IPCBOX_MAILBOX_OPEN, ipcbox_mailbox_open, attr, CONTROL,
		do_mailbox_open),
	COMMAND(IPCBOX_LINK_OPEN, ipcbox_link_open, __reserved, CONTROL,
		do_link_open),
	COMMAND(IPCBOX_PORT_CREATE, ipcbox_port_create, attr, CONTROL,
		do_port_create),
	COMMAND(IPCBOX_PORT_OPEN, ipcbox_port_open, __reserved, CONTROL,
		do_port_open),
	COMMAND(IPCBOX_PORT_DELETE, ipcbox_port_delete, __reserved, CONTROL,
		do_port_delete),
	COMMAND(IPCBOX_PORT_LIST, ipcbox_port_list, buf_len, CONTROL,
		do_port_list),
	COMMAND(IPCBOX_SEND, ipcbox_send, pid, CONTROL | PORT | LINK, do_send),
	COMMAND(IPCBOX_RECV, ipcbox_recv, seq, PORT | MAILBOX, do_recv),
	COMMAND(IPCBOX_STAT, ipcbox_stat, senders, PORT | MAILBOX | LINK,
		do_stat),
	COMMAND(IPCBOX_SET, ipcbox_set, attr, PORT | MAILBOX, do_set),
};

static const struct command *find_command(unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd);

	if (nr >= ARRAY_SIZE(commands))
		return NULL;
	nr = array_index_nospec(nr, ARRAY_SIZE(commands));
	return commands[nr].cmd == cmd ? &commands[nr] : NULL;
}

/* Read the struct of a command and check what is the same for all. */
static int read_struct(struct call *call, const struct command *command)
{
	u32 user_size;
	int err;

	if (get_user(user_size, (u32 __user *)call->user))
		return -EFAULT;
	if (user_size < command->min_size)
		return -EINVAL;
	if (user_size > PAGE_SIZE)
		return -E2BIG;
	call->user_size = user_size;
	err = copy_struct_from_user(&call->query, command->size, call->user,
				    user_size);
	if (err)
		return err;
	return call->flags & ~command->flags ? -EINVAL : 0;
}

/**
 * ipcbox_ioctl() - run a command on an ipcbox fd
 * @file: its file
 * @cmd: IPCBOX_*
 * @arg: pointer to the struct of the command
 *
 * Return: as the command says, or -ENOTTY.
 */
long ipcbox_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct command *command = find_command(cmd);
	struct call call;
	int err;

	call.file = file;
	call.handle = file->private_data;
	call.user = (void __user *)arg;
	if (!command || !(command->kinds & BIT(call.handle->kind)))
		return -ENOTTY;
	err = read_struct(&call, command);
	return err ?: command->handler(&call);
}
