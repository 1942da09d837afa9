/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the proof of sizes says of menus that are too large in one place, of the shipped ones, and whether what it calls
 * safe is: random menus, walked by the engine with random values.
 */
#include "menu_player.h"

#include "core/menu_size.h"

static struct channel_settings channels[3];
static struct tenant_settings tenant;
static struct bind_settings binds;
static struct settings settings;
static struct prove_env env;

static void
set_channel(int i, enum channel_kind kind, const char *name, int septets)
{
	channels[i] = (struct channel_settings){ .kind = kind, .bind = kind == CHANNEL_USSD_HTTP ? -1 : 0,
	    .max_septets = septets };
	str_copy(channels[i].name, sizeof channels[i].name, name);
	str_copy(channels[i].service_codes[0], sizeof channels[i].service_codes[0], "*134*12345#");
	channels[i].service_codes_n = kind != CHANNEL_SMS_SMPP;
	channels[i].inbound_n = kind == CHANNEL_SMS_SMPP;
}

static void
set_env(const struct player *p, int languages)
{
	memset(&tenant, 0, sizeof tenant);
	str_copy(tenant.name, sizeof tenant.name, "acme");
	str_copy(tenant.title, sizeof tenant.title, "Sebenza Savings Wallet A");
	str_copy(tenant.country, sizeof tenant.country, "27");
	str_copy(tenant.help_phone, sizeof tenant.help_phone, "0800 123 456");
	set_channel(0, CHANNEL_USSD_SMPP, "wide", 182);
	set_channel(1, CHANNEL_USSD_HTTP, "narrow", 160);
	set_channel(2, CHANNEL_SMS_SMPP, "inbox", 160);
	binds.parts_max = 8;
	tenant.kinds_n = 2;
	str_copy(tenant.kinds[0].name, sizeof tenant.kinds[0].name, "kind.ZA_PAYCORP_ATM");
	str_copy(tenant.kinds[1].name, sizeof tenant.kinds[1].name, "kind.ZA_PNP_CASH");
	settings = (struct settings){ .channels = channels, .channels_n = 3, .binds = &binds, .binds_n = 1,
	    .tenants = &tenant, .tenants_n = 1 };
	env = (struct prove_env){ .texts = p->texts, .languages = player_languages, .languages_n = languages,
		.settings = &settings };
}

/* ---- mistakes ---- */

#define END "'e': { 'end': 'e' }"
#define CONFIRM "'confirm': 'pay', 'intent': 'transfer', 'pin': true, 'accepted': 'do', 'declined': 'e', " \
	"'locked': 'e', " \
	"'failed': 'e', 'busy': 'e', 'lapsed': 'e' }, " \
	"'do': { 'call': 'transfer', 'on': { 'done': 'e', 'refused': 'e', 'later': 'e' } }"
#define LETTERS "abcdefghi abcdefghi abcdefghi abcdefghi abcdefghi "
#define HUNDRED LETTERS LETTERS
#define HIDDEN(value) "{ 'text': 'a', 'go': 'e', 'when': { 'x': '" value "' } }"
#define SOLID "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghij"

static const struct mistake {
	const char *texts;		/* over the small ones, on line 2 */
	const char *states;
	const char *says;		/* NULL: nothing */
} mistakes[] = {
	{ "'q': 'Short'", "'start': { 'ask': 'q', 'as': 'to', 'accept': { 'phone': {} }, 'go': 'e' }, " END, NULL },
	/* A confirm is one page, with the reason on top. */
	{ "'pay': '" HUNDRED "{amount:money}'", "'start': { 'ask': 'q', 'as': 'amount', 'accept': { 'money': { 'max': "
	    "'5000.00' } }, 'go': 'c' }, 'c': { " CONFIRM ", " END, NULL },
	{ "'pay': '" HUNDRED "{amount:money} abcdefghi abcdefghi abcdefghi abcdefghi'", "'start': { 'ask': 'q', 'as': "
	    "'amount', 'accept': { 'money': {} }, 'go': 'c' }, 'c': { " CONFIRM ", " END,
	    "over.json:2: the screen of \"c\" on channel \"narrow\" (160 septets) takes 2 pages with the widest "
	    "values, and "
	    "may take 1: a PIN counts only under the whole text; shorten it" },
	/* What a `say` puts on top counts, also behind a branch. */
	{ "'pay': '" HUNDRED "', 'say': '" HUNDRED "'", "'start': { 'ask': 'q', 'as': 'x', 'accept': { 'phone': {} "
	    "}, 'go': "
	    "{ 'go': 'b', 'say': 'say' } }, 'b': { 'branch': 'x', 'on': { 'y': 'c' }, 'else': 'c' }, 'c': { "
	    "" CONFIRM ", "
	    END, "on channel \"wide\" (182 septets) takes 2 pages" },
	/* A name may need UCS-2. */
	{ "'pay': 'Pay {to_name} " HUNDRED HUNDRED "'", "'start': { 'call': 'send.find', 'on': { 'found': 'c', "
	    "'not_found': "
	    "'e', 'self': 'e', 'barred': 'e', 'too_many': 'e', 'failed': 'e' } }, 'c': { " CONFIRM ", " END,
	    "takes 4 pages when a name in it needs UCS-2, and may take 3" },
	{ "'pay': 'Pay {to_name} " HUNDRED HUNDRED "', 'gsm_safe': ['pay']", "'start': { 'call': 'send.find', 'on': { "
	    "'found': 'c', 'not_found': 'e', 'self': 'e', 'barred': 'e', 'too_many': 'e', 'failed': 'e' } }, 'c': { "
	    CONFIRM ", " END, "may take 1: a PIN" },
	{ "'e': '" HUNDRED HUNDRED HUNDRED HUNDRED "'", "'start': { 'choose': 't', 'options': [ { 'text': 'a', 'go': "
	    "'e' } ] "
	    "}, " END, "the screen of \"e\" on channel \"narrow\" (160 septets) takes 3 pages with the widest "
	    "values, and may "
	    "take 2; shorten it" },
	/* A copy is as wide as what it copies. */
	{ "'e': '{y} {y} {y} {y} {y} {y} {y} {y} {y} {y}'", "'start': { 'ask': 'q', 'as': 'x', 'accept': { 'text': { "
	    "'max': "
	    "40 } }, 'go': { 'go': 'e', 'set': { 'y': '{x}' } } }, " END, "the screen of \"e\"" },
	{ "'e': '{y} {y} {y} {y} {y} {y} {y} {y} {y} {y}'", "'start': { 'ask': 'q', 'as': 'x', 'accept': { 'text': { "
	    "'max': "
	    "10 } }, 'go': { 'go': 'e', 'set': { 'y': '{x}' } } }, " END, NULL },
	/* Brackets take two septets, and a text may be full of them. */
	{ "'e': '{y} {y} {y} {y} {y} {y} {y} {y} {y} {y}'", "'start': { 'ask': 'q', 'as': 'x', 'accept': { 'text': { "
	    "'max': "
	    "25 } }, 'go': { 'go': 'e', 'set': { 'y': '{x}' } } }, " END, "the screen of \"e\"" },
	/* Where there is something to go back to, that takes room too. */
	{ "'q': '" SOLID SOLID SOLID SOLID SOLID "abcdefghijabcdefghijabcdefghijabcdefghija'",
	    "'start': { 'ask': 'q', 'as': "
	    "'x', 'accept': { 'name': {} }, 'go': 'start' }", NULL },
	{ "'q': '" SOLID SOLID SOLID SOLID SOLID "abcdefghijabcdefghijabcdefghijabcdefghija'",
	    "'start': { 'ask': 't', 'as': "
	    "'x', 'accept': { 'name': {} }, 'go': 'd' }, 'd': { 'ask': 'q', 'as': 'x', 'accept': { 'name': {} }, 'go': "
	    "'start' }", "the screen of \"d\" on channel \"narrow\" (160 septets) takes 3 pages" },
	/* Options that hide each other are not counted together. */
	{ "'a': '" LETTERS "abcdefghij', 'long': '" LETTERS "abcdefghij'", "'start': { 'ask': 'q', 'as': 'x', "
	    "'accept': { 'choice': { 'of': ['1', '2'] } }, 'go': 'd' }, 'd': { 'choose': 'long', 'options': [ "
	    HIDDEN("1") ", " HIDDEN("1") ", " HIDDEN("1") ", " HIDDEN("2") ", " HIDDEN("2") ", " HIDDEN("2") ", "
	    HIDDEN("2") " ] }, " END, NULL },
	{ "'a': '" LETTERS "abcdefghij', 'long': '" LETTERS "abcdefghij'", "'start': { 'ask': 'q', 'as': 'x', "
	    "'accept': { 'choice': { 'of': ['1', '2'] } }, 'go': 'd' }, 'd': { 'choose': 'long', 'options': [ "
	    HIDDEN("2") ", " HIDDEN("1") ", " HIDDEN("2") ", " HIDDEN("2") ", " HIDDEN("2") ", " HIDDEN("2") ", "
	    HIDDEN("2") " ] }, " END, "the screen of \"d\" on channel \"wide\" (182 septets) takes 4 pages" },
	{ "'nav.more': '" HUNDRED "98', 'nav.back': '" HUNDRED "'", "'start': { 'choose': 'long', 'options': [ { "
	    "'text': 'a', "
	    "'go': 'start' } ] }", "has a page of" },
	{ "'a': '" LETTERS "abcdefghi abcdefghi abc'", "'start': { 'choose': 't', 'options': [ { 'text': 'a', 'go': "
	    "'e' } ] "
	    "}, " END, "over.json:2: \"a\" of \"start\" has 73 characters with the widest values; WhatsApp shows 72" },
	{ "'error.busy': '" HUNDRED LETTERS "abcdefghi a'", "'start': { 'end': 'e' }",
	    "over.json:2: \"error.busy\" takes 161 of the 160 septets of a screen of channel \"narrow\" and cannot "
	    "be paged" },
	{ "'sms.token.X': '{title}: {amount:money} {token:digits} " HUNDRED "'", "'start': { 'end': 'e' }",
	    "over.json:2: \"sms.token.X\" takes 2 SMS with the widest values of tenant \"acme\", and may take 1: "
	    "half a token "
	    "is none; shorten the text or the title" },
	{ "'sms.result.transfer.done': '{to_name} " HUNDRED HUNDRED HUNDRED "'", "'start': { 'end': 'e' }",
	    "\"sms.result.transfer.done\" takes 3 SMS" },
};

static void
prove(const struct player *p, struct buf *problems)
{
	menu_size_prove(p->menu, &env, problems);
	text_size_prove(p->menu, &env, problems);
}

static void
open_with(struct player *p, const struct mistake *m)
{
	char over[4096];
	const char *quoted;

	player_open(p, m->states);
	assert_true(str_format(over, sizeof over, "{\n%s }", m->texts));
	quoted = player_quotes(over);
	player_texts(p->texts, "en", "over.json", quoted, strlen(quoted));
	set_env(p, 1);
}

static void
test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(mistakes); i++) {
		const struct mistake *m = &mistakes[i];
		struct buf problems = { 0 };
		struct player p;

		open_with(&p, m);
		prove(&p, &problems);
		if (m->says == NULL ? problems.len > 0 : strstr(buf_str(&problems), m->says) == NULL)
			fail_msg("mistake %zu: %s", i, buf_str(&problems));
		buf_clear(&problems);
		player_clear(&p);
	}
}

/* What a dialogue cannot hold is lost on the way. */
static void
test_variables(void **state)
{
	char states[4096] = "";
	struct buf problems = { 0 };
	struct mistake m = { "'q': 'Q'", states, NULL };
	struct player p;
	int n = 0;

	(void)state;
	str_format(states, sizeof states, "'start': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 's0' } ] }");
	for (; n < VARS_SIZE / 256; n++)
		str_format(states + strlen(states), sizeof states - strlen(states), ", 's%d': { 'ask': 'q', "
		    "'as': 'v%d', 'accept': { 'text': { 'max': 255 } }, 'go': 's%d' }", n, n, n + 1);
	str_format(states + strlen(states), sizeof states - strlen(states), ", 's%d': { 'end': 'e' }", n);
	open_with(&p, &m);
	prove(&p, &problems);
	assert_non_null(strstr(buf_str(&problems), "test.json:1: the variables of this menu may take "));
	buf_clear(&problems);
	player_clear(&p);
}

static void
test_report(void **state)
{
	struct buf out = { 0 };
	struct player p;

	(void)state;
	open_with(&p, &mistakes[2]);
	menu_size_report(p.menu, &env, &out);
	assert_non_null(strstr(buf_str(&out), "c: en on narrow, 2 pages, "));
	assert_non_null(strstr(buf_str(&out), "of 160 septets\nPIN: 8 digits\nabcdefghi "));
	assert_non_null(strstr(buf_str(&out), "R1 000 000.00"));
	assert_non_null(strstr(buf_str(&out), "98 More\n--\n"));
	buf_clear(&out);
	player_clear(&p);
}

/* What the bind does not send is not sent. */
static void
test_parts_of_a_bind(void **state)
{
	const struct mistake m = { "'sms.result.transfer.done': '{title} " HUNDRED LETTERS "'",
	    "'start': { 'end': 'e' }", NULL };
	struct buf problems = { 0 };
	struct player p;

	(void)state;
	open_with(&p, &m);
	prove(&p, &problems);
	assert_string_equal(buf_str(&problems), "");
	binds.parts_max = 1;
	prove(&p, &problems);
	assert_non_null(strstr(buf_str(&problems), "takes 2 SMS with the widest values of tenant \"acme\", and may "
	    "take 1;"));
	buf_clear(&problems);
	player_clear(&p);
}

/* In all languages that are shipped, also those that the tests' other menus do not speak. */
static void
test_shipped(void **state)
{
	static const char languages[][8] = { "en", "zu", "xh", "af", "st", "nso", "tn" };
	static const struct {
		const char *name, *texts;	/* a folder of its own, or NULL */
	} menus[] = { { "wallet", NULL }, { "payout", "payout" }, { "sms", NULL } };
	static char json[PLAYER_FILE];

	(void)state;
	for (size_t i = 0; i < NELEM(menus); i++) {
		struct player p = { .texts = texts_new() };
		struct buf problems = { 0 };
		char file[64];

		for (size_t l = 0; l < NELEM(languages); l++) {
			str_format(file, sizeof file, "templates/%s.json", languages[l]);
			player_texts(p.texts, languages[l], file, json, player_read(file, json));
			if (menus[i].texts == NULL)
				continue;
			str_format(file, sizeof file, "templates/%s/%s.json", menus[i].texts, languages[l]);
			player_texts(p.texts, languages[l], file, json, player_read(file, json));
		}
		p.menu = menu_of_source(menus[i].name, p.texts, languages, NELEM(languages), &problems);
		assert_string_equal(buf_str(&problems), "");
		set_env(&p, NELEM(languages));
		env.languages = languages;
		env.by_sms = strcmp(menus[i].name, "sms") == 0;
		prove(&p, &problems);
		assert_string_equal(buf_str(&problems), "");
		buf_clear(&problems);
		player_clear(&p);
	}
}

/* ---- what is called safe is ---- */

#define MENUS 60
#define STATES 9
#define INPUTS 120
#define WALKS 4

static uint32_t seed;
static int safe, unsafe;		/* screens that were seen */

static int
below(int n)
{
	seed = seed * 1664525u + 1013904223u;
	return (int)((seed >> 8) % (uint32_t)n);
}

static void
random_text(struct buf *b, int words)
{
	static const char *const bits[] = {
		"a", "money", "to whom do", "{amount:money}", "{to:phone}", "{name}", "{to_name}", "{txt}",
		    "{phone:phone}",
		"{at:date}", "{nr}", "supercalifragilistic", "what, why and when", "{copy}", "{title}", "\xc5\xb4",
	};

	/* A letter that makes all of it UCS-2 only now and then. */
	for (int i = 0; i < words; i++)
		buf_addf(b, "%s%s", i > 0 ? " " : "", bits[below((int)NELEM(bits) - (below(8) != 0))]);
}

#define RANDOM_TEXTS 12

static void
random_texts(struct texts *t)
{
	struct buf b = { 0 };

	buf_addf(&b, "{ \"item\": \"{at:date} {amount:money} {text}\"");
	for (int i = 0; i < RANDOM_TEXTS; i++) {
		buf_addf(&b, ", \"r%d\": \"", i);
		random_text(&b, 1 + below(i < RANDOM_TEXTS / 2 ? 4 : 16));
		buf_addf(&b, "\"");
	}
	buf_addf(&b, "%s }", below(2) ? ", \"gsm_safe\": [\"item\"]" : "");
	player_texts(t, "en", "random.json", buf_str(&b), b.len);
	buf_clear(&b);
}

static const char *
target(void)
{
	static char names[8][8];
	static int next;
	char *name = names[next++ % 8];

	str_format(name, sizeof names[0], "s%d", below(STATES));
	return name;
}

static void
random_choose(struct buf *b, int i)
{
	buf_addf(b, "\"choose\": \"r%d\", \"options\": [{ \"text\": \"r0\", \"go\": \"s%d\" }", below(RANDOM_TEXTS),
	    i + 1);
	for (int k = below(6); k > 0; k--)
		buf_addf(b, ", { \"text\": \"r%d\", \"go\": \"%s\", \"say\": \"r%d\", \"set\": { \"copy\": \"%s\" "
		    "}%s }",
		    below(RANDOM_TEXTS / 2), target(), below(RANDOM_TEXTS / 2),
		    below(2) ? "{txt}" : "{amount:money} {name}",
		    below(3) == 0 ? ", \"when\": { \"nr\": \"1\" }" : "");
	buf_addf(b, "]");
}

static void
random_ask(struct buf *b, int i)
{
	static const char *const asks[] = {
		"\"as\": \"to\", \"accept\": { \"phone\": {} }",
		"\"as\": \"amount\", \"accept\": { \"money\": { \"min\": \"10.00\", \"max\": \"5000.00\", \"step\": "
		    "\"10.00\" } }",
		"\"as\": \"name\", \"accept\": { \"name\": {} }", "\"as\": \"txt\", \"accept\": { \"text\": { "
		    "\"max\": 30 } }",
		"\"as\": \"nr\", \"accept\": { \"digits\": { \"min\": 1, \"max\": 6 } }",
	};

	buf_addf(b, "\"ask\": \"r%d\", %s, \"go\": \"s%d\"", below(RANDOM_TEXTS), asks[below((int)NELEM(asks))], i + 1);
}

static void
random_state(struct buf *b, int i)
{
	static const char *const calls[] = { "send.find", "statement", "cash.check" };
	const struct call_row *call = call_find(calls[below(3)]);

	buf_addf(b, ",\n\"s%d\": { ", i);
	switch (i == STATES ? 5 : below(5)) {
	case 0:
		random_choose(b, i);
		break;
	case 1:
	case 2:
		random_ask(b, i);
		break;
	case 3:
		buf_addf(b, "\"call\": \"%s\", \"on\": { \"%s\": \"s%d\"", call->name, call->outcomes[0], i + 1);
		for (int k = 1; call->outcomes[k] != NULL; k++)
			buf_addf(b, ", \"%s\": { \"go\": \"%s\", \"say\": \"r%d\" }", call->outcomes[k], target(),
			    below(RANDOM_TEXTS));
		buf_addf(b, " }");
		break;
	case 4:
		buf_addf(b, "\"choose\": \"r%d\", \"list\": \"tx\", \"text\": \"item\", \"go\": { \"go\": \"s%d\", "
		    "\"set\": { "
		    "\"copy\": \"{text}\" } }", below(RANDOM_TEXTS), i + 1);
		break;
	default:
		buf_addf(b, "\"end\": \"r%d\"", below(RANDOM_TEXTS));
	}
	buf_addf(b, " }");
}

static void
random_menu(struct player *p)
{
	struct texts *t = texts_new();
	struct buf b = { 0 };
	const char *quoted = player_quotes(player_texts_en);

	player_texts(t, "en", "en.json", quoted, strlen(quoted));
	random_texts(t);
	buf_addf(&b, "{ \"menu\": \"random\", \"start\": \"start\", \"home\": \"start\", \"states\": {\n\"start\": { "
	    "\"call\": \"statement\", \"on\": { \"done\": \"s0\", \"empty\": \"s0\", \"failed\": \"s0\" } }");
	for (int i = 0; i <= STATES; i++)
		random_state(&b, i);
	buf_addf(&b, " } }");
	player_init(p, player_menu("random.json", buf_str(&b), b.len, NULL, 1), t, 1);
	buf_clear(&b);
	p->env.max_septets = channels[below(2)].max_septets;
}

static void
random_letters(char *out, int n, bool any)
{
	static const char *const letters[] = { "W", "i", "o", "M", "\xc5\xb4", "[" };
	size_t len = 0;

	out[0] = '\0';
	for (; n > 0 && len < 200; n--) {
		const char *c = letters[below(any ? 6 : below(4) == 0 ? 5 : 4)];

		memcpy(out + len, c, strlen(c) + 1);
		len += strlen(c);
	}
}

/* A value that the type can have. */
static void
random_value(const struct var_type *type, char out[256])
{
	switch (type->kind) {
	case KIND_MONEY:
	case KIND_FEE:
		str_format(out, 256, "%d",
		    1 + below(type->kind == KIND_FEE ? 10000 : type->max > 0 ? (int)type->max : 100000000));
		break;
	case KIND_COUNT:
		str_format(out, 256, "%d", below((int)type->max + 1));
		break;
	case KIND_MOMENT:
		str_format(out, 256, "17%d12345678", 10 + below(90));
		break;
	case KIND_MASKED_NAME:
		str_copy(out, 256, below(3) == 0 ? "\xc5\xb4*** M***" : "T*** M***");
		break;
	case KIND_SIGN:
		str_copy(out, 256, below(2) ? "-" : "+");
		break;
	case KIND_TEXT:
		random_letters(out, 1 + below(64), true);
		break;
	default:
		str_copy(out, 256, "12345678");
	}
}

static void
answer_call(struct player *p)
{
	const struct call_row *call = call_find(p->step.call);
	const char *outcome;
	char value[256], name[VARS_NAME];
	int n = 0;

	while (call->outcomes[n] != NULL)
		n++;
	outcome = call->outcomes[below(n)];
	for (int i = 0; i < CALL_SETS && call->sets[i].name != NULL; i++) {
		const struct call_set *set = &call->sets[i];
		const char *item = strstr(set->name, ".i.");

		if (!call_sets_on(set, outcome) || set->how == SET_NOT)
			continue;
		for (int row = 1; item != NULL && row <= vars_get_i64(&p->dlg.vars, "tx.n"); row++) {
			random_value(&set->type, value);
			str_format(name, sizeof name, "tx.%d.%s", row, item + 3);
			assert_true(vars_set(&p->dlg.vars, name, value));
		}
		random_value(&set->type, value);
		if (item == NULL)
			assert_true(vars_set(&p->dlg.vars, set->name, value));
	}
	player_input(p, MENU_OUTCOME, outcome);
}

static void
type_something(struct player *p)
{
	static const char *const typed[] = { "1", "2", "3", "4", "98", "98", "0", "00", "5000", "100", "+447911123456",
		"0821234567", "+123456789123456", "7" };
	char text[256];

	if (below(3) == 0)
		random_letters(text, 2 + below(30), below(2));
	else
		str_copy(text, sizeof text, typed[below((int)NELEM(typed))]);
	player_input(p, MENU_TEXT, text);
}

/* What the proof has no word on is no longer than the channel's screen, and has no more pages than it allows. */
static void
must_fit(struct player *p, const char *problems)
{
	const struct menu_state *s = menu_find(p->menu, p->dlg.state, strlen(p->dlg.state));
	char complaint[MENU_STATE + 32];
	char text[MENU_SCREEN];
	struct screen sc = { .text = text };
	int pages = 0, most, n = size_units(p->step.text, p->env.max_septets, &most);
	bool beyond = false;

	str_format(complaint, sizeof complaint, "the screen of \"%s\"", s->name);
	if (strstr(problems, complaint) != NULL) {
		unsafe++;
		return;
	}
	safe++;
	if (n > most)
		fail_msg("%s: %d of %d: %s", s->name, n, most, p->step.text);
	do {
		screen_lay(s, &p->dlg, &p->env, pages++, &sc);
		beyond = beyond || gsm_septets(text) < 0;
	} while (sc.more);
	assert_false(sc.lost);
	if (pages > menu_size_pages(s, beyond))
		fail_msg("%s takes %d pages: %s", s->name, pages, p->step.text);
}

static void
walk(struct player *p, const char *problems)
{
	static const char *const begins[] = { "phone=27821234567", "title=Sebenza Savings Wallet A", "name=Thandi" };

	player_begin(p);
	for (size_t i = 0; i < NELEM(begins); i++)
		player_set(p, begins[i]);
	for (int i = 0; i < INPUTS && p->step.kind != STEP_END; i++) {
		if (p->step.kind == STEP_CALL) {
			answer_call(p);
			continue;
		}
		must_fit(p, problems);
		type_something(p);
	}
}

static void
test_safe_is_safe(void **state)
{
	(void)state;
	for (seed = 1; seed <= MENUS;) {
		uint32_t this = seed;
		struct buf problems = { 0 };
		struct player p;

		seed = this * 2654435761u;
		memset(&p, 0, sizeof p);
		set_env(&p, 1);
		random_menu(&p);
		env.texts = p.texts;
		prove(&p, &problems);
		for (int i = 0; i < WALKS; i++)
			walk(&p, buf_str(&problems));
		buf_clear(&problems);
		player_clear(&p);
		seed = this + 1;
	}
	assert_true(safe > unsafe && unsafe > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_parts_of_a_bind),
		cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_safe_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
