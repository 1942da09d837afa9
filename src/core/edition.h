/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was published for one tenant: the edition that dialogues begin on, and all editions that anybody may still need
 * or want to know of. An edition is a version of the content (core/bundle.h) that somebody published at some time; one
 * version may be published again. Pure: who is still on which version is told from outside.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/mem.h"
#include "core/bundle.h"
#include "core/record.h"

#define EDITION_WHO 40
#define EDITION_NOTE 121
#define EDITIONS_MAX 200
/* Until then a process may not know of the one that followed, and begin a dialogue on the older. */
#define EDITION_SETTLED_MS INT64_C(600000)

struct edition {
	char version[BUNDLE_VERSION];
	int64_t at;			/* ms since the epoch */
	char who[EDITION_WHO], note[EDITION_NOTE];
	bool gone;			/* its content is not kept any more */
	struct rec_rest rest;
};

struct edition_pointer {		/* what dialogues begin on; small, since every process looks at it each second */
	char version[BUNDLE_VERSION];
	int64_t at;
	int kept;			/* versions whose content is there */
	int64_t dropped;		/* those that were, ever */
	struct rec_rest rest;
};

struct editions {			/* the newest first */
	struct edition edition[EDITIONS_MAX];
	size_t n;
};

void edition_encode(const struct edition *e, struct buf *out);
bool edition_decode(const void *octets, size_t n, struct edition *out) MUST_CHECK;
void edition_pointer_encode(const struct edition_pointer *p, struct buf *out);
bool edition_pointer_decode(const void *octets, size_t n, struct edition_pointer *out) MUST_CHECK;
void editions_encode(const struct editions *all, struct buf *out);
bool editions_decode(const void *octets, size_t n, struct editions *out) MUST_CHECK;

/* 16 hex digits, as people type them too. */
bool edition_version_ok(const char *version);
/* Letters that a terminal and a log can show; the rest is left out, what is too long is cut. */
void edition_plain(const char *text, char *out, size_t size);

int editions_kept(const struct editions *all);		/* versions */
/* The newest edition of that version, NULL if its content is not kept. */
const struct edition *editions_find(const struct editions *all, const char *version);
/*
 * The new one is the first. Where there is no room the oldest goes whose content is gone or that was published again;
 * false: there is none, each may be needed.
 */
bool editions_add(struct editions *all, const struct edition *e) MUST_CHECK;
/*
 * Marks as gone, and names in `out`, at most `max` versions that nobody needs: not among the `keep` versions published
 * last, replaced for EDITION_SETTLED_MS, and not `is_used`.
 */
typedef bool edition_used(void *arg, const char *version);
size_t editions_retire(struct editions *all, int64_t now, size_t keep, edition_used *is_used, void *arg,
    char (*out)[BUNDLE_VERSION], size_t max);
/* Whether there may be one, whoever uses it: then it is worth finding out. */
bool editions_crowded(const struct editions *all, int64_t now, size_t keep);
