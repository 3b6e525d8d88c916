// SPDX-License-Identifier: GPL-2.0
#include "execute.h"

#include "clean.h"
#include "kcov.h"
#include "kernel_log.h"
#include "task.h"

#include "../commands.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define MAY_WAIT_MS	50	/* for a call that nothing need end, when nothing happens */

static struct shared *shared;
static struct program *last;
static unsigned long count;

static void *map_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		abort();
	return memory;
}

void execute_share(void)
{
	shared = map_shared(sizeof(*shared));
	last = map_shared(sizeof(*last));
}

const struct program *execute_last(void)
{
	return last;
}

void execute_init(void)
{
	sigset_t child;

	/* What a program's process leaves behind has to be waited for here. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
}

static void reset_shared(void)
{
	memset(shared, 0, sizeof(*shared));
	shared->fuzzer = getpid();
	memset(shared->results, -1, sizeof(shared->results));
}

static pid_t start(const struct program *program)
{
	pid_t pid = fork();

	if (pid < 0)
		abort();
	if (!pid) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		task_main(program, shared);
	}
	setpgid(pid, pid);
	return pid;
}

/* ---- the watchdog -------------------------------------------------------- */

/* May this call wait for longer than a program is given? */
static bool may_wait(const struct program *program, const struct step *step)
{
	int deadline = op_field(step->op, "deadline");

	if (deadline < 0)
		return false;
	/* Others may change the struct before the kernel reads it. */
	if (program_split(program) < program->count)
		return true;
	return !(step->values[AT_FLAGS].number & IPCBOX_NONBLOCK) &&
	       step->values[deadline].form != SOON;
}

static bool waits(const struct program *program)
{
	for (unsigned int i = 0; i < TASKS; i++) {
		unsigned int step = __atomic_load_n(&shared->running[i], __ATOMIC_ACQUIRE);

		if (step && may_wait(program, &program->steps[step - 1]))
			return true;
	}
	return false;
}

/* Takes leave of all processes that have ended; true when there are no more. */
static bool reap_all(pid_t first, int *status)
{
	pid_t pid;
	int ended;

	while ((pid = waitpid(-1, &ended, WNOHANG)) > 0) {
		if (pid == first)
			*status = ended;
	}
	return pid < 0 && errno == ECHILD;
}

static bool all_end(const struct program *program, pid_t first, int *status)
{
	struct timespec tick = { .tv_nsec = 10 * 1000000 };
	__u64 give_up = in_ms(PATIENCE * 1000), may_be_killed = 0;
	unsigned int steps = UINT_MAX;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (!reap_all(first, status)) {
		if (now_ns() > give_up)
			return false;
		if (steps != __atomic_load_n(&shared->steps, __ATOMIC_ACQUIRE)) {
			steps = __atomic_load_n(&shared->steps, __ATOMIC_ACQUIRE);
			may_be_killed = in_ms(MAY_WAIT_MS);
		}
		if (program && now_ns() > may_be_killed && waits(program))
			return false;
		sigtimedwait(&child, NULL, &tick);
	}
	return true;
}

static void tell_stacks(struct outcome *outcome)
{
	char path[64], stack[400];
	FILE *file;
	size_t length;

	for (unsigned int i = 0; i < TASKS; i++) {
		snprintf(path, sizeof(path), "/proc/%d/stack", shared->thread[i]);
		file = fopen(path, "re");
		if (!file)
			continue;
		length = fread(stack, 1, sizeof(stack) - 1, file);
		fclose(file);
		stack[length] = '\0';
		length = strlen(outcome->text);
		snprintf(outcome->text + length, sizeof(outcome->text) - length,
			 "\ntask %u in step %d:\n%s", i, (int)shared->running[i] - 1, stack);
	}
}

static void find(struct outcome *outcome, enum verdict verdict, const char *text)
{
	outcome->verdict = verdict;
	snprintf(outcome->text, sizeof(outcome->text), "%s", text);
}

static void watch(const struct program *program, pid_t pid, struct outcome *outcome)
{
	int status = 0;
	char text[64];

	if (all_end(program, pid, &status)) {
		if (status) {
			snprintf(text, sizeof(text), "the program ended with status %#x",
				 status);
			find(outcome, WRONG, text);
		}
		return;
	}
	if (!waits(program)) {
		find(outcome, WRONG, "a call that may not wait does not end");
		tell_stacks(outcome);
	}
	kill(-pid, SIGKILL);
	if (!all_end(NULL, pid, &status)) {
		find(outcome, BROKEN, "SIGKILL does not end it");
		tell_stacks(outcome);
	}
}

unsigned long execute_count(void)
{
	return count;
}

void execute(const struct program *program, struct outcome *outcome)
{
	const char *complaint;
	pid_t pid;

	count++;
	*last = *program;
	outcome->verdict = FINE;
	reset_shared();
	kcov_reset();
	pid = start(program);
	watch(program, pid, outcome);
	if (outcome->verdict == FINE && shared->found)
		find(outcome, WRONG, shared->find);
	if (outcome->verdict == FINE && !clean(program, outcome->text, sizeof(outcome->text)))
		outcome->verdict = WRONG;
	complaint = kernel_log_complaint();
	if (complaint)
		find(outcome, BROKEN, complaint);
}
