/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From one HTTP server to another: what a GET brings goes, in base64 and between two texts of the caller's, into the
 * body of a request, a window of it in memory at most and nothing of it on disk. Whether it was whole is known only at
 * its end, so the text behind it is held back until length and SHA-256 are right: until then the receiver has half a
 * document of JSON, and when they are not right the connection is cut there.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_pipes;
struct loop;

#define HTTP_PIPE_HEADERS 6
#define HTTP_PIPE_SHA256 32
/* Octets of a pipe between its ends; libcurl has about 100 KB beside them. */
#define HTTP_PIPE_WINDOW 65536

enum http_pipe_end {
	HTTP_PIPE_ANSWERED,		/* by the receiver: status and body are there */
	/* It cannot have it whole: an end that broke, no time, no connection, too many pipes. */
	HTTP_PIPE_NOT_SENT,
	HTTP_PIPE_GONE,			/* the same: the source has it no more (404, 410) */
	HTTP_PIPE_TOO_BIG,		/* the same: longer than `max` */
	HTTP_PIPE_WRONG,		/* the same: another length or SHA-256 than was promised */
	HTTP_PIPE_UNKNOWN		/* its end was sent, and no whole answer came */
};

struct http_pipe_result {
	enum http_pipe_end end;
	int status;			/* of the receiver; where the source refused, its own; 0: none */
	const char *body;		/* the receiver's, NUL-terminated, borrowed during the callback */
	size_t len;
	const char *why;		/* in words, without secrets, for the log */
};

struct http_pipe_side {
	const char *url;
	const char *headers[HTTP_PIPE_HEADERS];	/* "Name: value", NULL-terminated */
	/* As in http_client.h, with `allow_arg`; NULL: wherever it leads. */
	bool (*allow)(void *arg, const char *address);
	void *allow_arg;
};

struct http_pipe_out {			/* everything is copied */
	struct http_pipe_side from, to;
	const char *method;		/* of `to`; `from` is a GET */
	const char *prefix, *suffix;	/* the suffix is what is held back: 2 octets at least */
	int64_t octets;			/* that `from` is to have; -1: not known, the body goes in chunks */
	int64_t max;			/* more: HTTP_PIPE_TOO_BIG */
	bool has_sha256;
	unsigned char sha256[HTTP_PIPE_SHA256];
	int64_t timeout_ms;		/* of the whole of it */
};

struct http_pipes_options {
	int at_once;			/* more: HTTP_PIPE_NOT_SENT */
	size_t answer_max;		/* octets of an answer */
	const char *ca_file;		/* NULL: the system's */
};

struct http_pipes *http_pipes_new(struct loop *l, const struct http_pipes_options *o);
/* Open pipes complete first, here. Not from inside a `done`. NULL is fine. */
void http_pipes_free(struct http_pipes *p);
/* `op` comes back in done; done runs exactly once, in a later turn of the loop. Neither end is asked twice. */
void http_pipe(struct http_pipes *p, const struct http_pipe_out *out, uint64_t op,
    void (*done)(void *arg, uint64_t op, const struct http_pipe_result *r), void *arg);
int http_pipes_busy(const struct http_pipes *p);
