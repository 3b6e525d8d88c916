/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _IPCBOX_COMMANDS_H
#define _IPCBOX_COMMANDS_H

/**
 * DOC: commands
 *
 * The handlers of the table in ioctl.c, one for each ioctl: those that make,
 * find and tell about objects are in commands.c, those that move messages in
 * send.c, receive.c, exchange.c and batch.c, those of buffers in
 * buffer_commands.c. What they do and return stands in
 * the uapi header. The table has checked size, flags and kind of fd by the time
 * that they run.
 */

struct ipcbox_caller;
struct ipcbox_request;

int ipcbox_do_query(struct ipcbox_request *request);
int ipcbox_do_mailbox_open(struct ipcbox_request *request);
int ipcbox_do_link_open(struct ipcbox_request *request);
int ipcbox_do_port_create(struct ipcbox_request *request);
int ipcbox_do_port_open(struct ipcbox_request *request);
int ipcbox_do_port_delete(struct ipcbox_request *request);
int ipcbox_do_port_list(struct ipcbox_request *request);
int ipcbox_do_send(struct ipcbox_request *request);
int ipcbox_do_recv(struct ipcbox_request *request);
int ipcbox_do_call(struct ipcbox_request *request);
int ipcbox_do_reply(struct ipcbox_request *request);
int ipcbox_do_reply_recv(struct ipcbox_request *request);
int ipcbox_do_send_batch(struct ipcbox_request *request);
int ipcbox_do_recv_batch(struct ipcbox_request *request);
int ipcbox_do_stat(struct ipcbox_request *request);
int ipcbox_do_set(struct ipcbox_request *request);
int ipcbox_do_buffer_create(struct ipcbox_request *request);
int ipcbox_do_buffer_open(struct ipcbox_request *request);
int ipcbox_do_buffer_layout(struct ipcbox_request *request);
int ipcbox_do_buffer_wait(struct ipcbox_request *request);
int ipcbox_do_buffer_wake(struct ipcbox_request *request);

#endif /* _IPCBOX_COMMANDS_H */
