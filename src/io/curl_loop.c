/* SPDX-License-Identifier: Apache-2.0 */
#include "io/curl_loop.h"

#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/http_client.h"

struct watch {			/* of a socket of libcurl's; in watches or spare */
	struct list node;
	struct event ev;
	struct curl_loop *curl;
};

void
curl_loop_ok(CURLcode code)
{
	if (code != CURLE_OK)
		fatalx("libcurl refused an option: %s", curl_easy_strerror(code));
}

void
curl_loop_multi_ok(CURLMcode code)
{
	if (code != CURLM_OK)
		fatalx("libcurl: %s", curl_multi_strerror(code));
}

static void
collect(struct curl_loop *c)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(c->multi, &left)) != NULL) {
		/* The message dies with the removal of its handle. */
		CURLcode code = m->data.result;
		char *private = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private);
		c->ended(private, code);
	}
}

static void
act(struct curl_loop *c, curl_socket_t fd, int what)
{
	int running;

	curl_loop_multi_ok(curl_multi_socket_action(c->multi, fd, what, &running));
	collect(c);
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

	act(w->curl, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static int
on_curl_timer(CURLM *multi, long ms, void *arg)
{
	struct curl_loop *c = arg;

	(void)multi;
	loop_undefer(&c->kick);
	timer_stop(&c->timer);
	if (ms == 0)
		loop_defer(c->loop, &c->kick, on_time, c);
	else if (ms > 0)
		timer_arm(&c->timer, ms);
	return 0;
}

static struct watch *
take_watch(struct curl_loop *c)
{
	struct watch *w;

	if (list_empty(&c->spare)) {
		w = xcalloc(1, sizeof *w);
		w->curl = c;
	} else {
		w = LIST_OF(c->spare.next, struct watch, node);
		list_remove(&w->node);
	}
	list_add_tail(&c->watches, &w->node);
	return w;
}

static int
on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
	struct curl_loop *c = arg;
	struct watch *w = of_socket;
	short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0));

	(void)easy;
	if (w != NULL)
		event_del(&w->ev);
	if (what == CURL_POLL_REMOVE) {
		if (w != NULL) {
			list_remove(&w->node);
			list_add_tail(&c->spare, &w->node);
		}
		curl_multi_assign(c->multi, fd, NULL);
		return 0;
	}
	if (w == NULL) {
		w = take_watch(c);
		curl_multi_assign(c->multi, fd, w);
	}
	if (events != 0 && (event_assign(&w->ev, loop_base(c->loop), fd, (short)(events | EV_PERSIST), on_ready,
	    w) != 0 || event_add(&w->ev, NULL) != 0))
		fatalx("libcurl: no event for a socket");
	return 0;
}

/* libcurl tries the next address. */
static curl_socket_t
on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct curl_guard *g = arg;
	char address[128];

	(void)purpose;
	if (getnameinfo(&to->addr, to->addrlen, address, sizeof address, NULL, 0, NI_NUMERICHOST) != 0 ||
	    !g->allow(g->arg, address)) {
		*g->why = HTTP_WHY_FORBIDDEN;
		return CURL_SOCKET_BAD;
	}
	*g->why = NULL;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

void
curl_loop_guard(CURL *easy, struct curl_guard *g)
{
	bool is_guarded = g->allow != NULL;

	CURL_LOOP_SET(easy, CURLOPT_OPENSOCKETFUNCTION, is_guarded ? on_open_socket : NULL);
	CURL_LOOP_SET(easy, CURLOPT_OPENSOCKETDATA, g);
	/* A connection that one was allowed must not serve another. */
	CURL_LOOP_SET(easy, CURLOPT_FRESH_CONNECT, is_guarded ? 1L : 0L);
	CURL_LOOP_SET(easy, CURLOPT_FORBID_REUSE, is_guarded ? 1L : 0L);
}

CURL *
curl_loop_easy(void *private, const char *ca_file)
{
	CURL *easy = curl_easy_init();

	if (easy == NULL)
		fatalx("libcurl: out of memory");
	CURL_LOOP_SET(easy, CURLOPT_PRIVATE, private);
	CURL_LOOP_SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	CURL_LOOP_SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	CURL_LOOP_SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	CURL_LOOP_SET(easy, CURLOPT_PROXY, "");
	CURL_LOOP_SET(easy, CURLOPT_NOSIGNAL, 1L);
	/* Without it a look-up that hangs past the deadline is waited for, on the loop's thread. */
	CURL_LOOP_SET(easy, CURLOPT_QUICK_EXIT, 1L);
	CURL_LOOP_SET(easy, CURLOPT_TCP_NODELAY, 1L);
	CURL_LOOP_SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	CURL_LOOP_SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	CURL_LOOP_SET(easy, CURLOPT_USERAGENT, "isango");
	if (ca_file != NULL)
		CURL_LOOP_SET(easy, CURLOPT_CAINFO, ca_file);
	return easy;
}

void
curl_loop_add(struct curl_loop *c, CURL *easy)
{
	curl_loop_multi_ok(curl_multi_add_handle(c->multi, easy));
}

void
curl_loop_remove(struct curl_loop *c, CURL *easy)
{
	curl_loop_multi_ok(curl_multi_remove_handle(c->multi, easy));
}

void
curl_loop_init(struct curl_loop *c, struct loop *l, void (*ended)(void *private, CURLcode code))
{
	*c = (struct curl_loop){ .loop = l, .ended = ended };
	curl_loop_ok(curl_global_init(CURL_GLOBAL_DEFAULT));
	list_init(&c->watches);
	list_init(&c->spare);
	timer_init(&c->timer, l, on_time, c);
	c->multi = curl_multi_init();
	if (c->multi == NULL)
		fatalx("libcurl: out of memory");
	CURL_LOOP_MULTI(c->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
	CURL_LOOP_MULTI(c->multi, CURLMOPT_SOCKETDATA, c);
	CURL_LOOP_MULTI(c->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
	CURL_LOOP_MULTI(c->multi, CURLMOPT_TIMERDATA, c);
	CURL_LOOP_MULTI(c->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
}

void
curl_loop_clear(struct curl_loop *c)
{
	curl_multi_cleanup(c->multi);
	timer_stop(&c->timer);
	loop_undefer(&c->kick);
	if (!list_empty(&c->watches))
		fatalx("libcurl forgot a socket");
	while (!list_empty(&c->spare)) {
		struct watch *w = LIST_OF(c->spare.next, struct watch, node);

		list_remove(&w->node);
		free(w);
	}
	curl_global_cleanup();
}
