// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * usage: browser SERVER-PID DIRECTORY FILE...
 *
 * Asks the web server for files and saves them in DIRECTORY, each under the last
 * part of its name.
 */
#include "demo.h"
#include "web.h"

#include <ipcbox.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The server may need a moment until its mailbox is there. */
static int connect_to(pid_t server)
{
	uint64_t deadline = ipcbox_deadline_ms(5000);
	int link;

	do {
		link = ipcbox_link_open(server, 0);
		if (link != -ECONNREFUSED)
			break;
		usleep(10000);
	} while (ipcbox_deadline_ms(1) < deadline);
	if (link < 0)
		die(link, "opening a link to the server");
	return link;
}

/* Return: whether the file came whole. */
static int check(const struct web_end *end, uint64_t len, uint64_t sum, int pieces)
{
	if (end->len != len || end->checksum != sum) {
		say("  the answer is damaged");
		return 0;
	}
	say("  %llu bytes in %d piece%s, checksum %016llx as the server's", (unsigned long long)len,
	    pieces, pieces == 1 ? "" : "s", (unsigned long long)sum);
	return 1;
}

static int save_answer(int mailbox, pid_t server, FILE *file)
{
	struct ipcbox_msg *msg = NULL;
	uint64_t sum = NO_CHECKSUM;
	uint64_t len = 0;
	int pieces = 0;
	int good = 0;
	int err;

	/* Only the server is listened to: nobody can slip in a piece. */
	while (!(err = ipcbox_recv_msg(mailbox, &msg, server, ipcbox_deadline_ms(10000))) &&
	       ipcbox_msg_tag(msg) == TAG_PIECE) {
		fwrite(ipcbox_msg_data(msg), 1, ipcbox_msg_len(msg), file);
		sum = add_checksum(sum, ipcbox_msg_data(msg), ipcbox_msg_len(msg));
		len += ipcbox_msg_len(msg);
		pieces++;
	}
	if (err)
		die(err, "waiting for the answer");
	if (ipcbox_msg_tag(msg) == TAG_END)
		good = check(ipcbox_msg_data(msg), len, sum, pieces);
	else
		say("  the server says: %s", (const char *)ipcbox_msg_data(msg));
	ipcbox_msg_free(msg);
	return good;
}

static int fetch(int mailbox, int link, pid_t server, const char *name)
{
	const char *slash = strrchr(name, '/');
	FILE *file;
	int good;
	int err;

	say("asking %d for %s", server, name);
	err = ipcbox_send(link, name, strlen(name));
	if (err)
		die(err, "sending the request");
	file = fopen(slash ? slash + 1 : name, "w");
	if (!file)
		die(-errno, name);
	good = save_answer(mailbox, server, file);
	if (fclose(file))
		die(-errno, name);
	return good;
}

int main(int argc, char **argv)
{
	pid_t server;
	int mailbox;
	int link;
	int good = 1;
	int i;

	be("browser");
	if (argc < 4 || chdir(argv[2]) < 0) {
		fprintf(stderr, "usage: browser SERVER-PID DIRECTORY FILE...\n");
		return 2;
	}
	server = atoi(argv[1]);
	mailbox = ipcbox_mailbox_open(0, NULL);
	if (mailbox < 0)
		die(mailbox, "opening the mailbox");
	link = connect_to(server);
	for (i = 3; i < argc; i++)
		good &= fetch(mailbox, link, server, argv[i]);
	return good ? 0 : 1;
}
