// SPDX-License-Identifier: GPL-2.0
#include "pidfd.h"

#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/pid.h>
#include <linux/string.h>

/*
 * The kernel's own pidfd_pid() is not exported, so we look where it looks: with
 * pidfs in the inode, before pidfs in the file. Only the kernel makes files of
 * either kind, so neither mark can be forged.
 */
static struct pid *pid_of_file(struct file *file)
{
	switch (file_inode(file)->i_sb->s_magic) {
	case PID_FS_MAGIC:
		return file_inode(file)->i_private;
	case ANON_INODE_FS_MAGIC:
		if (!strcmp(file->f_path.dentry->d_name.name, "[pidfd]"))
			return file->private_data;
		break;
	}
	return NULL;
}

/**
 * ipcbox_pidfd_get_pid() - the process that a pidfd stands for
 * @fd: the pidfd
 *
 * Return: its pid, to be put, or an ERR_PTR: -EBADF: no open file; -EINVAL: not
 * a pidfd.
 */
struct pid *ipcbox_pidfd_get_pid(int fd)
{
	struct file *file = fget(fd);
	struct pid *pid;

	if (!file)
		return ERR_PTR(-EBADF);
	pid = get_pid(pid_of_file(file));
	fput(file);
	return pid ?: ERR_PTR(-EINVAL);
}
