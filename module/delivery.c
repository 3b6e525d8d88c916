// SPDX-License-Identifier: GPL-2.0
#include "delivery.h"

#include "noinit.h"
#include "tree.h"

#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

/* ---- whose deliveries ---------------------------------------------------- */

static struct ipcbox_delivery *delivery_of_other(const struct rb_node *node)
{
	return rb_entry(node, struct ipcbox_delivery, of_other);
}

static bool is_owned_before(struct rb_node *a, const struct rb_node *b)
{
	return delivery_of_other(a)->owner < delivery_of_other(b)->owner;
}

static int compare_owner(const void *owner, const struct rb_node *node)
{
	if (owner == delivery_of_other(node)->owner)
		return 0;
	return owner < delivery_of_other(node)->owner ? -1 : 1;
}

/* Let a process be the regular of a server whose last one has no deliveries. */
static void set_regular(struct ipcbox_server *server, struct pid *pid,
			const void *files)
{
	lockdep_assert_held(server->service->lock);
	ipcbox_watch_stop(&server->regular.watch);
	ipcbox_watch_start(&server->regular.watch, pid, &server->end_orphans);
	server->regular.files = files;
}

/* Note that a task received it, for its process. */
static void add_to_owner(struct ipcbox_delivery *delivery, struct task_struct *task)
{
	struct ipcbox_server *server = delivery->server;
	struct pid *pid = task_tgid(task);

	lockdep_assert_held(server->service->lock);
	delivery->owner = task->files;
	if (server->regular.watch.pid != pid ||
	    server->regular.files != delivery->owner) {
		if (!hlist_empty(&server->regular.deliveries)) {
			rb_add(&delivery->of_other, &server->others, is_owned_before);
			ipcbox_watch_start(&delivery->watch, pid, &server->end_orphans);
			return;
		}
		set_regular(server, pid, delivery->owner);
	}
	hlist_add_head(&delivery->of_regular, &server->regular.deliveries);
}

static void remove_from_owner(struct ipcbox_delivery *delivery)
{
	lockdep_assert_held(delivery->server->service->lock);
	if (delivery->watch.pid) {
		ipcbox_watch_stop(&delivery->watch);
		rb_erase(&delivery->of_other, &delivery->server->others);
	} else {
		hlist_del(&delivery->of_regular);
	}
}

/* A delivery to a process with these files, or NULL. */
static struct ipcbox_delivery *first_of_owner(struct ipcbox_server *server,
					      const void *owner)
{
	struct rb_node *node;

	lockdep_assert_held(server->service->lock);
	if (server->regular.files == owner &&
	    !hlist_empty(&server->regular.deliveries))
		return hlist_entry(server->regular.deliveries.first,
				   struct ipcbox_delivery, of_regular);
	node = rb_find_first(owner, &server->others, compare_owner);
	return node ? delivery_of_other(node) : NULL;
}

/* Has the process ended that received it? */
static bool is_orphan(const struct ipcbox_delivery *delivery)
{
	return ipcbox_process_ended(delivery->watch.pid ?:
				    delivery->server->regular.watch.pid);
}

/* ---- in service ---------------------------------------------------------- */

static struct ipcbox_delivery *delivery_at(const struct rb_node *node)
{
	return rb_entry_safe(node, struct ipcbox_delivery, node);
}

static bool is_numbered_before(struct rb_node *a, const struct rb_node *b)
{
	return delivery_at(a)->number < delivery_at(b)->number;
}

static int compare_number(const void *number, const struct rb_node *node)
{
	if (*(const u64 *)number == delivery_at(node)->number)
		return 0;
	return *(const u64 *)number < delivery_at(node)->number ? -1 : 1;
}

/**
 * ipcbox_delivery_begin() - a message that is to be answered was received
 * @delivery: of the message, not in service
 * @server: through which
 * @number: of the message
 * @task: that received it
 */
void ipcbox_delivery_begin(struct ipcbox_delivery *delivery,
			   struct ipcbox_server *server, u64 number,
			   struct task_struct *task)
{
	struct ipcbox_service *service = server->service;

	lockdep_assert_held(service->lock);
	delivery->server = server;
	delivery->number = number;
	rb_add(&delivery->node, &server->deliveries, is_numbered_before);
	add_to_owner(delivery, task);
	hlist_add_head(&delivery->of_box, &service->deliveries);
	WRITE_ONCE(service->count, service->count + 1); /* see ipcbox_server_is_busy() */
}

/**
 * ipcbox_delivery_end() - it is not in service any more
 * @delivery: in service; the caller tells its waiter
 */
void ipcbox_delivery_end(struct ipcbox_delivery *delivery)
{
	struct ipcbox_server *server = delivery->server;
	struct ipcbox_service *service = server->service;

	lockdep_assert_held(service->lock);
	rb_erase(&delivery->node, &server->deliveries);
	remove_from_owner(delivery);
	hlist_del(&delivery->of_box);
	WRITE_ONCE(service->count, service->count - 1);
	delivery->server = NULL;
}

/**
 * ipcbox_delivery_find() - find a delivery by the number of its message
 * @server: the server
 * @number: of the message
 *
 * Return: the delivery, or NULL: it is over, or went through another server.
 */
struct ipcbox_delivery *ipcbox_delivery_find(struct ipcbox_server *server,
					     u64 number)
{
	lockdep_assert_held(server->service->lock);
	return delivery_at(rb_find(&number, &server->deliveries, compare_number));
}

/**
 * ipcbox_delivery_move() - let a delivery take the place of another one
 * @to: a copy of @from
 * @from: in service; not afterwards
 */
void ipcbox_delivery_move(struct ipcbox_delivery *to,
			  struct ipcbox_delivery *from)
{
	struct ipcbox_server *server = from->server;

	lockdep_assert_held(server->service->lock);
	rb_replace_node(&from->node, &to->node, &server->deliveries);
	hlist_del(&from->of_box);
	hlist_add_head(&to->of_box, &server->service->deliveries);
	if (!from->watch.pid) {
		hlist_del(&from->of_regular);
		hlist_add_head(&to->of_regular, &server->regular.deliveries);
		return;
	}
	rb_replace_node(&from->of_other, &to->of_other, &server->others);
	/* In this order: one of the two notices the end of the process. */
	ipcbox_watch_start(&to->watch, from->watch.pid, from->watch.work);
	ipcbox_watch_stop(&from->watch);
}

/* ---- ends ---------------------------------------------------------------- */

/* It ends without an answer. Return: whom to tell. */
static struct ipcbox_waiter *end_unanswered(struct ipcbox_delivery *delivery)
{
	if (!delivery)
		return NULL;
	ipcbox_delivery_end(delivery);
	return delivery->waiter;
}

/**
 * ipcbox_service_init() - prepare the service of a box
 * @service: the service
 * @lock: of the box
 */
void ipcbox_service_init(struct ipcbox_service *service, spinlock_t *lock)
{
	service->lock = lock;
	service->count = 0;
	INIT_HLIST_HEAD(&service->deliveries);
}

static struct ipcbox_waiter *end_one_of_service(void *from)
{
	struct ipcbox_service *service = from;

	lockdep_assert_held(service->lock);
	return end_unanswered(hlist_entry_safe(service->deliveries.first,
					       struct ipcbox_delivery, of_box));
}

/**
 * ipcbox_service_shutdown() - nobody will answer anything of a box
 * @service: of the box
 * @err: why
 *
 * Context: may sleep.
 */
void ipcbox_service_shutdown(struct ipcbox_service *service, int err)
{
	ipcbox_finish_all(service->lock, end_one_of_service, service, err);
}

/* The first of a server with a number above @number. */
static struct ipcbox_delivery *first_behind(struct ipcbox_server *server, u64 number)
{
	lockdep_assert_held(server->service->lock);
	return delivery_at(ipcbox_tree_first_after(&number, &server->deliveries,
						   compare_number));
}

/* How many deliveries are looked at before the lock of the box is dropped. */
#define LOOKS_MAX 64

/* End those of processes that ended, behind @number. Return: whether to go on. */
static bool end_some_orphans(struct ipcbox_server *server, u64 *number,
			     struct ipcbox_wake_list *wake_list)
{
	unsigned int looks;

	lockdep_assert_held(server->service->lock);
	for (looks = 0; looks < LOOKS_MAX && !ipcbox_wake_list_full(wake_list);
	     looks++) {
		struct ipcbox_delivery *delivery = first_behind(server, *number);

		if (!delivery)
			return false;
		*number = delivery->number;
		if (is_orphan(delivery))
			ipcbox_waiter_finish(end_unanswered(delivery), -EPIPE,
					     wake_list);
	}
	return true;
}

static void end_orphans(struct work_struct *work)
{
	struct ipcbox_server *server = container_of(work, struct ipcbox_server,
						    end_orphans);
	struct ipcbox_wake_list wake_list IPCBOX_NOINIT;
	u64 number = 0;
	bool again;

	ipcbox_wake_list_init(&wake_list);
	do {
		spin_lock(server->service->lock);
		again = end_some_orphans(server, &number, &wake_list);
		spin_unlock(server->service->lock);
		ipcbox_wake(&wake_list);
		cond_resched();
	} while (again);
}

/**
 * ipcbox_server_init() - prepare the server that an open file is
 * @server: the server, zeroed
 * @service: of the box that it receives from
 */
void ipcbox_server_init(struct ipcbox_server *server,
			struct ipcbox_service *service)
{
	server->service = service;
	server->deliveries = RB_ROOT;
	server->others = RB_ROOT;
	INIT_HLIST_HEAD(&server->regular.deliveries);
	INIT_WORK(&server->end_orphans, end_orphans);
}

/**
 * ipcbox_server_deinit() - the open file is closed, by everyone
 * @server: the server
 *
 * Context: may sleep.
 */
void ipcbox_server_deinit(struct ipcbox_server *server)
{
	ipcbox_server_end(server, NULL);
	/* With no regular there never was a delivery, nor a watch. */
	if (!server->regular.watch.pid)
		return;
	ipcbox_watch_stop(&server->regular.watch);
	cancel_work_sync(&server->end_orphans);
}

/**
 * ipcbox_server_is_busy() - did a process receive what is in service?
 * @server: through which
 * @owner: the files of the process
 */
bool ipcbox_server_is_busy(struct ipcbox_server *server, const void *owner)
{
	bool busy;

	/* Mostly nobody did. Whoever received something before sees that here. */
	if (!READ_ONCE(server->service->count))
		return false;
	spin_lock(server->service->lock);
	busy = first_of_owner(server, owner);
	spin_unlock(server->service->lock);
	return busy;
}

/* A server, and a process that receives through it. */
struct server_and_owner {
	struct ipcbox_server *server;
	const void *owner;		/* NULL: for any */
};

static struct ipcbox_waiter *end_one_of_server(void *from)
{
	const struct server_and_owner *of = from;
	struct ipcbox_server *server = of->server;

	return end_unanswered(of->owner ? first_of_owner(server, of->owner) :
			      delivery_at(rb_first(&server->deliveries)));
}

/**
 * ipcbox_server_end() - nobody will answer what a server received
 * @server: the server
 * @owner: only what the process with these files received; NULL: all
 *
 * Context: may sleep.
 */
void ipcbox_server_end(struct ipcbox_server *server, const void *owner)
{
	struct server_and_owner of = { server, owner };

	ipcbox_finish_all(server->service->lock, end_one_of_server, &of, -EPIPE);
}
