/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Every test of ipcbox starts with a stage: what it needs, and the counters that prove at
 * its end that nothing is left.
 *
 * No test sleeps for a fixed time to be sure of something: where it must know
 * that another thread or process is asleep in the kernel, it reads the counts
 * of IPCBOX_STAT until they say so.
 */
#ifndef IPCBOX_TEST_H
#define IPCBOX_TEST_H

#include "commands.h"
#include "files.h"
#include "tasks.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <kselftest_harness.h>

/* The stage of each fixture, which proves that nothing is left */

struct stage {
	int control;
	char name[64];		/* of the port that a test may make */
	struct ipcbox_query before;
	long long module_refs;
};

HELPER bool counters_are(int control, const struct ipcbox_query *before)
{
	struct ipcbox_query q;

	return !box_query(control, &q) &&
	       q.boxes.used == before->boxes.used &&
	       q.links.used == before->links.used &&
	       q.bytes.used == before->bytes.used &&
	       q.waiters.used == before->waiters.used &&
	       q.pages.used == before->pages.used;
}

/* Kernel memory of all users of this network namespace, or -1. */
HELPER long long memory_used(int control)
{
	struct ipcbox_query q;

	return box_query(control, &q) ? -1 : (long long)q.memory.used;
}

HELPER void stage_setup(struct __test_metadata *_metadata, struct stage *s)
{
	s->module_refs = read_number(MODULE_REFS);
	s->control = control_open();
	ASSERT_LE(0, s->control);
	snprintf(s->name, sizeof(s->name), "%.40s.%d", _metadata->name, getpid());
	ASSERT_EQ(0, box_query(s->control, &s->before));
}

/*
 * Deletes the port, closes all that is open, and looks at the counters, and
 * whether something holds the module still: a namespace that was left ends a
 * while after its last process.
 */
HELPER void stage_teardown(struct __test_metadata *_metadata, struct stage *s)
{
	int control = control_open();

	port_remove(control, s->name);
	close(control);
	syscall(__NR_close_range, 3, ~0U, 0);

	control = control_open();
	ASSERT_LE(0, control);
	EXPECT_TRUE(eventually(counters_are(control, &s->before)))
		TH_LOG("the counters are not back to where they were");
	close(control);
	EXPECT_TRUE(eventually(read_number(MODULE_REFS) <= s->module_refs))
		TH_LOG("the module is held, and was not");
}

#endif /* IPCBOX_TEST_H */
