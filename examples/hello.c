// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <ipcbox.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	struct ipcbox_msg *msg = NULL;
	int port, ret;

	port = ipcbox_port_create("hello", IPCBOX_SENDER | IPCBOX_RECEIVER, NULL);
	if (port < 0) {
		fprintf(stderr, "create: %s\n", ipcbox_strerror(port));
		return 1;
	}
	if (fork() == 0)
		return ipcbox_send(port, "good morning", 12) < 0;

	ret = ipcbox_recv_msg(port, &msg, 0, ipcbox_deadline_ms(5000));
	if (ret < 0)
		fprintf(stderr, "receive: %s\n", ipcbox_strerror(ret));
	else
		printf("process %d says: %s\n", ipcbox_msg_pid(msg),
		       (const char *)ipcbox_msg_data(msg));
	ipcbox_msg_free(msg);
	ipcbox_port_delete("hello", 0);
	return ret < 0;
}
