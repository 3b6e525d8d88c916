/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Before commit bc292ab00f6c ("mm: introduce vma->vm_flags wrapper functions", 6.3)
 * the flags of a vma were written plainly.
 */
#ifndef _IPCBOX_COMPAT_LINUX_MM_H
#define _IPCBOX_COMPAT_LINUX_MM_H

#include_next <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma,
				  unsigned long flags)
{
	vma->vm_flags &= ~flags;
}
#endif

#endif /* _IPCBOX_COMPAT_LINUX_MM_H */
