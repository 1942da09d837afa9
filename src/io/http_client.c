/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a request may have been processed is the one thing this must never get wrong. libcurl
 * calls on_before_request() when a connection stands and before the first octet of a request is
 * written. So a transfer that ended without that call was certainly not sent; and a second call can
 * only be libcurl's silent repetition after a kept connection broke, which is aborted. That the
 * body cannot be rewound (no seek function) stops the same thing once more.
 *
 * libcurl's callbacks only set fields and collect octets; transfers are finished in one place, on_ended().
 */
#include "io/http_client.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/curl_loop.h"

#define KEEP_OCTETS 65536	/* of a buffer between requests */
#define KEPT_HOSTS 8		/* whose connections stay open when idle */
#define IDLE_S 20L		/* unused so long, a connection may be about to be closed */
#define HEADER_OCTETS 48	/* of one that we look at */
#define GRACE_MS 100		/* libcurl's own deadline comes first where it has one */

struct call {			/* in client->active, or in client->pool when it is free */
	struct list node;
	struct http_client *client;
	CURL *easy;		/* ours, reused */
	struct curl_slist *headers;
	struct buf body, answer;
	size_t sent;		/* of body */
	struct timer deadline;	/* libcurl has none while a transfer waits for a connection */
	struct deferred refused;
	uint64_t op;
	void (*done)(void *arg, uint64_t op, const struct http_result *r);
	void *arg;
	struct curl_guard guard;
	const char *why;	/* of what we refuse or abort; or NULL */
	int begun;		/* how often libcurl was about to send it */
	bool in_multi;
};

struct http_client {
	struct loop *loop;
	struct http_client_options o;
	char *ca_file;
	struct curl_loop curl;
	struct list active, pool;
	int waiting;		/* in active */
};

static int
on_before_request(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct call *c = arg;

	(void)remote;
	(void)local;
	(void)remote_port;
	(void)local_port;
	if (c->begun++ == 0)
		return CURL_PREREQFUNC_OK;
	c->why = "the connection broke";
	return CURL_PREREQFUNC_ABORT;
}

static size_t
on_read_body(char *out, size_t size, size_t n, void *arg)
{
	struct call *c = arg;
	size_t left = c->body.len - c->sent;

	n *= size;
	if (n > left)
		n = left;
	if (n > 0)
		memcpy(out, c->body.p + c->sent, n);
	c->sent += n;
	return n;
}

static size_t
on_answer(char *p, size_t size, size_t n, void *arg)
{
	struct call *c = arg;

	n *= size;
	if (n > c->client->o.answer_max - c->answer.len) {
		c->why = "the answer is too long";
		return 0;		/* not n: an error */
	}
	buf_add(&c->answer, p, n);
	return n;
}

static void
free_headers(struct call *c)
{
	for (struct curl_slist *h = c->headers; h != NULL; h = h->next)
		mem_wipe(h->data, strlen(h->data));
	curl_slist_free_all(c->headers);
	c->headers = NULL;
}

/* Out of every table first; then the caller is told; then it may be used again. */
static void
finish(struct call *c, const struct http_result *r)
{
	struct http_client *client = c->client;

	timer_stop(&c->deadline);
	loop_undefer(&c->refused);
	if (c->in_multi)
		curl_loop_remove(&client->curl, c->easy);
	c->in_multi = false;
	list_remove(&c->node);
	client->waiting--;
	c->done(c->arg, c->op, r);
	free_headers(c);
	buf_recycle(&c->body, KEEP_OCTETS);
	buf_recycle(&c->answer, KEEP_OCTETS);
	list_add_tail(&client->pool, &c->node);
}

static void
fail(struct call *c, const char *why)
{
	finish(c, &(struct http_result){ .end = c->begun > 0 ? HTTP_UNKNOWN : HTTP_NOT_SENT,
		.body = "", .why = c->why != NULL ? c->why : why });
}

static void
on_deadline(void *arg)
{
	struct call *c = arg;

	fail(c, c->begun > 0 ? "no answer in time" : "no connection in time");
}

static void
on_refused(void *arg)
{
	fail(arg, "refused");
}

/* The value of the first of these headers that the answer has, or NULL. libcurl's own may not outlive its next call. */
static const char *
header_of(struct call *c, const char *const *names, char out[HEADER_OCTETS])
{
	struct curl_header *h;

	for (; *names != NULL; names++)
		if (curl_easy_header(c->easy, *names, 0, CURLH_HEADER, -1, &h) == CURLHE_OK)
			return str_copy(out, HEADER_OCTETS, h->value) ? out : NULL;
	return NULL;
}

static void
on_ended(void *private, CURLcode code)
{
	static const char *const retry_after[] = { "Retry-After", NULL };
	static const char *const type[] = { "Content-Type", NULL };
	static const char *const reset[] = { "X-RateLimit-Reset", "RateLimit-Reset", NULL };

	struct call *c = private;
	char after[HEADER_OCTETS], at[HEADER_OCTETS], content[HEADER_OCTETS];
	long status = 0;

	if (code == CURLE_OK)
		curl_loop_ok(curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status));
	if (status > 0)
		finish(c, &(struct http_result){ .end = HTTP_ANSWERED, .status = (int)status,
			.body = buf_str(&c->answer), .len = c->answer.len,
			.retry_after = header_of(c, retry_after, after), .limit_reset = header_of(c, reset, at),
			.content_type = header_of(c, type, content),
			.why = "answered" });
	else
		fail(c, code == CURLE_OK ? "an answer without a status" : curl_easy_strerror(code));
}

static CURL *
new_easy(struct call *c)
{
	CURL *easy = curl_loop_easy(c, c->client->o.ca_file);

	CURL_LOOP_SET(easy, CURLOPT_PREREQFUNCTION, on_before_request);
	CURL_LOOP_SET(easy, CURLOPT_PREREQDATA, c);
	CURL_LOOP_SET(easy, CURLOPT_READFUNCTION, on_read_body);
	CURL_LOOP_SET(easy, CURLOPT_READDATA, c);
	CURL_LOOP_SET(easy, CURLOPT_WRITEFUNCTION, on_answer);
	CURL_LOOP_SET(easy, CURLOPT_WRITEDATA, c);
	CURL_LOOP_SET(easy, CURLOPT_MAXAGE_CONN, IDLE_S);
	return easy;
}

static struct call *
take_call(struct http_client *client)
{
	struct call *c;

	if (list_empty(&client->pool)) {
		c = xcalloc(1, sizeof *c);
		c->client = client;
		timer_init(&c->deadline, client->loop, on_deadline, c);
		c->easy = new_easy(c);
	} else {
		c = LIST_OF(client->pool.next, struct call, node);
		list_remove(&c->node);
	}
	list_add_tail(&client->active, &c->node);
	client->waiting++;
	c->sent = 0;
	c->begun = 0;
	c->why = NULL;
	return c;
}

static void
add_header(struct call *c, const char *line)
{
	struct curl_slist *more = curl_slist_append(c->headers, line);

	if (more == NULL)
		fatalx("http client: out of memory");
	c->headers = more;
}

/* false: a line break, which would let a value become a header or a request of its own. */
static bool
set_headers(struct call *c, const struct http_out *out)
{
	add_header(c, "Expect:");	/* no waiting for 100 Continue */
	for (size_t i = 0; i < NELEM(out->headers) && out->headers[i] != NULL; i++) {
		if (strpbrk(out->headers[i], "\r\n") != NULL)
			return false;
		add_header(c, out->headers[i]);
	}
	CURL_LOOP_SET(c->easy, CURLOPT_HTTPHEADER, c->headers);
	return true;
}

static void
set_request(struct call *c, const struct http_out *out)
{
	bool is_get = strcmp(out->method, "GET") == 0, is_head = strcmp(out->method, "HEAD") == 0;
	bool has_body = out->len > 0 || !(is_get || is_head || strcmp(out->method, "DELETE") == 0);

	CURL_LOOP_SET(c->easy, CURLOPT_URL, out->url);
	CURL_LOOP_SET(c->easy, CURLOPT_NOBODY, 0L);
	CURL_LOOP_SET(c->easy, CURLOPT_UPLOAD, has_body ? 1L : 0L);
	CURL_LOOP_SET(c->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)(has_body ? out->len : 0));
	if (is_head)
		CURL_LOOP_SET(c->easy, CURLOPT_NOBODY, 1L);
	CURL_LOOP_SET(c->easy, CURLOPT_CUSTOMREQUEST, out->method);
	/* To libcurl 0 means for ever. */
	CURL_LOOP_SET(c->easy, CURLOPT_TIMEOUT_MS, out->timeout_ms > 0 ? (long)out->timeout_ms : 1L);
	CURL_LOOP_SET(c->easy, CURLOPT_CONNECTTIMEOUT_MS, out->timeout_ms > 0 ? (long)out->timeout_ms : 1L);
	buf_add(&c->body, out->body, has_body ? out->len : 0);
	c->guard = (struct curl_guard){ .allow = out->allow, .arg = c->arg, .why = &c->why };
	curl_loop_guard(c->easy, &c->guard);
}

void
http_client_request(struct http_client *client, const struct http_out *out, uint64_t op,
    void (*done)(void *arg, uint64_t op, const struct http_result *r), void *arg)
{
	bool is_full = client->waiting >= client->o.waiting;
	struct call *c = take_call(client);

	c->op = op;
	c->done = done;
	c->arg = arg;
	if (is_full)
		c->why = "too many requests wait";
	else if (strpbrk(out->method, " \r\n") != NULL || !set_headers(c, out))
		c->why = "a line break in a header";
	if (c->why != NULL) {
		loop_defer(client->loop, &c->refused, on_refused, c);
		return;
	}
	set_request(c, out);
	timer_arm(&c->deadline, out->timeout_ms + GRACE_MS);
	curl_loop_add(&client->curl, c->easy);
	c->in_multi = true;
}

struct http_client *
http_client_new(struct loop *l, const struct http_client_options *o)
{
	struct http_client *client = xcalloc(1, sizeof *client);

	client->loop = l;
	client->o = *o;
	if (o->ca_file != NULL)
		client->o.ca_file = client->ca_file = xstrdup(o->ca_file);
	list_init(&client->active);
	list_init(&client->pool);
	curl_loop_init(&client->curl, l, on_ended);
	CURL_LOOP_MULTI(client->curl.multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)o->connections);
	CURL_LOOP_MULTI(client->curl.multi, CURLMOPT_MAXCONNECTS, (long)o->connections * KEPT_HOSTS);
	return client;
}

void
http_client_free(struct http_client *client)
{
	if (client == NULL)
		return;
	while (!list_empty(&client->active))
		finish(LIST_OF(client->active.next, struct call, node),
		    &(struct http_result){ .end = HTTP_UNKNOWN, .body = "", .why = "stopping" });
	while (!list_empty(&client->pool)) {
		struct call *c = LIST_OF(client->pool.next, struct call, node);

		list_remove(&c->node);
		curl_easy_cleanup(c->easy);
		buf_clear(&c->body);
		buf_clear(&c->answer);
		free(c);
	}
	curl_loop_clear(&client->curl);
	free(client->ca_file);
	free(client);
}
