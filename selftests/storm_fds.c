// SPDX-License-Identifier: GPL-2.0
#include "storm_fds.h"

#include <sys/resource.h>
#include <sys/socket.h>

#define PICKS	12		/* fds that a process uses at a time */
#define FIRST	64		/* below are those that are not ours */

static struct fd_info fd_infos[FDS_MAX];	/* by fd */
static int picks[PICKS];
static int next = FIRST;

int fds_init(void)
{
	struct rlimit limit = { FDS_MAX, FDS_MAX };

	for (int i = 0; i < PICKS; i++)
		picks[i] = -1;
	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

/*
 * In a child: fork() copies the fds first and then the memory, so the memory may
 * tell of one that another thread opened in between.
 */
void fds_inherit(void)
{
	for (int i = 0; i < PICKS; i++)
		if (picks[i] >= 0 && fcntl(picks[i], F_GETFD) < 0)
			picks[i] = -1;
}

bool fds_used_up(void)
{
	return __atomic_load_n(&next, __ATOMIC_RELAXED) >= FDS_MAX - FIRST;
}

const struct fd_info *fd_info_of(int fd)
{
	return &fd_infos[fd];
}

static int new_number(void)
{
	return __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
}

/* Gives an fd, which is closed, a number that no other had; -1 if it cannot. */
static int move_up(int fd)
{
	int number = new_number();
	int up = fcntl(fd, F_DUPFD_CLOEXEC, number);

	close(fd);
	if (up >= 0 && up != number) {
		close(up);
		up = -1;
	}
	return up;
}

static void retire(int fd)
{
	if (fd < 0)
		return;
	__atomic_store_n(&fd_infos[fd].closed, true, __ATOMIC_SEQ_CST);
	close(fd);
}

static void keep(int fd)
{
	static unsigned int turn;
	int i = __atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % PICKS;

	retire(__atomic_exchange_n(&picks[i], fd, __ATOMIC_ACQ_REL));
}

static int postmaster_of(pid_t pid)
{
	for (int i = 0; i < POSTMASTERS; i++)
		if (pid == ledger->postmasters[i])
			return PORTS + i;
	return PASSING;
}

static int box_of(const struct ipcbox_stat *stat)
{
	if (stat->kind != IPCBOX_KIND_PORT)
		return postmaster_of(stat->pid);
	for (int i = 0; i < PORTS; i++)
		if (stat->id == ledger->port_ids[i])
			return i;
	return PASSING;
}

static int admit(int fd, int flags)
{
	struct ipcbox_stat stat;

	if (fd < 0)
		return -1;
	if (box_stat(fd, &stat)) {
		close(fd);
		return -1;
	}
	fd_infos[fd] = (struct fd_info){
		.id = stat.id, .peer = stat.pid, .kind = stat.kind,
		.box = box_of(&stat), .flags = flags,
	};
	keep(fd);
	return fd;
}

/* A new fd, or one that was passed, joins those that are used. */
int fd_adopt(int fd, int flags)
{
	return admit(move_up(fd), flags);
}

/* An fd for one of these directions, or any one; -1 where none was found soon. */
int fd_pick(struct slot *self, int directions)
{
	for (int tries = 0; tries < PICKS; tries++) {
		int fd = __atomic_load_n(&picks[random_below(self, PICKS)],
					 __ATOMIC_ACQUIRE);

		if (fd >= 0 && (!directions || fd_infos[fd].flags & directions))
			return fd;
	}
	return -1;
}

/* Whoever is in a call on it goes on. */
void fd_close(struct slot *self)
{
	int i = random_below(self, PICKS);

	retire(__atomic_exchange_n(&picks[i], -1, __ATOMIC_ACQ_REL));
}

/* To a new number, or to that of another fd for the same, which is closed by it. */
void fd_dup(struct slot *self)
{
	int fd = fd_pick(self, 0), other = fd_pick(self, 0);

	if (fd < 0)
		return;
	if (other != fd && fd_infos[other].id == fd_infos[fd].id &&
	    fd_infos[other].flags == fd_infos[fd].flags)
		dup3(fd, other, O_CLOEXEC);
	else
		admit(dup3(fd, new_number(), O_CLOEXEC), fd_infos[fd].flags);
}

/* Messages that carry an fd, and what its sender knows of it */

struct parcel {
	struct fd_info info;
	struct iovec vec;
	struct msghdr header;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
};

static struct msghdr *parcel_header(struct parcel *parcel)
{
	parcel->vec = (struct iovec){ &parcel->info, sizeof(parcel->info) };
	parcel->header = (struct msghdr){
		.msg_iov = &parcel->vec, .msg_iovlen = 1,
		.msg_control = parcel->control.bytes,
		.msg_controllen = sizeof(parcel->control.bytes),
	};
	return &parcel->header;
}

void fd_pass(struct slot *self, int socket)
{
	struct parcel parcel = { 0 };
	struct msghdr *header = parcel_header(&parcel);
	struct cmsghdr *control = CMSG_FIRSTHDR(header);
	int fd = fd_pick(self, 0);

	if (fd < 0)
		return;
	parcel.info = fd_infos[fd];
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(control), &fd, sizeof(fd));
	/* It may be full, or the fd may be closed by now. */
	(void)!sendmsg(socket, header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The socket dies with the fd still in it. */
void fd_pass_and_drop(struct slot *self)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		return;
	fd_pass(self, pair[0]);
	close(pair[0]);
	close(pair[1]);
}

/*
 * The kernel kills processes that are short of memory without notice, so they must not
 * hold messages whose order is checked.
 */
static bool is_allowed(const struct slot *self, const struct fd_info *info)
{
	return !self->lowmem || info->box >= PORTS ||
	       !(info->flags & IPCBOX_RECEIVER);
}

void fd_take(struct slot *self, int socket)
{
	struct parcel parcel = { 0 };
	struct msghdr *header = parcel_header(&parcel);
	struct cmsghdr *control;
	int fd;

	if (recvmsg(socket, header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0)
		return;
	control = CMSG_FIRSTHDR(header);
	if (!control || control->cmsg_type != SCM_RIGHTS)
		return;
	memcpy(&fd, CMSG_DATA(control), sizeof(fd));
	if (!is_allowed(self, &parcel.info)) {
		close(fd);
		return;
	}
	fd = fd_adopt(fd, parcel.info.flags);
	if (fd >= 0 && fd_infos[fd].id != parcel.info.id)
		finding(COUNTS, "an fd for box %llu was passed and came as one for box %llu",
			(unsigned long long)parcel.info.id,
			(unsigned long long)fd_infos[fd].id);
}
