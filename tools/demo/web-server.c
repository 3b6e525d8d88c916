// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * usage: web-server DIRECTORY
 *
 * Answers requests for files, each by direct messages to the process that asked.
 */
#include "demo.h"
#include "web.h"

#include <ipcbox.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int send_error(int browser, const char *text)
{
	return ipcbox_send_until(browser, text, strlen(text), IPCBOX_FOREVER, 0, TAG_ERROR);
}

/* Waits for room where the browser reads slower than this sends. */
static int send_file(int browser, const char *data, size_t len)
{
	struct web_end end = { .len = len };
	size_t at, piece;
	int err = 0;

	end.checksum = add_checksum(NO_CHECKSUM, data, len);
	for (at = 0; at < len && !err; at += piece) {
		piece = len - at < PIECE ? len - at : PIECE;
		err = ipcbox_send_until(browser, data + at, piece, IPCBOX_FOREVER, 0, TAG_PIECE);
	}
	if (!err)
		err = ipcbox_send_until(browser, &end, sizeof(end), IPCBOX_FOREVER, 0, TAG_END);
	return err;
}

static int answer(int browser, const char *name)
{
	static char *data;
	static size_t room;
	size_t len;

	if (name[0] == '/' || strstr(name, "..") || access(name, R_OK))
		return send_error(browser, "404: there is no such file");
	len = load(name, &data, &room, 0);
	return send_file(browser, data, len);
}

static void serve(const struct ipcbox_msg *request)
{
	pid_t pid = ipcbox_msg_pid(request);
	const char *name = ipcbox_msg_data(request);
	int browser = ipcbox_link_open(pid, 0);
	int err = browser < 0 ? browser : answer(browser, name);

	if (err)
		say("browser %d asked for %s: %s", pid, name, ipcbox_strerror(err));
	else
		say("browser %d asked for %s: answered", pid, name);
	if (browser >= 0)
		close(browser);
}

int main(int argc, char **argv)
{
	struct ipcbox_msg *request = NULL;
	int mailbox;
	int err;

	be("web server");
	if (argc != 2 || chdir(argv[1]) < 0) {
		fprintf(stderr, "usage: web-server DIRECTORY\n");
		return 2;
	}
	mailbox = ipcbox_mailbox_open(0, NULL);
	if (mailbox < 0)
		die(mailbox, "opening the mailbox");
	say("my mailbox is open; write to pid %d", getpid());
	while (!(err = ipcbox_recv_msg(mailbox, &request, 0, IPCBOX_FOREVER)))
		serve(request);
	die(err, "waiting for a request");
}
