/* SPDX-License-Identifier: GPL-2.0 */
/* Callers that wait for the reply: in threads of their own, and children. */
#ifndef CALLERS_H
#define CALLERS_H

#include "tasks.h"

#define UNSAID	0xa5a5a5a5U	/* an output of 32 bits that was not written */

/* A call with its tag as payload too, and with room for a reply like that. */
struct caller {
	struct call thread;
	struct ipcbox_call call;
	__u64 tag;
	__u64 reply;
};

/* A test that needs other values sets them in c->call before caller_go(). */
HELPER void caller_prepare(struct caller *c, __u64 tag)
{
	c->tag = tag;
	c->reply = 0;
	c->call = request(&c->tag, sizeof(c->tag), &c->reply, sizeof(c->reply));
	c->call.tag = tag;
}

HELPER void caller_go(struct caller *c, int fd)
{
	call_start(&c->thread, fd, IPCBOX_CALL, &c->call);
}

HELPER void caller_start(struct caller *c, int fd, __u64 tag)
{
	caller_prepare(c, tag);
	caller_go(c, fd);
}

HELPER void caller_start_at(struct caller *c, int fd, __u64 tag, __u32 priority)
{
	caller_prepare(c, tag);
	c->call.priority = priority;
	caller_go(c, fd);
}

HELPER void caller_start_until(struct caller *c, int fd, __u64 tag,
			       __u64 deadline)
{
	caller_prepare(c, tag);
	c->call.deadline = deadline;
	caller_go(c, fd);
}

/* The tag of the reply, or -errno. */
HELPER long long caller_end(struct caller *c)
{
	int ret = call_end(&c->thread);

	if (ret)
		return ret;
	if (c->call.reply_len != sizeof(c->reply) ||
	    c->call.reply_tag != c->reply || c->call.received != 1)
		return -EBADMSG;
	return c->reply;
}

HELPER bool caller_ended(struct caller *c)
{
	return call_ended(&c->thread);
}

HELPER bool calls_queued(int fd, long long count)
{
	return eventually(messages_of(fd) == count);
}

/* For spawn(): calls through a port with 7; 0 where the reply is 8. */
HELPER int call_7(void *fd)
{
	struct caller c;

	caller_prepare(&c, 7);
	c.thread.ret = command(*(int *)fd, IPCBOX_CALL, &c.call);
	c.thread.joined = true;
	return caller_end(&c) == 8 ? 0 : 1;
}

/* Calls a process, which has a mailbox. */
HELPER void caller_start_to(struct caller *c, int control, pid_t pid, __u64 tag)
{
	caller_prepare(c, tag);
	c->call.pid = pid;
	caller_go(c, control);
}

#endif /* CALLERS_H */
