/* SPDX-License-Identifier: MIT */
/*
 * The few operations on shared memory that the buffer is made of, by their names in
 * the Linux kernel. They are the built-in ones of gcc and clang, so the same in C and
 * C++, and they say by their types nothing about the variable: it is one plain word.
 */
#ifndef IPCBOX_ATOMIC_H
#define IPCBOX_ATOMIC_H

#include <stdint.h>

#include <linux/types.h>

/* What the other side wrote before it wrote this value is seen after. */
static inline uint64_t ipcbox_load_acquire(const __u64 *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline uint32_t ipcbox_load_relaxed32(const __u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* Change it if it is as it was seen. */
static inline int ipcbox_cmpxchg(__u64 *word, uint64_t seen, uint64_t value)
{
#if defined(__i386__)
	unsigned char done;

	/*
	 * As below, but for the test. QEMU 7.2 may give back flags that no processor has
	 * after this instruction (TF among them), until others are set; if an interrupt comes
	 * before that, the program dies. So others are set at once.
	 */
	__asm__ __volatile__("lock cmpxchg8b %1\n\tsete %0\n\ttestb %0, %0"
			     : "=q"(done), "+m"(*word), "+A"(seen)
			     : "b"((uint32_t)value), "c"((uint32_t)(value >> 32))
			     : "memory", "cc");
	return done;
#else
	__u64 expected = seen;

	return __atomic_compare_exchange_n(word, &expected, value, 0, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
#endif
}

static inline void ipcbox_exchange(__u64 *word, uint64_t value)
{
#if defined(__i386__)
	/*
	 * A few times, and more often if others write. Who writes on and on would undo it
	 * the next moment anyway.
	 */
	for (int tries = 65536; tries && !ipcbox_cmpxchg(word, ipcbox_load_acquire(word), value);)
		tries--;
#else
	__atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
#endif
}

/*
 * A full barrier, between a cmpxchg or exchange and the load of what another may have
 * stored before. On x86 these are one already.
 */
static inline void ipcbox_barrier_after_atomic(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* Between two loads. On x86 they are in order already. */
static inline void ipcbox_barrier_acquire(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

#endif /* IPCBOX_ATOMIC_H */
