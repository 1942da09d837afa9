/* SPDX-License-Identifier: Apache-2.0 */
/* What menus cost: turns and journeys, and what is said when one has grown. */
#include "menu_player.h"

#include "core/menu_budget.h"

static struct channel_settings channel = { .kind = CHANNEL_USSD_SMPP, .name = "ussd", .max_septets = 160,
	.session_s = 180 };
static struct tenant_settings tenant = { .name = "acme", .country = "27", .pin_length = 5,
	.wallet = { .timeout_read_ms = 4000, .timeout_money_ms = 30000 } };
static struct settings settings = { .channels = &channel, .channels_n = 1, .tenants = &tenant, .tenants_n = 1,
	.turn_budget_ms = 5000 };

/* Sending money, with a question more for who has dialled before. */
#define STATES \
	"'start': { 'call': 'customer.find', 'on': { 'found': 'home', 'no_pin': 'e', 'not_found': 'e', " \
	"'barred': 'e', 'failed': 'e' } },\n" \
	"'home': { 'choose': 't', 'options': [\n" \
	"{ 'text': 'a', 'go': 'to' }, { 'text': 'b', 'go': 'secret' }, { 'text': 'c', 'go': 'hidden', 'when':" \
	" { 'x': '1' } } ] },\n" \
	"'hidden': { 'end': 'e' },\n" \
	"'secret': { 'branch': 'authed', 'on': { '1': 'secret.show' }, 'else': 'secret.pin' },\n" \
	"'secret.pin': { 'ask': 'q', 'accept': { 'pin': {} }, 'go': 'secret.check' },\n" \
	"'secret.check': { 'call': 'pin.check', 'on': { 'ok': 'secret', 'wrong': 'secret.pin', 'locked': 'e'," \
	" 'failed': 'e' } },\n" \
	"'secret.show': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'home' } ] },\n" \
	"'to': { 'ask': 'q', 'as': 'to', 'accept': { 'phone': {} }, 'go': 'find' },\n" \
	"'find': { 'call': 'send.find', 'on': { 'found': 'amount', 'not_found': 'to', 'self': 'to', 'barred':" \
	" 'to', 'too_many': 'e', 'failed': 'e' } },\n" \
	"'amount': { 'ask': 'q', 'as': 'amount', 'accept': { 'money': {} }, 'go': 'check' },\n" \
	"'check': { 'call': 'send.check', 'on': { 'ok': 'confirm', 'repeat': 'again', 'short': 'amount', " \
	"'refused': 'e', 'busy': 'e', 'failed': 'e' } },\n" \
	"'again': { 'choose': 't', 'options': [ { 'text': 'a', 'go': 'confirm' } ] },\n" \
	"'confirm': { 'confirm': 'pay', 'intent': 'transfer', 'pin': true, 'accepted': 'do', 'declined': " \
	"'home', 'locked': 'e', 'failed': 'e', 'busy': 'e', 'lapsed': 'e' },\n" \
	"'do': { 'call': 'transfer', 'on': { 'done': 'done', 'refused': 'e', 'later': 'e' } },\n" \
	"'done': { 'end': 'e' }, 'e': { 'end': 'e' }"

static struct prove_env
open_with(struct player *p, const char *journeys)
{
	struct texts *t = texts_new();
	const char *quoted = player_quotes(player_texts_en);
	char json[8192];

	player_texts(t, "en", "en.json", quoted, strlen(quoted));
	assert_true(str_format(json, sizeof json, "{ 'menu': 'test', 'start': 'start', 'home': 'home',\n%s 'states': "
	    "{\n%s } }",
	    journeys, STATES));
	quoted = player_quotes(json);
	player_init(p, player_menu("test.json", quoted, strlen(quoted), NULL, 1), t, 1);
	return (struct prove_env){ .texts = t, .languages = player_languages, .languages_n = 1, .settings = &settings };
}

static const struct {
	const char *journeys, *says;	/* NULL: nothing */
} mistakes[] = {
	{ "", NULL },
	{ "'journeys': { 'send': { 'from': 'home', 'to': 'done', 'screens': 4, 'keys': 21, 'calls': 12 } },", NULL },
	{ "'journeys': {\n'send': {\n'from': 'home', 'to': 'done',\n'screens': 3 } },",
	    "test.json:5: journey \"send\" takes 4 screens and may take 3; shorten the way from \"home\" to "
	    "\"done\", or allow "
	    "more" },
	{ "'journeys': { 'send': { 'from': 'home', 'to': 'done', 'keys': 20 } },", "takes 21 keys and may take 20" },
	{ "'journeys': { 'send': { 'from': 'home', 'to': 'done', 'calls': 11 } },", "takes 12 calls and may take 11" },
	/* Not past the PIN, which the first way to home has not seen. */
	{ "'journeys': { 'look': { 'from': 'home', 'to': 'secret.show', 'screens': 1 } },",
	    "takes 2 screens and may take 1" },
	{ "'journeys': { 'x': { 'from': 'home', 'to': 'hidden' } },", "no way leads from \"home\" to \"hidden\"" },
	{ "'journeys': { 'x': { 'from': 'done', 'to': 'home' } },", "no way leads from \"done\" to \"home\"" },
	{ "'journeys': { 'x': { 'from': 'home', 'to': 'secre' } },", "did you mean \"secret\"?" },
	{ "'journeys': { 'x': { 'from': 'home', 'to': 'done', 'screen': 4 } },", "did you mean \"screens\"?" },
	{ "'journeys': { 'x': { 'from': 'home', 'to': 'done', 'screens': 4.5 } },",
	    "\"screens\" must be a whole number" },
	{ "'journeys': { 'x': { 'from': 'home', 'to': 'done', 'screens': -4 } },",
	    "\"screens\" must be a whole number" },
	{ "'journeys': { 'x': { 'from': 'home' } },", "\"to\"" },
	{ "'journeys': { 'x': 'home' },", "journey \"x\" must be an object" },
	{ "'journeys': [],", "\"journeys\" must be {" },
};

static void
test_mistakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(mistakes); i++) {
		struct buf problems = { 0 };
		struct player p;
		struct prove_env env = open_with(&p, mistakes[i].journeys);

		menu_budget_prove(p.menu, &env, &problems);
		if (mistakes[i].says == NULL ? problems.len > 0 : strstr(buf_str(&problems), mistakes[i].says) == NULL)
			fail_msg("mistake %zu: %s", i, buf_str(&problems));
		buf_clear(&problems);
		player_clear(&p);
	}
}

/* A network that hangs up before it can be done. */
static void
test_session(void **state)
{
	struct buf problems = { 0 };
	struct player p;
	struct prove_env env = open_with(&p, "'journeys': { 'send': { 'from': 'home', 'to': 'done' } },");

	(void)state;
	channel.session_s = 54;
	menu_budget_prove(p.menu, &env, &problems);
	assert_non_null(strstr(buf_str(&problems), "test.json:2: journey \"send\" may take 55 s, and channel "
	    "\"ussd\" ends a "
	    "dialogue after 54 s"));
	buf_reset(&problems);
	channel.session_s = 55;
	menu_budget_prove(p.menu, &env, &problems);
	assert_string_equal(buf_str(&problems), "");
	channel.session_s = 180;
	buf_clear(&problems);
	player_clear(&p);
}

static void
test_report(void **state)
{
	struct buf out = { 0 };
	struct player p;
	struct prove_env env = open_with(&p, "'journeys': { 'send': { 'from': 'home', 'to': 'done', 'screens': 4 } },");

	(void)state;
	menu_budget_report(p.menu, &env, &out);
	assert_non_null(strstr(buf_str(&out), "\n(dialling)                   2      8.0      5.0  *\n"));
	assert_non_null(strstr(buf_str(&out), "\nsecret.pin                   1      4.0      4.0\n"));
	assert_non_null(strstr(buf_str(&out), "\namount                       7     28.0      5.0  *\n"));
	assert_non_null(strstr(buf_str(&out), "\nconfirm                      3     38.0      5.0  *\n"));
	assert_null(strstr(buf_str(&out), "\nhome "));
	assert_non_null(strstr(buf_str(&out), "\nsend                        4/4     21       12          55\n"));
	buf_clear(&out);
	player_clear(&p);
}

static void
test_shipped(void **state)
{
	struct buf problems = { 0 };
	struct player p;
	struct prove_env env;

	(void)state;
	player_shipped(&p);
	env = (struct prove_env){ .texts = p.texts, .languages = player_languages, .languages_n = 3,
	    .settings = &settings };
	menu_budget_prove(p.menu, &env, &problems);
	assert_string_equal(buf_str(&problems), "");
	buf_clear(&problems);
	player_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
