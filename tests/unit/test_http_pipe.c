/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes between two servers of raw sockets that can be told to misbehave, all in one loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <sodium.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/http_client.h"
#include "io/http_pipe.h"
#include "io/loop.h"

#define PATIENCE_MS 20000
#define OPS 32
#define PIECE 8192
#define PREFIX "{\"documentType\":\"AUTO\",\"base64EncodedDocument\":\""
#define SUFFIX "\"}"

static struct loop *l;
static struct http_pipes *pipes;
static struct http_pipes_options options;
static bool in_request;

enum giving {
	GIVE,
	GIVE_SLOWLY,
	GIVE_CHUNKED,
	CUT,			/* in the middle of what it promised */
	CUT_CHUNKED,
	STALL,			/* in the middle */
	FLIP,			/* one bit of the last octet */
	NOTHING,		/* 200 and no body */
	GONE, FORBIDDEN, ELSEWHERE,	/* 404, 401, 302 */
	SILENT
};
enum taking {
	TAKE,
	TAKE_SLOWLY,
	STOP_READING,		/* behind the head */
	CLOSE_IN_BODY,
	REFUSE_AT_ONCE,		/* 413 behind the head, and goes on reading */
	ACCEPT_AT_ONCE,		/* 200 behind the head, likewise */
	REFUSE,			/* 400 behind the body */
	SILENT_AFTER,		/* never answers */
	LONG_ANSWER,
	RESET_AFTER
};
static enum giving giving;
static enum taking taking;

struct conn {
	struct list node;
	struct bufferevent *bev;
	struct timer timer;
	bool is_source, has_head, answered, is_chunked;
	size_t left;			/* source: to be given; receiver: to be read */
	size_t given;
};
static struct list conns;
static struct evconnlistener *listeners[2];	/* source, receiver */
static int ports[2], asked, bodies;	/* asked: requests at the source; bodies: whole ones at the receiver */
static size_t file_octets;
static struct buf head, body;		/* of the newest request at the receiver */
static size_t body_seen;		/* octets of bodies, of all requests */
static bool keep_body;
static crypto_hash_sha256_state body_hash;

struct outcome {
	int n, status;
	enum http_pipe_end end;
	char body[64], why[128];
} outcomes[OPS];

static unsigned char
octet_at(size_t i)
{
	return (unsigned char)((i * 2654435761u >> 13) ^ i);
}

static void
hang_up(struct conn *c, bool reset)
{
	struct linger linger = { .l_onoff = reset, .l_linger = 0 };

	setsockopt(bufferevent_getfd(c->bev), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
	timer_stop(&c->timer);
	list_remove(&c->node);
	bufferevent_free(c->bev);
	free(c);
}

/* ---- the source ---- */

static void
give_piece(struct conn *c)
{
	unsigned char piece[PIECE];
	size_t most = giving == GIVE_SLOWLY ? 997 : sizeof piece, n = c->left < most ? c->left : most;
	struct evbuffer *out = bufferevent_get_output(c->bev);

	for (size_t i = 0; i < n; i++)
		piece[i] = octet_at(c->given + i);
	if (giving == FLIP && n == c->left)
		piece[n - 1] ^= 1;
	if (c->is_chunked)
		evbuffer_add_printf(out, "%zx\r\n", n);
	evbuffer_add(out, piece, n);
	if (c->is_chunked)
		evbuffer_add(out, "\r\n", 2);
	c->given += n;
	c->left -= n;
}

static void
on_source_time(void *arg)
{
	struct conn *c = arg;

	if (c->left > 0)
		give_piece(c);
}

static void
on_source_wrote(struct bufferevent *bev, void *arg)
{
	struct conn *c = arg;
	bool is_half = c->given >= file_octets / 2;

	(void)bev;
	if (!c->has_head)
		return;
	if (c->left == 0) {
		if (c->is_chunked && !c->answered) {
			c->answered = true;
			evbuffer_add(bufferevent_get_output(c->bev), "0\r\n\r\n", 5);
		}
		return;
	}
	if ((giving == CUT || giving == CUT_CHUNKED) && is_half)
		hang_up(c, false);
	else if (giving == STALL && is_half)
		return;
	else if (giving == GIVE_SLOWLY)
		timer_arm(&c->timer, 1);
	else
		give_piece(c);
}

static void
on_source_read(struct bufferevent *bev, void *arg)
{
	static const char *const refusal[] = { [GONE] = "404 Not Found", [FORBIDDEN] = "401 Unauthorized",
		[ELSEWHERE] = "302 Found\r\nLocation: /elsewhere" };
	struct conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev), *out = bufferevent_get_output(bev);
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	struct evbuffer_ptr key = evbuffer_search(in, "Authorization: Bearer source", 28, NULL);

	if (end.pos < 0)
		return;
	assert_true(key.pos > 0);
	evbuffer_drain(in, evbuffer_get_length(in));
	asked++;
	if (giving == SILENT)
		return;
	if (giving >= GONE && giving <= ELSEWHERE) {
		evbuffer_add_printf(out, "HTTP/1.1 %s\r\nContent-Length: 9\r\n\r\n<nothing>", refusal[giving]);
		return;
	}
	c->left = giving == NOTHING ? 0 : file_octets;
	c->is_chunked = giving == GIVE_CHUNKED || giving == CUT_CHUNKED;
	evbuffer_add_printf(out, "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n");
	if (c->is_chunked)
		evbuffer_add_printf(out, "Transfer-Encoding: chunked\r\n\r\n");
	else
		evbuffer_add_printf(out, "Content-Length: %zu\r\n\r\n", c->left);
	c->has_head = true;
}

/* ---- the receiver ---- */

static void
answer(struct conn *c, const char *status, size_t says)
{
	c->answered = true;
	evbuffer_add_printf(bufferevent_get_output(c->bev), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n{\"a\":1}", status,
	    says);
}

static void
on_whole_body(struct conn *c)
{
	bodies++;
	if (c->answered || taking == SILENT_AFTER)
		return;
	if (taking == RESET_AFTER)
		hang_up(c, true);
	else if (taking == LONG_ANSWER)
		answer(c, "200 OK", 5000);
	else
		answer(c, taking == REFUSE ? "400 Bad Request" : "201 Created", 7);
}

/* false: the connection is gone. */
static bool
read_head(struct conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	const char *length;

	if (end.pos < 0)
		return false;
	buf_reset(&head);
	while (head.len < (size_t)end.pos + 4) {
		char byte;

		evbuffer_remove(in, &byte, 1);
		buf_add_char(&head, byte);
	}
	length = strstr(buf_str(&head), "Content-Length: ");
	c->is_chunked = strstr(buf_str(&head), "Transfer-Encoding: chunked") != NULL;
	assert_true(c->is_chunked != (length != NULL));
	if (length != NULL)
		c->left = strtoul(length + 16, NULL, 10);
	c->has_head = true;
	buf_reset(&body);
	crypto_hash_sha256_init(&body_hash);
	if (taking == CLOSE_IN_BODY) {
		hang_up(c, false);
		return false;
	}
	if (taking == STOP_READING) {
		bufferevent_disable(c->bev, EV_READ);
		return false;
	}
	if (taking == REFUSE_AT_ONCE)
		answer(c, "413 Too Large", 7);
	if (taking == ACCEPT_AT_ONCE)
		answer(c, "200 OK", 7);
	return true;
}

static void
on_receiver_time(void *arg)
{
	bufferevent_enable(((struct conn *)arg)->bev, EV_READ);
}

static void
on_receiver_read(struct bufferevent *bev, void *arg)
{
	struct conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	unsigned char piece[PIECE];
	int n;

	if (!c->has_head && !read_head(c))
		return;
	while ((n = evbuffer_remove(in, piece, sizeof piece)) > 0) {
		body_seen += (size_t)n;
		crypto_hash_sha256_update(&body_hash, piece, (size_t)n);
		if (keep_body)
			buf_add(&body, piece, (size_t)n);
		if (!c->is_chunked) {
			assert_true((size_t)n <= c->left);
			c->left -= (size_t)n;
		}
	}
	if (c->is_chunked ? body.len > 5 && strcmp(buf_str(&body) + body.len - 5, "0\r\n\r\n") == 0 : c->left == 0)
		on_whole_body(c);
	else if (taking == TAKE_SLOWLY) {
		bufferevent_disable(bev, EV_READ);
		timer_arm(&c->timer, 2);
	}
}

static void
on_server_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	hang_up(arg, false);
}

static void
on_accept(struct evconnlistener *lev, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
	struct conn *c = xcalloc(1, sizeof *c);
	int small = 16384;

	(void)sa;
	(void)len;
	(void)arg;
	c->is_source = lev == listeners[0];
	if (!c->is_source && (taking == TAKE_SLOWLY || taking == STOP_READING))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	c->bev = bufferevent_socket_new(loop_base(l), fd, BEV_OPT_CLOSE_ON_FREE);
	timer_init(&c->timer, l, c->is_source ? on_source_time : on_receiver_time, c);
	list_add_tail(&conns, &c->node);
	if (c->is_source)
		bufferevent_setcb(c->bev, on_source_read, on_source_wrote, on_server_event, c);
	else
		bufferevent_setcb(c->bev, on_receiver_read, NULL, on_server_event, c);
	bufferevent_enable(c->bev, EV_READ);
}

/* ---- the test's world ---- */

static void
restart(void)
{
	http_pipes_free(pipes);
	pipes = http_pipes_new(l, &options);
}

static int
setup(void **state)
{
	(void)state;
	l = loop_new();
	list_init(&conns);
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		socklen_t len = sizeof sin;

		listeners[i] = evconnlistener_new_bind(loop_base(l), on_accept, NULL,
		    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 64, (struct sockaddr *)&sin, sizeof sin);
		assert_non_null(listeners[i]);
		assert_int_equal(getsockname(evconnlistener_get_fd(listeners[i]), (struct sockaddr *)&sin, &len), 0);
		ports[i] = ntohs(sin.sin_port);
	}
	giving = GIVE;
	taking = TAKE;
	keep_body = true;
	asked = bodies = 0;
	body_seen = 0;
	memset(outcomes, 0, sizeof outcomes);
	options = (struct http_pipes_options){ .at_once = 20, .answer_max = 1000 };
	pipes = http_pipes_new(l, &options);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	http_pipes_free(pipes);
	while (!list_empty(&conns))
		hang_up(LIST_OF(conns.next, struct conn, node), false);
	for (int i = 0; i < 2; i++)
		if (listeners[i] != NULL)
			evconnlistener_free(listeners[i]);
	loop_free(l);
	buf_clear(&head);
	buf_clear(&body);
	return 0;
}

static void
on_done(void *arg, uint64_t op, const struct http_pipe_result *r)
{
	struct outcome *o = &outcomes[op];

	assert_ptr_equal(arg, &outcomes);
	assert_false(in_request);
	assert_int_equal(r->body[r->len], '\0');
	o->n++;
	o->end = r->end;
	o->status = r->status;
	str_copy(o->body, sizeof o->body, r->body);
	str_copy(o->why, sizeof o->why, r->why);
}

static void
file_hash(size_t n, unsigned char out[32])
{
	crypto_hash_sha256_state h;

	crypto_hash_sha256_init(&h);
	for (size_t i = 0; i < n; i++) {
		unsigned char byte = octet_at(i);

		crypto_hash_sha256_update(&h, &byte, 1);
	}
	crypto_hash_sha256_final(&h, out);
}

static char urls[2][64];

static struct http_pipe_out
carry_out(int64_t octets, int64_t timeout_ms)
{
	struct http_pipe_out out = { .method = "POST", .prefix = PREFIX, .suffix = SUFFIX, .octets = octets,
		.max = INT64_C(100000000), .has_sha256 = true, .timeout_ms = timeout_ms,
		.from = { .url = urls[0], .headers = { "Authorization: Bearer source" } },
		.to = { .url = urls[1], .headers = { "Authorization: Bearer receiver",
		    "Content-Type: application/json" } } };

	snprintf(urls[0], sizeof urls[0], "http://127.0.0.1:%d/media?id=1", ports[0]);
	snprintf(urls[1], sizeof urls[1], "http://127.0.0.1:%d/documents?a=b", ports[1]);
	file_hash(file_octets, out.sha256);
	return out;
}

static void
carry(uint64_t op, const struct http_pipe_out *out)
{
	in_request = true;
	http_pipe(pipes, out, op, on_done, &outcomes);
	in_request = false;
}

struct wait {
	struct timer poll;
	uint64_t ops;
	int bodies;			/* as many as that too */
	int64_t until;
	bool came;
	long rss_most;
};

static long
rss_octets(void)
{
	long pages = 0, ignored;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld %ld", &ignored, &pages), 2);
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static void
on_poll(void *arg)
{
	struct wait *w = arg;
	long rss = rss_octets();

	w->rss_most = rss > w->rss_most ? rss : w->rss_most;
	w->came = bodies >= w->bodies;
	for (uint64_t i = 0; i < w->ops; i++)
		w->came = w->came && outcomes[i].n > 0;
	if (w->came || loop_now(l) > w->until)
		loop_stop(l);
	else
		timer_arm(&w->poll, 2);
}

static long
wait_for_both(uint64_t ops, int whole)
{
	struct wait w = { .ops = ops, .bodies = whole, .until = loop_now(l) + PATIENCE_MS };

	timer_init(&w.poll, l, on_poll, &w);
	timer_arm(&w.poll, 1);
	loop_run(l);
	if (!w.came)
		fail_msg("no completion");
	for (uint64_t i = 0; i < ops; i++)
		assert_int_equal(outcomes[i].n, 1);
	assert_int_equal(http_pipes_busy(pipes), 0);
	return w.rss_most;
}

static void
wait_for(uint64_t ops)
{
	wait_for_both(ops, 0);
}

static void
check(uint64_t op, enum http_pipe_end end, const char *why)
{
	if (outcomes[op].end != end || strstr(outcomes[op].why, why) == NULL)
		fail_msg("op %d: end %d, %s", (int)op, (int)outcomes[op].end, outcomes[op].why);
}

/* What the receiver is to have got, of a file of so many octets. */
static void
expect_body(size_t octets)
{
	unsigned char *file = xcalloc(1, octets), got[32], want[32];
	size_t room = sodium_base64_encoded_len(octets, sodium_base64_VARIANT_ORIGINAL);
	char *text = xcalloc(1, room);
	crypto_hash_sha256_state h;

	for (size_t i = 0; i < octets; i++)
		file[i] = octet_at(i);
	sodium_bin2base64(text, room, file, octets, sodium_base64_VARIANT_ORIGINAL);
	crypto_hash_sha256_init(&h);
	crypto_hash_sha256_update(&h, (const unsigned char *)PREFIX, strlen(PREFIX));
	crypto_hash_sha256_update(&h, (const unsigned char *)text, strlen(text));
	crypto_hash_sha256_update(&h, (const unsigned char *)SUFFIX, strlen(SUFFIX));
	crypto_hash_sha256_final(&h, want);
	crypto_hash_sha256_final(&body_hash, got);
	assert_memory_equal(got, want, sizeof got);
	free(text);
	free(file);
}

static void
run(size_t octets, int64_t says, int64_t timeout_ms)
{
	struct http_pipe_out out;

	memset(&outcomes[0], 0, sizeof outcomes[0]);
	asked = bodies = 0;
	file_octets = octets;
	out = carry_out(says, timeout_ms);
	carry(0, &out);
	wait_for(1);
}

/* ---- what is carried ---- */

static void
files_of_all_lengths_arrive(void **state)
{
	static const size_t octets[] = { 1, 2, 3, 4, 5, 3071, 3072, 3073, 16384, 16385, 49150, 49151, 49152, 65536,
		100000, 500001 };

	(void)state;
	for (size_t i = 0; i < NELEM(octets); i++) {
		run(octets[i], (int64_t)octets[i], 5000);
		check(0, HTTP_PIPE_ANSWERED, "answered");
		assert_int_equal(outcomes[0].status, 201);
		assert_string_equal(outcomes[0].body, "{\"a\":1}");
		expect_body(octets[i]);
		assert_int_equal(asked, 1);
		assert_int_equal(bodies, 1);
	}
	assert_true(str_starts(buf_str(&head), "POST /documents?a=b HTTP/1.1\r\n"));
	assert_non_null(strstr(buf_str(&head), "\r\nAuthorization: Bearer receiver\r\n"));
	assert_non_null(strstr(buf_str(&head), "\r\nContent-Type: application/json\r\n"));
	assert_null(strstr(buf_str(&head), "Expect"));
	assert_null(strstr(buf_str(&head), "Bearer source"));
}

static void
slow_ends_are_waited_for(void **state)
{
	(void)state;
	giving = GIVE_SLOWLY;
	run(30000, 30000, 10000);
	check(0, HTTP_PIPE_ANSWERED, "");
	expect_body(30000);
	giving = GIVE;
	taking = TAKE_SLOWLY;
	run(100000, 100000, 10000);
	check(0, HTTP_PIPE_ANSWERED, "");
	expect_body(100000);
}

/* Of which the length is not known before. */
static void
a_body_in_chunks(void **state)
{
	struct buf plain = { 0 };
	const char *p;
	char *next;
	size_t n;

	(void)state;
	giving = GIVE_CHUNKED;
	run(50000, -1, 5000);
	check(0, HTTP_PIPE_ANSWERED, "");
	for (p = buf_str(&body); (n = strtoul(p, &next, 16)) > 0; p = next + 2 + n + 2)
		buf_add(&plain, next + 2, n);
	crypto_hash_sha256_init(&body_hash);
	crypto_hash_sha256_update(&body_hash, (const unsigned char *)plain.p, plain.len);
	expect_body(50000);
	buf_clear(&plain);
}

static void
a_refusal_of_the_receiver_is_its_answer(void **state)
{
	(void)state;
	taking = REFUSE;
	run(20000, 20000, 5000);
	check(0, HTTP_PIPE_ANSWERED, "");
	assert_int_equal(outcomes[0].status, 400);
	assert_string_equal(outcomes[0].body, "{\"a\":1}");
}

static void
one_that_answers_early(void **state)
{
	(void)state;
	taking = REFUSE_AT_ONCE;
	run(3000000, 3000000, 5000);
	check(0, HTTP_PIPE_ANSWERED, "");
	assert_int_equal(outcomes[0].status, 413);
	assert_int_equal(bodies, 0);
	/* Who says yes before the end gets the end all the same, if it was right. */
	taking = ACCEPT_AT_ONCE;
	run(300000, 300000, 5000);
	check(0, HTTP_PIPE_ANSWERED, "");
	wait_for_both(1, 1);
	assert_int_equal(bodies, 1);
	giving = FLIP;
	run(300000, 300000, 5000);
	check(0, HTTP_PIPE_WRONG, "SHA-256");
	assert_int_equal(bodies, 0);
}

/* ---- what is not ---- */

/* The receiver was called and has a beginning, but no whole document. */
static void
was_cut(enum http_pipe_end end, const char *why)
{
	check(0, end, why);
	assert_int_equal(bodies, 0);
	assert_null(strstr(buf_str(&body), SUFFIX));
}

static void
a_wrong_hash_is_cut(void **state)
{
	(void)state;
	giving = FLIP;
	run(200000, 200000, 5000);
	was_cut(HTTP_PIPE_WRONG, "SHA-256");
	run(100, 100, 5000);			/* known before the receiver is called */
	was_cut(HTTP_PIPE_WRONG, "SHA-256");
}

static void
a_length_that_lies_is_cut(void **state)
{
	(void)state;
	run(200000, 200001, 5000);
	was_cut(HTTP_PIPE_WRONG, "shorter");
	run(200000, 199999, 5000);
	was_cut(HTTP_PIPE_WRONG, "longer than was promised");
	giving = NOTHING;
	run(200000, 200000, 5000);
	was_cut(HTTP_PIPE_WRONG, "shorter");
	run(200000, -1, 5000);
	was_cut(HTTP_PIPE_WRONG, "nothing");
}

static void
a_source_that_breaks_is_cut(void **state)
{
	static const enum giving ways[] = { CUT, CUT_CHUNKED };

	(void)state;
	for (size_t i = 0; i < NELEM(ways); i++) {
		giving = ways[i];
		run(400000, giving == CUT ? 400000 : -1, 5000);
		was_cut(HTTP_PIPE_NOT_SENT, "");
		assert_int_equal(asked, 1);	/* and is not asked again */
	}
	giving = STALL;
	run(400000, 400000, 200);
	was_cut(HTTP_PIPE_NOT_SENT, "not whole in time");
	giving = SILENT;
	run(400000, 400000, 100);
	was_cut(HTTP_PIPE_NOT_SENT, "nothing in time");
}

static void
too_big_is_not_even_asked_for(void **state)
{
	struct http_pipe_out out;

	(void)state;
	file_octets = 200000;
	out = carry_out(200000, 5000);
	out.max = 199999;
	carry(0, &out);
	wait_for(1);
	check(0, HTTP_PIPE_TOO_BIG, "");
	assert_int_equal(asked, 0);
	memset(outcomes, 0, sizeof outcomes);
	out.octets = -1;
	carry(0, &out);
	wait_for(1);
	was_cut(HTTP_PIPE_TOO_BIG, "");
	assert_int_equal(asked, 1);
}

static void
what_the_source_refuses(void **state)
{
	(void)state;
	giving = GONE;
	run(1000, 1000, 5000);
	check(0, HTTP_PIPE_GONE, "");
	giving = FORBIDDEN;
	run(1000, 1000, 5000);
	check(0, HTTP_PIPE_NOT_SENT, "does not give");
	assert_int_equal(outcomes[0].status, 401);
	giving = ELSEWHERE;			/* it is asked nowhere else */
	run(1000, 1000, 5000);
	check(0, HTTP_PIPE_NOT_SENT, "does not give");
	assert_int_equal(asked, 1);
	assert_int_equal(body_seen, 0);
}

static void
a_receiver_that_breaks(void **state)
{
	(void)state;
	taking = CLOSE_IN_BODY;
	run(3000000, 3000000, 5000);
	was_cut(HTTP_PIPE_NOT_SENT, "");
	taking = STOP_READING;
	run(3000000, 3000000, 300);
	was_cut(HTTP_PIPE_NOT_SENT, "not whole in time");
	/* Behind its end nobody knows. */
	taking = SILENT_AFTER;
	run(30000, 30000, 200);
	check(0, HTTP_PIPE_UNKNOWN, "no answer in time");
	taking = RESET_AFTER;
	run(30000, 30000, 5000);
	check(0, HTTP_PIPE_UNKNOWN, "");
	taking = LONG_ANSWER;
	options.answer_max = 5;
	restart();
	run(30000, 30000, 5000);
	check(0, HTTP_PIPE_UNKNOWN, "too long");
	evconnlistener_free(listeners[1]);
	listeners[1] = NULL;
	run(30000, 30000, 5000);
	check(0, HTTP_PIPE_NOT_SENT, "connect");
}

static bool
allow_nothing(void *arg, const char *address)
{
	assert_string_equal(arg, "asked");
	assert_string_equal(address, "127.0.0.1");
	return false;
}

static void
forbidden_addresses_are_not_connected_to(void **state)
{
	struct http_pipe_out out;

	(void)state;
	file_octets = 1000;
	out = carry_out(1000, 5000);
	out.from.allow = allow_nothing;
	out.from.allow_arg = (void *)"asked";
	carry(0, &out);
	out.from.allow = NULL;
	out.to.allow = allow_nothing;
	out.to.allow_arg = (void *)"asked";
	carry(1, &out);
	wait_for(2);
	check(0, HTTP_PIPE_NOT_SENT, HTTP_WHY_FORBIDDEN);
	check(1, HTTP_PIPE_NOT_SENT, HTTP_WHY_FORBIDDEN);
	assert_int_equal(asked, 1);
	assert_int_equal(body_seen, 0);
}

static void
what_is_refused_before_it_begins(void **state)
{
	struct http_pipe_out out;
	int64_t full = metric_get(M_PIPES_FULL);

	(void)state;
	options.at_once = 2;
	restart();
	file_octets = 1000;
	out = carry_out(1000, 5000);
	for (uint64_t i = 0; i < 4; i++)
		carry(i, &out);
	wait_for(4);
	check(0, HTTP_PIPE_ANSWERED, "");
	check(1, HTTP_PIPE_ANSWERED, "");
	check(2, HTTP_PIPE_NOT_SENT, "too many");
	check(3, HTTP_PIPE_NOT_SENT, "too many");
	assert_int_equal(metric_get(M_PIPES_FULL), full + 2);
	memset(outcomes, 0, sizeof outcomes);
	out.to.headers[1] = "X: a\r\nY: b";
	carry(0, &out);
	out = carry_out(1000, 5000);
	out.from.url = "file:///etc/hostname";
	carry(1, &out);
	wait_for(2);
	check(0, HTTP_PIPE_NOT_SENT, "line break");
	check(1, HTTP_PIPE_NOT_SENT, "");
}

static void
free_completes_what_is_open(void **state)
{
	struct http_pipe_out out;

	(void)state;
	giving = STALL;
	file_octets = 400000;
	out = carry_out(400000, 60000);
	carry(0, &out);
	out.to.headers[1] = "X: a\r\nY: b";
	carry(1, &out);
	http_pipes_free(pipes);
	pipes = NULL;
	check(0, HTTP_PIPE_NOT_SENT, "stopping");
	assert_int_equal(outcomes[1].n, 1);
}

/* Buffered it would be 133 MB in base64 alone. */
static void
twenty_at_once_do_not_fill_memory(void **state)
{
	enum { OCTETS = 5000000, PIPES = 20 };
	const long bound = PIPES * (HTTP_PIPE_WINDOW + 262144L);
	struct http_pipe_out out;
	long before, most;

	(void)state;
	keep_body = false;
	file_octets = OCTETS;
	out = carry_out(OCTETS, 60000);
	before = rss_octets();
	for (uint64_t i = 0; i < PIPES; i++)
		carry(i, &out);
	most = wait_for_both(PIPES, PIPES);
	for (uint64_t i = 0; i < PIPES; i++)
		check(i, HTTP_PIPE_ANSWERED, "");
	assert_int_equal(bodies, PIPES);
	print_message("%d x %d octets: %ld KB more memory, bound %ld KB\n", PIPES, OCTETS, (most - before) / 1024,
	    bound / 1024);
#ifndef __SANITIZE_ADDRESS__
	assert_true(most - before < bound);
#endif
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_of_all_lengths_arrive),
		TEST(slow_ends_are_waited_for),
		TEST(a_body_in_chunks),
		TEST(a_refusal_of_the_receiver_is_its_answer),
		TEST(one_that_answers_early),
		TEST(a_wrong_hash_is_cut),
		TEST(a_length_that_lies_is_cut),
		TEST(a_source_that_breaks_is_cut),
		TEST(too_big_is_not_even_asked_for),
		TEST(what_the_source_refuses),
		TEST(a_receiver_that_breaks),
		TEST(forbidden_addresses_are_not_connected_to),
		TEST(what_is_refused_before_it_begins),
		TEST(free_completes_what_is_open),
		TEST(twenty_at_once_do_not_fill_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
