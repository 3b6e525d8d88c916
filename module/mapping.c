// SPDX-License-Identifier: GPL-2.0
#include "mapping.h"

#include "account.h"
#include "buffer.h"
#include "ns.h"
#include "trace.h"

#include <linux/cred.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

/* Where the data begins in the file; the control pages are fewer. */
#define DATA_OFFSET (256UL << 20)

struct mapping {
	struct ipcbox_buffer *buffer;	/* held by the file of the vma */
	struct ipcbox_account *account;	/* has one of IPCBOX_PAGES for it */
	const struct mm_struct *mm;	/* not held, and only compared */
	unsigned int vmas;		/* under its mmap_lock */
	u32 owner;
	struct page *self;
};

/* ---- life ---------------------------------------------------------------- */

static int take_number(struct mapping *mapping)
{
	int owner = ida_alloc_range(&mapping->buffer->owners, 1,
				    IPCBOX_WORD_OWNER_MAX, IPCBOX_GFP);

	if (owner < 0)
		return owner == -ENOSPC ? -EUSERS : owner;
	mapping->owner = owner;
	return 0;
}

static void write_self(const struct mapping *mapping)
{
	struct ipcbox_buffer_self *self = page_address(mapping->self);

	u64 owner = (u64)mapping->owner << IPCBOX_WORD_OWNER_SHIFT;

	*self = (struct ipcbox_buffer_self){
		.writing = owner | IPCBOX_CELL_WRITING,
		.reading = owner | IPCBOX_CELL_READING,
	};
}

static struct mapping *mapping_alloc(struct ipcbox_buffer *buffer,
				     const struct mm_struct *mm)
{
	struct mapping *mapping;
	int err = -ENOMEM;

	mapping = kzalloc(sizeof(*mapping), IPCBOX_GFP);
	if (!mapping)
		return ERR_PTR(err);
	mapping->buffer = buffer;
	mapping->mm = mm;
	mapping->vmas = 1;
	mapping->account = ipcbox_account_get(buffer->named.ns, current_euid());
	if (IS_ERR(mapping->account)) {
		err = PTR_ERR(mapping->account);
		goto err_free;
	}
	err = ipcbox_account_charge(mapping->account, IPCBOX_PAGES, 1);
	if (err)
		goto err_put_account;
	err = -ENOMEM;
	mapping->self = alloc_page(IPCBOX_GFP | __GFP_ZERO);
	if (!mapping->self)
		goto err_uncharge;
	err = take_number(mapping);
	if (err)
		goto err_free_page;
	write_self(mapping);
	return mapping;

err_free_page:
	__free_page(mapping->self);
err_uncharge:
	ipcbox_account_uncharge(mapping->account, IPCBOX_PAGES, 1);
err_put_account:
	ipcbox_account_put(mapping->account);
err_free:
	kfree(mapping);
	return ERR_PTR(err);
}

/* Whoever waits may find what the dead had in hand, or was about to tell of. */
static void bury(const struct mapping *mapping)
{
	struct ipcbox_buffer *buffer = mapping->buffer;
	unsigned int buried;

	buried = ipcbox_ring_bury(&buffer->ring, mapping->owner);
	if (buried)
		trace_ipcbox_bury(buffer->id, mapping->owner, buried);
	ida_free(&buffer->owners, mapping->owner);
	ipcbox_buffer_wake(buffer, IPCBOX_RECEIVING);
	ipcbox_buffer_wake(buffer, IPCBOX_SENDING);
}

static void mapping_free(struct mapping *mapping)
{
	bury(mapping);
	put_page(mapping->self);
	ipcbox_account_uncharge(mapping->account, IPCBOX_PAGES, 1);
	ipcbox_account_put(mapping->account);
	kfree(mapping);
}

/* ---- the control pages --------------------------------------------------- */

static unsigned long control_len(const struct ipcbox_buffer *buffer)
{
	return PAGE_SIZE + buffer->control_size;
}

/* A copy of the vma was made: in the child of fork(2), or to move it. */
static void control_open(struct vm_area_struct *vma)
{
	struct mapping *mapping = vma->vm_private_data;

	if (!mapping)
		return;
	if (mapping->mm == vma->vm_mm) {
		mapping->vmas++;
		return;
	}
	mapping = mapping_alloc(mapping->buffer, vma->vm_mm);
	/* Nobody can be told: then the child gets SIGBUS if it uses it. */
	vma->vm_private_data = IS_ERR(mapping) ? NULL : mapping;
}

static void control_close(struct vm_area_struct *vma)
{
	struct mapping *mapping = vma->vm_private_data;

	if (mapping && !--mapping->vmas)
		mapping_free(mapping);
}

static vm_fault_t give_page(struct vm_fault *vmf, struct page *page)
{
	get_page(page);
	vmf->page = page;
	return 0;
}

static vm_fault_t control_fault(struct vm_fault *vmf)
{
	const struct mapping *mapping = vmf->vma->vm_private_data;
	const struct ipcbox_buffer *buffer;
	unsigned long offset;

	if (!mapping)
		return VM_FAULT_SIGBUS;
	buffer = mapping->buffer;
	if (!vmf->pgoff)
		return give_page(vmf, mapping->self);
	offset = (vmf->pgoff - 1) << PAGE_SHIFT;
	if (offset >= buffer->control_size)
		return VM_FAULT_SIGBUS;
	return give_page(vmf, vmalloc_to_page(buffer->control + offset));
}

/* All or nothing: half of it would be of no use, and of whose name? */
static int refuse_split(struct vm_area_struct *vma, unsigned long addr)
{
	return -EINVAL;
}

static const struct vm_operations_struct control_vm_ops = {
	.open = control_open,
	.close = control_close,
	.may_split = refuse_split,
	.fault = control_fault,
};

static int map_control(struct ipcbox_buffer *buffer, struct vm_area_struct *vma)
{
	struct mapping *mapping;

	mapping = mapping_alloc(buffer, vma->vm_mm);
	if (IS_ERR(mapping))
		return PTR_ERR(mapping);
	vma->vm_private_data = mapping;
	vma->vm_ops = &control_vm_ops;
	return 0;
}

/* ---- the data ------------------------------------------------------------ */

/* Twice in a row, so that no message has to be split. */
static vm_fault_t data_fault(struct vm_fault *vmf)
{
	const struct ipcbox_buffer *buffer = vmf->vma->vm_private_data;
	unsigned long offset = (vmf->pgoff << PAGE_SHIFT) - DATA_OFFSET;

	offset &= buffer->data_size - 1;
	return give_page(vmf, vmalloc_to_page(buffer->data + offset));
}

static const struct vm_operations_struct data_vm_ops = {
	.may_split = refuse_split,
	.fault = data_fault,
};

static int map_data(struct ipcbox_buffer *buffer, u32 directions,
		    struct vm_area_struct *vma)
{
	if (!(directions & IPCBOX_SENDER)) {
		if (vma->vm_flags & VM_WRITE)
			return -EACCES;
		vm_flags_clear(vma, VM_MAYWRITE);
	}
	vma->vm_private_data = buffer;
	vma->vm_ops = &data_vm_ops;
	return 0;
}

/* ---- mmap ---------------------------------------------------------------- */

/**
 * ipcbox_mapping_layout() - tell how a buffer is mapped
 * @buffer: the buffer
 * @layout: out; size, flags and directions are left alone
 */
void ipcbox_mapping_layout(const struct ipcbox_buffer *buffer,
			   struct ipcbox_buffer_layout *layout)
{
	layout->control_len = control_len(buffer);
	layout->ring_off = PAGE_SIZE;
	layout->data_off = DATA_OFFSET;
	layout->data_len = 2 * buffer->data_size;
	layout->cells = ipcbox_ring_cells(&buffer->ring);
	layout->max_msgsize = buffer->max_msgsize;
	layout->kind = buffer->ring.one_to_one ? IPCBOX_ONE_TO_ONE : 0;
}

/**
 * ipcbox_mapping_create() - map one of the two parts of a buffer
 * @buffer: the buffer, which the file of @vma holds
 * @directions: for which that is open
 * @vma: new
 *
 * Return: 0, -EACCES, -EDQUOT, -EINVAL, -ENOMEM, -EUSERS.
 */
int ipcbox_mapping_create(struct ipcbox_buffer *buffer, u32 directions,
			  struct vm_area_struct *vma)
{
	unsigned long len = vma->vm_end - vma->vm_start;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (!directions)
		return -EACCES;
	vm_flags_set(vma, VM_DONTEXPAND);
	if (!vma->vm_pgoff && len == control_len(buffer))
		return map_control(buffer, vma);
	if (vma->vm_pgoff == DATA_OFFSET >> PAGE_SHIFT &&
	    len == 2 * buffer->data_size)
		return map_data(buffer, directions, vma);
	return -EINVAL;
}
