// SPDX-License-Identifier: GPL-2.0 OR MIT
#include "cli.h"

#include <stdio.h>
#include <string.h>

bool is_buffer(const struct ipcbox_info *info)
{
	return ipcbox_info_kind(info) == IPCBOX_KIND_BUFFER;
}

bool is_spsc(const struct ipcbox_info *info)
{
	return ipcbox_info_state(info) & IPCBOX_STATE_SPSC;
}

const char *kind_name(const struct ipcbox_info *info)
{
	switch (ipcbox_info_kind(info)) {
	case IPCBOX_KIND_PORT:
		return "port";
	case IPCBOX_KIND_MAILBOX:
		return "mailbox";
	case IPCBOX_KIND_LINK:
		return "link";
	case IPCBOX_KIND_BUFFER:
		return "buffer";
	}
	return "unknown";
}

/* A buffer has no limit of messages, and nobody counts those that go through. */
void json_info(const struct ipcbox_info *info)
{
	bool buffer = is_buffer(info);
	char mode[8];

	snprintf(mode, sizeof(mode), "%04o", (unsigned int)ipcbox_info_mode(info));
	json_string("kind", kind_name(info));
	if (buffer)
		json_string("sharing", is_spsc(info) ? "spsc" : "mpmc");
	json_number("id", ipcbox_info_id(info));
	json_string("mode", mode);
	json_number("owner", ipcbox_info_owner(info));
	json_number("group", ipcbox_info_group(info));
	if (!buffer)
		json_number("max_messages", ipcbox_info_max_messages(info));
	json_number("max_bytes", ipcbox_info_max_bytes(info));
	json_number("max_msgsize", ipcbox_info_max_msgsize(info));
	json_number("messages", ipcbox_info_messages(info));
	json_number("bytes", ipcbox_info_bytes(info));
	if (!buffer) {
		json_number("sent", ipcbox_info_sent(info));
		json_number("received", ipcbox_info_received(info));
	}
	json_number("receivers", ipcbox_info_receivers(info));
	json_number("senders", ipcbox_info_senders(info));
	if (!buffer)
		json_number("calls", ipcbox_info_calls(info));
}
