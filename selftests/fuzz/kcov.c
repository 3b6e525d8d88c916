// SPDX-License-Identifier: GPL-2.0
#include "kcov.h"

#include "program.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

/* As a 64-bit kernel has them, also for 32-bit programs. */
#define KCOV_INIT_TRACE	_IOR('c', 1, __u64)
#define KCOV_ENABLE	_IO('c', 100)
#define KCOV_DISABLE	_IO('c', 101)
#define KCOV_TRACE_PC	0

#define KCOV_PATH	"/sys/kernel/debug/kcov"
#define TRACE_WORDS	(16 << 10)
#define OWN_FDS		600	/* out of a program's way */
#define KNOWN_SLOTS	(1 << 16)

static struct {
	int fd;
	volatile __u64 *trace;	/* how many, then the places */
} kcov[TASKS];

static bool enabled;
static __u64 known[KNOWN_SLOTS];	/* a hash table, never near full */
static size_t known_count;

static bool open_one(unsigned int task)
{
	int fd = open(KCOV_PATH, O_RDWR | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, TRACE_WORDS))
		return false;
	kcov[task].trace = mmap(NULL, TRACE_WORDS * sizeof(__u64), PROT_READ | PROT_WRITE,
				MAP_SHARED, fd, 0);
	kcov[task].fd = fcntl(fd, F_DUPFD_CLOEXEC, OWN_FDS);
	close(fd);
	return kcov[task].trace != MAP_FAILED && kcov[task].fd >= 0;
}

bool kcov_open(void)
{
	if (access(KCOV_PATH, F_OK))
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	enabled = true;
	for (unsigned int i = 0; i < TASKS && enabled; i++)
		enabled = open_one(i);
	return enabled;
}

void kcov_begin(unsigned int task)
{
	if (enabled && ioctl(kcov[task].fd, KCOV_ENABLE, KCOV_TRACE_PC))
		_exit(1);
}

void kcov_end(unsigned int task)
{
	if (enabled)
		ioctl(kcov[task].fd, KCOV_DISABLE, 0);
}

void kcov_reset(void)
{
	for (unsigned int i = 0; i < TASKS && enabled; i++)
		kcov[i].trace[0] = 0;
}

/* Where a place is in the table, or would be. */
static __u64 *slot_of(__u64 place)
{
	size_t at = (place * 0x9e3779b97f4a7c15ULL) >> 48;

	while (known[at] && known[at] != place)
		at = (at + 1) % KNOWN_SLOTS;
	return &known[at];
}

static void add(struct places *places, __u64 place)
{
	for (size_t i = 0; i < places->count; i++) {
		if (places->at[i] == place)
			return;
	}
	places->at = realloc(places->at, (places->count + 1) * sizeof(place));
	if (!places->at)
		abort();
	places->at[places->count++] = place;
}

struct places kcov_news(void)
{
	struct places news = { 0, NULL };

	for (unsigned int i = 0; i < TASKS && enabled; i++) {
		for (__u64 j = 1; j <= kcov[i].trace[0]; j++) {
			if (!*slot_of(kcov[i].trace[j]))
				add(&news, kcov[i].trace[j]);
		}
	}
	return news;
}

static bool is_traced(__u64 place)
{
	for (unsigned int i = 0; i < TASKS && enabled; i++) {
		for (__u64 j = 1; j <= kcov[i].trace[0]; j++) {
			if (kcov[i].trace[j] == place)
				return true;
		}
	}
	return false;
}

bool kcov_reached(const struct places *places)
{
	for (size_t i = 0; i < places->count; i++) {
		if (!is_traced(places->at[i]))
			return false;
	}
	return true;
}

void kcov_learn(const struct places *places)
{
	for (size_t i = 0; i < places->count && known_count < KNOWN_SLOTS / 2; i++) {
		__u64 *slot = slot_of(places->at[i]);

		known_count += !*slot;
		*slot = places->at[i];
	}
}

size_t kcov_known(void)
{
	return known_count;
}
