// SPDX-License-Identifier: GPL-2.0
/*
 * A storm: many processes under random commands on shared ports, mailboxes, links
 * and buffers, which are killed, interrupted and starved meanwhile. It goes in rounds:
 * each ends with all processes gone, all messages accounted for, and every counter
 * where it was.
 *
 *	storm [--seconds N] [--seed N]
 *
 * The choices of each thread depend on the seed alone; what the scheduler does with
 * that is another matter.
 */
#include "files.h"
#include "storm_calls.h"
#include "storm_chaos.h"
#include "storm_findings.h"
#include "storm_ledger.h"
#include "storm_order.h"
#include "storm_processes.h"
#include "storm_quiet.h"
#include "storm_worker.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define ROUND_SECONDS	6
#define STEP_US		10000
#define CALM_MS		500
#define ANCHOR		"storm.anchor"

static __u64 seed;
static int seconds = 60;

static void nothing(int signal)
{
	(void)signal;
}

/* One that makes calls go on, and one that ends them. */
static void handle_signals(void)
{
	struct sigaction restarts = { .sa_handler = call_is_restarted, .sa_flags = SA_RESTART };
	struct sigaction interrupts = { .sa_handler = nothing };
	sigset_t signals;

	sigaction(SIGUSR1, &restarts, NULL);
	sigaction(SIGUSR2, &interrupts, NULL);
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	sigprocmask(SIG_UNBLOCK, &signals, NULL);
}

/* ---- one round ----------------------------------------------------------- */

struct before {
	struct ipcbox_query query;
	long long objects;
	long long module_refs;
};

static int look_before(int control, struct before *before)
{
	before->objects = slab_objects();
	before->module_refs = read_number(MODULE_REFS);
	return box_query(control, &before->query);
}

static bool counters_are(int control, const struct ipcbox_query *before,
			 struct ipcbox_query *now)
{
	return !box_query(control, now) && now->boxes.used == before->boxes.used &&
	       now->links.used == before->links.used &&
	       now->bytes.used == before->bytes.used &&
	       now->waiters.used == before->waiters.used &&
	       now->pages.used == before->pages.used;
}

static void check_nothing_left(int control, const struct before *before)
{
	struct ipcbox_query now;

	if (!eventually(counters_are(control, &before->query, &now)))
		finding(ZERO_AT_THE_END,
			"the user has %lld boxes, %lld links, %lld bytes, %lld waiters and %lld pages more than before",
			(long long)(now.boxes.used - before->query.boxes.used),
			(long long)(now.links.used - before->query.links.used),
			(long long)(now.bytes.used - before->query.bytes.used),
			(long long)(now.waiters.used - before->query.waiters.used),
			(long long)(now.pages.used - before->query.pages.used));
	if (before->objects >= 0 && !eventually(slab_objects() <= before->objects))
		finding(ZERO_AT_THE_END, "there were %lld objects in the caches, and now %lld",
			before->objects, slab_objects());
	if (!eventually(read_number(MODULE_REFS) <= before->module_refs))
		finding(ZERO_AT_THE_END, "the module had %lld references, and now %lld",
			before->module_refs, read_number(MODULE_REFS));
}

static void give_names(void)
{
	for (int i = 0; i < BUFFER_NAMES; i++)
		snprintf(ledger->names[i], sizeof(ledger->names[i]), "storm.%s%d",
			 i < PORTS ? "lasting" : "mortal", i);
	for (int i = BUFFER_NAMES; i < NAMES; i++)
		snprintf(ledger->names[i], sizeof(ledger->names[i]), "storm.buffer%d", i);
}

static void remove_names(int control)
{
	for (int i = 0; i < NAMES; i++)
		port_remove(control, ledger->names[i]);
}

/*
 * Some chaos, a look, and so on. For a while before each look nobody is
 * interrupted or killed: that would wake a thread that was forgotten.
 */
static void rage(struct slot *self, int control, __u64 until)
{
	__u64 look;

	do {
		look = in_ms(CALM_MS + 200 + random_below(self, 1000));
		while (now_ns() < look) {
			usleep(STEP_US);
			chaos_step(self, now_ns() + CALM_MS * 1000000ULL > look);
			processes_reap();
			processes_replace();
		}
	} while (quiet_look(control, self) && now_ns() < until);
}

static void round_of_storm(int control, __u64 until)
{
	struct slot *self = ledger->slots;
	struct before before;

	ledger_clear();
	order_forget();
	give_names();
	remove_names(control);	/* of a storm that was killed */
	random_seed(self, seed ^ (__u64)tally.rounds << 20);
	if (look_before(control, &before) || quiet_begin(control) ||
	    quiet_begin_buffers(control) || processes_start(seed) || quiet_join_mailboxes()) {
		finding(WORKERS_END, "the storm could not begin");
		processes_stop();
		processes_dismiss();
		return;
	}
	rage(self, control, until);
	chaos_end();
	processes_stop();
	for (int box = 0; box < LASTING; box++)
		quiet_drain(self, box);
	processes_dismiss();
	for (int i = 0; i < BUFFERS; i++)
		quiet_drain_buffer(self, i);
	processes_close_sockets();
	quiet_settle_accounts();
	quiet_end_buffers();
	quiet_end();
	remove_names(control);
	check_nothing_left(control, &before);
	tally.rounds++;
}

/* ---- the program --------------------------------------------------------- */

static int parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'r' },
		{ "executed", required_argument, NULL, 'x' },
		{ }
	};
	int option;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = now_ns();
	seed &= 0xffffffff;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			seconds = atoi(optarg);
			break;
		case 'r':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'x':
			exit(worker_run_executed(optarg));
		default:
			return -1;
		}
	}
	return optind == argc && seconds > 0 ? 0 : -1;
}

static void weather_forecast(void)
{
	printf("TAP version 13\n");
	printf("# storm --seconds %d --seed %llu\n", seconds, (unsigned long long)seed);
	if (!lowmem_open())
		printf("# there is no memory cgroup to be had: no process is short of memory\n");
	fflush(stdout);
}

static void look_back(void)
{
	printf("# %llu messages in %d rounds, %d out of buffers, %d of them twice; "
	       "%d processes, %d killed; %d signals; %d looks, %d messages drained; "
	       "%d limits lowered; %d namespaces; %d removals\n",
	       tally.messages, tally.rounds, tally.buffered, tally.twice, tally.started,
	       tally.killed, tally.signals, tally.quiet, tally.drained, tally.squeezes,
	       tally.visitors, tally.removals);
}

int main(int argc, char **argv)
{
	char again[64];
	__u64 until;
	int control;

	handle_signals();
	if (parse(argc, argv)) {
		fprintf(stderr, "usage: storm [--seconds N] [--seed N]\n");
		return 2;
	}
	control = control_open();
	/* A leak shows in the account only while that has something else. */
	if (control < 0 || port_create(control, ANCHOR, IPCBOX_REUSE) < 0 || ledger_create() ||
	    calls_init()) {
		fprintf(stderr, "storm: no /dev/ipcbox, or no memory\n");
		return 1;
	}
	weather_forecast();
	until = in_ms(seconds * 1000);
	while (now_ns() < until && !findings_any()) {
		__u64 round = in_ms(ROUND_SECONDS * 1000);

		round_of_storm(control, round < until ? round : until);
	}
	lowmem_close();
	port_remove(control, ANCHOR);
	look_back();
	snprintf(again, sizeof(again), "storm --seconds %d --seed %llu", seconds,
		 (unsigned long long)seed);
	return findings_tell(again);
}
