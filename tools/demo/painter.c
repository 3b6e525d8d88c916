// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * usage: painter NUMBER ROWS PICTURE
 *
 * Takes the number of a row from one buffer and paints that row into the other, where it
 * lies, until the buffers are removed. The row is given back only when it is painted, so
 * that another paints it if this one dies.
 */
#include "demo.h"
#include "picture.h"

#include <ipcbox_buffer.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PIXEL_US 1000 /* that it takes to paint one */
#define REST_US 1000000

static int number;
static unsigned int painted;

/* How long a point stays near, in the map that Mandelbrot drew. */
static char shade(int column, int row)
{
	static const char shades[] = " .:-=+*#%@";
	double cx = -2.2 + 3.2 * column / COLUMNS;
	double cy = -1.2 + 2.4 * row / ROWS;
	double x = 0, y = 0, next;
	int n;

	for (n = 0; n < 36 && x * x + y * y < 4; n++) {
		next = x * x - y * y + cx;
		y = 2 * x * y + cy;
		x = next;
	}
	return shades[n / 4];
}

/* In its second row each takes a rest, half-way. */
static void paint(struct line *line, int row)
{
	int column;

	line->row = row;
	line->painter = number;
	for (column = 0; column < COLUMNS; column++) {
		line->pixels[column] = shade(column, row);
		usleep(PIXEL_US);
		if (painted == 1 && column == COLUMNS / 2) {
			say("row %d is half painted; I take a rest", row);
			usleep(REST_US);
		}
	}
}

static int paint_in_place(struct ipcbox_buffer *picture, int row)
{
	struct ipcbox_slot slot;
	int err = ipcbox_buffer_reserve(picture, &slot, sizeof(struct line), IPCBOX_FOREVER);

	if (err)
		return err;
	paint(slot.data, row);
	return ipcbox_buffer_commit(picture, &slot);
}

static int row_of(const struct ipcbox_slot *slot)
{
	char digits[8];

	snprintf(digits, sizeof(digits), "%.*s", (int)slot->len, (const char *)slot->data);
	return atoi(digits);
}

static struct ipcbox_buffer *map(const char *name, unsigned int flags)
{
	struct ipcbox_buffer *buffer;
	int err = ipcbox_buffer_map(ipcbox_buffer_open(name, flags), &buffer);

	if (err)
		die(err, name);
	return buffer;
}

int main(int argc, char **argv)
{
	struct ipcbox_buffer *rows, *picture;
	struct ipcbox_slot row;
	char who[32];
	int err;

	if (argc != 4) {
		fprintf(stderr, "usage: painter NUMBER ROWS PICTURE\n");
		return 2;
	}
	number = atoi(argv[1]);
	snprintf(who, sizeof(who), "painter %d", number);
	be(who);
	rows = map(argv[2], IPCBOX_RECEIVER);
	picture = map(argv[3], IPCBOX_SENDER);
	while (!(err = ipcbox_buffer_peek(rows, &row, IPCBOX_FOREVER))) {
		err = paint_in_place(picture, row_of(&row));
		if (err)
			break;
		ipcbox_buffer_release(rows, &row);
		painted++;
	}
	if (err != -EIDRM)
		die(err, "painting");
	say("done: %u rows", painted);
	return 0;
}
