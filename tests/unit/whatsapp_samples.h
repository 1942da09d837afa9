/* SPDX-License-Identifier: Apache-2.0 */
/* The samples of tests/data/samples/whatsapp, and whether a JSON text has the form of one of them. */
#pragma once
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/str.h"

#define SAMPLE_SECRET "app-secret-for-tests"

static inline void
sample_read(const char *name, struct buf *out)
{
	char path[200], block[4096];
	size_t n;
	FILE *f;

	assert_true(str_format(path, sizeof path, "tests/data/samples/whatsapp/%s", name));
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s: cannot be read", path);
	while ((n = fread(block, 1, sizeof block, f)) > 0)
		buf_add(out, block, n);
	fclose(f);
}

static inline json_t *
sample_json(const char *name)
{
	struct buf text = { 0 };
	json_t *j;

	sample_read(name, &text);
	j = json_loadb(text.p, text.len, 0, NULL);
	assert_non_null(j);
	buf_clear(&text);
	return j;
}

/*
 * Every member of `ours` is in the sample with the same type, and every one of the sample's in ours, but those that are
 * named in `optional` (words between blanks). Each element of a list is as the sample's first one.
 */
static inline void
assert_form(const json_t *ours, const json_t *sample, const char *optional, const char *at)
{
	const char *key;
	char word[64];
	json_t *v;
	size_t i;

	if (json_typeof(ours) != json_typeof(sample) && !(json_is_boolean(ours) && json_is_boolean(sample)))
		fail_msg("%s: of another type", at);
	if (json_is_array(ours)) {
		assert_true(json_array_size(ours) > 0);
		json_array_foreach((json_t *)ours, i, v)
			assert_form(v, json_array_get(sample, 0), optional, at);
		return;
	}
	json_object_foreach((json_t *)ours, key, v) {
		assert_true(str_format(word, sizeof word, " %s ", key));
		if (json_object_get(sample, key) == NULL && strstr(optional, word) != NULL)
			continue;
		if (json_object_get(sample, key) == NULL)
			fail_msg("%s.%s: not in the sample", at, key);
		assert_form(v, json_object_get(sample, key), optional, key);
	}
	json_object_foreach((json_t *)sample, key, v) {
		assert_true(str_format(word, sizeof word, " %s ", key));
		if (json_object_get(ours, key) == NULL && strstr(optional, word) == NULL)
			fail_msg("%s.%s: missing", at, key);
	}
}

static inline void
assert_sample_form(const char *text, size_t len, const char *name, const char *optional)
{
	json_t *ours = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL), *sample = sample_json(name);

	assert_non_null(ours);
	assert_form(ours, sample, optional, name);
	json_decref(ours);
	json_decref(sample);
}
