// SPDX-License-Identifier: GPL-2.0
#include "mapping.h"

#include "account.h"
#include "buffer.h"
#include "ns.h"
#include "trace.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

/* Where the data begins in the file; the control pages are fewer. */
#define DATA_OFFSET (256UL << 20)

/*
 * A process goes over so much of a ring when it dies, or unmaps; the rest it leaves, or
 * whoever has the buffer mapped could make its death last.
 */
#define STEPS_AT_DEATH 2048

/* One for each process and buffer, however often it has it mapped. */
struct mapping {
	struct rb_node node;		/* by mm; under buffer->lock */
	struct ipcbox_buffer *buffer;	/* held by the file of a vma, then by the rest */
	struct ipcbox_account *account;	/* has one of IPCBOX_PAGES for it */
	const struct mm_struct *mm;	/* not held, and only compared */
	unsigned int vmas;		/* under buffer->lock */
	kuid_t payer;			/* under whose name the number counts */
	u32 owner;
	unsigned int recovered;		/* messages so far */
	struct page *self;
	struct llist_node unrecovered;
};

static struct mapping *mapping_of(const struct rb_node *node)
{
	return rb_entry(node, struct mapping, node);
}

static int compare_mms(const void *a, const void *b)
{
	return a < b ? -1 : a > b;
}

static int compare_mappings(struct rb_node *a, const struct rb_node *b)
{
	return compare_mms(mapping_of(a)->mm, mapping_of(b)->mm);
}

static int compare_mm(const void *mm, const struct rb_node *node)
{
	return compare_mms(mm, mapping_of(node)->mm);
}

/* ---- life ---------------------------------------------------------------- */

/* Those for whom another answers share what that one may have. */
static kuid_t payer_of(const struct ipcbox_account *account)
{
	while (account->parent && account->parent != &account->ns->account)
		account = account->parent;
	return account->uid;
}

/* The owner of the buffer, who lets others map it, is not to be without numbers. */
static bool has_reserve(struct ipcbox_buffer *buffer)
{
	struct user_namespace *user_ns = buffer->object.ns->net->user_ns;
	kuid_t uid;

	spin_lock(&buffer->lock);
	uid = buffer->access.uid;
	spin_unlock(&buffer->lock);
	return uid_eq(uid, current_euid()) ||
	       ns_capable_noaudit(user_ns, CAP_SYS_RESOURCE);
}

static int take_number(struct mapping *mapping)
{
	struct ipcbox_buffer *buffer = mapping->buffer;
	int owner;

	mapping->payer = payer_of(mapping->account);
	owner = ipcbox_owners_take(&buffer->owners, mapping->payer,
				   has_reserve(buffer));
	if (owner < 0)
		return owner;
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
	mapping->account =
		ipcbox_account_find_or_create(buffer->object.ns, current_euid());
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

static struct mapping *mapping_find(struct ipcbox_buffer *buffer,
				    const struct mm_struct *mm)
{
	struct mapping *mapping = NULL;
	struct rb_node *node;

	spin_lock(&buffer->lock);
	node = rb_find(mm, &buffer->mappings, compare_mm);
	if (node) {
		mapping = mapping_of(node);
		mapping->vmas++;
	}
	spin_unlock(&buffer->lock);
	return mapping;
}

/*
 * That of a process, for one vma more. Its mmap_lock is held to write: nobody else
 * makes one for the same process meanwhile.
 */
static struct mapping *mapping_get(struct ipcbox_buffer *buffer,
				   const struct mm_struct *mm)
{
	struct mapping *mapping = mapping_find(buffer, mm);

	if (mapping)
		return mapping;
	mapping = mapping_alloc(buffer, mm);
	if (IS_ERR(mapping))
		return mapping;
	spin_lock(&buffer->lock);
	rb_find_add(&mapping->node, &buffer->mappings, compare_mappings);
	spin_unlock(&buffer->lock);
	return mapping;
}

/*
 * Whoever waits may find what the dead had in flight, or was about to tell of.
 * Return: whether all of it was found, and the number is free.
 */
static bool recover_inflight(struct mapping *mapping, u32 steps)
{
	struct ipcbox_buffer *buffer = mapping->buffer;

	if (!ipcbox_ring_recover(&buffer->ring, mapping->owner, steps,
				 &mapping->recovered))
		return false;
	if (mapping->recovered)
		trace_ipcbox_recover(buffer->id, mapping->owner, mapping->recovered);
	ipcbox_owners_give(&buffer->owners, mapping->payer, mapping->owner);
	ipcbox_buffer_wake(buffer, IPCBOX_RECEIVING);
	ipcbox_buffer_wake(buffer, IPCBOX_SENDING);
	return true;
}

static void mapping_free(struct mapping *mapping)
{
	put_page(mapping->self);
	ipcbox_account_uncharge(mapping->account, IPCBOX_PAGES, 1);
	ipcbox_account_put(mapping->account);
	kfree(mapping);
}

/* One vma less. With the last, the process is done with the buffer. */
static void mapping_put(struct mapping *mapping)
{
	struct ipcbox_buffer *buffer = mapping->buffer;
	bool last;

	spin_lock(&buffer->lock);
	last = !--mapping->vmas;
	if (last)
		rb_erase(&mapping->node, &buffer->mappings);
	spin_unlock(&buffer->lock);
	if (!last)
		return;
	if (recover_inflight(mapping, STEPS_AT_DEATH)) {
		mapping_free(mapping);
		return;
	}
	llist_add(&mapping->unrecovered, &buffer->unrecovered);
	ipcbox_buffer_leave_rest(buffer);
}

/*
 * Recover what those left for whom it would have taken long. They count for their users
 * until then. How many there are is bounded by the numbers.
 */
static void recover_rest(struct ipcbox_buffer *buffer)
{
	struct llist_node *all = llist_del_all(&buffer->unrecovered);
	struct mapping *mapping, *next;

	llist_for_each_entry_safe(mapping, next, all, unrecovered) {
		recover_inflight(mapping, IPCBOX_RING_RECOVER_ALL);
		mapping_free(mapping);
	}
}

static void do_rest_of_buffer(struct work_struct *work)
{
	struct ipcbox_buffer *buffer =
		container_of(work, struct ipcbox_buffer, rest);
	struct net *net = buffer->object.ns->net;

	recover_rest(buffer);
	ipcbox_buffer_wake_rest(buffer);
	ipcbox_object_put(&buffer->object);
	/* Last: the namespace may die of it. */
	put_net(net);
}

/**
 * ipcbox_mapping_init_rest() - prepare what mappings and calls leave
 * @buffer: new
 */
void ipcbox_mapping_init_rest(struct ipcbox_buffer *buffer)
{
	INIT_WORK(&buffer->rest, do_rest_of_buffer);
	init_llist_head(&buffer->unrecovered);
}

/* ---- the control pages --------------------------------------------------- */

static const struct vm_operations_struct control_vm_ops;
static const struct vm_operations_struct nobody_vm_ops;

static unsigned long control_len(const struct ipcbox_buffer *buffer)
{
	return PAGE_SIZE + buffer->control_size;
}

/*
 * A copy of the vma was made: in the child of fork(2), or to move it. Where the child
 * can have no number fork cannot be told, and it must not die of it: it gets pages that
 * say there is neither room nor a message, and the library finds that it is nobody.
 */
static void open_copy(struct vm_area_struct *vma, struct ipcbox_buffer *buffer)
{
	struct mapping *mapping = mapping_get(buffer, vma->vm_mm);

	if (IS_ERR(mapping)) {
		vma->vm_private_data = buffer;
		vma->vm_ops = &nobody_vm_ops;
	} else {
		vma->vm_private_data = mapping;
		vma->vm_ops = &control_vm_ops;
	}
}

static void control_open(struct vm_area_struct *vma)
{
	struct mapping *mapping = vma->vm_private_data;

	open_copy(vma, mapping->buffer);
}

static void control_close(struct vm_area_struct *vma)
{
	mapping_put(vma->vm_private_data);
}

static vm_fault_t give_page(struct vm_fault *vmf, struct page *page)
{
	get_page(page);
	vmf->page = page;
	return 0;
}

static vm_fault_t give_ring(struct vm_fault *vmf,
			    const struct ipcbox_buffer *buffer)
{
	unsigned long offset = (vmf->pgoff - 1) << PAGE_SHIFT;

	if (offset >= buffer->control_size)
		return VM_FAULT_SIGBUS;
	return give_page(vmf, vmalloc_to_page(buffer->control + offset));
}

static vm_fault_t control_fault(struct vm_fault *vmf)
{
	const struct mapping *mapping = vmf->vma->vm_private_data;

	if (!vmf->pgoff)
		return give_page(vmf, mapping->self);
	return give_ring(vmf, mapping->buffer);
}

/* The grandchild may have better luck. */
static void nobody_open(struct vm_area_struct *vma)
{
	open_copy(vma, vma->vm_private_data);
}

/* The page of its own, and the first of the ring, in which the positions are. */
static vm_fault_t nobody_fault(struct vm_fault *vmf)
{
	const struct ipcbox_buffer *buffer = vmf->vma->vm_private_data;

	if (vmf->pgoff <= 1)
		return give_page(vmf, vmalloc_to_page(buffer->nobody));
	return give_ring(vmf, buffer);
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

static const struct vm_operations_struct nobody_vm_ops = {
	.open = nobody_open,
	.may_split = refuse_split,
	.fault = nobody_fault,
};

static int map_control(struct ipcbox_buffer *buffer, struct vm_area_struct *vma)
{
	struct mapping *mapping;

	mapping = mapping_get(buffer, vma->vm_mm);
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
	layout->kind = buffer->ring.spsc ? IPCBOX_SPSC : 0;
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
