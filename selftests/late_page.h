/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A page that is not there yet: whoever copies to or from it sleeps in the middle of
 * that, for as long as a test wants. By userfaultfd(2).
 */
#ifndef LATE_PAGE_H
#define LATE_PAGE_H

#include "ipcbox_test.h"

#include <linux/userfaultfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define LATE_PAGE_SIZE 4096

struct late_page {
	int fd;
	void *at;
};

/* Return: 0, or -errno where the kernel has no such thing. */
HELPER int late_page_make(struct late_page *page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register all = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	page->fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (page->fd < 0)
		return -errno;
	page->at = mmap(NULL, LATE_PAGE_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	all.range.start = to_u64(page->at);
	all.range.len = LATE_PAGE_SIZE;
	if (ioctl(page->fd, UFFDIO_API, &api) ||
	    ioctl(page->fd, UFFDIO_REGISTER, &all))
		return -errno;
	return 0;
}

/* Somebody sleeps there. */
HELPER bool late_page_is_missed(struct late_page *page)
{
	struct pollfd p = { .fd = page->fd, .events = POLLIN };

	return poll(&p, 1, PATIENCE * 1000) == 1 && p.revents == POLLIN;
}

/* It is there now, and the copy goes on. */
HELPER int late_page_give(struct late_page *page)
{
	struct uffdio_zeropage zero = {
		.range = { .start = to_u64(page->at), .len = LATE_PAGE_SIZE } };

	return ioctl(page->fd, UFFDIO_ZEROPAGE, &zero) ? -errno : 0;
}

/* It will never be there, and the copy fails. */
HELPER int late_page_refuse(struct late_page *page)
{
	struct uffdio_range range = { .start = to_u64(page->at), .len = LATE_PAGE_SIZE };

	return munmap(page->at, LATE_PAGE_SIZE) || ioctl(page->fd, UFFDIO_WAKE, &range) ?
		       -errno : 0;
}

#endif /* LATE_PAGE_H */
