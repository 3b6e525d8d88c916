/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef BENCH_PAGES_H
#define BENCH_PAGES_H

/*
 * Touch all memory that this process shares and may write. After fork(2) each page of it
 * costs a fault at its first use, which would be measured with that use: with
 * a thousand processes for as long as each of them has not been all the way round a ring.
 *
 * It needs Linux 5.14; before, nothing is done.
 */
void bring_in_shared_pages(void);

#endif /* BENCH_PAGES_H */
