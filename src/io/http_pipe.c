/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two transfers of one multi handle with a ring between them. The source writes into the ring and is paused when it is
 * full; the receiver reads from it and is paused when it is empty. Each only notes that the other may go on; that is
 * done in the next turn of the loop, because libcurl refuses it inside of its callbacks.
 *
 * The receiver is not called before the source has begun to give what was asked for. Once the suffix is given to
 * libcurl the receiver may have it all, and what then stays unanswered is unknown; before, it certainly has not.
 * Connections serve one request each: libcurl would send a second time, by itself, what broke on a kept one.
 */
#include "io/http_pipe.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metric.h"
#include "io/curl_loop.h"

#define STEP 3				/* octets become 4 */
#define PIECE (STEP * 1024)		/* encoded at once */

struct pipe;

struct side {
	struct pipe *pipe;
	CURL *easy;			/* NULL: not begun, or over */
	struct curl_slist *headers;
	struct curl_guard guard;
	const char *forbidden;		/* of the address that it was to have; or NULL */
	bool is_paused;
	int begun;			/* how often libcurl was about to send the request */
};

struct pipe {				/* owned by pipes->active; freed when it has ended */
	struct list node;
	struct http_pipes *pipes;
	struct side from, to;
	struct timer deadline;
	struct deferred turn;		/* what callbacks may not do */
	struct http_pipe_out out;	/* numbers only: its texts are in the bufs */
	struct buf method, to_url, prefix, suffix, answer;
	crypto_hash_sha256_state hash;
	int64_t got;			/* octets from the source */
	unsigned char odd[STEP];	/* of them, not encoded yet */
	size_t odd_n;
	char *ring;			/* HTTP_PIPE_WINDOW octets */
	size_t head, used;
	size_t prefix_sent, suffix_sent;
	bool is_whole;			/* the source is over and was right */
	const char *why;		/* of what we refuse or abort; or NULL */
	enum http_pipe_end end;		/* with `why` */
	uint64_t op;
	void (*done)(void *arg, uint64_t op, const struct http_pipe_result *r);
	void *arg;
};

struct http_pipes {
	struct loop *loop;
	struct http_pipes_options o;
	char *ca_file;
	struct curl_loop curl;
	struct list active;
	int busy;
};

static void on_turn(void *arg);

static void
later(struct pipe *p)
{
	loop_defer(p->pipes->loop, &p->turn, on_turn, p);
}

/* ---- the ring ---- */

static size_t
ring_room(const struct pipe *p)
{
	return HTTP_PIPE_WINDOW - p->used;
}

static void
ring_put(struct pipe *p, const char *s, size_t n)
{
	size_t at = (p->head + p->used) % HTTP_PIPE_WINDOW;
	size_t first = n < HTTP_PIPE_WINDOW - at ? n : HTTP_PIPE_WINDOW - at;

	memcpy(p->ring + at, s, first);
	memcpy(p->ring, s + first, n - first);
	p->used += n;
}

static size_t
ring_take(struct pipe *p, char *out, size_t n)
{
	size_t first;

	if (n > p->used)
		n = p->used;
	first = n < HTTP_PIPE_WINDOW - p->head ? n : HTTP_PIPE_WINDOW - p->head;
	memcpy(out, p->ring + p->head, first);
	memcpy(out + first, p->ring, n - first);
	p->head = (p->head + n) % HTTP_PIPE_WINDOW;
	p->used -= n;
	return n;
}

/* ---- base64 ---- */

static void
put_encoded(struct pipe *p, const unsigned char *s, size_t n)
{
	char text[4 * (PIECE / STEP) + 1];

	sodium_bin2base64(text, sizeof text, s, n, sodium_base64_VARIANT_ORIGINAL);
	ring_put(p, text, strlen(text));
	mem_wipe(text, sizeof text);
}

/* Room for it was made sure of. */
static void
encode(struct pipe *p, const unsigned char *s, size_t n)
{
	while (p->odd_n > 0 && p->odd_n < STEP && n > 0) {
		p->odd[p->odd_n++] = *s++;
		n--;
	}
	if (p->odd_n == STEP) {
		put_encoded(p, p->odd, STEP);
		p->odd_n = 0;
	}
	while (n >= STEP) {
		size_t piece = n < PIECE ? n - n % STEP : PIECE;

		put_encoded(p, s, piece);
		s += piece;
		n -= piece;
	}
	if (n > 0) {
		memcpy(p->odd, s, n);
		p->odd_n = n;
	}
}

static int64_t
body_length(const struct pipe *p)
{
	return (int64_t)p->prefix.len + (p->out.octets + STEP - 1) / STEP * 4 + (int64_t)p->suffix.len;
}

/* ---- the source ---- */

static long
status_of(CURL *easy)
{
	long status = 0;

	curl_loop_ok(curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status));
	return status;
}

static void
refuse(struct pipe *p, enum http_pipe_end end, const char *why)
{
	if (p->why != NULL)
		return;
	p->end = end;
	p->why = why;
}

static size_t
on_source(char *s, size_t size, size_t n, void *arg)
{
	struct side *side = arg;
	struct pipe *p = side->pipe;

	n *= size;
	if (status_of(side->easy) != 200)
		return n;		/* of an error page, which is nobody's */
	if ((int64_t)n > p->out.max - p->got)
		refuse(p, HTTP_PIPE_TOO_BIG, "longer than it may be");
	else if (p->out.octets >= 0 && (int64_t)n > p->out.octets - p->got)
		refuse(p, HTTP_PIPE_WRONG, "longer than was promised");
	if (p->why != NULL)
		return 0;		/* not n: an error */
	later(p);			/* the receiver may begin, or go on */
	if (ring_room(p) < (n / STEP + 2) * 4) {
		side->is_paused = true;
		return CURL_WRITEFUNC_PAUSE;	/* it comes again */
	}
	crypto_hash_sha256_update(&p->hash, (const unsigned char *)s, n);
	p->got += (int64_t)n;
	encode(p, (const unsigned char *)s, n);
	return n;
}

/* All came: it is what was promised, or not. */
static void
judge(struct pipe *p)
{
	unsigned char hash[HTTP_PIPE_SHA256];

	crypto_hash_sha256_final(&p->hash, hash);
	if (p->out.octets >= 0 && p->got != p->out.octets)
		refuse(p, HTTP_PIPE_WRONG, "shorter than was promised");
	else if (p->got == 0)
		refuse(p, HTTP_PIPE_WRONG, "nothing came");
	else if (p->out.has_sha256 && sodium_memcmp(hash, p->out.sha256, sizeof hash) != 0)
		refuse(p, HTTP_PIPE_WRONG, "another SHA-256 than was promised");
	p->is_whole = p->why == NULL;
}

static const char *
reason_of(const struct side *side, CURLcode code)
{
	return side->forbidden != NULL ? side->forbidden : curl_easy_strerror(code);
}

static void
source_ended(struct pipe *p, CURLcode code, long status)
{
	if (code != CURLE_OK)
		refuse(p, HTTP_PIPE_NOT_SENT, reason_of(&p->from, code));
	else if (status == 404 || status == 410)
		refuse(p, HTTP_PIPE_GONE, "the source has it no more");
	else if (status != 200)
		refuse(p, HTTP_PIPE_NOT_SENT, "the source does not give it");
	else
		judge(p);
}

/* ---- the receiver ---- */

static size_t
take(const struct buf *b, size_t *sent, char *out, size_t n)
{
	if (n > b->len - *sent)
		n = b->len - *sent;
	memcpy(out, buf_str(b) + *sent, n);
	*sent += n;
	return n;
}

static size_t
on_receiver_asks(char *out, size_t size, size_t n, void *arg)
{
	struct side *side = arg;
	struct pipe *p = side->pipe;
	size_t len = 0;

	n *= size;
	if (p->prefix_sent < p->prefix.len)
		len = take(&p->prefix, &p->prefix_sent, out, n);
	len += ring_take(p, out + len, n - len);
	/* What is odd at the end has its place before the suffix; the ring is empty or `n` is full. */
	if (p->is_whole && p->used == 0 && p->odd_n > 0) {
		put_encoded(p, p->odd, p->odd_n);
		p->odd_n = 0;
		len += ring_take(p, out + len, n - len);
	}
	if (p->is_whole && p->used == 0)
		len += take(&p->suffix, &p->suffix_sent, out + len, n - len);
	later(p);			/* there is room for the source */
	if (len == 0 && !p->is_whole) {
		side->is_paused = true;
		return CURL_READFUNC_PAUSE;
	}
	return len;
}

static size_t
on_answer(char *s, size_t size, size_t n, void *arg)
{
	struct side *side = arg;
	struct pipe *p = side->pipe;

	n *= size;
	if (n > p->pipes->o.answer_max - p->answer.len) {
		refuse(p, p->suffix_sent > 0 ? HTTP_PIPE_UNKNOWN : HTTP_PIPE_NOT_SENT, "the answer is too long");
		return 0;
	}
	buf_add(&p->answer, s, n);
	return n;
}

static int
on_before_request(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct side *side = arg;

	(void)remote;
	(void)local;
	(void)remote_port;
	(void)local_port;
	return side->begun++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- its end ---- */

static void
side_clear(struct pipe *p, struct side *side)
{
	if (side->easy != NULL) {
		curl_loop_remove(&p->pipes->curl, side->easy);
		curl_easy_cleanup(side->easy);
		side->easy = NULL;
	}
	for (struct curl_slist *h = side->headers; h != NULL; h = h->next)
		mem_wipe(h->data, strlen(h->data));
	curl_slist_free_all(side->headers);
	side->headers = NULL;
}

static void
finish(struct pipe *p, const struct http_pipe_result *r)
{
	timer_stop(&p->deadline);
	loop_undefer(&p->turn);
	/* Cuts a receiver that has not had all of it: with a request half sent libcurl closes the connection. */
	side_clear(p, &p->to);
	side_clear(p, &p->from);
	list_remove(&p->node);
	p->pipes->busy--;
	p->done(p->arg, p->op, r);
	if (p->ring != NULL)
		mem_wipe(p->ring, HTTP_PIPE_WINDOW);
	free(p->ring);
	buf_clear(&p->method);
	buf_clear(&p->to_url);
	buf_clear(&p->prefix);
	buf_clear(&p->suffix);
	buf_clear(&p->answer);
	mem_wipe(p, sizeof *p);
	free(p);
}

static void
fail(struct pipe *p, enum http_pipe_end end, int status, const char *why)
{
	if (p->suffix_sent > 0)
		end = HTTP_PIPE_UNKNOWN;
	finish(p, &(struct http_pipe_result){ .end = end, .status = status, .body = "", .why = why });
}

static void
on_deadline(void *arg)
{
	struct pipe *p = arg;

	fail(p, HTTP_PIPE_NOT_SENT, 0, p->suffix_sent > 0 ? "no answer in time" :
	    p->to.begun > 0 ? "not whole in time" : "nothing in time");
}

static void
receiver_ended(struct pipe *p, CURLcode code)
{
	long status = status_of(p->to.easy);

	if (code == CURLE_OK && status >= 300) {
		/* Said before the end or behind it: it did not take it. */
		finish(p, &(struct http_pipe_result){ .end = HTTP_PIPE_ANSWERED, .status = (int)status,
			.body = buf_str(&p->answer), .len = p->answer.len, .why = "answered" });
	} else if (code == CURLE_OK && status >= 200 && p->suffix_sent == p->suffix.len) {
		finish(p, &(struct http_pipe_result){ .end = HTTP_PIPE_ANSWERED, .status = (int)status,
			.body = buf_str(&p->answer), .len = p->answer.len, .why = "answered" });
	} else if (p->why != NULL)
		fail(p, p->end, 0, p->why);
	else
		fail(p, HTTP_PIPE_NOT_SENT, 0, code == CURLE_OK ? "answered before it had all" :
		    reason_of(&p->to, code));
}

static void
on_ended(void *private, CURLcode code)
{
	struct side *side = private;
	struct pipe *p = side->pipe;
	long status = status_of(side->easy);

	if (side == &p->to) {
		receiver_ended(p, code);
		return;
	}
	source_ended(p, code, status);
	side_clear(p, side);
	if (p->why != NULL)
		fail(p, p->end, (int)status, p->why);
	else
		later(p);
}

/* ---- its beginning ---- */

/* false: a line break, which would let a value become a header or a request of its own. */
static bool
set_headers(struct side *side, const struct http_pipe_side *from)
{
	struct curl_slist *more;

	for (int i = -1; i < HTTP_PIPE_HEADERS; i++) {
		const char *line = i < 0 ? "Expect:" : from->headers[i];	/* no waiting for 100 Continue */

		if (line == NULL)
			break;
		if (strpbrk(line, "\r\n") != NULL)
			return false;
		if ((more = curl_slist_append(side->headers, line)) == NULL)
			fatalx("http pipe: out of memory");
		side->headers = more;
	}
	return true;
}

static void
side_set(struct pipe *p, struct side *side, const char *url)
{
	side->easy = curl_loop_easy(side, p->pipes->o.ca_file);
	side->guard.why = &side->forbidden;
	curl_loop_guard(side->easy, &side->guard);
	CURL_LOOP_SET(side->easy, CURLOPT_URL, url);
	CURL_LOOP_SET(side->easy, CURLOPT_HTTPHEADER, side->headers);
	CURL_LOOP_SET(side->easy, CURLOPT_FRESH_CONNECT, 1L);
	CURL_LOOP_SET(side->easy, CURLOPT_FORBID_REUSE, 1L);
	CURL_LOOP_SET(side->easy, CURLOPT_PREREQFUNCTION, on_before_request);
	CURL_LOOP_SET(side->easy, CURLOPT_PREREQDATA, side);
}

static void
begin_source(struct pipe *p, const char *url)
{
	side_set(p, &p->from, url);
	CURL_LOOP_SET(p->from.easy, CURLOPT_WRITEFUNCTION, on_source);
	CURL_LOOP_SET(p->from.easy, CURLOPT_WRITEDATA, &p->from);
	curl_loop_add(&p->pipes->curl, p->from.easy);
}

static void
begin_receiver(struct pipe *p)
{
	side_set(p, &p->to, buf_str(&p->to_url));
	CURL_LOOP_SET(p->to.easy, CURLOPT_UPLOAD, 1L);
	CURL_LOOP_SET(p->to.easy, CURLOPT_CUSTOMREQUEST, buf_str(&p->method));
	CURL_LOOP_SET(p->to.easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)(p->out.octets >= 0 ? body_length(p) : -1));
	CURL_LOOP_SET(p->to.easy, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
	CURL_LOOP_SET(p->to.easy, CURLOPT_READFUNCTION, on_receiver_asks);
	CURL_LOOP_SET(p->to.easy, CURLOPT_READDATA, &p->to);
	CURL_LOOP_SET(p->to.easy, CURLOPT_WRITEFUNCTION, on_answer);
	CURL_LOOP_SET(p->to.easy, CURLOPT_WRITEDATA, &p->to);
	curl_loop_add(&p->pipes->curl, p->to.easy);
}

/* What libcurl keeps of a paused source comes in here, at once. false: that was refused, and the pipe is over. */
static bool
go_on(struct side *side)
{
	struct pipe *p = side->pipe;
	CURLcode code;

	if (side->easy == NULL || !side->is_paused)
		return true;
	side->is_paused = false;
	code = curl_easy_pause(side->easy, CURLPAUSE_CONT);
	if (code == CURLE_OK && p->why == NULL)
		return true;
	refuse(p, HTTP_PIPE_NOT_SENT, curl_easy_strerror(code));
	fail(p, p->end, 0, p->why);
	return false;
}

static void
on_turn(void *arg)
{
	struct pipe *p = arg;

	if (p->why != NULL && p->from.easy == NULL) {	/* refused before it began */
		fail(p, p->end, 0, p->why);
		return;
	}
	if (p->to.easy == NULL && (p->got > 0 || p->from.is_paused))
		begin_receiver(p);
	if (p->used < HTTP_PIPE_WINDOW / 2 && !go_on(&p->from))
		return;
	if ((p->used > 0 || p->is_whole) && !go_on(&p->to))
		return;
}

static void
copy_out(struct pipe *p, const struct http_pipe_out *out)
{
	p->out = *out;
	buf_add_str(&p->method, out->method);
	buf_add_str(&p->to_url, out->to.url);
	buf_add_str(&p->prefix, out->prefix);
	buf_add_str(&p->suffix, out->suffix);
	p->from.guard = (struct curl_guard){ .allow = out->from.allow, .arg = out->from.allow_arg };
	p->to.guard = (struct curl_guard){ .allow = out->to.allow, .arg = out->to.allow_arg };
}

void
http_pipe(struct http_pipes *pipes, const struct http_pipe_out *out, uint64_t op,
    void (*done)(void *arg, uint64_t op, const struct http_pipe_result *r), void *arg)
{
	struct pipe *p = xcalloc(1, sizeof *p);

	if (strlen(out->suffix) < 2)
		fatalx("http pipe: nothing to hold back");
	p->pipes = pipes;
	p->from.pipe = p->to.pipe = p;
	p->op = op;
	p->done = done;
	p->arg = arg;
	timer_init(&p->deadline, pipes->loop, on_deadline, p);
	list_add_tail(&pipes->active, &p->node);
	copy_out(p, out);
	if (pipes->busy++ >= pipes->o.at_once) {
		metric_add(M_PIPES_FULL, 1);
		refuse(p, HTTP_PIPE_NOT_SENT, "too many at once");
	} else if (strpbrk(out->method, " \r\n") != NULL || !set_headers(&p->from, &out->from) ||
	    !set_headers(&p->to, &out->to))
		refuse(p, HTTP_PIPE_NOT_SENT, "a line break in a header");
	else if (out->octets > out->max)
		refuse(p, HTTP_PIPE_TOO_BIG, "longer than it may be");
	if (p->why != NULL) {
		later(p);
		return;
	}
	p->ring = xcalloc(1, HTTP_PIPE_WINDOW);
	crypto_hash_sha256_init(&p->hash);
	timer_arm(&p->deadline, out->timeout_ms);
	begin_source(p, out->from.url);
}

int
http_pipes_busy(const struct http_pipes *p)
{
	return p->busy;
}

struct http_pipes *
http_pipes_new(struct loop *l, const struct http_pipes_options *o)
{
	struct http_pipes *p = xcalloc(1, sizeof *p);

	p->loop = l;
	p->o = *o;
	if (o->ca_file != NULL)
		p->o.ca_file = p->ca_file = xstrdup(o->ca_file);
	list_init(&p->active);
	curl_loop_init(&p->curl, l, on_ended);
	return p;
}

void
http_pipes_free(struct http_pipes *p)
{
	if (p == NULL)
		return;
	while (!list_empty(&p->active))
		fail(LIST_OF(p->active.next, struct pipe, node), HTTP_PIPE_NOT_SENT, 0, "stopping");
	curl_loop_clear(&p->curl);
	free(p->ca_file);
	free(p);
}
