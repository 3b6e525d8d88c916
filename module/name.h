/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_NAME_H
#define _IPCBOX_NAME_H

/**
 * DOC: name
 *
 * The name of a port, out of user memory. It may hold no more than what a path
 * component or a line of a report can bear.
 */

#include <linux/types.h>
#include <linux/ipcbox.h>

struct ipcbox_name {
	u32 len;
	char bytes[IPCBOX_NAME_MAX + 1];	/* with a NUL, for reports */
};

int ipcbox_name_check_len(u32 len);
int ipcbox_name_check_bytes(const struct ipcbox_name *name);

#endif /* _IPCBOX_NAME_H */
