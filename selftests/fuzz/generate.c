// SPDX-License-Identifier: GPL-2.0
#include "generate.h"

#include "arena.h"
#include "random.h"

#include <limits.h>

#include <linux/ipcbox.h>

/*
 * Most of what is wrong ends a call early, so that little of the module is reached:
 * many calls are made with care.
 */
static bool careful;

static bool nasty(unsigned int chance)
{
	return !careful && percent(chance);
}

/* ---- numbers ------------------------------------------------------------- */

static const __u64 bad_addresses[] = {
	0, 1, 8, KERNEL_ADDRESS, 0xffffffff81000000ULL, ULLONG_MAX, ULLONG_MAX - 7,
	0x7fffffffffffffffULL, 0x800000000000ULL, 0xfffff000U, UINT_MAX };

/* Room for SIZE bytes, most of the time. */
static __u64 an_address(size_t size)
{
	static const unsigned int areas[] = { 1, 1, 2, 2, 3, 3, AREA_LARGE };
	unsigned int area = nasty(4) ? AREA_READONLY : PICK(areas);
	__u64 start = area_start(area), end = area_end(area);

	if (nasty(6))
		return PICK(bad_addresses);
	if (nasty(6)) /* the last bytes do not fit */
		return end - random_below(size + 1);
	if (nasty(10))
		return start + random_below(end - start);
	if (percent(25))
		return end - size;
	return start + random_below((end - start - size) / 8) * 8;
}

static __u64 a_size(const struct op *op)
{
	const __u64 sizes[] = {
		0, 4, 8, op->size - 8, op->size - 4, op->size - 1, op->size + 1,
		op->size + 4, op->size + 8, op->size + 64, 256, ARENA_PAGE - 1, ARENA_PAGE,
		ARENA_PAGE + 1, INT_MAX, UINT_MAX };

	return nasty(15) ? PICK(sizes) : op->size;
}

static __u64 some_flags(__u32 allowed)
{
	if (nasty(6))
		return 1U << random_below(32);
	if (nasty(2))
		return random_bits() & UINT_MAX;
	if (percent(15))
		return 0;
	return (random_bits() | random_bits()) & allowed;
}

/* A length for a buffer at ADDRESS. */
static __u64 a_length(__u64 address)
{
	static const __u64 usual[] = { 0, 1, 7, 8, 8, 16, 16, 64, 65, 300, 1000 };
	static const __u64 edges[] = {
		ARENA_PAGE - 81, ARENA_PAGE - 80, ARENA_PAGE - 79, ARENA_PAGE,
		ARENA_PAGE + 1, 2 * ARENA_PAGE, 65536, 65537, IPCBOX_MSGSIZE_MAX,
		IPCBOX_MSGSIZE_MAX + 1, INT_MAX, INT_MAX + 1ULL, UINT_MAX, 1ULL << 32,
		(1ULL << 32) + 8, LLONG_MAX, LLONG_MAX + 1ULL, ULLONG_MAX };
	int area = area_of(address);

	if (!nasty(40))
		return PICK(usual);
	if (percent(50) && area >= 0)
		return area_end(area) - address + random_below(3) - 1;
	if (percent(10))
		return 8 - address; /* wraps */
	return PICK(edges);
}

static __u64 a_name(void)
{
	unsigned int name = random_below(nasty(20) ? AREA_NAME_COUNT : 2);

	if (nasty(8))
		return an_address(6);
	return area_start(AREA_NAMES) + name * AREA_NAME_STEP;
}

static __u64 a_name_length(void)
{
	static const __u64 lengths[] = {
		0, 1, 5, 7, IPCBOX_NAME_MAX, IPCBOX_NAME_MAX + 1, INT_MAX, UINT_MAX };

	return nasty(15) ? PICK(lengths) : 6;
}

static __u64 an_attribute(__u32 bit)
{
	static const __u64 modes[] = { 0, 0200, 0400, 0600, 0622, 0666, 0667, 01000, UINT_MAX };
	static const __u64 ids[] = { 0, 0, 1000, 65534, UINT_MAX };
	static const __u64 usual[] = { 1, 1, 1, 2, 2, 3, 8, 16, 64, ARENA_PAGE, 65536 };
	static const __u64 edges[] = {
		0, 1 << 20, IPCBOX_MSGSIZE_MAX, IPCBOX_MSGSIZE_MAX + 1, UINT_MAX, LLONG_MAX,
		ULLONG_MAX };

	switch (bit) {
	case IPCBOX_ATTR_MODE:
		return PICK(modes);
	case IPCBOX_ATTR_UID:
	case IPCBOX_ATTR_GID:
		return PICK(ids);
	default:
		return nasty(20) ? PICK(edges) : PICK(usual);
	}
}

/* ---- values -------------------------------------------------------------- */

static struct value a_deadline(void)
{
	static const __u64 edges[] = {
		0, 0, 0, 1, LLONG_MAX - 1, LLONG_MAX, LLONG_MAX + 1ULL, ULLONG_MAX };

	if (percent(92))
		return (struct value){ SOON, random_below(4) };
	return (struct value){ LITERAL, PICK(edges) };
}

/* The last step before AT that made one of KINDS, or one before it; or -1. */
static int find_maker(const struct program *program, unsigned int at, unsigned int kinds)
{
	int found = -1;

	for (int i = at - 1; i >= 0; i--) {
		if (!(ON(step_makes(program, i)) & kinds))
			continue;
		found = i;
		if (percent(60))
			break;
	}
	return found;
}

static struct value a_process(const struct program *program, unsigned int at)
{
	static const enum process processes[] = {
		SELF, SELF, SELF, MAIN, MAIN, MAIN, CHILD, CHILD, FUZZER };
	static const __u64 numbers[] = { 0, 0, 1, 2, UINT_MAX, INT_MAX, INT_MAX + 1ULL };
	const struct step *step = &program->steps[at];
	bool is_for_pidfd = step->op->nr == IPCBOX_LINK_OPEN &&
			    step->values[AT_FLAGS].number & IPCBOX_PIDFD;
	int pidfd = find_maker(program, at, ON(PIDFD));

	if (pidfd >= 0 && percent(is_for_pidfd ? 95 : 10))
		return (struct value){ RESULT, pidfd };
	if (nasty(15))
		return (struct value){ LITERAL, PICK(numbers) };
	return (struct value){ PROCESS, PICK(processes) };
}

static struct value an_fd(const struct program *program, unsigned int at,
			  unsigned int kinds)
{
	static const __u64 numbers[] = { 0, UINT_MAX, 1000 };
	int maker = find_maker(program, at, nasty(6) ? ~ON(NOTHING) : kinds);

	if (maker < 0)
		return (struct value){ LITERAL, PICK(numbers) };
	return (struct value){ RESULT, maker };
}

/* pid and from are for some kinds of fd only. */
static bool wants_process(const struct program *program, const struct step *step)
{
	const struct value *fd = &step->values[AT_FD];
	enum resource kind = fd->form == RESULT ? step_makes(program, fd->number) : NOTHING;

	switch (step->op->nr) {
	case IPCBOX_SEND:
	case IPCBOX_CALL:
	case IPCBOX_SEND_BATCH:
		return kind == CONTROL || nasty(3);
	case IPCBOX_RECV:
	case IPCBOX_REPLY_RECV:
	case IPCBOX_RECV_BATCH:
		return kind == MAILBOX ? percent(40) : nasty(3);
	default:
		return true;
	}
}

static __u64 a_number(const struct step *step, unsigned int index)
{
	static const __u64 priorities[] = {
		IPCBOX_PRIORITY_MAX, IPCBOX_PRIORITY_MAX + 1, UINT_MAX };
	const struct field *field = &step->op->fields[index];

	switch (field->kind) {
	case ARG:
		return an_address(step->op->size);
	case TAIL:
		return percent(75) ? 0 : 1 + random_below(255);
	case SIZE:
		return a_size(step->op);
	case PART_SIZE:
		return field->most + (nasty(5) ? random_below(256) - 64 : 0);
	case FLAGS:
		return some_flags(step->op->flags);
	case RESERVED:
		return nasty(3) ? 1ULL << random_below(32) : 0;
	case NAME:
		return a_name();
	case NAME_LEN:
		return a_name_length();
	case DATA:
		return an_address(64);
	case LENGTH:
		return a_length(index ? step->values[index - 1].number : 0);
	case MASK:
		return step->op->nr != IPCBOX_SET && percent(60) ? 0 :
		       random_bits() & some_flags(IPCBOX_ATTR_ALL);
	case ATTR: {
		__u64 mask = step->values[op_field(step->op, "attr.mask")].number;

		return mask & field->most || nasty(1) ? an_attribute(field->most) : 0;
	}
	case PRIORITY:
		return nasty(20) ? PICK(priorities) : random_below(4);
	case ADDRESS:
		return area_start(1 + random_below(3)) + random_below(2) * ARENA_PAGE;
	case NUMBER:
		return random_below(field->most + 1);
	default: /* OUT, TAG */
		return random_bits() & 0xff;
	}
}

static void generate_field(struct program *program, unsigned int at, unsigned int index)
{
	struct step *step = &program->steps[at];
	const struct field *field = &step->op->fields[index];
	struct value value = { LITERAL, 0 };

	switch (field->kind) {
	case FD:
		value = an_fd(program, at, field->most);
		break;
	case DEADLINE:
		value = a_deadline();
		break;
	case PID:
		if (wants_process(program, step))
			value = a_process(program, at);
		break;
	default:
		value.number = a_number(step, index);
	}
	step->values[index] = value;
}

void generate_value(struct program *program, unsigned int at, unsigned int index)
{
	careful = percent(30);
	generate_field(program, at, index);
}

/* ---- steps --------------------------------------------------------------- */

static const struct op *an_op(void)
{
	static unsigned int total;
	unsigned int pick;

	if (!total) {
		for (unsigned int i = 0; i < op_count; i++)
			total += ops[i].weight;
	}
	pick = random_below(total);
	for (const struct op *op = ops;; op++) {
		if (pick < op->weight)
			return op;
		pick -= op->weight;
	}
}

static bool generate_call(struct program *program, unsigned int *at, const struct op *op);

static const struct op *maker_of(unsigned int kinds)
{
	const struct op *op;

	do {
		op = &ops[random_below(op_count)];
	} while (!(ON(op->makes) & kinds & ~(ON(NOTHING) | ON(SAME))));
	return op;
}

/* Makes what a call needs to come to anything. */
static bool generate_needs(struct program *program, unsigned int *at, const struct op *op)
{
	unsigned int object = 0;

	for (unsigned int i = 0; i < op->count; i++) {
		const struct field *field = &op->fields[i];

		if (field->kind != FD || find_maker(program, *at, field->most) >= 0)
			continue;
		if (!generate_call(program, at, maker_of(field->most)))
			return false;
	}
	/* that a name or a pid leads to */
	if (op->nr == IPCBOX_PORT_OPEN || op->nr == IPCBOX_PORT_DELETE ||
	    op->nr == IPCBOX_PORT_LIST)
		object = ON(PORT);
	else if (op->nr == IPCBOX_LINK_OPEN || op->nr == IPCBOX_SEND)
		object = ON(MAILBOX);
	if (!object || find_maker(program, *at, object) >= 0 || percent(20))
		return true;
	return generate_call(program, at, maker_of(object));
}

static bool generate_call(struct program *program, unsigned int *at, const struct op *op)
{
	if (!generate_needs(program, at, op) || !program_insert(program, *at, op))
		return false;
	careful = percent(op->makes == NOTHING ? 50 : 80);
	for (unsigned int i = 0; i < op->count; i++)
		generate_field(program, *at, i);
	++*at;
	return true;
}

bool generate_step(struct program *program, unsigned int at)
{
	return generate_call(program, &at, an_op());
}

void generate_tasks(struct program *program)
{
	unsigned int from = random_below(program->count);
	unsigned int tasks = percent(60) ? 2 : TASKS;

	for (unsigned int i = from; i < program->count; i++)
		program->steps[i].task = random_below(tasks);
}

void generate_program(struct program *program)
{
	unsigned int length = 2 + random_below(MAX_STEPS - 4);

	program->count = 0;
	while (program->count < length && generate_step(program, program->count))
		;
	if (percent(40))
		generate_tasks(program);
}
