/* SPDX-License-Identifier: Apache-2.0 */
/* The merchant's desk, menus/payout.json, walked as its merchant would: a second menu, made of the same language. */
#include "tests/unit/menu_player.h"

static void
open_desk(struct player *p, int language)
{
	struct buf problems = { 0 };
	struct texts *t = texts_new();
	struct bundle *b = menu_bundle("payout", player_languages, 3);
	static const char *const folders[] = { "", "payout" };
	char name[BUNDLE_NAME];
	struct menu *m;

	for (size_t f = 0; f < NELEM(folders); f++)
		for (int i = 0; i < 3; i++) {
			size_t len = 0;
			const char *text;

			assert_true(menu_texts_name(folders[f], player_languages[i], name));
			if (f == 0)
				menu_bundle_file(b, name);
			text = bundle_find(b, name, &len);
			player_texts(t, player_languages[i], name, text, len);
		}
	m = menu_load_bundle(b, "menus/payout.json", t, player_languages, 3, &problems);
	assert_string_equal(buf_str(&problems), "");
	bundle_free(b);
	player_init(p, m, t, 3);
	memset(&p->dlg, 0, sizeof p->dlg);
	assert_true(str_copy(p->dlg.lang, sizeof p->dlg.lang, player_languages[language]));
	player_play(p, "$title=Acme|$service_code=*120*384#|$help_phone=0800123456");
	player_input(p, MENU_BEGIN, NULL);
}

/* The service sets what the calls find. */
#define IN "=found|>1234|$authed=1|=ok|<desk|"
#define KINDS "$kind.n=1|$kind.1.type=ZA_PNP_CASH|$kind.1.name=Pick n Pay till|=done|<code.kind|"

static void
test_a_code(void **state)
{
	struct player p;

	(void)state;
	open_desk(&p, 0);
	player_play(&p, "=found|<door.pin|>12|<door.pin|>1234|<door.check|=wrong|<door.pin|>4321|$authed=1|=ok|<desk");
	player_shows(&p, "Acme: payouts\n1. Pay out a cash code\n2. Pay to a wallet\n3. Open codes\n4. Last payouts\n5. Language");
	player_play(&p, ">1|<code|" KINDS ">1|>0821234567|>0821234568|<code.again|>0821234567|<code.amount|>15|<code.amount|"
	    ">100|<code.check|$fee=250|=ok|<code.confirm");
	player_shows(&p, "Pay out R100.00 + R2.50 fee, Pick n Pay till, code to 082 123 4567. PIN to pay, 0 to cancel.");
	assert_string_equal(p.step.intent, "withdrawal");
	player_play(&p, ">4321");
	assert_int_equal(p.step.kind, STEP_ACCEPT);
	player_play(&p, "=accepted|<code.do|=done|<paid");
	player_shows(&p, "Paid out: the code for R100.00 goes by SMS to 082 123 4567.");
	player_clear(&p);
}

/* The name is on the screen before an amount is asked for, and on the confirm. */
static void
test_a_wallet(void **state)
{
	struct player p;

	(void)state;
	open_desk(&p, 0);
	player_play(&p, IN ">2|>0731234567|=not_found|<payee|>0831234567|$to_name=S*** D***|=found|<payee.show");
	player_shows(&p, "S*** D***, 083 123 4567. Is that the customer?\n1. Yes, pay\n2. No, another one\n0 Back 00 Menu");
	player_play(&p, ">2|<payee|>0831234567|$to_name=S*** D***|=found|>1|>70|$fee=100|=ok|<payee.confirm");
	player_shows(&p, "Pay R70.00 + R1.00 fee to S*** D*** 083 123 4567. Enter your PIN to pay, 0 to cancel.");
	assert_string_equal(p.step.intent, "transfer");
	player_play(&p, ">0|=declined|<desk|>2|>0831234567|=found|>1|>70|=ok|>4321|=accepted|$reason=short|=refused|<refused");
	assert_non_null(strstr(p.step.text, "There is not enough money on the desk."));
	player_clear(&p);
}

static void
test_last_payouts_and_taking_back(void **state)
{
	struct player p;

	(void)state;
	open_desk(&p, 0);
	player_play(&p, IN ">4|$tx.n=1|$tx.1.at=1790000000000|$tx.1.amount=7000|$tx.1.sign=-|$tx.1.text=Transfer|=done|"
	    "<last.list|>1|<last.one|>00|<desk|>3|=empty|<desk|>3|$pending.n=1|$pending.1.id=77|$pending.1.amount=10000|"
	    "$pending.1.phone=27821234567|=done|<open.list|>1|<open.sure");
	assert_string_equal(vars_get(&p.dlg.vars, "pick"), "77");
	player_shows(&p, "Code for R100.00 to 082 123 4567:\n1. Cancel the code\n2. Send the code again\n3. Keep the code\n"
	    "0 Back 00 Menu");
	player_play(&p, ">1|<open.cancel|=done|<desk");
	assert_true(str_starts(p.step.text, "The code was cancelled.\n"));
	player_clear(&p);
}

/* Nobody without a PIN sees the desk, by whatever way; in every language it can be read. */
static void
test_the_door(void **state)
{
	struct player p;

	(void)state;
	for (int i = 0; i < 3; i++) {
		open_desk(&p, i);
		player_play(&p, "=found|<door.pin|>00|<door.pin|>0|<door.pin|>1234|=locked|<locked");
		player_clear(&p);
		open_desk(&p, i);
		player_play(&p, IN);
		assert_int_equal(p.step.kind, STEP_SHOW);
		assert_null(strstr(p.step.text, "desk."));
		player_clear(&p);
	}
	open_desk(&p, 0);
	player_play(&p, "=not_found|<stranger");
	player_shows(&p, "This phone may not pay out. Please call 0800123456.");
	player_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_code),
		cmocka_unit_test(test_a_wallet),
		cmocka_unit_test(test_last_payouts_and_taking_back),
		cmocka_unit_test(test_the_door),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
