/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shipped menu and texts: every state is walked, every screen and every token SMS fits in every
 * language.
 */
#include "core/money.h"
#include "core/phone.h"
#include "menu_player.h"

#define PAGE 160

struct wide { const char *name, *value; };

static const char *const wide_days[] = {
	"notice_at", "repeat_at", "locked_until", "reset_from", "sim_until", "tx_at", "pick_until", "until", "at"
};

/* The widest that each variable can be; of titles and names what is reasonable (doc/menus.md). */
static const struct wide wide_values[] = {
	{ "title", "Sebenza Savings Wallet A" },
	{ "help_phone", "0800 123 456" },
	{ "service_code", "*134*12345#" },
	{ "young_cap", "2400000" },
	{ "balance", "100000000" },
	{ "pending_total", "100000000" },
	{ "left", "2400000" },
	{ "limit_amount", "2400000" },
	{ "amount", "2400000" },
	{ "fee", "10000" },
	{ "min", "2400000" },
	{ "max", "2400000" },
	{ "step", "100000" },
	{ "tries_left", "3" },
	{ "pin_length", "5" },
	{ "tx_amount", "100000000" },
	{ "tx_sign", "-" },
	{ "pick_amount", "2400000" },
	{ "tx_text", "Transfer to a friend of the family for school fees and uniforms." },
	{ "to", "27821234567" },
	{ "to_phone", "263771234567" },
	{ "pick_phone", "263771234567" },
	{ "to_name", "T*** M*** M***" },
	{ "from", "2782***4567" },
	{ "token", "12345678901234567890" },
	{ "code", "123456" },
	{ "phone", "27821234567" },
};

static void
set_wide(struct player *p, struct vars *vars, const char *lang)
{
	const char *atm = texts_find(p->texts, lang, lang, "kind.ZA_PAYCORP_ATM");
	const char *pnp = texts_find(p->texts, lang, lang, "kind.ZA_PNP_CASH");
	const char *kind = strlen(atm) > strlen(pnp) ? atm : pnp;
	const char *reason[] = { "reason.short", "reason.barred", "reason.limit", "reason.refused",
		"reason.expired", "reason.unknown", "reason.busy" };
	const char *widest = "";
	struct texts_env env = p->env.text_env;
	char day[24];

	memset(vars, 0, sizeof *vars);
	texts_manner(p->texts, lang, &env);
	str_format(day, sizeof day, "%lld", (long long)texts_widest_day(&env));
	for (size_t i = 0; i < NELEM(wide_days); i++)
		assert_true(vars_set(vars, wide_days[i], day));
	for (size_t i = 0; i < NELEM(wide_values); i++)
		assert_true(vars_set(vars, wide_values[i].name, wide_values[i].value));
	for (size_t i = 0; i < NELEM(reason); i++) {
		const char *text = texts_find(p->texts, lang, lang, reason[i]);

		assert_non_null(text);
		widest = strlen(text) > strlen(widest) ? text : widest;
	}
	assert_true(vars_set(vars, "reason_text", widest));
	assert_true(vars_set(vars, "kind_name", kind));
	assert_true(vars_set(vars, "pick_kind", kind));
	for (int i = 1; i <= 12; i++) {
		assert_true(vars_set_item(vars, "pending", i, "amount", "2400000"));
		assert_true(vars_set_item(vars, "pending", i, "phone", "27821234567"));
		assert_true(vars_set_item(vars, "tx", i, "at", day));
		assert_true(vars_set_item(vars, "tx", i, "amount", "2400000"));
		assert_true(vars_set_item(vars, "tx", i, "sign", "-"));
	}
	assert_true(vars_set(vars, "pending.n", "12"));
	assert_true(vars_set(vars, "tx.n", "12"));
	assert_true(vars_set(vars, "kind.n", "2"));
	assert_true(vars_set_item(vars, "kind", 1, "name", atm));
	assert_true(vars_set_item(vars, "kind", 2, "name", pnp));
}

/* Lists may go on; anything else is one page, so that nothing is overlooked. */
static void
lay_all(struct player *p, const struct menu_state *s, const char *say)
{
	char text[MENU_SCREEN];
	struct screen sc = { .text = text };
	int page = 0;

	str_copy(p->dlg.problem, sizeof p->dlg.problem, say);
	p->dlg.back_n = strcmp(s->name, "main") != 0;
	do {
		screen_lay(s, &p->dlg, &p->env, page++, &sc);
		if (gsm_septets(text) < 0 || gsm_septets(text) > PAGE)
			fail_msg("%s (%s) in %s: %d septets:\n%s", s->name, say, p->dlg.lang,
			    gsm_septets(text), text);
		if (strstr(text, "{") != NULL)
			fail_msg("%s: a placeholder was left: %s", s->name, text);
	} while (sc.more && page < 9);
	if (page > 1 && s->list == NULL)
		fail_msg(
		    "%s (%s) in %s takes %d pages:\n%s", s->name, say, p->dlg.lang, page, text);
}

static void
lay_says(struct player *p, const struct menu_edge *e, const struct menu *m)
{
	static const char *const asked[] = { "kyc.id", "kyc.selfie", "kyc.address" };

	if (e->say != NULL && m->state[e->to].kind != MENU_CALL &&
	    m->state[e->to].kind != MENU_BRANCH)
		lay_all(p, &m->state[e->to], e->say);
	else if (e->say != NULL && strcmp(m->state[e->to].name, "kyc.again") == 0)
		for (size_t i = 0; i < NELEM(asked); i++)
			lay_all(p, menu_find(m, asked[i], strlen(asked[i])), e->say);
	else if (e->say != NULL)
		lay_all(p, menu_find(m, "main", 4), e->say);
}

static void
test_screens_fit(void **state)
{
	struct player p;

	(void)state;
	player_shipped(&p);
	for (size_t l = 0; l < NELEM(player_languages); l++) {
		player_begin(&p);
		str_copy(p.dlg.lang, sizeof p.dlg.lang, player_languages[l]);
		set_wide(&p, &p.dlg.vars, p.dlg.lang);
		for (int i = 0; i < p.menu->state_n; i++) {
			const struct menu_state *s = &p.menu->state[i];

			if (s->kind != MENU_CALL && s->kind != MENU_BRANCH)
				lay_all(&p, s, "");
			for (size_t k = 0; s->kind == MENU_ASK && k < NELEM(s->accept.row->reasons);
			     k++)
				if (s->accept.row->reasons[k] != NULL)
					lay_all(&p, s, s->accept.row->reasons[k]);
			if (s->kind == MENU_CONFIRM) {
				lay_all(&p, s, "error.pin");
				lay_all(&p, s, "error.pin_wrong");
			}
			for (int k = 0; k < s->edge_n; k++)
				lay_says(&p, &s->edge[k], p.menu);
			lay_says(&p, &s->go, p.menu);
		}
	}
	player_clear(&p);
}

/* Lists of words and lines of the menu by SMS are no messages. */
static bool
is_message(const char *key)
{
	return str_starts(key, "sms.") && !str_starts(key, "sms.word.") &&
	    (!str_starts(key, "sms.menu.") || strcmp(key, "sms.menu.how") == 0);
}

static void
one_part(struct player *p, const char *lang, const char *key, const struct vars *vars)
{
	const char *t = texts_find(p->texts, lang, "", key);
	struct texts_env env = p->env.text_env;
	char text[1024] = "";

	texts_manner(p->texts, lang, &env);
	if (t == NULL || !texts_fill(t, vars, &env, text, sizeof text) || gsm_septets(text) < 0 ||
	    sms_parts(text) != 1 || strchr(text, '{') != NULL)
		fail_msg("%s in %s: %d septets: %s", key, lang, gsm_septets(text), text);
}

static void
test_messages_fit(void **state)
{
	static char en[PLAYER_FILE];
	struct buf problems = { 0 };
	size_t size = player_read("templates/en.json", en);
	struct jsondoc *d = jsondoc_parse("en.json", en, size, &problems);
	struct player p;
	struct vars vars;
	const char *key;
	json_t *v;
	int n = 0;

	(void)state;
	assert_non_null(d);
	player_shipped(&p);
	for (size_t l = 0; l < NELEM(player_languages); l++) {
		const char *lang = player_languages[l];

		set_wide(&p, &vars, lang);
		json_object_foreach(jsondoc_root(d), key, v)
			if (is_message(key)) {
				one_part(&p, lang, key, &vars);
				n++;
			}
		/* Of cash-out only. */
		assert_true(vars_set(&vars, "reason_text", texts_find(p.texts, lang, "", "reason.closed")));
		one_part(&p, lang, "sms.result.withdrawal.not_done", &vars);
	}
	assert_true(n > 25 * (int)NELEM(player_languages));
	player_clear(&p);
	jsondoc_free(d);
	buf_clear(&problems);
}

static void
has_placeholders(const struct player *p, const char *key, const char *in, const char *of)
{
	const char *text = texts_find(p->texts, of, of, key), *there = texts_find(p->texts, in, in, key);
	struct texts_placeholder ph, other;

	while ((text = texts_placeholder(text, &ph)) != NULL) {
		const char *at = there;

		while ((at = texts_placeholder(at, &other)) != NULL &&
		    (strcmp(ph.name, other.name) != 0 || strcmp(ph.format, other.format) != 0))
			;
		if (at == NULL)
			fail_msg("%s shows {%s:%s} in %s, not in %s", key, ph.name, ph.format, of, in);
	}
}

static void
same_placeholders(void *arg, const char *key)
{
	for (size_t l = 1; l < NELEM(player_languages); l++) {
		has_placeholders(arg, key, player_languages[l], "en");
		has_placeholders(arg, key, "en", player_languages[l]);
	}
}

/* All languages have the same texts with the same placeholders, and say how they write amounts and months. */
static void
test_languages_agree(void **state)
{
	struct buf problems = { 0 };
	struct player p;

	(void)state;
	player_shipped(&p);
	for (size_t l = 1; l < NELEM(player_languages); l++) {
		(void)!texts_complete(p.texts, player_languages[l], "en", &problems);
		(void)!texts_complete(p.texts, "en", player_languages[l], &problems);
		assert_non_null(texts_find(p.texts, player_languages[l], "", "format.months"));
	}
	assert_string_equal(buf_str(&problems), "");
	texts_each(p.texts, "en", same_placeholders, &p);
	player_clear(&p);
	buf_clear(&problems);
}

static const char *
shown(const struct player *p, const char *lang, const char *text, const char *value)
{
	static char out[64];
	struct texts_env env = p->env.text_env;
	struct vars v = { 0 };

	texts_manner(p->texts, lang, &env);
	assert_true(vars_set(&v, "x", value));
	assert_true(texts_fill(text, &v, &env, out, sizeof out));
	assert_true(gsm_septets(out) > 0);
	return out;
}

/* What a screen shows can be typed again, on another day in another language, and means the same. */
static void
test_what_is_shown_can_be_typed(void **state)
{
	static const char *const phones[] = { "27821234567", "263771234567", "26657123456" };
	struct player p;
	char value[24], phone[PHONE_MAX];

	(void)state;
	player_shipped(&p);
	for (size_t l = 0; l < NELEM(player_languages); l++) {
		const char *lang = player_languages[l];
		int64_t cents;

		for (int64_t c = 1; c <= MONEY_MAX; c = c * 7 / 3 + 1) {
			str_format(value, sizeof value, "%lld", (long long)c);
			assert_true(money_parse(shown(&p, lang, "{x:money}", value), &cents));
			assert_int_equal(cents, c);
			assert_true(money_parse(shown(&p, lang, "{x:money}", value) + 1, &cents));
			assert_int_equal(cents, c);
		}
		for (size_t i = 0; i < NELEM(phones); i++) {
			assert_true(phone_parse(shown(&p, lang, "{x:phone}", phones[i]), "27", phone));
			assert_string_equal(phone, phones[i]);
		}
	}
	player_clear(&p);
}

/* A month is never taken for another one, whatever else the customer reads: none is named as another one elsewhere. */
static void
test_months_are_told_apart(void **state)
{
	static const struct { const char *lang, *date, *money; } rows[] = {
		{ "en", "5 Jun", "R1 234.50" }, { "zu", "5 Jun", "R1 234.50" }, { "af", "5 Jun", "R1 234,50" },
		{ "xh", "5 Jun", "R1 234.50" }, { "st", "5 Phupjane", "R1 234.50" }, { "nso", "5 Jun", "R1 234.50" },
		{ "tn", "5 Seete", "R1 234.50" },
	};
	char month[12][NELEM(player_languages)][16];
	struct player p;

	(void)state;
	player_shipped(&p);
	for (size_t l = 0; l < NELEM(rows); l++) {
		assert_string_equal(shown(&p, rows[l].lang, "{x:date}", "1780653600000"), rows[l].date);
		assert_string_equal(shown(&p, rows[l].lang, "{x:money}", "123450"), rows[l].money);
		for (int m = 0; m < 12; m++) {
			char day[9];

			str_format(day, sizeof day, "2026%02d11", m + 1);
			str_copy(month[m][l], sizeof *month[m], shown(&p, player_languages[l], "{x:day}", day));
		}
	}
	for (int m = 0; m < 12 * 12; m++)
		for (size_t a = 0; a < NELEM(rows); a++)
			for (size_t b = 0; b < NELEM(rows); b++)
				if (m / 12 != m % 12 && strcmp(month[m / 12][a], month[m % 12][b]) == 0)
					fail_msg("%s is one thing in %s and another in %s", month[m / 12][a],
					    player_languages[a], player_languages[b]);
	player_clear(&p);
}

/* ---- walks */

static bool seen[256];

static void
mark(struct player *p)
{
	const struct menu_state *s = menu_find(p->menu, p->dlg.state, strlen(p->dlg.state));

	assert_non_null(s);
	seen[s - p->menu->state] = true;
	if (p->step.kind == STEP_SHOW || p->step.kind == STEP_END)
		assert_true(p->step.text[0] != '\0');
}

#define TO_LINK CUSTOMER "|$chats=1|>7|<more|>5|" PIN "|<link.code|>12345678|<link.do"
#define TO_KYC CUSTOMER "|$channel=whatsapp|>7|<more|>5|" PIN "|<kyc"
#define CUSTOMER "=found|<main"
#define PIN ">7391|<private.check|$authed=1|=ok"
#define TO_SEND CUSTOMER "|>2|<send|=open|<send.to|>083 444 5566|=found|<send.amount|>50|<send.check"
#define TO_PIN TO_SEND "|=ok|<send.confirm|>7391"
#define KINDS "$kind.n=1|$kind.1.type=ZA_PNP_CASH|$kind.1.name=Pick n Pay|=done|<cash.kind|>1" \
	"|<cash.who"
#define TO_CASH CUSTOMER "|>3|<cash|" KINDS "|>1|<cash.amount|>100|<cash.check"
#define TO_OTHER CUSTOMER "|>3|" KINDS "|>2|<cash.phone|>0834445566|<cash.phone2|>0834445566" \
	"|<cash.amount|>100|=ok"
#define CODES CUSTOMER "|>4|" PIN "|<codes|$pending.n=1|$pending.1.id=w9" \
	"|$pending.1.amount=5000|=done|<codes.list|>1|<codes.one"
#define JOIN "=not_found|<join|>1|<join.first|>Thandi|<join.surname|>Mbeki|<join.doc"
#define JOIN_PIN JOIN "|>1|<join.id|>8001015009087|<join.check|=free|<join.consent|>1" \
	"|<join.pin|>8264|<join.pin2|>8264|<join.create"
#define FORGOT CUSTOMER "|>7|<more|>4|<forgot.id|>8001015009087|<forgot.start"
#define FORGOT_PIN FORGOT "|=ready|<forgot.pin|>8264|<forgot.pin2|>8264|<forgot.set"
#define ACTIVATE "=no_pin|<activate|>1|<activate.id|>8001015009087|<activate.start|=sent" \
	"|<activate.code|>12345|<activate.pin|>8264|<activate.pin2|>8264|<activate.finish"

/* Each begins where the language is known and customer.find is being asked. */
static const char *const walks[] = {
	"=barred|<barred",
	"=failed|<sorry",
	"$notice=done|" CUSTOMER,
	"$notice=not_done|" CUSTOMER,
	"$notice=checking|" CUSTOMER,
	"$notice=opened|" CUSTOMER,
	"$notice=not_opened|=not_found|<join",
	JOIN_PIN "|=done|<main",
	JOIN_PIN "|=taken|<join.taken",
	JOIN_PIN "|=refused|<join.refused",
	JOIN_PIN "|=later|<join.later",
	JOIN_PIN "|=failed|<join.retry|>1|<join.pin|>00|<join",
	JOIN_PIN "|=failed|>2|<join.stop",
	JOIN "|>2|<join.passport|>a1234567|<join.birth|>24031990|<join.check|=failed|<join.again"
	     "|>1|=taken|<join.taken",
	JOIN "|>1|>8001015009087|=free|>2|<join.stop",
	"=not_found|>2|<language|>2|<language.set|=done|<join",
	"=not_found|>3|<help|>0|<join",
	ACTIVATE "|=done|<main",
	ACTIVATE "|=wrong_code|<activate.code",
	ACTIVATE "|=blocked|<activate.blocked",
	ACTIVATE "|=failed|<sorry",
	"=no_pin|>1|>8001015009087|=no_match|<activate.id",
	CUSTOMER "|>1|<private.pin|>7391|=wrong|<private.pin|" PIN
		 "|<balance|=done|<balance.show|>1|<statement",
	CUSTOMER "|>1|" PIN "|$pending_total=5000|=done|<balance.pending|>1|<codes",
	CUSTOMER "|>1|" PIN "|=done|<balance.show|>0|<main|>1|<balance",
	CUSTOMER "|>1|>7391|=locked|<pin.locked",
	CUSTOMER "|>1|>7391|=failed|<sorry",
	CUSTOMER "|>5|" PIN "|<statement|$tx.n=2|$tx.2.at=1774353600000|=done|<statement.list|>2"
		 "|<statement.one|>0|<statement.list|>00|<main|>5|<statement|=empty"
		 "|<statement.none",
	CUSTOMER "|>6|" PIN "|<limit|=done|<limit.show|>00|<main",
	CUSTOMER "|>7|<more|>1|" PIN "|<pin.new|>8264|<pin.new2|>8264|<pin.change|=done|<main",
	CUSTOMER "|>7|>1|" PIN "|>8264|>8264|=failed|<pin.unchanged",
	CUSTOMER "|>7|>1|" PIN "|>8264|>8264|=unsure|<pin.unsure",
	FORGOT "|=sent|<forgot.code|>123456|<forgot.wait|=waiting|<forgot.waiting",
	FORGOT "|=sent|>123456|=wrong_code|<forgot.code|>123456|=blocked|<activate.blocked",
	FORGOT "|=sent|>123456|=failed|<sorry",
	FORGOT "|=waiting|<forgot.waiting",
	FORGOT "|=no_match|<forgot.id|>8001015009087|=blocked|<activate.blocked",
	FORGOT "|=failed|<sorry",
	FORGOT_PIN "|=done|<main",
	FORGOT_PIN "|=failed|<forgot.not_set",
	FORGOT_PIN "|=unsure|<forgot.unsure",
	CUSTOMER "|>7|>3|<help",
	CODES "|>1|<codes.resend|=done|<main",
	CODES "|>1|=too_many|<main",
	CODES "|>1|=failed|<main",
	CODES "|>2|<codes.sure|>2|<codes.one|>2|>1|<codes.cancel|=done|<main",
	CODES "|>2|>1|=refused|<main",
	CODES "|>2|>1|=later|<later",
	CODES "|>2|>1|=failed|<sorry",
	CUSTOMER "|>4|" PIN "|=empty|<codes.none|>1|<cash|=none|<cash.none",
	TO_PIN "|=accepted|<send.do|=done|<send.done",
	TO_PIN "|=accepted|=later|<later",
	TO_PIN "|=accepted|$reason=short|=refused|<refused",
	TO_PIN "|=accepted|=refused|<refused",
	TO_PIN "|=wrong|<send.confirm|>0|=declined|<main",
	TO_PIN "|=locked|<pin.locked",
	TO_PIN "|=failed|<confirm.failed",
	TO_PIN "|=busy|<busy",
	TO_PIN "|=lapsed|<confirm.lapsed",
	TO_SEND "|=repeat|<send.repeat|>1|<send.confirm",
	TO_SEND "|=repeat|>2|<main",
	TO_SEND "|=short|<send.amount",
	TO_SEND "|=refused|<refused",
	TO_SEND "|=busy|<busy",
	CUSTOMER "|>2|=busy|<busy",
	CUSTOMER "|>2|=off|<money.off",
	CUSTOMER "|>2|=open|>0834445566|=failed|<unpaid",
	CUSTOMER "|>2|=open|>0834445566|=not_found|<send.to|>0834445566|=self|<send.to|>0834445566"
		 "|=barred|<send.to|>0834445566|=too_many|<send.too_many",
	TO_CASH "|=ok|<cash.confirm|>7391|=accepted|<cash.do|=done|<cash.done",
	CUSTOMER "|>3|<cash|=closed|<cash.closed",
	CUSTOMER "|>3|=busy|<busy",
	CUSTOMER "|>3|=off|<money.off",
	TO_CASH "|=closed|<cash.closed",
	TO_CASH "|=failed|<unpaid",
	TO_CASH "|=ok|>7391|=accepted|$reason=closed|=refused|<refused",
	TO_CASH "|=ok|>7391|=accepted|=limit|<cash.limit_own",
	TO_OTHER "|>7391|=accepted|=limit|<cash.limit_other",
	TO_CASH "|=capped|<cash.capped",
	TO_KYC "|>1|<kyc.id|*|<kyc.send|=done|<kyc|>2|<kyc.selfie|*|=gone|<kyc.selfie|*|$refusal=face|=refused|<kyc.selfie",
	TO_KYC "|>3|<kyc.address|>hello|<kyc.address|*|=too_big|<kyc.address|*|=failed|<kyc.address",
	TO_KYC "|>4|<kyc.check|=failed|<kyc|>4|=started|<kyc.started",
	TO_LINK "|=wrong|<link.code|>12345678|=done|<link.done",
	TO_LINK "|=failed|<sorry",
	TO_CASH "|=step|<cash.amount|>1|=small|<cash.amount|>1|=large|<cash.amount|>1|=short"
		"|<cash.amount|>1|=repeat|<cash.repeat|>1|<cash.confirm|>00|=declined|<main",
};

static void
test_every_state_is_walked(void **state)
{
	struct player p;

	(void)state;
	player_shipped(&p);
	p.on_step = mark;
	memset(seen, 0, sizeof seen);
	player_begin(&p);
	player_play(&p, "<language.first|>2|<language.save|=done|<find");
	assert_string_equal(p.dlg.lang, "zu");
	for (size_t i = 0; i < NELEM(walks); i++) {
		player_begin(&p);
		player_play(&p, walks[i]);
	}
	for (int i = 0; i < p.menu->state_n; i++)
		if (!seen[i] && p.menu->state[i].kind != MENU_BRANCH)
			fail_msg("no walk came to %s", p.menu->state[i].name);
	player_clear(&p);
}

/* All on one screen; where a channel has less room the digits stay the same. */
static void
test_choice_of_language(void **state)
{
	static const int rooms[] = { 160, 60 };
	struct player p;

	(void)state;
	player_shipped(&p);
	for (size_t r = 0; r < NELEM(rooms); r++)
		for (size_t l = 0; l < NELEM(player_languages); l++) {
			char digit[2] = { (char)('1' + l), '\0' };
			const char *name = texts_find(p.texts, player_languages[l], "", "language.name");

			memset(&p.dlg, 0, sizeof p.dlg);
			p.env.max_septets = rooms[r];
			player_begin(&p);
			player_play(&p, "<language.first");
			for (int page = 0; page < 5 && strstr(p.step.text, name) == NULL; page++) {
				assert_int_not_equal(rooms[r], 160);
				player_play(&p, ">98");
			}
			assert_non_null(strstr(p.step.text, name));
			player_input(&p, MENU_TEXT, digit);
			player_play(&p, "<language.save|=done");
			assert_string_equal(p.dlg.lang, player_languages[l]);
		}
	player_clear(&p);
}

static void
test_money_screens(void **state)
{
	struct player p;

	(void)state;
	player_shipped(&p);
	str_copy(p.dlg.lang, sizeof p.dlg.lang, "en");
	player_begin(&p);
	player_play(&p, "$title=Acme Wallet|$notice=done|$notice_at=1774353720000|=found");
	assert_string_equal(p.step.text,
	    "Your payment of 14:02 went through.\nAcme Wallet\n1. Balance\n2. Send money\n"
	    "3. Cash out\n4. My codes\n5. Statement\n6. My limit\n7. More");
	player_play(&p, ">2|=open|>0821234567|$to_name=T*** M***|=found|>50|$fee=100|=ok");
	assert_string_equal(p.step.text,
	    "Send R50.00 + R1.00 fee to T*** M*** 082 123 4567. Enter your PIN to pay, 0 to "
	    "cancel.");
	assert_int_equal(p.step.kind, STEP_SHOW);
	assert_string_equal(p.step.intent, "transfer");
	assert_true(menu_confirming(p.menu, &p.dlg));
	player_play(&p, ">7391");
	assert_int_equal(p.step.kind, STEP_ACCEPT);
	assert_string_equal(p.step.secret, "7391");
	player_play(&p, "=accepted");
	assert_string_equal(p.step.call, "transfer");
	assert_string_equal(p.step.secret, "");
	player_clear(&p);
}

static unsigned
pick(unsigned *seed, unsigned n)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % n;
}

static const char *
any_outcome(const struct player *p, unsigned *seed)
{
	static const char *const confirm[] = { "accepted", "wrong", "locked", "lapsed", "busy",
		"failed" };
	const struct call_row *row = p->step.kind == STEP_CALL ? call_find(p->step.call) : NULL;
	unsigned n = 0;

	if (p->step.kind == STEP_DECLINE)
		return "declined";
	if (row == NULL)
		return confirm[pick(seed, NELEM(confirm))];
	while (row->outcomes[n] != NULL)
		n++;
	return row->outcomes[pick(seed, n)];
}

static void
check_step(const struct player *p, bool was_pin_accepted)
{
	const struct call_row *row = p->step.kind == STEP_CALL ? call_find(p->step.call) : NULL;
	bool shows = p->step.kind == STEP_SHOW || p->step.kind == STEP_END;

	assert_int_equal(shows, p->step.text[0] != '\0');
	if (shows && gsm_septets(p->step.text) > PAGE)
		fail_msg("%s: %s", p->dlg.state, p->step.text);
	if (row != NULL && row->intent)
		assert_true(was_pin_accepted);
	assert_int_equal(p->step.secret[0] != '\0',
	    p->step.kind == STEP_ACCEPT || (row != NULL && row->wants_secret));
	assert_null(memmem(&p->dlg, sizeof p->dlg, "7391", 4));
	assert_true(vars_valid(&p->dlg.vars));
}

/* The state wants a PIN, old or new. */
static bool
wants_pin(const struct player *p)
{
	const struct menu_state *s = menu_find(p->menu, p->dlg.state, strlen(p->dlg.state));

	return s->kind == MENU_CONFIRM || (s->kind == MENU_ASK &&
	    (s->accept.row->secret || strcmp(s->accept.row->name, "new_pin") == 0));
}

/* Whatever is typed and answered: screens fit, PINs stay out, and only a confirm moves money. */
static void
test_random_walks(void **state)
{
	static const char *const typed[] = { "1", "2", "3", "4", "5", "6", "7", "0", "00", "98", "",
		"0834445566", "0821234567", "Thandi", "8001015009087", "A1234567", "24031990",
		"100", "50.00", "12345", "Zo\xc3\xab", "*120*384#" };
	struct player p;
	unsigned seed = 1;

	(void)state;
	player_shipped(&p);
	for (int walk = 0; walk < 400; walk++) {
		bool accepted = false;

		memset(&p.dlg, 0, sizeof p.dlg);
		player_begin(&p);
		set_wide(&p, &p.dlg.vars, "en");
		for (int i = 0; i < 60 && p.step.kind != STEP_END; i++) {
			bool waits = p.step.kind == STEP_SHOW;
			bool accepts = p.step.kind == STEP_ACCEPT;
			const char *in = waits ? typed[pick(&seed, NELEM(typed))] :
			    any_outcome(&p, &seed);

			if (wants_pin(&p) && waits && pick(&seed, 2) == 0)
				in = "7391";
			accepted = accepts && strcmp(in, "accepted") == 0;
			if (strcmp(in, "ok") == 0)
				player_set(&p, "authed=1");
			player_input(&p, waits ? MENU_TEXT : MENU_OUTCOME, in);
			check_step(&p, accepted);
		}
	}
	player_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_screens_fit),
		cmocka_unit_test(test_messages_fit),
		cmocka_unit_test(test_languages_agree),
		cmocka_unit_test(test_what_is_shown_can_be_typed),
		cmocka_unit_test(test_months_are_told_apart),
		cmocka_unit_test(test_every_state_is_walked),
		cmocka_unit_test(test_choice_of_language),
		cmocka_unit_test(test_money_screens),
		cmocka_unit_test(test_random_walks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
