/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of faults. It only says what is to go wrong; core_api, smsc and aggregator do it.
 * Rule:
 * {"where":"core","match":{"method":"POST","path":"wallets/[0-9]+/withdrawals$"},
 * "do":"lose_answer","ms":0,
 * "status":500,"body":"...","times":1,"after":0}; "path" is a POSIX extended regular expression,
 * found anywhere.
 */
#include "sandbox/faults.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/str.h"

#define RULES_MAX 256

static const char *const do_name[] = { "none", "delay", "error", "lose_answer", "no_answer",
    "drop_before", "garbage", "later", "no_receipt", "receipt_first", "refuse", "stopped", "balance", "fail" };
static const char *const where_name[] = { "core", "smsc", "aggregator", "graph", "sms" };

struct rule {
	struct list node;
	enum fault_where where;
	enum fault_do what;
	char method[32];		/* "" matches all */
	char path[200];
	bool has_path;
	regex_t regex;
	int64_t ms, times, after;	/* times -1: for ever */
	int status;
	bool cut;
	char *body;
	int64_t matched, acted;
};

struct faults {
	struct list rules;
	size_t n;
};

struct faults *
faults_new(void)
{
	struct faults *f = xcalloc(1, sizeof *f);

	list_init(&f->rules);
	return f;
}

static void
rule_free(struct rule *r)
{
	if (r->has_path)
		regfree(&r->regex);
	free(r->body);
	free(r);
}

static void
rules_clear(struct list *rules)
{
	struct list *it, *nx;

	LIST_EACH(it, nx, rules) {
		list_remove(it);
		rule_free(LIST_OF(it, struct rule, node));
	}
}

void
faults_clear(struct faults *f)
{
	rules_clear(&f->rules);
	f->n = 0;
}

void
faults_free(struct faults *f)
{
	if (f == NULL)
		return;
	faults_clear(f);
	free(f);
}

static int
name_index(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; name != NULL && i < n; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

static char *
body_text(const json_t *body)
{
	if (json_is_string(body))
		return xstrdup(json_string_value(body));
	return body != NULL ? json_dumps(body,
	    JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)) : NULL;
}

static const char *
text_of(const json_t *o, const char *name, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : otherwise;
}

static int64_t
number_of(const json_t *o, const char *name, int64_t otherwise)
{
	const json_t *v = json_object_get(o, name);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

static struct rule *
rule_new(const json_t *j, struct buf *err)
{
	const json_t *match = json_object_get(j, "match");
	const char *path = text_of(match, "path", "");
	int what = name_index(do_name, NELEM(do_name), text_of(j, "do", NULL));
	int where = name_index(where_name, NELEM(where_name), text_of(j, "where", "core"));
	struct rule *r;

	if (what < 0 || where < 0) {
		buf_addf(err, "unknown \"%s\"", what < 0 ? "do" : "where");
		return NULL;
	}
	r = xcalloc(1, sizeof *r);
	list_init(&r->node);
	r->what = (enum fault_do)what;
	r->where = (enum fault_where)where;
	r->ms = number_of(j, "ms", 0);
	r->times = number_of(j, "times", -1);
	r->after = number_of(j, "after", 0);
	r->status = (int)number_of(j, "status", 0);
	r->cut = json_is_true(json_object_get(j, "cut"));
	r->body = body_text(json_object_get(j, "body"));
	if (!str_copy(r->method, sizeof r->method, text_of(match, "method", "")) ||
	    !str_copy(r->path, sizeof r->path, path) ||
	    (*path != '\0' && regcomp(&r->regex, path, REG_EXTENDED | REG_NOSUB) != 0)) {
		buf_add_str(err, "\"match\" is too long or no regular expression");
		rule_free(r);
		return NULL;
	}
	r->has_path = *path != '\0';
	return r;
}

bool
faults_add(struct faults *f, const json_t *list, struct buf *err)
{
	struct list fresh, *it, *nx;
	size_t i, n = json_array_size(list);

	list_init(&fresh);
	if (!json_is_array(list) || f->n + n > RULES_MAX) {
		buf_add_str(err, "an array of faults is wanted, 256 at most in all");
		return false;
	}
	for (i = 0; i < n; i++) {
		struct rule *r = rule_new(json_array_get(list, i), err);

		if (r == NULL) {
			rules_clear(&fresh);
			return false;
		}
		list_add_tail(&fresh, &r->node);
	}
	LIST_EACH(it, nx, &fresh) {
		list_remove(it);
		list_add_tail(&f->rules, it);
	}
	f->n += n;
	return true;
}

json_t *
faults_show(const struct faults *f)
{
	json_t *all = json_array();

	for (const struct list *it = f->rules.next; it != &f->rules; it = it->next) {
		const struct rule *r = LIST_OF(it, struct rule, node);

		json_array_append_new(all, json_pack("{s:s,s:s,s:s,s:s,s:I,s:I}", "where",
		    where_name[r->where], "do", do_name[r->what], "method", r->method, "path",
		    r->path, "matched", (json_int_t)r->matched, "acted", (json_int_t)r->acted));
	}
	return all;
}

bool
faults_any(const struct faults *f)
{
	return f->n > 0;
}

struct fault
faults_match(struct faults *f, enum fault_where where, const char *method, const char *path)
{
	struct list *it, *nx;

	LIST_EACH(it, nx, &f->rules) {
		struct rule *r = LIST_OF(it, struct rule, node);

		if (r->where != where || (r->times >= 0 && r->acted >= r->times))
			continue;
		if (r->method[0] != '\0' && !str_equal_fold(r->method, method))
			continue;
		if (r->has_path && regexec(&r->regex, path, 0, NULL, 0) != 0)
			continue;
		if (r->matched++ < r->after)
			continue;
		r->acted++;
		return (struct fault){ .what = r->what, .ms = r->ms, .status = r->status,
		    .cut = r->cut, .body = r->body };
	}
	return (struct fault){ .what = FAULT_NONE };
}
