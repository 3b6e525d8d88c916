/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events. A box or lane is told by the id that IPCBOX_STAT, fdinfo and
 * /proc/net/ipcbox show; create and delete tell the name that belongs to it.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ipcbox

#if !defined(_IPCBOX_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _IPCBOX_TRACE_H

#include "msg.h"
#include "wait.h"

#include <linux/tracepoint.h>

/* enum ipcbox_resource, in its order */
#define show_resource(resource)						\
	__print_symbolic(resource, { 0, "boxes" }, { 1, "links" },	\
			 { 2, "bytes" }, { 3, "waiters" }, { 4, "pages" },	\
			 { 5, "memory" })

DECLARE_EVENT_CLASS(ipcbox_object,
	TP_PROTO(u64 id, const char *kind, const char *name, size_t len),
	TP_ARGS(id, kind, name, len),
	TP_STRUCT__entry(
		__field(u64, id)
		__array(char, kind, 8)
		__dynamic_array(char, name, len + 1)
	),
	TP_fast_assign(
		__entry->id = id;
		strscpy(__entry->kind, kind, sizeof(__entry->kind));
		memcpy(__get_dynamic_array(name), name, len);
		((char *)__get_dynamic_array(name))[len] = '\0';
	),
	TP_printk("id=%llu kind=%s name=%s", __entry->id, __entry->kind,
		  (char *)__get_dynamic_array(name))
);

DEFINE_EVENT(ipcbox_object, ipcbox_create,
	TP_PROTO(u64 id, const char *kind, const char *name, size_t len),
	TP_ARGS(id, kind, name, len)
);

DEFINE_EVENT(ipcbox_object, ipcbox_delete,
	TP_PROTO(u64 id, const char *kind, const char *name, size_t len),
	TP_ARGS(id, kind, name, len)
);

DECLARE_EVENT_CLASS(ipcbox_message,
	TP_PROTO(u64 id, const struct ipcbox_msg *msg),
	TP_ARGS(id, msg),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, seq)
		__field(u64, tag)
		__field(u32, len)
		__field(u32, priority)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->seq = msg->seq;
		__entry->tag = msg->tag;
		__entry->len = msg->len;
		__entry->priority = msg->priority;
	),
	TP_printk("id=%llu seq=%llu len=%u priority=%u tag=%llu", __entry->id,
		  __entry->seq, __entry->len, __entry->priority, __entry->tag)
);

/* A box accepted a message: the sender is told success. */
DEFINE_EVENT(ipcbox_message, ipcbox_send,
	TP_PROTO(u64 id, const struct ipcbox_msg *msg),
	TP_ARGS(id, msg)
);

/* As ipcbox_send, of a message whose sender waits for the reply. */
DEFINE_EVENT(ipcbox_message, ipcbox_call,
	TP_PROTO(u64 id, const struct ipcbox_msg *msg),
	TP_ARGS(id, msg)
);

/* The caller was given its reply; seq is that of the call. */
DEFINE_EVENT(ipcbox_message, ipcbox_reply,
	TP_PROTO(u64 id, const struct ipcbox_msg *msg),
	TP_ARGS(id, msg)
);

/* A receiver has it, copied out. */
DEFINE_EVENT(ipcbox_message, ipcbox_receive,
	TP_PROTO(u64 id, const struct ipcbox_msg *msg),
	TP_ARGS(id, msg)
);

/* It was dropped at the end of its box, or withdrawn by its caller. */
DEFINE_EVENT(ipcbox_message, ipcbox_drop,
	TP_PROTO(u64 id, const struct ipcbox_msg *msg),
	TP_ARGS(id, msg)
);

/* Someone goes to sleep. */
TRACE_EVENT(ipcbox_block,
	TP_PROTO(u64 id, enum ipcbox_role role),
	TP_ARGS(id, role),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(int, role)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->role = role;
	),
	TP_printk("id=%llu %s", __entry->id,
		  __print_symbolic(__entry->role, { 0, "receiver: empty" },
				   { 1, "sender: full" },
				   { 2, "caller: no reply" },
				   { 3, "payer: limit of bytes" }))
);

/* Who slept goes on. */
TRACE_EVENT(ipcbox_wake,
	TP_PROTO(u64 id, enum ipcbox_role role, int result),
	TP_ARGS(id, role, result),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(int, role)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->role = role;
		__entry->result = result;
	),
	TP_printk("id=%llu %s result=%d", __entry->id,
		  __print_symbolic(__entry->role, { 0, "receiver" },
				   { 1, "sender" }, { 2, "caller" },
				   { 3, "payer" }),
		  __entry->result)
);

/* What a process had in flight in a buffer when its mapping of it went. */
TRACE_EVENT(ipcbox_recover,
	TP_PROTO(u64 id, u32 owner, unsigned int messages),
	TP_ARGS(id, owner, messages),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u32, owner)
		__field(u32, messages)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->owner = owner;
		__entry->messages = messages;
	),
	TP_printk("id=%llu owner=%u messages=%u", __entry->id,
		  __entry->owner, __entry->messages)
);

/* A charge was refused: by the limit of a user, or of the whole namespace. */
TRACE_EVENT(ipcbox_limit,
	TP_PROTO(u32 uid, bool total, int resource, unsigned long amount),
	TP_ARGS(uid, total, resource, amount),
	TP_STRUCT__entry(
		__field(u32, uid)
		__field(bool, total)
		__field(int, resource)
		__field(unsigned long, amount)
	),
	TP_fast_assign(
		__entry->uid = uid;
		__entry->total = total;
		__entry->resource = resource;
		__entry->amount = amount;
	),
	TP_printk("limit=%s_%s uid=%d amount=%lu",
		  __entry->total ? "max" : "user",
		  show_resource(__entry->resource), (int)__entry->uid,
		  __entry->amount)
);

#endif /* _IPCBOX_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
