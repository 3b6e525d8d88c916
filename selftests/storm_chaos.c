// SPDX-License-Identifier: GPL-2.0
#include "storm_chaos.h"

#include "files.h"
#include "storm_findings.h"
#include "storm_payload.h"
#include "storm_processes.h"
#include "storm_quiet.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define STRANGER	4242	/* a user of no rank */

/* ---- limits -------------------------------------------------------------- */

static const struct {
	const char *path;
	unsigned int low;
} limits[] = {
	{ SYSCTL("user_boxes"), 6 },
	{ SYSCTL("user_links"), 8 },
	{ SYSCTL("user_bytes"), 100000 },
	{ SYSCTL("user_waiters"), 4 },
	{ SYSCTL("user_pages"), 60 },
};

static int low = -1;		/* which of them is lower than usual */
static long long usual;

/* SQUEEZED is set before the first call can meet the limit, and until after the last. */
static void raise_limit(void)
{
	if (low < 0)
		return;
	write_number(limits[low].path, usual);
	low = -1;
	__atomic_store_n(&ledger->squeezed, 0, __ATOMIC_SEQ_CST);
}

static void lower_limit(struct slot *rng)
{
	int which = random_below(rng, ARRAY_SIZE(limits));

	usual = read_number(limits[which].path);
	if (low >= 0 || usual < 0)
		return;
	__atomic_store_n(&ledger->squeezed, 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&ledger->squeezes, 1, __ATOMIC_SEQ_CST);
	low = which;
	if (write_number(limits[which].path, random_below(rng, limits[which].low)))
		raise_limit();
	else
		tally.squeezes++;
}

static void change_limits(struct slot *rng)
{
	if (low < 0)
		lower_limit(rng);
	else
		raise_limit();
}

static void change_memory(struct slot *rng)
{
	if (random_below(rng, 2))
		lowmem_lower_limit(rng);
	else
		lowmem_restore_limit();
}

/* ---- boxes --------------------------------------------------------------- */

/* Up to the largest message, or the lowest limit that a sender counts on. */
static void change_attr(struct slot *rng)
{
	int box = random_below(rng, LASTING);
	__u64 max_msgsize = random_below(rng, 4) ? LEN_MAX : MSGSIZE_LOWEST;
	int ret = box_set(quiet_fd(box), (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE | IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_BYTES |
			IPCBOX_ATTR_MSGSIZE,
		.mode = random_below(rng, 2) ? 0600 : 0666,
		.max_messages = 1 + random_below(rng, 40),
		.max_bytes = max_msgsize + random_below(rng, 2 * LEN_MAX),
		.max_msgsize = max_msgsize });

	if (ret)
		finding(ERRORS, "IPCBOX_SET on box %d failed with %s", box,
			strerrorname_np(-ret));
}

/* ---- namespaces ---------------------------------------------------------- */

/* In its own world: a port that is full, a mailbox, a message to itself. */
static int leave_objects_behind(void)
{
	struct ipcbox_send send;
	char name[32];
	int control = control_open();

	if (control < 0)
		return 1;
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "left.%d", i);
		if (port_create(control, name, BOTH) < 0)
			return 1;
	}
	mailbox_open(control);
	send = message(name, sizeof(name));
	send.flags = IPCBOX_NONBLOCK;
	send.pid = getpid();
	command(control, IPCBOX_SEND, &send);
	for (int fd = control + 1; fd < control + 4; fd++)
		send_now(fd, name, sizeof(name));
	return 0;
}

/* A user with a user, a network and a pid namespace, which die with it. */
static int visit(void)
{
	pid_t pid;

	syscall(SYS_close_range, 3, ~0U, 0);
	if (enter_own_namespaces(STRANGER) || unshare(CLONE_NEWPID))
		return 0;
	pid = fork();
	if (!pid)
		_exit(leave_objects_behind());
	return pid < 0 || waitpid(pid, NULL, 0) != pid;
}

static void invite(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(visit());
	tally.visitors += pid > 0;
}

/* ---- the module ---------------------------------------------------------- */

static void try_to_remove(void)
{
	int ret = syscall(SYS_delete_module, "ipcbox", O_NONBLOCK);

	tally.removals++;
	if (!ret)
		finding(MODULE_STAYS, "the module was removed while it was in use");
	else if (errno != EWOULDBLOCK && errno != EBUSY && errno != EPERM && errno != ENOENT)
		finding(MODULE_STAYS, "delete_module failed with %s", strerrorname_np(errno));
}

/* ---- all together -------------------------------------------------------- */

/* CALM: nothing that would wake a process. */
void chaos_step(struct slot *rng, bool calm)
{
	for (int i = 0; i < 4 && !calm; i++)
		processes_signal_one(rng, random_below(rng, 2) ? SIGUSR1 : SIGUSR2);
	if (!calm && !random_below(rng, 3))
		processes_kill_one(rng);
	if (!random_below(rng, 4))
		change_attr(rng);
	/* A sender that waits for bytes sleeps rightly, but no box shows it. */
	if (calm)
		raise_limit();
	else if (!random_below(rng, 8))
		change_limits(rng);
	if (!random_below(rng, 8))
		change_memory(rng);
	if (!random_below(rng, 40))
		invite();
	if (!random_below(rng, 40))
		try_to_remove();
}

void chaos_end(void)
{
	raise_limit();
	lowmem_restore_limit();
}
