// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <ipcbox.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Start a child that sends its name to the mailbox of its parent. */
static pid_t start(const char *name, size_t len)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(ipcbox_send_to(getppid(), name, len, IPCBOX_FOREVER, 0, 0) < 0);
	return pid;
}

static int receive(int mailbox, struct ipcbox_msg **msg, pid_t from)
{
	int err = ipcbox_recv_msg(mailbox, msg, from, ipcbox_deadline_ms(5000));

	if (err)
		fprintf(stderr, "receive: %s\n", ipcbox_strerror(err));
	else
		printf("%s\n", (const char *)ipcbox_msg_data(*msg));
	return err;
}

int main(void)
{
	struct ipcbox_msg *msg = NULL;
	int mailbox = ipcbox_mailbox_open(0, NULL);
	pid_t second;
	int err;

	if (mailbox < 0) {
		fprintf(stderr, "mailbox: %s\n", ipcbox_strerror(mailbox));
		return 1;
	}
	start("first", 5);
	second = start("second", 6);
	err = receive(mailbox, &msg, second);
	if (!err)
		err = receive(mailbox, &msg, 0);
	ipcbox_msg_free(msg);
	while (wait(NULL) > 0)
		;
	return err != 0;
}
