// SPDX-License-Identifier: GPL-2.0
/*
 * The layout of the uapi is that of the frozen list in abi.expected, for which programs
 * were compiled: each struct and member, each number of a command, flag and limit. And no
 * struct has a hole. This needs no device.
 *
 *	abi_layout [FILE]	compare with the list
 *	abi_layout --write	print the list: "make abi" does, when a change is meant
 */
#include <linux/ipcbox_buffer.h>

#include "layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item {
	enum { CONSTANT, STRUCT, MEMBER } kind;
	const char *name;
	const char *type;		/* of a member */
	unsigned long long value;	/* of a constant; offset of a member */
	size_t alignment, size;
};

#define CONSTANT_ITEM(name) { CONSTANT, #name, NULL, name, 0, 0 },
#define STRUCT_ITEM(of)							\
	{ STRUCT, #of, NULL, 0, _Alignof(struct of), sizeof(struct of) },
#define MEMBER_ITEM(of, type, member)					\
	{ MEMBER, #member, #type, offsetof(struct of, member),		\
	  0, sizeof(((struct of *)0)->member) },

static const struct item items[] = {
	EACH_CONSTANT(CONSTANT_ITEM)
	EACH_STRUCT(STRUCT_ITEM, MEMBER_ITEM)
	{ STRUCT, NULL, NULL, 0, 0, 0 }
};

/* Return: whether there are no holes. */
static bool print_layout(FILE *out)
{
	const struct item *within = NULL;
	size_t end = 0;
	bool dense = true;

	fputs("# The ABI of ipcbox, frozen: see abi_layout.c.\n", out);
	for (const struct item *item = items;; item++) {
		size_t start = item->kind == MEMBER ? item->value :
			       within ? within->size : 0;

		if (start != end) {
			fprintf(out, "\t%zu a hole\n", end);
			dense = false;
		}
		end = start + (item->kind == MEMBER ? item->size : 0);
		if (!item->name)
			return dense;
		if (item->kind == CONSTANT) {
			fprintf(out, "%s %#llx\n", item->name, item->value);
		} else if (item->kind == MEMBER) {
			fprintf(out, "\t%zu %s %s\n", start, item->type, item->name);
		} else {
			fprintf(out, "struct %s: %zu bytes, aligned to %zu\n", item->name,
				item->size, item->alignment);
			within = item;
			end = 0;
		}
	}
}

/* The first line in which the two differ, as a message; or NULL. */
static const char *compare(FILE *expected, FILE *found)
{
	static char message[512];
	char left[200], right[200];

	for (int line = 1;; line++) {
		char *a = fgets(left, sizeof(left), expected);
		char *b = fgets(right, sizeof(right), found);

		if (!a && !b)
			return NULL;
		if (a && b && !strcmp(a, b))
			continue;
		snprintf(message, sizeof(message), "line %d: expected %s# but the header has %s",
			 line, a ?: "nothing\n", b ?: "nothing\n");
		return message;
	}
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "abi.expected";
	const char *difference;
	FILE *expected, *found;

	if (!strcmp(path, "--write"))
		return !print_layout(stdout);
	expected = fopen(path, "r");
	found = tmpfile();
	if (!expected || !found) {
		printf("Bail out! %s: ", path);
		fflush(stdout);
		perror(NULL);
		return 1;
	}
	print_layout(found);
	rewind(found);
	difference = compare(expected, found);
	puts("TAP version 13\n1..1");
	if (!difference) {
		puts("ok 1 the_layout_is_as_programs_know_it");
		return 0;
	}
	printf("# %s# Programs that were compiled before would break. If this is a command or\n"
	       "# a flag that is new, or nobody has such programs, run \"make abi\".\n"
	       "not ok 1 the_layout_is_as_programs_know_it\n", difference);
	return 1;
}
