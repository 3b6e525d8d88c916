// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <unistd.h>

/* Before a message is taken that could then not be written. */
int output_check(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags < 0)
		return -errno;
	return (flags & O_ACCMODE) == O_RDONLY ? -EBADF : 0;
}

/*
 * A long write may have failed before the flush, and left errno behind. Output
 * that could not be written is dropped, so that the error is reported once.
 */
int output_flush(void)
{
	int err;

	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	err = errno ? -errno : -EIO;
	output_drop();
	return err;
}

/* Drop the output that is still in the buffer of stdout. */
void output_drop(void)
{
	__fpurge(stdout);
	clearerr(stdout);
}
