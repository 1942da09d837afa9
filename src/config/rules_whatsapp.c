/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold between the options of a channel over WhatsApp, and between them and those of others. */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "config/reader.h"

#define SAY(r, node, ...) jsondoc_problem((r)->doc, node, (r)->problems, __VA_ARGS__)

static const json_t *
member(const json_t *node, const char *name)
{
	const json_t *value = json_object_get(node, name);

	return value != NULL && !json_is_boolean(value) ? value : node;
}

/* The token goes along with each call. */
static bool
is_private(const char *url)
{
	static const char *const here[] = { "http://127.0.0.1", "http://localhost", "http://[::1]" };

	for (size_t i = 0; i < NELEM(here); i++)
		if (str_starts(url, here[i]) && strchr(":/", url[strlen(here[i])]) != NULL)
			return true;
	return str_starts(url, "https://");
}

static bool
name_fits(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if (!islower((unsigned char)*c) && !isdigit((unsigned char)*c) && *c != '_')
			return false;
	return true;
}

static void
check_templates(struct reader *r, const struct whatsapp_settings *w, const json_t *node)
{
	const json_t *list = json_object_get(node, "templates");

	for (int i = 0; i < w->templates_n; i++) {
		const struct template_settings *t = &w->templates[i];
		const json_t *at = json_array_get(list, (size_t)i);

		if (!name_fits(t->name))
			SAY(r, member(at, "name"),
			    "templates: \"%s\" is no name of a template: lower-case letters, digits "
			    "and \"_\"", t->name);
		for (int k = 0; k < i; k++)
			if (w->templates[k].cls == t->cls && strcmp(w->templates[k].for_language, t->for_language) == 0)
				SAY(r, member(at, "name"),
				    "templates: \"%s\" and \"%s\" are for the same messages; give each "
				    "class one template, or one for each language with \"for\"", w->templates[k].name,
				    t->name);
	}
}

void
reader_check_whatsapp(struct reader *r, struct channel_settings *c, const json_t *node)
{
	const struct settings *s = r->settings;
	struct whatsapp_settings *w = &c->whatsapp;
	size_t n = strlen(w->api_url);

	if (!str_all_digits(w->phone_number_id))
		SAY(r, member(node, "phone_number_id"),
		    "phone_number_id: must be digits, as Meta shows it beside the number");
	if (!is_private(w->api_url))
		SAY(r, member(node, "api_url"), "api_url: the token would be readable on the way; must be https://, or "
		    "http:// on this machine");
	if (n > 0 && w->api_url[n - 1] == '/')
		w->api_url[n - 1] = '\0';
	for (int i = 0; i < s->channels_n - 1; i++)
		if (s->channels[i].kind == CHANNEL_WHATSAPP &&
		    strcmp(s->channels[i].whatsapp.phone_number_id, w->phone_number_id) == 0)
			SAY(r, member(node, "phone_number_id"),
			    "phone_number_id: channel \"%s\" has the same one; a number "
			    "is one channel", s->channels[i].name);
	check_templates(r, w, node);
}

/* A chat takes nothing after 24 hours, and of payments nothing before a PIN. */
static void
check_beyond_chats(struct reader *r, const struct tenant_settings *t, enum message_class cls, const json_t *route)
{
	bool only_chats = t->routes_n[cls] > 0;

	for (int i = 0; i < t->routes_n[cls]; i++)
		only_chats = only_chats && r->settings->channels[t->routes[cls][i]].kind == CHANNEL_WHATSAPP;
	if (only_chats)
		SAY(r, json_array_get(route, 0), "routes.%s: only chats: who wrote nothing for a day, or never typed the PIN "
		    "for one, would not hear of it; name a channel of SMS behind them", cls == MSG_TOKEN ? "token" : "result");
}

void
reader_check_chat_routes(struct reader *r, const struct tenant_settings *t, const json_t *node)
{
	const json_t *routes = json_object_get(node, "routes");

	check_beyond_chats(r, t, MSG_TOKEN, json_object_get(routes, "token"));
	check_beyond_chats(r, t, MSG_RESULT, json_object_get(routes, "result"));
}

void
reader_check_token_routes(struct reader *r, const struct tenant_settings *t, const json_t *node)
{
	const json_t *route = json_object_get(json_object_get(node, "routes"), "token");

	for (int i = 0; i < t->routes_n[MSG_TOKEN]; i++) {
		const struct channel_settings *c = &r->settings->channels[t->routes[MSG_TOKEN][i]];

		if (c->kind == CHANNEL_WHATSAPP && !c->whatsapp.token_in_chat_kept_for_ever)
			SAY(r, json_array_get(route, (size_t)i),
			    "routes.token: a token in the chat of channel \"%s\" stays "
			    "there for ever, for whoever gets the number next. Name a channel of SMS; or, if that is wanted, set "
			    "whatsapp.token_in_chat_kept_for_ever of the channel", c->name);
	}
}
