/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP server over TLS, against OpenSSL's client in the same loop. */
#include "http_peers.h"

#include <openssl/err.h>
#include <sys/stat.h>
#include <utime.h>

#include "io/tls_server.h"
#include "test_smpp_certs.h"

#define CLIENTS 8
#define DAY 86400

static struct tls_server *tls;
static char folder[] = "/tmp/isango-tls-XXXXXX", cert_file[64], key_file[64];
static struct party one, two;

static struct client {
	SSL *ssl;
	struct peer *p;			/* its socket; its `in` is not used */
	struct buf in;
	const char *out;		/* still to be written */
	bool open, over;		/* the handshake; the connection */
} clients[CLIENTS];

static void
open_tls(int64_t poll_ms)
{
	char why[256] = "";

	tls = tls_server_new(l, &(struct tls_server_options){ cert_file, key_file, poll_ms }, why, sizeof why);
	if (tls == NULL)
		fail_msg("%s", why);
	options.tls = tls;
	start();
}

static int
tls_setup(void **state)
{
	setup(state);
	memset(clients, 0, sizeof clients);
	party_write(&one, cert_file, key_file, NULL);
	chmod(key_file, 0600);
	return 0;
}

static int
tls_teardown(void **state)
{
	for (int i = 0; i < CLIENTS; i++) {
		SSL_free(clients[i].ssl);
		buf_clear(&clients[i].in);
	}
	http_server_free(server);
	server = NULL;
	tls_server_free(tls);
	tls = NULL;
	return teardown(state);
}

static struct client *
connect_with(int i, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct client *c = &clients[i];

	assert_non_null(ctx);
	/* Debian's OpenSSL speaks 1.1 only at level 0. */
	SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	c->ssl = SSL_new(ctx);
	SSL_CTX_free(ctx);
	c->p = dial(i);
	SSL_set_fd(c->ssl, c->p->fd);
	SSL_set_connect_state(c->ssl);
	return c;
}

static void
pump(struct client *c)
{
	char chunk[4096];
	size_t n;
	int end;

	if (c->ssl == NULL || c->over)
		return;
	end = SSL_do_handshake(c->ssl);
	if (end == 1) {
		c->open = true;
		if (c->out != NULL && SSL_write_ex(c->ssl, c->out, strlen(c->out), &n) == 1)
			c->out = c->out[n] != '\0' ? c->out + n : NULL;
		while ((end = SSL_read_ex(c->ssl, chunk, sizeof chunk, &n)) == 1)
			buf_add(&c->in, chunk, n);
	}
	end = SSL_get_error(c->ssl, end);
	if (end != SSL_ERROR_WANT_READ && end != SSL_ERROR_WANT_WRITE && end != SSL_ERROR_NONE)
		c->over = true;
	ERR_clear_error();
}

static void
pump_all(void)
{
	for (int i = 0; i < CLIENTS; i++)
		pump(&clients[i]);
}

static bool
is_open(void *arg)
{
	pump_all();
	return ((struct client *)arg)->open;
}

static bool
is_over(void *arg)
{
	pump_all();
	return ((struct client *)arg)->over;
}

static bool
has_answer(void *arg)
{
	pump_all();
	return strstr(buf_str(&((struct client *)arg)->in), "\r\n\r\n") != NULL;
}

static bool
someone_asked(void *arg)
{
	(void)arg;
	pump_all();
	return handled > 0;
}

static bool
one_more(void *arg)
{
	const int64_t *before = arg;

	pump_all();
	return metric_get((enum metric)before[0]) > before[1];
}

static bool
is_of(struct client *c, const struct party *p)
{
	X509 *cert = SSL_get1_peer_certificate(c->ssl);
	bool same = cert != NULL && X509_cmp(cert, p->cert) == 0;

	X509_free(cert);
	return same;
}

static void
exchange(struct client *c, const char *request)
{
	buf_reset(&c->in);
	c->out = request;
	WAIT_DEAF(has_answer, c);
}

static void
speaks_1_2_and_1_3_with_forward_secrecy(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	(void)state;
	open_tls(1000);
	for (int i = 0; i < 2; i++) {
		struct client *c = connect_with(i, versions[i]);

		exchange(c, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
		assert_non_null(strstr(buf_str(&c->in), "\r\n\r\nhello"));
		exchange(c, "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nagain");
		assert_non_null(strstr(buf_str(&c->in), "\r\n\r\nagain"));
		assert_int_equal(SSL_version(c->ssl), versions[i]);
		assert_true(is_of(c, &one));
		assert_null(SSL_get_current_compression(c->ssl));
		if (i == 0) {
			assert_true(str_starts(SSL_get_cipher_name(c->ssl), "ECDHE-"));
			assert_int_equal(SSL_CIPHER_is_aead(SSL_get_current_cipher(c->ssl)), 1);
		}
	}
	assert_string_equal(buf_str(&seen), "POST /a;POST /b;POST /a;POST /b;");
}

static void
older_versions_and_weak_ciphers_are_refused(void **state)
{
	static const int versions[] = { TLS1_VERSION, TLS1_1_VERSION };
	int64_t failed = metric_get(M_TLS_HANDSHAKES_FAILED);
	struct client *c;

	(void)state;
	open_tls(1000);
	for (int i = 0; i < 2; i++) {
		c = connect_with(i, versions[i]);
		c->out = GET("/old");
		WAIT_DEAF(is_over, c);
		assert_false(c->open);
	}
	c = connect_with(2, TLS1_2_VERSION);
	SSL_set_cipher_list(c->ssl, "AES128-SHA:ECDHE-ECDSA-AES128-SHA");
	WAIT_DEAF(is_over, c);
	assert_false(c->open);
	assert_int_equal(handled, 0);
	WAIT_DEAF(one_more, ((int64_t[]){ M_TLS_HANDSHAKES_FAILED, failed + 2 }));
}

/* The library refuses it for us; this is what our option asks of it. */
static void
renegotiation_is_refused(void **state)
{
	struct client *c;

	(void)state;
	open_tls(1000);
	c = connect_with(0, TLS1_2_VERSION);
	exchange(c, GET("/a"));
	SSL_renegotiate(c->ssl);
	c->out = GET("/b");
	handled = 0;
	WAIT_DEAF(is_over, c);
	assert_int_equal(handled, 0);
}

static bool
no_connections(void *arg)
{
	(void)arg;
	pump_all();
	return metric_get(M_HTTP_CONNECTIONS) == 0;
}

static void
a_plain_request_costs_its_sender_alone(void **state)
{
	int64_t failed = metric_get(M_TLS_HANDSHAKES_FAILED);
	struct client *c;
	struct peer *p;

	(void)state;
	open_tls(1000);
	p = dial(7);
	say(p, GET("/plain"));
	c = connect_with(0, TLS1_3_VERSION);
	exchange(c, GET("/good"));
	WAIT(closed, p);
	assert_string_equal(buf_str(&seen), "GET /good;");
	assert_null(strstr(buf_str(&p->in), "HTTP"));
	WAIT_DEAF(one_more, ((int64_t[]){ M_TLS_HANDSHAKES_FAILED, failed }));
}

static void
slow_handshakes_and_requests_are_closed(void **state)
{
	int64_t slow = metric_get(M_HTTP_CLOSED_SLOW);
	struct client *half, *good;
	struct peer *mute, *begun;

	(void)state;
	options.arrive_s = 1;
	open_tls(1000);
	mute = dial(6);
	begun = dial(7);
	send(begun->fd, "\x16\x03\x01\x01\x00\x01", 6, MSG_NOSIGNAL);
	half = connect_with(0, TLS1_3_VERSION);
	half->out = "GET /slow HTTP/1.1\r\nHo";
	good = connect_with(1, TLS1_3_VERSION);
	exchange(good, GET("/good"));
	WAIT(closed, mute);
	WAIT(closed, begun);
	WAIT_DEAF(is_over, half);
	assert_int_equal(metric_get(M_HTTP_CLOSED_SLOW) - slow, 3);
	exchange(good, GET("/good"));
	assert_string_equal(buf_str(&seen), "GET /good;GET /good;");
}

static void
a_new_pair_is_taken_and_old_connections_stay(void **state)
{
	int64_t taken[] = { M_TLS_RELOADS, metric_get(M_TLS_RELOADS) };
	struct client *old, *new;

	(void)state;
	open_tls(5);
	assert_in_range(metric_get(M_TLS_SECONDS_LEFT), 3000, 3600);
	old = connect_with(0, TLS1_3_VERSION);
	exchange(old, GET("/a"));
	party_write(&two, cert_file, key_file, NULL);
	WAIT_DEAF(one_more, taken);		/* found by looking */
	exchange(old, GET("/b"));
	assert_true(is_of(old, &one));
	new = connect_with(1, TLS1_3_VERSION);
	exchange(new, GET("/c"));
	assert_true(is_of(new, &two));
	taken[1] = metric_get(M_TLS_RELOADS);
	tls_server_reload(tls);			/* or asked for */
	assert_int_equal(metric_get(M_TLS_RELOADS), taken[1] + 1);
}

static void
what_does_not_fit_leaves_what_is_in_force(void **state)
{
	int64_t refused = metric_get(M_TLS_RELOADS_REFUSED), taken = metric_get(M_TLS_RELOADS);
	struct party over = party_new("DNS:over.test", NULL);
	char why[256];
	FILE *f;
	int n = 0;

	(void)state;
	open_tls(60000);
	/* Another certificate than the key's; then no certificate; then a key that all can read; then one that is over. */
	for (int what = 0; what < 4; what++) {
		struct client *c;

		party_write(what == 0 ? &two : &one, cert_file, NULL, NULL);
		if (what == 1) {
			assert_non_null(f = fopen(cert_file, "w"));
			fputs("-----BEGIN CERTIFICATE-----\nnonsense\n", f);
			fclose(f);
		}
		chmod(key_file, what == 2 ? 0644 : 0600);
		if (what == 3) {
			X509_gmtime_adj(X509_getm_notAfter(over.cert), -60);
			X509_sign(over.cert, over.key, EVP_sha256());
			party_write(&over, cert_file, key_file, NULL);
			assert_true(tls_server_check(cert_file, key_file, why, sizeof why));
		} else {
			assert_false(tls_server_check(cert_file, key_file, why, sizeof why));
			assert_non_null(strstr(why, what == 1 ? cert_file : key_file));
		}
		tls_server_reload(tls);
		assert_int_equal(metric_get(M_TLS_RELOADS_REFUSED), refused + ++n);
		c = connect_with(what, TLS1_3_VERSION);
		exchange(c, GET("/a"));
		assert_true(is_of(c, &one));
	}
	assert_int_equal(metric_get(M_TLS_RELOADS), taken);
	party_free(&over);
}

static void
a_certificate_that_is_over_is_said_and_served(void **state)
{
	struct party over = party_new("DNS:over.test", NULL);
	struct client *c;

	(void)state;
	X509_gmtime_adj(X509_getm_notAfter(over.cert), -60);
	X509_sign(over.cert, over.key, EVP_sha256());
	party_write(&over, cert_file, key_file, NULL);
	open_tls(1000);
	assert_in_range(-metric_get(M_TLS_SECONDS_LEFT), 60, 120);
	c = connect_with(0, TLS1_3_VERSION);
	exchange(c, GET("/a"));
	party_free(&over);
}

static void
a_stopping_server_answers_over_tls(void **state)
{
	struct client *c;

	(void)state;
	defer_answers = true;
	open_tls(1000);
	c = connect_with(0, TLS1_3_VERSION);
	c->out = GET("/held");
	WAIT_DEAF(someone_asked, c);
	http_server_free(server);
	server = NULL;
	WAIT_DEAF(is_over, c);
	assert_non_null(strstr(buf_str(&c->in), " 503 "));
}

static void
clients_may_go_in_any_state(void **state)
{
	struct client *c;

	(void)state;
	open_tls(1000);
	for (int i = 0; i < 3; i++) {
		c = connect_with(i, TLS1_3_VERSION);
		if (i > 0)
			WAIT_DEAF(is_open, c);
		if (i > 1) {
			defer_answers = true;
			handled = 0;
			c->out = GET("/held");
			WAIT_DEAF(someone_asked, NULL);
		}
		close(c->p->fd);
		c->p->fd = -1;
		c->over = true;
		if (i > 1)
			http_answer(server, ids[0], 200, NULL, "gone", 4);
		WAIT_DEAF(no_connections, NULL);
	}
}

static int
group_setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(cert_file, sizeof cert_file, "%s/cert.pem", folder);
	snprintf(key_file, sizeof key_file, "%s/key.pem", folder);
	one = party_new("DNS:one.test", NULL);
	two = party_new("DNS:two.test", NULL);
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	party_free(&one);
	party_free(&two);
	unlink(cert_file);
	unlink(key_file);
	return rmdir(folder);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, tls_setup, tls_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(speaks_1_2_and_1_3_with_forward_secrecy),
		TEST(older_versions_and_weak_ciphers_are_refused),
		TEST(renegotiation_is_refused),
		TEST(a_plain_request_costs_its_sender_alone),
		TEST(slow_handshakes_and_requests_are_closed),
		TEST(a_new_pair_is_taken_and_old_connections_stay),
		TEST(what_does_not_fit_leaves_what_is_in_force),
		TEST(a_certificate_that_is_over_is_said_and_served),
		TEST(a_stopping_server_answers_over_tls),
		TEST(clients_may_go_in_any_state),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
