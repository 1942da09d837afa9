/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An SMS from a customer, from its first part to its answer in the outbox. Who sent it is not known, only what number
 * it carries: so it may change which notices are sent and walk a menu of what is public, and nothing else. The answer
 * is put first, under a name that a second delivery of the same SMS finds again; then what was done is saved; then the
 * SMSC hears that it arrived. Texts are neither logged nor kept (parts are, sealed, until the last has come).
 */
#include "service/inbound.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/calendar.h"
#include "core/inbox.h"
#include "core/keyword.h"
#include "core/message.h"
#include "service/say.h"

#define MINUTE_MS INT64_C(60000)
#define AGAIN_MS INT64_C(5000)		/* an equal text within it is the same one: no answer is read and typed so fast */
#define AGAIN_NAMED_MS (10 * MINUTE_MS)	/* where it carries a number that tells it from an equal one */
#define QUIET_MS (5 * MINUTE_MS)	/* the same answer is not given twice within it */
#define ANSWER_LIFE_MS (60 * MINUTE_MS)
#define SAME_MOST 3		/* equal texts in an hour that the menu answers: phones have machines that answer too */
#define CHOICE_OCTETS 4		/* shorter ones are choices of the menu, and come again */
#define SAVE_TRIES 5
#define QUEUE_MAX 8		/* of one phone, waiting for the one being worked on: more are for later */
#define TEXT_OCTETS 1000		/* of a whole text that are looked at */
#define OCTETS_MAX (REASSEMBLY_PARTS * REASSEMBLY_PART)
#define BY_MENU INBOX_ANSWERS		/* beside enum inbox_answer: the menu says it */
#define NOT_READ (BY_MENU + 1)		/* a part, a repetition, or not come that far */

struct mo {
	struct task task;
	struct list waiting;		/* in the queue of its phone */
	struct list queue;		/* of later ones of the same phone, on the one being worked on */
	int queued;
	struct inbound_in in;
	uint64_t peer_op;
	int tenant;
	const struct tenant_settings *settings;
	char owner[STORE_OWNER], number[24], parts_id[STORE_ID];
	struct buf octets, text;	/* as they came; UTF-8 of the whole */
	struct inbox inbox;
	struct subscriber sub;
	struct reassembly parts;
	struct rev inbox_rev, sub_rev, parts_rev;
	bool sub_dirty, parts_dirty;
	unsigned char id[INBOX_ID], open_id[INBOX_ID];
	int what;			/* enum inbox_answer or BY_MENU */
	const char *key;		/* of the answer's text */
	const char *lang;
	bool was_put;			/* the answer is in the outbox */
	char answer_id[MESSAGE_ID];
	int tries;
};

static struct mo *
mo_of(struct task *t)
{
	return LIST_OF(t, struct mo, task);
}

static void load(struct mo *s);

static struct mo *
next_in_queue(struct mo *s, bool goes_on)
{
	struct map *writers = s->task.gw->writers;
	struct mo *next = NULL;
	struct list *it, *nx;

	LIST_EACH(it, nx, &s->queue) {
		struct mo *w = LIST_OF(it, struct mo, waiting);

		list_remove(it);
		if (goes_on && next == NULL) {
			next = w;
			map_put(writers, next->owner, strlen(next->owner), next);
		} else if (next != NULL) {
			list_add_tail(&next->queue, it);
			next->queued++;
		}
	}
	return next;
}

static void
mo_end(struct task *t)
{
	struct mo *s = mo_of(t), *next;
	/* When the whole gateway ends nobody is first any more: those that wait end by themselves. */
	bool goes_on = map_get(t->gw->writers, s->owner, strlen(s->owner)) == s;

	if (goes_on)
		map_remove(t->gw->writers, s->owner, strlen(s->owner));
	next = next_in_queue(s, goes_on);
	list_remove(&s->waiting);
	t->gw->inbounds--;
	buf_clear(&s->octets);
	buf_clear(&s->text);
	mem_wipe(s, sizeof *s);
	free(s);
	if (next != NULL)
		load(next);
}

static void
log_end(const struct mo *s, bool ok)
{
	static const char *const what[] = {
		[INBOX_STOP] = "stop", [INBOX_START] = "start", [INBOX_HELP] = "help", [INBOX_PIN] = "pin",
		[BY_MENU] = "menu", [NOT_READ] = "part",
	};
	char masked[PHONE_TEXT];

	/* A flood is seen in the counters. */
	log_at(s->was_put ? LOG_INFO : LOG_DEBUG, s->task.id, "sms in", "phone=%s what=%s answer=%s taken=%d",
	    phone_mask(s->in.from, masked), what[s->what], s->was_put ? s->answer_id : "", ok);
}

/* The SMSC hears of it: done with, or to be delivered again. */
static void
settle(struct mo *s, bool ok)
{
	const struct ports *p = s->task.gw->ports;

	if (!ok)
		metric_add(M_INBOUND_LATER, 1);
	log_end(s, ok);
	p->receipt_stored(p->ctx, s->peer_op, ok ? RECEIPT_STORED : RECEIPT_NOT_STORED);
	task_end(&s->task);
}

/* ---- saving ---- */

static void
on_saved(struct task *t, const struct event *e)
{
	struct mo *s = mo_of(t);

	if (e->end == STORE_CONFLICT && ++s->tries < SAVE_TRIES) {
		load(s);
		return;
	}
	if (e->end == STORE_DONE && s->sub_dirty)
		metric_add(s->sub.opted_out ? M_INBOUND_STOPS : M_INBOUND_STARTS, 1);
	settle(s, e->end == STORE_DONE);
}

static void
save(struct mo *s)
{
	struct gateway *gw = s->task.gw;
	struct store_commit c = { .n = 0 };
	struct store_key key = key_of(STORE_INBOX, s->owner, "");
	struct buf *b = scratch(gw, 0);

	inbox_encode(&s->inbox, b);
	commit_put(gw, &c, &key, &s->inbox_rev, b, 0);
	if (s->sub_dirty) {
		key = key_of(STORE_SUBSCRIBER, s->owner, "");
		b = scratch(gw, 1);
		subscriber_encode(&s->sub, b);
		commit_put(gw, &c, &key, &s->sub_rev, b, 0);
	}
	if (s->parts_dirty) {
		key = key_of(STORE_PARTS, s->owner, s->parts_id);
		b = scratch(gw, 2);
		reassembly_encode(&s->parts, b);
		commit_put(gw, &c, &key, &s->parts_rev, b, 0);
	}
	task_commit(&s->task, &c, on_saved);
}

/* ---- the answer ---- */

static void
conclude(struct mo *s)
{
	int64_t now = s->task.gw->now;

	if (s->what == BY_MENU)
		inbox_answered(&s->inbox, now);
	else
		inbox_said(&s->inbox, (enum inbox_answer)s->what, now, QUIET_MS);
	save(s);
}

static void
on_put(struct task *t, const struct event *e)
{
	struct mo *s = mo_of(t);

	/* CONFLICT: an earlier delivery of the same SMS has put it. */
	if (e->end != STORE_DONE && e->end != STORE_CONFLICT) {
		settle(s, false);
		return;
	}
	s->was_put = true;
	if (e->end == STORE_DONE)
		metric_add(M_INBOUND_ANSWERED, 1);
	conclude(s);
}

static void
put(struct mo *s, const char *text)
{
	struct gateway *gw = s->task.gw;
	struct message *m = xcalloc(1, sizeof *m);
	struct store_commit c = { .n = 0 };

	str_copy(m->id, sizeof m->id, s->answer_id);
	str_copy(m->tenant, sizeof m->tenant, s->settings->name);
	str_copy(m->to, sizeof m->to, s->in.from);
	str_copy(m->channel, sizeof m->channel, gw->settings->channels[s->in.channel].name);
	/* Asked for by the phone itself, so no notice; and the menu's state has moved: it must come. */
	m->cls = MSG_RESULT;
	m->created_at = m->next_at = gw->now;
	m->deadline = gw->now + ANSWER_LIFE_MS;
	if (!str_copy(m->text, sizeof m->text, text))
		log_error(s->task.id, "answer too long", "octets=%zu", strlen(text));
	say_put(gw, &c, m);
	task_commit(&s->task, &c, on_put);
	mem_wipe(m, sizeof *m);
	free(m);
}

static void
say(struct mo *s)
{
	struct gateway *gw = s->task.gw;
	const struct texts *texts = gw->contents[s->tenant].texts;
	const char *text = texts_find(texts, s->lang, s->settings->languages[0], s->key);
	struct texts_env env = { .country = s->settings->country, .utc_offset_s = calendar_offset_s(gw->now) };
	struct vars v = { 0 };
	char filled[MESSAGE_TEXT];

	vars_set(&v, "title", s->settings->title);
	vars_set(&v, "help_phone", s->settings->help_phone);
	vars_set(&v, "service_code", say_service_code(s->task.gw, s->tenant));
	texts_manner(texts, s->lang, &env);
	if (text == NULL || !texts_fill(text, &v, &env, filled, sizeof filled)) {
		log_error(s->task.id, "no answer", "key=%s", s->key);
		conclude(s);
		return;
	}
	texts_spell(texts, s->lang, s->settings->languages[0], s->key, filled, sizeof filled);
	put(s, filled);
}

/* ---- the menu ---- */

static void
ask_menu(struct mo *s)
{
	struct turn_in in = { .turn = s->task.id, .channel = s->in.channel, .dialogue = "sms", .kind = TURN_INPUT,
		.by = TURN_BY_SMS, .text = buf_str(&s->text), .service_code = say_service_code(s->task.gw, s->tenant) };

	metric_add(M_INBOUND_MENU, 1);
	str_copy(in.phone, sizeof in.phone, s->in.from);
	if (!str_copy(in.key, sizeof in.key, s->answer_id))
		fatalx("turn key too long");
	gateway_turn(s->task.gw, s->task.gw->now, &in);
}

void
inbound_answer(struct gateway *gw, uint64_t id, const struct reply *r)
{
	struct task *t = task_find(gw, id);

	if (t == NULL)
		return;
	if (r->text == NULL)
		settle(mo_of(t), false);
	else
		put(mo_of(t), r->text);
}

/* ---- what it asks for ---- */

/* Nothing is said; what follows from the SMS all the same is saved. */
static void
stay_silent(struct mo *s)
{
	metric_add(M_INBOUND_LIMITED, 1);
	if (s->sub_dirty || s->parts_dirty)
		save(s);
	else
		settle(s, true);
}

/* A network between us has answered it already, and lets nothing more through. */
static void
obey(struct mo *s)
{
	if (s->sub_dirty)
		save(s);
	else
		settle(s, true);
}

static enum keyword
word_of(const struct mo *s, const char **of_word)
{
	*of_word = NULL;
	if (s->in.opt_out)
		return KEYWORD_STOP;
	return keyword_find(buf_str(&s->text), s->task.gw->contents[s->tenant].texts,
	    (const char (*)[8])s->settings->languages, s->settings->languages_n, of_word);
}

/*
 * STOP, START, STOP: the last one is meant, though it is like the first. That a START comes again behind a STOP could
 * be the network's doing, and then it would take from somebody what he asked for.
 */
static bool
stops_anew(const struct mo *s)
{
	const char *of_word;

	return s->in.reference == 0 && !s->sub.opted_out && word_of(s, &of_word) == KEYWORD_STOP;
}

static void
read_text(struct mo *s)
{
	static const struct {
		const char *key;
		enum inbox_answer what;
	} meaning[KEYWORDS] = {
		[KEYWORD_NONE] = { "sms.answer.help", INBOX_HELP },
		[KEYWORD_STOP] = { "sms.answer.stop", INBOX_STOP },
		[KEYWORD_START] = { "sms.answer.start", INBOX_START },
		[KEYWORD_HELP] = { "sms.answer.help", INBOX_HELP },
	};
	const struct gateway *gw = s->task.gw;
	const char *of_word;
	enum keyword k = word_of(s, &of_word);
	bool was = s->sub.opted_out;

	s->lang = say_lang(s->settings, s->sub.lang[0] == '\0' && of_word != NULL ? of_word : s->sub.lang);
	s->what = meaning[k].what;
	s->key = meaning[k].key;
	if (k == KEYWORD_STOP || k == KEYWORD_START) {
		subscriber_opt_out(&s->sub, k == KEYWORD_STOP, gw->now);
		s->sub_dirty = s->sub.opted_out != was;
	} else if (k == KEYWORD_NONE && keyword_is_like_pin(buf_str(&s->text))) {
		metric_add(M_INBOUND_PINS, 1);
		s->what = INBOX_PIN;
		s->key = "sms.answer.pin";
	} else if (k == KEYWORD_NONE && gw->contents[s->tenant].sms_menu != NULL)
		s->what = BY_MENU;
}

/* Keyboards leave spaces behind, and nothing that is asked for is longer than its first words. */
static void
trim(struct buf *text)
{
	size_t from = 0;

	if (text->len > TEXT_OCTETS) {
		text->len = TEXT_OCTETS;
		while ((text->p[text->len] & 0xc0) == 0x80)
			text->len--;
		text->p[text->len] = '\0';
	}
	while (text->len > 0 && isspace((unsigned char)text->p[text->len - 1]))
		text->p[--text->len] = '\0';
	while (from < text->len && isspace((unsigned char)text->p[from]))
		from++;
	if (from > 0) {
		memmove(text->p, text->p + from, text->len - from + 1);
		text->len -= from;
	}
}

/* What tells this SMS from all others: its answer's name is that of no other phone's. A PIN is not even hashed. */
static void
identify(struct mo *s)
{
	struct gateway *gw = s->task.gw;
	const struct reassembly_part *p = &s->in.part;
	bool secret = keyword_is_like_pin(buf_str(&s->text));
	struct buf b = { 0 };
	char hex[2 * INBOX_ID + 1];

	buf_addf(&b, "%s/%s/%u/%u/%u/%s", s->owner, s->number, s->in.reference, p->total > 1 ? p->reference : 0u,
	    p->total > 1 ? p->total : 0u, secret ? "" : buf_str(&s->text));
	gateway_mac(gw, "inbound", buf_str(&b), s->id);
	buf_clear(&b);
	str_hex(s->id, INBOX_ID, hex);
	str_format(s->answer_id, sizeof s->answer_id, "mo:%s:%" PRId64, hex, s->inbox.taken);
}

/* `chatter`: the same was written again and again. */
static bool
may_answer(const struct mo *s, bool chatter)
{
	int64_t now = s->task.gw->now;
	int most = s->settings->sms_answers;

	if (s->what == BY_MENU)
		return !chatter && inbox_may_answer(&s->inbox, now, most);
	return s->sub_dirty ? inbox_may_answer(&s->inbox, now, most) :
	    inbox_may_say(&s->inbox, (enum inbox_answer)s->what, now, most);
}

static void
work_on(struct mo *s)
{
	int64_t now = s->task.gw->now;
	bool named = s->in.reference != 0 || s->in.part.total > 1, chatter;

	trim(&s->text);
	identify(s);
	if (inbox_seen(&s->inbox, s->id, now) && !stops_anew(s)) {
		metric_add(M_INBOUND_REPEATED, 1);
		if (s->parts_dirty)
			save(s);
		else
			settle(s, true);
		return;
	}
	chatter = s->text.len > CHOICE_OCTETS && inbox_count(&s->inbox, s->id, now - 60 * MINUTE_MS) >= SAME_MOST;
	inbox_take(&s->inbox, s->id, now, named ? AGAIN_NAMED_MS : AGAIN_MS);
	read_text(s);
	if (s->in.opt_out)
		obey(s);
	else if (s->was_put)
		conclude(s);
	else if (!may_answer(s, chatter))
		stay_silent(s);
	else if (s->what == BY_MENU)
		ask_menu(s);
	else
		say(s);
}

/* ---- parts ---- */

static void
collect(struct mo *s, const struct store_value *v)
{
	struct gateway *gw = s->task.gw;
	struct reassembly_part *p = &s->in.part;
	int64_t keep = store_families[STORE_PARTS].ttl_ms;
	enum reassembly_result result;

	rev_loaded(&s->parts_rev, v);
	if (!v->present || v->damaged || !reassembly_decode(v->p, v->len, &s->parts))
		memset(&s->parts, 0, sizeof s->parts);
	result = reassembly_add(&s->parts, p, gw->now, keep);
	if (result == REASSEMBLY_MORE && !inbox_open(&s->inbox, s->open_id, gw->now, gw->now + keep))
		result = REASSEMBLY_REFUSED;
	s->parts_dirty = true;
	switch (result) {
	case REASSEMBLY_MORE:
		save(s);
		break;
	case REASSEMBLY_WHOLE:
		inbox_close(&s->inbox, s->open_id);
		buf_reset(&s->text);
		reassembly_text(&s->parts, &s->text);
		work_on(s);
		break;
	case REASSEMBLY_REPEATED:
		metric_add(M_INBOUND_REPEATED, 1);
		settle(s, true);
		break;
	case REASSEMBLY_REFUSED:
		metric_add(M_INBOUND_PARTS_REFUSED, 1);
		settle(s, true);
		break;
	}
}

/* ---- loading ---- */

static void
on_loaded(struct task *t, const struct event *e)
{
	struct mo *s = mo_of(t);
	const struct store_value *in = e->v, *sub = e->v + 1;

	if (e->end != STORE_DONE) {
		settle(s, false);
		return;
	}
	if (sub->damaged || (sub->present && !subscriber_decode(sub->p, sub->len, &s->sub))) {
		/* Delivered again it would be as damaged. */
		log_error(t->id, "subscriber damaged", "octets=%zu", sub->len);
		settle(s, true);
		return;
	}
	if (!sub->present)
		memset(&s->sub, 0, sizeof s->sub);
	if (!in->present || in->damaged || !inbox_decode(in->p, in->len, &s->inbox))
		memset(&s->inbox, 0, sizeof s->inbox);
	rev_loaded(&s->inbox_rev, in);
	rev_loaded(&s->sub_rev, sub);
	s->sub_dirty = s->parts_dirty = false;
	if (s->in.part.total > 1)
		collect(s, e->v + 2);
	else
		work_on(s);
}

static void
load(struct mo *s)
{
	struct store_key keys[3] = { key_of(STORE_INBOX, s->owner, ""), key_of(STORE_SUBSCRIBER, s->owner, ""),
		key_of(STORE_PARTS, s->owner, s->parts_id) };

	task_load(&s->task, keys, s->in.part.total > 1 ? 3 : 2, on_loaded);
}

/* The whole text, where it is one message. */
static void
decode(struct mo *s)
{
	size_t size = 3 * s->in.part.len + 1;	/* UTF-8 of an octet that has no meaning takes 3 */
	char *utf8 = xcalloc(1, size);

	if (text_decode(s->in.part.charset, s->in.part.octets, s->in.part.len, utf8, size) > 0)
		buf_add_str(&s->text, utf8);
	mem_wipe(utf8, size);
	free(utf8);
}

/* One after the other of a phone: each must see what the one before it was answered. */
static void
begin(struct mo *s)
{
	struct map *writers = s->task.gw->writers;
	struct mo *first = map_get(writers, s->owner, strlen(s->owner));

	if (first == NULL) {
		map_put(writers, s->owner, strlen(s->owner), s);
		load(s);
	} else if (first->queued < QUEUE_MAX) {
		list_add_tail(&first->queue, &s->waiting);
		first->queued++;
	} else
		settle(s, false);
}

void
gateway_inbound(struct gateway *gw, int64_t now, const struct inbound_in *in, uint64_t peer_op)
{
	struct mo *s = xcalloc(1, sizeof *s);
	const struct channel_settings *channel = &gw->settings->channels[in->channel];
	struct reassembly_part *p = &s->in.part;

	gw->now = now;
	gw->inbounds++;
	metric_add(M_INBOUND, 1);
	s->in = *in;
	s->peer_op = peer_op;
	s->what = NOT_READ;
	s->tenant = channel->tenant;
	s->settings = &gw->settings->tenants[s->tenant];
	if (!str_copy(s->number, sizeof s->number, in->number))
		s->number[0] = '\0';
	s->in.number = s->number;
	buf_add(&s->octets, p->octets, p->len < OCTETS_MAX ? p->len : OCTETS_MAX);
	p->octets = (const unsigned char *)buf_str(&s->octets);
	p->len = s->octets.len;
	str_format(s->owner, sizeof s->owner, "%s/%s", s->settings->name, in->from);
	list_init(&s->queue);
	list_init(&s->waiting);
	task_start(gw, &s->task, mo_end);
	if (p->total > 1) {
		str_format(s->parts_id, sizeof s->parts_id, "%s/%s/%u/%u", channel->name, s->number, p->reference,
		    p->total);
		gateway_mac(gw, "parts", s->parts_id, s->open_id);
	} else
		decode(s);
	begin(s);
}
