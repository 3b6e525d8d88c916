/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The calls of which programs are made: the commands of ipcbox, with fields and errors from
 * the uapi headers (see layout.awk), and the other calls that matter to ipcbox. To each
 * field this adds the values to pass, or the most that the kernel may tell.
 */
#ifndef FUZZ_DESCRIBE_H
#define FUZZ_DESCRIBE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

/* What an argument, or a field of a struct, means. */
enum kind {
	FD,		/* most: ON() of what it should be */
	ARG,		/* where the struct of the command is */
	TAIL,		/* what fills the bytes behind the struct, up to its size */
	SIZE,
	PART_SIZE,	/* of a struct inside, or in an array; most: the right one */
	FLAGS,
	RESERVED,	/* zero */
	NAME,		/* pointer to the name of a port */
	NAME_LEN,
	DATA,		/* pointer to what the kernel reads or writes */
	LENGTH,		/* of the data */
	DEADLINE,
	PID,
	MASK,		/* of the attributes that are given */
	ATTR,		/* most: its bit in the mask */
	PRIORITY,
	TAG,
	OUT,		/* written by the kernel; most: the highest value */
	NUMBER,		/* most: the highest value */
	ADDRESS,	/* of memory to change */
};

/* What a call makes, and an fd stands for. */
enum resource { NOTHING, CONTROL, PORT, MAILBOX, LINK, BUFFER, EPOLL, PIDFD, SAME };

#define ON(resource) (1U << (resource))
#define ON_OBJECT (ON(PORT) | ON(MAILBOX) | ON(LINK))
#define ON_NAMED (ON_OBJECT | ON(BUFFER))
#define ON_ANY (ON_NAMED | ON(CONTROL))

struct field {
	const char *name;
	enum kind kind;
	unsigned int offset, width;	/* in the struct of a command */
	__u64 most;
};

struct task;

#define MAX_VALUES 24

struct op {
	const char *name;
	unsigned int nr;		/* of a command, else 0 */
	size_t size;			/* of its struct */
	__u32 flags;			/* that it takes */
	const struct field *fields;
	unsigned int count;		/* of fields */
	enum resource makes;
	unsigned int weight;		/* how often it is used */
	const short *errors;		/* that the uapi tells, without those of all */
	long (*run)(struct task *task, const __u64 *values);
};

/* Where the values of every command have these. */
enum { AT_FD, AT_ARG, AT_TAIL, AT_SIZE, AT_FLAGS };

extern const struct op ops[];
extern const unsigned int op_count;

const struct op *op_find(const char *name);

/* The index of a field, or -1. */
int op_field(const struct op *op, const char *name);

bool op_may_fail_with(const struct op *op, int error);

#endif /* FUZZ_DESCRIBE_H */
