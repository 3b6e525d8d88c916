// SPDX-License-Identifier: GPL-2.0
/*
 * libipcbox, messages: each call passes its arguments to the kernel, and the kernel's
 * answer back. Other programs test what the kernel does.
 */
#include "library_test.h"

#include <limits.h>
#include <sys/resource.h>

/* Makes a port so small that one message fills it, and sends that. */
static void fill(struct __test_metadata *_metadata, int port,
		 struct ipcbox_options *options)
{
	ipcbox_options_set_messages(options, 1);
	ASSERT_EQ(0, ipcbox_set(port, options));
	ASSERT_EQ(0, ipcbox_send(port, "x", 1));
}

/* A child with a mailbox, which a message ends. */
static int hold_mailbox(void *ready)
{
	int box = ipcbox_mailbox_open(0, NULL);
	char c = 'y';

	if (box < 0 || write(*(int *)ready, &c, 1) != 1)
		return 1;
	return ipcbox_recv(box, &c, 1) == 1 ? 0 : 1;
}

static pid_t start_peer(struct __test_metadata *_metadata)
{
	int ends[2];
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	pid = spawn(hold_mailbox, &ends[1]);
	ASSERT_LT(0, pid);
	close(ends[1]);
	ASSERT_EQ(1, read(ends[0], &c, 1));
	close(ends[0]);
	return pid;
}

/* Words */

static const int contract[] = {
	E2BIG, EACCES, EAGAIN, EBADF, ECONNREFUSED, EEXIST, EFAULT, EIDRM, EINTR,
	EINVAL, EMFILE, EMLINK, EMSGSIZE, ENAMETOOLONG, ENFILE, ENOBUFS, ENODEV,
	ENOENT, ENOMEM, ENOSPC, ENOTTY, EPERM, EPIPE, ERANGE, ESRCH, ETIMEDOUT,
	EUSERS,
};

TEST(strerror_has_a_sentence_for_each_errno_of_the_contract)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(contract); i++) {
		const char *text = ipcbox_strerror(-contract[i]);

		EXPECT_STRNE(strerror(contract[i]), text);
		EXPECT_NE(NULL, strstr(text, "; "));
		EXPECT_EQ(NULL, strchr(text, '\n'));
		EXPECT_NE('.', text[strlen(text) - 1]);
		EXPECT_STREQ(text, ipcbox_strerror(contract[i]));
	}
}

TEST(strerror_of_another_errno_is_that_of_libc)
{
	EXPECT_STREQ(strerror(EXDEV), ipcbox_strerror(-EXDEV));
	EXPECT_STREQ(strerror(EXDEV), ipcbox_strerror(EXDEV));
	EXPECT_NE(NULL, ipcbox_strerror(INT_MIN));
	EXPECT_NE(NULL, ipcbox_strerror(INT_MAX));
}

TEST(deadline_counts_from_now_in_nanoseconds)
{
	__u64 before = now_ns();
	__u64 deadline = ipcbox_deadline_ms(1500);

	EXPECT_LE(before + 1500 * 1000000ULL, deadline);
	EXPECT_GE(now_ns() + 1500 * 1000000ULL, deadline);
}

TEST(deadline_of_zero_is_now_and_of_less_or_very_much_is_never)
{
	EXPECT_EQ(IPCBOX_NOWAIT, ipcbox_deadline_ms(0));
	EXPECT_EQ(IPCBOX_FOREVER, ipcbox_deadline_ms(-1));
	EXPECT_EQ(IPCBOX_FOREVER, ipcbox_deadline_ms(INT64_MIN));
	EXPECT_EQ(IPCBOX_FOREVER, ipcbox_deadline_ms(INT64_MAX));
}

TEST(nothing_can_be_freed)
{
	ipcbox_options_free(NULL);
	ipcbox_info_free(NULL);
	ipcbox_msg_free(NULL);
}

/* Sending and receiving */

TEST_F(library, the_error_of_an_open_is_handed_on)
{
	char c;

	EXPECT_EQ(-ENODEV, ipcbox_send(-ENODEV, "x", 1));
	EXPECT_EQ(-ENOENT, ipcbox_send_until(-ENOENT, "x", 1, IPCBOX_NOWAIT, 0, 0));
	EXPECT_EQ(-EACCES, ipcbox_recv(-EACCES, &c, 1));
	EXPECT_EQ(-EACCES, recv_now_msg(-EACCES, &self->msg));
	EXPECT_EQ(-ENOSPC, ipcbox_stat(-ENOSPC, &self->info));
	EXPECT_EQ(-ENOSPC, ipcbox_set(-ENOSPC, self->options));
	EXPECT_EQ(-EBADF, ipcbox_send(-1, "x", 1));
}

TEST_F(library, message_arrives_with_all_that_is_known_of_it)
{
	ASSERT_EQ(0, ipcbox_send(self->port, "first", 5));
	ASSERT_EQ(0, ipcbox_send_until(self->port, "text", 4, IPCBOX_NOWAIT, 7, 99));
	ASSERT_EQ(0, recv_now_msg(self->port, &self->msg));
	EXPECT_STREQ("text", ipcbox_msg_data(self->msg));
	EXPECT_EQ(4, ipcbox_msg_len(self->msg));
	EXPECT_EQ(getpid(), ipcbox_msg_pid(self->msg));
	EXPECT_EQ(geteuid(), ipcbox_msg_uid(self->msg));
	EXPECT_EQ(getegid(), ipcbox_msg_gid(self->msg));
	EXPECT_EQ(7, ipcbox_msg_priority(self->msg));
	EXPECT_EQ(99, ipcbox_msg_tag(self->msg));
	EXPECT_EQ(2, ipcbox_msg_seq(self->msg));

	ASSERT_EQ(0, recv_now_msg(self->port, &self->msg));
	EXPECT_STREQ("first", ipcbox_msg_data(self->msg));
	EXPECT_EQ(0, ipcbox_msg_priority(self->msg));
	EXPECT_EQ(0, ipcbox_msg_tag(self->msg));
}

TEST_F(library, recv_takes_into_a_buffer)
{
	char buf[8];

	memset(buf, POISON, sizeof(buf));
	ASSERT_EQ(0, ipcbox_send(self->port, "four", 4));
	ASSERT_EQ(0, ipcbox_send(self->port, NULL, 0));
	EXPECT_EQ(-EMSGSIZE, ipcbox_recv(self->port, buf, 3));
	EXPECT_EQ((char)POISON, buf[0]);
	EXPECT_EQ(4, ipcbox_recv(self->port, buf, 4));
	EXPECT_EQ(0, memcmp(buf, "four", 4));
	EXPECT_EQ((char)POISON, buf[4]);
	EXPECT_EQ(0, ipcbox_recv(self->port, NULL, 0));
}

/* The first is longer than what a receive makes room for at first. */
TEST_F(library, recv_msg_grows_for_any_length)
{
	size_t len = IPCBOX_MSGSIZE_MAX;
	char *data = malloc(len);
	const char *got;

	ASSERT_NE(NULL, data);
	memset(data, 'd', len);
	data[0] = 'b';
	data[len - 1] = 'e';
	ipcbox_options_set_bytes(self->options, len);
	ipcbox_options_set_msgsize(self->options, len);
	ASSERT_EQ(0, ipcbox_set(self->port, self->options));
	ASSERT_EQ(0, ipcbox_send(self->port, data, len));
	ASSERT_EQ(0, recv_now_msg(self->port, &self->msg));
	ASSERT_EQ(len, ipcbox_msg_len(self->msg));
	got = ipcbox_msg_data(self->msg);
	EXPECT_EQ(0, memcmp(data, got, len));
	EXPECT_EQ('\0', got[len]);

	ASSERT_EQ(0, ipcbox_send(self->port, "", 0));
	ASSERT_EQ(0, recv_now_msg(self->port, &self->msg));
	EXPECT_EQ(0, ipcbox_msg_len(self->msg));
	EXPECT_STREQ("", ipcbox_msg_data(self->msg));
	free(data);
}

static int recv_without_memory(void *arg)
{
	struct rlimit none = { 0, 0 };
	struct ipcbox_msg *msg = NULL;
	int port = *(int *)arg;
	int err;

	/* The first one makes room for a short message, which stays. */
	if (recv_now_msg(port, &msg) || setrlimit(RLIMIT_AS, &none))
		return 1;
	err = recv_now_msg(port, &msg);
	return err == -ENOMEM && ipcbox_msg_len(msg) == 0 ? 0 : 2;
}

TEST_F(library, message_for_which_there_is_no_memory_stays)
{
	static char data[2 << 20];

	ipcbox_options_set_bytes(self->options, 4 << 20);
	ipcbox_options_set_msgsize(self->options, sizeof(data));
	ASSERT_EQ(0, ipcbox_set(self->port, self->options));
	ASSERT_EQ(0, ipcbox_send(self->port, "x", 1));
	ASSERT_EQ(0, ipcbox_send(self->port, data, sizeof(data)));
	EXPECT_EQ(0, reap(spawn(recv_without_memory, &self->port)));
	ASSERT_EQ(0, recv_now_msg(self->port, &self->msg));
	EXPECT_EQ(sizeof(data), ipcbox_msg_len(self->msg));
}

TEST_F(library, message_is_empty_after_an_error)
{
	ASSERT_EQ(0, ipcbox_send(self->port, "text", 4));
	ASSERT_EQ(0, recv_now_msg(self->port, &self->msg));
	EXPECT_EQ(-EAGAIN, recv_now_msg(self->port, &self->msg));
	EXPECT_EQ(0, ipcbox_msg_len(self->msg));
	EXPECT_STREQ("", ipcbox_msg_data(self->msg));
}

/* The kernel told the length already when there is no memory for it. */
TEST_F(library, message_is_empty_when_there_is_no_memory_for_it)
{
	static char data[512 << 10];
	struct rlimit before, none;

	ipcbox_options_set_msgsize(self->options, sizeof(data));
	ASSERT_EQ(0, ipcbox_set(self->port, self->options));
	ASSERT_EQ(0, ipcbox_send(self->port, "text", 4));
	ASSERT_EQ(0, recv_now_msg(self->port, &self->msg));
	ASSERT_EQ(0, ipcbox_send(self->port, data, sizeof(data)));
	ASSERT_EQ(0, getrlimit(RLIMIT_AS, &before));
	none = before;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &none));
	EXPECT_EQ(-ENOMEM, recv_now_msg(self->port, &self->msg));
	EXPECT_EQ(0, ipcbox_msg_len(self->msg));
	ASSERT_EQ(0, setrlimit(RLIMIT_AS, &before));
	EXPECT_EQ(0, recv_now_msg(self->port, &self->msg));
	EXPECT_EQ(sizeof(data), ipcbox_msg_len(self->msg));
}

TEST_F(library, a_deadline_ends_the_waiting_in_both_directions)
{
	__u64 start = now_ns();

	EXPECT_EQ(-ETIMEDOUT, ipcbox_recv_msg(self->port, &self->msg, 0,
					      ipcbox_deadline_ms(30)));
	EXPECT_LE(30 * 1000000ULL, now_ns() - start);
	fill(_metadata, self->port, self->options);
	start = now_ns();
	EXPECT_EQ(-ETIMEDOUT, ipcbox_send_until(self->port, "x", 1,
						ipcbox_deadline_ms(30), 0, 0));
	EXPECT_LE(30 * 1000000ULL, now_ns() - start);
}

TEST_F(library, send_tells_its_errors)
{
	int receiver = ipcbox_port_open(self->name, IPCBOX_RECEIVER);
	int null = open("/dev/null", O_RDWR);
	static char data[IPCBOX_DEFAULT_MSGSIZE + 1];

	ASSERT_LE(0, receiver);
	ASSERT_LE(0, null);
	EXPECT_EQ(-EMSGSIZE, ipcbox_send(self->port, data, sizeof(data)));
	EXPECT_EQ(-EBADF, ipcbox_send(receiver, "x", 1));
	EXPECT_EQ(-EBADF, ipcbox_send(-1, "x", 1));
	EXPECT_EQ(-ENOTTY, ipcbox_send(null, "x", 1));
	EXPECT_EQ(-EFAULT, ipcbox_send(self->port, NULL, 1));
	EXPECT_EQ(-EINVAL, ipcbox_send_until(self->port, "x", 1, IPCBOX_NOWAIT,
					     IPCBOX_PRIORITY_MAX + 1, 0));
	fill(_metadata, self->port, self->options);
	EXPECT_EQ(-EAGAIN, ipcbox_send_until(self->port, "x", 1, IPCBOX_NOWAIT, 0, 0));
}

TEST_F(library, receive_tells_its_errors)
{
	int sender = ipcbox_port_open(self->name, IPCBOX_SENDER);
	int null = open("/dev/null", O_RDWR);
	char buf[1];

	ASSERT_LE(0, sender);
	ASSERT_LE(0, null);
	EXPECT_EQ(-EBADF, ipcbox_recv(sender, buf, 1));
	EXPECT_EQ(-EBADF, ipcbox_recv(-1, buf, 1));
	EXPECT_EQ(-ENOTTY, ipcbox_recv(null, buf, 1));
	EXPECT_EQ(-EINVAL, ipcbox_recv_msg(self->port, &self->msg, getpid(),
					   IPCBOX_NOWAIT));
	ASSERT_EQ(0, ipcbox_send(self->port, "x", 1));
	EXPECT_EQ(-EFAULT, ipcbox_recv(self->port, NULL, 1));
	EXPECT_EQ(1, ipcbox_recv(self->port, buf, 1));
}

static void on_signal(int number)
{
	(void)number;
}

/* Ends with 0 if the call was interrupted, once it was seen asleep. */
static int recv_with_handler(void *arg)
{
	struct sigaction action = { .sa_handler = on_signal };
	int port = *(int *)arg;
	char c;

	sigaction(SIGUSR1, &action, NULL);
	return ipcbox_recv(port, &c, 1) == -EINTR ? 0 : 1;
}

TEST_F(library, a_signal_ends_a_wait_with_eintr)
{
	pid_t pid = spawn(recv_with_handler, &self->port);

	ASSERT_TRUE(receivers_asleep(self->port, 1));
	kill(pid, SIGUSR1);
	EXPECT_EQ(0, reap(pid));
}

TEST_F(library, a_child_uses_an_inherited_port)
{
	pid_t pid = spawn(recv_until_removed, &self->port);

	ASSERT_TRUE(receivers_asleep(self->port, 1));
	EXPECT_EQ(0, ipcbox_port_delete(self->name, 0));
	EXPECT_EQ(0, reap(pid));
}

/* Mailboxes and links */

TEST_F(library, a_process_has_one_mailbox)
{
	int box = ipcbox_mailbox_open(0, NULL);
	int again = ipcbox_mailbox_open(IPCBOX_NONBLOCK, NULL);

	ASSERT_LE(0, box);
	ASSERT_LE(0, again);
	EXPECT_EQ(id_of(box), id_of(again));
	EXPECT_EQ(O_NONBLOCK, fcntl(again, F_GETFL) & O_NONBLOCK);
	ipcbox_options_set_mode(self->options, 0622);
	EXPECT_EQ(-EEXIST, ipcbox_mailbox_open(0, self->options));
	EXPECT_EQ(-EINVAL, ipcbox_mailbox_open(IPCBOX_RECEIVER, NULL));
}

TEST_F(library, direct_messages_go_over_one_link)
{
	int box = ipcbox_mailbox_open(0, NULL);
	int link = ipcbox_link_open(getpid(), 0);

	ASSERT_LE(0, box);
	ASSERT_LE(0, link);
	EXPECT_EQ(0, ipcbox_send(link, "one", 3));
	EXPECT_EQ(0, ipcbox_send_to(getpid(), "two", 3, IPCBOX_FOREVER, 0, 5));
	ASSERT_EQ(0, ipcbox_recv_msg(box, &self->msg, getpid(), IPCBOX_NOWAIT));
	EXPECT_STREQ("one", ipcbox_msg_data(self->msg));
	EXPECT_EQ(1, ipcbox_msg_seq(self->msg));
	ASSERT_EQ(0, recv_now_msg(box, &self->msg));
	EXPECT_STREQ("two", ipcbox_msg_data(self->msg));
	EXPECT_EQ(2, ipcbox_msg_seq(self->msg));
	EXPECT_EQ(5, ipcbox_msg_tag(self->msg));
	ASSERT_EQ(0, ipcbox_stat(link, &self->info));
	EXPECT_EQ(IPCBOX_KIND_LINK, ipcbox_info_kind(self->info));
	EXPECT_EQ(getpid(), ipcbox_info_pid(self->info));
	EXPECT_EQ(-ENOTTY, ipcbox_set(link, self->options));
}

static int do_nothing(void *unused)
{
	(void)unused;
	return 0;
}

static int link_to(const char *pid)
{
	return ipcbox_link_open(atoi(pid), 0);
}

static int send_x_to(const char *pid)
{
	return ipcbox_send_to(atoi(pid), "x", 1, IPCBOX_NOWAIT, 0, 0);
}

TEST_F(library, direct_sends_tell_their_errors)
{
	pid_t dead = spawn(do_nothing, NULL);
	char pid[16];
	int box;

	reap(dead);
	EXPECT_EQ(-ECONNREFUSED, ipcbox_link_open(getpid(), 0));
	EXPECT_EQ(-ECONNREFUSED, ipcbox_send_to(getpid(), "x", 1, 0, 0, 0));
	EXPECT_EQ(-ESRCH, ipcbox_link_open(dead, 0));
	EXPECT_EQ(-ESRCH, ipcbox_send_to(dead, "x", 1, 0, 0, 0));
	EXPECT_EQ(-EINVAL, ipcbox_link_open(0, 0));
	EXPECT_EQ(-EINVAL, ipcbox_link_open(-1, 0));
	EXPECT_EQ(-EINVAL, ipcbox_send_to(0, "x", 1, 0, 0, 0));

	box = ipcbox_mailbox_open(0, NULL);
	ASSERT_LE(0, box);
	snprintf(pid, sizeof(pid), "%d", getpid());
	EXPECT_TRUE(user_gets(link_to, pid, -EACCES));
	EXPECT_TRUE(user_gets(send_x_to, pid, -EACCES));
	EXPECT_EQ(-ESRCH, ipcbox_recv_msg(box, &self->msg, dead, IPCBOX_NOWAIT));
}

TEST_F(library, a_link_tells_that_the_peer_is_gone)
{
	pid_t peer = start_peer(_metadata);
	int link = ipcbox_link_open(peer, 0);

	ASSERT_LE(0, link);
	EXPECT_EQ(0, ipcbox_send(link, "x", 1));
	EXPECT_EQ(0, reap(peer));
	EXPECT_EQ(-EPIPE, ipcbox_send(link, "x", 1));
	ASSERT_EQ(0, ipcbox_stat(link, &self->info));
	EXPECT_EQ(IPCBOX_STATE_SHUTDOWN, ipcbox_info_state(self->info));
}

TEST_F(library, a_pidfd_names_a_peer)
{
	pid_t peer = start_peer(_metadata);
	int pidfd = pidfd_of(peer);
	int link = ipcbox_link_open_pidfd(pidfd, 0);

	ASSERT_LE(0, pidfd);
	ASSERT_LE(0, link);
	EXPECT_EQ(0, ipcbox_send(link, "x", 1));
	EXPECT_EQ(0, reap(peer));
	EXPECT_EQ(-ESRCH, ipcbox_link_open_pidfd(pidfd, 0));
	EXPECT_EQ(-EBADF, ipcbox_link_open_pidfd(12345, 0));
	EXPECT_EQ(-EINVAL, ipcbox_link_open_pidfd(self->port, 0));
}

/* Threads, all on one fd */

#define THREADS 8
#define EACH 2000

struct worker {
	pthread_t thread;
	int fd;
	__u64 sum;
	int err;
};

static void *send_numbers(void *arg)
{
	struct worker *worker = arg;
	__u64 i;

	for (i = 1; i <= EACH && !worker->err; i++)
		worker->err = ipcbox_send(worker->fd, &i, sizeof(i));
	return NULL;
}

static void *add_numbers(void *arg)
{
	struct worker *worker = arg;
	struct ipcbox_msg *msg = NULL;
	__u64 number;
	int i;

	for (i = 0; i < EACH && !worker->err; i++) {
		worker->err = ipcbox_recv_msg(worker->fd, &msg, 0, IPCBOX_FOREVER);
		if (worker->err)
			break;
		memcpy(&number, ipcbox_msg_data(msg), sizeof(number));
		worker->sum += number;
	}
	ipcbox_msg_free(msg);
	return NULL;
}

TEST_F(library, threads_share_an_fd)
{
	struct worker workers[2 * THREADS] = { 0 };
	__u64 sum = 0;
	int i;

	for (i = 0; i < 2 * THREADS; i++) {
		workers[i].fd = self->port;
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL,
					    i % 2 ? send_numbers : add_numbers,
					    &workers[i]));
	}
	for (i = 0; i < 2 * THREADS; i++) {
		ASSERT_EQ(0, pthread_join(workers[i].thread, NULL));
		EXPECT_EQ(0, workers[i].err);
		sum += workers[i].sum;
	}
	EXPECT_EQ((__u64)THREADS * EACH * (EACH + 1) / 2, sum);
}

TEST_HARNESS_MAIN
