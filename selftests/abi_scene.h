/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A scene for the tests of the binary interface, right arguments for each
 * command on it, and a look at all that an error might have changed.
 */
#ifndef ABI_SCENE_H
#define ABI_SCENE_H

#include "callers.h"
#include "ipcbox_test.h"
#include "layout.h"

#include <linux/ipcbox_buffer.h>

enum kind { CONTROL, MAILBOX, LINK, PORT, BUFFER, KINDS };

#define ON(kind) (1U << (kind))

/*
 * One of everything: a mailbox of ours, a peer and the link to it, a port with
 * one message, a buffer, and a second name, which is there for port_delete only.
 */
struct scene {
	struct stage stage;
	struct peer peer;
	int fd[KINDS];
	char second[80];
	char buffer[80];
	__u64 payload;
	pthread_t server;	/* who answers calls on the port */
	struct caller caller;	/* who waits for a reply */
	long long call;		/* its number */
	char *page;		/* arguments go here; behind it nothing is mapped */
	size_t page_size;
};

/* What of it an error might have changed. */
struct snapshot {
	struct ipcbox_stat box[KINDS];
	struct ipcbox_query query;
	bool second_exists;
	int lowest_fd;
};

/* Answers what comes to the port, until the port is removed. */
HELPER void *scene_serve(void *arg)
{
	int port = *(int *)arg;
	char data[64] = "";
	struct ipcbox_reply_recv r = reply_recv_to(0, data, 8, data, sizeof(data));

	while (!command(port, IPCBOX_REPLY_RECV, &r))
		r.call = r.recv.call;
	return NULL;
}

/* The other side of a call, where the command is one half of it. */
HELPER void scene_add_partner(struct __test_metadata *_metadata,
			      struct scene *s, unsigned long nr)
{
	int port = s->fd[PORT];

	switch (nr) {
	case IPCBOX_CALL:
		ASSERT_EQ(0, pthread_create(&s->server, NULL, scene_serve,
					    &s->fd[PORT]));
		ASSERT_TRUE(receivers_asleep(port, 1));
		break;
	case IPCBOX_REPLY:
	case IPCBOX_REPLY_RECV:
		/* It goes before the message that is there. */
		caller_start_at(&s->caller, port, 5, 1);
		ASSERT_TRUE(calls_queued(port, 2));
		s->call = recv_call(port, 5);
		ASSERT_LT(0, s->call);
		break;
	}
}

HELPER void scene_setup(struct __test_metadata *_metadata, struct scene *s,
			unsigned long nr)
{
	int control;

	stage_setup(_metadata, &s->stage);
	control = s->stage.control;
	snprintf(s->second, sizeof(s->second), "%s.second", s->stage.name);
	snprintf(s->buffer, sizeof(s->buffer), "%s.buffer", s->stage.name);

	ASSERT_EQ(0, peer_start(&s->peer, 4));
	s->fd[CONTROL] = control;
	s->fd[MAILBOX] = mailbox_open(control);
	s->fd[LINK] = link_open(control, s->peer.pid, 0);
	s->fd[PORT] = port_create(control, s->stage.name, BOTH);
	ASSERT_LE(0, s->fd[MAILBOX]);
	ASSERT_LE(0, s->fd[LINK]);
	ASSERT_LE(0, s->fd[PORT]);
	s->fd[BUFFER] = buffer_create(control, s->buffer, BOTH);
	ASSERT_LE(0, s->fd[BUFFER]);
	ASSERT_EQ(0, send_tag(s->fd[PORT], 7));
	if (nr == IPCBOX_PORT_DELETE) {
		int fd = port_create(control, s->second, 0);

		ASSERT_LE(0, fd);
		close(fd);
	}

	scene_add_partner(_metadata, s, nr);

	s->page_size = sysconf(_SC_PAGESIZE);
	s->page = mmap(NULL, 3 * s->page_size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, s->page);
	ASSERT_EQ(0, munmap(s->page + 2 * s->page_size, s->page_size));
}

HELPER void scene_teardown(struct __test_metadata *_metadata, struct scene *s)
{
	peer_kill(&s->peer);
	port_remove(s->stage.control, s->second);
	port_remove(s->stage.control, s->buffer);
	stage_teardown(_metadata, &s->stage);
}

HELPER struct snapshot look(struct scene *s)
{
	struct snapshot now;

	memset(&now, 0, sizeof(now));
	for (int kind = MAILBOX; kind < KINDS; kind++)
		box_stat(s->fd[kind], &now.box[kind]);
	box_query(s->fd[CONTROL], &now.query);
	/* What is cached comes and goes. */
	now.query.memory.used = 0;
	now.second_exists = port_exists(s->fd[CONTROL], s->second);
	now.lowest_fd = dup(0);
	close(now.lowest_fd);
	return now;
}

HELPER bool unchanged(struct scene *s, const struct snapshot *before)
{
	struct snapshot now = look(s);

	return !memcmp(&now, before, sizeof(now));
}

#define ARGUMENTS(type, ...)						\
	(*(struct type *)arg = (struct type){ .size = sizeof(struct type), __VA_ARGS__ })

/* Arguments with which the command works on the scene, written to ARG. */
HELPER void fill(struct scene *s, unsigned long nr, void *arg)
{
	const char *name = s->stage.name;
	__u32 len = strlen(name), second_len = strlen(s->second);
	char *buf = s->page + s->page_size;

	switch (nr) {
	case IPCBOX_QUERY:
		ARGUMENTS(ipcbox_query);
		break;
	case IPCBOX_MAILBOX_OPEN:
		ARGUMENTS(ipcbox_mailbox_open);
		break;
	case IPCBOX_LINK_OPEN:
		ARGUMENTS(ipcbox_link_open, .peer = s->peer.pid);
		break;
	case IPCBOX_PORT_CREATE:
		ARGUMENTS(ipcbox_port_create, .flags = BOTH, .name = to_u64(s->second),
			  .name_len = second_len);
		break;
	case IPCBOX_PORT_OPEN:
		ARGUMENTS(ipcbox_port_open, .flags = BOTH, .name = to_u64(name),
			  .name_len = len);
		break;
	case IPCBOX_PORT_DELETE:
		ARGUMENTS(ipcbox_port_delete, .name = to_u64(s->second),
			  .name_len = second_len);
		break;
	case IPCBOX_PORT_LIST:
		ARGUMENTS(ipcbox_port_list, .after = to_u64(name), .after_len = len - 1,
			  .buf = to_u64(buf), .buf_len = s->page_size);
		break;
	case IPCBOX_SEND:
		s->payload = 8;
		*(struct ipcbox_send *)arg = tagged(&s->payload, 0);
		break;
	case IPCBOX_RECV:
		*(struct ipcbox_recv *)arg = room(buf, 64);
		break;
	case IPCBOX_CALL:
		s->payload = 8;
		*(struct ipcbox_call *)arg = request(&s->payload, 8, buf, 64);
		break;
	case IPCBOX_REPLY:
		s->payload = 8;
		*(struct ipcbox_reply *)arg = reply_to(s->call, &s->payload, 8);
		break;
	case IPCBOX_REPLY_RECV:
		s->payload = 8;
		*(struct ipcbox_reply_recv *)arg =
			reply_recv_to(s->call, &s->payload, 8, buf, 64);
		break;
	case IPCBOX_SEND_BATCH:
		s->payload = 8;
		*(struct ipcbox_send_entry *)buf = tagged_entry(&s->payload, 0);
		*(struct ipcbox_send_batch *)arg = send_batch((void *)buf, 1);
		break;
	case IPCBOX_RECV_BATCH:
		*(struct ipcbox_recv_entry *)buf = room_entry(buf + 1024, 64);
		*(struct ipcbox_recv_batch *)arg = recv_batch((void *)buf, 1);
		break;
	case IPCBOX_STAT:
		ARGUMENTS(ipcbox_stat);
		break;
	case IPCBOX_SET:
		ARGUMENTS(ipcbox_set,
			  .attr = { .mask = IPCBOX_ATTR_MODE, .mode = 0640 });
		break;
	case IPCBOX_BUFFER_CREATE:
		ARGUMENTS(ipcbox_buffer_create, .flags = BOTH,
			  .name = to_u64(s->second), .name_len = second_len);
		break;
	case IPCBOX_BUFFER_OPEN:
		ARGUMENTS(ipcbox_buffer_open, .flags = BOTH, .name = to_u64(s->buffer),
			  .name_len = strlen(s->buffer));
		break;
	case IPCBOX_BUFFER_LAYOUT:
		ARGUMENTS(ipcbox_buffer_layout);
		break;
	case IPCBOX_BUFFER_WAIT:
		ARGUMENTS(ipcbox_buffer_wait, .flags = IPCBOX_SENDER, .cells = 1);
		break;
	case IPCBOX_BUFFER_WAKE:
		ARGUMENTS(ipcbox_buffer_wake, .flags = IPCBOX_RECEIVER);
		break;
	}
}

HELPER void set_size(void *arg, __u32 size)
{
	memcpy(arg, &size, sizeof(size));
}

HELPER void set_flags(void *arg, __u32 flags)
{
	memcpy((char *)arg + sizeof(__u32), &flags, sizeof(flags));
}

/* The kinds of fd that a command is for, as the header says; zero for an unknown one. */
HELPER unsigned int kinds_of(unsigned long nr)
{
#define NUMBER_AND_KINDS(command, nr, kinds, makes) { nr, kinds },
	static const unsigned int commands[][2] = { EACH_COMMAND(NUMBER_AND_KINDS) };

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i][0] == nr)
			return commands[i][1];
	}
	return 0;
}

/* The fd on which fill()'s arguments work. */
HELPER int target(struct scene *s, unsigned long nr)
{
	unsigned int kinds = kinds_of(nr);

	if (kinds & ON(PORT))
		return s->fd[PORT];
	return s->fd[kinds & ON(CONTROL) ? CONTROL : BUFFER];
}

#define TARGET target(&self->scene, variant->nr)

#endif /* ABI_SCENE_H */
