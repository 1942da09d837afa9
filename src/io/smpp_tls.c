/* SPDX-License-Identifier: Apache-2.0 */
#include "io/smpp_tls.h"

#include <netinet/in.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/util.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/str.h"

/* OpenSSL would ask at the terminal, and everything would wait for it. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return 0;
}

static const char *
reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	return text != NULL ? text : "unknown error";
}

static bool
load_files(SSL_CTX *ctx, const struct tls_settings *t, char *why, size_t size)
{
	const char *ca = t->ca_file[0] != '\0' ? t->ca_file : NULL, *file = NULL;

	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	if (ca != NULL && SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
		file = ca;
	else if (ca == NULL && SSL_CTX_set_default_verify_paths(ctx) != 1)
		file = "the system's certificates";
	else if (t->cert_file[0] != '\0' &&
	    SSL_CTX_use_certificate_chain_file(ctx, t->cert_file) != 1)
		file = t->cert_file;
	else if (t->key_file[0] != '\0' &&
	    (SSL_CTX_use_PrivateKey_file(ctx, t->key_file, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1))
		file = t->key_file;
	if (file != NULL)
		str_format(why, size, "TLS: %s: %s", file, reason());
	return file == NULL;
}

/* The name that must stand in the certificate; SNI carries names, never addresses. */
static bool
set_name(SSL *ssl, const char *name)
{
	unsigned char number[sizeof(struct in6_addr)];

	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (evutil_inet_pton(AF_INET, name, number) == 1 ||
	    evutil_inet_pton(AF_INET6, name, number) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
	return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

struct ssl_st *
smpp_tls_client(const struct tls_settings *t, const char *host, char *why, size_t size)
{
	SSL_CTX *ctx;
	SSL *ssl = NULL;

	ERR_clear_error();
	str_format(why, size, "TLS: out of memory");
	ctx = SSL_CTX_new(TLS_client_method());
	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(ctx, t->unverified ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	if (load_files(ctx, t, why, size))
		ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	if (ssl != NULL && !set_name(ssl, t->name[0] != '\0' ? t->name : host)) {
		str_format(why, size, "TLS: the name cannot be verified: %s", reason());
		SSL_free(ssl);
		ssl = NULL;
	}
	ERR_clear_error();
	return ssl;
}

struct ssl_st *
smpp_tls_server(struct ssl_ctx_st *ctx)
{
	return SSL_new(ctx);
}

struct bufferevent *
smpp_tls_bufferevent(struct event_base *base, int fd, struct ssl_st *ssl)
{
	return bufferevent_openssl_socket_new(base, fd, ssl, fd < 0 ? BUFFEREVENT_SSL_CONNECTING :
	    BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
}

bool
smpp_tls_why(struct bufferevent *bev, char *why, size_t size)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);
	long verified = SSL_get_verify_result(ssl);
	unsigned long error;
	const char *text;

	/* A reset connection is no matter of TLS; libevent reports it as one that no library has. */
	do
		error = bufferevent_get_openssl_error(bev);
	while (error != 0 && (ERR_GET_LIB(error) == 0 || ERR_SYSTEM_ERROR(error)));
	if (error == 0)
		return false;
	text = ERR_reason_error_string(error);
	if (ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK)
		text = X509_verify_cert_error_string(verified);
	str_format(why, size, "TLS: %s", text != NULL ? text : "unknown error");
	return true;
}

void
smpp_tls_end(struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);

	/* One-way: nobody waits for the other's goodbye. */
	if (SSL_is_init_finished(ssl))
		SSL_shutdown(ssl);
	ERR_clear_error();
}
