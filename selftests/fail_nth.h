/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fail everything once. An act, mostly a command, is run again and again, and in
 * each run the next point on its path fails of those that can: an allocation out
 * of a slab, an allocation of pages, a copy from or to user space. The last run
 * is the one in which nothing failed any more.
 *
 * Each kind has a pass of its own: that a slab needs new pages now and then would
 * move the other points.
 *
 * The kernel needs CONFIG_FAULT_INJECTION_DEBUG_FS, _FAILSLAB, _FAIL_PAGE_ALLOC
 * and _USERCOPY; see Documentation/fault-injection/fault-injection.rst.
 */
#ifndef FAIL_NTH_H
#define FAIL_NTH_H

#include "ipcbox_test.h"

#include <sys/mount.h>

/* Points */

enum { FAIL_SLAB, FAIL_PAGES, FAIL_COPY, FAIL_KINDS, FAIL_NOTHING = FAIL_KINDS };

#define FAIL_DIR "/sys/kernel/debug/"

static const char *const fail_dirs[FAIL_KINDS] = {
	[FAIL_SLAB] = FAIL_DIR "failslab/",
	[FAIL_PAGES] = FAIL_DIR "fail_page_alloc/",
	[FAIL_COPY] = FAIL_DIR "fail_usercopy/",
};

/* More than any act has, and more failures than any program makes. */
#define MANY_POINTS 100000
#define MANY_FAILURES "1000000000"

struct fail_nth {
	int nth;			/* fail-nth of this thread */
	long long times[FAIL_KINDS];	/* failures that were left before */
};

/* Of the calling thread only. */
HELPER void become(uid_t uid)
{
	syscall(__NR_setresuid, -1, uid, -1);
}

HELPER bool fail_nth_is_there(void)
{
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	return !access("/proc/thread-self/fail-nth", W_OK) &&
	       !access(fail_dirs[FAIL_SLAB], W_OK) &&
	       !access(fail_dirs[FAIL_PAGES], W_OK) &&
	       !access(fail_dirs[FAIL_COPY], W_OK);
}

/* Objects out of all slabs can fail, except those that watch over the others. */
HELPER void fail_all_slabs(void)
{
	DIR *dir = opendir("/sys/kernel/slab");
	struct dirent *entry;
	char path[512];

	while (dir && (entry = readdir(dir))) {
		if (!strncmp(entry->d_name, "kmemleak", 8))
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/slab/%s/failslab",
			 entry->d_name);
		write_file(path, "1");
	}
	if (dir)
		closedir(dir);
}

/* Nothing fails by chance, and nothing is printed. */
HELPER int fail_nth_setup(void)
{
	static const struct { const char *name, *value; } all[] = {
		{ "probability", "0" }, { "verbose", "0" },
		{ "task-filter", "N" }, { "times", MANY_FAILURES },
	};
	char path[128];
	size_t kind, i;
	int ret = 0;

	for (kind = 0; kind < FAIL_KINDS; kind++) {
		for (i = 0; i < ARRAY_SIZE(all); i++) {
			snprintf(path, sizeof(path), "%s%s", fail_dirs[kind],
				 all[i].name);
			ret = ret ?: write_file(path, all[i].value);
		}
	}
	fail_all_slabs();
	ret = ret ?: write_file(FAIL_DIR "failslab/cache-filter", "Y");
	ret = ret ?: write_file(FAIL_DIR "fail_page_alloc/ignore-gfp-wait", "N");
	/* Pages for user space are not on the path of a command. */
	return ret ?: write_file(FAIL_DIR "fail_page_alloc/ignore-gfp-highmem", "Y");
}

/*
 * Of slabs and of pages only one can fail, or none; copies always can. (Slabs
 * where the caller may not sleep are left: nothing can keep these from it.)
 */
HELPER int fail_only(int kind)
{
	return write_file(FAIL_DIR "failslab/ignore-gfp-wait",
			  kind == FAIL_SLAB ? "N" : "Y") ?:
	       write_file(FAIL_DIR "fail_page_alloc/min-order",
			  kind == FAIL_PAGES ? "0" : "100");
}

/* How many failures of each kind are left; for root alone to see. */
HELPER bool fail_times(long long times[FAIL_KINDS])
{
	uid_t uid = geteuid();
	bool known = true;
	char path[128];
	size_t kind;

	become(0);
	for (kind = 0; kind < FAIL_KINDS; kind++) {
		snprintf(path, sizeof(path), "%stimes", fail_dirs[kind]);
		times[kind] = read_number(path);
		known = known && times[kind] > 0;
	}
	become(uid);
	return known;
}

/* From the next call on, the point with this number fails. */
HELPER bool fail_arm(struct fail_nth *f, int point)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", point);

	return fail_times(f->times) && pwrite(f->nth, text, len, 0) == len;
}

/*
 * No more failures; tells of which kind there was one. To ask is a copy as well,
 * and so is to turn it off: where one of these is the point, none was before.
 */
HELPER int fail_disarm(struct fail_nth *f)
{
	long long times[FAIL_KINDS];
	char left[16] = "";
	bool failed;
	int kind;

	failed = pread(f->nth, left, sizeof(left) - 1, 0) > 0 && !atoi(left);
	while (pwrite(f->nth, "0", 1, 0) != 1)
		;
	if (!failed || !fail_times(times))
		return FAIL_NOTHING;
	for (kind = 0; kind < FAIL_KINDS; kind++)
		if (times[kind] != f->times[kind])
			break;
	return kind;
}

/* How many points were passed since it was armed; no more failures. */
HELPER int fail_count(struct fail_nth *f, int armed)
{
	char left[16] = "";

	if (pread(f->nth, left, sizeof(left) - 1, 0) < 0)
		return -errno;
	return pwrite(f->nth, "0", 1, 0) == 1 ? armed - atoi(left) : -errno;
}

/* State that must not change when an act fails */

#define WATCHED_MAX	4
#define FDS_MAX		256
#define REPORT_MAX	4096

struct snapshot {
	struct ipcbox_query query;
	struct ipcbox_stat stat[WATCHED_MAX];
	char report[REPORT_MAX];	/* of /proc/net/ipcbox */
	char fds[FDS_MAX];		/* which are open, */
	int next_fd;			/* and which is next, if none is reserved */
};

struct sweep {
	struct fail_nth fail;
	int control;
	int former;			/* another one, see become_a_stranger() */
	int report;			/* fd of /proc/net/ipcbox */
	int watched[WATCHED_MAX];	/* fds of boxes, 0: none */
	const char *name;		/* of a port that the test may make */
	int kind;			/* of the points that fail in this pass */

	int fd;				/* on which the command acts */
	int made;			/* what it gave */
	int other;			/* of the test's own */
	struct peer peer;
	struct call call;		/* what another thread does meanwhile */
	bool over;			/* tells that thread */
	struct ipcbox_recv recv;
	struct ipcbox_attr attr;
	struct ipcbox_attr old;
	__u64 len;
	char *data;			/* of DATA_MAX bytes */
	char *back;
};

struct act {
	const char *what;		/* for the line of coverage */
	int fine;			/* an errno that is no failure */
	bool counts_move;		/* sent and received may change */
	bool foreign;			/* the errno is not ipcbox's alone */
	int points[FAIL_KINDS];		/* at least so many, and copies that are */
	int retried;			/* made again, so that these are borne */
	void (*prepare)(struct sweep *s);
	int (*run)(struct sweep *s);
	/* Directly afterwards; returns whether all is as it should be. */
	bool (*settle)(struct sweep *s, int ret);
	bool (*undo)(struct sweep *s);	/* after a success */
	void (*clear)(struct sweep *s);	/* always, at the end */
};

HELPER void forget_counts(struct ipcbox_stat *stat)
{
	stat->sent = 0;
	stat->received = 0;
}

/* The highest number that a pid can have; no process has it. */
#define NO_PROCESS 0x7fffffff

/*
 * The module remembers a process that sent, and then allocates less: points would be
 * passed by. With another group a thread is new to the module, and nothing is cached. The
 * newcomer always replaces another one, known through an fd of its own: otherwise it would
 * depend on the end of the last run whether the index needs memory.
 */
HELPER void become_a_stranger(const struct sweep *s)
{
	static gid_t stranger = 1000000;
	uid_t uid = geteuid();

	become(0);
	syscall(__NR_setresgid, -1, stranger++, -1);
	if (s->control)
		send_tag_to(s->former, NO_PROCESS, 0);
	syscall(__NR_setresgid, -1, stranger++, -1);
	become(uid);
}

/* False if something could not be read. */
HELPER bool snapshot_take(const struct sweep *s, const struct act *act,
			  struct snapshot *shot)
{
	bool told = true;
	int i;

	memset(shot, 0, sizeof(*shot));
	for (i = 0; i < FDS_MAX; i++)
		shot->fds[i] = fcntl(i, F_GETFD) >= 0;
	shot->next_fd = dup(STDERR_FILENO);
	close(shot->next_fd);
	if (!s->control)	/* the module is not there */
		return true;
	told = !box_query(s->control, &shot->query);
	/* Cached memory comes and goes. A charge that is lost shows as a warning. */
	shot->query.memory.used = 0;
	for (i = 0; i < WATCHED_MAX && s->watched[i]; i++) {
		told = told && !box_stat(s->watched[i], &shot->stat[i]);
		if (act->counts_move)
			forget_counts(&shot->stat[i]);
	}
	return told && pread(s->report, shot->report, REPORT_MAX - 1, 0) > 0;
}

/* The name of what differs, or NULL. */
HELPER const char *snapshot_compare(const struct snapshot *a,
				    const struct snapshot *b)
{
	if (memcmp(&a->query, &b->query, sizeof(a->query)))
		return "what IPCBOX_QUERY tells";
	if (memcmp(a->stat, b->stat, sizeof(a->stat)))
		return "what IPCBOX_STAT tells";
	if (strcmp(a->report, b->report))
		return "/proc/net/ipcbox";
	if (memcmp(a->fds, b->fds, sizeof(a->fds)) || a->next_fd != b->next_fd)
		return "the open fds";
	return NULL;
}

/* The sweep */

struct coverage {
	int failed[FAIL_KINDS];		/* points that made the act fail */
	int borne[FAIL_KINDS];		/* points that it got over */
};

HELPER void coverage_print(const struct act *act, const struct coverage *c)
{
	const int *failed = c->failed, *borne = c->borne;

	printf("# ipcbox-fail-nth: %s: %d points (%d slab, %d pages, %d copies), and %d borne\n",
	       act->what, failed[FAIL_SLAB] + failed[FAIL_PAGES] +
	       failed[FAIL_COPY], failed[FAIL_SLAB], failed[FAIL_PAGES],
	       failed[FAIL_COPY], borne[FAIL_SLAB] + borne[FAIL_PAGES] +
	       borne[FAIL_COPY]);
	fflush(stdout);
}

HELPER void expect_failed_well(struct __test_metadata *_metadata,
			       struct sweep *s, const struct act *act,
			       const struct snapshot *before, int ret, int kind,
			       int point)
{
	struct snapshot after;
	const char *differs;

	if (!act->foreign)
		EXPECT_EQ(kind == FAIL_COPY ? -EFAULT : -ENOMEM, ret)
			TH_LOG("%s: the errno, for a failure of %s at point %d",
			       act->what, fail_dirs[kind], point);
	EXPECT_TRUE(snapshot_take(s, act, &after));
	differs = snapshot_compare(before, &after);
	EXPECT_EQ(NULL, differs)
		TH_LOG("%s failed at point %d (%s), and changed %s", act->what,
		       point, fail_dirs[kind], differs);
}

/* One run, with this point failing; returns whether it was the last. */
HELPER bool sweep_point(struct __test_metadata *_metadata, struct sweep *s,
			const struct act *act, int point, struct coverage *c)
{
	struct snapshot before;
	bool good;
	int ret, kind;

	become_a_stranger(s);
	if (act->prepare)
		act->prepare(s);
	ASSERT_TRUE(snapshot_take(s, act, &before));
	ASSERT_TRUE(fail_arm(&s->fail, point));
	ret = act->run(s);
	kind = fail_disarm(&s->fail);
	good = ret >= 0 || ret == act->fine;

	ASSERT_TRUE(good || kind != FAIL_NOTHING)
		TH_LOG("%s: %s, though nothing failed up to point %d",
		       act->what, strerror(-ret), point);
	if (act->settle)
		EXPECT_TRUE(act->settle(s, ret))
			TH_LOG("%s: what came of it (%d), at point %d",
			       act->what, ret, point);
	if (good) {
		if (act->undo)
			EXPECT_TRUE(act->undo(s))
				TH_LOG("%s: not done, at point %d", act->what,
				       point);
		if (kind != FAIL_NOTHING)
			c->borne[kind]++;
	} else {
		expect_failed_well(_metadata, s, act, &before, ret, kind,
				   point);
		c->failed[kind]++;
	}
	if (act->clear)
		act->clear(s);
	return kind == FAIL_NOTHING;
}

/*
 * A slab that needs pages, or one object more for itself, is a point that is not
 * there next time, and another may have been left out for it. So look twice, some
 * times more where pages were not missed, and many times where there were too few.
 * Copies are always the same, and of what is the kernel's own once is enough. The
 * pass that found the most is what counts: any may leave out one, the last as well.
 *
 * A slab needs pages after so many objects, and a pass takes so many: passes of one
 * length could all meet it at the same point. Each begins some runs later than the
 * one before, so that they do not.
 */
#define PASSES_MIN 2
#define PASSES_BORNE 5
#define PASSES_MAX 20

/*
 * The struct of a command is read once more, by the size that it says, if it could not
 * be read at once by the size that it should have: so there is one copy more.
 */
HELPER bool are_all_there(const struct act *act, int kind, const struct coverage *c)
{
	int again = kind == FAIL_COPY ? 1 + act->retried : 0;
	int borne = c->borne[kind] < again ? c->borne[kind] : again;

	return c->failed[kind] + borne >= act->points[kind];
}

HELPER bool is_enough(const struct act *act, int kind, const struct coverage *c,
		      int passes)
{
	if (!are_all_there(act, kind, c))
		return false;
	if (kind == FAIL_COPY || act->foreign)
		return true;
	return passes >= (c->borne[FAIL_PAGES] ? PASSES_BORNE : PASSES_MIN);
}

HELPER void get_out_of_step(struct __test_metadata *_metadata, struct sweep *s,
			    const struct act *act, int runs)
{
	struct coverage none = { 0 };

	while (runs-- > 0 && _metadata->exit_code == KSFT_PASS)
		sweep_point(_metadata, s, act, MANY_POINTS, &none);
}

HELPER void sweep_kind(struct __test_metadata *_metadata, struct sweep *s,
		       const struct act *act, int kind, struct coverage *total)
{
	struct coverage c;
	int pass, point;

	if (_metadata->exit_code != KSFT_PASS)
		return;
	s->kind = kind;
	ASSERT_EQ(0, fail_only(kind));
	for (pass = 0; pass < PASSES_MAX; pass++) {
		get_out_of_step(_metadata, s, act, pass);
		memset(&c, 0, sizeof(c));
		point = 1;
		while (!sweep_point(_metadata, s, act, point, &c) &&
		       _metadata->exit_code == KSFT_PASS)
			ASSERT_GT(MANY_POINTS, ++point);
		if (_metadata->exit_code != KSFT_PASS)
			return;
		if (!pass || c.failed[kind] > total->failed[kind]) {
			total->failed[kind] = c.failed[kind];
			total->borne[kind] = c.borne[kind];
		}
		if (is_enough(act, kind, &c, pass + 1))
			break;
	}
	EXPECT_TRUE(are_all_there(act, kind, total))
		TH_LOG("%s: fewer points than there are on its path (%s)",
		       act->what, fail_dirs[kind]);
}

HELPER void sweep(struct __test_metadata *_metadata, struct sweep *s,
		  const struct act *act)
{
	struct coverage c = { 0 };
	long long objects = slab_objects();

	sweep_kind(_metadata, s, act, FAIL_COPY, &c);
	sweep_kind(_metadata, s, act, FAIL_SLAB, &c);
	sweep_kind(_metadata, s, act, FAIL_PAGES, &c);
	coverage_print(act, &c);
	EXPECT_TRUE(eventually(slab_objects() <= objects))
		TH_LOG("%s: objects in use: %lld, and before %lld", act->what,
		       slab_objects(), objects);
}

/* Steps that several acts need */

#define DATA_MAX (5 * 4096)
#define SWEEP_LIMIT 300		/* seconds for a test, on a slow machine */

/* For what the calling thread does, and nobody else. */
HELPER void thread_setup(struct __test_metadata *_metadata, struct sweep *s)
{
	cpu_set_t cpu;

	ASSERT_EQ(0, fail_nth_setup());
	s->fail.nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, s->fail.nth);
	/* The slabs of one processor: fewer surprises. */
	CPU_ZERO(&cpu);
	CPU_SET(0, &cpu);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpu), &cpu));
	/* A page of the program that is missing would be one more failure. */
	ASSERT_EQ(0, mlockall(MCL_CURRENT | MCL_FUTURE));
}

HELPER void sweep_setup(struct __test_metadata *_metadata, struct sweep *s,
			const struct stage *stage)
{
	__u64 i;

	s->name = stage->name;
	s->control = stage->control;
	s->former = control_open();
	ASSERT_LE(0, s->former);
	s->report = open("/proc/net/ipcbox", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, s->report);
	s->data = malloc(DATA_MAX);
	s->back = malloc(DATA_MAX);
	ASSERT_TRUE(s->data && s->back);
	for (i = 0; i < DATA_MAX; i++)
		s->data[i] = i / 251 + i;
	thread_setup(_metadata, s);
}

HELPER void watch(struct sweep *s, int fd)
{
	int i = 0;

	while (s->watched[i])
		i++;
	s->watched[i] = fd;
}

/* An fd that no process has used yet remembers no sender. */
HELPER void new_control(struct sweep *s)
{
	s->fd = control_open();
}

HELPER void close_fd(struct sweep *s)
{
	close(s->fd);
}

HELPER bool close_made(struct sweep *s)
{
	return !close(s->made);
}

/* A user of whom there is no account. */
#define FRESH_UID 60001

HELPER void be_fresh_user(struct sweep *s)
{
	(void)s;
	become(FRESH_UID);
}

HELPER void be_root_again(struct sweep *s)
{
	(void)s;
	become(0);
}

/* All of these tests begin and end with this. */
FIXTURE(fail)
{
	struct stage stage;
	struct sweep sweep;
};

FIXTURE_SETUP(fail)
{
	if (!fail_nth_is_there())
		SKIP(return, "this kernel cannot make allocations and copies fail");
	stage_setup(_metadata, &self->stage);
	sweep_setup(_metadata, &self->sweep, &self->stage);
}

FIXTURE_TEARDOWN(fail)
{
	stage_teardown(_metadata, &self->stage);
}

#endif /* FAIL_NTH_H */
