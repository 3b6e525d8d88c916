// SPDX-License-Identifier: GPL-2.0
#include "storm_findings.h"

#include "commands.h"

#include <stdarg.h>
#include <stdio.h>

#include <kselftest.h>

static struct findings *findings;

static const char * const names[PROPERTIES] = {
	[NOTHING_LOST] = "nothing_accepted_and_not_deleted_is_lost",
	[NOTHING_TWICE] = "nothing_arrives_twice",
	[NOTHING_REFUSED_ARRIVES] = "nothing_arrives_that_was_not_accepted",
	[INTACT] = "what_arrives_is_intact",
	[ORDER] = "order_holds_for_each_sender_and_priority",
	[NO_NEEDLESS_SLEEP] = "no_waiter_sleeps_while_it_could_go_on",
	[POLL_AGREES] = "poll_agrees_with_what_is_there",
	[ERRORS] = "errors_are_those_that_are_documented",
	[COUNTS] = "stat_agrees_with_what_was_done",
	[ZERO_AT_THE_END] = "every_counter_is_zero_at_the_end",
	[MODULE_STAYS] = "the_module_stays_while_it_is_in_use",
	[WORKERS_END] = "workers_end_only_at_stop",
};

/* Whoever comes first sets the clock. */
void findings_attach(struct findings *shared)
{
	findings = shared;
	if (!findings->start)
		findings->start = now_ns();
}

void finding(enum property property, const char *format, ...)
{
	char text[FINDING_LENGTH];
	va_list args;
	int i, n;

	n = snprintf(text, sizeof(text), "after %.1f s: ",
		     (now_ns() - findings->start) / (double)NSEC_PER_SEC);
	va_start(args, format);
	vsnprintf(text + n, sizeof(text) - n, format, args);
	va_end(args);

	i = __atomic_fetch_add(&findings->of[property].count, 1, __ATOMIC_RELAXED);
	if (i < FINDINGS_KEPT)
		memcpy(findings->of[property].text[i], text, sizeof(text));
}

bool findings_any(void)
{
	for (int p = 0; p < PROPERTIES; p++)
		if (__atomic_load_n(&findings->of[p].count, __ATOMIC_RELAXED))
			return true;
	return false;
}

/* One line of TAP for each property. Returns the exit status. */
int findings_tell(const char *again)
{
	ksft_set_plan(PROPERTIES);
	for (int p = 0; p < PROPERTIES; p++) {
		int count = findings->of[p].count;

		for (int i = 0; i < count && i < FINDINGS_KEPT; i++)
			ksft_print_msg("%s\n", findings->of[p].text[i]);
		if (count > FINDINGS_KEPT)
			ksft_print_msg("and %d more\n", count - FINDINGS_KEPT);
		if (count)
			ksft_print_msg("again: %s\n", again);
		ksft_test_result(!count, "storm.%s\n", names[p]);
	}
	ksft_print_cnts();
	return findings_any() ? KSFT_FAIL : KSFT_PASS;
}
