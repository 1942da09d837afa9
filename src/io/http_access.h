/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line for each request in the log: who, what, how it ended. Neither query nor body nor header is in it, and of the
 * path only what its owner says may be shown. Private to http_server.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define HTTP_SHOWN 160

struct http_access {		/* kept from the arrival of a request until its end; nothing in it is borrowed but `method` */
	const char *method;	/* static; NULL: not known */
	char shown[HTTP_SHOWN];	/* "path=... channel=..." */
	char peer[64], via[64];	/* via: the proxy, "" when there is none */
	size_t in;		/* octets of the body */
	int64_t at;		/* loop_now() */
};

/* `end`: one word. Status 0: none was sent. `out`: octets of the answer's body. */
void http_access_log(const char *server, const struct http_access *a, int64_t now, int status, size_t out,
    const char *end);
