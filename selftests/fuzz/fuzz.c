// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz - run programs of ipcbox's commands, and see what they do
 *
 *	fuzz [--seconds N] [--seed N] [FILE...]
 *
 * First runs the programs in the files (without any: those in the folder corpus
 * beside this program), then, for N seconds (none is the default), programs made
 * by chance, guided by what code of the module they reach, where the kernel tells.
 * What it finds it prints as a program that can be given to it as a file.
 *
 * KERNEL_SPLAT in the environment is an extended regular expression of what the
 * kernel writes to its log when something is wrong.
 */
#include "arena.h"
#include "clean.h"
#include "corpus.h"
#include "generate.h"
#include "kcov.h"
#include "kernel_log.h"
#include "random.h"

#include "../commands.h"

#include <dirent.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/wait.h>

#define FINDS_MAX	10
#define RACES		20	/* how often a program with several tasks is run again */

static struct {
	unsigned int tests, failed;
	unsigned long programs;
	unsigned int finds;
} total;

/* ---- reports ------------------------------------------------------------- */

static void result(bool ok, const char *name)
{
	total.tests++;
	total.failed += !ok;
	printf("%sok %u %s\n", ok ? "" : "not ", total.tests, name);
	fflush(stdout);
}

static void print_find(const struct program *program, const struct outcome *outcome)
{
	char text[sizeof(outcome->text)];
	char *rest, *line;

	memcpy(text, outcome->text, sizeof(text));
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		printf("# %s\n", line);
	program_print(program, stdout, "#   ");
	fflush(stdout);
}

/* ---- programs in files --------------------------------------------------- */

static bool replay(const char *path)
{
	struct program program;
	struct outcome outcome;
	unsigned int line;
	FILE *file = fopen(path, "re");

	if (!file) {
		printf("# %s: %s\n", path, strerror(errno));
		return false;
	}
	line = program_parse(&program, file);
	fclose(file);
	if (line) {
		printf("# %s: line %u has no meaning\n", path, line);
		return false;
	}
	for (int runs = program_has_task(&program, 1) || program_has_task(&program, 2) ?
			RACES : 1; runs; runs--) {
		execute(&program, &outcome);
		if (outcome.verdict == FINE)
			continue;
		print_find(&program, &outcome);
		return false;
	}
	corpus_try(&program, &outcome);
	return true;
}

static void replay_file(char *path)
{
	char name[NAME_MAX + 1];
	char *dot;

	snprintf(name, sizeof(name), "%s", basename(path));
	dot = strrchr(name, '.');
	if (dot)
		*dot = '\0';
	result(replay(path), name);
}

static int is_program(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void replay_folder(const char *folder)
{
	struct dirent **entries;
	char path[PATH_MAX + NAME_MAX + 2];
	int count = scandir(folder, &entries, is_program, alphasort);

	if (count < 0) {
		printf("# %s: %s\n", folder, strerror(errno));
		result(false, "corpus");
		return;
	}
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		replay_file(path);
		free(entries[i]);
	}
	free(entries);
}

/* ---- programs by chance -------------------------------------------------- */

static void next_program(struct program *program)
{
	const struct program *parent = corpus_pick();

	if (!parent || percent(25)) {
		generate_program(program);
		return;
	}
	*program = *parent;
	mutate_program(program, corpus_pick());
}

/* Drops each call without which something is wrong as well. */
static void shorten(struct program *program, struct outcome *outcome)
{
	for (int at = program->count - 1; at >= 0 && program->count > 1; at--) {
		struct program shorter = *program;
		struct outcome its;

		program_remove(&shorter, at);
		execute(&shorter, &its);
		if (its.verdict == FINE)
			continue;
		*program = shorter;
		*outcome = its;
	}
}

static void fuzz(unsigned int seconds)
{
	__u64 start = now_ns(), end = start + seconds * NSEC_PER_SEC;
	enum verdict verdict = FINE;

	while (now_ns() < end && total.finds < FINDS_MAX && verdict != BROKEN) {
		struct program program;
		struct outcome outcome;

		next_program(&program);
		corpus_try(&program, &outcome);
		total.programs++;
		verdict = outcome.verdict;
		if (verdict == FINE)
			continue;
		total.finds++;
		printf("# after %llu s, program %lu:\n", (now_ns() - start) / NSEC_PER_SEC,
		       total.programs);
		if (verdict == WRONG)
			shorten(&program, &outcome);
		print_find(&program, &outcome);
	}
	printf("# %lu programs, %lu runs, %llu runs a second\n", total.programs,
	       execute_count(), execute_count() * NSEC_PER_SEC / (now_ns() - start + 1));
	printf("# %u programs kept, which reach %zu places in the module; %u finds\n",
	       corpus_size(), kcov_known(), total.finds);
	result(!total.finds, "programs_by_chance");
}

/* -------------------------------------------------------------------------- */

static void usage(void)
{
	fprintf(stderr, "Usage: %s [--seconds N] [--seed N] [FILE...]\n",
		program_invocation_short_name);
	exit(2);
}

/*
 * Goes on in a child. Should the kernel kill that, as it does who comes upon a bug in
 * it, this process tells in which program.
 */
static void survive(void)
{
	FILE *panic = fopen("/proc/sys/kernel/panic_on_oops", "we");
	int status;
	pid_t pid;

	if (panic) {
		fputs("0\n", panic);
		fclose(panic);
	}
	execute_share();
	fflush(stdout);
	pid = fork();
	if (!pid)
		return;
	waitpid(pid, &status, 0);
	if (WIFEXITED(status))
		exit(WEXITSTATUS(status));
	printf("# the kernel killed the fuzzer, in or after:\n");
	program_print(execute_last(), stdout, "#   ");
	puts("not ok 1 the_fuzzer_lives\n1..1");
	exit(1);
}

static void prepare(__u64 seed)
{
	random_seed(seed);
	survive();
	if (!clean_init()) {
		puts("Bail out! needs root, and the module");
		exit(1);
	}
	arena_map();
	execute_init();
	if (!kcov_open())
		puts("# no kcov: programs are made without guidance");
	if (!kernel_log_watch(getenv("KERNEL_SPLAT")))
		puts("# the kernel's log is not looked at");
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned int seconds = 0;
	char folder[PATH_MAX];
	__u64 seed = now_ns();
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 's')
			seconds = strtoul(optarg, NULL, 0);
		else if (option == 'r')
			seed = strtoull(optarg, NULL, 0);
		else
			usage();
	}
	puts("TAP version 13");
	prepare(seed);
	if (optind == argc) {
		snprintf(folder, sizeof(folder), "%s/corpus", dirname(strdup(argv[0])));
		replay_folder(folder);
	}
	while (optind < argc)
		replay_file(argv[optind++]);
	if (seconds) {
		printf("# seed %llu\n", seed);
		fuzz(seconds);
	}
	printf("1..%u\n", total.tests);
	return !!total.failed;
}
