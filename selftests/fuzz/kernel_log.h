/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's log, and whether it complains there. */
#ifndef FUZZ_KERNEL_LOG_H
#define FUZZ_KERNEL_LOG_H

#include <stdbool.h>

/*
 * PATTERN is an extended regular expression of what a complaint has. Return: whether
 * the log can be watched.
 */
bool kernel_log_watch(const char *pattern);

/* A complaint since this was asked last, or NULL. */
const char *kernel_log_complaint(void);

#endif /* FUZZ_KERNEL_LOG_H */
