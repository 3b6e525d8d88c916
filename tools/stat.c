// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct option longs[] = {
	{ "json", no_argument, NULL, 'j' },
	OPTION_HELP,
};

/* Messages through a buffer are not counted, and buffers have no calls. */
static void print_counts(const struct ipcbox_info *info)
{
	if (is_buffer(info))
		return;
	printf("  sent       %llu\n", (unsigned long long)ipcbox_info_sent(info));
	printf("  received   %llu\n", (unsigned long long)ipcbox_info_received(info));
	printf("  calls      %u without a reply yet\n", ipcbox_info_calls(info));
}

static void print_messages(const struct ipcbox_info *info)
{
	printf("  messages   %llu", (unsigned long long)ipcbox_info_messages(info));
	if (!is_buffer(info))
		printf(" of %llu", (unsigned long long)ipcbox_info_max_messages(info));
	putchar('\n');
}

static void print_text(const struct target *target, const struct ipcbox_info *info)
{
	printf("%s\n", target->text);
	printf("  kind       %s%s\n", kind_name(info), is_spsc(info) ? ", spsc" : "");
	printf("  id         %llu\n", (unsigned long long)ipcbox_info_id(info));
	printf("  mode       %04o\n", (unsigned int)ipcbox_info_mode(info));
	printf("  owner      %u\n", ipcbox_info_owner(info));
	printf("  group      %u\n", ipcbox_info_group(info));
	print_messages(info);
	printf("  bytes      %llu of %llu\n", (unsigned long long)ipcbox_info_bytes(info),
	       (unsigned long long)ipcbox_info_max_bytes(info));
	printf("  msgsize    %llu\n", (unsigned long long)ipcbox_info_max_msgsize(info));
	printf("  receivers  %u asleep\n", ipcbox_info_receivers(info));
	printf("  senders    %u asleep\n", ipcbox_info_senders(info));
	print_counts(info);
}

static void print_json(const struct target *target, const struct ipcbox_info *info)
{
	json_begin(NULL, '{');
	if (target->kind == TARGET_NAME)
		json_bytes("name", target->name, strlen(target->name));
	else
		json_number("pid", (uint64_t)target->pid);
	json_info(info);
	json_end('}');
	json_end_line();
}

static int stat_target(const char *text, bool json)
{
	struct target target = parse_target(text);
	struct ipcbox_info *info = NULL;
	int fd = open_target(&target, 0, NULL);
	int err = fd < 0 ? fd : ipcbox_stat(fd, &info);

	if (!err && json)
		print_json(&target, info);
	else if (!err)
		print_text(&target, info);
	else
		fail(err, "cannot stat '%s'", text);
	ipcbox_info_free(info);
	if (fd >= 0)
		close(fd);
	return err ? STATUS_FAILED : STATUS_OK;
}

/* The limits of the user: for each, how much is used, and the most. */
static const struct usage {
	const char *name;
	enum ipcbox_key used;
	enum ipcbox_key limit;
} usages[] = {
	{ "boxes", IPCBOX_KEY_BOXES_USED, IPCBOX_KEY_BOXES_LIMIT },
	{ "links", IPCBOX_KEY_LINKS_USED, IPCBOX_KEY_LINKS_LIMIT },
	{ "bytes", IPCBOX_KEY_BYTES_USED, IPCBOX_KEY_BYTES_LIMIT },
	{ "waiters", IPCBOX_KEY_WAITERS_USED, IPCBOX_KEY_WAITERS_LIMIT },
	{ "pages", IPCBOX_KEY_PAGES_USED, IPCBOX_KEY_PAGES_LIMIT },
	{ "memory", IPCBOX_KEY_MEMORY_USED, IPCBOX_KEY_MEMORY_LIMIT },
};

static const struct highest {
	const char *name;
	enum ipcbox_key key;
} highest[] = {
	{ "messages", IPCBOX_KEY_BOX_MESSAGES },
	{ "bytes", IPCBOX_KEY_BOX_BYTES },
	{ "msgsize", IPCBOX_KEY_BOX_MSGSIZE },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Keeps the first error, so that the lines below need no check of their own. */
static unsigned long long query(enum ipcbox_key key, int *err)
{
	uint64_t value = 0;
	int ret = ipcbox_query(key, &value);

	if (ret && !*err)
		*err = ret;
	return value;
}

static int limits_text(void)
{
	const struct usage *usage;
	const struct highest *high;
	int err = 0;

	printf("this user has\n");
	for (usage = usages; usage < usages + COUNT(usages); usage++)
		printf("  %-9s %llu of %llu\n", usage->name, query(usage->used, &err),
		       query(usage->limit, &err));
	printf("a box may be given at most\n");
	for (high = highest; high < highest + COUNT(highest); high++)
		printf("  %-9s %llu\n", high->name, query(high->key, &err));
	printf("the module has ABI %llu, features %#llx\n", query(IPCBOX_KEY_ABI, &err),
	       query(IPCBOX_KEY_FEATURES, &err));
	return err;
}

static int limits_json(void)
{
	const struct usage *usage;
	const struct highest *high;
	int err = 0;

	json_begin(NULL, '{');
	json_number("abi", query(IPCBOX_KEY_ABI, &err));
	json_number("features", query(IPCBOX_KEY_FEATURES, &err));
	for (usage = usages; usage < usages + COUNT(usages); usage++) {
		json_begin(usage->name, '{');
		json_number("used", query(usage->used, &err));
		json_number("limit", query(usage->limit, &err));
		json_end('}');
	}
	json_begin("box", '{');
	for (high = highest; high < highest + COUNT(highest); high++)
		json_number(high->name, query(high->key, &err));
	json_end('}');
	json_end('}');
	json_end_line();
	return err;
}

static int stat_limits(bool json)
{
	uint64_t abi;
	int err = ipcbox_query(IPCBOX_KEY_ABI, &abi);

	/* Asked first, so that without a module there is no partial output. */
	if (!err)
		err = json ? limits_json() : limits_text();
	return err ? fail(err, "cannot ask the module for its limits") : STATUS_OK;
}

static int run(int argc, char **argv)
{
	int status = STATUS_OK;
	bool json = false;

	while (next_option(argc, argv, ":jh", longs) != -1)
		json = true;
	if (optind == argc)
		return stat_limits(json);
	for (; optind < argc; optind++)
		status |= stat_target(argv[optind], json);
	return status;
}

const struct command stat_command = {
	.name = "stat",
	.summary = "show a port, a buffer, a mailbox, or the limits",
	.usage =
		"stat [OPTION]... [NAME | pid:N]...\n"
		"\n"
		"Tells what a port, a buffer or the link to a process's mailbox is set to and holds\n"
		"now; without one, how much this user has of what is limited.\n"
		"\n"
		"  -j, --json  a JSON object in a line\n",
	.run = run,
};
