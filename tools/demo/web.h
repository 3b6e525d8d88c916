/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: The messages between browser and web server
 *
 * A request is the name of a file. The answer is the file in pieces, and then a
 * message that ends it; the tag tells which is which.
 */
#ifndef WEB_H
#define WEB_H

#include <stddef.h>
#include <stdint.h>

enum {
	TAG_PIECE, /* some bytes of the file */
	TAG_END,   /* struct web_end: that was all */
	TAG_ERROR, /* why there is no such file, in words */
};

struct web_end {
	uint64_t len;
	uint64_t checksum;
};

#define PIECE 32768 /* bytes */

/* FNV-1a, of a file in pieces: begin with NO_CHECKSUM, go on with the last one. */
#define NO_CHECKSUM UINT64_C(0xcbf29ce484222325)

static inline uint64_t add_checksum(uint64_t sum, const void *data, size_t len)
{
	const unsigned char *byte = data;

	while (len--)
		sum = (sum ^ *byte++) * UINT64_C(0x100000001b3);
	return sum;
}

#endif /* WEB_H */
