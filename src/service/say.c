/* SPDX-License-Identifier: Apache-2.0 */
#include "service/say.h"

#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/calendar.h"

#define HOUR_MS INT64_C(3600000)
#define RESULT_LIFE_MS (24 * HOUR_MS)
#define TOKEN_LIFE_H 72		/* of a kind that says nothing */

int64_t
say_token_life_ms(const struct tenant_settings *t, const char *type)
{
	for (int k = 0; k < t->kinds_n; k++)
		if (strcmp(t->kinds[k].type, type) == 0 && t->kinds[k].expires_h > 0)
			return t->kinds[k].expires_h * HOUR_MS;
	return TOKEN_LIFE_H * HOUR_MS;
}

const char *
say_lang(const struct tenant_settings *t, const char *lang)
{
	for (int k = 0; k < t->languages_n; k++)
		if (strcmp(t->languages[k], lang) == 0)
			return t->languages[k];
	return t->languages[0];
}

const char *
say_service_code(const struct gateway *gw, int tenant)
{
	const struct settings *set = gw->settings;

	for (int i = 0; i < set->channels_n; i++)
		if (set->channels[i].tenant == tenant && set->channels[i].service_codes_n > 0)
			return set->channels[i].service_codes[0];
	return "";
}

bool
say_fill(const struct gateway *gw, int tenant, const char *lang, const char *key, struct vars *vars, char *out,
    size_t size)
{
	const struct tenant_settings *t = &gw->settings->tenants[tenant];
	const struct texts *texts = gw->contents[tenant].texts;
	const char *text = texts_find(texts, say_lang(t, lang), t->languages[0], key);
	struct texts_env env = { .country = t->country, .utc_offset_s = calendar_offset_s(gw->now) };

	vars_set(vars, "title", t->title);
	vars_set(vars, "help_phone", t->help_phone);
	vars_set(vars, "service_code", say_service_code(gw, tenant));
	texts_manner(texts, say_lang(t, lang), &env);
	if (text == NULL || !texts_fill(text, vars, &env, out, size)) {
		log_error(0, "text not filled", "key=%s", key);
		return false;
	}
	texts_spell(texts, say_lang(t, lang), t->languages[0], key, out, size);
	return true;
}

bool
say_text(struct gateway *gw, int tenant, enum message_class cls, const char *id, const char *to, const char *lang,
    const char *key, const struct vars *vars, struct message *m)
{
	const struct tenant_settings *t = &gw->settings->tenants[tenant];
	const struct texts *texts = gw->contents[tenant].texts;
	const char *text = texts_find(texts, say_lang(t, lang), t->languages[0], key);
	struct texts_env env = { .country = t->country, .utc_offset_s = calendar_offset_s(gw->now) };

	memset(m, 0, sizeof *m);
	if (text == NULL || to[0] == '\0' || t->routes_n[cls] == 0)
		return false;
	if (!str_copy(m->id, sizeof m->id, id))
		fatalx("message id too long");
	str_copy(m->tenant, sizeof m->tenant, t->name);
	str_copy(m->to, sizeof m->to, to);
	m->cls = cls;
	str_copy(m->lang, sizeof m->lang, say_lang(t, lang));
	m->created_at = m->next_at = gw->now;
	m->deadline = gw->now + RESULT_LIFE_MS;
	texts_manner(texts, say_lang(t, lang), &env);
	if (!texts_fill(text, vars, &env, m->text, sizeof m->text))
		log_error(0, "text too long", "key=%s", key);
	texts_spell(texts, say_lang(t, lang), t->languages[0], key, m->text, sizeof m->text);
	return true;
}

static void
intent_vars(const struct gateway *gw, int tenant, const struct intent *i, struct vars *v)
{
	const struct tenant_settings *t = &gw->settings->tenants[tenant];
	const struct texts *texts = gw->contents[tenant].texts;
	char masked[PHONE_TEXT], key[64];
	const char *text;

	vars_set(v, "title", t->title);
	vars_set(v, "help_phone", t->help_phone);
	vars_set_i64(v, "amount", i->amount);
	vars_set_i64(v, "fee", i->fee);
	vars_set(v, "to_name", i->to_name);
	vars_set(v, "to_phone", i->to_phone);
	vars_set_i64(v, "at", i->accepted_at);
	vars_set(v, "token", i->token);
	vars_set_i64(v, "until", calendar_use_by(i->token_expires, gw->now));
	/* An integrator's name is no word for customers. */
	vars_set(v, "from", i->phone[0] != '\0' ? phone_mask(i->phone, masked) : t->title);
	str_format(key, sizeof key, "reason.%s", i->why != WHY_NONE ? intent_why_name(intent_why_told(i)) : "refused");
	text = texts_find(texts, say_lang(t, i->lang), t->languages[0], key);
	vars_set(v, "reason_text", text != NULL ? text : "");
	str_format(key, sizeof key, "kind.%s", i->type);
	text = texts_find(texts, say_lang(t, i->lang), t->languages[0], key);
	vars_set(v, "kind_name", text != NULL ? text : "");
}

static bool
to_other(const struct intent *i)
{
	return i->phone[0] != '\0' && strcmp(i->phone, i->to_phone) != 0;
}

static const char *
final_word(const struct intent *i)
{
	switch (i->core_status - 1) {
	case WSTATUS_SUCCESSFUL:
		return "used";
	case WSTATUS_CANCELLED:
		return "cancelled";
	default:
		return "expired";
	}
}

/* The text's key of what is to be said, and to whom. */
static enum message_class
choose(const struct intent *i, enum intent_action what, char *key, size_t size, const char **to)
{
	const char *noun = i->kind == INTENT_TRANSFER ? "transfer" : "withdrawal";

	*to = i->phone;
	switch (what) {
	case DO_TOKEN_SMS:
		*to = i->to_phone;
		str_format(key, size, "sms.token.%s%s", i->type, to_other(i) ? ".other" : "");
		return MSG_TOKEN;
	case DO_RECEIVER_SMS:
		*to = i->to_phone;
		if (i->kind == INTENT_TRANSFER)
			str_format(key, size, "sms.result.transfer.received");
		else
			str_format(key, size, "sms.notice.token_%s", final_word(i));
		return MSG_RESULT;
	case DO_FINAL_SMS:
		str_format(key, size, "sms.result.withdrawal.%s", final_word(i));
		return MSG_RESULT;
	case DO_KEPT_SMS:
		str_format(key, size, "sms.result.withdrawal.kept");
		return MSG_RESULT;
	default:
		str_format(key, size, "sms.result.%s.%s", noun, intent_paid_unsent(i) ? "used" :
		    i->state == INTENT_DONE ? "done" : "not_done");
		return MSG_RESULT;
	}
}

static bool
say_with_id(struct gateway *gw, int tenant, const struct intent *i, enum intent_action what, const char *id,
    struct message *m)
{
	struct vars v = { 0 };
	char key[80];
	const char *to;
	enum message_class cls = choose(i, what, key, sizeof key, &to);
	bool said;

	intent_vars(gw, tenant, i, &v);
	said = say_text(gw, tenant, cls, id, to, i->lang, key, &v, m);
	mem_wipe(&v, sizeof v);
	if (!said) {
		if (cls == MSG_TOKEN)
			log_error(0, "token cannot be sent", "intent=%s key=%s", i->id, key);
		return false;
	}
	if (cls == MSG_TOKEN && i->token_expires != 0)
		m->deadline = i->token_expires;
	str_copy(m->intent_owner, sizeof m->intent_owner, i->owner);
	str_copy(m->intent_id, sizeof m->intent_id, i->id);
	return true;
}

bool
say_intent(struct gateway *gw, int tenant, const struct intent *i, enum intent_action what, struct message *m)
{
	char id[MESSAGE_ID];

	/* Another last word than the one that was told is another message. */
	str_format(id, sizeof id, "%s:%s%s", i->id, intent_action_name(what),
	    what == DO_FINAL_SMS && i->paid_late ? ":paid" : "");
	/* Another result may have been told before a person decided. */
	if (what == DO_RESULT_SMS && i->resolves > 0)
		str_format(id, sizeof id, "%s:%s:p%d", i->id, intent_action_name(what), i->resolves);
	return say_with_id(gw, tenant, i, what, id, m);
}

bool
say_again(struct gateway *gw, int tenant, const struct intent *i, enum intent_action what, int n, struct message *m)
{
	enum intent_action text = what == DO_RESEND_SMS ? DO_TOKEN_SMS : what;
	char id[MESSAGE_ID];

	str_format(id, sizeof id, "%s:%s:%d", i->id, intent_action_name(text), n);
	return say_with_id(gw, tenant, i, text, id, m);
}

enum store_family
say_outbox(const struct message *m)
{
	static const enum store_family list[MSG_CLASSES] = {
		[MSG_TOKEN] = STORE_OUTBOX, [MSG_RESULT] = STORE_OUTBOX_RESULT, [MSG_NOTICE] = STORE_OUTBOX_NOTICE,
	};

	return list[message_rank(m)];
}

void
say_put(struct gateway *gw, struct store_commit *c, const struct message *m)
{
	struct store_key key = key_of(STORE_MESSAGE, m->id, "");
	struct rev rev = { 0 };
	struct buf *b = scratch(gw, 2);

	message_encode(m, b);
	commit_put(gw, c, &key, &rev, b, 0);
	commit_list_add(c, say_outbox(m), &key, m->next_at);
	metric_add(M_MESSAGES_PUT, 1);
	gw->outbox_at[gw->ports->bucket(gw->ports->ctx, STORE_MESSAGE, m->id) % NELEM(gw->outbox_at)] = 0;
}
