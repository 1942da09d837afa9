/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request of Africa's Talking as libevent hands it over: target, header lines, an empty line, the
 * body. What is not refused has a plain path, and its form read again from its own fields is the
 * same. How libevent reads a socket is not our code and not here.
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/http_request.h"
#include "io/http_server.h"
#include "tests/fuzz/fuzz.h"

#define FORM "application/x-www-form-urlencoded"

static struct evhttp_connection *connection;

/* A new request without its body; freed by evhttp_request_free(). */
static struct evhttp_request *
request(const char *target)
{
	struct evhttp_request *ev = evhttp_request_new(NULL, NULL);

	must(ev != NULL);
	ev->evcon = connection;
	ev->uri = strdup(target);
	ev->type = EVHTTP_REQ_POST;
	ev->major = ev->minor = 1;
	return ev;
}

static void
add_headers(struct evhttp_request *ev, char *lines)
{
	char *line, *value;

	while ((line = strsep(&lines, "\n")) != NULL)
		if ((value = strchr(line, ':')) != NULL) {
			*value++ = '\0';
			value += strspn(value, " ");
			(void)evhttp_add_header(ev->input_headers, line, value);
		}
}

static void
add_escaped(struct evbuffer *out, const char *s)
{
	for (; *s != '\0'; s++)
		must(evbuffer_add_printf(out, "%%%02x", (unsigned char)*s) == 3);
}

/* The fields, each octet escaped, are the same fields. */
static void
check_again(const struct http_fields *f)
{
	struct evhttp_request *ev = request("/");
	struct http_req again;

	for (size_t i = 0; i < f->n; i++) {
		add_escaped(ev->input_buffer, f->text.p + f->at[i].name);
		evbuffer_add_printf(ev->input_buffer, "=");
		add_escaped(ev->input_buffer, f->text.p + f->at[i].value);
		evbuffer_add_printf(ev->input_buffer, "&");
	}
	evhttp_add_header(ev->input_headers, "Host", "x");
	evhttp_add_header(ev->input_headers, "Content-Type", FORM "; charset=utf-8");
	http_req_init(&again);
	must(http_req_read(&again, ev).status == 0);
	(void)http_req_form(&again, "");
	must(again.form->n == f->n && again.form->text.len == f->text.len);
	must(f->text.len == 0 || memcmp(again.form->text.p, f->text.p, f->text.len) == 0);
	http_req_clear(&again);
	evhttp_request_free(ev);
}

static void
check(const struct http_req *r)
{
	static const char *const fields[] = {
		"sessionId", "phoneNumber", "text", "status", "serviceCode"
	};
	const char *path = http_req_path(r), *body;
	size_t len, shown = 0;

	must(path[0] == '/' && strstr(path, "//") == NULL && strstr(path, "/../") == NULL);
	body = http_req_body(r, &len);
	must(body[len] == '\0' && strcmp(http_req_method(r), "POST") == 0);
	(void)http_req_query(r, "key");
	for (size_t i = 0; i < NELEM(fields); i++) {
		const char *value = http_req_form(r, fields[i]);

		shown += value != NULL ? strlen(value) : 0;
	}
	must(shown <= len && r->form->n <= HTTP_FIELDS);
	/* A field without a value comes back with an empty one. */
	if (r->form->n > 0)
		check_again(r->form);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char between[] = "\n\n";
	const uint8_t *cut = memmem(data, size, between, 2), *end = data + size;
	struct evhttp_request *ev;
	struct http_req r;
	char *head, *lines;

	if (connection == NULL)
		connection = evhttp_connection_base_new(event_base_new(), NULL, "192.0.2.1", 80);
	must(connection != NULL);
	head = lines = strndup((const char *)data, cut != NULL ? (size_t)(cut - data) : size);
	must(head != NULL);
	ev = request(strsep(&lines, "\n"));
	add_headers(ev, lines);
	if (cut != NULL)
		must(evbuffer_add(ev->input_buffer, cut + 2, (size_t)(end - cut) - 2) == 0);
	http_req_init(&r);
	if (http_req_read(&r, ev).status == 0)
		check(&r);
	http_req_reset(&r);
	http_req_clear(&r);
	evhttp_request_free(ev);
	free(head);
	return 0;
}
