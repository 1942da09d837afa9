/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evhttp takes the first of two Content-Length headers, reads the body of an unknown
 * Transfer-Encoding as the next request, and passes on odd names and targets. Behind a proxy each
 * of these lets one client's octets be read as another's request, so each is refused here (RFC 9112
 * sections 3.2, 5.1, 6.1 to 6.3). Chunked bodies are refused too: none of our peers needs them.
 */
#include "io/http_request.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>

#include "base/cidr.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/http_server.h"

#define KEEP_OCTETS 65536	/* of a buffer between requests */

static const struct {
	enum evhttp_cmd_type type;
	const char *name;
} methods[] = {
	{ EVHTTP_REQ_GET, "GET" },
	{ EVHTTP_REQ_POST, "POST" },
	{ EVHTTP_REQ_PUT, "PUT" },
	{ EVHTTP_REQ_DELETE, "DELETE" },
	{ EVHTTP_REQ_PATCH, "PATCH" },
	{ EVHTTP_REQ_HEAD, "HEAD" },
};

static bool
is_token(const char *s)
{
	static const char odd[] = "\"(),/:;<=>?@[\\]{}";

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (*s <= ' ' || *s >= 0x7f || strchr(odd, *s) != NULL)
			return false;
	return true;
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
			return true;
	return false;
}

static struct http_refusal
refuse(int status, const char *why)
{
	return (struct http_refusal){ status, why };
}

static struct http_refusal
check_framing(const struct http_req *r)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(r->ev);
	const struct evkeyval *h;
	int lengths = 0, hosts = 0, encodings = 0;

	TAILQ_FOREACH(h, headers, next) {
		if (!is_token(h->key) || has_control(h->value))
			return refuse(400, "a header is malformed");
		hosts += str_equal_fold(h->key, "Host");
		encodings += str_equal_fold(h->key, "Transfer-Encoding");
		if (!str_equal_fold(h->key, "Content-Length"))
			continue;
		if (lengths++ > 0)
			return refuse(400, "more than one Content-Length");
		if (!str_all_digits(h->value))
			return refuse(400, "Content-Length is no number");
	}
	if (encodings > 0 && lengths > 0)
		return refuse(400, "Content-Length beside Transfer-Encoding");
	if (encodings > 0)
		return refuse(411, "Transfer-Encoding is not taken");
	if (r->ev->major != 1)
		return refuse(400, "not HTTP/1");
	if (hosts > 1 || (hosts == 0 && r->ev->minor > 0))
		return refuse(400, "not exactly one Host");
	/* evhttp reads no body here and would take it for the next request. */
	if (lengths > 0 && r->ev->type == EVHTTP_REQ_HEAD)
		return refuse(400, "HEAD with a body");
	return refuse(0, NULL);
}

static bool
is_proxy(const struct http_proxies *p, const char *peer)
{
	for (int i = 0; i < p->n; i++)
		if (cidr_matches(p->blocks[i], peer))
			return true;
	return false;
}

/* Only a named proxy is asked: anybody else would be believed to be whom he likes. */
static struct http_refusal
read_client(struct http_req *r)
{
	struct evkeyvalq *headers = evhttp_request_get_input_headers(r->ev);
	const char *name = r->proxies.form == FORWARDED_X_FOR ? "X-Forwarded-For" : "Forwarded";
	const struct evkeyval *h;
	struct buf all = { 0 };
	bool ok = true;

	if (!is_proxy(&r->proxies, r->peer))
		return refuse(0, NULL);
	TAILQ_FOREACH(h, headers, next)
		if (str_equal_fold(h->key, name))
			buf_addf(&all, "%s%s", all.len > 0 ? "," : "", h->value);
	/* Without it the proxy speaks for itself, as when it looks whether we are there. */
	if (all.len > 0)
		ok = forwarded_client(r->proxies.form, all.p, r->proxies.blocks, r->proxies.n, r->client);
	buf_clear(&all);
	if (ok)
		return refuse(0, NULL);
	r->client[0] = '\0';
	metric_add(M_HTTP_FORWARDED_BAD, 1);
	return refuse(400, "the proxy's header names no client");
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* false: a NUL, or (strict) a '%' without two hex digits, which else stands for itself. */
static bool
decode(struct buf *out, const char *s, size_t n, bool strict)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c == '%' && i + 2 < n && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0) {
			c = (char)(hex_value(s[i + 1]) << 4 | hex_value(s[i + 2]));
			i += 2;
		} else if (c == '%' && strict) {
			return false;
		} else if (c == '+' && !strict) {
			c = ' ';
		}
		if (c == '\0')
			return false;
		buf_add_char(out, c);
	}
	return true;
}

static bool
read_fields(struct http_fields *f, const char *s, size_t n)
{
	const char *end = s + n, *stop, *equals;

	for (; s < end; s = stop + 1) {
		stop = memchr(s, '&', (size_t)(end - s));
		if (stop == NULL)
			stop = end;
		if (stop == s)
			continue;
		equals = memchr(s, '=', (size_t)(stop - s));
		if (f->n == HTTP_FIELDS)
			return false;
		f->at[f->n].name = f->text.len;
		if (!decode(&f->text, s, (size_t)((equals != NULL ? equals : stop) - s), false))
			return false;
		buf_add_char(&f->text, '\0');
		f->at[f->n].value = f->text.len;
		if (equals != NULL &&
		    !decode(&f->text, equals + 1, (size_t)(stop - equals - 1), false))
			return false;
		buf_add_char(&f->text, '\0');
		f->n++;
	}
	return true;
}

static const char *
find_field(const struct http_fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->text.p + f->at[i].name, name) == 0)
			return f->text.p + f->at[i].value;
	return NULL;
}

static bool
path_is_plain(const char *path)
{
	const char *p = path;

	if (has_control(path) || strchr(path, '\\') != NULL || strstr(path, "//") != NULL)
		return false;
	for (; p != NULL; p = strchr(p + 1, '/'))
		if (strcmp(p, "/.") == 0 || str_starts(p, "/./") || strcmp(p, "/..") == 0 ||
		    str_starts(p, "/../"))
			return false;
	return true;
}

static struct http_refusal
read_target(struct http_req *r)
{
	const char *uri = evhttp_request_get_uri(r->ev);
	size_t path_len = strcspn(uri, "?");

	if (*uri != '/' || has_control(uri) || strpbrk(uri, " \t#") != NULL)
		return refuse(400, "the target is malformed");
	if (!decode(&r->path, uri, path_len, true) || !path_is_plain(buf_str(&r->path)))
		return refuse(400, "the path is malformed");
	if (uri[path_len] == '?' &&
	    !read_fields(r->query, uri + path_len + 1, strlen(uri + path_len + 1)))
		return refuse(400, "the query is malformed");
	return refuse(0, NULL);
}

struct http_refusal
http_req_read(struct http_req *r, struct evhttp_request *ev)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(ev);
	struct http_refusal refusal;
	char *peer;
	ev_uint16_t port;

	r->ev = ev;
	r->method = NULL;
	evhttp_connection_get_peer(evhttp_request_get_connection(ev), &peer, &port);
	r->peer = peer;
	for (size_t i = 0; i < NELEM(methods); i++)
		if (methods[i].type == evhttp_request_get_command(ev))
			r->method = methods[i].name;
	r->client[0] = '\0';
	refusal = check_framing(r);
	if (refusal.status == 0)
		refusal = read_client(r);
	if (refusal.status == 0 && r->method == NULL)
		refusal = refuse(501, "the method is not known");
	if (refusal.status == 0)
		refusal = read_target(r);
	if (refusal.status != 0)
		return refusal;
	r->len = evbuffer_get_length(in);
	if (evbuffer_add(in, "", 1) != 0)
		fatalx("http: out of memory");
	r->body = (const char *)evbuffer_pullup(in, -1);
	return refusal;
}

static void
reset_fields(struct http_fields *f)
{
	buf_recycle(&f->text, KEEP_OCTETS);
	f->n = 0;
	f->known = false;
}

void
http_req_reset(struct http_req *r)
{
	buf_recycle(&r->path, KEEP_OCTETS);
	reset_fields(r->query);
	reset_fields(r->form);
	r->ev = NULL;
	r->peer = r->method = r->body = NULL;
	r->client[0] = '\0';
}

void
http_req_init(struct http_req *r)
{
	memset(r, 0, sizeof *r);
	r->query = xcalloc(1, sizeof *r->query);
	r->form = xcalloc(1, sizeof *r->form);
}

void
http_req_clear(struct http_req *r)
{
	buf_clear(&r->path);
	buf_clear(&r->query->text);
	buf_clear(&r->form->text);
	free(r->query);
	free(r->form);
}

const char *
http_req_method(const struct http_req *r)
{
	return r->method;
}

const char *
http_req_target(const struct http_req *r)
{
	const char *uri = evhttp_request_get_uri(r->ev);

	return uri != NULL ? uri : "";
}

const char *
http_req_path(const struct http_req *r)
{
	return buf_str(&r->path);
}

const char *
http_req_query(const struct http_req *r, const char *name)
{
	return find_field(r->query, name);
}

const char *
http_req_form(const struct http_req *r, const char *name)
{
	static const char type[] = "application/x-www-form-urlencoded";
	const char *is = http_req_header(r, "Content-Type"), *body;
	char is_type[sizeof type];
	size_t len;

	if (!r->form->known) {
		r->form->known = true;
		body = http_req_body(r, &len);
		if (is != NULL && str_copyn(is_type, sizeof is_type, is, strcspn(is, "; \t")) &&
		    str_equal_fold(is_type, type) && !read_fields(r->form, body, len))
			r->form->n = 0;		/* half a form is none */
	}
	return find_field(r->form, name);
}

static bool
has_twins(const struct http_fields *f)
{
	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(f->text.p + f->at[i].name, f->text.p + f->at[k].name) == 0)
				return true;
	return false;
}

bool
http_req_repeats(const struct http_req *r)
{
	(void)http_req_form(r, "");
	return has_twins(r->query) || has_twins(r->form);
}

const char *
http_req_header(const struct http_req *r, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(r->ev), name);
}

const char *
http_req_body(const struct http_req *r, size_t *len)
{
	*len = r->len;
	return r->body;
}

const char *
http_req_peer(const struct http_req *r)
{
	return r->client[0] != '\0' ? r->client : r->peer;
}

const char *
http_req_via(const struct http_req *r)
{
	return r->client[0] != '\0' ? r->peer : NULL;
}
