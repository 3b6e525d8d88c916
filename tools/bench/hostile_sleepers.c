// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Threads that sleep at the largest buffer for a message, and a ring that another process
 * spoiled: all its cells but the last few seem to be in the hand of a reader, and the last
 * ones are a message for each sleeper. A search for messages goes past all cells.
 */
#include "hostile.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <ipcbox.h>
#include <ipcbox_buffer.h>
#include <linux/ipcbox_buffer.h>

#define STACK_BYTES 16384
#define DEADLINE_NS 10000000
#define NOBODY 77 /* a number that no process here has */

static int buffer_fd;
static size_t sleepers;

/* Threads that came back, and wait for a byte to sleep again. */
static int returned;
static struct words gate;

static int wait_for_message(uint64_t deadline)
{
	struct ipcbox_buffer_wait req = {
		.size = sizeof(req),
		.flags = IPCBOX_RECEIVER,
		.deadline = deadline,
	};

	return ioctl(buffer_fd, IPCBOX_BUFFER_WAIT, &req) ? -errno : 0;
}

/* ---- the load ------------------------------------------------------------ */

static void *sleep_there(void *unused)
{
	uint64_t word;

	(void)unused;
	for (;;) {
		wait_for_message(0);
		__atomic_add_fetch(&returned, 1, __ATOMIC_SEQ_CST);
		if (words_get(&gate, &word))
			return NULL;
	}
}

static int start_sleepers(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	size_t left;
	int err = 0;

	words_open(&gate);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (left = sleepers; left && !err; left--)
		err = pthread_create(&thread, &attr, sleep_there, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}

static void set_positions(struct ipcbox_buffer *buffer, uint64_t free, uint64_t tail)
{
	__atomic_store_n(&buffer->ring->head, free << IPCBOX_HEAD_SHIFT, __ATOMIC_RELAXED);
	__atomic_store_n(&buffer->ring->free, free, __ATOMIC_RELAXED);
	__atomic_store_n(&buffer->ring->tail, tail, __ATOMIC_SEQ_CST);
}

static void calm(struct ipcbox_buffer *buffer)
{
	uint64_t cells = buffer->mask + 1, i;

	for (i = 0; i < cells; i++)
		__atomic_store_n(&buffer->cells[i].word, 0, __ATOMIC_RELAXED);
	set_positions(buffer, cells, cells);
}

static void spoil(struct ipcbox_buffer *buffer)
{
	const uint64_t ready = UINT64_C(1) << IPCBOX_WORD_LAP_SHIFT |
			       UINT64_C(1) << IPCBOX_WORD_CELLS_SHIFT | IPCBOX_CELL_READY;
	const uint64_t reading =
		ready ^ IPCBOX_CELL_READY ^ IPCBOX_CELL_READING ^ NOBODY << IPCBOX_WORD_OWNER_SHIFT;
	uint64_t cells = buffer->mask + 1, i;

	for (i = 0; i < cells; i++)
		__atomic_store_n(&buffer->cells[i].word, i + sleepers < cells ? reading : ready,
				 __ATOMIC_RELAXED);
	set_positions(buffer, cells, 2 * cells);
}

static int count_asleep(size_t *asleep)
{
	struct ipcbox_info *info = NULL;
	int err = ipcbox_stat(buffer_fd, &info);

	*asleep = err ? 0 : ipcbox_info_receivers(info);
	ipcbox_info_free(info);
	return err;
}

static int send_to_sleep(void)
{
	size_t asleep;
	int err, left;

	for (;;) {
		left = __atomic_exchange_n(&returned, 0, __ATOMIC_SEQ_CST);
		for (err = 0; left && !err; left--)
			err = words_send(&gate, 0);
		err = err ?: count_asleep(&asleep);
		if (err || asleep >= sleepers)
			return err;
		usleep(1000);
	}
}

/* All sleep at a good ring, which then becomes a bad one, until the victim ends it. */
static int be_load(struct workers *workers, const struct role *role)
{
	struct ipcbox_buffer *buffer;
	uint64_t word;
	int err;

	(void)workers;
	(void)role;
	err = ipcbox_buffer_map(buffer_fd, &buffer) ?: start_sleepers();
	hostile_go_first(HOSTILE_LOAD);
	for (;;) {
		err = err ?: words_get(&hostile_words.begin, &word);
		if (err || !word)
			return err;
		calm(buffer);
		err = send_to_sleep();
		if (sleepers)
			spoil(buffer);
		err = err ?: words_send(&hostile_words.begun, 0);
	}
}

/* ---- the victim ---------------------------------------------------------- */

static int wait_once(double *took)
{
	uint64_t start;
	int err = hostile_begin(1);

	if (err)
		return err;
	start = now_ns();
	err = wait_for_message(start + DEADLINE_NS);
	*took = now_ns() - start;
	return err == -ETIMEDOUT ? 0 : err;
}

static int wait_often(struct workers *workers, const struct role *role)
{
	struct ipcbox_buffer *buffer;
	unsigned int round;
	double took = 0;
	int err;

	(void)role;
	hostile_go_first(HOSTILE_CLOCK);
	err = ipcbox_buffer_map(buffer_fd, &buffer) ?: wait_once(&took);
	for (round = 0; round < settings.rounds && !err; round++) {
		err = wait_once(&took);
		rounds_add(workers, took);
	}
	return err ?: words_send(&hostile_words.begin, 0);
}

static void *wait_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		wait_for_message(now_ns() + DEADLINE_NS / 10);
	return NULL;
}

/* One thread waits again and again, also at the bad ring; the other reports "ready". */
static int map_and_wait(const struct role *role)
{
	struct ipcbox_buffer *buffer;
	pthread_t thread;
	int err = ipcbox_buffer_map(buffer_fd, &buffer);

	(void)role;
	return err ?: -pthread_create(&thread, NULL, wait_for_ever, NULL);
}

static int kill_waiting(struct workers *workers, const struct role *role)
{
	unsigned int round;
	double took = 0;
	int err;

	hostile_go_first(HOSTILE_CLOCK);
	err = hostile_kill(map_and_wait, role, &took);
	for (round = 0; round < settings.rounds && !err; round++) {
		err = hostile_kill(map_and_wait, role, &took);
		rounds_add(workers, took);
	}
	return err ?: words_send(&hostile_words.begin, 0);
}

static int open_largest(void)
{
	struct ipcbox_options *options = NULL;
	char name[64];
	int fd;

	if (ipcbox_options_new(&options))
		return -ENOMEM;
	ipcbox_options_set_bytes(options, scaled(IPCBOX_BUFFER_MAX));
	new_name(name, sizeof(name), "");
	fd = ipcbox_buffer_create(name, IPCBOX_SENDER | IPCBOX_RECEIVER, options);
	ipcbox_options_free(options);
	if (fd >= 0)
		ipcbox_port_delete(name, IPCBOX_UNLINK);
	return fd;
}

static void measure(const struct subject *subject,
		    int (*victim)(struct workers *workers, const struct role *role), size_t count)
{
	struct channel channel = hostile_channel(subject->bytes);
	struct workers workers = { .count = 1, .warm = 1 };
	struct role roles[] = {
		{ 1, &channel, NULL, victim, 0, false },
		{ 1, NULL, &channel, be_load, 0, false },
		{ 0 },
	};

	sleepers = count ? scaled(count) : 0;
	buffer_fd = open_largest();
	if (buffer_fd < 0) {
		add_skip(subject, "cannot open: %s", strerror(-buffer_fd));
		return;
	}
	workers_run(&workers, roles, subject);
	close(buffer_fd);
}

void hostile_wait(const struct system *system, size_t bytes, size_t count)
{
	struct subject subject = { "", system->name, bytes, 1 };

	snprintf(subject.name, sizeof(subject.name), "hostile-wait-%zu", count);
	measure(&subject, wait_often, count);
}

void hostile_exit_asleep(const struct system *system, size_t bytes, size_t count)
{
	struct subject subject = { "", system->name, bytes, 1 };

	snprintf(subject.name, sizeof(subject.name), "hostile-exit-%zu", count);
	measure(&subject, kill_waiting, count);
}
