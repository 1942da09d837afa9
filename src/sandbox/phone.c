/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phones come into being when they are first used. A request for a screen is held until the screen
 * comes, the dialogue ends or its own patience is over; a screen that comes later stays readable
 * under GET .../screen.
 */
#include "sandbox/phone.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "core/gsm.h"
#include "io/loop.h"
#include "sandbox/aggregator.h"
#include "sandbox/box.h"
#include "sandbox/control.h"
#include "sandbox/sms_provider.h"
#include "sandbox/smsc.h"

#define SCREEN_WAIT_MS 20000
#define WAIT_MAX_MS 120000
#define INBOX_MAX 500			/* older ones go */
#define TYPED_MAX 160
#define ORDER_MAX 64

struct sms {				/* in phone->inbox, oldest first */
	struct list node;
	int64_t n, at;
	char *from, *text, *id;
	int parts;
};

struct sms_waiter {			/* in phone->waiters */
	struct list node;
	struct phone *phone;
	struct timer timer;
	uint64_t http;
	int64_t after;
};

struct phone {
	struct phones *all;
	char msisdn[PHONE_MAX];
	struct dialogue d;
	uint64_t waiter;		/* http id that wants the next screen, 0: nobody */
	struct timer patience;
	char *screen;			/* the last one, or NULL */
	int64_t session;		/* dialogues so far */
	struct list inbox, waiters;
	int64_t sms_n, inbox_n;
};

struct phones {
	struct box *x;
	struct map *by_msisdn;
	int64_t sms_count;
};

/* ---- dialogues, whoever drives them ---- */

bool
dialogue_send(struct box *x, struct dialogue *d, enum dialogue_step step, const char *text)
{
	if (d->aggregator != NULL)
		return aggregator_send(d->aggregator, d, step, text);
	return smsc_send(x->smsc, d, step, text);
}

void
dialogue_hangup(struct box *x, struct dialogue *d, bool in_time)
{
	if (d->aggregator != NULL)
		aggregator_hangup(d->aggregator, d, in_time);
	else
		smsc_hangup(x->smsc, d);
}

bool
dialogue_began(const struct dialogue *d)
{
	return d->input != NULL || d->call.turn > 0;
}

void
dialogue_forget(struct box *x, struct dialogue *d)
{
	if (d->aggregator != NULL)
		aggregator_forget(d->aggregator, d);
	else
		smsc_forget(x->smsc, d);
}

void
dialogue_show(struct dialogue *d, const char *text, bool open)
{
	d->answer(d->arg, d->op, text, open, NULL);
}

void
dialogue_fail(struct dialogue *d, const char *why)
{
	d->answer(d->arg, d->op, NULL, false, why);
}

/* ---- phones ---- */

struct phones *
phones_new(struct box *x)
{
	struct phones *p = xcalloc(1, sizeof *p);

	p->x = x;
	p->by_msisdn = map_new();
	return p;
}

static void
sms_free(struct sms *m)
{
	list_remove(&m->node);
	free(m->from);
	free(m->text);
	free(m->id);
	free(m);
}

static void
waiter_free(struct sms_waiter *w)
{
	timer_stop(&w->timer);
	list_remove(&w->node);
	free(w);
}

static void
phone_free(void *arg, const void *key, size_t n, void *value)
{
	struct phone *ph = value;
	struct list *it, *nx;

	(void)arg, (void)key, (void)n;
	timer_stop(&ph->patience);
	dialogue_forget(ph->all->x, &ph->d);
	LIST_EACH(it, nx, &ph->inbox)
		sms_free(LIST_OF(it, struct sms, node));
	LIST_EACH(it, nx, &ph->waiters)
		waiter_free(LIST_OF(it, struct sms_waiter, node));
	free(ph->screen);
	free(ph);
}

void
phones_free(struct phones *p)
{
	if (p == NULL)
		return;
	map_each(p->by_msisdn, phone_free, NULL);
	map_free(p->by_msisdn);
	free(p);
}

static json_t *
screen_json(const struct phone *ph)
{
	return json_pack("{s:s?,s:b,s:I}", "screen", ph->screen, "open", ph->d.open, "session",
	    (json_int_t)ph->session);
}

static void
on_impatient(void *arg)
{
	struct phone *ph = arg;
	uint64_t http = ph->waiter;

	ph->waiter = 0;
	control_error(ph->all->x->control, http, 504, "no answer");
}

static void
on_screen(void *arg, uint64_t op, const char *text, bool open, const char *why)
{
	struct phone *ph = arg;
	uint64_t http = ph->waiter;

	(void)op, (void)open;
	free(ph->screen);
	ph->screen = text != NULL ? xstrdup(text) : NULL;
	if (http == 0)
		return;
	ph->waiter = 0;
	timer_stop(&ph->patience);
	if (text == NULL)
		control_error(ph->all->x->control, http, 502, why);
	else
		control_answer(ph->all->x->control, http, 200, screen_json(ph));
}

static struct phone *
phone_get(struct phones *p, const char *msisdn)
{
	struct phone *ph = map_get(p->by_msisdn, msisdn, strlen(msisdn));

	if (ph != NULL)
		return ph;
	ph = xcalloc(1, sizeof *ph);
	ph->all = p;
	str_copy(ph->msisdn, sizeof ph->msisdn, msisdn);
	str_copy(ph->d.msisdn, sizeof ph->d.msisdn, msisdn);
	ph->d.answer = on_screen;
	ph->d.arg = ph;
	list_init(&ph->inbox);
	list_init(&ph->waiters);
	timer_init(&ph->patience, p->x->loop, on_impatient, ph);
	map_put(p->by_msisdn, msisdn, strlen(msisdn), ph);
	return ph;
}

struct dialogue *
phones_called_up(struct phones *p, const char *msisdn, const char *code)
{
	struct phone *ph;

	if (!phone_valid(msisdn) || strlen(code) >= sizeof ph->d.code || (ph = phone_get(p, msisdn))->d.open)
		return NULL;
	dialogue_forget(p->x, &ph->d);
	ph->d.aggregator = NULL;
	str_copy(ph->d.code, sizeof ph->d.code, code);
	ph->session++;
	return &ph->d;
}

/* ---- SMS ---- */

static json_t *
inbox_json(const struct phone *ph, int64_t after)
{
	json_t *all = json_array();

	for (const struct list *it = ph->inbox.next; it != &ph->inbox; it = it->next) {
		const struct sms *m = LIST_OF(it, struct sms, node);

		if (m->n > after)
			json_array_append_new(all, json_pack("{s:I,s:s,s:s,s:i,s:s,s:I}", "n",
			    (json_int_t)m->n, "from", m->from, "text", m->text, "parts", m->parts,
			    "id", m->id, "at_ms", (json_int_t)m->at));
	}
	return all;
}

static void
on_no_sms(void *arg)
{
	struct sms_waiter *w = arg;
	struct control *control = w->phone->all->x->control;
	uint64_t http = w->http;

	waiter_free(w);
	control_answer(control, http, 200, json_array());
}

void
phones_sms(struct phones *p, const char *msisdn, const struct phone_sms *sms)
{
	struct phone *ph = phone_get(p, msisdn);
	struct sms *m = xcalloc(1, sizeof *m);
	struct list *it, *nx;

	m->n = ++ph->sms_n;
	m->at = box_now(p->x);
	m->from = xstrdup(sms->from);
	m->text = xstrdup(sms->text);
	m->id = xstrdup(sms->id);
	m->parts = sms->parts;
	list_add_tail(&ph->inbox, &m->node);
	p->sms_count++;
	if (++ph->inbox_n > INBOX_MAX) {
		sms_free(LIST_OF(ph->inbox.next, struct sms, node));
		ph->inbox_n--;
	}
	LIST_EACH(it, nx, &ph->waiters) {
		struct sms_waiter *w = LIST_OF(it, struct sms_waiter, node);

		if (w->after >= m->n)
			continue;
		control_answer(p->x->control, w->http, 200, inbox_json(ph, w->after));
		waiter_free(w);
	}
}

static void
call_sms(struct phone *ph, const struct phone_call *c)
{
	struct box *x = ph->all->x;
	struct sms_waiter *w;

	if (ph->sms_n > c->after || c->wait_ms <= 0) {
		control_answer(x->control, c->http, 200, inbox_json(ph, c->after));
		return;
	}
	w = xcalloc(1, sizeof *w);
	w->phone = ph;
	w->http = c->http;
	w->after = c->after;
	list_add_tail(&ph->waiters, &w->node);
	timer_init(&w->timer, x->loop, on_no_sms, w);
	timer_arm(&w->timer, c->wait_ms < WAIT_MAX_MS ? c->wait_ms : WAIT_MAX_MS);
}

/* ---- what a customer does ---- */

static const char *
text_of(const struct phone_call *c, const char *name)
{
	return json_string_value(json_object_get(c->body, name));
}

static void
wait_for_screen(struct phone *ph, const struct phone_call *c)
{
	const json_t *wait = json_object_get(c->body, "wait_ms");
	int64_t ms = json_is_integer(wait) ? json_integer_value(wait) : SCREEN_WAIT_MS;

	ph->waiter = c->http;
	timer_arm(&ph->patience, ms > 0 && ms < WAIT_MAX_MS ? ms : SCREEN_WAIT_MS);
}

static void
give_up(struct phone *ph)
{
	uint64_t http = ph->waiter;

	if (http == 0)
		return;
	ph->waiter = 0;
	timer_stop(&ph->patience);
	control_error(ph->all->x->control, http, 409, "hung up");
}

static void
send_step(struct phone *ph, const struct phone_call *c, enum dialogue_step step, const char *text)
{
	give_up(ph);
	free(ph->screen);
	ph->screen = NULL;
	if (dialogue_send(ph->all->x, &ph->d, step, text))
		wait_for_screen(ph, c);
	else
		control_error(ph->all->x->control, c->http, 503, "no way to the gateway");
}

static void
call_dial(struct phone *ph, const struct phone_call *c)
{
	const char *code = text_of(c, "code"), *via = text_of(c, "via");
	const char *channel = text_of(c, "channel");
	struct box *x = ph->all->x;
	struct aggregator *aggregator = NULL;

	if (code == NULL || *code == '\0' || gsm_septets(code) < 0 || strlen(code) >= sizeof ph->d.code ||
	    (via != NULL && strcmp(via, "smpp") != 0 &&
	    (aggregator = aggregators_find(x->aggregators, via)) == NULL) || (channel != NULL &&
	    strlen(channel) >= sizeof ph->d.channel)) {
		control_error(x->control, c->http, 400,
		    "wanted: code, via smpp or the dialect of an --aggregator, channel");
		return;
	}
	if (ph->d.open)
		dialogue_hangup(x, &ph->d, true);
	dialogue_forget(x, &ph->d);
	ph->d.aggregator = aggregator;
	str_copy(ph->d.code, sizeof ph->d.code, code);
	str_copy(ph->d.channel, sizeof ph->d.channel, channel != NULL ? channel : "");
	ph->session++;
	send_step(ph, c, STEP_BEGIN, NULL);
}

static void
call_type(struct phone *ph, const struct phone_call *c)
{
	const char *text = text_of(c, "text");

	if (text == NULL || ucs2_units(text) < 0 || strlen(text) > TYPED_MAX)
		control_error(ph->all->x->control, c->http, 400,
		    "wanted: text, at most 160 octets");
	else if (!ph->d.open)
		control_error(ph->all->x->control, c->http, 409, "no dialogue is open");
	else
		send_step(ph, c, STEP_INPUT, text);
}

/* Also after the end: a network that never saw the answer delivers the last input again. */
static void
call_repeat(struct phone *ph, const struct phone_call *c)
{
	if (!dialogue_began(&ph->d))
		control_error(ph->all->x->control, c->http, 409, "nothing was sent yet");
	else
		send_step(ph, c, STEP_REPEAT, NULL);
}

static void
end_call(struct phone *ph, const struct phone_call *c, bool in_time)
{
	give_up(ph);
	dialogue_hangup(ph->all->x, &ph->d, in_time);
	control_answer(ph->all->x->control, c->http, 200, screen_json(ph));
}

static void
call_hangup(struct phone *ph, const struct phone_call *c)
{
	end_call(ph, c, true);
}

/* The network has waited for the customer long enough. */
static void
call_timeout(struct phone *ph, const struct phone_call *c)
{
	end_call(ph, c, false);
}

static void
call_screen(struct phone *ph, const struct phone_call *c)
{
	control_answer(ph->all->x->control, c->http, 200, screen_json(ph));
}

/* Of `order`; how many, or -1: it is no list of that kind. */
static int
read_order(const json_t *v, int order[ORDER_MAX])
{
	size_t n = json_array_size(v);

	if (v == NULL)
		return 0;
	if (!json_is_array(v) || n < 1 || n > ORDER_MAX)
		return -1;
	for (size_t i = 0; i < n; i++)
		order[i] = (int)json_integer_value(json_array_get(v, i));
	return (int)n;
}

/* By a provider of SMS over HTTP, in one piece. */
static void
send_over_http(struct phone *ph, const struct phone_call *c, const struct smsc_mo *m)
{
	struct box *x = ph->all->x;

	if (m->to != NULL && m->text != NULL &&
	    sms_providers_write(x->sms, text_of(c, "provider"), m->from, m->to, m->text))
		control_answer(x->control, c->http, 200, json_pack("{s:i}", "parts", 1));
	else
		control_error(x->control, c->http, 400,
		    "wanted: to, text, and a provider that was told where the gateway is (POST /control/sms)");
}

static void
call_send(struct phone *ph, const struct phone_call *c)
{
	static const char *const ways[] = {
		[SEGMENT_UDH8] = "udh8", [SEGMENT_UDH16] = "udh16", [SEGMENT_SAR] = "sar",
		[SEGMENT_PAYLOAD] = "payload",
	};
	struct box *x = ph->all->x;
	const char *way = text_of(c, "way"), *from = text_of(c, "from");
	struct smsc_mo m = { .from = from != NULL ? from : ph->msisdn, .to = text_of(c, "to"),
		.text = text_of(c, "text") };
	int order[ORDER_MAX], n = read_order(json_object_get(c->body, "order"), order), parts;

	for (size_t i = 0; way != NULL && i < NELEM(ways); i++)
		if (strcmp(ways[i], way) == 0)
			m.way = (enum segment_way)i;
	m.order = order;
	m.order_n = n > 0 ? (size_t)n : 0;
	if (text_of(c, "provider") != NULL) {
		send_over_http(ph, c, &m);
		return;
	}
	if (m.to == NULL || m.text == NULL || n < 0 || strlen(m.to) > 20 || strlen(m.from) > 20 ||
	    (parts = smsc_send_sms(x->smsc, &m)) == 0)
		control_error(x->control, c->http, 400,
		    "wanted: to, text; perhaps from, order, and way: udh8, udh16, sar or payload");
	else
		control_answer(x->control, c->http, 200, json_pack("{s:i}", "parts", parts));
}

void
phones_call(struct phones *p, const struct phone_call *c)
{
	static const struct {
		const char *method, *verb;
		void (*fn)(struct phone *, const struct phone_call *);
	} rows[] = {
		{ "POST", "dial", call_dial }, { "POST", "type", call_type }, { "POST", "hangup", call_hangup },
		{ "POST", "timeout", call_timeout }, { "POST", "repeat", call_repeat },
		{ "GET", "screen", call_screen }, { "GET", "sms", call_sms }, { "POST", "send", call_send },
	};

	if (!phone_valid(c->msisdn)) {
		control_error(p->x->control, c->http, 400, "no phone number in international form");
		return;
	}
	for (size_t i = 0; i < NELEM(rows); i++)
		if (strcmp(rows[i].method, c->method) == 0 && strcmp(rows[i].verb, c->verb) == 0) {
			rows[i].fn(phone_get(p, c->msisdn), c);
			return;
		}
	control_error(p->x->control, c->http, 404, "no such thing on a phone");
}

static void
add_phone(void *arg, const void *key, size_t n, void *value)
{
	const struct phone *ph = value;

	(void)key, (void)n;
	json_array_append_new(arg, json_pack("{s:s,s:b,s:I,s:I}", "msisdn", ph->msisdn, "open",
	    ph->d.open, "session", (json_int_t)ph->session, "sms", (json_int_t)ph->sms_n));
}

json_t *
phones_list(const struct phones *p)
{
	json_t *all = json_array();

	map_each(p->by_msisdn, add_phone, all);
	return all;
}

int64_t
phones_sms_count(const struct phones *p)
{
	return p->sms_count;
}
