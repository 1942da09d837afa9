/* SPDX-License-Identifier: Apache-2.0 */
#include "service/versions.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "core/edition.h"

#define POLL_MS 1000

struct fetch {			/* one version on its way here */
	struct task task;
	struct list node;
	int tenant;
	char name[BUNDLE_VERSION];
	uint64_t *waiting;		/* tasks; ours */
	size_t n;
};

struct poll {			/* of one tenant */
	struct task task;
	struct versions *all;
	int tenant;
};

struct versions {
	struct list loaded, fetches;
	struct tenant_version {
		struct version *current;
		char published[BUNDLE_VERSION];	/* as the pointer was seen last; "" before */
		int64_t at;			/* it was published */
		bool asked;			/* a look at the pointer is under way */
		int kept;
		int64_t dropped;
	} *tenant;
	int64_t poll_at;
};

/* ---- what is loaded ---- */

static struct version *
find(struct versions *all, int tenant, const char *name)
{
	struct list *it, *nx;

	LIST_EACH(it, nx, &all->loaded) {
		struct version *v = LIST_OF(it, struct version, node);

		if (v->tenant == tenant && strcmp(v->name, name) == 0)
			return v;
	}
	return NULL;
}

static void
version_free(struct gateway *gw, struct version *v)
{
	const struct ports *p = gw->ports;

	list_remove(&v->node);
	if (v->content.made != NULL)
		p->content_free(p->ctx, v->content.made);
	free(v);
}

/* Not those that are held, whatever their number: a turn does not lose what it works with. */
static void
make_room(struct gateway *gw)
{
	struct list *it, *nx;
	int idle = 0;

	LIST_EACH(it, nx, &gw->versions->loaded)
		idle += LIST_OF(it, struct version, node)->holds == 0;
	LIST_EACH(it, nx, &gw->versions->loaded)
		if (idle > gw->settings->versions_loaded && LIST_OF(it, struct version, node)->holds == 0) {
			version_free(gw, LIST_OF(it, struct version, node));
			metric_add(M_VERSIONS_EVICTED, 1);
			idle--;
		}
}

static struct version *
add(struct gateway *gw, int tenant, const char *name, const struct gateway_content *content)
{
	struct version *v = xcalloc(1, sizeof *v);

	v->tenant = tenant;
	str_copy(v->name, sizeof v->name, name);
	v->content = *content;
	list_add_tail(&gw->versions->loaded, &v->node);
	return v;
}

struct version *
version_hold(struct gateway *gw, int tenant, const char *name)
{
	struct versions *all = gw->versions;
	struct version *v = name != NULL ? find(all, tenant, name) : all->tenant[tenant].current;

	if (v == NULL)
		return NULL;
	v->holds++;
	list_remove(&v->node);
	list_add_tail(&all->loaded, &v->node);
	return v;
}

void
version_let_go(struct gateway *gw, struct version *v)
{
	if (v != NULL && --v->holds == 0)
		make_room(gw);
}

/* ---- what dialogues begin on ---- */

static void
make_current(struct gateway *gw, struct version *v)
{
	struct tenant_version *t = &gw->versions->tenant[v->tenant];
	struct version *before = t->current;

	v->holds++;
	t->current = v;
	gw->contents[v->tenant] = v->content;
	version_let_go(gw, before);
}

static void fetch_start(struct gateway *gw, int tenant, const char *name);

/* The version that the pointer names, where it can be had. */
static void
follow_pointer(struct gateway *gw, int tenant)
{
	struct tenant_version *t = &gw->versions->tenant[tenant];
	struct version *v;

	if (t->published[0] == '\0' || strcmp(t->published, t->current->name) == 0)
		return;
	v = find(gw->versions, tenant, t->published);
	if (v == NULL)
		fetch_start(gw, tenant, t->published);
	else if (v->content.menu != NULL) {
		make_current(gw, v);
		metric_add(M_VERSIONS_TAKEN, 1);
		log_info(0, "reloaded", "tenant=%s version=%s", gw->settings->tenants[tenant].name, v->name);
	}
}

/* ---- getting one ---- */

static void
fetch_end(struct task *task)
{
	struct fetch *f = LIST_OF(task, struct fetch, task);

	list_remove(&f->node);
	free(f->waiting);
	free(f);
}

static void
tell_waiting(struct gateway *gw, const struct fetch *f, enum store_end end)
{
	struct event e = { .kind = EV_CONTENT, .end = end };

	for (size_t i = 0; i < f->n; i++) {
		struct task *t = task_find(gw, f->waiting[i]);

		if (t == NULL)
			continue;	/* its time is over */
		list_remove(&t->asleep);
		t->on(t, &e);
	}
}

/* What is there and cannot be used is remembered as that: it is not read again for each who asks. */
static void
take(struct gateway *gw, const struct fetch *f, const struct store_value *value)
{
	const struct ports *p = gw->ports;
	const char *tenant = gw->settings->tenants[f->tenant].name;
	struct gateway_content content = { .menu = NULL };

	if (!value->present)
		log_warn(0, "version not kept", "tenant=%s version=%s", tenant, f->name);
	else if (!value->damaged && p->content(p->ctx, f->tenant, f->name, value->p, value->len, &content))
		metric_add(M_VERSIONS_LOADED, 1);
	else {
		metric_add(M_VERSIONS_REFUSED, 1);
		log_error(0, "version refused", "tenant=%s version=%s", tenant, f->name);
	}
	if (value->present)
		(void)add(gw, f->tenant, f->name, &content);
}

static void
on_fetched(struct task *task, const struct event *e)
{
	struct fetch *f = LIST_OF(task, struct fetch, task);
	struct gateway *gw = task->gw;

	/* Out of the list first: who asks again in what follows asks anew. */
	list_remove(&f->node);
	if (e->end == STORE_DONE)
		take(gw, f, &e->v[0]);
	tell_waiting(gw, f, e->end);
	if (find(gw->versions, f->tenant, f->name) != NULL)
		follow_pointer(gw, f->tenant);
	make_room(gw);
	task_end(task);
}

static struct fetch *
fetch_find(struct gateway *gw, int tenant, const char *name)
{
	struct list *it, *nx;

	LIST_EACH(it, nx, &gw->versions->fetches) {
		struct fetch *f = LIST_OF(it, struct fetch, node);

		if (f->tenant == tenant && strcmp(f->name, name) == 0)
			return f;
	}
	return NULL;
}

static void
fetch_start(struct gateway *gw, int tenant, const char *name)
{
	struct store_key key = key_of(STORE_CONTENT, gw->settings->tenants[tenant].name, name);
	struct fetch *f;

	if (fetch_find(gw, tenant, name) != NULL)
		return;
	f = xcalloc(1, sizeof *f);
	f->tenant = tenant;
	str_copy(f->name, sizeof f->name, name);
	list_add_tail(&gw->versions->fetches, &f->node);
	task_start(gw, &f->task, fetch_end);
	task_load(&f->task, &key, 1, on_fetched);
}

void
version_await(struct task *t, int tenant, const char *name, int64_t until, task_fn *on)
{
	struct gateway *gw = t->gw;
	struct fetch *f;

	fetch_start(gw, tenant, name);
	f = fetch_find(gw, tenant, name);
	f->waiting = xrealloc(f->waiting, f->n + 1, sizeof *f->waiting);
	f->waiting[f->n++] = t->id;
	task_sleep(t, until, on);
}

/* ---- the pointer ---- */

static void
poll_end(struct task *task)
{
	struct poll *p = LIST_OF(task, struct poll, task);

	p->all->tenant[p->tenant].asked = false;
	free(p);
}

static void
count_kept(struct gateway *gw)
{
	int64_t kept = 0, dropped = 0;

	for (int i = 0; i < gw->settings->tenants_n; i++) {
		kept += gw->versions->tenant[i].kept;
		dropped += gw->versions->tenant[i].dropped;
	}
	metric_set(M_VERSIONS_KEPT, kept);
	metric_set(M_VERSIONS_DROPPED, dropped);
}

/* What could not be used may be whole again: it was published anew. */
static void
forget_unusable(struct gateway *gw, int tenant)
{
	struct list *it, *nx;

	LIST_EACH(it, nx, &gw->versions->loaded) {
		struct version *v = LIST_OF(it, struct version, node);

		if (v->tenant == tenant && v->content.menu == NULL && v->holds == 0)
			version_free(gw, v);
	}
}

static void
on_polled(struct task *task, const struct event *e)
{
	struct poll *p = LIST_OF(task, struct poll, task);
	struct gateway *gw = task->gw;
	struct tenant_version *t = &p->all->tenant[p->tenant];
	struct edition_pointer now;
	int tenant = p->tenant;

	if (e->end == STORE_DONE && e->v[0].present && !e->v[0].damaged &&
	    edition_pointer_decode(e->v[0].p, e->v[0].len, &now)) {
		if (now.at != t->at)
			forget_unusable(gw, tenant);
		t->at = now.at;
		str_copy(t->published, sizeof t->published, now.version);
		t->kept = now.kept;
		t->dropped = now.dropped;
		count_kept(gw);
		follow_pointer(gw, tenant);
	}
	task_end(task);
}

void
versions_tick(struct gateway *gw)
{
	struct versions *all = gw->versions;

	/* Where content comes from nowhere else (in tests of other things) there is no pointer. */
	if (gw->ports->content == NULL || gw->now < all->poll_at)
		return;
	all->poll_at = gw->now + POLL_MS;
	for (int i = 0; i < gw->settings->tenants_n; i++) {
		struct store_key key = key_of(STORE_EDITION, gw->settings->tenants[i].name, "");
		struct poll *p;

		if (all->tenant[i].asked)
			continue;
		p = xcalloc(1, sizeof *p);
		p->all = all;
		p->tenant = i;
		all->tenant[i].asked = true;
		task_start(gw, &p->task, poll_end);
		task_load(&p->task, &key, 1, on_polled);
	}
}

/* ---- beginning and end ---- */

void
versions_start(struct gateway *gw, const struct gateway_content *contents)
{
	struct versions *all = xcalloc(1, sizeof *all);
	size_t n = (size_t)gw->settings->tenants_n;

	gw->versions = all;
	gw->contents = xcalloc(n, sizeof *gw->contents);
	all->tenant = xcalloc(n, sizeof *all->tenant);
	list_init(&all->loaded);
	list_init(&all->fetches);
	for (int i = 0; i < gw->settings->tenants_n; i++)
		make_current(gw, add(gw, i, contents[i].menu != NULL ? menu_version(contents[i].menu) : "",
		    &contents[i]));
}

void
versions_free(struct gateway *gw)
{
	struct list *it, *nx;

	LIST_EACH(it, nx, &gw->versions->loaded)
		version_free(gw, LIST_OF(it, struct version, node));
	free(gw->versions->tenant);
	free(gw->versions);
	free(gw->contents);
}
