/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Before commit 9edbfe92a0a1 ("sysctl: Add size to register_sysctl", 6.6) the
 * end of a table was told by an empty last entry alone. Our table has one, and
 * its size does not count it, so both ways see the same entries.
 */
#ifndef _IPCBOX_COMPAT_NET_NET_NAMESPACE_H
#define _IPCBOX_COMPAT_NET_NET_NAMESPACE_H

#include_next <net/net_namespace.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
static inline struct ctl_table_header *
register_net_sysctl_sz(struct net *net, const char *path,
		       struct ctl_table *table, size_t table_size)
{
	return register_net_sysctl(net, path, table);
}
#endif

#endif /* _IPCBOX_COMPAT_NET_NET_NAMESPACE_H */
