// SPDX-License-Identifier: GPL-2.0
/* A memory cgroup in which memory is short: calls fail, and processes are killed. */
#include "storm_processes.h"

#include "files.h"

#include <sys/stat.h>

#define PLACE	"/sys/fs/cgroup/storm"
#define USUAL	"48M"

static enum { UNKNOWN, OPEN, CLOSED } state;

static int tell(const char *name, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), PLACE "/%s", name);
	return write_file(path, text);
}

/* Without a memory cgroup, no process is short of memory. */
bool lowmem_open(void)
{
	if (state == UNKNOWN) {
		mkdir(PLACE, 0755);
		state = tell("memory.max", USUAL) ? CLOSED : OPEN;
		tell("memory.swap.max", "0");
		tell("memory.oom.group", "0");
	}
	return state == OPEN;
}

int lowmem_enter(void)
{
	return tell("cgroup.procs", "0");
}

/* Little more than is in use: allocations fail from now on. */
void lowmem_lower_limit(struct slot *rng)
{
	long long now = read_number(PLACE "/memory.current");
	char text[32];

	if (!lowmem_open() || now < 0)
		return;
	snprintf(text, sizeof(text), "%lld", now + random_below(rng, 1 << 20));
	tell("memory.max", text);
}

void lowmem_restore_limit(void)
{
	if (lowmem_open())
		tell("memory.max", USUAL);
}

void lowmem_close(void)
{
	if (state == OPEN)
		rmdir(PLACE);
}
