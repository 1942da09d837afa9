/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In the place that the SMSC and the id name is either what leads to the message ("M", the attempt, its id) or, when
 * the receipt was faster than the SMSC's answer, its state ("R" and a digit) for a while.
 */
#include "service/receipts.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/lane.h"
#include "service/strays.h"

#define PARKED_MS INT64_C(600000)	/* an early receipt waits so long for its message; ids come again */

static struct store_key
place_of(const struct gateway *gw, int lane, const char *canonical_id)
{
	return key_of(STORE_RECEIPT, lane_ids_owner(gw->settings, lane), canonical_id);
}

static bool
is_parked(const struct store_value *v, enum receipt_state *state)
{
	const char *p = v->p;

	if (!v->present || v->damaged || v->len != 2 || p[0] != 'R' || p[1] < '0' || p[1] >= '0' + RECEIPT_STATES)
		return false;
	*state = (enum receipt_state)(p[1] - '0');
	return true;
}

/* The message that it leads to, and which of its attempts. */
static bool
read_pointer(const struct store_value *v, char id[MESSAGE_ID], int *attempt)
{
	char text[MESSAGE_ID + 16], *space;
	int64_t n;

	if (!v->present || v->damaged || !str_copyn(text, sizeof text, v->p, v->len) || text[0] != 'M' ||
	    (space = strchr(text, ' ')) == NULL)
		return false;
	*space = '\0';
	if (!str_to_i64(text + 1, 1, INT32_MAX, &n) || !str_copy(id, MESSAGE_ID, space + 1))
		return false;
	*attempt = (int)n;
	return true;
}

/* ---- what leads to a message ---- */

static void save_pointer(struct carried *k);
static void on_pointer_saved(struct task *t, const struct event *e);

/* What lies in the place of the pointer: an early receipt, the pointer itself, or nothing after all. */
static void
on_place_loaded(struct task *t, const struct event *e)
{
	struct carried *k = carried_of(t);
	struct message_rules rules = carry_rules(k);
	struct receipt r = { 0 };
	char id[MESSAGE_ID];
	int attempt;

	if (e->end != STORE_DONE) {
		on_pointer_saved(t, e);
		return;
	}
	if (is_parked(&e->v[0], &r.state))
		message_on_receipt(&k->m, &rules, t->gw->now, &r, k->m.attempts);
	if (read_pointer(&e->v[0], id, &attempt) && attempt == k->m.attempts && strcmp(id, k->m.id) == 0) {
		k->pointed(t, e);
		return;
	}
	/* Early ones may come again, and an SMSC gives the id of an older message again: from now on they are ours. */
	rev_loaded(&k->pointer_rev, &e->v[0]);
	save_pointer(k);
}

static void
on_place_again(struct task *t, const struct event *e)
{
	(void)e;
	task_load(t, &carried_of(t)->pointer, 1, on_place_loaded);
}

static void
on_pointer_saved(struct task *t, const struct event *e)
{
	struct carried *k = carried_of(t);

	if (e->end == STORE_CONFLICT && ++k->tries < CARRY_TRIES)
		on_place_again(t, e);
	else if (e->end == STORE_DONE || e->end == STORE_CONFLICT || !carry_pause(k, on_place_again)) {
		k->tries = 0;
		k->pointed(t, e);
	}
}

static void
save_pointer(struct carried *k)
{
	struct gateway *gw = k->task.gw;
	struct store_commit c = { .n = 0 };
	struct buf *b = scratch(gw, 1);
	char text[MESSAGE_ID + 16];

	str_format(text, sizeof text, "M%d %s", k->m.attempts, k->m.id);
	buf_add_str(b, text);
	commit_put(gw, &c, &k->pointer, &k->pointer_rev, b, 0);
	task_commit(&k->task, &c, on_pointer_saved);
}

void
receipts_point(struct carried *k, task_fn *pointed)
{
	const struct gateway *gw = k->task.gw;
	char id[RECEIPT_ID];
	int lane = carry_lane(k);

	receipt_canonical_id(k->m.provider_id, lane_ids(gw->settings, lane)->response == ID_HEX, id);
	k->pointer = place_of(gw, lane, id);
	k->pointed = pointed;
	save_pointer(k);
}

/* ---- our own name of an attempt ---- */

static void
mark_name(struct gateway *gw, int attempt, const char *id, char out[17])
{
	char text[MESSAGE_ID + 16];
	unsigned char mac[16];

	str_format(text, sizeof text, "%d %s", attempt, id);
	gateway_mac(gw, "attempt", text, mac);
	str_hex(mac, 8, out);
}

void
receipts_name(struct gateway *gw, const struct message *m, char out[RECEIPT_OURS])
{
	char mark[17];

	mark_name(gw, m->attempts, m->id, mark);
	if (!str_format(out, RECEIPT_OURS, "%s.%d.%s", mark, m->attempts, m->id))
		out[0] = '\0';
}

/* false: it is none that we have given. */
static bool
read_name(struct gateway *gw, const char *ours, char id[MESSAGE_ID], int *attempt)
{
	char text[RECEIPT_OURS], mark[17], *number, *dot;
	int64_t n;

	if (!str_copy(text, sizeof text, ours) || strlen(text) < 20 || text[16] != '.')
		return false;
	number = text + 17;
	dot = strchr(number, '.');
	if (dot == NULL)
		return false;
	*dot = '\0';
	if (!str_to_i64(number, 1, INT32_MAX, &n) || !str_copy(id, MESSAGE_ID, dot + 1))
		return false;
	*attempt = (int)n;
	mark_name(gw, *attempt, id, mark);
	return str_equal_secret(mark, text, 16);
}

/* ---- one receipt ---- */

struct receiving {
	struct carried c;
	struct receipt r;
	int lane;
	struct store_key place[2];	/* one for each id that it has */
	struct rev rev[2];
	size_t places;
	int attempt;			/* of the message that it was found to be about */
	uint64_t peer_op;
};

static struct receiving *
receiving_of(struct task *t)
{
	return LIST_OF(t, struct receiving, c.task);
}

static void
receiving_end(struct task *t)
{
	struct receiving *r = receiving_of(t);

	carry_wipe(&r->c);
	free(r);
}

static void
received(struct receiving *r, enum receipt_end end)
{
	const struct ports *p = r->c.task.gw->ports;

	p->receipt_stored(p->ctx, r->peer_op, end);
	task_end(&r->c.task);
}

static void look(struct receiving *r);

static void
on_receipt_saved(struct task *t, const struct event *e)
{
	struct receiving *r = receiving_of(t);

	if (e->end == STORE_DONE) {
		carry_count(&r->c);
		received(r, RECEIPT_STORED);
	} else if (e->end == STORE_CONFLICT && ++r->c.tries < CARRY_TRIES)
		look(r);
	else
		received(r, RECEIPT_NOT_STORED);
}

static void
on_receipt_told(struct task *t, const struct event *e)
{
	struct receiving *r = receiving_of(t);

	if (carry_was_told(e))
		carry_save(&r->c, on_receipt_saved);
	else
		received(r, RECEIPT_NOT_STORED);
}

static void
on_message_loaded(struct task *t, const struct event *e)
{
	struct receiving *r = receiving_of(t);
	struct message_rules rules;

	if (e->end != STORE_DONE || !e->v[0].present || !carry_load(&r->c, &e->v[0])) {
		received(r, e->end == STORE_DONE ? RECEIPT_STORED : RECEIPT_NOT_STORED);
		return;
	}
	/*
	 * Anybody can write a text with a number in it, and some can write it from any phone's number. But an SMS to a
	 * name never arrives: what is said of a token that a name has sent comes from the SMSC.
	 */
	if (r->r.maybe && (strcmp(r->r.from, r->c.m.to) != 0 || !carry_is_sender(&r->c, r->r.to))) {
		received(r, RECEIPT_IS_MESSAGE);
		return;
	}
	rules = carry_rules(&r->c);
	if (!message_on_receipt(&r->c.m, &rules, t->gw->now, &r->r, r->attempt)) {
		received(r, RECEIPT_STORED);
		return;
	}
	log_info(t->id, "receipt", "message=%s state=%s stat=%s err=%s", r->c.m.id,
	    message_state_name(r->c.m.state), r->r.stat, r->r.err);
	carry_tell(&r->c, on_receipt_told);
}

static void
on_parked(struct task *t, const struct event *e)
{
	struct receiving *r = receiving_of(t);

	if (e->end == STORE_DONE)
		strays_add(t->gw, r->lane, &r->r);
	on_receipt_saved(t, e);
}

/* Final words wait for their message under each of their ids. */
static void
park(struct receiving *r)
{
	struct gateway *gw = r->c.task.gw;
	struct store_commit c = { .n = 0 };
	struct buf *b = scratch(gw, 0);

	buf_add_char(b, 'R');
	buf_add_char(b, (char)('0' + r->r.state));
	for (size_t i = 0; i < r->places; i++)
		commit_put(gw, &c, &r->place[i], &r->rev[i], b, PARKED_MS);
	task_commit(&r->c.task, &c, on_parked);
}

static void
not_found(struct receiving *r, const struct event *e)
{
	enum receipt_state before;
	bool is_repeat = is_parked(&e->v[0], &before) && (before == r->r.state || before == RECEIPT_DELIVERED);

	if (r->r.maybe)
		received(r, RECEIPT_IS_MESSAGE);
	else if (is_repeat)
		received(r, RECEIPT_STORED);
	else if (r->r.state == RECEIPT_DELIVERED || receipt_is_failure(r->r.state))
		park(r);
	else {
		/* On its way: not worth keeping for the message. */
		strays_add(r->c.task.gw, r->lane, &r->r);
		received(r, RECEIPT_STORED);
	}
}

static void
on_places_loaded(struct task *t, const struct event *e)
{
	struct receiving *r = receiving_of(t);
	char id[MESSAGE_ID];
	struct store_key key;

	if (e->end != STORE_DONE) {
		received(r, RECEIPT_NOT_STORED);
		return;
	}
	for (size_t i = 0; i < r->places; i++) {
		rev_loaded(&r->rev[i], &e->v[i]);
		if (read_pointer(&e->v[i], id, &r->attempt)) {
			key = key_of(STORE_MESSAGE, id, "");
			task_load(t, &key, 1, on_message_loaded);
			return;
		}
	}
	not_found(r, e);
}

static void
look(struct receiving *r)
{
	char id[MESSAGE_ID];
	struct store_key key;

	if (r->r.ours[0] != '\0' && read_name(r->c.task.gw, r->r.ours, id, &r->attempt)) {
		key = key_of(STORE_MESSAGE, id, "");
		task_load(&r->c.task, &key, 1, on_message_loaded);
	} else if (r->places == 0)
		received(r, r->r.maybe ? RECEIPT_IS_MESSAGE : RECEIPT_STORED);
	else
		task_load(&r->c.task, r->place, r->places, on_places_loaded);
}

void
gateway_receipt(struct gateway *gw, int64_t now, int lane, const struct receipt *receipt, uint64_t peer_op)
{
	struct receiving *r = xcalloc(1, sizeof *r);
	char id[2][RECEIPT_ID];

	gw->now = now;
	if (!receipt->maybe)
		metric_add(M_RECEIPTS, 1);
	r->r = *receipt;
	r->lane = lane;
	r->peer_op = peer_op;
	r->places = receipt_ids(receipt, lane_ids(gw->settings, lane), id);
	for (size_t i = 0; i < r->places; i++)
		r->place[i] = place_of(gw, lane, id[i]);
	task_start(gw, &r->c.task, receiving_end);
	look(r);
}
