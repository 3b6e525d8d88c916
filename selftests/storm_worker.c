// SPDX-License-Identifier: GPL-2.0
#include "storm_worker.h"

#include "files.h"
#include "storm_buffers.h"
#include "storm_calls.h"
#include "storm_errors.h"
#include "storm_fds.h"
#include "storm_payload.h"

#include <pthread.h>
#include <signal.h>

static int number;		/* of this process */
static int control;
static int fd_sockets[2] = { -1, -1 };	/* processes pass fds in and out */
static bool alone;		/* a child, which has no threads and no children */

static bool is_postmaster(void)
{
	return number < POSTMASTERS;
}

static const char *some_name(struct slot *self, bool lasting)
{
	return lasting ? ledger->names[random_below(self, PORTS)] :
			 ledger->names[PORTS + random_below(self, MORTALS)];
}

static __u32 some_mode(struct slot *self)
{
	return random_below(self, 4) ? 0 : IPCBOX_NONBLOCK;
}

static __u32 some_directions(struct slot *self)
{
	static const __u32 directions[] = { IPCBOX_RECEIVER, IPCBOX_SENDER, BOTH };

	return directions[random_below(self, 3)];
}

/* A process, and the number of its mailbox as a box. */
static pid_t some_process(struct slot *self, int *box)
{
	int i = random_below(self, PROCESSES);

	if (random_below(self, 2))
		i = random_below(self, POSTMASTERS);
	*box = i < POSTMASTERS ? PORTS + i : PASSING;
	return i < POSTMASTERS ? ledger->postmasters[i] : ledger->workers[i];
}

/* ---- steps --------------------------------------------------------------- */

static void check(struct slot *self, unsigned long nr, int ret, int circumstances,
		  struct weather before)
{
	error_check(self, nr, ret, circumstances | weather_since(self, before));
}

static void open_lasting(struct slot *self)
{
	__u32 flags = some_mode(self) |
		      (self->lowmem ? IPCBOX_SENDER : some_directions(self));
	struct weather weather = weather_now();
	int fd = port_open(control, some_name(self, true), flags);

	check(self, IPCBOX_PORT_OPEN, fd, 0, weather);
	if (fd >= 0)
		fd_adopt(fd, flags);
}

static void open_mortal(struct slot *self)
{
	__u32 flags = some_mode(self) | some_directions(self);
	struct weather weather = weather_now();
	int fd = port_open(control, some_name(self, false), flags);

	check(self, IPCBOX_PORT_OPEN, fd, MAY_END, weather);
	if (fd >= 0)
		fd_adopt(fd, flags);
}

static struct ipcbox_attr some_attr(struct slot *self)
{
	__u64 max_msgsize = MSGSIZE_LOWEST + random_below(self, 2) * LEN_MAX;

	return (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE | IPCBOX_ATTR_MESSAGES |
			IPCBOX_ATTR_BYTES | IPCBOX_ATTR_MSGSIZE,
		.mode = 0666,
		.max_messages = 1 + random_below(self, random_below(self, 2) ? 4 : 60),
		.max_bytes = max_msgsize + random_below(self, LEN_MAX),
		.max_msgsize = max_msgsize,
	};
}

static void create_mortal(struct slot *self)
{
	bool reuse = random_below(self, 2);
	__u32 flags = some_mode(self) | some_directions(self);
	struct weather weather = weather_now();
	int fd = port_create_attr(control, some_name(self, false),
				  flags | (reuse ? IPCBOX_REUSE : 0), some_attr(self));

	check(self, IPCBOX_PORT_CREATE, fd, reuse ? 0 : ANEW, weather);
	if (fd >= 0)
		fd_adopt(fd, flags);
}

static void delete_mortal(struct slot *self)
{
	struct weather weather = weather_now();
	int ret = port_delete(control, some_name(self, false),
			      random_below(self, 2) ? IPCBOX_UNLINK : 0);

	check(self, IPCBOX_PORT_DELETE, ret, MAY_END, weather);
}

static void open_mailbox(struct slot *self)
{
	bool anew = random_below(self, 2);
	struct weather weather = weather_now();
	__u32 flags = some_mode(self);
	int fd = mailbox_open_attr(control, flags,
				   anew ? some_attr(self) : (struct ipcbox_attr){ 0 });

	check(self, IPCBOX_MAILBOX_OPEN, fd, anew ? ANEW : 0, weather);
	if (fd >= 0)
		fd_adopt(fd, flags | IPCBOX_RECEIVER);
}

static void open_link(struct slot *self)
{
	struct weather weather = weather_now();
	__u32 flags = some_mode(self);
	int box, fd;
	pid_t peer = some_process(self, &box);

	if (!peer)
		return;
	fd = link_open(control, peer, flags);
	check(self, IPCBOX_LINK_OPEN, fd, box == PASSING ? MAY_END : 0, weather);
	if (fd >= 0)
		fd_adopt(fd, flags | IPCBOX_SENDER);
}

/* Not in the mood: most of the times. */
static bool refrains(struct slot *self, enum mood mood)
{
	return __atomic_load_n(&ledger->mood, __ATOMIC_RELAXED) == (int)mood &&
	       random_below(self, 8);
}

static void send(struct slot *self)
{
	int fd = fd_pick(self, IPCBOX_SENDER);

	if (fd >= 0 && !refrains(self, RECEIVING_MORE))
		storm_send(self, fd);
}

static void send_direct(struct slot *self)
{
	int box;
	pid_t peer = some_process(self, &box);

	if (peer && !refrains(self, RECEIVING_MORE))
		storm_send_direct(self, control, peer, box);
}

static void call(struct slot *self)
{
	int fd = fd_pick(self, IPCBOX_SENDER);

	if (fd >= 0 && !refrains(self, RECEIVING_MORE))
		storm_call(self, fd);
}

static void call_direct(struct slot *self)
{
	int box;
	pid_t peer = some_process(self, &box);

	if (peer && !refrains(self, RECEIVING_MORE))
		storm_call_direct(self, control, peer, box);
}

static void send_some(struct slot *self)
{
	int fd = fd_pick(self, IPCBOX_SENDER);

	if (fd >= 0 && !refrains(self, RECEIVING_MORE))
		storm_send_batch(self, fd);
}

static void recv(struct slot *self)
{
	int fd = fd_pick(self, IPCBOX_RECEIVER);

	if (fd >= 0 && !refrains(self, SENDING_MORE))
		storm_recv(self, fd);
}

static void recv_some(struct slot *self)
{
	int fd = fd_pick(self, IPCBOX_RECEIVER);

	if (fd >= 0 && !refrains(self, SENDING_MORE))
		storm_recv_batch(self, fd);
}

static void recv_badly(struct slot *self)
{
	int fd = fd_pick(self, IPCBOX_RECEIVER);

	if (fd >= 0)
		storm_recv_badly(self, fd);
}

static void poll_one(struct slot *self)
{
	int fd = fd_pick(self, 0);

	if (fd >= 0)
		storm_poll(self, fd);
}

static void set_attr(struct slot *self)
{
	int fd = fd_pick(self, IPCBOX_RECEIVER);
	struct weather weather = weather_now();
	const struct fd_info *info;
	int ret;

	if (fd < 0)
		return;
	info = fd_info_of(fd);
	ret = box_set(fd, some_attr(self));
	check(self, IPCBOX_SET, ret,
	      (info->box == PASSING ? MAY_END : 0) | (info->closed ? CLOSED : 0), weather);
}

void look_at(const char *path)
{
	char text[1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && read(fd, text, sizeof(text)) > 0)
		;
	if (fd >= 0)
		close(fd);
}

static __thread char entries[4096];

static void look(struct slot *self)
{
	struct weather weather = weather_now();
	struct ipcbox_port_list list = {
		.size = sizeof(list), .buf = to_u64(entries), .buf_len = sizeof(entries),
	};
	int fd = fd_pick(self, 0);
	struct ipcbox_query query;
	struct ipcbox_stat stat;
	char path[64];
	int ret;

	check(self, IPCBOX_QUERY, box_query(control, &query), 0, weather);
	check(self, IPCBOX_PORT_LIST, command(control, IPCBOX_PORT_LIST, &list), 0, weather);
	look_at("/proc/net/ipcbox");
	if (fd < 0)
		return;
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	look_at(path);
	ret = box_stat(fd, &stat);
	check(self, IPCBOX_STAT, ret, fd_info_of(fd)->closed ? CLOSED : 0, weather);
}

static void open_buffer(struct slot *self)
{
	mapping_open(self, control);
}

static void create_buffer(struct slot *self)
{
	mapping_create(self, control);
}

/* Ports and buffers are deleted alike. */
static void delete_buffer(struct slot *self)
{
	struct weather weather = weather_now();
	int i = BUFFER_NAMES + BUFFERS + random_below(self, MORTAL_BUFFERS);
	int ret = port_delete(control, ledger->names[i],
			      random_below(self, 2) ? IPCBOX_UNLINK : 0);

	check(self, IPCBOX_PORT_DELETE, ret, MAY_END, weather);
}

static void send_by_buffer(struct slot *self)
{
	if (!refrains(self, RECEIVING_MORE))
		storm_buffer_send(self);
}

static void recv_by_buffer(struct slot *self)
{
	if (!refrains(self, SENDING_MORE))
		storm_buffer_recv(self, is_postmaster() && !alone);
}

static void pass(struct slot *self)
{
	fd_pass(self, fd_sockets[0]);
}

static void take(struct slot *self)
{
	fd_take(self, fd_sockets[1]);
}

static void start_child(struct slot *self)
{
	if (!alone && !is_postmaster() && self == slots_of(number))
		child_start(self, &slots_of(number)[THREADS]);
}

/* How often, out of all; postmasters have a mailbox to look after. */
static const struct step {
	void (*take)(struct slot *self);
	int weight;
	int postmaster;
} steps[] = {
	{ send, 30, 5 },
	{ send_direct, 8, 2 },
	{ call, 10, 2 },
	{ call_direct, 4, 1 },
	{ send_some, 4, 1 },
	{ recv, 30, 40 },
	{ recv_some, 6, 8 },
	{ recv_badly, 3, 3 },
	{ poll_one, 3, 3 },
	{ storm_epoll, 2, 2 },
	{ look, 1, 1 },
	{ send_by_buffer, 30, 5 },
	{ recv_by_buffer, 30, 10 },
	{ storm_buffer_poll, 3, 1 },
	{ mapping_look, 1, 1 },
	{ open_buffer, 5, 1 },
	{ create_buffer, 2, 0 },
	{ delete_buffer, 1, 0 },
	{ mapping_unmap, 2, 0 },
	{ open_lasting, 6, 0 },
	{ open_mortal, 4, 0 },
	{ create_mortal, 2, 0 },
	{ delete_mortal, 1, 0 },
	{ open_mailbox, 2, 0 },
	{ open_link, 4, 0 },
	{ set_attr, 1, 1 },
	{ fd_close, 3, 0 },
	{ fd_dup, 2, 0 },
	{ pass, 3, 1 },
	{ take, 3, 0 },
	{ fd_pass_and_drop, 1, 0 },
	{ start_child, 4, 0 },
};

static int weight_of(const struct step *step)
{
	return is_postmaster() ? step->postmaster : step->weight;
}

static void take_a_step(struct slot *self)
{
	int total = 0, at;

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		total += weight_of(&steps[i]);
	at = random_below(self, total);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		at -= weight_of(&steps[i]);
		if (at < 0) {
			steps[i].take(self);
			return;
		}
	}
}

/* ---- threads ------------------------------------------------------------- */

static bool goes_on(struct slot *self)
{
	while (__atomic_load_n(&ledger->phase, __ATOMIC_SEQ_CST) == PAUSE) {
		__atomic_store_n(&self->doing, PAUSED, __ATOMIC_SEQ_CST);
		usleep(1000);
	}
	__atomic_store_n(&self->doing, WORKING, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&ledger->phase, __ATOMIC_SEQ_CST) < STOP;
}

void worker_enter(struct slot *self)
{
	self->tid = gettid();
	__atomic_store_n(&self->doing, WORKING, __ATOMIC_SEQ_CST);
	__atomic_store_n(&self->pid, getpid(), __ATOMIC_SEQ_CST);
}

/* A child, which is alone. */
void worker_steps(struct slot *self, int count)
{
	alone = true;
	while (count-- && goes_on(self))
		take_a_step(self);
}

static void *run_thread(void *arg)
{
	struct slot *self = arg;

	worker_enter(self);
	while (goes_on(self) && (is_postmaster() || !fds_used_up()))
		take_a_step(self);
	__atomic_store_n(&self->doing, NOTHING, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Two threads beside the first; their slots belong to nobody until they run. */
static int run_threads(void)
{
	struct slot *slots = slots_of(number);
	pthread_t threads[THREADS];

	for (int i = 1; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, run_thread, &slots[i]))
			return 1;
	run_thread(&slots[0]);
	for (int i = 1; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

/* ---- processes ----------------------------------------------------------- */

static int set_up(void)
{
	control = control_open();
	if (control < 0 || fds_init() || calls_init())
		return -1;
	return 0;
}

/* Its number is to be known before the mailbox is looked at. */
static int open_post(void)
{
	int fd;

	__atomic_store_n(&ledger->postmasters[number], getpid(), __ATOMIC_SEQ_CST);
	fd = mailbox_open_attr(control, 0, (struct ipcbox_attr){
		.mask = IPCBOX_ATTR_MODE | IPCBOX_ATTR_MESSAGES | IPCBOX_ATTR_BYTES |
			IPCBOX_ATTR_MSGSIZE,
		.mode = 0622, .max_messages = 8, .max_bytes = 2 * LEN_MAX,
		.max_msgsize = LEN_MAX });
	fd = fd < 0 ? -1 : fd_adopt(fd, IPCBOX_RECEIVER);
	__atomic_store_n(&ledger->mailboxes[number], fd, __ATOMIC_SEQ_CST);
	return fd < 0 ? -1 : 0;
}

/* Each process whose number is known must have a mailbox before others send to it. */
static void await_posts(void)
{
	for (int i = 0; i < POSTMASTERS; i++)
		while (!__atomic_load_n(&ledger->mailboxes[i], __ATOMIC_SEQ_CST))
			usleep(1000);
}

/* A mailbox ends with its process, and what is in it is to be received before. */
static void await_the_end(void)
{
	while (__atomic_load_n(&ledger->phase, __ATOMIC_SEQ_CST) != OVER)
		usleep(1000);
}

/* A process of its own, which ends with its exit status. */
int worker_run(int process, const int sockets[2])
{
	number = process;
	memcpy(fd_sockets, sockets, sizeof(fd_sockets));
	if (set_up())
		return 2;
	if (is_postmaster() && open_post())
		return 3;
	await_posts();
	if (run_threads())
		return 4;
	if (is_postmaster())
		await_the_end();
	return 0;
}

/* After exec(): WHAT tells the ledger, the slot, and an fd that came along. */
int worker_run_executed(const char *what)
{
	int memory, place, fd, flags;
	struct slot *self;

	if (sscanf(what, "%d:%d:%d:%d", &memory, &place, &fd, &flags) != 4 ||
	    ledger_attach(memory))
		return 5;
	self = &ledger->slots[place];
	number = (place - 1) / PER_PROCESS;
	if (set_up())
		return 6;
	worker_enter(self);
	fd_adopt(fd, flags);
	worker_steps(self, 300);
	return 0;
}
