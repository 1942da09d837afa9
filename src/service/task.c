/* SPDX-License-Identifier: Apache-2.0 */
#include "service/task.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

void
task_start(struct gateway *gw, struct task *t, void (*end)(struct task *))
{
	t->gw = gw;
	t->id = ++gw->last_id;
	t->op = 0;
	t->end = end;
	list_init(&t->asleep);
	list_add_tail(&gw->tasks_all, &t->all);
	map_put_u64(gw->tasks, t->id, t);
}

static void
forget_op(struct task *t)
{
	if (t->op != 0)
		map_remove_u64(t->gw->ops, t->op);
	t->op = 0;
	list_remove(&t->asleep);
}

void
task_for(struct task *t, const char *owner)
{
	char who[STORE_OWNER];
	unsigned char mac[16];
	unsigned slashes = 0;

	/* tenant/phone, or tenant/integrator/wallet/uid */
	if (!str_copy(who, sizeof who, owner))
		return;
	for (char *p = who; *p != '\0'; p++)
		if (*p == '/' && ++slashes == 3) {
			*p = '\0';
			break;
		}
	gateway_mac(t->gw, "caller", who, mac);
	memcpy(&t->who, mac, sizeof t->who);
}

void
task_end(struct task *t)
{
	forget_op(t);
	list_remove(&t->all);
	map_remove_u64(t->gw->tasks, t->id);
	t->end(t);
}

struct task *
task_find(struct gateway *gw, uint64_t id)
{
	return map_get_u64(gw->tasks, id);
}

static uint64_t
wait_for(struct task *t, task_fn *on)
{
	forget_op(t);
	t->op = ++t->gw->last_id;
	t->on = on;
	map_put_u64(t->gw->ops, t->op, t);
	return t->op;
}

void
task_sleep(struct task *t, int64_t until, task_fn *on)
{
	forget_op(t);
	t->on = on;
	t->wake_at = until;
	t->light = false;
	list_add_tail(&t->gw->sleepers, &t->asleep);
}

void
task_load(struct task *t, const struct store_key *keys, size_t n, task_fn *on)
{
	const struct ports *p = t->gw->ports;

	p->load(p->ctx, wait_for(t, on), keys, n);
}

void
task_commit(struct task *t, struct store_commit *c, task_fn *on)
{
	const struct ports *p = t->gw->ports;

	c->not_after_ms = t->gw->now + COMMIT_WITHIN_MS;
	p->commit(p->ctx, wait_for(t, on), c);
}

void
task_wallet(struct task *t, int tenant, struct wallet_req *req, int64_t timeout_ms, task_fn *on)
{
	const struct ports *p = t->gw->ports;

	req->who = t->who;
	t->wallet_tenant = tenant;
	p->wallet(p->ctx, wait_for(t, on), tenant, req, timeout_ms);
}

void
task_document(struct task *t, struct document_req *req, int64_t timeout_ms, task_fn *on)
{
	const struct ports *p = t->gw->ports;

	req->who = t->who;
	t->wallet_tenant = req->tenant;
	p->document(p->ctx, wait_for(t, on), req, timeout_ms);
}

void
task_sms(struct task *t, const struct sms_req *req, task_fn *on)
{
	const struct ports *p = t->gw->ports;

	p->sms(p->ctx, wait_for(t, on), req);
}

void
task_tell(struct task *t, const struct tell_req *req, task_fn *on)
{
	const struct ports *p = t->gw->ports;

	p->tell(p->ctx, wait_for(t, on), req);
}

void
task_claim(struct task *t, const struct store_claim *c, task_fn *on)
{
	const struct ports *p = t->gw->ports;

	p->claim(p->ctx, wait_for(t, on), c);
}

void
task_range(struct task *t, const struct store_range *r, task_fn *on)
{
	const struct ports *p = t->gw->ports;

	p->range(p->ctx, wait_for(t, on), r);
}

void
rev_loaded(struct rev *r, const struct store_value *v)
{
	r->at = v->version;
}

void
rev_saved(struct rev *r)
{
	r->at = r->next;
}

bool
rev_absent(const struct rev *r)
{
	static const struct store_version none;

	return memcmp(&r->at, &none, sizeof none) == 0;
}

/* The counter says which is newer, the random mark whose it is: a repeated save finds its own. */
void
rev_next(struct rev *r, const unsigned char mark[8])
{
	r->next = r->at;
	for (int i = 0; i < 8 && ++r->next.p[i] == 0; i++)
		;
	memcpy(r->next.p + 8, mark, 8);
}

struct store_key
key_of(enum store_family family, const char *owner, const char *id)
{
	struct store_key key = { .family = family };

	if (!str_copy(key.owner, sizeof key.owner, owner) || !str_copy(key.id, sizeof key.id, id))
		fatalx("store key too long");
	return key;
}

static struct store_op *
commit_op(struct store_commit *c, enum store_op_kind kind)
{
	struct store_op *op;

	if (c->n == STORE_OPS_MAX)
		fatalx("too many operations in one commit");
	op = &c->op[c->n++];
	*op = (struct store_op){ .kind = kind };
	return op;
}

void
commit_put(struct gateway *gw, struct store_commit *c, const struct store_key *key, struct rev *r,
    const struct buf *octets, int64_t ttl_ms)
{
	struct store_op *op = commit_op(c, STORE_PUT);
	unsigned char mark[8];

	gw->ports->random(gw->ports->ctx, mark, sizeof mark);
	rev_next(r, mark);
	op->key = *key;
	op->from = r->at;
	op->to = r->next;
	op->p = octets->p;
	op->len = octets->len;
	op->ttl_ms = ttl_ms;
}

void
commit_check(struct store_commit *c, const struct store_key *key, const struct rev *r)
{
	struct store_op *op = commit_op(c, STORE_CHECK);

	op->key = *key;
	op->from = r->at;
}

void
commit_part_add(struct store_commit *c, enum store_family list, const char *part, const struct store_key *ref,
    int64_t score)
{
	struct store_op *op = commit_op(c, STORE_LIST_ADD);

	op->key = key_of(list, ref->owner, part);
	op->ref = *ref;
	op->score = score;
}

void
commit_part_remove(struct store_commit *c, enum store_family list, const char *part, const struct store_key *ref)
{
	struct store_op *op = commit_op(c, STORE_LIST_REMOVE);

	op->key = key_of(list, ref->owner, part);
	op->ref = *ref;
}

void
commit_list_add(struct store_commit *c, enum store_family list, const struct store_key *ref, int64_t score)
{
	commit_part_add(c, list, "", ref, score);
}

void
commit_list_remove(struct store_commit *c, enum store_family list, const struct store_key *ref)
{
	commit_part_remove(c, list, "", ref);
}

void
commit_owned_item(struct store_commit *c, enum store_op_kind kind, enum store_family list, const char *owner,
    const char *item, int64_t score)
{
	struct store_op *op = commit_op(c, kind);

	op->key = key_of(list, owner, "");
	op->score = score;
	if (!str_copy(op->item, sizeof op->item, item))
		fatalx("store item too long");
}

void
commit_item(struct store_commit *c, enum store_op_kind kind, enum store_family list, const char *item, int64_t score)
{
	commit_owned_item(c, kind, list, item, item, score);
}

struct buf *
scratch(struct gateway *gw, int i)
{
	buf_reset(&gw->scratch[i]);
	return &gw->scratch[i];
}

static void
print_uuid(unsigned char r[16], char out[37])
{
	char hex[33];

	r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
	r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
	str_hex(r, 16, hex);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

void
gateway_uuid(struct gateway *gw, char out[37])
{
	unsigned char r[16];

	gw->ports->random(gw->ports->ctx, r, sizeof r);
	print_uuid(r, out);
}

void
gateway_named_uuid(struct gateway *gw, const char *domain, const char *text, char out[37])
{
	unsigned char mac[16];

	gateway_mac(gw, domain, text, mac);
	print_uuid(mac, out);
}

void
gateway_mac(struct gateway *gw, const char *domain, const char *text, unsigned char out[16])
{
	char framed[TURN_TEXT + 64];

	if (!str_format(framed, sizeof framed, "%zu:%s%s", strlen(domain), domain, text))
		framed[sizeof framed - 1] = '\0';
	gw->ports->mac(gw->ports->ctx, framed, strlen(framed), out);
	mem_wipe(framed, sizeof framed);
}

int
tenant_find(const struct gateway *gw, const char *name)
{
	for (int i = 0; i < gw->settings->tenants_n; i++)
		if (strcmp(gw->settings->tenants[i].name, name) == 0)
			return i;
	return -1;
}
