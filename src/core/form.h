/* SPDX-License-Identifier: Apache-2.0 */
/*
 * application/x-www-form-urlencoded, both ways: queries and bodies of forms. What is read is bounded and may hold
 * anything; what is written is escaped so that only letters, digits and -._~ stand for themselves. Pure.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"

#define FORM_FIELDS 64

struct form {			/* zeroed at first; form_clear() it: values may be texts of customers */
	struct buf text;	/* names and values, decoded, each with a NUL behind it */
	struct {
		size_t name, value, len;	/* len of the value: it may hold NULs */
	} at[FORM_FIELDS];
	size_t n;
};

/* false: more fields than are wanted, or a '%' without two hex digits; it is empty then. */
bool form_read(struct form *f, const char *text, size_t len) MUST_CHECK;
void form_clear(struct form *f);
/* Of that name the first one, NULL: it has none. */
const char *form_get(const struct form *f, const char *name);
/* The same whatever the case of the name. */
const char *form_get_fold(const struct form *f, const char *name);

void form_escape(struct buf *b, const void *octets, size_t n);
/* "name=value", a space as '+', behind a '&' where something stands there already. */
void form_add(struct buf *b, const char *name, const char *value);
/* Undoes %XX and '+'; false: a '%' without two hex digits. */
bool form_unescape(struct buf *b, const char *text, size_t len) MUST_CHECK;
