/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "core/texts.h"

static const struct texts_env env = { .country = "27", .utc_offset_s = 7200 };

static bool
add(struct texts *t, const char *language, const char *json, struct buf *problems)
{
	return texts_add(t, language, "xx.json", json, strlen(json), problems);
}

static void
test_languages(void **state)
{
	struct texts *t = texts_new();
	struct buf problems = { 0 };

	(void)state;
	assert_true(add(t, "en", "{ \"hi\": \"Hello\", \"bye\": \"Bye\" } // end", &problems));
	assert_true(add(t, "zu", "{ \"hi\": \"Sawubona\" }", &problems));
	assert_string_equal(buf_str(&problems), "");
	assert_string_equal(texts_find(t, "zu", "en", "hi"), "Sawubona");
	assert_string_equal(texts_find(t, "zu", "en", "bye"), "Bye");
	assert_string_equal(texts_find(t, "xh", "en", "hi"), "Hello");
	assert_null(texts_find(t, "zu", "af", "bye"));
	assert_null(texts_find(t, "zu", NULL, "bye"));
	assert_null(texts_find(t, "zu", "en", "none"));
	assert_true(texts_has_language(t, "zu"));
	assert_false(texts_has_language(t, "af"));

	assert_true(add(t, "zu", "{ \"bye\": \"Sala kahle\" }", &problems));
	assert_string_equal(texts_find(t, "zu", "en", "bye"), "Sala kahle");
	assert_string_equal(texts_find(t, "zu", "en", "hi"), "Sawubona");
	texts_free(t);
	texts_free(NULL);
}

/* Of the file that had the last word. */
static void
test_places(void **state)
{
	struct texts *t = texts_new();
	struct buf problems = { 0 };
	const char *file, *over = "{\n\n\"bye\": \"Tot siens\" }";
	int line;

	(void)state;
	assert_true(add(t, "af", "// so\n{ \"hi\": \"Hallo\",\n\"bye\": \"Koebaai\" }", &problems));
	assert_true(texts_place(t, "af", "bye", &file, &line));
	assert_string_equal(file, "xx.json");
	assert_int_equal(line, 3);
	assert_true(texts_add(t, "af", "over.json", over, strlen(over), &problems));
	assert_true(texts_place(t, "af", "bye", &file, &line));
	assert_string_equal(file, "over.json");
	assert_int_equal(line, 3);
	assert_true(texts_place(t, "af", "hi", &file, &line));
	assert_string_equal(file, "xx.json");
	assert_int_equal(line, 2);
	assert_false(texts_place(t, "af", "none", &file, &line));
	assert_false(texts_place(t, "zu", "hi", &file, &line));
	texts_free(t);
}

static void
count_key(void *arg, const char *key)
{
	assert_true(strcmp(key, "hi") == 0 || strcmp(key, "bye") == 0);
	++*(int *)arg;
}

static void
test_contents(void **state)
{
	struct texts *t = texts_new();
	struct buf problems = { 0 };
	struct texts_placeholder ph;
	const char *at = "a {{b} {to_name} {at:date}{x.1:money}";
	int n = 0;

	(void)state;
	assert_true(add(t, "en", "{ \"hi\": \"Hi\", \"bye\": \"Bye\", \"gsm_safe\": [\"hi\"] }", &problems));
	texts_each(t, "en", count_key, &n);
	texts_each(t, "zu", count_key, &n);
	assert_int_equal(n, 2);
	texts_free(t);
	assert_non_null(at = texts_placeholder(at, &ph));
	assert_string_equal(ph.name, "to_name");
	assert_string_equal(ph.format, "name");
	assert_non_null(at = texts_placeholder(at, &ph));
	assert_string_equal(ph.name, "at");
	assert_string_equal(ph.format, "date");
	assert_non_null(at = texts_placeholder(at, &ph));
	assert_string_equal(ph.name, "x.1");
	assert_null(texts_placeholder(at, &ph));
}

static void
test_mistakes(void **state)
{
	static const struct {
		const char *json, *problem;
	} rows[] = {
		{ "{\n\"a\": \"{b\" }", "xx.json:2: \"a\": a placeholder" },
		{ "{\n\"a\": \"x\", \"gsm_safe\": [\n\"b\"] }",
		    "xx.json:3: gsm_safe: there is no text \"b\" in this file" },
		{ "{ \"a\": \"x\", \"gsm_safe\": [\"b*\"] }", "xx.json:1: gsm_safe: there is no text \"b*\"" },
		{ "{ \"a\": \"x\", \"gsm_safe\": [5] }", "xx.json:1: gsm_safe: there is no text \"\"" },
		{ "{ \"a\": \"x\", \"gsm_safe\": \"a\" }", "xx.json:1: gsm_safe: must be a list" },
		{ "{\n\"a\": \"\xd0\x96\", \"gsm_safe\": [\"a\"] }",
		    "xx.json:2: \"a\": cannot be spelt within GSM 03.38" },
		{ "{ \"a\": \"x\",\n\"review\": [\"b\"] }", "xx.json:2: review: there is no text \"b\" in this file" },
		{ "{ \"a\": \"x\", \"review\": true }", "xx.json:1: review: must be a list" },
		{ "{ \"format.money\": \"R1,234.50\" }",
		    "xx.json:1: \"format.money\": must be R1 234.50 or R1 234,50" },
		{ "{ \"format.money\": \"R1\u00a0234.50\" }", "xx.json:1: \"format.money\": must be" },
		{ "{ \"format.months\": \"a,b,c,d,e,f,g,h,i,j,k\" }", "xx.json:1: \"format.months\": must be twelve" },
		{ "{ \"format.months\": \"a,b,c,d,e,f,g,h,i,j,k,l,\" }",
		    "xx.json:1: \"format.months\": must be twelve" },
		{ "{ \"format.months\": \"a,b,c,d,e,,g,h,i,j,k,l\" }", "xx.json:1: \"format.months\": must be twelve" },
		{ "{ \"format.months\": \"a,b,c,d,e,f,g,h,i,j,k,Sedimonthole\" }",
		    "xx.json:1: \"format.months\": must be twelve" },
		{ "{ \"format.months\": \"a,b,c,d,e,f,g,h,i,j,k,a\" }", "xx.json:1: \"format.months\": two months" },
		{ "{ \"format.months\": \"a,b,c,d,e,f,g,h,i,j,k,\u0161\" }",
		    "xx.json:1: \"format.months\": the names" },
		{ "{ \"format.months\": \"a,b,c,d,e,f,g,h,i,j,k,l 2\" }", "xx.json:1: \"format.months\": the names" },
		{ "{ \"a\": \"{}\" }", "xx.json:1: \"a\": a placeholder" },
		{ "{ \"a\": \"{b c}\" }", "xx.json:1: \"a\": a placeholder" },
		{ "{ \"a\": \"{ b }\" }", "xx.json:1: \"a\": a placeholder" },
		{ "{ \"a\": \"{b:money\" }", "xx.json:1: \"a\": a placeholder" },
		{ "{ \"a\": \"{b:money:x}\" }", "xx.json:1: \"a\": a placeholder" },
		{ "{ \"a\": \"end {\" }", "xx.json:1: \"a\": a placeholder" },
		{ "{ \"a\": \"{{{\" }", "xx.json:1: \"a\": a placeholder" },
		{ "{ \"a\": \"{a_name_that_is_longer_than_any_variable_can_ever_be}\" }",
		    "xx.json:1: \"a\": a placeholder" },
		{ "{ \"a\": \"{b:mony}\" }", "xx.json:1: \"a\": the format" },
		{ "{ \"a\": \"{b:}\" }", "xx.json:1: \"a\": the format" },
		{ "{ \"a\": \"{b:moneymoneymoneymoney}\" }", "xx.json:1: \"a\": the format" },
		{ "{ \"a\": \"tab\\t\" }", "xx.json:1: \"a\": only" },
		{ "{ \"x\": \"fine\",\n\n \"a\": 12 }", "xx.json:3: \"a\": a text must be" },
		{ "[]", "xx.json:1: the file must" },
		{ "{ \"a\": ", "xx.json:1: " },
	};
	struct texts *t = texts_new();

	(void)state;
	for (size_t i = 0; i < NELEM(rows); i++) {
		struct buf problems = { 0 };

		assert_false(add(t, "en", rows[i].json, &problems));
		if (strncmp(buf_str(&problems), rows[i].problem, strlen(rows[i].problem)) != 0)
			fail_msg("%s: %s", rows[i].json, buf_str(&problems));
		buf_clear(&problems);
	}
	assert_false(texts_has_language(t, "en"));
	texts_free(t);
}

/* All mistakes of a file are told at once. */
static void
test_every_mistake(void **state)
{
	struct texts *t = texts_new();
	struct buf problems = { 0 };

	(void)state;
	assert_false(add(t, "en", "{ \"a\": \"{\",\n\"b\": \"ok\",\n\"c\": 1 }", &problems));
	assert_non_null(strstr(buf_str(&problems), "xx.json:1: \"a\""));
	assert_non_null(strstr(buf_str(&problems), "xx.json:3: \"c\""));
	assert_null(strstr(buf_str(&problems), "\"b\""));
	buf_clear(&problems);
	texts_free(t);
}

static const struct {
	const char *name, *value;
} values[] = {
	{ "amount", "125005" }, { "to", "27821234567" }, { "far", "263771234567" },
	{ "who", "T*** M\xc3\xb4***" }, { "at", "1711281720000" }, { "birth", "19900324" },
	{ "token", "1234567890" }, { "long_token", "12345678" }, { "pending.2.amount", "5" },
	{ "not_number", "5x" }, { "bad_day", "19901324" }, { "brace", "{amount}" },
	{ "midnight", "1711317600000" }, { "minus", "-5000" },
};

static void
fill_vars(struct vars *v)
{
	*v = (struct vars){ 0 };
	for (size_t i = 0; i < NELEM(values); i++)
		assert_true(vars_set(v, values[i].name, values[i].value));
}

static void
test_fill(void **state)
{
	static const struct {
		const char *text, *filled;
	} rows[] = {
		{ "", "" },
		{ "plain } text", "plain } text" },
		{ "Send {amount:money} to {who}?", "Send R1 250.05 to T*** M\xc3\xb4***?" },
		{ "{minus:money}", "-R50.00" },
		{ "{to:phone} {far:phone} {who:phone}",
		    "082 123 4567 +263 771 234 567 T*** M\xc3\xb4***" },
		{ "{at:time}, {at:date}", "14:02, 24 Mar" },
		{ "{midnight:time} {midnight:date}", "00:00 25 Mar" },
		{ "{birth:day}", "24 Mar 1990" },
		{ "{token:digits}/{long_token:digits}/{who:digits}",
		    "1234 5678 90/1234 5678/T*** M\xc3\xb4***" },
		{ "{pending.2.amount:money}", "R0.05" },
		{ "[{none}{none:money}{none:digits}]", "[]" },
		{ "[{not_number:money}{not_number:time}{minus:date}{bad_day:day}{to:day}]", "[]" },
		{ "{who:name}{amount}", "T*** M\xc3\xb4***125005" },
		{ "{{amount} {{{{ {{{amount}", "{amount} {{ {125005" },
		{ "{brace}", "{amount}" },
		{ "{bad {amount}", "{bad 125005" },
		{ "{amount:nonsense}", "{amount:nonsense}" },
		{ "end {", "end {" },
	};
	struct vars v;
	char out[200];

	(void)state;
	fill_vars(&v);
	for (size_t i = 0; i < NELEM(rows); i++) {
		assert_true(texts_fill(rows[i].text, &v, &env, out, sizeof out));
		assert_string_equal(out, rows[i].filled);
		assert_true(texts_fill(rows[i].text, &v, &env, out, strlen(rows[i].filled) + 1));
	}
}

static void
test_fill_knows_no_time_zone(void **state)
{
	struct texts_env utc = { .country = "27" }, west = { .country = "27", .utc_offset_s = -5 * 3600 - 1800 };
	struct vars v;
	char out[32];

	(void)state;
	fill_vars(&v);
	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	assert_true(texts_fill("{at:time}", &v, &utc, out, sizeof out));
	assert_string_equal(out, "12:02");
	assert_true(texts_fill("{at:time}", &v, &west, out, sizeof out));
	assert_string_equal(out, "06:32");
	unsetenv("TZ");
	tzset();
}

/* Every size too small: false, a prefix of the whole, and no broken character. */
static void
test_cut(void **state)
{
	static const char text[] =
	    "M\xc3\xb4re {who} \xe1\xb9\xb0 {{ \xf0\x9f\x99\x8f {amount:money}.";
	char whole[100], out[100];
	struct vars v;
	size_t len;

	(void)state;
	fill_vars(&v);
	assert_true(texts_fill(text, &v, &env, whole, sizeof whole));
	len = strlen(whole);
	for (size_t size = 1; size <= len; size++) {
		memset(out, 'x', sizeof out);
		assert_false(texts_fill(text, &v, &env, out, size));
		assert_true(strlen(out) < size);
		assert_memory_equal(out, whole, strlen(out));
		assert_true(utf8_valid(out, strlen(out)));
		assert_true(strlen(out) + 4 >= size);
		assert_int_equal(out[size], 'x');
	}
	assert_false(texts_fill(text, &v, &env, out, 0));
}

static const char *
spelt(const struct texts *t, const char *language, const char *key, const char *name)
{
	static char out[64];
	struct vars v = { 0 };

	vars_set(&v, "name", name);
	assert_true(texts_fill(texts_find(t, language, "en", key), &v, &env, out, sizeof out));
	texts_spell(t, language, "en", key, out, sizeof out);
	return out;
}

static void
test_gsm_safe(void **state)
{
	struct texts *t = texts_new();
	struct buf problems = { 0 };
	char tight[] = "\xe2\x80\xa6\xc2\xa9";

	(void)state;
	assert_true(add(t, "en", "{ \"gsm_safe\": [\"a\", \"sms.*\"], \"a\": \"\xe2\x80\x9c{name}\xe2\x80\x9d\", "
	    "\"b\": \"\xe2\x80\x9c{name}\xe2\x80\x9d\", \"sms.x\": \"{name}!\", \"sms\": \"{name}?\" }", &problems));
	assert_true(add(t, "zu", "{ \"sms.x\": \"{name}.\" }", &problems));
	assert_string_equal(buf_str(&problems), "");
	assert_string_equal(spelt(t, "en", "a", "Zo\xc3\xab \xc5\xa0"), "\"Zoe S\"");
	assert_string_equal(spelt(t, "en", "b", "\xc5\xa0"), "\xe2\x80\x9c\xc5\xa0\xe2\x80\x9d");
	assert_string_equal(spelt(t, "en", "sms.x", "\xc5\xa0"), "S!");
	assert_string_equal(spelt(t, "en", "sms", "\xc5\xa0"), "\xc5\xa0?");
	/* A file speaks of its own texts, in whatever language they are shown. */
	assert_string_equal(spelt(t, "zu", "a", "\xc5\xa0"), "\"S\"");
	assert_string_equal(spelt(t, "zu", "sms.x", "\xc5\xa0"), "\xc5\xa0.");
	/* Another alphabet has no such spelling, and then nothing of it is changed. */
	assert_string_equal(spelt(t, "en", "a", "\xd0\x96"), "\xe2\x80\x9c\xd0\x96\xe2\x80\x9d");
	/* Nor where the spelling is longer than there is room. */
	texts_spell(t, "en", "en", "a", tight, sizeof tight);
	assert_string_equal(tight, "\xe2\x80\xa6\xc2\xa9");
	assert_null(texts_find(t, "en", "en", "gsm_safe"));
	texts_free(t);
	buf_clear(&problems);
}

/* Amounts and months as a language writes them; what it does not say is written as in English. */
static void
test_manner(void **state)
{
	static const char af[] = "{ \"format.money\": \"R1 234,50\", "
	    "\"format.months\": \"Jan,Feb,Mrt,Apr,Mei,Jun,Jul,Aug,Sep,Okt,Nov,Des\" }";
	static const char text[] = "{amount:money} {minus:money} {at:date} {at:time} {birth:day} {to:phone} {amount}";
	struct texts *t = texts_new();
	struct texts_env manner = env;
	struct buf problems = { 0 };
	struct vars v;
	char out[200];

	(void)state;
	assert_true(add(t, "af", af, &problems));
	assert_true(add(t, "zu", "{ \"a\": \"b\" }", &problems));
	fill_vars(&v);
	texts_manner(t, "af", &manner);
	assert_true(texts_fill(text, &v, &manner, out, sizeof out));
	assert_string_equal(out, "R1 250,05 -R50,00 24 Mrt 14:02 24 Mrt 1990 082 123 4567 125005");
	texts_manner(t, "zu", &manner);
	assert_true(texts_fill(text, &v, &manner, out, sizeof out));
	assert_string_equal(out, "R1 250.05 -R50.00 24 Mar 14:02 24 Mar 1990 082 123 4567 125005");
	texts_free(t);
	buf_clear(&problems);
}

static void
test_widest_day(void **state)
{
	static const char *const months[] = { "Januarie,Feb,Mrt,Apr,Mei,Jun,Jul,Aug,Sep,Okt,Nov,Des",
		"Jan,Feb,Mrt,Apr,Mei,Jun,Jul,Aug,September,Okt,Nov,Des",
		"Jan,Feb,Mrt,Apr,Mei,Jun,Jul,Aug,Sep,Okt,Nov,Desember" };
	static const char *const dates[] = { "28 Januarie", "28 September", "28 Desember" };
	char out[32];

	(void)state;
	for (size_t i = 0; i < NELEM(months); i++) {
		struct texts_env manner = env;
		struct vars v = { 0 };

		manner.months = months[i];
		assert_true(vars_set_i64(&v, "at", texts_widest_day(&manner)));
		assert_true(texts_fill("{at:date}", &v, &manner, out, sizeof out));
		assert_string_equal(out, dates[i]);
	}
}

static const char *
note(const struct texts *t, const char *language, struct buf *notes)
{
	buf_reset(notes);
	texts_note(t, language, notes);
	return buf_str(notes);
}

static void
add_file(struct texts *t, const char *language, const char *file, const char *json)
{
	struct buf problems = { 0 };

	assert_true(texts_add(t, language, file, json, strlen(json), &problems));
	assert_string_equal(buf_str(&problems), "");
	buf_clear(&problems);
}

#define NOTE(line, n, language) line ": note: " n " from here on in \"" language "\" wait for somebody who speaks it " \
	"to read them; take those that are right out of review\n"

/* What a person has yet to read is counted; another file that says a text anew answers for it. */
static void
test_review(void **state)
{
	struct texts *t = texts_new();
	struct buf notes = { 0 };

	(void)state;
	add_file(t, "en", "en.json", "{ \"a\": \"A\" }");
	add_file(t, "st", "st.json", "{ \"review\": [\"*\"],\n\"a\": \"A\", \"b\": \"B\",\n\"b2\": \"B\" }");
	add_file(t, "tn", "tn.json", "{ \"review\": [\"b*\"], \"a\": \"A\",\n\n\"b\": \"B\" }");
	assert_string_equal(note(t, "en", &notes), "");
	assert_string_equal(note(t, "xh", &notes), "");
	assert_string_equal(note(t, "st", &notes), NOTE("st.json:2", "3 texts", "st"));
	assert_string_equal(note(t, "tn", &notes), NOTE("tn.json:3", "1 text", "tn"));
	add_file(t, "st", "own/st.json", "{ \"a\": \"Better\", \"c\": \"C\" }");
	assert_string_equal(note(t, "st", &notes), NOTE("st.json:2", "2 texts", "st"));
	add_file(t, "st", "own/st.json", "{ \"b\": \"Best\", \"review\": [\"b\"] }");
	assert_string_equal(note(t, "st", &notes), NOTE("st.json:3", "1 text", "st")
	    NOTE("own/st.json:1", "1 text", "st"));
	assert_null(texts_find(t, "st", "st", "review"));
	texts_free(t);
	buf_clear(&notes);
}

static void
complete(const char *other, const char *expected)
{
	static const char en[] = "{ \"gsm_safe\": [\"a\"],\n\"a\": \"A {x}\",\n\"b\": \"B\",\n\"c\": \"C\" }";
	struct texts *t = texts_new();
	struct buf problems = { 0 };
	bool ok;

	assert_true(texts_add(t, "en", "en.json", en, strlen(en), &problems));
	assert_true(other == NULL || texts_add(t, "zu", "zu.json", other, strlen(other), &problems));
	ok = texts_complete(t, "zu", "en", &problems);
	assert_string_equal(buf_str(&problems), expected);
	assert_int_equal(ok, expected[0] == '\0');
	texts_free(t);
	buf_clear(&problems);
}

static void
test_complete(void **state)
{
	(void)state;
	complete("{ \"c\": \"\", \"b\": \"B\", \"a\": \"A\", \"d\": \"D\" }", "");
	complete(NULL, "");
	complete("{ \"a\": \"A\",\n\n\"c\": \"C\" }",
	    "zu.json:1: \"b\" is missing in \"zu\"; add it, as it stands in en.json:3\n");
	complete("{\n\"d\": \"D\",\n\"b\": \"B\" }",
	    "zu.json:1: \"a\" is missing in \"zu\"; add it, as it stands in en.json:2\n"
	    "zu.json:3: \"c\" is missing in \"zu\"; add it, as it stands in en.json:4\n");
}

/* What a menu brings in a folder of its own is missed there. */
static void
test_complete_folder(void **state)
{
	struct texts *t = texts_new();
	struct buf problems = { 0 };

	(void)state;
	add_file(t, "en", "t/en.json", "{ \"a\": \"A\" }");
	add_file(t, "zu", "t/zu.json", "{ \"a\": \"A\" }");
	add_file(t, "en", "t/own/en.json", "{ \"b\": \"B\",\n\"c\": \"C\",\n\"d\": \"D\" }");
	assert_false(texts_complete(t, "zu", "en", &problems));
	assert_non_null(strstr(buf_str(&problems),
	    "t/own/zu.json:1: \"b\" is missing in \"zu\"; add it, as it stands in t/own/en.json:1\n"));
	buf_clear(&problems);
	add_file(t, "zu", "t/own/zu.json", "{ \"b\": \"B\",\n\"d\": \"D\" }");
	assert_false(texts_complete(t, "zu", "en", &problems));
	assert_string_equal(buf_str(&problems),
	    "t/own/zu.json:1: \"c\" is missing in \"zu\"; add it, as it stands in t/own/en.json:2\n");
	buf_clear(&problems);
	texts_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_languages),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_every_mistake),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_fill_knows_no_time_zone),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_gsm_safe),
		cmocka_unit_test(test_manner),
		cmocka_unit_test(test_widest_day),
		cmocka_unit_test(test_review),
		cmocka_unit_test(test_complete), cmocka_unit_test(test_complete_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
