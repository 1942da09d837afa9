/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's multi interface on the loop: its sockets and its one timer. Nothing of HTTP is here. What libcurl calls
 * back on the way only sets fields and collects octets (calls on the same multi handle are refused there); transfers
 * are finished in one place, by whoever gave `ended`.
 */
#pragma once
#include <stdbool.h>

#include <curl/curl.h>

#include "base/list.h"
#include "io/loop.h"

struct curl_loop {			/* embedded in its owner */
	struct loop *loop;
	CURLM *multi;
	struct timer timer;		/* libcurl's one */
	struct deferred kick;		/* the same with no delay */
	struct list watches, spare;	/* of sockets */
	/* A transfer of this private pointer is over; it is still in the multi handle. */
	void (*ended)(void *private, CURLcode code);
};

void curl_loop_init(struct curl_loop *c, struct loop *l, void (*ended)(void *private, CURLcode code));
/* No transfer is in it any more. */
void curl_loop_clear(struct curl_loop *c);
void curl_loop_add(struct curl_loop *c, CURL *easy);
void curl_loop_remove(struct curl_loop *c, CURL *easy);
/* A new handle, with what holds for every request of ours. `private` goes to `ended`; ca_file NULL: the system's. */
CURL *curl_loop_easy(void *private, const char *ca_file);

/*
 * Asks `allow` of each numeric address before it is connected to, after the name was looked up, so that what is
 * checked is what is connected to. *why becomes HTTP_WHY_FORBIDDEN (http_client.h) or, when the next address is
 * allowed, NULL.
 */
struct curl_guard {			/* lives as long as the request */
	bool (*allow)(void *arg, const char *address);
	void *arg;
	const char **why;
};
/* allow NULL: wherever the URL leads. A guarded request has a connection of its own, that serves no other. */
void curl_loop_guard(CURL *easy, struct curl_guard *g);

void curl_loop_ok(CURLcode code);	/* fatal when libcurl refuses an option */
void curl_loop_multi_ok(CURLMcode code);
#define CURL_LOOP_SET(easy, option, value) curl_loop_ok(curl_easy_setopt(easy, option, value))
#define CURL_LOOP_MULTI(multi, option, value) curl_loop_multi_ok(curl_multi_setopt(multi, option, value))
