/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables that proofs of menus rest on: kinds of variables, and what calls set and read; and that the manual says
 * the same of calls.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "core/calls.h"
#include "core/gsm.h"

static const struct kind_env nobody;

static void
kinds_have_formats_that_show_them(void **state)
{
	struct texts_env env = { .country = "27", .utc_offset_s = 7200 };
	char value[KIND_WIDEST], text[64], shown[512];

	(void)state;
	for (int k = 0; k < KINDS; k++) {
		struct var_type type = { .kind = (enum var_kind)k };
		const char *formats = kind_formats(type.kind);
		struct vars v = { 0 };

		assert_non_null(kind_name(type.kind));
		assert_int_equal(kind_is_shown(type.kind), formats[0] != '\0');
		assert_true(!kind_is_secret(type.kind) || !kind_is_shown(type.kind));
		assert_true(kind_widest(&type, &nobody, 0, value));
		assert_true(type.kind == KIND_REASON || vars_set(&v, "x", value));
		for (size_t n; type.kind != KIND_REASON && *formats != '\0'; formats += strspn(formats, ", ")) {
			n = strcspn(formats, ",");
			assert_true(str_format(text, sizeof text, "{x:%.*s}", (int)n, formats));
			assert_true(texts_fill(text, &v, &env, shown, sizeof shown));
			assert_string_not_equal(shown, "");
			formats += n;
		}
	}
	assert_true(kind_has_format(KIND_MOMENT, "time") && kind_has_format(KIND_MOMENT, "date"));
	assert_false(kind_has_format(KIND_MOMENT, "name") || kind_has_format(KIND_MONEY, "mon"));
	assert_true(kind_is_secret(KIND_SECRET));
}

static void
widest_is_wide(void **state)
{
	static const char *const words[] = { "a", "longest", "bb" };
	struct tenant_settings tenant = { .title = "Acme", .country = "27" };
	struct kind_env env = { .tenant = &tenant, .service_code = "*1#" };
	struct var_type type = { .kind = KIND_WORD, .word = words, .words = 3 };
	char value[KIND_WIDEST];

	(void)state;
	assert_true(kind_widest(&type, &env, 0, value) && strcmp(value, "longest") == 0);
	assert_false(kind_widest(&type, &env, 1, value));
	type = (struct var_type){ .kind = KIND_MONEY, .max = 500000 };
	assert_true(kind_widest(&type, &env, 0, value) && strcmp(value, "500000") == 0);
	type = (struct var_type){ .kind = KIND_TITLE };
	assert_true(kind_widest(&type, &env, 0, value) && strcmp(value, "Acme") == 0);
	type = (struct var_type){ .kind = KIND_TEXT, .max = 4 };
	assert_true(kind_widest(&type, &env, 0, value) && gsm_septets(value) == 8);	/* brackets */
	env.beyond_gsm = true;
	assert_true(kind_widest(&type, &env, 0, value) && gsm_septets(value) < 0 && ucs2_units(value) == 4);
	type = (struct var_type){ .kind = KIND_MOMENT };
	assert_true(kind_widest(&type, &env, 11, value));
	assert_false(kind_widest(&type, &env, 12, value));
}

static bool
has_outcome(const struct call_row *row, const char *word, size_t n)
{
	for (int i = 0; row->outcomes[i] != NULL; i++)
		if (strlen(row->outcomes[i]) == n && memcmp(row->outcomes[i], word, n) == 0)
			return true;
	return false;
}

static void
check_set(const struct call_row *row, const struct call_set *set)
{
	bool found = set->how != SET_WITH;

	for (const char *on = set->on; on != NULL && *on != '\0'; on += strspn(on, " ")) {
		size_t n = strcspn(on, " ");

		if (!has_outcome(row, on, n))
			fail_msg("%s sets %s on %.*s, which it cannot end with", row->name, set->name, (int)n, on);
		on += n;
	}
	for (const struct call_set *before = row->sets; before < set; before++)
		found = found || strcmp(before->name, set->with) == 0;
	assert_true(found);
}

static void
calls_set_on_their_outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < call_rows_n; i++) {
		const struct call_row *row = &call_rows[i];

		for (const struct call_set *set = row->sets; set->name != NULL; set++)
			check_set(row, set);
		assert_true(row->sets[CALL_SETS - 1].name == NULL && row->needs[CALL_NEEDS - 1].name == NULL);
		assert_true(row->shows[CALL_SHOWS - 1].name == NULL);
		assert_int_equal(row->intent, row->shows[0].name != NULL);
		assert_true(!row->open || (row->steps.money == 0 && row->wants_secret == CALL_NO_PIN));
	}
	assert_true(call_sets_on(&(struct call_set){ .on = "done empty" }, "empty"));
	assert_false(call_sets_on(&(struct call_set){ .on = "done empty" }, "don"));
	assert_true(call_sets_on(&(struct call_set){ .on = NULL }, "failed"));
}

/* ---- the manual ---- */

static void
add_sets(const struct call_row *row, struct buf *out)
{
	const char *before = "Sets: ";

	for (const struct call_set *set = row->sets; set->name != NULL; set++) {
		bool again = false;

		for (const struct call_set *s = row->sets; s < set; s++)
			again = again || strcmp(s->name, set->name) == 0;
		if (!again)
			buf_addf(out, "%s%s", before, set->name);
		before = ", ";
	}
	if (out->len > 0)
		buf_add_str(out, ".\n");
}

static void
the_manual_says_the_same(void **state)
{
	static char man[65536];
	FILE *f = fopen("man/isango-menu.5", "r");
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(man, 1, sizeof man - 1, f);
	man[n] = '\0';
	fclose(f);
	for (size_t i = 0; i < call_rows_n; i++) {
		struct buf sets = { 0 }, outcomes = { 0 };
		char head[64];
		const char *entry, *end;

		str_format(head, sizeof head, ".TP\n.B %s\n", call_rows[i].name);
		entry = strstr(man, head);
		if (entry == NULL)
			fail_msg("the manual has no call %s", call_rows[i].name);
		end = strstr(entry + 1, ".TP\n");
		for (int k = 0; call_rows[i].outcomes[k] != NULL; k++)
			buf_addf(&outcomes, "%s%s", k == 0 ? "Outcomes: " : ", ", call_rows[i].outcomes[k]);
		buf_add_str(&outcomes, ".\n");
		add_sets(&call_rows[i], &sets);
		for (const struct buf *b = &outcomes; b != NULL; b = b == &outcomes ? &sets : NULL) {
			const char *found = strstr(entry, buf_str(b));

			if (found == NULL || (end != NULL && found > end))
				fail_msg("the manual of %s lacks: %s", call_rows[i].name, buf_str(b));
		}
		buf_clear(&sets);
		buf_clear(&outcomes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_have_formats_that_show_them),
		cmocka_unit_test(widest_is_wide),
		cmocka_unit_test(calls_set_on_their_outcomes),
		cmocka_unit_test(the_manual_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
