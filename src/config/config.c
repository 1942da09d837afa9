/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks the documents along the table of options: what is unknown, missing or named twice is found
 * here.
 */
#include "config/config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "config/file.h"
#include "config/reader.h"

#define DOCUMENT_MAX (1024 * 1024)

static void read_group(struct reader *r, const struct option_group *g, void *base,
    const json_t *object);
static void read_tenants(struct reader *r, const struct option *o, const char *folder,
    const json_t *place);

static struct jsondoc *
load_document(const char *path, struct buf *problems)
{
	struct buf text = { 0 };
	struct jsondoc *doc = NULL;

	if (file_read(path, DOCUMENT_MAX, &text))
		doc = jsondoc_parse(path, buf_str(&text), text.len, problems);
	else
		buf_addf(problems, "%s:1: cannot be read: %s\n", path, strerror(errno));
	buf_clear(&text);
	return doc;
}

static const struct option *
find_option(const struct option_group *g, const char *name)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->options[i].name, name) == 0)
			return &g->options[i];
	return NULL;
}

static void
check_names(struct reader *r, const struct option_group *g, const json_t *object)
{
	const char *known[64], *key, *nearest;
	json_t *value;

	for (size_t i = 0; i < g->n && i < NELEM(known); i++)
		known[i] = g->options[i].name;
	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		const json_t *place = json_is_boolean(value) || json_is_null(value) ?
		    object : value;

		if (find_option(g, key) != NULL)
			continue;
		nearest = jsondoc_nearest(key, known, g->n < NELEM(known) ? g->n : NELEM(known));
		if (nearest != NULL)
			jsondoc_problem(r->doc, place, r->problems,
			    "there is no option \"%s%s\"; did you mean \"%s\"?", g->path,
			    key, nearest);
		else
			jsondoc_problem(r->doc, place, r->problems, "there is no option \"%s%s\"",
			    g->path, key);
	}
}

/* The next element of a list, zeroed, and what it is part of. */
static void *
grow(void *items, int *n, size_t size)
{
	items = xrealloc(items, (size_t)*n + 1, size);
	memset((char *)items + (size_t)*n * size, 0, size);
	++*n;
	return items;
}

static void *
add_element(struct reader *r, const struct option_group *g, void *base)
{
	struct settings *s = r->settings;
	struct tenant_settings *t = base;
	struct bind_settings *b = base;
	struct channel_settings *c = base;

	switch (g->list) {
	case LIST_BINDS:
		s->binds = grow(s->binds, &s->binds_n, g->size);
		return &s->binds[s->binds_n - 1];
	case LIST_TENANTS:
		s->tenants = grow(s->tenants, &s->tenants_n, g->size);
		return &s->tenants[s->tenants_n - 1];
	case LIST_CHANNELS:
		s->channels = grow(s->channels, &s->channels_n, g->size);
		s->channels[s->channels_n - 1].tenant = r->tenant;
		s->channels[s->channels_n - 1].bind = -1;
		return &s->channels[s->channels_n - 1];
	case LIST_KINDS:
		return &t->kinds[t->kinds_n++];
	case LIST_INTEGRATORS:
		t->integrators = grow(t->integrators, &t->integrators_n, g->size);
		return &t->integrators[t->integrators_n - 1];
	case LIST_OPERATORS:
		s->operators = grow(s->operators, &s->operators_n, g->size);
		return &s->operators[s->operators_n - 1];
	case LIST_STATUSES:
		return &b->statuses[b->statuses_n++];
	case LIST_PIN_KEYS:
		return &t->wallet.pin_keys[t->wallet.pin_keys_n++];
	case LIST_TEMPLATES:
		return &c->whatsapp.templates[c->whatsapp.templates_n++];
	case LIST_NONE:
		break;
	}
	fatalx("config: %s is no list", g->path);
}

static void
check_element(struct reader *r, const struct option_group *g, void *element, const json_t *node)
{
	switch (g->list) {
	case LIST_BINDS:
		reader_check_bind(r, element, node);
		break;
	case LIST_TENANTS:
		reader_check_tenant(r, element, node);
		break;
	case LIST_CHANNELS:
		reader_check_channel(r, element, g, node);
		break;
	case LIST_KINDS:
		reader_check_kind(r, element, node);
		break;
	case LIST_INTEGRATORS:
		reader_check_integrator(r, element, node);
		break;
	case LIST_OPERATORS:
		reader_check_operator(r, element, node);
		break;
	case LIST_PIN_KEYS:
		reader_check_pin_key(r, element, node);
		break;
	case LIST_STATUSES:
	case LIST_TEMPLATES:	/* looked at with their channel */
	case LIST_NONE:
		break;
	}
}

static void
read_element(struct reader *r, const struct option_group *g, void *base, const json_t *node)
{
	size_t before = r->problems->len;
	void *element = add_element(r, g, base);

	read_group(r, g, element, node);
	/* Within one small object the rules would only repeat that an option of it is wrong. */
	if (r->problems->len == before || g->list == LIST_TENANTS)
		check_element(r, g, element, node);
}

/* `place` has a line of its own, which `value` may lack when it is a default. */
static void
read_option(struct reader *r, const struct option *o, void *base, const json_t *value,
    const json_t *place)
{
	const json_t *item;
	size_t i;

	if (o->type == OPTION_GROUP && json_is_object(value)) {
		if (o->group->present != SIZE_MAX)
			*((bool *)base + o->group->present) = true;
		read_group(r, o->group, base, value);
	} else if (o->type == OPTION_LIST && json_is_array(value) &&
	    (int64_t)json_array_size(value) >= o->min &&
	    (int64_t)json_array_size(value) <= o->max) {
		json_array_foreach(value, i, item) {
			if (json_is_object(item))
				read_element(r, o->group, base, item);
			else
				jsondoc_problem(r->doc, place, r->problems,
				    "%s: item %zu must be an object { ... }", o->name, i + 1);
		}
	} else if (o->type == OPTION_TENANTS && json_is_string(value) &&
	    json_string_length(value) > 0) {
		read_tenants(r, o, json_string_value(value), place);
	} else if (o->type == OPTION_GROUP || o->type == OPTION_LIST || o->type == OPTION_TENANTS) {
		struct buf expected = { 0 };

		option_expects(o, &expected);
		jsondoc_problem(r->doc, place, r->problems, "%s: must be %s", o->name,
		    buf_str(&expected));
		buf_clear(&expected);
	} else {
		(void)reader_value(r, o, base, value, place);
	}
}

/*
 * The default as a value like any other: JSON where it begins like JSON of that type, else a text.
 */
static json_t *
fallback_value(const struct option *o)
{
	json_t *value;

	switch (o->type) {
	case OPTION_INT:
	case OPTION_ID:
	case OPTION_BOOL:
	case OPTION_FLAGS:
	case OPTION_SPAN:
	case OPTION_ROUTE:
	case OPTION_GROUP:
	case OPTION_LIST:
		value = json_loads(o->fallback, JSON_DECODE_ANY, NULL);
		break;
	default:
		value = json_string(o->fallback);
		break;
	}
	if (value == NULL)
		fatalx("config: the default of %s is not JSON", o->name);
	return value;
}

static void
read_group(struct reader *r, const struct option_group *g, void *base, const json_t *object)
{
	check_names(r, g, object);
	for (size_t i = 0; i < g->n; i++) {
		const struct option *o = &g->options[i];
		const json_t *value = json_object_get(object, o->name);

		if (value != NULL) {
			bool shared = json_is_boolean(value) || json_is_null(value);

			read_option(r, o, base, value, shared ? object : value);
		} else if (o->fallback == NULL) {
			jsondoc_problem(r->doc, object, r->problems, "%s%s is missing. %s", g->path,
			    o->name, o->help);
		} else if (o->fallback[0] != '\0') {
			json_t *fallback = fallback_value(o);

			read_option(r, o, base, fallback, object);
			json_decref(fallback);
		}
	}
}

/* Each file with the reader turned to it, and back afterwards. */
static void
read_tenant(struct reader *r, const struct option_group *g, const char *path)
{
	struct jsondoc *main_doc = r->doc, *doc = load_document(path, r->problems);

	if (doc == NULL)
		return;
	r->doc = doc;
	r->tenant = r->settings->tenants_n;
	read_element(r, g, r->settings, jsondoc_root(doc));
	r->tenant = -1;
	r->doc = main_doc;
	jsondoc_free(doc);
}

static void
read_tenants(struct reader *r, const struct option *o, const char *folder, const json_t *place)
{
	struct file_names *names;
	char dir[256], path[512];

	if (!file_beside(jsondoc_file(r->doc), folder, dir, sizeof dir)) {
		jsondoc_problem(r->doc, place, r->problems,
		    "%s: the path is longer than %zu octets", o->name, sizeof dir - 1);
		return;
	}
	names = file_list(dir, ".json");
	if (names == NULL) {
		jsondoc_problem(r->doc, place, r->problems, "%s: %s cannot be read: %s", o->name,
		    dir, strerror(errno));
		return;
	}
	if ((int64_t)file_names_n(names) < o->min || (int64_t)file_names_n(names) > o->max)
		jsondoc_problem(r->doc, place, r->problems,
		    "%s: %s holds %zu files *.json; there must be %d to %d", o->name, dir,
		    file_names_n(names), (int)o->min, (int)o->max);
	for (size_t i = 0; i < file_names_n(names) && (int64_t)i < o->max; i++) {
		if (str_format(path, sizeof path, "%s/%s", dir, file_names_get(names, i)))
			read_tenant(r, o->group, path);
		else
			jsondoc_problem(r->doc, place, r->problems,
			    "%s: the name of a file in %s is too long", o->name, dir);
	}
	file_names_free(names);
}

struct settings *
config_read(const char *file, struct buf *problems)
{
	struct reader r = { .problems = problems, .tenant = -1 };

	r.doc = load_document(file, problems);
	if (r.doc == NULL)
		return NULL;
	r.settings = xcalloc(1, sizeof *r.settings);
	read_group(&r, &options_root, r.settings, jsondoc_root(r.doc));
	reader_check_operators(&r, jsondoc_root(r.doc));
	reader_check_listen(&r, jsondoc_root(r.doc));
	jsondoc_free(r.doc);
	return r.settings;
}

struct settings *
config_load(const char *file, struct buf *problems)
{
	size_t before = problems->len;
	struct settings *s = config_read(file, problems);

	if (problems->len == before)
		return s;
	settings_free(s);
	return NULL;
}

static void
wipe_free(void *p, size_t n)
{
	if (p != NULL)
		mem_wipe(p, n);
	free(p);
}

void
settings_free(struct settings *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < s->tenants_n; i++)
		free(s->tenants[i].integrators);
	wipe_free(s->tenants, (size_t)s->tenants_n * sizeof *s->tenants);
	wipe_free(s->channels, (size_t)s->channels_n * sizeof *s->channels);
	free(s->operators);
	wipe_free(s->binds, (size_t)s->binds_n * sizeof *s->binds);
	wipe_free(s, sizeof *s);
}
