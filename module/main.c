// SPDX-License-Identifier: GPL-2.0
/*
 * ipcbox: mailboxes, links and ports.
 *
 * The life of the module, top to bottom: what a namespace gets, what a file
 * does, and how both come and go. See box.h for what it is all about.
 */
#include "account.h"
#include "buffer.h"
#include "handle.h"
#include "ioctl.h"
#include "limits.h"
#include "msg.h"
#include "object.h"
#include "ns.h"
#include "parked.h"
#include "pollers.h"
#include "proc.h"
#include "rest.h"
#include "creds.h"

#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nsproxy.h>
#include <linux/sched.h>
#include <net/net_namespace.h>

#define CREATE_TRACE_POINTS
#include "trace.h"

/* ---- namespaces ---------------------------------------------------------- */

static int __net_init ipcbox_net_init(struct net *net)
{
	struct ipcbox_ns *ns = ipcbox_ns_of(net);
	int err;

	if (net_eq(net, &init_net))
		ipcbox_host_ns = ns;
	ns->net = net;
	mutex_init(&ns->attr_mutex);
	mutex_init(&ns->names_mutex);
	ns->names = RB_ROOT;
	xa_init(&ns->mailboxes);
	xa_init(&ns->creds);

	err = ipcbox_limits_init(ns);
	if (err)
		return err;
	err = ipcbox_account_init(ns);
	if (err)
		goto err_limits;
	err = ipcbox_proc_init(ns);
	if (err)
		goto err_account;
	return 0;

err_account:
	ipcbox_account_deinit(ns);
err_limits:
	ipcbox_limits_deinit(ns);
	return err;
}

/*
 * Every fd holds its namespace, so there are none. First let go of what other
 * namespaces have, in all that die together ...
 */
static void __net_exit ipcbox_net_pre_exit(struct net *net)
{
	struct ipcbox_ns *ns = ipcbox_ns_of(net);

	/* A reader of the file may hold a mailbox, and so an account. */
	ipcbox_proc_deinit(ns);
	ipcbox_object_delete_all(ns);
	ipcbox_creds_exit(ns);
	ipcbox_account_deinit(ns);
}

/* ... then each can be seen to be empty. */
static void __net_exit ipcbox_net_exit(struct net *net)
{
	struct ipcbox_ns *ns = ipcbox_ns_of(net);

	ipcbox_limits_deinit(ns);
	WARN_ON_ONCE(!xa_empty(&ns->mailboxes));
	ipcbox_account_check_empty(ns);
}

static struct pernet_operations ipcbox_net_ops = {
	.init = ipcbox_net_init,
	.pre_exit = ipcbox_net_pre_exit,
	.exit = ipcbox_net_exit,
	.id = &ipcbox_net_id,
	.size = sizeof(struct ipcbox_ns),
};

/* ---- files --------------------------------------------------------------- */

static int ipcbox_open(struct inode *inode, struct file *file)
{
	struct ipcbox_ns *ns = ipcbox_ns_of(current->nsproxy->net_ns);
	struct ipcbox_handle *handle;

	handle = ipcbox_handle_create(ns);
	if (IS_ERR(handle))
		return PTR_ERR(handle);
	file->private_data = handle;
	return 0;
}

static int ipcbox_flush(struct file *file, fl_owner_t files)
{
	if (current->flags & PF_EXITING)
		ipcbox_parked_end_process();
	ipcbox_handle_flush(file->private_data, file, files);
	return 0;
}

static int ipcbox_release(struct inode *inode, struct file *file)
{
	ipcbox_handle_destroy(file->private_data);
	return 0;
}

static __poll_t ipcbox_poll(struct file *file, struct poll_table_struct *table)
{
	return ipcbox_handle_poll(file->private_data, file, table);
}

static int ipcbox_mmap(struct file *file, struct vm_area_struct *vma)
{
	return ipcbox_handle_mmap(file->private_data, vma);
}

static void ipcbox_show_fdinfo(struct seq_file *seq, struct file *file)
{
	ipcbox_handle_show(file->private_data, seq);
}

/* For /dev/ipcbox and for all that comes out of it. */
static const struct file_operations ipcbox_fops = {
	.owner = THIS_MODULE,
	.open = ipcbox_open,
	.flush = ipcbox_flush,
	.release = ipcbox_release,
	.unlocked_ioctl = ipcbox_ioctl,
	/* Pointers travel as u64: nothing differs for a 32-bit program. */
	.compat_ioctl = compat_ptr_ioctl,
	.poll = ipcbox_poll,
	.mmap = ipcbox_mmap,
	.show_fdinfo = ipcbox_show_fdinfo,
	.llseek = noop_llseek,
};

static struct miscdevice ipcbox_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ipcbox",
	.fops = &ipcbox_fops,
	.mode = 0666,
};

/* ---- the module ---------------------------------------------------------- */

static int __init ipcbox_init(void)
{
	int err;

	err = ipcbox_msg_init();
	if (err)
		return err;
	err = ipcbox_account_init_cache();
	if (err)
		goto err_msg;
	err = ipcbox_buffer_init_queue();
	if (err)
		goto err_account;
	err = ipcbox_pollers_start();
	if (err)
		goto err_queue;
	err = register_pernet_subsys(&ipcbox_net_ops);
	if (err)
		goto err_pollers;
	/* Last: from here on it can be used. */
	err = misc_register(&ipcbox_device);
	if (err)
		goto err_pernet;
	return 0;

err_pernet:
	unregister_pernet_subsys(&ipcbox_net_ops);
err_pollers:
	ipcbox_pollers_stop();
err_queue:
	ipcbox_buffer_deinit_queue();
err_account:
	ipcbox_account_deinit_cache();
err_msg:
	ipcbox_msg_deinit();
	return err;
}

static void __exit ipcbox_exit(void)
{
	misc_deregister(&ipcbox_device);
	ipcbox_parked_deinit();
	/* These work items use objects and accounts of the namespaces. */
	ipcbox_rest_flush();
	ipcbox_buffer_deinit_queue();
	unregister_pernet_subsys(&ipcbox_net_ops);
	ipcbox_pollers_stop();
	/* kfree_rcu() of credentials and mailboxes needs none of our code. */
	ipcbox_account_deinit_cache();
	ipcbox_msg_deinit();
}

module_init(ipcbox_init);
module_exit(ipcbox_exit);

MODULE_DESCRIPTION("Mailboxes: direct and indirect message passing between processes");
MODULE_AUTHOR("The ipcbox authors");
MODULE_LICENSE("GPL");
