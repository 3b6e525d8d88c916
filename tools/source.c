// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

void source_close(struct source *source)
{
	ipcbox_msg_free(source->msg);
	close_target(source->fd, source->buffer);
}

static int take_of_buffer(struct source *source, struct message *message, uint64_t deadline)
{
	int err = ipcbox_buffer_peek(source->buffer, &message->slot, deadline);

	if (err)
		return err;
	message->data = message->slot.data;
	message->len = message->slot.len;
	message->tag = message->slot.tag;
	message->number = ++source->taken;
	return 0;
}

static int take_of_box(struct source *source, struct message *message, pid_t from,
		       uint64_t deadline)
{
	int err = ipcbox_recv_msg(source->fd, &source->msg, from, deadline);

	if (err)
		return err;
	message->msg = source->msg;
	message->data = ipcbox_msg_data(source->msg);
	message->len = ipcbox_msg_len(source->msg);
	message->tag = ipcbox_msg_tag(source->msg);
	message->number = ipcbox_msg_seq(source->msg);
	return 0;
}

int source_take(struct source *source, struct message *message, pid_t from, uint64_t deadline)
{
	*message = (struct message){ .msg = NULL };
	if (source->buffer)
		return take_of_buffer(source, message, deadline);
	return take_of_box(source, message, from, deadline);
}

/* If it fails the buffer was spoiled, and the next take tells. */
void source_release(struct source *source, const struct message *message)
{
	if (source->buffer)
		ipcbox_buffer_release(source->buffer, &message->slot);
}

bool source_put_back(struct source *source, const struct message *message)
{
	return source->buffer && !ipcbox_buffer_put_back(source->buffer, &message->slot);
}
