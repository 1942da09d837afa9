/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that belong to no state of a menu: what the gateway shows by itself is never paged, and what it sends is paid
 * by the part.
 */
#include <string.h>

#include "base/str.h"
#include "core/menu_size.h"
#include "core/segment.h"
#include "core/wide.h"

#define FILLED 4096

/* Shown as they are, in place of a screen (menu_step.c, service/turn.c, service/gateway.c). */
static const char *const own_screens[] = {
	"chat.on_phone",
	"error.busy", "error.call_help", "error.frozen", "error.internal", "error.later", "error.money_off",
	"error.no_code", "error.no_menu", "error.session_lost", "error.signup_later", "error.sim_changed",
	"error.try_again", "error.young",
};

/* What is sent, the first row that fits its key; parts that it may take, with a name in it that needs UCS-2 too. */
static const struct {
	const char *begins;
	int own, beyond;
	const char *why;
} messages[] = {
	{ "sms.word.", 0, 0, "" },		/* words to be obeyed, not sent */
	{ "sms.menu.", 0, 0, "" },		/* a menu's, proven with it */
	{ "sms.token.", 1, 1, ": half a token is none" },
	{ "sms.", 2, 4, "" },
};

int
size_channels(const struct prove_env *env, enum size_medium medium, struct size_channel out[SIZE_CHANNELS])
{
	const struct settings *s = env->settings;
	int n = 0;

	for (int i = 0; s != NULL && i < s->channels_n && n < SIZE_CHANNELS; i++) {
		const struct channel_settings *c = &s->channels[i];
		bool known = c->tenant != env->tenant ||
		    (medium == SIZE_SMS ? !channel_is_sms(c->kind) : !channel_is_ussd(c->kind)) ||
		    (medium == SIZE_SMS && c->inbound_n == 0) ||
		    c->max_septets == 0;	/* it has a mistake that is said elsewhere */

		for (int k = 0; k < n; k++)
			known = known || out[k].max_septets == c->max_septets;
		if (!known)
			out[n++] = (struct size_channel){ c->name, c->max_septets };
	}
	return n;
}

int
size_units(const char *text, int max_septets, int *most)
{
	int n = gsm_septets(text);

	*most = n >= 0 ? max_septets : max_septets * 7 / 16;
	return n >= 0 ? n : ucs2_units(text);
}

const char *
size_service_code(const struct prove_env *env)
{
	const struct settings *s = env->settings;
	const char *longest = "";

	for (int i = 0; s != NULL && i < s->channels_n; i++)
		for (int k = 0; s->channels[i].tenant == env->tenant && k < s->channels[i].service_codes_n; k++)
			if (strlen(s->channels[i].service_codes[k]) > strlen(longest))
				longest = s->channels[i].service_codes[k];
	return longest;
}

void
size_place(const struct prove_env *env, const char *lang, const char *key, struct buf *problems)
{
	const char *file;
	int line;

	if (texts_place(env->texts, lang, key, &file, &line) ||
	    texts_place(env->texts, env->languages[0], key, &file, &line))
		buf_addf(problems, "%s:%d: ", file, line);
	else
		buf_addf(problems, "%s:1: ", lang);
}

struct one {
	const struct prove_env *env;
	const char *lang;
	struct size_channel channel[SIZE_CHANNELS];
	int channels, parts_max;
	struct buf *problems;
};

/* The text with the widest values. false: none of them needs what GSM 03.38 lacks, although asked for. */
static bool
widest(const struct one *o, const char *key, const char *text, bool beyond_gsm, char filled[FILLED])
{
	const struct tenant_settings *t = prove_tenant(o->env);
	struct kind_env kinds = { .texts = o->env->texts, .lang = o->lang, .fallback = o->env->languages[0],
		.tenant = t,
		.service_code = size_service_code(o->env), .beyond_gsm = beyond_gsm };
	struct texts_env env = { .country = t != NULL ? t->country : "" };
	struct wide_for of = { .text = { text }, .n = 1 };
	struct wide *w = wide_of_text(key);
	struct vars v = { 0 };
	bool any;

	texts_manner(o->env->texts, o->lang, &env);
	any = wide_fill(w, &of, &kinds, &env, &v);
	(void)texts_fill(text, &v, &env, filled, FILLED);
	texts_spell(o->env->texts, o->lang, o->env->languages[0], key, filled, FILLED);
	wide_free(w);
	return any || !beyond_gsm;
}

static void
prove_screen(const struct one *o, const char *key)
{
	const char *text = texts_find(o->env->texts, o->lang, o->env->languages[0], key);
	char filled[FILLED];

	if (text == NULL || !widest(o, key, text, false, filled))
		return;
	for (int i = 0; i < o->channels; i++) {
		int most, n = size_units(filled, o->channel[i].max_septets, &most);

		if (n <= most)
			continue;
		size_place(o->env, o->lang, key, o->problems);
		buf_addf(o->problems, "\"%s\" takes %d of the %d %s of a screen of channel \"%s\" and cannot be paged; "
		    "shorten it\n", key, n, most, most == o->channel[i].max_septets ? "septets" : "characters in UCS-2",
		    o->channel[i].name);
	}
}

/* SMS that one text may cost on every bind and every account that the tenant's messages go by. */
static int
parts_allowed(const struct prove_env *env)
{
	const struct settings *s = env->settings;
	int most = SEGMENT_PARTS;

	for (int i = 0; s != NULL && i < s->channels_n; i++) {
		const struct channel_settings *c = &s->channels[i];

		if (c->tenant == env->tenant && c->kind == CHANNEL_SMS_SMPP && c->bind >= 0 &&
		    s->binds[c->bind].parts_max < most)
			most = s->binds[c->bind].parts_max;
		else if (c->tenant == env->tenant && c->kind == CHANNEL_SMS_HTTP && c->parts_max < most)
			most = c->parts_max;
	}
	return most;
}

static void
on_key(void *arg, const char *key)
{
	const struct one *o = arg;
	const char *text = texts_find(o->env->texts, o->lang, o->lang, key);
	const char *tenant = o->env->settings != NULL ? prove_tenant(o->env)->name : "any";
	char filled[FILLED];
	size_t row = 0;

	while (row < NELEM(messages) && !str_starts(key, messages[row].begins))
		row++;
	if (row == NELEM(messages) || messages[row].own == 0 || text == NULL)
		return;
	for (int beyond_gsm = 0; beyond_gsm < 2 && widest(o, key, text, beyond_gsm, filled); beyond_gsm++) {
		int parts = sms_parts(filled), most = beyond_gsm ? messages[row].beyond : messages[row].own;

		most = most < o->parts_max ? most : o->parts_max;
		if (parts >= 1 && parts <= most)
			continue;
		size_place(o->env, o->lang, key, o->problems);
		buf_addf(o->problems, "\"%s\" takes %d SMS with the widest values of tenant \"%s\"%s, and may take "
		    "%d%s; "
		    "shorten the text or the title%s\n", key, parts, tenant, beyond_gsm ? " and a name that needs UCS-2"
		    : "", most, messages[row].why, beyond_gsm ? ", or list it in \"gsm_safe\"" : "");
		break;
	}
}

void
text_size_message(const struct prove_env *env, const char *lang, const char *key, struct buf *problems)
{
	struct one o = { .env = env, .lang = lang, .parts_max = parts_allowed(env), .problems = problems };

	on_key(&o, key);
}

void
text_size_prove(const struct menu *m, const struct prove_env *env, struct buf *problems)
{
	struct one o = { .env = env, .parts_max = parts_allowed(env), .problems = problems };

	(void)m;
	if (env->by_sms)
		return;		/* said with the tenant's other menu */
	o.channels = size_channels(env, SIZE_USSD, o.channel);
	for (int l = 0; l < env->languages_n; l++) {
		o.lang = env->languages[l];
		for (size_t i = 0; i < NELEM(own_screens); i++)
			prove_screen(&o, own_screens[i]);
		texts_each(env->texts, o.lang, on_key, &o);
	}
}
