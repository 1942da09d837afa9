/* SPDX-License-Identifier: Apache-2.0 */
#include "core/provider_id.h"

#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "base/str.h"

#define HASH_OCTETS 30			/* 60 hex digits */

/* Nothing that receipt_canonical_id() drops tells it from another id. */
static bool
is_kept(const char *id)
{
	bool upper = false, lower = false;

	if (id[0] == '0' && id[1] != '\0')
		return false;
	for (const char *p = id; *p != '\0'; p++) {
		if (*p <= ' ' || *p >= 0x7f)
			return false;
		upper = upper || (*p >= 'A' && *p <= 'Z');
		lower = lower || (*p >= 'a' && *p <= 'z');
	}
	return !(upper && lower) && strlen(id) < RECEIPT_ID;
}

static void
hash_of(const char *id, char out[RECEIPT_ID])
{
	unsigned char hash[HASH_OCTETS];

	if (crypto_generichash(hash, sizeof hash, (const unsigned char *)id, strlen(id), NULL, 0) != 0)
		fatalx("no BLAKE2b");
	out[0] = 'h';
	str_hex(hash, sizeof hash, out + 1);
}

void
provider_id_fit(const char *id, char out[RECEIPT_ID])
{
	/* One that looks like ours is hashed too, or it could be made to name another message. */
	if (is_kept(id) && !(id[0] == 'h' && strlen(id) == 1 + 2 * HASH_OCTETS))
		str_copy(out, RECEIPT_ID, id);
	else
		hash_of(id, out);
}

void
provider_id_short(const char *id, char out[RECEIPT_ID])
{
	bool plain = strlen(id) < RECEIPT_ID;

	for (const char *p = id; *p != '\0'; p++)
		plain = plain && *p > ' ' && *p < 0x7f;
	if (plain)
		str_copy(out, RECEIPT_ID, id);
	else
		hash_of(id, out);
}
