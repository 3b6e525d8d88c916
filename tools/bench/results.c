// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "results.h"

#include "bench.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

struct result {
	struct subject subject;
	const char *unit;
	double median;
	double spread; /* (highest - lowest) / median, in % */
};

struct note {
	struct subject subject;
	bool failed;
	char text[128];
};

static struct result *results;
static size_t results_count;
static struct note *notes;
static size_t notes_count;

static void *grow(void *array, size_t count, size_t size)
{
	array = realloc(array, (count + 1) * size);
	if (!array)
		err(1, "memory for results");
	return array;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void add_result(const struct subject *subject, const char *unit, const double *rounds, size_t count)
{
	double sorted[MAX_ROUNDS];
	struct result *result;

	memcpy(sorted, rounds, count * sizeof(*rounds));
	qsort(sorted, count, sizeof(*sorted), by_value);
	results = grow(results, results_count, sizeof(*results));
	result = &results[results_count++];
	result->subject = *subject;
	result->unit = unit;
	result->median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
	result->spread =
		result->median ? 100 * (sorted[count - 1] - sorted[0]) / result->median : 0;
}

static void add_note(const struct subject *subject, bool failed, const char *format, va_list args)
{
	struct note *note;

	notes = grow(notes, notes_count, sizeof(*notes));
	note = &notes[notes_count++];
	note->subject = *subject;
	note->failed = failed;
	vsnprintf(note->text, sizeof(note->text), format, args);
}

void add_skip(const struct subject *subject, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_note(subject, false, format, args);
	va_end(args);
}

void add_failure(const struct subject *subject, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_note(subject, true, format, args);
	va_end(args);
}

/* "6.1" of "6.1.0-56-amd64" */
static const char *kernel_version(void)
{
	static char version[16];
	struct utsname name;
	int major, minor;

	if (uname(&name) || sscanf(name.release, "%d.%d", &major, &minor) != 2)
		return "unknown";
	snprintf(version, sizeof(version), "%d.%d", major, minor);
	return version;
}

void print_csv(void)
{
	const struct result *result;

	puts("kernel,clock,case,system,bytes,batch,median,unit,spread_pct");
	for (result = results; result < results + results_count; result++)
		printf("%s,%s,%s,%s,%zu,%d,%.1f,%s,%.2f\n", kernel_version(), settings.clock,
		       result->subject.name, result->subject.system, result->subject.bytes,
		       result->subject.batch, result->median, result->unit, result->spread);
}

void print_table(void)
{
	const struct result *result;

	if (!results_count)
		return;
	printf("%-20s %-16s %6s %6s %12s %-12s %s\n", "CASE", "SYSTEM", "BYTES", "BATCH", "MEDIAN",
	       "UNIT", "SPREAD");
	for (result = results; result < results + results_count; result++)
		printf("%-20s %-16s %6zu %6d %12.1f %-12s %.1f %%\n", result->subject.name,
		       result->subject.system, result->subject.bytes, result->subject.batch,
		       result->median, result->unit, result->spread);
}

void print_notes(void)
{
	const struct note *note;

	for (note = notes; note < notes + notes_count; note++)
		fprintf(stderr, "%s %s %s, %zu bytes: %s\n", note->failed ? "FAILED " : "skipped",
			note->subject.name, note->subject.system, note->subject.bytes, note->text);
}

bool any_failure(void)
{
	size_t i;

	for (i = 0; i < notes_count; i++)
		if (notes[i].failed)
			return true;
	return false;
}

bool any_result(void)
{
	return results_count > 0;
}
