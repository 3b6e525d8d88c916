/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * DOC: results
 *
 * One result for each measurement: the median of its rounds, and how far they lie
 * apart. A measurement that is not possible is kept with its reason. A failure
 * is one that should have worked: the program then ends with 1.
 */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

/* A row of the table. */
struct subject {
	char name[32]; /* of the case, with its parameter: "ports-1000" */
	const char *system;
	size_t bytes;
	int batch;
};

void add_result(const struct subject *subject, const char *unit, const double *rounds,
		size_t count);
void add_skip(const struct subject *subject, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void add_failure(const struct subject *subject, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void print_table(void);
void print_csv(void);
void print_notes(void); /* skipped and failed measurements, on stderr */
bool any_failure(void);
bool any_result(void);

#endif /* BENCH_RESULTS_H */
