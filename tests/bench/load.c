/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: sends requests that somebody else has written down, and times the answers. The file holds sequences: a number of
 * requests, then each as its length and its octets (both of 4 octets, the lowest first). A connection sends one sequence
 * after another, each request when the one before it was answered, and is kept open. What is in a request, its signature
 * too, is no business of ours, so that the making of them costs nothing while they are timed.
 *
 * Prints {"requests":.., "seconds":.., "errors":.., "p50_ms":.., "p99_ms":.., "max_ms":..}.
 */
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/loop.h"

#define FILE_CHUNK 65536
#define STALLED_MS 30000	/* nothing was answered for so long */
#define CONNECTIONS_MAX 10000

struct load {
	struct loop *loop;
	struct buf file;
	size_t at;			/* of the next sequence */
	struct sockaddr_in to;
	uint32_t *took_us;
	size_t took_n, took_cap, errors, open;
	struct timer stalled;
};

struct line {				/* one connection */
	struct load *all;
	struct bufferevent *bev;
	size_t at, left;		/* the next request, and how many of the sequence are to come */
	int64_t asked_us;
};

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

static size_t
number_at(const struct load *a, size_t *at)
{
	const unsigned char *p = (const unsigned char *)a->file.p + *at;

	if (a->file.len - *at < 4)
		fatalx("load: the file ends in the middle");
	*at += 4;
	return (size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

static void
skip_request(const struct load *a, size_t *at)
{
	size_t n = number_at(a, at);

	if (a->file.len - *at < n)
		fatalx("load: the file ends in the middle");
	*at += n;
}

static void
hang_up(struct line *l)
{
	bufferevent_free(l->bev);
	l->bev = NULL;
	if (--l->all->open == 0)
		loop_stop(l->all->loop);
}

static void
next_request(struct line *l)
{
	struct load *a = l->all;
	size_t n;

	while (l->left == 0) {
		if (a->at == a->file.len) {
			hang_up(l);
			return;
		}
		l->left = number_at(a, &a->at);
		l->at = a->at;
		for (size_t i = 0; i < l->left; i++)
			skip_request(a, &a->at);
	}
	l->left--;
	n = number_at(a, &l->at);
	l->asked_us = now_us();
	if (bufferevent_write(l->bev, a->file.p + l->at, n) != 0)
		fatalx("load: out of memory");
	l->at += n;
}

/* Octets of the whole answer that `in` begins with, 0: it has not all come. *good: it says 200. */
static size_t
answer_length(const char *in, size_t n, bool *good)
{
	const char *end = memmem(in, n, "\r\n\r\n", 4), *p = in;
	size_t body = 0, head;

	if (end == NULL)
		return 0;
	head = (size_t)(end - in) + 4;
	*good = n > 12 && memcmp(in + 8, " 200 ", 5) == 0;
	while ((p = memmem(p, head - (size_t)(p - in), "\r\n", 2)) != NULL && p < end)
		if (strncasecmp(p += 2, "Content-Length:", 15) == 0)
			body = strtoul(p + 15, NULL, 10);
	return n >= head + body ? head + body : 0;
}

static void
on_answer(struct bufferevent *bev, void *arg)
{
	struct line *l = arg;
	struct load *a = l->all;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n = evbuffer_get_length(in), whole;
	bool good = false;

	whole = answer_length((const char *)evbuffer_pullup(in, -1), n, &good);
	if (whole == 0)
		return;
	evbuffer_drain(in, whole);
	a->errors += !good;
	if (a->took_n < a->took_cap)
		a->took_us[a->took_n++] = (uint32_t)(now_us() - l->asked_us);
	timer_arm(&a->stalled, STALLED_MS);
	next_request(l);
}

static void
on_end(struct bufferevent *bev, short what, void *arg)
{
	struct line *l = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED)
		return;
	l->all->errors += 1 + l->left;
	hang_up(l);
}

static void
on_stalled(void *arg)
{
	struct load *a = arg;

	a->errors += a->open;
	loop_stop(a->loop);
}

static void
dial(struct load *a, struct line *l)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
		fatalx("load: no socket");
	l->all = a;
	l->bev = bufferevent_socket_new(loop_base(a->loop), fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(l->bev, on_answer, NULL, on_end, l);
	bufferevent_enable(l->bev, EV_READ | EV_WRITE);
	a->open++;
	if (bufferevent_socket_connect(l->bev, (struct sockaddr *)&a->to, sizeof a->to) != 0)
		fatalx("load: cannot connect");
	next_request(l);
}

static void
read_file(struct load *a, const char *name)
{
	static char chunk[FILE_CHUNK];
	FILE *f = fopen(name, "rb");
	size_t n, at = 0;

	if (f == NULL)
		fatalx("load: %s cannot be read", name);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(&a->file, chunk, n);
	fclose(f);
	while (at < a->file.len)
		for (size_t left = number_at(a, &at); left > 0; left--, a->took_cap++)
			skip_request(a, &at);
	a->took_us = xcalloc(a->took_cap + 1, sizeof *a->took_us);
}

static int
compare(const void *x, const void *y)
{
	uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;

	return (a > b) - (a < b);
}

static double
percentile(const struct load *a, size_t per_mille)
{
	return a->took_n > 0 ? a->took_us[(a->took_n - 1) * per_mille / 1000] / 1000.0 : 0;
}

int
main(int argc, char **argv)
{
	struct load a = { .loop = loop_new() };
	int64_t port = 0, connections = 16, began;
	struct line *lines;
	double seconds;
	int c;

	while ((c = getopt(argc, argv, "p:c:")) != -1)
		if ((c == 'p' && !str_to_i64(optarg, 1, 65535, &port)) ||
		    (c == 'c' && !str_to_i64(optarg, 1, CONNECTIONS_MAX, &connections)) || c == '?')
			port = 0, optind = argc + 1;
	if (port == 0 || optind + 1 != argc) {
		fputs("usage: load -p PORT [-c CONNECTIONS] FILE\n", stderr);
		return 2;
	}
	read_file(&a, argv[optind]);
	a.to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	timer_init(&a.stalled, a.loop, on_stalled, &a);
	timer_arm(&a.stalled, STALLED_MS);
	lines = xcalloc((size_t)connections, sizeof *lines);
	began = now_us();
	for (int64_t i = 0; i < connections; i++)
		dial(&a, &lines[i]);
	if (a.open > 0)
		loop_run(a.loop);
	seconds = (double)(now_us() - began) / 1e6;
	qsort(a.took_us, a.took_n, sizeof *a.took_us, compare);
	printf("{\"requests\":%zu,\"seconds\":%.6f,\"errors\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n", a.took_n,
	    seconds, a.errors, percentile(&a, 500), percentile(&a, 990), percentile(&a, 1000));
	for (int64_t i = 0; i < connections; i++)
		if (lines[i].bev != NULL)
			bufferevent_free(lines[i].bev);
	timer_stop(&a.stalled);
	free(lines);
	free(a.took_us);
	buf_clear(&a.file);
	loop_free(a.loop);
	return 0;
}
