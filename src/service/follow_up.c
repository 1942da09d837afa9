/* SPDX-License-Identifier: Apache-2.0 */
#include "service/follow_up.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "service/run.h"

#define QUIET_MS 30000			/* after a 429 */
#define READS_PER_CONNECTIONS 4		/* of this many, one may read what only waits */
#define HINTS_MAX 64			/* callbacks of one tenant under way */
#define HINTS_PER_S 100
#define HINT_TRIES 8			/* at a record that others change too */
#define EARLY_MS 2500			/* that our own answer may still take; then the core is to come again */
#define EARLY_LOOK_MS 150
#define REF_MAX (INTENT_OWNER + INTENT_ID + 1)
#define BASE64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* ---- the budget ---- */

#define A_READ 1000			/* of credit */

static void
new_second(struct follow_load *f, int64_t now)
{
	if (f->second == now / 1000)
		return;
	f->second = now / 1000;
	f->hinted = 0;
}

/* Of what the core is asked by all processes a share; smaller than one read it is saved up until it is one. */
static bool
has_credit(const struct gateway *gw, struct follow_load *f, int per_s)
{
	int64_t share = (int64_t)per_s * A_READ / (gw->processes > 0 ? gw->processes : 1);
	int64_t most = share > A_READ ? share : A_READ;

	if (per_s == 0)
		return true;
	if (f->credited != gw->now / 1000)
		f->credit += share * (gw->now / 1000 - f->credited);
	f->credited = gw->now / 1000;
	if (f->credit > most || f->credit < 0)
		f->credit = most;
	return f->credit >= A_READ;
}

bool
follow_begin(struct gateway *gw, int tenant)
{
	const struct wallet_settings *w = &gw->settings->tenants[tenant].wallet;
	struct follow_load *f = &gw->tenants[tenant].follow;
	bool crowded = f->reads > 0 && f->reads >= (unsigned)w->connections / READS_PER_CONNECTIONS;
	bool spent = !has_credit(gw, f, w->follow_per_s);

	if (gw->now < f->quiet_until || spent || crowded) {
		metric_add(M_FOLLOW_PUT_OFF, 1);
		return false;
	}
	metric_add(M_FOLLOW_READS, 1);
	f->credit -= w->follow_per_s > 0 ? A_READ : 0;
	f->reads++;
	return true;
}

void
follow_end(struct gateway *gw, int tenant)
{
	gw->tenants[tenant].follow.reads--;
}

void
follow_answered(struct gateway *gw, int tenant, int64_t now, const struct wallet_answer *a)
{
	if (a->http == 429 || strcmp(a->code, "RLT001") == 0)
		gw->tenants[tenant].follow.quiet_until = now + QUIET_MS;
}

/* ---- the way back ---- */

bool
follow_is_called(const struct gateway *gw, int tenant)
{
	return gw->settings->public_url[0] != '\0' && gw->settings->tenants[tenant].wallet.callback_key[0] != '\0';
}

/*
 * The intent's owner goes with the URL, sealed, for it names the phone: so a callback finds the record even before the
 * core has answered us, and no look-up need be kept for each withdrawal.
 */
void
follow_url(struct gateway *gw, int tenant, const struct intent *i, char out[WALLET_CALLBACK])
{
	const char *base = gw->settings->public_url;
	char ref[REF_MAX], text[sodium_base64_ENCODED_LEN(REF_MAX + PORT_SEAL, BASE64)];
	unsigned char sealed[REF_MAX + PORT_SEAL];
	size_t len = strlen(base), n;

	out[0] = '\0';
	if (!follow_is_called(gw, tenant))
		return;
	if (!str_format(ref, sizeof ref, "%s\n%s", i->owner, i->id))
		fatalx("a callback's reference does not fit");
	n = strlen(ref);
	gw->ports->seal(gw->ports->ctx, ref, n, sealed);
	sodium_bin2base64(text, sizeof text, sealed, n + PORT_SEAL, BASE64);
	while (len > 0 && base[len - 1] == '/')
		len--;
	if (!str_format(out, WALLET_CALLBACK, "%.*s/callbacks/%s/%s", (int)len, base,
	    gw->settings->tenants[tenant].name, text))
		out[0] = '\0';		/* polling finds it too */
	mem_wipe(ref, sizeof ref);
}

/* ---- callbacks ---- */

struct hint {
	struct task task;
	uint64_t call;
	int tenant;
	char owner[STORE_OWNER], id[INTENT_ID];
	struct callback_said said;
	int64_t until;
	int tries;
	struct intent i;
	struct rev rev;
};

static struct hint *
hint_of(struct task *t)
{
	return LIST_OF(t, struct hint, task);
}

static void
hint_end(struct task *t)
{
	struct hint *h = hint_of(t);

	t->gw->calls--;
	t->gw->tenants[h->tenant].follow.hints--;
	mem_wipe(h, sizeof *h);
	free(h);
}

static const struct {
	int status;
	const char *json;
} answers[] = {
	{ 200, "{}" }, { 403, "{\"error\":\"not of this tenant\"}" }, { 503, "{\"error\":\"send it again\"}" },
};
enum hint_answer { TAKEN, OTHERS, AGAIN };

static void
answer(struct gateway *gw, uint64_t call, enum hint_answer a, enum metric counter)
{
	metric_add(counter, 1);
	gw->ports->api_reply(gw->ports->ctx, call, answers[a].status, answers[a].json);
}

static void
hint_answer(struct hint *h, enum hint_answer a, enum metric counter)
{
	answer(h->task.gw, h->call, a, counter);
	task_end(&h->task);
}

static void hint_load(struct hint *h);

static void
on_hint_woken(struct task *t, const struct event *e)
{
	(void)e;
	hint_load(hint_of(t));
}

static void
on_hint_saved(struct task *t, const struct event *e)
{
	struct hint *h = hint_of(t);

	if (e->end == STORE_CONFLICT && ++h->tries < HINT_TRIES)
		hint_load(h);
	else if (e->end != STORE_DONE)
		hint_answer(h, AGAIN, M_CALLBACKS_LATER);
	else {
		log_info(t->id, "callback", "intent=%s state=%s", h->id, intent_state_name(h->i.state));
		run_start(t->gw, h->owner, h->id);
		hint_answer(h, TAKEN, M_CALLBACKS_TAKEN);
	}
}

static void
hint_save(struct hint *h)
{
	struct gateway *gw = h->task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_INTENT, h->owner, h->id);
	struct buf *b = scratch(gw, 0);

	intent_encode(&h->i, b);
	commit_put(gw, &c, &key, &h->rev, b, 0);
	/* Should this process die before it has read; sooner, others would act beside its run. */
	commit_list_add(&c, STORE_DUE, &key, gw->now + RUN_LEASE_MS);
	task_commit(&h->task, &c, on_hint_saved);
}

static void
on_hint_loaded(struct task *t, const struct event *e)
{
	struct hint *h = hint_of(t);

	if (e->end != STORE_DONE || e->v[0].damaged ||
	    (e->v[0].present && !intent_decode(e->v[0].p, e->v[0].len, &h->i))) {
		hint_answer(h, AGAIN, M_CALLBACKS_LATER);
		return;
	}
	if (!e->v[0].present) {
		hint_answer(h, TAKEN, M_CALLBACKS_UNKNOWN);
		return;
	}
	rev_loaded(&h->rev, &e->v[0]);
	switch (intent_on_hint(&h->i, t->gw->now, h->said.status)) {
	case HINT_READ:
		hint_save(h);
		break;
	case HINT_KNOWN:
		hint_answer(h, TAKEN, M_CALLBACKS_KNOWN);
		break;
	case HINT_EARLY:
		/* Saving it now would come between the run and its answer, which may never be said again. */
		if (t->gw->now < h->until)
			task_sleep(t, t->gw->now + EARLY_LOOK_MS, on_hint_woken);
		else
			hint_answer(h, AGAIN, M_CALLBACKS_LATER);
		break;
	case HINT_ODD:
		log_warn(t->id, "callback about a withdrawal that is over here", "intent=%s state=%s why=%s", h->id,
		    intent_state_name(h->i.state), intent_why_name(h->i.why));
		hint_answer(h, TAKEN, M_CALLBACKS_ODD);
		break;
	}
}

static void
hint_load(struct hint *h)
{
	struct store_key key = key_of(STORE_INTENT, h->owner, h->id);

	task_load(&h->task, &key, 1, on_hint_loaded);
}

/* false: nobody's. It was sealed here, but perhaps with a key that is gone. */
static bool
take_ref(struct gateway *gw, const char *ref, char owner[STORE_OWNER], char id[INTENT_ID])
{
	unsigned char sealed[REF_MAX + PORT_SEAL];
	char text[REF_MAX + 1];
	const char *cut;
	size_t n;
	bool ok;

	if (sodium_base642bin(sealed, sizeof sealed, ref, strlen(ref), NULL, &n, NULL, BASE64) != 0 || n <= PORT_SEAL ||
	    !gw->ports->open(gw->ports->ctx, sealed, n, (unsigned char *)text))
		return false;
	text[n - PORT_SEAL] = '\0';
	cut = strchr(text, '\n');
	ok = cut != NULL && str_copyn(owner, STORE_OWNER, text, (size_t)(cut - text)) &&
	    str_copy(id, INTENT_ID, cut + 1);
	mem_wipe(text, sizeof text);
	return ok;
}

static bool
owned_by(const struct gateway *gw, int tenant, const char *owner)
{
	const char *name = gw->settings->tenants[tenant].name;

	return str_starts(owner, name) && owner[strlen(name)] == '/';
}

void
gateway_hint(struct gateway *gw, int64_t now, const struct hint_in *in)
{
	struct follow_load *f = &gw->tenants[in->tenant].follow;
	struct hint *h;

	gw->now = now;
	new_second(f, now);
	if (gw->draining || f->hints >= HINTS_MAX || ++f->hinted > HINTS_PER_S || !follow_is_called(gw, in->tenant)) {
		answer(gw, in->call, AGAIN, M_CALLBACKS_LATER);
		return;
	}
	gw->calls++;
	f->hints++;
	h = xcalloc(1, sizeof *h);
	h->call = in->call;
	h->tenant = in->tenant;
	h->until = now + EARLY_MS;
	task_start(gw, &h->task, hint_end);
	callback_read(in->body, in->len, &h->said);
	if (!take_ref(gw, in->ref, h->owner, h->id) || (h->said.uid[0] != '\0' && strcmp(h->said.uid, h->id) != 0))
		hint_answer(h, TAKEN, M_CALLBACKS_UNKNOWN);
	else if (!owned_by(gw, in->tenant, h->owner))
		hint_answer(h, OTHERS, M_CALLBACKS_REFUSED);
	else
		hint_load(h);
}
