// SPDX-License-Identifier: GPL-2.0
#include "account.h"

#include "ns.h"
#include "reclaim.h"
#include "trace.h"

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

static struct kmem_cache *account_cache;

/* All namespaces, for a limit of the host that changes. */
static DEFINE_MUTEX(all_ns_mutex);
static LIST_HEAD(all_ns);

static const int resource_errno[IPCBOX_RESOURCES] = {
	[IPCBOX_BOXES] = -ENOSPC,
	[IPCBOX_LINKS] = -EMLINK,
	[IPCBOX_BYTES] = -ENOBUFS,
	[IPCBOX_WAITERS] = -EUSERS,
	[IPCBOX_PAGES] = -EDQUOT,
	[IPCBOX_MEMORY] = -ENOMEM,
};

/**
 * ipcbox_account_is_total() - is it that of a namespace?
 * @account: the account
 *
 * Return: false if it is that of a user.
 */
bool ipcbox_account_is_total(const struct ipcbox_account *account)
{
	return account == &account->ns->account;
}

/**
 * ipcbox_account_caches_of_ns() - the caches of all users in its namespace
 * @account: an account there
 *
 * Return: the list.
 */
struct list_head *ipcbox_account_caches_of_ns(struct ipcbox_account *account)
{
	return &account->ns->account.caches;
}

static unsigned long limit_of(const struct ipcbox_account *account,
			      enum ipcbox_resource resource)
{
	return ipcbox_account_is_total(account) ?
		       ipcbox_limit(account->ns, total[resource]) :
		       ipcbox_limit(account->ns, user[resource]);
}

/*
 * The last part of what there is for all users together is a reserve, as the kernel
 * keeps one of processes and open files: where a few users have taken the rest, an
 * administrator can still come in, to see and to end it.
 */
static unsigned long limit_without_reserve(const struct ipcbox_account *account,
					   enum ipcbox_resource resource)
{
	unsigned long limit = limit_of(account, resource);

	return ipcbox_account_is_total(account) ? limit - limit / 32 : limit;
}

/* Nothing is audited: not to have the capability is what is normal. */
static bool may_use_reserve(const struct ipcbox_account *account)
{
	return ipcbox_account_is_total(account) &&
	       ns_capable_noaudit(account->ns->net->user_ns, CAP_SYS_RESOURCE);
}

static bool is_above(unsigned long limit, long used, unsigned long amount)
{
	return amount > limit || used > limit - amount;
}

/**
 * ipcbox_account_has_room() - would a charge be within the limit of this account?
 * @account: the account; those above it are not looked at
 * @resource: what is counted
 * @amount: how much
 *
 * Return: whether it would, now, without the reserve.
 */
bool ipcbox_account_has_room(const struct ipcbox_account *account,
			     enum ipcbox_resource resource, unsigned long amount)
{
	return !is_above(limit_without_reserve(account, resource),
			 atomic_long_read(&account->used[resource]), amount);
}

/**
 * ipcbox_account_may_use_reserve() - may the caller use the reserve of an account?
 * @account: the account
 *
 * Return: whether it has one, and the caller may.
 */
bool ipcbox_account_may_use_reserve(const struct ipcbox_account *account)
{
	return may_use_reserve(account);
}

/**
 * ipcbox_account_limit() - the limit of an account
 * @account: the account; those above it have their own
 * @resource: of what
 * @reserve: with the reserve
 *
 * Return: the limit, now.
 */
unsigned long ipcbox_account_limit(const struct ipcbox_account *account,
				   enum ipcbox_resource resource, bool reserve)
{
	return reserve ? limit_of(account, resource) :
			 limit_without_reserve(account, resource);
}

/* How much is left below a limit. */
static unsigned long room_below(unsigned long limit, long used)
{
	return used < 0 || limit > (unsigned long)used ? limit - used : 0;
}

/**
 * ipcbox_account_charge_part() - charge an account what it has, up to an amount
 * @account: the account; those above it are not charged
 * @resource: what is counted
 * @amount: how much at most
 * @reserve: the reserve, too
 *
 * Return: how much was charged.
 */
unsigned long ipcbox_account_charge_part(struct ipcbox_account *account,
					 enum ipcbox_resource resource,
					 unsigned long amount, bool reserve)
{
	unsigned long part, limit = ipcbox_account_limit(account, resource, reserve);
	long used = atomic_long_read(&account->used[resource]);

	do {
		part = min(amount, room_below(limit, used));
		if (!part)
			break;
	} while (!atomic_long_try_cmpxchg(&account->used[resource], &used,
					  used + part));
	return part;
}

/* Exact: a charge that fails is never seen by one that runs beside it. */
static bool charge_one(struct ipcbox_account *account,
		       enum ipcbox_resource resource, unsigned long amount)
{
	unsigned long limit = limit_without_reserve(account, resource);
	long used = atomic_long_read(&account->used[resource]);

	do {
		if (is_above(limit, used, amount) &&
		    (is_above(limit_of(account, resource), used, amount) ||
		     !may_use_reserve(account)))
			return false;
	} while (!atomic_long_try_cmpxchg(&account->used[resource], &used,
					  used + amount));
	return true;
}

/* The same without the reserve. It calls nothing, so its caller saves no registers. */
static __always_inline bool charge_one_fast(struct ipcbox_account *account,
					    enum ipcbox_resource resource,
					    unsigned long amount)
{
	unsigned long limit = limit_without_reserve(account, resource);
	long used = atomic_long_read(&account->used[resource]);

	do {
		if (is_above(limit, used, amount))
			return false;
	} while (!atomic_long_try_cmpxchg(&account->used[resource], &used,
					  used + amount));
	return true;
}

/* Those below @from are charged. */
static noinline int charge_slow(struct ipcbox_account *account,
				struct ipcbox_account *from,
				enum ipcbox_resource resource,
				unsigned long amount)
{
	struct ipcbox_account *a;

	for (a = from; a; a = a->parent)
		if (!charge_one(a, resource, amount))
			goto undo;
	return 0;

undo:
	trace_ipcbox_limit(from_kuid(&init_user_ns, a->uid), ipcbox_account_is_total(a),
			   resource, amount);
	/* Somebody may have been refused for it meanwhile, and wait. */
	ipcbox_account_uncharge_below(account, a, resource, amount);
	return resource_errno[resource];
}

/**
 * ipcbox_account_charge() - count @amount of @resource for an account
 * @account: the account of a user; all above it are charged as well
 * @resource: what is counted
 * @amount: how much
 *
 * Return: 0, or the errno of that resource's limit, with nothing charged.
 * Context: any; takes no lock but that of a quota, and that for bytes and memory only.
 */
int ipcbox_account_charge(struct ipcbox_account *account,
			  enum ipcbox_resource resource, unsigned long amount)
{
	struct ipcbox_account *a;

	for (a = account; a; a = a->parent)
		if (unlikely(!charge_one_fast(a, resource, amount)))
			return charge_slow(account, a, resource, amount);
	return 0;
}

static __always_inline void uncharge_one(struct ipcbox_account *account,
					 enum ipcbox_resource resource,
					 unsigned long amount)
{
	WARN_ON_ONCE(atomic_long_sub_return(amount, &account->used[resource]) < 0);
}

/*
 * Does anybody wait for what came back? After the full barrier of sub_return, see quota.h.
 * Tasks wait for bytes and memory only. A charge under the lock of a box is for another
 * resource, a waiter, so that to undo it wakes nobody.
 */
static __always_inline bool quota_is_wanted(const struct ipcbox_account *account,
					    enum ipcbox_resource resource)
{
	return unlikely(READ_ONCE(account->quota.wanted)) &&
	       (resource == IPCBOX_BYTES || resource == IPCBOX_MEMORY);
}

/* Somebody wants what has come back to @account, the last one that was uncharged. */
static noinline void uncharge_slow(struct ipcbox_account *account,
				   const struct ipcbox_account *end,
				   enum ipcbox_resource resource,
				   unsigned long amount)
{
	ipcbox_quota_returned(account);
	while ((account = account->parent) != end) {
		uncharge_one(account, resource, amount);
		if (quota_is_wanted(account, resource))
			ipcbox_quota_returned(account);
	}
}

/**
 * ipcbox_account_uncharge_below() - ipcbox_account_uncharge(), up to some account above
 * @account: the first that was charged
 * @end: the first that was not, or NULL
 * @resource: what was counted
 * @amount: the same amount
 *
 * Context: as ipcbox_quota_returned().
 */
void ipcbox_account_uncharge_below(struct ipcbox_account *account,
				   const struct ipcbox_account *end,
				   enum ipcbox_resource resource,
				   unsigned long amount)
{
	for (; account != end; account = account->parent) {
		uncharge_one(account, resource, amount);
		if (quota_is_wanted(account, resource)) {
			uncharge_slow(account, end, resource, amount);
			return;
		}
	}
}

static void account_setup(struct ipcbox_account *account, struct ipcbox_ns *ns,
			  kuid_t uid, struct ipcbox_account *parent)
{
	size_t i;

	account->parent = parent;
	account->ns = ns;
	account->uid = uid;
	refcount_set(&account->refs, 1);
	INIT_LIST_HEAD(&account->caches);
	ipcbox_quota_init(&account->quota);
	for (i = 0; i < IPCBOX_RESOURCES; i++)
		atomic_long_set(&account->used[i], 0);
}

/*
 * Did root make it? The user id alone says nothing: it is also that of a process which
 * dropped all capabilities, and anyone may unshare(2). But the kernel notes at the
 * creation whether the creator had CAP_SETFCAP in the parent. (In a child of a user
 * namespace that is no answer; but then its parent has been asked as well.)
 */
static bool is_made_by_root(const struct user_namespace *user_ns)
{
	return uid_eq(user_ns->owner, GLOBAL_ROOT_UID) &&
	       user_ns->parent_could_setfcap;
}

/*
 * Who answers for what happens in @user_ns, as seen from @top above it: the first
 * on the way down, other than root, who made a user namespace. (One that root
 * made is a container for others, and stands for itself.) INVALID_UID: nobody.
 */
static kuid_t payer(const struct user_namespace *user_ns,
		    const struct user_namespace *top)
{
	kuid_t uid = INVALID_UID;

	for (; user_ns && user_ns != top; user_ns = user_ns->parent)
		if (!is_made_by_root(user_ns))
			uid = user_ns->owner;
	return uid;
}

/* Whatever is charged to an account holds it until that is given back. */
static void warn_if_charged(const struct ipcbox_account *account)
{
	size_t i;

	for (i = 0; i < IPCBOX_RESOURCES; i++)
		WARN_ON_ONCE(atomic_long_read(&account->used[i]));
}

/* An account that is found has references: see ipcbox_account_put(). */
static struct ipcbox_account *account_find(struct ipcbox_ns *ns, kuid_t uid)
{
	struct ipcbox_account *account;

	xa_lock(&ns->accounts);
	account = xa_load(&ns->accounts, __kuid_val(uid));
	if (account)
		ipcbox_account_get(account);
	xa_unlock(&ns->accounts);
	return account;
}

#define ACCOUNT_MEMORY ipcbox_object_size(sizeof(struct ipcbox_account))

/* Whoever answers for the user pays: there can be as many users as there are ids. */
static struct ipcbox_account *account_alloc(struct ipcbox_account *parent)
{
	struct ipcbox_account *account;

	if (ipcbox_memory_charge(parent, ACCOUNT_MEMORY))
		return NULL;
	account = kmem_cache_alloc(account_cache, IPCBOX_GFP);
	if (!account)
		ipcbox_memory_uncharge(parent, ACCOUNT_MEMORY);
	return account;
}

static void account_free(struct ipcbox_account *account,
			 struct ipcbox_account *parent)
{
	kmem_cache_free(account_cache, account);
	ipcbox_memory_uncharge(parent, ACCOUNT_MEMORY);
}

/**
 * ipcbox_account_next() - go through the accounts of users
 * @ns: where
 * @index: from where on; set to where it was found
 *
 * Return: the account, to be put, or NULL.
 */
struct ipcbox_account *ipcbox_account_next(struct ipcbox_ns *ns,
					   unsigned long *index)
{
	struct ipcbox_account *account;

	xa_lock(&ns->accounts);
	account = xa_find(&ns->accounts, index, ULONG_MAX, XA_PRESENT);
	if (account)
		ipcbox_account_get(account);
	xa_unlock(&ns->accounts);
	return account;
}

/**
 * ipcbox_account_visit_ns() - call a function for each namespace that has accounts
 * @fn: may sleep
 * @only: for this one only, if it has any yet; NULL: for all
 */
void ipcbox_account_visit_ns(void (*fn)(struct ipcbox_ns *), const struct ipcbox_ns *only)
{
	struct ipcbox_ns *ns;

	mutex_lock(&all_ns_mutex);
	list_for_each_entry(ns, &all_ns, all)
		if (!only || ns == only)
			fn(ns);
	mutex_unlock(&all_ns_mutex);
}

static struct ipcbox_account *find_or_create(struct ipcbox_ns *ns, kuid_t uid,
					     struct ipcbox_account *parent)
{
	struct ipcbox_account *account, *fresh = NULL;
	int err;

	/* Again if another thread made one meanwhile: it may be gone too. */
	do {
		account = account_find(ns, uid);
		if (account)
			break;
		if (!fresh)
			fresh = account_alloc(parent);
		if (!fresh)
			return ERR_PTR(-ENOMEM);
		account_setup(fresh, ns, uid, ipcbox_account_get(parent));
		err = xa_insert(&ns->accounts, __kuid_val(uid), fresh,
				IPCBOX_GFP);
		if (!err)
			return fresh;
		ipcbox_account_put(parent);
	} while (err == -EBUSY);

	if (fresh)
		account_free(fresh, parent);
	return account ?: ERR_PTR(err);
}

/*
 * Who answers for @owner may have been known before: a user namespace within another.
 * That one answers for all below it as well, so no account is more than one below
 * another of its namespace, however deep the user namespaces are.
 */
static struct ipcbox_account *outermost(struct ipcbox_account *owner)
{
	struct ipcbox_account *account = owner;

	while (account->parent != &account->ns->account)
		account = account->parent;
	if (account != owner) {
		ipcbox_account_get(account);
		ipcbox_account_put(owner);
	}
	return account;
}

/* As ipcbox_account_find_or_create(), in a user namespace for which @owner answers. */
static struct ipcbox_account *get_below(struct ipcbox_ns *ns, kuid_t uid,
					kuid_t owner)
{
	struct ipcbox_account *parent, *account;

	parent = find_or_create(ns, owner, &ns->account);
	if (IS_ERR(parent))
		return parent;
	parent = outermost(parent);
	account = find_or_create(ns, uid, parent);
	ipcbox_account_put(parent);
	return account;
}

/**
 * ipcbox_account_find_or_create() - the account of a user
 * @ns: namespace
 * @uid: the user, as the calling process has it
 *
 * Return: the account, to be put, or ERR_PTR(-ENOMEM).
 */
struct ipcbox_account *ipcbox_account_find_or_create(struct ipcbox_ns *ns, kuid_t uid)
{
	struct ipcbox_account *account;
	kuid_t owner;

	account = account_find(ns, uid);
	if (account)
		return account;
	owner = payer(current_user_ns(), ns->net->user_ns);
	if (uid_valid(owner) && !uid_eq(owner, uid))
		return get_below(ns, uid, owner);
	return find_or_create(ns, uid, &ns->account);
}

/* Return: whether that was the last reference, and the account is to be freed. */
static bool put_one(struct ipcbox_account *account)
{
	struct ipcbox_ns *ns = account->ns;
	bool last;

	if (refcount_dec_not_one(&account->refs))
		return false;
	xa_lock(&ns->accounts);
	last = refcount_dec_and_test(&account->refs);
	if (last)
		__xa_erase(&ns->accounts, __kuid_val(account->uid));
	xa_unlock(&ns->accounts);
	return last;
}

/**
 * ipcbox_account_put() - drop a reference on an account
 * @account: from ipcbox_account_find_or_create()
 *
 * The count reaches zero only under the xa_lock, so whoever finds an account
 * there under that lock may take a reference.
 */
void ipcbox_account_put(struct ipcbox_account *account)
{
	struct ipcbox_account *parent;

	/* A namespace's own is never the last. */
	for (; put_one(account); account = parent) {
		parent = account->parent;
		warn_if_charged(account);
		account_free(account, parent);
	}
}

/**
 * ipcbox_account_init_cache() - make the cache for accounts
 *
 * Their own, although they are few: one that is never put shows as an object in
 * use, and when the module is unloaded.
 *
 * Return: 0 or -ENOMEM.
 */
int ipcbox_account_init_cache(void)
{
	account_cache = kmem_cache_create("ipcbox_account",
					  sizeof(struct ipcbox_account), 0,
					  SLAB_ACCOUNT, NULL);
	return account_cache ? 0 : -ENOMEM;
}

/**
 * ipcbox_account_deinit_cache() - destroy the cache, when no account is left
 */
void ipcbox_account_deinit_cache(void)
{
	kmem_cache_destroy(account_cache);
}

/**
 * ipcbox_account_init() - prepare the accounts of a new namespace
 * @ns: the namespace; the host's must be the first one
 *
 * Return: 0 or -ENOMEM.
 */
int ipcbox_account_init(struct ipcbox_ns *ns)
{
	struct ipcbox_account *parent = NULL;
	kuid_t owner;

	xa_init(&ns->accounts);
	owner = payer(ns->net->user_ns, &init_user_ns);
	if (uid_valid(owner)) {
		parent = find_or_create(ipcbox_host_ns, owner,
					&ipcbox_host_ns->account);
		if (IS_ERR(parent))
			return PTR_ERR(parent);
	}
	account_setup(&ns->account, ns, INVALID_UID, parent);
	mutex_lock(&all_ns_mutex);
	list_add_tail(&ns->all, &all_ns);
	mutex_unlock(&all_ns_mutex);
	return 0;
}

/**
 * ipcbox_account_check_empty() - see that nothing is left of a namespace's accounts
 * @ns: the namespace, after ipcbox_account_deinit() of all that die with it
 */
void ipcbox_account_check_empty(struct ipcbox_ns *ns)
{
	WARN_ON_ONCE(!xa_empty(&ns->accounts));
	warn_if_charged(&ns->account);
}

/**
 * ipcbox_account_deinit() - end the accounts of a namespace that has no fds and
 *	no ports any more
 * @ns: the namespace
 *
 * The host's comes before the others when the module is unloaded, so this is
 * done for all namespaces before any is checked to be empty.
 */
void ipcbox_account_deinit(struct ipcbox_ns *ns)
{
	mutex_lock(&all_ns_mutex);
	list_del(&ns->all);
	mutex_unlock(&all_ns_mutex);
	if (ns->account.parent)
		ipcbox_account_put(ns->account.parent);
}
