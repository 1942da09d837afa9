/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shows what comes, with its buttons or its list under numbers; a number taps, anything else is written. What is not
 * typed at a terminal is used line by line, each after an answer to the one before has come.
 */
#include "cli/dial_chat.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <sodium.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/phone_screen.h"
#include "cli/typed.h"
#include "config/file.h"
#include "io/http_client.h"
#include "io/loop.h"

#define POST_MS 20000
#define LOOK_MS 60000			/* one look waits so long for something new */
#define AGAIN_MS 1000
#define ANSWER_MS 25000			/* of the gateway, to what is not typed at a terminal */
#define LINE_MAX_OCTETS 4200
#define PHOTO_MAX (5 << 20)		/* as the network takes */
#define PHOTO "/photo "

struct chat {
	struct loop *loop;
	struct http_client *http;
	const char *sandbox, *from;
	struct typed typed;
	struct timer again, patience;
	uint64_t last_op;
	int64_t seen;			/* -1: what came before us is not looked at yet */
	int choices;			/* of the newest message that has some */
	bool waiting;			/* for an answer */
	bool no_more, failed;
};

static void want_line(struct chat *c);

static void
prompt(const struct chat *c)
{
	if (c->typed.terminal)
		fputs("  > ", stdout);
	fflush(stdout);
}

/* ---- what is sent ---- */

static void
failed(struct chat *c, const char *why)
{
	c->failed = true;
	c->waiting = false;
	timer_stop(&c->patience);
	printf("  not sent: %s\n", why);
	prompt(c);
	want_line(c);
}

static void
on_sent(void *arg, uint64_t op, const struct http_result *r)
{
	struct chat *c = arg;
	json_t *j = r->end == HTTP_ANSWERED ? json_loadb(r->body, r->len, 0, NULL) : NULL;
	const char *error = json_string_value(json_object_get(j, "error"));

	(void)op;
	if (r->end != HTTP_ANSWERED || r->status != 200)
		failed(c, error != NULL ? error : r->end == HTTP_ANSWERED ? "the sandbox does not take it" : r->why);
	json_decref(j);
}

/* Takes the body. */
static void
post(struct chat *c, const char *verb, json_t *body)
{
	char url[400], *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct http_out out = { .method = "POST", .url = url, .headers = { "Content-Type: application/json" },
		.body = text, .len = text != NULL ? strlen(text) : 0, .timeout_ms = POST_MS };

	json_decref(body);
	if (text == NULL) {
		failed(c, "it is no text in UTF-8");
		return;
	}
	c->waiting = true;
	c->failed = false;
	timer_arm(&c->patience, ANSWER_MS);
	str_format(url, sizeof url, "%s/chat/%s/%s", c->sandbox, c->from, verb);
	http_client_request(c->http, &out, ++c->last_op, on_sent, c);
	mem_wipe(text, strlen(text));
	free(text);
}

/* By the end of its name; what is no picture goes as a document. */
static const char *
type_of(const char *path, bool *picture)
{
	static const struct {
		const char *end, *type;
	} rows[] = {
		{ ".jpg", "image/jpeg" }, { ".jpeg", "image/jpeg" }, { ".png", "image/png" },
	};
	size_t n = strlen(path);

	*picture = true;
	for (size_t i = 0; i < NELEM(rows); i++)
		if (n > strlen(rows[i].end) && str_equal_fold(path + n - strlen(rows[i].end), rows[i].end))
			return rows[i].type;
	*picture = false;
	return n > 4 && str_equal_fold(path + n - 4, ".pdf") ? "application/pdf" : "application/octet-stream";
}

static void
send_photo(struct chat *c, const char *path)
{
	struct buf octets = { 0 };
	const char *name = strrchr(path, '/'), *type;
	char *base64;
	size_t room;
	bool picture;

	if (!file_read(path, PHOTO_MAX, &octets)) {
		failed(c, errno == EFBIG ? "the file is larger than 5 MB" : strerror(errno));
		buf_clear(&octets);
		return;
	}
	type = type_of(path, &picture);
	room = sodium_base64_ENCODED_LEN(octets.len, sodium_base64_VARIANT_ORIGINAL);
	base64 = xcalloc(1, room);
	sodium_bin2base64(base64, room, (const unsigned char *)buf_str(&octets), octets.len,
	    sodium_base64_VARIANT_ORIGINAL);
	if (picture)
		post(c, "send_media", json_pack("{s:s,s:s}", "type", type, "base64", base64));
	else
		post(c, "send_media", json_pack("{s:s,s:s,s:s,s:s}", "kind", "document", "type", type, "base64", base64,
		    "name", name != NULL ? name + 1 : path));
	free(base64);
	buf_clear(&octets);
}

static void
take_line(struct chat *c, const char *line)
{
	int64_t number;

	if (line[0] == '\0') {
		prompt(c);
		return;
	}
	if (!c->typed.terminal)
		printf("  > %s\n", line);
	if (str_starts(PHOTO, line) && strlen(line) + 1 == strlen(PHOTO))
		failed(c, "/photo FILE sends a picture");
	else if (str_starts(line, PHOTO))
		send_photo(c, line + strlen(PHOTO));
	else if (str_to_i64(line, 1, c->choices, &number))
		post(c, "tap", json_pack("{s:I}", "index", (json_int_t)number));
	else
		post(c, "write", json_pack("{s:s}", "text", line));
}

/* ---- what is typed ---- */

static bool
next_line(struct chat *c)
{
	char line[LINE_MAX_OCTETS];

	if (!typed_line(&c->typed, line, sizeof line))
		return false;
	take_line(c, line);
	mem_wipe(line, sizeof line);
	return true;
}

/* At a terminal a customer may write again before anything has come. */
static void
want_line(struct chat *c)
{
	while ((c->typed.terminal || !c->waiting) && c->seen >= 0 && next_line(c))
		continue;
	if (c->no_more) {
		if (!c->waiting)
			loop_stop(c->loop);
		return;
	}
	if (c->seen >= 0 && (c->typed.terminal || !c->waiting))
		typed_read(&c->typed);
}

static void
on_typed(void *arg)
{
	want_line(arg);
}

static void
on_typed_over(void *arg)
{
	struct chat *c = arg;

	c->no_more = true;
	if (!c->waiting || c->typed.terminal)
		loop_stop(c->loop);
}

/* ---- what comes ---- */

static const char *
member(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

static void
show(struct chat *c, const json_t *m)
{
	const json_t *choices = json_object_get(m, "choices"), *one;
	size_t i;

	if (c->typed.terminal)
		fputs("\r\033[K", stdout);
	if (member(m, "template")[0] != '\0')
		printf("  (in the template %s)\n", member(m, "template"));
	phone_screen('*', member(m, "text"));
	if (json_array_size(choices) == 0)
		return;
	c->choices = (int)json_array_size(choices);
	if (member(m, "open")[0] != '\0')
		printf("  %s:\n", member(m, "open"));
	json_array_foreach((json_t *)choices, i, one) {
		printf("  [%zu] %s\n", i + 1, member(one, "title"));
		if (member(one, "description")[0] != '\0')
			printf("      %s\n", member(one, "description"));
	}
}

static void
on_silence(void *arg)
{
	struct chat *c = arg;

	if (!c->waiting)
		return;
	if (!c->typed.terminal)
		failed(c, "no answer came");
}

static void look(struct chat *c);

/* What was there before us is shown too, as a phone does: the last message only. */
static void
take_messages(struct chat *c, const json_t *all)
{
	bool first = c->seen < 0, came = false;
	const json_t *m;
	size_t i, n = json_array_size(all);

	if (first)
		c->seen = 0;
	json_array_foreach((json_t *)all, i, m) {
		c->seen = json_integer_value(json_object_get(m, "n"));
		if (strcmp(member(m, "from"), "business") != 0 || (first && i + 1 < n))
			continue;
		show(c, m);
		came = true;
	}
	if (came && !first) {
		c->waiting = false;
		timer_stop(&c->patience);
	}
	if (came || first) {
		prompt(c);
		want_line(c);
	}
}

static void
on_again(void *arg)
{
	look(arg);
}

static void
on_messages(void *arg, uint64_t op, const struct http_result *r)
{
	struct chat *c = arg;
	json_t *all = r->end == HTTP_ANSWERED ? json_loadb(r->body, r->len, 0, NULL) : NULL;

	(void)op;
	if (json_is_array(all)) {
		take_messages(c, all);
	} else if (c->seen < 0) {
		printf("  no chat: %s\n", r->end == HTTP_ANSWERED ? "there is no sandbox at that address" : r->why);
		c->failed = true;
		loop_stop(c->loop);
	}
	timer_arm(&c->again, json_is_array(all) ? 1 : AGAIN_MS);
	json_decref(all);
}

static void
look(struct chat *c)
{
	char url[400];
	struct http_out out = { .method = "GET", .url = url, .timeout_ms = LOOK_MS + POST_MS };

	str_format(url, sizeof url, "%s/chat/%s/messages?after=%" PRId64 "&wait_ms=%d", c->sandbox, c->from,
	    c->seen < 0 ? 0 : c->seen, c->seen < 0 ? 0 : LOOK_MS);
	http_client_request(c->http, &out, ++c->last_op, on_messages, c);
}

static void
on_signal(void *arg, int number)
{
	(void)number;
	loop_stop(((struct chat *)arg)->loop);
}

int
dial_chat(const char *sandbox, const char *from)
{
	struct http_client_options h = { .connections = 4, .waiting = 16, .answer_max = 4 << 20 };
	struct chat c = { .loop = loop_new(), .sandbox = sandbox, .from = from, .seen = -1 };

	loop_on_signal(c.loop, SIGINT, on_signal, &c);
	loop_on_signal(c.loop, SIGTERM, on_signal, &c);
	typed_open(&c.typed, c.loop, LINE_MAX_OCTETS, on_typed, on_typed_over, &c);
	timer_init(&c.again, c.loop, on_again, &c);
	timer_init(&c.patience, c.loop, on_silence, &c);
	c.http = http_client_new(c.loop, &h);
	printf("  WhatsApp of +%s. A number taps, anything else is written; /photo FILE sends a picture.\n", from);
	look(&c);
	loop_run(c.loop);
	if (c.typed.terminal)
		putchar('\n');
	timer_stop(&c.patience);
	c.no_more = c.waiting = true;		/* what the client still has leads to nothing */
	http_client_free(c.http);
	timer_stop(&c.again);
	typed_close(&c.typed);
	loop_free(c.loop);
	return c.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
