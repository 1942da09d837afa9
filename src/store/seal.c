/* SPDX-License-Identifier: Apache-2.0 */
#include "store/seal.h"

#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "base/str.h"

_Static_assert(SEAL_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert(SEAL_KEY == crypto_kdf_KEYBYTES, "root of the hash keys");
_Static_assert(SEAL_KEY >= crypto_generichash_KEYBYTES_MIN &&
    SEAL_KEY <= crypto_generichash_KEYBYTES_MAX, "hash key");
_Static_assert(SEAL_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(SEAL_OVERHEAD == 1 + SEAL_NONCE + crypto_aead_xchacha20poly1305_ietf_ABYTES,
    "overhead");

enum { SUBKEY_NAMES = 1, SUBKEY_MACS = 2 };

static const char context[crypto_kdf_CONTEXTBYTES] = { 'i', 's', 'a', 'n', 'g', 'o', 's', 't' };

bool
seal_init(struct seal *s, const unsigned char keys[][SEAL_KEY], const unsigned char *ids, size_t n)
{
	memset(s, 0, sizeof *s);
	if (n == 0 || n > SEAL_KEYS)
		return false;
	for (size_t i = 0; i < n; i++)
		if (memchr(ids, ids[i], i) != NULL)
			return false;
	if (sodium_init() < 0)
		fatalx("seal: libsodium does not start");
	memcpy(s->key, keys, n * SEAL_KEY);
	memcpy(s->id, ids, n);
	s->n = n;
	crypto_kdf_derive_from_key(s->name_key, SEAL_KEY, SUBKEY_NAMES, context, s->key[n - 1]);
	crypto_kdf_derive_from_key(s->mac_key, SEAL_KEY, SUBKEY_MACS, context, s->key[n - 1]);
	return true;
}

void
seal_wipe(struct seal *s)
{
	mem_wipe(s, sizeof *s);
}

void
seal_close(const struct seal *s, const void *ad, size_t ad_len, const void *p, size_t len,
    unsigned char *out)
{
	unsigned char *nonce = out + 1;

	out[0] = s->id[0];
	randombytes_buf(nonce, SEAL_NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + SEAL_NONCE, NULL, p, len, ad, ad_len,
	    NULL, nonce, s->key[0]);
}

bool
seal_open(const struct seal *s, const void *ad, size_t ad_len, const void *p, size_t len,
    unsigned char *out)
{
	const unsigned char *in = p, *id;

	if (len < SEAL_OVERHEAD || (id = memchr(s->id, in[0], s->n)) == NULL)
		return false;
	return crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, in + 1 + SEAL_NONCE,
	    len - 1 - SEAL_NONCE, ad, ad_len, in + 1, s->key[id - s->id]) == 0;
}

void
seal_name(const struct seal *s, char domain, const char *text, unsigned char out[SEAL_HASH])
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, s->name_key, SEAL_KEY, SEAL_HASH);
	crypto_generichash_update(&h, (const unsigned char *)&domain, 1);
	crypto_generichash_update(&h, (const unsigned char *)text, strlen(text));
	crypto_generichash_final(&h, out, SEAL_HASH);
}

void
seal_mac(const struct seal *s, const void *p, size_t n, unsigned char out[SEAL_HASH])
{
	crypto_generichash(out, SEAL_HASH, p, n, s->mac_key, SEAL_KEY);
}

void
seal_fingerprint(const struct seal *s, char hex[2 * SEAL_HASH + 1])
{
	unsigned char hash[SEAL_HASH];

	seal_name(s, 'f', "", hash);
	str_hex(hash, sizeof hash, hex);
}
