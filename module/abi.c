// SPDX-License-Identifier: GPL-2.0
/*
 * The compiler refuses a struct of the uapi with a hole: it could leak kernel memory, and
 * would be another one in another word size. selftests/abi_layout.c pins sizes and offsets.
 */
#include <linux/types.h>

#pragma GCC diagnostic error "-Wpadded"
#include <linux/ipcbox.h>
#include <linux/ipcbox_buffer.h>
