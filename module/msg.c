// SPDX-License-Identifier: GPL-2.0
#include "msg.h"

#include "account.h"
#include "cache.h"
#include "creds.h"
#include "reclaim.h"

#include <linux/build_bug.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/ipcbox.h>

/* Payload of a message from the cache: the most common size, nothing wasted. */
#define SMALL_MAX 64U
#define HEADER offsetof(struct ipcbox_msg, data)
/*
 * What is longer has pages: from here on the allocator takes longer over an object of
 * its size, as many of them come and go, than over a page that is kept.
 */
#define INLINE_MAX ((u32)(1024 - HEADER))

/**
 * ipcbox_msg_init() - make the cache for small messages
 *
 * Return: 0 or -ENOMEM.
 */
int ipcbox_msg_init(void)
{
	/* The memory that an idle queue costs is a promise; keep it in sight. */
	BUILD_BUG_ON(HEADER > 80);

	return ipcbox_caches_init(HEADER + SMALL_MAX, __alignof__(struct ipcbox_msg),
				  HEADER, SMALL_MAX);
}

/**
 * ipcbox_msg_deinit() - destroy the cache, when no message is left
 */
void ipcbox_msg_deinit(void)
{
	ipcbox_caches_deinit();
}

static u32 page_count_of(u32 len)
{
	return len > INLINE_MAX ? DIV_ROUND_UP(len, PAGE_SIZE) : 0;
}

/* Behind the header: the payload, or where its pages are. */
static u32 tail_size(u32 len)
{
	return len > INLINE_MAX ? page_count_of(len) * sizeof(struct page *) : len;
}

/* Is it one of the cache? */
static bool is_small(u32 len)
{
	return tail_size(len) <= SMALL_MAX;
}

static unsigned long footprint(u32 len)
{
	if (len <= SMALL_MAX)
		return HEADER + SMALL_MAX;
	return HEADER + max(tail_size(len), SMALL_MAX) +
	       page_count_of(len) * PAGE_SIZE;
}

/**
 * ipcbox_msg_footprint() - what a message takes, for the account
 * @len: its length, not above %IPCBOX_MSGSIZE_MAX
 *
 * Return: how many bytes it is charged.
 */
unsigned long ipcbox_msg_footprint(u32 len)
{
	return footprint(len);
}

static void msg_set(struct ipcbox_msg *msg, struct ipcbox_creds *creds, u32 len)
{
	msg->creds = creds;
	msg->len = len;
	msg->is_call = false;
}

/* What the allocator takes for one that is not of the cache, without its pages. */
static unsigned long memory_of(u32 len)
{
	return ipcbox_object_size(HEADER + tail_size(len));
}

/**
 * ipcbox_msg_memory() - how much memory a message is charged that finds nothing cached
 * @len: its length, not above %IPCBOX_MSGSIZE_MAX
 *
 * Return: how many bytes.
 */
unsigned long ipcbox_msg_memory(u32 len)
{
	return (is_small(len) ? ipcbox_cache_object_memory() : memory_of(len)) +
	       page_count_of(len) * PAGE_SIZE;
}

static struct ipcbox_msg *msg_alloc(struct ipcbox_creds *creds, u32 len)
{
	struct ipcbox_msg *msg;

	if (is_small(len))
		return ipcbox_cache_alloc(creds);
	if (ipcbox_memory_charge(creds->account, memory_of(len)))
		return NULL;
	msg = kvmalloc(HEADER + tail_size(len), IPCBOX_GFP);
	if (!msg)
		ipcbox_memory_uncharge(creds->account, memory_of(len));
	return msg;
}

/* Of one that is not of the cache. */
static void free_object_of(struct ipcbox_msg *msg)
{
	ipcbox_memory_uncharge(msg->creds->account, memory_of(msg->len));
	kvfree(msg);
}

static void release_pages_of(struct ipcbox_msg *msg)
{
	u32 i, pages = page_count_of(msg->len);

	for (i = 0; i < pages && msg->pages[i]; i++)
		;
	ipcbox_cache_free_pages(msg->creds, msg->pages, i);
}

static void msg_release(struct ipcbox_msg *msg)
{
	if (msg->len > INLINE_MAX)
		release_pages_of(msg);
	if (is_small(msg->len))
		ipcbox_cache_free(msg->creds, msg);
	else
		free_object_of(msg);
}

static u32 bytes_in_page(const struct ipcbox_msg *msg, u32 page)
{
	return min_t(u32, msg->len - page * PAGE_SIZE, PAGE_SIZE);
}

/*
 * A whole page is known to the compiler to fit, and need not be looked up at run time,
 * as hardened copies are.
 */
static int page_from_user(struct page *page, const void __user *data, u32 size)
{
	void *to = page_address(page);

	if (size == PAGE_SIZE)
		return copy_from_user(to, data, PAGE_SIZE) ? -EFAULT : 0;
	return copy_from_user(to, data, size) ? -EFAULT : 0;
}

static int page_to_user(void __user *data, struct page *page, u32 size)
{
	const void *from = page_address(page);

	if (size == PAGE_SIZE)
		return copy_to_user(data, from, PAGE_SIZE) ? -EFAULT : 0;
	return copy_to_user(data, from, size) ? -EFAULT : 0;
}

/* The pages that could not be had, up to the end. */
static void uncharge_missing(const struct ipcbox_msg *msg)
{
	u32 i, pages = page_count_of(msg->len);

	for (i = pages; i && !msg->pages[i - 1]; i--)
		;
	ipcbox_memory_uncharge(msg->creds->account, (pages - i) * PAGE_SIZE);
}

static int fill_each_page(struct ipcbox_msg *msg, const void __user *data)
{
	u32 i, pages = page_count_of(msg->len);

	for (i = 0; i < pages; i++) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (!msg->pages[i])
			msg->pages[i] = alloc_page(IPCBOX_GFP);
		if (!msg->pages[i])
			return -ENOMEM;
		if (page_from_user(msg->pages[i], data + i * PAGE_SIZE,
				   bytes_in_page(msg, i)))
			return -EFAULT;
		cond_resched();
	}
	return 0;
}

static int fill_pages(struct ipcbox_msg *msg, const void __user *data)
{
	u32 cached, missing, pages = page_count_of(msg->len);
	int err;

	cached = ipcbox_cache_take_pages(msg->creds, msg->pages, pages);
	missing = pages - cached;
	if (missing) {
		/* Freeing stops at the first one that is missing. */
		memset(msg->pages + cached, 0, missing * sizeof(*msg->pages));
		err = ipcbox_memory_charge(msg->creds->account, missing * PAGE_SIZE);
		if (err)
			return err;
	}
	err = fill_each_page(msg, data);
	if (err && missing)
		uncharge_missing(msg);
	return err;
}

static int msg_fill(struct ipcbox_msg *msg, const void __user *data)
{
	if (msg->len > INLINE_MAX)
		return fill_pages(msg, data);
	if (msg->len <= IPCBOX_SMALL_MAX)
		return ipcbox_copy_from_user(msg->data, data, msg->len);
	return copy_from_user(msg->data, data, msg->len) ? -EFAULT : 0;
}

static int charge_bytes(struct ipcbox_creds *creds, unsigned long bytes,
			struct ipcbox_lane *lane,
			const struct ipcbox_wait_options *options)
{
	int err = ipcbox_account_charge(creds->account, IPCBOX_BYTES, bytes);

	return err && lane ? ipcbox_quota_wait(creds->account, bytes, lane, options) :
			     err;
}

/**
 * ipcbox_msg_create() - make a message with a payload from user memory
 * @creds: who sends it; the message takes its own reference
 * @data: the payload
 * @len: its length, not above %IPCBOX_MSGSIZE_MAX
 * @lane: where it will go, to wait until it can be charged; or NULL: not to wait
 * @options: whether and how long to wait
 *
 * The caller sets tag and priority.
 *
 * Return: the message, or an ERR_PTR: -ENOMEM, -EFAULT, -EINTR, or as for
 * ipcbox_quota_wait().
 * Context: may sleep.
 */
struct ipcbox_msg *ipcbox_msg_create(struct ipcbox_creds *creds,
				     const void __user *data, u32 len,
				     struct ipcbox_lane *lane,
				     const struct ipcbox_wait_options *options)
{
	struct ipcbox_msg *msg;
	int err;

	err = charge_bytes(creds, footprint(len), lane, options);
	if (err)
		return ERR_PTR(err);

	msg = msg_alloc(creds, len);
	if (!msg) {
		ipcbox_account_uncharge(creds->account, IPCBOX_BYTES,
					footprint(len));
		return ERR_PTR(-ENOMEM);
	}
	msg_set(msg, ipcbox_creds_get(creds), len);
	err = msg_fill(msg, data);
	if (err) {
		ipcbox_msg_free(msg);
		return ERR_PTR(err);
	}
	return msg;
}

/**
 * ipcbox_msg_copy_out_long() - copy the payload to user memory
 * @msg: the message
 * @data: room for msg->len bytes
 *
 * Return: 0 or -EFAULT.
 * Context: may sleep.
 */
int ipcbox_msg_copy_out_long(const struct ipcbox_msg *msg, void __user *data)
{
	u32 i, pages = page_count_of(msg->len);

	if (!pages)
		return copy_to_user(data, msg->data, msg->len) ? -EFAULT : 0;

	for (i = 0; i < pages; i++) {
		if (page_to_user(data + i * PAGE_SIZE, msg->pages[i],
				 bytes_in_page(msg, i)))
			return -EFAULT;
		cond_resched();
	}
	return 0;
}

/**
 * ipcbox_msg_free() - free a message and give back what it was charged
 * @msg: the message, in no queue
 */
void ipcbox_msg_free(struct ipcbox_msg *msg)
{
	struct ipcbox_creds *creds = msg->creds;

	ipcbox_account_uncharge(creds->account, IPCBOX_BYTES,
				footprint(msg->len));
	msg_release(msg);
	ipcbox_creds_put(creds);
}

/* ---- many ---------------------------------------------------------------- */

static bool are_small(const struct ipcbox_send_entry *entries, unsigned int count)
{
	while (count--)
		if (entries[count].len > SMALL_MAX)
			return false;
	return true;
}

/* All or none. Return: whether there is memory for them. */
static bool alloc_small(struct ipcbox_creds *creds, struct ipcbox_msg **msgs,
			unsigned int count)
{
	unsigned long bytes = count * footprint(SMALL_MAX);

	if (ipcbox_account_charge(creds->account, IPCBOX_BYTES, bytes))
		return false;
	if (ipcbox_cache_alloc_many(creds, (void **)msgs, count)) {
		ipcbox_creds_get_many(creds, count);
		return true;
	}
	ipcbox_account_uncharge(creds->account, IPCBOX_BYTES, bytes);
	return false;
}

static void set_from_entry(struct ipcbox_msg *msg,
			   const struct ipcbox_send_entry *entry)
{
	msg->tag = entry->tag;
	msg->priority = entry->priority;
}

/* Return: how many could be filled; the others are freed. */
static unsigned int fill_small(struct ipcbox_creds *creds,
			       const struct ipcbox_send_entry *entries,
			       struct ipcbox_msg **msgs, unsigned int count)
{
	const struct ipcbox_send_entry *entry;
	unsigned int i, filled;

	for (filled = 0; filled < count; filled++) {
		entry = &entries[filled];
		msg_set(msgs[filled], creds, entry->len);
		set_from_entry(msgs[filled], entry);
		if (ipcbox_copy_from_user(msgs[filled]->data,
					  u64_to_user_ptr(entry->data), entry->len))
			break;
	}
	if (filled == count)
		return count;
	for (i = filled; i < count; i++)
		msg_set(msgs[i], creds, entries[i].len);
	ipcbox_msg_free_many(msgs + filled, count - filled);
	return filled;
}

/**
 * ipcbox_msg_create_many() - make messages with payloads from user memory
 * @creds: who sends them; each takes a reference of its own
 * @entries: what they are; the lengths are not above %IPCBOX_MSGSIZE_MAX
 * @msgs: out: the messages, with tag and priority
 * @count: how many
 * @lane: as for ipcbox_msg_create()
 * @options: as for ipcbox_msg_create()
 * @err: out, if not all could be made: why
 *
 * Short ones are charged and allocated together. Where that fails a few of them may
 * still be possible, so they are then made one by one.
 * Only the first waits until it can be charged: once one is made, that goes first.
 *
 * Return: how many were made, from the first on.
 * Context: may sleep.
 */
unsigned int ipcbox_msg_create_many(struct ipcbox_creds *creds,
				    const struct ipcbox_send_entry *entries,
				    struct ipcbox_msg **msgs,
				    unsigned int count, struct ipcbox_lane *lane,
				    const struct ipcbox_wait_options *options,
				    int *err)
{
	unsigned int made;

	if (are_small(entries, count) && alloc_small(creds, msgs, count)) {
		made = fill_small(creds, entries, msgs, count);
		*err = made < count ? -EFAULT : 0;
		return made;
	}
	for (made = 0; made < count; made++) {
		msgs[made] = ipcbox_msg_create(creds,
					       u64_to_user_ptr(entries[made].data),
					       entries[made].len,
					       made ? NULL : lane, options);
		if (IS_ERR(msgs[made])) {
			*err = PTR_ERR(msgs[made]);
			break;
		}
		set_from_entry(msgs[made], &entries[made]);
	}
	return made;
}

/*
 * Free the messages at the start of @msgs that have the credentials of the first.
 * Return: how many.
 */
static unsigned int free_row(struct ipcbox_msg **msgs, unsigned int count)
{
	struct ipcbox_creds *creds = msgs[0]->creds;
	unsigned int i, small = 0;
	unsigned long bytes = 0;

	for (i = 0; i < count; i++) {
		struct ipcbox_msg *msg = msgs[i];

		if (msg->creds != creds)
			break;
		bytes += footprint(msg->len);
		if (msg->len > INLINE_MAX)
			release_pages_of(msg);
		if (is_small(msg->len))
			msgs[small++] = msg;
		else
			free_object_of(msg);
	}
	ipcbox_cache_free_many(creds, (void **)msgs, small);
	ipcbox_account_uncharge(creds->account, IPCBOX_BYTES, bytes);
	ipcbox_creds_put_many(creds, i);
	return i;
}

/**
 * ipcbox_msg_free_many() - free messages and give back what they were charged
 * @msgs: the messages, in no queue; the array is overwritten
 * @count: how many
 */
void ipcbox_msg_free_many(struct ipcbox_msg **msgs, unsigned int count)
{
	unsigned int done = 0;

	while (done < count)
		done += free_row(msgs + done, count - done);
}

/* ---- on the stack -------------------------------------------------------- */

/**
 * ipcbox_small_init() - make a message on the stack
 * @small: the message
 * @creds: who sends it; held by the caller as long as the message is there
 * @data: the payload, in user memory
 * @len: its length, not above %IPCBOX_MSGSIZE_MAX
 * @lane: as for ipcbox_msg_create(); a short one need not be charged
 * @options: as for ipcbox_msg_create()
 * @payload: out: a message of its own that has the payload, to be freed, if it is
 *	too long for this one; otherwise NULL
 *
 * The caller sets tag and priority.
 *
 * Return: 0 or as for ipcbox_msg_create().
 * Context: may sleep.
 */
int ipcbox_small_init(union ipcbox_small *small, struct ipcbox_creds *creds,
		      const void __user *data, u32 len,
		      struct ipcbox_lane *lane,
		      const struct ipcbox_wait_options *options,
		      struct ipcbox_msg **payload)
{
	struct ipcbox_msg *msg = &small->msg;

	msg_set(msg, creds, len);
	*payload = NULL;
	if (len > IPCBOX_SMALL_MAX) {
		*payload = ipcbox_msg_create(creds, data, len, lane, options);
		return PTR_ERR_OR_ZERO(*payload);
	}
	return ipcbox_copy_from_user(small->bytes + HEADER, data, len);
}

/**
 * ipcbox_small_copy() - copy a message from one stack to another
 * @to: where to; of its own are only the places in a queue
 * @from: where from
 */
void ipcbox_small_copy(union ipcbox_small *to, const union ipcbox_small *from)
{
	u32 len = from->msg.len <= IPCBOX_SMALL_MAX ? from->msg.len : 0;

	memcpy(to->bytes + offsetof(struct ipcbox_msg, arrival),
	       from->bytes + offsetof(struct ipcbox_msg, arrival),
	       HEADER - offsetof(struct ipcbox_msg, arrival) + len);
}
