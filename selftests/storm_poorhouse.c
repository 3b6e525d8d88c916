// SPDX-License-Identifier: GPL-2.0
/* A memory cgroup in which memory is short: calls fail, and processes are killed. */
#include "storm_crew.h"

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

/* Where there is none, nobody is poor. */
bool poorhouse_open(void)
{
	if (state == UNKNOWN) {
		mkdir(PLACE, 0755);
		state = tell("memory.max", USUAL) ? CLOSED : OPEN;
		tell("memory.swap.max", "0");
		tell("memory.oom.group", "0");
	}
	return state == OPEN;
}

int poorhouse_enter(void)
{
	return tell("cgroup.procs", "0");
}

/* Little more than there is now: who asks for memory is told that there is none. */
void poorhouse_squeeze(struct slot *dice)
{
	long long now = read_number(PLACE "/memory.current");
	char text[32];

	if (!poorhouse_open() || now < 0)
		return;
	snprintf(text, sizeof(text), "%lld", now + random_below(dice, 1 << 20));
	tell("memory.max", text);
}

void poorhouse_relax(void)
{
	if (poorhouse_open())
		tell("memory.max", USUAL);
}

void poorhouse_close(void)
{
	if (state == OPEN)
		rmdir(PLACE);
}
