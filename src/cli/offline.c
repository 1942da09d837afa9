/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/offline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/log.h"
#include "base/str.h"
#include "config/config.h"
#include "config/content.h"

struct loaded {
	struct offline_menu menu;
	struct tenant_content *content;
	struct loaded *next;
};

struct offline {
	struct settings *settings;
	struct loaded *first, **end;
	bool faults;			/* menus with mistakes are played too */
};

/* Nothing that is typed here is anybody's PIN. */
static const unsigned char mac_key[32] = { 1 };

struct offline *
offline_open(const char *command, const char *file)
{
	struct buf problems = { 0 };
	struct settings *s = config_read(file, &problems);
	struct offline *o = NULL;

	if (sodium_init() < 0)
		fatalx("no random numbers to be had");
	if (s == NULL || s->tenants_n == 0 || s->menus_dir[0] == '\0' || s->templates_dir[0] == '\0')
		fprintf(stderr, "%s%s: %s names no tenant, menus and templates to play\n", buf_str(&problems), command,
		    file);
	else {
		setenv("TZ", s->timezone, 1);
		tzset();
		o = xcalloc(1, sizeof *o);
		o->settings = s;
		o->end = &o->first;
	}
	if (o == NULL)
		settings_free(s);
	buf_clear(&problems);
	return o;
}

void
offline_close(struct offline *o)
{
	if (o == NULL)
		return;
	for (struct loaded *l = o->first, *next; l != NULL; l = next) {
		next = l->next;
		menu_cover_free(l->menu.cover);
		tenant_content_free(l->content);
		free(l);
	}
	settings_free(o->settings);
	free(o);
}

void
offline_allow_faults(struct offline *o)
{
	o->faults = true;
}

const struct settings *
offline_settings(const struct offline *o)
{
	return o->settings;
}

/* ---- which menu ---- */

static int
find_tenant(const struct settings *s, const char *tenant, const char *menu)
{
	for (int i = 0; i < s->tenants_n; i++)
		if (tenant[0] != '\0' ? strcmp(s->tenants[i].name, tenant) == 0 : menu[0] == '\0' ||
		    strcmp(s->tenants[i].menu, menu) == 0 || strcmp(s->tenants[i].sms_menu, menu) == 0)
			return i;
	return tenant[0] != '\0' ? -1 : 0;
}

/* The first channel of the tenant by which this menu is reached. */
static const struct channel_settings *
find_channel(const struct settings *s, int tenant, bool by_sms)
{
	for (int i = 0; i < s->channels_n; i++)
		if (s->channels[i].tenant == tenant && (by_sms ? channel_is_sms(s->channels[i].kind) : channel_is_ussd(s->channels[i].kind)) &&
		    (by_sms || s->channels[i].service_codes_n > 0))
			return &s->channels[i];
	return NULL;
}

static void
describe_channel(const struct settings *s, int tenant, struct offline_menu *m)
{
	const struct channel_settings *c = find_channel(s, tenant, m->by_sms), *ussd = find_channel(s, tenant, false);

	m->profile = *ussd_profile_find("plain");
	m->profile.name = "channel";
	if (c != NULL && c->max_septets > 0)
		m->profile.septets = c->max_septets;
	m->profile.session_s = m->by_sms ? m->tenant->sms_session_s : c != NULL ? c->session_s : m->profile.session_s;
	m->code = ussd != NULL ? ussd->service_codes[0] : "*120#";
}

/* As far as it can be walked at all: the way to a mistake is to be seen, whatever else is wrong. */
static struct tenant_content *
look(const struct settings *s, int tenant, bool by_sms, const struct buf *problems)
{
	struct buf said = { 0 };
	struct tenant_content *c = tenant_content_look(s, tenant, content_files(s, tenant, &said));

	buf_clear(&said);
	if ((by_sms ? c->sms_menu : c->menu) == NULL) {
		tenant_content_free(c);
		return NULL;
	}
	fprintf(stderr, "This menu has mistakes; isango check tells more: %.*s\n",
	    (int)strcspn(buf_str(problems), "\n"), buf_str(problems));
	return c;
}

/* A menu that the tenant does not have yet is tried in the place of its own. */
static struct tenant_content *
load(const struct offline *o, int tenant, const char *menu, bool by_sms, struct buf *problems)
{
	struct settings *s = o->settings;
	struct tenant_settings *t = &s->tenants[tenant];
	char own[sizeof t->menu];
	struct tenant_content *c = NULL;

	str_copy(own, sizeof own, t->menu);
	if (by_sms || str_copy(t->menu, sizeof t->menu, menu))
		c = tenant_content_load(s, tenant, content_files(s, tenant, problems), problems);
	else
		buf_add_str(problems, "the menu's name is too long\n");
	if (c == NULL && o->faults && strcmp(by_sms ? t->sms_menu : t->menu, menu) == 0)
		c = look(s, tenant, by_sms, problems);
	str_copy(t->menu, sizeof t->menu, own);
	return c;
}

static struct offline_menu *
add_menu(struct offline *o, int tenant, const char *menu, char *problem, size_t size)
{
	const struct tenant_settings *t = &o->settings->tenants[tenant];
	bool by_sms = t->sms_menu[0] != '\0' && strcmp(t->sms_menu, menu) == 0;
	struct buf problems = { 0 };
	struct tenant_content *c = load(o, tenant, menu, by_sms, &problems);
	struct loaded *l;

	if (c == NULL || t->languages_n == 0) {
		str_format(problem, size, "the menu \"%s\" cannot be played; isango check tells more: %.*s", menu,
		    (int)strcspn(buf_str(&problems), "\n"), buf_str(&problems));
		tenant_content_free(c);
		buf_clear(&problems);
		return NULL;
	}
	buf_clear(&problems);
	l = xcalloc(1, sizeof *l);
	l->content = c;
	l->menu = (struct offline_menu){ .tenant = t, .menu = by_sms ? c->sms_menu : c->menu,
		.by_sms = by_sms };
	l->menu.name = menu_name(l->menu.menu);
	l->menu.cover = menu_cover_new(l->menu.menu);
	describe_channel(o->settings, tenant, &l->menu);
	*o->end = l;
	o->end = &l->next;
	return &l->menu;
}

const struct offline_menu *
offline_menu(struct offline *o, const char *tenant, const char *menu, char *problem, size_t size)
{
	int i = find_tenant(o->settings, tenant, menu);

	if (i < 0) {
		str_format(problem, size, "there is no tenant \"%s\"", tenant);
		return NULL;
	}
	if (menu[0] == '\0')
		menu = o->settings->tenants[i].menu;
	for (const struct loaded *l = o->first; l != NULL; l = l->next)
		if (l->menu.tenant == &o->settings->tenants[i] && strcmp(l->menu.name, menu) == 0)
			return &l->menu;
	return add_menu(o, i, menu, problem, size);
}

const struct offline_menu *
offline_used(const struct offline *o, int i)
{
	const struct loaded *l = o->first;

	while (l != NULL && i-- > 0)
		l = l->next;
	return l != NULL ? &l->menu : NULL;
}

void
offline_phone(const struct offline *o, const struct offline_menu *m, struct play *p)
{
	const struct tenant_settings *t = m->tenant;
	const struct loaded *l = (const struct loaded *)m;

	memset(p, 0, sizeof *p);
	p->m = m->menu;
	p->title = t->title;
	p->help_phone = t->help_phone;
	p->sms_code = m->by_sms ? m->code : NULL;
	for (int i = 0; i < o->settings->channels_n; i++)
		p->has_chats |= &o->settings->tenants[o->settings->channels[i].tenant] == t &&
		    o->settings->channels[i].kind == CHANNEL_WHATSAPP;
	p->grace_ms = (int64_t)o->settings->resume_grace_s * 1000;
	p->env = (struct menu_env){
		.texts = l->content->texts,
		.text_env = { t->country, 0 },
		.fallback_lang = t->languages[0],
		.languages = (const char (*)[8])t->languages,
		.languages_n = t->languages_n,
		.country = t->country,
		.pin_length = t->pin_length,
		.mac_key = mac_key,
		.passed = menu_cover_passed,
		.passed_arg = m->cover,
	};
}
