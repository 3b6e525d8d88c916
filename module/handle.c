// SPDX-License-Identifier: GPL-2.0
#include "handle.h"

#include "account.h"
#include "buffer.h"
#include "mapping.h"
#include "mailbox.h"
#include "ns.h"
#include "port.h"
#include "reclaim.h"
#include "stat.h"

#include <linux/anon_inodes.h>
#include <linux/cred.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/ipcbox.h>

/* ---- life ---------------------------------------------------------------- */

#define HANDLE_MEMORY ipcbox_object_size(sizeof(struct ipcbox_handle))

/* Charged to whoever opens it, also where others have the fd later. */
static struct ipcbox_handle *handle_alloc(struct ipcbox_ns *ns)
{
	struct ipcbox_account *account;
	struct ipcbox_handle *handle;

	account = ipcbox_account_find_or_create(ns, current_euid());
	if (IS_ERR(account))
		return ERR_CAST(account);
	if (ipcbox_memory_charge(account, HANDLE_MEMORY))
		goto err_put_account;
	handle = kzalloc(sizeof(*handle), IPCBOX_GFP);
	if (!handle)
		goto err_uncharge;
	handle->account = account;
	return handle;

err_uncharge:
	ipcbox_memory_uncharge(account, HANDLE_MEMORY);
err_put_account:
	ipcbox_account_put(account);
	return ERR_PTR(-ENOMEM);
}

static void handle_free(struct ipcbox_handle *handle)
{
	ipcbox_memory_uncharge(handle->account, HANDLE_MEMORY);
	ipcbox_account_put(handle->account);
	kfree(handle);
}

/**
 * ipcbox_handle_create() - make a control handle
 * @ns: its namespace, which the caller holds
 *
 * Return: the handle, or ERR_PTR(-ENOMEM).
 */
struct ipcbox_handle *ipcbox_handle_create(struct ipcbox_ns *ns)
{
	struct ipcbox_handle *handle;

	handle = handle_alloc(ns);
	if (IS_ERR(handle))
		return handle;
	get_net(ns->net);
	handle->ns = ns;
	handle->kind = IPCBOX_HANDLE_CONTROL;
	return handle;
}

struct fd_search {
	const struct file *file;
	unsigned int end;		/* look at none from here on */
};

/* Return: one more than the number of an fd for the file; or -1: there was none. */
static int match_fd(const void *arg, struct file *file, unsigned int fd)
{
	const struct fd_search *search = arg;

	if (fd >= search->end)
		return -1;
	return file == search->file ? fd + 1 : 0;
}

/*
 * Has the calling process another fd for a file? The search begins where the last one
 * found an fd. So a process that closes its fds for one file one after the other, or
 * all with close_range(2), goes through its table once or twice, and not once for each.
 */
static bool has_another_fd(struct ipcbox_handle *handle, const struct file *file)
{
	/* Shared by all who have the file, and no more than a hint. */
	unsigned int hint = READ_ONCE(handle->fd_hint);
	struct fd_search search = { file, UINT_MAX };
	int found;

	found = iterate_fd(current->files, hint, match_fd, &search);
	if (found <= 0) {
		search.end = hint;
		found = iterate_fd(current->files, 0, match_fd, &search);
	}
	if (found <= 0)
		return false;
	WRITE_ONCE(handle->fd_hint, found - 1);
	return true;
}

/**
 * ipcbox_handle_flush() - a process closes one of its fds, also when it dies
 * @handle: the handle
 * @file: its file
 * @files: the table of open files of the process
 *
 * The file may stay open in other processes. They do not know of the calls that this
 * one received, so it is over with these, unless it has another fd for them. Where it
 * received none, that is known without a look at the calls of others, or at the table.
 */
void ipcbox_handle_flush(struct ipcbox_handle *handle, const struct file *file,
			 struct files_struct *files)
{
	ipcbox_recent_creds_forget_current(&handle->recent_creds);
	if (!handle->box || !files ||
	    !ipcbox_server_is_busy(&handle->server, files))
		return;
	/*
	 * A table that is not the caller's own any more is closed as a whole, and
	 * newer kernels leave in it what they have closed.
	 */
	if (files == current->files && has_another_fd(handle, file))
		return;
	ipcbox_server_end(&handle->server, files);
}

static void close_object(struct ipcbox_handle *handle)
{
	if (handle->box)
		ipcbox_server_deinit(&handle->server);
	switch (handle->kind) {
	case IPCBOX_HANDLE_PORT:
	case IPCBOX_HANDLE_BUFFER:
		ipcbox_object_close(handle->object, handle->directions);
		break;
	case IPCBOX_HANDLE_MAILBOX:
		ipcbox_mailbox_close(handle->mailbox);
		break;
	case IPCBOX_HANDLE_LINK:
		ipcbox_link_put(&handle->mailbox->links, handle->link);
		ipcbox_mailbox_put(handle->mailbox);
		break;
	default:
		break;
	}
}

/**
 * ipcbox_handle_destroy() - close the object of a handle and free the handle
 * @handle: the handle; its fd is gone
 */
void ipcbox_handle_destroy(struct ipcbox_handle *handle)
{
	struct net *net = handle->ns->net;

	if (handle->lane)
		ipcbox_quota_poll_deinit(&handle->quota);
	close_object(handle);
	ipcbox_recent_creds_forget(&handle->recent_creds);
	handle_free(handle);
	/* Last: the namespace may die of it. */
	put_net(net);
}

static void set_lane(struct ipcbox_handle *handle, struct ipcbox_lane *lane)
{
	handle->lane = lane;
	ipcbox_quota_poll_init(&handle->quota, lane);
}

/* Through the handle messages are received from a box, and calls answered. */
static void set_box(struct ipcbox_handle *handle, struct ipcbox_box *box)
{
	handle->box = box;
	ipcbox_server_init(&handle->server, &box->service);
}

/**
 * ipcbox_handle_set_port() - make a handle one for a port
 * @handle: not published yet
 * @port: opened for @directions; it is closed with the handle
 * @directions: IPCBOX_RECEIVER, IPCBOX_SENDER
 */
void ipcbox_handle_set_port(struct ipcbox_handle *handle,
			    struct ipcbox_port *port, u32 directions)
{
	handle->kind = IPCBOX_HANDLE_PORT;
	handle->port = port;
	handle->object = &port->object;
	handle->directions = directions & (IPCBOX_RECEIVER | IPCBOX_SENDER);
	if (directions & IPCBOX_RECEIVER)
		set_box(handle, &port->box);
	if (directions & IPCBOX_SENDER)
		set_lane(handle, &port->lane);
}

/**
 * ipcbox_handle_set_buffer() - make a handle one for a buffer
 * @handle: not published yet
 * @buffer: opened for @directions; it is closed with the handle
 * @directions: IPCBOX_RECEIVER, IPCBOX_SENDER
 */
void ipcbox_handle_set_buffer(struct ipcbox_handle *handle,
			      struct ipcbox_buffer *buffer, u32 directions)
{
	handle->kind = IPCBOX_HANDLE_BUFFER;
	handle->buffer = buffer;
	handle->object = &buffer->object;
	handle->directions = directions & (IPCBOX_RECEIVER | IPCBOX_SENDER);
}

/**
 * ipcbox_handle_set_mailbox() - make a handle one for a mailbox
 * @handle: not published yet
 * @mailbox: opened; it is closed with the handle
 */
void ipcbox_handle_set_mailbox(struct ipcbox_handle *handle,
			       struct ipcbox_mailbox *mailbox)
{
	handle->kind = IPCBOX_HANDLE_MAILBOX;
	handle->mailbox = mailbox;
	set_box(handle, &mailbox->box);
}

/**
 * ipcbox_handle_set_link() - make a handle one for a link
 * @handle: not published yet
 * @peer: the mailbox it leads to; a reference on it passes to the handle
 * @link: the link; its use passes to the handle
 */
void ipcbox_handle_set_link(struct ipcbox_handle *handle,
			    struct ipcbox_mailbox *peer,
			    struct ipcbox_link *link)
{
	handle->kind = IPCBOX_HANDLE_LINK;
	handle->mailbox = peer;
	handle->link = link;
	set_lane(handle, &link->lane);
}

/* ---- fds ----------------------------------------------------------------- */

/**
 * ipcbox_fd_prepare() - reserve all that a new fd needs
 * @fd: out
 * @control: the control file that it comes from
 * @name: what /proc/PID/fd shows
 * @open_flags: O_NONBLOCK or 0
 *
 * Afterwards the caller gives the handle its object and publishes the fd, or
 * aborts.
 *
 * Return: 0, -EMFILE, -ENFILE or -ENOMEM.
 */
int ipcbox_fd_prepare(struct ipcbox_fd *fd, const struct file *control,
		      const char *name, int open_flags)
{
	const struct ipcbox_handle *parent = control->private_data;
	int err;

	fd->fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd->fd < 0)
		return fd->fd;

	fd->handle = ipcbox_handle_create(parent->ns);
	if (IS_ERR(fd->handle)) {
		err = PTR_ERR(fd->handle);
		goto err_put_fd;
	}
	fd->file = anon_inode_getfile(name, control->f_op, fd->handle,
				      O_RDWR | open_flags);
	if (IS_ERR(fd->file)) {
		err = PTR_ERR(fd->file);
		goto err_destroy;
	}
	return 0;

err_destroy:
	ipcbox_handle_destroy(fd->handle);
err_put_fd:
	put_unused_fd(fd->fd);
	return err;
}

/**
 * ipcbox_fd_publish() - let the process have a new fd
 * @fd: prepared, and its handle complete
 *
 * Return: the number of the fd.
 */
int ipcbox_fd_publish(struct ipcbox_fd *fd)
{
	fd_install(fd->fd, fd->file);
	return fd->fd;
}

/**
 * ipcbox_fd_abort() - give back what was prepared
 * @fd: prepared
 */
void ipcbox_fd_abort(struct ipcbox_fd *fd)
{
	put_unused_fd(fd->fd);
	fput(fd->file);
}

/* ---- reports ------------------------------------------------------------- */

static void stat_link(struct ipcbox_handle *handle, struct ipcbox_stat *stat,
		      struct user_namespace *viewer)
{
	*stat = (struct ipcbox_stat){
		.size = sizeof(*stat),
		.kind = IPCBOX_KIND_LINK,
		.pid = pid_vnr(handle->mailbox->pid),
	};
	ipcbox_stat_lane(stat, handle->lane, viewer);
}

/**
 * ipcbox_handle_stat() - tell the state of the object of a handle
 * @handle: the handle
 * @stat: out, for the calling process
 *
 * Return: 0, or -ENOTTY if it has none.
 */
int ipcbox_handle_stat(struct ipcbox_handle *handle, struct ipcbox_stat *stat)
{
	struct user_namespace *viewer = current_user_ns();

	switch (handle->kind) {
	case IPCBOX_HANDLE_PORT:
	case IPCBOX_HANDLE_BUFFER:
		ipcbox_object_stat(handle->object, stat, viewer);
		return 0;
	case IPCBOX_HANDLE_MAILBOX:
		ipcbox_mailbox_check(handle->mailbox);
		ipcbox_mailbox_stat(handle->mailbox, stat, viewer,
				    task_active_pid_ns(current));
		return 0;
	case IPCBOX_HANDLE_LINK:
		ipcbox_mailbox_check(handle->mailbox);
		stat_link(handle, stat, viewer);
		return 0;
	default:
		return -ENOTTY;
	}
}

/* What can be sent but not charged would make a poller spin. */
static __poll_t poll_lane(struct ipcbox_handle *handle)
{
	__poll_t events = ipcbox_lane_poll(handle->lane);

	if (events & EPOLLOUT && !(events & EPOLLERR) &&
	    !ipcbox_quota_poll(&handle->quota, handle->account))
		events = 0;
	return events;
}

/**
 * ipcbox_handle_poll() - poll the box and the lane, or the buffer, of a handle
 * @handle: the handle
 * @file: its file
 * @table: of the poll call
 *
 * Return: the events that apply.
 */
__poll_t ipcbox_handle_poll(struct ipcbox_handle *handle, struct file *file,
			    struct poll_table_struct *table)
{
	__poll_t events = 0;

	if (handle->buffer)
		return ipcbox_buffer_poll(handle->buffer, handle->directions,
					  file, table);
	if (handle->box) {
		poll_wait(file, &handle->box->readable.queue, table);
		events |= ipcbox_box_poll(handle->box,
					  poll_requested_events(table));
	}
	if (handle->lane) {
		poll_wait(file, &handle->lane->writable.queue, table);
		events |= poll_lane(handle);
	}
	return handle->box || handle->lane ? events : EPOLLERR;
}

/**
 * ipcbox_handle_lacks_quota() - what was sent over a handle could not be charged
 * @handle: the handle
 *
 * Some pollers (io_uring's multishot) do not look again after an event. They are told
 * when there is enough, as if they had.
 */
void ipcbox_handle_lacks_quota(struct ipcbox_handle *handle)
{
	if (handle->lane)
		ipcbox_quota_poll(&handle->quota, handle->account);
}

/**
 * ipcbox_handle_mmap() - map the object of a handle
 * @handle: the handle
 * @vma: new
 *
 * Return: 0, -ENODEV if it is no buffer, or as ipcbox_mapping_create().
 */
int ipcbox_handle_mmap(struct ipcbox_handle *handle, struct vm_area_struct *vma)
{
	if (!handle->buffer)
		return -ENODEV;
	return ipcbox_mapping_create(handle->buffer, handle->directions, vma);
}

static void show_stat(const struct ipcbox_stat *stat, struct seq_file *seq)
{
	seq_printf(seq, "ipcbox-id:\t%llu\n", stat->id);
	seq_printf(seq, "ipcbox-messages:\t%llu/%llu\n", stat->messages,
		   stat->max_messages);
	seq_printf(seq, "ipcbox-bytes:\t%llu/%llu\n", stat->bytes,
		   stat->max_bytes);
	seq_printf(seq, "ipcbox-receivers:\t%u\n", stat->receivers);
	seq_printf(seq, "ipcbox-senders:\t%u\n", stat->senders);
	seq_printf(seq, "ipcbox-calls:\t%u\n", stat->calls);
}

/**
 * ipcbox_handle_show() - the lines of a handle in /proc/PID/fdinfo
 * @handle: the handle
 * @seq: where to
 */
void ipcbox_handle_show(struct ipcbox_handle *handle, struct seq_file *seq)
{
	static const char *const kinds[IPCBOX_HANDLE_KINDS] = {
		[IPCBOX_HANDLE_CONTROL] = "control",
		[IPCBOX_HANDLE_PORT] = "port",
		[IPCBOX_HANDLE_MAILBOX] = "mailbox",
		[IPCBOX_HANDLE_LINK] = "link",
		[IPCBOX_HANDLE_BUFFER] = "buffer",
	};
	struct ipcbox_stat stat;

	seq_printf(seq, "ipcbox-kind:\t%s\n", kinds[handle->kind]);
	if (ipcbox_handle_stat(handle, &stat))
		return;
	if (handle->object)
		seq_printf(seq, "ipcbox-name:\t%.*s\n",
			   handle->object->name_len, handle->object->name);
	else
		seq_printf(seq, "ipcbox-pid:\t%d\n", stat.pid);
	show_stat(&stat, seq);
}
