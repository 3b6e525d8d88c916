// SPDX-License-Identifier: GPL-2.0
/*
 * Fail everything once: what is not a command. A part of each path is the
 * kernel's own, up to making a network namespace and loading the module.
 */
#include "fail_nth.h"

#include <sys/epoll.h>

static int result_of(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* ---- open, poll, close --------------------------------------------------- */

static int run_open(struct sweep *s)
{
	s->made = control_open();
	return s->made;
}

TEST_F_TIMEOUT(fail, open_of_the_device, SWEEP_LIMIT)
{
	static const struct act known_user = {
		.what = "open of /dev/ipcbox",
		.points = { [FAIL_SLAB] = 3, [FAIL_COPY] = 1 },
		.run = run_open,
		.undo = close_made,
	};
	static const struct act new_user = {
		.what = "open of /dev/ipcbox by a user without an account",
		.points = { [FAIL_SLAB] = 4, [FAIL_COPY] = 1 },
		.prepare = be_fresh_user,
		.run = run_open,
		.undo = close_made,
		.clear = be_root_again,
	};

	sweep(_metadata, &self->sweep, &known_user);
	sweep(_metadata, &self->sweep, &new_user);
}

/* More than poll has room for without asking for pages. */
#define POLLED 20

static int run_poll(struct sweep *s)
{
	struct pollfd fds[POLLED];
	int i;

	for (i = 0; i < POLLED; i++)
		fds[i] = (struct pollfd){ .fd = s->fd, .events = POLLIN };
	return result_of(poll(fds, POLLED, 1)); /* 0 would not queue up */
}

static int run_epoll_add(struct sweep *s)
{
	struct epoll_event event = { .events = EPOLLIN };

	return result_of(epoll_ctl(s->other, EPOLL_CTL_ADD, s->fd, &event));
}

static bool epoll_remove(struct sweep *s)
{
	return !epoll_ctl(s->other, EPOLL_CTL_DEL, s->fd, NULL);
}

TEST_F_TIMEOUT(fail, poll_of_port, SWEEP_LIMIT)
{
	static const struct act poll_many = {
		.what = "poll of a port, many times",
		.points = { [FAIL_PAGES] = 1, [FAIL_COPY] = 1 },
		.run = run_poll,
	};
	static const struct act epoll_add = {
		.what = "epoll_ctl that adds a port",
		.points = { [FAIL_SLAB] = 2, [FAIL_COPY] = 1 },
		.run = run_epoll_add,
		.undo = epoll_remove,
	};
	struct sweep *s = &self->sweep;

	s->fd = port_create(s->control, s->name, BOTH);
	ASSERT_LE(0, s->fd);
	watch(s, s->fd);
	sweep(_metadata, s, &poll_many);
	s->other = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, s->other);
	sweep(_metadata, s, &epoll_add);
}

static int run_close(struct sweep *s)
{
	return result_of(close(s->fd));
}

/* With a message, a sender asleep, and no name: all of it ends with the fd. */
static void doomed_port(struct sweep *s)
{
	s->fd = port_create_sized(s->control, s->name, BOTH, 1, 64);
	send_tag(s->fd, 1);
	s->other = port_open(s->control, s->name, IPCBOX_SENDER);
	port_unlink(s->control, s->name);
	call_send_tag(&s->call, s->other, 2, 0);
	senders_asleep(s->other, 1);
}

static bool sender_is_told(struct sweep *s)
{
	return call_end(&s->call) == -EPIPE && !close(s->other);
}

/* With messages, over a link that somebody has. */
static void doomed_mailbox(struct sweep *s)
{
	s->fd = mailbox_open(s->control);
	s->other = link_open(s->control, getpid(), 0);
	send_tag(s->other, 1);
	send_tag(s->other, 2);
}

static bool link_is_told(struct sweep *s)
{
	return send_tag(s->other, 3) == -EPIPE && !close(s->other);
}

TEST_F_TIMEOUT(fail, close, SWEEP_LIMIT)
{
	static const struct act port = {
		.what = "close of the last receiver of a port",
		.prepare = doomed_port,
		.run = run_close,
		.undo = sender_is_told,
	};
	static const struct act mailbox = {
		.what = "close of a mailbox",
		.prepare = doomed_mailbox,
		.run = run_close,
		.undo = link_is_told,
	};

	be_remembered(self->sweep.control);
	sweep(_metadata, &self->sweep, &port);
	sweep(_metadata, &self->sweep, &mailbox);
}

/* ---- reports ------------------------------------------------------------- */

static int run_open_report(struct sweep *s)
{
	s->made = openat(s->other, "ipcbox", O_RDONLY | O_CLOEXEC);
	return result_of(s->made);
}

static void open_report(struct sweep *s)
{
	run_open_report(s);
	s->fd = s->made;
}

static void open_fdinfo(struct sweep *s)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d",
		 s->watched[0]);
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
}

static int run_read(struct sweep *s)
{
	memset(s->back, 0, DATA_MAX);
	return result_of(pread(s->fd, s->back, DATA_MAX - 1, 0));
}

/* Whatever happened, the next read gets all of it. */
static bool text_is_whole(struct sweep *s, int ret)
{
	if (ret < 0)
		ret = run_read(s);
	return ret == (int)s->len && !memcmp(s->back, s->data, s->len);
}

static void keep_text(struct sweep *s, void (*open_it)(struct sweep *s))
{
	open_it(s);
	s->len = run_read(s);
	memcpy(s->data, s->back, DATA_MAX);
	close(s->fd);
}

TEST_F_TIMEOUT(fail, reports, SWEEP_LIMIT)
{
	static const struct act open_it = {
		.what = "open of /proc/net/ipcbox",
		.points = { [FAIL_SLAB] = 3, [FAIL_COPY] = 1 },
		.run = run_open_report,
		.undo = close_made,
	};
	static const struct act read_it = {
		.what = "read of /proc/net/ipcbox",
		.points = { [FAIL_SLAB] = 1, [FAIL_COPY] = 1 },
		.prepare = open_report,
		.run = run_read,
		.settle = text_is_whole,
		.clear = close_fd,
	};
	static const struct act fdinfo = {
		.what = "read of fdinfo",
		.points = { [FAIL_SLAB] = 1, [FAIL_COPY] = 1 },
		.prepare = open_fdinfo,
		.run = run_read,
		.settle = text_is_whole,
		.clear = close_fd,
	};
	struct sweep *s = &self->sweep;
	int port = port_create(s->control, s->name, BOTH);

	ASSERT_LE(0, port);
	ASSERT_LE(0, mailbox_open(s->control));
	watch(s, port);
	s->other = open("/proc/thread-self/net", O_PATH | O_CLOEXEC);
	ASSERT_LE(0, s->other);
	sweep(_metadata, s, &open_it);
	keep_text(s, open_report);
	ASSERT_LT(60, s->len);
	sweep(_metadata, s, &read_it);
	keep_text(s, open_fdinfo);
	ASSERT_LT(60, s->len);
	sweep(_metadata, s, &fdinfo);
}

/* ---- network namespaces -------------------------------------------------- */

static int run_unshare(struct sweep *s)
{
	(void)s;
	return result_of(unshare(CLONE_NEWNET));
}

static bool new_namespace_is_whole(struct sweep *s)
{
	int control = control_open();
	int box = mailbox_open(control);
	bool whole = box >= 0 &&
		     !access("/proc/thread-self/net/ipcbox", R_OK) &&
		     !access("/proc/sys/net/ipcbox/user_boxes", R_OK);

	close(box);
	close(control);
	return !setns(s->other, CLONE_NEWNET) && whole;
}

TEST_F_TIMEOUT(fail, network_namespace, SWEEP_LIMIT)
{
	static const struct act act = {
		.what = "unshare of the network namespace",
		.foreign = true,
		.points = { [FAIL_SLAB] = 10 },
		.run = run_unshare,
		.undo = new_namespace_is_whole,
	};
	struct sweep *s = &self->sweep;

	s->other = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, s->other);
	sweep(_metadata, s, &act);
}

/* ---- the module ---------------------------------------------------------- */

/* Where the test machine has it. */
#define MODULE_FILE "/vm/ipcbox.ko"
/* KUnit's own tests would run each time, and fail as well. */
#define KUNIT_FILTER "/sys/module/kunit/parameters/filter_glob"

static int load(int file)
{
	return result_of(syscall(__NR_finit_module, file, "", 0));
}

static int unload(void)
{
	return result_of(syscall(__NR_delete_module, "ipcbox", O_NONBLOCK));
}

FIXTURE(module)
{
	struct sweep sweep;
};

FIXTURE_SETUP(module)
{
	struct sweep *s = &self->sweep;
	int file = open(MODULE_FILE, O_RDONLY | O_CLOEXEC);

	if (!fail_nth_is_there())
		SKIP(return, "this kernel cannot make allocations and copies fail");
	if (file < 0)
		SKIP(return, "there is no %s to load", MODULE_FILE);
	if (unload())
		SKIP(return, "the module is in use");
	s->fd = file;
	write_file(KUNIT_FILTER, "none");
	thread_setup(_metadata, s);
}

FIXTURE_TEARDOWN(module)
{
	write_file(KUNIT_FILTER, "*");
	if (access("/dev/ipcbox", F_OK))
		EXPECT_EQ(0, load(self->sweep.fd));
}

static int run_load(struct sweep *s)
{
	return load(s->fd);
}

static bool nothing_is_there(void)
{
	return access("/dev/ipcbox", F_OK) && access("/proc/net/ipcbox", F_OK) &&
	       access("/proc/sys/net/ipcbox", F_OK) &&
	       access("/sys/module/ipcbox", F_OK) &&
	       access("/sys/kernel/slab/ipcbox_msg", F_OK);
}

/* All is there, and works; or nothing is. */
static bool is_whole_or_not_there(struct sweep *s, int ret)
{
	int control;

	(void)s;
	if (ret)
		return nothing_is_there();
	control = control_open();
	close(mailbox_open(control));
	return !close(control) && !access("/proc/net/ipcbox", F_OK) &&
	       !access("/proc/sys/net/ipcbox/max_boxes", F_OK);
}

static bool unload_again(struct sweep *s)
{
	(void)s;
	return !unload() && nothing_is_there();
}

/* Whether the last load came as far as the module's own function. */
#define TRACING "/sys/kernel/tracing/"

static bool init_was_called(void)
{
	char line[256] = "";
	FILE *trace = fopen(TRACING "trace", "re");
	bool called = false;

	while (trace && fgets(line, sizeof(line), trace))
		called = called || strstr(line, "initcall_start");
	if (trace)
		fclose(trace);
	/* Whoever opens it so empties it. */
	close(open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC));
	return called;
}

/*
 * Most points of a load come before the module has a say, and the kernel does not
 * get over all of them without a warning. So these are left out, by going from
 * the last point to the first.
 */
static void sweep_init(struct __test_metadata *_metadata, struct sweep *s,
		       const struct act *act, int kind, struct coverage *c)
{
	int point;

	ASSERT_EQ(0, fail_only(kind));
	ASSERT_TRUE(fail_arm(&s->fail, MANY_POINTS));
	ASSERT_EQ(0, load(s->fd));
	point = fail_count(&s->fail, MANY_POINTS);
	ASSERT_LE(0, point);
	ASSERT_TRUE(init_was_called());
	ASSERT_EQ(0, unload());
	while (point > 0 && _metadata->exit_code == KSFT_PASS) {
		sweep_point(_metadata, s, act, point--, c);
		if (!init_was_called())
			break;
	}
}

TEST_F_TIMEOUT(module, load, 2 * SWEEP_LIMIT)
{
	static const struct act act = {
		.what = "load of the module, from its init on",
		.foreign = true,
		.run = run_load,
		.settle = is_whole_or_not_there,
		.undo = unload_again,
	};
	struct coverage c = { 0 };

	if (write_file(TRACING "events/initcall/initcall_start/enable", "1"))
		SKIP(return, "no tracepoint initcall_start in tracefs");
	init_was_called();
	sweep_init(_metadata, &self->sweep, &act, FAIL_SLAB, &c);
	coverage_print(&act, &c);
	EXPECT_LE(10, c.failed[FAIL_SLAB]);
	write_file(TRACING "events/initcall/initcall_start/enable", "0");
}

static void load_unless_there(struct sweep *s)
{
	if (access("/dev/ipcbox", F_OK))
		load(s->fd);
}

static int run_unload(struct sweep *s)
{
	(void)s;
	return unload();
}

static bool is_there_or_not(struct sweep *s, int ret)
{
	return ret ? is_whole_or_not_there(s, 0) : nothing_is_there();
}

TEST_F_TIMEOUT(module, unload, SWEEP_LIMIT)
{
	static const struct act act = {
		.what = "unload of the module",
		.foreign = true,
		.points = { [FAIL_COPY] = 1 },
		.prepare = load_unless_there,
		.run = run_unload,
		.settle = is_there_or_not,
	};

	sweep(_metadata, &self->sweep, &act);
}

TEST_HARNESS_MAIN
