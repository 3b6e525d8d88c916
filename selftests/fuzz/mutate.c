// SPDX-License-Identifier: GPL-2.0
#include "generate.h"

#include "random.h"

static void change_a_value(struct program *program)
{
	unsigned int at = random_below(program->count);
	unsigned int count = program->steps[at].op->count;

	if (count)
		generate_value(program, at, random_below(count));
}

/* By one, or by one bit. */
static void nudge_a_value(struct program *program)
{
	struct step *step = &program->steps[random_below(program->count)];
	struct value *value;

	if (!step->op->count)
		return;
	value = &step->values[random_below(step->op->count)];
	if (value->form != LITERAL)
		return;
	if (percent(50))
		value->number += percent(50) ? 1 : -1;
	else
		value->number ^= 1ULL << random_below(64);
}

static void repeat_a_step(struct program *program)
{
	unsigned int from = random_below(program->count);
	struct step copy = program->steps[from];
	struct step *step;

	if (copy.op->makes != NOTHING)
		return;
	step = program_insert(program, from + 1, copy.op);
	if (step)
		*step = copy;
}

static void mutate_once(struct program *program, const struct program *from)
{
	switch (random_below(12)) {
	case 0:
		if (program->count > 1)
			program_remove(program, random_below(program->count));
		break;
	case 1:
		program_append(program, from);
		break;
	case 2:
		generate_tasks(program);
		break;
	case 3:
		repeat_a_step(program);
		break;
	case 4:
	case 5:
		nudge_a_value(program);
		break;
	case 6:
	case 7:
	case 8:
		change_a_value(program);
		break;
	default:
		generate_step(program, random_below(program->count + 1));
	}
}

void mutate_program(struct program *program, const struct program *from)
{
	unsigned int count = 1 + random_below(5);

	while (count--)
		mutate_once(program, from);
}
