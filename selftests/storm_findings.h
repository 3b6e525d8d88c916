/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Properties that must hold in a storm, and findings against them: any process may
 * report one, which stays in shared memory whatever becomes of the process.
 */
#ifndef STORM_FINDINGS_H
#define STORM_FINDINGS_H

#include <stdbool.h>

/* One line of the result for each. */
enum property {
	NOTHING_LOST,
	NOTHING_TWICE,
	NOTHING_REFUSED_ARRIVES,
	INTACT,
	ORDER,
	NO_NEEDLESS_SLEEP,
	POLL_AGREES,
	ERRORS,
	COUNTS,
	ZERO_AT_THE_END,
	MODULE_STAYS,
	WORKERS_END,
	PROPERTIES
};

#define FINDINGS_KEPT	8	/* of one property are printed in full */
#define FINDING_LENGTH	480

struct findings {
	unsigned long long start;
	struct {
		int count;
		char text[FINDINGS_KEPT][FINDING_LENGTH];
	} of[PROPERTIES];
};

void findings_attach(struct findings *shared);
void finding(enum property property, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
bool findings_any(void);
int findings_tell(const char *again);

#endif /* STORM_FINDINGS_H */
