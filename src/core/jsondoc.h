/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON document written by a person: `//` comments, and the line of every value, so that each
 * mistake can be reported as "file:line: problem". Parsing is jansson's (duplicate keys refused,
 * depth limited); the lines come from a second look at the same text.
 */
#pragma once
#include <stddef.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/mem.h"

struct jsondoc;

/* NULL after adding "file:line: problem\n" to problems. The root must be an object. */
struct jsondoc *jsondoc_parse(const char *file, const char *text, size_t len,
    struct buf *problems) MUST_CHECK;
void jsondoc_free(struct jsondoc *d);
json_t *jsondoc_root(const struct jsondoc *d);		/* borrowed */
const char *jsondoc_file(const struct jsondoc *d);
/*
 * From now on `more` is part of `d`, which frees it: lines and problems of its values are told with its file. The root
 * stays that of `d`.
 */
void jsondoc_join(struct jsondoc *d, struct jsondoc *more);
/* The file in which this value stands, of those that were joined; that of `d` if it is in none. */
const char *jsondoc_file_of(const struct jsondoc *d, const json_t *value);
/*
 * Line on which this value (a node of the tree, by its address) stands; 1 if it is not of this
 * document. Note that jansson shares true, false and null: ask for their parent.
 */
int jsondoc_line(const struct jsondoc *d, const json_t *value);
/* Adds "file:line: problem\n"; value NULL: the first line. */
void jsondoc_problem(const struct jsondoc *d, const json_t *value, struct buf *problems,
    const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The known key nearest to a mistyped one, or NULL: "did you mean". */
const char *jsondoc_nearest(const char *key, const char *const *known, size_t n);
