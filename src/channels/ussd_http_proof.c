/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may call a channel over HTTP: whatever the channel's options ask for, all of it. Secrets are compared in a time
 * that does not tell where they differ, the HMAC is of the body as it came, and nothing of the request is read before
 * all that is asked for is there.
 */
#include <string.h>

#include <sodium.h>

#include "base/cidr.h"
#include "base/str.h"
#include "channels/edge_parts.h"

#define MAC crypto_auth_hmacsha256_BYTES
#define BASE64_MAC sodium_base64_ENCODED_LEN(MAC, sodium_base64_VARIANT_ORIGINAL)

static bool
equals(const char *given, const char *wanted)
{
	size_t n = strlen(wanted);

	return given != NULL && strlen(given) == n && str_equal_secret(given, wanted, n);
}

static bool
address_fits(const struct channel_settings *c, const struct http_req *req)
{
	for (int i = 0; i < c->from_n; i++)
		if (cidr_matches(c->from[i], http_req_peer(req)))
			return true;
	return c->from_n == 0;
}

static bool
key_fits(const struct channel_settings *c, const struct http_req *req)
{
	return c->key[0] == '\0' || equals(http_req_query(req, "key"), c->key);
}

static bool
header_fits(const struct channel_settings *c, const struct http_req *req)
{
	return c->header_name[0] == '\0' || equals(http_req_header(req, c->header_name), c->header_key);
}

/* RFC 7617: "Basic " and base64 of "user:password". */
static bool
basic_fits(const struct channel_settings *c, const struct http_req *req)
{
	const char *given = http_req_header(req, "Authorization");
	char plain[sizeof c->basic_user + sizeof c->basic_password];
	char wanted[sodium_base64_ENCODED_LEN(sizeof plain, sodium_base64_VARIANT_ORIGINAL)], scheme[7];
	bool fits;

	if (c->basic_user[0] == '\0')
		return true;
	if (given == NULL || !str_copyn(scheme, sizeof scheme, given, strnlen(given, 6)) ||
	    !str_equal_fold(scheme, "Basic "))
		return false;
	if (!str_format(plain, sizeof plain, "%s:%s", c->basic_user, c->basic_password))
		return false;
	sodium_bin2base64(wanted, sizeof wanted, (const unsigned char *)plain, strlen(plain),
	    sodium_base64_VARIANT_ORIGINAL);
	given += 6;
	given += strspn(given, " ");
	fits = equals(given, wanted);
	mem_wipe(plain, sizeof plain);
	mem_wipe(wanted, sizeof wanted);
	return fits;
}

/* In hex or base64, either with "sha256=" in front. */
static bool
hmac_fits(const struct channel_settings *c, const struct http_req *req)
{
	const char *given = http_req_header(req, c->hmac_header), *body;
	unsigned char ours[MAC], theirs[MAC];
	crypto_auth_hmacsha256_state st;
	size_t len, n;
	bool fits;

	if (c->hmac_header[0] == '\0')
		return true;
	if (given == NULL)
		return false;
	if (strncmp(given, "sha256=", 7) == 0)
		given += 7;
	if (strlen(given) == 2 * MAC)
		fits = str_unhex(given, 2 * MAC, theirs, MAC);
	else
		fits = strlen(given) == BASE64_MAC - 1 && sodium_base642bin(theirs, MAC, given, BASE64_MAC - 1, NULL,
		    &n, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 && n == MAC;
	if (!fits)
		return false;
	body = http_req_body(req, &len);
	crypto_auth_hmacsha256_init(&st, (const unsigned char *)c->hmac_key, strlen(c->hmac_key));
	crypto_auth_hmacsha256_update(&st, (const unsigned char *)body, len);
	crypto_auth_hmacsha256_final(&st, ours);
	fits = str_equal_secret(ours, theirs, MAC);
	mem_wipe(&st, sizeof st);
	mem_wipe(ours, sizeof ours);
	return fits;
}

static const struct {
	unsigned proof;
	const char *name;
	bool (*fits)(const struct channel_settings *c, const struct http_req *req);
} proofs[] = {
	{ PROOF_ADDRESS, "address", address_fits },
	{ PROOF_KEY, "key", key_fits },
	{ PROOF_HEADER, "header", header_fits },
	{ PROOF_BASIC, "user or password", basic_fits },
	{ PROOF_HMAC, "signature", hmac_fits },
};

unsigned
http_proof_lacking(const struct channel_settings *c, const struct http_req *req)
{
	for (size_t i = 0; i < NELEM(proofs); i++)
		if (!proofs[i].fits(c, req))
			return proofs[i].proof;
	return 0;
}

const char *
http_proof_name(unsigned proof)
{
	for (size_t i = 0; i < NELEM(proofs); i++)
		if (proofs[i].proof == proof)
			return proofs[i].name;
	return "";
}
