/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a request may have been processed is the one thing this must never get wrong. libcurl
 * calls on_before_request() when a connection stands and before the first octet of a request is
 * written. So a transfer that ended without that call was certainly not sent; and a second call can
 * only be libcurl's silent repetition after a kept connection broke, which is aborted. That the
 * body cannot be rewound (no seek function) stops the same thing once more.
 *
 * libcurl's callbacks only set fields and collect octets: calls on the same multi handle are
 * refused there. Transfers are finished in one place, collect().
 */
#include "io/http_client.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>
#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/loop.h"

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
	bool (*allow)(void *arg, const char *address);
	const char *why;	/* of what we refuse or abort; or NULL */
	int begun;		/* how often libcurl was about to send it */
	bool in_multi;
};

struct watch {			/* of a socket of libcurl's; in client->watches or client->spare */
	struct list node;
	struct event ev;
	struct http_client *client;
};

struct http_client {
	struct loop *loop;
	struct http_client_options o;
	char *ca_file;
	CURLM *multi;
	struct timer timer;	/* libcurl's one */
	struct deferred kick;	/* the same with no delay */
	struct list active, pool, watches, spare;
	int waiting;		/* in active */
};

static void
set_ok(CURLcode code)
{
	if (code != CURLE_OK)
		fatalx("http client: libcurl refused an option: %s", curl_easy_strerror(code));
}
#define SET(easy, option, value) set_ok(curl_easy_setopt(easy, option, value))

static void
set_multi_ok(CURLMcode code)
{
	if (code != CURLM_OK)
		fatalx("http client: %s", curl_multi_strerror(code));
}
#define SET_MULTI(multi, option, value) set_multi_ok(curl_multi_setopt(multi, option, value))

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

/* After the name was looked up, so that what is checked is what is connected to. libcurl tries the next address. */
static curl_socket_t
on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct call *c = arg;
	char address[128];

	(void)purpose;
	if (getnameinfo(&to->addr, to->addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST) != 0 ||
	    !c->allow(c->arg, address)) {
		c->why = HTTP_WHY_FORBIDDEN;
		return CURL_SOCKET_BAD;
	}
	c->why = NULL;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
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
		set_multi_ok(curl_multi_remove_handle(client->multi, c->easy));
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
complete(struct call *c, CURLcode code)
{
	static const char *const retry_after[] = { "Retry-After", NULL };
	static const char *const type[] = { "Content-Type", NULL };
	static const char *const reset[] = { "X-RateLimit-Reset", "RateLimit-Reset", NULL };

	char after[HEADER_OCTETS], at[HEADER_OCTETS], content[HEADER_OCTETS];
	long status = 0;

	if (code == CURLE_OK)
		set_ok(curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status));
	if (status > 0)
		finish(c, &(struct http_result){ .end = HTTP_ANSWERED, .status = (int)status,
			.body = buf_str(&c->answer), .len = c->answer.len,
			.retry_after = header_of(c, retry_after, after), .limit_reset = header_of(c, reset, at),
			.content_type = header_of(c, type, content),
			.why = "answered" });
	else
		fail(c, code == CURLE_OK ? "an answer without a status" : curl_easy_strerror(code));
}

static void
collect(struct http_client *client)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(client->multi, &left)) != NULL) {
		/* The message dies with the removal of its handle. */
		CURLcode code = m->data.result;
		char *call = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &call);
		complete((struct call *)(void *)call, code);
	}
}

static void
act(struct http_client *client, curl_socket_t fd, int what)
{
	int running;

	set_multi_ok(curl_multi_socket_action(client->multi, fd, what, &running));
	collect(client);
}

static void
on_time(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;

	act(w->client, fd,
	    (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static int
on_curl_timer(CURLM *multi, long ms, void *arg)
{
	struct http_client *client = arg;

	(void)multi;
	loop_undefer(&client->kick);
	timer_stop(&client->timer);
	if (ms == 0)
		loop_defer(client->loop, &client->kick, on_time, client);
	else if (ms > 0)
		timer_arm(&client->timer, ms);
	return 0;
}

static struct watch *
take_watch(struct http_client *client)
{
	struct watch *w;

	if (list_empty(&client->spare)) {
		w = xcalloc(1, sizeof *w);
		w->client = client;
	} else {
		w = LIST_OF(client->spare.next, struct watch, node);
		list_remove(&w->node);
	}
	list_add_tail(&client->watches, &w->node);
	return w;
}

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
	struct http_client *client = arg;
	struct watch *w = of_socket;
	short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
	    (what & CURL_POLL_OUT ? EV_WRITE : 0));

	(void)easy;
	if (w != NULL)
		event_del(&w->ev);
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL) {
			list_remove(&w->node);
			list_add_tail(&client->spare, &w->node);
		}
		curl_multi_assign(client->multi, fd, NULL);
		return 0;
	}
	if (w == NULL) {
		w = take_watch(client);
		curl_multi_assign(client->multi, fd, w);
	}
	if (events != 0 && (event_assign(&w->ev, loop_base(client->loop), fd,
	    (short)(events | EV_PERSIST), on_ready, w) != 0 || event_add(&w->ev, NULL) != 0))
		fatalx("http client: no event for a socket");
	return 0;
}

static CURL *
new_easy(struct call *c)
{
	const struct http_client_options *o = &c->client->o;
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		fatalx("http client: out of memory");
	SET(easy, CURLOPT_PRIVATE, c);
	SET(easy, CURLOPT_PREREQFUNCTION, on_before_request);
	SET(easy, CURLOPT_PREREQDATA, c);
	SET(easy, CURLOPT_READFUNCTION, on_read_body);
	SET(easy, CURLOPT_READDATA, c);
	SET(easy, CURLOPT_WRITEFUNCTION, on_answer);
	SET(easy, CURLOPT_WRITEDATA, c);
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_PROXY, "");
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	/* Without it a look-up that hangs past the deadline is waited for, on the loop's thread. */
	SET(easy, CURLOPT_QUICK_EXIT, 1L);
	SET(easy, CURLOPT_TCP_NODELAY, 1L);
	SET(easy, CURLOPT_MAXAGE_CONN, IDLE_S);
	SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(easy, CURLOPT_USERAGENT, "isango");
	if (o->ca_file != NULL)
		SET(easy, CURLOPT_CAINFO, o->ca_file);
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
	SET(c->easy, CURLOPT_HTTPHEADER, c->headers);
	return true;
}

static void
set_request(struct call *c, const struct http_out *out)
{
	bool is_get = strcmp(out->method, "GET") == 0, is_head = strcmp(out->method, "HEAD") == 0;
	bool has_body = out->len > 0 || !(is_get || is_head || strcmp(out->method, "DELETE") == 0);

	SET(c->easy, CURLOPT_URL, out->url);
	SET(c->easy, CURLOPT_NOBODY, 0L);
	SET(c->easy, CURLOPT_UPLOAD, has_body ? 1L : 0L);
	SET(c->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)(has_body ? out->len : 0));
	if (is_head)
		SET(c->easy, CURLOPT_NOBODY, 1L);
	SET(c->easy, CURLOPT_CUSTOMREQUEST, out->method);
	/* To libcurl 0 means for ever. */
	SET(c->easy, CURLOPT_TIMEOUT_MS, out->timeout_ms > 0 ? (long)out->timeout_ms : 1L);
	SET(c->easy, CURLOPT_CONNECTTIMEOUT_MS, out->timeout_ms > 0 ? (long)out->timeout_ms : 1L);
	buf_add(&c->body, out->body, has_body ? out->len : 0);
	c->allow = out->allow;
	SET(c->easy, CURLOPT_OPENSOCKETFUNCTION, out->allow != NULL ? on_open_socket : NULL);
	SET(c->easy, CURLOPT_OPENSOCKETDATA, c);
	/* A connection that one was allowed must not serve another. */
	SET(c->easy, CURLOPT_FRESH_CONNECT, out->allow != NULL ? 1L : 0L);
	SET(c->easy, CURLOPT_FORBID_REUSE, out->allow != NULL ? 1L : 0L);
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
	set_multi_ok(curl_multi_add_handle(client->multi, c->easy));
	c->in_multi = true;
}

struct http_client *
http_client_new(struct loop *l, const struct http_client_options *o)
{
	struct http_client *client = xcalloc(1, sizeof *client);

	set_ok(curl_global_init(CURL_GLOBAL_DEFAULT));
	client->loop = l;
	client->o = *o;
	if (o->ca_file != NULL)
		client->o.ca_file = client->ca_file = xstrdup(o->ca_file);
	list_init(&client->active);
	list_init(&client->pool);
	list_init(&client->watches);
	list_init(&client->spare);
	timer_init(&client->timer, l, on_time, client);
	client->multi = curl_multi_init();
	if (client->multi == NULL)
		fatalx("http client: out of memory");
	SET_MULTI(client->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	SET_MULTI(client->multi, CURLMOPT_SOCKETDATA, client);
	SET_MULTI(client->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	SET_MULTI(client->multi, CURLMOPT_TIMERDATA, client);
	SET_MULTI(client->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	SET_MULTI(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)o->connections);
	SET_MULTI(client->multi, CURLMOPT_MAXCONNECTS, (long)o->connections * KEPT_HOSTS);
	return client;
}

static void
free_watches(struct list *watches)
{
	while (!list_empty(watches)) {
		struct watch *w = LIST_OF(watches->next, struct watch, node);

		list_remove(&w->node);
		free(w);
	}
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
	curl_multi_cleanup(client->multi);
	timer_stop(&client->timer);
	loop_undefer(&client->kick);
	if (!list_empty(&client->watches))
		fatalx("http client: libcurl forgot a socket");
	free_watches(&client->spare);
	curl_global_cleanup();
	free(client->ca_file);
	free(client);
}
