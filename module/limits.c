// SPDX-License-Identifier: GPL-2.0
#include "limits.h"

#include "ns.h"
#include "quota.h"

#include <linux/slab.h>
#include <linux/sysctl.h>
#include <linux/ipcbox.h>

static const struct ipcbox_limits host_defaults = {
	.user = {
		[IPCBOX_BOXES] = 128 << 10,
		[IPCBOX_LINKS] = 16 << 10,
		[IPCBOX_BYTES] = 64 << 20,
		[IPCBOX_WAITERS] = 8 << 10,
		[IPCBOX_PAGES] = (256 << 20) >> PAGE_SHIFT,
		[IPCBOX_MEMORY] = 192 << 20,
	},
	.total = {
		[IPCBOX_BOXES] = 512 << 10,
		[IPCBOX_LINKS] = 64 << 10,
		[IPCBOX_BYTES] = 256 << 20,
		[IPCBOX_WAITERS] = 32 << 10,
		[IPCBOX_PAGES] = (1024 << 20) >> PAGE_SHIFT,
		[IPCBOX_MEMORY] = 768 << 20,
	},
	.box_messages = 1 << 20,
	.box_bytes = 64 << 20,
	.box_msgsize = IPCBOX_MSGSIZE_MAX,
};

/* What the host itself may set: what the counters and the ABI can hold. */
static const struct ipcbox_limits host_ceiling = {
	.user = { [0 ... IPCBOX_RESOURCES - 1] = LONG_MAX },
	.total = { [0 ... IPCBOX_RESOURCES - 1] = LONG_MAX },
	.box_messages = INT_MAX,
	.box_bytes = LONG_MAX,
	.box_msgsize = IPCBOX_MSGSIZE_MAX,
};

/*
 * Set or read a limit. Senders that wait for bytes, and pollers, may have enough now;
 * a change of another limit wakes nobody.
 */
static int limit_handler(ipcbox_handler_table *table, int write, void *buffer,
			 size_t *len, loff_t *pos)
{
	struct ipcbox_ns *ns = table->extra1;
	struct ctl_table limit = *table;
	int ret;

	limit.extra1 = NULL;	/* the least value, to the kernel's handler */
	ret = proc_doulongvec_minmax(&limit, write, buffer, len, pos);
	if (write && !ret)
		ipcbox_quota_limit_changed(ns);
	return ret;
}

/* .data is an offset into struct ipcbox_limits until a namespace has a copy. */
#define LIMIT(name, member)						\
	{								\
		.procname = name,					\
		.data = (void *)offsetof(struct ipcbox_limits, member),	\
		.maxlen = sizeof(unsigned long),			\
		.mode = 0644,						\
		.proc_handler = limit_handler,				\
	}

static const struct ctl_table limits_table[] = {
	LIMIT("user_boxes", user[IPCBOX_BOXES]),
	LIMIT("user_links", user[IPCBOX_LINKS]),
	LIMIT("user_bytes", user[IPCBOX_BYTES]),
	LIMIT("user_waiters", user[IPCBOX_WAITERS]),
	LIMIT("user_pages", user[IPCBOX_PAGES]),
	LIMIT("user_memory", user[IPCBOX_MEMORY]),
	LIMIT("max_boxes", total[IPCBOX_BOXES]),
	LIMIT("max_links", total[IPCBOX_LINKS]),
	LIMIT("max_bytes", total[IPCBOX_BYTES]),
	LIMIT("max_waiters", total[IPCBOX_WAITERS]),
	LIMIT("max_pages", total[IPCBOX_PAGES]),
	LIMIT("max_memory", total[IPCBOX_MEMORY]),
	LIMIT("box_messages", box_messages),
	LIMIT("box_bytes", box_bytes),
	LIMIT("box_msgsize", box_msgsize),
	{ }
};

#define LIMITS_COUNT (ARRAY_SIZE(limits_table) - 1)

static void *limit_at(const struct ipcbox_limits *limits, const void *offset)
{
	return (void *)limits + (uintptr_t)offset;
}

/**
 * ipcbox_limits_init() - set a new namespace's limits and make its sysctls
 * @ns: the namespace; the host's must be the first one
 *
 * Return: 0 or -ENOMEM.
 */
int ipcbox_limits_init(struct ipcbox_ns *ns)
{
	const struct ipcbox_limits *above;
	struct ctl_table *table;
	size_t i;

	if (ipcbox_ns_is_host(ns)) {
		ns->limits = host_defaults;
		above = &host_ceiling;
	} else {
		above = &ipcbox_host_ns->limits;
		/* Root may be about to set one. */
		ns->limits = data_race(*above);
	}

	table = kmemdup(limits_table, sizeof(limits_table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;

	for (i = 0; i < LIMITS_COUNT; i++) {
		table[i].extra1 = ns;
		table[i].extra2 = limit_at(above, limits_table[i].data);
		table[i].data = limit_at(&ns->limits, limits_table[i].data);
	}

	ns->sysctl = register_net_sysctl_sz(ns->net, "net/ipcbox", table,
					    LIMITS_COUNT);
	if (!ns->sysctl) {
		kfree(table);
		return -ENOMEM;
	}
	ns->sysctl_table = table;
	return 0;
}

/**
 * ipcbox_limits_deinit() - remove a namespace's sysctls
 * @ns: the namespace
 */
void ipcbox_limits_deinit(struct ipcbox_ns *ns)
{
	unregister_net_sysctl_table(ns->sysctl);
	kfree(ns->sysctl_table);
}
