// SPDX-License-Identifier: GPL-2.0
#include "proc.h"

#include "mailbox.h"
#include "object.h"
#include "ns.h"

#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>

/*
 * Where a reader is. It keeps a copy of the line it is at, and no lock and no
 * reference: the next line is found by the name, or the pid, of this one.
 */
struct cursor {
	struct seq_net_private p;	/* first: it holds the namespace */
	loff_t pos;			/* number of the line in info, */
	bool at_end;			/* or one behind the last */
	bool in_mailboxes;
	unsigned long mailbox_index;	/* of the next mailbox to look at */
	struct ipcbox_object_info info;
};

static struct ipcbox_ns *ns_of(struct seq_file *seq)
{
	return pde_data(file_inode(seq->file));
}

static bool next_mailbox(struct seq_file *seq, struct cursor *cursor)
{
	struct ipcbox_mailbox *mailbox;

	mailbox = ipcbox_mailbox_next(ns_of(seq), &cursor->mailbox_index);
	if (!mailbox)
		return false;
	cursor->mailbox_index++;
	ipcbox_mailbox_stat(mailbox, &cursor->info.stat, seq_user_ns(seq),
			    proc_pid_ns(file_inode(seq->file)->i_sb));
	ipcbox_mailbox_put(mailbox);
	return true;
}

static bool next_object(struct seq_file *seq, struct cursor *cursor)
{
	return ipcbox_object_next(ns_of(seq), &cursor->info.name, &cursor->info,
				seq_user_ns(seq));
}

/*
 * Other users decide how many lines there are, and how long it takes to count what is in
 * their buffers; seq_file goes through all of it for a read at a high offset. A reader that
 * is being killed finds the end.
 */
static void advance(struct seq_file *seq, struct cursor *cursor)
{
	cursor->pos++;
	cond_resched();
	if (fatal_signal_pending(current)) {
		cursor->at_end = true;
		return;
	}
	if (!cursor->in_mailboxes && next_object(seq, cursor))
		return;
	cursor->in_mailboxes = true;
	cursor->at_end = !next_mailbox(seq, cursor);
}

static void rewind(struct cursor *cursor)
{
	cursor->pos = 0;
	cursor->at_end = false;
	cursor->in_mailboxes = false;
	cursor->mailbox_index = 0;
	cursor->info.name.len = 0;
}

static void *ipcbox_seq_start(struct seq_file *seq, loff_t *pos)
{
	struct cursor *cursor = seq->private;

	if (!*pos) {
		rewind(cursor);
		return SEQ_START_TOKEN;
	}
	/* Mostly it goes on with the line that did not fit last time. */
	if (*pos < cursor->pos)
		rewind(cursor);
	while (cursor->pos < *pos && !cursor->at_end)
		advance(seq, cursor);
	return cursor->at_end ? NULL : cursor;
}

static void *ipcbox_seq_next(struct seq_file *seq, void *v, loff_t *pos)
{
	struct cursor *cursor = seq->private;

	++*pos;
	advance(seq, cursor);
	return cursor->at_end ? NULL : cursor;
}

static void ipcbox_seq_stop(struct seq_file *seq, void *v)
{
}

static const char *kind_of(const struct ipcbox_stat *stat)
{
	switch (stat->kind) {
	case IPCBOX_KIND_MAILBOX:
		return "mailbox";
	case IPCBOX_KIND_BUFFER:
		return "buffer";
	default:
		return "port";
	}
}

static int ipcbox_seq_show(struct seq_file *seq, void *v)
{
	const struct cursor *cursor = seq->private;
	const struct ipcbox_stat *stat = &cursor->info.stat;

	if (v == SEQ_START_TOKEN) {
		seq_puts(seq, "Kind Id Mode Uid Gid Messages Bytes Receivers Senders Name\n");
		return 0;
	}
	seq_printf(seq, "%s %llu %04o %u %u %llu %llu %u %u ",
		   kind_of(stat), stat->id,
		   stat->mode, stat->uid, stat->gid, stat->messages,
		   stat->bytes, stat->receivers, stat->senders);
	if (cursor->in_mailboxes)
		seq_printf(seq, "%d\n", stat->pid);
	else
		seq_printf(seq, "%s\n", cursor->info.name.bytes);
	return 0;
}

static const struct seq_operations ipcbox_seq_ops = {
	.start = ipcbox_seq_start,
	.next = ipcbox_seq_next,
	.stop = ipcbox_seq_stop,
	.show = ipcbox_seq_show,
};

/**
 * ipcbox_proc_init() - make /proc/net/ipcbox in a namespace
 * @ns: the namespace
 *
 * Return: 0 or -ENOMEM.
 */
int ipcbox_proc_init(struct ipcbox_ns *ns)
{
	if (!proc_create_net_data("ipcbox", 0444, ns->net->proc_net,
				  &ipcbox_seq_ops, sizeof(struct cursor), ns))
		return -ENOMEM;
	return 0;
}

/**
 * ipcbox_proc_deinit() - remove /proc/net/ipcbox
 * @ns: the namespace
 */
void ipcbox_proc_deinit(struct ipcbox_ns *ns)
{
	remove_proc_entry("ipcbox", ns->net->proc_net);
}
