/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_MAPPING_H
#define _IPCBOX_MAPPING_H

/**
 * DOC: mapping
 *
 * A process that has the control pages of a buffer mapped, once or more often. It has
 * a number, with which it marks in the ring what it has in flight, and a page for itself,
 * in which it reads the number. When its last mapping goes, with munmap(2), exec(2) or
 * its death, what it had in flight is recovered. (That is when no thread of it runs any
 * more: it is the address space that goes.) fork(2) gives the child a mapping of its
 * own, at the same place, with a number of its own.
 *
 * A child for whom there is no number is *nobody*: it has a page without one, and sees a
 * ring that is neither empty nor has room, so that it asks the library, which tells it.
 * All children that are nobody in a buffer share that page, which was made with the
 * buffer: fork needs no memory for it.
 *
 * Lock order: all but the work item runs under mmap_lock, which is outside of every lock
 * of ours.
 */

#include <linux/types.h>

struct ipcbox_buffer;
struct ipcbox_buffer_layout;
struct vm_area_struct;

void ipcbox_mapping_layout(const struct ipcbox_buffer *buffer,
			   struct ipcbox_buffer_layout *layout);
void ipcbox_mapping_init_rest(struct ipcbox_buffer *buffer);
int ipcbox_mapping_create(struct ipcbox_buffer *buffer, u32 directions,
			  struct vm_area_struct *vma);

#endif /* _IPCBOX_MAPPING_H */
