/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Before commit 78eb4ea25cd5 ("sysctl: treewide: constify the ctl_table argument of
 * proc_handlers", 6.11) a handler could change its table.
 */
#ifndef _IPCBOX_COMPAT_LINUX_SYSCTL_H
#define _IPCBOX_COMPAT_LINUX_SYSCTL_H

#include_next <linux/sysctl.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define ipcbox_handler_table struct ctl_table
#else
#define ipcbox_handler_table const struct ctl_table
#endif

#endif /* _IPCBOX_COMPAT_LINUX_SYSCTL_H */
