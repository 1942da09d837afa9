/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One commit publishes: the content under its hash, the list of editions, the pointer. One commit drops: contents, and
 * the list that says so; it fails if anybody published meanwhile, so what is dropped is never what dialogues begin on.
 */
#include "cli/publishing.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/log.h"
#include "base/str.h"

#define COMMIT_MS 4000
#define COMMIT_TRIES 3
#define DROP_MOST 7		/* of one commit, beside the two records */

/* What was sealed with a key that is not ours may be right: it is no damage. */
static bool
is_of_a_key_we_have(const struct reader *r)
{
	const struct settings *s = r->settings;

	for (int i = 0; r->value.len > STORE_VERSION && i < s->sealing_keys_n; i++)
		if ((unsigned char)r->value.p[STORE_VERSION] == s->sealing_key_ids[i])
			return true;
	return r->value.len <= STORE_VERSION;
}

/* Of a record that cannot be read. Whoever publishes writes it anew. */
static bool
is_replaced(const struct publishing *p, const char *what, bool anew)
{
	const struct reader *r = p->r;

	if (r->damaged && !is_of_a_key_we_have(r)) {
		reader_say_damaged(r);
		return false;
	}
	fprintf(stderr, "%s: %s: %s is damaged; %s\n", r->command, p->tenant, what,
	    anew ? "it is written anew" : "`isango publish` writes it anew");
	return anew;
}

/* `anew`: what is damaged is as if it were not there, but for its revision. */
static bool
open_records(struct publishing *p, struct reader *r, const char *tenant, bool anew)
{
	struct store_key list = key_of(STORE_EDITIONS, tenant, ""), pointer = key_of(STORE_EDITION, tenant, "");

	*p = (struct publishing){ .r = r, .tenant = tenant, .all = xcalloc(1, sizeof *p->all) };
	if (!reader_load(r, &list))
		return false;
	p->all_rev.at = r->version;
	if (r->present && (r->damaged || !editions_decode(r->value.p, r->value.len, p->all))) {
		memset(p->all, 0, sizeof *p->all);
		if (!is_replaced(p, "the list of what was published", anew))
			return false;
	}
	/* Behind the list: a pointer that is newer than it makes the commit fail, not the list wrong. */
	if (!reader_load(r, &pointer))
		return false;
	p->now_rev.at = r->version;
	p->is_any = r->present && !r->damaged && edition_pointer_decode(r->value.p, r->value.len, &p->now);
	if (p->is_any || !r->present)
		return true;
	memset(&p->now, 0, sizeof p->now);
	return is_replaced(p, "the record of what is published", anew);
}

bool
publishing_open(struct publishing *p, struct reader *r, const char *tenant)
{
	return open_records(p, r, tenant, false);
}

bool
publishing_open_anew(struct publishing *p, struct reader *r, const char *tenant)
{
	return open_records(p, r, tenant, true);
}

void
publishing_close(struct publishing *p)
{
	free(p->all);
	p->all = NULL;
}

/* NULL where there is none, or, with `present` of the reader, a damaged one. false: Redis gave no answer. */
static bool
look_for(struct publishing *p, const char *version, struct bundle **out)
{
	struct store_key key = key_of(STORE_CONTENT, p->tenant, version);
	char found[BUNDLE_VERSION] = "";

	*out = NULL;
	if (!reader_load(p->r, &key))
		return false;
	if (p->r->present && !p->r->damaged)
		*out = bundle_read(p->r->value.p, p->r->value.len);
	if (*out != NULL)
		bundle_version(*out, found);
	if (strcmp(found, version) != 0) {
		bundle_free(*out);
		*out = NULL;
	}
	return true;
}

struct bundle *
publishing_content(struct publishing *p, const char *version)
{
	struct bundle *b;

	if (!look_for(p, version, &b) || b != NULL)
		return b;
	if (p->r->damaged)
		reader_say_damaged(p->r);
	fprintf(stderr, "%s: %s: the version %s is %s\n", p->r->command, p->tenant, version, p->r->present ?
	    "damaged; published from its files it is written anew" :
	    "not kept any more; `isango versions` shows those that are");
	return NULL;
}

bool
publishing_is_whole(struct publishing *p, const char *version)
{
	struct bundle *b;
	bool ok = look_for(p, version, &b) && b != NULL;

	bundle_free(b);
	return ok;
}

/* ---- changes ---- */

/* Always the same: content is what its name says, so that putting it twice is putting it once. */
static struct rev
content_rev(const char *version)
{
	struct rev rev = { .at = { { 0 } } };
	unsigned char mark[8];

	if (!str_unhex(version, BUNDLE_VERSION - 1, mark, sizeof mark))
		fatalx("no version of content");
	rev_next(&rev, mark);
	return rev;
}

static struct store_op *
add_op(struct store_commit *c, enum store_op_kind kind, const struct publishing *p, enum store_family family,
    const char *id)
{
	struct store_op *op = &c->op[c->n++];

	*op = (struct store_op){ .kind = kind, .key = key_of(family, p->tenant, id) };
	return op;
}

static void
add_put(struct store_commit *c, const struct publishing *p, enum store_family family, const char *id,
    const struct rev *rev, const struct buf *octets)
{
	struct store_op *op = add_op(c, STORE_PUT, p, family, id);

	op->from = rev->at;
	op->to = rev->next;
	op->p = octets->p;
	op->len = octets->len;
}

static void
add_list_and_pointer(struct store_commit *c, struct publishing *p, struct buf *list, struct buf *pointer)
{
	unsigned char mark[8];

	randombytes_buf(mark, sizeof mark);
	rev_next(&p->all_rev, mark);
	rev_next(&p->now_rev, mark);
	p->now.kept = editions_kept(p->all);
	editions_encode(p->all, list);
	edition_pointer_encode(&p->now, pointer);
	add_put(c, p, STORE_EDITIONS, "", &p->all_rev, list);
	add_put(c, p, STORE_EDITION, "", &p->now_rev, pointer);
}

/* Without an answer once more: a repeat finds what the first has done. */
static enum store_end
commit_once(struct publishing *p, struct store_commit *c)
{
	enum store_end end = STORE_UNKNOWN;

	for (int i = 0; i < COMMIT_TRIES && end == STORE_UNKNOWN; i++) {
		c->not_after_ms = loop_wall(p->r->loop) + COMMIT_MS;
		end = reader_commit(p->r, c);
	}
	return end;
}

static enum store_end
commit(struct publishing *p, struct store_commit *c)
{
	enum store_end end = commit_once(p, c);

	if (end == STORE_DONE) {
		rev_saved(&p->all_rev);
		rev_saved(&p->now_rev);
	}
	return end;
}

/*
 * Content that is there counts as put already, so what is damaged goes first: nobody can use it. A conflict is somebody
 * who has just done the same. false: Redis gave no answer.
 */
static bool
clear_damaged(struct publishing *p, const char *version)
{
	struct store_commit c = { .n = 0 };
	struct bundle *b;
	enum store_end end;

	if (!look_for(p, version, &b))
		return false;
	if (b != NULL || !p->r->present) {
		bundle_free(b);
		return true;
	}
	fprintf(stderr, "%s: %s: the version %s was damaged; it is written anew\n", p->r->command, p->tenant, version);
	add_op(&c, STORE_DELETE, p, STORE_CONTENT, version)->from = p->r->version;
	end = commit_once(p, &c);
	return end == STORE_DONE || end == STORE_CONFLICT;
}

enum publishing_end
publishing_move(struct publishing *p, const char *version, const struct bundle *files, const char *who,
    const char *note)
{
	struct edition e = { .at = loop_wall(p->r->loop) };
	struct buf list = { 0 }, pointer = { 0 }, octets = { 0 };
	struct rev content = content_rev(version);
	struct store_commit c = { .n = 0 };
	enum store_end end;

	str_copy(e.version, sizeof e.version, version);
	edition_plain(who, e.who, sizeof e.who);
	edition_plain(note, e.note, sizeof e.note);
	if (files != NULL && !clear_damaged(p, version))
		return PUBLISHING_FAILED;
	if (!editions_add(p->all, &e)) {
		/* Otherwise nothing is dropped before it is published, and this would go on for ever. */
		if (publishing_drop(p) > 0)
			return PUBLISHING_AGAIN;
		fprintf(stderr, "%s: %s: each of %d versions is younger than ten minutes or has dialogues; publish again "
		    "later\n",
		    p->r->command, p->tenant, EDITIONS_MAX);
		return PUBLISHING_FAILED;
	}
	p->is_any = true;
	str_copy(p->now.version, sizeof p->now.version, version);
	p->now.at = e.at;
	add_list_and_pointer(&c, p, &list, &pointer);
	if (files != NULL) {
		bundle_write(files, &octets);
		add_put(&c, p, STORE_CONTENT, version, &content, &octets);
	} else
		add_op(&c, STORE_CHECK, p, STORE_CONTENT, version)->from = content.next;
	end = commit(p, &c);
	buf_clear(&list);
	buf_clear(&pointer);
	buf_clear(&octets);
	if (end == STORE_DONE || end == STORE_CONFLICT)
		return end == STORE_DONE ? PUBLISHING_DONE : PUBLISHING_AGAIN;
	fprintf(stderr, "%s: %s: %s\n", p->r->command, p->tenant, end == STORE_FULL ?
	    "redis has no room for it; nothing was published" :
	    "redis gave no answer; `isango versions` shows what is published now");
	return PUBLISHING_FAILED;
}

void
publishing_who(char out[EDITION_WHO])
{
	const char *sudo = getenv("SUDO_USER");
	const struct passwd *pw = getpwuid(getuid());
	char number[24];

	str_format(number, sizeof number, "uid %u", (unsigned)getuid());
	edition_plain(sudo != NULL && getuid() == 0 ? sudo : pw != NULL ? pw->pw_name : number, out, EDITION_WHO);
}

/* ---- dropping ---- */

struct of_tenant {
	const struct users *users;
	const char *tenant;
};

static bool
is_used(void *arg, const char *version)
{
	const struct of_tenant *o = arg;

	return users_of(o->users, o->tenant, version) > 0;
}

/* As it lies there: one that is damaged goes too, and one that is gone already holds up no other. */
static bool
add_delete(struct store_commit *c, struct publishing *p, const char *version)
{
	struct store_key key = key_of(STORE_CONTENT, p->tenant, version);

	if (!reader_load(p->r, &key))
		return false;
	if (p->r->present)
		add_op(c, STORE_DELETE, p, STORE_CONTENT, version)->from = p->r->version;
	return true;
}

static int
drop_some(struct publishing *p, struct of_tenant *o)
{
	const struct settings *s = p->r->settings;
	char gone[DROP_MOST][BUNDLE_VERSION];
	size_t n = editions_retire(p->all, loop_wall(p->r->loop), (size_t)s->versions_kept, is_used, o, gone, DROP_MOST);
	struct buf list = { 0 }, pointer = { 0 };
	struct store_commit c = { .n = 0 };
	bool done = true;

	if (n == 0)
		return 0;
	p->now.dropped += (int64_t)n;
	add_list_and_pointer(&c, p, &list, &pointer);
	for (size_t i = 0; i < n && done; i++)
		done = add_delete(&c, p, gone[i]);
	done = done && commit(p, &c) == STORE_DONE;
	buf_clear(&list);
	buf_clear(&pointer);
	return done ? (int)n : 0;
}

int
publishing_drop(struct publishing *p)
{
	struct users users = { 0 };
	struct of_tenant o = { &users, p->tenant };
	int all = 0, n = DROP_MOST;

	if (!editions_crowded(p->all, loop_wall(p->r->loop), (size_t)p->r->settings->versions_kept))
		return 0;
	if (users_count(&users, p->r))
		for (; n == DROP_MOST; all += n)
			n = drop_some(p, &o);
	users_clear(&users);
	return all;
}
