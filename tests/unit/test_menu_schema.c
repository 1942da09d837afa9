/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of menus are what the manual and the schema say: no key is missing in either. */
#include "tests/unit/menu_player.h"

#include "core/menu_schema.h"

#define MANUAL "man/isango-menu.5"

/* Where the manual tells of each form. */
static const char *const sections[MENU_FORMS][2] = {
	[MENU_CALL] = { ".SS call\n", ".SS Keys of every state\n" },
	[MENU_CHOOSE] = { ".SS choose\n", ".SS Keys of every state\n" },
	[MENU_ASK] = { ".SS ask\n", ".SS Keys of every state\n" },
	[MENU_CONFIRM] = { ".SS confirm\n", ".SS Keys of every state\n" },
	[MENU_END] = { ".SS end\n", ".SS Keys of every state\n" },
	[MENU_BRANCH] = { ".SS branch\n", ".SS Keys of every state\n" },
	[FORM_EDGE] = { ".SS Edges\n", ".SS Edges\n" },
	[FORM_OPTION] = { ".SS Edges\n", ".SS choose\n" },
	[FORM_INCLUDE] = { ".SS Parts\n", ".SS Parts\n" },
	[FORM_MENU] = { ".SS The file\n", ".SS The file\n" },
	[FORM_PART] = { ".SS The file\n", ".SS Parts\n" },
	[FORM_JOURNEY] = { ".SH JOURNEYS\n", ".SH JOURNEYS\n" },
};

static char manual[PLAYER_FILE];

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || c == '_';
}

/* The key as a word of a line that begins with .B or .BR, within the section. */
static bool
is_told(const char *section, const char *key)
{
	const char *at = strstr(manual, section), *end, *line;

	assert_non_null(at);
	end = strstr(at + 1, "\n.S");
	assert_non_null(end);
	while ((line = strstr(at, "\n.B")) != NULL && line < end) {
		size_t n = strcspn(line + 1, "\n");

		for (const char *word = strstr(line, key); word != NULL && word < line + 1 + n; word = strstr(word + 1, key))
			if (!is_letter(word[-1]) && !is_letter(word[strlen(key)]))
				return true;
		at = line + n;
	}
	return false;
}

static void
test_manual(void **state)
{
	char check[200];

	(void)state;
	(void)player_read(MANUAL, manual);
	for (int form = 0; form < MENU_FORMS; form++) {
		const char *names[MENU_KEYS];
		size_t n = menu_key_names(form, names);

		for (size_t i = 0; i < n; i++)
			if (!is_told(sections[form][0], names[i]) && !is_told(sections[form][1], names[i]))
				fail_msg(MANUAL " does not tell of \"%s\" of the form %s", names[i], menu_form_names[form]);
	}
	for (size_t i = 0; i < accept_rows_n; i++) {
		const char *names[ACCEPT_ARGS];
		size_t n = accept_args(&accept_rows[i], names);
		struct buf args = { 0 };

		for (size_t k = 0; k < n; k++)
			buf_addf(&args, "%s %s", k > 0 ? "," : "", names[k]);
		str_format(check, sizeof check, "\\fB%s\\fP {%s }\n", accept_rows[i].name, buf_str(&args));
		if (strstr(manual, check) == NULL)
			fail_msg(MANUAL " does not tell of the check \"%s\" {%s }", accept_rows[i].name, buf_str(&args));
		buf_clear(&args);
	}
}

static const json_t *
at(const json_t *in, const char *a, const char *b, const char *c)
{
	return json_object_get(json_object_get(json_object_get(in, a), b), c);
}

/* Whether it is a right schema, and takes the right menus, is tried with a validator in tests/e2e/test_schema.py. */
static void
test_schema(void **state)
{
	struct buf text = { 0 };
	json_t *schema, *forms;

	(void)state;
	menu_schema(&text);
	schema = json_loadb(text.p, text.len, 0, NULL);
	forms = json_object_get(schema, "definitions");
	assert_non_null(forms);
	for (int form = 0; form < MENU_FORMS; form++) {
		const char *names[MENU_KEYS];
		size_t n = menu_key_names(form, names);

		assert_int_equal(json_object_size(json_object_get(json_object_get(forms, menu_form_names[form]),
		    "properties")), n);
		for (size_t i = 0; i < n; i++)
			assert_non_null(json_object_get(at(forms, menu_form_names[form], "properties", names[i]),
			    "description"));
	}
	for (size_t i = 0; i < accept_rows_n; i++)
		assert_non_null(at(forms, "check", "properties", accept_rows[i].name));
	assert_int_equal(json_array_size(json_object_get(json_object_get(forms, "call"), "allOf")), call_rows_n);
	json_decref(schema);
	buf_clear(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manual),
		cmocka_unit_test(test_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
