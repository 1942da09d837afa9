/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another SIM than before: where the network tells its IMSI, or the operator feeds what it changed, the phone may be in
 * other hands for a while (money.md section 6). Of the IMSI only a keyed MAC is kept, another one for each phone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/turn.h"

#define SAVE_TRIES 5

void
turn_see_sim(struct turn *t)
{
	char text[STORE_OWNER + sizeof t->in.imsi + 1];
	unsigned char mac[16];
	bool known = t->sub.sim_mac_len != 0;

	/* Of who is nobody here yet nothing is kept. */
	if (t->in.imsi[0] == '\0' || rev_absent(&t->sub_rev))
		return;
	str_format(text, sizeof text, "%s %s", t->owner, t->in.imsi);
	gateway_mac(t->w.task.gw, "imsi", text, mac);
	mem_wipe(text, sizeof text);
	if (sim_see(&t->sub, mac, t->w.task.gw->now)) {
		metric_add(M_SIM_CHANGED, 1);
		log_info(t->w.task.id, "sim changed", "channel=%s", t->channel->name);
		t->sub_dirty = true;
	} else if (!known)
		t->sub_dirty = true;
}

bool
turn_sim_refuses(struct turn *t)
{
	if (!sim_is_new(&t->sub, t->w.task.gw->now))
		return false;
	metric_add(M_SIM_REFUSED, 1);
	vars_set_i64(turn_vars(t), "sim_until", t->sub.sim_changed_at + PIN_CAREFUL_MS);
	turn_outcome(t, "sim_changed");
	return true;
}

/* ---- told by the operator ---- */

struct feeding {
	struct task task;
	char owner[STORE_OWNER];
	int64_t at;
	struct rev rev;
	int tries;
};

static void
feeding_end(struct task *t)
{
	free(LIST_OF(t, struct feeding, task));
}

static void feed(struct feeding *f);

static void
on_fed(struct task *t, const struct event *e)
{
	struct feeding *f = LIST_OF(t, struct feeding, task);

	if (e->end != STORE_DONE && ++f->tries < SAVE_TRIES) {
		feed(f);
		return;
	}
	if (e->end == STORE_DONE)
		metric_add(M_SIM_CHANGED, 1);
	else
		log_error(t->id, "sim change not saved", "end=%d", e->end);
	task_end(t);
}

static void
on_loaded(struct task *t, const struct event *e)
{
	struct feeding *f = LIST_OF(t, struct feeding, task);
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_SUBSCRIBER, f->owner, "");
	struct subscriber *s = xcalloc(1, sizeof *s);
	struct buf *b = scratch(t->gw, 1);

	if (e->end != STORE_DONE || e->v[0].damaged ||
	    (e->v[0].present && !subscriber_decode(e->v[0].p, e->v[0].len, s))) {
		struct event not_saved = { .kind = EV_COMMITTED, .end = STORE_UNKNOWN };

		on_fed(t, &not_saved);
	} else if (s->sim_changed_at >= f->at) {
		task_end(t);		/* another process, or the same line again */
	} else {
		rev_loaded(&f->rev, &e->v[0]);
		sim_changed(s, f->at);
		subscriber_encode(s, b);
		commit_put(t->gw, &c, &key, &f->rev, b, 0);
		task_commit(t, &c, on_fed);
	}
	free(s);
}

static void
feed(struct feeding *f)
{
	struct store_key key = key_of(STORE_SUBSCRIBER, f->owner, "");

	task_load(&f->task, &key, 1, on_loaded);
}

void
gateway_sim_changed(struct gateway *gw, int64_t now, const char *phone, int64_t at_ms)
{
	gw->now = now;
	if (now - at_ms >= PIN_CAREFUL_MS)
		return;
	/* Also of who is nobody here yet: the customer of the wallet core who activates next is the one to protect. */
	for (int i = 0; i < gw->settings->tenants_n; i++) {
		struct feeding *f = xcalloc(1, sizeof *f);

		str_format(f->owner, sizeof f->owner, "%s/%s", gw->settings->tenants[i].name, phone);
		f->at = at_ms < now ? at_ms : now;
		task_start(gw, &f->task, feeding_end);
		feed(f);
	}
}
