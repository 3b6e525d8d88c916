/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_LIMITS_H
#define _IPCBOX_LIMITS_H

/**
 * DOC: limits
 *
 * How much one user, and how much all users together, may have in a network
 * namespace, and how large one box may be made. Each namespace has its own
 * numbers, which start as those of the host (init_net) and are sysctls in
 * /proc/sys/net/ipcbox. A namespace cannot set one above the host's, and what
 * counts is the lower of the two, also when the host lowers its own later.
 *
 * Readers take no lock: a limit is one word, read once for each decision.
 */

struct ipcbox_ns;

/* What is counted for each user and namespace; the errno that tells it. */
enum ipcbox_resource {
	IPCBOX_BOXES,	/* ENOSPC */
	IPCBOX_LINKS,	/* EMLINK */
	IPCBOX_BYTES,	/* ENOBUFS */
	IPCBOX_WAITERS,	/* EUSERS */
	IPCBOX_PAGES,	/* EDQUOT */
	IPCBOX_MEMORY,	/* ENOMEM */
	IPCBOX_RESOURCES
};

struct ipcbox_limits {
	unsigned long user[IPCBOX_RESOURCES];	/* for one user */
	unsigned long total[IPCBOX_RESOURCES];	/* for the namespace */
	/* what one box may be given */
	unsigned long box_messages;
	unsigned long box_bytes;
	unsigned long box_msgsize;
};

/* The lower of a namespace's own limit and the host's. */
#define ipcbox_limit(ns, member)					\
	min(READ_ONCE((ns)->limits.member),				\
	    READ_ONCE(ipcbox_host_ns->limits.member))

int ipcbox_limits_init(struct ipcbox_ns *ns);
void ipcbox_limits_deinit(struct ipcbox_ns *ns);

#endif /* _IPCBOX_LIMITS_H */
