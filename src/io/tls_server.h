/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who we are to those who come over TLS: a certificate and its key from two files, read again when they change. TLS 1.2
 * and up, forward secrecy only, neither renegotiation nor compression. Files that do not fit leave what is in force;
 * connections keep what they began with.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

struct bufferevent;
struct loop;
struct ssl_st;
struct tls_server;

struct tls_server_options {
	const char *cert_file, *key_file;	/* the chain, ours first; its key. Copied */
	int64_t poll_ms;			/* how often to look whether they changed; twice the same: they are whole */
};

/* NULL with the reason in why. A certificate that is over is taken, and complained of: SMPP still works without it. */
struct tls_server *tls_server_new(struct loop *l, const struct tls_server_options *o, char *why, size_t size);
void tls_server_free(struct tls_server *t);	/* NULL is fine; connections may outlive it */
void tls_server_reload(struct tls_server *t);	/* now, whether the files changed or not */
/* Of one connection that was accepted; the caller's. NULL: no memory. */
struct ssl_st *tls_server_ssl(struct tls_server *t) MUST_CHECK;
/* Of a bufferevent over it: whether the handshake is over; says goodbye as far as the socket takes it. */
bool tls_server_is_open(struct bufferevent *bev);
void tls_server_end(struct bufferevent *bev);
/* Writes what waits in the output, once, as far as the socket takes it. false: it could not. */
bool tls_server_flush(struct bufferevent *bev);
/* Whether the two files belong together and would be taken. */
bool tls_server_check(const char *cert_file, const char *key_file, char *why, size_t size) MUST_CHECK;
