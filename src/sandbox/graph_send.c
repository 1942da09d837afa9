/* SPDX-License-Identifier: Apache-2.0 */
/* A message that the gateway posts: is it allowed, to whom, and which statuses follow. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/graph_private.h"

enum { CODE_THROUGHPUT = 130429, CODE_PAIR = 131056, CODE_WINDOW = 131047, CODE_VALUE = 131009 };

/* "Mark as read": of a message that the customer sent. */
static void
mark(struct graph *g, uint64_t http, const json_t *body)
{
	const char *id = json_string_value(json_object_get(body, "message_id"));
	const char *type = json_string_value(json_object_get(json_object_get(body, "typing_indicator"), "type"));

	if (id == NULL || !str_starts(id, "wamid.") || (type != NULL && strcmp(type, "text") != 0)) {
		box_violation(g->x, "whatsapp: a read mark of what is no message");
		graph_error(g, http, 400, CODE_VALUE, "message_id is not valid");
		return;
	}
	g->marks++;
	graph_answer(g, http, 200, json_pack("{s:b}", "success", true));
}

/* A second of the number's throughput. */
static bool
has_throughput(struct graph *g)
{
	int64_t second = loop_now(g->x->loop) / 1000;

	if (second != g->second) {
		g->second = second;
		g->in_second = 0;
	}
	return g->in_second++ < g->x->rules.wa_throughput;
}

static json_t *
status_value(const struct graph *g, const struct chat *c, const json_t *m, const char *status, int code)
{
	json_t *v = graph_value(g), *s, *ours = json_object_get(m, "ours");
	char at[24];

	str_format(at, sizeof at, "%lld", (long long)(box_now(g->x) / 1000));
	s = json_pack("{s:O,s:s,s:s,s:s}", "id", json_object_get(m, "id"), "timestamp", at, "recipient_id",
	    c->phone[0] != '\0' ? c->phone : c->user, "status", status);
	if (ours != NULL)
		json_object_set(s, "biz_opaque_callback_data", ours);
	if (code != 0)
		json_object_set_new(s, "errors", json_pack("[{s:i,s:s,s:s,s:{s:s}}]", "code", code, "title",
		    "Message failed",
		    "message", "Message failed", "error_data", "details", "Message failed"));
	json_object_set_new(v, "statuses", json_pack("[o]", s));
	return v;
}

static void
tell_statuses(struct graph *g, struct chat *c, const json_t *m, int fails)
{
	const struct rules *r = &g->x->rules;

	if (fails != 0) {
		graph_hook(g, c, status_value(g, c, m, "failed", fails), r->wa_status_ms);
		return;
	}
	graph_hook(g, c, status_value(g, c, m, "sent", 0), r->wa_status_ms);
	if (!r->wa_only_read)
		graph_hook(g, c, status_value(g, c, m, "delivered", 0), 2 * r->wa_status_ms);
	if (r->wa_reads || r->wa_only_read)
		graph_hook(g, c, status_value(g, c, m, "read", 0), 3 * r->wa_status_ms);
}

/* The part of it that a customer sees, flat: text, choices with id, title and description. */
static json_t *
seen(const json_t *body, const char *id)
{
	const char *type = json_string_value(json_object_get(body, "type"));
	const json_t *i = json_object_get(body, "interactive"), *action = json_object_get(i, "action"), *s, *one;
	const json_t *text = json_object_get(json_object_get(body, "text"), "body");
	const json_t *ours = json_object_get(body, "biz_opaque_callback_data"), *t = json_object_get(body, "template");
	json_t *m = json_pack("{s:s,s:s,s:s}", "from", "business", "id", id, "type", type), *choices = json_array();
	size_t k, n;

	if (i != NULL) {
		text = json_object_get(json_object_get(i, "body"), "text");
		json_object_set(m, "type", json_object_get(i, "type"));
		json_array_foreach(json_object_get(action, "buttons"), k, one)
			json_array_append(choices, json_object_get(one, "reply"));
		json_array_foreach(json_object_get(action, "sections"), k, s)
			json_array_foreach(json_object_get(s, "rows"), n, one)
				json_array_append(choices, (json_t *)one);
		if (json_object_get(action, "button") != NULL)
			json_object_set(m, "open", json_object_get(action, "button"));
	}
	if (t != NULL) {
		const json_t *first = json_array_get(json_object_get(t, "components"), 0);

		text = json_object_get(json_array_get(json_object_get(first, "parameters"), 0), "text");
		json_object_set(m, "template", json_object_get(t, "name"));
		json_object_set(m, "language", json_object_get(json_object_get(t, "language"), "code"));
	}
	json_object_set_new(m, "text", text != NULL ? json_incref((json_t *)text) : json_string(""));
	json_object_set_new(m, "choices", choices);
	if (ours != NULL)
		json_object_set(m, "ours", (json_t *)ours);
	return m;
}

/* Of a message that is well formed: 0, or why it is not taken now. */
static int
refusal(struct graph *g, const struct chat *c, const json_t *body)
{
	bool template = json_object_get(body, "template") != NULL;

	if (!has_throughput(g))
		return CODE_THROUGHPUT;
	if (g->x->rules.wa_pair_limit && !wa_pairs_take(g->pairs, c->name, box_now(g->x)))
		return CODE_PAIR;
	if (!template && box_now(g->x) - c->last_in > DAY_MS && !g->x->rules.wa_window_by_status)
		return CODE_WINDOW;
	return 0;
}

static const char *
words_of(int code)
{
	return code == CODE_THROUGHPUT ? "Rate limit hit" : code == CODE_PAIR ?
	    "(Business Account, Consumer Account) pair rate limit hit" : "Re-engagement message";
}

void
graph_message(struct graph *g, uint64_t http, const json_t *body)
{
	const char *to = json_string_value(json_object_get(body, "to")), *why;
	const char *status = json_string_value(json_object_get(body, "status"));
	struct chat *c;
	char id[GRAPH_ID];
	json_t *m;
	int code, fails;

	if (status != NULL && strcmp(status, "read") == 0) {
		mark(g, http, body);
		return;
	}
	if ((code = graph_check(body, &why)) != 0) {
		box_violation(g->x, "whatsapp: %s", why);
		graph_error(g, http, 400, code, why);
		return;
	}
	if (to == NULL)
		to = json_string_value(json_object_get(body, "recipient"));
	c = graph_chat(g, to[0] == '+' ? to + 1 : to);
	if ((code = refusal(g, c, body)) != 0) {
		graph_error(g, http, code == CODE_THROUGHPUT ? 429 : 400, code, words_of(code));
		return;
	}
	fails = c->fails;
	if (fails == 0 && json_object_get(body, "template") == NULL && box_now(g->x) - c->last_in > DAY_MS)
		fails = CODE_WINDOW;
	graph_new_id(g, id);
	m = seen(body, id);
	g->posts++;
	graph_answer(g, http, 200, json_pack("{s:s,s:[{s:s,s:s}],s:[{s:s,s:s}]}", "messaging_product", "whatsapp",
	    "contacts", "input", to, "wa_id", c->name, "messages", "id", id, "message_status", "accepted"));
	tell_statuses(g, c, m, fails);
	if (fails == 0)
		graph_chat_show(c, m);
	else
		json_decref(m);
}
