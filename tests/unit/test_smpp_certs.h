/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates of a test's own, made when it starts: none lies about, none runs out. */
#pragma once
#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct party {
	EVP_PKEY *key;
	X509 *cert;
};

static inline void
add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	assert_non_null(e);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* `names` as of subjectAltName ("DNS:smsc.test"), NULL for an authority; by NULL: by itself. */
static inline struct party
party_new(const char *names, const struct party *by)
{
	struct party p = { .key = EVP_EC_gen("P-256"), .cert = X509_new() };
	X509_NAME *subject = X509_get_subject_name(p.cert);
	static long serial;

	assert_non_null(p.key);
	X509_set_version(p.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(p.cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(p.cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(p.cert), 3600);
	X509_set_pubkey(p.cert, p.key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)(names != NULL ? "party" : "authority"), -1, -1, 0);
	X509_set_issuer_name(p.cert, by != NULL ? X509_get_subject_name(by->cert) : subject);
	add_extension(p.cert, NID_basic_constraints, names != NULL ? "CA:FALSE" : "critical,CA:TRUE");
	if (names != NULL)
		add_extension(p.cert, NID_subject_alt_name, names);
	assert_true(X509_sign(p.cert, by != NULL ? by->key : p.key, EVP_sha256()) > 0);
	return p;
}

static inline void
party_free(struct party *p)
{
	EVP_PKEY_free(p->key);
	X509_free(p->cert);
}

/* What is not NULL is written. */
static inline void
party_write(const struct party *p, const char *cert_file, const char *key_file,
    const EVP_CIPHER *cipher)
{
	FILE *f;

	if (cert_file != NULL) {
		assert_non_null(f = fopen(cert_file, "w"));
		assert_int_equal(PEM_write_X509(f, p->cert), 1);
		assert_int_equal(fclose(f), 0);
	}
	if (key_file != NULL) {
		assert_non_null(f = fopen(key_file, "w"));
		assert_int_equal(PEM_write_PrivateKey(f, p->key, cipher,
		    (unsigned char *)(uintptr_t)"secret", cipher != NULL ? 6 : 0, NULL, NULL), 1);
		assert_int_equal(fclose(f), 0);
	}
}

static inline SSL_CTX *
party_serve(const struct party *p)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_non_null(ctx);
	assert_int_equal(SSL_CTX_use_certificate(ctx, p->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, p->key), 1);
	return ctx;
}
