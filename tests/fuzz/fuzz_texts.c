/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of texts of any octets; each is filled with the variables of the lines "name=value" that
 * follow. What does not fit whole is the beginning of the whole, cut between characters.
 */
#include "base/str.h"
#include "core/jsondoc.h"
#include "core/texts.h"
#include "tests/fuzz/fuzz.h"

#define ROOM 16384
#define SPELT 200

static struct texts_env env = { .country = "27", .utc_offset_s = 7200 };

static void
fill(const char *text, const struct vars *vars)
{
	static char whole[ROOM];
	static const size_t sizes[] = { 1, 2, 3, 7, 40, 161 };
	char *part;

	must(!texts_fill(text, vars, &env, whole, 0));
	(void)texts_fill(text, vars, &env, whole, sizeof whole);
	must(strlen(whole) < sizeof whole && utf8_valid(whole, strlen(whole)));
	for (size_t i = 0; i < NELEM(sizes); i++) {
		bool fits;

		part = malloc(sizes[i]);
		must(part != NULL);
		fits = texts_fill(text, vars, &env, part, sizes[i]);
		must(strlen(part) < sizes[i] && utf8_valid(part, strlen(part)));
		must(fits == (strlen(whole) < sizes[i]));
		must(str_starts(whole, part) && (!fits || strcmp(whole, part) == 0));
		free(part);
	}
}

static void
set_vars(struct vars *vars, char *lines)
{
	char *line, *value;

	while ((line = strsep(&lines, "\n")) != NULL) {
		if (!utf8_valid(line, strlen(line)) || (value = strchr(line, '=')) == NULL)
			continue;
		*value++ = '\0';
		(void)vars_set(vars, line, value);
		must(vars_valid(vars));
	}
}

static void
fill_each(const struct jsondoc *d, const struct texts *t, const struct vars *vars)
{
	const char *key;
	json_t *value;

	json_object_foreach(jsondoc_root(d), key, value) {
		const char *text = texts_find(t, "zu", "en", key);
		char spelt[SPELT];

		if (!json_is_string(value))
			continue;
		(void)texts_fill(text, vars, &env, spelt, sizeof spelt);
		texts_spell(t, "zu", "en", key, spelt, sizeof spelt);
		must(strlen(spelt) < sizeof spelt && utf8_valid(spelt, strlen(spelt)));

		must(text != NULL && strcmp(text, json_string_value(value)) == 0);
		fill(text, vars);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct texts *t = texts_new();
	struct buf problems = { 0 };
	struct vars vars = { 0 };
	char *lines, *json;
	size_t n = fuzz_halves(data, size, &lines);
	bool ok = texts_add(t, "en", "en.json", (const char *)data, n, &problems);

	must(ok == (problems.len == 0) && ok == texts_has_language(t, "en"));
	set_vars(&vars, lines);
	if (ok) {
		struct jsondoc *d = jsondoc_parse("en.json", (const char *)data, n, &problems);

		must(d != NULL);
		texts_manner(t, "en", &env);
		must(texts_widest_day(&env) > 0);
		texts_note(t, "en", &problems);
		fill_each(d, t, &vars);
		jsondoc_free(d);
	}
	texts_manner(t, "none", &env);
	/* A key without a text is shown itself, whatever stands in it. */
	json = strndup((const char *)data, n);
	must(json != NULL);
	if (utf8_valid(json, strlen(json)))
		fill(json, &vars);
	free(json);
	free(lines);
	buf_clear(&problems);
	texts_free(t);
	return 0;
}
