// SPDX-License-Identifier: GPL-2.0
#include "ns.h"

#include <net/netns/generic.h>

unsigned int ipcbox_net_id __read_mostly;
struct ipcbox_ns *ipcbox_host_ns __read_mostly;

/**
 * ipcbox_ns_of() - what ipcbox keeps for a network namespace
 * @net: the network namespace
 *
 * Return: never NULL while the module is loaded.
 */
struct ipcbox_ns *ipcbox_ns_of(const struct net *net)
{
	return net_generic(net, ipcbox_net_id);
}
