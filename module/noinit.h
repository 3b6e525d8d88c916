/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_NOINIT_H
#define _IPCBOX_NOINIT_H

/*
 * For a large variable on the stack that is filled before it is read. Kernels that
 * clear all of the stack would clear it once more for each message, which costs as
 * much as to send one.
 */
#define IPCBOX_NOINIT __attribute__((__uninitialized__))

#endif /* _IPCBOX_NOINIT_H */
