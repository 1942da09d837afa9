/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a way through situations to what a customer types and what the wallet core answers. The engine itself goes the
 * way: only what it shows is told.
 */
#include <string.h>

#include "base/str.h"
#include "core/menu_flow_parts.h"
#include "core/menu_play.h"

#define PATH_MAX_STEPS 200
#define SAMPLE 64

struct replay {
	const struct flow *f;
	struct menu_env env;
	struct dialogue dlg;
	struct step step;
	struct buf keys, answers;
	bool lost;			/* the engine went another way */
};

static const unsigned char no_key[32] = { 1 };

static void
feed(struct replay *r, enum menu_in kind, const char *text)
{
	struct menu_input in = { kind, text };

	menu_step(r->f->m, &r->dlg, &in, &r->env, &r->step);
}

static void
press(struct replay *r, const char *key)
{
	buf_addf(&r->keys, "%s%s", r->keys.len > 0 ? " " : "", key);
	feed(r, MENU_TEXT, key);
}

/* ---- what a customer may type ---- */

static const char *
run(const struct replay *r, const struct menu_accept *a, const char *typed)
{
	struct vars vars = r->dlg.vars;
	char value[MENU_VALUE];

	return a->row->run(a, typed, &vars, &r->env, value);
}

static bool
type_amount(const struct menu_accept *a, char out[SAMPLE])
{
	int64_t step = a->has_step ? a->step : 100, cents = a->has_min && a->min > 0 ? a->min : 5000;

	cents = (cents + step - 1) / step * step;
	if (a->has_max && cents > a->max)
		cents = a->max / step * step;
	return str_format(out, SAMPLE, "%lld.%02lld", (long long)(cents / 100), (long long)(cents % 100));
}

static bool
type_count(const struct menu_accept *a, char out[SAMPLE])
{
	int64_t n = a->has_min && a->min > 0 ? a->min : 1;

	for (int64_t i = 0; i < n && i < SAMPLE - 1; i++)
		out[i] = (char)('1' + i % 9);
	out[n < SAMPLE ? n : SAMPLE - 1] = '\0';
	return n < SAMPLE;
}

static bool
type_pin(const struct replay *r, char out[SAMPLE])
{
	return str_format(out, SAMPLE, "%.*s", r->env.pin_length, "27195048");
}

/* The answer that fits the check; of a variable that is compared, that word. */
static bool
sample_answer(const struct replay *r, const struct menu_state *s, int value, char out[SAMPLE])
{
	static const struct {
		const char *check, *text;
	} usual[] = {
		{ "phone", "0831234567" }, { "id_number", "9003245000083" }, { "passport", "A1234567" },
		{ "name", "Thandi" }, { "date", "24031990" },
	};
	const struct menu_accept *a = &s->accept;
	const char *of = a->of != NULL ? vars_get(&r->dlg.vars, a->of) : "";

	if (accept_is_document(a))
		return str_copy(out, SAMPLE, PLAY_PICTURE);
	if (value >= FLOW_WORD)
		return str_copy(out, SAMPLE, flow_word(r->f, flow_var(r->f, s->as), value));
	if (strcmp(a->row->name, "phone") == 0 && of[0] != '\0')
		return str_copy(out, SAMPLE, of);
	for (size_t i = 0; i < NELEM(usual); i++)
		if (strcmp(usual[i].check, a->row->name) == 0)
			return str_copy(out, SAMPLE, usual[i].text);
	if (strcmp(a->row->name, "money") == 0)
		return type_amount(a, out);
	for (int i = 0; i < a->words; i++)
		if (flow_var(r->f, s->as) < 0 || flow_value_of(r->f, flow_var(r->f, s->as), a->word[i]) == FLOW_SET)
			return str_copy(out, SAMPLE, a->word[i]);
	return strstr(a->row->name, "pin") != NULL ? type_pin(r, out) : a->words == 0 && type_count(a, out);
}

/* ---- what the wallet core may answer ---- */

static const char *
sample_value(const struct replay *r, const struct call_set *set, int var, int value, char out[SAMPLE])
{
	static const char *const usual[KINDS] = {
		[KIND_TEXT] = "Text", [KIND_PHONE] = "27831234567", [KIND_OWN_PHONE] = "27821234567",
		[KIND_NAME] = "Thandi",
		[KIND_MASKED_NAME] = "T*** M***", [KIND_MOMENT] = "1774353600000", [KIND_DAY] = "19900324",
		[KIND_SIGN] = "-",
		[KIND_LABEL] = "ATM", [KIND_FLAG] = "1",
	};
	const struct var_type *t = &set->type;

	if (value >= FLOW_WORD)
		return flow_word(r->f, var, value);
	for (int i = 0; i < t->words; i++)
		if (value == FLOW_UNSET || flow_value_of(r->f, var, t->word[i]) == FLOW_SET)
			return t->word[i];
	if (usual[t->kind] != NULL)
		return usual[t->kind];
	str_copy(out, SAMPLE, "5");
	for (int i = 0; i < SAMPLE / 2 && flow_value_of(r->f, var, out) != FLOW_SET; i++)
		str_format(out, SAMPLE, "%d", 50 + i);
	return out;
}

/* Only what a menu looks at is worth saying. */
static void
give(struct replay *r, const char *name, const char *value, bool told)
{
	if (!vars_set(&r->dlg.vars, name, value))
		r->lost = true;
	if (told)
		buf_addf(&r->answers, ",%s=%s", name, value);
}

static void
give_item(struct replay *r, const struct call_set *set, const char *outcome)
{
	char list[VARS_NAME], name[VARS_NAME], sample[SAMPLE];
	const char *field = strstr(set->name, ".i.");
	const struct call_set *next = set + 1;

	if (field == NULL) {
		bool some = next->name != NULL && strstr(next->name, ".i.") != NULL && call_sets_on(next, outcome);

		give(r, set->name, some ? "1" : "0", true);
		return;
	}
	if (str_copyn(list, sizeof list, set->name, (size_t)(field - set->name)) &&
	    str_format(name, sizeof name, "%s.1.%s", list, field + 3))
		give(r, name, sample_value(r, set, flow_var(r->f, list), FLOW_SET, sample), false);
}

static void
answer(struct replay *r, const struct call_set *set, const char *call, const char *outcome, int situation)
{
	const unsigned char *v = flow_values(r->f, situation);
	char sample[SAMPLE];

	buf_addf(&r->answers, "%s%s=%s", r->answers.len > 0 ? " " : "", call, outcome);
	for (; set->name != NULL; set++) {
		int var = call_sets_on(set, outcome) ? flow_var(r->f, set->name) : -1;
		bool with = set->how != SET_WITH || vars_has(&r->dlg.vars, set->with);
		const char *list = strchr(set->name, '.');

		if (!call_sets_on(set, outcome))
			continue;
		if (list != NULL)
			give_item(r, set, outcome);
		else if (set->how == SET_NOT || !with || (set->how == SET_PERHAPS && v[var] == FLOW_UNSET))
			vars_unset(&r->dlg.vars, set->name);
		else
			give(r, set->name, sample_value(r, set, var, v[var], sample),
			    r->f->var[var].compared && set->how != SET_WITH && strcmp(set->name, "authed") != 0);
	}
	feed(r, MENU_OUTCOME, outcome);
}

/* ---- one step ---- */

static struct screen
lay(struct replay *r, const struct menu_state *s)
{
	struct screen sc = { .text = NULL };

	screen_lay(s, &r->dlg, &r->env, r->dlg.page, &sc);
	return sc;
}

static void
choose(struct replay *r, const struct menu_state *s, int number)
{
	char key[16];
	int page = -1;

	while (lay(r, s).items < number && lay(r, s).more && r->dlg.page > page) {
		page = r->dlg.page;
		press(r, "98");
	}
	str_format(key, sizeof key, "%d", number);
	press(r, key);
}

static void
choose_option(struct replay *r, const struct menu_state *s, const struct menu_option *wanted)
{
	const struct menu_option *o;

	for (int i = 1; (o = screen_option(s, i, &r->dlg.vars)) != NULL; i++)
		if (o == wanted) {
			choose(r, s, i);
			return;
		}
	r->lost = true;
}

static void
confirm(struct replay *r, const struct menu_state *s, int edge, int situation)
{
	char pin[SAMPLE];

	while (lay(r, s).more && edge != ON_DECLINED) {
		int page = r->dlg.page;

		press(r, "98");
		if (r->dlg.page <= page)
			break;
	}
	r->lost = r->lost || !type_pin(r, pin);
	press(r, edge == ON_DECLINED ? "0" : pin);
	if (edge == ON_DECLINED && r->step.kind == STEP_DECLINE)
		feed(r, MENU_OUTCOME, "declined");
	else if (r->step.kind == STEP_ACCEPT)
		answer(r, confirm_sets, "confirm", confirm_edge_names[edge], situation);
	else
		r->lost = true;
}

static void
redial(struct replay *r)
{
	const char *state = menu_resume(r->f->m, &r->dlg);

	buf_addf(&r->keys, " *120#");
	vars_unset(&r->dlg.vars, "reset_ok");
	feed(r, state != NULL ? MENU_RESUME : MENU_BEGIN, state);
	if (state != NULL)
		press(r, "1");
}

static void
begin(struct replay *r, bool has_lang, bool has_chats)
{
	const struct tenant_settings *t = prove_tenant(r->f->env);

	str_copy(r->dlg.lang, sizeof r->dlg.lang, has_lang ? r->env.languages[0] : "");
	(void)vars_set(&r->dlg.vars, "phone", r->env.phone);
	(void)vars_set(&r->dlg.vars, "service_code", "*120#");
	(void)vars_set(&r->dlg.vars, "channel", r->f->env->by_sms ? "sms" : "ussd");
	(void)vars_set(&r->dlg.vars, "chats", has_chats ? "1" : "");
	(void)vars_set(&r->dlg.vars, "title", t != NULL ? t->title : "Wallet");
	(void)vars_set(&r->dlg.vars, "help_phone",
	    t != NULL && t->help_phone[0] != '\0' ? t->help_phone : "0800 123 456");
	feed(r, MENU_BEGIN, NULL);
}

static void
take(struct replay *r, int situation)
{
	const struct flow_situation *to = &r->f->at[situation];
	const struct menu_state *s = &r->f->m->state[r->f->at[to->from].state];
	const unsigned char *v = flow_values(r->f, situation);
	char typed[SAMPLE];
	bool fits;

	if (strcmp(r->dlg.state, s->name) != 0) {
		r->lost = to->action != FLOW_PASS;
		return;
	}
	switch (to->action) {
	case FLOW_OPTION:
		choose_option(r, s, &s->option[to->index]);
		break;
	case FLOW_ITEM:
		choose(r, s, 1);
		break;
	case FLOW_TYPED:
		fits = sample_answer(r, s, s->as != NULL ? v[flow_var(r->f, s->as)] : FLOW_SET, typed);
		r->lost = !fits || run(r, &s->accept, typed) != NULL;
		press(r, typed);
		break;
	case FLOW_OUTCOME:
		answer(r, s->call->sets, s->call->name, s->edge[to->index].name, situation);
		break;
	case FLOW_ANSWER:
	case FLOW_DECLINE:
		confirm(r, s, to->index, situation);
		break;
	case FLOW_REDIAL:
		redial(r);
		break;
	case FLOW_BACK:
	case FLOW_HOME:
		press(r, to->action == FLOW_BACK ? "0" : "00");
		break;
	default:
		break;
	}
}

static int
screen_septets(const struct prove_env *env)
{
	for (int i = 0; env->settings != NULL && i < env->settings->channels_n; i++) {
		const struct channel_settings *c = &env->settings->channels[i];

		if (c->tenant == env->tenant && c->max_septets > 0 &&
		    (env->by_sms ? channel_is_sms(c->kind) : channel_is_ussd(c->kind)))
			return c->max_septets;
	}
	return 160;
}

static void
init(struct replay *r, const struct flow *f)
{
	const struct tenant_settings *t = prove_tenant(f->env);

	memset(r, 0, sizeof *r);
	r->f = f;
	r->env = (struct menu_env){ .texts = f->env->texts, .text_env = { .country = "27", .utc_offset_s = 7200 },
	    .fallback_lang = f->env->languages[0], .languages = f->env->languages, .languages_n = f->env->languages_n,
	    .country = "27", .phone = "27821234567", .today = "20260301", .pin_length = t != NULL ? t->pin_length : 5,
	    .max_septets = screen_septets(f->env), .mac_key = no_key };
}

/* The engine is where the situation says, and the variable is as it says. */
static bool
arrived(const struct replay *r, int situation, const struct flow_use *unset)
{
	const struct menu_state *s = &r->f->m->state[r->f->at[situation].state];

	if (r->lost)
		return false;
	if (s->kind == MENU_BRANCH)
		return true;		/* passed at once: nothing stops there */
	return strcmp(r->dlg.state, s->name) == 0 &&
	    (unset == NULL || r->f->var[unset->var].is_list || !vars_has(&r->dlg.vars, r->f->var[unset->var].name));
}

static void
add_command(const struct replay *r, bool has_lang, struct buf *out)
{
	const struct flow *f = r->f;
	const struct tenant_settings *t = prove_tenant(f->env);

	buf_addf(out, "; try: isango dial -c %s --offline --menu %s --keys \"%s\"", f->env->config, f->m->name,
	    buf_str(&r->keys));
	if (r->answers.len > 0)
		buf_addf(out, " --answers \"%s\"", buf_str(&r->answers));
	if (t != NULL && f->env->settings->tenants_n > 1)
		buf_addf(out, " --tenant %s", t->name);
	if (!has_lang)
		buf_add_str(out, " --language none");
}

/* A way that only a chat goes; it cannot be dialled. */
static bool
in_chat(const struct flow *f, int situation)
{
	int by = flow_var(f, "channel"), chat = flow_value_of(f, by, "whatsapp");

	return chat >= FLOW_WORD && flow_values(f, situation)[by] == chat;
}

void
flow_add_keys(const struct flow *f, int situation, const struct flow_use *unset, struct buf *out)
{
	struct replay r;
	int path[PATH_MAX_STEPS], n = 0, at = situation, lang = flow_var(f, "lang");
	bool has_lang;

	for (; at >= 0 && n < PATH_MAX_STEPS; at = f->at[at].from)
		path[n++] = at;
	if (at >= 0 || f->env->config == NULL || in_chat(f, path[n - 1]))
		return;
	init(&r, f);
	/* Where it does not matter it is known, as it is when dialling offline. */
	has_lang = !flow_bits_has(&f->live_in[f->m->start], lang) || flow_values(f, path[n - 1])[lang] != FLOW_UNSET;
	begin(&r, has_lang, flow_values(f, path[n - 1])[flow_var(f, "chats")] >= FLOW_WORD);
	while (--n > 0 && !r.lost)
		take(&r, path[n - 1]);
	if (arrived(&r, situation, unset))
		add_command(&r, has_lang, out);
	buf_clear(&r.keys);
	buf_clear(&r.answers);
}
