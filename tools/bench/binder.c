// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Android's binder: a transaction and its reply. The server is the context manager,
 * which every client reaches by the handle 0. A message arrives in memory that the
 * driver shares with the receiver, which gives it back with the next command; nothing
 * is copied out of it, as in a program for binder.
 */
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/android/binder.h>

#define DEVICE "/dev/binder"
#define MAPPED (1 << 20) /* for what arrives */
#define PTR_TO_U64(ptr) ((uint64_t)(uintptr_t)(ptr))

/* Commands, as the driver reads them, one after the other. */
struct commands {
	size_t size;
	unsigned char bytes[128];
};

/* The last message, which the next command gives back. Each process has its own. */
static uint64_t arrived;

static int open_device(struct channel *channel)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	(void)channel;
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static void close_device(struct channel *channel)
{
	(void)channel;
}

static int attach(struct channel *channel)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	channel->room = mmap(NULL, MAPPED, PROT_READ, MAP_PRIVATE, fd, 0);
	if (channel->room == MAP_FAILED)
		return -errno;
	channel->in = fd;
	channel->out = fd;
	arrived = 0;
	return 0;
}

static void add(struct commands *commands, uint32_t command, const void *data, size_t size)
{
	memcpy(commands->bytes + commands->size, &command, sizeof(command));
	commands->size += sizeof(command);
	memcpy(commands->bytes + commands->size, data, size);
	commands->size += size;
}

static void add_data(struct commands *commands, uint32_t command, const void *data, size_t bytes)
{
	struct binder_transaction_data transaction = {
		.data_size = bytes,
		.data.ptr.buffer = PTR_TO_U64(data),
	};

	if (arrived)
		add(commands, BC_FREE_BUFFER, &arrived, sizeof(arrived));
	arrived = 0;
	add(commands, command, &transaction, sizeof(transaction));
}

/* Return: 1: a transaction or reply is there, 0: not yet, or a negative errno. */
static int parse(const unsigned char *bytes, size_t size, char *data)
{
	struct binder_transaction_data transaction;
	uint32_t answer;
	size_t at = 0;

	while (at + sizeof(answer) <= size) {
		memcpy(&answer, bytes + at, sizeof(answer));
		at += sizeof(answer);
		switch (answer) {
		case BR_NOOP:
		case BR_TRANSACTION_COMPLETE:
			break;
		case BR_TRANSACTION:
		case BR_REPLY:
			memcpy(&transaction, bytes + at, sizeof(transaction));
			arrived = transaction.data.ptr.buffer;
			*data = *(const char *)(uintptr_t)arrived;
			return 1;
		default:
			return -EPROTO;
		}
	}
	return 0;
}

/* Give the driver commands, and wait until something arrives. */
static int exchange(int fd, struct commands *commands, char *data)
{
	unsigned char answers[256];
	struct binder_write_read req = {
		.write_buffer = PTR_TO_U64(commands->bytes),
		.write_size = commands->size,
		.read_buffer = PTR_TO_U64(answers),
		.read_size = sizeof(answers),
	};
	int ret;

	do {
		req.read_consumed = 0;
		if (ioctl(fd, BINDER_WRITE_READ, &req) < 0)
			return -errno;
		ret = parse(answers, req.read_consumed, data);
		req.write_size = 0;
		req.write_consumed = 0;
	} while (!ret);
	return ret < 0 ? ret : 0;
}

/* Commands that nothing is to arrive for. */
static int give(int fd, struct commands *commands)
{
	struct binder_write_read req = {
		.write_buffer = PTR_TO_U64(commands->bytes),
		.write_size = commands->size,
	};

	return ioctl(fd, BINDER_WRITE_READ, &req) < 0 ? -errno : 0;
}

/* The manager of the measurement before may still be on its way out. */
static int attach_server(struct channel *channel)
{
	struct commands commands = { 0 };
	int err = attach(channel), tries = 200, none = 0;

	if (err)
		return err;
	while (ioctl(channel->in, BINDER_SET_CONTEXT_MGR, &none) < 0) {
		if (errno != EBUSY || !tries--)
			return -errno;
		usleep(10000);
	}
	add(&commands, BC_ENTER_LOOPER, "", 0);
	return give(channel->in, &commands);
}

static int call(struct channel *channel, void *data)
{
	struct commands commands = { 0 };

	add_data(&commands, BC_TRANSACTION, data, channel->bytes);
	return exchange(channel->out, &commands, data);
}

static int reply_recv(struct channel *channel, void *data, bool first)
{
	struct commands commands = { 0 };

	if (!first)
		add_data(&commands, BC_REPLY, data, channel->bytes);
	return exchange(channel->in, &commands, data);
}

static int reply_last(struct channel *channel, void *data)
{
	struct commands commands = { 0 };

	add_data(&commands, BC_REPLY, data, channel->bytes);
	return give(channel->in, &commands);
}

const struct system binder_system = {
	.name = "binder",
	.summary = "Android binder: a transaction and its reply",
	.promises = KEEPS_BOUNDS | CARRIES_PAYLOAD | MANY_SENDERS | ROUND_TRIPS_ONLY,
	.open = open_device,
	.attach_receiver = attach_server,
	.attach_sender = attach,
	.close = close_device,
	.call = call,
	.reply_recv = reply_recv,
	.reply_last = reply_last,
};
