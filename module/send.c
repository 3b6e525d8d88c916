// SPDX-License-Identifier: GPL-2.0
#include "commands.h"

#include "box.h"
#include "msg.h"
#include "noinit.h"
#include "request.h"

static int send_over(struct ipcbox_request *request, struct ipcbox_lane *lane,
		     struct ipcbox_creds *creds)
{
	const struct ipcbox_send *send = &request->send;
	struct ipcbox_wait_options options =
		ipcbox_request_wait_options(request, send->deadline,
					    send->flags, creds);
	struct ipcbox_msg *msg;
	int err;

	err = ipcbox_lane_check_length(lane, send->len);
	if (err)
		return err;
	msg = ipcbox_msg_create(creds, u64_to_user_ptr(send->data), send->len,
				lane, &options);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	msg->tag = send->tag;
	msg->priority = send->priority;

	err = ipcbox_box_send(lane, msg, &options);
	if (err)
		ipcbox_msg_free(msg);
	return err;
}

int ipcbox_do_send(struct ipcbox_request *request)
{
	const struct ipcbox_send *send = &request->send;
	struct ipcbox_creds *creds;
	struct ipcbox_route route IPCBOX_NOINIT;
	int err;

	if (send->priority > IPCBOX_PRIORITY_MAX)
		return -EINVAL;
	creds = ipcbox_request_creds(request);
	if (IS_ERR(creds))
		return PTR_ERR(creds);
	err = ipcbox_route_open(&route, request, send->pid, creds);
	if (!err) {
		err = send_over(request, route.lane, creds);
		if (err == -ENOBUFS || err == -ENOMEM)
			ipcbox_handle_lacks_quota(request->handle);
		ipcbox_route_close(&route);
	}
	ipcbox_creds_put(creds);
	return err;
}
