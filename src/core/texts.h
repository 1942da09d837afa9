/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The texts that customers see: templates/<language>.json, a flat object of key -> text, UTF-8. A
 * placeholder is {name} or {name:format}; formats: money (cents -> R50.00), phone (grouped), time
 * (epoch ms -> 14:02), date (epoch ms -> 24 Mar), day (yyyymmdd -> 24 Mar 1990), name (as is),
 * digits (token in groups of 4: "1234 5678"). Amounts and months are written as the language does
 * (core/texts_manner.h). "{{" is a literal brace. Languages fall back to the
 * tenant's first language. "gsm_safe" and "review" are no texts but lists of keys, "sms.*" for all that begin so.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/vars.h"

struct texts;

struct texts *texts_new(void);
void texts_free(struct texts *t);
/*
 * `json` of one language (len octets, `//` comments allowed). Errors go to `problems`, one
 * "file:line: problem" a line, and make it return false. Texts are checked: placeholders well
 * formed, characters valid UTF-8. Nothing is added then; a second file of a language overrides the
 * keys that it has.
 */
bool texts_add(struct texts *t, const char *language, const char *file, const char *json,
    size_t len, struct buf *problems) MUST_CHECK;
/* NULL when neither the language nor `fallback` has it. */
const char *texts_find(const struct texts *t, const char *language, const char *fallback,
    const char *key);
/*
 * The filled text of `key`, spelt anew within GSM 03.38 (core/gsm_safe.h) where "gsm_safe" of its file asks for it and
 * all of it can be.
 */
void texts_spell(const struct texts *t, const char *language, const char *fallback, const char *key, char *text,
    size_t size);
/*
 * `language` has each text that `model` has, which is the tenant's first one. false after adding "file:line: problem\n"
 * for each that is missing, where it belongs; a language without any text is not looked at. (texts_lacking.c)
 */
bool texts_complete(const struct texts *t, const char *language, const char *model, struct buf *problems) MUST_CHECK;
/* A line for each file about the texts that its "review" names: no person has read them yet. */
void texts_note(const struct texts *t, const char *language, struct buf *notes);
bool texts_has_language(const struct texts *t, const char *language);
/* Where a text stands, for what is wrong with it; *file is borrowed. false: the language has no such text. */
bool texts_place(const struct texts *t, const char *language, const char *key, const char **file, int *line);

/* Every key of a language, in the order of its file. */
typedef void texts_fn(void *arg, const char *key);
void texts_each(const struct texts *t, const char *language, texts_fn *fn, void *arg);

#define TEXTS_FORMAT 12
struct texts_placeholder {
	char name[VARS_NAME];
	char format[TEXTS_FORMAT];	/* "name" where the text says none */
};
/* The first placeholder of the text: what stands behind it, or NULL where there is none. */
const char *texts_placeholder(const char *text, struct texts_placeholder *out);

struct texts_env {
	const char *country;		/* for phone grouping */
	int utc_offset_s;		/* of the tenant's time zone now */
	const char *months, *money;	/* how a language writes them; NULL: as English does */
};
/* Sets how this language writes months and amounts; borrowed from `t`. Whoever fills a text of a language does so. */
void texts_manner(const struct texts *t, const char *language, struct texts_env *env);
/* A moment (epoch ms) whose date takes the most room that one can take in this language. */
int64_t texts_widest_day(const struct texts_env *env);
/*
 * Fills placeholders from vars (unset: empty). false when it does not fit whole; out is then cut
 * between characters.
 */
bool texts_fill(const char *text, const struct vars *vars, const struct texts_env *env, char *out,
    size_t size);
