/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files values*.c only: one value, and where it goes. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "config/reader.h"

/* What a reading function was given. `at` is the member. */
struct target {
	struct reader *r;
	const struct option *o;
	char *base, *at;
	const json_t *value, *place;
	bool said;			/* a problem was added already */
};

void value_say(struct target *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The general complaint, with the item of a list that it is about, or NULL. */
void value_say_expected(struct target *t, const char *item);

/* Printable, so that it can stand in a log line, a header and a path. */
bool value_is_plain(const char *s);
/* One of `words`, which end with NULL; "" among them is none. */
bool value_is_one_of(const char *text, const char *const *words, size_t *index);
/* A list of as many items as the option takes; and, when all were read, their number. */
bool value_list_fits(const struct target *t);
void value_store_count(struct target *t);

/* Each reads one type, or several. false: not good; what is expected is said by the caller where nothing was. */
bool value_read_text(struct target *t);
bool value_read_texts(struct target *t);
bool value_read_path(struct target *t);
bool value_read_secret(struct target *t);
bool value_read_keys(struct target *t);
bool value_read_key(struct target *t);
bool value_read_hash(struct target *t);
bool value_read_bind(struct target *t);
bool value_read_route(struct target *t);
