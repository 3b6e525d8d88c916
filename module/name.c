// SPDX-License-Identifier: GPL-2.0
#include "name.h"

#include <linux/errno.h>

/**
 * ipcbox_name_check_len() - may a name be that long?
 * @len: its length in bytes
 *
 * Return: 0, -EINVAL, -ENAMETOOLONG.
 */
int ipcbox_name_check_len(u32 len)
{
	if (!len)
		return -EINVAL;
	return len > IPCBOX_NAME_MAX ? -ENAMETOOLONG : 0;
}

/**
 * ipcbox_name_check_bytes() - may a name be made of these bytes?
 * @name: the name, of a length that was checked
 *
 * Return: 0 or -EINVAL.
 */
int ipcbox_name_check_bytes(const struct ipcbox_name *name)
{
	u32 i;

	for (i = 0; i < name->len; i++) {
		u8 c = name->bytes[i];

		if (c < 0x20 || c == 0x7f || c == '/')
			return -EINVAL;
	}
	return 0;
}
