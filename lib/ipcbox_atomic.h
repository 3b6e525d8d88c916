/* SPDX-License-Identifier: MIT */
/*
 * The few operations on shared memory that buffers use, with their names in the Linux
 * kernel. They are built-in functions of gcc and clang, so the same in C and C++, and work
 * on plain words of any type.
 */
#ifndef IPCBOX_ATOMIC_H
#define IPCBOX_ATOMIC_H

#include <stdint.h>

#include <linux/types.h>

/* After it, this side sees everything that the other wrote before it wrote the value. */
static inline uint64_t ipcbox_load_acquire(const __u64 *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline uint32_t ipcbox_load_relaxed32(const __u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* Change the word if it still has the value that was seen. */
static inline int ipcbox_cmpxchg(__u64 *word, uint64_t seen, uint64_t value)
{
#if defined(__i386__)
	unsigned char done;

	/*
	 * As below, with a test added. After this instruction QEMU 7.2 may return flags that
	 * no processor sets (TF among them) until an instruction sets them anew; if an
	 * interrupt comes before that, the program dies. The test sets them at once.
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
	 * One try, or more if other processes write. A process that never stops writing would
	 * undo the exchange the next moment anyway.
	 */
	for (int tries = 65536; tries && !ipcbox_cmpxchg(word, ipcbox_load_acquire(word), value);)
		tries--;
#else
	__atomic_exchange_n(word, value, __ATOMIC_SEQ_CST);
#endif
}

/*
 * A full barrier, between a cmpxchg or exchange and the load of a value that another side
 * may have stored. On x86 those operations are full barriers already.
 */
static inline void ipcbox_barrier_after_atomic(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* Between two loads. x86 keeps their order without it. */
static inline void ipcbox_barrier_acquire(void)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

#endif /* IPCBOX_ATOMIC_H */
