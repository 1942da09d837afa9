/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps Redis from knowing: sealing of values (XChaCha20-Poly1305), and keyed hashes for names
 * and comparisons.
 *
 * The first key seals, all of them open, so a new one is put in front. The last (oldest) one is
 * also the root of the keyed hashes, which must not change while records live: it stays the last
 * for as long as the data does. seal_fingerprint() lets a start notice that it did not.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

#define SEAL_KEYS 8
#define SEAL_KEY 32
#define SEAL_NONCE 24
#define SEAL_OVERHEAD (1 + SEAL_NONCE + 16)	/* key id, nonce, tag */
#define SEAL_HASH 16

struct seal {
	unsigned char key[SEAL_KEYS][SEAL_KEY];
	unsigned char id[SEAL_KEYS];
	size_t n;
	unsigned char name_key[SEAL_KEY], mac_key[SEAL_KEY];	/* derived from the last key */
};

/* 1 to SEAL_KEYS keys with different ids; false if not. The keys are copied. */
bool seal_init(struct seal *s, const unsigned char keys[][SEAL_KEY], const unsigned char *ids,
    size_t n) MUST_CHECK;
void seal_wipe(struct seal *s);

/*
 * out has len + SEAL_OVERHEAD octets. ad: what the value belongs to; it opens only with the same.
 */
void seal_close(const struct seal *s, const void *ad, size_t ad_len, const void *p, size_t len,
    unsigned char *out);
/*
 * out has len - SEAL_OVERHEAD octets. false: too short, unknown key, or not what was sealed with
 * this ad.
 */
bool seal_open(const struct seal *s, const void *ad, size_t ad_len, const void *p, size_t len,
    unsigned char *out) MUST_CHECK;

/*
 * Keyed hashes. The domain keeps uses apart: the same text gives different hashes in different
 * domains.
 */
void seal_name(const struct seal *s, char domain, const char *text, unsigned char out[SEAL_HASH]);
void seal_mac(const struct seal *s, const void *p, size_t n,
    unsigned char out[SEAL_HASH]);	/* ports.mac */
void seal_fingerprint(const struct seal *s, char hex[2 * SEAL_HASH + 1]);
