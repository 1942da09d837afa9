/* SPDX-License-Identifier: Apache-2.0 */
#include "io/tls_server.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/log.h"
#include "base/metric.h"
#include "base/str.h"
#include "io/loop.h"

#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"	/* of TLS 1.2; those of 1.3 are all sound */
#define DAY_S 86400
#define WARN_S (14 * DAY_S)
#define WARN_AGAIN_MS (INT64_C(1000) * DAY_S)

struct files {			/* what tells whether they were written since */
	struct timespec written[2];
	ino_t inode[2];
	off_t size[2];
};

struct tls_server {
	struct loop *loop;
	char *cert_file, *key_file;
	int64_t poll_ms, warned;
	SSL_CTX *ctx;
	struct files loaded, seen;
	struct timer poll;
};

/* OpenSSL would ask at the terminal, and everything would wait for it. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return 0;
}

static void
say(char *why, size_t size, const char *file)
{
	const char *text = ERR_reason_error_string(ERR_peek_error());

	str_format(why, size, "%s: %s", file, text != NULL ? text : "cannot be read");
}

static bool
is_private(const char *key_file)
{
	struct stat st;

	return stat(key_file, &st) != 0 || (st.st_mode & (S_IROTH | S_IWOTH)) == 0;
}

static SSL_CTX *
load(const char *cert_file, const char *key_file, char *why, size_t size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	const char *bad = NULL;

	ERR_clear_error();
	if (ctx == NULL)
		fatalx("tls: out of memory");
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
	    SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* An idle connection keeps no buffers; tickets are the client's to keep, sessions would be ours. */
	SSL_CTX_set_mode(ctx, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	if (SSL_CTX_set_cipher_list(ctx, CIPHERS) != 1)
		fatalx("tls: no ciphers");
	if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1)
		bad = cert_file;
	else if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		bad = key_file;
	if (bad != NULL)
		say(why, size, bad);
	else if (!is_private(key_file))
		str_format(why, size, "%s: everybody on this machine can read or write it: chmod o-rw it", bad = key_file);
	if (bad != NULL) {
		SSL_CTX_free(ctx);
		ctx = NULL;
	}
	ERR_clear_error();
	return ctx;
}

/* Until the certificate ends; negative: since it did. */
static int64_t
seconds_left(const SSL_CTX *ctx, time_t now)
{
	int days = 0, seconds = 0;

	ASN1_TIME *from = ASN1_TIME_set(NULL, now);

	if (from == NULL || !ASN1_TIME_diff(&days, &seconds, from, X509_get0_notAfter(SSL_CTX_get0_certificate(ctx))))
		days = seconds = 0;
	ASN1_TIME_free(from);
	return (int64_t)days * DAY_S + seconds;
}

bool
tls_server_check(const char *cert_file, const char *key_file, char *why, size_t size)
{
	SSL_CTX *ctx = load(cert_file, key_file, why, size);

	SSL_CTX_free(ctx);
	return ctx != NULL;
}

static void
look(const struct tls_server *t, struct files *out)
{
	const char *names[2] = { t->cert_file, t->key_file };
	struct stat st;

	memset(out, 0, sizeof *out);
	for (int i = 0; i < 2; i++) {
		if (stat(names[i], &st) != 0)
			continue;
		out->written[i] = st.st_mtim;
		out->inode[i] = st.st_ino;
		out->size[i] = st.st_size;
	}
}

static bool
same(const struct files *a, const struct files *b)
{
	for (int i = 0; i < 2; i++)
		if (a->written[i].tv_sec != b->written[i].tv_sec || a->written[i].tv_nsec != b->written[i].tv_nsec ||
		    a->inode[i] != b->inode[i] || a->size[i] != b->size[i])
			return false;
	return true;
}

static void
watch_end(struct tls_server *t)
{
	int64_t left = seconds_left(t->ctx, (time_t)(loop_wall(t->loop) / 1000)), now = loop_now(t->loop);

	metric_set(M_TLS_SECONDS_LEFT, left);
	if (left >= WARN_S || (t->warned != 0 && now - t->warned < WARN_AGAIN_MS))
		return;
	t->warned = now;
	if (left <= 0)
		log_error(0, "tls certificate is over", "file=%s", t->cert_file);
	else
		log_warn(0, "tls certificate ends soon", "file=%s days=%" PRId64, t->cert_file, left / DAY_S);
}

static void
refuse(const struct tls_server *t, const char *why)
{
	/* What is in force stays; its days are those that are left to repair the files. */
	metric_add(M_TLS_RELOADS_REFUSED, 1);
	log_error(0, "tls certificate refused", "why=\"%s\" days=%" PRId64, why,
	    seconds_left(t->ctx, (time_t)(loop_wall(t->loop) / 1000)) / DAY_S);
}

void
tls_server_reload(struct tls_server *t)
{
	time_t now = (time_t)(loop_wall(t->loop) / 1000);
	char why[512] = "";
	SSL_CTX *ctx;

	look(t, &t->loaded);
	t->seen = t->loaded;
	ctx = load(t->cert_file, t->key_file, why, sizeof why);
	if (ctx == NULL) {
		refuse(t, why);
		return;
	}
	/* One that is over already is no renewal, unless it is no worse than what we have. */
	if (seconds_left(ctx, now) <= 0 && seconds_left(t->ctx, now) > 0) {
		refuse(t, "it is over");
		SSL_CTX_free(ctx);
		return;
	}
	SSL_CTX_free(t->ctx);
	t->ctx = ctx;
	t->warned = 0;
	metric_add(M_TLS_RELOADS, 1);
	watch_end(t);
	log_info(0, "tls certificate", "file=%s days=%" PRId64, t->cert_file, seconds_left(ctx, now) / DAY_S);
}

/* Two files are not written at once: they are read when they have stood still from one look to the next. */
static void
on_poll(void *arg)
{
	struct tls_server *t = arg;
	struct files now;

	look(t, &now);
	if (!same(&now, &t->loaded) && same(&now, &t->seen))
		tls_server_reload(t);
	t->seen = now;
	watch_end(t);
	timer_arm(&t->poll, t->poll_ms);
}

struct tls_server *
tls_server_new(struct loop *l, const struct tls_server_options *o, char *why, size_t size)
{
	SSL_CTX *ctx = load(o->cert_file, o->key_file, why, size);
	struct tls_server *t;

	if (ctx == NULL)
		return NULL;
	t = xcalloc(1, sizeof *t);
	t->loop = l;
	t->cert_file = xstrdup(o->cert_file);
	t->key_file = xstrdup(o->key_file);
	t->poll_ms = o->poll_ms;
	t->ctx = ctx;
	look(t, &t->loaded);
	t->seen = t->loaded;
	timer_init(&t->poll, l, on_poll, t);
	timer_arm(&t->poll, t->poll_ms);
	watch_end(t);
	return t;
}

void
tls_server_free(struct tls_server *t)
{
	if (t == NULL)
		return;
	timer_stop(&t->poll);
	SSL_CTX_free(t->ctx);
	free(t->cert_file);
	free(t->key_file);
	free(t);
}

struct ssl_st *
tls_server_ssl(struct tls_server *t)
{
	return SSL_new(t->ctx);
}

bool
tls_server_is_open(struct bufferevent *bev)
{
	return SSL_is_init_finished(bufferevent_openssl_get_ssl(bev));
}

void
tls_server_end(struct bufferevent *bev)
{
	/* One-way: nobody waits for the other's goodbye. */
	if (tls_server_is_open(bev))
		SSL_shutdown(bufferevent_openssl_get_ssl(bev));
	ERR_clear_error();
}

bool
tls_server_flush(struct bufferevent *bev)
{
	struct evbuffer *out = bufferevent_get_output(bev);
	size_t n = evbuffer_get_length(out), written = 0;
	bool ok = true;

	if (n > 0 && tls_server_is_open(bev))
		ok = SSL_write_ex(bufferevent_openssl_get_ssl(bev), evbuffer_pullup(out, -1), n, &written) == 1;
	ERR_clear_error();
	return ok;
}
