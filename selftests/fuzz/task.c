// SPDX-License-Identifier: GPL-2.0
#include "task.h"

#include "arena.h"
#include "check.h"
#include "kcov.h"

#include "../commands.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>

#define STRUCT_MAX	256
#define TAIL_MAX	(ARENA_PAGE + 8)

void task_found(struct task *task, unsigned int step, const char *format, ...)
{
	struct shared *shared = task->shared;
	va_list arguments;
	int length;

	if (__atomic_exchange_n(&shared->found, true, __ATOMIC_ACQ_REL))
		return;
	length = snprintf(shared->find, sizeof(shared->find), "step %u, %s: ", step,
			  task->program->steps[step].op->name);
	va_start(arguments, format);
	vsnprintf(shared->find + length, sizeof(shared->find) - length, format, arguments);
	va_end(arguments);
}

/* ---- a step -------------------------------------------------------------- */

static __u64 pid_of(struct task *task, enum process which)
{
	switch (which) {
	case MAIN:
		return task->shared->process[0];
	case CHILD:
		return task->shared->process[2];
	case FUZZER:
		return task->shared->fuzzer;
	default:
		return getpid();
	}
}

static __u64 resolve(struct task *task, const struct value *value)
{
	switch (value->form) {
	case RESULT:
		return __atomic_load_n(&task->shared->results[value->number],
				       __ATOMIC_ACQUIRE);
	case SOON:
		return in_ms(value->number);
	case PROCESS:
		return pid_of(task, value->number);
	default:
		return value->number;
	}
}

/* The struct as the program wants it, with what the kernel must not read. */
static void write_struct(const struct op *op, const __u64 *values)
{
	unsigned char raw[STRUCT_MAX], tail[TAIL_MAX];
	__u64 end = values[AT_ARG] + op->size;

	memset(raw, POISON, sizeof(raw));
	for (unsigned int i = AT_SIZE; i < op->count; i++) {
		const struct field *field = &op->fields[i];

		if (field->kind != OUT)
			memcpy(raw + field->offset, &values[i], field->width);
	}
	arena_write(values[AT_ARG], raw, op->size);
	if (values[AT_SIZE] > op->size && values[AT_SIZE] < TAIL_MAX) {
		memset(tail, values[AT_TAIL], sizeof(tail));
		arena_write(end, tail, values[AT_SIZE] - op->size);
	}
}

static long run_command(struct task *task, unsigned int index, const __u64 *values)
{
	const struct op *op = task->program->steps[index].op;
	struct before before;
	long ret;

	write_struct(op, values);
	check_begin(task, &before);
	ret = command(values[AT_FD], op->nr, (void *)(uintptr_t)values[AT_ARG]);
	check_end(task, index, values, ret, &before);
	return ret;
}

static void check_expected(struct task *task, unsigned int index, long ret)
{
	const struct step *step = &task->program->steps[index];

	if (!step->expects || ret == step->expected ||
	    (step->expected == EXPECT_FD && ret >= 0))
		return;
	task_found(task, index, "returns %ld, and not what the program expects", ret);
}

static void run_step(struct task *task, unsigned int index)
{
	const struct step *step = &task->program->steps[index];
	unsigned int *running = &task->shared->running[task->index];
	__u64 values[MAX_VALUES];
	long ret;

	for (unsigned int i = 0; i < step->op->count; i++) {
		unsigned int width = step->op->fields[i].width;

		values[i] = resolve(task, &step->values[i]);
		if (width == sizeof(__u32))
			values[i] = (__u32)values[i];
	}
	__atomic_store_n(running, index + 1, __ATOMIC_RELEASE);
	__atomic_add_fetch(&task->shared->steps, 1, __ATOMIC_ACQ_REL);
	ret = step->op->nr ? run_command(task, index, values) :
			     step->op->run(task, values);
	check_expected(task, index, ret);
	__atomic_store_n(&task->shared->results[index], ret, __ATOMIC_RELEASE);
	__atomic_store_n(running, 0, __ATOMIC_RELEASE);
}

/* ---- the tasks ----------------------------------------------------------- */

static void run_steps(struct task *task, unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to && !task->ended; i++) {
		if (task->program->steps[i].task == task->index)
			run_step(task, i);
	}
}

/* All begin at the same time, if all come at all. */
static void meet(struct task *task)
{
	const struct program *program = task->program;
	unsigned int all = 1 + program_has_task(program, 1) + program_has_task(program, 2);
	__u64 give_up = in_ms(20);

	__atomic_add_fetch(&task->shared->ready, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&task->shared->ready, __ATOMIC_ACQUIRE) < all &&
	       now_ns() < give_up)
		;
}

static void introduce(struct task *task)
{
	__atomic_store_n(&task->shared->process[task->index], getpid(), __ATOMIC_RELEASE);
	__atomic_store_n(&task->shared->thread[task->index], gettid(), __ATOMIC_RELEASE);
	kcov_begin(task->index);
}

/* What is closed here is seen by kcov, what exit closes is not. */
static void close_results(struct task *task)
{
	for (unsigned int i = 0; i < task->program->count; i++) {
		if (task->program->steps[i].op->makes != NOTHING &&
		    task->shared->results[i] > 2)
			close(task->shared->results[i]);
	}
}

static void *run_other_task(void *arg)
{
	struct task *task = arg;

	introduce(task);
	meet(task);
	run_steps(task, program_split(task->program), task->program->count);
	kcov_end(task->index);
	return NULL;
}

static void start_child(struct task *task)
{
	if (fork())
		return;
	prctl(PR_SET_PDEATHSIG, 0);
	run_other_task(task);
	_exit(0);
}

static void nothing(int signal)
{
	(void)signal;
}

static void handle_signals(void)
{
	struct sigaction interrupt = { .sa_handler = nothing };
	struct sigaction restart = { .sa_handler = nothing, .sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &interrupt, NULL);
	sigaction(SIGUSR2, &restart, NULL);
}

static bool program_changes_mappings(const struct program *program)
{
	return program_has_op(program, "protect") || program_has_op(program, "unmap") ||
	       program_has_op(program, "move");
}

void task_main(const struct program *program, struct shared *shared)
{
	unsigned int split = program_split(program);
	struct task tasks[TASKS];
	pthread_t thread;
	bool joinable = false;

	for (unsigned int i = 0; i < TASKS; i++)
		tasks[i] = (struct task){ .index = i, .program = program,
			.shared = shared, .alone = split == program->count };
	handle_signals();
	if (program_changes_mappings(program))
		arena_disturb();
	introduce(&tasks[0]);
	run_steps(&tasks[0], 0, split);
	if (program_has_task(program, 2))
		start_child(&tasks[2]);
	if (program_has_task(program, 1))
		joinable = !pthread_create(&thread, NULL, run_other_task, &tasks[1]);
	if (split < program->count)
		meet(&tasks[0]);
	run_steps(&tasks[0], split, program->count);
	if (joinable)
		pthread_join(thread, NULL);
	close_results(&tasks[0]);
	kcov_end(0);
	_exit(0);
}
