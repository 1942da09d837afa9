/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities and JWTs. The token has the shape of the documented sample (PS256, the same claims,
 * about the same length); its signature is an HMAC of our own, which no client can tell from the
 * real one. bcrypt hashes as passwords are not taken.
 */
#include "sandbox/auth.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/map.h"
#include "base/str.h"
#include "sandbox/rng.h"

#define SIGNATURE 256			/* octets of PS256 with a 2048-bit key */
#define JWT_MAX 1500
#define B64 sodium_base64_VARIANT_URLSAFE_NO_PADDING

struct identity {
	unsigned char hash[crypto_generichash_BYTES];
	int64_t customer;
};

struct auth {
	int64_t tenant;
	unsigned char key[32];
	struct rng rng;
	struct map *identities;
};

struct auth *
auth_new(int64_t tenant, uint64_t seed)
{
	struct auth *a = xcalloc(1, sizeof *a);

	a->tenant = tenant;
	a->rng.s = seed;
	for (size_t i = 0; i < sizeof a->key; i++)
		a->key[i] = (unsigned char)rng_next(&a->rng);
	a->identities = map_new();
	return a;
}

static void
identity_free(void *arg, const void *key, size_t n, void *value)
{
	(void)arg, (void)key, (void)n;
	free(value);
}

void
auth_free(struct auth *a)
{
	if (a == NULL)
		return;
	map_each(a->identities, identity_free, NULL);
	map_free(a->identities);
	mem_wipe(a->key, sizeof a->key);
	free(a);
}

static void
password_hash(const struct auth *a, const char *password,
    unsigned char out[crypto_generichash_BYTES])
{
	crypto_generichash(out, crypto_generichash_BYTES, (const unsigned char *)password,
	    strlen(password), a->key, sizeof a->key);
}

bool
auth_add(struct auth *a, const char *identity, const char *password, int64_t customer)
{
	struct identity *id;

	if (map_get(a->identities, identity, strlen(identity)) != NULL)
		return false;
	id = xcalloc(1, sizeof *id);
	id->customer = customer;
	password_hash(a, password, id->hash);
	map_put(a->identities, identity, strlen(identity), id);
	return true;
}

bool
auth_change(struct auth *a, const char *identity, const char *password, int64_t customer)
{
	struct identity *id = map_get(a->identities, identity, strlen(identity));

	if (id == NULL || id->customer != customer)
		return false;
	password_hash(a, password, id->hash);
	return true;
}

bool
auth_login(const struct auth *a, const char *identity, const char *password, int64_t *customer)
{
	const struct identity *id = map_get(a->identities, identity, strlen(identity));
	unsigned char hash[crypto_generichash_BYTES];

	password_hash(a, password, hash);
	if (id == NULL || !str_equal_secret(id->hash, hash, sizeof hash))
		return false;
	*customer = id->customer;
	return true;
}

static void
add_base64(struct buf *out, const void *p, size_t n)
{
	char text[JWT_MAX];

	sodium_bin2base64(text, sizeof text, p, n, B64);
	buf_add_str(out, text);
}

static void
sign(const struct auth *a, const char *text, size_t n, unsigned char out[SIGNATURE])
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256(mac, (const unsigned char *)text, n, a->key);
	for (size_t i = 0; i < SIGNATURE; i += sizeof mac)
		memcpy(out + i, mac, sizeof mac);
}

void
auth_jwt(struct auth *a, const char *identity, int64_t customer, int64_t now_ms, int64_t exp_s,
    struct buf *out)
{
	static const char head[] = "{\"kid\":\"sandbox-1\",\"alg\":\"PS256\"}";
	const char *who = customer != 0 ? "CUSTOMER" : "TENANT_SYSTEM";
	char claims[512];
	unsigned char signature[SIGNATURE];
	size_t from = out->len;

	/* exp and uid come first: what follows carries the identity, which a caller chose. */
	str_format(claims, sizeof claims,
	    "{\"exp\":%" PRId64 ",\"uid\":%" PRId64 ",\"iat\":%" PRId64
	    ",\"src\":\"Auth-P\",\"ch\":\"API\",\"roles\":\"\",\"sess\":\"%016" PRIx64 "%016" PRIx64
	    "\",\"iss\":\"isango-sandbox\",\"locale\":\"en-US\","
	    "\"pos\":[{\"o\":1,\"d\":0,\"p\":\"%s\"}],\"tenant\":%" PRId64
	    ",\"sub\":\"%s\"}", exp_s, customer, now_ms / 1000, rng_next(&a->rng),
	    rng_next(&a->rng), who, a->tenant, identity);
	add_base64(out, head, sizeof head - 1);
	buf_add_char(out, '.');
	add_base64(out, claims, strlen(claims));
	sign(a, out->p + from, out->len - from, signature);
	buf_add_char(out, '.');
	add_base64(out, signature, sizeof signature);
}

static int64_t
claim(const char *claims, const char *name)
{
	const char *at = strstr(claims, name);

	return at != NULL ? strtoll(at + strlen(name), NULL, 10) : 0;
}

static void
claimed_identity(const char *claims, char identity[41])
{
	const char *at = strstr(claims, ",\"sub\":\"");
	const char *end = strrchr(claims, '"');

	identity[0] = '\0';
	if (at != NULL && end != NULL && end >= at + 8)
		str_copyn(identity, 41, at + 8, (size_t)(end - at - 8));
}

enum auth_end
auth_check(const struct auth *a, const char *jwt, int64_t now_ms, int64_t *customer,
    char identity[41])
{
	const char *dot = strrchr(jwt, '.'), *first = strchr(jwt, '.');
	unsigned char want[SIGNATURE], got[SIGNATURE];
	char claims[600];
	size_t n;

	if (dot == NULL || first == dot || strlen(jwt) > JWT_MAX)
		return AUTH_BAD;
	if (sodium_base642bin(got, sizeof got, dot + 1, strlen(dot + 1), NULL, &n, NULL,
	    B64) != 0 || n != SIGNATURE)
		return AUTH_BAD;
	sign(a, jwt, (size_t)(dot - jwt), want);
	if (!str_equal_secret(want, got, SIGNATURE))
		return AUTH_BAD;
	if (sodium_base642bin((unsigned char *)claims, sizeof claims - 1, first + 1,
	    (size_t)(dot - first - 1), NULL, &n, NULL, B64) != 0)
		return AUTH_BAD;
	claims[n] = '\0';
	*customer = claim(claims, "\"uid\":");
	if (identity != NULL)
		claimed_identity(claims, identity);
	return claim(claims, "\"exp\":") * 1000 <= now_ms ? AUTH_EXPIRED : AUTH_OK;
}
