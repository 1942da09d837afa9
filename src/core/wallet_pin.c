/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A customer's password at the wallet core, derived from the PIN with a key that only the gateway
 * has (money.md section 6): who copies the core's database cannot try all PINs. Keeps nothing.
 */
#include <string.h>

#include <sodium.h>

#include "core/wallet.h"

#include "base/mem.h"
#include "base/str.h"

#define DOMAIN "isango-pin-v1"
#define PASSWORD 81
#define BASE64_OCTETS \
	sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL)

/* The length goes first, so that no two lists of parts give the same octets. */
static void
add_part(crypto_auth_hmacsha256_state *mac, const char *part)
{
	size_t n = strlen(part);
	unsigned char head[4];

	for (int i = 0; i < 4; i++)
		head[i] = (unsigned char)(n >> (24 - 8 * i));
	crypto_auth_hmacsha256_update(mac, head, sizeof head);
	crypto_auth_hmacsha256_update(mac, (const unsigned char *)part, n);
}

void
wallet_pin_password(const unsigned char key[32], const char *prefix, int64_t tenant_id,
    const char *customer_uid, const char *pin, char out[81])
{
	unsigned char digest[crypto_auth_hmacsha256_BYTES];
	char tenant[24], text[BASE64_OCTETS];
	crypto_auth_hmacsha256_state mac;

	str_format(tenant, sizeof tenant, "%lld", (long long)tenant_id);
	crypto_auth_hmacsha256_init(&mac, key, 32);
	add_part(&mac, DOMAIN);
	add_part(&mac, tenant);
	add_part(&mac, customer_uid);
	add_part(&mac, pin);
	crypto_auth_hmacsha256_final(&mac, digest);
	sodium_bin2base64(text, sizeof text, digest, sizeof digest, sodium_base64_VARIANT_ORIGINAL);
	str_format(out, PASSWORD, "%s%s", prefix, text);
	mem_wipe(&mac, sizeof mac);
	mem_wipe(digest, sizeof digest);
	mem_wipe(text, sizeof text);
}
