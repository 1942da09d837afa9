/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USSD over HTTP at the edge, for its tests: the listener and the edge are the real ones, the service is made up here,
 * and so is the provider: one connection for each request.
 */
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
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "channels/dialect.h"
#include "channels/edge.h"
#include "io/loop.h"

#define PATIENCE_MS 20000	/* only a broken test waits so long */
#define SAMPLES "tests/data/samples/"
#define FORM "application/x-www-form-urlencoded"
#define JSON "application/json"
#define ZA "27600000001"
#define GH "233200000001"

static struct world {
	struct loop *loop;
	struct settings s;
	struct channel_settings channel;
	struct tenant_settings tenant;
	struct edge *edge;
	struct http_server *http;
	/* the service: what it was given last, and what it says; NULL: nothing yet */
	struct turn_in turn;
	char text[256], code[64];
	unsigned turns;
	const char *says;
	bool ends;
	/* the client */
	struct buf got;
	int status;
	char type[64];
	const char *body;
} w;

/* ---- the service ---- */

void
gateway_turn(struct gateway *gw, int64_t now, const struct turn_in *in)
{
	struct reply r = { w.says, w.ends };

	(void)gw, (void)now;
	w.turn = *in;
	str_copy(w.text, sizeof w.text, in->text);
	str_copy(w.code, sizeof w.code, in->service_code);
	w.turns++;
	if (w.says != NULL && in->turn != 0)
		edge_reply(w.edge, in->turn, &r);
}

/* ---- the client ---- */

static inline int
dial(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons((uint16_t)http_server_port(w.http)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof sin), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static inline void
read_type(void)
{
	const char *at = strstr(buf_str(&w.got), "Content-Type: ");

	w.type[0] = '\0';
	if (at != NULL && at < w.body)
		str_copyn(w.type, sizeof w.type, at + 14, strcspn(at + 14, "\r"));
}

/* One request, whole, and its answer, whole. */
static inline void
ask_raw(const char *request, size_t n)
{
	int64_t until = loop_now(w.loop) + PATIENCE_MS;
	char chunk[4096];
	ssize_t got = -1;
	int fd = dial();

	buf_reset(&w.got);
	assert_int_equal(send(fd, request, n, MSG_NOSIGNAL), n);
	while (got != 0) {
		if (loop_now(w.loop) > until)
			fail_msg("no answer");
		event_base_loop(loop_base(w.loop), EVLOOP_ONCE | EVLOOP_NONBLOCK);
		got = recv(fd, chunk, sizeof chunk, 0);
		assert_true(got >= 0 || errno == EAGAIN);
		if (got > 0)
			buf_add(&w.got, chunk, (size_t)got);
	}
	close(fd);
	assert_int_equal(sscanf(buf_str(&w.got), "HTTP/1.1 %d", &w.status), 1);
	w.body = strstr(buf_str(&w.got), "\r\n\r\n");
	assert_non_null(w.body);
	w.body += 4;
	read_type();
}

/* `target` behind the channel; `headers`: lines that end in CR LF, or "". */
static inline void
ask(const char *method, const char *target, const char *headers, const char *type, const char *body)
{
	struct buf b = { 0 };

	buf_addf(&b, "%s /ussd/ch%s HTTP/1.1\r\nHost: gw\r\nConnection: close\r\n%s", method, target, headers);
	if (type != NULL)
		buf_addf(&b, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, strlen(body));
	buf_addf(&b, "\r\n%s", body);
	ask_raw(b.p, b.len);
	buf_clear(&b);
}

static inline void
read_sample(const char *name, struct buf *out)
{
	char path[128], chunk[4096];
	size_t n;
	FILE *f;

	str_format(path, sizeof path, "%s%s", SAMPLES, name);
	if ((f = fopen(path, "rb")) == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	buf_reset(out);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(out, chunk, n);
	fclose(f);
	while (out->len > 0 && out->p[out->len - 1] == '\n')
		out->p[--out->len] = '\0';
}

/* ---- the world ---- */

/* A channel of this dialect that asks for nothing; national numbers are of `country`. */
static inline void
serve(enum http_dialect dialect, const char *country, const char *code)
{
	struct http_server_options o = { .name = "channels", .address = "127.0.0.1:0", .connections = 8,
		.body_max = 65536, .header_max = 16384, .arrive_s = 30, .idle_s = 30, .answer_s = 30,
		    .handler = edge_http };
	char err[128];

	memset(&w, 0, sizeof w);
	w.loop = loop_new();
	w.s.channels = &w.channel;
	w.s.channels_n = 1;
	w.s.tenants = &w.tenant;
	w.s.tenants_n = 1;
	str_copy(w.s.public_url, sizeof w.s.public_url, "https://gw.example/");
	str_copy(w.tenant.country, sizeof w.tenant.country, country);
	w.channel.kind = CHANNEL_USSD_HTTP;
	w.channel.bind = -1;
	str_copy(w.channel.name, sizeof w.channel.name, "ch");
	str_copy(w.channel.dialect, sizeof w.channel.dialect, http_dialects[dialect].name);
	str_copy(w.channel.service_codes[0], sizeof w.channel.service_codes[0], code);
	w.channel.service_codes_n = 1;
	w.edge = edge_new(w.loop, &w.s);
	o.arg = w.edge;
	w.http = http_server_new(w.loop, &o, err, sizeof err);
	assert_non_null(w.http);
	edge_attach(w.edge, (struct gateway *)(void *)&w, w.http);
	w.says = "Wallet\n1 Balance";
}

static inline void
done(void)
{
	http_server_free(w.http);
	edge_free(w.edge);
	loop_free(w.loop);
	buf_clear(&w.got);
	memset(&w, 0, sizeof w);
}

static inline int
setup(void **state)
{
	(void)state;
	log_set_level((enum log_level)(LOG_ERROR + 1));
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	if (w.loop != NULL)
		done();
	return 0;
}

static inline void
send_sample(const char *name, const char *method, const char *target)
{
	const char *kind = strrchr(name, '.');
	struct buf sample = { 0 }, path = { 0 };

	read_sample(name, &sample);
	if (strcmp(kind, ".query") == 0) {
		buf_addf(&path, "%s?%s", target, buf_str(&sample));
		ask(method, buf_str(&path), "", NULL, "");
	} else {
		ask(method, target, "", strcmp(kind, ".form") == 0 ? FORM : JSON, buf_str(&sample));
	}
	buf_clear(&sample);
	buf_clear(&path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
