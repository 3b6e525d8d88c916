// SPDX-License-Identifier: GPL-2.0
#include "storm_calls.h"

#include "storm_order.h"
#include "storm_payload.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#define MAX_PEERS	8

/* A struct that the kernel can read and not write. */
static struct ipcbox_recv *read_only;

static __thread char buffer[LEN_MAX];

int calls_init(void)
{
	read_only = mmap(NULL, sizeof(*read_only), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (read_only == MAP_FAILED)
		return -errno;
	*read_only = room(NULL, LEN_MAX);
	read_only->flags = IPCBOX_NONBLOCK;
	return mprotect(read_only, sizeof(*read_only), PROT_READ) ? -errno : 0;
}

/* ---- what a thread is about ---------------------------------------------- */

void begin(struct slot *self, enum doing doing, int fd, int box)
{
	self->fd = fd;
	self->box = box;
	self->id = fd_info_of(fd)->id;
	self->since = now_ns();
	__atomic_store_n(&self->doing, doing, __ATOMIC_SEQ_CST);
}

void end(struct slot *self)
{
	__atomic_store_n(&self->doing, WORKING, __ATOMIC_SEQ_CST);
}

/* Those that wait for ever depend on others, on signals and on kill -9. */
struct patience some_patience(struct slot *self, bool forever)
{
	__u64 deadline;

	switch (random_below(self, 8)) {
	case 0: case 1:
		return (struct patience){ IPCBOX_NONBLOCK, 0, NOWAIT };
	case 2:
		deadline = now_ns() - random_below(self, 1000);
		break;
	case 3: case 4:
		deadline = now_ns() + random_below(self, 3000000);
		break;
	case 5:
		deadline = now_ns() + random_below(self, 50000000);
		break;
	default:
		if (forever)
			return (struct patience){ 0, 0, WAITS };
		return (struct patience){ IPCBOX_NONBLOCK, 0, NOWAIT };
	}
	return (struct patience){ 0, deadline, WAITS | TIMED };
}

static int of_fd(int fd)
{
	const struct fd_info *info = fd_info_of(fd);

	return (info->box == PASSING ? MAY_END : 0) |
	       (info->flags & IPCBOX_NONBLOCK ? NOWAIT : 0) |
	       (__atomic_load_n(&info->closed, __ATOMIC_SEQ_CST) ? CLOSED : 0);
}

/* ---- send ---------------------------------------------------------------- */

/* LANE: the port or link within which messages have an order; 0: not known. */
static int send_noted(struct slot *self, int fd, int box, __u64 lane,
		      struct ipcbox_send *send, struct patience patience)
{
	__u32 number;
	int ret;

	self->class = random_below(self, CLASSES);
	self->len = payload_length(self);
	number = ledger_intend(self, box, lane, self->class, self->len);
	if (!number)
		return 0;
	payload_fill(buffer, number, self->len);
	*send = (struct ipcbox_send){
		.size = sizeof(*send), .flags = patience.flags,
		.data = to_u64(buffer), .len = self->len, .tag = number,
		.deadline = patience.deadline, .pid = send->pid,
		.priority = priority_of(self->class),
	};
	self->process = send->pid;
	begin(self, SENDING, fd, box);
	ret = command(fd, IPCBOX_SEND, send);
	ledger_note_result(number, !ret);
	end(self);
	return ret;
}

void storm_send(struct slot *self, int fd)
{
	const struct fd_info *info = fd_info_of(fd);
	struct patience patience = some_patience(self, true);
	struct weather weather = weather_now();
	struct ipcbox_send send = { 0 };
	int ret;

	ret = send_noted(self, fd, info->box, info->id, &send, patience);
	error_check(self, IPCBOX_SEND, ret,
		    patience.circumstances | of_fd(fd) | weather_since(self, weather) |
		    (self->len > MSGSIZE_LOWEST ? LONG : 0));
}

/* Its lane is that of a link, whose number is not known here: so its own name. */
static __u64 lane_to(pid_t pid)
{
	return 1ULL << 63 | (__u64)getpid() << 24 | pid;
}

void storm_send_direct(struct slot *self, int control, pid_t pid, int box)
{
	bool lasting = box != PASSING;
	struct patience patience = some_patience(self, lasting);
	struct weather weather = weather_now();
	struct ipcbox_send send = { .pid = pid };
	int ret;

	ret = send_noted(self, control, box, lasting ? lane_to(pid) : 0, &send, patience);
	error_check(self, IPCBOX_SEND, ret,
		    patience.circumstances | weather_since(self, weather) |
		    (lasting ? 0 : MAY_END) |
		    (self->len > MSGSIZE_LOWEST ? LONG : 0));
}

int storm_send_now(struct slot *self, int fd, int box, __u64 id)
{
	struct ipcbox_send send = { 0 };

	return send_noted(self, fd, box, id, &send,
			  (struct patience){ IPCBOX_NONBLOCK, 0, NOWAIT });
}

/* A few short ones, which must not wait: a sleeper is known by one message. */
#define BATCH_MAX 6

void storm_send_batch(struct slot *self, int fd)
{
	const struct fd_info *info = fd_info_of(fd);
	struct ipcbox_send_entry entries[BATCH_MAX];
	struct ipcbox_send_batch batch = send_batch(entries, 0);
	struct weather weather = weather_now();
	__u32 numbers[BATCH_MAX], wanted = 1 + random_below(self, BATCH_MAX);
	__u32 class, len, longest = 0;
	int ret;

	for (batch.count = 0; batch.count < wanted; batch.count++) {
		char *data = buffer + batch.count * 128;
		__u32 number;

		class = random_below(self, CLASSES);
		len = random_below(self, 128);
		number = ledger_intend(self, info->box, info->id, class, len);
		if (!number)
			break;
		longest = len > longest ? len : longest;
		payload_fill(data, number, len);
		numbers[batch.count] = number;
		entries[batch.count] = (struct ipcbox_send_entry){
			.data = to_u64(data), .len = len, .tag = number,
			.priority = priority_of(class), .result = 1 };
	}
	if (!batch.count)
		return;
	batch.flags = IPCBOX_NONBLOCK;
	begin(self, CALLING, fd, info->box);
	ret = command(fd, IPCBOX_SEND_BATCH, &batch);
	for (__u32 i = 0; i < batch.count; i++)
		ledger_note_result(numbers[i], (int)i < ret);
	end(self);
	error_check(self, IPCBOX_SEND_BATCH, ret,
		    NOWAIT | of_fd(fd) | weather_since(self, weather) |
		    (longest > MSGSIZE_LOWEST ? LONG : 0));
}

/* ---- call ---------------------------------------------------------------- */

/* The record of the call that the thread is in. */
static __thread struct record *volatile calling;

/*
 * A call that nobody has received is withdrawn before the handler runs, and made again
 * after it: the kernel counts it as sent each time, and there is one record.
 */
void call_is_restarted(int signal)
{
	(void)signal;
	if (calling)
		calling->restarts++;
}

/*
 * The reply is the tag. A call always has a deadline, as not every receiver replies.
 * If it failed after it was received, or that is not known, it may have arrived: its
 * record stays as that of a killed thread does.
 */
static int call_noted(struct slot *self, int fd, int box, __u64 lane, pid_t pid,
		      struct patience patience)
{
	__u64 answer = 0;
	struct ipcbox_call call;
	__u32 number;
	int ret;

	self->class = random_below(self, CLASSES);
	self->len = payload_length(self);
	number = ledger_intend(self, box, lane, self->class, self->len);
	if (!number)
		return 0;
	ledger->records[number].is_call = true;
	payload_fill(buffer, number, self->len);
	call = request(buffer, self->len, &answer, sizeof(answer));
	call.flags = patience.flags;
	call.deadline = patience.deadline;
	call.tag = number;
	call.pid = pid;
	call.priority = priority_of(self->class);
	begin(self, CALLING, fd, box);
	calling = &ledger->records[number];
	ret = command(fd, IPCBOX_CALL, &call);
	calling = NULL;
	if (!ret || call.received != 1)
		ledger_note_result(number, !ret);
	end(self);
	if (!ret && (answer != number || call.reply_tag != number ||
		     call.reply_len != sizeof(answer)))
		finding(INTACT, "the call %u was answered with %llu, tag %llu", number,
			(unsigned long long)answer, (unsigned long long)call.reply_tag);
	return ret;
}

static struct patience patience_of_caller(struct slot *self)
{
	return (struct patience){
		.flags = random_below(self, 2) ? IPCBOX_NONBLOCK : 0,
		.deadline = now_ns() + random_below(self, 20000000),
		.circumstances = NOWAIT | WAITS | TIMED,
	};
}

void storm_call_direct(struct slot *self, int control, pid_t pid, int box)
{
	bool lasting = box != PASSING;
	struct patience patience = patience_of_caller(self);
	struct weather weather = weather_now();
	int ret = call_noted(self, control, box, lasting ? lane_to(pid) : 0, pid, patience);

	error_check(self, IPCBOX_CALL, ret,
		    patience.circumstances | weather_since(self, weather) |
		    (lasting ? 0 : MAY_END) |
		    (self->len > MSGSIZE_LOWEST ? LONG : 0));
}

void storm_call(struct slot *self, int fd)
{
	const struct fd_info *info = fd_info_of(fd);
	struct patience patience = patience_of_caller(self);
	struct weather weather = weather_now();
	int ret = call_noted(self, fd, info->box, info->id, 0, patience);

	error_check(self, IPCBOX_CALL, ret,
		    patience.circumstances | of_fd(fd) | weather_since(self, weather) |
		    (self->len > MSGSIZE_LOWEST ? LONG : 0));
}

static void answer_and_recv(struct slot *self, int fd, const struct ipcbox_recv *recv);

/* Most calls are answered, some late. It may be over with the caller, or the fd. */
static void answer(struct slot *self, int fd, const struct ipcbox_recv *recv)
{
	struct weather weather = weather_now();
	int ret;

	if (!recv->call || !random_below(self, 8))
		return;
	if (!random_below(self, 8))
		usleep(random_below(self, 3000));
	/* The checker only looks: its fds are not in the table. */
	if (fd_info_of(fd)->id && !random_below(self, 3)) {
		answer_and_recv(self, fd, recv);
		return;
	}
	/* First this: what happened meanwhile is only known afterwards. */
	ret = reply_tag(fd, recv->call, recv->tag);
	error_check(self, IPCBOX_REPLY, ret,
		    WAITS | of_fd(fd) | weather_since(self, weather));
}

/* ---- receive ------------------------------------------------------------- */

/* ARG is in SELF: the kernel writes into the ledger. */
static int recv_by(struct slot *self, int fd, int box, unsigned long nr, void *arg)
{
	struct ipcbox_recv *recv = &self->reply_recv.recv;
	int ret;

	self->process = recv->from;
	order_before(self, box);
	begin(self, RECEIVING, fd, box);
	ret = command(fd, nr, arg);
	if (!ret) {
		payload_check(buffer, recv);
		order_after(self, recv, box);
		ledger_note_receipt(self);
	}
	end(self);
	return ret;
}

static int recv_noted(struct slot *self, int fd, int box, struct ipcbox_recv recv)
{
	int ret;

	recv.seq = 0;		/* not written yet */
	self->reply_recv.recv = recv;
	ret = recv_by(self, fd, box, IPCBOX_RECV, &self->reply_recv.recv);
	recv = self->reply_recv.recv;
	if (!ret)
		answer(self, fd, &recv);
	return ret;
}

/* The errors are those of the half that failed. */
static void answer_and_recv(struct slot *self, int fd, const struct ipcbox_recv *recv)
{
	const struct fd_info *info = fd_info_of(fd);
	struct patience patience = some_patience(self, true);
	struct weather weather = weather_now();
	__u64 tag = recv->tag;
	struct ipcbox_reply_recv both =
		reply_recv_to(recv->call, &tag, sizeof(tag), buffer, LEN_MAX);
	struct ipcbox_recv next;
	bool replied;
	int ret;

	both.tag = tag;
	both.recv.flags = patience.flags;
	both.recv.deadline = patience.deadline;
	both.recv.seq = 0;
	self->reply_recv = both;
	ret = recv_by(self, fd, info->box, IPCBOX_REPLY_RECV, &self->reply_recv);
	replied = !self->reply_recv.call;
	next = self->reply_recv.recv;
	error_check(self, replied ? IPCBOX_RECV : IPCBOX_REPLY, ret,
		    WAITS | patience.circumstances | of_fd(fd) |
		    weather_since(self, weather));
	if (!ret && !replied)
		finding(ERRORS, "a reply was not given, and yet something received");
	if (!ret)
		answer(self, fd, &next);
}

/* A process that may have sent there: of anyone, one that has a mailbox or had. */
static pid_t some_sender(struct slot *self)
{
	return ledger->workers[random_below(self, PROCESSES)];
}

void storm_recv(struct slot *self, int fd)
{
	const struct fd_info *info = fd_info_of(fd);
	bool from = info->kind == IPCBOX_KIND_MAILBOX && !random_below(self, 4);
	struct patience patience = some_patience(self, !from);
	struct weather weather = weather_now();
	struct ipcbox_recv recv = room(buffer, LEN_MAX);
	int ret;

	if (!random_below(self, 8))
		recv.capacity = random_below(self, 200);
	recv.flags = patience.flags;
	recv.deadline = patience.deadline;
	recv.from = from ? some_sender(self) : 0;
	ret = recv_noted(self, fd, info->box, recv);
	error_check(self, IPCBOX_RECV, ret,
		    patience.circumstances | of_fd(fd) | weather_since(self, weather) |
		    (recv.capacity < LEN_MAX ? CRAMPED : 0) |
		    (recv.from ? FROM_ONE : 0));
	if (ret == -EMSGSIZE && self->reply_recv.recv.len <= recv.capacity) {
		finding(ERRORS, "a receive with room for %llu bytes failed for %llu bytes",
			(unsigned long long)recv.capacity,
			(unsigned long long)self->reply_recv.recv.len);
	}
}

#define PART (LEN_MAX / RECV_BATCH_MAX)	/* of the buffer, for each message */

static struct ipcbox_recv received_in(const struct ipcbox_recv_entry *entry)
{
	return (struct ipcbox_recv){
		.len = entry->len, .tag = entry->tag, .seq = entry->seq,
		.call = entry->call, .priority = entry->priority,
	};
}

static int recv_batch_noted(struct slot *self, int fd, int box,
			    struct ipcbox_recv_batch *batch, struct ipcbox_recv *received)
{
	int ret;

	for (__u32 i = 0; i < batch->count; i++) {
		struct ipcbox_recv_entry entry = room_entry(buffer + i * PART, PART);

		entry.seq = 0;	/* not written yet */
		self->batch[i] = entry;
	}
	self->process = 0;
	order_before(self, box);
	begin(self, RECEIVING, fd, box);
	ret = command(fd, IPCBOX_RECV_BATCH, batch);
	for (int i = 0; i < ret; i++) {
		received[i] = received_in(&self->batch[i]);
		payload_check(buffer + i * PART, &received[i]);
		order_after(self, &received[i], box);
	}
	ledger_note_receipt(self);
	end(self);
	return ret;
}

void storm_recv_batch(struct slot *self, int fd)
{
	struct patience patience = some_patience(self, true);
	struct weather weather = weather_now();
	struct ipcbox_recv received[RECV_BATCH_MAX];
	struct ipcbox_recv_batch batch =
		recv_batch(self->batch, 1 + random_below(self, RECV_BATCH_MAX));
	int ret;

	batch.flags = patience.flags;
	batch.deadline = patience.deadline;
	ret = recv_batch_noted(self, fd, fd_info_of(fd)->box, &batch, received);
	error_check(self, IPCBOX_RECV_BATCH, ret,
		    CRAMPED | patience.circumstances | of_fd(fd) |
		    weather_since(self, weather));
	for (int i = 0; i < ret; i++)
		answer(self, fd, &received[i]);
}

/*
 * The message has to go back. Where only the payload cannot be written, an empty
 * one is received all the same.
 */
static int recv_badly(struct slot *self, int fd, int box, struct patience patience)
{
	struct ipcbox_recv recv = room((void *)8, LEN_MAX);
	int ret;

	order_disturb(self, box);
	if (random_below(self, 2)) {
		recv.flags = patience.flags;
		recv.deadline = patience.deadline;
		ret = recv_noted(self, fd, box, recv);
	} else {
		self->process = 0;
		begin(self, RECEIVING, fd, box);
		ret = command(fd, IPCBOX_RECV, read_only);
		end(self);
	}
	order_settle(self);
	return ret;
}

void storm_recv_badly(struct slot *self, int fd)
{
	struct patience patience = some_patience(self, false);
	struct weather weather = weather_now();
	int ret = recv_badly(self, fd, fd_info_of(fd)->box, patience);

	error_check(self, IPCBOX_RECV, ret,
		    patience.circumstances | NOWAIT | of_fd(fd) | BAD_POINTER |
		    weather_since(self, weather));
}

int storm_recv_now(struct slot *self, int fd, int box)
{
	struct ipcbox_recv recv = room(buffer, LEN_MAX);

	recv.flags = IPCBOX_NONBLOCK;
	return recv_noted(self, fd, box, recv);
}

int storm_recv_now_badly(struct slot *self, int fd, int box)
{
	return recv_badly(self, fd, box,
			  (struct patience){ IPCBOX_NONBLOCK, 0, NOWAIT });
}

/* ---- poll ---------------------------------------------------------------- */

/* The message or room of an event may be gone again, so nothing waits for it. */
static void follow(struct slot *self, int fd, unsigned int events)
{
	struct ipcbox_recv recv = room(buffer, LEN_MAX);
	struct weather weather = weather_now();
	int ret;

	if (!(events & EPOLLIN) || !(fd_info_of(fd)->flags & IPCBOX_RECEIVER))
		return;
	recv.flags = IPCBOX_NONBLOCK;
	ret = recv_noted(self, fd, fd_info_of(fd)->box, recv);
	error_check(self, IPCBOX_RECV, ret,
		    NOWAIT | of_fd(fd) | weather_since(self, weather));
}

void storm_poll(struct slot *self, int fd)
{
	bool in = fd_info_of(fd)->flags & IPCBOX_RECEIVER;
	struct pollfd poll_fd = { .fd = fd, .events = in ? POLLIN : POLLOUT };
	int timeout = random_below(self, 2) ? -1 : (int)random_below(self, 20);
	int ret;

	self->events = poll_fd.events;
	begin(self, POLLING, fd, fd_info_of(fd)->box);
	ret = poll(&poll_fd, 1, timeout);
	end(self);
	if (ret == 1 && !(poll_fd.revents & POLLNVAL))
		follow(self, fd, poll_fd.revents);
}

/* Some by level, some by edge, some exclusively. */
void storm_epoll(struct slot *self)
{
	static const unsigned int kinds[] = { 0, EPOLLET, EPOLLEXCLUSIVE, EPOLLONESHOT };
	struct epoll_event events[MAX_PEERS];
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int count;

	if (epoll < 0)
		return;
	for (int i = 0; i < 4; i++) {
		int fd = fd_pick(self, IPCBOX_RECEIVER);
		struct epoll_event event = {
			.events = EPOLLIN | kinds[random_below(self, 4)],
			.data.fd = fd,
		};

		if (fd >= 0)
			epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	}
	for (int i = 0; i < 3; i++) {
		count = epoll_wait(epoll, events, MAX_PEERS, random_below(self, 10));
		for (int e = 0; e < count; e++)
			follow(self, events[e].data.fd, events[e].events);
	}
	close(epoll);
}
