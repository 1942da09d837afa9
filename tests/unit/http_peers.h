/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server and raw sockets to it, in one loop. Waiting is for conditions, never for time. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/http_server.h"
#include "io/loop.h"

#define PATIENCE_MS 20000
#define PEERS 100
#define IDS 64

static struct loop *l;
static struct http_server *server;
static struct http_server_options options;
static struct buf seen;			/* "METHOD path;" of each handler call */
static uint64_t ids[IDS];
static int handled;
static bool defer_answers;
static size_t answer_size;

struct peer {
	int fd;
	struct buf in;
	bool eof, dribble;
} peers[PEERS];

static inline void
on_handler(void *arg, uint64_t id, const struct http_req *r)
{
	size_t len;
	char *big;

	(void)arg;
	ids[handled++ % IDS] = id;
	buf_addf(&seen, "%s %s;", http_req_method(r), http_req_path(r));
	if (answer_size > 0) {
		big = xcalloc(1, answer_size);
		http_answer(server, id, 200, NULL, big, answer_size);
		free(big);
	} else if (!defer_answers) {
		const char *body = http_req_body(r, &len);

		assert_int_equal(strlen(body), len);
		http_answer(server, id, 200, NULL, body, len);
	}
}

static inline void
start(void)
{
	char err[128] = "";

	server = http_server_new(l, &options, err, sizeof err);
	if (server == NULL)
		fail_msg("%s", err);
}

static inline int
setup(void **state)
{
	(void)state;
	l = loop_new();
	options = (struct http_server_options){ .name = "test", .address = "127.0.0.1:0",
		.connections = 50, .body_max = 1000, .header_max = 2000, .arrive_s = 30,
		.idle_s = 30, .answer_s = 30, .handler = on_handler };
	handled = 0;
	defer_answers = false;
	answer_size = 0;
	buf_reset(&seen);
	for (int i = 0; i < PEERS; i++)
		peers[i] = (struct peer){ .fd = -1 };
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	for (int i = 0; i < PEERS; i++) {
		if (peers[i].fd >= 0)
			close(peers[i].fd);
		buf_clear(&peers[i].in);
	}
	http_server_free(server);
	server = NULL;
	loop_free(l);
	buf_clear(&seen);
	assert_int_equal(metric_get(M_HTTP_CONNECTIONS), 0);
	return 0;
}

static inline struct peer *
dial(int i)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)http_server_port(server)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	peers[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(peers[i].fd >= 0);
	assert_int_equal(connect(peers[i].fd, (struct sockaddr *)&sin, sizeof sin), 0);
	fcntl(peers[i].fd, F_SETFL, O_NONBLOCK);
	return &peers[i];
}

static inline void
say(struct peer *p, const char *text)
{
	assert_int_equal(send(p->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static inline void
read_peers(void)
{
	char chunk[65536];
	ssize_t n;

	for (int i = 0; i < PEERS; i++) {
		struct peer *p = &peers[i];

		if (p->fd < 0 || p->eof)
			continue;
		if (p->dribble && send(p->fd, "x", 1, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			p->eof = true;
		while ((n = recv(p->fd, chunk, sizeof chunk, 0)) > 0)
			buf_add(&p->in, chunk, (size_t)n);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			p->eof = true;
	}
}

struct wait {
	bool (*is_true)(void *arg);
	void *arg;
	struct timer poll;
	int64_t until;
	bool read, came;
};

static inline void
on_poll(void *arg)
{
	struct wait *w = arg;

	if (w->read)
		read_peers();
	w->came = w->is_true(w->arg);
	if (w->came || loop_now(l) > w->until)
		loop_stop(l);
	else
		timer_arm(&w->poll, 2);
}

static inline void
wait_for(bool (*is_true)(void *arg), void *arg, const char *what, bool read)
{
	struct wait w = { .is_true = is_true, .arg = arg, .read = read,
		.until = loop_now(l) + PATIENCE_MS };

	timer_init(&w.poll, l, on_poll, &w);
	timer_arm(&w.poll, 1);
	loop_run(l);
	if (!w.came)
		fail_msg("never: %s (%s)", what, buf_str(&peers[0].in));
}

#define WAIT(fn, arg) wait_for(fn, arg, #fn, true)
/* Without reading what the peers are sent. */
#define WAIT_DEAF(fn, arg) wait_for(fn, arg, #fn, false)

static inline int
count(const struct peer *p, const char *what)
{
	int n = 0;

	for (const char *s = buf_str(&p->in); (s = strstr(s, what)) != NULL; s++)
		n++;
	return n;
}

static inline bool
one_answer(void *arg)
{
	return count(arg, "HTTP/1.") >= 1 && strstr(buf_str(&((struct peer *)arg)->in), "\r\n\r\n");
}

static inline bool
two_answers(void *arg)
{
	return count(arg, "HTTP/1.") >= 2;
}

static inline bool
closed(void *arg)
{
	return ((struct peer *)arg)->eof;
}

static inline bool
handled_once(void *arg)
{
	(void)arg;
	return handled >= 1;
}

static inline bool
handled_twice(void *arg)
{
	(void)arg;
	return handled >= 2;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
