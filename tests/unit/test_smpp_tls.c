/* SPDX-License-Identifier: Apache-2.0 */
/* A link over TLS, whom it refuses to talk to, and what it says then. */
#include "test_smpp_world.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test_smpp_certs.h"

#define CLIENT_WINDOW 200

static struct party authority, stranger, smsc;
static SSL_CTX *server;
static char folder[128], ca[160], other_ca[160], cert[160], key[160], locked_key[160];

static struct smpp_conn *conn;
static char why[256];
static bool up;

static int
make_parties(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct party us;

	(void)state;
	str_format(folder, sizeof folder, "%s/isango-tls-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(folder));
	str_format(ca, sizeof ca, "%s/ca", folder);
	str_format(other_ca, sizeof other_ca, "%s/other", folder);
	str_format(cert, sizeof cert, "%s/cert", folder);
	str_format(key, sizeof key, "%s/key", folder);
	str_format(locked_key, sizeof locked_key, "%s/locked", folder);
	authority = party_new(NULL, NULL);
	stranger = party_new(NULL, NULL);
	smsc = party_new("DNS:smsc.test,IP:127.0.0.1", &authority);
	us = party_new("DNS:us.test", &authority);
	party_write(&authority, ca, NULL, NULL);
	party_write(&stranger, other_ca, NULL, NULL);
	party_write(&us, cert, key, NULL);
	party_write(&us, NULL, locked_key, EVP_aes_128_cbc());
	party_free(&us);
	return 0;
}

static int
drop_parties(void **state)
{
	(void)state;
	party_free(&authority);
	party_free(&stranger);
	party_free(&smsc);
	unlink(ca), unlink(other_ca), unlink(cert), unlink(key), unlink(locked_key);
	return rmdir(folder);
}

/* An SMSC with TLS, and a bind that trusts its authority. */
static int
setup_tls(void **state)
{
	setup(state);
	server = party_serve(&smsc);
	w.tls = server;
	w.b.has_tls = true;
	str_copy(w.b.tls.ca_file, sizeof w.b.tls.ca_file, ca);
	up = false;
	why[0] = '\0';
	conn = NULL;
	return 0;
}

static int
teardown_tls(void **state)
{
	teardown(state);
	SSL_CTX_free(server);
	return 0;
}

static void
on_conn_up(void *arg)
{
	(void)arg;
	up = true;
}

static void
on_conn_closed(void *arg, const char *reason)
{
	(void)arg;
	str_copy(why, sizeof why, reason);
	conn = NULL;
}

static void
no_request(void *arg, const struct smpp_pdu *pdu)
{
	(void)arg, (void)pdu;
}

static void
client(const char *host, int64_t response_ms)
{
	struct smpp_conn_options o = { .window = 10,
		.response_ms = response_ms,
		.tls = &w.b.tls,
		.up = on_conn_up,
		.request = no_request,
		.closed = on_conn_closed };

	conn = smpp_conn_connect(w.loop, &o, host, w.b.port);
}

/* It never comes so far that a bind could be written, and says why. */
static void
assert_refused(const char *expected)
{
	client(w.b.host, 30000);
	UNTIL(why[0] != '\0');
	print_message("%s\n", why);
	assert_false(up);
	assert_non_null(strstr(why, expected));
}

static void
test_bound_over_tls(void **state)
{
	(void)state;
	w.b.window = CLIENT_WINDOW;
	open_bound();
	for (unsigned i = 0; i < CLIENT_WINDOW; i++)
		submit("one of many", i);
	UNTIL(w.ends == CLIENT_WINDOW);
	for (unsigned i = 0; i < CLIENT_WINDOW; i++)
		assert_int_equal(end_of(i)->end, SMPP_ANSWERED);
	deliver("and back", CLIENT_WINDOW);
	UNTIL(w.delivers == 1 && w.ends == CLIENT_WINDOW + 1);
	smpp_link_drain(w.link, 10000, on_drained, NULL);
	UNTIL(w.drained && w.closes == 1);
	assert_int_equal(w.unbinds, 1);
}

static void
test_comes_back(void **state)
{
	(void)state;
	open_bound();
	smpp_peer_close(w.peer, w.conn, "test");
	UNTIL(w.binds == 2 && smpp_link_state(w.link) == LINK_BOUND);
	submit("again", 1);
	UNTIL(w.ends == 1);
	assert_int_equal(end_of(1)->end, SMPP_ANSWERED);
}

static int
note_name(SSL *ssl, int *alert, void *arg)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	str_copy(arg, 64, name != NULL ? name : "");
	return SSL_TLSEXT_ERR_OK;
}

/* The name is verified and sent along; an address is verified and not sent. */
static void
test_names(void **state)
{
	char sent[64] = "none";

	(void)state;
	SSL_CTX_set_tlsext_servername_callback(server, note_name);
	SSL_CTX_set_tlsext_servername_arg(server, sent);
	str_copy(w.b.tls.name, sizeof w.b.tls.name, "smsc.test");
	open_bound();
	assert_string_equal(sent, "smsc.test");
	str_copy(w.b.tls.name, sizeof w.b.tls.name, "127.0.0.1");
	client("127.0.0.1", 30000);
	UNTIL(up);
	assert_string_equal(sent, "");
	smpp_conn_close(conn, "done");
	UNTIL(conn == NULL);
}

static void
test_wrong_name(void **state)
{
	(void)state;
	open_peer();
	str_copy(w.b.tls.name, sizeof w.b.tls.name, "other.test");
	assert_refused("TLS: hostname mismatch");
	why[0] = '\0';
	str_copy(w.b.tls.name, sizeof w.b.tls.name, "127.0.0.2");
	assert_refused("TLS: IP address mismatch");
	assert_int_equal(w.binds, 0);
}

static void
test_wrong_authority(void **state)
{
	(void)state;
	open_peer();
	str_copy(w.b.tls.ca_file, sizeof w.b.tls.ca_file, other_ca);
	assert_refused("TLS: ");
	/* Nor does the system vouch for it. */
	why[0] = '\0';
	w.b.tls.ca_file[0] = '\0';
	assert_refused("TLS: unable to get local issuer certificate");
	/* Who says so takes anybody. */
	w.b.tls.unverified = true;
	open_link();
	UNTIL(smpp_link_state(w.link) == LINK_BOUND);
}

static void
test_plain_server(void **state)
{
	(void)state;
	w.tls = NULL;
	open_peer();
	assert_refused("TLS: wrong version number");
}

static void
test_plain_client(void **state)
{
	(void)state;
	w.b.has_tls = false;
	open_peer();
	open_link();
	UNTIL(w.closes == 1 && smpp_link_state(w.link) == LINK_CLOSED);
	assert_non_null(strstr(w.closed_why, "TLS: "));
	assert_int_equal(w.binds, 0);
}

/* Below 1.2 nothing is spoken. */
static void
test_old_version(void **state)
{
	(void)state;
	SSL_CTX_set_security_level(server, 0);
	SSL_CTX_set_min_proto_version(server, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(server, TLS1_1_VERSION);
	open_peer();
	assert_refused("TLS: ");
}

static void
test_client_certificate(void **state)
{
	(void)state;
	SSL_CTX_set_verify(server, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	assert_int_equal(SSL_CTX_load_verify_locations(server, ca, NULL), 1);
	open_peer();
	/* In TLS 1.3 we learn of it after our side of the handshake. */
	client(w.b.host, 30000);
	UNTIL(why[0] != '\0');
	assert_non_null(strstr(why, "certificate required"));
	str_copy(w.b.tls.cert_file, sizeof w.b.tls.cert_file, cert);
	str_copy(w.b.tls.key_file, sizeof w.b.tls.key_file, key);
	open_link();
	UNTIL(smpp_link_state(w.link) == LINK_BOUND);
}

/* No prompt at the terminal, no crash, and the file is named. */
static void
test_bad_files(void **state)
{
	(void)state;
	open_peer();
	str_copy(w.b.tls.cert_file, sizeof w.b.tls.cert_file, cert);
	str_copy(w.b.tls.key_file, sizeof w.b.tls.key_file, locked_key);
	assert_refused(locked_key);
	why[0] = '\0';
	str_copy(w.b.tls.key_file, sizeof w.b.tls.key_file, cert);
	assert_refused(cert);
	why[0] = '\0';
	str_copy(w.b.tls.ca_file, sizeof w.b.tls.ca_file, key);
	assert_refused(key);
	assert_int_equal(w.closes, 0);
}

/* Connected, and then nothing: the handshake ends with the patience for the connection. */
static void
test_silent_server(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	w.b.port = ntohs(at.sin_port);
	client("127.0.0.1", 50);
	UNTIL(why[0] != '\0');
	assert_string_equal(why, "no connection in time");
	close(fd);
}

static void
test_nobody_listens(void **state)
{
	(void)state;
	open_peer();
	smpp_peer_free(w.peer);
	w.peer = NULL;
	turns(3);
	assert_refused("Connection refused");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_tls, teardown_tls)
	const struct CMUnitTest tests[] = {
		T(test_bound_over_tls),
		T(test_comes_back),
		T(test_names),
		T(test_wrong_name),
		T(test_wrong_authority),
		T(test_plain_server),
		T(test_plain_client),
		T(test_old_version),
		T(test_client_certificate),
		T(test_bad_files),
		T(test_silent_server),
		T(test_nobody_listens),
	};

	return cmocka_run_group_tests(tests, make_parties, drop_parties);
}
