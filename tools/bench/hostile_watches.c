// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Epoll watches that a sender hangs on the box of another: so many fds that each is watched
 * by as many epolls.
 */
#include "hostile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <ipcbox.h>

#define MAX_SIDE 400

static char port_name[64];
static size_t wanted; /* watches */

/* The fds of the load; all that was opened, so that it can be closed again. */
static int fds[MAX_SIDE], epolls[MAX_SIDE];

static int open_sender(pid_t peer)
{
	return peer ? ipcbox_link_open(peer, 0) : ipcbox_port_open(port_name, IPCBOX_SENDER);
}

static int watch_all(int epoll, size_t side)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	size_t i;

	for (i = 0; i < side; i++)
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event))
			return -errno;
	return 0;
}

static size_t side(void)
{
	size_t count = wanted ? scaled(wanted) : 0, side = 0;

	while (side < MAX_SIDE && (side + 1) * (side + 1) <= count)
		side++;
	return side;
}

/* On the mailbox of @peer, or on the port if that is 0. */
static int make_watches(pid_t peer)
{
	size_t i;
	int err = 0;

	for (i = 0; i < side(); i++) {
		fds[i] = open_sender(peer);
		if (fds[i] < 0)
			return fds[i];
	}
	for (i = 0; i < side() && !err; i++) {
		epolls[i] = epoll_create1(EPOLL_CLOEXEC);
		err = epolls[i] < 0 ? -errno : watch_all(epolls[i], side());
	}
	return err;
}

static void drop_watches(void)
{
	size_t i;

	for (i = 0; i < side(); i++)
		close(epolls[i]);
	for (i = 0; i < side(); i++)
		close(fds[i]);
}

/* ---- receive ------------------------------------------------------------- */

/* All messages are there before the first is received, and there is room for more. */
static int send_all(struct workers *workers, const struct role *role)
{
	struct channel *channel = role->sends;
	size_t left = workers_total(workers);
	int ret = make_watches(channel->shared ? channel->shared->pid : 0);
	uint64_t word;

	for (; left && ret >= 0; left--)
		ret = ipcbox_send(channel->out, workers->data, channel->bytes);
	if (ret >= 0)
		ret = words_send(&hostile_words.begun, 0);
	return ret < 0 ? ret : words_get(&hostile_words.begin, &word);
}

static int receive_many(struct workers *workers, const struct role *role, size_t count)
{
	ssize_t ret = 0;

	for (; count && ret >= 0; count--)
		ret = ipcbox_recv(role->receives->in, workers->data, role->receives->bytes);
	return ret < 0 ? (int)ret : 0;
}

static int receive(struct workers *workers, const struct role *role)
{
	unsigned int round;
	uint64_t word;
	int ret;

	hostile_go_first(HOSTILE_VICTIM);
	ret = words_get(&hostile_words.begun, &word);
	if (!ret)
		ret = receive_many(workers, role, workers->warm);
	rounds_start();
	for (round = 0; round < settings.rounds && !ret; round++) {
		ret = receive_many(workers, role, workers->count);
		rounds_lap(workers);
	}
	return ret ?: words_send(&hostile_words.begin, 0);
}

/* Unlike the port of the other cases it keeps its name, by which the load opens it. */
static int open_port(struct channel *channel, size_t messages)
{
	struct ipcbox_options *options = NULL;

	if (ipcbox_options_new(&options))
		return -ENOMEM;
	ipcbox_options_set_messages(options, messages);
	ipcbox_options_set_bytes(options, messages * channel->bytes);
	ipcbox_options_set_msgsize(options, channel->bytes);
	channel->in = ipcbox_port_create(port_name, IPCBOX_SENDER | IPCBOX_RECEIVER, options);
	channel->out = channel->in;
	ipcbox_options_free(options);
	return channel->in < 0 ? channel->in : 0;
}

static void run_receive(struct workers *workers, struct channel *channel,
			const struct subject *subject)
{
	struct role roles[] = {
		{ 1, channel, NULL, receive, 0, false },
		{ 1, NULL, channel, send_all, 0, false },
		{ 0 },
	};

	workers_run(workers, roles, subject);
}

void hostile_receive(const struct system *system, size_t bytes, size_t watches)
{
	struct subject subject = { "", system->name, bytes, 1 };
	struct workers workers = { .count = scaled(40), .warm = scaled(20) };
	size_t messages = workers_total(&workers) + QUEUE_MESSAGES;
	bool port = !strcmp(system->name, "ipcbox-port");
	struct channel channel = hostile_channel(bytes);
	int err;

	wanted = watches;
	snprintf(subject.name, sizeof(subject.name), "hostile-receive-%zu", watches);
	new_name(port_name, sizeof(port_name), "");
	if (port)
		err = open_port(&channel, messages);
	else
		err = channel_open(&channel, system, bytes, messages);
	if (err) {
		add_skip(&subject, "cannot open: %s", strerror(-err));
		return;
	}
	run_receive(&workers, &channel, &subject);
	if (port) {
		close(channel.in);
		ipcbox_port_delete(port_name, 0);
	} else {
		channel_close(&channel);
	}
}

/* ---- exit ---------------------------------------------------------------- */

/* Anew for each victim, until one is said to be 0. */
static int watch_victims(struct workers *workers, const struct role *role)
{
	uint64_t victim;
	int err;

	(void)workers;
	(void)role;
	for (;;) {
		err = words_get(&hostile_words.begin, &victim);
		if (err)
			return err;
		drop_watches();
		if (!victim)
			return 0;
		err = make_watches((pid_t)victim) ?: words_send(&hostile_words.begun, 0);
		if (err)
			return err;
	}
}

static int have_mailbox(const struct role *role)
{
	(void)role;
	return ipcbox_mailbox_open(0, NULL);
}

static int kill_watched(struct workers *workers, const struct role *role)
{
	unsigned int round;
	double took = 0;
	int err;

	hostile_go_first(HOSTILE_CLOCK);
	err = hostile_kill(have_mailbox, role, &took);
	for (round = 0; round < settings.rounds && !err; round++) {
		err = hostile_kill(have_mailbox, role, &took);
		rounds_add(workers, took);
	}
	return err ?: words_send(&hostile_words.begin, 0);
}

void hostile_exit_watched(const struct system *system, size_t bytes, size_t watches)
{
	struct subject subject = { "", system->name, bytes, 1 };
	struct channel channel = hostile_channel(bytes);
	struct workers workers = { .count = 1, .warm = 1 };
	struct role roles[] = {
		{ 1, &channel, NULL, kill_watched, 0, false },
		{ 1, NULL, &channel, watch_victims, 0, false },
		{ 0 },
	};

	wanted = watches;
	memset(fds, -1, sizeof(fds));
	memset(epolls, -1, sizeof(epolls));
	snprintf(subject.name, sizeof(subject.name), "hostile-exit-%zu", watches);
	workers_run(&workers, roles, &subject);
}
