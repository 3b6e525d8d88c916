/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Helpers of the demo's programs; none of them is needed to use ipcbox. */
#ifndef DEMO_H
#define DEMO_H

#include <stddef.h>
#include <stdint.h>

/* Lines of several processes come out whole, and begin with the name of the process. */
void be(const char *who);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Say what failed in libipcbox, and end. */
void die(int err, const char *what) __attribute__((noreturn));

double seconds(void);

/*
 * Read a whole file to @buf + @keep, where @buf is an earlier one or NULL and grows.
 * Return: the length of the file.
 */
size_t load(const char *path, char **buf, size_t *room, size_t keep);

#endif /* DEMO_H */
