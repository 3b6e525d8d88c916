// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * usage: viewer PICTURE
 *
 * Takes the rows of a picture from a buffer, in any order, until all are there, and shows
 * them.
 */
#include "demo.h"
#include "picture.h"

#include <ipcbox_buffer.h>

#include <stdio.h>
#include <string.h>

static struct line lines[ROWS]; /* of painter 0: not yet there */

/* Return: whether it is one that was not there yet. */
static int take(const struct ipcbox_slot *slot)
{
	struct line line;

	if (slot->len != sizeof(line))
		return 0;
	memcpy(&line, slot->data, sizeof(line));
	if (line.row < 0 || line.row >= ROWS || line.painter <= 0 || lines[line.row].painter)
		return 0;
	lines[line.row] = line;
	return 1;
}

static void show(void)
{
	int row;

	for (row = 0; row < ROWS; row++)
		say("%2d by painter %d |%.*s|", row, lines[row].painter, COLUMNS,
		    lines[row].pixels);
}

int main(int argc, char **argv)
{
	struct ipcbox_buffer *picture;
	struct ipcbox_slot slot;
	int missing = ROWS;
	int err;

	be("viewer");
	if (argc != 2) {
		fprintf(stderr, "usage: viewer PICTURE\n");
		return 2;
	}
	err = ipcbox_buffer_map(ipcbox_buffer_open(argv[1], IPCBOX_RECEIVER), &picture);
	if (err)
		die(err, "opening the picture");
	while (missing) {
		err = ipcbox_buffer_peek(picture, &slot, ipcbox_deadline_ms(10000));
		if (err)
			die(err, "waiting for a row");
		missing -= take(&slot);
		ipcbox_buffer_release(picture, &slot);
	}
	show();
	say("all %d rows are there, each whole", ROWS);
	return 0;
}
