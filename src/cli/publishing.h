/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `isango publish`, `isango versions` and the start of `isango serve` do with the versions that Redis keeps
 * (core/edition.h): read what was published, publish one more, count who is on which, drop those that nobody needs.
 * What content must be is not known here.
 */
#pragma once
#include "cli/reader.h"
#include "core/bundle.h"
#include "core/edition.h"
#include "service/task.h"

struct publishing {			/* of one tenant, as it is in Redis */
	struct reader *r;
	const char *tenant;
	bool is_any;			/* something was published: `now` */
	struct edition_pointer now;
	struct editions *all;		/* ours */
	struct rev now_rev, all_rev;
};

/* The reader is open. false after saying why; close it in any case. */
bool publishing_open(struct publishing *p, struct reader *r, const char *tenant) MUST_CHECK;
/* The same for who publishes: the list and the pointer, where they are damaged, count as empty, and are replaced. */
bool publishing_open_anew(struct publishing *p, struct reader *r, const char *tenant) MUST_CHECK;
void publishing_close(struct publishing *p);
/* NULL after saying why. The caller's. */
struct bundle *publishing_content(struct publishing *p, const char *version) MUST_CHECK;
/* It is there, and is what it must be; says nothing but that Redis gave no answer. */
bool publishing_is_whole(struct publishing *p, const char *version) MUST_CHECK;

/*
 * Dialogues begin on this version from now on, in all processes within a second or two. files NULL: it is kept
 * already. AGAIN: somebody else has published meanwhile, or room was made; open it anew. FAILED after saying why.
 */
enum publishing_end { PUBLISHING_DONE, PUBLISHING_AGAIN, PUBLISHING_FAILED };
enum publishing_end publishing_move(struct publishing *p, const char *version, const struct bundle *files,
    const char *who, const char *note) MUST_CHECK;
/* Who runs this command. */
void publishing_who(char out[EDITION_WHO]);

struct users {				/* dialogues that somebody is in, or may come back to, by tenant and version */
	struct users_row {
		char tenant[NAME_MAX_OCTETS];	/* "": begun by a program that did not note it */
		char version[BUNDLE_VERSION];
		unsigned n;
	} *row;				/* ours */
	size_t n;
	int64_t now;
};
/* Reads all dialogues that there are. false after saying why. */
bool users_count(struct users *u, struct reader *r) MUST_CHECK;
void users_clear(struct users *u);
unsigned users_of(const struct users *u, const char *tenant, const char *version);

/* Drops what nobody needs any more; how many. What cannot be dropped now is dropped after a later publishing. */
int publishing_drop(struct publishing *p);
