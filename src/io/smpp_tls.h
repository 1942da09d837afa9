/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What TLS adds to one SMPP connection: whom to believe, the bufferevent, why it failed, and the
 * end that the other side can tell from a cut line. TLS 1.2 and up. Waiting is smpp_conn's.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "core/settings.h"

struct bufferevent;
struct event_base;
struct ssl_ctx_st;
struct ssl_st;

/*
 * Of one connection to `host`, whose name is verified unless the settings name another. Files are
 * read each time, so a renewed certificate needs no restart. NULL: the reason is in why.
 */
struct ssl_st *smpp_tls_client(const struct tls_settings *t, const char *host, char *why,
    size_t size) MUST_CHECK;
struct ssl_st *smpp_tls_server(struct ssl_ctx_st *ctx) MUST_CHECK;
/* Takes the SSL; closes both when freed. NULL: no memory. */
struct bufferevent *smpp_tls_bufferevent(struct event_base *base, int fd, struct ssl_st *ssl);
/* false: the error was not one of TLS, and why is left alone. */
bool smpp_tls_why(struct bufferevent *bev, char *why, size_t size);
/* Says goodbye as far as the socket takes it, before the bufferevent is freed. */
void smpp_tls_end(struct bufferevent *bev);
