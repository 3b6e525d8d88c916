// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <ipcbox.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int serve(int port)
{
	struct ipcbox_msg *msg = NULL;
	char reply[64] = "";
	uint64_t call = 0;

	while (!ipcbox_reply_recv(port, &call, reply, strlen(reply), 0, &msg, 0, IPCBOX_FOREVER))
		snprintf(reply, sizeof(reply), "%zu bytes", ipcbox_msg_len(msg));
	ipcbox_msg_free(msg);
	return 0;
}

int main(void)
{
	int port = ipcbox_port_create("length", IPCBOX_SENDER | IPCBOX_RECEIVER, NULL);
	char reply[64];
	ssize_t len;

	if (fork() == 0)
		return serve(port);
	len = ipcbox_call(port, "how long is this?", 17, reply, sizeof(reply));
	if (len < 0)
		fprintf(stderr, "length: %s\n", ipcbox_strerror((int)len));
	else
		printf("%.*s\n", (int)len, reply);
	ipcbox_port_delete("length", 0);
	return len < 0;
}
