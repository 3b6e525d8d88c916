// SPDX-License-Identifier: GPL-2.0 OR MIT
#include <ipcbox_buffer.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int produce(struct ipcbox_buffer *frames)
{
	struct ipcbox_slot slot;
	int n;

	for (n = 1; !ipcbox_buffer_reserve(frames, &slot, 4096, IPCBOX_FOREVER); n++) {
		slot.len = snprintf(slot.data, slot.len, "frame %d", n);
		if (n == 4)
			raise(SIGKILL);
		ipcbox_buffer_commit(frames, &slot);
	}
	return 1;
}

static int consume(struct ipcbox_buffer *frames, const char *how, int die)
{
	struct ipcbox_slot slot;

	while (!ipcbox_buffer_peek(frames, &slot, IPCBOX_NOWAIT)) {
		printf("%s %.*s\n", how, (int)slot.len, (char *)slot.data);
		fflush(stdout);
		if (die)
			raise(SIGKILL);
		ipcbox_buffer_release(frames, &slot);
	}
	return 0;
}

int main(void)
{
	struct ipcbox_buffer *frames;
	int err = ipcbox_buffer_map(
		ipcbox_buffer_create("frames", IPCBOX_SENDER | IPCBOX_RECEIVER, NULL), &frames);

	if (err) {
		fprintf(stderr, "frames: %s\n", ipcbox_strerror(err));
		return 1;
	}
	if (fork() == 0)
		return produce(frames);
	wait(NULL);
	if (fork() == 0)
		return consume(frames, "killed while it reads", 1);
	wait(NULL);
	consume(frames, "another one reads", 0);
	ipcbox_port_delete("frames", 0);
	return 0;
}
