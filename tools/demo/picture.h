/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: Shared by painters and the viewer
 *
 * A message in the buffer of rows is the number of a row, in decimal digits. One in the
 * buffer of the picture is a struct line.
 */
#ifndef PICTURE_H
#define PICTURE_H

enum { ROWS = 20, COLUMNS = 64 };

struct line {
	int row;
	int painter;
	char pixels[COLUMNS];
};

#endif /* PICTURE_H */
