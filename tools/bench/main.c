// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "bench.h"

#include "limits.h"
#include "results.h"
#include "system.h"

#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ipcbox.h>

static const struct bench_case *const cases[] = {
	&rtt_case,   &stream_case,  &fanin_case,  &work_case,	&ports_case,
	&depth_case, &waiters_case, &memory_case, &repair_case, &hostile_case,
};

static const size_t all_sizes[] = { 64, 1024, 4096, 65536 };

struct settings settings = {
	.clock = "wall",
	.rounds = 5,
	.limit = 120,
	.scale = 1,
};

/* The chosen cases, systems and sizes; empty: all. */
static struct choice {
	bool cases[ARRAY_COUNT(cases)];
	bool systems[32];
	size_t sizes[16];
	size_t sizes_count;
	bool any_case;
	bool any_system;
	bool csv;
} chosen;

size_t scaled(size_t count)
{
	double value = count * settings.scale;

	return value < 1 ? 1 : (size_t)value;
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

static void die_usage(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die_usage(const char *format, ...)
{
	va_list args;

	fputs("ipcbox-bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(2);
}

static void print_help(void)
{
	size_t i;

	puts("usage: ipcbox-bench [OPTION]... [CASE]...\n"
	     "\n"
	     "Measures ipcbox beside what else a program could use between processes.\n"
	     "\n"
	     "  -s, --system NAME     only this system; may be given again\n"
	     "  -b, --bytes SIZE      messages of this length; may be given again\n"
	     "                        (64, 1024, 4096 and 65536)\n"
	     "  -r, --rounds N        rounds of each measurement (5)\n"
	     "  -x, --scale FACTOR    times the operations in a round (1)\n"
	     "  -l, --limit SECONDS   the longest that one measurement may take (120)\n"
	     "  -c, --clock NAME      what the clock counts, for the output (wall)\n"
	     "  -C, --csv             the results as CSV\n"
	     "  -h, --help            this help\n"
	     "  -V, --version         the version\n"
	     "\n"
	     "Cases:");
	for (i = 0; i < ARRAY_COUNT(cases); i++)
		printf("  %-14s %s\n", cases[i]->name, cases[i]->summary);
	puts("\nSystems:");
	for (i = 0; i < systems_count; i++)
		printf("  %-14s %s\n", systems[i]->name, systems[i]->summary);
}

static void choose_case(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_COUNT(cases); i++) {
		if (!strcmp(cases[i]->name, name)) {
			chosen.cases[i] = true;
			chosen.any_case = true;
			return;
		}
	}
	die_usage("there is no case '%s'; --help lists them", name);
}

static void choose_system(const char *name)
{
	size_t i;

	for (i = 0; i < systems_count; i++) {
		if (!strcmp(systems[i]->name, name)) {
			chosen.systems[i] = true;
			chosen.any_system = true;
			return;
		}
	}
	die_usage("there is no system '%s'; --help lists them", name);
}

static double parse_number(const char *text, const char *what, double least, double most)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value >= least && value <= most))
		die_usage("%s '%s' is not a number from %.15g to %.15g", what, text, least, most);
	return value;
}

static unsigned int parse_count(const char *text, const char *what, double most)
{
	double value = parse_number(text, what, 1, most);

	if (value != (unsigned int)value)
		die_usage("%s '%s' is not a whole number", what, text);
	return (unsigned int)value;
}

static void choose_size(const char *text)
{
	if (chosen.sizes_count == ARRAY_COUNT(chosen.sizes))
		die_usage("give no more than %zu lengths", ARRAY_COUNT(chosen.sizes));
	chosen.sizes[chosen.sizes_count++] = parse_count(text, "length", QUEUE_BYTES);
}

static const struct option longs[] = {
	{ "system", required_argument, NULL, 's' }, { "bytes", required_argument, NULL, 'b' },
	{ "rounds", required_argument, NULL, 'r' }, { "scale", required_argument, NULL, 'x' },
	{ "limit", required_argument, NULL, 'l' },  { "clock", required_argument, NULL, 'c' },
	{ "csv", no_argument, NULL, 'C' },	    { "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },	    { NULL, 0, NULL, 0 },
};

static void die_option(int found, char **argv)
{
	const char *wrong = argv[optind - 1];

	if (found == ':')
		die_usage("option '%s' needs a value", wrong);
	if (strncmp(wrong, "--", 2))
		die_usage("there is no option '-%c'", optopt);
	if (optopt)
		die_usage("option '%s' takes no value", wrong);
	die_usage("there is no option '%s', or it can mean several", wrong);
}

static void choose_clock(const char *name)
{
	if (!*name || strpbrk(name, ",\"\n"))
		die_usage("clock '%s' is not a word", name);
	settings.clock = name;
}

static void take_option(int option, char **argv)
{
	switch (option) {
	case 's':
		choose_system(optarg);
		break;
	case 'b':
		choose_size(optarg);
		break;
	case 'r':
		settings.rounds = parse_count(optarg, "rounds", MAX_ROUNDS);
		break;
	case 'x':
		settings.scale = parse_number(optarg, "factor", 0.0001, 10000);
		break;
	case 'l':
		settings.limit = parse_count(optarg, "limit", 86400);
		break;
	case 'c':
		choose_clock(optarg);
		break;
	case 'C':
		chosen.csv = true;
		break;
	case 'h':
		print_help();
		exit(0);
	case 'V':
		puts("ipcbox-bench " IPCBOX_VERSION);
		exit(0);
	default:
		die_option(option, argv);
	}
}

static void take_arguments(int argc, char **argv)
{
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":s:b:r:x:l:c:ChV", longs, NULL)) != -1)
		take_option(option, argv);
	while (optind < argc)
		choose_case(argv[optind++]);
	if (!chosen.sizes_count) {
		memcpy(chosen.sizes, all_sizes, sizeof(all_sizes));
		chosen.sizes_count = ARRAY_COUNT(all_sizes);
	}
}

static void run_system(const struct bench_case *bench_case, const struct system *system)
{
	size_t i;

	if (bench_case->one_size) {
		bench_case->run(system, 64);
		return;
	}
	for (i = 0; i < chosen.sizes_count; i++) {
		if (system->max_bytes && chosen.sizes[i] > system->max_bytes)
			continue;
		bench_case->run(system, chosen.sizes[i]);
		if (!(system->promises & CARRIES_PAYLOAD))
			return; /* the others would be the same */
	}
}

static void run_case(const struct bench_case *bench_case)
{
	size_t i;

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "%s ...\n", bench_case->name);
	for (i = 0; i < systems_count; i++)
		if (!chosen.any_system || chosen.systems[i])
			run_system(bench_case, systems[i]);
}

static void run_all(void)
{
	size_t i;

	for (i = 0; i < ARRAY_COUNT(cases); i++)
		if (!chosen.any_case || chosen.cases[i])
			run_case(cases[i]);
}

/* The end of workers is waited for with sigtimedwait(2). */
static void block_sigchld(void)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
}

int main(int argc, char **argv)
{
	take_arguments(argc, argv);
	block_sigchld();
	limits_raise();
	run_all();
	limits_restore();
	if (chosen.csv)
		print_csv();
	else
		print_table();
	print_notes();
	if (fflush(stdout) || ferror(stdout)) {
		warn("cannot write the results");
		return 1;
	}
	return any_failure() || !any_result();
}
