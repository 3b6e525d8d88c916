/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_HANDLE_H
#define _IPCBOX_HANDLE_H

/**
 * DOC: handle
 *
 * What stands behind an ipcbox fd. The *control* handle of /dev/ipcbox has no
 * object; the others have one, and a box to receive from or a lane to send to,
 * or both, or neither, as they were opened.
 *
 * A handle holds its network namespace. It is changed only before its fd is
 * published, apart from the credentials it remembers.
 */

#include "delivery.h"
#include "quota.h"
#include "creds.h"

#include <linux/poll.h>
#include <linux/types.h>

struct file;
struct files_struct;
struct ipcbox_account;
struct ipcbox_box;
struct ipcbox_buffer;
struct ipcbox_handle;
struct ipcbox_lane;
struct ipcbox_link;
struct ipcbox_mailbox;
struct ipcbox_object;
struct ipcbox_ns;
struct ipcbox_port;
struct ipcbox_stat;
struct seq_file;
struct vm_area_struct;

enum ipcbox_handle_kind {
	IPCBOX_HANDLE_CONTROL,
	IPCBOX_HANDLE_PORT,
	IPCBOX_HANDLE_MAILBOX,
	IPCBOX_HANDLE_LINK,
	IPCBOX_HANDLE_BUFFER,
	IPCBOX_HANDLE_KINDS
};

struct ipcbox_handle {
	enum ipcbox_handle_kind kind;
	struct ipcbox_account *account;	/* of whoever opened it */
	struct ipcbox_ns *ns;
	struct ipcbox_recent_creds recent_creds; /* that used this fd of late */

	struct ipcbox_box *box;		/* to receive from, or NULL */
	struct ipcbox_server server;	/* answers for calls received from it */
	unsigned int fd_hint;		/* where a process may have an fd for it */
	struct ipcbox_lane *lane;	/* to send to, or NULL */
	struct ipcbox_quota_poll quota;	/* of that */

	struct ipcbox_object *object;	/* of a port or buffer */
	u32 directions;			/* for which it is open */
	struct ipcbox_port *port;
	struct ipcbox_buffer *buffer;
	struct ipcbox_mailbox *mailbox;	/* or the peer's, of a link */
	struct ipcbox_link *link;
};

/* An fd that is not published yet. */
struct ipcbox_fd {
	int fd;
	struct file *file;
	struct ipcbox_handle *handle;
};

struct ipcbox_handle *ipcbox_handle_create(struct ipcbox_ns *ns);
void ipcbox_handle_flush(struct ipcbox_handle *handle, const struct file *file,
			 struct files_struct *files);
void ipcbox_handle_destroy(struct ipcbox_handle *handle);

void ipcbox_handle_set_port(struct ipcbox_handle *handle,
			    struct ipcbox_port *port, u32 directions);
void ipcbox_handle_set_buffer(struct ipcbox_handle *handle,
			      struct ipcbox_buffer *buffer, u32 directions);
void ipcbox_handle_set_mailbox(struct ipcbox_handle *handle,
			       struct ipcbox_mailbox *mailbox);
void ipcbox_handle_set_link(struct ipcbox_handle *handle,
			    struct ipcbox_mailbox *peer,
			    struct ipcbox_link *link);

int ipcbox_fd_prepare(struct ipcbox_fd *fd, const struct file *control,
		      const char *name, int open_flags);
int ipcbox_fd_publish(struct ipcbox_fd *fd);
void ipcbox_fd_abort(struct ipcbox_fd *fd);

int ipcbox_handle_stat(struct ipcbox_handle *handle, struct ipcbox_stat *stat);
__poll_t ipcbox_handle_poll(struct ipcbox_handle *handle, struct file *file,
			    struct poll_table_struct *table);
void ipcbox_handle_lacks_quota(struct ipcbox_handle *handle);
int ipcbox_handle_mmap(struct ipcbox_handle *handle,
		       struct vm_area_struct *vma);
void ipcbox_handle_show(struct ipcbox_handle *handle, struct seq_file *seq);

#endif /* _IPCBOX_HANDLE_H */
