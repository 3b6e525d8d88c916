// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* A transfer that is over sooner needs no progress told. */
#define FIRST_MS 1000
#define EVERY_MS 200

static struct {
	bool on;
	bool shown;
	const char *verb;
	uint64_t messages;
	uint64_t bytes;
	int64_t next_ms;
} progress;

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_start(const char *verb, bool quiet)
{
	progress.on = !quiet && isatty(STDERR_FILENO);
	progress.verb = verb;
	progress.next_ms = now_ms() + FIRST_MS;
}

static void show(void)
{
	fprintf(stderr, "\r%s %llu messages, %.1f MiB\033[K", progress.verb,
		(unsigned long long)progress.messages, (double)progress.bytes / (1024 * 1024));
	progress.shown = true;
}

void progress_add(size_t bytes)
{
	int64_t now;

	if (!progress.on)
		return;
	progress.messages++;
	progress.bytes += bytes;
	now = now_ms();
	if (now < progress.next_ms)
		return;
	progress.next_ms = now + EVERY_MS;
	show();
}

/* Before anything else is written to the terminal, and at the end. */
void progress_hide(void)
{
	if (progress.shown)
		fputs("\r\033[K", stderr);
	progress.shown = false;
}
