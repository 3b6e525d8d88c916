// SPDX-License-Identifier: GPL-2.0
#include "program.h"

#include "arena.h"

#include <stdlib.h>
#include <string.h>

enum resource step_makes(const struct program *program, unsigned int step)
{
	const struct value *from = &program->steps[step].values[0];
	enum resource makes = program->steps[step].op->makes;

	if (makes != SAME)
		return makes;
	if (from->form != RESULT || from->number >= step)
		return NOTHING;
	return step_makes(program, from->number);
}

__u64 default_value(const struct op *op, unsigned int field)
{
	switch (op->fields[field].kind) {
	case ARG:
		return area_start(1);
	case SIZE:
		return op->size;
	case PART_SIZE:
		return op->fields[field].most;
	default:
		return 0;
	}
}

/* Results move by BY from the step AT on. */
static void shift_results(struct program *program, unsigned int at, int by)
{
	for (unsigned int i = 0; i < program->count; i++) {
		struct step *step = &program->steps[i];

		for (unsigned int j = 0; j < step->op->count; j++) {
			struct value *value = &step->values[j];

			if (value->form == RESULT && value->number >= at)
				value->number += by;
		}
	}
}

struct step *program_insert(struct program *program, unsigned int at,
			    const struct op *op)
{
	struct step *step = &program->steps[at];

	if (program->count == MAX_STEPS)
		return NULL;
	shift_results(program, at, 1);
	memmove(step + 1, step, (program->count - at) * sizeof(*step));
	program->count++;
	memset(step, 0, sizeof(*step));
	step->op = op;
	for (unsigned int i = 0; i < op->count; i++)
		step->values[i].number = default_value(op, i);
	return step;
}

/* Who used its result gets what is no fd. */
static void forget_result(struct program *program, unsigned int of)
{
	for (unsigned int i = of + 1; i < program->count; i++) {
		struct step *step = &program->steps[i];

		for (unsigned int j = 0; j < step->op->count; j++) {
			if (step->values[j].form == RESULT && step->values[j].number == of)
				step->values[j] = (struct value){ LITERAL, ~0U };
		}
	}
}

void program_remove(struct program *program, unsigned int at)
{
	struct step *step = &program->steps[at];

	forget_result(program, at);
	memmove(step, step + 1, (program->count - at - 1) * sizeof(*step));
	program->count--;
	shift_results(program, at + 1, -1);
}

void program_append(struct program *program, const struct program *from)
{
	unsigned int base = program->count;

	for (unsigned int i = 0; i < from->count && program->count < MAX_STEPS; i++) {
		struct step *step = &program->steps[program->count++];

		*step = from->steps[i];
		for (unsigned int j = 0; j < step->op->count; j++) {
			if (step->values[j].form == RESULT)
				step->values[j].number += base;
		}
	}
}

bool program_expects(const struct program *program)
{
	for (unsigned int i = 0; i < program->count; i++) {
		if (program->steps[i].expects)
			return true;
	}
	return false;
}

void program_expect_nothing(struct program *program)
{
	for (unsigned int i = 0; i < program->count; i++)
		program->steps[i].expects = false;
}

bool program_has_task(const struct program *program, unsigned int task)
{
	for (unsigned int i = 0; i < program->count; i++) {
		if (program->steps[i].task == task)
			return true;
	}
	return false;
}

bool program_has_op(const struct program *program, const char *name)
{
	for (unsigned int i = 0; i < program->count; i++) {
		if (!strcmp(program->steps[i].op->name, name))
			return true;
	}
	return false;
}

unsigned int program_split(const struct program *program)
{
	unsigned int i = 0;

	while (i < program->count && !program->steps[i].task)
		i++;
	return i;
}

/* ---- text ---------------------------------------------------------------- */

static const char *const process_names[PROCESSES] = {
	"self", "main", "child", "fuzzer" };

static void print_literal(__u64 number, FILE *out)
{
	int area = area_of(number);

	if (area >= 0 && number - area_start(area) < ARENA_PAGE)
		fprintf(out, "b%d+%#llx", area, number - area_start(area));
	else if (area >= 0 && number <= area_end(area))
		fprintf(out, "b%d-%#llx", area, area_end(area) - number);
	else
		fprintf(out, number < 100000 ? "%llu" : "%#llx", number);
}

static void print_value(const struct value *value, FILE *out)
{
	switch (value->form) {
	case RESULT:
		fprintf(out, "r%llu", value->number);
		break;
	case SOON:
		fprintf(out, "+%llums", value->number);
		break;
	case PROCESS:
		fputs(process_names[value->number], out);
		break;
	default:
		print_literal(value->number, out);
	}
}

static void print_step(const struct step *step, unsigned int index, FILE *out)
{
	if (step->task)
		fprintf(out, "%u| ", step->task);
	if (step->op->makes != NOTHING)
		fprintf(out, "r%u = ", index);
	fputs(step->op->name, out);
	for (unsigned int i = 0; i < step->op->count; i++) {
		const struct value *value = &step->values[i];

		if (step->op->fields[i].kind == OUT)
			continue;
		if (value->form == LITERAL && value->number == default_value(step->op, i))
			continue;
		fprintf(out, " %s=", step->op->fields[i].name);
		print_value(value, out);
	}
	fputc('\n', out);
}

void program_print(const struct program *program, FILE *out, const char *before)
{
	for (unsigned int i = 0; i < program->count; i++) {
		fputs(before, out);
		print_step(&program->steps[i], i, out);
	}
}

static bool parse_area(struct value *value, const char *text)
{
	unsigned int area;
	unsigned long long offset = 0;
	char sign = '+';

	if (sscanf(text, "b%u%c%lli", &area, &sign, &offset) < 1 || area >= AREAS)
		return false;
	value->number = sign == '-' ? area_end(area) - offset : area_start(area) + offset;
	return true;
}

static bool parse_value(struct value *value, const char *text)
{
	char *end;

	value->form = LITERAL;
	if (*text == 'b')
		return parse_area(value, text);
	for (int i = 0; i < PROCESSES; i++) {
		if (!strcmp(text, process_names[i])) {
			*value = (struct value){ PROCESS, i };
			return true;
		}
	}
	if (*text == 'r')
		value->form = RESULT;
	else if (*text == '+')
		value->form = SOON;
	value->number = strtoull(text + (value->form != LITERAL), &end, 0);
	return !*end || (value->form == SOON && !strcmp(end, "ms"));
}

static bool parse_argument(struct step *step, char *text)
{
	char *equals = strchr(text, '=');
	int field;

	if (!equals)
		return false;
	*equals = '\0';
	field = op_field(step->op, text);
	return field >= 0 && parse_value(&step->values[field], equals + 1);
}

static bool parse_expected(struct step *step, const char *text)
{
	char *end;

	if (!text)
		return false;
	step->expects = true;
	step->expected = !strcmp(text, "fd") ? EXPECT_FD : strtol(text, &end, 0);
	if (step->expected == EXPECT_FD || !*end)
		return true;
	for (int error = 1; error < 256; error++) {
		const char *name = strerrorname_np(error);

		step->expected = -error;
		if (name && !strcmp(name, text))
			return true;
	}
	return false;
}

/* LABELS are the indexes of the steps whose results have a name in the text. */
static bool name_results(struct step *step, const int *labels)
{
	for (unsigned int i = 0; i < step->op->count; i++) {
		if (step->values[i].form != RESULT)
			continue;
		if (step->values[i].number >= MAX_STEPS)
			return false;
		step->values[i].number = labels[step->values[i].number];
	}
	return true;
}

static bool parse_line(struct program *program, char *line, int *labels)
{
	unsigned int task = 0, label = MAX_STEPS;
	const struct op *op;
	struct step *step;
	char *word, *rest;
	int length = 0;

	if (sscanf(line, "%u| %n", &task, &length) == 1 && length)
		line += length;
	length = 0;
	if (sscanf(line, "r%u = %n", &label, &length) == 1 && length)
		line += length;
	word = strtok_r(line, " \t\n", &rest);
	op = op_find(word);
	if (!op || task >= TASKS || label > MAX_STEPS || program->count == MAX_STEPS)
		return false;
	step = program_insert(program, program->count, op);
	step->task = task;
	labels[label] = program->count - 1;
	while ((word = strtok_r(NULL, " \t\n", &rest))) {
		if (!strcmp(word, "->") ?
		    !parse_expected(step, strtok_r(NULL, " \t\n", &rest)) :
		    !parse_argument(step, word))
			return false;
	}
	return name_results(step, labels);
}

unsigned int program_parse(struct program *program, FILE *in)
{
	int labels[MAX_STEPS + 1] = { 0 };
	unsigned int number = 0;
	char line[2048];

	program->count = 0;
	while (fgets(line, sizeof(line), in)) {
		char *text = line + strspn(line, " \t");

		number++;
		text[strcspn(text, "#\n")] = '\0';
		if (*text && !parse_line(program, text, labels))
			return number;
	}
	return 0;
}
