// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* @shorts begins with ':', which makes a missing value tell itself apart. */
int next_option(int argc, char **argv, const char *shorts, const struct option *longs)
{
	int option;

	opterr = 0;
	option = getopt_long(argc, argv, shorts, longs, NULL);
	if (option == '?' || option == ':')
		die_option(option, argv);
	if (option == 'h') {
		print_usage(current_command);
		exit(output_flush() ? STATUS_FAILED : STATUS_OK);
	}
	return option;
}

void need_arguments(int argc, int at_least, int at_most, const char *what)
{
	int given = argc - optind;

	if (given < at_least)
		die_usage("%s: give %s", current_command->name, what);
	if (given > at_most)
		die_usage("%s: give no more than %s", current_command->name, what);
}

/* Return: what follows the digits, or NULL if there are none or too many. */
static const char *read_digits(const char *text, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return NULL;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno ? NULL : end;
}

uint64_t parse_number(const char *text, const char *what, uint64_t max)
{
	uint64_t value = 0;
	const char *end = read_digits(text, &value);

	if (!end || *end || value > max)
		die_usage("%s '%s' is not a number from 0 to %llu", what, text,
			  (unsigned long long)max);
	return value;
}

static int size_shift(const char *suffix)
{
	if (!suffix[0])
		return 0;
	if (suffix[1])
		return -1;
	switch (toupper((unsigned char)suffix[0])) {
	case 'K':
		return 10;
	case 'M':
		return 20;
	case 'G':
		return 30;
	}
	return -1;
}

uint64_t parse_size(const char *text, const char *what)
{
	uint64_t value = 0;
	const char *end = read_digits(text, &value);
	int shift = end ? size_shift(end) : -1;

	if (shift < 0 || value > UINT64_MAX >> shift)
		die_usage("%s '%s' is not a size like 512, 64K or 16M", what, text);
	return value << shift;
}

static double unit_ms(const char *suffix)
{
	static const struct {
		const char *suffix;
		double ms;
	} units[] = {
		{ "", 1e3 }, { "ms", 1 }, { "s", 1e3 }, { "m", 60e3 }, { "h", 3600e3 },
	};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(units[i].suffix, suffix))
			return units[i].ms;
	return -1;
}

int64_t parse_timeout_ms(const char *text)
{
	/* strtod() takes more: signs, words, and hexadecimal numbers. */
	size_t digits = strspn(text, "0123456789.");
	char *end = NULL;
	double ms = -1, unit = -1;

	if (digits) {
		ms = strtod(text, &end);
		unit = end == text + digits ? unit_ms(end) : -1;
		ms *= unit;
	}
	if (!(unit > 0 && ms >= 0 && ms < 1e15))
		die_usage("time '%s' is not one like 5, 0.5, 200ms or 2m", text);
	/* A time that is not 0 is not to become 0, which would mean not to wait. */
	return ms > 0 && ms < 1 ? 1 : (int64_t)ms;
}

mode_t parse_mode(const char *text)
{
	char *end = NULL;
	unsigned long mode = 01000;

	if (isdigit((unsigned char)text[0]))
		mode = strtoul(text, &end, 8);
	if (mode > 0777 || *end)
		die_usage("mode '%s' is not an octal number like 0660", text);
	return (mode_t)mode;
}
