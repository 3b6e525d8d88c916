/* SPDX-License-Identifier: GPL-2.0 */
/* Before commit cb12fd8e0dab ("pidfd: add pidfs", 6.9) there was no pidfs. */
#ifndef _IPCBOX_COMPAT_LINUX_MAGIC_H
#define _IPCBOX_COMPAT_LINUX_MAGIC_H

#include_next <linux/magic.h>

#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

#endif /* _IPCBOX_COMPAT_LINUX_MAGIC_H */
