// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Boost.Interprocess's message queue: shared memory with a lock and two conditions. */
#include <boost/interprocess/ipc/message_queue.hpp>

#include <cerrno>

extern "C" {
#include "system.h"
}

using boost::interprocess::create_only;
using boost::interprocess::message_queue;

/* Its name goes at once, so that none is left behind. */
static int open_queue(struct channel *channel)
{
	char name[64];

	new_name(name, sizeof(name), "");
	try {
		channel->room = new message_queue(create_only, name, (1 << 20) / channel->bytes,
						  channel->bytes);
		message_queue::remove(name);
	} catch (...) {
		return -ENOMEM;
	}
	return 0;
}

static void close_queue(struct channel *channel)
{
	delete static_cast<message_queue *>(channel->room);
}

static int send_message(struct channel *channel, const void *data)
{
	static_cast<message_queue *>(channel->room)->send(data, channel->bytes, 0);
	return 0;
}

static int recv_message(struct channel *channel, void *data)
{
	message_queue::size_type len;
	unsigned int priority;

	static_cast<message_queue *>(channel->room)->receive(data, channel->bytes, len, priority);
	return 0;
}

extern "C" {
extern const struct system boost_system;
const struct system boost_system = {
	.name = "boost-mq",
	.summary = "Boost.Interprocess: message queue",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | MANY_RECEIVERS,
	.holds = 1 << 20,
	.open = open_queue,
	.send = send_message,
	.recv = recv_message,
	.close = close_queue,
};
}
