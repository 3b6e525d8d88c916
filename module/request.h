/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_REQUEST_H
#define _IPCBOX_REQUEST_H

/**
 * DOC: request
 *
 * A command on its way through the table in ioctl.c to its handler: the struct
 * as it was read from user space and checked, where it came from, and what
 * handlers share.
 */

#include "handle.h"

#include <linux/ipcbox.h>

struct ipcbox_request {
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

int ipcbox_request_respond(struct ipcbox_request *request, size_t size);
struct ipcbox_sender *ipcbox_request_sender(struct ipcbox_request *request);
struct pid *ipcbox_request_get_process(s32 nr);
struct ipcbox_mailbox *ipcbox_request_find_mailbox(struct ipcbox_request *request,
						struct pid *pid);

#endif /* _IPCBOX_REQUEST_H */
