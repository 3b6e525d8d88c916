/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_COPY_H
#define _IPCBOX_COPY_H

/**
 * DOC: copy
 *
 * Short copies from and to user memory, in words: for what is known to fit where it
 * goes, and where a call of copy_from_user(), with what it checks, would cost more
 * than the copy. Four words in a row keep the loop from costing as much as they do.
 * Always inline: no function may be called while user memory can be accessed.
 */

#include <linux/uaccess.h>

/* @to has room for @size bytes; both are aligned as words are, or it is slow. */
static __always_inline int
ipcbox_copy_from_user(void *to, const void __user *from, size_t size)
{
	const unsigned long __user *in = from;
	const u8 __user *rest;
	unsigned long *out = to;
	u8 *out_rest;

	/* The fast way is no point where a fault can be injected. */
	if (IS_ENABLED(CONFIG_FAULT_INJECTION_USERCOPY))
		return copy_from_user(to, from, size) ? -EFAULT : 0;
	if (!user_read_access_begin(from, size))
		return -EFAULT;
	for (; size >= 4 * sizeof(*out); size -= 4 * sizeof(*out)) {
		unsafe_get_user(out[0], in, fault);
		unsafe_get_user(out[1], in + 1, fault);
		unsafe_get_user(out[2], in + 2, fault);
		unsafe_get_user(out[3], in + 3, fault);
		in += 4;
		out += 4;
	}
	for (; size >= sizeof(*out); size -= sizeof(*out))
		unsafe_get_user(*out++, in++, fault);
	rest = (const u8 __user *)in;
	for (out_rest = (u8 *)out; size; size--)
		unsafe_get_user(*out_rest++, rest++, fault);
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EFAULT;
}

/* @from has @size bytes; likewise. */
static __always_inline int
ipcbox_copy_to_user(void __user *to, const void *from, size_t size)
{
	unsigned long __user *out = to;
	const unsigned long *in = from;
	u8 __user *rest;
	const u8 *in_rest;

	if (IS_ENABLED(CONFIG_FAULT_INJECTION_USERCOPY))
		return copy_to_user(to, from, size) ? -EFAULT : 0;
	if (!user_write_access_begin(to, size))
		return -EFAULT;
	for (; size >= 4 * sizeof(*in); size -= 4 * sizeof(*in)) {
		unsafe_put_user(in[0], out, fault);
		unsafe_put_user(in[1], out + 1, fault);
		unsafe_put_user(in[2], out + 2, fault);
		unsafe_put_user(in[3], out + 3, fault);
		in += 4;
		out += 4;
	}
	for (; size >= sizeof(*in); size -= sizeof(*in))
		unsafe_put_user(*in++, out++, fault);
	rest = (u8 __user *)out;
	for (in_rest = (const u8 *)in; size; size--)
		unsafe_put_user(*in_rest++, rest++, fault);
	user_write_access_end();
	return 0;

fault:
	user_write_access_end();
	return -EFAULT;
}

#endif /* _IPCBOX_COPY_H */
