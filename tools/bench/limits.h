/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: limits
 *
 * What the systems are limited to is raised where that is allowed, and put back at
 * the end. Where it is not, a case says what it could not have.
 */
#ifndef BENCH_LIMITS_H
#define BENCH_LIMITS_H

void limits_raise(void);
void limits_restore(void);

#endif /* BENCH_LIMITS_H */
