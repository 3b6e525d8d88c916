// SPDX-License-Identifier: GPL-2.0
#include "ioctl.h"

#include "commands.h"
#include "copy.h"
#include "noinit.h"
#include "request.h"

#include <linux/fs.h>
#include <linux/nospec.h>
#include <linux/uaccess.h>

#define CONTROL BIT(IPCBOX_HANDLE_CONTROL)
#define PORT BIT(IPCBOX_HANDLE_PORT)
#define MAILBOX BIT(IPCBOX_HANDLE_MAILBOX)
#define LINK BIT(IPCBOX_HANDLE_LINK)
#define BUFFER BIT(IPCBOX_HANDLE_BUFFER)

struct command {
	unsigned int cmd;
	size_t min_size;	/* the struct as it was at ABI level 1 */
	size_t size;		/* the struct as this kernel knows it */
	u32 flags;		/* that are allowed */
	u32 kinds;		/* of handle that it is for */
	int (*handler)(struct ipcbox_request *request);
};

/* min_size is the offset behind the last member of ABI level 1. */
#define COMMAND(_cmd, _struct, _last, _kinds, _handler)		\
	[_IOC_NR(_cmd)] = {						\
		.cmd = _cmd,						\
		.min_size = offsetofend(struct _struct, _last),		\
		.size = sizeof(struct _struct),				\
		.flags = _cmd##_FLAGS,					\
		.kinds = _kinds,					\
		.handler = _handler,					\
	}

static const struct command commands[] = {
	COMMAND(IPCBOX_QUERY, ipcbox_query, memory,
		CONTROL | PORT | MAILBOX | LINK | BUFFER, ipcbox_do_query),
	COMMAND(IPCBOX_MAILBOX_OPEN, ipcbox_mailbox_open, attr, CONTROL,
		ipcbox_do_mailbox_open),
	COMMAND(IPCBOX_LINK_OPEN, ipcbox_link_open, __reserved, CONTROL,
		ipcbox_do_link_open),
	COMMAND(IPCBOX_PORT_CREATE, ipcbox_port_create, attr, CONTROL,
		ipcbox_do_port_create),
	COMMAND(IPCBOX_PORT_OPEN, ipcbox_port_open, __reserved, CONTROL,
		ipcbox_do_port_open),
	COMMAND(IPCBOX_PORT_DELETE, ipcbox_port_delete, __reserved, CONTROL,
		ipcbox_do_port_delete),
	COMMAND(IPCBOX_PORT_LIST, ipcbox_port_list, buf_len, CONTROL,
		ipcbox_do_port_list),
	COMMAND(IPCBOX_SEND, ipcbox_send, pid, CONTROL | PORT | LINK,
		ipcbox_do_send),
	COMMAND(IPCBOX_RECV, ipcbox_recv, call, PORT | MAILBOX, ipcbox_do_recv),
	COMMAND(IPCBOX_CALL, ipcbox_call, received, CONTROL | PORT | LINK,
		ipcbox_do_call),
	COMMAND(IPCBOX_REPLY, ipcbox_reply, tag, PORT | MAILBOX,
		ipcbox_do_reply),
	COMMAND(IPCBOX_REPLY_RECV, ipcbox_reply_recv, recv, PORT | MAILBOX,
		ipcbox_do_reply_recv),
	COMMAND(IPCBOX_SEND_BATCH, ipcbox_send_batch, __reserved,
		CONTROL | PORT | LINK, ipcbox_do_send_batch),
	COMMAND(IPCBOX_RECV_BATCH, ipcbox_recv_batch, __reserved, PORT | MAILBOX,
		ipcbox_do_recv_batch),
	COMMAND(IPCBOX_STAT, ipcbox_stat, __reserved,
		PORT | MAILBOX | LINK | BUFFER, ipcbox_do_stat),
	COMMAND(IPCBOX_SET, ipcbox_set, attr, PORT | MAILBOX | BUFFER,
		ipcbox_do_set),
	COMMAND(IPCBOX_BUFFER_CREATE, ipcbox_buffer_create, attr, CONTROL,
		ipcbox_do_buffer_create),
	COMMAND(IPCBOX_BUFFER_OPEN, ipcbox_buffer_open, __reserved, CONTROL,
		ipcbox_do_buffer_open),
	COMMAND(IPCBOX_BUFFER_LAYOUT, ipcbox_buffer_layout, directions, BUFFER,
		ipcbox_do_buffer_layout),
	COMMAND(IPCBOX_BUFFER_WAIT, ipcbox_buffer_wait, __reserved, BUFFER,
		ipcbox_do_buffer_wait),
	COMMAND(IPCBOX_BUFFER_WAKE, ipcbox_buffer_wake, flags, BUFFER,
		ipcbox_do_buffer_wake),
};

static const struct command *find_command(unsigned int cmd)
{
	unsigned int nr = _IOC_NR(cmd);

	if (nr >= ARRAY_SIZE(commands))
		return NULL;
	nr = array_index_nospec(nr, ARRAY_SIZE(commands));
	return commands[nr].cmd == cmd ? &commands[nr] : NULL;
}

/* Also of a program that was compiled with another size of it than this kernel. */
static int read_any_size(struct ipcbox_request *request,
			 const struct command *command)
{
	u32 user_size;

	if (get_user(user_size, (u32 __user *)request->user))
		return -EFAULT;
	if (user_size < command->min_size)
		return -EINVAL;
	if (user_size > PAGE_SIZE)
		return -E2BIG;
	request->user_size = user_size;
	return copy_struct_from_user(&request->whole, command->size, request->user,
				     user_size);
}

/* Read the struct of a command and check what is the same for all. */
static int read_struct(struct ipcbox_request *request, const struct command *command)
{
	int err = 0;

	/* Mostly it has the size that we know; whole words, as all are. */
	request->user_size = command->size;
	if (ipcbox_copy_from_user(&request->whole, request->user, command->size) ||
	    request->size != command->size)
		err = read_any_size(request, command);
	if (err)
		return err;
	return request->flags & ~command->flags ? -EINVAL : 0;
}

/**
 * ipcbox_ioctl() - run a command on an ipcbox fd
 * @file: its file
 * @cmd: IPCBOX_*
 * @arg: pointer to the struct of the command
 *
 * Return: as the command says, or -ENOTTY.
 */
long ipcbox_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct command *command = find_command(cmd);
	struct ipcbox_request request IPCBOX_NOINIT;
	int err;

	request.file = file;
	request.handle = file->private_data;
	request.user = (void __user *)arg;
	if (!command || !(command->kinds & BIT(request.handle->kind)))
		return -ENOTTY;
	err = read_struct(&request, command);
	return err ?: command->handler(&request);
}
