/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: limits
 *
 * The limits of the systems are raised if that is allowed, and restored at the end.
 * Otherwise a case reports the limit that it met.
 */
#ifndef BENCH_LIMITS_H
#define BENCH_LIMITS_H

void limits_raise(void);
void limits_restore(void);

#endif /* BENCH_LIMITS_H */
