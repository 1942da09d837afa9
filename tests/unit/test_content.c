/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shipped menus and texts have no mistakes for the sample's tenant, and missing ones are told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "config/content.h"
#include "config/file.h"
#include "config/config_options.h"

static const char *const shipped[] = { "en", "zu", "af", "xh", "st", "nso", "tn" };
static struct tenant_settings tenant;
static struct settings settings;
static char folder[256];

static int
set_up(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	memset(&tenant, 0, sizeof tenant);
	memset(&settings, 0, sizeof settings);
	str_copy(tenant.name, sizeof tenant.name, "acme");
	str_copy(tenant.menu, sizeof tenant.menu, "wallet");
	for (size_t i = 0; i < NELEM(shipped); i++)
		str_copy(tenant.languages[i], sizeof tenant.languages[i], shipped[i]);
	tenant.languages_n = NELEM(shipped);
	memcpy(tenant.kinds, options_kinds, options_kinds_n * sizeof *options_kinds);
	tenant.kinds_n = (int)options_kinds_n;
	settings.tenants = &tenant;
	settings.tenants_n = 1;
	str_copy(settings.menus_dir, sizeof settings.menus_dir, "menus");
	str_copy(settings.templates_dir, sizeof settings.templates_dir, "templates");
	assert_true(str_format(folder, sizeof folder, "%s/content-XXXXXX", tmp != NULL ?
	    tmp : "/tmp"));
	assert_non_null(mkdtemp(folder));
	return 0;
}

static int
tear_down(void **state)
{
	struct file_names *names = file_list(folder, "");
	char path[512];

	(void)state;
	for (size_t i = 0; i < file_names_n(names); i++) {
		assert_true(str_format(path, sizeof path, "%s/%s", folder, file_names_get(names,
		    i)));
		assert_int_equal(unlink(path), 0);
	}
	file_names_free(names);
	return rmdir(folder);
}

static void
write_file(const char *name, const char *text)
{
	char path[512];
	FILE *f;

	assert_true(str_format(path, sizeof path, "%s/%s", folder, name));
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
assert_problem(const char *says)
{
	struct buf problems = { 0 };

	assert_null(content_load(&settings, &problems));
	if (strstr(buf_str(&problems), says) == NULL)
		fail_msg("expected \"%s\" in:\n%s", says, buf_str(&problems));
	buf_clear(&problems);
}

static void
test_shipped(void **state)
{
	struct buf problems = { 0 };
	struct content *c = content_load(&settings, &problems);

	(void)state;
	content_check_unused(&settings, &problems);
	assert_string_equal(buf_str(&problems), "");
	assert_non_null(c);
	assert_int_equal(c->tenants_n, 1);
	assert_string_equal(menu_name(c->tenants[0]->menu), "wallet");
	assert_string_equal(menu_version(c->tenants[0]->menu), c->tenants[0]->version);
	assert_true(texts_has_language(c->tenants[0]->texts, "zu"));
	content_free(c);
	buf_clear(&problems);
}

/* The shipped texts, with a change in the English ones. */
static void
change_text(const char *from, const char *to)
{
	struct buf text = { 0 }, changed = { 0 };
	char path[512];

	str_copy(settings.templates_dir, sizeof settings.templates_dir, folder);
	for (size_t i = 0; i < NELEM(shipped); i++) {
		const char *at;
		char name[16];

		buf_reset(&text);
		buf_reset(&changed);
		str_format(name, sizeof name, "%s.json", shipped[i]);
		str_format(path, sizeof path, "templates/%s", name);
		assert_true(file_read(path, 1 << 20, &text));
		at = strstr(buf_str(&text), from);
		assert_true(i > 0 || at != NULL);
		if (i == 0) {
			buf_add(&changed, text.p, (size_t)(at - text.p));
			buf_add_str(&changed, to);
			buf_add_str(&changed, at + strlen(from));
		}
		write_file(name, buf_str(i == 0 ? &changed : &text));
	}
	buf_clear(&text);
	buf_clear(&changed);
}

/* Whoever speaks Sesotho reads everything in Sesotho: a text that is lacking is named where it belongs. */
static void
test_a_language_that_lacks_texts(void **state)
{
	(void)state;
	change_text("\"nav.more\": ", "\"nav.new\": \"News {title}\",\n\t\"nav.more\": ");
	assert_problem("/st.json:15: \"nav.new\" is missing in \"st\"; add it, as it stands in ");
	assert_problem("/tn.json:16: \"nav.new\" is missing in \"tn\"");
}

/* Texts that nobody has read are known, once for a language, and keep nobody from starting. */
static void
test_notes(void **state)
{
	struct buf problems = { 0 }, notes = { 0 };
	struct tenant_settings two[2] = { tenant, tenant };
	struct content *c;

	(void)state;
	settings.tenants = two;
	settings.tenants_n = 2;
	c = content_load(&settings, &problems);
	assert_non_null(c);
	content_notes(&settings, c, &notes);
	for (size_t i = 1; i < NELEM(shipped); i++) {
		char file[64];
		const char *at;

		str_format(file, sizeof file, "templates/%s.json:", shipped[i]);
		at = strstr(buf_str(&notes), file);
		assert_non_null(at);
		assert_null(strstr(at + 1, file));
	}
	assert_null(strstr(buf_str(&notes), "templates/en.json"));
	content_free(c);
	buf_clear(&problems);
	buf_clear(&notes);
}

static void
test_missing(void **state)
{
	(void)state;
	str_copy(tenant.languages[1], sizeof tenant.languages[1], "xx");
	assert_problem("templates/xx.json:1: is missing: tenant \"acme\" speaks it");
	str_copy(tenant.languages[1], sizeof tenant.languages[1], "zu");
	str_copy(tenant.kinds[0].name, sizeof tenant.kinds[0].name, "kind.NONE");
	assert_problem("templates/en.json:1: there is no text \"kind.NONE\"");
	str_copy(tenant.menu, sizeof tenant.menu, "none");
	assert_problem("menus/none.json:1: is missing: it is the menu of tenant \"acme\"");
	str_copy(settings.templates_dir, sizeof settings.templates_dir, "/nonexistent");
	assert_problem("/nonexistent/en.json:1: is missing: tenant \"acme\" speaks it");
}

/* Two parts may come as one half: such a title is refused, and so is a kind whose token has no text. */
static void
test_token_texts(void **state)
{
	(void)state;
	str_copy(tenant.title, sizeof tenant.title, "A title of thirty-nine characters, wide");
	assert_problem("\"sms.token.ZA_PAYCORP_ATM\" takes 2 SMS with the widest values of tenant \"acme\", and "
	    "may take 1: half a token is none");
	str_copy(tenant.title, sizeof tenant.title, "Acme Wallet");
	str_copy(tenant.kinds[0].type, sizeof tenant.kinds[0].type, "ZA_OTHER");
	assert_problem("there is no text \"sms.token.ZA_OTHER\"");
	assert_problem("templates/zu.json:1: there is no text \"sms.token.ZA_OTHER.other\"");
}

#define TOKEN_KEY "\"sms.token.ZA_PAYCORP_ATM\": \"{title}"
#define TOKEN_QUOTED "\"sms.token.ZA_PAYCORP_ATM\": \"\xe2\x80\x9c{title}\xe2\x80\x9d"

/* A curly quote makes a token's SMS two; spelt anew it is one. */
static void
test_gsm_safe_texts(void **state)
{
	struct buf problems = { 0 };
	struct content *c;

	(void)state;
	change_text(TOKEN_KEY, TOKEN_QUOTED);
	assert_problem(" \"sms.token.ZA_PAYCORP_ATM\" takes 2 SMS with the widest values");
	change_text(TOKEN_KEY, "\"gsm_safe\": [\"sms.tokens\"], " TOKEN_QUOTED);
	assert_problem("gsm_safe: there is no text \"sms.tokens\"");
	change_text(TOKEN_KEY, "\"gsm_safe\": [\"sms.token.*\"], " TOKEN_QUOTED);
	c = content_load(&settings, &problems);
	assert_string_equal(buf_str(&problems), "");
	content_free(c);
	buf_clear(&problems);
}

/* Whoever can be written to has the words and the answers in each of its languages. */
static void
test_answers(void **state)
{
	struct channel_settings channel = { .kind = CHANNEL_SMS_SMPP };

	(void)state;
	settings.channels = &channel;
	str_copy(tenant.sms_menu, sizeof tenant.sms_menu, "sms");
	test_shipped(NULL);
	str_copy(settings.templates_dir, sizeof settings.templates_dir, folder);
	write_file("en.json", "{ \"a\": \"b\" }");
	settings.channels_n = 1;
	assert_problem("/en.json:1: there is no text \"sms.word.stop\", which tenant \"acme\" needs for SMS from "
	    "customers");
	assert_problem("/en.json:1: there is no text \"sms.answer.pin\"");
}

/* An SMS can be forged: the menu of the wallet itself is none for SMS. */
static void
test_a_menu_that_is_not_for_sms(void **state)
{
	(void)state;
	str_copy(tenant.sms_menu, sizeof tenant.sms_menu, "wallet");
	assert_problem("asks for a PIN, which must never be sent by SMS");
	assert_problem("confirms a payment; a menu for SMS moves no money");
	assert_problem("the call \"balance\" is not for a menu for SMS");
	assert_problem("the call \"customer.find\" is not for a menu for SMS");
	str_copy(tenant.sms_menu, sizeof tenant.sms_menu, "none");
	assert_problem("menus/none.json:1: is missing: it is the menu of tenant \"acme\"");
}

/* The menu is not called wrong for the texts of a language that could not be read. */
static void
test_broken_texts(void **state)
{
	struct buf problems = { 0 };

	(void)state;
	str_copy(settings.templates_dir, sizeof settings.templates_dir, folder);
	write_file("en.json", "{ \"a\": \n 5 }");
	assert_problem("/en.json:2: ");
	assert_null(content_load(&settings, &problems));
	assert_null(strstr(buf_str(&problems), "menus/wallet.json"));
	buf_clear(&problems);
}

/* Tenants share files: a mistake is said once. */
static void
test_tenants_of_one_menu(void **state)
{
	struct tenant_settings two[2] = { tenant, tenant };
	struct buf problems = { 0 };
	const char *first;

	(void)state;
	str_copy(two[1].name, sizeof two[1].name, "other");
	settings.tenants = two;
	settings.tenants_n = 2;
	str_copy(settings.menus_dir, sizeof settings.menus_dir, folder);
	write_file("wallet.json", "{ nonsense");
	assert_null(content_load(&settings, &problems));
	first = strstr(buf_str(&problems), "/wallet.json:1: ");
	assert_non_null(first);
	assert_null(strstr(first + 1, "/wallet.json:1: "));
	buf_clear(&problems);
	settings.tenants = &tenant;
}

/* What came from a store has no folder, and needs none; nor does it ask which menu the tenant has by now. */
static void
test_from_a_bundle_alone(void **state)
{
	struct buf problems = { 0 }, octets = { 0 };
	struct bundle *files = content_files(&settings, 0, &problems);
	char version[BUNDLE_VERSION];
	struct tenant_content *c;

	(void)state;
	bundle_version(files, version);
	bundle_write(files, &octets);
	bundle_free(files);
	str_copy(settings.menus_dir, sizeof settings.menus_dir, "/nonexistent");
	str_copy(settings.templates_dir, sizeof settings.templates_dir, "/nonexistent");
	str_copy(tenant.menu, sizeof tenant.menu, "another");
	c = tenant_content_load(&settings, 0, bundle_read(octets.p, octets.len), &problems);
	assert_string_equal(buf_str(&problems), "");
	assert_non_null(c);
	assert_string_equal(menu_version(c->menu), version);
	tenant_content_free(c);
	files = bundle_read(octets.p, octets.len);
	bundle_add(files, "menus/wallet.json", "{\n5", 3);
	assert_null(tenant_content_load(&settings, 0, files, &problems));
	assert_non_null(strstr(buf_str(&problems), "menus/wallet.json:2: "));
	assert_null(strstr(buf_str(&problems), "/nonexistent"));
	buf_clear(&problems);
	buf_clear(&octets);
}

/* A menu that brings its own texts; its parts and texts come from the folders by themselves. */
static void
test_payout(void **state)
{
	struct buf problems = { 0 };
	struct content *c;

	(void)state;
	str_copy(tenant.menu, sizeof tenant.menu, "payout");
	c = content_load(&settings, &problems);
	assert_string_equal(buf_str(&problems), "");
	assert_non_null(bundle_find(c->tenants[0]->files, "menus/parts/pin.json", NULL));
	assert_string_equal(texts_find(c->tenants[0]->texts, "af", "af", "desk.amount"), "Watter bedrag?");
	content_free(c);
	buf_clear(&problems);
}

/* A tenant's menu that is the shipped one with other words, in a language or two. */
static void
test_own_texts(void **state)
{
	static const char menu[] = "{ \"menu\": \"acme\", \"extends\": \"wallet\", \"texts\": \"acme\" }";
	static const char own[] = "{ \"home.balance\": \"Money\" }", wrong[] = "{\n\"home.balance\": 5 }";
	struct buf problems = { 0 };
	struct bundle *files = content_files(&settings, 0, &problems), *again;
	struct buf octets = { 0 };
	struct tenant_content *c;

	(void)state;
	/* Which menu it is, is said by the files that were published, not by the configuration. */
	bundle_add(files, CONTENT_MENU, "acme", strlen("acme"));
	bundle_add(files, CONTENT_SMS_MENU, "", 0);
	bundle_add(files, "menus/acme.json", menu, strlen(menu));
	bundle_add(files, "templates/acme/en.json", own, strlen(own));
	bundle_write(files, &octets);
	c = tenant_content_load(&settings, 0, files, &problems);
	assert_string_equal(buf_str(&problems), "");
	assert_string_equal(menu_name(c->menu), "acme");
	assert_null(c->sms_menu);
	assert_string_equal(texts_find(c->texts, "en", "en", "home.balance"), "Money");
	assert_string_equal(texts_find(c->texts, "en", "en", "home.send"), "Send money");
	assert_string_not_equal(texts_find(c->texts, "zu", "zu", "home.balance"), "Money");
	tenant_content_free(c);
	again = bundle_read(octets.p, octets.len);
	bundle_add(again, "templates/acme/en.json", wrong, strlen(wrong));
	assert_null(tenant_content_load(&settings, 0, again, &problems));
	assert_non_null(strstr(buf_str(&problems), "templates/acme/en.json:2: \"home.balance\": a text must be a string"));
	buf_clear(&octets);
	buf_clear(&problems);
}

/* What nobody uses is looked at too, but does not keep isango from starting. */
static void
test_unused_menu(void **state)
{
	struct buf problems = { 0 };

	(void)state;
	str_copy(settings.menus_dir, sizeof settings.menus_dir, folder);
	str_copy(tenant.menu, sizeof tenant.menu, "used");
	write_file("used.json", "{ nonsense");
	write_file("other.json", "{ \"menu\": \"other\" }");
	content_check_unused(&settings, &problems);
	assert_non_null(strstr(buf_str(&problems), "/other.json:1: "));
	assert_null(strstr(buf_str(&problems), "/used.json"));
	buf_clear(&problems);
}

static void
test_unused_texts(void **state)
{
	struct buf problems = { 0 };

	(void)state;
	str_copy(settings.templates_dir, sizeof settings.templates_dir, folder);
	write_file("en.json", "{ nonsense");
	write_file("ve.json", "{ \"a\":\n 5 }");
	write_file("nosuchlanguage.json", "{}");
	content_check_unused(&settings, &problems);
	assert_null(strstr(buf_str(&problems), "/en.json"));
	assert_non_null(strstr(buf_str(&problems), "/ve.json:2: "));
	assert_non_null(strstr(buf_str(&problems), "/nosuchlanguage.json:1: the name is too long"));
	buf_clear(&problems);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shipped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_language_that_lacks_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_notes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_missing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_token_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_gsm_safe_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_menu_that_is_not_for_sms, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_broken_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tenants_of_one_menu, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_from_a_bundle_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_payout, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_own_texts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unused_menu, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unused_texts, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
