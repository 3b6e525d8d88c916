// SPDX-License-Identifier: GPL-2.0
#include "calls.h"

#include "arena.h"
#include "task.h"

#include "../commands.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define CALL(name)							\
	long call_##name(__attribute__((unused)) struct task *task,	\
			 __attribute__((unused)) const __u64 *values)

#define LIMIT(name) "/proc/sys/net/ipcbox/" name

const char *const sysctl_paths[SYSCTLS] = {
	LIMIT("user_boxes"), LIMIT("user_links"), LIMIT("user_bytes"),
	LIMIT("user_waiters"), LIMIT("box_messages"), LIMIT("box_bytes"),
	LIMIT("box_msgsize") };

static long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

/* ---- fds ----------------------------------------------------------------- */

CALL(open)
{
	static const int modes[] = { O_RDWR, O_RDONLY, O_RDWR | O_NONBLOCK };

	return result(open("/dev/ipcbox", modes[values[0] % 3] | O_CLOEXEC));
}

CALL(close)
{
	return (int)values[0] > 2 ? result(close(values[0])) : -EBADF;
}

CALL(dup)
{
	return result(dup(values[0]));
}

/* Over a socket, on which it may be left. */
CALL(pass)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control) };
	int sockets[2], fd = values[0];
	long ret;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets))
		return -errno;
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	ret = result(sendmsg(sockets[0], &message, MSG_DONTWAIT));
	if (ret >= 0 && values[1]) {
		ret = result(recvmsg(sockets[1], &message, MSG_DONTWAIT));
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	}
	close(sockets[0]);
	close(sockets[1]);
	return ret >= 0 && values[1] ? fd : ret < 0 ? ret : -1;
}

CALL(nonblock)
{
	return result(fcntl(values[0], F_SETFL, values[1] ? O_NONBLOCK : 0));
}

CALL(poll)
{
	struct pollfd poller = { .fd = values[0], .events = values[1] };

	return result(poll(&poller, 1, values[2] & 7));
}

CALL(epoll)
{
	return result(epoll_create1(EPOLL_CLOEXEC));
}

CALL(epoll_add)
{
	struct epoll_event event = { .events = values[2] };

	return result(epoll_ctl(values[0], EPOLL_CTL_ADD, values[1], &event));
}

CALL(epoll_wait)
{
	struct epoll_event events[4];

	return result(epoll_wait(values[0], events, 4, values[1] & 7));
}

CALL(pidfd)
{
	return result(syscall(__NR_pidfd_open, (pid_t)values[0], 0));
}

/* ---- reports ------------------------------------------------------------- */

static long read_all(const char *path)
{
	char text[1024];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	do {
		ret = read(fd, text, sizeof(text));
	} while (ret > 0);
	close(fd);
	return result(ret);
}

CALL(proc)
{
	return read_all("/proc/thread-self/net/ipcbox");
}

CALL(fdinfo)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%d", (int)values[0]);
	return read_all(path);
}

/* ---- who and where one is ------------------------------------------------ */

CALL(unshare)
{
	static const int what[] = {
		CLONE_NEWNET, CLONE_NEWUSER, CLONE_NEWUSER | CLONE_NEWNET };

	return result(unshare(what[values[0] % 3]));
}

/* The thread alone, so past the C library. */
CALL(setuid)
{
	uid_t uid = values[0] ? 1000 : 0;

	syscall(__NR_setresgid, uid, uid, uid);
	return result(syscall(__NR_setresuid, uid, uid, uid));
}

CALL(sysctl)
{
	int fd = open(sysctl_paths[values[0] % SYSCTLS], O_WRONLY | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = result(dprintf(fd, "%llu\n", values[1]));
	close(fd);
	return ret;
}

/* ---- other tasks --------------------------------------------------------- */

CALL(signal)
{
	pid_t thread = task->shared->thread[values[0] % TASKS];

	if (!thread)
		return -ESRCH;
	return result(syscall(__NR_tkill, thread, values[1] ? SIGUSR2 : SIGUSR1));
}

CALL(pause)
{
	return result(usleep((values[0] & 15) * 1000));
}

/* Until somebody sleeps in the box; without an expectation it is no great loss if not. */
CALL(asleep)
{
	struct ipcbox_stat stat;
	__u64 give_up = in_ms(program_expects(task->program) ? PATIENCE * 1000 : 10);

	do {
		if (box_stat(values[0], &stat) || stat.receivers || stat.senders)
			break;
		usleep(500);
	} while (now_ns() < give_up);
	return 0;
}

CALL(exit)
{
	if (task->index == 2)
		_exit(0);
	task->ended = true;
	return 0;
}

CALL(kill)
{
	pid_t child = task->shared->process[2];

	return child ? result(kill(child, SIGKILL)) : -ESRCH;
}

CALL(reap)
{
	pid_t child = task->shared->process[2];

	return child ? result(waitpid(child, NULL, WNOHANG)) : -ESRCH;
}

/* ---- memory -------------------------------------------------------------- */

/* Only what is for programs, and not the names. */
static void *page_at(__u64 address)
{
	int area = area_of(address);

	if (area < 1 || area > 3 || address >= area_end(area))
		return NULL;
	return (void *)(uintptr_t)(address & ~(ARENA_PAGE - 1ULL));
}

/* What lies in the same part of the address space. */
static size_t bytes_from(const void *page, __u64 pages)
{
	size_t room = area_end(area_of(to_u64(page))) - to_u64(page);
	size_t wanted = (pages & 3) * ARENA_PAGE;

	return wanted < room ? wanted : room;
}

CALL(protect)
{
	static const int modes[] = { PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE };
	void *page = page_at(values[0]);

	if (!page)
		return -EINVAL;
	return result(mprotect(page, bytes_from(page, values[1]), modes[values[2] & 3]));
}

CALL(unmap)
{
	void *page = page_at(values[0]);

	return page ? result(munmap(page, bytes_from(page, values[1]))) : -EINVAL;
}

CALL(move)
{
	void *from = page_at(values[0]), *to = page_at(values[1]);

	if (!from || !to)
		return -EINVAL;
	return mremap(from, ARENA_PAGE, ARENA_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) ==
		MAP_FAILED ? -errno : 0;
}
