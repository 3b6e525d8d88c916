// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "system.h"

#include "bench.h"

extern const struct system ipcbox_port_system;
extern const struct system ipcbox_link_system;
extern const struct system ipcbox_port_call_system;
extern const struct system ipcbox_link_call_system;
extern const struct system ipcbox_buffer_system;
extern const struct system ipcbox_buffer_place_system;
extern const struct system ipcbox_buffer_one_system;
extern const struct system buffer_futex_system;
extern const struct system ck_spsc_system;
extern const struct system ck_mpmc_system;
extern const struct system boost_system;
extern const struct system pipe_system;
extern const struct system packet_pipe_system;
extern const struct system seqpacket_system;
extern const struct system dgram_system;
extern const struct system mqueue_system;
extern const struct system sysv_system;
extern const struct system binder_system;
extern const struct system eventfd_system;
extern const struct system futex_system;

const struct system *const systems[] = {
	&ipcbox_port_system,
	&ipcbox_link_system,
	&ipcbox_port_call_system,
	&ipcbox_link_call_system,
	&ipcbox_buffer_system,
	&ipcbox_buffer_place_system,
	&ipcbox_buffer_one_system,
	&buffer_futex_system,
	&ck_spsc_system,
	&ck_mpmc_system,
#ifdef HAVE_BOOST
	&boost_system,
#endif
	&pipe_system,
	&packet_pipe_system,
	&seqpacket_system,
	&dgram_system,
	&mqueue_system,
	&sysv_system,
	&binder_system,
	&eventfd_system,
	&futex_system,
};

const size_t systems_count = ARRAY_COUNT(systems);
