// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_ROOM 65536

/* One byte more than a message may have is enough to see that it is too long. */
#define MOST_ROOM (IPCBOX_MSGSIZE_MAX + 1)

void input_init(struct input *input, int fd, int delimiter)
{
	*input = (struct input){ .fd = fd, .delimiter = delimiter };
}

void input_deinit(struct input *input)
{
	free(input->data);
}

static int make_room(struct input *input)
{
	size_t room = input->room ? 2 * input->room : FIRST_ROOM;
	char *data;

	if (input->begin) {
		memmove(input->data, input->data + input->begin, input->end - input->begin);
		input->end -= input->begin;
		input->begin = 0;
	}
	if (input->end < input->room)
		return 0;
	if (room > MOST_ROOM)
		room = MOST_ROOM;
	data = realloc(input->data, room);
	if (!data)
		return -ENOMEM;
	input->data = data;
	input->room = room;
	return 0;
}

static int read_more(struct input *input)
{
	int err = make_room(input);
	ssize_t got;

	if (err)
		return err;
	do
		got = read(input->fd, input->data + input->end, input->room - input->end);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	input->ended = got == 0;
	input->end += (size_t)got;
	return 0;
}

/* Hands out @len bytes, and leaves out @skip behind them. */
static int hand_out(struct input *input, const char **data, size_t *len, size_t skip)
{
	*data = input->data + input->begin;
	input->begin += *len + skip;
	return 1;
}

static const char *find_delimiter(const struct input *input, size_t from)
{
	const char *begin = input->data + input->begin;
	size_t len = input->end - input->begin;

	if (input->delimiter == NO_DELIMITER || len == from)
		return NULL;
	return memchr(begin + from, input->delimiter, len - from);
}

/*
 * Return: 1 with a message that is valid until the next call, 0 at the end, or a
 * negative errno. A file that is taken whole is one message, also if it is empty;
 * what is too long for a message comes cut to MOST_ROOM bytes.
 */
int input_next(struct input *input, const char **data, size_t *len)
{
	bool whole = input->delimiter == NO_DELIMITER;
	size_t seen = 0;
	const char *found;
	int err;

	if (input->ended && (whole || input->begin == input->end))
		return 0;
	for (;;) {
		found = find_delimiter(input, seen);
		seen = input->end - input->begin;
		*len = seen;
		if (found) {
			*len = (size_t)(found - input->data) - input->begin;
			return hand_out(input, data, len, 1);
		}
		if (seen == MOST_ROOM)
			return hand_out(input, data, len, 0);
		if (input->ended)
			return whole || seen ? hand_out(input, data, len, 0) : 0;
		err = read_more(input);
		if (err)
			return err;
	}
}
