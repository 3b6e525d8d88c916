/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_COPY_H
#define _IPCBOX_COPY_H

/**
 * DOC: copy
 *
 * Short copies from and to user memory, in words: for what is known to fit where it
 * goes, and where a call of copy_from_user(), with what it checks, would cost more
 * than the copy. Four words in a row keep the loop from costing as much as they do,
 * and what is left is less than four.
 * Always inline: no function may be called while user memory can be accessed.
 */

#include <linux/build_bug.h>
#include <linux/fault-inject-usercopy.h>
#include <linux/uaccess.h>

/* @to has room for @size bytes; both are aligned as words are, or it is slow. */
static __always_inline int
ipcbox_copy_from_user(void *to, const void __user *from, size_t size)
{
	const unsigned long __user *in = from;
	const u8 __user *rest;
	unsigned long *out = to;
	u8 *out_rest;

	/* Then the pointer means nothing. */
	if (!size)
		return 0;
	if (should_fail_usercopy() || !user_read_access_begin(from, size))
		return -EFAULT;
	for (; size >= 4 * sizeof(*out); size -= 4 * sizeof(*out)) {
		unsafe_get_user(out[0], in, fault);
		unsafe_get_user(out[1], in + 1, fault);
		unsafe_get_user(out[2], in + 2, fault);
		unsafe_get_user(out[3], in + 3, fault);
		in += 4;
		out += 4;
	}
	if (size & 2 * sizeof(*out)) {
		unsafe_get_user(out[0], in, fault);
		unsafe_get_user(out[1], in + 1, fault);
		in += 2;
		out += 2;
	}
	if (size & sizeof(*out))
		unsafe_get_user(*out++, in++, fault);
	rest = (const u8 __user *)in;
	for (out_rest = (u8 *)out, size %= sizeof(*out); size; size--)
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

	if (!size)
		return 0;
	if (should_fail_usercopy() || !user_write_access_begin(to, size))
		return -EFAULT;
	for (; size >= 4 * sizeof(*in); size -= 4 * sizeof(*in)) {
		unsafe_put_user(in[0], out, fault);
		unsafe_put_user(in[1], out + 1, fault);
		unsafe_put_user(in[2], out + 2, fault);
		unsafe_put_user(in[3], out + 3, fault);
		in += 4;
		out += 4;
	}
	if (size & 2 * sizeof(*in)) {
		unsafe_put_user(in[0], out, fault);
		unsafe_put_user(in[1], out + 1, fault);
		in += 2;
		out += 2;
	}
	if (size & sizeof(*in))
		unsafe_put_user(*in++, out++, fault);
	rest = (u8 __user *)out;
	for (in_rest = (const u8 *)in, size %= sizeof(*in); size; size--)
		unsafe_put_user(*in_rest++, rest++, fault);
	user_write_access_end();
	return 0;

fault:
	user_write_access_end();
	return -EFAULT;
}

/*
 * The first @size bytes, that is two or four words, of each of @count structs that
 * lie @stride bytes apart in user memory, one behind the other.
 */
static __always_inline int
ipcbox_gather_from_user(void *to, size_t size, const void __user *from,
			size_t stride, unsigned int count)
{
	const unsigned long __user *in;
	unsigned long *out = to;

	BUILD_BUG_ON(size != 2 * sizeof(*out) && size != 4 * sizeof(*out));
	if (should_fail_usercopy() || !user_read_access_begin(from, stride * count))
		return -EFAULT;
	for (; count; count--, from += stride) {
		in = from;
		unsafe_get_user(out[0], in, fault);
		unsafe_get_user(out[1], in + 1, fault);
		if (size > 2 * sizeof(*out)) {
			unsafe_get_user(out[2], in + 2, fault);
			unsafe_get_user(out[3], in + 3, fault);
		}
		out += size / sizeof(*out);
	}
	user_read_access_end();
	return 0;

fault:
	user_read_access_end();
	return -EFAULT;
}

#endif /* _IPCBOX_COPY_H */
