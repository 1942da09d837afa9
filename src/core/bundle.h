/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files that one tenant's content consists of, as names and texts: "menus/wallet.json", "templates/en.json". What
 * is in them is nobody's business here. Its version is a hash over all of it, so equal content has the same one
 * wherever it was made.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"

#define BUNDLE_NAME 128
#define BUNDLE_PATH 512
#define BUNDLE_FILES 512
#define BUNDLE_OCTETS (8 << 20)		/* of all names and texts */
#define BUNDLE_VERSION 17

struct bundle;

struct bundle *bundle_new(void);
void bundle_free(struct bundle *b);		/* NULL is fine */
/* Letters, digits, '-', '_', and '/' and '.' that do not lead out of the folder. */
bool bundle_name_ok(const char *name);
/*
 * Copies; a name that is there gets the new text. The name is bundle_name_ok(). What would make it larger than the
 * limits is left out, and bundle_is_full() says so.
 */
void bundle_add(struct bundle *b, const char *name, const char *text, size_t len);
bool bundle_is_full(const struct bundle *b);
/* The text, followed by a NUL that is not counted, or NULL. `len` may be NULL. */
const char *bundle_find(const struct bundle *b, const char *name, size_t *len);
size_t bundle_n(const struct bundle *b);
const char *bundle_name(const struct bundle *b, size_t i);	/* in the order of names */
void bundle_version(const struct bundle *b, char out[BUNDLE_VERSION]);
void bundle_write(const struct bundle *b, struct buf *out);
/* NULL if it is not what bundle_write() makes. */
struct bundle *bundle_read(const void *octets, size_t n) MUST_CHECK;

/*
 * Where a person finds the file of a name, for problems: `folder` stands for the beginning `prefix` ("menus/" ->
 * "/etc/isango/menus/"). Not part of what is written and hashed; without it the path is the name. At most two.
 */
void bundle_root(struct bundle *b, const char *prefix, const char *folder);
void bundle_path(const struct bundle *b, const char *name, char out[BUNDLE_PATH]);
