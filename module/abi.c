// SPDX-License-Identifier: GPL-2.0
/*
 * The layout of the uapi, proved when the module is built: no struct has a hole
 * that could leak kernel memory or get different meanings, and none changes its
 * size unnoticed. There is no code here.
 */
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/ipcbox.h>
#include <linux/ipcbox_buffer.h>

#define M(member) sizeof_field(struct THIS, member)

#define THIS ipcbox_attr
static_assert(sizeof(struct THIS) == 40);
static_assert(sizeof(struct THIS) ==
	      M(mask) + M(mode) + M(uid) + M(gid) + M(max_messages) +
	      M(max_bytes) + M(max_msgsize));
#undef THIS

#define THIS ipcbox_usage
static_assert(sizeof(struct THIS) == 16);
static_assert(sizeof(struct THIS) == M(used) + M(limit));
#undef THIS

#define THIS ipcbox_query
static_assert(sizeof(struct THIS) == 152);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(abi) + M(name_max) + M(priority_max) +
	      M(__reserved) + M(features) + M(box_messages) + M(box_bytes) +
	      M(box_msgsize) + M(boxes) + M(links) + M(bytes) + M(waiters) +
	      M(pages) + M(memory));
#undef THIS

#define THIS ipcbox_mailbox_open
static_assert(sizeof(struct THIS) == 48);
static_assert(sizeof(struct THIS) == M(size) + M(flags) + M(attr));
#undef THIS

#define THIS ipcbox_link_open
static_assert(sizeof(struct THIS) == 16);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(peer) + M(__reserved));
#undef THIS

#define THIS ipcbox_port_create
static_assert(sizeof(struct THIS) == 64);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(name) + M(name_len) + M(__reserved) +
	      M(attr));
#undef THIS

#define THIS ipcbox_port_open
static_assert(sizeof(struct THIS) == 24);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(name) + M(name_len) + M(__reserved));
#undef THIS

#define THIS ipcbox_port_delete
static_assert(sizeof(struct THIS) == 24);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(name) + M(name_len) + M(__reserved));
#undef THIS

#define THIS ipcbox_stat
static_assert(sizeof(struct THIS) == 112);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(kind) + M(state) + M(mode) + M(uid) +
	      M(gid) + M(pid) + M(id) + M(max_messages) + M(max_bytes) +
	      M(max_msgsize) + M(messages) + M(bytes) + M(sent) + M(received) +
	      M(receivers) + M(senders) + M(calls) + M(__reserved));
#undef THIS

#define THIS ipcbox_port_entry
static_assert(sizeof(struct THIS) == 128);
static_assert(sizeof(struct THIS) ==
	      M(entry_len) + M(name_off) + M(name_len) + M(__reserved) +
	      M(stat));
#undef THIS

#define THIS ipcbox_port_list
static_assert(sizeof(struct THIS) == 40);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(after) + M(after_len) + M(count) + M(buf) +
	      M(buf_len));
#undef THIS

#define THIS ipcbox_send
static_assert(sizeof(struct THIS) == 48);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(data) + M(len) + M(tag) + M(deadline) +
	      M(priority) + M(pid));
#undef THIS

#define THIS ipcbox_recv
static_assert(sizeof(struct THIS) == 88);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(data) + M(capacity) + M(deadline) +
	      M(from) + M(pid) + M(uid) + M(gid) + M(priority) + M(reply_max) +
	      M(len) + M(tag) + M(seq) + M(call));
#undef THIS

#define THIS ipcbox_set
static_assert(sizeof(struct THIS) == 48);
static_assert(sizeof(struct THIS) == M(size) + M(flags) + M(attr));
#undef THIS

#define THIS ipcbox_call
static_assert(sizeof(struct THIS) == 96);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(data) + M(len) + M(tag) + M(deadline) +
	      M(priority) + M(pid) + M(reply) + M(capacity) + M(reply_len) +
	      M(reply_tag) + M(reply_pid) + M(reply_uid) + M(reply_gid) +
	      M(received));
#undef THIS

#define THIS ipcbox_reply
static_assert(sizeof(struct THIS) == 40);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(call) + M(data) + M(len) + M(tag));
#undef THIS

#define THIS ipcbox_reply_recv
static_assert(sizeof(struct THIS) == 128);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(data) + M(len) + M(tag) + M(call) +
	      M(recv));
#undef THIS

#define THIS ipcbox_send_entry
static_assert(sizeof(struct THIS) == 32);
static_assert(sizeof(struct THIS) ==
	      M(data) + M(len) + M(tag) + M(priority) + M(result));
#undef THIS

#define THIS ipcbox_send_batch
static_assert(sizeof(struct THIS) == 40);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(entries) + M(count) + M(entry_size) +
	      M(deadline) + M(pid) + M(__reserved));
#undef THIS

#define THIS ipcbox_recv_entry
static_assert(sizeof(struct THIS) == 72);
static_assert(sizeof(struct THIS) ==
	      M(data) + M(capacity) + M(len) + M(tag) + M(seq) + M(call) +
	      M(pid) + M(uid) + M(gid) + M(priority) + M(reply_max) + M(result));
#undef THIS

#define THIS ipcbox_recv_batch
static_assert(sizeof(struct THIS) == 40);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(entries) + M(count) + M(entry_size) +
	      M(deadline) + M(from) + M(__reserved));
#undef THIS

#define THIS ipcbox_buffer_create
static_assert(sizeof(struct THIS) == 64);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(name) + M(name_len) + M(__reserved) +
	      M(attr));
#undef THIS

#define THIS ipcbox_buffer_open
static_assert(sizeof(struct THIS) == 24);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(name) + M(name_len) + M(__reserved));
#undef THIS

#define THIS ipcbox_buffer_layout
static_assert(sizeof(struct THIS) == 56);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(control_len) + M(ring_off) + M(data_off) +
	      M(data_len) + M(cells) + M(max_msgsize) + M(kind) +
	      M(directions));
#undef THIS

#define THIS ipcbox_buffer_wait
static_assert(sizeof(struct THIS) == 24);
static_assert(sizeof(struct THIS) ==
	      M(size) + M(flags) + M(deadline) + M(cells) + M(__reserved));
#undef THIS

#define THIS ipcbox_buffer_wake
static_assert(sizeof(struct THIS) == 8);
static_assert(sizeof(struct THIS) == M(size) + M(flags));
#undef THIS

#define THIS ipcbox_cell
static_assert(sizeof(struct THIS) == 16);
static_assert(sizeof(struct THIS) == M(word) + M(len) + M(tag));
#undef THIS

static_assert(sizeof(struct ipcbox_ring_head) == 5 * 64);
