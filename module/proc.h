/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_PROC_H
#define _IPCBOX_PROC_H

/**
 * DOC: proc
 *
 * /proc/net/ipcbox: the ports by name and then the mailboxes by pid, as
 * /proc/net/unix lists sockets. Each line is of one moment; a reader that takes
 * long sees ports that come and go meanwhile or not, and all others once.
 */

struct ipcbox_ns;

int ipcbox_proc_init(struct ipcbox_ns *ns);
void ipcbox_proc_deinit(struct ipcbox_ns *ns);

#endif /* _IPCBOX_PROC_H */
