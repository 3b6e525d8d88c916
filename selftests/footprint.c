// SPDX-License-Identifier: GPL-2.0
/*
 * Every byte counts: the kernel memory that QUERY reports is what the allocators gave, for
 * whatever a user can multiply; and it stays within the limits.
 */
#include "buffers.h"
#include "ipcbox_test.h"

#include <sys/resource.h>

#define USERS		3
#define FIRST_USER	2001
#define PAGE		4096LL

/* ---- what the kernel has ------------------------------------------------- */

/* Bytes in the slab caches that the module allocates from: its own, and those by size. */
static long long slab_bytes(void)
{
	long long total = 0, objects, size, per_slab, pages, slabs;
	FILE *file = fopen("/proc/slabinfo", "re");
	char line[512], name[64];

	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %*d %lld %lld %lld %lld%*s%*s%*d%*d%*d%*s%*s%*d %lld",
			   name, &objects, &size, &per_slab, &pages, &slabs) != 6)
			continue;
		if (!strncmp(name, "ipcbox_", 7) || !strncmp(name, "kmalloc-cg-", 11) ||
		    !strcmp(name, "pid"))
			total += slabs * pages * PAGE;
	}
	if (file)
		fclose(file);
	return total;
}

static long long kib_of(const char *what)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128], name[64];
	long long kib = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63[^:]: %lld", name, &kib) == 2 && !strcmp(name, what))
			break;
	if (file)
		fclose(file);
	return kib << 10;
}

/* Pages that processors keep for themselves: these are free, but not in MemFree. */
static long long kept_free_bytes(void)
{
	FILE *file = fopen("/proc/zoneinfo", "re");
	char line[256];
	long long sum = 0, count;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " count: %lld", &count) == 1)
			sum += count * PAGE;
	if (file)
		fclose(file);
	return sum;
}

/* Pages that nobody but a module has, if not by vmalloc(). */
static long long page_bytes(void)
{
	/* Each processor counts for itself first: have that added up. */
	write_file("/proc/sys/vm/stat_refresh", "1");
	return kib_of("MemTotal") - kib_of("MemFree") - kept_free_bytes() -
	       kib_of("Buffers") - kib_of("Cached") - kib_of("AnonPages") -
	       kib_of("Slab") - kib_of("PageTables") - kib_of("KernelStack") -
	       kib_of("Percpu");
}

static long long vmalloc_bytes(void)
{
	return kib_of("VmallocUsed");
}

/* ---- what users make ----------------------------------------------------- */

#define LIMIT_MEMORY	(8LL << 20)
#define LIMIT_PAGES	2048LL
#define FDS		6000
#define PORTS		4000
#define SHORT		20000
#define MIDDLE		5000
#define LONG		64
#define PROCESSES	24

struct maker {
	int control;
	int port;
	int number;		/* of the user */
	char data[64 << 10];
};

static int sends(struct maker *m, int count, size_t len)
{
	char name[32];
	int i, ret = 0;

	snprintf(name, sizeof(name), "footprint.%d.%zu", m->number, len);
	m->port = port_create_sized(m->control, name, BOTH, SHORT, 64 << 20);
	for (i = 0; i < count && !ret; i++)
		ret = send_now(m->port, m->data, len);
	return m->port < 0 ? m->port : ret;
}

static int makes_fds(struct maker *m)
{
	int i;

	(void)m;
	for (i = 0; i < FDS; i++)
		if (open("/dev/ipcbox", O_RDWR | O_CLOEXEC) < 0)
			return -errno;
	return 0;
}

static int makes_ports(struct maker *m)
{
	char name[32];
	int i, fd;

	for (i = 0; i < PORTS; i++) {
		snprintf(name, sizeof(name), "footprint.%d.port.%d", m->number, i);
		fd = port_create(m->control, name, 0);
		if (fd < 0)
			return fd;
		close(fd);
	}
	return 0;
}

static int makes_short_messages(struct maker *m)
{
	return sends(m, SHORT, 0);
}

static int makes_middle_messages(struct maker *m)
{
	return sends(m, MIDDLE, 300);
}

static int makes_long_messages(struct maker *m)
{
	return sends(m, LONG, sizeof(m->data));
}

static int makes_buffers(struct maker *m)
{
	char name[32];
	int i, fd;

	for (i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "footprint.%d.buffer.%d", m->number, i);
		fd = buffer_create_sized(m->control, name, BOTH, 2 << 20, 0);
		if (fd < 0)
			return fd;
	}
	return 0;
}

/* Processes that have a mailbox each, and links to all others. */
static int makes_links(struct maker *m)
{
	static pid_t pids[PROCESSES];
	int i, k, go[2], done[2];
	char byte;

	if (pipe(go) || pipe(done))
		return -errno;
	for (i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		byte = mailbox_open(m->control) < 0;
		if (write(done[1], &byte, 1) != 1 || read(go[0], pids, sizeof(pids)) < 0)
			_exit(1);
		for (k = 0; k < PROCESSES; k++)
			byte |= send_tag_to(m->control, pids[k], 1) != 0;
		if (write(done[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	for (i = 0; i < PROCESSES; i++)
		if (read(done[0], &byte, 1) != 1 || byte)
			return -EIO;
	for (i = 0; i < PROCESSES; i++)
		if (write(go[1], pids, sizeof(pids)) != sizeof(pids))
			return -EIO;
	for (i = 0; i < PROCESSES; i++)
		if (read(done[0], &byte, 1) != 1 || byte)
			return -EIO;
	return 0;
}

/*
 * Those of processes come first: each costs more than what is looked for, where it
 * inherits many fds. Pages are what is left of all that the kernel tells, which is not
 * steady enough to look at where there are none.
 */
static const struct {
	const char *what;
	int (*make)(struct maker *m);
	long long (*pages)(void);
} kinds[] = {
	{ "mailboxes and links", makes_links, NULL },
	{ "fds", makes_fds, NULL },
	{ "ports", makes_ports, NULL },
	{ "short messages", makes_short_messages, NULL },
	{ "messages of 300 bytes", makes_middle_messages, NULL },
	{ "messages of 64 KiB", makes_long_messages, page_bytes },
	{ "buffers", makes_buffers, vmalloc_bytes },
};

#define KINDS ((int)ARRAY_SIZE(kinds))

/* A user's answer when it made one kind. */
struct answer {
	int ret;
	struct ipcbox_query query;
};

struct user {
	pid_t pid;
	int ask, answer;
};

static void serve(int number, int ask, int answer)
{
	static struct maker m;
	struct answer a;
	int kind;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setresgid(FIRST_USER + number, FIRST_USER + number, FIRST_USER + number) ||
	    setresuid(FIRST_USER + number, FIRST_USER + number, FIRST_USER + number))
		_exit(1);
	m.number = number;
	m.control = control_open();
	while (read(ask, &kind, sizeof(kind)) == sizeof(kind)) {
		memset(&a, 0, sizeof(a));
		if (kind >= 0)
			a.ret = kinds[kind].make(&m);
		if (box_query(m.control, &a.query))
			_exit(2);
		if (write(answer, &a, sizeof(a)) != sizeof(a))
			_exit(3);
	}
	_exit(0);
}

static int user_start(struct user *u, int number)
{
	int ask[2], answer[2];

	if (pipe2(ask, 0) || pipe2(answer, 0))
		return -errno;
	u->ask = ask[1];
	u->answer = answer[0];
	u->pid = fork();
	if (!u->pid) {
		close(ask[1]);
		serve(number, ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	return u->pid < 0 ? -errno : 0;
}

static int user_makes(struct user *u, int kind, struct answer *a)
{
	return write(u->ask, &kind, sizeof(kind)) == sizeof(kind) &&
	       read(u->answer, a, sizeof(*a)) == sizeof(*a) ? 0 : -EIO;
}

static long long told_by(const struct ipcbox_query *q)
{
	return q->memory.used + q->pages.used * PAGE;
}

FIXTURE(footprint) {
	int control;
	long long memory, pages;
	struct user users[USERS];
};

/* In a network namespace of its own, where nobody else counts. */
FIXTURE_SETUP(footprint)
{
	struct rlimit files = { FDS + 1000, FDS + 1000 };

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	self->control = control_open();
	ASSERT_LE(0, self->control);
	for (int i = 0; i < USERS; i++)
		ASSERT_EQ(0, user_start(&self->users[i], i));
}

FIXTURE_TEARDOWN(footprint)
{
	for (int i = 0; i < USERS; i++)
		if (self->users[i].pid > 0)
			kill_and_reap(self->users[i].pid);
}

static long long told_by_all(struct user *users, int kind, int *ret)
{
	long long total = 0;
	struct answer a;

	for (int i = 0; i < USERS; i++) {
		if (user_makes(&users[i], kind, &a))
			return -1;
		if (a.ret)
			*ret = a.ret;
		total += told_by(&a.query);
	}
	return total;
}

TEST_F_TIMEOUT(footprint, query_tells_within_a_tenth_what_the_allocators_gave, 300)
{
	long long slack;
	long long told, grown, told_before, slabs, pages, told_in_all = 0, grown_in_all = 0;
	int ret = 0;

	if (!slab_bytes())
		SKIP(return, "/proc/slabinfo cannot be read");
	/* Where KASAN looks on, what is freed stays for a while, and all is larger. */
	if (!access("/sys/kernel/debug/kmemleak", F_OK))
		SKIP(return, "the allocators of a debug kernel keep what is freed");
	for (int kind = 0; kind < KINDS; kind++) {
		/* Memory that is cached for the kind before goes first. */
		sleep(3);
		told_before = told_by_all(self->users, -1, &ret);
		slab_shrink();
		slabs = slab_bytes();
		pages = kinds[kind].pages ? kinds[kind].pages() : 0;
		told = told_by_all(self->users, kind, &ret) - told_before;
		grown = slab_bytes() - slabs;
		if (kinds[kind].pages)
			grown += kinds[kind].pages() - pages;
		EXPECT_EQ(0, ret)
			TH_LOG("%s: %s", kinds[kind].what, strerror(-ret));
		TH_LOG("%s: told %lld, grown %lld", kinds[kind].what, told, grown);
		EXPECT_LT(0, told);
		told_in_all += told;
		grown_in_all += grown;
		/*
		 * Other things come and go as well, and small sums drown in them. Pages
		 * are known from what is free and what all others have.
		 */
		slack = kinds[kind].pages ? 2 << 20 : 512 << 10;
		EXPECT_LE(grown, told + told / 10 + slack)
			TH_LOG("%s", kinds[kind].what);
		EXPECT_GE(grown, told - told / 10 - slack)
			TH_LOG("%s", kinds[kind].what);
	}
	EXPECT_LE(grown_in_all, told_in_all + told_in_all / 10 + (5 << 20));
	EXPECT_GE(grown_in_all, told_in_all - told_in_all / 10 - (5 << 20));
}

/* All of all kinds, with limits that do not allow as much. */
TEST_F_TIMEOUT(footprint, never_grows_above_the_limits, 300)
{
	long long slabs, pages, grown;
	struct answer a;

	ASSERT_EQ(0, write_number(SYSCTL("user_memory"), LIMIT_MEMORY));
	ASSERT_EQ(0, write_number(SYSCTL("user_pages"), LIMIT_PAGES));
	ASSERT_EQ(0, write_number(SYSCTL("max_memory"), 2 * LIMIT_MEMORY));
	slab_shrink();
	slabs = slab_bytes();
	pages = page_bytes();
	for (int i = 0; i < USERS; i++) {
		for (int kind = KINDS - 1; kind > 0; kind--) {
			ASSERT_EQ(0, user_makes(&self->users[i], kind, &a));
			EXPECT_GE(LIMIT_MEMORY, a.query.memory.used);
			EXPECT_GE(LIMIT_PAGES, a.query.pages.used);
		}
		/* The last kind found nothing left. */
		EXPECT_EQ(-ENOMEM, a.ret);
	}
	grown = slab_bytes() - slabs + page_bytes() - pages;
	EXPECT_GE((2 * LIMIT_MEMORY + USERS * LIMIT_PAGES * PAGE) * 11 / 10, grown);
}

TEST_HARNESS_MAIN
