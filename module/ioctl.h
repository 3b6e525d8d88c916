/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_IOCTL_H
#define _IPCBOX_IOCTL_H

/**
 * DOC: ioctl
 *
 * The one place where user space is read and written for a command: the table
 * says of each its sizes, its flags and the kinds of fd it is for, and these
 * are checked before its handler runs. Handlers see kernel structs.
 */

struct file;

long ipcbox_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#endif /* _IPCBOX_IOCTL_H */
