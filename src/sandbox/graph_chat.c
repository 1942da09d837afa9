/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chats of customers with our number: what they write goes out as webhooks, what comes is kept for whoever looks. A
 * customer is known by a number, by an identity, or by both; what webhooks tell can be chosen.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "base/str.h"
#include "core/gsm.h"
#include "sandbox/control.h"
#include "sandbox/graph_private.h"

#define WAIT_MAX_MS 120000
#define KEPT 500			/* messages of a chat */
#define TEXT_MAX 4096
#define BATCH_MAX 50

struct waiter {				/* in chat->waiters: GET .../messages that waits for one */
	struct list node;
	struct chat *chat;
	struct timer timer;
	uint64_t http;
	int64_t after;
};

void
graph_new_id(struct graph *g, char out[GRAPH_ID])
{
	uint64_t random[3] = { rng_next(&g->x->rng), rng_next(&g->x->rng), rng_next(&g->x->rng) };
	char text[40];

	sodium_bin2base64(text, sizeof text, (const unsigned char *)random, sizeof random,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	str_format(out, GRAPH_ID, "wamid.%s", text);
}

struct chat *
graph_chat(struct graph *g, const char *name)
{
	struct chat *c = map_get(g->chats, name, strlen(name));

	if (c != NULL)
		return c;
	c = xcalloc(1, sizeof *c);
	c->graph = g;
	c->messages = json_array();
	list_init(&c->waiters);
	str_copy(c->name, sizeof c->name, name);
	if (!phone_valid(name))
		str_copy(c->user, sizeof c->user, name);
	else
		str_copy(c->phone, sizeof c->phone, name);
	map_put(g->chats, c->name, strlen(c->name), c);
	return c;
}

/* ---- who looks ---- */

static json_t *
messages_after(const struct chat *c, int64_t after)
{
	json_t *all = json_array(), *m;
	size_t i;

	json_array_foreach(c->messages, i, m)
		if (json_integer_value(json_object_get(m, "n")) > after)
			json_array_append(all, m);
	return all;
}

static void
waiter_free(struct waiter *w)
{
	timer_stop(&w->timer);
	list_remove(&w->node);
	free(w);
}

static void
on_nothing(void *arg)
{
	struct waiter *w = arg;
	struct control *control = w->chat->graph->x->control;
	uint64_t http = w->http;

	waiter_free(w);
	control_answer(control, http, 200, json_array());
}

void
graph_chat_show(struct chat *c, json_t *message)
{
	struct list *it, *nx;

	json_object_set_new(message, "n", json_integer(++c->n));
	json_object_set_new(message, "at_ms", json_integer(box_now(c->graph->x)));
	json_array_append_new(c->messages, message);
	if (json_array_size(c->messages) > KEPT)
		json_array_remove(c->messages, 0);
	LIST_EACH(it, nx, &c->waiters) {
		struct waiter *w = LIST_OF(it, struct waiter, node);

		if (w->after >= c->n)
			continue;
		control_answer(c->graph->x->control, w->http, 200, messages_after(c, w->after));
		waiter_free(w);
	}
}

json_t *
graph_chat_find(const struct chat *c, const char *id)
{
	json_t *m;
	size_t i;

	json_array_foreach(c->messages, i, m) {
		const char *its = json_string_value(json_object_get(m, "id"));

		if (its != NULL && strcmp(its, id) == 0)
			return m;
	}
	return NULL;
}

static void
call_messages(struct chat *c, const struct graph_call *q)
{
	struct box *x = c->graph->x;
	struct waiter *w;

	if (c->n > q->after || q->wait_ms <= 0) {
		control_answer(x->control, q->http, 200, messages_after(c, q->after));
		return;
	}
	w = xcalloc(1, sizeof *w);
	w->chat = c;
	w->http = q->http;
	w->after = q->after;
	list_add_tail(&c->waiters, &w->node);
	timer_init(&w->timer, x->loop, on_nothing, w);
	timer_arm(&w->timer, q->wait_ms < WAIT_MAX_MS ? q->wait_ms : WAIT_MAX_MS);
}

/* ---- what a customer does ---- */

static const char *
text_of(const struct graph_call *q, const char *name)
{
	return json_string_value(json_object_get(q->body, name));
}

static void
bad(struct chat *c, const struct graph_call *q, const char *why)
{
	control_error(c->graph->x->control, q->http, 400, why);
}

static void
done(struct chat *c, const struct graph_call *q, const char *id)
{
	control_answer(c->graph->x->control, q->http, 200, json_pack("{s:s,s:I}", "id", id, "n", (json_int_t)c->n));
}

/* Who wrote, in `value` and in the message. */
static json_t *
from_customer(const struct chat *c, json_t *message)
{
	json_t *value = graph_value(c->graph), *contact = json_pack("{s:{s:s}}", "profile", "name", "Thandi M");

	if (c->phone[0] != '\0') {
		json_object_set_new(message, "from", json_string(c->phone));
		json_object_set_new(contact, "wa_id", json_string(c->phone));
	}
	if (c->user[0] != '\0') {
		json_object_set_new(message, "from_user_id", json_string(c->user));
		json_object_set_new(contact, "user_id", json_string(c->user));
	}
	if (c->identity[0] != '\0')
		json_object_set_new(contact, "identity_key_hash", json_string(c->identity));
	json_object_set_new(value, "contacts", json_pack("[o]", contact));
	return value;
}

/* A message of the customer's, with what it says; takes `m`. Its id goes out. */
static json_t *
dress(struct chat *c, json_t *m, char id[GRAPH_ID])
{
	char at[24];

	graph_new_id(c->graph, id);
	str_format(at, sizeof at, "%lld", (long long)(box_now(c->graph->x) / 1000));
	json_object_set_new(m, "id", json_string(id));
	json_object_set_new(m, "timestamp", json_string(at));
	c->last_in = box_now(c->graph->x);
	return m;
}

static void
show_own(struct chat *c, const char *id, const char *type, const char *text)
{
	graph_chat_show(c, json_pack("{s:s,s:s,s:s,s:s,s:[]}", "from", "customer", "id", id, "type", type, "text", text,
	    "choices"));
}

/* Takes `m`. */
static void
say(struct chat *c, const struct graph_call *q, json_t *m, const char *shown)
{
	char id[GRAPH_ID];
	const char *type = json_string_value(json_object_get(m, "type"));
	json_t *value;

	m = dress(c, m, id);
	value = from_customer(c, m);
	show_own(c, id, type != NULL ? type : "?", shown);
	json_decref(c->last);
	c->last = json_incref(m);
	json_object_set_new(value, "messages", json_pack("[o]", m));
	graph_hook(c->graph, c, value, 0);
	done(c, q, id);
}

static json_t *
text_message(const char *text)
{
	return json_pack("{s:s,s:{s:s}}", "type", "text", "text", "body", text);
}

/* {"text":..}, or {"texts":[..]} in one webhook. */
static void
call_write(struct chat *c, const struct graph_call *q)
{
	const json_t *all = json_object_get(q->body, "texts"), *one;
	const char *text = text_of(q, "text");
	json_t *messages, *value = NULL;
	char id[GRAPH_ID] = "";
	size_t i;

	if (text != NULL && text[0] != '\0' && ucs2_units(text) <= TEXT_MAX) {
		say(c, q, text_message(text), text);
		return;
	}
	if (json_array_size(all) == 0 || json_array_size(all) > BATCH_MAX) {
		bad(c, q, "wanted: text of at most 4096 characters, or texts");
		return;
	}
	messages = json_array();
	json_array_foreach((json_t *)all, i, one) {
		const char *s = json_is_string(one) ? json_string_value(one) : "?";
		json_t *m = dress(c, text_message(s), id);

		json_decref(value);
		value = from_customer(c, m);
		show_own(c, id, "text", s);
		json_array_append_new(messages, m);
	}
	json_object_set_new(value, "messages", messages);
	graph_hook(c->graph, c, value, 0);
	done(c, q, id);
}

/* The newest message with choices, or that of "message", its number. */
static const json_t *
with_choices(const struct chat *c, const struct graph_call *q)
{
	const json_t *wanted = json_object_get(q->body, "message");

	for (size_t i = json_array_size(c->messages); i-- > 0; ) {
		const json_t *m = json_array_get(c->messages, i);

		if (wanted != NULL ? json_equal(json_object_get(m, "n"), wanted) :
		    json_array_size(json_object_get(m, "choices")) > 0)
			return m;
	}
	return NULL;
}

static const json_t *
chosen(const json_t *m, const struct graph_call *q)
{
	const json_t *index = json_object_get(q->body, "index"), *one;
	const char *id = text_of(q, "id"), *title = text_of(q, "title");
	size_t i;

	json_array_foreach(json_object_get(m, "choices"), i, one) {
		const char *its = json_string_value(json_object_get(one, "id"));
		const char *name = json_string_value(json_object_get(one, "title"));

		if ((id != NULL && strcmp(id, its) == 0) || (title != NULL && strcmp(title, name) == 0) ||
		    (json_is_integer(index) && json_integer_value(index) == (json_int_t)i + 1))
			return one;
	}
	return NULL;
}

/* {"index":1}, {"title":..} or {"id":..}; of an older message with {"message":n}. */
static void
call_tap(struct chat *c, const struct graph_call *q)
{
	const json_t *m = with_choices(c, q), *one = chosen(m, q);
	const char *type = json_string_value(json_object_get(m, "type"));
	bool list = type != NULL && strcmp(type, "list") == 0;

	if (one == NULL) {
		bad(c, q, "wanted: index, title or id of a choice that is there; perhaps message");
		return;
	}
	say(c, q, json_pack("{s:s,s:{s:s,s:O},s:{s:s,s:O}}", "type", "interactive", "context", "from",
	    "27870000001", "id",
	    json_object_get(m, "id"), "interactive", "type", list ? "list_reply" : "button_reply",
	    list ? "list_reply" : "button_reply", one), json_string_value(json_object_get(one, "title")));
}

static struct medium *
medium_new(struct graph *g, const char *type, const char *base64, char id[24])
{
	struct medium *m = xcalloc(1, sizeof *m);
	size_t n = strlen(base64);
	unsigned char sum[crypto_hash_sha256_BYTES];

	m->octets = xcalloc(n / 4 * 3 + 4, 1);
	if (sodium_base642bin((unsigned char *)m->octets, n / 4 * 3 + 4, base64, n, "\r\n", &m->len, NULL,
	    sodium_base64_VARIANT_ORIGINAL) != 0) {
		free(m->octets);
		free(m);
		return NULL;
	}
	m->type = xstrdup(type);
	crypto_hash_sha256(sum, (const unsigned char *)m->octets, m->len);
	str_hex(sum, sizeof sum, m->sha256);
	str_format(id, 24, "%llu", (unsigned long long)(1000000000000000 + rng_below(&g->x->rng, UINT64_C(1) << 50)));
	map_put(g->media, id, strlen(id), m);
	return m;
}

/* {"kind":"image","type":"image/jpeg","base64":..}; perhaps name, caption, sha256 (another than that of the octets). */
static void
call_media(struct chat *c, const struct graph_call *q)
{
	const char *kind = text_of(q, "kind"), *type = text_of(q, "type"), *base64 = text_of(q, "base64");
	const char *caption = text_of(q, "caption"), *name = text_of(q, "name"), *told = text_of(q, "sha256");
	unsigned char sum[crypto_hash_sha256_BYTES];
	char id[24], sum64[64];
	struct medium *m = NULL;
	json_t *o;

	kind = kind != NULL ? kind : "image";
	if (type == NULL || base64 == NULL || (m = medium_new(c->graph, type, base64, id)) == NULL) {
		bad(c, q, "wanted: type (\"image/jpeg\"), base64; perhaps kind, name, caption");
		return;
	}
	if (!str_unhex(m->sha256, strlen(m->sha256), sum, sizeof sum))
		fatalx("a SHA-256 is no hex");
	sodium_bin2base64(sum64, sizeof sum64, sum, sizeof sum, sodium_base64_VARIANT_ORIGINAL);
	o = json_pack("{s:s,s:s,s:s}", "id", id, "mime_type", type, "sha256", told != NULL ? told : sum64);
	if (caption != NULL)
		json_object_set_new(o, "caption", json_string(caption));
	if (name != NULL)
		json_object_set_new(o, "filename", json_string(name));
	say(c, q, json_pack("{s:s,s:o}", "type", kind, kind, o), caption != NULL ? caption : "");
}

/* {"message":{"type":..,..}}: of any type, as it would stand in the webhook. */
static void
call_send(struct chat *c, const struct graph_call *q)
{
	const json_t *m = json_object_get(q->body, "message");

	if (!json_is_string(json_object_get(m, "type")))
		bad(c, q, "wanted: message, an object with a type");
	else
		say(c, q, json_deep_copy(m), "");
}

/* The last message of the customer's comes once more, as happens when an answer to a webhook was lost. */
static void
call_repeat(struct chat *c, const struct graph_call *q)
{
	json_t *value;

	if (c->last == NULL) {
		bad(c, q, "nothing was sent yet");
		return;
	}
	value = from_customer(c, c->last);
	json_object_set_new(value, "messages", json_pack("[O]", c->last));
	graph_hook(c->graph, c, value, 0);
	done(c, q, json_string_value(json_object_get(c->last, "id")));
}

/* {"to":..}: the customer has another number now; the notice has no contacts. */
static void
call_move(struct chat *c, const struct graph_call *q)
{
	const char *to = text_of(q, "to");
	char id[GRAPH_ID], words[200];
	json_t *value, *m;

	if (to == NULL || !phone_valid(to)) {
		bad(c, q, "wanted: to, a number in international form");
		return;
	}
	str_format(words, sizeof words, "User Thandi M changed from %s to %s", c->phone, to);
	m = dress(c, json_pack("{s:s,s:s,s:{s:s,s:s,s:s}}", "from", c->phone, "type", "system", "system", "body", words,
	    "wa_id", to, "type", "user_changed_number"), id);
	value = graph_value(c->graph);
	json_object_set_new(value, "messages", json_pack("[o]", m));
	graph_hook(c->graph, c, value, 0);
	done(c, q, id);
}

/* {"user":"ZA.1","phone":false,"identity":..,"fails":131026}: what webhooks tell of the customer from now on. */
static void
call_profile(struct chat *c, const struct graph_call *q)
{
	const char *user = text_of(q, "user"), *identity = text_of(q, "identity");
	const json_t *phone = json_object_get(q->body, "phone"), *fails = json_object_get(q->body, "fails");

	if ((user != NULL && !str_copy(c->user, sizeof c->user, user)) ||
	    (identity != NULL && !str_copy(c->identity, sizeof c->identity, identity))) {
		bad(c, q, "user or identity is too long");
		return;
	}
	if (user != NULL && user[0] != '\0')
		map_put(c->graph->chats, c->user, strlen(c->user), c);
	if (json_is_false(phone))
		c->phone[0] = '\0';
	else if (json_is_true(phone))
		str_copy(c->phone, sizeof c->phone, phone_valid(c->name) ? c->name : "");
	if (json_is_integer(fails))
		c->fails = (int)json_integer_value(fails);
	control_answer(c->graph->x->control, q->http, 200, json_pack("{s:s,s:s}", "phone", c->phone, "user", c->user));
}

void
graph_chat_call(struct graph *g, const struct graph_call *q)
{
	static const struct {
		const char *method, *verb;
		void (*fn)(struct chat *, const struct graph_call *);
	} rows[] = {
		{ "POST", "write", call_write }, { "POST", "tap", call_tap }, { "POST", "send_media", call_media },
		{ "POST", "send", call_send }, { "POST", "repeat", call_repeat }, { "POST", "move", call_move },
		{ "POST", "profile", call_profile }, { "GET", "messages", call_messages },
	};

	if (!phone_valid(q->who) && (strlen(q->who) < 4 || q->who[2] != '.')) {
		control_error(g->x->control, q->http, 400,
		    "neither a number in international form nor an identity like ZA.1");
		return;
	}
	for (size_t i = 0; i < NELEM(rows); i++)
		if (strcmp(rows[i].method, q->method) == 0 && strcmp(rows[i].verb, q->verb) == 0) {
			rows[i].fn(graph_chat(g, q->who), q);
			return;
		}
	control_error(g->x->control, q->http, 404, "no such thing in a chat");
}

static void
free_chat(void *arg, const void *key, size_t n, void *value)
{
	struct chat *c = value;
	struct list *it, *nx;

	(void)arg;
	if (n != strlen(c->name) || memcmp(key, c->name, n) != 0)
		return;		/* another name of it */
	LIST_EACH(it, nx, &c->waiters)
		waiter_free(LIST_OF(it, struct waiter, node));
	json_decref(c->messages);
	json_decref(c->last);
	free(c);
}

/* By their own names last: the others are looked at while they are there. */
void
graph_chats_free(struct graph *g)
{
	map_each(g->chats, free_chat, NULL);
	map_free(g->chats);
}
