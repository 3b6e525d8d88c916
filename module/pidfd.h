/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_PIDFD_H
#define _IPCBOX_PIDFD_H

struct pid;

struct pid *ipcbox_pidfd_get_pid(int fd);

#endif /* _IPCBOX_PIDFD_H */
