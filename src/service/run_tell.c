/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run's calls to an integrator's callbackUrl. What is told and when again is the intent's; here, one that does not
 * answer is called less, so that its callbacks cost nobody else anything.
 */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/follow.h"
#include "core/order.h"
#include "core/signature.h"
#include "service/run_parts.h"

#define SHARE 4				/* of all calls under way, one integrator has this part */
#define SILENT 5			/* failed in a row: it is left alone for a while */
#define QUIET_MS INT64_C(30000)		/* which grows to */
#define QUIET_MAX_MS INT64_C(900000)
#define PUT_OFF_MS INT64_C(4000)	/* beyond what a run sits out: in the due list it costs least */

static struct tell_load *
load_of(const struct run *r)
{
	return &r->task.gw->tenants[r->tenant].tells[r->integrator];
}

static bool
may_tell(const struct run *r, const struct tell_load *l)
{
	const struct gateway *gw = r->task.gw;
	unsigned all = (unsigned)gw->settings->callback_connections, most = all / SHARE;

	return gw->now >= l->quiet_until && gw->tells < all && l->under_way < (most > 0 ? most : 1);
}

static void
put_off(struct run *r, const struct tell_load *l)
{
	int64_t now = r->task.gw->now, quiet = l->quiet_until > now ? l->quiet_until - now : PUT_OFF_MS;

	metric_add(M_TELLS_PUT_OFF, 1);
	run_wait_until(r, now + PUT_OFF_MS + quiet + follow_spread(r->i.id, now, quiet + PUT_OFF_MS));
}

/* By name, so that operators see whom to write to; once, not for each call. */
static void
note_silence(const struct run *r, unsigned before, unsigned after)
{
	if (before < SILENT && after >= SILENT) {
		metric_add(M_TELLS_SILENT, 1);
		log_warn(r->task.id, "integrator does not answer", "tenant=%s integrator=%s", r->i.tenant,
		    r->i.integrator);
	} else if (before >= SILENT && after < SILENT) {
		metric_add(M_TELLS_SILENT, -1);
		log_info(r->task.id, "integrator answers again", "tenant=%s integrator=%s", r->i.tenant,
		    r->i.integrator);
	}
}

static void
note_end(const struct run *r, struct tell_load *l, bool heard)
{
	int64_t quiet = QUIET_MS, now = r->task.gw->now;
	unsigned before = l->failed;

	l->under_way--;
	l->failed = heard ? 0 : before + 1;
	note_silence(r, before, l->failed);
	if (l->failed < SILENT)
		return;
	for (unsigned k = SILENT; k < l->failed && quiet < QUIET_MAX_MS; k++)
		quiet *= 2;
	l->quiet_until = now + (quiet < QUIET_MAX_MS ? quiet : QUIET_MAX_MS);
}

static void
on_listed(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	if (e->end != STORE_DONE) {
		run_give_up(r, "what was never heard could not be listed");	/* it is called once more, then listed */
		return;
	}
	metric_add(M_TELLS_GIVEN_UP, 1);
	log_warn(t->id, "callback given up", "intent=%s integrator=%s withdrawal=%" PRId64, r->i.id, r->i.integrator,
	    r->i.withdrawal_id);
	run_keep(r);
}

/* For operators (isango outbox), before the record says that it is over. */
static void
list_unheard(struct run *r)
{
	struct store_commit c = { .n = 1 };
	char owner[STORE_OWNER];

	callback_unheard(r->i.tenant, r->i.integrator, owner, sizeof owner);
	c.op[0] = (struct store_op){ .kind = STORE_LIST_ADD, .score = r->task.gw->now };
	c.op[0].key = key_of(STORE_INDEX, owner, "");
	str_format(c.op[0].item, sizeof c.op[0].item, "%" PRId64 "/%s", r->i.wallet_id, r->i.uid);
	task_commit(&r->task, &c, on_listed);
}

static void
told(struct run *r, bool heard)
{
	metric_add(heard ? M_TELLS_HEARD : M_TELLS_FAILED, 1);
	if (intent_on_told(&r->i, r->task.gw->now, heard))
		list_unheard(r);
	else
		run_keep(r);
}

static void
on_told(struct task *t, const struct event *e)
{
	struct run *r = run_of(t);

	t->gw->tells--;
	note_end(r, load_of(r), e->heard);
	told(r, e->heard);
}

void
run_tell(struct run *r)
{
	const struct tenant_settings *t = run_tenant(r);
	struct gateway *gw = r->task.gw;
	struct tell_req q = { .tenant = r->tenant, .url = r->i.callback,
	    .timeout_ms = gw->settings->callback_timeout_ms };
	char signature[sizeof SIGNATURE_HEADER ": " + SIGNATURE_MAX], value[SIGNATURE_MAX], key[INTENT_ID + 40];
	struct buf b = { 0 };

	r->integrator = 0;
	while (r->integrator < t->integrators_n && strcmp(t->integrators[r->integrator].name, r->i.integrator) != 0)
		r->integrator++;
	if (r->integrator == t->integrators_n) {
		told(r, false);		/* taken out of the configuration; perhaps it comes back */
		return;
	}
	if (!may_tell(r, load_of(r))) {
		put_off(r, load_of(r));
		return;
	}
	q.integrator = r->integrator;
	order_print(&r->i, &b);
	q.body = buf_str(&b);
	/* The same for each repeat, another one when the outcome changes. */
	str_format(key, sizeof key, "Idempotency-Key: %s-%d", r->i.id, intent_outcome(&r->i));
	q.headers[0] = key;
	if (t->integrators[r->integrator].callback_key[0] != '\0') {
		signature_make(t->integrators[r->integrator].callback_key, gw->now, b.p, b.len, value);
		str_format(signature, sizeof signature, SIGNATURE_HEADER ": %s", value);
		q.headers[1] = signature;
	}
	metric_add(M_TELLS, 1);
	load_of(r)->under_way++;
	gw->tells++;
	task_tell(&r->task, &q, on_told);
	buf_clear(&b);
}
