// SPDX-License-Identifier: GPL-2.0
#include "storm_processes.h"

#include "files.h"
#include "storm_findings.h"
#include "storm_order.h"
#include "storm_worker.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct tally tally;

static __u64 storm_seed;
static int fd_sockets[2];		/* what one process sends into [0] another takes from [1] */
static bool dead[PROCESSES];		/* to be replaced */
static bool was_killed[PROCESSES];

/* ---- birth --------------------------------------------------------------- */

static bool has_lowmem(int process)
{
	return process >= PROCESSES - LOWMEM_WORKERS && lowmem_open();
}

/* Each life of each thread has random numbers of its own. */
static void prepare_slots(int process)
{
	struct slot *slots = slots_of(process);

	for (int i = 0; i < THREADS; i++) {
		slots[i].life++;
		slots[i].lowmem = has_lowmem(process);
		random_seed(&slots[i], storm_seed ^ (__u64)ledger_number(&slots[i]) << 32 ^
			    (__u64)tally.rounds << 20 ^ slots[i].life);
	}
}

static int live(int process, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return 1;
	if (has_lowmem(process) && lowmem_enter())
		return 8;
	return worker_run(process, fd_sockets);
}

static void start(int process)
{
	pid_t parent = getpid(), pid;

	prepare_slots(process);
	dead[process] = false;
	was_killed[process] = false;
	pid = fork();
	if (!pid)
		_exit(live(process, parent));
	if (pid < 0) {
		dead[process] = true;
		return;
	}
	tally.started++;
	__atomic_store_n(&ledger->workers[process], pid, __ATOMIC_SEQ_CST);
}

/* Their mailboxes are to be known before anyone else starts. */
static int start_postmasters(void)
{
	for (int i = 0; i < POSTMASTERS; i++) {
		ledger->mailboxes[i] = 0;
		start(i);
	}
	for (int i = 0; i < POSTMASTERS; i++) {
		if (!eventually(__atomic_load_n(&ledger->mailboxes[i], __ATOMIC_SEQ_CST)) ||
		    ledger->mailboxes[i] < 0)
			return -EIO;
	}
	return 0;
}

int processes_start(__u64 seed)
{
	storm_seed = seed;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fd_sockets))
		return -errno;
	if (start_postmasters())
		return -EIO;
	for (int i = POSTMASTERS; i < PROCESSES; i++)
		start(i);
	return 0;
}

/* ---- death --------------------------------------------------------------- */

/* A process that is short of memory may fail to start, and the kernel may kill it. */
static void check_status(const char *who, int number, int status, bool may_be_killed)
{
	if (has_lowmem(number))
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status))
		finding(WORKERS_END, "%s %d ended with status %d", who, number,
			WEXITSTATUS(status));
	if (WIFSIGNALED(status) && (WTERMSIG(status) != SIGKILL || !may_be_killed))
		finding(WORKERS_END, "%s %d was killed by signal %d", who, number,
			WTERMSIG(status));
}

static void bury_process(int process, int status)
{
	struct slot *slots = slots_of(process);

	check_status("process", process, status, was_killed[process]);
	for (int i = 0; i < THREADS; i++)
		ledger_bury(&slots[i]);
	dead[process] = true;
}

static void bury_child(pid_t pid, int status)
{
	for (int i = 0; i < PROCESSES; i++) {
		struct slot *place = &slots_of(i)[THREADS];

		if (__atomic_load_n(&place->pid, __ATOMIC_SEQ_CST) != pid)
			continue;
		check_status("child", i, status, true);
		ledger_bury(place);
	}
}

static void bury(pid_t pid, int status)
{
	for (int i = 0; i < PROCESSES; i++) {
		if (ledger->workers[i] == pid && !dead[i]) {
			bury_process(i, status);
			return;
		}
	}
	/* A child of a worker, or one that visited. */
	bury_child(pid, status);
}

void processes_reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		bury(pid, status);
}

void processes_replace(void)
{
	for (int i = POSTMASTERS; i < PROCESSES; i++)
		if (dead[i])
			start(i);
}

void processes_kill_one(struct slot *rng)
{
	int process = POSTMASTERS + random_below(rng, WORKERS);
	struct slot *slots = slots_of(process);
	pid_t child = __atomic_load_n(&slots[THREADS].pid, __ATOMIC_SEQ_CST);

	if (child > 0 && !random_below(rng, 3)) {
		order_doom(&slots[THREADS]);
		kill(child, SIGKILL);
		tally.killed++;
		return;
	}
	if (dead[process])
		return;
	for (int i = 0; i < THREADS; i++)
		order_doom(&slots[i]);
	was_killed[process] = true;
	kill(ledger->workers[process], SIGKILL);
	tally.killed++;
}

static void signal_slot(const struct slot *slot, int signal)
{
	pid_t pid = __atomic_load_n(&slot->pid, __ATOMIC_SEQ_CST);

	if (pid > 0 && slot != ledger->slots)
		syscall(SYS_tgkill, pid, slot->tid, signal);
}

void processes_signal_one(struct slot *rng, int signal)
{
	signal_slot(&ledger->slots[random_below(rng, SLOTS)], signal);
	tally.signals++;
}

/* ---- the end ------------------------------------------------------------- */

static void read_first(const char *path, char *line, size_t size)
{
	if (read_line(path, line, size))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

/* Where a thread is in the kernel, for a finding. */
void processes_describe(const struct slot *slot, char *text, size_t size)
{
	static const char * const doings[] = {
		"nothing", "between calls", "paused", "in send", "in receive", "in poll",
		"in a call", "in a buffer's send", "in a buffer's receive",
	};
	char path[64], wchan[64], state[128];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/wchan", slot->pid, slot->tid);
	read_first(path, wchan, sizeof(wchan));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stack", slot->pid, slot->tid);
	read_first(path, state, sizeof(state));
	snprintf(text, size, "thread %d (pid %d, tid %d, %s, box %d, fd %d, for %.1f s; %s; %s)",
		 ledger_number(slot), slot->pid, slot->tid, doings[slot->doing],
		 slot->box, slot->fd,
		 (now_ns() - slot->since) / (double)NSEC_PER_SEC, wchan, state);
}

/* A postmaster's thread that has nothing more to do stays for its mailbox. */
static bool rests(const struct slot *slot)
{
	return slot < slots_of(POSTMASTERS) && slot->pid > 0 &&
	       __atomic_load_n(&slot->doing, __ATOMIC_SEQ_CST) == NOTHING;
}

static void report_slots_that_are_left(void)
{
	char text[300];

	for (int i = 1; i < SLOTS; i++) {
		if (ledger->slots[i].pid <= 0 || rests(&ledger->slots[i]))
			continue;
		processes_describe(&ledger->slots[i], text, sizeof(text));
		finding(NO_NEEDLESS_SLEEP, "does not end after STOP and an interrupt: %s", text);
	}
}

static void kill_all_that_are_left(void)
{
	for (int i = 1; i < SLOTS; i++) {
		if (ledger->slots[i].pid > 0)
			kill(ledger->slots[i].pid, SIGKILL);
	}
	for (int i = 0; i < PROCESSES; i++) {
		was_killed[i] = true;
		if (!dead[i] && ledger->workers[i] > 0)
			kill(ledger->workers[i], SIGKILL);
	}
}

/* The calls of all are interrupted until only postmasters are left, at rest. */
static bool all_have_stopped(void)
{
	for (int i = 1; i < SLOTS; i++)
		signal_slot(&ledger->slots[i], SIGUSR2);
	processes_reap();
	for (int i = 1; i < SLOTS; i++)
		if (ledger->slots[i].pid > 0 && !rests(&ledger->slots[i]))
			return false;
	for (int i = POSTMASTERS; i < PROCESSES; i++)
		if (!dead[i])
			return false;
	return true;
}

static bool all_have_ended(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		bury(pid, status);
	return pid < 0 && errno == ECHILD;
}

/* Nobody acts any more; the postmasters are there still, and with them their mailboxes. */
void processes_stop(void)
{
	lowmem_restore_limit();
	__atomic_store_n(&ledger->phase, STOP, __ATOMIC_SEQ_CST);
	if (!eventually(all_have_stopped()))
		report_slots_that_are_left();
}

void processes_dismiss(void)
{
	__atomic_store_n(&ledger->phase, OVER, __ATOMIC_SEQ_CST);
	if (eventually(all_have_ended()))
		return;
	kill_all_that_are_left();
	if (!eventually(all_have_ended()))
		finding(WORKERS_END, "there are processes that kill -9 does not end");
}

/* The kernel closes fds that are still in the sockets. */
void processes_close_sockets(void)
{
	close(fd_sockets[0]);
	close(fd_sockets[1]);
}
